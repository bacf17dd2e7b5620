//! What git is asked for by, behind an `@`: the id of a commit, a tag or a branch.

use crate::components::Version;

/// The version that a name stands for. Which of tag and branch a name is, only the remote knows: one with a number in it is
/// taken for the tag of a release, any other for a branch, which moves.
pub(super) fn version(name: &str, definition: &str) -> Version {
    let name = name.to_owned();
    if is_id(&name) {
        return Version { revision: Some(name), ..Version::default() };
    }
    if name.contains(|c: char| c.is_ascii_digit()) {
        return Version::published(name);
    }
    Version { branch: Some(name), floating: true, definition: Some(definition.to_owned()), ..Version::default() }
}

/// Is it a commit's id? A short one has letters and digits, else it might be a word or a date.
pub(super) fn is_id(name: &str) -> bool {
    let hex = name.bytes().all(|byte| byte.is_ascii_hexdigit());
    let mixed = name.bytes().any(|byte| byte.is_ascii_digit()) && !name.bytes().all(|byte| byte.is_ascii_digit());
    hex && (matches!(name.len(), 40 | 64) || name.len() >= 7 && name.len() < 40 && mixed)
}
