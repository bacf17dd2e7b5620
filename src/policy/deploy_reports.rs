//! What reports on a commit that has landed: statuses, check runs and the forge's own deployments, and whose reports count.
//!
//! A merge that lands is the commit that was tested: what its pull request's checks reported says nothing of its deploy. Only
//! reports that arrive after the landing count, and checks that were pending then.

use super::judge_checks::{Reason, Shortfall};
use crate::ci::Start;
use crate::config::{CiKind, Environment};
use crate::forge::{Verdict, VerdictState};
use crate::model::{CiEvent, DEPLOYMENT};

/// Whose reports on a landed commit are waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Awaited<'c> {
    /// None.
    Nothing,
    /// Those that the environment is `deployed_by`: every one of them must report, and nothing else counts.
    Named(&'c [String]),
    /// Whatever reports at all.
    Anything,
}

/// Whose reports on what has landed in an environment are waited for.
pub fn awaited(environment: Option<&Environment>, ci: Option<CiKind>) -> Awaited<'_> {
    match (environment.map(|environment| environment.deployed_by.as_slice()), ci) {
        (Some(named @ [_, ..]), _) => Awaited::Named(named),
        (_, Some(CiKind::Status)) => Awaited::Anything,
        _ => Awaited::Nothing,
    }
}

/// The forge's own deployments among what an environment is `deployed_by`: their environments on the forge.
pub fn deployments(environment: Option<&Environment>) -> impl Iterator<Item = &str> {
    let named = environment.map_or(&[][..], |environment| environment.deployed_by.as_slice());
    named.iter().filter_map(|name| name.strip_prefix(DEPLOYMENT))
}

/// Why a name in `deployed_by` can never report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NeverReports {
    /// The forge keeps no deployments.
    NoDeployments,
    /// Only a command of `[ci]` reports `relwf/push`, and there is none.
    NoCommand,
}

/// The first name in an environment's `deployed_by` that can never report. `deploys`: does the forge keep deployments?
pub fn never_reports(environment: &Environment, deploys: bool, ci: Option<Start>) -> Option<(&str, NeverReports)> {
    environment.deployed_by.iter().find_map(|name| {
        let own = CiEvent::of_own_check(name) == Some(CiEvent::Push);
        if name.starts_with(DEPLOYMENT) && !deploys {
            Some((name.as_str(), NeverReports::NoDeployments))
        } else if own && ci != Some(Start::Us) {
            Some((name.as_str(), NeverReports::NoCommand))
        } else {
            None
        }
    })
}

/// How the reports on a landed commit stand.
#[derive(Debug, Clone, PartialEq)]
pub enum DeployReport {
    /// All are green; empty where nothing has reported yet.
    Green(Vec<Verdict>),
    /// These are red.
    Red(Vec<Verdict>),
    /// Not all have finished, or reported.
    Open(Vec<Reason>),
}

/// The reports that are new against those of `before`, and what is pending.
fn news(before: &[Verdict], now: &[Verdict]) -> Vec<Verdict> {
    let known = |verdict: &Verdict| {
        let same = |old: &&Verdict| (&old.context, old.state, old.at) == (&verdict.context, verdict.state, verdict.at);
        before.iter().any(|old| same(&old))
    };
    now.iter().filter(|verdict| verdict.state == VerdictState::Pending || !known(verdict)).cloned().collect()
}

/// Judges the reports of `now` against those that were there `before` the wait began.
pub fn judge_deploy(awaited: Awaited<'_>, before: &[Verdict], now: &[Verdict]) -> DeployReport {
    let mut news = news(before, now);
    let named = match awaited {
        Awaited::Nothing => return DeployReport::Green(Vec::new()),
        Awaited::Anything => &[][..],
        Awaited::Named(named) => {
            news.retain(|verdict| named.contains(&verdict.context));
            named
        }
    };
    // What was stopped or given up will not come any more, either.
    let failed =
        |verdict: &&Verdict| matches!(verdict.state, VerdictState::Red | VerdictState::Canceled | VerdictState::Stale);
    let red: Vec<Verdict> = news.iter().filter(failed).cloned().collect();
    if !red.is_empty() {
        return DeployReport::Red(red);
    }
    let has = |verdicts: &[Verdict], name: &String| verdicts.iter().any(|verdict| verdict.context == *name);
    let silent = named
        .iter()
        .filter(|name| !has(&news, name))
        .map(|name| Reason::new(name, if has(now, name) { Shortfall::NothingNew } else { Shortfall::NotReported }));
    // Checks that are not named in `deployed_by` hold up nothing when they are skipped or neutral.
    let holds_up = |verdict: &&Verdict| verdict.state == VerdictState::Pending || !named.is_empty();
    let open: Vec<Reason> = silent.chain(news.iter().filter(holds_up).filter_map(Reason::of)).collect();
    if !open.is_empty() {
        return DeployReport::Open(open);
    }
    news.retain(|verdict| verdict.state == VerdictState::Green);
    DeployReport::Green(news)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{environment, texts, verdict};
    use super::*;
    use VerdictState::{Green, Neutral, Pending, Red, Skipped};

    fn open(awaited: Awaited<'_>, before: &[Verdict], now: &[Verdict]) -> String {
        match judge_deploy(awaited, before, now) {
            DeployReport::Open(why) => why.iter().map(Reason::to_string).collect::<Vec<_>>().join("; "),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_was_reported_before_the_landing_does_not_count() {
        let before = [verdict("pr", Green, 1), verdict("lint", Red, 1), verdict("deploy", Pending, 1)];
        let anything = |before: &[Verdict], now: &[Verdict]| judge_deploy(Awaited::Anything, before, now);
        assert_eq!(anything(&before[..2], &before[..2]), DeployReport::Green(vec![]));
        assert_eq!(open(Awaited::Anything, &before, &before), "deploy is pending");
        let done = verdict("deploy", Green, 2);
        assert_eq!(anything(&before, &[before[0].clone(), done.clone()]), DeployReport::Green(vec![done.clone()]));
        // The same check again, later.
        let again = verdict("pr", Red, 3);
        assert_eq!(anything(&before, &[again.clone(), done]), DeployReport::Red(vec![again]));
        // A neutral check that is not named does not count.
        assert_eq!(anything(&[], &[verdict("lint", Neutral, 2)]), DeployReport::Green(vec![]));
        assert_eq!(judge_deploy(Awaited::Nothing, &[], &before), DeployReport::Green(vec![]));
    }

    #[test]
    fn named_reporters_are_waited_for_and_nothing_else_counts() {
        let named = texts(&["deploy"]);
        let named = Awaited::Named(&named);
        let before = [verdict("deploy", Green, 1)];
        assert_eq!(open(named, &before, &before), "deploy has reported nothing new");
        assert_eq!(open(named, &[], &[verdict("lint", Red, 2)]), "deploy has not reported");
        assert_eq!(open(named, &before, &[verdict("deploy", Skipped, 2)]), "deploy was skipped, which is not green");
        let green = verdict("deploy", Green, 2);
        let now = [green.clone(), verdict("x", Red, 2)];
        assert_eq!(judge_deploy(named, &before, &now), DeployReport::Green(vec![green]));
    }

    #[test]
    fn the_environment_or_the_kind_of_ci_names_whose_reports_are_awaited() {
        let (plain, named) = (environment(&[], &[]), environment(&[], &["deploy", "deployment/beta"]));
        let names = texts(&["deploy", "deployment/beta"]);
        assert_eq!(awaited(Some(&named), None), Awaited::Named(&names));
        assert_eq!(awaited(Some(&named), Some(CiKind::Status)), Awaited::Named(&names));
        assert_eq!(awaited(Some(&plain), Some(CiKind::Status)), Awaited::Anything);
        assert_eq!(awaited(None, Some(CiKind::Status)), Awaited::Anything);
        assert_eq!(awaited(Some(&plain), Some(CiKind::Travis)), Awaited::Nothing);
        assert_eq!(deployments(Some(&named)).collect::<Vec<_>>(), ["beta"]);
        assert_eq!(deployments(None).count(), 0);
    }

    #[test]
    fn a_name_that_can_never_report_is_found() {
        let named = |name| environment(&[], &["deploy", name]);
        let (deployment, push) = (named("deployment/beta"), named("relwf/push"));
        let table = [
            (&deployment, true, None, None),
            (&deployment, false, None, Some(("deployment/beta", NeverReports::NoDeployments))),
            (&push, true, Some(Start::Us), None),
            (&push, true, Some(Start::Server), Some(("relwf/push", NeverReports::NoCommand))),
            (&push, true, None, Some(("relwf/push", NeverReports::NoCommand))),
        ];
        for (environment, deploys, ci, expected) in table {
            assert_eq!(never_reports(environment, deploys, ci), expected);
        }
    }
}
