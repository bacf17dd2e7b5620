//! Reading tables key by key: types are checked, unknown keys are found, and every problem knows its place.

use super::problems::DocumentFile;
use super::{
    Absent, Argv, At, Data, DeclaredKey, DetectorName, Flag, Inner, Inners, Labels, LocalPath, Node, NodeKind, OneOf,
    Pattern, RepoFile, Url, UrlOrInner, Words,
};
use crate::model::{HttpUrl, HumanDuration, Value, nearest};
use regex::Regex;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::rc::Rc;
use std::str::FromStr;

/// A text and where it is written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LocatedText<'n> {
    pub(crate) text: &'n str,
    pub(crate) at: At,
}

/// A table that is being read. Dropping it without [`Table::finish`] would let unknown keys pass.
#[must_use]
pub(crate) struct Table<'n, 's> {
    /// Its place.
    pub(crate) at: At,
    /// The file that it is in.
    pub(crate) source: &'s DocumentFile<'s>,
    node: &'n Node,
    name: String,
    known: Vec<&'static str>,
}

impl<'n, 's> Table<'n, 's> {
    /// The table called `name` in messages, e.g. `[repo]`; `None`, and a problem, when it is no table.
    pub(crate) fn new(node: &'n Node, name: impl Into<String>, source: &'s DocumentFile<'s>) -> Option<Self> {
        let (name, at) = (name.into(), node.at);
        if matches!(node.kind, NodeKind::Map(_)) {
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
    pub(crate) fn value<T>(&mut self, key: DeclaredKey<T>) -> Option<&'n Node> {
        if !self.known.contains(&key.name) {
            self.known.push(key.name);
        }
        self.node.get(key.name).map(|value| &**value).filter(|value| value.kind != NodeKind::Null)
    }

    /// The same, and a problem when it is missing although it must be there.
    fn given<T>(&mut self, key: DeclaredKey<T>) -> Option<&'n Node> {
        let value = self.value(key);
        if value.is_none() && key.absent == Absent::Required {
            self.wrong(format_args!("`{}` is missing", key.name), format!("add `{}`", key.name));
        }
        value
    }

    /// A text as it is written, before it is read.
    pub(crate) fn peek(&self, key: &str) -> Option<(&'n str, At)> {
        let value = self.node.get(key)?;
        value.spelling().map(|text| (text, value.at))
    }

    /// The text of a key that takes one in any of its meanings.
    fn line<T>(&mut self, key: DeclaredKey<T>) -> Option<LocatedText<'n>> {
        let value = self.given(key)?;
        text(value, &format!("`{}`", key.name), self.source)
    }

    /// A text that is not empty.
    pub(crate) fn text(&mut self, key: DeclaredKey<LocatedText<'static>>) -> Option<LocatedText<'n>> {
        self.line(key)
    }

    /// The same, without its place.
    pub(crate) fn owned(&mut self, key: DeclaredKey<LocatedText<'static>>) -> Option<String> {
        self.line(key).map(|text| text.text.to_owned())
    }

    /// A path on this machine.
    pub(crate) fn local_path(&mut self, key: DeclaredKey<LocalPath>) -> Option<LocatedText<'n>> {
        self.line(key)
    }

    /// The name of a detector.
    pub(crate) fn detector(&mut self, key: DeclaredKey<DetectorName>) -> Option<LocatedText<'n>> {
        self.line(key)
    }

    /// A text that stands for a value of its own.
    pub(crate) fn parsed<T: FromStr<Err: Display>>(&mut self, key: DeclaredKey<T>) -> Option<T> {
        let text = self.line(key)?;
        text.text.parse().map_err(|error| self.source.wrong(text.at, format!("`{}`: {error}", key.name), None)).ok()
    }

    /// A duration that is longer than nothing.
    pub(crate) fn duration(&mut self, key: DeclaredKey<HumanDuration>) -> Option<HumanDuration> {
        let at = self.peek(key.name).map(|(_, at)| at);
        let span = self.parsed(key)?;
        if !span.duration().is_zero() {
            return Some(span);
        }
        let hint = format!("write it like `{} = \"10s\"`, or omit it", key.name);
        self.source.wrong(at.unwrap_or(self.at), format!("`{}` is no time at all", key.name), hint);
        None
    }

    /// One word of a few.
    pub(crate) fn word<T: Words>(&mut self, key: DeclaredKey<OneOf<T>>) -> Option<T> {
        let text = self.line(key)?;
        self.one_of(text, &format!("`{}`", key.name))
    }

    /// Any number of a few words.
    pub(crate) fn words<T: Words>(&mut self, key: DeclaredKey<Vec<OneOf<T>>>) -> Vec<T> {
        let texts = self.list(key);
        texts.into_iter().filter_map(|text| self.one_of(text, &format!("an item of `{}`", key.name))).collect()
    }

    fn one_of<T: Words>(&self, text: LocatedText<'_>, what: &str) -> Option<T> {
        let found = T::WORDS.iter().find(|(word, _)| *word == text.text);
        if found.is_none() {
            let known: Vec<&str> = T::WORDS.iter().map(|(word, _)| *word).collect();
            let hint = suggestion(text.text, &known, &format!("{what} may be"));
            self.source.wrong(text.at, format!("{what} is `{}`, which is not known", text.text), hint);
        }
        found.map(|(_, value)| *value)
    }

    /// A URL for HTTP. It may be shown and journaled, so a user's name or a password in it is refused.
    pub(crate) fn url(&mut self, key: DeclaredKey<Url>) -> Option<String> {
        self.address(key)
    }

    /// The same, of a key that may hold a table instead: see [`Table::value`].
    pub(crate) fn url_of(&mut self, key: DeclaredKey<UrlOrInner>) -> Option<String> {
        self.address(key)
    }

    fn address<T>(&mut self, key: DeclaredKey<T>) -> Option<String> {
        let (text, key) = (self.line(key)?, key.name);
        let url = HttpUrl::parse(text.text);
        if url.as_ref().is_some_and(|url| url.user().is_some()) {
            let hint = "omit what is before the `@`: tokens of forge and CI come from the environment, and where \
                        something else wants a secret, a workflow asks it with `http::request` and `config::secret(name)`";
            self.source.wrong(text.at, format!("`{key}` holds a user's name or password"), hint.to_owned());
            return None;
        }
        if url.is_some() {
            return Some(text.text.to_owned());
        }
        let hint = "write it whole, like `https://api.example.com`".to_owned();
        self.source.wrong(text.at, format!("`{key}` is no URL that starts with `https://` or `http://`"), hint);
        None
    }

    /// A regular expression; what is wrong with it is one line.
    pub(crate) fn pattern(&mut self, key: DeclaredKey<Pattern>) -> Option<Regex> {
        let text = self.line(key)?;
        let hint =
            "write the pattern in single quotes, so that its backslashes stay: see https://docs.rs/regex/#syntax";
        let wrong = |error: regex::Error| {
            let words = error.to_string();
            let last = words.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            self.source.wrong(text.at, format!("`{}` is no regular expression: {last}", key.name), hint.to_owned());
        };
        Regex::new(text.text).map_err(wrong).ok()
    }

    /// A file of the repository, as git names it.
    pub(crate) fn file(&mut self, key: DeclaredKey<RepoFile>) -> Option<String> {
        match (self.value(key), key.absent) {
            (None, Absent::Default(file)) => Some(file.to_owned()),
            _ => self.line(key).and_then(|path| self.in_repository(path)),
        }
    }

    /// Files of the repository; `None` when one of them is no path.
    pub(crate) fn files(&mut self, key: DeclaredKey<Vec<RepoFile>>) -> Option<Vec<String>> {
        let paths: Vec<_> = self.list(key).into_iter().map(|path| self.in_repository(path)).collect();
        paths.into_iter().collect()
    }

    fn in_repository(&self, path: LocatedText<'_>) -> Option<String> {
        let plain = path.text.strip_prefix("./").unwrap_or(path.text);
        if plain.starts_with('/')
            || plain.contains('\\')
            || plain.split('/').any(|part| matches!(part, "" | "." | ".."))
        {
            let hint = "write it from the repository's top, with `/` between folders".to_owned();
            self.source.wrong(path.at, format!("`{}` is no path of a file in the repository", path.text), hint);
            return None;
        }
        Some(plain.to_owned())
    }

    /// A list of texts; empty when it is not there.
    pub(crate) fn texts(&mut self, key: DeclaredKey<Vec<LocatedText<'static>>>) -> Vec<LocatedText<'n>> {
        self.list(key)
    }

    fn list<T>(&mut self, key: DeclaredKey<Vec<T>>) -> Vec<LocatedText<'n>> {
        let (value, key) = (self.given(key), key.name);
        let Some(value) = value else { return Vec::new() };
        let NodeKind::List(items) = &value.kind else {
            let hint = format!("write `{key} = [\"…\"]`");
            self.source.wrong(value.at, format!("`{key}` is {}, not a list of texts", value.what()), hint);
            return Vec::new();
        };
        items.iter().filter_map(|item| text(item, &format!("an item of `{key}`"), self.source)).collect()
    }

    /// Yes or no; no where it is not there.
    pub(crate) fn flag(&mut self, key: DeclaredKey<Flag>) -> bool {
        let Some(value) = self.given(key) else { return false };
        match (&value.kind, value.spelling()) {
            (NodeKind::Bare { .. }, Some("true")) => true,
            (NodeKind::Bare { .. }, Some("false")) => false,
            _ => {
                let hint = format!("write `{0} = true` or `{0} = false`", key.name);
                self.source.wrong(value.at, format!("`{}` is {}, not `true` or `false`", key.name, value.what()), hint);
                false
            }
        }
    }

    /// A program with its arguments; never a line for a shell.
    pub(crate) fn argv(&mut self, key: DeclaredKey<Argv>) -> Option<Vec<String>> {
        let (value, key) = (self.given(key)?, key.name);
        let words = |items: &[Rc<Node>]| items.iter().map(|item| item.spelling().map(str::to_owned)).collect();
        let argv: Option<Vec<String>> = match &value.kind {
            NodeKind::List(items) => words(items),
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
    pub(crate) fn map(&mut self, key: DeclaredKey<Labels>) -> BTreeMap<String, String> {
        let (value, key) = (self.given(key), key.name);
        let Some(value) = value else { return BTreeMap::new() };
        if !matches!(value.kind, NodeKind::Map(_)) {
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

    /// Any value, as plain data; numbers and booleans become what they are.
    pub(crate) fn data(&mut self, key: DeclaredKey<Data>) -> Value {
        self.given(key).map_or(Value::Null, data)
    }

    /// A table inside.
    pub(crate) fn table(&mut self, key: DeclaredKey<Inner>, name: impl Into<String>) -> Option<Table<'n, 's>> {
        let value = self.given(key)?;
        Table::new(value, name, self.source)
    }

    /// The table of a key that may hold an address instead.
    pub(crate) fn table_of(&mut self, key: DeclaredKey<UrlOrInner>, name: impl Into<String>) -> Option<Table<'n, 's>> {
        let value = self.given(key)?;
        Table::new(value, name, self.source)
    }

    /// The tables of `[[key]]`; none when the key is not there.
    pub(crate) fn tables(&mut self, key: DeclaredKey<Inners>, name: &str) -> Vec<Table<'n, 's>> {
        let Some(value) = self.given(key) else { return Vec::new() };
        let NodeKind::List(items) = &value.kind else {
            let hint = format!("write {name} with double brackets before each of them");
            self.source.wrong(value.at, format!("`{}` is {}, not a list of tables", key.name, value.what()), hint);
            return Vec::new();
        };
        items.iter().filter_map(|item| Table::new(item, name, self.source)).collect()
    }

    /// Finds the keys that no declaration has.
    pub(crate) fn finish(self) {
        for entry in self.node.entries().iter().filter(|entry| !self.known.contains(&entry.key.as_str())) {
            let hint = suggestion(&entry.key, &self.known, &format!("keys of {}:", self.name));
            self.source.wrong(entry.key_at, format!("unknown key `{}` in {}", entry.key, self.name), hint);
        }
    }
}

fn data(node: &Node) -> Value {
    match &node.kind {
        NodeKind::Null => Value::Null,
        NodeKind::Text(text) => Value::String(text.clone()),
        NodeKind::Bare { text, .. } => serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.clone())),
        NodeKind::List(items) => items.iter().map(|item| data(item)).collect(),
        NodeKind::Map(entries) => entries.iter().map(|entry| (entry.key.clone(), data(&entry.value))).collect(),
    }
}

fn text<'n>(value: &'n Node, what: &str, source: &DocumentFile<'_>) -> Option<LocatedText<'n>> {
    match &value.kind {
        NodeKind::Text(text) if text.trim().is_empty() => source.wrong(value.at, format!("{what} is empty"), None),
        NodeKind::Text(text) => return Some(LocatedText { text, at: value.at }),
        NodeKind::Bare { text, what: kind } => {
            source.wrong(value.at, format!("{what} is {kind}, not a text"), format!("put it in quotes: `\"{text}\"`"));
        }
        _ => source.wrong(value.at, format!("{what} is {}, not a text", value.what()), None),
    }
    None
}

/// The nearest of the known words, if one is near, and all of them.
pub(crate) fn suggestion(wrong: &str, known: &[&str], all: &str) -> String {
    let list = known.join(", ");
    match nearest(wrong, known.iter().copied()) {
        Some(word) => format!("did you mean `{word}`? {all} {list}"),
        None => format!("{all} {list}"),
    }
}
