//! Plain lines for pipes and logs: each begins with its step, so that parallel work can be told apart.

use super::approvals::Approvals;
use super::command_phrase::phrase;
use super::remarks::{StepRemarks, is_handler};
use crate::model::HumanDuration;
use crate::run::{Event, Key, Listener, Remark, RemarkKind, StepPath, StepStatus};
use crate::ui::out::{Out, Verbosity};
use crate::ui::style::{DIM, ERROR, NAME, WARNING, paint};
use crate::ui::time::took;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Plain lines on stderr.
pub struct PlainLines {
    out: Arc<Out>,
    /// The last reason that was printed for each wait: it is printed again only when it changes.
    waiting: Mutex<HashMap<Key, String>>,
    /// What each command does now, where it says so.
    doing: Mutex<HashMap<Key, String>>,
    approvals: Approvals,
    remarks: StepRemarks,
}

impl PlainLines {
    /// For these streams.
    pub fn new(out: Arc<Out>) -> Self {
        Self {
            out,
            waiting: Mutex::default(),
            doing: Mutex::default(),
            approvals: Approvals::default(),
            remarks: StepRemarks::default(),
        }
    }

    fn say(&self, step: &StepPath, text: &str) {
        if step.is_empty() {
            self.out.say(text);
        } else {
            self.out.say(&format!("{} {text}", paint(NAME, format!("{}:", step.label()))));
        }
    }
}

impl PlainLines {
    /// Keeps in mind what commands do.
    fn observe(&self, event: &Event) {
        let mut doing = self.doing.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::CommandProgress { key, text, .. } => drop(doing.insert(key.clone(), text.clone())),
            Event::CommandFinished { key, .. } => drop(doing.remove(key)),
            _ => {}
        }
    }

    /// `still waiting after 3m: ci/pr is pending`; of a look that lasts what it does.
    fn lasts(&self, key: &Key, command: &str, why: Option<&str>, waited_ms: u64) -> String {
        let minutes = HumanDuration::new(Duration::from_secs(waited_ms / 60_000 * 60));
        let doing = self.doing.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned();
        let (what, why) = match why {
            Some(why) => ("waiting", self.approvals.waiting(key, why)),
            None => ("running", doing.unwrap_or_else(|| command.to_owned())),
        };
        format!("{} {why}", paint(WARNING, format!("still {what} after {minutes}:")))
    }
}

impl Listener for PlainLines {
    fn event(&self, event: &Event) {
        self.approvals.observe(event);
        self.remarks.observe(event);
        self.observe(event);
        let verbose = self.out.verbosity == Verbosity::Verbose;
        if let Some(text) = note(event) {
            self.out.say(&format!("{} {text}", paint(NAME, "note:")));
            return;
        }
        match event {
            Event::RunStarted { .. } => self.out.say(&started(event)),
            Event::StepStarted { step, at } if verbose => self.say(step, &format!("started {}", paint(DIM, at))),
            Event::StepStarted { step, .. } if is_handler(step) => {}
            Event::StepStarted { step, .. } => self.say(step, "started"),
            Event::StepFinished { step, status, took_ms } => {
                let remark = self.remarks.take(step);
                let time = took(*took_ms);
                let text = match (status, remark) {
                    (StepStatus::Failed, _) => paint(ERROR, format!("failed after {time}")),
                    (StepStatus::Done, _) if is_handler(step) && !verbose => return,
                    (StepStatus::Done, None) => format!("done in {time}"),
                    (StepStatus::Done, Some(Remark { kind: RemarkKind::Nothing, why })) => {
                        format!("nothing to do: {why}")
                    }
                    (StepStatus::Done, Some(Remark { kind: RemarkKind::Unwatched, why })) => {
                        format!("{} {why}", paint(WARNING, "not watched:"))
                    }
                    (StepStatus::Done, Some(Remark { kind: RemarkKind::Adverse, why })) => {
                        paint(ERROR, format!("{why} (after {time})"))
                    }
                };
                self.say(step, &text);
            }
            Event::CommandStarted { step, command, args, at, .. } if verbose => {
                self.say(step, &format!("{} {}", phrase(command, args), paint(DIM, at)));
            }
            Event::CommandProgress { key, text, .. } if verbose => self.say(&key.path, text),
            Event::Waiting { key, why } => {
                let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
                if waiting.insert(key.clone(), why.clone()).as_ref() != Some(why) {
                    let why = self.approvals.waiting(key, why);
                    self.say(&key.path, &format!("{} {why}", paint(WARNING, "waiting:")));
                }
            }
            Event::StillWaiting { key, command, why, waited_ms } => {
                self.say(&key.path, &self.lasts(key, command, why.as_deref(), *waited_ms));
            }
            Event::CommandFinished { step, command, error: Some(error), .. } => {
                self.say(step, &format!("{} {}", paint(ERROR, format!("{command} failed:")), error.message));
            }
            Event::CommandFinished { step, command, took_ms, .. } if verbose => {
                self.say(step, &format!("{command} {}", paint(DIM, format!("answered in {}", took(*took_ms)))));
            }
            Event::Note { .. }
            | Event::CommandStarted { .. }
            | Event::CommandProgress { .. }
            | Event::CommandFinished { .. }
            // The summary prints it, with more.
            | Event::RunFinished { .. } => {}
        }
    }
}

/// `run r1: promote-staging from=master to=staging`.
pub(super) fn started(event: &Event) -> String {
    let Event::RunStarted { run, workflow, params, dry_run, resumed } = event else { return String::new() };
    let what = match (dry_run, resumed) {
        (true, _) => "dry run".to_owned(),
        (false, true) => format!("run {run} goes on"),
        (false, false) => format!("run {run}"),
    };
    let given: Vec<String> = params
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(_, value)| !value.is_null() && value.as_array().is_none_or(|items| !items.is_empty()))
        .map(|(name, value)| format!("{name}={}", super::command_phrase::short(value)))
        .collect();
    format!("{}: {} {}", what, paint(NAME, workflow), paint(DIM, given.join(" "))).trim_end().to_owned()
}

/// What a workflow wants to be read: `print` is an event of its own, `flow::note` a command.
pub(in crate::ui) fn note(event: &Event) -> Option<String> {
    match event {
        Event::Note { text } => Some(text.clone()),
        Event::CommandStarted { command, args, .. } if command == "flow::note" => {
            let text = args.get("text")?;
            Some(text.as_str().map_or_else(|| text.to_string(), str::to_owned))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{RunId, Shown, SourceLocation};
    use crate::ui::out::{Form, captured};
    use serde_json::json;

    #[test]
    fn every_line_names_its_step_and_a_wait_speaks_when_it_changes_or_lasts() {
        let (out, stdout, stderr) = captured::out(Form::Text);
        let lines = PlainLines::new(Arc::new(out));
        let at = SourceLocation::new("workflows/w.rhai", 3, 1);
        let step = StepPath::default().step("50% of a/b [x]");
        let key = Key { path: step.clone(), ordinal: 0 };
        let still = |why: Option<&str>, waited_ms| Event::StillWaiting {
            key: key.clone(),
            command: "forge::wait_checks".into(),
            why: why.map(str::to_owned),
            waited_ms,
        };
        let wait = || Event::Waiting { key: key.clone(), why: "ci/pr is running".into() };
        for event in [
            Event::RunStarted {
                run: RunId::new("r1"),
                workflow: "w".into(),
                params: json!({"to": "staging", "commit": null}),
                dry_run: false,
                resumed: false,
            },
            Event::StepStarted { step: step.clone(), at },
            Event::CommandProgress { key: key.clone(), text: "asking the CI".into(), shown: Shown::Passing },
            still(None, 60_000),
            wait(),
            wait(),
            still(Some("ci/pr is running"), 3_905_000),
            Event::StepFinished { step: step.clone(), status: StepStatus::Done, took_ms: 1234 },
            Event::Note { text: "hello".into() },
        ] {
            lines.event(&event);
        }
        assert_eq!(stdout.text(), "");
        assert_eq!(
            stderr.text(),
            "run r1: w to=staging\n50% of a/b [x]: started\n50% of a/b [x]: still running after 1m: asking the CI\n\
             50% of a/b [x]: waiting: ci/pr is running\n50% of a/b [x]: still waiting after 1h5m: ci/pr is running\n\
             50% of a/b [x]: done in 1.2s\n\
             note: hello\n"
        );
    }
}
