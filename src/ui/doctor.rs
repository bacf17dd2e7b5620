//! What `relwf doctor` found.

use super::style::{ERROR, GOOD, HINT, WARNING, paint};
use super::table::table;
use crate::app::{Diagnosis, Finding, Health};

/// A row for each thing that was looked at, with its remedy below.
pub fn doctor(diagnosis: &Diagnosis) -> String {
    let row = |finding: &Finding| {
        let mark = match finding.health {
            Health::Good => paint(GOOD, "ok"),
            Health::Odd => paint(WARNING, "warn"),
            Health::Bad => paint(ERROR, "bad"),
        };
        let place = finding.at.as_ref().map(|at| format!(" ({at})")).unwrap_or_default();
        let mut rows = vec![vec![mark, finding.name.to_owned(), format!("{}{place}", finding.message)]];
        if let Some(hint) = &finding.hint {
            rows.push(vec![String::new(), String::new(), format!("{} {hint}", paint(HINT, "hint:"))]);
        }
        rows
    };
    table(&[], &diagnosis.findings.iter().flat_map(row).collect::<Vec<_>>())
}
