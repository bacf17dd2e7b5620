//! Where changes are proposed, judged and landed: one trait, one implementation for each kind of forge.
//!
//! git transport stays outside: a forge has changes and verdicts; objects come from git.

mod combine_verdicts;
mod forgejo;
mod github;
mod gitlab;
mod hosted;
mod local;
mod marker;
mod obstacles;
mod plain_text;
mod project_pages;
mod project_path;
mod refusals;
mod releases;
mod rest;
mod types;

pub(crate) use forgejo::FORGEJO;
pub use forgejo::{ForgejoForge, forgejo_api};
pub(crate) use github::GITHUB;
pub(crate) use gitlab::{GITLAB, gitlab_project};
pub use gitlab::{GitlabForge, gitlab_api};
pub(crate) use hosted::Hosted;
pub use local::LocalForge;
use marker::{marked, unmarked};
pub(crate) use obstacles::{LandingObstacle, PatternOf, TextPattern};
pub(crate) use plain_text::{inert, literal};
pub(crate) use project_pages::PageNames;
pub use project_pages::ProjectPages;
pub(crate) use project_path::owner_and_name;
use project_path::slug;
pub use releases::{NewRelease, Release, Releases};
pub(crate) use types::{BranchRules, Caps, MergeOutcome, MergeRequest};
pub use types::{Change, ChangeSearch, ChangeState, Forge, NewChange, Verdict, VerdictState};
