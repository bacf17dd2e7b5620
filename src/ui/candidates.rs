//! What could be promoted.

use super::style::{DIM, ERROR, GOOD, paint};
use super::table::table;
use crate::app::{Candidate, CandidateList};
use crate::model::short_id;

/// A row for each commit, newest first.
pub fn candidates(all: &CandidateList) -> String {
    if all.candidates.is_empty() {
        return format!("nothing to promote: {} has every commit of {}\n", all.target, all.source);
    }
    let row = |candidate: &Candidate| {
        let verdict = if candidate.green { paint(GOOD, "yes") } else { paint(ERROR, "no") };
        vec![
            verdict,
            paint(DIM, short_id(&candidate.id)),
            candidate.time.get(..10).unwrap_or(&candidate.time).to_owned(),
            candidate.author.clone(),
            candidate.summary.clone(),
            candidate.why.clone(),
        ]
    };
    let rows: Vec<_> = all.candidates.iter().map(row).collect();
    table(&["GREEN", "COMMIT", "DATE", "AUTHOR", "SUMMARY", "WHY"], &rows)
}
