//! Names of Python's packages.

/// Names that differ in case, `-`, `_` and `.` alone are one:
/// <https://packaging.python.org/en/latest/specifications/name-normalization/>.
pub(super) fn normalized(name: &str) -> String {
    let words: Vec<&str> = name.split(['-', '_', '.']).collect();
    let last = words.len() - 1;
    // What is empty between two of them is a run of several.
    let words = words.iter().enumerate().filter(|(at, word)| !word.is_empty() || *at == 0 || *at == last);
    words.map(|(_, word)| word.to_lowercase()).collect::<Vec<_>>().join("-")
}

/// Where packages come from when nothing else is said.
pub(super) fn is_default_index(url: &str) -> bool {
    let address = url.trim_end_matches('/').strip_prefix("https://");
    address.is_some_and(|address| address.split(['.', '/']).eq(["pypi", "org", "simple"]))
}
