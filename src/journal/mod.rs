//! The SQLite store of runs: commands, intents and outcomes. Only this room names rusqlite.
//!
//! | File | What it is for |
//! |---|---|
//! | `store` | opening: permissions, file system, schema, damage after an unclean exit |
//! | `runs` | runs: made, listed, found, claimed, abandoned |
//! | `claim` | the recorder of one process; refuses to write once another has taken the run over |
//! | `chain` | the hashes that tie the rows together, so that an edit shows |
//! | `rows` | rows, large values, folding rows into a [`History`](crate::run::History) |
//! | `decisions` | approvals and settled doubts |
//! | `reopening` | failed runs that may go on: by which wait |
//! | `lock` | one process a run, one run a target |
//! | `schema` | the tables, and how an older file becomes today's |
//! | `preemption` | an urgent run goes ahead of one that only waits |
//! | `status_word` | the words for a run's status |
//! | `error` | what can go wrong with the file, and what to do about it |
//!
//! It knows nothing of scripts, commands or terminals. Promise: when a write returns, it is on disk (`synchronous=FULL`).

mod chain;
mod claim;
mod decisions;
mod error;
mod lock;
mod preemption;
mod reopening;
mod rows;
mod runs;
mod schema;
mod status_word;
mod store;
#[cfg(test)]
mod tests;

pub(crate) use claim::Claim;
pub use decisions::{Abandonment, DoubtVerdict, Signalled};
pub(crate) use lock::TargetLock;
pub use lock::{Holder, LockError, Precedence, Who};
pub use reopening::Reopening;
pub(crate) use rows::JournalRow;
pub use rows::RowEvent;
pub(crate) use runs::Run;
pub use runs::{NewRun, PinnedSource, Which};
pub use store::Store;
pub(crate) use store::inspect;
