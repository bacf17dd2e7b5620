//! No forge at all: changes and verdicts are annotated tags under `refs/relwf/changes/` of the remote.

/// Changes and verdicts in the git repository itself.
pub struct LocalForge;
