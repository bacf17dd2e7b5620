//! Settings of a repository that change what git answers and that are not followed here: they are named, not passed over.

use super::attributes::is_true;
use super::{MergeError, MergeRepository};

/// A setting, and whether a value is git's default.
pub(super) type Default = (&'static str, fn(&str) -> bool);

/// Those of the search for renames. git 2.47 itself follows some of them in some of its programs alone.
pub(super) const RENAMES: [Default; 5] = [
    ("merge.renames", follows_renames),
    ("diff.renames", follows_renames),
    ("merge.directoryRenames", |value| value == "conflict"),
    ("merge.renameLimit", is_usual_limit),
    ("diff.renameLimit", is_usual_limit),
];

/// That of the text of conflicts, which counts where there are several merge bases.
pub(super) const CONFLICTS: [Default; 1] = [("merge.conflictStyle", |value| value == "merge")];

/// That of files that one side deleted, too: normalised, what the other side has may be what was there before.
pub(super) const NORMALIZED: [Default; 1] = [("merge.renormalize", |value| !is_true(value))];

/// That of all files that both sides changed.
pub(super) const CONTENTS: [Default; 1] = [("core.attributesFile", str::is_empty)];

/// Fails where one of them is not as by default.
pub(super) fn ensure_default(repository: &dyn MergeRepository, settings: &[Default]) -> Result<(), MergeError> {
    for (name, is_default) in settings {
        if let Some(value) = repository.setting(name).filter(|value| !is_default(value)) {
            return Err(MergeError::Setting { name, value });
        }
    }
    Ok(())
}

fn follows_renames(value: &str) -> bool {
    is_true(value) || matches!(value, "copies" | "copy")
}

fn is_usual_limit(value: &str) -> bool {
    matches!(value, "7000")
}
