//! Output of `relwf changes`: a table.

use super::style::{DIM, NAME, paint};
use super::table::table;
use crate::app::ChangeRow;

/// A row for each change, newest first.
pub fn changes(rows: &[ChangeRow]) -> String {
    if rows.is_empty() {
        return "relwf has no change open\n".to_owned();
    }
    let row = |change: &ChangeRow| {
        vec![
            paint(NAME, change.number),
            change.target.to_string(),
            paint(DIM, change.commit.short()),
            change.title.clone(),
            change.url.clone().unwrap_or_default(),
        ]
    };
    table(&["CHANGE", "TARGET", "COMMIT", "TITLE", "ADDRESS"], &rows.iter().map(row).collect::<Vec<_>>())
}
