//! Repositories: the local mirror, its transport, history, commits without a work tree, leased pushes.
//!
//! Knows nothing of forges and workflows. Only this room names git2: what a merge asks of a repository is answered in
//! `merge_source`, and `cross_check` compares a merge with git's own.

mod cache;
mod certificates;
mod checkout;
mod commit_graph;
mod commits;
mod compare;
mod credential_helper;
mod credentials;
mod cross_check;
mod cross_check_cache;
mod enclosing_repository;
mod error;
mod first_seen;
mod git_config;
mod history;
mod http_logins;
mod identity;
mod init;
mod listed_commit;
mod local_clone;
mod local_push;
mod loose;
mod merge_source;
mod mirror;
mod object_source;
mod objects;
mod ownership;
mod patch;
pub mod pick_messages;
mod program;
mod progress;
mod push;
mod range;
mod ref_advertisement;
mod ref_update;
mod refs;
mod remerges;
mod remote;
mod revision;
mod signer;
mod signing;
mod ssh;
mod transport;
mod trees;
mod url;

pub(crate) use commits::{CommitInfo, Unsigned};
pub use commits::{FileMode, Ident, NewCommit};
pub use credentials::Credentials;

pub(crate) use cross_check::PendingCrossCheck;
pub use cross_check::{CrossCheck, CrossCheckMode, cross_check};
pub(crate) use enclosing_repository::{DefaultRemote, enclosing};
pub use error::{GitError, PushError};
pub use git_config::routes;
pub use history::LogRange;
pub use http_logins::http_logins;
pub use identity::Identity;
pub(crate) use init::{NewRepository, work_clone};
pub(crate) use listed_commit::ListedCommit;
pub(crate) use mirror::Synced;
pub use mirror::{Keep, Mirror};
pub(crate) use objects::Objects;
pub use ownership::of_another_user;
pub(crate) use program::LOCAL_ENVIRONMENT;
pub(crate) use program::git_version;
pub use ref_update::{Expected, RefUpdate};
pub use remerges::{ByHand, Remerge, TreeEntry};
pub use signing::Signing;
pub use ssh::{SshProgram, ssh_program};
pub use url::RemoteUrl;
