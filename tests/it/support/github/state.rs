//! What the fake GitHub remembers of a repository beside git, and how it follows what moves there.
//!
//! Nothing runs by itself: each request first reads what was pushed since the last one. Checks settle after a number of looks at
//! them, never after a time. Knows nothing of HTTP.

use super::releases::Release;
use super::repository::{Git, Moved, Protection, ZERO};
use crate::support::travis::Travis;
use std::collections::{BTreeMap, BTreeSet};

/// What a token allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rights {
    /// Nothing: private repositories are not there.
    None,
    Read,
    Write,
    Admin,
}

/// Who asks.
#[derive(Debug, Clone)]
pub struct Person {
    pub login: String,
    pub rights: Rights,
}

/// How a check goes on a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Play {
    Green,
    Red,
    /// Skipped (check runs) or never finished (statuses).
    Skipped,
    Neutral,
    /// Appears and never finishes.
    Pending,
    /// Pending for that many looks.
    GreenAfter(u32),
    /// Pending for that many looks.
    RedAfter(u32),
    /// Does not appear.
    Never,
}

impl Play {
    /// Looks until it is settled, and as what.
    pub fn steps(self) -> Option<(u32, Settled)> {
        match self {
            Self::Green => Some((0, Settled::Green)),
            Self::Red => Some((0, Settled::Red)),
            Self::Skipped => Some((0, Settled::Skipped)),
            Self::Neutral => Some((0, Settled::Neutral)),
            Self::Pending => Some((u32::MAX, Settled::Green)),
            Self::GreenAfter(looks) => Some((looks, Settled::Green)),
            Self::RedAfter(looks) => Some((looks, Settled::Red)),
            Self::Never => None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    Green,
    Red,
    Skipped,
    Neutral,
}

/// In which of GitHub's two forms a check is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A commit status.
    Status,
    /// A check run, which is a job of an Actions run at the same time.
    Run,
}

/// A check on a commit.
#[derive(Debug, Clone)]
pub struct Check {
    pub id: u64,
    pub commit: String,
    pub context: String,
    pub form: Form,
    /// Looks until it is settled.
    pub looks: u32,
    pub settled: Settled,
    /// What a status says of itself: `error` is red too, and anybody may post `pending`.
    pub word: Option<String>,
    pub description: Option<String>,
    pub url: Option<String>,
    pub log: String,
    pub at: String,
    /// Of the Actions run.
    pub event: &'static str,
    pub branch: String,
    /// `key=value` inputs of the dispatch, as `run-name` would show them.
    pub title: Option<String>,
}

impl Check {
    /// Does it satisfy a rule that requires it? For GitHub a check run that was skipped or neutral does.
    pub fn is_green(&self) -> bool {
        let settled = self.settled == Settled::Green || (self.form == Form::Run && self.settled != Settled::Red);
        self.looks == 0 && self.word.as_deref().map_or(settled, |word| word == "success")
    }
}

/// Which commits get a check by themselves.
#[derive(Debug, Clone)]
pub struct Plan {
    pub context: String,
    pub form: Form,
    pub play: Play,
    /// Commits pushed to this branch; heads of pull requests when `None`.
    pub branch: Option<String>,
}

/// A pull request.
#[derive(Debug, Clone)]
pub struct Change {
    pub number: u64,
    pub title: String,
    pub body: Option<String>,
    /// Whose repository the head is in, when it is a fork.
    pub fork: Option<String>,
    pub head: String,
    pub head_commit: String,
    pub base: String,
    pub base_commit: String,
    pub author: String,
    pub open: bool,
    pub draft: bool,
    pub merged: Option<Merged>,
    /// Looks until `mergeable` is known.
    pub computing: u32,
    pub created: String,
    pub updated: String,
    pub closed: Option<String>,
}

#[derive(Debug, Clone)]
pub struct Merged {
    pub commit: String,
    pub by: String,
    pub at: String,
}

#[derive(Debug, Clone)]
pub struct Comment {
    pub id: u64,
    pub number: u64,
    pub author: String,
    pub body: String,
    pub at: String,
}

#[derive(Debug, Clone)]
pub struct Deployment {
    pub id: u64,
    pub commit: String,
    pub reference: String,
    pub environment: String,
    pub description: Option<String>,
    pub author: String,
    pub at: String,
    /// State, description, address, time; newest last.
    pub statuses: Vec<(u64, String, String, String, String)>,
}

/// A repository.
pub struct Repository {
    pub id: u64,
    pub owner: String,
    pub name: String,
    pub private: bool,
    pub archived: bool,
    pub allow: Vec<&'static str>,
    pub git: Git,
    pub changes: BTreeMap<u64, Change>,
    pub comments: Vec<Comment>,
    pub checks: Vec<Check>,
    pub plans: Vec<Plan>,
    pub protections: BTreeMap<String, Protection>,
    pub deployments: Vec<Deployment>,
    pub releases: Vec<Release>,
    /// The pull requests that people have approved.
    pub approved: BTreeSet<u64>,
    pub environments: Vec<String>,
    pub workflows: Vec<(String, Play)>,
    pub travis: Option<Travis>,
    /// How many looks `mergeable` takes.
    pub computing: u32,
    /// Does the merge button land another tree?
    pub hostile: bool,
    pub ids: u64,
}

/// Now, as GitHub writes times.
pub fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

impl Repository {
    pub fn new(id: u64, owner: &str, name: &str, git: Git) -> Self {
        Self {
            id,
            owner: owner.to_owned(),
            name: name.to_owned(),
            private: false,
            archived: false,
            allow: vec!["merge", "squash", "rebase"],
            git,
            changes: BTreeMap::new(),
            comments: Vec::new(),
            checks: Vec::new(),
            plans: Vec::new(),
            protections: BTreeMap::new(),
            deployments: Vec::new(),
            releases: Vec::new(),
            approved: BTreeSet::new(),
            environments: Vec::new(),
            workflows: Vec::new(),
            travis: None,
            computing: 1,
            hostile: false,
            ids: 1000,
        }
    }

    pub fn full_name(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }

    pub fn next_id(&mut self) -> u64 {
        self.ids += 1;
        self.ids
    }

    /// Learns of everything that moved since the last time.
    pub fn follow(&mut self) {
        for moved in self.git.moves() {
            let Some(branch) = moved.name.strip_prefix("refs/heads/").map(str::to_owned) else { continue };
            if moved.new != ZERO {
                self.pushed(&branch, &moved.new);
            }
            self.follow_heads(&branch, &moved);
            self.follow_bases(&branch, &moved);
        }
    }

    fn follow_heads(&mut self, branch: &str, moved: &Moved) {
        let theirs = |change: &&mut Change| change.open && change.fork.is_none() && change.head == branch;
        let mut numbers = Vec::new();
        let computing = self.computing;
        for change in self.changes.values_mut().filter(theirs) {
            change.updated = now();
            if moved.new == ZERO {
                change.open = false;
                change.closed = Some(now());
            } else {
                change.head_commit.clone_from(&moved.new);
                change.computing = computing;
                numbers.push(change.number);
            }
        }
        numbers.into_iter().for_each(|number| self.proposed(number));
    }

    /// Commits that reach the base by a push make their pull request merged.
    fn follow_bases(&mut self, branch: &str, moved: &Moved) {
        if moved.new == ZERO {
            return;
        }
        let computing = self.computing;
        for change in self.changes.values_mut().filter(|change| change.open && change.base == branch) {
            change.updated = now();
            change.computing = computing;
            if self.git.is_ancestor(&change.head_commit, &moved.new) {
                change.open = false;
                change.closed = Some(now());
                let by = change.author.clone();
                change.merged = Some(Merged { commit: moved.new.clone(), by, at: now() });
            }
        }
    }

    /// A branch has a new commit: checks for pushes start.
    fn pushed(&mut self, branch: &str, commit: &str) {
        for plan in self.plans.clone() {
            if plan.branch.as_deref() == Some(branch) {
                self.start_check(commit, branch, &plan, "push");
            }
        }
        if let Some(mut travis) = self.travis.take() {
            travis.pushed(self, branch, commit);
            self.travis = Some(travis);
        }
    }

    /// A pull request has a new head: its reference follows, checks start.
    pub fn proposed(&mut self, number: u64) {
        let Some(change) = self.changes.get(&number).cloned() else { return };
        let name = format!("refs/pull/{number}/head");
        self.git.bare.git(&["update-ref", &name, &change.head_commit]);
        for plan in self.plans.clone() {
            if plan.branch.is_none() {
                self.start_check(&change.head_commit, &change.head, &plan, "pull_request");
            }
        }
        if let Some(mut travis) = self.travis.take() {
            travis.proposed(self, &change);
            self.travis = Some(travis);
        }
    }

    fn start_check(&mut self, commit: &str, branch: &str, plan: &Plan, event: &'static str) {
        let Some((looks, settled)) = plan.play.steps() else { return };
        let check = Check {
            id: self.next_id(),
            commit: commit.to_owned(),
            context: plan.context.clone(),
            form: plan.form,
            looks,
            settled,
            word: None,
            description: None,
            url: None,
            log: format!("running {}\nthe last line of {}\n", plan.context, plan.context),
            at: now(),
            event,
            branch: branch.to_owned(),
            title: None,
        };
        self.add_check(check);
    }

    /// Adds a check; newer ones stand before older ones of the same name.
    pub fn add_check(&mut self, check: Check) {
        let commit = check.commit.clone();
        self.checks.push(check);
        self.tell_hook(&commit);
    }

    /// Somebody looked at a commit's checks: those that are pending come one look nearer to their end.
    pub fn looked(&mut self, commit: &str, form: Form) {
        if form == Form::Status
            && let Some(mut travis) = self.travis.take()
        {
            travis.looked(self, commit);
            self.travis = Some(travis);
        }
        let mut settled = false;
        for check in self.checks.iter_mut().filter(|check| check.commit == commit && check.form == form) {
            if check.looks > 0 && check.looks < u32::MAX {
                check.looks -= 1;
                settled |= check.looks == 0;
            }
        }
        if settled {
            self.tell_hook(commit);
        }
    }

    /// The newest check of each name on a commit, newest first.
    pub fn latest(&self, commit: &str, form: Form) -> Vec<&Check> {
        let mut seen = std::collections::BTreeSet::new();
        let theirs = self.checks.iter().rev().filter(|check| check.commit == commit && check.form == form);
        theirs.filter(|check| seen.insert(check.context.clone())).collect()
    }

    pub fn green_contexts(&self, commit: &str) -> Vec<String> {
        let both = self.latest(commit, Form::Status).into_iter().chain(self.latest(commit, Form::Run));
        both.filter(|check| check.is_green()).map(|check| check.context.clone()).collect()
    }

    fn tell_hook(&self, commit: &str) {
        self.git.green(commit, &self.green_contexts(commit));
    }
}
