//! GitLab, gitlab.com or self-managed, through the REST API version 4 (<https://docs.gitlab.com/api/rest/>).
//!
//! The requests and how their answers are understood; what an answer looks like is in `answers`.

mod answers;
mod releases;
mod verdicts;

use super::project_path::project_path;
use super::refusals::no_such_word;
use super::rest::{self, Manner, Rest};
use super::{
    BranchRules, Caps, Change, ChangeSearch, ChangeState, Forge, Hosted, MergeOutcome, MergeRequest, NewChange,
    PageNames, Releases, Verdict, VerdictState, marked, unmarked,
};
use crate::git::RemoteUrl;
use crate::http::{Api, Client};
use crate::model::{BranchName, CommitId, Failure, HttpUrl, Secret, TaskContext, WriteError, percent_encoded};
use answers::{Branch, Deployment, MergeRequestAnswer, Note, PIPELINE, ProjectAnswer, held_by};
use serde_json::json;
use std::sync::Arc;
use verdicts::Verdicts;

/// The longest description and note, in characters.
const LONGEST: usize = 1_000_000;
/// The longest title, in characters.
const TITLE: usize = 255;

const MANNER: Manner = Manner { name: "GitLab", change: "merge request", hint };

fn hint(status: u16) -> Option<&'static str> {
    match status {
        401 => Some("the token is wrong or has expired; `relwf doctor` shows where it comes from"),
        403 => Some("the token needs the scope `api`, and its owner at least the role Developer in the project"),
        404 => Some(
            "GitLab also answers 404 where the token may not see it; `relwf doctor` shows where the token comes from",
        ),
        _ => None,
    }
}

pub const GITLAB: Hosted = Hosted {
    api_path: "api/v4",
    tokens: &["GITLAB_TOKEN", "GITLAB_ACCESS_TOKEN"],
    api: gitlab_api,
    open: |api, url| {
        let path = gitlab_project(url, api.base())?;
        Ok(Arc::new(GitlabForge::new(api, path)))
    },
    project: gitlab_project,
    pages: PageNames { change: "/-/merge_requests/", compare: "/-/compare/" },
};

/// GitLab's API at `base` (`https://gitlab.com/api/v4`), for the owner of the token.
///
/// `Authorization` takes personal, project and group tokens as well as OAuth's; `PRIVATE-TOKEN` would not take the last.
pub fn gitlab_api(client: Client, base: &str, token: Option<&Secret>) -> Api {
    rest::api(client, base, token.map(|token| format!("Bearer {}", token.expose())))
}

/// A project on GitLab.
pub struct GitlabForge {
    rest: Rest,
    path: String,
    verdicts: Verdicts,
}

impl GitlabForge {
    /// The project with that whole path, on GitLab's API (see [`gitlab_api`]).
    pub fn new(api: Arc<Api>, path: String) -> Self {
        let root = format!("/projects/{}", percent_encoded(&path));
        Self { rest: Rest::new(api, root, &MANNER), path, verdicts: Verdicts::default() }
    }

    fn project(&self, task: TaskContext<'_>) -> Result<ProjectAnswer, WriteError> {
        self.rest.get("", task)?.ok_or_else(|| self.rest.no_project(&self.path))
    }

    /// A pipeline that was skipped counts as the project has it.
    fn counted(&self, mut verdicts: Vec<Verdict>, task: TaskContext<'_>) -> Result<Vec<Verdict>, WriteError> {
        let skipped = |verdict: &&mut Verdict| verdict.context == PIPELINE && verdict.state == VerdictState::Skipped;
        if let Some(pipeline) = verdicts.iter_mut().find(skipped)
            && self.project(task)?.allow_merge_on_skipped_pipeline == Some(true)
        {
            pipeline.state = VerdictState::Green;
            pipeline.description.push_str(", which counts as success here (allow_merge_on_skipped_pipeline)");
        }
        Ok(verdicts)
    }

    fn branch_there(&self, name: &BranchName, task: TaskContext<'_>) -> Result<Option<Branch>, WriteError> {
        self.rest.get(&format!("/repository/branches/{}", percent_encoded(name.as_str())), task)
    }

    fn request(&self, number: u64, task: TaskContext<'_>) -> Result<Option<MergeRequestAnswer>, WriteError> {
        self.rest.get(&format!("/merge_requests/{number}"), task)
    }

    /// Only merge requests from branches of this very project are ours.
    fn requests(&self, search: &ChangeSearch<'_>, task: TaskContext<'_>) -> Result<Vec<Change>, WriteError> {
        let mut path = format!(
            "/merge_requests?scope=all&state=all&order_by=created_at&sort=desc&per_page=100&target_branch={}",
            percent_encoded(search.base.as_str())
        );
        if let Some(branch) = search.head_branch {
            path.push_str(&format!("&source_branch={}", percent_encoded(branch.as_str())));
        }
        let found: Vec<MergeRequestAnswer> = self.rest.list(&path, task)?;
        let own = found.into_iter().filter(MergeRequestAnswer::is_own).filter_map(MergeRequestAnswer::change);
        Ok(own.filter(|change| search.fits(change)).collect())
    }

    /// Why a merge request was not merged.
    fn not_merged(&self, number: u64, server_message: &str, task: TaskContext<'_>) -> Result<MergeOutcome, WriteError> {
        let request = self.request(number, task)?.ok_or_else(|| self.rest.no_change(number))?;
        if request.is_locked() {
            return Ok(being_merged());
        }
        let status = request.detailed_merge_status.clone().unwrap_or_default();
        let landed = request.change().and_then(|change| change.merged_as);
        Ok(match (landed, status.as_str(), held_by(&status)) {
            // Merged by a person, or by an earlier attempt.
            (Some(commit), ..) => MergeOutcome::Already(commit),
            // What is proposed was made on the target's tip: there is nothing to rebase or to conflict with but what came since.
            (None, "need_rebase" | "conflict", _) => MergeOutcome::BaseMoved,
            (None, "not_open", Some(why)) => MergeOutcome::Refused(why),
            (None, _, Some(why)) => MergeOutcome::Withheld(why),
            (None, _, None) => MergeOutcome::NotReady(format!("{server_message} ({status})")),
        })
    }
}

fn being_merged() -> MergeOutcome {
    MergeOutcome::NotReady("GitLab is merging it".to_owned())
}

/// The project's path on the GitLab whose API is at `api`: without the folder that the whole GitLab may be in.
pub fn gitlab_project(url: &RemoteUrl, api: &str) -> Result<String, Failure> {
    let path = project_path(url)?;
    let api = HttpUrl::parse(api);
    let below = api.as_ref().map_or("", HttpUrl::path).trim_matches('/');
    let folder = below.trim_end_matches("api/v4").trim_end_matches('/');
    let inside = path.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/'));
    Ok(match inside {
        Some(inside) if !folder.is_empty() && inside.contains('/') => inside.to_owned(),
        _ => path,
    })
}

impl Forge for GitlabForge {
    fn caps(&self) -> Caps {
        Caps { merges: true, needs_branch: true, deploys: true }
    }

    fn branch(&self, name: &BranchName, task: TaskContext<'_>) -> Result<Option<CommitId>, WriteError> {
        Ok(self.branch_there(name, task)?.map(|branch| branch.commit.id))
    }

    /// The project's settings, and what the branch's protection lets this token do.
    ///
    /// Whichever merge method the project has, a merge commit that was made on the target's tip lands unchanged: by a
    /// fast-forward where it only makes these, else as the second parent of GitLab's own. Squashing alone forbids it.
    fn rules(&self, branch: &BranchName, task: TaskContext<'_>) -> Result<BranchRules, WriteError> {
        let project = self.project(task)?;
        let pipeline = project.only_allow_merge_if_pipeline_succeeds == Some(true);
        Ok(BranchRules {
            required: pipeline.then(|| PIPELINE.to_owned()).into_iter().collect(),
            direct_push: self.branch_there(branch, task)?.and_then(|branch| branch.can_push),
            write: project.write(),
            merge_commits: project.squash_option.map(|option| option != "always"),
            ..BranchRules::default()
        })
    }

    fn find_changes(&self, search: &ChangeSearch<'_>, task: TaskContext<'_>) -> Result<Vec<Change>, WriteError> {
        self.requests(search, task)
    }

    /// Looks first: an earlier attempt may have got through.
    fn open_change(&self, new: &NewChange, task: TaskContext<'_>) -> Result<Change, WriteError> {
        let head = new.head_branch.as_ref().ok_or_else(|| self.rest.no_branch())?;
        let search = ChangeSearch { base: &new.base, head_branch: Some(head), marker: Some(&new.marker) };
        if let Some(change) = self.requests(&search, task)?.into_iter().next() {
            return Ok(change);
        }
        let body = json!({
            "source_branch": head,
            "target_branch": new.base,
            "title": new.title.chars().take(TITLE).collect::<String>(),
            "description": marked(&new.body, &new.marker, LONGEST),
            // Omitted, the project's default would hold.
            "squash": false,
        });
        let answer = self.rest.write("POST", "/merge_requests", &body, task)?;
        let found = match answer.status {
            201 => {
                let mut opened: MergeRequestAnswer =
                    self.rest.read(&answer.body, "/merge_requests").map_err(WriteError::once_sent)?;
                // GitLab prepares it in the background; what is proposed is known all the same.
                opened.sha = opened.sha.or(Some(new.head));
                opened.change()
            }
            // Another request was faster: perhaps an earlier attempt of ours.
            409 => self.requests(&search, task)?.into_iter().next(),
            _ => None,
        };
        found.ok_or_else(|| self.rest.refused(&answer))
    }

    fn change(&self, number: u64, task: TaskContext<'_>) -> Result<Option<Change>, WriteError> {
        Ok(self.request(number, task)?.and_then(MergeRequestAnswer::change))
    }

    /// GitLab itself marks a merge request as merged when its head lands; nothing else can.
    fn close(&self, number: u64, state: ChangeState, task: TaskContext<'_>) -> Result<Change, WriteError> {
        let change = self.change(number, task)?.ok_or_else(|| self.rest.no_change(number))?;
        if state == ChangeState::Merged || change.state != ChangeState::Open {
            return Ok(change);
        }
        let path = format!("/merge_requests/{number}");
        let answer = self.rest.done("PUT", &path, &json!({ "state_event": "close" }), task)?;
        let closed: MergeRequestAnswer = self.rest.read(&answer.body, &path).map_err(WriteError::once_sent)?;
        Ok(closed.change().unwrap_or(Change { state: ChangeState::Closed, ..change }))
    }

    fn comment(&self, number: u64, text: &str, marker: &str, task: TaskContext<'_>) -> Result<(), WriteError> {
        let path = format!("/merge_requests/{number}/notes");
        let notes: Vec<Note> = self.rest.list(&format!("{path}?per_page=100"), task)?;
        if notes.iter().any(|note| unmarked(note.body.as_deref().unwrap_or_default()).1 == Some(marker)) {
            return Ok(());
        }
        self.rest.done("POST", &path, &json!({ "body": marked(text, marker, LONGEST) }), task).map(drop)
    }

    fn verdicts(&self, commit: CommitId, task: TaskContext<'_>) -> Result<Vec<Verdict>, WriteError> {
        self.counted(self.verdicts.all(&self.rest, commit, task)?, task)
    }

    fn glance(&self, commit: CommitId, task: TaskContext<'_>) -> Result<Vec<Verdict>, WriteError> {
        self.counted(self.verdicts.glance(&self.rest, commit, task)?, task)
    }

    fn deployment(
        &self,
        commit: CommitId,
        environment: &str,
        task: TaskContext<'_>,
    ) -> Result<Option<Verdict>, WriteError> {
        let path =
            format!("/deployments?environment={}&order_by=id&sort=desc&per_page=100", percent_encoded(environment));
        let newest: Option<Vec<Deployment>> = self.rest.get(&path, task)?;
        let own = newest.into_iter().flatten().find(|deployment| deployment.sha == commit);
        Ok(own.map(|deployment| deployment.verdict(environment)))
    }

    /// A project may require squashing whatever the request asks for, so GitLab's plan for the merge request is read first.
    fn merge(&self, request: &MergeRequest, task: TaskContext<'_>) -> Result<MergeOutcome, WriteError> {
        let number = request.number;
        let seen = self.request(number, task)?.ok_or_else(|| self.rest.no_change(number))?;
        if seen.is_locked() {
            return Ok(being_merged());
        }
        let squashes = seen.squashes(|| Ok(self.project(task)?.squash_option))?;
        match seen.change() {
            Some(Change { merged_as: Some(commit), .. }) => return Ok(MergeOutcome::Already(commit)),
            Some(Change { head, .. }) if head != request.expected_head => return Ok(MergeOutcome::HeadMoved),
            _ if squashes => {
                return Ok(MergeOutcome::Refused(
                    "it would be squashed, which severs the history: set \"Squash commits when merging\" to another \
                     value than \"Require\" in the project's settings, and take the tick off the merge request"
                        .to_owned(),
                ));
            }
            _ => {}
        }
        let body = json!({
            "sha": request.expected_head,
            "merge_commit_message": request.message,
            "squash": false,
        });
        let path = format!("/merge_requests/{number}/merge");
        let answer = self.rest.write("PUT", &path, &body, task)?;
        let message = answer.server_message().to_owned();
        match answer.status {
            200 => {
                let merged: MergeRequestAnswer = self.rest.read(&answer.body, &path).map_err(WriteError::once_sent)?;
                match merged.change().and_then(|change| change.merged_as) {
                    Some(commit) => Ok(MergeOutcome::Merged(commit)),
                    None => Ok(being_merged()),
                }
            }
            // The token was good for everything before this: it is the right to merge that is missing.
            401 => Ok(MergeOutcome::Refused(
                "the token's owner may not merge into this branch: see \"Allowed to merge\" under the project's protected \
                 branches"
                    .to_owned(),
            )),
            409 if message.contains("SHA") => Ok(MergeOutcome::HeadMoved),
            405 | 406 | 409 | 422 => self.not_merged(number, &message, task),
            _ => Err(self.rest.refused(&answer)),
        }
    }

    fn releases(&self) -> Option<&dyn Releases> {
        Some(self)
    }

    fn set_status(&self, commit: CommitId, verdict: &Verdict, task: TaskContext<'_>) -> Result<(), WriteError> {
        let state = match verdict.state {
            VerdictState::Pending => "pending",
            VerdictState::Green => "success",
            VerdictState::Red => "failed",
            _ => return Err(no_such_word("GitLab")),
        };
        let description: String = verdict.description.chars().take(255).collect();
        let mut body = json!({ "state": state, "name": verdict.context, "description": description });
        if let Some(url) = verdict.url.as_deref().filter(|url| url.starts_with("http")) {
            body["target_url"] = url.into();
        }
        let answer = self.rest.write("POST", &format!("/statuses/{commit}"), &body, task)?;
        // The status already has this state.
        let same = answer.status == 400 && answer.server_message().contains("Cannot transition status");
        if answer.is_success() || same { Ok(()) } else { Err(self.rest.refused(&answer)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn projects_lie_in_groups_and_a_gitlab_may_lie_in_a_folder() {
        let path = |url: &str, api: &str| gitlab_project(&RemoteUrl::parse(url, Path::new("/")).unwrap(), api).unwrap();
        let com = "https://gitlab.com/api/v4";
        assert_eq!(path("git@gitlab.com:acme/platform/api/service.git", com), "acme/platform/api/service");
        assert_eq!(path("https://gitlab.com/acme/service", com), "acme/service");
        let folder = "https://git.example/gitlab/api/v4/";
        assert_eq!(path("https://git.example/gitlab/acme/service.git", folder), "acme/service");
        assert_eq!(path("git@git.example:acme/service.git", folder), "acme/service");
        assert_eq!(path("git@git.example:gitlab/service.git", folder), "gitlab/service");
    }
}
