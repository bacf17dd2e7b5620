//! The sections of relwf.toml but for components and fleet.

use super::keys::{self, ci as ci_keys, environment as key, forge as forge_keys};
use super::{CiConfig, CiKind, Environment, ForgeConfig, HealthCheck, SecretSource, ShConfig};
use crate::document::{At, DocumentFile, Node, NodeKind, Table, suggestion};
use crate::model::{BranchName, CheckoutOptions, CiEvent, DEPLOYMENT};
use std::collections::BTreeMap;
use std::path::PathBuf;

pub(super) fn environment(mut table: Table<'_, '_>) -> Option<Environment> {
    let name = table.owned(key::NAME);
    let branch = table.parsed(key::BRANCH);
    let url = table.owned(key::URL);
    let checks = table.texts(key::CHECKS);
    let deployed_by = table.texts(key::DEPLOYED_BY);
    for check in checks.iter().filter(|check| check.text.starts_with(DEPLOYMENT)) {
        let hint = "name it in `deployed_by`: deployments follow a landing".to_owned();
        table.source.wrong(check.at, "a deployment cannot be green before a commit lands", hint);
    }
    for name in &deployed_by {
        if name.text == DEPLOYMENT {
            let hint = "write deployment/ENVIRONMENT".to_owned();
            table.source.wrong(name.at, "a deployment to which environment?", hint);
        } else if CiEvent::of_own_check(name.text).is_some_and(|event| event != CiEvent::Push) {
            let hint = "of what has landed the command of [ci] reports `relwf/push`".to_owned();
            table.source.wrong(name.at, format!("nothing reports `{}` on what has landed", name.text), hint);
        }
    }
    let of_relwf = |text: &str| text.starts_with("relwf/") && CiEvent::of_own_check(text).is_none();
    for check in checks.iter().chain(&deployed_by).filter(|check| of_relwf(check.text)) {
        let hint = suggestion(check.text, &CiEvent::ALL.map(CiEvent::own_check), "the command of [ci] reports");
        table.source.wrong(check.at, format!("nothing reports a check called `{}`", check.text), hint);
    }
    let checks = checks.into_iter().map(|check| check.text.to_owned()).collect();
    let deployed_by = deployed_by.into_iter().map(|context| context.text.to_owned()).collect();
    let also_green = table.words(key::ALSO_GREEN);
    let health = health(&mut table);
    table.finish();
    Some(Environment { name: name?, branch: branch?, url, checks, deployed_by, also_green, health })
}

/// `health = "https://…"`, or `health = { url = "https://…", version = '…' }`.
fn health(environment: &mut Table<'_, '_>) -> Option<HealthCheck> {
    match environment.value(key::HEALTH)?.kind {
        NodeKind::Map(_) => {
            let mut table = environment.table_of(key::HEALTH, "`health`")?;
            let url = table.url(keys::health::URL);
            let version = table.pattern(keys::health::VERSION).map(|pattern| pattern.to_string());
            table.finish();
            Some(HealthCheck { url: url?, version })
        }
        _ => Some(HealthCheck { url: environment.url_of(key::HEALTH)?, version: None }),
    }
}

/// `[process]`: the branch that publishes it.
pub(super) fn process(mut table: Table<'_, '_>) -> Option<BranchName> {
    let branch = table.parsed(keys::process::BRANCH);
    table.finish();
    branch
}

/// `[repo]`: its URL.
pub(super) fn repo(mut table: Table<'_, '_>) -> Option<String> {
    let url = table.owned(keys::repo::URL);
    table.finish();
    url
}

pub(super) fn forge(mut table: Table<'_, '_>) -> ForgeConfig {
    let prefix = table.text(forge_keys::PREFIX).filter(|prefix| {
        let hint = || "write it like `relwf/promote/`".to_owned();
        let message = if format!("{}x", prefix.text).parse::<BranchName>().is_err() {
            format!("no branch can begin with `{}`", prefix.text)
        } else if !prefix.text.ends_with('/') {
            format!("`prefix` must end with `/`: `{}` may begin other branches too", prefix.text)
        } else {
            return true;
        };
        table.source.wrong(prefix.at, message, hint());
        false
    });
    let forge = ForgeConfig {
        kind: table.word(forge_keys::KIND),
        api: table.url(forge_keys::API),
        poll: table.duration(forge_keys::POLL),
        timeout: table.duration(forge_keys::TIMEOUT),
        prefix: prefix.map(|prefix| prefix.text.to_owned()),
    };
    table.finish();
    forge
}

/// A key of `[ci]` that stands beside a `kind` which does not read it.
fn only_with(table: &Table<'_, '_>, at: At, key: &str, kind: CiKind) {
    let kind = kind.word();
    let hint = format!("delete `{key}`, or set `kind = \"{kind}\"`");
    table.source.wrong(at, format!("`{key}` goes with `kind = \"{kind}\"` only"), hint);
}

pub(super) fn ci(mut table: Table<'_, '_>) -> CiConfig {
    let kind = table.word(ci_keys::KIND);
    let there = table.value(ci_keys::COMMAND);
    let command = table.argv(ci_keys::COMMAND).unwrap_or_default();
    match (kind, there) {
        (Some(CiKind::Command), None) => table.wrong(
            format!("`kind` is `{}`, but `{}` is missing", CiKind::Command.word(), ci_keys::COMMAND.name()),
            "say what to run, like `command = [\"make\", \"travis_${event}\"]`".to_owned(),
        ),
        (Some(kind), Some(command)) if kind != CiKind::Command => {
            only_with(&table, command.at, ci_keys::COMMAND.name(), CiKind::Command);
        }
        _ => {}
    }
    let workflow = table.text(ci_keys::WORKFLOW);
    if let Some(workflow) = workflow.as_ref().filter(|_| kind != Some(CiKind::Actions)) {
        only_with(&table, workflow.at, ci_keys::WORKFLOW.name(), CiKind::Actions);
    }
    let silence = table.duration(ci_keys::SILENCE);
    if let Some(silence) = table.value(ci_keys::SILENCE).filter(|_| kind != Some(CiKind::Status)) {
        only_with(&table, silence.at, ci_keys::SILENCE.name(), CiKind::Status);
    }
    let reports = table.texts(ci_keys::REPORTS);
    if let Some(first) = reports.first().filter(|_| command.is_empty()) {
        only_with(&table, first.at, ci_keys::REPORTS.name(), CiKind::Command);
    }
    let there = table.value(ci_keys::CHECKOUT).filter(|_| command.is_empty());
    if let Some(there) = there {
        only_with(&table, there.at, ci_keys::CHECKOUT.name(), CiKind::Command);
    }
    let ci = CiConfig {
        kind,
        checkout: table.table(ci_keys::CHECKOUT, "`checkout`").map(checkout).unwrap_or_default(),
        reports: reports.into_iter().map(|context| context.text.to_owned()).collect(),
        env: table.texts(ci_keys::ENV).into_iter().map(|name| name.text.to_owned()).collect(),
        silence,
        api: table.url(ci_keys::API),
        command,
        timeout: table.duration(ci_keys::TIMEOUT),
        workflow: workflow.map(|file| file.text.to_owned()),
    };
    table.finish();
    ci
}

fn checkout(mut table: Table<'_, '_>) -> CheckoutOptions {
    let submodules = table.value(keys::ci_checkout::SUBMODULES).is_none() || table.flag(keys::ci_checkout::SUBMODULES);
    let lfs = table.flag(keys::ci_checkout::LFS);
    table.finish();
    CheckoutOptions { submodules, lfs }
}

pub(super) fn sh(mut table: Table<'_, '_>) -> ShConfig {
    let allow = table.texts(keys::sh::ALLOW).into_iter().map(|program| program.text.to_owned()).collect();
    let env = table.texts(keys::sh::ENV).into_iter().map(|name| name.text.to_owned()).collect();
    table.finish();
    ShConfig { allow, env }
}

pub(super) fn secrets(node: &Node, source: &DocumentFile<'_>) -> BTreeMap<String, SecretSource> {
    let mut secrets = BTreeMap::new();
    if !matches!(node.kind, NodeKind::Map(_)) {
        source.wrong(node.at, format!("[secrets] is {}, not a table", node.what()), None);
    }
    for entry in node.entries() {
        let name = format!("[secrets] `{}`", entry.key);
        if let Some(secret) = Table::new(&entry.value, name, source).and_then(secret) {
            secrets.insert(entry.key.clone(), secret);
        }
    }
    secrets
}

fn secret(mut table: Table<'_, '_>) -> Option<SecretSource> {
    use keys::secret::{COMMAND, ENV, FILE};
    let env = table.owned(ENV).map(SecretSource::Env);
    let command = table.argv(COMMAND).map(SecretSource::Command);
    let file = table.local_path(FILE).map(|file| SecretSource::File(PathBuf::from(file.text)));
    let given = [table.value(ENV), table.value(COMMAND), table.value(FILE)].into_iter().flatten().count();
    if given != 1 {
        let hint =
            "write one of `{ env = \"NAME\" }`, `{ command = [\"pass\", \"show\", \"x\"] }`, `{ file = \"path\" }`";
        table.wrong("it needs exactly one of `env`, `command`, `file`", hint.to_owned());
    }
    table.finish();
    env.or(command).or(file)
}
