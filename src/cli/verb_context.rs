//! What every verb gets: the streams, what was given on the command line, ctrl-C.

use super::command_line::{Cli, ColorArg, Global};
use crate::app::{ChosenProcess, Fetch, Invocation, Project, embedded_text};
use crate::git::CrossCheckMode;
use crate::model::{Cancel, Failure, shell_quoted};
use crate::ui::{self, Colour, Form, Out, Questions, Verbosity};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

/// What every verb gets.
pub struct VerbContext {
    /// The streams.
    pub out: Arc<Out>,
    /// What the command was given.
    pub invocation: Invocation,
    /// What the operator types before a verb: `relwf`, or `relwf -C service`.
    pub command_prefix: String,
    /// Published files that a run goes by instead of those of the folder.
    published: OnceLock<BTreeMap<String, String>>,
}

impl VerbContext {
    /// For this process.
    pub fn of_process(cli: &Cli) -> Self {
        let Global { dir, config, color, verbose, quiet, no_input } = &cli.global;
        let form = if cli.verb.json() { Form::Json } else { Form::Text };
        let verbosity = match (quiet, verbose) {
            (true, _) => Verbosity::Quiet,
            (false, 0) => Verbosity::Normal,
            (false, _) => Verbosity::Verbose,
        };
        let colour = match color {
            ColorArg::Auto => Colour::Auto,
            ColorArg::Always => Colour::Always,
            ColorArg::Never => Colour::Never,
        };
        let questions = if *no_input { Questions::Refused } else { Questions::Allowed };
        let here = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
        let invocation = Invocation {
            dir: dir.as_ref().map_or_else(|| here.clone(), |dir| here.join(dir)),
            config: config.as_ref().map(|file| here.join(file)),
            repo: cli.verb.repo().and_then(|repo| repo.repo.clone()),
            fetch: if cli.verb.no_fetch() { Fetch::Skip } else { Fetch::First },
            cross_check: if cli.verb.no_cross_check() { CrossCheckMode::Skip } else { CrossCheckMode::Ask },
            env: Arc::new(|name| std::env::var(name).ok()),
            cancel: Cancel::new(),
        };
        ui::log::start((invocation.env)("RELWF_LOG").as_deref(), *verbose);
        let mut command_prefix = "relwf".to_owned();
        for (flag, value) in [("-C", dir), ("--config", config)] {
            // What comes from RELWF_CONFIG will come from there the next time, too.
            let typed = value.as_ref().filter(|_| flag == "-C" || (invocation.env)("RELWF_CONFIG").is_none());
            if let Some(value) = typed {
                command_prefix.push_str(&format!(" {flag} {}", quoted(&value.display().to_string())));
            }
        }
        Self {
            out: Arc::new(Out::of_process(form, verbosity, colour, questions)),
            invocation,
            command_prefix,
            published: OnceLock::new(),
        }
    }

    /// The same for another folder, with other streams.
    pub fn of_folder(out: Arc<Out>, invocation: Invocation, command_prefix: String) -> Self {
        Self { out, invocation, command_prefix, published: OnceLock::new() }
    }

    /// From here on messages show the files of this process.
    pub fn go_by(&self, chosen: &ChosenProcess) {
        let _ = self.published.set(chosen.texts.clone());
    }

    /// The project around the folder.
    pub fn project(&self) -> Result<Project, Failure> {
        Project::open(&self.invocation)
    }

    /// The project for verbs that look at runs: a relwf.toml that is wrong today does not matter to them.
    pub fn journal(&self) -> Result<Project, Failure> {
        Project::around(&self.invocation)
    }

    /// A path as the operator would type it from the working folder: below `-C`, when that was given.
    pub fn shown(&self, path: &std::path::Path) -> String {
        let here = std::env::current_dir().unwrap_or_default();
        let whole = self.invocation.dir.join(path);
        let shown = whole.strip_prefix(&here).map_or_else(|_| whole.clone(), std::path::Path::to_path_buf);
        quoted(&shown.display().to_string())
    }

    /// Lets the first ctrl-C (or a polite kill, or a terminal that is closed) stop the work at its next safe point; a second one ends the
    /// process at once.
    pub fn listen_for_interrupts(&self) {
        use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
        let flag = self.invocation.cancel.flag();
        // `nohup` means that a closed terminal is to change nothing.
        let signals = [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|signal| *signal != SIGHUP || !is_ignored(SIGHUP));
        for signal in signals {
            // The order matters: when the signal comes the second time the flag is already set. Where the handlers cannot
            // be installed the signal keeps its meaning, which is to end the process: the journal is made for that.
            let _ = signal_hook::flag::register_conditional_shutdown(signal, 130, Arc::clone(&flag));
            let _ = signal_hook::flag::register(signal, Arc::clone(&flag));
        }
    }

    /// The text of a file that a failure names: relative to the folder or one above it, or embedded.
    pub fn text(&self, file: &str) -> Option<String> {
        if let Some(text) = self.published.get().and_then(|files| files.get(file)) {
            return Some(text.clone());
        }
        let folders = self.invocation.dir.ancestors();
        let beside = self.invocation.config.as_ref().and_then(|config| config.parent());
        folders
            .chain(beside)
            .find_map(|folder| std::fs::read_to_string(folder.join(file)).ok())
            .or_else(|| embedded_text(file))
    }
}

/// Was this signal ignored when the process began, as far as the system tells (proc_pid_status(5))?
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    mask >> (signal - 1) & 1 == 1
}

/// A word for a shell, in quotes when it needs them.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word.to_owned() } else { shell_quoted(word) }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn words_for_a_shell_are_quoted_when_they_need_it() {
        assert_eq!(quoted("relwf-demo/service"), "relwf-demo/service");
        assert_eq!(quoted("my demo"), "'my demo'");
        assert_eq!(quoted("it's"), "'it'\\''s'");
    }
}
