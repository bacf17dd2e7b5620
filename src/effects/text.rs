//! Data as the short texts that go into messages and titles.

use crate::components::Version;

/// A version as people say it: the version, else the revision, else the branch.
pub(super) fn version_text(version: &Version) -> Option<String> {
    let named = version.version.clone().or_else(|| version.revision.clone()).or_else(|| version.branch.clone());
    if version.floating { Some("floating".to_owned()) } else { named }
}

/// At most so many items, and how many more there are.
pub(super) fn list(items: &[String], limit: usize) -> String {
    let shown = items.iter().take(limit).map(String::as_str).collect::<Vec<_>>().join(", ");
    match items.len().saturating_sub(limit) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
