//! What a host function is, as data: its name, what it takes and what it answers, read from the types that declare it. The
//! script room registers and checks from it; `relwf check`, `relwf help functions` and the reference read it.

use super::Remark;
use super::command::{CommandKind, OnOutage};
use super::value_type::{Field, SchemaSide, ValueType, names, schema};
use crate::model::{FailureKind, Value};
use schemars::{JsonSchema, Schema};
use std::fmt;
use std::sync::OnceLock;

/// How arguments are written. Either way the journal sees one object from names to values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// In order: `delta::between(base, head)`. Optional ones come last.
    Positional,
    /// One map: `git::merge(#{ source: …, target: … })`.
    Map,
}

/// One host function.
pub struct HostFn {
    /// Namespace and function, e.g. `git::push`.
    pub name: &'static str,
    /// One sentence for the reference.
    pub doc: &'static str,
    /// How it touches the world.
    pub kind: CommandKind,
    /// How its arguments are written.
    pub style: Style,
    /// The kinds that it throws by design, each with when: what a script may want to catch.
    pub throws: &'static [(FailureKind, &'static str)],
    /// What becomes of a call whose server cannot be reached.
    pub on_outage: OnOutage,
    /// What is to be said of an answer beside that it is there.
    pub remark: fn(&Value) -> Option<Remark>,
    given: fn() -> Schema,
    answered: fn() -> Schema,
    params: OnceLock<Vec<Field>>,
    answer: OnceLock<ValueType>,
}

impl HostFn {
    /// A function that takes `A` and answers `R`. Their shapes are read when they are asked for.
    pub const fn new<A: JsonSchema, R: JsonSchema>(
        kind: CommandKind,
        style: Style,
        name: &'static str,
        doc: &'static str,
    ) -> Self {
        Self {
            name,
            doc,
            kind,
            style,
            throws: &[],
            on_outage: OnOutage::Suspend,
            remark: |_| None,
            given: || schema::<A>(SchemaSide::Given),
            answered: || schema::<R>(SchemaSide::Answered),
            params: OnceLock::new(),
            answer: OnceLock::new(),
        }
    }

    /// What it takes, in the order in which it is written. A value of `()` counts as absent.
    pub fn params(&self) -> &[Field] {
        self.params.get_or_init(|| {
            let ValueType::Map(mut fields) = ValueType::read((self.given)().as_value()) else { return Vec::new() };
            for field in &mut fields {
                field.shape = field.shape.unless_nothing().0.clone();
            }
            fields
        })
    }

    /// What it answers.
    pub fn answer(&self) -> &ValueType {
        self.answer.get_or_init(|| ValueType::read((self.answered)().as_value()))
    }

    /// What it takes and what it answers, as JSON Schema.
    pub fn schemas(&self) -> (Schema, Schema) {
        ((self.given)(), (self.answered)())
    }

    /// `git` of `git::push`.
    pub fn namespace(&self) -> &'static str {
        self.name.split_once("::").map_or(self.name, |(namespace, _)| namespace)
    }

    /// `push` of `git::push`.
    pub fn function(&self) -> &'static str {
        self.name.split_once("::").map_or(self.name, |(_, function)| function)
    }

    /// How a call is written: `git::push(#{ branch, commit, expect? })`.
    pub fn usage(&self) -> String {
        match self.style {
            Style::Positional => {
                let names: Vec<String> = self.params().iter().map(Field::title).collect();
                format!("{}({})", self.name, names.join(", "))
            }
            Style::Map => format!("{}({})", self.name, names(self.params())),
        }
    }
}

impl fmt::Debug for HostFn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
