//! `relwf doctor`: checks what a run needs, changes nothing; each finding has its remedy.

pub mod finding;
mod live;

use super::check::check;
use super::component_findings::component_findings;
use super::invocation::Invocation;
use super::project::Project;
use super::remote::{Remote, variables};
use super::run_name::run_name_finding;
use super::run_process::local_origin;
use crate::config::{CiKind, Environment, ForgeKind};
use crate::git::{self, Credentials, Identity, Keep, Mirror, RemoteUrl, Signing};
use crate::journal::inspect;
use crate::model::{Failure, FailureKind, HttpUrl, TaskContext};
use crate::network::{Route, Trust};
use finding::{Finding, Health};
use serde::Serialize;
use std::path::Path;
use std::sync::Arc;

/// Everything that was looked at.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Diagnosis {
    /// Would nothing stop a run?
    pub ok: bool,
    /// One by one.
    pub findings: Vec<Finding>,
}

/// Are forge and CI checked too?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LiveChecks {
    /// They are, by requests that only read.
    Yes,
    /// Only the remote is.
    No,
}

/// Looks at everything that a run needs.
pub fn doctor(invocation: &Invocation, live: LiveChecks, task: TaskContext<'_>) -> Diagnosis {
    let mut findings = vec![git_program()];
    let state = invocation.state_dir().and_then(|folder| {
        let shown = writable(&folder)?;
        inspect(&folder)?;
        Ok(shown)
    });
    findings.push(Finding::of("state", state));
    findings.push(Finding::of("cache", invocation.cache_dir().and_then(|folder| writable(&folder))));
    match Project::open(invocation) {
        Ok(project) => of_project(&project, live, task, &mut findings),
        Err(failure) => findings.push(Finding::bad("config", failure)),
    }
    Diagnosis { ok: findings.iter().all(|finding| finding.health != Health::Bad), findings }
}

fn of_project(project: &Project, live: LiveChecks, task: TaskContext<'_>, findings: &mut Vec<Finding>) {
    findings.push(match &project.config.file {
        Some(file) => Finding::good("config", file.display().to_string()),
        None => Finding::warning(
            "config",
            "no relwf.toml here: previews use the defaults, and a run needs a published one",
            "`relwf init` writes one for this repository",
        ),
    });
    let environment = |name: &str| (project.invocation.env)(name);
    let committer = Identity::find(&environment, Some(&project.config.root))
        .map(|who| format!("{} <{}>", who.committer.0, who.committer.1))
        .map_err(Failure::from);
    let name = committer.clone().unwrap_or_default();
    findings.push(Finding::of("identity", committer));
    let signing = Signing::find(&environment, Some(&project.config.root)).map_err(Failure::from);
    let signing = signing.and_then(|found| {
        found.map(|how| how.ready().and_then(|()| how.has_key(&name, task)).map(|()| how.shown())).transpose()
    });
    findings.extend(signing.transpose().map(|found| Finding::of("signing", found)));
    findings.push(Finding::of(
        "workflows",
        check(project, &[]).and_then(|checked| match checked.findings.first() {
            None => Ok(format!("{} workflows, {} plugins", checked.workflows.len(), checked.plugins.len())),
            Some(first) => {
                let more = checked.findings.len();
                let failure =
                    Failure { message: format!("{} ({more} in all)", first.failure.message), ..first.failure.clone() };
                Err(failure.hint("`relwf check` shows them"))
            }
        }),
    ));
    remote(project, live, task, findings);
}

/// The remote's references, read now; its branches; where the credentials come from; forge and CI.
fn remote(project: &Project, live: LiveChecks, task: TaskContext<'_>, findings: &mut Vec<Finding>) {
    if let Ok(remote) = project.remote() {
        tokens(project, remote, findings);
    }
    let opened = project.remote().and_then(|remote| {
        way(remote.url.route(), findings);
        let credentials = Arc::clone(&remote.credentials);
        let mirror = Mirror::open(&project.invocation.cache_dir()?, &remote.url, credentials, Keep::No, task)?;
        let refs = mirror.remote_refs(task)?;
        Ok((remote, mirror, refs))
    });
    let (remote, mirror, refs) = match opened {
        Ok(opened) => opened,
        Err(failure) => return findings.push(Finding::bad("remote", failure)),
    };
    let count = refs.keys().filter(|name| name.branch().is_some()).count();
    let name =
        remote.name.as_ref().filter(|name| *name != "origin").map(|name| format!(" ({name})")).unwrap_or_default();
    let pushes = remote.url.push().map(|push| format!(", pushed to by {push}")).unwrap_or_default();
    findings.push(Finding::good("remote", format!("{}{name}, {count} branches{pushes}", remote.url)));
    findings.extend(login(&remote.url, &remote.credentials, variables(remote.forge, remote.url.host())));
    let mut there = Vec::new();
    for environment in &project.config.environments {
        if refs.contains_key(&environment.branch.to_ref()) {
            there.push(environment);
        } else {
            findings.push(Finding::bad(
                "environment",
                Failure::new(
                    FailureKind::NotFound,
                    format!(
                        "`{}` wants the branch `{}`, which the remote does not have",
                        environment.name, environment.branch
                    ),
                )
                .hint("correct `branch` in relwf.toml, or push the branch"),
            ));
        }
    }
    match project.mirror(Keep::No, task) {
        Ok(fetched) => contents(project, &fetched, &there, findings),
        Err(failure) => findings.push(Finding::bad("components", failure)),
    }
    match super::wiring::parts(project, Arc::new(mirror)) {
        Ok(parts) => {
            findings.push(Finding::good("forge", remote.forge.word()));
            findings.push(match project.config.ci.kind() {
                Some(CiKind::Status) => Finding::good("ci", "status: whatever reports to the forge"),
                Some(kind) => Finding::good("ci", kind.word()),
                None => Finding::warning("ci", "no [ci]: merges land untested", "add a [ci] section to relwf.toml"),
            });
            if live == LiveChecks::Yes {
                live::live(project, &parts, &there, task, findings);
            }
        }
        Err(failure) => findings.push(Finding::bad("forge", failure)),
    }
}

/// What the remote has: the process that counts, the workflow that is dispatched, every component on the branch of every environment.
fn contents(project: &Project, mirror: &Mirror, there: &[&Environment], findings: &mut Vec<Finding>) {
    match local_origin(project, mirror) {
        Ok(Some(origin)) => {
            let hint = "commit and push them where they are to count; a run stops at that, or takes `--process`";
            findings.push(Finding::warning("process", origin.text(), hint));
        }
        Ok(None) => {}
        Err(failure) => findings.push(Finding::bad("process", failure)),
    }
    match run_name_finding(project, mirror) {
        Ok(found) => findings.extend(found.map(|failure| Finding::odd("ci", failure))),
        Err(failure) => findings.push(Finding::bad("ci", failure)),
    }
    if project.config.components.is_empty() || there.is_empty() {
        return;
    }
    match component_findings(project, mirror, there) {
        Ok(found) => {
            // What some branch has may be on its way to the others: `check --live` names it.
            let certain: Vec<_> = found.into_iter().filter(|finding| finding.certain).collect();
            if certain.is_empty() {
                let count = project.config.components.len();
                findings.push(Finding::good("components", format!("{count}, each found on an environment's branch")));
            }
            findings.extend(certain.into_iter().map(|finding| match finding.failure.kind {
                FailureKind::NotFound => Finding::odd("component", finding.failure),
                _ => Finding::bad("component", finding.failure),
            }));
        }
        Err(failure) => findings.push(Finding::bad("components", failure)),
    }
}

/// Where the remote's credentials come from: tokens are looked up, keys are those of the connection that was just made.
fn login(url: &RemoteUrl, credentials: &Credentials, variables: &[&str]) -> Option<Finding> {
    let host = url.host()?;
    let source = if url.is_http() { credentials.source_for(url) } else { credentials.used(url) };
    match source {
        Some(source) => Some(Finding::good("credentials", format!("for {host}: {}", source.0))),
        None if url.is_http() => Some(Finding::warning(
            "credentials",
            format!("none for {host}: reading works, pushing will not"),
            format!("set {}, or set up `gh auth login` (GitHub) or a git credential helper", variables.join(" or ")),
        )),
        None => None,
    }
}

/// Where the tokens for the forge's API and the CI come from, where these are on other hosts than the remote.
fn tokens(project: &Project, remote: &Remote, findings: &mut Vec<Finding>) {
    let Remote { url, forge: kind, api, credentials, name: _ } = remote;
    let api = api.as_deref().ok().and_then(HttpUrl::parse);
    if let Some(host) = api.as_ref().map(HttpUrl::host)
        && *kind != ForgeKind::Local
        && !(url.is_http() && url.host() == Some(host))
    {
        findings.push(match credentials.source(host) {
            Some(source) => Finding::good("token", format!("for {host}: {}", source.0)),
            None => Finding::warning(
                "token",
                format!("none for {host}: nothing can be proposed there"),
                format!("set {}", variables(*kind, Some(host)).join(" or ")),
            ),
        });
    }
    if project.config.ci.kind == Some(CiKind::Travis) {
        let token = (project.invocation.env)("TRAVIS_TOKEN").filter(|token| !token.is_empty());
        findings.push(match token {
            Some(_) => Finding::good("token", "for Travis: TRAVIS_TOKEN"),
            None => Finding::warning(
                "token",
                "none for Travis: only public builds can be read, and none can be started",
                "set TRAVIS_TOKEN",
            ),
        });
    }
}

/// What lies between here and the remote.
fn way(route: &Route, findings: &mut Vec<Finding>) {
    if let Some(proxy) = &route.proxy {
        findings.push(Finding::good("proxy", format!("{} ({})", proxy.shown(), proxy.source)));
    }
    if let Trust::File { path, source } = &route.trust {
        findings.push(Finding::good("trust", format!("only the certificates in {} ({source})", path.display())));
    }
}

/// git itself is not needed for a run; merges are cross-checked with it.
fn git_program() -> Finding {
    match git::git_version() {
        Some(version) => Finding::good("git", version),
        None => Finding::warning(
            "git",
            "not on PATH",
            "relwf works without it; credential helpers and cross-checks need it",
        ),
    }
}

/// Can a file be made there?
fn writable(folder: &Path) -> Result<String, Failure> {
    std::fs::create_dir_all(folder)
        .and_then(|()| tempfile::tempfile_in(folder).map(drop))
        .map(|()| folder.display().to_string())
        .map_err(|error| {
            Failure::new(FailureKind::Io, format!("{} cannot be written", folder.display()))
                .cause(error)
                .hint("correct its rights, or name another folder with RELWF_STATE_DIR or RELWF_CACHE_DIR")
        })
}
