//! What the journal of one run says, in memory: the second argument of [`advance`](super::advance()).

use super::{Fingerprint, Intent, Key, Request};
use crate::model::{Failure, Value};
use std::collections::BTreeMap;

/// How a command ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Settled {
    /// With a value.
    Value(Value),
    /// With a failure that the script may catch.
    Failure(Failure),
}

/// What is known of one command.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Function and arguments, hashed.
    pub fingerprint: Fingerprint,
    /// The function, for messages.
    pub name: String,
    /// Its arguments, for messages.
    pub args: Value,
    /// An effect's intent, once written.
    pub intent: Option<Intent>,
    /// A wait's facts, once it has begun.
    pub begun: Option<Value>,
    /// Why nobody knows whether it happened, when nobody does.
    pub unknown: Option<Failure>,
    /// Its outcome, once there is one.
    pub settled: Option<Settled>,
}

/// Every command of a run that the journal knows, by key.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct History {
    /// In the order of their keys.
    pub entries: BTreeMap<Key, Entry>,
}

impl Entry {
    /// A command of which nothing is known but that it was asked for.
    pub fn new(fingerprint: Fingerprint, name: impl Into<String>, args: Value) -> Self {
        Self { fingerprint, name: name.into(), args, intent: None, begun: None, unknown: None, settled: None }
    }
}

impl History {
    /// The entry of a command, made when there is none.
    pub fn entry(&mut self, request: &Request) -> &mut Entry {
        self.entries.entry(request.key.clone()).or_insert_with(|| {
            Entry::new(request.fingerprint.clone(), request.call.name.clone(), request.call.args.clone())
        })
    }

    /// Gives a command its outcome.
    pub fn settle(&mut self, request: &Request, settled: Settled) {
        self.entry(request).settled = Some(settled);
    }
}
