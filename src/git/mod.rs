//! Repositories: the local mirror, its transport, history, commits without a work tree, leased pushes.
//!
//! Knows nothing of forges, workflows or merges. Only this room and `merge` name git2.

mod advert;
mod cache;
mod checkout;
mod commits;
mod compare;
mod copy;
mod credentials;
mod enclosing;
mod error;
mod graph;
mod helper;
mod history;
mod identity;
mod init;
mod link;
mod loose;
pub mod messages;
mod mirror;
mod objects;
mod patch;
mod progress;
mod push;
mod push_here;
mod range;
mod raw;
mod refs;
mod revision;
mod settings;
mod signer;
mod signing;
mod transport;
mod trees;
mod trust;
mod url;

pub use commits::{CommitInfo, FileMode, Ident, NewCommit, Unsigned};
pub(crate) use compare::DEEPEST;
pub use credentials::{Credential, CredentialSource, Credentials};
pub use enclosing::{Enclosing, enclosing};
pub use error::{GitError, PushError};
pub use history::LogRange;
pub use identity::Identity;
pub use init::{NewRepository, work_clone};
pub use mirror::{Keep, Mirror, Synced};
pub use objects::Objects;
pub use push::{Expected, RefUpdate};
pub use settings::routes;
pub use signing::Signing;
pub(crate) use transport::{LOCAL_ENVIRONMENT, git_program};
pub use url::RemoteUrl;
