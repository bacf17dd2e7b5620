//! Long lists: how many rows are shown, how many are not, and counts with their noun.

use super::style::{DIM, paint};

/// How many commits or files are listed at most; the rest is counted. `--json` has them all.
pub const ROWS: usize = 25;

/// How many are not listed.
pub fn rest(count: usize) -> String {
    if count > ROWS { format!("{}\n", paint(DIM, format!("… and {} more", count - ROWS))) } else { String::new() }
}

/// `1 file`, `2 files`.
pub fn counted(count: usize, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
}
