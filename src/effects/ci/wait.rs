//! `ci::wait`: waits for the build of a commit, and for what else its environment says reports on it.

use super::{BuildOutcome, WantedBuild, build_here, outcome};
use crate::ci::{Build, BuildQuery, BuildState, Ci, CiEvent, Start, Ticket};
use crate::effects::EffectContext;
use crate::effects::build_report::{red_build, red_deploy};
use crate::effects::landing_reports::LandingReports;
use crate::effects::release_before::with_release_before;
use crate::effects::shortened_list::shortened;
use crate::effects::typed_host_fn::{Assumed, Observation, TypedHostFn, TypedWait, map, wait};
use crate::effects::waiting::{DEADLINE, later, unreachable};
use crate::forge::Verdict;
use crate::model::{
    BranchName, CommitId, Failure, FailureKind, HumanDuration, OrUnknown, Revision, TaskContext, TimeText,
};
use crate::policy::{Awaited, DeployReport, Reason, judge_deploy};
use crate::run::{CommandKind, Performing, Remark};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex, PoisonError};

pub(super) static WAIT: TypedHostFn<Args, Option<Built>> = map(
    CommandKind::Wait,
    "ci::wait",
    "Waits until the build of a commit has passed, and what its environment is `deployed_by`; answers () when no CI is \
     configured and nothing reports. Throws kind \"red\" or \"timeout\".",
    |context, args| {
        Ok(wait(WaitBuild { context: Arc::clone(context), args, last: Mutex::default(), passed: Mutex::default() }))
    },
)
.throws(&[
    (
        FailureKind::Red,
        "the build, or what deploys, is red; the detail holds the failed jobs and the ends of their logs",
    ),
    (FailureKind::Moved, "relwf would deploy it itself, and the branch has moved on"),
    (FailureKind::Timeout, "they were not all green at the deadline"),
])
.remarks(|answer| answer.is_null().then(|| Remark::unwatched("no CI builds it and nothing reports on it")));

#[derive(Deserialize, JsonSchema)]
pub(super) struct Args {
    /// the commit that is built
    commit: Revision,
    /// what the build counts as
    event: CiEvent,
    /// the branch the build is for
    branch: BranchName,
    /// the `id` that `ci::trigger` answered: that very build, and no earlier one
    id: Option<String>,
    /// what `ci::restart` answered: what had ended by then does not count
    #[schemars(with = "Option<TimeText>")]
    since: Option<Timestamp>,
    /// the `reported` that `forge::land` answered: what reports on the commit beside that is news; by default, what comes from now on
    reported: Option<Vec<Verdict>>,
    /// how long to wait; 1h by default
    deadline: Option<HumanDuration>,
}

/// A build that has passed.
#[derive(Serialize, JsonSchema)]
pub(super) struct Built {
    /// its id; of reports, their names
    id: OrUnknown<String>,
    /// how it ended
    state: BuildState,
    /// where people see it
    url: OrUnknown<Option<String>>,
}

impl From<Build> for Built {
    fn from(build: Build) -> Self {
        Self { id: build.id.into(), state: build.state, url: build.url.into() }
    }
}

/// What one look finds.
enum Seen {
    /// It has passed, or there is nothing to wait for.
    Ready(Option<Built>),
    /// Not yet, and why.
    NotYet(String),
    /// A person has to do something first.
    Person(String),
}

struct WaitBuild {
    context: Arc<EffectContext>,
    args: Args,
    /// What was green at the last look: more may be on its way.
    last: Mutex<Option<Vec<Verdict>>>,
    /// The build that had passed at the last look, where more of it may begin.
    passed: Mutex<Option<String>>,
}

/// Journaled when the wait begins.
#[derive(Serialize, Deserialize)]
pub(super) struct Begun {
    commit: CommitId,
    deadline: Timestamp,
    /// What was said of the commit then, where it matters.
    #[serde(default)]
    said: Vec<Verdict>,
    /// Until then no report is due.
    #[serde(default)]
    silent: Option<Timestamp>,
    /// When it was waited for once more, after it had failed.
    #[serde(default)]
    again: Option<Timestamp>,
    /// relwf itself deploys: a run that goes ahead of this one must not stop that half-way. The journal reads it by this name.
    #[serde(default, skip_serializing_if = "std::ops::Not::not", rename = "works_here")]
    here: bool,
}

impl WaitBuild {
    /// When the wait is over, counted from now.
    fn deadline(&self, cx: &Performing<'_>) -> Timestamp {
        later(cx.now, self.args.deadline.unwrap_or(DEADLINE))
    }

    fn reports(&self) -> LandingReports<'_> {
        LandingReports { context: &self.context, branch: &self.args.branch }
    }

    /// What is reported on the commit now. Where that cannot be read, it has landed all the same.
    fn verdicts(&self, commit: CommitId, task: TaskContext<'_>) -> Result<Vec<Verdict>, Failure> {
        self.reports().on(commit, task).map_err(|failure| match self.args.event {
            CiEvent::Push => failure.cause(format!("{} is on {} all the same", commit.short(), self.args.branch)),
            _ => failure,
        })
    }

    /// The CI's build, once it has passed; else why not yet.
    fn built(&self, ci: &dyn Ci, cx: &Performing<'_>, begun: &Begun) -> Result<Seen, Failure> {
        let Args { event, branch, id, .. } = &self.args;
        let found = match (id, ci.start()) {
            (Some(id), _) => ci.resolve(&Ticket(id.clone()), cx.task)?.map(outcome),
            (None, Start::Us) => Some(build_here(
                ci,
                cx,
                &WantedBuild { commit: begun.commit, event: *event, branch, again: begun.again },
                || self.is_on_tip(begun.commit, cx.task),
            )?),
            (None, Start::Server) => {
                let query =
                    BuildQuery { commit: Some(begun.commit), event: Some(*event), branch: Some(branch.clone()) };
                ci.builds(&query, cx.task)?.into_iter().next().map(outcome)
            }
        };
        let found = match found {
            Some(BuildOutcome::Ended(build)) if build.state == BuildState::Canceled && id.is_none() => {
                Some(self.instead(ci, build, cx.task)?)
            }
            other => other,
        };
        match found {
            Some(BuildOutcome::Ended(build)) if build.state == BuildState::Passed => {
                let before = self.passed.lock().unwrap_or_else(PoisonError::into_inner).replace(build.id.clone());
                if ci.gathers() && before.as_ref() != Some(&build.id) {
                    return Ok(Seen::NotYet("looking once more: other runs may begin, too".to_owned()));
                }
                Ok(Seen::Ready(Some(Built::from(build))))
            }
            Some(BuildOutcome::Ended(build)) if build.finished.is_some() && build.finished <= self.args.since => {
                Ok(Seen::NotYet(format!("the {} build {} has not begun again yet", event.word(), build.id)))
            }
            Some(BuildOutcome::Ended(build)) => {
                Err(red_build(ci, &build, (*event == CiEvent::Push).then_some(branch), cx.task))
            }
            Some(BuildOutcome::Open(build)) if build.state == BuildState::Manual => {
                let at = build.url.map(|url| format!(": {url}")).unwrap_or_default();
                Ok(Seen::Person(format!("the {} build {} waits for a person to start it{at}", event.word(), build.id)))
            }
            Some(BuildOutcome::Open(build)) => {
                Ok(Seen::NotYet(format!("the {} build {} is running", event.word(), build.id)))
            }
            None => Ok(Seen::NotYet(format!("no {} build of {} on {branch} yet", event.word(), begun.commit.short()))),
        }
    }

    /// A deploy that is started here must not undo what landed since: a rollback, or a newer release.
    fn is_on_tip(&self, commit: CommitId, task: TaskContext<'_>) -> Result<(), Failure> {
        let Args { event, branch, .. } = &self.args;
        let tip = self.context.mirror.remote_refs(task)?.remove(&branch.to_ref()).map(CommitId::from);
        match tip.filter(|tip| *event == CiEvent::Push && *tip != commit) {
            None => Ok(()),
            Some(tip) => Err(Failure::new(
                FailureKind::Moved,
                format!("{branch} has moved on to {}: {} is not deployed any more", tip.short(), commit.short()),
            )
            .hint(format!("what is there now has its own run; `relwf run redeploy --param branch={branch}` deploys it where that is red"))),
        }
    }

    /// Many a CI stops the build of a commit when its branch moves on: then the build of what the branch has now stands for both.
    fn instead(&self, ci: &dyn Ci, canceled: Build, task: TaskContext<'_>) -> Result<BuildOutcome, Failure> {
        let (mirror, Args { event, branch, .. }) = (&self.context.mirror, &self.args);
        let name = branch.to_ref();
        let tip = mirror.remote_refs(task)?.remove(&name).map(CommitId::from);
        let Some(tip) = tip.filter(|tip| *event == CiEvent::Push && *tip != canceled.commit) else {
            return Ok(BuildOutcome::Ended(canceled));
        };
        mirror.fetch_objects(&[name], task)?;
        if !mirror.is_ancestor(canceled.commit, tip)? {
            return Ok(BuildOutcome::Ended(canceled));
        }
        let query = BuildQuery { commit: Some(tip), event: Some(*event), branch: Some(branch.clone()) };
        let newer = ci.builds(&query, task)?.into_iter().next();
        task.say(format!(
            "the build of {} was canceled: {branch} has moved on to {}",
            canceled.commit.short(),
            tip.short()
        ));
        // Until the newer one shows up, the canceled one is on its way to be replaced.
        Ok(newer.map_or_else(|| BuildOutcome::Open(canceled), outcome))
    }

    /// What is reported, once it is green; else why not yet.
    fn reported(&self, cx: &Performing<'_>, begun: &Begun) -> Result<Seen, Failure> {
        let now = self.verdicts(begun.commit, cx.task)?;
        let awaited = self.reports().awaited();
        let green = match judge_deploy(awaited, &begun.said, &now) {
            DeployReport::Red(red) => return Err(red_deploy(begun.commit, &self.args.branch, &red)),
            DeployReport::Open(why) => {
                let why: Vec<String> = why.iter().map(Reason::to_string).collect();
                return Ok(Seen::NotYet(shortened(&why, 5)));
            }
            DeployReport::Green(green) => green,
        };
        if green.is_empty() {
            let waits = begun.silent.is_some_and(|silent| self.context.clock.now() < silent);
            if waits {
                return Ok(Seen::NotYet(format!("nothing has reported on {} yet", begun.commit.short())));
            }
            cx.task.warn(format!("nothing reports on {}: its deploy is not watched", begun.commit.short()));
            return Ok(Seen::Ready(None));
        }
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner).replace(green.clone());
        if awaited == Awaited::Anything && last.as_ref() != Some(&green) {
            return Ok(Seen::NotYet("looking once more: other checks may report, too".to_owned()));
        }
        let names: Vec<String> = green.iter().map(|verdict| verdict.context.clone()).collect();
        let url = green.iter().find_map(|verdict| verdict.url.as_ref());
        Ok(Seen::Ready(Some(Built {
            id: names.join(", ").into(),
            state: BuildState::Passed,
            url: url.cloned().into(),
        })))
    }

    fn look(&self, cx: &Performing<'_>, begun: &Begun) -> Result<Observation<Option<Built>>, Failure> {
        let built = self.context.ci.as_deref().map(|ci| self.built(ci, cx, begun)).transpose()?;
        let found = match built {
            Some(Seen::Ready(build)) if self.reports().listens() => match self.reported(cx, begun)? {
                Seen::Ready(_) => Seen::Ready(build),
                open => open,
            },
            Some(seen) => seen,
            None if self.reports().listens() => self.reported(cx, begun)?,
            None => {
                cx.task.say("no CI is configured: nothing to wait for");
                Seen::Ready(None)
            }
        };
        match found {
            Seen::Ready(value) => Ok(Observation::Ready(value)),
            Seen::Person(why) => Ok(Observation::Suspend { why, until: None }),
            Seen::NotYet(why) if self.context.clock.now() < begun.deadline => {
                Ok(Observation::NotYet { why, again: self.context.config.forge.poll() })
            }
            Seen::NotYet(why) => {
                let hint = "look at the CI; resuming this run waits for it once more, and `deadline` gives more time"
                    .to_owned();
                let before = "; only reports that arrive after the landing count";
                let hint = if self.reports().listens() { hint + before } else { hint };
                Err(Failure::new(FailureKind::Timeout, format!("the CI did not finish in time: {why}")).hint(hint))
            }
        }
    }
}

impl TypedWait for WaitBuild {
    type Begun = Begun;
    type Answer = Option<Built>;

    fn begin(&self, cx: &Performing<'_>) -> Result<Begun, Failure> {
        let commit = self.context.mirror.resolve(self.args.commit.as_str())?;
        let listens = self.reports().listens();
        let said = match &self.args.reported {
            Some(reported) => reported.clone(),
            None => self.verdicts(commit, cx.task)?,
        };
        let silence = self.context.config.ci.silence();
        Ok(Begun {
            commit,
            deadline: self.deadline(cx),
            said,
            silent: listens.then(|| later(cx.now, silence)),
            again: self.args.since,
            here: self.args.event == CiEvent::Push
                && self.context.ci.as_ref().is_some_and(|ci| ci.start() == Start::Us),
        })
    }

    /// What counted as said before the deploy goes on to.
    fn again(&self, cx: &Performing<'_>, begun: Begun) -> Begun {
        Begun { deadline: self.deadline(cx), again: Some(cx.now), ..begun }
    }

    fn observe(&self, cx: &Performing<'_>, begun: Begun) -> Result<Observation<Option<Built>>, Failure> {
        self.look(cx, &begun).or_else(|failure| unreachable(failure, self.context.clock.now(), begun.deadline)).map_err(
            |failure| match (failure.kind, self.args.event) {
                (FailureKind::Red | FailureKind::Timeout, CiEvent::Push) => {
                    with_release_before(failure, &self.context, &self.args.branch, begun.commit, cx.task)
                }
                _ => failure,
            },
        )
    }

    fn assume(&self, _cx: &Performing<'_>) -> Result<Assumed<Option<Built>>, Failure> {
        self.context.mirror.resolve(self.args.commit.as_str())?;
        let event = self.args.event.word();
        let note = match (&self.context.ci, self.reports().awaited()) {
            (Some(_), Awaited::Named(names)) => {
                format!("assuming the {event} build passes, and these are green: {}", shortened(names, 5))
            }
            (Some(_), Awaited::Anything | Awaited::Nothing) => format!("assuming the {event} build passes"),
            (None, Awaited::Named(names)) => format!("assuming these are green: {}", shortened(names, 5)),
            (None, Awaited::Anything) => "assuming everything that reports on it is green".to_owned(),
            (None, Awaited::Nothing) => {
                let note = Some("no CI is configured: nothing to wait for".to_owned());
                return Ok(Assumed { value: None, note });
            }
        };
        let value = Built {
            id: OrUnknown::unknown("id of the build"),
            state: BuildState::Passed,
            url: OrUnknown::unknown("address of the build"),
        };
        Ok(Assumed { value: Some(value), note: Some(note) })
    }
}
