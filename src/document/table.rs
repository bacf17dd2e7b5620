//! Reading tables key by key: types are checked, unknown keys are found, and every problem knows its place.

use super::problems::Source;
use super::{At, Kind, Node};
use crate::model::Span;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::rc::Rc;
use std::str::FromStr;

/// A text and where it is written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Text<'n> {
    pub(crate) text: &'n str,
    pub(crate) at: At,
}

/// A table that is being read. Dropping it without [`Table::finish`] would let unknown keys pass.
#[must_use]
pub(crate) struct Table<'n, 's> {
    /// Its place.
    pub(crate) at: At,
    /// The file that it is in.
    pub(crate) source: &'s Source<'s>,
    node: &'n Node,
    name: String,
    known: Vec<&'static str>,
}

impl<'n, 's> Table<'n, 's> {
    /// The table called `name` in messages, e.g. `[repo]`; `None`, and a problem, when it is no table.
    pub(crate) fn new(node: &'n Node, name: impl Into<String>, source: &'s Source<'s>) -> Option<Self> {
        let (name, at) = (name.into(), node.at);
        if matches!(node.kind, Kind::Map(_)) {
            return Some(Self { at, source, node, name, known: Vec::new() });
        }
        source.wrong(at, format!("{name} is {}, not a table", node.what()), None);
        None
    }

    /// A problem with the table as a whole.
    pub(crate) fn wrong(&self, message: impl Display, hint: impl Into<Option<String>>) {
        self.source.wrong(self.at, format!("{}: {message}", self.name), hint);
    }

    /// The value of a key, of any type.
    pub(crate) fn value(&mut self, key: &'static str) -> Option<&'n Node> {
        if !self.known.contains(&key) {
            self.known.push(key);
        }
        self.node.get(key).map(|value| &**value).filter(|value| value.kind != Kind::Null)
    }

    /// A text, before it is asked for.
    pub(crate) fn peek(&self, key: &str) -> Option<(&'n str, At)> {
        let value = self.node.get(key)?;
        value.spelling().map(|text| (text, value.at))
    }

    /// A text that is not empty.
    pub(crate) fn text(&mut self, key: &'static str) -> Option<Text<'n>> {
        let value = self.value(key)?;
        text(value, &format!("`{key}`"), self.source)
    }

    /// A text that must be there.
    pub(crate) fn required(&mut self, key: &'static str) -> Option<Text<'n>> {
        self.require(key);
        self.text(key)
    }

    /// Says so when a key is missing.
    pub(crate) fn require(&self, key: &'static str) {
        if self.node.get(key).is_none_or(|value| value.kind == Kind::Null) {
            self.wrong(format_args!("`{key}` is missing"), format!("add `{key}`"));
        }
    }

    /// A text that stands for a value of its own.
    pub(crate) fn parsed<T: FromStr<Err: Display>>(&mut self, key: &'static str) -> Option<T> {
        let text = self.text(key)?;
        text.text.parse().map_err(|error| self.source.wrong(text.at, format!("`{key}`: {error}"), None)).ok()
    }

    /// A duration that is longer than nothing.
    pub(crate) fn duration(&mut self, key: &'static str) -> Option<Span> {
        let at = self.peek(key).map(|(_, at)| at);
        let span: Span = self.parsed(key)?;
        if !span.duration().is_zero() {
            return Some(span);
        }
        let hint = format!("write it like `{key} = \"10s\"`, or leave it away");
        self.source.wrong(at.unwrap_or(self.at), format!("`{key}` is no time at all"), hint);
        None
    }

    /// One word of a few.
    pub(crate) fn word<T: Copy>(&mut self, key: &'static str, words: &[(&str, T)]) -> Option<T> {
        let text = self.text(key)?;
        let found = words.iter().find(|(word, _)| *word == text.text);
        if found.is_none() {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            let hint = suggestion(text.text, &known, &format!("`{key}` may be"));
            self.source.wrong(text.at, format!("`{key}` is `{}`, which is not known", text.text), hint);
        }
        found.map(|(_, value)| *value)
    }

    /// A URL for HTTP. It may be shown and journaled, so that nobody's password is in it.
    pub(crate) fn url(&mut self, key: &'static str) -> Option<String> {
        let text = self.text(key)?;
        let authority = text.text.split_once("://").and_then(|(_, rest)| rest.split(['/', '?', '#']).next());
        if authority.is_some_and(|authority| authority.contains('@')) {
            let hint = "leave away what is before the `@`: tokens of forge and CI come from the environment, and where \
                        something else wants a secret, a workflow asks it with `http::request` and `config::secret(name)`";
            self.source.wrong(text.at, format!("`{key}` holds a user's name or password"), hint.to_owned());
            return None;
        }
        if ["https://", "http://"].iter().any(|scheme| text.text.len() > scheme.len() && text.text.starts_with(scheme))
        {
            return Some(text.text.to_owned());
        }
        let hint = "write it whole, like `https://api.example.com`".to_owned();
        self.source.wrong(text.at, format!("`{key}` is no URL that starts with `https://` or `http://`"), hint);
        None
    }

    /// A list of texts; empty when it is not there.
    pub(crate) fn texts(&mut self, key: &'static str) -> Vec<Text<'n>> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let Kind::List(items) = &value.kind else {
            let hint = format!("write `{key} = [\"…\"]`");
            self.source.wrong(value.at, format!("`{key}` is {}, not a list of texts", value.what()), hint);
            return Vec::new();
        };
        items.iter().filter_map(|item| text(item, &format!("an item of `{key}`"), self.source)).collect()
    }

    /// A program with its arguments; never a line for a shell.
    pub(crate) fn argv(&mut self, key: &'static str) -> Option<Vec<String>> {
        let value = self.value(key)?;
        let words = |items: &[Rc<Node>]| items.iter().map(|item| item.spelling().map(str::to_owned)).collect();
        let argv: Option<Vec<String>> = match &value.kind {
            Kind::List(items) => words(items),
            _ => None,
        };
        let argv = argv.filter(|argv| argv.first().is_some_and(|program| !program.is_empty()));
        if argv.is_none() {
            let hint = format!("write program and arguments apart: `{key} = [\"make\", \"deploy\"]`");
            self.source.wrong(value.at, format!("`{key}` is not a list of a program and its arguments"), hint);
        }
        argv
    }

    /// A table of texts, e.g. labels; numbers and booleans count as they are written.
    pub(crate) fn map(&mut self, key: &'static str) -> BTreeMap<String, String> {
        let Some(value) = self.value(key) else { return BTreeMap::new() };
        if !matches!(value.kind, Kind::Map(_)) {
            self.source.wrong(value.at, format!("`{key}` is {}, not a table of texts", value.what()), None);
        }
        let mut map = BTreeMap::new();
        for entry in value.entries() {
            match entry.value.spelling() {
                Some(text) => {
                    map.insert(entry.key.clone(), text.to_owned());
                }
                None => {
                    let what = entry.value.what();
                    self.source.wrong(entry.value.at, format!("`{key}.{}` is {what}, not a text", entry.key), None);
                }
            }
        }
        map
    }

    /// A table inside.
    pub(crate) fn table(&mut self, key: &'static str, name: impl Into<String>) -> Option<Table<'n, 's>> {
        let value = self.value(key)?;
        Table::new(value, name, self.source)
    }

    /// The tables of `[[key]]`; none when the key is not there.
    pub(crate) fn tables(&mut self, key: &'static str, name: &str) -> Vec<Table<'n, 's>> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let Kind::List(items) = &value.kind else {
            let hint = format!("write {name} with double brackets before each of them");
            self.source.wrong(value.at, format!("`{key}` is {}, not a list of tables", value.what()), hint);
            return Vec::new();
        };
        items.iter().filter_map(|item| Table::new(item, name, self.source)).collect()
    }

    /// Finds the keys that nobody asked for.
    pub(crate) fn finish(self) {
        for entry in self.node.entries().iter().filter(|entry| !self.known.contains(&entry.key.as_str())) {
            let hint = suggestion(&entry.key, &self.known, &format!("keys of {}:", self.name));
            self.source.wrong(entry.key_at, format!("unknown key `{}` in {}", entry.key, self.name), hint);
        }
    }
}

fn text<'n>(value: &'n Node, what: &str, source: &Source<'_>) -> Option<Text<'n>> {
    match &value.kind {
        Kind::Text(text) if text.trim().is_empty() => source.wrong(value.at, format!("{what} is empty"), None),
        Kind::Text(text) => return Some(Text { text, at: value.at }),
        Kind::Bare { text, what: kind } => {
            source.wrong(value.at, format!("{what} is {kind}, not a text"), format!("put it in quotes: `\"{text}\"`"));
        }
        _ => source.wrong(value.at, format!("{what} is {}, not a text", value.what()), None),
    }
    None
}

/// The nearest of the known words, if one is near, and all of them.
pub(crate) fn suggestion(wrong: &str, known: &[&str], all: &str) -> String {
    let near = known
        .iter()
        .map(|word| (strsim::damerau_levenshtein(&wrong.to_lowercase(), word), *word))
        .filter(|(distance, word)| *distance <= 1 + word.len() / 4)
        .min_by_key(|(distance, _)| *distance);
    let list = known.join(", ");
    near.map_or_else(|| format!("{all} {list}"), |(_, word)| format!("did you mean `{word}`? {all} {list}"))
}
