//! The life of one command, from the script's call to its outcome, as a value.
//!
//! [`step()`] answers what follows from what happened, and what is to be done next. It has no clock, no threads and
//! performs nothing: a host (the local driver, a dry run, another engine) does what [`Action`] names and reports it as
//! [`Happened`]. All rules of retries, probes and doubt are here and nowhere else.
//!
//! ```text
//! read     Ready → Reading ⇄ LookPause → RecordingOutcome → Settled
//! wait     Ready → Beginning ⇄ LookPause → RecordingFacts → Observing ⇄ Resting | LookPause | Suspended
//! effect   Ready → Preparing ⇄ LookPause
//!                    → RecordingIntent → Performing → RecordingOutcome → Settled
//!                         ↑ PerformPause ← (not done)  (unknown) → Probing ⇄ ProbePause → RecordingDoubt → InDoubt
//!                                          (not done, later) → RecordingAbsent → Suspended
//! ```

mod action;
mod happened;
mod state;
mod step;
#[cfg(test)]
mod tests;

pub use action::{Action, End};
pub use happened::{Cancellation, Happened, Moment, StepContext};
pub use state::CommandState;
pub(super) use step::interrupted;
pub use step::step;
