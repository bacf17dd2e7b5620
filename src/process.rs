//! Child processes: every program that relwf starts, each in a process group of its own, with a time limit and a cancel flag.
//!
//! The only room that starts programs. Knows what a program is and how it ends; not why it was started. Nothing goes through a
//! shell.

mod duplex;
mod environment;
#[cfg(target_os = "linux")]
mod left_running;

pub(crate) use duplex::Duplex;
pub use environment::{hide_own as hide_own_credentials, withhold_own as withhold_own_environment};
pub(crate) use environment::{replaces_code, withheld};

use crate::model::{Failure, FailureKind, HumanDuration, TaskContext};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How often the cancel flag and the clock are looked at.
const LOOK: Duration = Duration::from_millis(25);
/// How long a group may take to end by itself after SIGTERM, and how long what a program left behind is read.
const POLITE: Duration = Duration::from_secs(2);
/// How long output is waited for after the program's end while something that it left behind holds a pipe open.
const DRAIN: Duration = Duration::from_millis(300);
/// More reads than a pipe's content takes: Linux lets a pipe hold 1 MiB (pipe(7)), and each read takes a page or more.
const PIPE_READS: usize = 512;
/// How soon a program that closed its output is checked for its end: most do both at once.
const SOON: Duration = Duration::from_millis(1);
/// Lines longer than this are cut where they are shown.
const LINE: usize = 4096;

/// Where the two output streams go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Streams {
    /// Into one, in the order in which they were written; [`ProgramExit::stdout`] holds both.
    Merged,
    /// Each into its own.
    Apart,
}

/// What becomes of processes that the program left running.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leftovers {
    /// They are killed, on Linux also those in sessions of their own: a build ends with everything it started.
    Kill,
    /// They stay: the program may have started a service.
    Leave,
}

/// A program to start. `Text` is what arguments and variables are made of: `OsString` where a path of any bytes is among them.
pub struct Program<'a, Text = String> {
    /// The program and its arguments. A name without a slash is looked up in PATH; a relative path starts at `dir`.
    pub argv: &'a [Text],
    /// Its working folder.
    pub dir: &'a Path,
    /// Variables of relwf's own that it must not see.
    pub without: &'a [&'a str],
    /// Variables on top of the others.
    pub env: &'a [(Text, Text)],
    /// Its standard input; nothing when `None`.
    pub stdin: Option<File>,
    /// Where its output goes.
    pub streams: Streams,
    /// How many bytes of each stream are kept, from the start; the rest is only shown.
    pub keep: usize,
    /// It is killed after this long.
    pub limit: Option<Duration>,
    /// What becomes of what it left running.
    pub leftovers: Leftovers,
}

/// A program that ended by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgramExit {
    /// Its exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// What it wrote, invalid UTF-8 replaced.
    pub stdout: String,
    /// What it wrote to its error stream; empty when merged.
    pub stderr: String,
    /// Was more written than was kept?
    pub truncated: bool,
    /// How long it took.
    pub took: Duration,
}

impl ProgramExit {
    /// Exit code 0?
    pub fn success(&self) -> bool {
        self.code == Some(0)
    }

    /// `exit code 2` or `signal 9`, for messages.
    pub fn ending(&self) -> String {
        match (self.code, self.signal) {
            (Some(code), _) => format!("exit code {code}"),
            (None, Some(signal)) => format!("signal {signal}"),
            (None, None) => "an unknown ending".to_owned(),
        }
    }
}

/// Why a program did not end by itself.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// There is no such program.
    #[error("`{0}` was not found")]
    NotFound(String),
    /// It could not be started.
    #[error("`{program}` could not be started: {source}")]
    Start {
        program: String,
        /// The system's error.
        source: io::Error,
    },
    /// It took too long and was killed with everything it had started.
    #[error("`{program}` took longer than {limit} and was stopped")]
    TimedOut { program: String, limit: HumanDuration },
    /// By ctrl-C, or because another run goes ahead: it was killed with everything it had started.
    #[error("`{0}` was stopped")]
    Cancelled(String),
}

impl ProcessError {
    /// Is it certain that the program did nothing?
    pub fn never_started(&self) -> bool {
        matches!(self, Self::NotFound(_) | Self::Start { .. })
    }
}

impl From<ProcessError> for Failure {
    fn from(error: ProcessError) -> Self {
        let message = error.to_string();
        match error {
            ProcessError::NotFound(program) if program.contains('/') => Self::new(FailureKind::Command, message)
                .hint("relative paths start at the folder of relwf.toml (in CI: at the checkout); a script's `#!` line must name a program that exists"),
            ProcessError::NotFound(program) => {
                Self::new(FailureKind::Command, message).hint(format!("install `{program}`, or add its folder to PATH"))
            }
            ProcessError::Start { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                Self::new(FailureKind::Command, message).hint("make the file executable: `chmod +x`")
            }
            ProcessError::Start { .. } => Self::new(FailureKind::Command, message),
            ProcessError::TimedOut { .. } => {
                Self::new(FailureKind::Timeout, message).hint("give it more time, or find out what it waits for")
            }
            ProcessError::Cancelled(_) => Self::new(FailureKind::Interrupted, message),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stream {
    Out,
    Err,
}

/// A text as a program's standard input, in a file without a name.
///
/// # Errors
///
/// The file cannot be written.
pub fn input(text: &str) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    file.write_all(text.as_bytes())?;
    file.rewind()?;
    Ok(file)
}

/// Runs a program to its end. `line` gets every line of output while it runs.
///
/// # Errors
///
/// It could not be started, took too long, or was stopped by ctrl-C. A program that ended by itself is never an error here.
pub fn run<Text: AsRef<OsStr>>(
    program: Program<'_, Text>,
    task: TaskContext<'_>,
    line: &mut dyn FnMut(&str),
) -> Result<ProgramExit, ProcessError> {
    let began = Instant::now();
    let limit = program.limit;
    let (keep, leftovers) = (program.keep, program.leftovers);
    let name = program.argv.first().map(|name| name.as_ref().to_string_lossy().into_owned()).unwrap_or_default();
    let mark = Mark::of(leftovers);
    let (child, pipes) = start(program, &name, &mark)?;
    let mut child = ProcessGroup::new(child, mark);
    let mut output = Output { pipes, out: Capture::new(keep), err: Capture::new(keep) };
    let mut pause = SOON;
    while !child.has_ended() {
        if task.cancel.is_raised() {
            child.stop();
            return Err(ProcessError::Cancelled(name));
        }
        if let Some(limit) = limit.filter(|limit| began.elapsed() > *limit) {
            child.stop();
            return Err(ProcessError::TimedOut { program: name, limit: HumanDuration::new(limit) });
        }
        if output.pipes.is_empty() {
            // It closed its output: most often because it is about to end, else it works on.
            std::thread::sleep(pause);
            pause = LOOK.min(pause * 2);
        } else {
            output.take(LOOK, line);
        }
    }
    output.rest(line);
    let Output { mut out, mut err, .. } = output;
    out.finish(line);
    err.finish(line);
    if leftovers == Leftovers::Kill {
        // The program itself is not reaped yet, so its id cannot belong to another process.
        child.signal(Signal::KILL);
        child.mark.kill();
    }
    let status = child.reap().map_err(|source| ProcessError::Start { program: name, source })?;
    Ok(ProgramExit {
        code: status.code(),
        signal: status.signal(),
        truncated: out.truncated || err.truncated,
        stdout: out.text(),
        stderr: err.text(),
        took: began.elapsed(),
    })
}

/// What a program writes.
struct Output {
    /// Those that are still open.
    pipes: Vec<(Stream, io::PipeReader)>,
    out: Capture,
    err: Capture,
}

impl Output {
    /// Takes what is there, or comes within this time. Was there anything?
    fn take(&mut self, within: Duration, line: &mut dyn FnMut(&str)) -> bool {
        let mut asked: Vec<PollFd<'_>> = self.pipes.iter().map(|(_, pipe)| PollFd::new(pipe, PollFlags::IN)).collect();
        let within = Timespec::try_from(within).unwrap_or_default();
        match poll(&mut asked, Some(&within)) {
            Ok(0) => return false,
            Ok(_) => {}
            // A signal came in between.
            Err(_) => return true,
        }
        let ready: Vec<bool> = asked.iter().map(|pipe| !pipe.revents().is_empty()).collect();
        let mut ready = ready.into_iter();
        let (out, err) = (&mut self.out, &mut self.err);
        let mut buffer = [0; 16 * 1024];
        self.pipes.retain_mut(|(stream, pipe)| {
            if ready.next() != Some(true) {
                return true;
            }
            match pipe.read(&mut buffer) {
                Ok(0) => false,
                Ok(count) => {
                    if *stream == Stream::Out { &mut *out } else { &mut *err }.take(&buffer[..count], line);
                    true
                }
                Err(error) => error.kind() == io::ErrorKind::Interrupted,
            }
        });
        true
    }

    /// Takes what is left after the program's end. What it wrote itself is in the pipes by then, however busy the machine is;
    /// processes that it left behind may hold them open, and are read for a while.
    fn rest(&mut self, line: &mut dyn FnMut(&str)) {
        let mut reads = 0;
        while !self.pipes.is_empty() && reads < PIPE_READS && self.take(Duration::ZERO, line) {
            reads += 1;
        }
        let began = Instant::now();
        while !self.pipes.is_empty() && began.elapsed() < POLITE && self.take(DRAIN, line) {}
    }
}

fn start<Text: AsRef<OsStr>>(
    program: Program<'_, Text>,
    name: &str,
    mark: &Mark,
) -> Result<(Child, Vec<(Stream, io::PipeReader)>), ProcessError> {
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => ProcessError::NotFound(name.to_owned()),
        _ => ProcessError::Start { program: name.to_owned(), source },
    };
    if !program.dir.is_dir() {
        let source = io::Error::other(format!("its working folder {} does not exist", program.dir.display()));
        return Err(ProcessError::Start { program: name.to_owned(), source });
    }
    // Whether a relative path starts at the old or the new working folder is left open by the system: make it absolute.
    let file: OsString = if name.contains('/') && !name.starts_with('/') {
        std::path::absolute(program.dir.join(name)).map_err(failed)?.into_os_string()
    } else if name.contains('/') {
        name.into()
    } else {
        // By relwf's own PATH: what a caller sets for the program has no say in which one it is.
        which::which(name).map_err(|_| ProcessError::NotFound(name.to_owned()))?.into_os_string()
    };
    let (reader, writer) = io::pipe().map_err(failed)?;
    let mut pipes = vec![(Stream::Out, reader)];
    let mut command = Command::new(file);
    command
        .args(program.argv.iter().skip(1))
        .current_dir(program.dir)
        .stdin(program.stdin.map_or_else(Stdio::null, Stdio::from))
        .process_group(0);
    for variable in program.without {
        command.env_remove(variable);
    }
    command.envs(program.env.iter().map(|(key, value)| (key, value)));
    mark.put_on(&mut command);
    match program.streams {
        Streams::Merged => {
            command.stdout(writer.try_clone().map_err(failed)?).stderr(writer);
        }
        Streams::Apart => {
            let (errors, error_writer) = io::pipe().map_err(failed)?;
            command.stdout(writer).stderr(error_writer);
            pipes.push((Stream::Err, errors));
        }
    }
    let child = command.spawn().map_err(failed)?;
    // `command` holds our ends of the pipes; without this there would be no end of output.
    drop(command);
    Ok((child, pipes))
}

/// By what the processes are known that a program started outside of its group, where they are to end with it.
struct Mark {
    #[cfg(target_os = "linux")]
    kept: Option<left_running::Mark>,
}

impl Mark {
    #[cfg(target_os = "linux")]
    fn of(leftovers: Leftovers) -> Self {
        Self { kept: (leftovers == Leftovers::Kill).then(left_running::Mark::new) }
    }

    #[cfg(not(target_os = "linux"))]
    fn of(_: Leftovers) -> Self {
        Self {}
    }

    fn put_on(&self, command: &mut Command) {
        #[cfg(target_os = "linux")]
        if let Some(mark) = &self.kept {
            command.env(left_running::VARIABLE, mark.value());
        }
        #[cfg(not(target_os = "linux"))]
        let _ = command;
    }

    fn kill(&self) {
        #[cfg(target_os = "linux")]
        if let Some(mark) = &self.kept {
            mark.kill();
        }
    }
}

/// A child that leads its process group.
struct ProcessGroup {
    child: Child,
    mark: Mark,
    id: Option<Pid>,
    ended: bool,
    reaped: bool,
}

impl ProcessGroup {
    fn new(child: Child, mark: Mark) -> Self {
        let id = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        Self { child, mark, id, ended: false, reaped: false }
    }

    /// Has the leader ended? It is not reaped yet, so its id stays its own.
    fn has_ended(&mut self) -> bool {
        if !self.ended {
            let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
            self.ended = match self.id {
                Some(id) => !matches!(waitid(WaitId::Pid(id), options), Ok(None)),
                None => true,
            };
        }
        self.ended
    }

    fn signal(&self, signal: Signal) {
        if let Some(id) = self.id {
            // The group may be gone already.
            let _ = kill_process_group(id, signal);
        }
    }

    /// Asks the whole group to end, then ends it.
    fn stop(&mut self) {
        self.signal(Signal::TERM);
        let began = Instant::now();
        while !self.has_ended() && began.elapsed() < POLITE {
            std::thread::sleep(LOOK);
        }
        self.signal(Signal::KILL);
        self.mark.kill();
        let _ = self.child.wait();
    }

    /// Ends the whole group at once.
    fn kill(&mut self) {
        // A leader that was reaped already has given its id back.
        if !self.reaped {
            self.signal(Signal::KILL);
            let _ = self.reap();
        }
    }

    fn reap(&mut self) -> io::Result<std::process::ExitStatus> {
        self.reaped = true;
        self.child.wait()
    }
}

/// One stream: what is kept of it, and the line that is not whole yet.
struct Capture {
    kept: Vec<u8>,
    keep: usize,
    truncated: bool,
    line: Vec<u8>,
}

impl Capture {
    fn new(keep: usize) -> Self {
        Self { kept: Vec::new(), keep, truncated: false, line: Vec::new() }
    }

    fn take(&mut self, bytes: &[u8], line: &mut dyn FnMut(&str)) {
        let room = self.keep.saturating_sub(self.kept.len()).min(bytes.len());
        self.kept.extend_from_slice(&bytes[..room]);
        self.truncated |= room < bytes.len();
        for &byte in bytes {
            if byte == b'\n' {
                self.finish(line);
            } else if self.line.len() < LINE {
                self.line.push(byte);
            }
        }
    }

    /// Hands over the line so far. Of a line that was drawn over and over (`\r`) only the last drawing counts.
    fn finish(&mut self, line: &mut dyn FnMut(&str)) {
        let text = String::from_utf8_lossy(&self.line).into_owned();
        self.line.clear();
        let text = text.trim_end_matches('\r');
        let text = text.rsplit('\r').next().unwrap_or(text).trim_end();
        if !text.is_empty() {
            line(text);
        }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.kept).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Cancel;

    type ShellResult = (Result<ProgramExit, ProcessError>, Vec<String>);

    fn sh(script: &str, change: impl FnOnce(&mut Program<'_>), cancel: &Cancel) -> ShellResult {
        start(&["sh".to_owned(), "-c".to_owned(), script.to_owned()], change, cancel)
    }

    fn start(argv: &[String], change: impl FnOnce(&mut Program<'_>), cancel: &Cancel) -> ShellResult {
        let mut program = Program {
            argv,
            dir: Path::new("/"),
            env: &[],
            without: &["HOME"],
            stdin: None,
            streams: Streams::Apart,
            keep: 100,
            limit: Some(Duration::from_secs(60)),
            leftovers: Leftovers::Leave,
        };
        change(&mut program);
        let mut lines = Vec::new();
        let task = TaskContext { cancel, progress: &|_| {} };
        let result = run(program, task, &mut |line| lines.push(line.to_owned()));
        (result, lines)
    }

    #[test]
    fn output_and_exit_code_come_back() {
        let (result, lines) = sh("echo out$HOME; echo err >&2; printf 'a\\rb'; exit 3", |_| {}, &Cancel::new());
        let finished = result.unwrap();
        assert_eq!((finished.code, finished.success()), (Some(3), false));
        assert_eq!((finished.stdout.as_str(), finished.stderr.as_str()), ("out\na\rb", "err\n"));
        let mut lines = lines;
        lines.sort();
        assert_eq!(lines, ["b", "err", "out"]);
    }

    #[test]
    fn what_is_set_is_seen_even_where_relwfs_own_is_withheld() {
        let argv = ["sh", "-c", "printf %s \"$HOME\""].map(str::to_owned);
        let program = Program {
            argv: &argv,
            dir: Path::new("/"),
            without: &["HOME"],
            env: &[("HOME".to_owned(), "/given".to_owned())],
            stdin: None,
            streams: Streams::Merged,
            keep: 100,
            limit: None,
            leftovers: Leftovers::Leave,
        };
        let task = TaskContext { cancel: &Cancel::new(), progress: &|_| {} };
        assert_eq!(run(program, task, &mut |_| {}).unwrap().stdout, "/given");
    }

    #[test]
    fn merged_output_keeps_its_order_and_is_cut_at_the_limit() {
        let (result, lines) = sh(
            "for i in 1 2 3; do echo o$i; echo e$i >&2; done",
            |program| (program.streams, program.keep) = (Streams::Merged, 7),
            &Cancel::new(),
        );
        let finished = result.unwrap();
        assert_eq!(lines, ["o1", "e1", "o2", "e2", "o3", "e3"]);
        assert_eq!((finished.stdout.as_str(), finished.truncated), ("o1\ne1\no", true));
    }

    #[test]
    fn a_program_that_takes_too_long_is_stopped_with_its_children() {
        let (mut life, line) = io::pipe().unwrap();
        let (result, _) = sh(
            "exec 3>&0; (sleep 60; echo alive >&3) & wait",
            |program| (program.stdin, program.limit) = (file(line), Some(Duration::from_millis(200))),
            &Cancel::new(),
        );
        assert!(matches!(result, Err(ProcessError::TimedOut { .. })), "{result:?}");
        assert_eq!(to_its_end(&mut life), "", "a child outlived its group");
    }

    fn file(end: impl Into<std::os::fd::OwnedFd>) -> Option<File> {
        Some(File::from(end.into()))
    }

    /// What comes until the last writer has closed its end.
    fn to_its_end(life: &mut io::PipeReader) -> String {
        let mut text = String::new();
        life.read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn ctrl_c_stops_it() {
        let cancel = Cancel::new();
        cancel.raise();
        let (result, _) = sh("sleep 60", |_| {}, &cancel);
        assert_eq!(Failure::from(result.unwrap_err()).kind, FailureKind::Interrupted);
    }

    #[test]
    fn what_a_build_leaves_behind_is_killed_and_what_a_service_leaves_behind_stays() {
        for (leftovers, stays) in [(Leftovers::Kill, ""), (Leftovers::Leave, "alive\n")] {
            let folder = tempfile::tempdir().unwrap();
            let go = folder.path().join("go");
            let (mut life, line) = io::pipe().unwrap();
            let script =
                format!("exec 3>&0; mkfifo {go}; (read word <{go}; echo $word >&3) & echo started", go = go.display());
            let changed = |program: &mut Program<'_>| (program.stdin, program.leftovers) = (file(line), leftovers);
            let (result, _) = sh(&script, changed, &Cancel::new());
            assert_eq!(result.unwrap().stdout, "started\n");
            if stays == "alive\n" {
                std::fs::write(&go, "alive\n").unwrap();
            }
            assert_eq!(to_its_end(&mut life), stays, "{leftovers:?}");
        }
    }

    /// Also where it is stopped: by the clock here.
    #[test]
    #[cfg(target_os = "linux")]
    fn a_session_of_its_own_ends_with_the_program_that_began_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pid");
        let begun = format!(
            "setsid sh -c 'echo $$ >{0}; exec sleep 60' >/dev/null 2>&1 & while [ ! -s {0} ]; do sleep 0.01; done",
            file.display()
        );
        for (script, limit) in [(begun.clone(), 60), (format!("{begun}; exec sleep 60"), 1)] {
            let _ = std::fs::remove_file(&file);
            let change = |program: &mut Program<'_>| {
                program.leftovers = Leftovers::Kill;
                program.limit = Some(Duration::from_secs(limit));
            };
            let _ = sh(&script, change, &Cancel::new());
            let id = std::fs::read_to_string(&file).unwrap();
            // What is left of it is at most what no one has reaped yet.
            let status = std::fs::read_to_string(format!("/proc/{}/stat", id.trim())).unwrap_or_default();
            assert!(status.is_empty() || status.contains(") Z "), "{status}");
        }
    }

    #[test]
    fn what_was_left_behind_and_goes_on_writing_holds_nothing_up() {
        let script = "(while :; do echo more; sleep 0.1; done) & echo started";
        let (result, lines) = sh(script, |program| program.leftovers = Leftovers::Kill, &Cancel::new());
        assert!(result.unwrap().success());
        assert!(lines.contains(&"started".to_owned()), "{lines:?}");
    }

    #[test]
    fn what_is_written_last_is_read_to_the_last_byte() {
        let script = "sleep 0.4; head -c 60000 /dev/zero | tr '\\0' x; head -c 60000 /dev/zero | tr '\\0' y >&2";
        let (result, _) = sh(script, |program| program.keep = usize::MAX, &Cancel::new());
        let ended = result.unwrap();
        assert_eq!((ended.stdout, ended.stderr), ("x".repeat(60_000), "y".repeat(60_000)));
    }

    #[test]
    fn a_missing_program_says_so() {
        let (result, _) = start(&["relwf-no-such-program".to_owned()], |_| {}, &Cancel::new());
        let failure = Failure::from(result.unwrap_err());
        assert_eq!(failure.message, "`relwf-no-such-program` was not found");
        assert_eq!(failure.hint.as_deref(), Some("install `relwf-no-such-program`, or add its folder to PATH"));
    }
}
