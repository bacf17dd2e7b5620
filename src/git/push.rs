//! Leased pushes: a true compare-and-swap on the remote's references.

use crate::model::{ObjectId, RefName};

/// What the remote's reference must hold for the push to go through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// It must not exist.
    Absent,
    /// It must be exactly this.
    Id(ObjectId),
}

/// One reference to move on the remote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefUpdate {
    /// The reference.
    pub name: RefName,
    /// What it must hold now.
    pub expected: Expected,
    /// What it shall hold; `None` deletes it.
    pub new: Option<ObjectId>,
}
