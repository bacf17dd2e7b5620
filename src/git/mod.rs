//! Repositories: the local mirror, its transport, history, commits without a work tree, leased pushes.
//!
//! Knows nothing of forges and workflows. Only this room names git2: what a merge asks of a repository is answered in
//! `merge_source`, and `cross_check` compares a merge with git's own.

mod cache;
mod checkout;
mod commit_graph;
mod commits;
mod compare;
mod credential_helper;
mod credentials;
mod cross_check;
mod cross_check_cache;
mod enclosing;
mod error;
mod history;
mod identity;
mod init;
mod listed_commit;
mod local_clone;
mod loose;
mod merge_source;
pub mod messages;
mod mirror;
mod object_source;
mod objects;
mod patch;
mod program;
mod progress;
mod push;
mod push_here;
mod range;
mod ref_advertisement;
mod ref_update;
mod refs;
mod remote;
mod revision;
mod settings;
mod signer;
mod signing;
mod transport;
mod trees;
mod trust;
mod url;

pub use commits::{CommitInfo, FileMode, Ident, NewCommit, Unsigned};
pub use credentials::{Credential, CredentialSource, Credentials};
pub use cross_check::{CrossCheck, CrossCheckMode, PendingCrossCheck, cross_check};
pub use enclosing::{Enclosing, enclosing};
pub use error::{GitError, PushError};
pub use history::LogRange;
pub use identity::Identity;
pub use init::{NewRepository, work_clone};
pub use listed_commit::ListedCommit;
pub use mirror::{Keep, Mirror, Synced};
pub use objects::Objects;
pub(crate) use program::LOCAL_ENVIRONMENT;
pub use program::git_version;
pub use ref_update::{Expected, RefUpdate};
pub use settings::routes;
pub use signing::Signing;
pub use url::RemoteUrl;
