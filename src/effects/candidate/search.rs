//! Which commits of a branch may be promoted, and why not the others: collects what forge, CI and repository know of each; the
//! policy judges.

use crate::ci::{BuildQuery, BuildState, Ci, CiEvent, Start};
use crate::config::{CiKind, Config};
use crate::effects::shortened_list::shortened;
use crate::forge::{Forge, Verdict};
use crate::git::{CommitInfo, LogRange, Mirror};
use crate::model::{BranchName, CommitId, Failure, FailureKind, HumanDuration, TaskContext, TimeText, minute_in};
use crate::policy::{self, CandidateChecks, CandidateFacts, Judgement, PushReports, Reason};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How many commits are looked at for a green one before giving up.
const SEARCH: usize = 1000;
/// How many reasons a refusal lists.
const REASONS: usize = 20;

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CandidateQuery {
    /// Where releases come from.
    pub branch: BranchName,
    /// Where they go; what it has already is no candidate.
    pub target: BranchName,
    /// How long a candidate must have been green.
    pub soak: HumanDuration,
    /// Which commits are looked at.
    pub line: Line,
}

/// Which commits of a branch may be candidates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Line {
    /// Those along its first parents: what the branch itself was at.
    #[default]
    FirstParent,
    /// All of them, also those that came with a merge.
    All,
}

/// One commit, judged.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ScriptCandidate {
    /// The commit.
    pub id: CommitId,
    /// The first line of its message.
    pub summary: String,
    /// Who wrote it.
    pub author: String,
    /// When, RFC 3339.
    #[schemars(with = "TimeText")]
    pub time: String,
    /// May it be promoted?
    pub green: bool,
    /// Why, or why not.
    pub why: String,
    /// Since when every required check has been green.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<TimeText>")]
    pub since: Option<Timestamp>,
    /// Of the newest green one: the commits that are newer and may not be promoted, each with why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub newer: Vec<String>,
    /// Where the target has everything already: what is red on the target's tip.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_red: Option<RedTarget>,
}

/// A branch whose tip is red, its deploy say.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct RedTarget {
    /// What is red, with the tip.
    pub why: String,
    /// Can `ci::restart` run it again?
    pub restarts: bool,
}

/// Where the answers come from.
#[derive(Clone, Copy)]
pub struct CandidateSearch<'a> {
    /// Says which checks the branch's environment asks for.
    pub config: &'a Config,
    /// Has the commits.
    pub mirror: &'a Mirror,
    /// Has the verdicts.
    pub forge: &'a dyn Forge,
    /// Its push builds count against a commit; without one, whatever reports to the forge does.
    pub ci: Option<&'a dyn Ci>,
    /// The clock, for the soak.
    pub now: Timestamp,
    /// ctrl-C, and where to say how far it is.
    pub task: TaskContext<'a>,
}

impl CandidateSearch<'_> {
    /// Every commit of the branch that the target lacks, newest first, judged. At most `limit`.
    ///
    /// # Errors
    ///
    /// A branch does not exist; the forge or the mirror cannot be read.
    pub fn list(&self, query: &CandidateQuery, limit: usize) -> Result<Vec<ScriptCandidate>, Failure> {
        let checks = self.checks(&query.branch)?;
        self.commits(query, limit)?.iter().map(|commit| self.judged(commit, &checks, query)).collect()
    }

    /// The newest commit that may be promoted. When the target has everything already: the branch's tip, so that the merge
    /// can say so.
    ///
    /// # Errors
    ///
    /// Kind `no-candidate` when none may be, with the reasons; a branch does not exist; the forge cannot be read.
    pub fn latest_green(&self, query: &CandidateQuery) -> Result<ScriptCandidate, Failure> {
        let checks = self.checks(&query.branch)?;
        let commits = self.commits(query, SEARCH)?;
        if commits.is_empty() {
            let tip = self.mirror.commit(self.tip(&query.branch)?)?;
            let target_red = self.red(query)?;
            return Ok(ScriptCandidate {
                why: format!("{} has it already", query.target),
                target_red,
                ..unjudged(&tip)
            });
        }
        let mut declined = Vec::new();
        for commit in &commits {
            self.task.say(format!("looking at the checks of {}", commit.id.short()));
            let judged = self.judged(commit, &checks, query)?;
            if judged.green {
                let newer = declined.iter().take(REASONS).map(declined_line).collect();
                return Ok(ScriptCandidate { newer, ..judged });
            }
            declined.push(judged);
        }
        Err(no_candidate(query, &declined))
    }

    /// What is red on a branch's tip, of that which counts against a candidate too.
    fn red(&self, query: &CandidateQuery) -> Result<Option<RedTarget>, Failure> {
        let query = CandidateQuery { branch: query.target.clone(), soak: HumanDuration::default(), ..query.clone() };
        let tip = self.mirror.commit(self.tip(&query.branch)?)?;
        let (judgement, _) = self.judgement(&tip, &self.checks(&query.branch)?, &query)?;
        let Judgement::Against(reasons) = judgement else { return Ok(None) };
        let red: Vec<String> = reasons.into_iter().filter(Reason::is_red).map(|reason| reason.context).collect();
        if red.is_empty() {
            return Ok(None);
        }
        let push = BuildQuery { commit: Some(tip.id), event: Some(CiEvent::Push), branch: Some(query.branch) };
        let builds = self.ci.map(|ci| ci.builds(&push, self.task)).transpose()?.unwrap_or_default();
        let why = format!("on {} these are red: {}", tip.id.short(), shortened(&red, 5));
        Ok(Some(RedTarget { why, restarts: builds.first().is_some_and(|build| build.state.is_red()) }))
    }

    /// The checks that count on the branch's commits.
    fn checks(&self, branch: &BranchName) -> Result<CandidateChecks<'_>, Failure> {
        let environment = policy::environment_of(self.config, branch);
        let rules = self.forge.rules(branch, self.task)?;
        let push = self.ci.map_or(PushReports::All, |ci| PushReports::OfCi(ci.push_contexts()));
        Ok(CandidateChecks::new(environment, rules, push))
    }

    fn tip(&self, branch: &BranchName) -> Result<CommitId, Failure> {
        crate::effects::git::tip_of(self.mirror, branch)
    }

    fn commits(&self, query: &CandidateQuery, limit: usize) -> Result<Vec<CommitInfo>, Failure> {
        let range = LogRange {
            from: self.tip(&query.branch)?,
            not: vec![self.tip(&query.target)?],
            first_parent: query.line == Line::FirstParent,
            limit: Some(limit),
        };
        Ok(self.mirror.log(&range)?)
    }

    fn judged(
        &self,
        commit: &CommitInfo,
        checks: &CandidateChecks<'_>,
        query: &CandidateQuery,
    ) -> Result<ScriptCandidate, Failure> {
        let (judgement, arrived) = self.judgement(commit, checks, query)?;
        Ok(candidate(commit, &judgement, query, arrived))
    }

    /// What the checks say of a commit, and where it has to soak, since when it does.
    fn judgement(
        &self,
        commit: &CommitInfo,
        checks: &CandidateChecks<'_>,
        query: &CandidateQuery,
    ) -> Result<(Judgement, Option<Timestamp>), Failure> {
        if self.task.cancel.is_raised() {
            return Err(Failure::new(FailureKind::Interrupted, "interrupted by ctrl-C"));
        }
        let own = self.forge.verdicts(commit.id, self.task)?;
        let tested = if checks.lacks_reports(&own) { self.tested(commit)? } else { Vec::new() };
        let arrived = self.arrived(commit.id, &own, checks, query)?;
        let facts = CandidateFacts { own: &own, tested: &tested, push_build: None, arrived };
        let mut judgement = checks.judge(&facts, query.soak, self.now);
        if matches!(judgement, Judgement::Green(_)) && !checks.tell_of_push(&own) {
            let facts = CandidateFacts { push_build: self.push_build(commit.id, &query.branch)?, ..facts };
            judgement = checks.judge(&facts, query.soak, self.now);
        }
        Ok((judgement, arrived))
    }

    /// Where it has to soak: since when the commit is on the branch at the latest. What was reported of the push says it, or
    /// when this machine first saw it there; else it has come now.
    fn arrived(
        &self,
        commit: CommitId,
        own: &[Verdict],
        checks: &CandidateChecks<'_>,
        query: &CandidateQuery,
    ) -> Result<Option<Timestamp>, Failure> {
        if query.soak == HumanDuration::default() {
            return Ok(None);
        }
        let reported = own.iter().filter(|verdict| checks.follows_landing(verdict)).map(|verdict| verdict.at);
        let seen = self.mirror.seen_since(&query.branch, commit, self.now.as_second())?;
        let seen = seen.and_then(|seen| Timestamp::from_second(seen).ok());
        Ok(Some(reported.chain(seen).min().unwrap_or(self.now).min(self.now)))
    }

    /// The newest build of a push, where a CI on a server can be asked for it.
    fn push_build(&self, commit: CommitId, branch: &BranchName) -> Result<Option<(&'static str, BuildState)>, Failure> {
        let Some(ci) = self.ci.filter(|ci| ci.start() == Start::Server) else { return Ok(None) };
        let kind = self.config.ci.kind().map_or("[ci]", CiKind::word);
        let query = BuildQuery { commit: Some(commit), event: Some(CiEvent::Push), branch: Some(branch.clone()) };
        Ok(ci.builds(&query, self.task)?.first().map(|build| (kind, build.state)))
    }

    /// What was reported on the change's head where the forge merged the change itself, and the merge has exactly its files.
    fn tested(&self, commit: &CommitInfo) -> Result<Vec<Verdict>, Failure> {
        match commit.parents.as_slice() {
            [_, head] if self.mirror.tree(*head)? == commit.tree => Ok(self.forge.verdicts(*head, self.task)?),
            _ => Ok(Vec::new()),
        }
    }
}

fn candidate(
    commit: &CommitInfo,
    judgement: &Judgement,
    query: &CandidateQuery,
    arrived: Option<Timestamp>,
) -> ScriptCandidate {
    let shown = |time: Timestamp| minute_in(TimeZone::system(), time);
    let (green, since, why) = match judgement {
        Judgement::Green(None) => (true, None, "no checks required, and no build is red".to_owned()),
        Judgement::Green(Some(since)) if arrived == Some(*since) => {
            (true, Some(*since), format!("no checks required; on {} since {}", query.branch, shown(*since)))
        }
        Judgement::Green(Some(since)) => (true, Some(*since), format!("green since {}", shown(*since))),
        Judgement::Soaking { since, until } => {
            let (soak, from, until) = (query.soak, shown(*since), shown(*until));
            let good = if arrived == Some(*since) { format!("on {}", query.branch) } else { "green".to_owned() };
            (false, Some(*since), format!("{good} since {from}, but it must soak for {soak}: until {until}"))
        }
        Judgement::Against(reasons) => {
            let reasons: Vec<String> = reasons.iter().map(Reason::to_string).collect();
            (false, None, shortened(&reasons, 5))
        }
    };
    ScriptCandidate { green, why, since, ..unjudged(commit) }
}

/// A commit of which nothing is said yet.
fn unjudged(commit: &CommitInfo) -> ScriptCandidate {
    ScriptCandidate {
        id: commit.id,
        summary: commit.summary.clone(),
        author: commit.author.name.clone(),
        time: commit.author.when(),
        green: true,
        why: String::new(),
        since: None,
        newer: Vec::new(),
        target_red: None,
    }
}

fn declined_line(candidate: &ScriptCandidate) -> String {
    format!("{} {}: {}", candidate.id.short(), candidate.summary, candidate.why)
}

fn no_candidate(query: &CandidateQuery, declined: &[ScriptCandidate]) -> Failure {
    let CandidateQuery { branch, target, .. } = query;
    let failure = Failure::new(
        FailureKind::NoCandidate,
        match declined {
            [only] => format!("the one new commit of {branch} cannot go to {target}: {}", only.why),
            _ => format!("none of the {} new commits of {branch} can go to {target}", declined.len()),
        },
    )
    .hint(format!(
        "`relwf candidates {branch} {target}` lists them; wait for the checks, or name a commit with --param commit=…"
    ));
    let failure =
        declined.iter().take(REASONS).fold(failure, |failure, candidate| failure.cause(declined_line(candidate)));
    let reasons = declined.iter().take(REASONS).map(|candidate| serde_json::json!(candidate)).collect();
    failure.detail(reasons)
}
