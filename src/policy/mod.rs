//! Which checks count, and how a commit is judged by them. Every room that needs to know asks here.
//!
//! Pure: facts in, judgement out. It knows relwf.toml and the types that pass through a forge and a CI, and asks neither: no
//! network, no clock, no repository.

mod candidates;
mod contexts;
mod deploy_reports;
mod judge_checks;
mod required;

pub use candidates::{CandidateChecks, CandidateFacts, Judgement, PushReports};

pub use deploy_reports::{Awaited, DeployReport, NeverReports, awaited, deployments, judge_deploy, never_reports};
pub use judge_checks::{Reason, count_also_green, judge};
pub use required::{LandsAfter, answered_by_own_build, environment_of, is_environment_branch, required_to_land};

#[cfg(test)]
mod testing {
    //! Facts for the tables of this room.

    use crate::config::Environment;
    use crate::forge::{Verdict, VerdictState};
    use jiff::Timestamp;

    pub fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    pub fn verdict(context: &str, state: VerdictState, second: i64) -> Verdict {
        Verdict { context: context.to_owned(), state, description: String::new(), url: None, at: at(second) }
    }

    pub fn texts(all: &[&str]) -> Vec<String> {
        all.iter().map(|text| (*text).to_owned()).collect()
    }

    pub fn environment(checks: &[&str], deployed_by: &[&str]) -> Environment {
        Environment {
            name: "beta".to_owned(),
            branch: "staging".parse().unwrap(),
            url: None,
            checks: texts(checks),
            deployed_by: texts(deployed_by),
            also_green: Vec::new(),
            health: None,
        }
    }
}
