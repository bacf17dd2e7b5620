//! `relwf.toml` → [`Config`]: read once, checked whole, every error with file, line and column.
//!
//! Knows nothing of where the values go. Unknown keys are errors with a suggestion.

mod component;
mod fleet;
mod fleet_syntax;
mod keys;
mod load;
mod release;
mod sections;
mod tag_pattern;
mod types;

pub(crate) use crate::document::{Absent, KeyDoc, TableDoc};
pub(crate) use keys::tables;
pub use load::{find, load, parse, repository};
pub(crate) use load::{parse_with, process_branch};
pub use tag_pattern::TagPattern;
use types::UpdateEvent;
pub(crate) use types::{AlsoGreen, HealthCheck};
pub use types::{
    CiConfig, CiKind, Config, Environment, FleetCommand, FleetConfig, FleetReport, FleetTarget, ForgeConfig, ForgeKind,
    Observe, ReleaseConfig, SecretSource, ShConfig,
};
