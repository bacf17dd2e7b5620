//! "Did you mean": the known name that is nearest to a misspelt one.

/// The known name that `name` was probably meant to be: at most a third of its letters may differ, or one of a short name.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let letters = name.chars().count();
    // Names of one letter are all alike.
    let allowed = (letters / 3).max(1).min(letters.saturating_sub(1));
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&name.to_lowercase(), &candidate.to_lowercase()), candidate))
        .filter(|&(distance, _)| distance <= allowed)
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_near_names_are_suggested() {
        let known = ["merge", "push", "sync"];
        assert_eq!(nearest("mrege", known), Some("merge"));
        assert_eq!(nearest("pusch", known), Some("push"));
        assert_eq!(nearest("deploy", known), None);
        assert_eq!(nearest("e", ["p"]), None);
    }
}
