//! What a workflow has registered to be done at its end.

use rhai::FnPtr;
#[allow(deprecated)] // Rhai's word for "may change in a minor version"; the version is pinned.
use rhai::NativeCallContextStore;

/// When a handler runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    /// The workflow failed.
    OnFailure,
    /// In any case.
    Always,
}

impl When {
    /// The step under which its commands run.
    pub(super) const fn step(self) -> &'static str {
        match self {
            Self::OnFailure => "on_failure",
            Self::Always => "always",
        }
    }
}

/// A closure to run at the end.
#[allow(deprecated)]
pub(super) struct Handler {
    pub(super) when: When,
    pub(super) closure: FnPtr,
    /// Where it was registered: imports and functions that the closure needs.
    pub(super) context: NativeCallContextStore,
}
