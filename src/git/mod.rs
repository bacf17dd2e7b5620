//! Repositories: the local mirror, its transport, history, commits without a work tree, leased pushes.
//!
//! Knows nothing of forges, workflows or merges. Only this room and `merge` name git2.

mod commits;
mod credentials;
mod error;
mod history;
mod identity;
mod mirror;
mod objects;
mod push;
mod transport;
mod url;

pub use commits::{CommitInfo, FileMode, NewCommit, Signature};
pub use credentials::{Credential, CredentialSource, Credentials};
pub use error::{GitError, PushError};
pub use history::LogRange;
pub use identity::Identity;
pub use mirror::{Keep, Mirror, Synced};
pub use objects::Objects;
pub use push::{Expected, RefUpdate};
pub use url::RemoteUrl;
