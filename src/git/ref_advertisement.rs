//! The advertisement of references by a receiving git, cut down to those that matter to a push.
//!
//! libgit2 opens the whole tree of every advertised reference to learn what need not be sent: with a thousand references that
//! takes seconds, for a commit or two. So of a repository on this machine it is shown few.

use super::commits::oid;
use super::ref_update::RefUpdate;
use super::refs::Snapshot;
use git2::{ObjectType, Oid, Repository};
use std::collections::{BTreeMap, BTreeSet};

/// With fewer references than this there is nothing to gain.
const MANY: usize = 64;
/// To a push of more new commits than this all references are advertised.
const NEW_COMMITS: usize = 64;

/// The references that a push needs, by name: those that it moves, and enough others to reach every commit that the other
/// side has already. `None` when it needs all.
pub(super) fn relevant(repository: &Repository, there: &Snapshot, updates: &[RefUpdate]) -> Option<BTreeSet<String>> {
    if there.refs.len() < MANY {
        return None;
    }
    let mut keep: BTreeSet<String> = updates.iter().map(|update| update.name.to_string()).collect();
    let tips = tips(repository, there);
    let trunks: Vec<(&str, Oid)> = there
        .head
        .iter()
        .map(String::as_str)
        .chain(["refs/heads/master", "refs/heads/main"])
        .filter_map(|name| Some((name, *there.refs.get(name)?)))
        .collect();
    let mut waiting = Vec::new();
    for id in updates.iter().filter_map(|update| update.new) {
        let object = repository.find_object(oid(id).ok()?, None).ok()?;
        waiting.push(object.peel(ObjectType::Commit).ok()?.id());
    }
    let mut seen = BTreeSet::new();
    while let Some(id) = waiting.pop() {
        if !seen.insert(id) {
            continue;
        }
        if seen.len() > NEW_COMMITS {
            return None;
        }
        if let Some(name) = tips.get(&id) {
            keep.insert((*name).to_owned());
        } else if let Some((name, _)) = trunks.iter().find(|(_, tip)| holds(repository, *tip, id)) {
            keep.insert((*name).to_owned());
        } else {
            waiting.extend(repository.find_commit(id).ok()?.parent_ids());
        }
    }
    Some(keep)
}

/// Commits that the other side has under a name; tags are many and hardly ever what is built upon.
fn tips<'a>(repository: &Repository, there: &'a Snapshot) -> BTreeMap<Oid, &'a str> {
    let mut tips = BTreeMap::new();
    for (name, id) in &there.refs {
        if name.starts_with("refs/heads/") {
            tips.insert(*id, name.as_str());
        } else if name.starts_with("refs/relwf/")
            && let Ok(commit) = repository.find_object(*id, None).and_then(|object| object.peel(ObjectType::Commit))
        {
            tips.insert(commit.id(), name.as_str());
        }
    }
    tips
}

fn holds(repository: &Repository, tip: Oid, id: Oid) -> bool {
    // What is not here, or cannot be read, is no help.
    repository.graph_descendant_of(tip, id).unwrap_or(false)
}

/// Lets an advertisement through without the references that are not needed.
pub(super) struct RefFilter {
    keep: BTreeSet<String>,
    waiting: Vec<u8>,
}

/// How far an advertisement is.
#[derive(Debug, PartialEq)]
pub(super) enum Passed {
    /// More must be read first.
    Waiting,
    /// All of it, and what came behind it: from now on everything goes through.
    Whole(Vec<u8>),
}

impl RefFilter {
    pub(super) fn new(keep: BTreeSet<String>) -> Self {
        Self { keep, waiting: Vec::new() }
    }

    /// Takes what was read; an empty slice is the end.
    pub(super) fn pass(&mut self, bytes: &[u8]) -> Passed {
        self.waiting.extend_from_slice(bytes);
        match (self.cut(), bytes) {
            (Cut::Short, [_, ..]) => Passed::Waiting,
            (Cut::Whole(bytes), _) => Passed::Whole(bytes),
            // Not what was expected: libgit2 says what is wrong.
            (Cut::Short | Cut::Strange, _) => Passed::Whole(std::mem::take(&mut self.waiting)),
        }
    }

    /// Reads `gitprotocol-pack(5)`, "Reference Discovery": lines with their length before them, up to an empty one.
    fn cut(&self) -> Cut {
        let (mut rest, mut kept) = (self.waiting.as_slice(), Vec::new());
        let mut capabilities = None;
        loop {
            let Some((length, behind)) = rest.split_at_checked(4) else { return Cut::Short };
            let length = std::str::from_utf8(length).ok().and_then(|hex| usize::from_str_radix(hex, 16).ok());
            match length {
                Some(0) => {
                    rest = behind;
                    break;
                }
                Some(length @ 5..) => {
                    let Some((line, behind)) = behind.split_at_checked(length - 4) else { return Cut::Short };
                    rest = behind;
                    let line = line.strip_suffix(b"\n").unwrap_or(line);
                    let end = line.iter().position(|byte| *byte == 0);
                    let (line, capability_list) = line.split_at(end.unwrap_or(line.len()));
                    if end.is_some() {
                        capabilities = Some(capability_list.to_vec());
                    }
                    if line.starts_with(b"shallow ") {
                        return Cut::Strange;
                    }
                    if self.keeps(line) {
                        kept.push(line.to_vec());
                    }
                }
                _ => return Cut::Strange,
            }
        }
        let Some(capabilities) = capabilities else { return Cut::Strange };
        if kept.is_empty() {
            kept.push(format!("{} capabilities^{{}}", Oid::ZERO_SHA1).into_bytes());
        }
        let mut out = Vec::new();
        for (at, mut line) in kept.into_iter().enumerate() {
            if at == 0 {
                line.extend_from_slice(&capabilities);
            }
            out.extend_from_slice(format!("{:04x}", line.len() + 5).as_bytes());
            out.extend_from_slice(&line);
            out.push(b'\n');
        }
        out.extend_from_slice(b"0000");
        out.extend_from_slice(rest);
        Cut::Whole(out)
    }

    fn keeps(&self, line: &[u8]) -> bool {
        let name = line.get(41..).map(String::from_utf8_lossy).unwrap_or_default();
        name == "capabilities^{}" || self.keep.contains(&*name)
    }
}

enum Cut {
    Short,
    Strange,
    Whole(Vec<u8>),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(lines: &[&str]) -> Vec<u8> {
        lines.iter().flat_map(|line| format!("{:04x}{line}\n", line.len() + 5).into_bytes()).chain(*b"0000").collect()
    }

    fn filter(names: &[&str]) -> RefFilter {
        RefFilter::new(names.iter().map(|name| (*name).to_owned()).collect())
    }

    /// A commit of the empty tree.
    fn commit(repository: &Repository, message: &str, parents: &[Oid]) -> Oid {
        let who = git2::Signature::new("A", "a@x", &git2::Time::new(1_700_000_000, 0)).unwrap();
        let tree = repository.treebuilder(None).unwrap().write().unwrap();
        let parents: Vec<_> = parents.iter().map(|id| repository.find_commit(*id).unwrap()).collect();
        let tree = repository.find_tree(tree).unwrap();
        repository.commit(None, &who, &who, message, &tree, &parents.iter().collect::<Vec<_>>()).unwrap()
    }

    fn update(name: &str, new: Oid) -> RefUpdate {
        let new = Some(super::super::commits::object_id(new));
        RefUpdate { name: name.parse().unwrap(), expected: super::super::Expected::Absent, new }
    }

    #[test]
    fn a_push_hears_of_what_it_moves_and_of_what_it_builds_upon() {
        let dir = tempfile::tempdir().unwrap();
        let repository = Repository::init_bare(dir.path()).unwrap();
        let root = commit(&repository, "root", &[]);
        let candidate = commit(&repository, "candidate", &[root]);
        let master = commit(&repository, "newer", &[candidate]);
        let staging = commit(&repository, "hotfix", &[root]);
        let mut there = Snapshot { head: Some("refs/heads/master".to_owned()), ..Snapshot::default() };
        let mut name = |name: &str, id| there.refs.insert(name.to_owned(), id);
        name("refs/heads/master", master);
        name("refs/heads/staging", staging);
        for number in 0..MANY {
            name(&format!("refs/heads/feature-{number}"), commit(&repository, &number.to_string(), &[root]));
            name(&format!("refs/tags/v{number}"), commit(&repository, &number.to_string(), &[staging]));
        }
        let merge = commit(&repository, "merge", &[staging, candidate]);
        let filtered = |updates: &[RefUpdate]| {
            relevant(&repository, &there, updates).map(|names| names.into_iter().collect::<Vec<_>>().join(" "))
        };
        let change = update("refs/relwf/changes/1", merge);
        assert_eq!(
            filtered(&[change]).as_deref(),
            Some("refs/heads/master refs/heads/staging refs/relwf/changes/1"),
            "ours by its name, theirs by the branch that has it"
        );
        let long = (0..=NEW_COMMITS).fold(merge, |tip, number| commit(&repository, &number.to_string(), &[tip]));
        assert_eq!(filtered(&[update("refs/heads/long", long)]), None, "too much is new");
        let few = Snapshot { refs: there.refs.into_iter().take(MANY - 1).collect(), head: None };
        assert_eq!(relevant(&repository, &few, &[update("refs/heads/x", merge)]), None);
    }

    #[test]
    fn only_what_matters_is_heard_of_however_it_is_cut() {
        let (one, two) = ("1".repeat(40), "2".repeat(40));
        let sent = lines(&[
            &format!("{one} refs/heads/a\0report-status ofs-delta"),
            &format!("{two} refs/heads/b"),
            &format!("{one} .have"),
        ]);
        let expected = lines(&[&format!("{two} refs/heads/b\0report-status ofs-delta")]);
        let mut behind = expected.clone();
        behind.extend_from_slice(b"more");
        for cut in 0..sent.len() {
            let mut filter = filter(&["refs/heads/b"]);
            let (first, second) = sent.split_at(cut);
            if !first.is_empty() {
                assert_eq!(filter.pass(first), Passed::Waiting, "{cut}");
            }
            let second = [second, b"more"].concat();
            assert_eq!(filter.pass(&second), Passed::Whole(behind.clone()), "{cut}");
        }
        let nothing = lines(&[&format!("{} capabilities^{{}}\0report-status ofs-delta", "0".repeat(40))]);
        assert_eq!(filter(&["refs/heads/new"]).pass(&sent), Passed::Whole(nothing.clone()));
        assert_eq!(filter(&["refs/heads/new"]).pass(&nothing), Passed::Whole(nothing));
    }

    #[test]
    fn what_is_no_advertisement_goes_through_as_it_is() {
        assert_eq!(filter(&[]).pass(b"fatal: no"), Passed::Whole(b"fatal: no".to_vec()));
        let mut cut_off = filter(&[]);
        assert_eq!(cut_off.pass(b"00ff12"), Passed::Waiting);
        assert_eq!(cut_off.pass(b""), Passed::Whole(b"00ff12".to_vec()));
    }
}
