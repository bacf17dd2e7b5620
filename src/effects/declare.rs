//! How a host function is declared: its signature as data, and how its arguments become a command.

use super::World;
use crate::model::{Failure, FailureKind, Value, unknown, unknown_inside};
use crate::run::{
    Arguments, Assumed, Call, Command, Effect, EffectError, Intent, Kind, OnUnknown, Param, Performing, Probe, Read,
    Signature,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// Turns a call into a command.
pub(super) type Make = fn(&Arc<World>, &Call) -> Result<Command, Failure>;

/// One host function.
pub(super) struct Declared {
    pub(super) signature: Signature,
    pub(super) make: Make,
}

const fn declared(
    name: &'static str,
    doc: &'static str,
    kind: Kind,
    arguments: Arguments,
    returns: &'static str,
    make: Make,
) -> Declared {
    Declared { signature: Signature { name, doc, kind, arguments, returns }, make }
}

/// A function with positional arguments.
pub(super) const fn positional(
    kind: Kind,
    name: &'static str,
    params: &'static [Param],
    returns: &'static str,
    doc: &'static str,
    make: Make,
) -> Declared {
    declared(name, doc, kind, Arguments::Positional(params), returns, make)
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
    declared(name, doc, kind, Arguments::Map(params), returns, make)
}

/// The arguments of a call, typed. The script room has checked names and rough types before; what is found here are finer
/// rules: that a branch's name is one, that a commit id is whole.
pub(super) fn args<T: DeserializeOwned>(call: &Call) -> Result<T, Failure> {
    T::deserialize(&call.args)
        .map_err(|error| Failure::new(FailureKind::Arguments, format!("`{}`: {error}", call.name)).at(call.at.clone()))
}

/// Any serialisable answer as plain data.
pub(super) fn value(answer: impl Serialize) -> Result<Value, Failure> {
    serde_json::to_value(answer)
        .map_err(|error| Failure::new(FailureKind::Bug, format!("an answer could not be written as JSON: {error}")))
}

/// Takes typed facts out of what was journaled.
pub(super) fn facts<T: DeserializeOwned>(journaled: &Value) -> Result<T, Failure> {
    T::deserialize(journaled).map_err(|error| {
        Failure::new(FailureKind::Bug, format!("the journal's facts of this command cannot be read: {error}"))
            .hint("the run was begun by another version of relwf; finish it with that one")
    })
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

/// The command for a call one of whose arguments only a real run knows: in a dry run its outcome is unknown too.
pub(super) fn blind(signature: &Signature, call: &Call) -> Option<Command> {
    let what = unknown_inside(&call.args)?;
    let name = signature.name;
    let failure = Failure::new(
        FailureKind::Unknown,
        format!("`{name}` needs the {what}, which only a real run knows; the preview ends here"),
    )
    .at(call.at.clone());
    Some(match signature.kind {
        Kind::Read => read(move |_| Err(failure.clone())),
        Kind::Wait | Kind::Effect => Command::Effect(Box::new(Blind { name, what: what.to_owned(), failure })),
    })
}

struct Blind {
    name: &'static str,
    what: String,
    failure: Failure,
}

impl Effect for Blind {
    fn prepare(&self, _cx: &Performing<'_>) -> Result<Value, Failure> {
        Err(self.failure.clone())
    }

    fn perform(&self, _cx: &Performing<'_>, _intent: &Intent) -> Result<Value, EffectError> {
        Err(EffectError::Refused(self.failure.clone()))
    }

    fn probe(&self, _cx: &Performing<'_>, _intent: &Intent) -> Result<Probe, Failure> {
        Ok(Probe::Absent)
    }

    fn on_unknown(&self) -> OnUnknown {
        OnUnknown::Ask
    }

    fn assume(&self, _cx: &Performing<'_>) -> Result<Assumed, Failure> {
        Ok(Assumed {
            value: unknown(&format!("outcome of {}", self.name)),
            note: Some(format!("rests on the {}, which only a real run knows", self.what)),
        })
    }
}
