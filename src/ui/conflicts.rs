//! Conflicts with their lines, each side named.

use super::style::{DIM, ERROR, NAME, OURS, THEIRS, paint};
use crate::merge::{Conflict, ConflictSide, Hunk};
use anstyle::Style;

/// How many lines of one side of a hunk are shown at most; the rest is counted.
const LINES: usize = 20;

/// Every conflict: kind and path, what happened, the lines of ours, base and theirs.
pub fn conflicts(all: &[Conflict], ours: &str, theirs: &str) -> String {
    let mut out = String::new();
    for conflict in all {
        let kind = serde_json::to_value(conflict.kind).ok().and_then(|kind| kind.as_str().map(str::to_owned));
        let kind = kind.unwrap_or_else(|| "conflict".to_owned());
        out.push_str(&format!("{} {}\n", paint(ERROR, format!("{kind}:")), paint(NAME, conflict.shown_path())));
        out.push_str(&format!("  {}\n", conflict.message));
        for (label, side) in [(ours, &conflict.ours), (theirs, &conflict.theirs)] {
            if let Some(ConflictSide { path, .. }) = side.as_ref().filter(|side| side.path != conflict.path) {
                out.push_str(&format!("  {} {path}\n", paint(DIM, format!("renamed in {label}:"))));
            }
        }
        for hunk in &conflict.hunks {
            out.push_str(&hunk_text(hunk, ours, theirs));
        }
    }
    out
}

fn hunk_text(hunk: &Hunk, ours: &str, theirs: &str) -> String {
    let mut out = format!("  {}\n", paint(DIM, format!("line {}", hunk.line)));
    side(&mut out, OURS, "ours", ours, &hunk.ours);
    side(&mut out, DIM, "base", "the merge base", &hunk.base);
    side(&mut out, THEIRS, "theirs", theirs, &hunk.theirs);
    out
}

fn side(out: &mut String, style: Style, which: &str, label: &str, lines: &[String]) {
    let nothing = if lines.is_empty() { ": nothing" } else { "" };
    out.push_str(&format!("    {}\n", paint(style, format!("{which} ({label}){nothing}"))));
    for line in lines.iter().take(LINES) {
        out.push_str(&format!("      {}\n", paint(style, format!("| {}", line.trim_end()))));
    }
    if lines.len() > LINES {
        out.push_str(&format!("      {}\n", paint(DIM, format!("… {} more lines", lines.len() - LINES))));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merge::ConflictKind;

    #[test]
    fn each_side_of_a_hunk_is_named() {
        let conflict = Conflict {
            path: "limits.go".to_owned(),
            quoted: None,
            kind: ConflictKind::Content,
            base: None,
            ours: None,
            theirs: None,
            message: "both sides changed limits.go".to_owned(),
            hunks: vec![Hunk {
                line: 7,
                ours: vec!["burst = 20".to_owned()],
                base: vec!["burst = 10".to_owned()],
                theirs: Vec::new(),
            }],
        };
        assert_eq!(
            anstream::adapter::strip_str(&conflicts(&[conflict], "staging", "master")).to_string(),
            "content: limits.go\n  both sides changed limits.go\n  line 7\n    ours (staging)\n      | burst = 20\n    \
             base (the merge base)\n      | burst = 10\n    theirs (master): nothing\n"
        );
    }
}
