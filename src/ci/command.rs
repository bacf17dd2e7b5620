//! A command on this machine, run in a checkout of the commit.

/// A command on this machine.
pub struct CommandCi;
