//! Values that a script may pass on but not inspect: secrets, and in a dry run values that only the server will assign.

use crate::model::{Failure, FailureKind};
use rhai::ImmutableString;
use std::fmt;

/// What `type_of` answers for [`Unknown`]; also how errors of the engine that mention it are recognised.
pub(super) const UNKNOWN_TYPE: &str = "value that only the remote knows";

/// A value that only the remote can invent; exists in dry runs alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unknown {
    /// E.g. `number of the change`.
    pub(super) what: ImmutableString,
}

/// A secret by name, perhaps inside a text. Its value never comes near a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SecretHandle {
    pub(super) name: ImmutableString,
    /// Text before it, e.g. `Bearer `.
    pub(super) before: String,
    /// Text after it.
    pub(super) after: String,
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}>", self.what)
    }
}

impl fmt::Display for SecretHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}<secret {}>{}", self.before, self.name, self.after)
    }
}

/// A value in whose place nothing can be decided.
pub(super) trait Opaque: Clone + Send + Sync + fmt::Display + 'static {
    /// Why not.
    fn refuse(&self) -> Failure;
}

impl Opaque for Unknown {
    fn refuse(&self) -> Failure {
        Failure::new(FailureKind::Unknown, format!("the dry run cannot decide here: {self} is invented by the remote"))
            .hint("pass it on to other commands, or print it; the real run will know it")
    }
}

impl Opaque for SecretHandle {
    fn refuse(&self) -> Failure {
        Failure::new(FailureKind::Arguments, format!("{self} can be handed to a command, and nothing else"))
            .hint("a script never sees what a secret holds; text can be put before and after it with `+`")
    }
}
