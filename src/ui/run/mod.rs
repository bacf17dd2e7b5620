//! A run as it happens: a listener for terminals, one for pipes, one for `--json`.

mod approvals;
mod command_phrase;
mod json;
mod lines;
mod live;
mod planning;
mod process;
mod quiet;
mod remarks;
mod summary;

pub use command_phrase::{phrase, short};
pub(super) use lines::note;
pub use process::process;
pub use summary::{ONCE_GREEN, finished, next, still_open, to_approve, to_settle};

use super::out::{Form, Out, Screen, Verbosity};
use crate::run::Listener;
use std::sync::Arc;

/// The listener for these streams.
pub fn listener(out: &Arc<Out>) -> Box<dyn Listener> {
    match (out.form, out.screen, out.verbosity) {
        (Form::Json, ..) => Box::new(json::JsonLines::new(Arc::clone(out))),
        (Form::Text, Screen::Terminal, Verbosity::Normal | Verbosity::Verbose) => {
            Box::new(live::LiveDisplay::new(Arc::clone(out)))
        }
        (Form::Text, ..) => Box::new(lines::PlainLines::new(Arc::clone(out))),
    }
}

/// The listener for a dry run: the plan shows what would be done, and nothing else does.
pub fn planning(out: &Arc<Out>) -> Box<dyn Listener> {
    match out.form {
        Form::Json => Box::new(json::JsonLines::new(Arc::clone(out))),
        Form::Text => Box::new(planning::Planning::new(Arc::clone(out))),
    }
}
