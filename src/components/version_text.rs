//! Versions in a few characters, for people: as short as it goes, and two that differ never look alike.

use super::Version;
use crate::model::short_id;

/// The published version, else the revision, the branch, the source or the digest, and what is odd about it.
pub fn text(version: &Version) -> String {
    let revision = version.revision.as_deref().map(short_id);
    let unnamed = || {
        let digest = || version.digest.as_ref().map(|digest| digest.chars().take(SHOWN + "sha256:".len()).collect());
        version.source.clone().or_else(digest).filter(|_| !version.floating).unwrap_or_default()
    };
    let (mut text, branch) = match (version.version.as_deref().or(revision), &version.branch) {
        (Some(named), Some(branch)) => (named.to_owned(), format!(" ({branch})")),
        (Some(named), None) => (named.to_owned(), String::new()),
        (None, Some(branch)) => (branch.clone(), String::new()),
        (None, None) => (unnamed(), String::new()),
    };
    text.push_str(&branch);
    match (version.floating, text.is_empty()) {
        (true, true) => "floating".to_owned(),
        (true, false) => format!("{text} (floating)"),
        (false, true) => "-".to_owned(),
        (false, false) => text,
    }
}

/// Both sides of a change, with as much as it takes to tell them apart.
pub fn told_apart(from: &Version, to: &Version) -> (String, String) {
    let (short_from, short_to) = (text(from), text(to));
    if short_from != short_to {
        return (short_from, short_to);
    }
    let parts: [fn(&Version) -> Option<String>; 5] = [
        |version| version.revision.clone(),
        |version| version.source.as_ref().map(|source| format!("from {source}")),
        |version| version.definition.clone(),
        |version| version.digest.clone(),
        |version| Some(version.occurrences.join("; ")).filter(|all| !all.is_empty()),
    ];
    let differing = parts.iter().map(|part| (part(from), part(to))).find(|(from, to)| from != to);
    let Some((one, two)) = differing else { return (short_from, short_to) };
    let (one, two) = (one.unwrap_or_default(), two.unwrap_or_default());
    let range = difference(&one, &two);
    (with(&short_from, &one, range), with(&short_to, &two, range))
}

/// How much of a part is shown: enough for an id, or a name in an address.
const SHOWN: usize = 10;
/// Shown whole up to here.
const WHOLE: usize = 72;

/// How many characters the texts have in common at their start.
fn difference(one: &str, two: &str) -> usize {
    one.chars().zip(two.chars()).take_while(|(one, two)| one == two).count()
}

/// `short (part)`, of a long part what stands around the first difference.
fn with(short: &str, part: &str, differs_at: usize) -> String {
    if part.is_empty() {
        return short.to_owned();
    }
    let id = part.len() >= 20 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    let shown = match part.chars().count() {
        _ if id && differs_at < SHOWN => short_id(part).to_owned(),
        length if id || length <= WHOLE => part.to_owned(),
        length => {
            let start = differs_at.saturating_sub(WHOLE / 2);
            let shown: String = part.chars().skip(start).take(WHOLE).collect();
            let before = if start > 0 { "…" } else { "" };
            let after = if start + WHOLE < length { "…" } else { "" };
            format!("{before}{shown}{after}")
        }
    };
    format!("{short} ({shown})")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(from: &str, to: &str) -> (String, String) {
        let version = |text: &str| serde_json::from_str(text).unwrap();
        told_apart(&version(from), &version(to))
    }

    fn both(from: &str, to: &str) -> (String, String) {
        (from.to_owned(), to.to_owned())
    }

    #[test]
    fn what_differs_looks_different() {
        assert_eq!(shown(r#"{"version":"1"}"#, r#"{"version":"2","revision":"a"}"#), both("1", "2"));
        let (one, two) = ("1".repeat(40), "2".repeat(40));
        let revision = |revision: &str| format!("{{\"version\":\"v1\",\"revision\":\"{revision}\"}}");
        assert_eq!(shown(&revision(&one), &revision(&two)), both("v1 (1111111111)", "v1 (2222222222)"));
        let late = format!("{}2", "1".repeat(39));
        assert_eq!(shown(&revision(&one), &revision(&late)), (format!("v1 ({one})"), format!("v1 ({late})")));
        assert_eq!(
            shown(r#"{"version":"1"}"#, r#"{"version":"1","source":"https://a"}"#),
            both("1", "1 (from https://a)")
        );
        assert_eq!(
            shown(r#"{"floating":true,"definition":"curl a"}"#, r#"{"floating":true,"definition":"curl b"}"#),
            both("floating (curl a)", "floating (curl b)")
        );
        let long = |end: &str| format!("{{\"version\":\"1\",\"digest\":\"sha512-{}{end}\"}}", "A".repeat(200));
        let (from, to) = shown(&long("x"), &long("y"));
        assert!(from != to && from.len() < 100, "{from} {to}");
        assert_eq!(shown(r#"{"source":"../a"}"#, r#"{"source":"../b"}"#), both("../a", "../b"));
        let digest = |digit: &str| format!("{{\"digest\":\"sha256:{}\"}}", digit.repeat(64));
        assert_eq!(shown(&digest("1"), &digest("2")), both("sha256:1111111111", "sha256:2222222222"));
        assert_eq!(shown(r#"{"branch":"main"}"#, "{}"), both("main", "-"));
    }
}
