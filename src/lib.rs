//! relwf: release workflows from a checkout.
//!
//! The rooms, in the order in which they may import one another (each only from those below it):
//!
//! | Room | What it is for |
//! |---|---|
//! | [`cli`] | what people type: one file per verb |
//! | `ui` | what people see; the only room that prints |
//! | [`app`] | composition: builds adapters and drivers for a verb |
//! | [`script`], [`effects`], [`journal`] | Rhai; the host functions; the SQLite store |
//! | [`run`] | the durable workflow: advance, commands, drivers |
//! | `promotion`, `policy` | what a promotion is; which checks count, how a commit is judged |
//! | `hidden` | what a merge does not say by itself |
//! | [`merge`], [`forge`], [`ci`], `fleet`, [`config`] | the rooms that do the work |
//! | [`git`], [`components`], [`http`], `process` | repositories; manifests; HTTP; programs |
//! | [`demo`] | the sample service of `relwf demo` |
//! | `document` | TOML, YAML and JSON with places |
//! | [`network`], `odb` | the way to a server: proxies, certificates; git's own files |
//! | [`model`] | ids, names, values, failures |

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
mod odb;
mod policy;
mod process;
mod promotion;
pub mod run;
pub mod script;
mod ui;
