//! Forgejo and Gitea, through the REST API version 1 (<https://forgejo.org/docs/latest/user/api-usage/>).
//!
//! The requests and how their answers are understood; what an answer looks like is in `answers`.

mod answers;
mod patterns;
mod releases;

use super::refusals::{no_such_word, waits_for_people};
use super::rest::{self, Manner, Rest};
use super::{
    BranchRules, Caps, Change, ChangeSearch, ChangeState, Forge, Hosted, MergeOutcome, MergeRequest, NewChange,
    PageNames, Releases, Verdict, VerdictState, marked, owner_and_name, slug, unmarked,
};
use crate::http::{Api, ApiAnswer, Client};
use crate::model::{BranchName, CommitId, Secret, TaskContext, WriteError, percent_encoded};
use answers::{Branch, Comment, Pull, Repository, Status};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

/// The longest text of a pull request and comment, in characters: more than a reviewer reads, less than any database takes.
const LONGEST: usize = 60_000;
/// The longest title, in characters.
const TITLE: usize = 255;

const MANNER: Manner = Manner { name: "Forgejo", change: "pull request", hint };

fn hint(status: u16) -> Option<&'static str> {
    match status {
        401 => Some("the token is wrong or has expired; `relwf doctor` shows where it comes from"),
        403 => Some(
            "the token needs the scopes `write:repository` and `write:issue`, and its owner the right to write to the \
             repository",
        ),
        404 => Some(
            "Forgejo also answers 404 where the token may not see or do it; `relwf doctor` shows where the token comes from",
        ),
        423 => Some("the repository is archived: it takes no changes"),
        _ => None,
    }
}

/// Forgejo and Gitea.
pub const FORGEJO: Hosted = Hosted {
    api_path: "api/v1",
    tokens: &["FORGEJO_TOKEN", "GITEA_TOKEN"],
    api: forgejo_api,
    open: |api, url| {
        let (owner, name) = owner_and_name(url)?;
        Ok(Arc::new(ForgejoForge::new(api, &owner, &name)))
    },
    project: |url, _| slug(url),
    pages: PageNames { change: "/pulls/", compare: "/compare/" },
};

/// Forgejo's API at `base` (`https://codeberg.org/api/v1`), for the owner of the token.
pub fn forgejo_api(client: Client, base: &str, token: Option<&Secret>) -> Api {
    rest::api(client, base, token.map(|token| format!("token {}", token.expose())))
}

/// A repository on Forgejo or Gitea.
pub struct ForgejoForge {
    rest: Rest,
    slug: String,
    /// Required contexts that are patterns, of the branches whose rules were read.
    patterns: Mutex<BTreeSet<String>>,
}

impl ForgejoForge {
    /// The repository `owner/name`, on Forgejo's API (see [`forgejo_api`]).
    pub fn new(api: Arc<Api>, owner: &str, name: &str) -> Self {
        let root = format!("/repos/{}/{}", percent_encoded(owner), percent_encoded(name));
        Self { rest: Rest::new(api, root, &MANNER), slug: format!("{owner}/{name}"), patterns: Mutex::default() }
    }

    fn repository(&self, task: TaskContext<'_>) -> Result<Repository, WriteError> {
        self.rest.get("", task)?.ok_or_else(|| self.rest.no_project(&self.slug))
    }

    fn branch_there(&self, name: &BranchName, task: TaskContext<'_>) -> Result<Option<Branch>, WriteError> {
        self.rest.get(&format!("/branches/{}", percent_encoded(name.as_str())), task)
    }

    /// Changes from branches of this very repository, newest first. Of changes from one branch only those that were touched
    /// lately are looked at; and older servers sort out no bases.
    fn pulls(&self, search: &ChangeSearch<'_>, task: TaskContext<'_>) -> Result<Vec<Change>, WriteError> {
        let path =
            format!("/pulls?state=all&sort=recentupdate&base={}&limit=50", percent_encoded(search.base.as_str()));
        let pulls: Vec<Pull> = match search.head_branch {
            Some(_) => self.rest.get(&path, task)?.unwrap_or_default(),
            None => self.rest.list(&path, task)?,
        };
        let own = pulls.into_iter().filter(Pull::is_own).filter_map(Pull::change);
        let from =
            |change: &Change| search.head_branch.is_none_or(|branch| change.head_branch.as_ref() == Some(branch));
        let wanted = own.filter(|change| change.base == *search.base && from(change) && search.fits(change));
        let mut found: Vec<Change> = wanted.collect();
        found.sort_by_key(|change| std::cmp::Reverse(change.number));
        Ok(found)
    }

    /// Closes it, or marks it as merged by hand where the repository allows that.
    fn mark(
        &self,
        number: u64,
        state: ChangeState,
        head: CommitId,
        task: TaskContext<'_>,
    ) -> Result<ApiAnswer, WriteError> {
        if state == ChangeState::Merged {
            let body = json!({ "Do": "manually-merged", "MergeCommitID": head });
            let answer = self.rest.write("POST", &format!("/pulls/{number}/merge"), &body, task)?;
            if answer.is_success() {
                return Ok(answer);
            }
            task.say("Forgejo does not mark the change as merged by hand here, so it is closed");
        }
        self.rest.done("PATCH", &format!("/pulls/{number}"), &json!({ "state": "closed" }), task)
    }
}

impl Forge for ForgejoForge {
    fn caps(&self) -> Caps {
        Caps { merges: true, needs_branch: true, deploys: false }
    }

    fn branch(&self, name: &BranchName, task: TaskContext<'_>) -> Result<Option<CommitId>, WriteError> {
        Ok(self.branch_there(name, task)?.map(|branch| branch.commit.id))
    }

    /// The branch's protection as it holds for this token, and the repository's merge styles.
    fn rules(&self, branch: &BranchName, task: TaskContext<'_>) -> Result<BranchRules, WriteError> {
        let mut rules = self.repository(task)?.rules();
        if let Some(there) = self.branch_there(branch, task)? {
            there.add_to(&mut rules);
        }
        let patterns = rules.required.iter().filter(|context| patterns::is_pattern(context)).cloned();
        self.patterns.lock().unwrap_or_else(PoisonError::into_inner).extend(patterns);
        Ok(rules)
    }

    fn find_changes(&self, search: &ChangeSearch<'_>, task: TaskContext<'_>) -> Result<Vec<Change>, WriteError> {
        self.pulls(search, task)
    }

    /// Looks first: an earlier attempt may have got through.
    fn open_change(&self, new: &NewChange, task: TaskContext<'_>) -> Result<Change, WriteError> {
        let head = new.head_branch.as_ref().ok_or_else(|| self.rest.no_branch())?;
        let search = ChangeSearch { base: &new.base, head_branch: Some(head), marker: Some(&new.marker) };
        if let Some(change) = self.pulls(&search, task)?.into_iter().next() {
            return Ok(change);
        }
        let body = json!({
            "title": new.title.chars().take(TITLE).collect::<String>(),
            "head": head,
            "base": new.base,
            "body": marked(&new.body, &new.marker, LONGEST),
        });
        let answer = self.rest.write("POST", "/pulls", &body, task)?;
        let found = match answer.status {
            201 => self.rest.read::<Pull>(&answer.body, "/pulls").map_err(WriteError::once_sent)?.change(),
            // Another request was faster: perhaps an earlier attempt of ours.
            409 => self.pulls(&search, task)?.into_iter().next(),
            _ => None,
        };
        found.ok_or_else(|| self.rest.refused(&answer))
    }

    fn change(&self, number: u64, task: TaskContext<'_>) -> Result<Option<Change>, WriteError> {
        Ok(self.rest.get::<Pull>(&format!("/pulls/{number}"), task)?.and_then(Pull::change))
    }

    /// A pull request whose head was pushed to its base stays open on Forgejo until a request closes it.
    fn close(&self, number: u64, state: ChangeState, task: TaskContext<'_>) -> Result<Change, WriteError> {
        let change = self.change(number, task)?.ok_or_else(|| self.rest.no_change(number))?;
        if change.state != ChangeState::Open {
            return Ok(change);
        }
        self.mark(number, state, change.head, task)?;
        Ok(self.change(number, task)?.unwrap_or(change))
    }

    fn comment(&self, number: u64, text: &str, marker: &str, task: TaskContext<'_>) -> Result<(), WriteError> {
        let path = format!("/issues/{number}/comments");
        let comments: Vec<Comment> = self.rest.list(&path, task)?;
        if comments.iter().any(|comment| unmarked(comment.body.as_deref().unwrap_or_default()).1 == Some(marker)) {
            return Ok(());
        }
        self.rest.done("POST", &path, &json!({ "body": marked(text, marker, LONGEST) }), task).map(drop)
    }

    /// The newest status of each context. The list of all statuses names its next page; the combined status does not.
    fn verdicts(&self, commit: CommitId, task: TaskContext<'_>) -> Result<Vec<Verdict>, WriteError> {
        let path = format!("/commits/{commit}/statuses?sort=highestindex&limit=50");
        let mut newest = BTreeMap::new();
        let mut all: Vec<Status> = self.rest.list(&path, task)?;
        all.sort_by_key(|status| status.id);
        for verdict in all.into_iter().map(Verdict::from) {
            newest.insert(verdict.context.clone(), verdict);
        }
        let mut verdicts: Vec<Verdict> = newest.into_values().collect();
        let wanted = self.patterns.lock().unwrap_or_else(PoisonError::into_inner).clone();
        verdicts.extend(patterns::answers(&wanted, &verdicts));
        Ok(verdicts)
    }

    fn glance(&self, commit: CommitId, task: TaskContext<'_>) -> Result<Vec<Verdict>, WriteError> {
        self.verdicts(commit, task)
    }

    /// By a fast-forward to the tested commit itself where the repository allows that, else by a merge commit of Forgejo's.
    fn merge(&self, request: &MergeRequest, task: TaskContext<'_>) -> Result<MergeOutcome, WriteError> {
        let number = request.number;
        let repository = self.repository(task)?;
        if !repository.takes_merges() {
            return Ok(MergeOutcome::Refused(
                "the repository would squash or rebase, which severs the history: allow merge commits, or fast-forwards, in \
                 its settings"
                    .to_owned(),
            ));
        }
        let (title, text) = request.message.split_once('\n').unwrap_or((&request.message, ""));
        let style = if repository.allow_fast_forward_only_merge { "fast-forward-only" } else { "merge" };
        let body = json!({
            "Do": style,
            "head_commit_id": request.expected_head,
            "MergeTitleField": title,
            "MergeMessageField": text.trim(),
        });
        let answer = self.rest.write("POST", &format!("/pulls/{number}/merge"), &body, task)?;
        let seen = self.change(number, task)?.ok_or_else(|| self.rest.no_change(number))?;
        let message = match answer.server_message() {
            "" => format!("Forgejo answered {} without a reason", answer.status),
            message => message.to_owned(),
        };
        Ok(match (answer.status, seen.merged_as) {
            (200, Some(commit)) => MergeOutcome::Merged(commit),
            (200, None) => MergeOutcome::NotReady("Forgejo has taken it, but not merged it yet".to_owned()),
            // Merged by a person, or by an earlier attempt.
            (405 | 409, Some(commit)) => MergeOutcome::Already(commit),
            (405 | 409, None) if seen.head != request.expected_head => MergeOutcome::HeadMoved,
            (405, None) if message.to_lowercase().contains("try again later") => MergeOutcome::NotReady(message),
            // It was made on the target's tip: whatever it conflicts with, or cannot be forwarded over, came since.
            (409, None) => MergeOutcome::BaseMoved,
            (405, None) if waits_for_people(&message) => MergeOutcome::Withheld(message),
            (405, None) => MergeOutcome::Refused(message),
            _ => return Err(self.rest.refused(&answer)),
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
            _ => return Err(no_such_word("Forgejo")),
        };
        let mut body = json!({ "state": state, "context": verdict.context, "description": verdict.description });
        if let Some(url) = verdict.url.as_deref().filter(|url| url.starts_with("http")) {
            body["target_url"] = url.into();
        }
        self.rest.done("POST", &format!("/statuses/{commit}"), &body, task).map(drop)
    }
}
