//! A reference to move on the remote, and what it must hold for that.

use crate::model::{ObjectId, RefName};
use std::fmt;

/// What the remote's reference must hold for the push to go through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// It must not exist.
    Absent,
    /// It must be exactly this.
    Id(ObjectId),
}

impl Expected {
    pub(super) fn is(self, found: Option<ObjectId>) -> bool {
        match self {
            Self::Absent => found.is_none(),
            Self::Id(id) => found == Some(id),
        }
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("nothing"),
            Self::Id(id) => id.fmt(f),
        }
    }
}

/// One reference to move on the remote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefUpdate {
    /// The reference.
    pub name: RefName,
    /// What it must hold now.
    pub expected: Expected,
    /// What it is to hold; `None` deletes it.
    pub new: Option<ObjectId>,
}

impl RefUpdate {
    /// `+id:name`, `:name`. Forced: the lease is stricter than git's own rule about fast-forwards.
    pub(super) fn spec(&self) -> String {
        match self.new {
            Some(id) => format!("+{id}:{}", self.name),
            None => format!(":{}", self.name),
        }
    }

    /// Asks for what is there already, under its lease.
    pub(super) fn is_moot(&self) -> bool {
        self.expected.is(self.new)
    }
}
