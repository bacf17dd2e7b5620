//! Words of others in texts that forges render: shown as text, they notify no one, close nothing and hide nothing.
//!
//! What forges act on: mentions (`@team`), references (`#12`, `GH-12`, `!12`), closing keywords before them or before an address, quick
//! actions (`/close` at the beginning of a line), HTML. A character without width stands where it breaks the pattern and not the
//! reading. <https://docs.github.com/issues/tracking-your-work-with-issues/using-issues/linking-a-pull-request-to-an-issue>,
//! <https://docs.gitlab.com/user/markdown/>.

use crate::model::{redacted, without_steering};
use regex::Regex;
use std::sync::LazyLock;

/// U+200B, a space without width.
const BREAK: &str = "\u{200b}";

static PATTERNS: LazyLock<Vec<(Regex, String)>> = LazyLock::new(|| {
    let keywords = "clos(?:e[sd]?|ing)|fix(?:e[sd]|ing)?|resolv(?:e[sd]?|ing)|implement(?:s|ed|ing)?";
    let patterns = [
        (r"&(#?\w+;)".to_owned(), "&amp;$1".to_owned()),
        (r"<([A-Za-z!/?])".to_owned(), "&lt;$1".to_owned()),
        (r"(^|[^\w])@(\w)".to_owned(), format!("$1@{BREAK}$2")),
        (r"([#!])(\d)".to_owned(), format!("$1{BREAK}$2")),
        (r"(?i)\b(GH)-(\d)".to_owned(), format!("$1{BREAK}-$2")),
        (format!(r"(?i)\b({keywords})(:?\s+https?:)"), format!("$1{BREAK}$2")),
        (r"(?m)^(\s*)/(\w)".to_owned(), format!("$1{BREAK}/$2")),
    ];
    patterns.into_iter().filter_map(|(pattern, by)| Some((Regex::new(&pattern).ok()?, by))).collect()
});

/// A text with whatever formatting it has, in which forges find nothing to act on.
pub(crate) fn inert(text: &str) -> String {
    PATTERNS.iter().fold(without_steering(&redacted(text)), |text, (pattern, by)| {
        pattern.replace_all(&text, by.as_str()).into_owned()
    })
}

/// Words that stand in a line of Markdown as they are: a commit's subject, a name.
pub(crate) fn literal(words: &str) -> String {
    let mut line = String::with_capacity(words.len());
    // Before anything breaks the pattern.
    let words = redacted(words);
    for character in words.split_whitespace().collect::<Vec<_>>().join(" ").chars() {
        if matches!(character, '\\' | '`' | '*' | '_' | '[' | ']' | '~' | '|') {
            line.push('\\');
        }
        line.push(character);
    }
    inert(&line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forges_find_nothing_to_act_on() {
        for (text, shown) in [
            ("ask @acme/team and @ada", "ask @|acme/team and @|ada"),
            ("mail a@b.example", "mail a@b.example"),
            ("Fixes #12, closes acme/x#3", "Fixes #|12, closes acme/x#|3"),
            ("resolves GH-12 and !4", "resolves GH|-12 and !|4"),
            ("Fixes: https://x.example/1", "Fixes|: https://x.example/1"),
            ("<!-- hidden", "&lt;!-- hidden"),
            ("<details> a < b &#64;ada &amp; b & c", "&lt;details> a < b &amp;#|64;ada &amp;amp; b & c"),
            ("/close\n  /merge\na/b", "|/close\n  |/merge\na/b"),
            ("`code` *bold* stays", "`code` *bold* stays"),
            ("\x1b[8m @\u{202e}acme\r\n\tx", "[8m @|acme\n\tx"),
        ] {
            assert_eq!(inert(text).replace(BREAK, "|"), shown);
        }
        assert_eq!(literal("a `b` *c* [d](e) f_g\nh"), "a \\`b\\` \\*c\\* \\[d\\](e) f\\_g h");
    }
}
