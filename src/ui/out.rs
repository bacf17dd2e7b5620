//! The two streams of a command: answers go to stdout, everything else to stderr.
//!
//! Handed around, so that tests can read what was printed. Knows nothing of what is written.

use super::input::Input;
use crate::model::{Cancel, redacted, steers};
use anstream::{AutoStream, ColorChoice};
use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What stdout is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Text for people.
    Text,
    /// Only JSON, errors included.
    Json,
}

/// How much is printed on stderr.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// Answers, and of a run or a failure one line.
    Quiet,
    /// What happens, step by step.
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
    Always,
    Never,
}

/// What the signs of relwf's own (arrows, ticks, dots) are written with. What comes from elsewhere is passed on as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charset {
    /// A terminal that shows them.
    Unicode,
    /// A dumb terminal, or a locale without UTF-8.
    Ascii,
}

impl Charset {
    /// By the terminal's name and the locale (locale(7): the first variable that is set counts).
    fn of(variable: impl Fn(&str) -> Option<String>) -> Self {
        let locale =
            ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(|name| variable(name).filter(|text| !text.is_empty()));
        let is_utf8 = |locale: &str| {
            let locale = locale.to_ascii_lowercase();
            locale.ends_with("utf-8")
                || locale.ends_with("utf8")
                || locale.contains("utf-8@")
                || locale.contains("utf8@")
        };
        // Without a locale the common case is a container, whose log shows UTF-8.
        let plain = locale.is_some_and(|locale| !is_utf8(&locale)) || variable("TERM").as_deref() == Some("dumb");
        if plain { Self::Ascii } else { Self::Unicode }
    }

    /// A text for people in this charset.
    fn written(self, text: &str) -> Cow<'_, str> {
        if self == Self::Unicode || text.is_ascii() {
            return Cow::Borrowed(text);
        }
        let mut out = String::with_capacity(text.len());
        for sign in text.chars() {
            match sign {
                '→' => out.push_str("->"),
                '…' => out.push_str("..."),
                '✓' => out.push_str("ok"),
                '✗' => out.push('x'),
                '›' => out.push('>'),
                '“' | '”' => out.push('"'),
                '‘' | '’' => out.push('\''),
                '–' | '—' => out.push('-'),
                '·' | '•' => out.push('*'),
                other => out.push(other),
            }
        }
        Cow::Owned(out)
    }
}

/// Is a stream shown on a terminal?
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
    /// There is a terminal to ask on.
    Allowed,
    /// `--no-input`, or no terminal.
    Refused,
}

/// An answer could not be written: its reader went away (`relwf runs | head -1`), and nothing more needs to be said, or
/// something is wrong with where it goes, which [`Out::lost`] names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BrokenPipe;

/// Both streams of a command.
pub struct Out {
    stdout: Mutex<Box<dyn Write + Send>>,
    stderr: Mutex<Box<dyn Write + Send>>,
    stdin: Input,
    /// Why a part of the answer is lost.
    lost: Mutex<Option<String>>,
    /// What stdout is for.
    pub form: Form,
    /// How much is printed on stderr.
    pub verbosity: Verbosity,
    /// What stderr is.
    pub screen: Screen,
    /// What signs are written with.
    pub charset: Charset,
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
            stdin: Input::new(Box::new(io::BufReader::new(io::stdin()))),
            lost: Mutex::default(),
            form,
            verbosity,
            screen,
            charset: Charset::of(|name| std::env::var(name).ok()),
            coloured: stderr_choice != ColorChoice::Never,
            questions,
        }
    }

    /// Streams for tests and for output that is captured: no colours, no questions.
    pub fn to_writers(stdout: Box<dyn Write + Send>, stderr: Box<dyn Write + Send>, form: Form) -> Self {
        Self {
            stdout: Mutex::new(Box::new(AutoStream::never(stdout))),
            stderr: Mutex::new(Box::new(AutoStream::never(stderr))),
            stdin: Input::new(Box::new(io::empty())),
            lost: Mutex::default(),
            form,
            verbosity: Verbosity::Normal,
            screen: Screen::Pipe,
            charset: Charset::Unicode,
            coloured: false,
            questions: Questions::Refused,
        }
    }

    /// Writes an answer for people to stdout, and flushes.
    ///
    /// # Errors
    ///
    /// [`BrokenPipe`] when it could not be written.
    pub fn answer(&self, text: &str) -> Result<(), BrokenPipe> {
        self.write(&self.charset.written(text))
    }

    fn write(&self, text: &str) -> Result<(), BrokenPipe> {
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

    /// Writes a line of an answer for programs, in no charset but UTF-8.
    ///
    /// # Errors
    ///
    /// As [`Out::answer`].
    pub fn answer_line(&self, line: &str) -> Result<(), BrokenPipe> {
        let line = if self.form == Form::Json { escaped_json(line) } else { line.into() };
        self.write(&format!("{line}\n"))
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

    /// Prints a line on stderr, unless `--quiet` is given.
    pub fn say(&self, line: &str) {
        if self.verbosity > Verbosity::Quiet {
            self.error_line(line);
        }
    }

    /// Prints a line on stderr even with `--quiet`: errors and questions.
    pub fn error_line(&self, line: &str) {
        let mut stream = held(&self.stderr);
        // stderr is closed: there is no place left to report it.
        let _ = writeln!(stream, "{}", self.shown(line)).and_then(|()| stream.flush());
    }

    /// The text as it may be shown to people: only colours steer the terminal, and signs are in its charset.
    pub fn shown<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match sanitize(text) {
            Cow::Borrowed(text) => self.charset.written(text),
            Cow::Owned(text) => Cow::Owned(self.charset.written(&text).into_owned()),
        }
    }

    /// Asks a question that `y` or `yes` agrees to. Everything else does not: another line, the end of the input, ctrl-C, and that
    /// questions are refused.
    pub fn agrees(&self, question: &str, cancel: &Cancel) -> bool {
        if self.questions == Questions::Refused {
            return false;
        }
        {
            let mut stream = held(&self.stderr);
            let _ = write!(stream, "{} [y/N] ", self.shown(question)).and_then(|()| stream.flush());
        }
        let line = self.stdin.line_unless(cancel);
        if line.as_ref().is_none_or(|line| !line.ends_with('\n')) {
            // What follows begins on a line of its own.
            self.error_line("");
        }
        line.is_some_and(|line| matches!(line.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
    }

    /// Can nothing be answered, for the input is at its end already?
    pub fn input_has_ended(&self) -> bool {
        super::input::has_ended()
    }

    /// The next line of stdin; `None` at its end.
    pub fn read_line(&self) -> Option<String> {
        self.stdin.line()
    }
}

/// The text without what would steer a terminal: commits, branches and servers may hold anything, and only our own colours pass.
fn sanitize(text: &str) -> Cow<'_, str> {
    match redacted(text) {
        Cow::Borrowed(text) => without_foreign_controls(text),
        Cow::Owned(hidden) => Cow::Owned(without_foreign_controls(&hidden).into_owned()),
    }
}

fn without_foreign_controls(text: &str) -> Cow<'_, str> {
    if !text.chars().any(steers) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for (index, c) in text.char_indices() {
        if !steers(c) || (c == '\x1b' && begins_colour(&text[index + 1..])) {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// One of the styles that relwf's own texts have (bold, dim, underlined, six colours and their bright ones): others could hide what
/// they colour.
fn begins_colour(text: &str) -> bool {
    let Some((codes, _)) = text.strip_prefix('[').and_then(|rest| rest.split_once('m')) else { return false };
    codes.split(';').all(|code| matches!(code.parse::<u8>(), Ok(0..=2 | 4 | 31..=36 | 91..=96)))
}

/// JSON in which what would steer a terminal is written as an escape: it means the same.
pub(super) fn escaped_json(text: &str) -> Cow<'_, str> {
    if !text.chars().any(steers) {
        return Cow::Borrowed(text);
    }
    let escaped = |c: char| if steers(c) { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() };
    Cow::Owned(text.chars().map(escaped).collect())
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
        // Hidden, black on black, reversed, of the 256 colours, and turned round.
        assert_eq!(sanitize("\x1b[8mh\x1b[30;40mb\x1b[7mr\x1b[38;5;16mc\x1b[m"), "[8mh[30;40mb[7mr[38;5;16mc[m");
        assert_eq!(sanitize("a\u{202e}b\u{2066}c\u{2028}d\u{200f}"), "abcd");
        assert_eq!(sanitize("\x1b]0;title\x07 \x1b[2J\x1b[H\r\x08 \u{9b}2J"), "]0;title [2J[H 2J");
    }

    #[test]
    fn a_dumb_terminal_and_another_locale_get_ascii() {
        let charset = |set: &[(&str, &str)]| {
            Charset::of(|name| set.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned()))
        };
        for unicode in [&[][..], &[("LANG", "en_US.UTF-8")], &[("LC_ALL", "C.utf8"), ("LANG", "C")], &[("LC_ALL", "")]]
        {
            assert_eq!(charset(unicode), Charset::Unicode, "{unicode:?}");
        }
        for ascii in [&[("LANG", "C")][..], &[("LC_CTYPE", "de_DE"), ("LANG", "de_DE.UTF-8")], &[("TERM", "dumb")]] {
            assert_eq!(charset(ascii), Charset::Ascii, "{ascii:?}");
        }
        assert_eq!(Charset::Ascii.written("master → staging › ✓ “é”…"), "master -> staging > ok \"é\"...");
        let (mut out, stdout, stderr) = captured::out(Form::Text);
        out.charset = Charset::Ascii;
        out.answer("a → b\n").unwrap();
        out.answer_line("a → b").unwrap();
        out.say("✗ close");
        assert_eq!((stdout.text().as_str(), stderr.text().as_str()), ("a -> b\na → b\n", "x close\n"));
    }

    #[test]
    fn an_answer_that_does_not_fit_on_the_disk_is_lost_and_one_whose_reader_went_away_is_not() {
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
