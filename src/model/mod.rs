//! Shared vocabulary types: ids, names, values, times, failures.
//!
//! Nothing here does anything: no I/O, no clock, no environment, no other room is imported.

mod cancel;
mod checkout_options;
mod ci_event;
mod failure;
mod http_url;
mod human_duration;
mod ids;
mod json_schema;
mod minute;
mod names;
mod nearest;
mod process_origin;
mod quoted_path;
mod redaction;
mod secret;
mod shell_quoted;
mod source_location;
mod steering;
mod task_context;
mod value;
mod write_error;

pub use cancel::Cancel;
pub use checkout_options::CheckoutOptions;
pub use ci_event::CiEvent;
pub use failure::{Failure, FailureKind};
pub use http_url::HttpUrl;
pub(crate) use http_url::percent_encoded;
pub use human_duration::HumanDuration;

pub use ids::{CommitId, ObjectId, RunId, TreeId};
pub(crate) use ids::{hex, short_id};
pub(crate) use json_schema::TimeText;
pub(crate) use minute::minute_in;
pub use names::{BranchName, RefName, Revision, TagName};
pub(crate) use names::{ComponentName, DEPLOYMENT, NameError};
pub(crate) use nearest::nearest;
pub use process_origin::ProcessOrigin;
pub(crate) use quoted_path::{path_of_text, quoted_path, text_of_path, unquoted};
pub use redaction::keep_secret;
pub(crate) use redaction::{hidden_in, hidden_in_failure, redacted, redacted_failure, redacted_value};
pub use secret::Secret;
pub(crate) use secret::scrub;
pub(crate) use shell_quoted::shell_quoted;
pub use source_location::SourceLocation;
pub(crate) use steering::{steers, without_steering};
pub(crate) use task_context::Shown;
pub use task_context::{Progress, TaskContext};
pub(crate) use value::{
    DEEPEST, OrUnknown, SECRET, escaped_key, is_too_deep, is_unknown, outside_data, plain_key, unknown_inside,
    unknown_what,
};
pub use value::{Value, unknown};
pub use write_error::WriteError;
