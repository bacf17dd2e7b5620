//! May a commit that has landed on one environment's branch go to the next?
//!
//! Two things speak: the checks that the branch's environment requires, which must all be green, and the builds of what was
//! pushed, which must not be against it. The forge's rules are about proposals, and many a check never runs on what has landed:
//! what they require counts where it reported.

use super::contexts::{is_own, precedes_landing};
use super::judge_checks::{Checks, Reason, Shortfall, count_also_green, judge};
use crate::ci::BuildState;
use crate::config::Environment;
use crate::forge::{BranchRules, Verdict, VerdictState};
use crate::model::HumanDuration;
use jiff::{SignedDuration, Timestamp};

/// Which of a commit's verdicts are about what was pushed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PushReports<'c> {
    /// All: no CI is configured, so that whatever reports to the forge counts.
    All,
    /// Those of relwf's own command, and these.
    OfCi(&'c [&'c str]),
}

/// The checks that count on the commits of a branch.
#[derive(Debug, Clone)]
pub struct CandidateChecks<'c> {
    environment: Option<&'c Environment>,
    ruled: Vec<String>,
    push: PushReports<'c>,
}

/// What is known of one commit.
#[derive(Debug, Clone, Copy)]
pub struct CandidateFacts<'f> {
    /// What was reported on the commit itself.
    pub own: &'f [Verdict],
    /// What was reported on the commit whose files it has exactly: the head that was tested, where the forge made the merge.
    pub tested: &'f [Verdict],
    /// The CI's build of the push with the CI's name, where it was asked for.
    pub push_build: Option<(&'f str, BuildState)>,
    /// Since when the branch is known to have it, where no check says since when it is good.
    pub arrived: Option<Timestamp>,
}

/// May the commit go on?
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgement {
    /// It may; since when every required check is green, or without one since when it is on the branch, where that was asked.
    Green(Option<Timestamp>),
    /// It is green, and not for long enough.
    Soaking {
        /// Since when every required check is green, or without one since when it is on the branch.
        since: Timestamp,
        /// From when on it may.
        until: Timestamp,
    },
    /// It may not.
    Against(Vec<Reason>),
}

impl<'c> CandidateChecks<'c> {
    /// For the branch of an environment, with the forge's rules of that branch.
    pub fn new(environment: Option<&'c Environment>, rules: BranchRules, push: PushReports<'c>) -> Self {
        Self { environment, ruled: rules.required, push }
    }

    fn required(&self) -> &[String] {
        self.environment.map_or(&[], |environment| environment.checks.as_slice())
    }

    /// Is there a required check that nothing has reported?
    pub fn lacks_reports(&self, own: &[Verdict]) -> bool {
        self.required().iter().any(|context| own.iter().all(|verdict| verdict.context != *context))
    }

    /// Do a commit's verdicts tell of the builds of the push? Where they do not, the CI is to be asked.
    pub fn tell_of_push(&self, own: &[Verdict]) -> bool {
        own.iter().any(|verdict| self.is_of_push(verdict))
    }

    /// Was it reported of what has landed, so that it had landed by then?
    pub fn follows_landing(&self, verdict: &Verdict) -> bool {
        self.is_of_push(verdict) && !precedes_landing(&verdict.context)
    }

    fn is_of_push(&self, verdict: &Verdict) -> bool {
        match self.push {
            PushReports::All => true,
            PushReports::OfCi(contexts) => is_own(&verdict.context) || contexts.contains(&verdict.context.as_str()),
        }
    }

    /// Judges one commit. It must have been green for as long as `soak`.
    pub fn judge(&self, facts: &CandidateFacts<'_>, soak: HumanDuration, now: Timestamp) -> Judgement {
        let is_own = |verdict: &Verdict| facts.own.iter().any(|own| own.context == verdict.context);
        let mut verdicts = facts.own.to_vec();
        verdicts.extend(facts.tested.iter().filter(|verdict| !is_own(verdict)).cloned());
        let Checks { since, mut reasons, .. } = judge(self.required(), &count_also_green(verdicts, self.environment));
        for objection in self.objections(facts) {
            if !reasons.contains(&objection) {
                reasons.push(objection);
            }
        }
        if !reasons.is_empty() {
            return Judgement::Against(reasons);
        }
        let Some(since) = since.or(facts.arrived) else { return Judgement::Green(None) };
        let soaked = SignedDuration::try_from(soak.duration()).ok().and_then(|soak| since.checked_add(soak).ok());
        match soaked.unwrap_or(Timestamp::MAX) {
            until if until > now => Judgement::Soaking { since, until },
            _ => Judgement::Green(Some(since)),
        }
    }

    /// What speaks against a commit, whatever is required: builds of the push, and checks of the forge's rules, that are red or
    /// not finished. What was skipped, or took no side, does not.
    fn objections(&self, facts: &CandidateFacts<'_>) -> Vec<Reason> {
        let counts = |verdict: &&Verdict| {
            matches!(verdict.state, VerdictState::Red | VerdictState::Pending)
                && (self.is_of_push(verdict) || self.ruled.contains(&verdict.context))
        };
        let build = facts.push_build.and_then(|(ci, state)| {
            let shortfall = match state {
                BuildState::Passed => return None,
                BuildState::Queued | BuildState::Running | BuildState::Manual => Shortfall::Pending,
                BuildState::Failed | BuildState::Errored => Shortfall::Red,
                BuildState::Canceled => Shortfall::Canceled,
                BuildState::Skipped => Shortfall::Skipped,
            };
            Some(Reason::new(format!("the push build of {ci}"), shortfall))
        });
        facts.own.iter().filter(counts).filter_map(Reason::of).chain(build).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{at, environment, texts, verdict};
    use super::*;
    use VerdictState::{Green, Neutral, Pending, Red, Skipped};

    const TRAVIS: PushReports<'static> = PushReports::OfCi(&["travis/push"]);

    fn judged(required: &[&str], push: PushReports<'_>, facts: &CandidateFacts<'_>) -> Result<Option<i64>, String> {
        let environment = environment(required, &[]);
        let rules = BranchRules { required: texts(&["ruled"]), ..BranchRules::default() };
        let checks = CandidateChecks::new(Some(&environment), rules, push);
        match checks.judge(facts, HumanDuration::default(), at(9)) {
            Judgement::Green(since) => Ok(since.map(Timestamp::as_second)),
            Judgement::Against(why) => Err(why.iter().map(Reason::to_string).collect::<Vec<_>>().join(", ")),
            soaking @ Judgement::Soaking { .. } => panic!("{soaking:?}"),
        }
    }

    fn own(own: &[Verdict]) -> CandidateFacts<'_> {
        CandidateFacts { own, tested: &[], push_build: None, arrived: None }
    }

    #[test]
    fn required_checks_must_be_green_and_nothing_of_the_push_against_it() {
        let table = [
            (vec![], Err("ci has not reported")),
            (vec![verdict("ci", Green, 5)], Ok(Some(5))),
            (vec![verdict("ci", Green, 5), verdict("other", Red, 5)], Ok(Some(5))),
            (vec![verdict("ci", Skipped, 5)], Err("ci was skipped, which is not green")),
            (vec![verdict("ci", Green, 5), verdict("relwf/push", Red, 5)], Err("relwf/push is red")),
            (vec![verdict("ci", Green, 5), verdict("travis/push", Pending, 5)], Err("travis/push is pending")),
            (vec![verdict("ci", Green, 5), verdict("travis/push", Neutral, 5)], Ok(Some(5))),
            (vec![verdict("ci", Green, 5), verdict("ruled", Red, 5)], Err("ruled is red")),
            (vec![verdict("ci", Red, 5), verdict("relwf/push", Red, 5)], Err("ci is red, relwf/push is red")),
        ];
        for (verdicts, expected) in table {
            assert_eq!(judged(&["ci"], TRAVIS, &own(&verdicts)), expected.map_err(str::to_owned), "{verdicts:?}");
        }
        let named_twice = [verdict("relwf/push", Red, 5)];
        assert_eq!(judged(&["relwf/push"], TRAVIS, &own(&named_twice)), Err("relwf/push is red".to_owned()));
    }

    #[test]
    fn without_a_ci_whatever_reports_may_be_against_it() {
        let red = [verdict("other", Red, 5)];
        assert_eq!(judged(&[], TRAVIS, &own(&red)), Ok(None));
        assert_eq!(judged(&[], PushReports::All, &own(&red)), Err("other is red".to_owned()));
    }

    #[test]
    fn a_head_with_the_same_files_answers_where_the_merge_has_no_report_of_its_own() {
        let tested = [verdict("ci", Green, 3), verdict("unit", Green, 4)];
        let facts = |own| CandidateFacts { own, tested: &tested, push_build: None, arrived: None };
        assert_eq!(judged(&["ci", "unit"], TRAVIS, &facts(&[])), Ok(Some(4)));
        let own = [verdict("ci", Red, 5)];
        assert_eq!(judged(&["ci", "unit"], TRAVIS, &facts(&own)), Err("ci is red".to_owned()));
    }

    #[test]
    fn a_build_of_the_push_counts_as_its_state() {
        let table = [
            (BuildState::Passed, Ok(None)),
            (BuildState::Running, Err("the push build of travis is pending")),
            (BuildState::Failed, Err("the push build of travis is red")),
            (BuildState::Canceled, Err("the push build of travis was canceled")),
        ];
        for (state, expected) in table {
            let facts = CandidateFacts { push_build: Some(("travis", state)), ..own(&[]) };
            assert_eq!(judged(&[], TRAVIS, &facts), expected.map_err(str::to_owned));
        }
    }

    #[test]
    fn the_soak_counts_from_the_youngest_required_verdict() {
        let environment = environment(&["a", "b"], &[]);
        let checks = CandidateChecks::new(Some(&environment), BranchRules::default(), TRAVIS);
        let verdicts = [verdict("a", Green, 100), verdict("b", Green, 400), verdict("c", Green, 9000)];
        let judge = |now| checks.judge(&own(&verdicts), "10m".parse().unwrap(), at(now));
        assert_eq!(judge(1000), Judgement::Green(Some(at(400))));
        assert_eq!(judge(999), Judgement::Soaking { since: at(400), until: at(1000) });
    }
    #[test]
    fn without_checks_the_soak_counts_from_the_arrival() {
        let checks = CandidateChecks::new(None, BranchRules::default(), TRAVIS);
        let judge =
            |arrived, now| checks.judge(&CandidateFacts { arrived, ..own(&[]) }, "10m".parse().unwrap(), at(now));
        assert_eq!(judge(Some(at(400)), 1000), Judgement::Green(Some(at(400))));
        assert_eq!(judge(Some(at(400)), 999), Judgement::Soaking { since: at(400), until: at(1000) });
    }
}
