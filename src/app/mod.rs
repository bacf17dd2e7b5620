//! Composition: builds adapters and drivers for a verb, and answers with data.
//!
//! Knows nothing of the command line or of how answers are shown. Whatever a verb answers is a type here that serialises to
//! the JSON of the contract.

mod abandon;
mod actor;
mod apis;
mod approvals;
mod candidates;
mod changes;
mod check;
mod component_findings;
mod config_reference;
mod delta;
mod demo;
mod directories;
mod doctor;
mod doubtful_effects;
mod drive_run;
mod embedded_files;
mod functions;
mod init;
mod invocation;
mod landable;
mod merge_tree;
mod new_run_id;
mod notes;
mod open_changes;
mod ownership;
mod plan;
mod prepare_run;
mod preview;
mod project;
mod remote;
mod resume_run;
mod run_facts;
mod run_name;
mod run_process;
mod runs;
mod settle;
mod start_run;
mod wiring;

pub(crate) use crate::effects::{ApprovalRequest, CommitOutcome, Line};
pub(crate) use crate::git::ListedCommit;
pub(crate) use crate::journal::{Abandonment, Which};
pub(crate) use crate::notes::{Form as NotesForm, render as notes_text};
pub(crate) use abandon::{Abandoned, abandon};
pub(crate) use actor::actor_of;
pub(crate) use approvals::{AskedApproval, approve};
pub(crate) use candidates::{Candidate, CandidateList, candidates};
pub(crate) use changes::{ChangeRow, changes};
pub(crate) use check::{Checked, check_here, check_live};
pub(crate) use config_reference::config_tables;
pub(crate) use delta::delta;
pub(crate) use demo::Demo;
pub use demo::demo;
pub(crate) use doctor::finding::{Finding, Health};
pub(crate) use doctor::{Diagnosis, LiveChecks, doctor};
pub(crate) use drive_run::{FinishedRun, PreemptedRun, UnseenStep};
pub(crate) use embedded_files::{Preset, embedded_text};
pub(crate) use functions::functions;
pub(crate) use init::{InitFile, InitWrite, init_files, write_init_file};
pub(crate) use invocation::{Fetch, Invocation};
pub(crate) use landable::landing_branch;
pub(crate) use merge_tree::{MergePool, Question, Reply, TreeAnswer, TreeMerger};
pub(crate) use notes::notes;
pub(crate) use plan::{CommitOrigin, PlannedMerge, PlannedRun, Rollback, dry_run, look_ahead};
pub(crate) use prepare_run::{Prepared, Unready, prepare};
pub(crate) use preview::{ChangedFile, Preview, PreviewOutcome, preview};
pub(crate) use project::Project;
pub(crate) use resume_run::{Scripts, continue_run};
pub(crate) use run_facts::{Report, RunFacts, ShippedCommit};
pub(crate) use run_process::{ChosenProcess, ProcessChoice, Purpose, choose_process};
pub(crate) use settle::{Settlement, settle};
pub(crate) use start_run::start;

pub(crate) use runs::{Listed, RunRow, RunStory, StoryState, find_run, meant_run, resumable, runs, show};

pub(crate) use doubtful_effects::DoubtfulEffect;
pub use open_changes::{Leftover, OpenChange};
