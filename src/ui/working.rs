//! Spinners: for slow work outside of a run (cloning, fetching, merging) and how those of a run look. In a pipe only warnings are
//! printed, and with `--verbose` each task.

use super::out::{Charset, Out, Screen, Verbosity};
use super::style::{WARNING, paint};
use crate::model::{Cancel, Progress, Shown, TaskContext};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::sync::{Mutex, Once, PoisonError};
use std::time::Duration;

/// Shows how far the work is until it is dropped.
pub struct Working<'a> {
    say: Box<dyn Fn(Progress) + Send + Sync + 'a>,
    bar: Option<ProgressBar>,
}

impl<'a> Working<'a> {
    /// For the streams of a command.
    pub fn new(out: &'a Out) -> Self {
        if out.screen == Screen::Terminal && out.verbosity > Verbosity::Quiet {
            let bar =
                ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()).with_style(spinner(out.charset));
            // What is done at once needs no spinner: it would only flash.
            let (shown, started) = (bar.clone(), Once::new());
            let say = move |progress: Progress| {
                if progress.shown == Shown::Lasting {
                    shown.suspend(|| out.say(&warning(&progress)));
                    return;
                }
                shown.set_message(out.shown(&progress_line(&progress)).into_owned());
                started.call_once(|| shown.enable_steady_tick(Duration::from_millis(120)));
            };
            return Self { say: Box::new(say), bar: Some(bar) };
        }
        let verbose = out.verbosity == Verbosity::Verbose;
        let last = Mutex::new(String::new());
        let say = move |progress: Progress| {
            let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
            if progress.shown == Shown::Lasting {
                out.say(&warning(&progress));
            } else if verbose && *last != progress.what {
                out.say(&progress.what);
                *last = progress.what;
            }
        };
        Self { say: Box::new(say), bar: None }
    }

    /// Says what is done now.
    pub fn say(&self, progress: Progress) {
        (self.say)(progress);
    }

    /// What the work is given.
    pub fn task<'b>(&'b self, cancel: &'b Cancel) -> TaskContext<'b> {
        TaskContext { cancel, progress: &*self.say }
    }
}

impl Working<'_> {
    /// Removes the spinner: from here on the caller shows what happens.
    pub fn done(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Working<'_> {
    fn drop(&mut self) {
        self.done();
    }
}

/// A line that stays.
fn warning(progress: &Progress) -> String {
    format!("{} {}", paint(WARNING, "warning:"), progress.what)
}

/// For work without a name.
fn spinner(charset: Charset) -> ProgressStyle {
    style("{spinner} {wide_msg}", charset)
}

/// For a step: its name, how long it has run, what it does.
pub fn step_spinner(charset: Charset) -> ProgressStyle {
    style("{spinner} {prefix} {elapsed} {wide_msg}", charset)
}

fn style(template: &str, charset: Charset) -> ProgressStyle {
    let ticks = match charset {
        Charset::Unicode => "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ ",
        Charset::Ascii => "|/-\\ ",
    };
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner()).tick_chars(ticks)
}

/// `receiving objects 120/4000, 1.3 MiB`.
pub fn progress_line(progress: &Progress) -> String {
    let mut text = progress.what.clone();
    match (progress.done, progress.total) {
        (Some(done), Some(total)) => text.push_str(&format!(" {done}/{total}")),
        (Some(done), None) => text.push_str(&format!(" {done}")),
        _ => {}
    }
    if let Some(bytes) = progress.bytes.filter(|bytes| *bytes > 0) {
        text.push_str(&format!(", {}", indicatif::BinaryBytes(bytes)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_one_short_line() {
        let progress = Progress {
            what: "receiving objects".into(),
            done: Some(3),
            total: Some(9),
            bytes: Some(2048),
            ..Progress::default()
        };
        assert_eq!(progress_line(&progress), "receiving objects 3/9, 2.00 KiB");
    }
}
