//! How a host function is declared: one type for what it takes, one for what it answers, and how it is done. What everybody
//! else needs to know of it (names, shapes, documentation) is read from those types.
//!
//! There are no default methods: an effect without a probe or without an assumed outcome does not compile.

use super::EffectContext;
use crate::model::{DEEPEST, Failure, FailureKind, Value, WriteError, is_too_deep, unknown, unknown_inside};
use crate::run::{self, Call, Command, CommandKind, HostFn, OnOutage, OnUnknown, Performing, Remark, Style};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::marker::PhantomData;
use std::sync::Arc;

pub(super) use crate::run::{Assumed, Observation, Probe};

/// A host function that takes `A` and answers `R`.
pub(super) struct TypedHostFn<A, R> {
    host: HostFn,
    make: fn(&Arc<EffectContext>, A) -> Result<Answering<R>, Failure>,
}

/// A command whose answer is an `R`.
pub(super) struct Answering<R> {
    command: Command,
    answer: PhantomData<fn() -> R>,
}

/// Takes no arguments.
#[derive(serde::Deserialize, JsonSchema)]
pub(super) struct NoArgs {}

/// A function with positional arguments.
pub(super) const fn positional<A: JsonSchema, R: JsonSchema>(
    kind: CommandKind,
    name: &'static str,
    doc: &'static str,
    make: fn(&Arc<EffectContext>, A) -> Result<Answering<R>, Failure>,
) -> TypedHostFn<A, R> {
    TypedHostFn { host: HostFn::new::<A, R>(kind, Style::Positional, name, doc), make }
}

/// A function that takes one map.
pub(super) const fn map<A: JsonSchema, R: JsonSchema>(
    kind: CommandKind,
    name: &'static str,
    doc: &'static str,
    make: fn(&Arc<EffectContext>, A) -> Result<Answering<R>, Failure>,
) -> TypedHostFn<A, R> {
    TypedHostFn { host: HostFn::new::<A, R>(kind, Style::Map, name, doc), make }
}

impl<A, R> TypedHostFn<A, R> {
    /// The kinds that it throws by design, each with when.
    pub(super) const fn throws(mut self, kinds: &'static [(FailureKind, &'static str)]) -> Self {
        self.host.throws = kinds;
        self
    }

    /// A server that cannot be reached is the script's to deal with.
    pub(super) const fn throws_outages(mut self) -> Self {
        self.host.on_outage = OnOutage::Throw;
        self
    }

    /// What is to be said of an answer beside that it is there.
    pub(super) const fn remarks(mut self, remark: fn(&Value) -> Option<Remark>) -> Self {
        self.host.remark = remark;
        self
    }
}

/// Any host function.
pub(super) trait AnyHostFn: Sync {
    /// What it is.
    fn host(&self) -> &HostFn;

    /// The command for a call.
    fn command(&self, context: &Arc<EffectContext>, call: &Call) -> Result<Command, Failure>;
}

impl<A: DeserializeOwned, R> AnyHostFn for TypedHostFn<A, R> {
    fn host(&self) -> &HostFn {
        &self.host
    }

    /// The script room has checked names and shapes before; what is found here are finer rules: that a commit's id is whole.
    fn command(&self, context: &Arc<EffectContext>, call: &Call) -> Result<Command, Failure> {
        let wrong = |error: serde_json::Error| {
            Failure::new(FailureKind::Arguments, format!("`{}`: {error}", call.name)).at(call.at.clone())
        };
        let made = A::deserialize(&call.args).map_err(wrong).and_then(|args| (self.make)(context, args));
        made.map(|answering| answering.command).or_else(|failure| blind(&self.host, call).ok_or(failure))
    }
}

/// Looks until something is there.
pub(super) trait TypedWait: Send + Sync + 'static {
    /// Facts to write down once, when the wait begins.
    type Begun: Serialize + DeserializeOwned;
    /// What the script gets.
    type Answer: Serialize;

    /// See [`run::Wait::begin`].
    fn begin(&self, cx: &Performing<'_>) -> Result<Self::Begun, Failure>;

    /// See [`run::Wait::observe`].
    fn observe(&self, cx: &Performing<'_>, begun: Self::Begun) -> Result<Observation<Self::Answer>, Failure>;

    /// See [`run::Wait::again`].
    fn again(&self, cx: &Performing<'_>, begun: Self::Begun) -> Self::Begun;

    /// See [`run::Wait::assume`].
    fn assume(&self, cx: &Performing<'_>) -> Result<Assumed<Self::Answer>, Failure>;
}

/// Changes something outside of the process.
pub(super) trait TypedEffect: Send + Sync + 'static {
    /// What the probe will need: expected old ids, dates, identity.
    type Facts: Serialize + DeserializeOwned;
    /// What the script gets.
    type Answer: Serialize;

    /// See [`run::Effect::prepare`].
    fn prepare(&self, cx: &Performing<'_>) -> Result<Self::Facts, Failure>;

    /// See [`run::Effect::perform`].
    fn perform(&self, cx: &Performing<'_>, intent: TypedIntent<'_, Self::Facts>) -> Result<Self::Answer, WriteError>;

    /// See [`run::Effect::probe`].
    fn probe(&self, cx: &Performing<'_>, intent: TypedIntent<'_, Self::Facts>) -> Result<Probe<Self::Answer>, Failure>;

    /// See [`run::Effect::on_unknown`].
    fn on_unknown(&self) -> OnUnknown;

    /// See [`run::Effect::assume`].
    fn assume(&self, cx: &Performing<'_>) -> Result<Assumed<Self::Answer>, Failure>;
}

/// What is on disk before an effect is performed.
pub(super) struct TypedIntent<'a, F> {
    /// The same for every attempt of this command in this run.
    pub(super) key: &'a str,
    /// What [`TypedEffect::prepare`] found.
    pub(super) facts: F,
}

/// A read that is one function.
pub(super) fn read<R: Serialize>(
    look: impl Fn(&Performing<'_>) -> Result<R, Failure> + Send + Sync + 'static,
) -> Answering<R> {
    Command::Read(Box::new(Look(move |cx: &Performing<'_>| value(look(cx)?)))).into()
}

/// A wait.
pub(super) fn wait<W: TypedWait>(wait: W) -> Answering<W::Answer> {
    Command::Wait(Box::new(Typed(wait))).into()
}

/// An effect.
pub(super) fn effect<E: TypedEffect>(effect: E) -> Answering<E::Answer> {
    Command::Effect(Box::new(Typed(effect))).into()
}

impl<R> From<Command> for Answering<R> {
    fn from(command: Command) -> Self {
        Self { command, answer: PhantomData }
    }
}

/// Any serialisable answer as plain data.
pub(super) fn value(answer: impl Serialize) -> Result<Value, Failure> {
    let value = serde_json::to_value(answer)
        .map_err(|error| Failure::new(FailureKind::Bug, format!("an answer could not be written as JSON: {error}")))?;
    if is_too_deep(&value) {
        let what = format!("an answer is nested more than {DEEPEST} deep, which the journal cannot hold");
        return Err(Failure::new(FailureKind::Refused, what));
    }
    Ok(value)
}

/// Takes typed facts out of what was journaled.
pub(super) fn facts<T: DeserializeOwned>(journaled: &Value) -> Result<T, Failure> {
    T::deserialize(journaled).map_err(|error| {
        Failure::new(FailureKind::Bug, format!("the journal's facts of this command cannot be read: {error}"))
            .hint("the run was begun by another version of relwf; finish it with that one")
    })
}

struct Look<F>(F);

impl<F: Fn(&Performing<'_>) -> Result<Value, Failure> + Send + Sync> run::Read for Look<F> {
    fn perform(&self, cx: &Performing<'_>) -> Result<Value, Failure> {
        (self.0)(cx)
    }
}

/// A typed command as the run and its journal see it: everything is plain data.
struct Typed<T>(T);

fn plain<R: Serialize>(assumed: Assumed<R>) -> Result<Assumed, Failure> {
    Ok(Assumed { value: value(assumed.value)?, note: assumed.note })
}

impl<W: TypedWait> run::Wait for Typed<W> {
    fn begin(&self, cx: &Performing<'_>) -> Result<Value, Failure> {
        value(self.0.begin(cx)?)
    }

    fn observe(&self, cx: &Performing<'_>, begun: &Value) -> Result<Observation, Failure> {
        Ok(match self.0.observe(cx, facts(begun)?)? {
            Observation::Ready(answer) => Observation::Ready(value(answer)?),
            Observation::NotYet { why, again } => Observation::NotYet { why, again },
            Observation::Suspend { why, until } => Observation::Suspend { why, until },
        })
    }

    fn again(&self, cx: &Performing<'_>, begun: &Value) -> Result<Value, Failure> {
        value(self.0.again(cx, facts(begun)?))
    }

    fn assume(&self, cx: &Performing<'_>) -> Result<Assumed, Failure> {
        plain(self.0.assume(cx)?)
    }
}

impl<E: TypedEffect> run::Effect for Typed<E> {
    fn prepare(&self, cx: &Performing<'_>) -> Result<Value, Failure> {
        value(self.0.prepare(cx)?)
    }

    fn perform(&self, cx: &Performing<'_>, intent: &run::Intent) -> Result<Value, WriteError> {
        let facts = facts(&intent.pre).map_err(WriteError::Refused)?;
        let answer = self.0.perform(cx, TypedIntent { key: &intent.idempotency_key, facts })?;
        value(answer).map_err(WriteError::Unknown)
    }

    fn probe(&self, cx: &Performing<'_>, intent: &run::Intent) -> Result<Probe, Failure> {
        let intent = TypedIntent { key: &intent.idempotency_key, facts: facts(&intent.pre)? };
        Ok(match self.0.probe(cx, intent)? {
            Probe::Done(answer) => Probe::Done(value(answer)?),
            Probe::Absent => Probe::Absent,
            Probe::Refused(failure) => Probe::Refused(failure),
            Probe::Unknown(why) => Probe::Unknown(why),
        })
    }

    fn on_unknown(&self) -> OnUnknown {
        self.0.on_unknown()
    }

    fn assume(&self, cx: &Performing<'_>) -> Result<Assumed, Failure> {
        plain(self.0.assume(cx)?)
    }
}

/// The command for a call one of whose arguments only a real run knows: in a dry run its outcome is unknown too.
fn blind(host: &HostFn, call: &Call) -> Option<Command> {
    let what = unknown_inside(&call.args)?;
    let name = host.name;
    let failure = Failure::new(
        FailureKind::Unknown,
        format!("`{name}` needs the {what}, which only a real run knows; the preview ends here"),
    )
    .at(call.at.clone());
    Some(match host.kind {
        CommandKind::Read => Command::Read(Box::new(Look(move |_: &Performing<'_>| Err(failure.clone())))),
        CommandKind::Wait | CommandKind::Effect => {
            Command::Effect(Box::new(Blind { name, what: what.to_owned(), failure }))
        }
    })
}

struct Blind {
    name: &'static str,
    what: String,
    failure: Failure,
}

impl run::Effect for Blind {
    fn prepare(&self, _cx: &Performing<'_>) -> Result<Value, Failure> {
        Err(self.failure.clone())
    }

    fn perform(&self, _cx: &Performing<'_>, _intent: &run::Intent) -> Result<Value, WriteError> {
        Err(WriteError::Refused(self.failure.clone()))
    }

    fn probe(&self, _cx: &Performing<'_>, _intent: &run::Intent) -> Result<Probe, Failure> {
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
