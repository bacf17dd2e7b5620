//! Shortens a list for messages: the first items, and how many more there are.

/// The first items, and how many more there are.
pub(super) fn shortened(items: &[String], limit: usize) -> String {
    let shown = items.iter().take(limit).map(String::as_str).collect::<Vec<_>>().join(", ");
    match items.len().saturating_sub(limit) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
