//! The host functions from their declarations: as a list, as one function's page, as JSON, and as Rhai definitions for
//! editors.

use super::style::{DIM, NAME, paint};
use super::table::{table, width as columns};
use crate::model::Value;
use crate::run::{CommandKind, Field, Style, ValueType};
use crate::script::CatalogueFn;
use serde_json::json;

/// How wide a page may be, and the kinds in it.
const PAGE_WIDTH: usize = 120;
const KIND_WIDTH: usize = 40;
/// How narrow the phrases may get.
const LEAST_WIDTH: usize = 30;

/// What pages and lists say of a function.
pub(super) trait Told {
    fn doc(&self) -> &'static str;
    fn kind(&self) -> (&'static str, &'static str);
    fn params(&self) -> &'static [Field];
    fn answer(&self) -> String;
    fn answer_fields(&self) -> Vec<FieldRow>;
    fn throws(&self) -> Vec<(String, &'static str)>;
}

impl Told for CatalogueFn {
    fn doc(&self) -> &'static str {
        match self {
            Self::Command(function) => function.doc,
            Self::Native(native) => native.doc,
        }
    }

    fn kind(&self) -> (&'static str, &'static str) {
        match self {
            Self::Command(function) => match function.kind {
                CommandKind::Read => ("read", "Read"),
                CommandKind::Wait => ("wait", "Wait"),
                CommandKind::Effect => ("effect", "Effect"),
            },
            Self::Native(_) => ("native", "Part of the run itself"),
        }
    }

    fn params(&self) -> &'static [Field] {
        match self {
            Self::Command(function) => function.params(),
            Self::Native(_) => &[],
        }
    }

    fn answer(&self) -> String {
        match self {
            Self::Command(function) => kind_of(function.answer()),
            Self::Native(native) => native.answers.to_owned(),
        }
    }

    fn answer_fields(&self) -> Vec<FieldRow> {
        let mut rows = Vec::new();
        if let Self::Command(function) = self {
            collect(function.answer(), "", &mut rows);
        }
        rows
    }

    fn throws(&self) -> Vec<(String, &'static str)> {
        match self {
            Self::Command(function) => function.throws.iter().map(|(kind, when)| (kind.word(), *when)).collect(),
            Self::Native(_) => Vec::new(),
        }
    }
}

/// A parameter, or a field of an answer, wherever in it.
pub(super) struct FieldRow {
    /// Its name, e.g. `commits[].id`.
    pub(super) name: String,
    /// What it is.
    pub(super) kind: String,
    /// One phrase.
    pub(super) doc: String,
}

/// The fields of a shape, and of what is inside them: `commits[].id`.
fn collect(shape: &ValueType, path: &str, rows: &mut Vec<FieldRow>) {
    match shape {
        ValueType::Optional(shape) => collect(shape, path, rows),
        ValueType::List(item) => collect(item, &format!("{path}[]"), rows),
        ValueType::Map(fields) => {
            for field in fields {
                let dot = if path.is_empty() { "" } else { "." };
                let inner = format!("{path}{dot}{}", field.name);
                let title = format!("{inner}{}", if field.optional { "?" } else { "" });
                rows.push(FieldRow { name: title, kind: kind_of(&field.shape), doc: field.doc.clone() });
                collect(&field.shape, &inner, rows);
            }
        }
        _ => {}
    }
}

/// What a function takes.
pub(super) fn params(function: &CatalogueFn) -> Vec<FieldRow> {
    let row = |field: &Field| FieldRow { name: field.title(), kind: kind_of(&field.shape), doc: field.doc.clone() };
    function.params().iter().map(row).collect()
}

/// What a shape is, without its fields.
fn kind_of(shape: &ValueType) -> String {
    match shape {
        ValueType::Map(_) => "a map".to_owned(),
        ValueType::List(item) if matches!(**item, ValueType::Map(_)) => "a list of maps".to_owned(),
        ValueType::Optional(shape) => format!("{} or ()", kind_of(shape)),
        shape => shape.describe(),
    }
}

/// Every function on a line.
pub fn list(functions: &[CatalogueFn]) -> String {
    let mut out = String::new();
    for (number, group) in functions.chunk_by(|a, b| a.namespace() == b.namespace()).enumerate() {
        let gap = if number > 0 { "\n" } else { "" };
        let namespace = group.first().map_or("", CatalogueFn::namespace);
        out.push_str(&format!("{gap}{}\n", paint(NAME, namespace)));
        for function in group {
            out.push_str(&format!("  {}\n      {}\n", function.usage(), paint(DIM, function.doc())));
        }
    }
    out
}

/// One function, with all that it takes and answers.
pub fn one(function: &CatalogueFn) -> String {
    let doc = lines(&format!("{}. {}", function.kind().1, function.doc()), PAGE_WIDTH).join("\n");
    let mut out = format!("{}\n\n{doc}\n", paint(NAME, function.usage()));
    let section = |title: &str, rows: Vec<Vec<String>>| {
        if rows.is_empty() { String::new() } else { format!("\n{title}:\n{}", table(&[], &rows)) }
    };
    out.push_str(&section("Takes", wrapped(params(function))));
    out.push_str(&format!("\nAnswers {}\n", function.answer()));
    out.push_str(&table(&[], &wrapped(function.answer_fields())));
    let thrown = |(kind, when): (String, &str)| vec![format!("  {kind}"), when.to_owned()];
    out.push_str(&section("Throws", function.throws().into_iter().map(thrown).collect()));
    out
}

/// Rows of name, kind and phrase that fit a wide terminal: a long kind or phrase goes on in the rows below.
fn wrapped(rows: Vec<FieldRow>) -> Vec<Vec<String>> {
    let names = rows.iter().map(|row| columns(&row.name)).max().unwrap_or_default();
    let kinds = rows.iter().map(|row| columns(&row.kind)).max().unwrap_or_default().min(KIND_WIDTH);
    // The indent, and the gaps between the columns.
    let docs = PAGE_WIDTH.saturating_sub(2 + names + 2 + kinds + 2).max(LEAST_WIDTH);
    let mut cells = Vec::new();
    for row in rows {
        let (kind, doc) = (lines(&row.kind, KIND_WIDTH), lines(&row.doc, docs));
        for index in 0..kind.len().max(doc.len()).max(1) {
            let name = if index == 0 { format!("  {}", row.name) } else { String::new() };
            let kind = kind.get(index).map(|line| paint(DIM, line)).unwrap_or_default();
            cells.push(vec![name, kind, doc.get(index).cloned().unwrap_or_default()]);
        }
    }
    cells
}

/// A text in lines of at most `width` columns, where its words allow that.
fn lines(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if columns(line) + 1 + columns(word) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// The functions as data, with JSON Schema for what they take and answer.
pub fn json(functions: &[CatalogueFn]) -> Value {
    let one = |function: &CatalogueFn| {
        let mut value = json!({
            "name": function.name(),
            "kind": function.kind().0,
            "doc": function.doc(),
            "usage": function.usage(),
            "throws": function.throws().into_iter().map(|(kind, when)| json!({ "kind": kind, "when": when })).collect::<Value>(),
        });
        if let CatalogueFn::Command(function) = function {
            let (arguments, answer) = function.schemas();
            value["arguments"] = arguments.into();
            value["answer"] = answer.into();
        }
        value
    };
    json!({ "functions": functions.iter().map(one).collect::<Value>() })
}

/// Definitions for the Rhai language server: a module a namespace.
pub fn definitions(functions: &[CatalogueFn]) -> String {
    let mut out = "module static;\n".to_owned();
    for group in functions.chunk_by(|a, b| a.namespace() == b.namespace()) {
        out.push_str(&format!("\nmodule {} {{\n", group.first().map_or("", CatalogueFn::namespace)));
        for function in group {
            let help = anstream::adapter::strip_str(&one(function)).to_string();
            for line in help.lines() {
                out.push_str(format!("    /// {line}").trim_end());
                out.push('\n');
            }
            let (name, params, answer) = signature(function);
            out.push_str(&format!("    fn {name}({params}) -> {answer};\n\n"));
        }
        out.truncate(out.trim_end().len());
        out.push_str("\n}\n");
    }
    out
}

/// A function's own name, its parameters and its answer, in the words of Rhai's definitions.
fn signature(function: &CatalogueFn) -> (&'static str, String, &'static str) {
    let name = function.name().split_once("::").map_or(function.name(), |(_, name)| name);
    match function {
        CatalogueFn::Native(native) => {
            let params: Vec<String> = native.params.iter().map(|param| format!("{param}: ?")).collect();
            (name, params.join(", "), "?")
        }
        CatalogueFn::Command(command) => {
            let params: Vec<String> = match command.style {
                Style::Map => vec!["arguments: Map".to_owned()],
                Style::Positional => command
                    .params()
                    .iter()
                    .map(|field| format!("{}: {}", field.name, rhai_type(&field.shape)))
                    .collect(),
            };
            (name, params.join(", "), rhai_type(command.answer()))
        }
    }
}

fn rhai_type(shape: &ValueType) -> &'static str {
    match shape {
        ValueType::Any | ValueType::Optional(_) => "?",
        ValueType::Nothing => "()",
        ValueType::Bool => "bool",
        ValueType::Int => "int",
        ValueType::Number => "float",
        ValueType::Text
        | ValueType::Words(_)
        | ValueType::Branch
        | ValueType::Commit
        | ValueType::Duration
        | ValueType::Time => "String",
        ValueType::List(_) => "Array",
        ValueType::Dict(_) | ValueType::Map(_) => "Map",
    }
}
