//! The mark that finds a change or a comment of ours again: an HTML comment at the end of its text, which forges do not show.

const OPEN: &str = "<!-- relwf: ";
const CLOSE: &str = " -->";

/// A text with its mark; of at most `longest` characters, cut in the text if need be.
pub fn marked(text: &str, marker: &str, longest: usize) -> String {
    let mark = format!("\n\n{OPEN}{marker}{CLOSE}\n");
    let room = longest.saturating_sub(mark.chars().count());
    let text = text.trim_end();
    if text.chars().count() <= room {
        return format!("{text}{mark}");
    }
    let cut = "\n…";
    let kept: String = text.chars().take(room.saturating_sub(cut.chars().count())).collect();
    format!("{kept}{cut}{mark}")
}

/// The text without its mark, and the mark. Only the last line counts: a mark that is quoted elsewhere is text.
pub fn unmarked(text: &str) -> (&str, Option<&str>) {
    let trimmed = text.trim_end();
    let last = trimmed.rfind('\n').map_or(0, |at| at + 1);
    match trimmed[last..].trim().strip_prefix(OPEN).and_then(|rest| rest.strip_suffix(CLOSE)) {
        Some(marker) => (trimmed[..last].trim_end(), Some(marker)),
        None => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_found_again_and_not_in_quotes() {
        for text in ["what ships", "", "ends in a line\n\n", "quotes <!-- relwf: other --> inside"] {
            let marked = marked(text, "relwf-r1-abc", 1000);
            assert_eq!(unmarked(&marked), (text.trim_end(), Some("relwf-r1-abc")));
            assert_eq!(unmarked(&marked.replace('\n', "\r\n")).1, Some("relwf-r1-abc"), "as browsers send it");
        }
        assert_eq!(unmarked("<!-- relwf: x -->\nmore").1, None);
        let long = marked(&"ü".repeat(500), "m", 100);
        assert_eq!((long.chars().count(), unmarked(&long).1), (100, Some("m")));
    }
}
