//! What a file of attributes says (gitattributes(5)): its lines as rules, and what they make of a path.
//!
//! Knows nothing of where such files are, or of what the attributes are for.

use super::wildmatch::{self, Wild};
use crate::model::unquoted;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// git takes no notice of a line of this many bytes, nor of a file that is larger than this.
const LONGEST_LINE: usize = 2048;
const LARGEST_FILE: usize = 100 << 20;

/// What separates words; nothing else does.
const BLANK: &[u8] = b" \t\r\n";

/// What git knows without any file.
const BUILT_IN: &[u8] = b"[attr]binary -diff -merge -text\n";

/// What is said of an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    /// As if nothing had been said (`!name`).
    Unspecified,
    /// Set without a value.
    Set,
    /// Taken back (`-name`).
    Unset,
    /// Set to a value.
    Value(Vec<u8>),
}

/// Where a file may define names that stand for several attributes (`[attr]name …`): not below the top.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Macros {
    Allowed,
    Ignored,
}

type States = Vec<(Vec<u8>, State)>;

/// The rules of one file, in their order.
#[derive(Debug, Default)]
pub(super) struct AttributeRules {
    paths: Vec<(Pattern, States)>,
    macros: Vec<(Vec<u8>, States)>,
}

impl AttributeRules {
    /// Reads a file. What git takes no notice of is left out.
    pub(super) fn read(data: &[u8], macros: Macros) -> Self {
        let mut rules = Self::default();
        if data.len() >= LARGEST_FILE {
            return rules;
        }
        let data = data.strip_prefix("\u{feff}".as_bytes()).unwrap_or(data);
        for line in data.split(|byte| *byte == b'\n') {
            let line = &line[..memchr::memchr(0, line).unwrap_or(line.len())];
            rules.line(line, macros);
        }
        rules
    }

    /// git's own.
    pub(super) fn built_in() -> Self {
        Self::read(BUILT_IN, Macros::Allowed)
    }

    fn line(&mut self, line: &[u8], macros: Macros) -> Option<()> {
        let text = skip_blank(line);
        if line.len() >= LONGEST_LINE || text.is_empty() || text[0] == b'#' {
            return None;
        }
        let (name, rest) = unquoted(text).unwrap_or_else(|| {
            let (word, rest) = word(text);
            (word.to_vec(), rest)
        });
        match name.strip_prefix(b"[attr]") {
            Some(after) if !after.is_empty() => {
                let name = word(skip_blank(after)).0;
                if macros == Macros::Allowed && is_name(name) {
                    self.macros.push((name.to_vec(), states(rest)?));
                }
            }
            _ if name.starts_with(b"!") => {}
            _ => self.paths.push((Pattern::new(name), states(rest)?)),
        }
        Some(())
    }
}

/// What files of rules, the one that counts most first, make of a path. Each is with the length of its directory's path.
pub(super) fn states_of<'f>(
    files: &'f [(&'f AttributeRules, usize)],
    path: &[u8],
    fold: bool,
) -> HashMap<&'f [u8], &'f State> {
    let mut macros: HashMap<&[u8], &States> = HashMap::new();
    for (name, states) in files.iter().flat_map(|(rules, _)| rules.macros.iter().rev()) {
        macros.entry(name).or_insert(states);
    }
    let mut found = HashMap::new();
    for (rules, folder) in files {
        for (_, states) in rules.paths.iter().rev().filter(|(pattern, _)| pattern.matches(path, *folder, fold)) {
            // What is said last counts; a macro says its own before what stands in front of it.
            let mut open = vec![states.iter()];
            while let Some(states) = open.last_mut() {
                let Some((name, state)) = states.next_back() else {
                    open.pop();
                    continue;
                };
                if let Entry::Vacant(entry) = found.entry(name.as_slice()) {
                    entry.insert(state);
                    let expanded = macros.get(name.as_slice()).filter(|_| *state == State::Set);
                    open.extend(expanded.map(|states| states.iter()));
                }
            }
        }
    }
    found
}

/// The paths that a rule is for.
#[derive(Debug)]
struct Pattern {
    text: Vec<u8>,
    /// How much of it, from its beginning, has no wildcard.
    literal: usize,
    /// It has no slash: it is for a name, in any directory.
    is_name: bool,
    /// It is for directories, and no file is one.
    is_directory: bool,
}

impl Pattern {
    fn new(mut text: Vec<u8>) -> Self {
        let is_directory = text.last() == Some(&b'/');
        text.truncate(text.len() - usize::from(is_directory));
        let literal = plain(&text);
        let is_name = !text.contains(&b'/');
        Self { text, literal, is_name, is_directory }
    }

    fn matches(&self, path: &[u8], folder: usize, fold: bool) -> bool {
        if self.is_directory {
            return false;
        }
        let same = |one: &[u8], two: &[u8]| one == two || fold && one.eq_ignore_ascii_case(two);
        let inside = if folder == 0 { path } else { path.get(folder + 1..).unwrap_or_default() };
        if self.is_name {
            let name = memchr::memrchr(b'/', inside).map_or(inside, |slash| &inside[slash + 1..]);
            return match self.text.strip_prefix(b"*") {
                _ if self.literal == self.text.len() => same(&self.text, name),
                Some(end) if plain(end) == end.len() => {
                    name.len().checked_sub(end.len()).is_some_and(|at| same(&name[at..], end))
                }
                _ => wildmatch::matches(&self.text, name, Wild::Name, fold),
            };
        }
        let anchored = usize::from(self.text.first() == Some(&b'/'));
        let (pattern, literal) = (&self.text[anchored..], self.literal.saturating_sub(anchored));
        inside.get(..literal).is_some_and(|begin| same(begin, &pattern[..literal]))
            && wildmatch::matches(&pattern[literal..], &inside[literal..], Wild::Path, fold)
    }
}

/// How many bytes come before the first that could be a wildcard.
fn plain(pattern: &[u8]) -> usize {
    pattern.iter().position(|byte| matches!(byte, b'*' | b'?' | b'[' | b'\\')).unwrap_or(pattern.len())
}

/// The attributes of a line; `None` where any of them is none.
fn states(mut text: &[u8]) -> Option<States> {
    let mut states = States::new();
    loop {
        text = skip_blank(text);
        if text.is_empty() {
            return Some(states);
        }
        let (said, rest) = word(text);
        text = rest;
        let (name, value) = match memchr::memchr(b'=', said) {
            Some(at) => (&said[..at], Some(&said[at + 1..])),
            None => (said, None),
        };
        let (name, state) = match (name.first(), value) {
            (Some(b'-'), _) => (&name[1..], State::Unset),
            (Some(b'!'), _) => (&name[1..], State::Unspecified),
            (_, Some(value)) => (name, State::Value(value.to_vec())),
            (_, None) => (name, State::Set),
        };
        states.push((Some(name).filter(|name| is_name(name))?.to_vec(), state));
    }
}

/// Names that begin with `builtin_` are git's own.
fn is_name(name: &[u8]) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    name.first().is_some_and(|first| *first != b'-') && name.iter().all(plain) && !name.starts_with(b"builtin_")
}

fn skip_blank(text: &[u8]) -> &[u8] {
    &text[text.iter().position(|byte| !BLANK.contains(byte)).unwrap_or(text.len())..]
}

/// The first word, and what follows.
fn word(text: &[u8]) -> (&[u8], &[u8]) {
    text.split_at(text.iter().position(|byte| BLANK.contains(byte)).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Write;
    use std::path::Path;
    use std::process::{Command, Stdio};

    const NAMES: [&str; 4] = ["a", "b", "m", "binary"];
    const PATHS: [&[u8]; 14] = [
        b"f", b"a.c", b"A.C", b"d/a.c", b"d/e/a.c", b"d/e/f/b", b"dd/f", b"d/[x]", b"x y", b"d/-", b"\xff.c", b"]",
        b"d/*", b"e/d/f",
    ];

    fn git(dir: &Path, arguments: &[&str], input: &[u8]) -> Vec<u8> {
        let mut child = Command::new("git")
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .envs([("GIT_CONFIG_NOSYSTEM", "1"), ("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_ATTR_NOSYSTEM", "1")])
            .current_dir(dir)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        child.wait_with_output().unwrap().stdout
    }

    /// What git says of each path and name, in that order.
    fn gits(dir: &Path, fold: bool) -> Vec<Vec<u8>> {
        let fold = format!("core.ignoreCase={fold}");
        let arguments = [&["-c", &fold, "check-attr", "--stdin", "-z"], &NAMES[..]].concat();
        let told = git(dir, &arguments, &[&PATHS.join(&0)[..], b"\0"].concat());
        told.split(|byte| *byte == 0).skip(2).step_by(3).map(<[u8]>::to_vec).collect()
    }

    fn own(top: &[u8], inside: &[u8], fold: bool) -> Vec<Vec<u8>> {
        let (top, inside) = (AttributeRules::read(top, Macros::Allowed), AttributeRules::read(inside, Macros::Ignored));
        let (built_in, mut told) = (AttributeRules::built_in(), Vec::new());
        for path in PATHS {
            let mut files = vec![(&top, 0), (&built_in, 0)];
            if path.starts_with(b"d/") {
                files.insert(0, (&inside, 1));
            }
            let states = states_of(&files, path, fold);
            told.extend(NAMES.map(|name| match states.get(name.as_bytes()) {
                None | Some(State::Unspecified) => b"unspecified".to_vec(),
                Some(State::Set) => b"set".to_vec(),
                Some(State::Unset) => b"unset".to_vec(),
                Some(State::Value(value)) => value.clone(),
            }));
        }
        told
    }

    fn line() -> impl Strategy<Value = Vec<u8>> {
        let signs = "\\[|\\]|[-!^:*?/]|\\\\|\\*\\*|\\*\\*/|/\\*\\*|[a-f]|[A-D]|a\\.c|\\.c|d/|e/|[a-c]-[d-f]|\\[:alpha:\\]|\\[:upper:\\]|\\[:x:\\]| ";
        let pattern = prop::collection::vec(signs, 1..6).prop_map(|parts| parts.concat());
        let quoted = prop::collection::vec("[a-f]|/|\\*|\\\\t|\\\\303|\\\\3|\\\\\"|\\\\q| ", 0..5)
            .prop_map(|parts| format!("\"{}\"", parts.concat()));
        let begin = prop_oneof![
            8 => pattern,
            2 => quoted,
            2 => "\\[attr\\] ?m|\\[attr\\]-m|\\[attr\\]|\\[attr\\]b|#|!f|\u{feff}f",
            3 => "f|a\\.c|\\*|\\*\\.c|/f|d/\\*|d/e/|\\*\\*/f|d/\\*\\*/a\\.c|d\\*\\*/f",
        ];
        let said = prop::sample::select(vec![
            "a",
            "b",
            "-a",
            "!a",
            "!m",
            "-m",
            "m",
            "m=x",
            "a=x=y",
            "b=",
            "-b=z",
            "binary",
            "!binary",
            "@bad",
            "builtin_x",
            "#",
            "-",
            "a\u{c}b",
            "\r",
            "a b=1 m",
            "b -m",
        ]);
        let blank = prop::sample::select(vec![" ", "\t", "  ", "\u{c}", "\u{b}", ""]);
        (prop::sample::select(vec!["", "", "", " ", "\t"]), begin, prop::collection::vec((blank, said), 0..4)).prop_map(
            |(lead, begin, said)| {
                let said: String = said.iter().map(|(blank, said)| format!("{blank}{said}")).collect();
                format!("{lead}{begin}{said}\n").into_bytes()
            },
        )
    }

    #[test]
    fn rules_are_read_and_applied_as_git_does() {
        let dir = tempfile::tempdir().unwrap();
        git(dir.path(), &["init", "-q"], b"");
        std::fs::create_dir(dir.path().join("d")).unwrap();
        let check = |top: &[u8], inside: &[u8], fold: bool| {
            std::fs::write(dir.path().join(".gitattributes"), top).unwrap();
            std::fs::write(dir.path().join("d/.gitattributes"), inside).unwrap();
            let (gits, own) = (gits(dir.path(), fold), own(top, inside, fold));
            let differs = gits.iter().zip(&own).position(|(git, own)| git != own);
            let shown = |at: usize| {
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                let path = text(PATHS[at / NAMES.len()]);
                format!("{} of {path}: git {}, here {}", NAMES[at % NAMES.len()], text(&gits[at]), text(&own[at]))
            };
            assert_eq!(gits.len(), own.len());
            assert_eq!(
                differs.map(shown),
                None,
                "{:?} {:?}",
                String::from_utf8_lossy(top),
                String::from_utf8_lossy(inside)
            );
        };
        for length in [2046, 2047, 2048] {
            let line = format!("f a={}", "x".repeat(length - 4));
            check(line.as_bytes(), b"", false);
            check(format!("{line}\nf b\n").as_bytes(), b"", false);
        }
        check(b"f a\0b\nf b\n", b"", false);
        check("\u{feff}f a\n\u{feff}f b\n".as_bytes(), b"", false);
        let cases = if cfg!(debug_assertions) { 400 } else { 4000 };
        let rules = || prop::collection::vec(line(), 0..6).prop_map(|lines| lines.concat());
        let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
        let mut runner = prop::test_runner::TestRunner::new(config);
        let run = runner.run(&(rules(), rules(), any::<bool>()), |(top, inside, fold)| {
            check(&top, &inside, fold);
            Ok(())
        });
        run.unwrap();
    }

    #[test]
    fn many_stars_take_no_long_time() {
        let pattern = format!("{}b a\n", "*a".repeat(500));
        let rules = AttributeRules::read(pattern.as_bytes(), Macros::Allowed);
        assert!(states_of(&[(&rules, 0)], &[b'a'; 1500], false).is_empty());
    }
}
