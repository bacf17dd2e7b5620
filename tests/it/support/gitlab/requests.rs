//! Merge requests, notes, and what the merge button does.

use super::{Ask, Lab, Rights, list, missing, refused};
use crate::support::github::now;
use crate::support::hosted::project::{Change, Comment, Pipeline, State};
use crate::support::wire::Answer;
use serde_json::json;

impl Lab {
    pub(super) fn may_merge(&self, ask: &Ask<'_>, branch: &str) -> bool {
        let needed = self.protected.get(branch).map_or(Rights::Write, |protected| protected.merge);
        ask.rights() >= needed
    }

    pub(super) fn squashes(&self, change: &Change) -> bool {
        self.squash_option == "always" || (change.squash && self.squash_option != "never")
    }

    /// `detailed_merge_status`.
    pub(super) fn merge_status(&self, change: &Change) -> &'static str {
        let git = &self.project.git;
        let base = git.branch(&change.base).unwrap_or_default();
        let of_head = self.project.pipelines.iter().rev().find(|pipeline| pipeline.commit == change.head_commit);
        match of_head.map(|pipeline| self.pipeline_status(pipeline.id)) {
            _ if change.state != State::Open => "not_open",
            _ if change.computing > 0 => "checking",
            _ if git.merged_tree(&base, &change.head_commit).is_none() => "conflict",
            _ if self.merge_method != "merge" && !git.is_ancestor(&base, &change.head_commit) => "need_rebase",
            Some("running") if self.only_if_pipeline_succeeds => "ci_still_running",
            Some("skipped") if self.only_if_pipeline_succeeds && !self.skipped_succeeds => "ci_must_pass",
            Some("failed") | None if self.only_if_pipeline_succeeds => "ci_must_pass",
            _ if self.approvals_left > 0 => "not_approved",
            _ => "mergeable",
        }
    }

    pub(super) fn requests(&self, ask: &Ask<'_>) -> Answer {
        let (from, to, state) = (ask.query("source_branch"), ask.query("target_branch"), ask.query("state"));
        let fits = |change: &&Change| {
            let open = change.state == State::Open;
            from.as_ref().is_none_or(|from| *from == change.head)
                && to.as_ref().is_none_or(|to| *to == change.base)
                && state.as_ref().is_none_or(|state| state == "all" || (state == "opened") == open)
        };
        let mut found: Vec<&Change> = self.project.changes.values().filter(fits).collect();
        found.reverse();
        list(ask, &found, |change| self.request_body(ask, change))
    }

    /// The merge requests that a commit is the head of.
    pub(super) fn requests_of(&self, ask: &Ask<'_>, sha: &str) -> Answer {
        let open = |change: &&Change| change.state == State::Open || ask.query("state").is_none();
        let found: Vec<&Change> =
            self.project.changes.values().filter(|change| change.head_commit == sha).filter(open).collect();
        list(ask, &found, |change| self.request_body(ask, change))
    }

    pub(super) fn open_request(&mut self, ask: &Ask<'_>) -> Answer {
        for parameter in ["source_branch", "target_branch", "title"] {
            if ask.text(parameter).is_none() {
                return missing(parameter);
            }
        }
        let text = |name: &str| ask.text(name).unwrap_or_default().to_owned();
        let (head, base) = (text("source_branch"), text("target_branch"));
        let Some(head_commit) = self.project.git.branch(&head) else {
            return refused(400, "Source branch does not exist");
        };
        let same = |change: &&Change| {
            change.state == State::Open && !change.fork && (&change.head, &change.base) == (&head, &base)
        };
        if let Some(other) = self.project.changes.values().find(same) {
            let words = format!("Another open merge request already exists for this source branch: !{}", other.number);
            return Answer::json(409, &json!({ "message": [words] }));
        }
        let number = self.project.propose(Change {
            number: 0,
            title: text("title"),
            body: text("description"),
            fork: false,
            head,
            head_commit,
            base,
            author: ask.login(),
            state: State::Open,
            computing: self.project.computing,
            squash: ask.body["squash"].as_bool().unwrap_or(self.squash_option == "default_on"),
            at: now(),
        });
        Answer::json(201, &self.request_body(ask, &self.project.changes[&number]))
    }

    pub(super) fn show_request(&mut self, ask: &Ask<'_>, number: u64) -> Answer {
        let Some(change) = self.project.changes.get_mut(&number) else { return refused(404, "404 Not found") };
        let seen = change.clone();
        change.computing = change.computing.saturating_sub(1);
        let mut body = self.request_body(ask, &seen);
        let merged = format!("refs/merge-requests/{number}/merge");
        let counts = |known: &&Pipeline| known.name == merged || known.commit == seen.head_commit;
        let head = self.project.pipelines.iter().rev().find(counts);
        body["head_pipeline"] = head.map_or(serde_json::Value::Null, |head| self.pipeline_body(ask, head));
        Answer::json(200, &body)
    }

    pub(super) fn edit_request(&mut self, ask: &Ask<'_>, number: u64) -> Answer {
        let Some(change) = self.project.changes.get_mut(&number) else { return refused(404, "404 Not found") };
        match (ask.text("state_event"), &change.state) {
            (Some("close"), State::Open) => change.state = State::Closed,
            (Some("reopen"), State::Closed) => change.state = State::Open,
            _ => {}
        }
        if let Some(title) = ask.text("title") {
            title.clone_into(&mut change.title);
        }
        Answer::json(200, &self.request_body(ask, &self.project.changes[&number]))
    }

    pub(super) fn merge_request(&mut self, ask: &Ask<'_>, number: u64) -> Answer {
        let Some(change) = self.project.changes.get(&number).cloned() else { return refused(404, "404 Not found") };
        if !self.may_merge(ask, &change.base) {
            return refused(401, "401 Unauthorized");
        }
        if let Some(sha) = ask.text("sha").filter(|sha| *sha != change.head_commit) {
            return refused(409, &format!("SHA does not match HEAD of source branch: {}", &sha[..sha.len().min(8)]));
        }
        match self.merge_status(&change) {
            "mergeable" => {}
            "conflict" | "need_rebase" => return refused(422, "Branch cannot be merged"),
            _ => {
                // What it was computing is known at the next look.
                let change = self.project.changes.get_mut(&number).unwrap();
                change.computing = change.computing.saturating_sub(1);
                return refused(405, "405 Method Not Allowed");
            }
        }
        let base = self.project.git.branch(&change.base).unwrap();
        let head = change.head_commit.as_str();
        let message = ask.text("merge_commit_message").unwrap_or("Merge branch");
        let new = match (self.squashes(&change), self.merge_method) {
            (true, _) => self.project.merge_commit(&base, head, &change.title, &[&base]),
            (false, "ff") => Some(head.to_owned()),
            (false, _) => self.project.merge_commit(&base, head, message, &[&base, head]),
        };
        let new = new.expect("it does not conflict");
        assert!(self.project.git.move_ref(&format!("refs/heads/{}", change.base), &base, &new));
        if let Some(change) = self.project.changes.get_mut(&number) {
            change.state = State::Merged(new);
        }
        Answer::json(200, &self.request_body(ask, &self.project.changes[&number]))
    }

    pub(super) fn notes(&self, ask: &Ask<'_>, number: u64) -> Answer {
        let mut all: Vec<&Comment> = self.project.comments.iter().filter(|note| note.number == number).collect();
        all.reverse();
        list(ask, &all, |note| Self::note_body(ask, note))
    }

    pub(super) fn note(&mut self, ask: &Ask<'_>, number: u64) -> Answer {
        let Some(body) = ask.text("body").map(str::to_owned) else { return missing("body") };
        if !self.project.changes.contains_key(&number) {
            return refused(404, "404 Not found");
        }
        let id = self.project.next_id();
        let note = Comment { id, number, author: ask.login(), body, at: now() };
        self.project.comments.push(note.clone());
        Answer::json(201, &Self::note_body(ask, &note))
    }
}
