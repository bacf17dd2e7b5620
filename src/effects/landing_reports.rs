//! What reports on what lands, where that is waited for: `forge::land` keeps what there was before, `ci::wait` tells the news from it.

use super::EffectContext;
use crate::config::Environment;
use crate::forge::Verdict;
use crate::model::{BranchName, CommitId, Failure, TaskContext};
use crate::policy::{self, Awaited};

/// The reports on the commits of a branch.
#[derive(Clone, Copy)]
pub(super) struct LandingReports<'a> {
    pub(super) context: &'a EffectContext,
    pub(super) branch: &'a BranchName,
}

impl<'a> LandingReports<'a> {
    fn environment(self) -> Option<&'a Environment> {
        policy::environment_of(&self.context.config, self.branch)
    }

    /// Whose reports on the commit are waited for.
    pub(super) fn awaited(self) -> Awaited<'a> {
        policy::awaited(self.environment(), self.context.config.ci.kind)
    }

    /// Does what is reported on the commit count?
    pub(super) fn listens(self) -> bool {
        self.awaited() != Awaited::Nothing
    }

    /// Everything that is reported on the commit now, with the deployments that its environment names; nothing is asked where it
    /// does not count.
    pub(super) fn on(self, commit: CommitId, task: TaskContext<'_>) -> Result<Vec<Verdict>, Failure> {
        if !self.listens() {
            return Ok(Vec::new());
        }
        let (forge, environment) = (&self.context.forge, self.environment());
        let mut verdicts = forge.verdicts(commit, task)?;
        for name in policy::deployments(environment) {
            verdicts.extend(forge.deployment(commit, name, task)?);
        }
        Ok(policy::count_also_green(verdicts, environment))
    }
}
