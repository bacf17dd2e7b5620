//! Which lines of a job decide about what a command leaves open: `$VERSION` that only running the job would tell, the arguments of
//! the function that it stands in, a file that something runs later.
//!
//! A line decides where it may set a name that is open; then the names that are open in that line count as well.

use super::expansion::{Reference, reference};
use super::shell;
use regex::Regex;
use std::collections::BTreeSet;

/// More names than this are not followed.
const MOST: usize = 100;

/// The numbers of the lines, without the command's own, in their order. `file` is run by a line that is not known.
pub fn lines(lines: &[&str], own: usize, command: &str, file: Option<&str>) -> BTreeSet<usize> {
    let mut decide = BTreeSet::new();
    let mut open: Vec<Open> = open_in(command, lines, own);
    open.extend(file.map(|file| Open::Word(file.to_owned())));
    let mut known: BTreeSet<Open> = open.iter().cloned().collect();
    while let Some(next) = open.pop().filter(|_| known.len() <= MOST) {
        let Some(pattern) = next.pattern() else { continue };
        for (number, line) in lines.iter().enumerate() {
            if number == own || !(pattern.is_match(line) || next.anything(line)) || !decide.insert(number) {
                continue;
            }
            let mut more = open_in(line, lines, number);
            if let Open::Word(file) = &next {
                more.extend(super::renamed(line, file).map(Open::Word));
            }
            open.extend(more.into_iter().filter(|more| known.insert(more.clone())));
        }
    }
    decide
}

/// What is open.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Open {
    Variable(String),
    /// A function or a file: all lines that name it count.
    Word(String),
}

impl Open {
    /// Matches where it may be set, or is named.
    fn pattern(&self) -> Option<Regex> {
        let pattern = match self {
            // `V=`, `read V`, `for V in`, `${V:=`; not where it is only used.
            Self::Variable(name) => format!(r"(?:^|[^\w$\{{]){name}\b|\$\{{{name}:?="),
            Self::Word(word) => format!(r"(?:^|[^\w.-]){}(?:$|[^\w.-])", regex::escape(word)),
        };
        Regex::new(&pattern).ok()
    }

    /// May the line set any variable?
    fn anything(&self, line: &str) -> bool {
        let runs = |command: &str| matches!(command.split_whitespace().next(), Some("source" | "." | "eval"));
        matches!(self, Self::Variable(_)) && shell::commands(line).iter().any(|command| runs(command.text))
    }
}

/// What a line leaves open.
fn open_in(text: &str, lines: &[&str], number: usize) -> Vec<Open> {
    let mut open = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        let (written, refers) = reference(&rest[at..]);
        if let Reference::Variable { name, .. } = refers {
            open.push(Open::Variable(name.to_owned()));
        } else if rest[at + 1..].starts_with(|c: char| c.is_ascii_digit() || matches!(c, '@' | '*')) {
            open.extend(function_around(lines, number).map(Open::Word));
        }
        rest = &rest[at + written.len()..];
    }
    open
}

/// The function whose body a line stands in: the last that begins at or before it.
fn function_around(lines: &[&str], number: usize) -> Option<String> {
    let begins = Regex::new(r"^\s*(?:function\s+)?([\w-]+)\s*\(\s*\)|^\s*function\s+([\w-]+)").ok()?;
    let found = lines.iter().take(number + 1).rev().find_map(|line| begins.captures(line))?;
    found.get(1).or(found.get(2)).map(|name| name.as_str().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_may_set_what_is_open_decide() {
        let decide =
            |script: &[&str], own: usize, file| lines(script, own, script[own], file).into_iter().collect::<Vec<_>>();
        for (script, own, numbers) in [
            (&["V=$((W + 1))", "echo $V", "read W X", "get $V"][..], 3, &[0][..]),
            (&["V=$(make $W)", "declare -i W", "get $V"], 2, &[0, 1]),
            (&["eval \"$(tool env)\"", "ls", "get $V"], 2, &[0]),
            (&["f() {", "get $1", "}", "ls", "f 1.0"], 1, &[0, 4]),
            (&["function f {", "get \"$@\"", "}", "f 1.0"], 1, &[0, 3]),
            (&["ls", "VV=1", "get $V", "echo $V"], 2, &[]),
            (&[": ${V:=1}", "get ${V%x}"], 1, &[0]),
        ] {
            assert_eq!(decide(script, own, None), numbers, "{script:?}");
        }
        let script = ["curl -o i.sh x", "mv i.sh j.sh", "chmod +x j.sh", "ls", "echo 2.0 | parallel ./j.sh"];
        assert_eq!(decide(&script, 0, Some("i.sh")), [1, 2, 4]);
    }
}
