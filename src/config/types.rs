//! What relwf.toml says, validated.

use super::TagPattern;
use crate::components::Component;
use crate::document::Words;
use crate::model::{BranchName, CheckoutOptions, ComponentName, HumanDuration};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// The whole configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// The project's folder: where relwf.toml is, or the enclosing repository's root, or the current folder.
    pub root: PathBuf,
    /// relwf.toml, when there is one.
    pub file: Option<PathBuf>,
    /// Its text, pinned with a run's sources.
    pub text: String,
    /// `[repo].url` as written: URL or path (relative to `root`).
    pub repo: Option<String>,
    /// `[process].branch`: where the process is published.
    pub process: Option<BranchName>,
    /// `[[environment]]`, in order.
    pub environments: Vec<Environment>,
    /// `[[component]]`, in order. Without any: one called `commits` that counts commits.
    pub components: Vec<Component>,
    pub forge: ForgeConfig,
    pub ci: CiConfig,
    pub release: Option<ReleaseConfig>,
    pub fleet: Option<FleetConfig>,
    pub sh: ShConfig,
    pub secrets: BTreeMap<String, SecretSource>,
}

impl Config {
    /// The variables of the environment that hold secrets of workflows.
    pub fn secret_variables(&self) -> Vec<String> {
        let variable = |source: &SecretSource| match source {
            SecretSource::Env(name) => Some(name.clone()),
            SecretSource::File(_) | SecretSource::Command(_) => None,
        };
        self.secrets.values().filter_map(variable).collect()
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    pub name: String,
    pub branch: BranchName,
    /// Shown to people.
    pub url: Option<String>,
    /// Contexts that must be green on a commit before it may land here. Empty: none is asked for.
    pub checks: Vec<String>,
    /// `deployed_by`: what reports on a commit that has landed here, and must be green then: contexts, or
    /// `deployment/ENVIRONMENT` for the forge's own deployments.
    pub deployed_by: Vec<String>,
    /// `also_green`: verdicts that count as green here.
    pub also_green: Vec<AlsoGreen>,
    /// `health`: where it is asked, after a deploy, whether it works.
    pub health: Option<HealthCheck>,
}

/// What may count as green, where relwf.toml says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlsoGreen {
    /// Checks that did not run.
    Skipped,
    /// Checks that ran and took no side.
    Neutral,
}

impl Words for AlsoGreen {
    const WORDS: &'static [(&'static str, Self)] = &[("skipped", Self::Skipped), ("neutral", Self::Neutral)];
}

/// `health` of an environment: a URL, or `{ url, version }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthCheck {
    /// The URL; it must answer with a status of 200 to 299.
    pub url: String,
    /// The pattern whose first group finds the id of the commit that runs there, or its beginning; it compiles.
    pub version: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ForgeConfig {
    /// `kind`; default: from the remote's URL.
    pub kind: Option<ForgeKind>,
    pub api: Option<String>,
    /// `poll`: how often it is asked for what is waited for.
    pub poll: Option<HumanDuration>,
    /// `timeout`: how long one request may take.
    pub timeout: Option<HumanDuration>,
    /// `prefix`: what the branches begin with that changes are proposed from.
    pub prefix: Option<String>,
}

/// What holds where relwf.toml has no such key. A test compares the reference with it.
impl ForgeConfig {
    /// How often it is asked for what is waited for.
    pub fn poll(&self) -> HumanDuration {
        self.poll.unwrap_or(HumanDuration::new(Duration::from_secs(5)))
    }

    /// How long one request may take.
    pub fn timeout(&self) -> HumanDuration {
        self.timeout.unwrap_or(HumanDuration::new(Duration::from_secs(60)))
    }

    /// What the branches begin with that changes are proposed from.
    pub fn prefix(&self) -> &str {
        self.prefix.as_deref().unwrap_or("relwf/promote/")
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ForgeKind {
    /// GitHub and GitHub Enterprise.
    Github,
    Gitlab,
    /// Forgejo and Gitea.
    Forgejo,
    /// None: changes and verdicts live in the git repository.
    Local,
}

impl ForgeKind {
    /// As `kind` has it, also in messages.
    pub fn word(self) -> &'static str {
        Words::word(self)
    }
}

impl Words for ForgeKind {
    const WORDS: &'static [(&'static str, Self)] =
        &[("github", Self::Github), ("gitlab", Self::Gitlab), ("forgejo", Self::Forgejo), ("local", Self::Local)];
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CiConfig {
    /// `kind`; default: `command` when there is a `command`, else none.
    pub kind: Option<CiKind>,
    pub api: Option<String>,
    /// `command`: run in a checkout of the commit; `${event}` is replaced; exit 0 is green.
    pub command: Vec<String>,
    /// `checkout`: what the command's checkout has.
    pub checkout: CheckoutOptions,
    /// `reports`: the checks beside relwf's own for which the command speaks.
    pub reports: Vec<String>,
    /// `env`: variables that the command gets although they look like credentials.
    pub env: Vec<String>,
    /// `timeout`: how long one build may take.
    pub timeout: Option<HumanDuration>,
    /// `silence`: how long nothing may report on a landed commit before it counts as unwatched.
    pub silence: Option<HumanDuration>,
    /// `workflow`: the file of `.github/workflows` that counts. Default: all of them.
    pub workflow: Option<String>,
}

/// What holds where relwf.toml has no such key. A test compares the reference with it.
impl CiConfig {
    /// What builds and tests commits; `None` without a CI.
    pub fn kind(&self) -> Option<CiKind> {
        self.kind.or((!self.command.is_empty()).then_some(CiKind::Command))
    }

    /// How long one build may take.
    pub fn timeout(&self) -> HumanDuration {
        self.timeout.unwrap_or(HumanDuration::new(Duration::from_secs(3600)))
    }

    /// How long nothing may report on a landed commit before it counts as unwatched.
    pub fn silence(&self) -> HumanDuration {
        self.silence.unwrap_or(HumanDuration::new(Duration::from_secs(60)))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CiKind {
    /// Travis v3.
    Travis,
    /// GitHub Actions.
    Actions,
    /// GitLab pipelines.
    Gitlab,
    /// Whatever reports statuses to the forge.
    Status,
    /// A command on this machine.
    Command,
}

impl CiKind {
    /// As `kind` has it, also in messages.
    pub fn word(self) -> &'static str {
        Words::word(self)
    }
}

impl Words for CiKind {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("travis", Self::Travis),
        ("actions", Self::Actions),
        ("gitlab", Self::Gitlab),
        ("status", Self::Status),
        ("command", Self::Command),
    ];
}

/// `[release]`.
#[derive(Debug, Clone)]
pub struct ReleaseConfig {
    /// How the tags are called.
    pub tag: TagPattern,
    /// What lands on it is a release.
    pub branch: BranchName,
}

/// `[fleet]`, with the targets of its `file` already read.
#[derive(Debug, Clone, PartialEq)]
pub struct FleetConfig {
    /// The component that runs at the customers.
    pub component: ComponentName,
    /// What targets report.
    pub report: Option<FleetReport>,
    /// The targets, in order.
    pub targets: Vec<FleetTarget>,
    /// Variables that their commands get although they look like credentials.
    pub env: Vec<String>,
}

/// What a target reports of what it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FleetReport {
    /// The published version.
    Version,
    /// The exact revision.
    Revision,
}

impl Words for FleetReport {
    const WORDS: &'static [(&'static str, Self)] = &[("version", Self::Version), ("revision", Self::Revision)];
}

/// One customer's agent.
#[derive(Debug, Clone, PartialEq)]
pub struct FleetTarget {
    /// Its id; unique.
    pub id: String,
    /// Its ring, e.g. `canary`; waves follow the order in which rings first appear.
    pub ring: String,
    /// Free labels.
    pub labels: BTreeMap<String, String>,
    /// How its version is observed.
    pub observe: Option<Observe>,
    /// How it is updated.
    pub update: Option<FleetCommand>,
}

/// How a target's version is observed.
#[derive(Debug, Clone, PartialEq)]
pub enum Observe {
    /// Standard output, trimmed.
    Command(Vec<String>),
    /// The value at a dotted key of a JSON answer.
    Json {
        /// The URL.
        http: String,
        /// The key, e.g. `agent.version`.
        key: String,
    },
    /// The first group of a pattern in an answer.
    Regex {
        /// The URL.
        http: String,
        /// The pattern; it compiles.
        pattern: String,
    },
}

/// How a target is updated.
#[derive(Debug, Clone, PartialEq)]
pub enum FleetCommand {
    /// A program with RELWF_TARGET, RELWF_FROM, RELWF_TO, RELWF_REVISION and RELWF_KEY in its environment.
    Command(Vec<String>),
    /// A build that is asked for through the CI's API, with the same four variables and these in its environment.
    Ci {
        /// Further variables.
        env: BTreeMap<String, String>,
    },
}

/// The event of a build that updates a target: updates are asked for through the API; other events come from git or the
/// clock.
#[derive(Debug, Clone, Copy)]
pub(super) struct UpdateEvent;

impl Words for UpdateEvent {
    const WORDS: &'static [(&'static str, Self)] = &[("api", Self)];
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ShConfig {
    /// `allow`: programs (first word of argv) that `sh::run` may start. Nothing is allowed by default.
    pub allow: Vec<String>,
    /// `env`: variables that they get although they look like credentials.
    pub env: Vec<String>,
}

/// `[secrets]`: where a secret comes from; never the secret itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// `{ env = "NAME" }`.
    Env(String),
    /// `{ command = [...] }`: its standard output, trimmed.
    Command(Vec<String>),
    /// `{ file = "path" }`.
    File(PathBuf),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::keys;
    use crate::document::{Absent, KeyDoc};

    #[test]
    fn the_reference_states_the_defaults_that_hold() {
        let stated = |keys: &[KeyDoc], name: &str| match keys.iter().find(|key| key.name == name).map(|key| key.absent)
        {
            Some(Absent::Default(text)) => text.trim_matches('`').to_owned(),
            other => panic!("{name}: {other:?}"),
        };
        let (forge, ci) = (ForgeConfig::default(), CiConfig::default());
        assert_eq!(stated(keys::forge::KEYS, "poll"), forge.poll().to_string());
        assert_eq!(stated(keys::forge::KEYS, "timeout"), forge.timeout().to_string());
        assert_eq!(stated(keys::forge::KEYS, "prefix"), forge.prefix());
        assert_eq!(stated(keys::ci::KEYS, "timeout"), ci.timeout().to_string());
        assert_eq!(stated(keys::ci::KEYS, "silence"), ci.silence().to_string());
    }
}
