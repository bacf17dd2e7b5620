//! What people see. Only this room prints.
//!
//! Data goes in, text comes out: nothing here looks at a repository, the journal or the network. The streams are handed
//! in as [`Out`], so that tests read what was said.

pub mod bug;
pub mod candidates;
pub mod changes;
pub mod components;
pub mod confirm;
pub mod conflicts;
pub mod demo;
pub mod doctor;
pub mod errors;
pub mod functions;
mod hidden;
pub mod init;
mod input;
mod lists;
pub mod log;
pub mod merge_tree;
mod out;
pub mod plan;
pub mod preview;
pub mod reference;
pub mod run;
mod run_facts;
pub mod runs;
pub mod show;
pub mod style;
mod table;
mod time;
pub mod workflows;
pub mod working;

pub use out::{BrokenPipe, Colour, Form, Out, Questions, Verbosity};
