//! The shell's variables while a script runs, as far as they can be known without running it.
//!
//! A value may be several (one branch of an `if` sets it, another does not); a part that only running it would tell stays
//! as it is written, `$(cat version)` or `$UNKNOWN`.

use super::shell;
use std::collections::BTreeMap;

/// A text is expanded to no more texts than this.
const MOST: usize = 64;

/// What each variable may hold.
#[derive(Debug, Clone, Default)]
pub struct Variables(BTreeMap<String, Vec<String>>);

impl Variables {
    /// Those that a job begins with.
    pub fn of(env: &[(String, String)]) -> Self {
        let mut variables = Self::default();
        for (name, value) in env {
            let values = variables.expand(value);
            variables.0.insert(name.clone(), values);
        }
        variables
    }

    /// Takes what a command sets. `certain`: it runs whatever happens.
    pub fn run(&mut self, command: &str, certain: bool) {
        let words = shell::words(command);
        let mut words = words.iter().map(String::as_str).peekable();
        while words.next_if(|word| matches!(*word, "then" | "else" | "do" | "{" | "(")).is_some() {}
        match words.peek() {
            Some(&"for") => {
                words.next();
                let name = words.next().unwrap_or_default().to_owned();
                if words.next() == Some("in") {
                    let values = words.flat_map(|word| self.expand(&shell::unquoted(word))).take(MOST).collect();
                    self.0.insert(name, values);
                }
                return;
            }
            Some(&"unset") => {
                words.skip(1).for_each(|name| drop(self.0.remove(name)));
                return;
            }
            // `: ${VERSION:=1.0}` sets it where it is not set.
            Some(&":") => {
                for word in words.skip(1) {
                    let inside = word.trim_matches('"').strip_prefix("${").and_then(|inside| inside.strip_suffix('}'));
                    if let Some((name, value)) =
                        inside.and_then(|inside| inside.split_once(":=").or(inside.split_once('=')))
                        && !self.0.contains_key(name)
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
        let assignments: Option<Vec<_>> = words.map(shell::assignment).collect();
        // `A=1 make` sets it for that command alone.
        for (name, value) in assignments.unwrap_or_default() {
            self.set(&name, &value, certain);
        }
    }

    fn set(&mut self, name: &str, value: &str, certain: bool) {
        let mut values = if certain { Vec::new() } else { self.0.get(name).cloned().unwrap_or_default() };
        for value in self.expand(value) {
            if !values.contains(&value) {
                values.push(value);
            }
        }
        values.truncate(MOST);
        self.0.insert(name.to_owned(), values);
    }

    /// Every text that this one may stand for.
    pub fn expand(&self, text: &str) -> Vec<String> {
        let mut all = vec![String::new()];
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            let (before, from) = rest.split_at(at);
            let (written, name, default) = reference(from);
            let escaped = before.ends_with('\\');
            let values = match (name, default) {
                _ if escaped => None,
                (Some(name), default) => self.0.get(name).cloned().or_else(|| Some(self.expand(default?))),
                (None, _) => None,
            };
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
}

/// What a text that begins with `$` refers to: as it is written, the variable's name, and the value where it is not set.
fn reference(text: &str) -> (&str, Option<&str>, Option<&str>) {
    let name_end = |text: &str| text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    if let Some(inside) = text.strip_prefix("${") {
        let mut depth = 1;
        let closed = inside.char_indices().find(|(_, c)| {
            depth += i32::from(*c == '{') - i32::from(*c == '}');
            depth == 0
        });
        let Some((end, _)) = closed else { return (text, None, None) };
        let (written, inside) = (&text[..end + 3], &inside[..end]);
        let (name, operator) = inside.split_at(name_end(inside));
        // `${V:-x}`, `${V-x}`, `${V:=x}`, `${V=x}`; other operators compute something.
        let default = [":-", ":=", "-", "="].iter().find_map(|sign| operator.strip_prefix(sign));
        let known = !name.is_empty() && (operator.is_empty() || default.is_some());
        return (written, known.then_some(name), default.map(|default| default.trim_matches(['"', '\''])));
    }
    if text.starts_with("$(") {
        return (&text[..1], None, None);
    }
    let name = text[1..].split_at(name_end(&text[1..])).0;
    let named = !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit());
    (&text[..=name.len()], named.then_some(name), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(commands: &[(&str, bool)], text: &str) -> Vec<String> {
        let mut variables = Variables::of(&[("A".to_owned(), "1.0".to_owned()), ("B".to_owned(), "$A-b".to_owned())]);
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
            ("$X ${X} $(a $A) `b` $1 ${A%.*} \\$A $", "$X ${X} $(a 1.0) `b` $1 ${A%.*} \\$A $"),
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
