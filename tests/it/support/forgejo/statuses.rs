//! Commit statuses.

use super::{Ask, Jo, list, refused};
use crate::support::github::Settled;
use crate::support::hosted::project::Check;
use crate::support::wire::Answer;

impl Jo {
    /// All of them, newest first, and not only the latest of each name.
    pub(super) fn statuses(&mut self, ask: &Ask<'_>, sha: &str) -> Answer {
        let mut all: Vec<&Check> = self.project.checks.iter().filter(|check| check.commit == sha).collect();
        all.reverse();
        let answer = list(ask, &all, |check| self.status_body(ask, check));
        self.project.looked(sha);
        answer
    }

    pub(super) fn set_status(&mut self, ask: &Ask<'_>, sha: &str) -> Answer {
        let (looks, settled) = match ask.text("state").unwrap_or_default() {
            "pending" => (u32::MAX, Settled::Green),
            "success" => (0, Settled::Green),
            "warning" => (0, Settled::Neutral),
            "failure" | "error" => (0, Settled::Red),
            _ => return refused(400, "unknown state"),
        };
        let name = ask.text("context").unwrap_or("default").to_owned();
        let id = self.project.check(sha, &name, looks, settled, 0);
        let check = self.project.checks.iter_mut().find(|check| check.id == id).unwrap();
        check.description = ask.text("description").map(str::to_owned);
        check.url = ask.text("target_url").map(str::to_owned);
        let check = check.clone();
        Answer::json(201, &self.status_body(ask, &check))
    }

    /// Does a protected branch take this commit, as far as statuses say?
    pub(super) fn is_green(&self, branch: &str, commit: &str) -> bool {
        let Some(protected) = self.protected.get(branch) else { return true };
        let latest = self.project.latest(commit);
        let fits = |pattern: &str, name: &str| match pattern.strip_suffix('*') {
            Some(front) => name.starts_with(front),
            None => name == pattern,
        };
        protected.contexts.iter().all(|pattern| {
            let mut fitting = latest.iter().filter(|check| fits(pattern, &check.name)).peekable();
            fitting.peek().is_some() && fitting.all(|check| check.is_settled() && check.settled == Settled::Green)
        })
    }
}
