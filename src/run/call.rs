//! One call of a host function, as the script made it, and the fingerprint that detects a changed call.

use crate::model::{SourceLocation, Value, hex};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;

/// What a script asked for: function, arguments by name, and the place of the call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// Namespace and function, e.g. `git::push`.
    pub name: String,
    /// An object from argument names to values; absent ones are omitted.
    pub args: Value,
    /// The call's place in the workflow.
    pub at: SourceLocation,
}

/// What must not change between two evaluations: a hash over function and canonical arguments, never over the place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(pub String);

impl Call {
    /// The call's fingerprint. Objects are sorted, so equal arguments give equal bytes.
    pub fn fingerprint(&self) -> Fingerprint {
        let digest =
            Sha256::new().chain_update(&self.name).chain_update([0]).chain_update(self.args.to_string()).finalize();
        Fingerprint(hex(&digest[..16]))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
