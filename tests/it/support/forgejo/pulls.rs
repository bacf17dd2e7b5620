//! Pull requests, comments, and what the merge button does.

use super::{Ask, Jo, list, refused};
use crate::support::github::now;
use crate::support::hosted::project::{Change, Comment, State};
use crate::support::wire::Answer;

impl Jo {
    pub(super) fn pulls(&self, ask: &Ask<'_>) -> Answer {
        let base = ask.query("base");
        let state = ask.query("state").unwrap_or_else(|| "open".to_owned());
        let fits = |change: &&Change| {
            base.as_ref().is_none_or(|base| *base == change.base)
                && (state == "all" || (state == "open") == (change.state == State::Open))
        };
        let mut found: Vec<&Change> = self.project.changes.values().filter(fits).collect();
        found.reverse();
        list(ask, &found, |change| self.pull_body(ask, change))
    }

    pub(super) fn open_pull(&mut self, ask: &Ask<'_>) -> Answer {
        let text = |name: &str| ask.text(name).unwrap_or_default().to_owned();
        let (head, base) = (text("head"), text("base"));
        let (Some(head_commit), Some(_)) = (self.project.git.branch(&head), self.project.git.branch(&base)) else {
            return refused(404, "The target couldn't be found.");
        };
        let same = |change: &Change| {
            change.state == State::Open && !change.fork && (&change.head, &change.base) == (&head, &base)
        };
        if self.project.changes.values().any(same) {
            return refused(409, "pull request already exists for these targets");
        }
        let number = self.project.propose(Change {
            number: 0,
            title: text("title"),
            body: text("body"),
            fork: false,
            head,
            head_commit,
            base,
            author: ask.login(),
            state: State::Open,
            computing: self.project.computing,
            squash: false,
            at: now(),
        });
        Answer::json(201, &self.pull_body(ask, &self.project.changes[&number]))
    }

    pub(super) fn show_pull(&self, ask: &Ask<'_>, number: u64) -> Answer {
        match self.project.changes.get(&number) {
            Some(change) => Answer::json(200, &self.pull_body(ask, change)),
            None => refused(404, "The target couldn't be found."),
        }
    }

    pub(super) fn edit_pull(&mut self, ask: &Ask<'_>, number: u64) -> Answer {
        let Some(change) = self.project.changes.get_mut(&number) else {
            return refused(404, "The target couldn't be found.");
        };
        match (ask.text("state"), &change.state) {
            (Some("closed"), State::Open) => change.state = State::Closed,
            (Some("open"), State::Closed) => change.state = State::Open,
            (Some(_), State::Merged(_)) => {
                return refused(412, "cannot change state of this pull request, it was already merged");
            }
            _ => {}
        }
        Answer::json(201, &self.pull_body(ask, &self.project.changes[&number]))
    }

    pub(super) fn merge_pull(&mut self, ask: &Ask<'_>, number: u64) -> Answer {
        let Some(change) = self.project.changes.get(&number).cloned() else {
            return refused(404, "The target couldn't be found.");
        };
        let style = ask.text("Do").unwrap_or_default();
        if change.state != State::Open {
            return refused(
                if change.state == State::Closed { 404 } else { 405 },
                "The PR is already closed or merged",
            );
        }
        if style == "manually-merged" {
            return self.merged_by_hand(ask, &change);
        }
        if change.computing > 0 {
            self.project.changes.get_mut(&number).unwrap().computing -= 1;
            return refused(405, "Please try again later");
        }
        if !self.may(ask, &change.base).1 {
            return refused(405, "User not allowed to merge PR");
        }
        if !self.is_green(&change.base, &change.head_commit) {
            return refused(405, "Not all required status checks successful");
        }
        if !self.styles.contains(&style) {
            return refused(405, &format!("{style} is not allowed an allowed merge style for this repository"));
        }
        if ask.text("head_commit_id").is_some_and(|id| id != change.head_commit) {
            return refused(409, "head out of date");
        }
        let git = &self.project.git;
        let base = git.branch(&change.base).unwrap();
        let head = change.head_commit.as_str();
        let text = |name: &str| ask.text(name).unwrap_or_default();
        let message = format!("{}\n\n{}", text("MergeTitleField"), text("MergeMessageField"));
        let new = match style {
            "fast-forward-only" => git.is_ancestor(&base, head).then(|| head.to_owned()),
            "merge" => self.project.merge_commit(&base, head, message.trim(), &[&base, head]),
            _ => self.project.merge_commit(&base, head, message.trim(), &[&base]),
        };
        let Some(new) = new else { return refused(409, "merge has conflicts or cannot be forwarded") };
        assert!(git.move_ref(&format!("refs/heads/{}", change.base), &base, &new));
        self.project.changes.get_mut(&number).unwrap().state = State::Merged(new);
        Answer::new(200)
    }

    fn merged_by_hand(&mut self, ask: &Ask<'_>, change: &Change) -> Answer {
        if !self.styles.contains(&"manually-merged") {
            return refused(405, "manually-merged is not allowed an allowed merge style for this repository");
        }
        let commit = ask.text("MergeCommitID").unwrap_or_default();
        let base = self.project.git.branch(&change.base).unwrap_or_default();
        if !self.project.git.is_ancestor(commit, &base) {
            return refused(409, "Wrong commit ID");
        }
        let commit = commit.to_owned();
        self.project.changes.get_mut(&change.number).unwrap().state = State::Merged(commit);
        Answer::new(200)
    }

    pub(super) fn comments(&self, ask: &Ask<'_>, number: u64) -> Answer {
        let all = self.project.comments.iter().filter(|comment| comment.number == number);
        Answer::json(200, &all.map(|comment| Self::comment_body(ask, comment)).collect())
    }

    pub(super) fn comment(&mut self, ask: &Ask<'_>, number: u64) -> Answer {
        if !self.project.changes.contains_key(&number) {
            return refused(404, "The target couldn't be found.");
        }
        let id = self.project.next_id();
        let body = ask.text("body").unwrap_or_default().to_owned();
        let comment = Comment { id, number, author: ask.login(), body, at: now() };
        self.project.comments.push(comment.clone());
        Answer::json(201, &Self::comment_body(ask, &comment))
    }
}
