//! Required contexts that are patterns: `ci/*` asks for every status whose name fits, and for one at least.

use crate::forge::Verdict;
use crate::forge::combine_verdicts::weight;
use globset::GlobBuilder;
use std::collections::BTreeSet;

/// Is a required context a pattern rather than a name?
pub(super) fn is_pattern(context: &str) -> bool {
    context.contains(['*', '?', '[', '{'])
}

/// For each pattern, its worst fitting verdict under the pattern's own name; none where nothing fits.
pub(super) fn answers(patterns: &BTreeSet<String>, verdicts: &[Verdict]) -> Vec<Verdict> {
    let answer = |pattern: &String| {
        let glob = GlobBuilder::new(pattern).literal_separator(false).build().ok()?.compile_matcher();
        let fitting = verdicts.iter().filter(|verdict| glob.is_match(&verdict.context));
        let worst = fitting.max_by_key(|verdict| weight(verdict.state))?;
        let description = format!("{}: {}", worst.context, worst.description);
        Some(Verdict { context: pattern.clone(), description, ..worst.clone() })
    };
    patterns.iter().filter_map(answer).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forge::VerdictState::{self, Green, Pending, Red};
    use jiff::Timestamp;

    #[test]
    fn a_pattern_is_as_good_as_the_worst_that_fits() {
        let verdict = |context: &str, state: VerdictState| Verdict {
            context: context.to_owned(),
            state,
            description: String::new(),
            url: None,
            at: Timestamp::UNIX_EPOCH,
        };
        let all = [verdict("ci/a", Green), verdict("ci/b/c", Pending), verdict("lint", Red)];
        let patterns = ["ci/*", "l?nt", "none*", "[bad"].map(str::to_owned).into_iter().collect();
        let found: Vec<_> = answers(&patterns, &all).into_iter().map(|held| (held.context, held.state)).collect();
        assert_eq!(found, [("ci/*".to_owned(), Pending), ("l?nt".to_owned(), Red)]);
        assert!(is_pattern("ci/*") && !is_pattern("ci/woodpecker/pr"));
    }
}
