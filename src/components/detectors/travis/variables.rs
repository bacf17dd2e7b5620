//! The shell's variables while a script runs, as far as they can be known without running it.
//!
//! A value may be several (one branch of an `if` sets it, another does not); a part that only running it would tell stays
//! as it is written, `$(cat version)` or `$UNKNOWN`.

use super::expansion::{Reference, reference};
use super::shell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// A text is expanded to no more texts than this.
const MOST: usize = 64;

/// Sourced files that source others go no deeper.
const DEEPEST: usize = 5;

/// The text of a file of the repository.
pub type ReadText<'f> = &'f dyn Fn(&str) -> Option<Rc<str>>;

/// What each variable may hold.
#[derive(Clone)]
pub struct Variables<'f> {
    values: BTreeMap<String, Vec<String>>,
    text: ReadText<'f>,
    depth: usize,
}

impl<'f> Variables<'f> {
    /// Those that a job begins with.
    pub fn of(env: &[(String, String)], text: ReadText<'f>) -> Self {
        let mut variables = Self { values: BTreeMap::new(), text, depth: 0 };
        for (name, value) in env {
            let values = variables.expand(value);
            variables.values.insert(name.clone(), values);
        }
        variables
    }

    /// Takes what a command sets. `certain`: it runs whatever happens.
    pub fn run(&mut self, command: &str, certain: bool) {
        let words = shell::words(command);
        let mut words = words.iter().map(String::as_str).peekable();
        while words.next_if(|word| matches!(*word, "then" | "else" | "do" | "{" | "(")).is_some() {}
        // `case $OS in`, `linux | osx) V=1.0`
        if words.next_if_eq(&"case").is_some() {
            words.by_ref().find(|word| *word == "in");
        }
        let label = |word: &str| word.ends_with(')') && !word.contains(['(', '=']);
        if words.clone().take_while(|word| !word.contains('=')).any(label) {
            words.by_ref().find(|word| label(word));
        }
        match words.peek() {
            Some(&"read") => {
                words.next();
                self.read(words.collect::<Vec<_>>().as_slice(), certain);
                return;
            }
            Some(&("source" | ".")) => {
                words.next();
                let file = words.next().map(shell::unquoted).unwrap_or_default();
                self.source(&file, certain);
                return;
            }
            Some(&"for") => {
                words.next();
                let name = words.next().unwrap_or_default().to_owned();
                if words.next() == Some("in") {
                    let values = words.flat_map(|word| self.expand(&shell::unquoted(word))).take(MOST).collect();
                    self.values.insert(name, values);
                }
                return;
            }
            Some(&"unset") => {
                words.skip(1).for_each(|name| drop(self.values.remove(name)));
                return;
            }
            // `: ${VERSION:=1.0}` sets it where it is not set.
            Some(&":") => {
                for word in words.skip(1) {
                    let inside = word.trim_matches('"').strip_prefix("${").and_then(|inside| inside.strip_suffix('}'));
                    if let Some((name, value)) =
                        inside.and_then(|inside| inside.split_once(":=").or(inside.split_once('=')))
                        && !self.values.contains_key(name)
                    {
                        self.set(name, value, true);
                    }
                }
                return;
            }
            Some(&("export" | "declare" | "local" | "readonly" | "typeset")) => {
                words.next();
                while words.next_if(|word| word.starts_with('-')).is_some() {}
            }
            _ => {}
        }
        let assignments: Option<Vec<_>> =
            words.map(|word| shell::assignment(&word.replacen("+=", "=", 1)).map(|set| (set, word))).collect();
        // `A=1 make` sets it for that command alone.
        for ((name, value), word) in assignments.unwrap_or_default() {
            // `A+=1`
            let before = if word.get(name.len()..).is_some_and(|sign| sign.starts_with("+=")) {
                format!("${{{name}:-}}")
            } else {
                String::new()
            };
            self.set(&name, &(before + &value), certain);
        }
    }

    /// `read V < FILE`, `read V <<< TEXT`: else it is unknown what it reads.
    fn read(&mut self, words: &[&str], certain: bool) {
        let names: Vec<&str> = words
            .iter()
            .take_while(|word| !word.starts_with('<'))
            .copied()
            .filter(|word| !word.starts_with('-'))
            .collect();
        let from = words.iter().skip_while(|word| !word.starts_with('<')).copied().collect::<String>();
        let text = match (from.strip_prefix("<<<"), from.strip_prefix('<')) {
            (Some(text), _) => Some(shell::unquoted(text)),
            (None, Some(file)) => self.one_line(&shell::unquoted(file)),
            (None, None) => None,
        };
        match (&names[..], text) {
            ([name], Some(text)) => self.set(name, &text, certain),
            (names, _) => names.iter().for_each(|name| drop(self.values.remove(*name))),
        }
    }

    /// Runs a file of the repository, as far as its commands set variables.
    fn source(&mut self, file: &str, certain: bool) {
        let paths = self.expand(file);
        let ([path], true) = (&paths[..], self.depth < DEEPEST) else { return };
        let Some(script) = self.file(path) else { return };
        self.depth += 1;
        for line in shell::lines(&script) {
            for command in shell::commands(&line) {
                self.run(command.text, command.certain && certain);
            }
        }
        self.depth -= 1;
    }

    fn file(&self, path: &str) -> Option<Rc<str>> {
        let path =
            path.strip_prefix("$TRAVIS_BUILD_DIR/").or(path.strip_prefix("${TRAVIS_BUILD_DIR}/")).unwrap_or(path);
        (self.text)(path.strip_prefix("./").unwrap_or(path))
    }

    /// The text of a file that has one line.
    fn one_line(&self, path: &str) -> Option<String> {
        let text = self.file(path)?;
        let text = text.trim();
        (!text.is_empty() && !text.contains('\n')).then(|| text.to_owned())
    }

    fn set(&mut self, name: &str, value: &str, certain: bool) {
        let mut values = if certain { Vec::new() } else { self.values.get(name).cloned().unwrap_or_default() };
        for value in self.expand(value) {
            if !values.contains(&value) {
                values.push(value);
            }
        }
        values.truncate(MOST);
        self.values.insert(name.to_owned(), values);
    }

    /// Every text that this one may stand for.
    pub fn expand(&self, text: &str) -> Vec<String> {
        let mut all = vec![String::new()];
        let mut rest = text;
        while let Some(at) = rest.find(['$', '`']) {
            let (before, from) = rest.split_at(at);
            let (written, refers) = reference(from);
            let values = if before.ends_with('\\') { None } else { self.values_of(refers) };
            let values = values.unwrap_or_else(|| vec![written.to_owned()]);
            all = all
                .iter()
                .flat_map(|begun| values.iter().map(move |value| format!("{begun}{before}{value}")))
                .take(MOST)
                .collect();
            rest = &from[written.len()..];
        }
        all.iter_mut().for_each(|text| text.push_str(rest));
        all
    }

    fn values_of(&self, refers: Reference<'_>) -> Option<Vec<String>> {
        match refers {
            Reference::Unknown => None,
            Reference::File(path) => self.one_line(&shell::unquoted(path)).map(|text| vec![text]),
            Reference::Variable { name, operator } => match (self.values.get(name), operator.fallback()) {
                (Some(_), Some((other, true))) => Some(self.expand(other)),
                (None, Some((_, true))) => Some(vec![String::new()]),
                (None, Some((default, false))) => Some(self.expand(default)),
                (Some(values), _) => values.iter().map(|value| operator.applied(value)).collect(),
                (None, None) => None,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(commands: &[(&str, bool)], text: &str) -> Vec<String> {
        let env = [("A".to_owned(), "1.0".to_owned()), ("B".to_owned(), "$A-b".to_owned())];
        let files = |path: &str| match path {
            "ci/VERSION" => Some(Rc::from("4.0\n")),
            "ci/env.sh" => Some(Rc::from("# what we run\nexport A=5.0\n")),
            _ => None,
        };
        let mut variables = Variables::of(&env, &files);
        commands.iter().for_each(|(command, certain)| variables.run(command, *certain));
        variables.expand(text)
    }

    #[test]
    fn texts_are_expanded_as_the_shell_does() {
        for (text, expanded) in [
            ("v$A", "v1.0"),
            ("${A}.$B", "1.0.1.0-b"),
            ("${X:-2.0} ${X-$A} ${A:-3}", "2.0 1.0 1.0"),
            ("${X:-\"2.0\"}", "2.0"),
            ("$X ${X} $(a $A) `b` $1 ${A%.*} \\$A $", "$X ${X} $(a 1.0) `b` $1 1 \\$A $"),
            ("$(cat ci/VERSION) `cat ci/VERSION` $(<ci/VERSION) $(cat other)", "4.0 4.0 4.0 $(cat other)"),
            ("${A#1.} ${A/./-} ${A:0:1} ${A:+set} ${X:+set}. ${X%.*}", "0 1-0 1 set . ${X%.*}"),
            ("${A", "${A"),
        ] {
            assert_eq!(after(&[], text), [expanded], "{text}");
        }
    }

    #[test]
    fn commands_set_variables() {
        for (command, expanded) in [
            ("A=2.0", "2.0"),
            ("export A=\"2.0\" C=3", "2.0"),
            ("declare -x A='2.0'", "2.0"),
            ("A=2.0 make", "1.0"),
            ("A=$(cat version)", "$(cat version)"),
            ("A=${A}.1", "1.0.1"),
            ("A+=.1", "1.0.1"),
            ("read -r A < ci/VERSION", "4.0"),
            ("read A <<< \"2.0\"", "2.0"),
            ("read A", "$A"),
            ("source ci/env.sh", "5.0"),
            (". ./ci/env.sh", "5.0"),
            (". other.sh", "1.0"),
            ("case $X in linux) A=2.0", "2.0"),
            ("linux | osx) A=2.0", "2.0"),
            ("A=$((1 + 1))", "$((1 + 1))"),
            (": ${A:=2.0}", "1.0"),
            ("unset A", "$A"),
        ] {
            assert_eq!(after(&[(command, true)], "$A"), [expanded], "{command}");
        }
        assert_eq!(after(&[(": \"${X:=2.0}\"", true)], "$X"), ["2.0"]);
        assert_eq!(after(&[("then A=2.0", false)], "$A"), ["1.0", "2.0"]);
        assert_eq!(after(&[("for v in 3 $A \"5\"", true)], "$v"), ["3", "1.0", "5"]);
    }
}
