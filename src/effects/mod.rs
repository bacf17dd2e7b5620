//! The host functions: one file a command family. Each command says how it is performed, probed and assumed.
//!
//! Imports `run` for the traits and the rooms that do the work; knows nothing of Rhai, terminals or the journal.

mod build_report;
mod building;
mod candidate;
mod candidates;
mod change_guard;
mod checks;
mod ci;
mod closing;
mod commit_effect;
mod commit_writer;
mod config;
mod declare;
mod delta;
mod fleet;
mod flow;
mod forge;
mod git;
mod health;
mod host_fn;
mod http;
mod land;
mod landing_method;
mod lease;
mod merging;
mod picking;
mod proof;
mod proposal;
mod registry;
mod restoring;
mod revisions;
mod secrets;
mod sh;
mod text;
mod waiting;
mod world;

pub use candidates::Line;
pub use landing_method::{LandingMethod, landing_method_by};
pub use registry::{Registry, host_functions};
pub use world::{Clock, Decision, Env, Signals, World};
