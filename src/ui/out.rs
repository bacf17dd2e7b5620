//! The two streams of a command: answers go to stdout, everything else to stderr.
//!
//! Handed around, so that tests can read what was said. Knows nothing of what is written.

use anstream::{AutoStream, ColorChoice};
use std::borrow::Cow;
use std::io::{self, BufRead, IsTerminal, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What stdout is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Text for people.
    Text,
    /// JSON alone, errors included.
    Json,
}

/// How much is said on stderr.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// Errors alone.
    Quiet,
    /// What a person wants to know.
    Normal,
    /// Every command and where it is written.
    Verbose,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Colour {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Is a stream shown to a person right now?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Screen {
    /// A terminal that understands cursor movements.
    Terminal,
    /// A file or a pipe.
    Pipe,
}

/// May questions be asked?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Questions {
    /// A person sits there.
    Allowed,
    /// `--no-input`, or no terminal.
    Refused,
}

/// An answer could not be written: its reader went away (`relwf runs | head -1`), and nothing more needs to be said, or
/// something is wrong with where it goes, which [`Out::lost`] tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BrokenPipe;

/// Both streams of a command.
pub struct Out {
    stdout: Mutex<Box<dyn Write + Send>>,
    stderr: Mutex<Box<dyn Write + Send>>,
    stdin: Mutex<Box<dyn BufRead + Send>>,
    /// Why a part of the answer is lost.
    lost: Mutex<Option<String>>,
    /// What stdout is for.
    pub form: Form,
    /// How much is said on stderr.
    pub verbosity: Verbosity,
    /// What stderr is.
    pub screen: Screen,
    /// Is stderr coloured?
    pub coloured: bool,
    /// May questions be asked?
    pub questions: Questions,
}

impl Out {
    /// The process's own streams.
    pub fn of_process(form: Form, verbosity: Verbosity, colour: Colour, questions: Questions) -> Self {
        let wanted = |auto: ColorChoice| match colour {
            Colour::Auto => auto,
            Colour::Always => ColorChoice::AlwaysAnsi,
            Colour::Never => ColorChoice::Never,
        };
        let stdout_choice = wanted(AutoStream::choice(&io::stdout()));
        let stderr_choice = wanted(AutoStream::choice(&io::stderr()));
        let smart = std::env::var_os("TERM").is_some_and(|term| term != "dumb");
        let screen = if io::stderr().is_terminal() && smart { Screen::Terminal } else { Screen::Pipe };
        let questions = match questions {
            Questions::Allowed if io::stdin().is_terminal() && io::stderr().is_terminal() => Questions::Allowed,
            _ => Questions::Refused,
        };
        Self {
            stdout: Mutex::new(Box::new(AutoStream::new(io::stdout(), stdout_choice))),
            stderr: Mutex::new(Box::new(AutoStream::new(io::stderr(), stderr_choice))),
            stdin: Mutex::new(Box::new(io::BufReader::new(io::stdin()))),
            lost: Mutex::default(),
            form,
            verbosity,
            screen,
            coloured: stderr_choice != ColorChoice::Never,
            questions,
        }
    }

    /// Streams for tests and for output that is captured: no colours, no questions.
    pub fn to_writers(stdout: Box<dyn Write + Send>, stderr: Box<dyn Write + Send>, form: Form) -> Self {
        Self {
            stdout: Mutex::new(Box::new(AutoStream::never(stdout))),
            stderr: Mutex::new(Box::new(AutoStream::never(stderr))),
            stdin: Mutex::new(Box::new(io::empty())),
            lost: Mutex::default(),
            form,
            verbosity: Verbosity::Normal,
            screen: Screen::Pipe,
            coloured: false,
            questions: Questions::Refused,
        }
    }

    /// Writes an answer to stdout as it is, and flushes.
    ///
    /// # Errors
    ///
    /// [`BrokenPipe`] when it could not be written.
    pub fn answer(&self, text: &str) -> Result<(), BrokenPipe> {
        let mut stream = held(&self.stdout);
        stream.write_all(sanitize(text).as_bytes()).and_then(|()| stream.flush()).map_err(|error| {
            if error.kind() != io::ErrorKind::BrokenPipe {
                held(&self.lost).get_or_insert_with(|| error.to_string());
            }
            BrokenPipe
        })
    }

    /// Why a part of the answer is lost, when it is not because its reader went away: a full disk.
    pub fn lost(&self) -> Option<String> {
        held(&self.lost).clone()
    }

    /// Writes a line of the answer.
    ///
    /// # Errors
    ///
    /// As [`Out::answer`].
    pub fn answer_line(&self, line: &str) -> Result<(), BrokenPipe> {
        self.answer(&format!("{line}\n"))
    }

    /// Writes one JSON value, indented, as the whole answer.
    ///
    /// # Errors
    ///
    /// As [`Out::answer`].
    pub fn answer_json(&self, value: &impl serde::Serialize) -> Result<(), BrokenPipe> {
        let text = serde_json::to_string_pretty(value).unwrap_or_else(|error| error.to_string());
        self.answer_line(&text)
    }

    /// Says something to the person, unless they asked for quiet.
    pub fn say(&self, line: &str) {
        if self.verbosity > Verbosity::Quiet {
            self.error_line(line);
        }
    }

    /// Says something even when asked for quiet: errors and questions.
    pub fn error_line(&self, line: &str) {
        let mut stream = held(&self.stderr);
        // Nobody reads stderr any more: there is no place left to say so.
        let _ = writeln!(stream, "{}", sanitize(line)).and_then(|()| stream.flush());
    }

    /// Asks a question that is answered by one line; `None` when questions are refused or the input ended.
    pub fn ask(&self, question: &str) -> Option<String> {
        if self.questions == Questions::Refused {
            return None;
        }
        {
            let mut stream = held(&self.stderr);
            let _ = write!(stream, "{question} ").and_then(|()| stream.flush());
        }
        self.read_line().map(|line| line.trim().to_owned())
    }

    /// The next line of stdin; `None` at its end.
    pub fn read_line(&self) -> Option<String> {
        let mut bytes = Vec::new();
        match held(&self.stdin).read_until(b'\n', &mut bytes) {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(String::from_utf8_lossy(&bytes).into_owned()),
        }
    }
}

/// The text without what would steer a terminal: commits, branches and servers say what they like, and only colours pass.
pub(in crate::ui) fn sanitize(text: &str) -> Cow<'_, str> {
    let harmless = |c: char| !c.is_control() || matches!(c, '\n' | '\t');
    if text.chars().all(harmless) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for (index, c) in text.char_indices() {
        if harmless(c) || (c == '\x1b' && begins_colour(&text[index + 1..])) {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// `[1;31m` and its like.
fn begins_colour(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('[') else { return false };
    rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';').starts_with('m')
}

/// A panic while writing leaves nothing half-made that matters here.
fn held<T: ?Sized>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
pub(crate) mod captured {
    use super::{Form, Out};
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    /// A buffer that a test keeps a handle to.
    #[derive(Clone, Default)]
    pub struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl Buffer {
        pub fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    impl Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Streams whose contents can be read: out, stdout, stderr.
    pub fn out(form: Form) -> (Out, Buffer, Buffer) {
        let (stdout, stderr) = (Buffer::default(), Buffer::default());
        (Out::to_writers(Box::new(stdout.clone()), Box::new(stderr.clone()), form), stdout, stderr)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_colours_reach_a_terminal() {
        assert_eq!(sanitize("a\tb\nc é"), "a\tb\nc é");
        assert_eq!(sanitize("\x1b[1;31mred\x1b[0m"), "\x1b[1;31mred\x1b[0m");
        assert_eq!(sanitize("\x1b]0;title\x07 \x1b[2J\x1b[H\r\x08 \u{9b}2J"), "]0;title [2J[H 2J");
    }

    #[test]
    fn an_answer_that_does_not_fit_on_the_disk_is_lost_and_one_that_nobody_reads_is_not() {
        struct Fails(io::ErrorKind);
        impl Write for Fails {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(self.0.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let lost = |kind| {
            let out = Out::to_writers(Box::new(Fails(kind)), Box::new(io::sink()), Form::Json);
            assert_eq!(out.answer("x"), Err(BrokenPipe));
            out.lost()
        };
        assert_eq!(lost(io::ErrorKind::BrokenPipe), None);
        assert_eq!(lost(io::ErrorKind::StorageFull), Some(io::Error::from(io::ErrorKind::StorageFull).to_string()));
    }
}
