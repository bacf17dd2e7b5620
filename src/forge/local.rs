//! No forge at all: changes and verdicts are annotated tags under `refs/relwf/changes/` of the remote.
//!
//! - `refs/relwf/changes/<N>`: a change. The tag's target is the proposed commit, its message title, body and, as the last
//!   line, the record that machines read. `git fetch <remote> refs/relwf/changes/1` brings the proposed commit.
//! - `refs/relwf/changes/verdicts/<commit id>`: every check's latest verdict on a commit.
//!
//! Everything goes through git's transport, so it works wherever git does. A change of either is a leased push of a new tag
//! object: two writers never overwrite one another. Reading moves no reference here.

use super::{
    BranchRules, Caps, Change, ChangeSearch, ChangeState, Forge, MergeOutcome, MergeRequest, NewChange, Verdict,
    VerdictState,
};
use crate::git::{Expected, GitError, Ident, Identity, Mirror, PushError, RefUpdate};
use crate::model::{BranchName, CommitId, Failure, FailureKind, ObjectId, RefName, TaskContext, WriteError};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

const CHANGES: &str = "refs/relwf/changes/";
const VERDICTS: &str = "refs/relwf/changes/verdicts/";
const CHANGE_LINE: &str = "relwf-change: ";
const VERDICT_LINE: &str = "relwf-verdicts: ";
/// How often a write is tried again because another writer was faster.
const RACES: usize = 50;

/// Changes and verdicts in the git repository itself.
pub struct LocalForge {
    mirror: Arc<Mirror>,
    now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    tagger: (String, String),
}

/// What programs read of a change; title, body and head are in the tag itself.
#[derive(Serialize, Deserialize)]
struct ChangeRecord {
    base: BranchName,
    state: ChangeState,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    marker: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    comments: Vec<Comment>,
}

#[derive(Serialize, Deserialize)]
struct Comment {
    marker: String,
    at: Timestamp,
    text: String,
}

/// A change as its tag holds it.
struct StoredChange {
    head: CommitId,
    title: String,
    body: String,
    record: ChangeRecord,
}

impl StoredChange {
    fn read(target: ObjectId, message: &str) -> Option<Self> {
        let message = message.trim_end();
        let (text, last) = message.rsplit_once('\n').unwrap_or(("", message));
        let record = serde_json::from_str(last.strip_prefix(CHANGE_LINE)?).ok()?;
        let (title, body) = text.split_once('\n').unwrap_or((text, ""));
        Some(Self { head: target.into(), title: title.trim().to_owned(), body: body.trim().to_owned(), record })
    }

    fn message(&self) -> Result<String, Failure> {
        let record = serde_json::to_string(&self.record).map_err(unwritable)?;
        let title = self.title.lines().next().unwrap_or_default();
        let body = self.body.trim();
        let gap = if body.is_empty() { "" } else { "\n\n" };
        Ok(format!("{title}\n\n{body}{gap}{CHANGE_LINE}{record}\n"))
    }

    fn change(self, number: u64) -> Change {
        Change {
            number,
            url: self.record.url,
            head: self.head,
            head_branch: None,
            base: self.record.base,
            state: self.record.state,
            title: self.title,
            body: self.body,
            marker: self.record.marker,
            merged_as: (self.record.state == ChangeState::Merged).then_some(self.head),
        }
    }
}

/// A tag object to put under a reference.
struct NewTag {
    target: ObjectId,
    message: String,
}

/// What to write in the place of a tag (its target and message); `None` when there is nothing to write.
type Decide<'a> = dyn FnMut(Option<(ObjectId, &str)>) -> Result<Option<NewTag>, WriteError> + 'a;

impl LocalForge {
    /// Works on the mirror's remote; `now` dates what is written and `identity` signs it.
    pub fn new(
        mirror: Arc<Mirror>,
        now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
        identity: Option<&Identity>,
    ) -> Self {
        let tagger =
            identity.map_or_else(|| ("relwf".to_owned(), "relwf@localhost".to_owned()), |who| who.committer.clone());
        Self { mirror, now, tagger }
    }

    fn refs(&self, task: TaskContext<'_>) -> Result<BTreeMap<RefName, ObjectId>, WriteError> {
        self.mirror.remote_refs(task).map_err(reading)
    }

    /// The tags under these references: (reference, tag's id, target, message). References that hold something else are omitted.
    fn tags(
        &self,
        refs: Vec<(RefName, ObjectId)>,
        task: TaskContext<'_>,
    ) -> Result<Vec<(RefName, ObjectId, ObjectId, String)>, WriteError> {
        let missing: Vec<RefName> =
            refs.iter().filter(|(_, id)| !self.mirror.contains(*id)).map(|(name, _)| name.clone()).collect();
        if !missing.is_empty() {
            self.mirror.fetch_objects(&missing, task).map_err(reading)?;
        }
        let mut tags = Vec::with_capacity(refs.len());
        for (name, id) in refs {
            // Replaced between listing and fetching: a caller that needs the newest looks again, under a lease.
            if !self.mirror.contains(id) {
                continue;
            }
            if let Some((target, message)) = self.mirror.read_tag(id).map_err(reading)? {
                tags.push((name, id, target, message));
            }
        }
        Ok(tags)
    }

    /// Replaces what a reference holds by what `decide` makes of it, as often as another writer is faster.
    fn swap(&self, name: &RefName, task: TaskContext<'_>, decide: &mut Decide<'_>) -> Result<(), WriteError> {
        for _ in 0..RACES {
            let held = self.refs(task)?.remove(name);
            let tag = match held {
                None => None,
                Some(id) => match self.tags(vec![(name.clone(), id)], task)?.pop() {
                    Some((_, _, target, message)) => Some((target, message)),
                    None if self.mirror.contains(id) => return Err(WriteError::Refused(foreign(name))),
                    None => continue,
                },
            };
            let Some(new) = decide(tag.as_ref().map(|(target, message)| (*target, message.as_str())))? else {
                return Ok(());
            };
            match self.put(name, held.map_or(Expected::Absent, Expected::Id), &new, task) {
                Err(PushError::Moved { .. }) => {}
                Err(error) => return Err(writing(error)),
                Ok(()) => return Ok(()),
            }
        }
        Err(WriteError::NotSent(crowded(name)))
    }

    fn put(&self, name: &RefName, expected: Expected, new: &NewTag, task: TaskContext<'_>) -> Result<(), PushError> {
        let now = (self.now)();
        let tagger = Ident {
            name: self.tagger.0.clone(),
            email: self.tagger.1.clone(),
            time: now.as_second(),
            offset_minutes: 0,
        };
        let short = name.as_str().trim_start_matches("refs/");
        let tag = self.mirror.write_tag(new.target, short, &tagger, &new.message).map_err(PushError::NotSent)?;
        self.mirror.push(&[RefUpdate { name: name.clone(), expected, new: Some(tag) }], task)
    }

    /// Changes the record of a change; answers it as it is afterwards.
    fn edit(
        &self,
        number: u64,
        task: TaskContext<'_>,
        mut change: impl FnMut(&mut ChangeRecord) -> Result<Edited, WriteError>,
    ) -> Result<Change, WriteError> {
        let name = change_ref(number).map_err(WriteError::Refused)?;
        let mut after = None;
        self.swap(&name, task, &mut |tag| {
            let (target, message) = tag.ok_or_else(|| WriteError::Refused(no_change(number)))?;
            let mut stored = StoredChange::read(target, message).ok_or_else(|| WriteError::Refused(foreign(&name)))?;
            let edited = change(&mut stored.record)?;
            let message = stored.message().map_err(WriteError::Refused)?;
            after = Some(stored.change(number));
            Ok((edited == Edited::Yes).then_some(NewTag { target, message }))
        })?;
        after.ok_or_else(|| WriteError::Refused(no_change(number)))
    }
}

#[derive(PartialEq, Eq)]
enum Edited {
    Yes,
    No,
}

impl Forge for LocalForge {
    fn caps(&self) -> Caps {
        Caps { merges: false, needs_branch: false, deploys: false }
    }

    fn branch(&self, name: &BranchName, task: TaskContext<'_>) -> Result<Option<CommitId>, WriteError> {
        Ok(self.refs(task)?.remove(&name.to_ref()).map(CommitId::from))
    }

    /// A repository without a forge demands nothing; its hooks may, and refuse a push.
    fn rules(&self, _branch: &BranchName, _watch: TaskContext<'_>) -> Result<BranchRules, WriteError> {
        Ok(BranchRules::default())
    }

    fn find_changes(&self, search: &ChangeSearch<'_>, task: TaskContext<'_>) -> Result<Vec<Change>, WriteError> {
        let refs = self.refs(task)?.into_iter().filter(|(name, _)| number_of(name).is_some()).collect();
        let mut changes: Vec<Change> = self
            .tags(refs, task)?
            .into_iter()
            .filter_map(|(name, _, target, message)| {
                Some(StoredChange::read(target, &message)?.change(number_of(&name)?))
            })
            .filter(|change| change.base == *search.base && search.fits(change))
            .collect();
        changes.sort_by_key(|change| std::cmp::Reverse(change.number));
        Ok(changes)
    }

    fn open_change(&self, new: &NewChange, task: TaskContext<'_>) -> Result<Change, WriteError> {
        let search = ChangeSearch { base: &new.base, head_branch: None, marker: Some(&new.marker) };
        if let Some(change) = self.find_changes(&search, task)?.into_iter().next() {
            return Ok(change);
        }
        let stored = StoredChange {
            head: new.head,
            title: new.title.clone(),
            body: new.body.clone(),
            record: ChangeRecord {
                base: new.base.clone(),
                state: ChangeState::Open,
                marker: Some(new.marker.clone()),
                url: None,
                comments: Vec::new(),
            },
        };
        let tag = NewTag { target: new.head.object(), message: stored.message().map_err(WriteError::Refused)? };
        let mut number = self.refs(task)?.keys().filter_map(number_of).max().unwrap_or(0) + 1;
        for _ in 0..RACES {
            let name = change_ref(number).map_err(WriteError::Refused)?;
            match self.put(&name, Expected::Absent, &tag, task) {
                Ok(()) => return Ok(stored.change(number)),
                // Another writer took the number.
                Err(PushError::Moved { .. }) => number += 1,
                Err(error) => return Err(writing(error)),
            }
        }
        Err(WriteError::NotSent(crowded(&change_ref(number).map_err(WriteError::Refused)?)))
    }

    fn change(&self, number: u64, task: TaskContext<'_>) -> Result<Option<Change>, WriteError> {
        let name = change_ref(number).map_err(WriteError::Refused)?;
        for _ in 0..RACES {
            let Some(id) = self.refs(task)?.remove(&name) else { return Ok(None) };
            match self.tags(vec![(name.clone(), id)], task)?.pop() {
                Some((_, _, target, message)) => {
                    let stored =
                        StoredChange::read(target, &message).ok_or_else(|| WriteError::Refused(foreign(&name)))?;
                    return Ok(Some(stored.change(number)));
                }
                None if self.mirror.contains(id) => return Err(WriteError::Refused(foreign(&name))),
                None => {}
            }
        }
        Err(WriteError::NotSent(crowded(&name)))
    }

    fn close(&self, number: u64, state: ChangeState, task: TaskContext<'_>) -> Result<Change, WriteError> {
        self.edit(number, task, |record| match record.state {
            held if held == state => Ok(Edited::No),
            ChangeState::Merged => Err(WriteError::Refused(Failure::new(
                FailureKind::Refused,
                format!("change {number} has landed already and cannot be closed"),
            ))),
            ChangeState::Open | ChangeState::Closed => {
                record.state = state;
                Ok(Edited::Yes)
            }
        })
    }

    fn comment(&self, number: u64, text: &str, marker: &str, task: TaskContext<'_>) -> Result<(), WriteError> {
        let at = (self.now)();
        self.edit(number, task, |record| {
            if record.comments.iter().any(|comment| comment.marker == marker) {
                return Ok(Edited::No);
            }
            record.comments.push(Comment { marker: marker.to_owned(), at, text: text.to_owned() });
            Ok(Edited::Yes)
        })
        .map(drop)
    }

    fn verdicts(&self, commit: CommitId, task: TaskContext<'_>) -> Result<Vec<Verdict>, WriteError> {
        let name = verdicts_ref(commit).map_err(WriteError::Refused)?;
        for _ in 0..RACES {
            let Some(id) = self.refs(task)?.remove(&name) else { return Ok(Vec::new()) };
            match self.tags(vec![(name.clone(), id)], task)?.pop() {
                Some((_, _, _, message)) => return read_verdicts(&name, &message),
                None if self.mirror.contains(id) => return Err(WriteError::Refused(foreign(&name))),
                None => {}
            }
        }
        Err(WriteError::NotSent(crowded(&name)))
    }

    fn glance(&self, commit: CommitId, task: TaskContext<'_>) -> Result<Vec<Verdict>, WriteError> {
        self.verdicts(commit, task)
    }

    fn merge(&self, _request: &MergeRequest, _watch: TaskContext<'_>) -> Result<MergeOutcome, WriteError> {
        Ok(MergeOutcome::Refused("a repository without a forge has no API; changes land by a leased push".to_owned()))
    }

    fn set_status(&self, commit: CommitId, verdict: &Verdict, task: TaskContext<'_>) -> Result<(), WriteError> {
        let name = verdicts_ref(commit).map_err(WriteError::Refused)?;
        self.swap(&name, task, &mut |tag| {
            let mut verdicts = match tag {
                Some((_, message)) => read_verdicts(&name, message)?,
                None => Vec::new(),
            };
            match verdicts.iter_mut().find(|held| held.context == verdict.context) {
                // The same verdict again: the time of the first one stays.
                Some(held) if Verdict { at: verdict.at, ..held.clone() } == *verdict => return Ok(None),
                Some(held) => *held = verdict.clone(),
                None => verdicts.push(verdict.clone()),
            }
            let line = serde_json::to_string(&verdicts).map_err(|error| WriteError::Refused(unwritable(error)))?;
            let lines: Vec<String> =
                verdicts.iter().map(|verdict| format!("{}: {}\n", verdict.context, word(verdict.state))).collect();
            let message = format!("Verdicts on {commit}\n\n{}\n{VERDICT_LINE}{line}\n", lines.concat());
            Ok(Some(NewTag { target: commit.object(), message }))
        })
    }
}

fn word(state: VerdictState) -> &'static str {
    match state {
        VerdictState::Pending => "pending",
        VerdictState::Green => "green",
        VerdictState::Red => "red",
        VerdictState::Skipped => "skipped",
        VerdictState::Neutral => "neutral",
        VerdictState::Canceled => "canceled",
        VerdictState::Stale => "stale",
        VerdictState::ActionRequired => "action required",
    }
}

fn read_verdicts(name: &RefName, message: &str) -> Result<Vec<Verdict>, WriteError> {
    let last = message.trim_end().rsplit('\n').next().unwrap_or_default();
    last.strip_prefix(VERDICT_LINE)
        .and_then(|line| serde_json::from_str(line).ok())
        .ok_or_else(|| WriteError::Refused(foreign(name)))
}

fn number_of(name: &RefName) -> Option<u64> {
    name.as_str().strip_prefix(CHANGES)?.parse().ok()
}

fn change_ref(number: u64) -> Result<RefName, Failure> {
    named(format!("{CHANGES}{number}"))
}

fn verdicts_ref(commit: CommitId) -> Result<RefName, Failure> {
    named(format!("{VERDICTS}{commit}"))
}

fn named(text: String) -> Result<RefName, Failure> {
    text.parse().map_err(|error| Failure::new(FailureKind::Bug, format!("{error}")))
}

fn reading(error: GitError) -> WriteError {
    let failure = Failure::from(error);
    match failure.kind {
        FailureKind::Network | FailureKind::Timeout | FailureKind::Interrupted => WriteError::NotSent(failure),
        _ => WriteError::Refused(failure),
    }
}

fn writing(error: PushError) -> WriteError {
    match error {
        PushError::NotSent(error) => reading(error),
        PushError::Unknown(error) => WriteError::Unknown(error.into()),
        PushError::Rejected { .. } => WriteError::Refused(Failure::from(error).hint(
            "without a forge relwf keeps changes and verdicts under refs/relwf/ of the remote: let the server take pushes of \
             refs/relwf/*, or set `kind` of [forge] in relwf.toml",
        )),
        PushError::Moved { .. } | PushError::Partial { .. } => WriteError::Refused(error.into()),
    }
}

fn no_change(number: u64) -> Failure {
    Failure::new(FailureKind::NotFound, format!("there is no change {number}"))
        .hint(format!("`git ls-remote <remote> '{CHANGES}*'` lists them"))
}

fn foreign(name: &RefName) -> Failure {
    Failure::new(FailureKind::Git, format!("{name} on the remote does not hold what relwf writes there")).hint(
        "another program or a newer relwf wrote it; look at it with `git cat-file -p` and remove it if it is wrong",
    )
}

fn crowded(name: &RefName) -> Failure {
    Failure::new(FailureKind::Moved, format!("{name} kept moving: others wrote it {RACES} times in a row"))
        .hint("try again in a moment")
}

fn unwritable(error: serde_json::Error) -> Failure {
    Failure::new(FailureKind::Bug, format!("a record could not be written as JSON: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(title: &str, body: &str) -> StoredChange {
        StoredChange {
            head: ObjectId::from_bytes([7; 20]).into(),
            title: title.to_owned(),
            body: body.to_owned(),
            record: ChangeRecord {
                base: "staging".parse().unwrap(),
                state: ChangeState::Open,
                marker: Some("relwf-r1-abc".to_owned()),
                url: None,
                comments: Vec::new(),
            },
        }
    }

    #[test]
    fn a_change_survives_its_tag() {
        for (title, body) in [
            ("Promote master to staging", "ppc 1 → 2\n\n- a commit\nrelwf-change: {\"not\":\"the record\"}"),
            ("Only a title", ""),
        ] {
            let written = stored(title, body);
            let message = written.message().unwrap();
            let read = StoredChange::read(written.head.object(), &message).unwrap();
            assert_eq!(read.change(3), written.change(3));
        }
    }

    #[test]
    fn other_tags_are_not_changes() {
        let target = ObjectId::from_bytes([7; 20]);
        for message in ["", "v1.0", "relwf-change: ", "title\n\nrelwf-change: {\"base\":\"..\",\"state\":\"open\"}"] {
            assert!(StoredChange::read(target, message).is_none(), "{message:?} was taken for a change");
        }
    }

    #[test]
    fn only_numbers_are_changes() {
        let number = |text: &str| number_of(&text.parse().unwrap());
        assert_eq!(number("refs/relwf/changes/12"), Some(12));
        assert_eq!(number("refs/relwf/changes/verdicts/0123"), None);
        assert_eq!(number("refs/heads/12"), None);
    }
}
