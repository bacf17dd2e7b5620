//! The messages that git gives to picks and reverts, as `git cherry-pick -x` and `git revert` write them.
//!
//! Learned from git's documentation and from its answers; knows nothing of repositories.

use crate::model::{CommitId, RunId};

/// The message of a pick without a trailer: the original's.
pub fn picked(original: &str) -> String {
    original.trim_start_matches('\n').to_owned()
}

/// The message of a pick that says where it comes from, as `git cherry-pick -x` writes it.
pub fn picked_from(original: &str, from: CommitId) -> String {
    let original = picked(original);
    let line = format!("(cherry picked from commit {from})\n");
    let text = git2::message_prettify(&original, None).unwrap_or_else(|_| original.clone());
    let gap = if ends_in_trailers(&original) { "" } else { "\n" };
    if text.is_empty() { line } else { format!("{text}{gap}{line}") }
}

/// The same with the run that makes it as a trailer.
pub fn made_by(message: &str, run: &RunId) -> String {
    let gap = if ends_in_trailers(message) { "" } else { "\n" };
    format!("{message}{gap}{RUN_TRAILER}: {run}\n")
}

/// The run that made a commit, where its message says so.
pub fn run_of(message: &str) -> Option<&str> {
    message.lines().rev().find_map(|line| line.strip_prefix(RUN_TRAILER)?.strip_prefix(": "))
}

/// The trailer that names the run.
const RUN_TRAILER: &str = "Relwf-Run";

/// A last paragraph of trailers takes one more line; anything else is followed by an empty one.
fn ends_in_trailers(message: &str) -> bool {
    let named = || git2::message_trailers_strs(message).is_ok_and(|trailers| trailers.len() > 0);
    !message.ends_with("\n\n") && (ends_in_origins(message) || named())
}

/// Lines about earlier picks make trailers of a paragraph in which they are a quarter (`git interpret-trailers`).
fn ends_in_origins(message: &str) -> bool {
    let Some((_, last)) = message.trim_end().rsplit_once("\n\n") else { return false };
    let origins = last.lines().filter(|line| line.starts_with("(cherry picked from commit ")).count();
    origins > 0 && origins * 4 >= last.lines().count()
}

/// The message of a revert; `mainline` is the parent that a merge is compared with.
pub fn reverted(original: &str, commit: CommitId, mainline: Option<CommitId>) -> String {
    let subject = original.trim_start_matches('\n').lines().next().unwrap_or_default();
    let again = subject.strip_prefix("Revert \"").filter(|rest| !rest.starts_with("Revert \""));
    let title = again.map_or_else(|| format!("Revert \"{subject}\""), |rest| format!("Reapply \"{rest}"));
    let reversing = mainline.map(|parent| format!(", reversing\nchanges made to {parent}")).unwrap_or_default();
    format!("{title}\n\nThis reverts commit {commit}{reversing}.\n")
}
