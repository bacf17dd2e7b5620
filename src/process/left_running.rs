//! Ends what a program left running outside of its process group: whatever began a session of its own, as servers for tests do.
//!
//! All that a program starts inherits its environment, so a variable with a value of its own marks them. Only Linux tells other
//! processes' environments (`/proc`, proc(5)); elsewhere, and of processes that cleared theirs, nothing is known.

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};

/// The variable.
pub(super) const VARIABLE: &str = "RELWF_PROGRAM";
/// What is killed may have started another process just before.
const ROUNDS: usize = 20;

/// What marks one program and all that it starts.
pub(super) struct Mark(String);

impl Mark {
    pub(super) fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let since = jiff::Timestamp::now().as_nanosecond();
        Self(format!("{}-{}-{since}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed)))
    }

    pub(super) fn value(&self) -> &str {
        &self.0
    }

    /// Kills every process that has the mark.
    pub(super) fn kill(&self) {
        for _ in 0..ROUNDS {
            let Ok(processes) = fs::read_dir("/proc") else { return };
            let ids = processes.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
            if ids.filter(|id| self.kill_one(*id)).count() == 0 {
                return;
            }
        }
    }

    /// Whether it had the mark, and was alive.
    fn kill_one(&self, id: i32) -> bool {
        // Opened first: what is read and what is killed is the same process then.
        let Some(process) = Pid::from_raw(id).and_then(|id| pidfd_open(id, PidfdFlags::empty()).ok()) else {
            return false;
        };
        // That of another user's process cannot be read, and that of one which has ended is empty.
        let environment = fs::read(format!("/proc/{id}/environ")).unwrap_or_default();
        let wanted = format!("{VARIABLE}={}", self.0);
        environment.split(|byte| *byte == 0).any(|variable| variable == wanted.as_bytes())
            && pidfd_send_signal(process, Signal::KILL).is_ok()
    }
}
