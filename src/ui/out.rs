//! The two streams of a command: answers go to stdout, everything else to stderr.
//!
//! Handed around, so that tests can read what was said. Knows nothing of what is written.

use anstream::{AutoStream, ColorChoice};
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
pub enum Loudness {
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

/// The reader of a stream went away (`relwf runs | head -1`): nothing more needs to be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gone;

/// Both streams of a command.
pub struct Out {
    stdout: Mutex<Box<dyn Write + Send>>,
    stderr: Mutex<Box<dyn Write + Send>>,
    stdin: Mutex<Box<dyn BufRead + Send>>,
    /// What stdout is for.
    pub form: Form,
    /// How much is said on stderr.
    pub loudness: Loudness,
    /// What stderr is.
    pub screen: Screen,
    /// Is stderr coloured?
    pub coloured: bool,
    /// May questions be asked?
    pub questions: Questions,
}

impl Out {
    /// The process's own streams.
    pub fn of_process(form: Form, loudness: Loudness, colour: Colour, questions: Questions) -> Self {
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
            form,
            loudness,
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
            form,
            loudness: Loudness::Normal,
            screen: Screen::Pipe,
            coloured: false,
            questions: Questions::Refused,
        }
    }

    /// Writes an answer to stdout as it is, and flushes.
    ///
    /// # Errors
    ///
    /// [`Gone`] when the reader went away. Other failures (a full disk) count as gone too: there is nobody to tell.
    pub fn answer(&self, text: &str) -> Result<(), Gone> {
        let mut stream = held(&self.stdout);
        stream.write_all(text.as_bytes()).and_then(|()| stream.flush()).map_err(|_| Gone)
    }

    /// Writes a line of the answer.
    ///
    /// # Errors
    ///
    /// As [`Out::answer`].
    pub fn answer_line(&self, line: &str) -> Result<(), Gone> {
        self.answer(&format!("{line}\n"))
    }

    /// Writes one JSON value, indented, as the whole answer.
    ///
    /// # Errors
    ///
    /// As [`Out::answer`].
    pub fn answer_json(&self, value: &impl serde::Serialize) -> Result<(), Gone> {
        let text = serde_json::to_string_pretty(value).unwrap_or_else(|error| error.to_string());
        self.answer_line(&text)
    }

    /// Says something to the person, unless they asked for quiet.
    pub fn say(&self, line: &str) {
        if self.loudness > Loudness::Quiet {
            self.insist(line);
        }
    }

    /// Says something even when asked for quiet: errors and questions.
    pub fn insist(&self, line: &str) {
        let mut stream = held(&self.stderr);
        // Nobody reads stderr any more: there is no place left to say so.
        let _ = writeln!(stream, "{line}").and_then(|()| stream.flush());
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
