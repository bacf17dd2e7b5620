//! What the fake Travis remembers of a repository: builds, API requests, how things go.

use crate::support::github::{Change, Check, Form, Play, Repository, Settled, now};

/// The four kinds of builds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    Push,
    PullRequest,
    Api,
    Cron,
}

impl Event {
    /// As in `TRAVIS_EVENT_TYPE`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Push => "push",
            Self::PullRequest => "pull_request",
            Self::Api => "api",
            Self::Cron => "cron",
        }
    }
}

/// A build with its only job.
#[derive(Debug, Clone)]
pub struct Build {
    pub id: u64,
    pub number: u64,
    pub event: Event,
    /// The branch pushed to, or the base of the pull request.
    pub branch: String,
    /// What is tested; the merge of base and head for pull requests.
    pub commit: String,
    /// What the status is reported on.
    pub reported: String,
    /// `refs/heads/…` or `refs/pull/N/merge`
    pub reference: String,
    pub message: String,
    pub change: Option<(u64, String)>,
    /// Looks until it is settled.
    pub looks: u32,
    pub settled: Settled,
    pub started: String,
    pub log: String,
}

impl Build {
    pub fn state(&self) -> &'static str {
        match (self.looks, self.settled) {
            (0, Settled::Green) => "passed",
            (0, Settled::Red) => "failed",
            (0, Settled::Neutral) => "errored",
            (0, Settled::Skipped) => "canceled",
            _ => "started",
        }
    }

    pub fn is_over(&self) -> bool {
        self.looks == 0
    }
}

/// A build that was asked for through the API.
#[derive(Debug, Clone)]
pub struct Request {
    pub id: u64,
    pub branch: String,
    pub commit: String,
    pub message: Option<String>,
    pub config: serde_json::Value,
    pub merge_mode: Option<String>,
    pub created: String,
    /// Looks until it becomes a build.
    pub looks: u32,
    pub build: Option<u64>,
    /// Why it does not become a build.
    pub rejected: Option<String>,
}

/// Travis' side of a repository.
#[derive(Debug, Clone)]
pub struct Travis {
    pub name: String,
    /// Is the repository active?
    pub active: bool,
    pub builds: Vec<Build>,
    pub requests: Vec<Request>,
    /// How builds go: the last that fits counts.
    pub plays: Vec<(Event, Option<String>, Play)>,
    /// API requests that are left in this hour.
    pub remaining: u32,
    /// Looks until a request becomes a build.
    pub request_looks: u32,
    /// Requests are rejected, with this message.
    pub rejects: Option<String>,
    /// What merges of pull requests are called, when not as GitHub does.
    pub calls_merges: Option<String>,
    ids: u64,
}

impl Travis {
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            active: true,
            builds: Vec::new(),
            requests: Vec::new(),
            plays: Vec::new(),
            remaining: 10,
            request_looks: 1,
            rejects: None,
            calls_merges: None,
            ids: 500,
        }
    }

    pub fn next_id(&mut self) -> u64 {
        self.ids += 1;
        self.ids
    }

    fn play(&self, event: Event, branch: &str) -> Play {
        let fits =
            |(of, on, _): &&(Event, Option<String>, Play)| *of == event && on.as_deref().is_none_or(|on| on == branch);
        self.plays.iter().rev().find(fits).map_or(Play::GreenAfter(1), |(_, _, play)| *play)
    }

    /// A branch got a new commit.
    pub fn pushed(&mut self, repo: &mut Repository, branch: &str, commit: &str) {
        self.build(repo, Event::Push, branch, commit, None, None);
    }

    /// A pull request got a new head: its merge with the base is built.
    pub fn proposed(&mut self, repo: &mut Repository, change: &Change) {
        let Some(base) = repo.git.branch(&change.base) else { return };
        // A pull request that conflicts is not built at all.
        let Some(tree) = repo.git.merged_tree(&base, &change.head_commit) else { return };
        let usual = format!("Merge {} into {base}", change.head_commit);
        let message = self.calls_merges.clone().unwrap_or(usual);
        let merge = repo.git.write_commit(&tree, &[&base, &change.head_commit], &message);
        repo.git.bare.git(&["update-ref", &format!("refs/pull/{}/merge", change.number), &merge]);
        self.build(repo, Event::PullRequest, &change.base, &merge, Some(change), None);
    }

    /// Starts a build; its id.
    pub fn build(
        &mut self,
        repo: &mut Repository,
        event: Event,
        branch: &str,
        commit: &str,
        change: Option<&Change>,
        message: Option<&str>,
    ) -> Option<u64> {
        if !self.active {
            return None;
        }
        let (looks, settled) = self.play(event, branch).steps()?;
        let reference = change.map(|change| format!("refs/pull/{}/merge", change.number));
        let subject = repo.git.bare.git(&["log", "-1", "--format=%s", commit]);
        let build = Build {
            id: self.next_id(),
            number: self.builds.len() as u64 + 1,
            event,
            branch: branch.to_owned(),
            commit: commit.to_owned(),
            reported: change.map_or(commit, |change| change.head_commit.as_str()).to_owned(),
            reference: reference.unwrap_or_else(|| format!("refs/heads/{branch}")),
            message: message.map_or(subject, str::to_owned),
            change: change.map(|change| (change.number, change.title.clone())),
            looks,
            settled,
            started: now(),
            log: format!("$ make travis_{}\nthe last line of the log\n", event.word()),
        };
        let id = build.id;
        report(repo, &self.name, &build, true);
        if build.is_over() {
            report(repo, &self.name, &build, false);
        }
        self.builds.push(build);
        Some(id)
    }

    /// Somebody looked at the statuses of a commit on GitHub.
    pub fn looked(&mut self, repo: &mut Repository, commit: &str) {
        self.step(repo, |build| build.reported == commit);
    }

    /// Builds that were looked at come nearer to their end.
    pub fn step(&mut self, repo: &mut Repository, which: impl Fn(&Build) -> bool) {
        for build in self.builds.iter_mut().filter(|build| which(build)) {
            if build.looks > 0 && build.looks < u32::MAX {
                build.looks -= 1;
                if build.looks == 0 {
                    report(repo, &self.name, build, false);
                }
            }
        }
    }

    /// Ends a build at once, or starts it again.
    pub fn set(&mut self, repo: &mut Repository, id: u64, looks: u32, settled: Settled) {
        if let Some(build) = self.builds.iter_mut().find(|build| build.id == id) {
            build.looks = looks;
            build.settled = settled;
            report(repo, &self.name, build, looks > 0);
        }
    }
}

/// Tells GitHub how a build stands.
fn report(repo: &mut Repository, name: &str, build: &Build, pending: bool) {
    let kind = if build.event == Event::PullRequest { "pr" } else { "push" };
    let (word, description) = match (pending, build.settled) {
        (true, _) => ("pending", "The Travis CI build is in progress"),
        (_, Settled::Green) => ("success", "The Travis CI build passed"),
        (_, Settled::Red) => ("failure", "The Travis CI build failed"),
        (_, Settled::Neutral | Settled::Skipped) => ("error", "The Travis CI build could not complete due to an error"),
    };
    let check = Check {
        id: repo.next_id(),
        commit: build.reported.clone(),
        context: format!("continuous-integration/travis-ci/{kind}"),
        form: Form::Status,
        looks: 0,
        settled: build.settled,
        word: Some(word.to_owned()),
        description: Some(description.to_owned()),
        url: Some(format!("https://app.travis-ci.com/{name}/builds/{}", build.id)),
        log: String::new(),
        at: now(),
        event: "push",
        branch: build.branch.clone(),
        title: None,
    };
    repo.add_check(check);
}
