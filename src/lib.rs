//! relwf: release workflows from a checkout.
//!
//! The rooms are described in ARCHITECTURE.md, with the order in which they may import one another; `tests/it/rooms.rs` holds
//! the sources to it. Public is what the binary, the benchmarks and the integration tests use.

pub mod app;
pub mod ci;
pub mod cli;
pub mod components;
pub mod config;
pub mod demo;
mod document;
pub mod effects;
mod fleet;
pub mod forge;
pub mod git;
mod hidden;
pub mod http;
pub mod journal;
pub mod merge;
pub mod model;
pub mod network;
mod notes;
mod odb;
mod policy;
mod process;
mod promotion;
pub mod run;
pub mod script;
mod ui;

pub use process::{hide_own_credentials, withhold_own_environment};
