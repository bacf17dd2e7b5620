//! One shape for everything that can go wrong: data that people, scripts, the journal and `--json` all read.

use super::{HumanDuration, SourceLocation, Value};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What kind of thing went wrong. Scripts branch on it (`err.kind == "conflict"`), the command line maps it to an exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// Wrong command line.
    Usage,
    /// relwf.toml, or a file that it names, is wrong or missing.
    Config,
    /// A workflow or plugin is wrong: found before or while it ran.
    Script,
    /// A host function was called with arguments that it does not take.
    Arguments,
    /// The merge has conflicts.
    Conflict,
    /// The result of a merge lacks commits that the target took back earlier.
    Reverted,
    /// The result of a merge lacks commits that the target has: the source's side dropped them.
    Removed,
    /// The target has commits that the source lacks.
    Missing,
    /// The last promotion was squashed.
    Squashed,
    /// A merge driver was to merge files, and none is run.
    Driver,
    /// The commit that is named is not on the branch that it is said to come from.
    Foreign,
    /// A check, build or command gave a verdict against.
    Red,
    /// A person refused.
    Denied,
    /// Another run holds the target.
    Held,
    /// No commit qualifies for promotion.
    NoCandidate,
    /// Something that was asked for does not exist: branch, commit, file, run.
    NotFound,
    /// The remote refused for good: a hook, a protected branch, missing rights.
    Refused,
    /// A reference moved between reading it and changing it.
    Moved,
    /// Credentials are missing or wrong.
    Auth,
    /// The network or a server failed.
    Network,
    /// A deadline passed.
    Timeout,
    /// git, or a repository, is not as it should be.
    Git,
    /// A manifest cannot be read.
    Manifest,
    /// A program that was started failed.
    Command,
    /// Branches of `flow::parallel` failed; the detail lists them.
    Parallel,
    /// What a workflow threw itself.
    Thrown,
    /// The journal and the script tell different stories.
    Diverged,
    /// An effect may or may not have happened.
    InDoubt,
    /// A dry run reached a decision that rests on a value only the remote can invent.
    Unknown,
    /// Reading or writing files or the journal failed.
    Io,
    /// The run waits for an approval, CI or time.
    Waiting,
    /// ctrl-C.
    Interrupted,
    /// A bug in relwf.
    Bug,
}

impl FailureKind {
    /// A verdict about what was to be released, not something that broke: a conflict, a red check, a refusal.
    pub const fn is_verdict(self) -> bool {
        matches!(
            self,
            Self::Conflict
                | Self::Reverted
                | Self::Removed
                | Self::Missing
                | Self::Squashed
                | Self::Driver
                | Self::Foreign
                | Self::Red
                | Self::Denied
                | Self::Held
                | Self::NoCandidate
        )
    }

    /// A mistake in a text that relwf read, a script or relwf.toml: its line is what helps. With every other kind the line only
    /// tells where it was asked.
    pub const fn is_mistake(self) -> bool {
        matches!(self, Self::Usage | Self::Config | Self::Script | Self::Arguments | Self::Unknown | Self::Diverged)
    }

    /// The word scripts and JSON see, e.g. `no-candidate`.
    pub fn word(self) -> String {
        match serde_json::to_value(self) {
            Ok(Value::String(word)) => word,
            _ => format!("{self:?}"),
        }
    }

    /// Every kind's word with what it means, for the reference.
    pub fn documented() -> Vec<(String, String)> {
        let schema = schemars::schema_for!(Self);
        let text = |kind: &Value, key: &str| kind.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let kinds = schema.get("oneOf").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        kinds.iter().map(|kind| (text(kind, "const"), text(kind, "description"))).collect()
    }
}

/// A failure: what happened, where, what to do next.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// The kind, for machines.
    pub kind: FailureKind,
    /// What happened, one sentence without a full stop at the end.
    pub message: String,
    /// What to do next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Where it was said, when it was said in a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<SourceLocation>,
    /// When to try again, where a server said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<HumanDuration>,
    /// What led to it, outermost first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<String>,
    /// More, as data: conflicts, red checks, failed branches, what a script threw.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub detail: Value,
}

impl Failure {
    /// A failure of `kind` with its sentence.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            hint: None,
            at: None,
            after: None,
            causes: Vec::new(),
            detail: Value::Null,
        }
    }

    /// Says what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Says where.
    #[must_use]
    pub fn at(mut self, place: SourceLocation) -> Self {
        self.at = Some(place);
        self
    }

    /// Says when to try again.
    #[must_use]
    pub fn after(mut self, after: Option<HumanDuration>) -> Self {
        self.after = after;
        self
    }

    /// Adds a cause below the ones already there.
    #[must_use]
    pub fn cause(mut self, cause: impl ToString) -> Self {
        self.causes.push(cause.to_string());
        self
    }

    /// Adds data for scripts and `--json`.
    #[must_use]
    pub fn detail(mut self, detail: Value) -> Self {
        self.detail = detail;
        self
    }
}
