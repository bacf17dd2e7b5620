//! The transitions: what follows from what happened.

use super::action::Action;
use super::happened::{Cancellation, Happened, StepContext};
use super::state::{CommandState, Doubt, EffectAttempt, Look, ProbeCause, Tries, Written};
use crate::model::{Failure, FailureKind, HumanDuration, RunId, Value, WriteError, minute_in};
use crate::run::{CommandKind, Observation, OnOutage, OnUnknown, Probe, Settled};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// What follows when this happens to a command in that state, and what is to be done next.
///
/// What cannot happen in a state is a bug of the host, and ends the command as one.
pub fn step(state: CommandState, happened: Happened, cx: &StepContext<'_>) -> (CommandState, Action) {
    let next = next(state, happened, cx);
    let action = next.action(cx.request);
    (next, action)
}

fn next(state: CommandState, happened: Happened, cx: &StepContext<'_>) -> CommandState {
    use CommandState as S;
    use Happened as H;
    let name = state.name();
    match (state, happened) {
        (S::Ready(written) | S::Suspended { written, .. }, happened) => cx.started(name, written, happened),
        (S::Resting { facts, .. }, happened) => cx.started(name, Written::Begun { facts }, happened),

        (S::Reading { .. }, H::Answered(Ok(value))) => outcome(Settled::Value(value)),
        (S::Reading { tries }, H::Answered(Err(failure))) => cx.unseen(Look::Read, tries, failure),
        (S::Beginning { .. }, H::Begun(Ok(facts))) => S::RecordingFacts { facts },
        (S::Beginning { tries }, H::Begun(Err(failure))) => cx.unseen(Look::Begin, tries, failure),
        (S::RecordingFacts { facts }, H::Recorded) => S::Observing { facts, tries: 1 },
        (S::Observing { facts, tries }, H::Observed(observed)) => cx.observed(facts, tries, observed),

        (S::Preparing { .. }, H::Prepared(Ok(pre))) => {
            let attempt = EffectAttempt::first(cx.run, &cx.request.key, &cx.request.fingerprint, pre);
            cx.first_try(attempt)
        }
        (S::Preparing { tries }, H::Prepared(Err(failure))) => cx.unseen(Look::Prepare, tries, failure),
        (S::LookPause { look, tries, failure, .. }, H::Slept) => cx.unless_cancelled(failure, look.nth(tries)),
        (S::RecordingIntent { attempt, tries }, H::Recorded) => {
            cx.unless_cancelled(interrupted(cx.run), S::Performing { attempt, tries })
        }
        (S::Performing { attempt, tries }, H::Performed(performed)) => cx.performed(attempt, tries, performed),
        (S::Performing { attempt, .. }, H::Panicked(failure)) => cx.probe(attempt, 0, ProbeCause::Panicked { failure }),
        (S::PerformPause { attempt, tries, failure, .. }, H::Slept) => {
            let tries = Tries { count: tries.count + 1, ..tries };
            cx.unless_cancelled(failure, S::RecordingIntent { attempt: attempt.next(), tries })
        }
        (S::Probing { attempt, look, cause }, H::Probed { found, on_unknown }) => {
            cx.probed(attempt, look, cause, found, on_unknown)
        }
        // Asking again would panic again.
        (S::Probing { attempt, cause, .. }, H::Panicked(failure)) => cx.unasked(attempt, &cause, &failure),
        (S::ProbePause { attempt, look, cause, .. }, H::Slept) => cx.probe(attempt, look, cause),
        (S::RecordingAbsent { attempt, failure }, H::Recorded) => {
            let attempt = EffectAttempt { doubt: Doubt::Unrecorded, ..attempt };
            cx.suspended(Written::Absent(attempt), failure)
        }
        (S::RecordingDoubt { failure }, H::Recorded) => S::InDoubt { failure },
        (S::RecordingOutcome { settled, .. }, H::Recorded) => S::Settled { settled },

        // A dry run neither begins nor prepares.
        (S::Beginning { .. } | S::Preparing { .. }, H::Assumed(assumed)) => outcome(assumed.into()),
        (S::Reading { .. } | S::Beginning { .. } | S::Observing { .. } | S::Preparing { .. }, H::Panicked(failure)) => {
            S::Bug { failure }
        }

        // What is left cannot happen. Every state stands here with what it waits for, so that a new state or a new event
        // does not compile before it has its place.
        (
            S::Reading { .. }
            | S::Beginning { .. }
            | S::RecordingFacts { .. }
            | S::Observing { .. }
            | S::Preparing { .. }
            | S::LookPause { .. }
            | S::RecordingIntent { .. }
            | S::Performing { .. }
            | S::PerformPause { .. }
            | S::Probing { .. }
            | S::ProbePause { .. }
            | S::RecordingAbsent { .. }
            | S::RecordingDoubt { .. }
            | S::RecordingOutcome { .. }
            | S::InDoubt { .. }
            | S::Settled { .. }
            | S::Interrupted { .. }
            | S::Bug { .. },
            happened @ (H::Started(_)
            | H::Unfit(_)
            | H::Answered(_)
            | H::Begun(_)
            | H::Observed(_)
            | H::Prepared(_)
            | H::Performed(_)
            | H::Probed { .. }
            | H::Assumed(_)
            | H::Recorded
            | H::Slept
            | H::Panicked(_)),
        ) => cx.impossible(name, &happened),
    }
}

impl StepContext<'_> {
    fn cancelled(&self) -> bool {
        self.moment.cancellation == Cancellation::Requested
    }

    /// A process takes the command up.
    fn started(&self, state: &'static str, written: Written, happened: Happened) -> CommandState {
        use CommandState as S;
        match (written, happened) {
            (Written::Nothing, Happened::Started(CommandKind::Read)) => S::Reading { tries: 1 },
            (Written::Nothing, Happened::Started(CommandKind::Wait)) => S::Beginning { tries: 1 },
            (Written::Nothing, Happened::Started(CommandKind::Effect)) => S::Preparing { tries: 1 },
            (Written::Begun { facts }, Happened::Started(CommandKind::Wait)) => S::Observing { facts, tries: 1 },
            (Written::Intended(attempt), Happened::Started(CommandKind::Effect)) => {
                self.probe(attempt, 0, ProbeCause::Recovery)
            }
            (Written::Absent(attempt), Happened::Started(CommandKind::Effect)) => self.first_try(attempt.next()),
            (_, Happened::Unfit(failure)) => outcome(Settled::Failure(failure)),
            (_, Happened::Panicked(failure)) => S::Bug { failure },
            (_, happened) => self.impossible(state, &happened),
        }
    }

    fn observed(&self, facts: Value, tries: u32, observed: Result<Observation, Failure>) -> CommandState {
        match observed {
            Ok(Observation::Ready(value)) => outcome(Settled::Value(value)),
            Ok(Observation::NotYet { why, again }) => CommandState::Resting { facts, why, again },
            Ok(Observation::Suspend { why, until }) => {
                CommandState::Suspended { written: Written::Begun { facts }, why, until }
            }
            Err(failure) => self.unseen(Look::Observe { facts }, tries, failure),
        }
    }

    /// Looking changes nothing, and a network that is down for a moment passes.
    fn unseen(&self, look: Look, tries: u32, failure: Failure) -> CommandState {
        let transient = match look {
            Look::Prepare => is_passing(failure.kind),
            Look::Read | Look::Begin => self.suspends() && is_passing(failure.kind),
            // A wait has a deadline of its own, which is no outage.
            Look::Observe { .. } => self.suspends() && failure.kind == FailureKind::Network,
        };
        let pause = self.pause(tries, failure.after);
        if transient && tries < self.policy.tries && pause <= self.policy.budget {
            let later = CommandState::LookPause { look, tries: tries + 1, pause, failure: failure.clone() };
            return self.unless_cancelled(failure, later);
        }
        // A server may ask for more time than the budget has: then nothing was done, and the run goes on later.
        let asked = failure.after.is_some_and(|after| after.duration() > self.policy.budget);
        let silent = self.suspends() && is_passing(failure.kind);
        let before = !matches!(look, Look::Observe { .. });
        if (before && (asked || silent)) || self.is_outage(&failure) {
            return self.unless_cancelled(failure.clone(), self.suspended(look.written(), failure));
        }
        self.failed(failure)
    }

    fn suspends(&self) -> bool {
        self.on_outage == OnOutage::Suspend
    }

    /// Does it say nothing about what was to be done, but that a server cannot be reached or does not know who asks? Then the run goes
    /// on once it can.
    fn is_outage(&self, failure: &Failure) -> bool {
        self.suspends() && matches!(failure.kind, FailureKind::Network | FailureKind::Auth)
    }

    /// Begins the tries of this process.
    fn first_try(&self, attempt: EffectAttempt) -> CommandState {
        let tries = Tries { count: 1, since: self.moment.elapsed };
        self.unless_cancelled(interrupted(self.run), CommandState::RecordingIntent { attempt, tries })
    }

    fn performed(&self, attempt: EffectAttempt, tries: Tries, performed: Result<Value, WriteError>) -> CommandState {
        match performed {
            Ok(value) => outcome(Settled::Value(value)),
            Err(WriteError::Refused(failure)) if self.is_outage(&failure) => {
                self.unless_cancelled(failure.clone(), CommandState::RecordingAbsent { attempt, failure })
            }
            Err(WriteError::Refused(failure)) => self.failed(failure),
            Err(WriteError::NotSent(failure)) => {
                let after = failure.after;
                self.not_done(attempt, tries, failure, after)
            }
            Err(WriteError::NotDone { failure, after }) => self.not_done(attempt, tries, failure, after),
            Err(WriteError::Unknown(failure)) => self.probe(attempt, 0, ProbeCause::Unanswered { failure, tries }),
        }
    }

    /// It did not happen: tries again within the budget.
    fn not_done(
        &self,
        attempt: EffectAttempt,
        tries: Tries,
        failure: Failure,
        after: Option<HumanDuration>,
    ) -> CommandState {
        let spent = self.spent(tries);
        // A server asks for more time than the budget has: nothing was done, and the run goes on later.
        if after.is_some_and(|after| spent.saturating_add(after.duration()) > self.policy.budget) {
            return CommandState::RecordingAbsent { attempt, failure: failure.after(after) };
        }
        match self.next_pause(tries, after) {
            Some(pause) => {
                let later = CommandState::PerformPause { attempt, tries, pause, failure: failure.clone() };
                self.unless_cancelled(failure, later)
            }
            None if self.is_outage(&failure) => {
                self.unless_cancelled(failure.clone(), CommandState::RecordingAbsent { attempt, failure })
            }
            None => self.failed(failure),
        }
    }

    /// The pause before the next try, within the budget.
    fn next_pause(&self, tries: Tries, after: Option<HumanDuration>) -> Option<Duration> {
        let pause = self.pause(tries.count, after);
        let enough = tries.count >= self.policy.tries || self.spent(tries).saturating_add(pause) > self.policy.budget;
        (!enough).then_some(pause)
    }

    fn spent(&self, tries: Tries) -> Duration {
        self.moment.elapsed.saturating_sub(tries.since)
    }

    fn pause(&self, tries: u32, after: Option<HumanDuration>) -> Duration {
        after.map_or(Duration::ZERO, HumanDuration::duration).max(self.policy.pause(tries, self.moment.chance))
    }

    /// Asks the remote, unless the run was cancelled.
    fn probe(&self, attempt: EffectAttempt, look: u32, cause: ProbeCause) -> CommandState {
        if !self.cancelled() {
            return CommandState::Probing { attempt, look, cause };
        }
        match cause {
            ProbeCause::Recovery => CommandState::Interrupted { failure: interrupted(self.run) },
            ProbeCause::Unanswered { failure, .. } => CommandState::Interrupted { failure },
            ProbeCause::Panicked { .. } => self.doubt(attempt, &cause, ""),
        }
    }

    fn probed(
        &self,
        attempt: EffectAttempt,
        look: u32,
        cause: ProbeCause,
        found: Result<Probe, Failure>,
        on_unknown: OnUnknown,
    ) -> CommandState {
        let later = usize::try_from(look).ok().and_then(|look| self.policy.looks.get(look));
        // "There is nothing" is believed after the last look.
        if matches!(found, Ok(Probe::Absent) | Err(_))
            && let Some(&pause) = later
        {
            let look = look + 1;
            return if self.cancelled() {
                self.probe(attempt, look, cause)
            } else {
                CommandState::ProbePause { attempt, look, pause, cause }
            };
        }
        match (found, cause) {
            (Ok(Probe::Done(value)), _) => settled_by("probe", value),
            // What panicked once is not tried again.
            (_, cause @ ProbeCause::Panicked { .. }) => self.doubt(attempt, &cause, ""),
            // Whether it happened is not known before the remote answers again.
            (Err(failure), _) if self.is_outage(&failure) => {
                let what = format!("`{}` at {}", self.request.call.name, self.request.key.label());
                let message = format!("{}; whether {what} has happened is asked then", failure.message);
                self.suspended(Written::Intended(attempt), Failure { message, ..failure })
            }
            (Err(failure), cause) => self.unasked(attempt, &cause, &failure),
            (Ok(Probe::Refused(failure)), _) => self.failed(failure),
            (Ok(Probe::Absent), ProbeCause::Recovery) => self.first_try(attempt.next()),
            (Ok(Probe::Absent), ProbeCause::Unanswered { failure, tries }) => {
                let failure = failure.hint("it was looked for afterwards, and it has not happened");
                self.not_done(attempt, tries, failure, None)
            }
            (Ok(Probe::Unknown(why)), cause) => match (on_unknown, cause) {
                (OnUnknown::Ask, cause) => self.doubt(attempt, &cause, &why),
                (OnUnknown::Skip, _) => settled_by("skip", Value::Null),
                (OnUnknown::Retry, ProbeCause::Unanswered { failure, tries }) => {
                    self.tried_blindly(attempt, tries, failure)
                }
                (OnUnknown::Retry, _) => self.first_try(attempt.next()),
            },
        }
    }

    /// Tries again what may have happened, as the workflow wants it; past the budget it is in doubt.
    fn tried_blindly(&self, attempt: EffectAttempt, tries: Tries, failure: Failure) -> CommandState {
        match self.next_pause(tries, None) {
            Some(pause) => {
                let later = CommandState::PerformPause { attempt, tries, pause, failure: failure.clone() };
                self.unless_cancelled(failure, later)
            }
            None => {
                let why = failure.message.clone();
                self.doubt(attempt, &ProbeCause::Unanswered { failure, tries }, &why)
            }
        }
    }

    fn unasked(&self, attempt: EffectAttempt, cause: &ProbeCause, failure: &Failure) -> CommandState {
        let again = format!("; `relwf resume {}` asks the remote again", self.run);
        self.doubt_with(attempt, cause, &format!("the remote could not be asked: {failure}"), &again)
    }

    /// An operator has to look. Of an effect that panicked, the panic is told instead of `why`.
    fn doubt(&self, attempt: EffectAttempt, cause: &ProbeCause, why: &str) -> CommandState {
        self.doubt_with(attempt, cause, why, "")
    }

    /// The same, with more to do about it.
    fn doubt_with(&self, attempt: EffectAttempt, cause: &ProbeCause, why: &str, more: &str) -> CommandState {
        let (call, key) = (&self.request.call, &self.request.key);
        let what = format!("`{}` at {}", call.name, key.label());
        let message = match cause {
            ProbeCause::Recovery => format!("relwf stopped while {what} was running: {why}"),
            ProbeCause::Unanswered { .. } => format!("{what} may or may not have happened: {why}"),
            ProbeCause::Panicked { failure } => format!("{what} may or may not have happened: {}", failure.message),
        };
        let failure = Failure::new(FailureKind::InDoubt, message)
            .hint(format!("check whether it happened, then settle it or abandon the run{more}"))
            .at(call.at.clone())
            .detail(serde_json::json!({ "key": key, "command": call.name, "args": call.args }));
        match attempt.doubt {
            Doubt::Recorded => CommandState::InDoubt { failure },
            Doubt::Unrecorded => CommandState::RecordingDoubt { failure },
        }
    }

    /// A failure is an outcome for the script, unless the run was cancelled: then the failure may come from that, and the
    /// command is performed again on resume (it did nothing, or its probe will tell).
    fn failed(&self, failure: Failure) -> CommandState {
        self.unless_cancelled(failure.clone(), outcome(Settled::Failure(failure)))
    }

    fn suspended(&self, written: Written, failure: Failure) -> CommandState {
        let after = failure.after.and_then(|after| SignedDuration::try_from(after.duration()).ok());
        let until: Option<Timestamp> = after.and_then(|after| self.moment.now.checked_add(after).ok());
        let why = match (&failure.hint, failure.kind, until) {
            (Some(hint), FailureKind::Auth, _) => format!("{} ({hint})", failure.message),
            (_, _, Some(until)) => format!("{}, until {}", failure.message, minute_in(TimeZone::system(), until)),
            _ => failure.message,
        };
        CommandState::Suspended { written, why, until }
    }

    fn unless_cancelled(&self, failure: Failure, state: CommandState) -> CommandState {
        if self.cancelled() { CommandState::Interrupted { failure } } else { state }
    }

    fn impossible(&self, state: &'static str, happened: &Happened) -> CommandState {
        let (name, key) = (&self.request.call.name, self.request.key.label());
        let failure = Failure::new(
            FailureKind::Bug,
            format!("`{name}` at {key} cannot be `{}` while `{state}`", happened.name()),
        )
        .hint("this is a bug in relwf; please report it")
        .at(self.request.call.at.clone());
        CommandState::Bug { failure }
    }
}

/// A network that is down, or a server that does not answer, for a moment.
fn is_passing(kind: FailureKind) -> bool {
    matches!(kind, FailureKind::Network | FailureKind::Timeout)
}

fn outcome(settled: Settled) -> CommandState {
    CommandState::RecordingOutcome { settled, actor: None }
}

fn settled_by(actor: &str, value: Value) -> CommandState {
    CommandState::RecordingOutcome { settled: Settled::Value(value), actor: Some(actor.to_owned()) }
}

/// ctrl-C, where no other failure explains why there is no outcome.
pub(in crate::run) fn interrupted(run: &RunId) -> Failure {
    let hint = format!("`relwf resume {run}` goes on where it stopped");
    Failure::new(FailureKind::Interrupted, "interrupted").hint(hint)
}
