//! What reports on a commit after a wait for it began: statuses, check runs, and the forge's own deployments.
//!
//! A merge that lands is the commit that was tested: what its pull request's checks said of it says nothing of its deploy. Only
//! what was said since the wait began counts, and what was open then.

use super::World;
use super::text::list;
use super::verdicts::{counted, in_their_words};
use crate::config::Environment;
use crate::forge::{Verdict, VerdictState};
use crate::model::{CommitId, DEPLOYMENT, Failure, FailureKind, TaskContext};
use serde_json::json;

/// How it stands.
#[derive(Debug, PartialEq)]
pub(super) enum Report {
    /// All of it is green; nothing where nobody has said a word yet.
    Green(Vec<Verdict>),
    Red(Vec<Verdict>),
    /// Each with its reason.
    Open(Vec<String>),
}

/// Everything that is said of a commit now, with the deployments that an environment names.
pub(super) fn said(
    world: &World,
    commit: CommitId,
    environment: Option<&Environment>,
    task: TaskContext<'_>,
) -> Result<Vec<Verdict>, Failure> {
    let mut verdicts = world.forge.verdicts(commit, task)?;
    for name in environment.into_iter().flat_map(|environment| &environment.deployed_by) {
        if let Some(place) = name.strip_prefix(DEPLOYMENT) {
            verdicts.extend(world.forge.deployment(commit, place, task)?);
        }
    }
    Ok(counted(verdicts, environment))
}

/// What of it is news to whoever heard `before`.
fn news(before: &[Verdict], now: Vec<Verdict>) -> Vec<Verdict> {
    let known = |verdict: &Verdict| {
        let same = |old: &&Verdict| (&old.context, old.state, old.at) == (&verdict.context, verdict.state, verdict.at);
        before.iter().any(|old| same(&old))
    };
    now.into_iter().filter(|verdict| verdict.state == VerdictState::Pending || !known(verdict)).collect()
}

/// Judges what is said now by those who are named, or by all where nobody is.
pub(super) fn judge(named: &[String], before: &[Verdict], now: Vec<Verdict>) -> Report {
    let seen: Vec<String> = now.iter().map(|verdict| verdict.context.clone()).collect();
    let mut news = news(before, now);
    if !named.is_empty() {
        news.retain(|verdict| named.contains(&verdict.context));
    }
    let red: Vec<Verdict> = news.iter().filter(|verdict| verdict.state == VerdictState::Red).cloned().collect();
    if !red.is_empty() {
        return Report::Red(red);
    }
    let silent = named.iter().filter(|name| news.iter().all(|verdict| verdict.context != **name));
    let mut open: Vec<String> = silent
        .map(|name| match seen.contains(name) {
            true => format!("{name} has said nothing new"),
            false => format!("{name} has not reported"),
        })
        .collect();
    for verdict in &news {
        match verdict.state {
            VerdictState::Pending => open.push(format!("{} is pending", verdict.context)),
            VerdictState::Skipped if !named.is_empty() => open.push(format!("{} was skipped", verdict.context)),
            VerdictState::Neutral if !named.is_empty() => open.push(format!("{} took no side", verdict.context)),
            VerdictState::Skipped | VerdictState::Neutral | VerdictState::Green | VerdictState::Red => {}
        }
    }
    if !open.is_empty() {
        return Report::Open(open);
    }
    news.retain(|verdict| verdict.state == VerdictState::Green);
    Report::Green(news)
}

/// The failure for red words about a commit.
pub(super) fn red(commit: CommitId, red: &[Verdict]) -> Failure {
    let names: Vec<String> = red.iter().map(|verdict| verdict.context.clone()).collect();
    let words = format!("on {}, which has landed, these are red: {}", commit.short(), list(&names, 5));
    let failure = Failure::new(FailureKind::Red, words)
        .hint("mend it on the source branch and promote again, or revert it: `relwf run revert-release`");
    in_their_words(failure, red).detail(json!({ "red": red }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use VerdictState::{Green, Neutral, Pending, Red, Skipped};
    use jiff::Timestamp;

    fn verdict(context: &str, state: VerdictState, second: i64) -> Verdict {
        let at = Timestamp::from_second(second).unwrap();
        Verdict { context: context.to_owned(), state, description: String::new(), url: None, at }
    }

    fn open(named: &[&str], before: &[Verdict], now: Vec<Verdict>) -> String {
        let named: Vec<String> = named.iter().map(|name| (*name).to_owned()).collect();
        match judge(&named, before, now) {
            Report::Open(why) => why.join("; "),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_was_said_before_says_nothing_of_the_deploy() {
        let before = [verdict("pr", Green, 1), verdict("lint", Red, 1), verdict("deploy", Pending, 1)];
        assert_eq!(judge(&[], &before[..2], before[..2].to_vec()), Report::Green(vec![]));
        assert_eq!(open(&[], &before, before.to_vec()), "deploy is pending");
        let done = verdict("deploy", Green, 2);
        assert_eq!(judge(&[], &before, vec![before[0].clone(), done.clone()]), Report::Green(vec![done.clone()]));
        // The same check again, later.
        let again = verdict("pr", Red, 3);
        assert_eq!(judge(&[], &before, vec![again.clone(), done]), Report::Red(vec![again]));
    }

    #[test]
    fn whoever_is_named_is_waited_for_and_nobody_else_counts() {
        let before = [verdict("deploy", Green, 1)];
        assert_eq!(open(&["deploy"], &before, before.to_vec()), "deploy has said nothing new");
        assert_eq!(open(&["deploy"], &[], vec![verdict("lint", Red, 2)]), "deploy has not reported");
        assert_eq!(open(&["deploy"], &before, vec![verdict("deploy", Skipped, 2)]), "deploy was skipped");
        let green = verdict("deploy", Green, 2);
        let named = ["deploy".to_owned()];
        assert_eq!(judge(&named, &before, vec![green.clone(), verdict("x", Red, 2)]), Report::Green(vec![green]));
        // Unnamed, what takes no side is no word at all.
        assert_eq!(judge(&[], &[], vec![verdict("lint", Neutral, 2)]), Report::Green(vec![]));
    }
}
