//! Turns a panic into one bug report.

use super::errors;
use super::out::Out;
use crate::model::{Failure, FailureKind, RunId};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

/// What the panic hook leaves for [`guarded`]: the first panic's message and place.
static PANIC: Mutex<Option<String>> = Mutex::new(None);
/// The run this process works on, so that a report can name it.
static RUN: Mutex<Option<RunId>> = Mutex::new(None);

/// From now on a bug report names this run.
pub fn working_on(run: &RunId) {
    *RUN.lock().unwrap_or_else(PoisonError::into_inner) = Some(run.clone());
}

/// Does the work; a panic, in whatever thread, becomes a bug report. `None` then.
pub fn guarded<T>(out: &Out, work: impl FnOnce() -> T) -> Option<T> {
    std::panic::set_hook(Box::new(|info| {
        let payload = info.payload();
        let what =
            payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        let what = what.unwrap_or("a panic without a message");
        let place = info.location().map(|at| format!(" at {}:{}", at.file(), at.line())).unwrap_or_default();
        let mut first = PANIC.lock().unwrap_or_else(PoisonError::into_inner);
        first.get_or_insert_with(|| format!("{what}{place}"));
        if std::env::var_os("RUST_BACKTRACE").is_some_and(|value| value != "0") {
            anstream::eprintln!("{}", std::backtrace::Backtrace::force_capture());
        }
    }));
    let done = catch_unwind(AssertUnwindSafe(work));
    // The default hook again: what panics from here on (a failing test) is reported as usual.
    let _ = std::panic::take_hook();
    match done {
        Ok(done) => Some(done),
        Err(_) => {
            errors::failure(out, &report(), &errors::no_texts);
            None
        }
    }
}

fn report() -> Failure {
    let what = PANIC.lock().unwrap_or_else(PoisonError::into_inner).take();
    let run = RUN.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let version = env!("CARGO_PKG_VERSION");
    let failure = Failure::new(FailureKind::Bug, format!("relwf {version} reached a state that should not exist"))
        .cause(what.unwrap_or_else(|| "unknown".to_owned()));
    match run {
        Some(run) => failure.hint(format!(
            "nothing that was done is lost: `relwf show {run}` shows how far run {run} came, `relwf resume {run}` continues it"
        )),
        None => failure,
    }
}

#[cfg(test)]
mod tests {
    use super::super::out::{Form, captured};
    use super::*;

    #[test]
    fn a_panic_becomes_a_report_that_names_the_run() {
        let (out, _, stderr) = captured::out(Form::Text);
        working_on(&RunId::new("r1"));
        let answer: Option<()> = guarded(&out, || panic!("out of {}", "cheese"));
        assert_eq!(answer, None);
        let report = stderr.text();
        assert!(report.contains("out of cheese at src/ui/bug.rs:"), "{report}");
        assert!(report.contains("relwf resume r1"), "{report}");
        assert!(report.contains("report it"), "{report}");
    }
}
