//! The declared keys of relwf.toml, for the generated reference.

use crate::config::{self, TableDoc};

/// Every table of relwf.toml with its keys.
pub fn config_tables() -> Vec<TableDoc> {
    config::tables()
}
