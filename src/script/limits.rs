//! How much a script may do before it is stopped: far more than an honest workflow needs. Commands have a limit of their
//! own, `MAX_COMMANDS` of `run`.

/// Operations of one evaluation. A second or two; honest workflows need some thousands.
pub(super) const MAX_OPERATIONS: u64 = 50_000_000;
/// Calls inside one another.
pub(super) const MAX_CALLS: usize = 64;
/// Expressions inside one another.
pub(super) const MAX_EXPRESSION_DEPTH: usize = 64;
/// Bytes of a string.
pub(super) const MAX_STRING: usize = 16 * 1024 * 1024;
/// Of a list or a map. Rhai measures the whole list at every `push`, so that a larger limit would take half a minute to reach.
pub(super) const MAX_ITEMS: usize = 50_000;
/// Imports of one evaluation.
pub(super) const MAX_MODULES: usize = 64;
/// Functions of one file.
pub(super) const MAX_FUNCTIONS: usize = 1000;
/// Variables in scope.
pub(super) const MAX_VARIABLES: usize = 1000;
/// The stack of a script's thread: it holds calls and expressions nested as deep as the limits allow, in a debug build too.
pub(super) const STACK_BYTES: usize = 256 * 1024 * 1024;
