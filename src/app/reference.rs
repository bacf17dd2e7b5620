//! What relwf declares, for those who document it.

use crate::config::{self, TableDoc};

/// Every table of relwf.toml with its keys.
pub fn config_tables() -> Vec<TableDoc> {
    config::tables()
}
