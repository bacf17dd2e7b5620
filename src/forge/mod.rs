//! Where changes are proposed, judged and landed: one trait, one implementation for each kind of forge.
//!
//! git transport stays outside: a forge is asked about changes and verdicts, never for objects.

mod local;
mod types;

pub use local::LocalForge;
pub use types::{
    Caps, Change, ChangeState, Forge, ForgeError, MergeOutcome, MergeRequest, NewChange, Rules, Verdict, VerdictState,
};
