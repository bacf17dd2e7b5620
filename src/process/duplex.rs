//! A program that gets input while it runs: bytes go in and come out, until one side ends.
//!
//! Reading can be interrupted: a thread reads what the program writes, and the reader looks at the cancel flag meanwhile.

use super::{Leftovers, Mark, ProcessGroup};
use crate::model::Cancel;
use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long a program may take to end once its input has ended.
const PATIENCE: Duration = Duration::from_secs(5);
/// Enough of the error stream for any message; the rest is read so that the program is not blocked.
const COMPLAINTS: usize = 65_536;

/// A running program, its input and its output.
pub(crate) struct Duplex {
    name: String,
    child: ProcessGroup,
    input: Option<ChildStdin>,
    output: Mutex<Receiver<io::Result<Vec<u8>>>>,
    chunk: io::Cursor<Vec<u8>>,
    complaints: Arc<Mutex<Vec<u8>>>,
    complaining: Option<JoinHandle<()>>,
    cancel: Cancel,
}

impl Duplex {
    /// Starts a program; `name` is what errors call it.
    pub(crate) fn start(
        name: String,
        argv: &[impl AsRef<OsStr>],
        without: &[&str],
        cancel: Cancel,
    ) -> io::Result<Self> {
        let (program, arguments) = argv.split_first().ok_or(io::ErrorKind::InvalidInput)?;
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        for variable in without {
            command.env_remove(variable);
        }
        let mut child = command.spawn()?;
        let (sender, output) = sync_channel(16);
        if let Some(mut stdout) = child.stdout.take() {
            std::thread::spawn(move || {
                loop {
                    let mut chunk = vec![0; 65_536];
                    let answer = stdout.read(&mut chunk).map(|read| {
                        chunk.truncate(read);
                        chunk
                    });
                    let ended = !matches!(&answer, Ok(chunk) if !chunk.is_empty());
                    if sender.send(answer).is_err() || ended {
                        return;
                    }
                }
            });
        }
        let complaints = Arc::new(Mutex::new(Vec::new()));
        let complaining = child.stderr.take().map(|mut stderr| {
            let complaints = Arc::clone(&complaints);
            std::thread::spawn(move || {
                let mut chunk = [0; 4096];
                while let Ok(read @ 1..) = stderr.read(&mut chunk) {
                    let mut kept = complaints.lock().unwrap_or_else(PoisonError::into_inner);
                    let room = COMPLAINTS.saturating_sub(kept.len()).min(read);
                    kept.extend_from_slice(&chunk[..room]);
                }
            })
        });
        let input = child.stdin.take();
        Ok(Self {
            name,
            child: ProcessGroup::new(child, Mark::of(Leftovers::Leave)),
            input,
            output: Mutex::new(output),
            chunk: io::Cursor::default(),
            complaints,
            complaining,
            cancel,
        })
    }

    /// The next part of the output; empty at its end.
    ///
    /// # Errors
    ///
    /// The program failed, with its own message; ctrl-C.
    pub(crate) fn next_chunk(&mut self) -> io::Result<Vec<u8>> {
        loop {
            let answer = {
                let output = self.output.lock().unwrap_or_else(PoisonError::into_inner);
                output.recv_timeout(Duration::from_millis(100))
            };
            match answer {
                Ok(Ok(chunk)) if chunk.is_empty() => return self.ended(),
                Ok(answer) => return answer,
                Err(RecvTimeoutError::Disconnected) => return self.ended(),
                Err(RecvTimeoutError::Timeout) if self.cancel.is_raised() => {
                    return Err(io::Error::other("interrupted"));
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    /// The end of the output: fine, or the program's own message.
    fn ended(&mut self) -> io::Result<Vec<u8>> {
        self.input = None;
        let status = self.wait()?;
        if status.is_some_and(|status| status.success()) {
            return Ok(Vec::new());
        }
        if status.is_some()
            && let Some(complaining) = self.complaining.take()
        {
            // It ends with the stream, unless something that the program left running holds it open.
            let until = Instant::now() + super::POLITE;
            while !complaining.is_finished() && Instant::now() < until {
                std::thread::sleep(super::SOON);
            }
        }
        let kept = self.complaints.lock().unwrap_or_else(PoisonError::into_inner);
        let message = String::from_utf8_lossy(&kept);
        let message = message.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ");
        let status = status.map_or_else(|| "it does not end".to_owned(), |status| status.to_string());
        Err(io::Error::other(format!("{} stopped ({status}): {message}", self.name)))
    }

    fn wait(&mut self) -> io::Result<Option<ExitStatus>> {
        let started = Instant::now();
        while !self.child.has_ended() {
            if started.elapsed() > PATIENCE {
                return Ok(None);
            }
            std::thread::sleep(super::SOON);
        }
        self.child.reap().map(Some)
    }
}

impl Read for Duplex {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.chunk.read(buffer)?;
        if read > 0 || buffer.is_empty() {
            return Ok(read);
        }
        self.chunk = io::Cursor::new(self.next_chunk()?);
        self.chunk.read(buffer)
    }
}

impl Write for Duplex {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.input {
            Some(input) => input.write(bytes),
            None => Err(io::Error::from(io::ErrorKind::BrokenPipe)),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.input.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl Drop for Duplex {
    fn drop(&mut self) {
        self.input = None;
        // It ends by itself when its input does, unless it hangs or is in the middle of something unwanted.
        if self.cancel.is_raised() || !matches!(self.wait(), Ok(Some(_))) {
            self.child.kill();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(script: &str, cancel: &Cancel) -> Duplex {
        Duplex::start("sh".to_owned(), &["sh", "-c", script], &["HOME"], cancel.clone()).unwrap()
    }

    #[test]
    fn it_is_talked_to_until_it_ends() {
        let mut program = start("read line; echo \"heard $line$HOME\"; cat", &Cancel::new());
        program.write_all(b"one\ntwo\n").unwrap();
        program.input = None;
        let mut all = String::new();
        program.read_to_string(&mut all).unwrap();
        assert_eq!(all, "heard one\ntwo\n");
    }

    #[test]
    fn one_that_fails_ends_with_its_message() {
        let mut program = start("echo part; echo 'no such repository' >&2; exit 3", &Cancel::new());
        let mut all = Vec::new();
        let error = program.read_to_end(&mut all).unwrap_err();
        assert_eq!(all, b"part\n");
        assert_eq!(error.to_string(), "sh stopped (exit status: 3): no such repository");
    }

    #[test]
    fn ctrl_c_ends_one_that_is_silent() {
        let cancel = Cancel::new();
        let mut program = start("exec sleep 600", &cancel);
        cancel.raise();
        assert_eq!(program.read(&mut [0; 8]).unwrap_err().to_string(), "interrupted");
        let id = program.child.id;
        drop(program);
        // Killed and reaped: nothing is left to wait for.
        assert!(id.is_some_and(|id| rustix::process::test_kill_process(id).is_err()));
    }
}
