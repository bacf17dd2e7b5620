//! `forge::wait_checks`: waits until every required check is green on the proposed commit itself.

use super::{at, change_number};
use crate::ci::{BuildQuery, BuildState, CiEvent, RedJob, Start};
use crate::config::Environment;
use crate::effects::EffectContext;
use crate::effects::build_report::{red_build, red_checks, red_jobs, undecided_checks};
use crate::effects::ci::{BuildOutcome, WantedBuild, build_here};
use crate::effects::landing_proof::ExpectedLanding;
use crate::effects::proposal_guard::Proposed;
use crate::effects::ref_lease::{RefLease, RemoteState, moved};
use crate::effects::shortened_list::shortened;
use crate::effects::typed_host_fn::{Assumed, Observation, TypedHostFn, TypedWait, map, wait};
use crate::effects::waiting::{DEADLINE, later, unreachable};
use crate::forge::{ChangeState, Verdict, VerdictState};
use crate::model::{
    BranchName, CommitId, Failure, FailureKind, HumanDuration, Revision, TaskContext, Value, WriteError,
};
use crate::policy::{self, LandsAfter, Reason, count_also_green, judge};
use crate::run::{CommandKind, Performing, Remark};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

pub(super) static WAIT_CHECKS: TypedHostFn<Args, GreenChecks> = map(
    CommandKind::Wait,
    "forge::wait_checks",
    "Waits until every check that the target requires is green on this commit; throws kind \"red\" or \"timeout\", with `change` \
     also \"moved\" or \"denied\".",
    |context, args| {
        let (context, required, looks) = (Arc::clone(context), OnceLock::new(), AtomicU32::new(0));
        Ok(wait(WaitChecks { context, args, required, looks, latest: Mutex::default() }))
    },
)
.throws(&[
    (FailureKind::Red, "a required check is red; the detail holds the failed jobs and the ends of their logs"),
    (FailureKind::Timeout, "they were not all green at the deadline; the detail says which are missing"),
    (FailureKind::Moved, "the target moved meanwhile: what was tested is not what would land"),
    (FailureKind::Denied, "the change was closed, or something else was pushed to it"),
])
.remarks(|answer| (answer.get("tested")? == false).then(|| Remark::nothing("no checks are required")));

/// How many red builds of a commit have their jobs shown.
const BUILDS: usize = 3;
/// Every this many looks the change and its target are looked at, and not the checks.
const ROUND: u32 = 4;

#[derive(Deserialize, JsonSchema)]
pub(super) struct Args {
    /// the proposed commit
    commit: Revision,
    /// the branch it is to land on; its environment and the forge decide which checks
    target: BranchName,
    /// what `forge::propose` answered: stops when it is closed, or when the target moves
    change: Option<Value>,
    /// how long to wait; 1h by default
    deadline: Option<HumanDuration>,
    /// with a command as `[ci]`: a build that has failed by now is run once more
    again: Option<bool>,
}

/// Checks that are all green.
#[derive(Serialize, JsonSchema)]
pub(super) struct GreenChecks {
    /// the commit that they are about
    commit: CommitId,
    /// whether anything had to be green: a check that is required, or the command of `[ci]`
    tested: bool,
    /// every check that reported, whether it was required or not
    verdicts: Vec<CheckVerdict>,
}

/// A check's word.
#[derive(Serialize, JsonSchema)]
struct CheckVerdict {
    /// the check
    context: String,
    /// its word
    state: VerdictState,
    /// in its own words
    description: String,
    /// where people see it
    url: Option<String>,
}

struct WaitChecks {
    context: Arc<EffectContext>,
    args: Args,
    /// The contexts that are asked for, once they are known.
    required: OnceLock<Vec<String>>,
    looks: AtomicU32,
    /// The verdicts as they were last read.
    latest: Mutex<Vec<Verdict>>,
}

/// Journaled when the wait begins.
#[derive(Serialize, Deserialize)]
pub(super) struct Begun {
    commit: CommitId,
    deadline: Timestamp,
    /// When it was waited for once more, after it had failed.
    #[serde(default)]
    again: Option<Timestamp>,
}

impl WaitChecks {
    /// When the wait is over, counted from now.
    fn deadline(&self, cx: &Performing<'_>) -> Timestamp {
        later(cx.now, self.args.deadline.unwrap_or(DEADLINE))
    }

    fn environment(&self) -> Option<&Environment> {
        policy::environment_of(&self.context.config, &self.args.target)
    }

    /// What the target's environment and the forge's rules ask for.
    fn required(&self, task: TaskContext<'_>) -> Result<Vec<String>, WriteError> {
        if let Some(known) = self.required.get() {
            return Ok(known.clone());
        }
        let rules = self.context.forge.rules(&self.args.target, task)?;
        let contexts = policy::required_to_land(self.environment(), &rules);
        Ok(self.required.get_or_init(|| contexts).clone())
    }

    fn lands_after(&self, required: &[String]) -> LandsAfter {
        LandsAfter::of(required.to_vec(), self.context.ci.as_ref().map(|ci| ci.start()))
    }

    fn is_tested(&self, required: &[String]) -> bool {
        self.lands_after(required) != LandsAfter::Nothing
    }

    /// The change is open, and its target where the commit was made.
    fn stands(&self, commit: CommitId, task: TaskContext<'_>) -> Result<(), Failure> {
        let Some(change) = self.args.change.as_ref() else {
            return Ok(());
        };
        let number = change_number(change)?;
        let Some(change) = self.context.forge.change(number, task)? else { return Ok(()) };
        let (context, target) = (&self.context, &self.args.target);
        Proposed { context, commit, target }.ensure_unchanged(&change, task)?;
        // Of picks and reverts the landing knows what they were made on.
        let parents = context.mirror.commit(commit)?.parents;
        let [ours, _] = parents.as_slice() else { return Ok(()) };
        let (name, old, new) = (target.to_ref(), ours.object(), commit.object());
        if change.state == ChangeState::Merged {
            let lease = RefLease { name, old: Some(old), new: Some(new) };
            let proof = ExpectedLanding { context, target, lease: &lease, series: false, reported: None }.prove(task);
            // Where the branch does not show it yet, the landing will.
            return proof
                .map(drop)
                .or_else(|failure| if failure.kind == FailureKind::Moved { Ok(()) } else { Err(failure) });
        }
        let lease = RefLease { name, old: Some(old), new: Some(new) };
        match context.mirror.remote_refs(task)?.remove(&lease.name) {
            // It may have landed since the change was looked at: then the landing finds it there.
            Some(tip) if tip != old && tip != new && lease.remote_state(context, task)? != RemoteState::Done => {
                Err(moved(&lease.name, Some(old), Some(tip)))
            }
            _ => Ok(()),
        }
    }

    /// As many requests as needed at first and to be sure in the end, one for each look between.
    fn verdicts(&self, commit: CommitId, required: &[String], task: TaskContext<'_>) -> Result<Vec<Verdict>, Failure> {
        let look = self.looks.fetch_add(1, Ordering::Relaxed);
        let latest = || self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        if self.args.change.is_some() && look % ROUND == ROUND - 1 {
            self.stands(commit, task)?;
            return Ok(latest().clone());
        }
        let forge = &self.context.forge;
        let seen = if look == 0 { forge.verdicts(commit, task)? } else { forge.glance(commit, task)? };
        let mut seen = count_also_green(seen, self.environment());
        if look > 0 && judge(required, &seen).are_green() {
            seen = count_also_green(forge.verdicts(commit, task)?, self.environment());
        }
        latest().clone_from(&seen);
        Ok(seen)
    }

    /// Where we are the CI: builds the commit, unless that was done before, and reports every required check that the build
    /// answers for.
    fn build(&self, cx: &Performing<'_>, begun: &Begun, required: &[String]) -> Result<(), Failure> {
        let &Begun { commit, again, .. } = begun;
        let Some(ci) = self.context.ci.as_ref().filter(|ci| ci.start() == Start::Us) else { return Ok(()) };
        let event = CiEvent::PullRequest;
        let build =
            match build_here(&**ci, cx, &WantedBuild { commit, event, branch: &self.args.target, again }, || Ok(()))? {
                BuildOutcome::Ended(build) => build,
                BuildOutcome::Open(_) => return Ok(()),
            };
        let passed = build.state == BuildState::Passed;
        let verdicts = self.context.forge.verdicts(commit, cx.task)?;
        for context in policy::answered_by_own_build(required, &self.context.config.ci.reports, &verdicts) {
            let verdict = Verdict {
                context: context.clone(),
                state: if passed { VerdictState::Green } else { VerdictState::Red },
                description: "by the command of [ci]".to_owned(),
                url: build.url.clone(),
                at: build.finished.unwrap_or(cx.now),
            };
            self.context.forge.set_status(commit, &verdict, cx.task)?;
        }
        if passed { Ok(()) } else { Err(red_build(&**ci, &build, None, cx.task)) }
    }

    /// The jobs that failed, where the CI is one that can be asked. The verdict stands without them.
    fn red_jobs(&self, commit: CommitId, task: TaskContext<'_>) -> Vec<RedJob> {
        let Some(ci) = self.context.ci.as_deref() else { return Vec::new() };
        let query = BuildQuery {
            commit: Some(commit),
            event: Some(CiEvent::PullRequest),
            branch: Some(self.args.target.clone()),
        };
        let builds = ci.builds(&query, task).unwrap_or_default();
        let red = builds.iter().filter(|build| matches!(build.state, BuildState::Failed | BuildState::Errored));
        red.take(BUILDS).flat_map(|build| red_jobs(ci, build, task)).collect()
    }

    /// Where people see the change that waits.
    fn address(&self) -> String {
        self.args.change.as_ref().map(at).unwrap_or_default()
    }

    fn look(&self, cx: &Performing<'_>, begun: &Begun) -> Result<Observation<GreenChecks>, Failure> {
        let required = self.required(cx.task)?;
        self.build(cx, begun, &required)?;
        let verdicts = self.verdicts(begun.commit, &required, cx.task)?;
        // Building may have taken long.
        let now = self.context.clock.now();
        let checks = judge(&required, &verdicts);
        if checks.are_green() {
            return Ok(Observation::Ready(GreenChecks::of(begun.commit, self.is_tested(&required), verdicts)));
        }
        if !checks.red.is_empty() {
            return Err(red_checks(begun.commit, &checks.red, &self.red_jobs(begun.commit, cx.task)));
        }
        if checks.wait_for_a_person() {
            let by_hand = |verdict: &&Verdict| verdict.state == VerdictState::ActionRequired;
            let at = verdicts.iter().find(by_hand).and_then(|verdict| verdict.url.as_ref());
            let at = at.map(|url| format!(": {url}")).unwrap_or_default();
            let why: Vec<String> = checks.reasons.iter().map(Reason::to_string).collect();
            let why = format!("{}{at}{}", shortened(&why, 5), self.address());
            return Ok(Observation::Suspend { why, until: None });
        }
        if checks.ended_undecided() {
            return Err(undecided_checks(begun.commit, &checks.reasons, &verdicts));
        }
        let missing: Vec<String> = checks.reasons.iter().map(Reason::to_string).collect();
        if now < begun.deadline {
            let again = self.context.config.forge.poll();
            return Ok(Observation::NotYet { why: format!("{}{}", shortened(&missing, 5), self.address()), again });
        }
        Err(Failure::new(
            FailureKind::Timeout,
            format!("the checks of {} were not all green in time: {}", begun.commit.short(), shortened(&missing, 5)),
        )
        .hint("a check that never reports may be misspelt in relwf.toml, or its CI is not set up for this branch; resuming this run waits for it once more, and `deadline` gives more time")
        .detail(json!({ "missing": missing })))
    }
}

impl TypedWait for WaitChecks {
    type Begun = Begun;
    type Answer = GreenChecks;

    fn begin(&self, cx: &Performing<'_>) -> Result<Begun, Failure> {
        let commit = self.context.mirror.resolve(self.args.commit.as_str())?;
        let again = (self.args.again == Some(true)).then_some(cx.now);
        Ok(Begun { commit, deadline: self.deadline(cx), again })
    }

    fn again(&self, cx: &Performing<'_>, Begun { commit, .. }: Begun) -> Begun {
        Begun { commit, deadline: self.deadline(cx), again: Some(cx.now) }
    }

    fn observe(&self, cx: &Performing<'_>, begun: Begun) -> Result<Observation<GreenChecks>, Failure> {
        self.look(cx, &begun).or_else(|failure| {
            // A red build is a verdict whatever its kind; what is passing is only the way there.
            unreachable(failure, self.context.clock.now(), begun.deadline)
        })
    }

    fn assume(&self, cx: &Performing<'_>) -> Result<Assumed<GreenChecks>, Failure> {
        let commit = self.context.mirror.resolve(self.args.commit.as_str())?;
        let required = self.required(cx.task)?;
        let (tested, after) = (self.is_tested(&required), self.lands_after(&required));
        let note = match after {
            LandsAfter::Checks(checks) => format!("assuming the checks pass: {}", shortened(&checks, 5)),
            LandsAfter::OwnBuild => "assuming the command of [ci] passes".to_owned(),
            LandsAfter::Nothing => "no checks required".to_owned(),
        };
        let assumed = |context| CheckVerdict {
            context,
            state: VerdictState::Green,
            description: "assumed".to_owned(),
            url: None,
        };
        let verdicts = required.into_iter().map(assumed).collect();
        Ok(Assumed { value: GreenChecks { commit, tested, verdicts }, note: Some(note) })
    }
}

impl GreenChecks {
    fn of(commit: CommitId, tested: bool, verdicts: Vec<Verdict>) -> Self {
        let shown = |verdict: Verdict| {
            let Verdict { context, state, description, url, .. } = verdict;
            CheckVerdict { context, state, description, url }
        };
        Self { commit, tested, verdicts: verdicts.into_iter().map(shown).collect() }
    }
}
