//! The order of commands in a script, known as soon as a command is requested.

use serde::{Deserialize, Serialize};

/// Sorts commands as one evaluation from the start asks for them, branch after branch, whatever came first in time.
///
/// The numbers alternate: how many commands and parallels came before on this level, then which branch of the parallel,
/// then how many came before inside that branch, and so on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Position(Vec<u32>);

impl Position {
    /// The position of what comes inside this one.
    #[must_use]
    pub(super) fn inside(&self, number: u32) -> Self {
        let mut numbers = self.0.clone();
        numbers.push(number);
        Self(numbers)
    }

    /// The number that follows where this position begins with `outer`.
    pub(super) fn after(&self, outer: &Self) -> Option<u32> {
        self.0.strip_prefix(outer.0.as_slice()).and_then(|rest| rest.first().copied())
    }
}
