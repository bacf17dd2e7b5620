//! Parses a workflow's header, `const WORKFLOW = #{ … }`, from the syntax tree without running it: title, parameters, lock,
//! whether it asks first.

use super::arguments::describe;
use super::compiled_file::CompiledFile;
use super::diagnostic::Diagnostic;
use super::literal::{Literal, LiteralEntry};
use super::suggest;
use super::text_formats;
use crate::model::Value;
use crate::run::{Field, ValueType};
use serde::{Deserialize, Serialize};

/// The types a workflow's parameter can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ParamKind {
    /// Any text.
    String,
    /// A whole number.
    Int,
    /// `true` or `false`.
    Bool,
    /// The short name of a branch.
    Branch,
    /// Anything git resolves to a commit.
    Commit,
    /// `90s`, `10m`, `1h30m`.
    Duration,
    /// A time as RFC 3339.
    Time,
    /// Texts; divided by commas on the command line.
    List,
}

impl ParamKind {
    const ALL: [Self; 8] =
        [Self::String, Self::Int, Self::Bool, Self::Branch, Self::Commit, Self::Duration, Self::Time, Self::List];

    /// As headers write it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Int => "int",
            Self::Bool => "bool",
            Self::Branch => "branch",
            Self::Commit => "commit",
            Self::Duration => "duration",
            Self::Time => "time",
            Self::List => "list",
        }
    }

    /// What it takes, for people.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::String => "a string",
            Self::Int => "a whole number",
            Self::Bool => "`true` or `false`",
            Self::Branch => "the name of a branch",
            Self::Commit => "a commit",
            Self::Duration => "a duration like `10m`",
            Self::Time => "a time",
            Self::List => "a list",
        }
    }

    /// Is this a value of the type?
    ///
    /// # Errors
    ///
    /// Why not; empty when there is nothing to add.
    pub(super) fn check(self, value: &Value) -> Result<(), String> {
        let text = |check: fn(&str) -> Result<(), String>| value.as_str().map_or(Err(String::new()), check);
        let when = |fits: bool| if fits { Ok(()) } else { Err(String::new()) };
        match self {
            Self::String => when(value.is_string()),
            Self::Int => when(value.is_i64()),
            Self::Bool => when(value.is_boolean()),
            Self::List => when(value.is_array()),
            Self::Branch => text(text_formats::branch),
            Self::Commit => text(text_formats::commit),
            Self::Duration => text(text_formats::duration),
            Self::Time => text(text_formats::time),
        }
    }
}

/// One parameter of a workflow.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HeaderParam {
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: ParamKind,
    /// Its default; null means optional.
    pub value: Value,
    /// It has no default and must be given.
    pub required: bool,
    /// The only words it takes; empty where it takes any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
    pub help: String,
}

impl WorkflowHeader {
    /// What `run` gets: times and durations are told from texts.
    pub(super) fn shape(&self) -> ValueType {
        let field = |param: &HeaderParam| Field {
            name: param.name.clone(),
            shape: match param.kind {
                ParamKind::Duration => ValueType::Duration,
                ParamKind::Time => ValueType::Time,
                _ => ValueType::Any,
            },
            optional: !param.required,
            doc: param.help.clone(),
        };
        ValueType::Map(self.params.iter().map(field).collect())
    }
}

impl HeaderParam {
    /// The first word in a value, or of a list, that is none of the choices.
    pub(super) fn stranger<'v>(&self, value: &'v Value) -> Option<&'v str> {
        let words = match value {
            Value::Array(items) => items.as_slice(),
            one => std::slice::from_ref(one),
        };
        let known = |word: &&str| self.choices.is_empty() || self.choices.iter().any(|choice| choice == word);
        words.iter().filter_map(Value::as_str).find(|word| !known(word))
    }
}

/// What a workflow says of itself.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WorkflowHeader {
    /// The file's name without `.rhai`.
    pub name: String,
    /// The `//!` text.
    pub description: String,
    /// Its parameters, in the order in which they are written.
    pub params: Vec<HeaderParam>,
    /// The parameter whose value is the target that two runs must not share.
    pub lock: Option<String>,
    /// On a terminal a run is shown in short and asked about before it begins.
    pub confirm: bool,
    /// It goes ahead of a run with the same lock that only waits.
    pub preempts: bool,
    /// Where it comes from: `workflows/…` of the project, or `embedded`.
    pub source: String,
}

const CONSTANT: &str = "WORKFLOW";
/// What a header may hold, with what it means, for the reference.
pub const HEADER_KEYS: [(&str, &str); 4] = [
    (
        "params",
        "the parameters: a map from names to `#{ type, value, choices, help }`; without `value` one is required, `()` makes it optional",
    ),
    ("lock", "the name of a parameter: two runs with the same value of it never overlap on this machine"),
    (
        "confirm",
        "`true`: on a terminal `relwf run` shows what would land and asks once before anything begins; `--yes` skips the question, and \
         without a terminal there is none",
    ),
    (
        "preempts",
        "`true`: a run with the same lock that only waits (for CI, a deploy, a person) is suspended, and this one goes ahead of it; without \
         it, this one does not begin",
    ),
];
const PARAM_KEYS: [&str; 4] = ["type", "value", "choices", "help"];

/// Reads a workflow's header. All that is wrong with it comes beside what could be read.
pub(super) fn read(unit: &CompiledFile, source: &str) -> (WorkflowHeader, Vec<Diagnostic>) {
    let mut reader = Reader { unit, findings: Vec::new() };
    let mut header = WorkflowHeader {
        name: unit.name().to_owned(),
        description: unit.description(),
        params: Vec::new(),
        lock: None,
        confirm: false,
        preempts: false,
        source: source.to_owned(),
    };
    if let Some(entries) = reader.constant() {
        for entry in &entries {
            match entry.key.as_str() {
                "params" => header.params = reader.params(entry),
                "lock" => {}
                "confirm" => header.confirm = reader.truth(entry),
                "preempts" => header.preempts = reader.truth(entry),
                key => reader.unknown_key(entry, key, &HEADER_KEYS.map(|(name, _)| name), "a workflow's header"),
            }
        }
        header.lock = entries.iter().find(|entry| entry.key == "lock").and_then(|entry| reader.lock(entry, &header));
    }
    reader.entry_point();
    (header, reader.findings)
}

struct Reader<'u> {
    unit: &'u CompiledFile,
    findings: Vec<Diagnostic>,
}

impl Reader<'_> {
    /// The entries of the constant. A workflow without one has no parameters.
    fn constant(&mut self) -> Option<Vec<LiteralEntry>> {
        let (expr, at) = self.unit.global(CONSTANT)?;
        match Literal::read(expr) {
            Ok(literal) => {
                let entries = literal.entries().map(<[LiteralEntry]>::to_vec);
                if entries.is_none() {
                    self.find(at, format!("`{CONSTANT}` must be a map: #{{ params: #{{ … }} }}"));
                }
                entries
            }
            Err(at) => {
                self.findings.push(
                    self.unit
                        .finding(at, format!("`{CONSTANT}` must be literal"))
                        .hint(Some("it is read without running anything: no variables, calls or `${…}` in it")),
                );
                None
            }
        }
    }

    fn params(&mut self, entry: &LiteralEntry) -> Vec<HeaderParam> {
        let Some(entries) = entry.literal.entries() else {
            self.find(entry.literal.at, "`params` must be a map from names to #{ type, value, help }".into());
            return Vec::new();
        };
        entries.iter().filter_map(|entry| self.param(entry)).collect()
    }

    fn param(&mut self, entry: &LiteralEntry) -> Option<HeaderParam> {
        let name = &entry.key;
        let Some(entries) = entry.literal.entries() else {
            self.find(entry.literal.at, format!("the parameter `{name}` must be a map: #{{ type, value, help }}"));
            return None;
        };
        for entry in entries.iter().filter(|entry| !PARAM_KEYS.contains(&entry.key.as_str())) {
            self.unknown_key(entry, &entry.key, &PARAM_KEYS, "a parameter");
        }
        let get = |key: &str| entries.iter().find(|entry| entry.key == key).map(|entry| &entry.literal);
        let kind = self.kind(entry, get("type"))?;
        let value = get("value");
        if let Some(literal) = value {
            let data = literal.data();
            if let (false, Err(why)) = (data.is_null(), kind.check(&data)) {
                let why = if why.is_empty() { why } else { format!(" ({why})") };
                let message =
                    format!("the default of `{name}` must be {}, not {}{why}", kind.describe(), describe(&data));
                self.find(literal.at, message);
            }
        }
        let help = get("help");
        if let Some(help) = help.filter(|help| help.text().is_none()) {
            self.find(help.at, format!("the help of `{name}` must be a string"));
        }
        let param = HeaderParam {
            name: name.clone(),
            kind,
            value: value.map_or(Value::Null, Literal::data),
            required: value.is_none(),
            choices: get("choices").map(|literal| self.choices(name, kind, literal)).unwrap_or_default(),
            help: help.and_then(Literal::text).unwrap_or_default().to_owned(),
        };
        if let (Some(literal), Some(word)) = (value, param.stranger(&param.value)) {
            let finding =
                self.unit.finding(literal.at, format!("the default of `{name}` is `{word}`, which is no choice"));
            self.findings.push(finding.hint(suggest::hint(word, param.choices.iter().map(String::as_str))));
        }
        Some(param)
    }

    /// The words that a parameter takes.
    fn choices(&mut self, name: &str, kind: ParamKind, literal: &Literal) -> Vec<String> {
        let data = literal.data();
        let words = data.as_array().map(|items| items.iter().filter_map(Value::as_str).map(str::to_owned).collect());
        let all = |words: &Vec<String>| !words.is_empty() && Some(words.len()) == data.as_array().map(Vec::len);
        match words.filter(all) {
            Some(words) if matches!(kind, ParamKind::String | ParamKind::List) => words,
            Some(_) => {
                self.find(
                    literal.at,
                    format!("only a string or a list has choices, and `{name}` is {}", kind.describe()),
                );
                Vec::new()
            }
            None => {
                self.find(literal.at, format!("the choices of `{name}` must be a list of words"));
                Vec::new()
            }
        }
    }

    fn kind(&mut self, entry: &LiteralEntry, literal: Option<&Literal>) -> Option<ParamKind> {
        let Some(literal) = literal else {
            self.find(entry.key_at, format!("the parameter `{}` has no `type`", entry.key));
            return None;
        };
        let word = literal.text().unwrap_or_default();
        let kind = ParamKind::ALL.into_iter().find(|kind| kind.word() == word);
        if kind.is_none() {
            let message = format!("the parameter `{}` has an unknown type: {}", entry.key, describe(&literal.data()));
            let hint = suggest::hint(word, ParamKind::ALL.map(ParamKind::word));
            self.findings.push(self.unit.finding(literal.at, message).hint(hint));
        }
        kind
    }

    fn lock(&mut self, entry: &LiteralEntry, header: &WorkflowHeader) -> Option<String> {
        let Some(name) = entry.literal.text() else {
            if !entry.literal.data().is_null() {
                self.find(entry.literal.at, "`lock` must be the name of a parameter".into());
            }
            return None;
        };
        if header.params.iter().any(|param| param.name == name) {
            return Some(name.to_owned());
        }
        let hint = suggest::hint(name, header.params.iter().map(|param| param.name.as_str()));
        let message = format!("`lock` names `{name}`, which is no parameter");
        self.findings.push(self.unit.finding(entry.literal.at, message).hint(hint));
        None
    }

    fn truth(&mut self, entry: &LiteralEntry) -> bool {
        let data = entry.literal.data();
        if !data.is_boolean() {
            self.find(entry.literal.at, format!("`{}` must be `true` or `false`, not {}", entry.key, describe(&data)));
        }
        data == Value::Bool(true)
    }

    fn entry_point(&mut self) {
        let run: Vec<_> = self.unit.named("run").collect();
        if !run.iter().any(|function| function.params.len() == 1) {
            let finding = self.unit.finding(rhai::Position::NONE, "there is no `fn run(p)`");
            self.findings.push(finding.hint(Some("a workflow begins there; `p` holds its parameters")));
        }
    }

    fn unknown_key(&mut self, entry: &LiteralEntry, key: &str, known: &[&'static str], of: &str) {
        let hint = suggest::hint(key, known.iter().copied());
        self.findings.push(self.unit.finding(entry.key_at, format!("{of} knows no `{key}`")).hint(hint));
    }

    fn find(&mut self, at: rhai::Position, message: String) {
        self.findings.push(self.unit.finding(at, message));
    }
}
