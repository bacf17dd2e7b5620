//! The words every room shares: ids, names, values, times, failures.
//!
//! Nothing here does anything: no I/O, no clock, no environment, no other room is imported.

mod cancel;
mod ci_event;
mod failure;
mod http_url;
mod human_duration;
mod ids;
mod names;
mod schema;
mod secret;
mod source_location;
mod task_context;
mod value;
mod write_error;

pub use cancel::Cancel;
pub use ci_event::CiEvent;
pub use failure::{Failure, FailureKind};
pub use http_url::{HttpUrl, percent_encoded};
pub use human_duration::{HumanDuration, ParseDurationError};
pub use ids::{CommitId, ObjectId, ParseIdError, RunId, TreeId, hex, short_id};
pub use names::{BranchName, ComponentName, DEPLOYMENT, NameError, RefName};
pub use schema::{Revision, TimeText};
pub use secret::{Secret, scrub};
pub use source_location::SourceLocation;
pub use task_context::{Progress, Shown, TaskContext};
pub use value::{OrUnknown, Value, is_unknown, unknown, unknown_inside, unknown_what};
pub use write_error::WriteError;
