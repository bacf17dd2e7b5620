//! How a commit's checks stand: judged by what is required, told with the jobs that failed.

use super::ci::{line, log_of};
use super::text::list;
use crate::ci::RedJob;
use crate::config::{AlsoGreen, Environment};
use crate::forge::{Verdict, VerdictState};
use crate::model::{CommitId, Failure, FailureKind, Value};
use serde_json::json;

/// The verdicts as an environment counts them: what its `also_green` lists is green.
pub(super) fn counted(verdicts: Vec<Verdict>, environment: Option<&Environment>) -> Vec<Verdict> {
    let Some(environment) = environment.filter(|environment| !environment.also_green.is_empty()) else {
        return verdicts;
    };
    let counts = |state| match state {
        VerdictState::Skipped => environment.also_green.contains(&AlsoGreen::Skipped),
        VerdictState::Neutral => environment.also_green.contains(&AlsoGreen::Neutral),
        VerdictState::Green | VerdictState::Pending | VerdictState::Red => false,
    };
    let count = |verdict: Verdict| match counts(verdict.state) {
        true => Verdict { state: VerdictState::Green, ..verdict },
        false => verdict,
    };
    verdicts.into_iter().map(count).collect()
}

/// How a commit's checks stand.
#[derive(Debug, PartialEq)]
pub(super) enum Checks {
    Green,
    Red(Vec<Verdict>),
    /// Each with its reason.
    Missing(Vec<String>),
}

/// A missing check is pending; skipped and neutral are not green, but may become so: somebody can start them again.
pub(super) fn judge(required: &[String], verdicts: &[Verdict]) -> Checks {
    let mut red = Vec::new();
    let mut missing = Vec::new();
    for context in required {
        match verdicts.iter().find(|verdict| verdict.context == *context) {
            None => missing.push(format!("{context} has not reported")),
            Some(verdict) => match verdict.state {
                VerdictState::Green => {}
                VerdictState::Red => red.push(verdict.clone()),
                VerdictState::Pending => missing.push(format!("{context} is pending")),
                VerdictState::Skipped => missing.push(format!("{context} was skipped, which is not green")),
                VerdictState::Neutral => missing.push(format!("{context} took no side, which is not green")),
            },
        }
    }
    match (red.is_empty(), missing.is_empty()) {
        (true, true) => Checks::Green,
        (true, false) => Checks::Missing(missing),
        (false, _) => Checks::Red(red),
    }
}

/// The failure for checks that are red, with the jobs that made them so.
pub(super) fn red_checks(commit: CommitId, red: &[Verdict], jobs: &[RedJob]) -> Failure {
    let names: Vec<String> = red.iter().map(|verdict| verdict.context.clone()).collect();
    let failure =
        Failure::new(FailureKind::Red, format!("on {} these checks are red: {}", commit.short(), list(&names, 5)))
            .hint("nothing has landed; fix it on the source branch and run the workflow again");
    let failure = in_their_words(failure, red);
    let failure = jobs.iter().fold(failure, |failure, job| failure.cause(line(job)));
    failure.detail(json!({ "red": red, "jobs": jobs, "log": log_of(jobs) }))
}

/// With what each check says itself, and where.
pub(super) fn in_their_words(failure: Failure, verdicts: &[Verdict]) -> Failure {
    let telling = verdicts.iter().filter(|verdict| !verdict.description.is_empty() || verdict.url.is_some());
    telling.fold(failure, |failure, verdict| {
        let at = verdict.url.as_deref().unwrap_or_default();
        failure.cause(format!("{}: {} {at}", verdict.context, verdict.description).trim_end())
    })
}

/// A commit's verdicts as scripts see them.
pub(super) fn checks_value(commit: CommitId, verdicts: &[Verdict]) -> Value {
    let verdicts: Vec<Value> = verdicts
        .iter()
        .map(|verdict| {
            json!({
                "context": verdict.context,
                "state": verdict.state,
                "description": verdict.description,
                "url": verdict.url,
            })
        })
        .collect();
    json!({ "commit": commit, "verdicts": verdicts })
}

#[cfg(test)]
mod tests {
    use super::*;
    use VerdictState::{Green, Neutral, Pending, Red, Skipped};
    use jiff::Timestamp;

    fn verdict(context: &str, state: VerdictState) -> Verdict {
        Verdict { context: context.to_owned(), state, description: String::new(), url: None, at: Timestamp::UNIX_EPOCH }
    }

    #[test]
    fn a_missing_check_is_pending_and_red_wins_over_missing() {
        let required = ["a".to_owned(), "b".to_owned()];
        let missing = |verdicts: &[Verdict]| match judge(&required, verdicts) {
            Checks::Missing(why) => why.join("; "),
            other => panic!("{other:?}"),
        };
        assert_eq!(missing(&[]), "a has not reported; b has not reported");
        assert_eq!(missing(&[verdict("a", Green), verdict("b", Pending)]), "b is pending");
        assert_eq!(missing(&[verdict("a", Green), verdict("b", Skipped)]), "b was skipped, which is not green");
        assert_eq!(missing(&[verdict("a", Green), verdict("b", Neutral)]), "b took no side, which is not green");
        assert_eq!(judge(&required, &[verdict("a", Red)]), Checks::Red(vec![verdict("a", Red)]));
        assert_eq!(judge(&required, &[verdict("a", Green), verdict("b", Green), verdict("c", Red)]), Checks::Green);
        assert_eq!(judge(&[], &[]), Checks::Green);
    }

    #[test]
    fn red_checks_name_themselves() {
        let failure = red_checks(crate::model::ObjectId::ZERO.into(), &[verdict("a", Red), verdict("b", Red)], &[]);
        assert_eq!(
            (failure.kind, failure.message.as_str()),
            (FailureKind::Red, "on 0000000000 these checks are red: a, b")
        );
    }
}
