//! Who tests and deploys: one trait, one implementation for each kind of CI.

mod actions;
mod build_checkout;
mod command;
mod gitlab;
mod travis;
mod types;

pub use crate::model::CiEvent;
pub(crate) use actions::ActionsCi;
pub use command::{BuildCommand, CommandCi};
pub use gitlab::GitlabCi;
pub(crate) use travis::TravisCi;
pub use types::{Build, BuildQuery, BuildState, Ci, Ticket, Trigger};
pub(crate) use types::{RedJob, Start};
