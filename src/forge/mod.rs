//! Where changes are proposed, judged and landed: one trait, one implementation for each kind of forge.
//!
//! git transport stays outside: a forge is asked about changes and verdicts, never for objects.

mod combine_verdicts;
mod forgejo;
mod github;
mod gitlab;
mod hosted;
mod local;
mod marker;
mod rest;
mod slug;
mod types;

pub use forgejo::{FORGEJO, ForgejoForge, forgejo_api};
pub use github::{GITHUB, GithubForge};
pub use gitlab::{GITLAB, GitlabForge, gitlab_api, gitlab_project};
pub use hosted::Hosted;
pub use local::LocalForge;
use marker::{marked, unmarked};
pub use slug::owner_and_name;
pub use types::{
    Caps, Change, ChangeState, Forge, MergeOutcome, MergeRequest, NewChange, Rules, Search, Verdict, VerdictState,
};
