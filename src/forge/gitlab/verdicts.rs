//! GitLab's verdicts on a commit: statuses from outside, jobs, and whole pipelines.

use super::answers::{Pipeline, Status};
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
    /// Are pipelines read next?
    pipelines_next: bool,
}

impl Verdicts {
    pub(super) fn all(&self, rest: &Rest, commit: CommitId, task: TaskContext<'_>) -> Result<Vec<Verdict>, WriteError> {
        let statuses = statuses(rest, commit, task)?;
        let pipelines = pipelines(rest, commit, task)?;
        Ok(self.keep(commit, CommitVerdicts { statuses, pipelines, pipelines_next: false }))
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
            latest.pipelines = pipelines(rest, commit, task)?;
        } else {
            latest.statuses = statuses(rest, commit, task)?;
        }
        latest.pipelines_next = !latest.pipelines_next;
        Ok(self.keep(commit, latest))
    }

    fn keep(&self, commit: CommitId, latest: CommitVerdicts) -> Vec<Verdict> {
        let all = worst(latest.statuses.iter().chain(&latest.pipelines));
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

/// The newest pipeline of each branch or merge request.
fn pipelines(rest: &Rest, commit: CommitId, task: TaskContext<'_>) -> Result<Vec<Verdict>, WriteError> {
    let path = format!("/pipelines?sha={commit}&order_by=id&sort=desc&per_page=100");
    let mut seen = BTreeSet::new();
    let mut newest: Vec<Pipeline> = rest.list(&path, task)?;
    newest.retain(|pipeline| seen.insert(pipeline.name.clone()));
    Ok(newest.into_iter().map(Verdict::from).collect())
}
