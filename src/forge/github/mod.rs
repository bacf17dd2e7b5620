//! GitHub and GitHub Enterprise, through the REST API (<https://docs.github.com/rest>, version 2022-11-28).
//!
//! The requests and how their answers are understood; what an answer looks like is in `answers`.

mod answers;
mod checks;
mod errors;
mod releases;
mod rules;

use super::refusals::{no_such_word, waits_for_people};
use super::{
    BranchRules, Caps, Change, ChangeSearch, ChangeState, Forge, Hosted, MergeOutcome, MergeRequest, NewChange,
    PageNames, Releases, Verdict, VerdictState, marked, owner_and_name, slug, unmarked,
};
use crate::forge::LandingObstacle;
use crate::http::{Api, ApiAnswer, Client};
use crate::model::{BranchName, CommitId, FailureKind, Secret, TaskContext, WriteError, percent_encoded};
use answers::{CheckRun, Comment, Deployment, DeploymentStatus, Pull, Repository, Status};
use checks::{CheckKind, CheckVerdicts};
use errors::refused;
use rules::{AppCheck, Branch, ClassicProtection, Rule, Ruleset};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// The version of GitHub's API that every request names.
const VERSION: &str = "2022-11-28";
/// The longest body of a pull request or comment, in characters (GitHub answers 422 beyond it).
const LONGEST: usize = 65_536;

/// GitHub and GitHub Enterprise.
pub const GITHUB: Hosted = Hosted {
    api_path: "api/v3",
    tokens: &["GITHUB_ACCESS_TOKEN", "GH_TOKEN", "GITHUB_TOKEN"],
    api: github_api,
    open: |api, url| {
        let (owner, name) = owner_and_name(url)?;
        Ok(Arc::new(GithubForge::new(api, owner, name)))
    },
    project: |url, _| slug(url),
    pages: PageNames { change: "/pull/", compare: "/compare/" },
};

/// GitHub's API at `base` (`https://api.github.com`, or `https://HOST/api/v3`), for the owner of the token.
fn github_api(client: Client, base: &str, token: Option<&Secret>) -> Api {
    let mut headers = vec![
        ("accept".to_owned(), Secret::new("application/vnd.github+json")),
        ("user-agent".to_owned(), Secret::new(concat!("relwf/", env!("CARGO_PKG_VERSION")))),
        ("x-github-api-version".to_owned(), Secret::new(VERSION)),
    ];
    if let Some(token) = token {
        headers.push(("authorization".to_owned(), Secret::new(format!("Bearer {}", token.expose()))));
    }
    Api::new(client, base, headers)
}

/// A repository on GitHub.
pub struct GithubForge {
    api: Arc<Api>,
    owner: String,
    name: String,
    /// The last answers about a commit's checks, for looks that read one of the two kinds only.
    latest: Mutex<BTreeMap<CommitId, CheckVerdicts>>,
    settings: OnceLock<Repository>,
    /// Required checks that count from one app alone, as far as branches' rules were read.
    bound: Mutex<Vec<AppCheck>>,
}

impl GithubForge {
    /// The repository `owner/name`, on GitHub's API (see `github_api`).
    pub fn new(api: Arc<Api>, owner: String, name: String) -> Self {
        Self { api, owner, name, latest: Mutex::default(), settings: OnceLock::new(), bound: Mutex::default() }
    }

    fn path(&self, rest: &str) -> String {
        format!("/repos/{}/{}{rest}", percent_encoded(&self.owner), percent_encoded(&self.name))
    }

    /// A look; `None` for 404.
    fn get(&self, rest: &str, task: TaskContext<'_>) -> Result<Option<ApiAnswer>, WriteError> {
        let answer = self.api.get(&self.path(rest), task)?;
        match answer.status {
            404 => Ok(None),
            _ if answer.is_success() => Ok(Some(answer)),
            _ => Err(refused(&answer)),
        }
    }

    /// What not every login may read; `None` where this one may not.
    fn get_or_hidden<T: DeserializeOwned>(&self, rest: &str, task: TaskContext<'_>) -> Result<Option<T>, WriteError> {
        let answer = self.api.get(&self.path(rest), task)?;
        match answer.status {
            403 | 404 => Ok(None),
            _ if answer.is_success() => read(&answer.body, rest).map(Some),
            _ => Err(refused(&answer)),
        }
    }

    /// All items of a list.
    fn list<T: DeserializeOwned>(
        &self,
        rest: &str,
        items: fn(&Value) -> Option<&Vec<Value>>,
        task: TaskContext<'_>,
    ) -> Result<Vec<T>, WriteError> {
        let found = self.api.all(&self.path(rest), items, task)?;
        let found = found.map_err(|answer| refused(&answer))?;
        found.into_iter().map(|item| read(&item, rest)).collect()
    }

    fn write(&self, method: &str, rest: &str, body: &Value, task: TaskContext<'_>) -> Result<ApiAnswer, WriteError> {
        self.api.send(method, &self.path(rest), Some(body), task)
    }

    /// The repository's own settings. Read once: a setting that changes meanwhile shows when the change lands.
    fn settings(&self, task: TaskContext<'_>) -> Result<&Repository, WriteError> {
        if let Some(known) = self.settings.get() {
            return Ok(known);
        }
        let answer = self.get("", task)?.ok_or_else(|| WriteError::Refused(errors::no_repository(&self.slug())))?;
        let repository: Repository = read(&answer.body, "the repository")?;
        // GitHub leads reads of the old name to the new one, but no writes.
        if !repository.full_name.eq_ignore_ascii_case(&self.slug()) {
            return Err(WriteError::Refused(errors::renamed(&self.slug(), &repository.full_name)));
        }
        Ok(self.settings.get_or_init(|| repository))
    }

    /// What only administrators may read of a classic protection; that it may not be read is said, too.
    fn add_classic(&self, name: &str, rules: &mut BranchRules, task: TaskContext<'_>) -> Result<(), WriteError> {
        let found: Option<ClassicProtection> = self.get_or_hidden(&format!("/branches/{name}/protection"), task)?;
        match found {
            Some(protection) => protection.add_to(rules, self.settings(task)?.is_admin()),
            None => rules.obstacles.push(LandingObstacle::Unreadable),
        }
        Ok(())
    }

    /// What rules hold against a landing, of those rulesets that this login may not pass over. One that may not be read binds everyone.
    fn obstacles(&self, rules: &[Rule], task: TaskContext<'_>) -> Result<Vec<LandingObstacle>, WriteError> {
        let (mut found, mut bypassed) = (Vec::new(), BTreeMap::new());
        for (obstacle, ruleset) in rules.iter().filter_map(|rule| Some((rule.obstacle()?, rule.ruleset_id))) {
            let passes = match ruleset.map(|id| (id, bypassed.get(&id).copied())) {
                None => false,
                Some((_, Some(known))) => known,
                Some((id, None)) => {
                    let ruleset: Option<Ruleset> = self.get_or_hidden(&format!("/rulesets/{id}"), task)?;
                    *bypassed.entry(id).or_insert(ruleset.is_some_and(|ruleset| ruleset.is_bypassed()))
                }
            };
            found.extend((!passes).then_some(obstacle));
        }
        Ok(found)
    }

    /// `owner/name`.
    pub fn slug(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }

    fn statuses(&self, commit: CommitId, task: TaskContext<'_>) -> Result<Vec<Verdict>, WriteError> {
        let path = format!("/commits/{commit}/status?per_page=100");
        let statuses: Vec<Status> = self.list(&path, |body| body["statuses"].as_array(), task)?;
        Ok(statuses.into_iter().map(Verdict::from).collect())
    }

    fn runs(&self, commit: CommitId, task: TaskContext<'_>) -> Result<Vec<Verdict>, WriteError> {
        let path = format!("/commits/{commit}/check-runs?filter=latest&per_page=100");
        let runs: Vec<CheckRun> = self.list(&path, |body| body["check_runs"].as_array(), task)?;
        let bound = self.bound.lock().unwrap_or_else(PoisonError::into_inner);
        let mut verdicts = Vec::with_capacity(runs.len());
        for run in runs {
            let (name, app) = (run.name.clone(), run.app());
            let verdict = Verdict::from(run);
            let also = bound.iter().filter(|check| check.is(&name, app));
            verdicts.extend(also.map(|check| Verdict { context: check.to_string(), ..verdict.clone() }));
            verdicts.push(verdict);
        }
        Ok(verdicts)
    }

    /// Keeps in mind which checks count from one app alone.
    fn bind(&self, checks: Vec<AppCheck>) {
        let mut bound = self.bound.lock().unwrap_or_else(PoisonError::into_inner);
        checks.into_iter().for_each(|check| {
            if !bound.contains(&check) {
                bound.push(check)
            }
        });
    }

    fn pulls(&self, search: &ChangeSearch<'_>, task: TaskContext<'_>) -> Result<Vec<Change>, WriteError> {
        let mut path = format!("/pulls?state=all&per_page=100&base={}", percent_encoded(search.base.as_str()));
        if let Some(branch) = search.head_branch {
            path.push_str(&format!("&head={}:{}", percent_encoded(&self.owner), percent_encoded(branch.as_str())));
        }
        let slug = self.slug();
        let pulls: Vec<Pull> = self.list(&path, Value::as_array, task)?;
        let own = pulls.into_iter().filter(|pull| pull.is_from(&slug)).map(|pull| pull.change(&slug));
        Ok(own.filter(|change| search.fits(change)).collect())
    }

    /// A pull request in an answer.
    fn parsed(&self, answer: &ApiAnswer, what: &str) -> Result<Change, WriteError> {
        Ok(read::<Pull>(&answer.body, what)?.change(&self.slug()))
    }
}

/// Takes what is needed out of an answer.
fn read<T: DeserializeOwned>(body: &Value, what: &str) -> Result<T, WriteError> {
    T::deserialize(body).map_err(|error| WriteError::NotSent(errors::unreadable(what, &error)))
}

impl Forge for GithubForge {
    fn caps(&self) -> Caps {
        Caps { merges: true, needs_branch: true, deploys: true }
    }

    fn branch(&self, name: &BranchName, task: TaskContext<'_>) -> Result<Option<CommitId>, WriteError> {
        match self.get(&format!("/branches/{}", percent_encoded(name.as_str())), task)? {
            Some(answer) => Ok(Some(read::<Branch>(&answer.body, "the branch")?.commit.sha)),
            None => Ok(None),
        }
    }

    /// Branch protection as any login may read it, rulesets, and the repository's own settings.
    fn rules(&self, branch: &BranchName, task: TaskContext<'_>) -> Result<BranchRules, WriteError> {
        let name = percent_encoded(branch.as_str());
        let mut rules = self.settings(task)?.rules();
        if let Some(answer) = self.get(&format!("/branches/{name}"), task)? {
            let branch: Branch = read(&answer.body, "the branch")?;
            self.bind(branch.add_to(&mut rules));
            if branch.is_protected() {
                self.add_classic(&name, &mut rules, task)?;
            }
        }
        let sets: Vec<Rule> = self.list(&format!("/rules/branches/{name}?per_page=100"), Value::as_array, task)?;
        sets.iter().for_each(|rule| self.bind(rule.add_to(&mut rules)));
        rules.obstacles.extend(self.obstacles(&sets, task)?);
        if rules.obstacles.contains(&LandingObstacle::LinearHistory) {
            // The forge's own merge would be a merge commit.
            rules.merge_commits = Some(false);
        }
        rules.required.sort();
        rules.required.dedup();
        Ok(rules)
    }

    fn find_changes(&self, search: &ChangeSearch<'_>, task: TaskContext<'_>) -> Result<Vec<Change>, WriteError> {
        self.pulls(search, task)
    }

    /// Looks first: an earlier attempt may have got through.
    fn open_change(&self, new: &NewChange, task: TaskContext<'_>) -> Result<Change, WriteError> {
        let head = new.head_branch.as_ref().ok_or_else(|| WriteError::Refused(errors::no_branch()))?;
        let search = ChangeSearch { base: &new.base, head_branch: Some(head), marker: Some(&new.marker) };
        if let Some(change) = self.pulls(&search, task)?.into_iter().next() {
            return Ok(change);
        }
        let body = json!({
            "title": new.title,
            "head": head,
            "base": new.base,
            "body": marked(&new.body, &new.marker, LONGEST),
        });
        let answer = self.write("POST", "/pulls", &body, task)?;
        match answer.status {
            201 => self.parsed(&answer, "the new pull request").map_err(WriteError::once_sent),
            // It is there already: perhaps from an earlier attempt of ours.
            422 if answer.server_message().contains("already exists") => {
                self.pulls(&search, task)?.into_iter().next().ok_or_else(|| refused(&answer))
            }
            _ => Err(refused(&answer)),
        }
    }

    fn change(&self, number: u64, task: TaskContext<'_>) -> Result<Option<Change>, WriteError> {
        match self.get(&format!("/pulls/{number}"), task)? {
            Some(answer) => Ok(Some(self.parsed(&answer, "the pull request")?)),
            None => Ok(None),
        }
    }

    /// GitHub itself marks a pull request as merged when its head lands; no request can.
    fn close(&self, number: u64, state: ChangeState, task: TaskContext<'_>) -> Result<Change, WriteError> {
        let change = self.change(number, task)?.ok_or_else(|| WriteError::Refused(errors::no_change(number)))?;
        if state == ChangeState::Merged || change.state != ChangeState::Open {
            return Ok(change);
        }
        let answer = self.write("PATCH", &format!("/pulls/{number}"), &json!({ "state": "closed" }), task)?;
        match answer.status {
            200 => self.parsed(&answer, "the closed pull request").map_err(WriteError::once_sent),
            _ => Err(refused(&answer)),
        }
    }

    fn comment(&self, number: u64, text: &str, marker: &str, task: TaskContext<'_>) -> Result<(), WriteError> {
        let path = format!("/issues/{number}/comments");
        let comments: Vec<Comment> =
            self.list(&format!("{path}?per_page=100"), Value::as_array, task).map_err(|error| match error {
                WriteError::Refused(failure) if failure.kind == FailureKind::NotFound => {
                    WriteError::Refused(errors::no_change(number))
                }
                other => other,
            })?;
        if comments.iter().any(|comment| unmarked(comment.body.as_deref().unwrap_or_default()).1 == Some(marker)) {
            return Ok(());
        }
        let answer = self.write("POST", &path, &json!({ "body": marked(text, marker, LONGEST) }), task)?;
        if answer.status == 201 { Ok(()) } else { Err(refused(&answer)) }
    }

    fn verdicts(&self, commit: CommitId, task: TaskContext<'_>) -> Result<Vec<Verdict>, WriteError> {
        let latest = CheckVerdicts {
            statuses: self.statuses(commit, task)?,
            runs: self.runs(commit, task)?,
            turn: CheckKind::default(),
        };
        let all = latest.united();
        self.latest.lock().unwrap_or_else(PoisonError::into_inner).insert(commit, latest);
        Ok(all)
    }

    /// One request: check runs and statuses in turn.
    fn glance(&self, commit: CommitId, task: TaskContext<'_>) -> Result<Vec<Verdict>, WriteError> {
        let latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner).get(&commit).cloned();
        let Some(mut latest) = latest else { return self.verdicts(commit, task) };
        match latest.turn {
            CheckKind::Runs => latest.runs = self.runs(commit, task)?,
            CheckKind::Statuses => latest.statuses = self.statuses(commit, task)?,
        }
        latest.turn = if latest.turn == CheckKind::Runs { CheckKind::Statuses } else { CheckKind::Runs };
        let all = latest.united();
        self.latest.lock().unwrap_or_else(PoisonError::into_inner).insert(commit, latest);
        Ok(all)
    }

    /// The newest deployment, by the newest of its statuses.
    fn deployment(
        &self,
        commit: CommitId,
        environment: &str,
        task: TaskContext<'_>,
    ) -> Result<Option<Verdict>, WriteError> {
        let path = format!("/deployments?sha={commit}&environment={}&per_page=1", percent_encoded(environment));
        let Some(answer) = self.get(&path, task).map_err(errors::of_deployments)? else { return Ok(None) };
        let found: Vec<Deployment> = read(&answer.body, "the deployments")?;
        let Some(deployment) = found.into_iter().next() else { return Ok(None) };
        let path = format!("/deployments/{}/statuses?per_page=1", deployment.id);
        let statuses = match self.get(&path, task)? {
            Some(answer) => read::<Vec<DeploymentStatus>>(&answer.body, "the deployment's statuses")?,
            None => Vec::new(),
        };
        Ok(Some(deployment.verdict(statuses.into_iter().next())))
    }

    fn merge(&self, request: &MergeRequest, task: TaskContext<'_>) -> Result<MergeOutcome, WriteError> {
        let number = request.number;
        let (title, text) = request.message.split_once("\n\n").unwrap_or((&request.message, ""));
        let body = json!({
            "sha": request.expected_head,
            "merge_method": "merge",
            "commit_title": title,
            "commit_message": text,
        });
        let answer = self.write("PUT", &format!("/pulls/{number}/merge"), &body, task)?;
        let message = answer.server_message().to_owned();
        Ok(match answer.status {
            200 => {
                let merged = read::<answers::MergedAs>(&answer.body, "the merge").map_err(WriteError::once_sent)?;
                MergeOutcome::Merged(merged.sha)
            }
            409 => MergeOutcome::HeadMoved,
            405 if message.contains("Base branch was modified") => MergeOutcome::BaseMoved,
            405 if message.contains("in progress") || message.contains("try again") => MergeOutcome::NotReady(message),
            // Merged by a person, or by an earlier attempt.
            405 | 422 => match self.change(number, task)? {
                Some(Change { merged_as: Some(commit), .. }) => MergeOutcome::Already(commit),
                _ if waits_for_people(&message) => MergeOutcome::Withheld(message),
                _ => MergeOutcome::Refused(message),
            },
            _ => return Err(refused(&answer)),
        })
    }

    fn releases(&self) -> Option<&dyn Releases> {
        Some(self)
    }

    fn set_status(&self, commit: CommitId, verdict: &Verdict, task: TaskContext<'_>) -> Result<(), WriteError> {
        let state = match verdict.state {
            VerdictState::Pending => "pending",
            VerdictState::Green => "success",
            VerdictState::Red => "failure",
            _ => return Err(no_such_word("GitHub")),
        };
        // GitHub cuts nothing: it refuses descriptions of more than 140 characters, and addresses that are not http.
        let description: String = verdict.description.chars().take(140).collect();
        let url = verdict.url.as_deref().filter(|url| url.starts_with("http"));
        let mut body = json!({ "state": state, "context": verdict.context, "description": description });
        if let Some(url) = url {
            body["target_url"] = url.into();
        }
        let answer = self.write("POST", &format!("/statuses/{commit}"), &body, task)?;
        if answer.status == 201 { Ok(()) } else { Err(refused(&answer)) }
    }
}
