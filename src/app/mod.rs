//! Composition: builds adapters and drivers for a verb, and answers with data.
//!
//! Knows nothing of the command line or of what people see. Whatever a verb answers is a type here that serialises to
//! the JSON of the contract.

mod candidates;
mod check;
mod delta;
mod demo;
mod doctor;
mod embedded;
mod finding;
mod forges;
mod functions;
mod init;
mod invocation;
mod launch;
mod live;
mod merge_tree;
mod plan;
mod preview;
mod project;
mod reference;
mod remote;
mod run_id;
mod runs;
mod unresolved;
mod wiring;

pub use crate::effects::{CommitOutcome, Line};
pub use crate::git::ListedCommit;
pub use candidates::{Candidate, Candidates, candidates};
pub use check::{Checked, check};
pub use delta::{Delta, delta};
pub use demo::{Demo, demo};
pub use doctor::{Diagnosis, Live, doctor};
pub use embedded::{Preset, embedded_text};
pub use finding::{Finding, Health};
pub use functions::functions;
pub use init::{InitFile, InitWrite, init_files, write_init_file};
pub use invocation::{Env, Fetch, Invocation};
pub use launch::{Finished, Prepared, Scripts, Unready, continue_run, prepare, start};
pub use merge_tree::{MergePool, Question, Reply, TreeAnswer, TreeMerger};
pub use plan::{Made, Planned, PlannedMerge, dry_run};
pub use preview::{ChangedFile, Named, Preview, PreviewOutcome, preview};
pub use project::Project;
pub use reference::config_tables;
pub use remote::Remote;
pub use runs::{
    Decided, Listed, RunRow, RunStory, Settlement, StoryCommand, StoryState, abandon, approve, find_run, resumable,
    runs, settle, show,
};
pub use unresolved::{Doubt, OpenChange};
