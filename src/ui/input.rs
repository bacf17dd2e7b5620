//! Lines of stdin: the next one, or the next one unless ctrl-C comes first.

use crate::model::Cancel;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io::BufRead;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long it may take to notice ctrl-C.
const TICK: Duration = Duration::from_millis(50);

/// Where lines come from.
pub struct Input(Arc<Mutex<Box<dyn BufRead + Send>>>);

impl Input {
    pub fn new(stream: Box<dyn BufRead + Send>) -> Self {
        Self(Arc::new(Mutex::new(stream)))
    }

    /// The next line; `None` at the end.
    pub fn line(&self) -> Option<String> {
        let mut bytes = Vec::new();
        let mut stream = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match stream.read_until(b'\n', &mut bytes) {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(String::from_utf8_lossy(&bytes).into_owned()),
        }
    }

    /// The same; `None` also when ctrl-C comes first. A signal does not end a read, so that a thread of its own has to wait in it.
    pub fn line_unless(&self, cancel: &Cancel) -> Option<String> {
        let (input, (sender, receiver)) = (Self(Arc::clone(&self.0)), mpsc::channel());
        std::thread::spawn(move || sender.send(input.line()));
        while !cancel.is_raised() {
            match receiver.recv_timeout(TICK) {
                Ok(line) => return line,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return None,
            }
        }
        None
    }
}

/// Is its end all that waits at stdin now? Where that cannot be told it has not ended.
pub fn has_ended() -> bool {
    let stdin = std::io::stdin();
    let ready =
        poll(&mut [PollFd::new(&stdin, PollFlags::IN)], Some(&Timespec::default())).is_ok_and(|count| count > 0);
    ready && rustix::io::ioctl_fionread(&stdin).is_ok_and(|waiting| waiting == 0)
}
