//! What was taken back within a range of commits: by reverts that name it, and by commits that have an earlier landing's files again.

use super::Error;
use super::queries::Queries;
use super::reverted::named;
use crate::git::{CommitInfo, Mirror};
use crate::merge::Merger;
use crate::model::{CommitId, Failure, TreeId};
use std::collections::HashMap;

/// Of these commits, each after what it is made on and the last of them `tip`: those that take others of them back, with what they
/// take back. A message says where to look, the files whether it is so.
///
/// # Errors
///
/// The history cannot be read.
pub fn taken_back(
    mirror: &Mirror,
    ordered: &[&CommitInfo],
    tip: CommitId,
) -> Result<Vec<(CommitId, Vec<CommitId>)>, Failure> {
    let aside = mirror.aside()?;
    let merger = Merger::default();
    let queries = Queries::new(aside.as_ref().unwrap_or(mirror), &merger);
    let places: HashMap<CommitId, usize> = ordered.iter().enumerate().map(|(at, commit)| (commit.id, at)).collect();
    let line = Line::read(&queries, ordered, &places, tip)?;
    let mut found = Vec::new();
    for commit in ordered {
        let mut taken = named_by(&queries, commit, ordered, &places)?;
        for id in line.restored_by(commit, ordered) {
            if !taken.contains(&id) {
                taken.push(id);
            }
        }
        if !taken.is_empty() {
            found.push((commit.id, taken));
        }
    }
    Ok(found)
}

/// The earlier commits that a message names and whose change its commit undoes.
fn named_by(
    queries: &Queries<'_>,
    by: &CommitInfo,
    ordered: &[&CommitInfo],
    places: &HashMap<CommitId, usize>,
) -> Result<Vec<CommitId>, Error> {
    let mut taken = Vec::new();
    for (reverted, back_to) in named(&by.message) {
        let earlier = places.get(&reverted).filter(|at| places.get(&by.id).is_some_and(|own| *at < own));
        let Some(commit) = earlier.and_then(|at| ordered.get(*at)).filter(|_| !queries.is_spent()) else { continue };
        if queries.has(by.tree, commit.tree, queries.tree_before_revert(commit, back_to)?)? {
            taken.push(reverted);
        }
    }
    Ok(taken)
}

/// The line of first parents that a range ends with.
struct Line {
    /// Each landing's files, oldest first, with how many of the commits had landed then; the first is what was there before.
    landings: Vec<(TreeId, usize)>,
    /// Where in it a commit is.
    places: HashMap<CommitId, usize>,
}

impl Line {
    fn read(
        queries: &Queries<'_>,
        ordered: &[&CommitInfo],
        places: &HashMap<CommitId, usize>,
        tip: CommitId,
    ) -> Result<Self, Error> {
        let mut newest_first = Vec::new();
        let mut next = Some(tip);
        while let Some((at, commit)) =
            next.and_then(|id| places.get(&id)).and_then(|at| Some((*at, *ordered.get(*at)?)))
        {
            newest_first.push((commit, at + 1));
            next = commit.parents.first().copied();
        }
        let mut line = Self { landings: Vec::new(), places: HashMap::new() };
        if let Some(before) = next {
            line.add(before, queries.tree(before)?, 0);
        }
        for (commit, landed) in newest_first.into_iter().rev() {
            line.add(commit.id, commit.tree, landed);
        }
        Ok(line)
    }

    fn add(&mut self, commit: CommitId, tree: TreeId, landed: usize) {
        self.places.insert(commit, self.landings.len());
        self.landings.push((tree, landed));
    }

    /// What had landed since the branch had the files that this commit gives it again.
    fn restored_by(&self, commit: &CommitInfo, ordered: &[&CommitInfo]) -> Vec<CommitId> {
        let [parent] = commit.parents[..] else { return Vec::new() };
        let Some(before) = self.places.get(&parent).and_then(|at| self.landings.get(..=*at)) else { return Vec::new() };
        let Some((_, until)) = before.last().filter(|(tree, _)| *tree != commit.tree) else { return Vec::new() };
        let release = before.iter().rev().find(|(tree, _)| *tree == commit.tree);
        let gone = release.and_then(|(_, since)| ordered.get(*since..*until)).unwrap_or_default();
        gone.iter().map(|commit| commit.id).collect()
    }
}
