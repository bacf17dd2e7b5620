//! GitLab's verdicts on a commit: statuses from outside, jobs, and whole pipelines.
//!
//! A pipeline for merged results runs on a commit that GitLab makes (`refs/merge-requests/N/merge`), and only the merge request knows it:
//! where the commit itself has no pipeline, its merge request is asked for the one that counts.

use super::answers::{MergeRequestAnswer, Pipeline, Status};
use crate::forge::Verdict;
use crate::forge::combine_verdicts::worst;
use crate::forge::rest::Rest;
use crate::model::{CommitId, TaskContext, WriteError};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

/// The last answers about commits, for looks that read one of the two kinds only.
#[derive(Default)]
pub(super) struct Verdicts {
    latest: Mutex<BTreeMap<CommitId, CommitVerdicts>>,
}

#[derive(Clone, Default)]
struct CommitVerdicts {
    statuses: Vec<Verdict>,
    pipelines: Vec<Verdict>,
    /// Statuses of the pipeline for merged results.
    merged: Vec<Verdict>,
    /// Are pipelines read next?
    pipelines_next: bool,
}

impl Verdicts {
    pub(super) fn all(&self, rest: &Rest, commit: CommitId, task: TaskContext<'_>) -> Result<Vec<Verdict>, WriteError> {
        let statuses = statuses(rest, commit, task)?;
        let (pipelines, merged) = pipelines(rest, commit, task)?;
        Ok(self.keep(commit, CommitVerdicts { statuses, pipelines, merged, pipelines_next: false }))
    }

    /// One request: statuses and pipelines in turn.
    pub(super) fn glance(
        &self,
        rest: &Rest,
        commit: CommitId,
        task: TaskContext<'_>,
    ) -> Result<Vec<Verdict>, WriteError> {
        let latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner).get(&commit).cloned();
        let Some(mut latest) = latest else { return self.all(rest, commit, task) };
        if latest.pipelines_next {
            (latest.pipelines, latest.merged) = pipelines(rest, commit, task)?;
        } else {
            latest.statuses = statuses(rest, commit, task)?;
        }
        latest.pipelines_next = !latest.pipelines_next;
        Ok(self.keep(commit, latest))
    }

    fn keep(&self, commit: CommitId, latest: CommitVerdicts) -> Vec<Verdict> {
        let all = worst(latest.statuses.iter().chain(&latest.merged).chain(&latest.pipelines));
        self.latest.lock().unwrap_or_else(PoisonError::into_inner).insert(commit, latest);
        all
    }
}

/// The newest status of each name for each branch or merge request: an earlier run of the same name does not count.
fn statuses(rest: &Rest, commit: CommitId, task: TaskContext<'_>) -> Result<Vec<Verdict>, WriteError> {
    let path = format!("/repository/commits/{commit}/statuses?per_page=100");
    let mut seen = BTreeSet::new();
    let mut newest: Vec<Status> = rest.list(&path, task)?;
    newest.sort_by_key(|status| std::cmp::Reverse(status.id));
    newest.retain(|status| seen.insert((status.name.clone(), status.reference.clone())));
    Ok(newest.into_iter().map(Verdict::from).collect())
}

/// The newest pipeline of each branch or merge request; and the statuses of the one for merged results, where there is no other.
fn pipelines(rest: &Rest, commit: CommitId, task: TaskContext<'_>) -> Result<(Vec<Verdict>, Vec<Verdict>), WriteError> {
    let path = format!("/pipelines?sha={commit}&order_by=id&sort=desc&per_page=100");
    let mut seen = BTreeSet::new();
    let mut newest: Vec<Pipeline> = rest.list(&path, task)?;
    newest.retain(|pipeline| seen.insert(pipeline.name.clone()));
    if !newest.is_empty() {
        return Ok((newest.into_iter().map(Verdict::from).collect(), Vec::new()));
    }
    let Some(head) = merged_results(rest, commit, task)? else { return Ok(Default::default()) };
    let statuses = statuses(rest, head.sha, task)?;
    Ok((vec![Verdict::from(head)], statuses))
}

/// The pipeline that counts for the merge request of a commit, where it runs on another commit.
fn merged_results(rest: &Rest, commit: CommitId, task: TaskContext<'_>) -> Result<Option<Pipeline>, WriteError> {
    let of_commit: Option<Vec<MergeRequestAnswer>> =
        rest.get(&format!("/repository/commits/{commit}/merge_requests?state=opened"), task)?;
    let own = of_commit.into_iter().flatten().find(|request| request.is_own() && request.sha == Some(commit));
    let Some(own) = own else { return Ok(None) };
    // Lists leave the pipeline out.
    let whole: Option<MergeRequestAnswer> = rest.get(&format!("/merge_requests/{}", own.iid), task)?;
    Ok(whole.and_then(|request| request.head_pipeline).filter(|head| head.sha != commit))
}
