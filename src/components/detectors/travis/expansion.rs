//! What a `$` or a backtick in a script refers to, and what an expansion's operator makes of a value.
//!
//! As POSIX and bash have them: <https://www.gnu.org/software/bash/manual/html_node/Shell-Parameter-Expansion.html>. Knows no values.

use regex::Regex;

/// What stands in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reference<'t> {
    /// `$NAME`, `${NAME}`, `${NAME%.*}`
    Variable { name: &'t str, operator: Operator<'t> },
    /// `$(cat FILE)`, `$(< FILE)`, and the same in backticks.
    File(&'t str),
    /// Something that only running it would tell.
    Unknown,
}

/// What follows the name in `${…}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operator<'t>(&'t str);

/// What a text that begins with `$` or a backtick refers to, and how much of the text that is.
pub fn reference(text: &str) -> (&str, Reference<'_>) {
    let name_end = |text: &str| text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    if let Some(inside) = text.strip_prefix("${") {
        let mut depth = 1;
        let closed = inside.char_indices().find(|(_, c)| {
            depth += i32::from(*c == '{') - i32::from(*c == '}');
            depth == 0
        });
        let Some((end, _)) = closed else { return (text, Reference::Unknown) };
        let (written, inside) = (&text[..end + 3], &inside[..end]);
        let (name, operator) = inside.split_at(name_end(inside));
        let refers = if name.is_empty() {
            Reference::Unknown
        } else {
            Reference::Variable { name, operator: Operator(operator) }
        };
        return (written, refers);
    }
    for (open, close) in [("$(", ')'), ("`", '`')] {
        let Some((inside, _)) = text.strip_prefix(open).and_then(|inside| inside.split_once(close)) else { continue };
        let inside_only = inside.trim();
        let file = inside_only.strip_prefix("cat ").or(inside_only.strip_prefix('<')).map(str::trim);
        if let Some(file) = file.filter(|file| !file.is_empty() && !file.contains([' ', '$', '|', '(', '*'])) {
            return (&text[..open.len() + inside.len() + 1], Reference::File(file));
        }
        return (&text[..1], Reference::Unknown);
    }
    if text.starts_with(['`', '(']) || text.starts_with("$(") {
        return (&text[..1], Reference::Unknown);
    }
    let name = text[1..].split_at(name_end(&text[1..])).0;
    let named = !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit());
    let refers = if named { Reference::Variable { name, operator: Operator("") } } else { Reference::Unknown };
    (&text[..=name.len()], refers)
}

impl<'t> Operator<'t> {
    /// The text of `${V:-x}` and its like, which counts where the variable is not set; and of `${V:+x}` with `true`, which counts
    /// where it is.
    pub fn fallback(self) -> Option<(&'t str, bool)> {
        let signs = [(":-", false), (":=", false), ("-", false), ("=", false), (":+", true), ("+", true)];
        signs
            .into_iter()
            .find_map(|(sign, where_set)| Some((self.0.strip_prefix(sign)?.trim_matches(['"', '\'']), where_set)))
    }

    /// What becomes of a value; `None` where that is not known.
    pub fn applied(self, value: &str) -> Option<String> {
        let operator = self.0;
        let (sign, rest) = operator.split_at(
            operator.find(|c: char| !matches!(c, '#' | '%' | '/' | '^' | ',' | ':')).unwrap_or(operator.len()),
        );
        let ends = || value.char_indices().map(|(at, _)| at).chain([value.len()]);
        match sign {
            "" if rest.is_empty() => Some(value.to_owned()),
            _ if self.fallback().is_some() => Some(value.to_owned()),
            "#" | "##" => {
                let pattern = whole(rest)?;
                let fits = |end: &usize| pattern.is_match(&value[..*end]);
                let end = if sign == "#" {
                    ends().find(fits)
                } else {
                    ends().collect::<Vec<_>>().into_iter().rev().find(fits)
                };
                Some(value[end.unwrap_or(0)..].to_owned())
            }
            "%" | "%%" => {
                let pattern = whole(rest)?;
                let fits = |start: &usize| pattern.is_match(&value[*start..]);
                let start = if sign == "%%" {
                    ends().find(fits)
                } else {
                    ends().collect::<Vec<_>>().into_iter().rev().find(fits)
                };
                Some(value[..start.unwrap_or(value.len())].to_owned())
            }
            "/" | "//" => {
                let (pattern, by) = rest.split_once('/').unwrap_or((rest, ""));
                let pattern = Regex::new(&glob(pattern)?).ok()?;
                let by = regex::NoExpand(by);
                Some(if sign == "/" { pattern.replace(value, by) } else { pattern.replace_all(value, by) }.into_owned())
            }
            "^^" if rest.is_empty() => Some(value.to_uppercase()),
            ",," if rest.is_empty() => Some(value.to_lowercase()),
            ":" => {
                let (from, length) = rest.split_once(':').map_or((rest, None), |(from, length)| (from, Some(length)));
                let skipped = value.chars().skip(from.trim().parse().ok()?);
                Some(match length {
                    Some(length) => skipped.take(length.trim().parse().ok()?).collect(),
                    None => skipped.collect(),
                })
            }
            _ => None,
        }
    }
}

fn whole(pattern: &str) -> Option<Regex> {
    Regex::new(&format!("^(?s:{})$", glob(pattern)?)).ok()
}

/// A shell pattern as a regular expression; `None` for one with expansions or sets.
fn glob(pattern: &str) -> Option<String> {
    if pattern.contains(['$', '`', '[', '\\', '(']) {
        return None;
    }
    let pattern = pattern.replace(['"', '\''], "");
    Some(
        pattern
            .chars()
            .map(|c| match c {
                '*' => ".*".to_owned(),
                '?' => ".".to_owned(),
                c => regex::escape(&c.to_string()),
            })
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_change_values_as_bash_does() {
        for (operator, made) in [
            ("", Some("v1.2.3-rc")),
            ("#v", Some("1.2.3-rc")),
            ("#x", Some("v1.2.3-rc")),
            ("#*.", Some("2.3-rc")),
            ("##*.", Some("3-rc")),
            ("%-*", Some("v1.2.3")),
            ("%.*", Some("v1.2")),
            ("%%.*", Some("v1")),
            ("/./_", Some("v1_2.3-rc")),
            ("//./_", Some("v1_2_3-rc")),
            ("//-rc", Some("v1.2.3")),
            (":1", Some("1.2.3-rc")),
            (":1:3", Some("1.2")),
            ("^^", Some("V1.2.3-RC")),
            (":-2", Some("v1.2.3-rc")),
            ("#[a-z]", None),
            ("@Q", None),
            (":(-1)", None),
        ] {
            assert_eq!(Operator(operator).applied("v1.2.3-rc").as_deref(), made, "{operator}");
        }
    }

    #[test]
    fn a_reference_ends_where_the_shell_says() {
        for (text, written) in [
            ("$A.b", "$A"),
            ("${A%${B}}c", "${A%${B}}"),
            ("$(cat a/b) c", "$(cat a/b)"),
            ("`cat a` c", "`cat a`"),
            ("$(cat $A)", "$"),
            ("`date`", "`"),
            ("$", "$"),
        ] {
            assert_eq!(reference(text).0, written);
        }
    }
}
