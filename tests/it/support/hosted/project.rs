//! What a fake forge remembers of a project beside git, and how it follows what moves there.
//!
//! Nothing runs by itself: each request first reads what was pushed since the last one. Checks settle after a number of looks at
//! them, never after a time. Knows nothing of HTTP.

use super::Ask;
use crate::support::github::repository::{Git, ZERO};
use crate::support::github::{Play, Settled, now};
use std::collections::BTreeMap;

/// How a change stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    Open,
    Closed,
    /// As this commit.
    Merged(String),
}

/// A proposed change.
#[derive(Debug, Clone)]
pub struct Change {
    pub number: u64,
    pub title: String,
    pub body: String,
    /// Is its branch in a fork?
    pub fork: bool,
    pub head: String,
    pub head_commit: String,
    pub base: String,
    pub author: &'static str,
    pub state: State,
    /// Looks until it can be merged.
    pub computing: u32,
    pub squash: bool,
    pub at: String,
}

#[derive(Debug, Clone)]
pub struct Comment {
    pub id: u64,
    pub number: u64,
    pub author: &'static str,
    pub body: String,
    pub at: String,
}

/// A job or a status.
#[derive(Debug, Clone)]
pub struct Check {
    pub id: u64,
    pub commit: String,
    pub name: String,
    pub looks: u32,
    pub settled: Settled,
    pub description: Option<String>,
    pub url: Option<String>,
    pub log: String,
    pub at: String,
    /// The pipeline that it is a job of, where there are pipelines.
    pub pipeline: u64,
}

impl Check {
    pub fn is_settled(&self) -> bool {
        self.looks == 0
    }
}

/// A release of a tag.
#[derive(Debug, Clone)]
pub struct Release {
    pub tag: String,
    pub name: String,
    pub notes: String,
}

/// Jobs that started together.
#[derive(Debug, Clone)]
pub struct Pipeline {
    pub id: u64,
    pub commit: String,
    pub name: String,
    pub source: &'static str,
    pub variables: Vec<(String, String)>,
    pub at: String,
}

/// Which commits get a check by themselves.
#[derive(Debug, Clone)]
pub struct Plan {
    pub name: String,
    pub play: Play,
    /// Commits pushed to this branch, or to all below a folder (`relwf/promote/*`); heads of changes when `None`.
    pub branch: Option<String>,
}

impl Plan {
    fn is_for(&self, branch: Option<&str>) -> bool {
        match (self.branch.as_deref(), branch) {
            (Some(plan), Some(branch)) => {
                plan.strip_suffix('*').map_or(plan == branch, |folder| branch.starts_with(folder))
            }
            (plan, branch) => plan == branch,
        }
    }
}

/// A project.
pub struct Project {
    pub git: Git,
    pub changes: BTreeMap<u64, Change>,
    pub comments: Vec<Comment>,
    pub checks: Vec<Check>,
    pub pipelines: Vec<Pipeline>,
    pub plans: Vec<Plan>,
    pub releases: Vec<Release>,
    /// Does a change count as merged when its head reaches its base by a push?
    pub notices_pushes: bool,
    /// How many looks it takes until a change can be merged.
    pub computing: u32,
    ids: u64,
}

const PRE_RECEIVE: &str = r#"
no=0
while read -r old new ref; do
  words="fake/closed/${ref#refs/heads/}/words"
  if [ -f "$words" ]; then cat "$words" >&2; no=1; fi
done
exit $no"#;

impl Project {
    /// Makes the release that is asked for; `None` where its tag has one already. The tag has to be there.
    pub fn release(&mut self, ask: &Ask<'_>, tag: &str, notes: &str) -> Option<Release> {
        let text = |name: &str| ask.text(name).unwrap_or_default().to_owned();
        let release = Release { tag: text(tag), name: text("name"), notes: text(notes) };
        self.git.bare.git(&["rev-parse", "--verify", &format!("refs/tags/{}", release.tag)]);
        if self.releases.iter().any(|known| known.tag == release.tag) {
            return None;
        }
        self.releases.push(release.clone());
        Some(release)
    }

    pub fn new(git: Git) -> Self {
        git.bare.hook("pre-receive", PRE_RECEIVE);
        Self {
            git,
            changes: BTreeMap::new(),
            comments: Vec::new(),
            checks: Vec::new(),
            pipelines: Vec::new(),
            plans: Vec::new(),
            releases: Vec::new(),
            notices_pushes: true,
            computing: 0,
            ids: 1000,
        }
    }

    pub fn next_id(&mut self) -> u64 {
        self.ids += 1;
        self.ids
    }

    /// Nobody may push to a branch from now on; this is what they are told.
    pub fn close_to_pushes(&self, branch: &str, words: &str) {
        let folder = self.git.bare.path.join("fake/closed").join(branch);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("words"), format!("{words}\n")).unwrap();
    }

    /// Every new head of a change gets this check.
    pub fn on_change(&mut self, name: &str, play: Play) {
        self.plans.push(Plan { name: name.to_owned(), play, branch: None });
    }

    /// Every commit pushed to a branch, or landed on it, gets this check.
    pub fn on_push(&mut self, branch: &str, name: &str, play: Play) {
        self.plans.push(Plan { name: name.to_owned(), play, branch: Some(branch.to_owned()) });
    }

    /// Learns of everything that moved since the last time.
    pub fn follow(&mut self) {
        for moved in self.git.moves() {
            let Some(branch) = moved.name.strip_prefix("refs/heads/").map(str::to_owned) else { continue };
            if moved.new != ZERO {
                self.start(&moved.new, &branch, "push", Some(&branch));
            }
            let mut proposed = Vec::new();
            let computing = self.computing;
            for change in self.changes.values_mut().filter(|change| change.state == State::Open && !change.fork) {
                if change.head == branch && moved.new != ZERO {
                    change.head_commit.clone_from(&moved.new);
                    change.computing = computing;
                    proposed.push(change.number);
                }
                let landed = || self.git.is_ancestor(&change.head_commit, &moved.new);
                if change.base == branch && self.notices_pushes && moved.new != ZERO && landed() {
                    change.state = State::Merged(change.head_commit.clone());
                }
            }
            proposed.into_iter().for_each(|number| self.proposed(number));
        }
    }

    /// A change has a new head: checks start.
    pub fn proposed(&mut self, number: u64) {
        let change = self.changes[&number].clone();
        let name = format!("refs/merge-requests/{number}/head");
        self.git.bare.git(&["update-ref", &name, &change.head_commit]);
        self.start(&change.head_commit, &name, "merge_request_event", None);
    }

    fn start(&mut self, commit: &str, name: &str, source: &'static str, branch: Option<&str>) {
        let plans: Vec<Plan> = self.plans.iter().filter(|plan| plan.is_for(branch)).cloned().collect();
        if plans.is_empty() {
            return;
        }
        let pipeline = self.pipeline(commit, name, source, Vec::new());
        for plan in plans {
            if let Some((looks, settled)) = plan.play.steps() {
                self.check(commit, &plan.name, looks, settled, pipeline);
            }
        }
    }

    /// A new pipeline, as yet without jobs.
    pub fn pipeline(
        &mut self,
        commit: &str,
        name: &str,
        source: &'static str,
        variables: Vec<(String, String)>,
    ) -> u64 {
        let id = self.next_id();
        let (commit, name) = (commit.to_owned(), name.to_owned());
        self.pipelines.push(Pipeline { id, commit, name, source, variables, at: now() });
        id
    }

    /// A new check.
    pub fn check(&mut self, commit: &str, name: &str, looks: u32, settled: Settled, pipeline: u64) -> u64 {
        let id = self.next_id();
        self.checks.push(Check {
            id,
            commit: commit.to_owned(),
            name: name.to_owned(),
            looks,
            settled,
            description: None,
            url: None,
            log: format!("$ make {name}\n\u{1b}[31;1mERROR: {name} failed\u{1b}[0;m\n"),
            at: now(),
            pipeline,
        });
        id
    }

    /// Somebody looked at a commit's checks: those that are pending come one look nearer to their end.
    pub fn looked(&mut self, commit: &str) {
        let pending = |check: &&mut Check| check.commit == commit && check.looks > 0 && check.looks < u32::MAX;
        self.checks.iter_mut().filter(pending).for_each(|check| check.looks -= 1);
    }

    /// The newest check of each name on a commit, in each pipeline.
    pub fn latest(&self, commit: &str) -> Vec<&Check> {
        let mut seen = std::collections::BTreeSet::new();
        let theirs = self.checks.iter().rev().filter(|check| check.commit == commit);
        theirs.filter(|check| seen.insert((check.pipeline, check.name.clone()))).collect()
    }

    /// Opens a change, with whatever checks its head gets; the number.
    pub fn propose(&mut self, change: Change) -> u64 {
        let number = self.changes.keys().last().copied().unwrap_or(0) + 1;
        self.changes.insert(number, Change { number, ..change });
        self.proposed(number);
        number
    }

    /// Merges by a commit of the forge's own; `None` when it conflicts.
    pub fn merge_commit(&self, base: &str, head: &str, message: &str, parents: &[&str]) -> Option<String> {
        let tree = self.git.merged_tree(base, head)?;
        Some(self.git.write_commit(&tree, parents, message))
    }
}
