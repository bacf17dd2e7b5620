//! Which commits came with which change, and what of it was taken back again.
//!
//! Walked from the oldest commit of a line to the newest, each with what it merges first: so what a merge brings is what nothing
//! before it had brought. Merges that are no change of their own (promotions, back-merges, merges by hand) are gone through.

use super::change_hint::{ChangeHint, change_of, co_authors};
use super::{NotedAuthor, NotedChange, NotedCommit, PromotionBranches};
use crate::forge::ProjectPages;
use crate::git::pick_messages::run_of;
use crate::git::{CommitInfo, ListedCommit, Mirror};
use crate::hidden::{RevertedBy, taken_back};
use crate::model::{CommitId, Failure};
use std::collections::{BTreeMap, HashMap, HashSet};

/// What a range has.
pub(super) struct Landed {
    pub(super) changes: Vec<NotedChange>,
    pub(super) commits: Vec<NotedCommit>,
    pub(super) authors: Vec<NotedAuthor>,
}

/// A change, and the commits that it brought.
struct Group {
    hint: ChangeHint,
    /// The commit that it landed as.
    landed_as: CommitId,
    /// Oldest first.
    commits: Vec<CommitId>,
}

/// What is still to be walked. The owner is the group that commits belong to.
enum Step {
    /// From this tip along first parents.
    Line { tip: CommitId, owner: Option<usize> },
    /// A commit of a line.
    Visit { commit: CommitId, owner: Option<usize> },
    /// All that it merges has been walked.
    Leave(CommitId),
}

/// A walk over the commits of a range.
struct Walk<'a> {
    commits: HashMap<CommitId, CommitInfo>,
    branches: &'a PromotionBranches,
    groups: Vec<Group>,
    by_number: HashMap<u64, usize>,
    /// Commits without a group, oldest first.
    alone: Vec<CommitId>,
    begun: HashSet<CommitId>,
    /// Every commit after all that it is made on.
    order: Vec<CommitId>,
}

/// Sorts the commits of a range that ends at `tip`.
pub(super) fn read(
    mirror: &Mirror,
    commits: Vec<CommitInfo>,
    tip: CommitId,
    branches: &PromotionBranches,
    pages: Option<&ProjectPages>,
) -> Result<Landed, Failure> {
    let commits: HashMap<CommitId, CommitInfo> = commits.into_iter().map(|commit| (commit.id, commit)).collect();
    let mut walk = Walk {
        commits,
        branches,
        groups: Vec::new(),
        by_number: HashMap::new(),
        alone: Vec::new(),
        begun: HashSet::new(),
        order: Vec::new(),
    };
    walk.all_from(tip);
    let ordered: Vec<&CommitInfo> = walk.order.iter().filter_map(|id| walk.commits.get(id)).collect();
    let reverts = Reverts::of(&taken_back(mirror, &ordered, tip)?, &walk);
    Ok(Landed { changes: walk.changes(&reverts, pages), commits: walk.alone(&reverts), authors: walk.authors() })
}

impl Walk<'_> {
    fn all_from(&mut self, tip: CommitId) {
        let mut steps = vec![Step::Line { tip, owner: None }];
        while let Some(step) = steps.pop() {
            match step {
                Step::Line { tip, owner } => self.line(tip, owner, &mut steps),
                Step::Visit { commit, owner } => self.visit(commit, owner, &mut steps),
                Step::Leave(commit) => self.order.push(commit),
            }
        }
    }

    /// The oldest is visited first.
    fn line(&self, tip: CommitId, owner: Option<usize>, steps: &mut Vec<Step>) {
        let mut next = Some(tip);
        while let Some(commit) = next.filter(|id| !self.begun.contains(id)).and_then(|id| self.commits.get(&id)) {
            steps.push(Step::Visit { commit: commit.id, owner });
            next = commit.parents.first().copied();
        }
    }

    fn visit(&mut self, id: CommitId, owner: Option<usize>, steps: &mut Vec<Step>) {
        let Some(commit) = self.commits.get(&id).filter(|_| self.begun.insert(id)) else { return };
        let merged: Vec<CommitId> = commit.parents.iter().skip(1).copied().collect();
        let hint = change_of(commit).filter(|hint| self.is_change(commit, hint, owner));
        let owner = match hint {
            Some(hint) => Some(self.group(id, hint)),
            None => owner,
        };
        steps.push(Step::Leave(id));
        steps.extend(merged.iter().map(|tip| Step::Line { tip: *tip, owner }));
        if merged.is_empty() {
            let commits = match owner.and_then(|at| self.groups.get_mut(at)) {
                Some(group) => &mut group.commits,
                None => &mut self.alone,
            };
            commits.push(id);
        }
    }

    /// Is what the message names a change of its own? Not a promotion; and of the commits of a change none is another by its subject
    /// alone, which often names an issue.
    fn is_change(&self, commit: &CommitInfo, hint: &ChangeHint, owner: Option<usize>) -> bool {
        if hint.head.as_ref().is_some_and(|head| self.branches.has(head)) {
            return false;
        }
        match commit.parents.len() {
            0 | 1 => owner.is_none(),
            _ => run_of(&commit.message).is_none(),
        }
    }

    /// The group of a change: one, however many commits name it.
    fn group(&mut self, landed_as: CommitId, hint: ChangeHint) -> usize {
        let (next, number) = (self.groups.len(), hint.number);
        let at = *self.by_number.entry(number).or_insert(next);
        if at == next {
            self.groups.push(Group { hint, landed_as, commits: Vec::new() });
        }
        at
    }

    fn changes(&self, reverts: &Reverts, pages: Option<&ProjectPages>) -> Vec<NotedChange> {
        let change = |group: &Group| {
            let Group { hint: ChangeHint { number, sign, title, .. }, landed_as, commits } = group;
            NotedChange {
                number: *number,
                shown: format!("{sign}{number}"),
                title: title.clone(),
                url: pages.map(|pages| pages.change(*number)),
                authors: self.authors_of(group),
                commit: *landed_as,
                commits: commits.iter().rev().filter_map(|id| self.commits.get(id)).map(ListedCommit::from).collect(),
                reverted_by: reverts.by(*landed_as).or_else(|| reverts.by_all(commits)),
                reverts: reverts.all_of(*landed_as, commits),
            }
        };
        self.groups.iter().rev().map(change).collect()
    }

    fn alone(&self, reverts: &Reverts) -> Vec<NotedCommit> {
        let commit = |commit: &CommitInfo| NotedCommit {
            row: ListedCommit::from(commit),
            reverted_by: reverts.by(commit.id),
            reverts: reverts.all_of(commit.id, &[commit.id]),
        };
        self.alone.iter().rev().filter_map(|id| self.commits.get(id)).map(commit).collect()
    }

    /// Who wrote a change, in the order of its commits; of one that brought none, who landed it.
    fn authors_of(&self, group: &Group) -> Vec<String> {
        let landed = [group.landed_as];
        let from = if group.commits.is_empty() { &landed[..] } else { &group.commits };
        let mut names: Vec<String> = Vec::new();
        for commit in from.iter().filter_map(|id| self.commits.get(id)) {
            for name in people(commit) {
                if !names.iter().any(|known| known == name) {
                    names.push(name.to_owned());
                }
            }
        }
        names
    }

    /// Everyone who wrote something, by how much; merges count for no one.
    fn authors(&self) -> Vec<NotedAuthor> {
        let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
        for commit in self.commits.values().filter(|commit| commit.parents.len() < 2) {
            for name in people(commit) {
                *counts.entry(name).or_default() += 1;
            }
        }
        let mut authors: Vec<NotedAuthor> =
            counts.into_iter().map(|(name, commits)| NotedAuthor { name: name.to_owned(), commits }).collect();
        authors.sort_by_key(|author| std::cmp::Reverse(author.commits));
        authors
    }
}

/// Author and further authors, each once.
fn people(commit: &CommitInfo) -> Vec<&str> {
    let mut names = vec![commit.author.name.as_str()];
    for name in co_authors(&commit.message) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// What was taken back within the range. What took it back and was itself taken back does not count.
struct Reverts {
    by: HashMap<CommitId, RevertedBy>,
    taken: HashMap<CommitId, Vec<CommitId>>,
}

impl Reverts {
    fn of(pairs: &[(CommitId, Vec<CommitId>)], walk: &Walk<'_>) -> Self {
        let mut reverts = Self { by: HashMap::new(), taken: HashMap::new() };
        // The newest first: a revert of a revert brings back.
        for (by, taken) in pairs.iter().rev() {
            let Some(commit) = walk.commits.get(by).filter(|_| !reverts.by.contains_key(by)) else { continue };
            let new: Vec<CommitId> = taken.iter().filter(|id| !reverts.by.contains_key(id)).copied().collect();
            reverts.by.extend(new.iter().map(|id| (*id, RevertedBy::from(commit))));
            reverts.taken.insert(*by, new);
        }
        reverts
    }

    fn by(&self, commit: CommitId) -> Option<RevertedBy> {
        self.by.get(&commit).cloned()
    }

    /// What took the last of them back, where all were.
    fn by_all(&self, commits: &[CommitId]) -> Option<RevertedBy> {
        let all: Option<Vec<&RevertedBy>> = commits.iter().map(|commit| self.by.get(commit)).collect();
        all?.last().map(|by| (*by).clone())
    }

    /// What these take back, where that is all they do.
    fn all_of(&self, landed_as: CommitId, commits: &[CommitId]) -> Vec<CommitId> {
        let taken = |id: &CommitId| self.taken.get(id).filter(|taken| !taken.is_empty());
        if let Some(taken) = taken(&landed_as) {
            return taken.clone();
        }
        let all: Option<Vec<&Vec<CommitId>>> = commits.iter().map(taken).collect();
        all.unwrap_or_default().into_iter().flatten().copied().collect()
    }
}
