//! Host functions whose types do not declare them yet.

use super::{World, host_fn};
use crate::model::{Failure, FailureKind, Value};
use crate::run::{Call, Command, Field, HostFn, Kind, Param, ParamType, Performing, Read, Shape, Style};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// Turns a call into a command.
pub(super) type Make = fn(&Arc<World>, &Call) -> Result<Command, Failure>;

/// One host function.
pub(super) struct Declared {
    kind: Kind,
    style: Style,
    name: &'static str,
    params: &'static [Param],
    returns: &'static str,
    doc: &'static str,
    make: Make,
}

/// The same as everybody else sees it.
pub(super) struct Untyped {
    host: HostFn,
    make: Make,
}

impl Declared {
    pub(super) fn untyped(&self) -> Untyped {
        let field = |param: &Param| Field {
            name: param.name.to_owned(),
            shape: shape(param.ty),
            optional: !param.required,
            doc: param.doc.to_owned(),
        };
        let params = self.params.iter().map(field).collect();
        let host = HostFn::untyped(self.kind, self.style, self.name, self.doc, params, answer(self.returns));
        Untyped { host, make: self.make }
    }
}

impl host_fn::Declared for Untyped {
    fn host(&self) -> &HostFn {
        &self.host
    }

    fn command(&self, world: &Arc<World>, call: &Call) -> Result<Command, Failure> {
        (self.make)(world, call).or_else(|failure| host_fn::blind(&self.host, call).ok_or(failure))
    }
}

fn shape(ty: ParamType) -> Shape {
    match ty {
        ParamType::String => Shape::Text,
        ParamType::Int => Shape::Int,
        ParamType::Bool => Shape::Bool,
        ParamType::Branch => Shape::Branch,
        ParamType::Commit => Shape::Commit,
        ParamType::Duration => Shape::Duration,
        ParamType::Time => Shape::Time,
        ParamType::List => Shape::List(Box::new(Shape::Any)),
        ParamType::Strings => Shape::List(Box::new(Shape::Text)),
        ParamType::Map => Shape::Dict(Box::new(Shape::Any)),
        ParamType::Any => Shape::Any,
    }
}

fn answer(returns: &str) -> Shape {
    if returns == "()" {
        return Shape::Nothing;
    }
    let mut depth = 0;
    let Some(inside) = returns.strip_prefix("#{") else { return Shape::Any };
    let fields = inside.split(|letter| {
        depth += match letter {
            '{' => 1,
            '}' => -1,
            _ => 0,
        };
        letter == ',' && depth == 0 || depth < 0
    });
    let names = fields.map(|field| field.split(':').next().unwrap_or_default().trim());
    let field = |name: &str| Field {
        name: name.trim_end_matches('?').to_owned(),
        shape: Shape::Any,
        optional: name.ends_with('?'),
        doc: String::new(),
    };
    Shape::Map(names.take_while(|name| !name.is_empty()).map(field).collect())
}

/// A function that takes one map.
pub(super) const fn map(
    kind: Kind,
    name: &'static str,
    params: &'static [Param],
    returns: &'static str,
    doc: &'static str,
    make: Make,
) -> Declared {
    Declared { kind, style: Style::Map, name, params, returns, doc, make }
}

/// The arguments of a call, typed. The script room has checked names and rough types before; what is found here are finer
/// rules: that a branch's name is one, that a commit id is whole.
pub(super) fn args<T: DeserializeOwned>(call: &Call) -> Result<T, Failure> {
    T::deserialize(&call.args)
        .map_err(|error| Failure::new(FailureKind::Arguments, format!("`{}`: {error}", call.name)).at(call.at.clone()))
}

/// Any serialisable answer as plain data.
pub(super) fn value(answer: impl Serialize) -> Result<Value, Failure> {
    host_fn::value(answer)
}

/// Takes typed facts out of what was journaled.
pub(super) fn facts<T: DeserializeOwned>(journaled: &Value) -> Result<T, Failure> {
    host_fn::facts(journaled)
}

struct Look<F>(F);

impl<F: Fn(&Performing<'_>) -> Result<Value, Failure> + Send + Sync> Read for Look<F> {
    fn perform(&self, cx: &Performing<'_>) -> Result<Value, Failure> {
        (self.0)(cx)
    }
}

/// A read that is one function.
pub(super) fn read(look: impl Fn(&Performing<'_>) -> Result<Value, Failure> + Send + Sync + 'static) -> Command {
    Command::Read(Box::new(Look(look)))
}
