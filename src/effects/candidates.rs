//! Which commits of a branch may be promoted, and why not the others. Used by `candidate::…` and by `relwf candidates`.

use super::text::list;
use super::verdicts::counted;
use crate::ci::{BuildQuery, BuildState, Ci, CiEvent, Start};
use crate::config::{Config, Environment};
use crate::forge::{Forge, Verdict, VerdictState};
use crate::git::{CommitInfo, LogRange, Mirror};
use crate::model::{BranchName, CommitId, Failure, FailureKind, HumanDuration, TaskContext};
use jiff::{SignedDuration, Timestamp};
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Line {
    /// Those along its first parents: what the branch itself was at.
    #[default]
    FirstParent,
    /// All of them, also those that came with a merge.
    All,
}

/// One commit, judged.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Candidate {
    /// The commit.
    pub id: CommitId,
    /// The first line of its message.
    pub summary: String,
    /// Who wrote it.
    pub author: String,
    /// When, RFC 3339.
    pub time: String,
    /// May it be promoted?
    pub green: bool,
    /// Why, or why not.
    pub why: String,
    /// Since when every required check has been green.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}

/// What the checks say of one commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// May it be promoted?
    pub green: bool,
    /// Why, or why not.
    pub why: String,
    /// Since when every required check has been green: the time of the youngest one.
    pub since: Option<Timestamp>,
}

/// What speaks against a commit among what the CI says of it by itself: a build that is not green. What was skipped, or took
/// no side, does not.
pub(super) fn objections<'v>(said: impl IntoIterator<Item = &'v Verdict>) -> Vec<String> {
    let against = |verdict: &Verdict| match verdict.state {
        VerdictState::Red => Some(format!("{} is red", verdict.context)),
        VerdictState::Pending => Some(format!("{} is pending", verdict.context)),
        VerdictState::Green | VerdictState::Skipped | VerdictState::Neutral => None,
    };
    said.into_iter().filter_map(against).collect()
}

/// Judges a commit by its verdicts. A missing check is pending, never green; skipped and neutral are not green either.
/// `objections` are what the CI has against it, whatever is required.
pub fn judge(
    required: &[String],
    verdicts: &[Verdict],
    objections: &[String],
    soak: HumanDuration,
    now: Timestamp,
) -> Judgement {
    let not = |why: String| Judgement { green: false, why, since: None };
    let mut against = Vec::new();
    let mut since: Option<Timestamp> = None;
    for context in required {
        match verdicts.iter().find(|verdict| verdict.context == *context) {
            None => against.push(format!("{context} has not reported")),
            Some(verdict) => match verdict.state {
                VerdictState::Green => since = Some(since.map_or(verdict.at, |latest| latest.max(verdict.at))),
                VerdictState::Pending => against.push(format!("{context} is pending")),
                VerdictState::Red => against.push(format!("{context} is red")),
                VerdictState::Skipped => against.push(format!("{context} was skipped")),
                VerdictState::Neutral => against.push(format!("{context} took no side")),
            },
        }
    }
    for objection in objections {
        if !against.contains(objection) {
            against.push(objection.clone());
        }
    }
    if !against.is_empty() {
        return not(list(&against, 5));
    }
    let Some(since) = since else {
        return Judgement { green: true, why: "no checks are asked for, and no build is red".to_owned(), since: None };
    };
    let green = SignedDuration::try_from(soak.duration())
        .ok()
        .and_then(|soak| since.checked_add(soak).ok())
        .unwrap_or(Timestamp::MAX);
    if green > now {
        let why = format!("green since {since:.0}, but it must soak for {soak}: until {green:.0}");
        return Judgement { green: false, why, since: Some(since) };
    }
    Judgement { green: true, why: format!("green since {since:.0}"), since: Some(since) }
}

/// Contexts that count on a commit of a branch.
struct Asked {
    /// They must be green.
    required: Vec<String>,
    /// They must not be against it.
    ruled: Vec<String>,
}

/// Where the answers come from.
#[derive(Clone, Copy)]
pub struct Candidates<'a> {
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

impl Candidates<'_> {
    /// Every commit of the branch that the target lacks, newest first, judged. At most `limit`.
    ///
    /// # Errors
    ///
    /// A branch does not exist; the forge or the mirror cannot be read.
    pub fn list(&self, query: &CandidateQuery, limit: usize) -> Result<Vec<Candidate>, Failure> {
        let asked = self.asked(&query.branch)?;
        self.commits(query, limit)?.iter().map(|commit| self.judged(commit, &asked, query)).collect()
    }

    /// The newest commit that may be promoted. When the target has everything already: the branch's tip, so that the merge
    /// can say so.
    ///
    /// # Errors
    ///
    /// Kind `no-candidate` when none may be, with the reasons; a branch does not exist; the forge cannot be read.
    pub fn latest_green(&self, query: &CandidateQuery) -> Result<Candidate, Failure> {
        let asked = self.asked(&query.branch)?;
        let commits = self.commits(query, SEARCH)?;
        if commits.is_empty() {
            let tip = self.mirror.commit(self.tip(&query.branch)?)?;
            let why = format!("{} has it already", query.target);
            return Ok(candidate(&tip, Judgement { green: true, why, since: None }));
        }
        let mut declined = Vec::new();
        for commit in &commits {
            self.task.say(format!("looking at the checks of {}", commit.id.short()));
            let judged = self.judged(commit, &asked, query)?;
            if judged.green {
                return Ok(judged);
            }
            declined.push(judged);
        }
        Err(no_candidate(query, &declined))
    }

    fn environment(&self, branch: &BranchName) -> Option<&Environment> {
        self.config.environments.iter().find(|environment| environment.branch == *branch)
    }

    /// What the branch's environment asks for, and what the forge's rules do. Those are about proposals: many a check never
    /// runs on what has landed, so that they count where they reported.
    fn asked(&self, branch: &BranchName) -> Result<Asked, Failure> {
        let required = self.environment(branch).map(|environment| environment.checks.clone()).unwrap_or_default();
        Ok(Asked { required, ruled: self.forge.rules(branch, self.task)?.required })
    }

    fn tip(&self, branch: &BranchName) -> Result<CommitId, Failure> {
        super::git::tip_of(self.mirror, branch)
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
        Asked { required, ruled }: &Asked,
        query: &CandidateQuery,
    ) -> Result<Candidate, Failure> {
        if self.task.cancel.is_raised() {
            return Err(Failure::new(FailureKind::Interrupted, "interrupted by ctrl-C"));
        }
        let own = self.forge.verdicts(commit.id, self.task)?;
        let counts = |verdict: &&Verdict| self.is_of_push(verdict) || ruled.contains(&verdict.context);
        let mut objections = objections(own.iter().filter(counts));
        let told = own.iter().any(|verdict| self.is_of_push(verdict));
        let verdicts = counted(self.tested(commit, required, own)?, self.environment(&query.branch));
        let mut judgement = judge(required, &verdicts, &objections, query.soak, self.now);
        if judgement.green && !told {
            objections.extend(self.builds(commit.id, &query.branch)?);
            judgement = judge(required, &verdicts, &objections, query.soak, self.now);
        }
        Ok(candidate(commit, judgement))
    }

    /// Is that the word of the CI that relwf watches on what was pushed? Without one everything on the forge is watched.
    fn is_of_push(&self, verdict: &Verdict) -> bool {
        let Some(ci) = self.ci else { return true };
        verdict.context.starts_with("relwf/") || ci.push_contexts().contains(&verdict.context.as_str())
    }

    /// What a CI on a server says of the builds of a push, where the commit's verdicts do not tell.
    fn builds(&self, commit: CommitId, branch: &BranchName) -> Result<Vec<String>, Failure> {
        let Some(ci) = self.ci.filter(|ci| ci.start() == Start::Server) else { return Ok(Vec::new()) };
        let query = BuildQuery { commit: Some(commit), event: Some(CiEvent::Push), branch: Some(branch.clone()) };
        let word = match ci.builds(&query, self.task)?.first().map(|build| build.state) {
            None | Some(BuildState::Passed) => return Ok(Vec::new()),
            Some(BuildState::Queued | BuildState::Running) => "is pending",
            Some(BuildState::Failed | BuildState::Errored) => "is red",
            Some(BuildState::Canceled) => "was canceled",
        };
        Ok(vec![format!("the push build of {} {word}", ci.kind())])
    }

    /// Where the forge merged a change itself, what was tested is the change's head: its files are exactly these, so its
    /// verdicts count where the merge has none of its own.
    fn tested(
        &self,
        commit: &CommitInfo,
        required: &[String],
        mut verdicts: Vec<Verdict>,
    ) -> Result<Vec<Verdict>, Failure> {
        let missing = |context: &String| verdicts.iter().all(|verdict| verdict.context != *context);
        let [_, head] = commit.parents.as_slice() else { return Ok(verdicts) };
        if required.iter().any(missing) && self.mirror.tree(*head)? == commit.tree {
            let own: Vec<String> = verdicts.iter().map(|verdict| verdict.context.clone()).collect();
            let tested = self.forge.verdicts(*head, self.task)?;
            verdicts.extend(tested.into_iter().filter(|verdict| !own.contains(&verdict.context)));
        }
        Ok(verdicts)
    }
}

fn candidate(commit: &CommitInfo, judgement: Judgement) -> Candidate {
    Candidate {
        id: commit.id,
        summary: commit.summary.clone(),
        author: commit.author.name.clone(),
        time: commit.author.when(),
        green: judgement.green,
        why: judgement.why,
        since: judgement.since,
    }
}

fn no_candidate(query: &CandidateQuery, declined: &[Candidate]) -> Failure {
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
    let failure = declined.iter().take(REASONS).fold(failure, |failure, candidate| {
        failure.cause(format!("{} {}: {}", candidate.id.short(), candidate.summary, candidate.why))
    });
    let reasons = declined.iter().take(REASONS).map(|candidate| serde_json::json!(candidate)).collect();
    failure.detail(reasons)
}

#[cfg(test)]
mod tests {
    use super::*;
    use VerdictState::{Green, Neutral, Pending, Red, Skipped};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn verdict(context: &str, state: VerdictState, second: i64) -> Verdict {
        Verdict { context: context.to_owned(), state, description: String::new(), url: None, at: at(second) }
    }

    fn judged(required: &[&str], verdicts: &[Verdict], soak: &str, now: i64) -> (bool, String) {
        let required: Vec<String> = required.iter().map(|&context| context.to_owned()).collect();
        let own = verdicts.iter().filter(|verdict| verdict.context == "relwf/push");
        let judgement = judge(&required, verdicts, &objections(own), soak.parse().unwrap(), at(now));
        (judgement.green, judgement.why)
    }

    #[test]
    fn only_green_is_green() {
        assert_eq!(
            judged(&[], &[verdict("ci", Red, 5)], "0m", 9),
            (true, "no checks are asked for, and no build is red".to_owned())
        );
        for (state, why) in [(Red, "relwf/push is red"), (Pending, "relwf/push is pending")] {
            assert_eq!(judged(&[], &[verdict("relwf/push", state, 5)], "0m", 9), (false, why.to_owned()));
        }
        let green = (true, "green since 1970-01-01T00:00:05Z".to_owned());
        assert_eq!(judged(&["ci"], &[verdict("ci", Green, 5), verdict("other", Red, 5)], "0m", 9), green);
        for (verdicts, why) in [
            (vec![], "ci has not reported"),
            (vec![verdict("other", Green, 5)], "ci has not reported"),
            (vec![verdict("ci", Pending, 5)], "ci is pending"),
            (vec![verdict("ci", Red, 5)], "ci is red"),
            (vec![verdict("ci", Skipped, 5)], "ci was skipped"),
            (vec![verdict("ci", Neutral, 5)], "ci took no side"),
            (vec![verdict("ci", Green, 5), verdict("relwf/push", Red, 5)], "relwf/push is red"),
        ] {
            assert_eq!(judged(&["ci"], &verdicts, "0m", 9), (false, why.to_owned()));
        }
        let both = judged(&["a", "b"], &[verdict("a", Red, 5)], "0m", 9);
        assert_eq!(both, (false, "a is red, b has not reported".to_owned()));
    }

    #[test]
    fn the_soak_counts_from_the_youngest_required_verdict() {
        let verdicts = [verdict("a", Green, 100), verdict("b", Green, 400), verdict("c", Green, 9000)];
        assert!(judged(&["a", "b"], &verdicts, "10m", 1000).0);
        let (green, why) = judged(&["a", "b"], &verdicts, "10m", 999);
        assert!(!green);
        assert_eq!(why, "green since 1970-01-01T00:06:40Z, but it must soak for 10m: until 1970-01-01T00:16:40Z");
    }
}
