//! The host functions, one folder per namespace and one file per function: `forge::land` is `forge/land.rs`. Each says how
//! it is performed, probed and assumed; what it takes and answers are types.
//!
//! Imports `run` for the traits and the rooms that do the work; knows nothing of Rhai, terminals or the journal.

mod build_report;
mod candidate;
mod ci;
mod commit_effect;
mod commit_signatures;
mod config;
mod delta;
mod effect_context;
mod fleet;
mod flow;
mod forge;
mod git;
mod http;
mod landing_method;
mod landing_obstacles;
mod landing_proof;
mod landing_reports;
mod proposal_body;
mod proposal_guard;
mod redacted_command;
mod ref_lease;
mod registry;
mod release;
mod release_before;
mod revision_args;
mod secrets;
mod sh;
mod shortened_list;
mod typed_host_fn;
mod waiting;

pub(crate) use candidate::Line;

/// A part of [`EffectContext`].
pub use crate::promotion::ComponentRepositories;
pub use effect_context::{Clock, EffectContext, EnvLookup, Signals};
pub(crate) use flow::ApprovalRequest;
pub(crate) use forge::ProposedChange;
pub(crate) use git::{CommitOutcome, CommitsMade, ScriptCommit, SeriesAnswer, source_place};

pub(crate) use landing_method::{LandingMethod, landing_method_by};
pub(crate) use landing_obstacles::{linear, uncertain, unsigned};
pub use registry::{Registry, host_functions};
