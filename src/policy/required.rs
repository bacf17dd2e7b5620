//! Which checks must be green before a commit may land on a branch, and which environment a branch belongs to.

use super::contexts::{is_own, precedes_landing};
use crate::ci::Start;
use crate::config::{Config, Environment};
use crate::forge::{BranchRules, Verdict};
use crate::model::BranchName;

/// The environment that a branch is deployed to.
pub fn environment_of<'c>(config: &'c Config, branch: &BranchName) -> Option<&'c Environment> {
    config.environments.iter().find(|environment| environment.branch == *branch)
}

/// Is it the branch of an environment?
pub fn is_environment_branch(config: &Config, branch: &BranchName) -> bool {
    environment_of(config, branch).is_some()
}

/// The checks that must be green on a commit before it lands: relwf.toml's first, then what only the forge's rules name.
pub fn required_to_land(environment: Option<&Environment>, rules: &BranchRules) -> Vec<String> {
    let configured = environment.map_or(&[][..], |environment| environment.checks.as_slice());
    let mut required: Vec<String> = Vec::new();
    for context in configured.iter().chain(&rules.required).filter(|context| precedes_landing(context)) {
        if !required.contains(context) {
            required.push(context.clone());
        }
    }
    required
}

/// What a landing waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LandsAfter {
    /// These checks, all green.
    Checks(Vec<String>),
    /// The command of `[ci]`: no check is required by name.
    OwnBuild,
    /// Nothing: untested commits land.
    Nothing,
}

impl LandsAfter {
    /// For required checks and a CI, where there is one.
    pub fn of(required: Vec<String>, ci: Option<Start>) -> Self {
        match (required.is_empty(), ci) {
            (false, _) => Self::Checks(required),
            (true, Some(Start::Us)) => Self::OwnBuild,
            (true, Some(Start::Server) | None) => Self::Nothing,
        }
    }
}

/// The required checks that the command of `[ci]` answers for: those that it is configured to report and that nothing else has
/// reported. A name of relwf's own stands for the event that really ran.
pub fn answered_by_own_build<'r>(
    required: &'r [String],
    reports: &'r [String],
    verdicts: &'r [Verdict],
) -> impl Iterator<Item = &'r String> + use<'r> {
    let reported = |context: &String| verdicts.iter().any(|verdict| verdict.context == *context);
    required.iter().filter(move |context| reports.contains(context) && !is_own(context) && !reported(context))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{environment, texts, verdict};
    use super::*;
    use crate::forge::VerdictState::Pending;

    #[test]
    fn a_landing_waits_for_what_relwf_toml_and_the_forge_require_and_can_come_before_it() {
        let table: [(&[&str], &[&str], &[&str]); 6] = [
            (&[], &[], &[]),
            (&["a", "b"], &[], &["a", "b"]),
            (&[], &["c"], &["c"]),
            (&["a", "b"], &["b", "c"], &["a", "b", "c"]),
            (&["relwf/pull_request", "relwf/push"], &[], &["relwf/pull_request"]),
            (&["relwf/push"], &["relwf/push", "c"], &["c"]),
        ];
        for (checks, rules, expected) in table {
            let rules = BranchRules { required: texts(rules), ..BranchRules::default() };
            assert_eq!(required_to_land(Some(&environment(checks, &[])), &rules), texts(expected), "{checks:?}");
        }
        let rules = BranchRules { required: texts(&["c"]), ..BranchRules::default() };
        assert_eq!(required_to_land(None, &rules), ["c"], "a branch without an environment");
    }

    #[test]
    fn without_a_required_check_only_a_command_of_our_own_holds_up_a_landing() {
        assert_eq!(LandsAfter::of(texts(&["a"]), Some(Start::Us)), LandsAfter::Checks(texts(&["a"])));
        assert_eq!(LandsAfter::of(Vec::new(), Some(Start::Us)), LandsAfter::OwnBuild);
        assert_eq!(LandsAfter::of(Vec::new(), Some(Start::Server)), LandsAfter::Nothing);
        assert_eq!(LandsAfter::of(Vec::new(), None), LandsAfter::Nothing);
    }

    #[test]
    fn the_command_answers_for_names_that_it_reports_and_nothing_else_has() {
        let required = texts(&["ci/pr", "qa/signoff", "relwf/pull_request", "lint"]);
        let reports = texts(&["ci/pr", "lint", "relwf/pull_request", "not required"]);
        let verdicts = [verdict("lint", Pending, 1)];
        assert_eq!(answered_by_own_build(&required, &reports, &verdicts).collect::<Vec<_>>(), ["ci/pr"]);
    }
}
