//! What listeners have heard of the commands that are not over: what each lacks, when that changes, and that it still lasts, every
//! so often. The clock comes with each call.

use super::{Event, Key};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::time::Duration;

/// The commands that are not over.
pub(super) struct WaitLog {
    every: Duration,
    open: BTreeMap<Key, Open>,
}

struct Open {
    command: String,
    /// What it lacked when it was looked at last; `None` while the first look lasts.
    why: Option<String>,
    since: Timestamp,
    /// When listeners heard of it last.
    said: Timestamp,
}

impl WaitLog {
    /// Listeners hear of each at least this often.
    pub(super) fn new(every: Duration) -> Self {
        Self { every, open: BTreeMap::new() }
    }

    /// A command is begun in this process.
    pub(super) fn begin(&mut self, key: Key, command: String, now: Timestamp) {
        self.open.insert(key, Open { command, why: None, since: now, said: now });
    }

    /// What it lacks; answers what is news.
    pub(super) fn lacks(&mut self, key: &Key, why: &str, now: Timestamp) -> Option<Event> {
        let open = self.open.get_mut(key)?;
        if open.why.as_deref() == Some(why) {
            return None;
        }
        (open.why, open.said) = (Some(why.to_owned()), now);
        Some(Event::Waiting { key: key.clone(), why: why.to_owned() })
    }

    /// It is over.
    pub(super) fn end(&mut self, key: &Key) {
        self.open.remove(key);
    }

    /// Those of which nothing was said for so long.
    pub(super) fn overdue(&mut self, now: Timestamp) -> Vec<Event> {
        let since = |then: Timestamp| Duration::try_from(now.duration_since(then)).unwrap_or(Duration::ZERO);
        let mut events = Vec::new();
        for (key, open) in &mut self.open {
            if since(open.said) < self.every {
                continue;
            }
            open.said = now;
            events.push(Event::StillWaiting {
                key: key.clone(),
                command: open.command.clone(),
                why: open.why.clone(),
                waited_ms: u64::try_from(since(open.since).as_millis()).unwrap_or(u64::MAX),
            });
        }
        events
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::StepPath;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_000_000 + second).unwrap()
    }

    #[test]
    fn what_lasts_is_said_again_every_so_often_and_not_once_it_is_over() {
        let mut log = WaitLog::new(Duration::from_secs(60));
        let key = |name: &str| Key { path: StepPath::default().step(name), ordinal: 0 };
        let still = |log: &mut WaitLog, second| {
            let text = |event| match event {
                Event::StillWaiting { key, command, why, waited_ms } => format!("{key} {command} {why:?} {waited_ms}"),
                other => format!("{other:?}"),
            };
            log.overdue(at(second)).into_iter().map(text).collect::<Vec<_>>()
        };
        log.begin(key("a"), "w".to_owned(), at(0));
        assert!(log.lacks(&key("a"), "red", at(10)).is_some());
        assert!(log.lacks(&key("a"), "red", at(20)).is_none());
        assert_eq!(still(&mut log, 69), Vec::<String>::new());
        assert_eq!(still(&mut log, 70), ["a#0 w Some(\"red\") 70000"]);
        assert_eq!(still(&mut log, 129), Vec::<String>::new());
        // News counts as heard.
        assert!(log.lacks(&key("a"), "blue", at(129)).is_some());
        log.begin(key("b"), "v".to_owned(), at(130));
        assert_eq!(still(&mut log, 188), Vec::<String>::new());
        assert_eq!(still(&mut log, 195), ["a#0 w Some(\"blue\") 195000", "b#0 v None 65000"]);
        // A clock that is set back says nothing.
        assert_eq!(still(&mut log, 0), Vec::<String>::new());
        log.end(&key("a"));
        assert_eq!(still(&mut log, 999), ["b#0 v None 869000"]);
    }
}
