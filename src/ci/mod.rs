//! Who tests and deploys: one trait, one implementation for each kind of CI.

mod actions;
mod command;
mod gitlab;
mod travis;
mod types;

pub use crate::model::CiEvent;
pub use actions::ActionsCi;
pub use command::CommandCi;
pub use gitlab::GitlabCi;
pub use travis::TravisCi;
pub use types::{Build, BuildQuery, BuildState, Ci, RedJob, Start, Ticket, Trigger};
