//! What `relwf init` says.

use super::out::Out;
use super::style::{DIM, GOOD, paint};
use crate::app::InitWrite;

/// One file.
pub fn wrote(out: &Out, name: &str, written: InitWrite) {
    out.say(&match written {
        InitWrite::New => format!("{} {name}", paint(GOOD, "wrote")),
        InitWrite::Replaced => format!("{} {name}", paint(GOOD, "replaced")),
        InitWrite::Same => format!("{} {name}", paint(DIM, "unchanged:")),
    });
}

/// What to do next.
pub fn next(out: &Out) {
    out.say("");
    out.say("Next:");
    out.say("  look at relwf.toml: remote, environments, components");
    out.say("  relwf doctor                          checks everything that a run needs");
    out.say("  relwf list                            the workflows and their parameters");
    out.say("  relwf run promote-staging --dry-run   shows what would happen");
}
