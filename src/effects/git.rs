//! `git::…`: questions to the mirror, and leased pushes. The merge has its own file.

use super::World;
use super::declare::{Declared, args, facts, map, positional, read};
use super::lease::{Lease, Standing};
use super::text::list;
use crate::git::{CommitInfo, LogRange, Mirror};
use crate::model::{BranchName, CommitId, Failure, FailureKind, Value};
use crate::run::{
    Assumed, Call, Command, Effect, EffectError, Intent, Kind, OnUnknown, ParamType, Performing, Probe, optional,
    required,
};
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;

const COMMIT: &str = "#{ id, summary, author, time, parents, tree }";

pub(super) const COMMANDS: &[Declared] = &[
    positional(Kind::Read, "git::sync", &[], "()", "Fetches branches and tags from the remote.", sync),
    positional(
        Kind::Read,
        "git::commit",
        &[required("rev", ParamType::Commit, "anything git understands: branch, tag, full or short id, HEAD~3")],
        COMMIT,
        "One commit. A branch's name means the remote's branch as last fetched.",
        commit,
    ),
    positional(
        Kind::Read,
        "git::branch",
        &[required("name", ParamType::Branch, "the branch")],
        "#{ id, summary, author, time, parents, tree } or ()",
        "The tip of a branch of the remote as last fetched, or () when there is no such branch.",
        branch,
    ),
    map(
        Kind::Read,
        "git::log",
        &[
            required("from", ParamType::Commit, "the newest commit, or a branch"),
            optional("not", ParamType::Commit, "left out with all its ancestors"),
            optional("first_parent", ParamType::Bool, "follow only first parents"),
            optional("limit", ParamType::Int, "at most so many; 1000 when omitted"),
        ],
        "a list of #{ id, summary, author, time, parents, tree }",
        "Commits that `from` has and `not` lacks, newest first.",
        log,
    ),
    positional(
        Kind::Read,
        "git::is_ancestor",
        &[
            required("ancestor", ParamType::Commit, "the older one"),
            required("descendant", ParamType::Commit, "the newer one"),
        ],
        "true or false",
        "Is `ancestor` part of `descendant`'s history, or the same commit?",
        is_ancestor,
    ),
    map(
        Kind::Effect,
        "git::push",
        &[
            required("branch", ParamType::Branch, "the branch of the remote"),
            required("commit", ParamType::Commit, "where it shall point"),
            optional(
                "expect",
                ParamType::String,
                "the commit it must hold now, or \"absent\"; by default as last fetched",
            ),
        ],
        "#{ branch, commit, before }",
        "Moves a branch of the remote, under a lease: only if it is where it is expected.",
        push,
    ),
    map(
        Kind::Effect,
        "git::delete_branch",
        &[
            required("branch", ParamType::Branch, "the branch of the remote"),
            optional("expect", ParamType::Commit, "the commit it must hold now; by default as last fetched"),
        ],
        "()",
        "Deletes a branch of the remote, under a lease.",
        delete_branch,
    ),
];

/// How many commits a list holds at most when nobody says.
pub(super) const LOG_LIMIT: usize = 1000;

/// A commit as scripts see it.
pub(super) fn commit_value(info: &CommitInfo) -> Value {
    json!({
        "id": info.id,
        "summary": info.summary,
        "author": info.author.name,
        "email": info.author.email,
        "time": info.author.when(),
        "parents": info.parents,
        "tree": info.tree,
    })
}

/// The tip of a branch that must exist.
pub(super) fn tip(world: &World, branch: &BranchName) -> Result<CommitId, Failure> {
    tip_of(&world.mirror, branch)
}

/// The tip of a branch of this mirror's remote, as last fetched.
pub(super) fn tip_of(mirror: &Mirror, branch: &BranchName) -> Result<CommitId, Failure> {
    mirror.branch(branch)?.ok_or_else(|| no_branch(mirror, branch))
}

fn no_branch(mirror: &Mirror, branch: &BranchName) -> Failure {
    let names: Vec<String> = mirror
        .branches()
        .map(|branches| branches.into_keys().map(|name| name.to_string()).collect())
        .unwrap_or_default();
    // What one project calls `master` another calls `main`.
    let twin = match branch.as_str() {
        "master" => "main",
        "main" => "master",
        _ => "",
    };
    let near = names
        .iter()
        .map(|name| (if name == twin { 0 } else { strsim::damerau_levenshtein(name, branch.as_str()) }, name))
        .filter(|(distance, _)| *distance <= 2)
        .min();
    let failure =
        Failure::new(FailureKind::NotFound, format!("{} has no branch `{branch}` (as last fetched)", mirror.url()));
    match near {
        Some((_, name)) => failure.hint(format!("did you mean `{name}`?")),
        None if names.is_empty() => failure.hint("the remote has no branches at all yet"),
        None => failure.hint(format!("its branches are {}", list(&names, 10))),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

fn sync(world: &Arc<World>, call: &Call) -> Result<Command, Failure> {
    let Nothing {} = args(call)?;
    let world = Arc::clone(world);
    Ok(read(move |cx| {
        world.mirror.sync(cx.task)?;
        Ok(Value::Null)
    }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CommitArgs {
    rev: String,
}

fn commit(world: &Arc<World>, call: &Call) -> Result<Command, Failure> {
    let CommitArgs { rev } = args(call)?;
    let world = Arc::clone(world);
    Ok(read(move |_| Ok(commit_value(&world.mirror.commit(world.mirror.resolve(&rev)?)?))))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BranchArgs {
    name: BranchName,
}

fn branch(world: &Arc<World>, call: &Call) -> Result<Command, Failure> {
    let BranchArgs { name } = args(call)?;
    let world = Arc::clone(world);
    Ok(read(move |_| match world.mirror.branch(&name)? {
        Some(tip) => Ok(commit_value(&world.mirror.commit(tip)?)),
        None => Ok(Value::Null),
    }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LogArgs {
    from: String,
    not: Option<String>,
    #[serde(default)]
    first_parent: bool,
    limit: Option<usize>,
}

fn log(world: &Arc<World>, call: &Call) -> Result<Command, Failure> {
    let wanted: LogArgs = args(call)?;
    let world = Arc::clone(world);
    Ok(read(move |_| {
        let not = wanted.not.as_deref().map(|rev| world.mirror.resolve(rev)).transpose()?;
        let range = LogRange {
            from: world.mirror.resolve(&wanted.from)?,
            not: not.into_iter().collect(),
            first_parent: wanted.first_parent,
            limit: Some(wanted.limit.unwrap_or(LOG_LIMIT)),
        };
        Ok(world.mirror.log(&range)?.iter().map(commit_value).collect())
    }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AncestorArgs {
    ancestor: String,
    descendant: String,
}

fn is_ancestor(world: &Arc<World>, call: &Call) -> Result<Command, Failure> {
    let AncestorArgs { ancestor, descendant } = args(call)?;
    let world = Arc::clone(world);
    Ok(read(move |_| {
        let (ancestor, descendant) = (world.mirror.resolve(&ancestor)?, world.mirror.resolve(&descendant)?);
        Ok(world.mirror.is_ancestor(ancestor, descendant)?.into())
    }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PushArgs {
    branch: BranchName,
    commit: String,
    expect: Option<String>,
}

struct Push {
    world: Arc<World>,
    wanted: PushArgs,
}

fn push(world: &Arc<World>, call: &Call) -> Result<Command, Failure> {
    Ok(Command::Effect(Box::new(Push { world: Arc::clone(world), wanted: args(call)? })))
}

impl Push {
    fn lease(&self) -> Result<Lease, Failure> {
        let mirror = &self.world.mirror;
        let old = match self.wanted.expect.as_deref() {
            Some("absent") => None,
            Some(rev) => Some(mirror.resolve(rev)?),
            None => mirror.branch(&self.wanted.branch)?,
        };
        let new = mirror.resolve(&self.wanted.commit)?;
        Ok(Lease { name: self.wanted.branch.to_ref(), old: old.map(CommitId::object), new: Some(new.object()) })
    }

    fn value(&self, lease: &Lease) -> Value {
        json!({ "branch": self.wanted.branch, "commit": lease.new, "before": lease.old })
    }
}

impl Effect for Push {
    fn prepare(&self, _cx: &Performing<'_>) -> Result<Value, Failure> {
        super::declare::value(self.lease()?)
    }

    fn perform(&self, cx: &Performing<'_>, intent: &Intent) -> Result<Value, EffectError> {
        let lease: Lease = facts(&intent.pre).map_err(EffectError::Refused)?;
        lease.push(&self.world, cx.task)?;
        Ok(self.value(&lease))
    }

    fn probe(&self, cx: &Performing<'_>, intent: &Intent) -> Result<Probe, Failure> {
        let lease: Lease = facts(&intent.pre)?;
        Ok(match lease.standing(&self.world, cx.task)? {
            Standing::Done => Probe::Done(self.value(&lease)),
            Standing::Before => Probe::Absent,
            Standing::Elsewhere(why) => Probe::Unknown(why),
        })
    }

    fn on_unknown(&self) -> OnUnknown {
        OnUnknown::Ask
    }

    fn assume(&self, _cx: &Performing<'_>) -> Result<Assumed, Failure> {
        Ok(Assumed { value: self.value(&self.lease()?), note: None })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeleteArgs {
    branch: BranchName,
    expect: Option<String>,
}

struct Delete {
    world: Arc<World>,
    wanted: DeleteArgs,
}

fn delete_branch(world: &Arc<World>, call: &Call) -> Result<Command, Failure> {
    Ok(Command::Effect(Box::new(Delete { world: Arc::clone(world), wanted: args(call)? })))
}

impl Delete {
    fn lease(&self) -> Result<Lease, Failure> {
        let mirror = &self.world.mirror;
        let old = match self.wanted.expect.as_deref() {
            Some(rev) => Some(mirror.resolve(rev)?),
            None => mirror.branch(&self.wanted.branch)?,
        };
        Ok(Lease { name: self.wanted.branch.to_ref(), old: old.map(CommitId::object), new: None })
    }
}

impl Effect for Delete {
    fn prepare(&self, _cx: &Performing<'_>) -> Result<Value, Failure> {
        super::declare::value(self.lease()?)
    }

    fn perform(&self, cx: &Performing<'_>, intent: &Intent) -> Result<Value, EffectError> {
        let lease: Lease = facts(&intent.pre).map_err(EffectError::Refused)?;
        // A branch that was not there when this began needs no push.
        if lease.old.is_some() {
            lease.push(&self.world, cx.task)?;
        }
        Ok(Value::Null)
    }

    fn probe(&self, cx: &Performing<'_>, intent: &Intent) -> Result<Probe, Failure> {
        let lease: Lease = facts(&intent.pre)?;
        Ok(match lease.standing(&self.world, cx.task)? {
            Standing::Done => Probe::Done(Value::Null),
            Standing::Before => Probe::Absent,
            Standing::Elsewhere(why) => Probe::Unknown(why),
        })
    }

    fn on_unknown(&self) -> OnUnknown {
        OnUnknown::Ask
    }

    fn assume(&self, _cx: &Performing<'_>) -> Result<Assumed, Failure> {
        self.lease()?;
        Ok(Assumed { value: Value::Null, note: None })
    }
}
