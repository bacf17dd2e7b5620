//! The durable workflow: a workflow is a pure function of its script, its parameters and its journal.
//!
//! [`advance()`] evaluates a [`Script`] against a [`History`] and says what it waits for; a driver performs those commands,
//! writes their outcomes down and goes on with [`LiveEvaluation`], which gives what advancing again would give. This room knows
//! neither Rhai nor git nor SQLite: scripts, commands and the record keeper reach it as traits.

mod advance;
mod announce_once;
mod approval_decision;
mod call;
mod command;
mod command_order;
mod divergence;
mod drive;
mod driver;
mod dry;
mod event;
mod history;
mod host_fn;
mod key;
pub(crate) mod life;
mod live;
mod perform;
mod plan_item;
mod record;
mod remark;
mod restore_results;
mod retry_policy;
mod session;
#[cfg(test)]
mod tests;
mod value_type;
mod wait_log;

pub use advance::{Advance, Evaluation, Script, advance};
pub use approval_decision::ApprovalDecision;
pub use call::{Call, Fingerprint};
pub use command::{
    Assumed, Command, CommandKind, Commands, Effect, Intent, Observation, OnOutage, OnUnknown, Performing, Probe, Read,
    Wait,
};
pub use command_order::Position;
pub use driver::{LocalDriver, RunOutcome};
pub use dry::DryDriver;
pub(crate) use event::StepStatus;
pub use event::{Event, Listener, RunStatus};
pub(crate) use history::HistoryEntry;
pub use history::{History, Settled};
pub use host_fn::{HostFn, Style};
pub(crate) use key::ParseKeyError;
pub use key::{Key, StepPath};
pub use live::LiveEvaluation;
pub(crate) use plan_item::PlanItem;
pub use record::{Record, RecordError, Recorder};
pub use remark::{Remark, RemarkKind};
pub(crate) use restore_results::restore;
pub use retry_policy::RetryPolicy;

pub use session::{CallAnswer, CommandRequest, Parallel, Session, StepExit, Trace};
pub(crate) use value_type::{Field, ValueType};

/// What a journal means to this program: how keys are counted, what fingerprints cover. A run of another number is not
/// continued.
pub const ABI: u32 = 1;
