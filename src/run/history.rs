//! The journal of one run in memory: the second argument of [`advance`](super::advance()).

use super::{CommandRequest, Fingerprint, Intent, Key, Record};
use crate::model::{Failure, Value};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Settled {
    /// With a value.
    Value(Value),
    /// With a failure that the script may catch.
    Failure(Failure),
}

impl From<Result<Value, Failure>> for Settled {
    fn from(result: Result<Value, Failure>) -> Self {
        result.map_or_else(Self::Failure, Self::Value)
    }
}

/// What is known of one command.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryEntry {
    /// Function and arguments, hashed.
    pub fingerprint: Fingerprint,
    /// The function, for messages.
    pub name: String,
    /// Its arguments, for messages.
    pub args: Value,
    /// An effect's intent, once written.
    pub intent: Option<Intent>,
    /// How many attempts at the effect are written down.
    pub attempts: u32,
    /// A wait's facts, once it has begun.
    pub begun: Option<Value>,
    /// Why it is in doubt, when it is.
    pub unknown: Option<Failure>,
    /// The last attempt did not happen, as an operator or the server knows: the next one begins without a probe.
    pub absent: bool,
    /// Its outcome, once there is one.
    pub settled: Option<Settled>,
}

/// Every command of a run that the journal knows, by key.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct History {
    /// In the order of their keys.
    pub entries: BTreeMap<Key, HistoryEntry>,
    /// Effects that followed from a failure which the run has left behind, oldest first: the script need not ask for them again,
    /// and where it does, they are not repeated.
    pub aside: Vec<(Key, HistoryEntry)>,
}

impl HistoryEntry {
    /// A command of which nothing is known but that it was asked for.
    pub fn new(fingerprint: Fingerprint, name: impl Into<String>, args: Value) -> Self {
        Self {
            fingerprint,
            name: name.into(),
            args,
            intent: None,
            attempts: 0,
            begun: None,
            unknown: None,
            absent: false,
            settled: None,
        }
    }
}

impl HistoryEntry {
    /// Was it begun, and is its end not known?
    pub fn may_have_happened(&self) -> bool {
        self.intent.is_some() && self.settled.is_none() && !self.absent
    }
}

impl History {
    /// The outcome of an effect that was set aside, where this very effect is asked for again.
    pub fn set_aside(&self, key: &Key, fingerprint: &Fingerprint) -> Option<&Settled> {
        let same = |(at, entry): &&(Key, HistoryEntry)| at == key && entry.fingerprint == *fingerprint;
        self.aside.iter().rev().find(same)?.1.settled.as_ref()
    }

    /// The key that an operator typed: as the journal has it, or with the names as the workflow has them.
    pub fn typed(&self, typed: &Key) -> Option<&Key> {
        let label = typed.to_string();
        let exact = self.entries.get_key_value(typed).map(|(key, _)| key);
        exact.or_else(|| {
            let mut alike = self.entries.keys().filter(|key| key.label() == label);
            alike.next().filter(|_| alike.next().is_none())
        })
    }

    /// The entry of a command, made when there is none.
    pub fn entry(&mut self, request: &CommandRequest) -> &mut HistoryEntry {
        self.entries.entry(request.key.clone()).or_insert_with(|| {
            HistoryEntry::new(request.fingerprint.clone(), request.call.name.clone(), request.call.args.clone())
        })
    }

    /// Adds a record. Stores and drivers both read a journal through this, so they cannot disagree.
    pub fn apply(&mut self, record: Record) {
        match record {
            Record::Begun { key, fingerprint, name, args, facts } => {
                self.at(key, fingerprint, name, args).begun = Some(facts);
            }
            Record::Intent { key, fingerprint, name, args, intent, attempt } => {
                let entry = self.at(key, fingerprint, name, args);
                entry.intent = Some(intent);
                entry.attempts = attempt;
                entry.absent = false;
            }
            Record::Unknown { key, failure } => {
                if let Some(entry) = self.entries.get_mut(&key) {
                    entry.unknown = Some(failure);
                }
            }
            Record::Absent { key, actor: _ } => {
                if let Some(entry) = self.entries.get_mut(&key) {
                    entry.unknown = None;
                    entry.absent = true;
                }
            }
            Record::Settled { key, fingerprint, name, args, settled, actor: _ } => {
                let entry = self.at(key, fingerprint, name, args);
                entry.unknown = None;
                entry.settled = Some(settled);
            }
            Record::Reopened { key, facts, aside } => {
                if let Some(entry) = self.entries.get_mut(&key) {
                    entry.begun = Some(facts);
                    entry.settled = None;
                }
                let left = aside.into_iter().filter_map(|key| self.entries.remove_entry(&key));
                self.aside.extend(left.filter(|(_, entry)| entry.intent.is_some()));
            }
            Record::Status { .. } => {}
        }
    }

    fn at(&mut self, key: Key, fingerprint: Fingerprint, name: String, args: Value) -> &mut HistoryEntry {
        self.entries.entry(key).or_insert_with(|| HistoryEntry::new(fingerprint, name, args))
    }

    /// Gives a command its outcome.
    pub fn settle(&mut self, request: &CommandRequest, settled: Settled) {
        self.entry(request).settled = Some(settled);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::StepPath;

    #[test]
    fn a_key_may_be_typed_as_people_read_it_where_that_is_clear() {
        let mut history = History::default();
        let top = StepPath::default();
        for path in [top.step("50% of x"), top.step("a/b"), top.step("a").step("b"), top.step("c/d")] {
            let entry = HistoryEntry::new(Fingerprint("f".into()), "x", Value::Null);
            history.entries.insert(Key { path, ordinal: 0 }, entry);
        }
        let typed = |text: &str| history.typed(&text.parse().unwrap()).map(Key::to_string);
        assert_eq!(typed("50% of x#0").as_deref(), Some("50%25 of x#0"));
        assert_eq!(typed("50%25 of x#0").as_deref(), Some("50%25 of x#0"));
        assert_eq!(typed("c/d#0").as_deref(), Some("c%2fd#0"));
        // The journal's own form comes first.
        assert_eq!(typed("a/b#0").as_deref(), Some("a/b#0"));
        assert_eq!((typed("c/d#1"), typed("e#0")), (None, None));
    }
}
