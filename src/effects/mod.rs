//! The host functions: one file a command family. Each command says how it is performed, probed and assumed.
//!
//! Imports `run` for the traits and the rooms that do the work; knows nothing of Rhai, terminals or the journal.

mod world;

pub use world::{Clock, Decision, Signals, World};
