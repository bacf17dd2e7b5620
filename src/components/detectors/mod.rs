//! One file a manifest: each turns its bytes into a version. None knows of commits or of the other detectors.

pub(super) mod cargo_lock;
pub(super) mod go_mod;
pub(super) mod gopkg;
pub(super) mod keyed;
pub(super) mod npm_lock;
pub(super) mod paths;
pub(super) mod pattern;
pub(super) mod shell;
pub(super) mod travis;

pub use keyed::key_of_json;
