//! The host functions: one file a command family. Each command says how it is performed, probed and assumed.
//!
//! Imports `run` for the traits and the rooms that do the work; knows nothing of Rhai, terminals or the journal.

mod authored;
mod build_report;
mod building;
mod candidate;
mod candidates;
mod checks;
mod ci;
mod closing;
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
mod lease;
mod meddled;
mod merging;
mod pen;
mod picking;
mod proof;
mod proposal;
mod registry;
mod restoring;
mod revisions;
mod route;
mod secrets;
mod sh;
mod text;
mod waiting;
mod world;

pub use candidates::Line;
pub use registry::{Registry, host_functions};
pub use route::{Route, way_in};
pub use world::{Clock, Decision, Env, Signals, World};
