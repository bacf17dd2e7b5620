//! Writes the story down as commits.

use super::story::{Edit, PEOPLE, STORY, StoryStep};
use crate::git::{FileMode, Ident, NewRepository};
use crate::model::{BranchName, CommitId, Failure, FailureKind};
use std::collections::BTreeMap;

type FileTree = BTreeMap<String, (Vec<u8>, FileMode)>;

/// A branch while the story is told.
#[derive(Clone)]
struct BranchTip {
    commit: CommitId,
    files: FileTree,
}

/// Writes every commit and points the branches at theirs.
pub fn write(repository: &NewRepository) -> Result<BTreeMap<BranchName, CommitId>, Failure> {
    let mut tips: BTreeMap<&str, BranchTip> = BTreeMap::new();
    for (index, step) in STORY.iter().enumerate() {
        match step {
            StoryStep::Commit { branch, who, when, message, edits } => {
                let before = tips.get(branch).cloned();
                let mut files = before.as_ref().map(|tip| tip.files.clone()).unwrap_or_default();
                for edit in *edits {
                    apply(&mut files, edit).map_err(|why| wrong(index, &why))?;
                }
                let parents: Vec<CommitId> = before.iter().map(|tip| tip.commit).collect();
                let commit = repository.commit(&parents, &files, &ident(*who, when, index)?, message)?;
                tips.insert(branch, BranchTip { commit, files });
            }
            StoryStep::Branch { name, from } => {
                let tip = tips.get(from).cloned().ok_or_else(|| wrong(index, "no such branch"))?;
                tips.insert(name, tip);
            }
            StoryStep::Promote { from, to, who, when, keep } => {
                let source = tips.get(from).cloned().ok_or_else(|| wrong(index, "no such branch"))?;
                let target = tips.get(to).cloned().ok_or_else(|| wrong(index, "no such branch"))?;
                let mut files = source.files;
                // What only the target has stays as it is there: these merges are clean by construction.
                for path in *keep {
                    if let Some(file) = target.files.get(*path) {
                        files.insert((*path).to_owned(), file.clone());
                    }
                }
                let message = format!("Merge {from} into {to}\n");
                let parents = [target.commit, source.commit];
                let commit = repository.commit(&parents, &files, &ident(*who, when, index)?, &message)?;
                tips.insert(to, BranchTip { commit, files });
            }
        }
    }
    let mut branches = BTreeMap::new();
    for (name, tip) in tips {
        let name: BranchName = name.parse().map_err(|_| wrong(0, "a branch's name is no name"))?;
        repository.branch(&name, tip.commit)?;
        branches.insert(name, tip.commit);
    }
    Ok(branches)
}

fn apply(files: &mut FileTree, edit: &Edit) -> Result<(), String> {
    match edit {
        Edit::Write(path, text) => {
            files.insert((*path).to_owned(), (text.as_bytes().to_vec(), FileMode::Plain));
        }
        Edit::Program(path, text) => {
            files.insert((*path).to_owned(), (text.as_bytes().to_vec(), FileMode::Executable));
        }
        Edit::Append(path, text) => {
            let (bytes, _) = files.get_mut(*path).ok_or_else(|| format!("{path} is not there yet"))?;
            bytes.extend_from_slice(text.as_bytes());
        }
        Edit::Replace(path, old, new) => {
            let (bytes, _) = files.get_mut(*path).ok_or_else(|| format!("{path} is not there yet"))?;
            let text = String::from_utf8_lossy(bytes).into_owned();
            if text.matches(old).count() != 1 {
                return Err(format!("{path} does not hold `{old}` exactly once"));
            }
            *bytes = text.replacen(old, new, 1).into_bytes();
        }
    }
    Ok(())
}

/// Who, and when: day of the story and local time.
fn ident(who: usize, when: &(i64, i64, i64), index: usize) -> Result<Ident, Failure> {
    let person = PEOPLE.get(who).ok_or_else(|| wrong(index, "nobody"))?;
    let (day, hour, minute) = when;
    let offset = i64::from(person.offset_minutes);
    let time = super::story::MONDAY + day * 86_400 + hour * 3600 + (minute - offset) * 60;
    Ok(Ident {
        name: person.name.to_owned(),
        email: person.email.to_owned(),
        time,
        offset_minutes: person.offset_minutes,
    })
}

fn wrong(index: usize, why: &str) -> Failure {
    Failure::new(FailureKind::Bug, format!("step {index} of the sample's story cannot be told: {why}"))
}
