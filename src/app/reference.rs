//! What relwf declares, for those who document it.

use crate::config::{self, TableDoc};
use crate::effects;
use crate::run::HostFn;
use std::sync::Arc;

/// Every host function.
pub fn host_functions() -> Arc<[&'static HostFn]> {
    effects::host_functions()
}

/// Every table of relwf.toml with its keys.
pub fn config_tables() -> Vec<TableDoc> {
    config::tables()
}
