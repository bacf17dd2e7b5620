//! Characters that would act instead of being read: commits, branches, servers and builds may hold anything.

/// Does it steer a terminal, turn the direction of what follows round, or break a line where none is expected? A newline and a tab
/// do not, and neither do colours, which begin with an escape that is looked at by itself.
///
/// The bidirectional controls are those of [UAX 9](https://www.unicode.org/reports/tr9/), whose misuse is CVE-2021-42574.
pub(crate) fn steers(c: char) -> bool {
    match c {
        '\n' | '\t' => false,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        _ => c.is_control(),
    }
}

/// Words of others without what steers.
pub(crate) fn without_steering(text: &str) -> String {
    text.chars().filter(|c| !steers(*c)).collect()
}
