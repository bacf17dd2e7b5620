//! What commands answer, without any secret that was read: it goes to the journal, to listeners and to the script, which sees the same
//! now and when the run is resumed.

use crate::model::{Failure, Progress, TaskContext, Value, WriteError, redacted, redacted_failure, redacted_value};
use crate::run::{Assumed, Command, Effect, Intent, Observation, OnUnknown, Performing, Probe, Read, Wait};

/// The command behind it, with everything that comes out of it looked through.
pub(super) fn redacted_command(command: Command) -> Command {
    match command {
        Command::Read(read) => Command::Read(Box::new(Redacted(read))),
        Command::Wait(wait) => Command::Wait(Box::new(Redacted(wait))),
        Command::Effect(effect) => Command::Effect(Box::new(Redacted(effect))),
    }
}

struct Redacted<T: ?Sized>(Box<T>);

/// Performs with progress that is looked through.
fn within<A>(cx: &Performing<'_>, act: impl FnOnce(&Performing<'_>) -> A) -> A {
    let progress = |progress: Progress| {
        (cx.task.progress)(Progress { what: redacted(&progress.what).into_owned(), ..progress });
    };
    act(&Performing { task: TaskContext { cancel: cx.task.cancel, progress: &progress }, ..*cx })
}

fn answered(answer: Result<Value, Failure>) -> Result<Value, Failure> {
    answer.map(redacted_value).map_err(redacted_failure)
}

fn assumed(answer: Result<Assumed, Failure>) -> Result<Assumed, Failure> {
    answer
        .map(|Assumed { value, note }| Assumed {
            value: redacted_value(value),
            note: note.map(|note| redacted(&note).into_owned()),
        })
        .map_err(redacted_failure)
}

impl Read for Redacted<dyn Read> {
    fn perform(&self, cx: &Performing<'_>) -> Result<Value, Failure> {
        answered(within(cx, |cx| self.0.perform(cx)))
    }
}

impl Wait for Redacted<dyn Wait> {
    fn begin(&self, cx: &Performing<'_>) -> Result<Value, Failure> {
        answered(within(cx, |cx| self.0.begin(cx)))
    }

    fn observe(&self, cx: &Performing<'_>, begun: &Value) -> Result<Observation, Failure> {
        let text = |text: String| redacted(&text).into_owned();
        let seen = within(cx, |cx| self.0.observe(cx, begun)).map_err(redacted_failure)?;
        Ok(match seen {
            Observation::Ready(value) => Observation::Ready(redacted_value(value)),
            Observation::NotYet { why, again } => Observation::NotYet { why: text(why), again },
            Observation::Suspend { why, until } => Observation::Suspend { why: text(why), until },
        })
    }

    fn again(&self, cx: &Performing<'_>, begun: &Value) -> Result<Value, Failure> {
        answered(within(cx, |cx| self.0.again(cx, begun)))
    }

    fn assume(&self, cx: &Performing<'_>) -> Result<Assumed, Failure> {
        assumed(within(cx, |cx| self.0.assume(cx)))
    }
}

impl Effect for Redacted<dyn Effect> {
    fn prepare(&self, cx: &Performing<'_>) -> Result<Value, Failure> {
        answered(within(cx, |cx| self.0.prepare(cx)))
    }

    fn perform(&self, cx: &Performing<'_>, intent: &Intent) -> Result<Value, WriteError> {
        within(cx, |cx| self.0.perform(cx, intent)).map(redacted_value).map_err(|error| error.map(redacted_failure))
    }

    fn probe(&self, cx: &Performing<'_>, intent: &Intent) -> Result<Probe, Failure> {
        let found = within(cx, |cx| self.0.probe(cx, intent)).map_err(redacted_failure)?;
        Ok(match found {
            Probe::Done(value) => Probe::Done(redacted_value(value)),
            Probe::Refused(failure) => Probe::Refused(redacted_failure(failure)),
            Probe::Unknown(why) => Probe::Unknown(redacted(&why).into_owned()),
            Probe::Absent => Probe::Absent,
        })
    }

    fn restore(&self, cx: &Performing<'_>, intent: &Intent, outcome: &Value) -> Result<(), Failure> {
        within(cx, |cx| self.0.restore(cx, intent, outcome)).map_err(redacted_failure)
    }

    fn on_unknown(&self) -> OnUnknown {
        self.0.on_unknown()
    }

    fn assume(&self, cx: &Performing<'_>) -> Result<Assumed, Failure> {
        assumed(within(cx, |cx| self.0.assume(cx)))
    }
}
