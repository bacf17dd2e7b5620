//! `doctor --live`: asks forge and CI, read-only, whether a promotion could land.

use super::finding::Finding;
use crate::app::project::Project;
use crate::app::wiring::ProjectServices;
use crate::ci::{BuildQuery, Ci};
use crate::config::Environment;
use crate::effects::{LandingMethod, landing_method_by, linear, uncertain, unsigned};
use crate::forge::{BranchRules, LandingObstacle};
use crate::git::Signing;
use crate::model::{BranchName, Failure, TaskContext};
use crate::policy::{self, LandsAfter};

/// Each environment's branch on the forge, of those `environments` whose branch is there; and the CI.
pub(super) fn live(
    project: &Project,
    parts: &ProjectServices,
    environments: &[&Environment],
    task: TaskContext<'_>,
    findings: &mut Vec<Finding>,
) {
    for environment in environments {
        let found = on_branch(project, parts, environment, task);
        findings.extend(found.unwrap_or_else(|failure| vec![Finding::of("landing", Err(failure))]));
    }
    let (Some(ci), Some(kind)) = (&parts.ci, project.config.ci.kind()) else { return };
    let kind = kind.word();
    let query = BuildQuery { branch: environments.first().map(|first| first.branch.clone()), ..BuildQuery::default() };
    findings.push(Finding::of(
        "builds",
        match ci.builds(&query, task) {
            Ok(builds) => Ok(match builds.first().and_then(|newest| newest.url.clone()) {
                Some(url) => format!("read with `{kind}`; the newest is {url}"),
                None => format!("read with `{kind}`; there are none yet"),
            }),
            Err(error) => Err(Failure::from(error)),
        },
    ));
    // <https://docs.github.com/actions/security-guides/automatic-token-authentication>
    let source = |host: &str| project.remote().ok().and_then(|remote| remote.credentials.source(host));
    let ambient = |host: &str| source(host).is_some_and(|source| source.0 == "GITHUB_TOKEN");
    if (project.invocation.env)("GITHUB_ACTIONS").is_some() && ambient("github.com") {
        findings.push(Finding::warning(
            "token",
            "it is the one that Actions gives to every job: what it pushes starts no workflow, so nothing would be deployed",
            "use a token of a GitHub App or of an account in GITHUB_ACCESS_TOKEN",
        ));
    }
}

/// What may stop a landing on an environment's branch, and how one would go.
fn on_branch(
    project: &Project,
    parts: &ProjectServices,
    environment: &Environment,
    task: TaskContext<'_>,
) -> Result<Vec<Finding>, Failure> {
    let rules = parts.forge.rules(&environment.branch, task)?;
    let mut findings = in_the_way(project, &rules, &environment.branch)?;
    findings.push(landing(parts, environment, &rules, task)?);
    Ok(findings)
}

/// What may stop a landing on a branch, beside what certainly does.
fn in_the_way(project: &Project, rules: &BranchRules, branch: &BranchName) -> Result<Vec<Finding>, Failure> {
    let variable = |name: &str| (project.invocation.env)(name);
    let signs = Signing::find(&variable, Some(&project.config.root)).map_err(Failure::from)?.is_some();
    let finding = |obstacle: &LandingObstacle| match obstacle {
        LandingObstacle::LinearHistory => Some(Finding::bad("landing", linear(branch))),
        LandingObstacle::Signatures if !signs => Some(Finding::bad("landing", unsigned(branch))),
        other => uncertain(other, branch)
            .map(|note| Finding::warning("landing", note, "a run says so, too, before it proposes anything")),
    };
    Ok(rules.obstacles.iter().filter_map(finding).collect())
}

/// How a promotion would land on an environment's branch.
fn landing(
    parts: &ProjectServices,
    environment: &Environment,
    rules: &BranchRules,
    task: TaskContext<'_>,
) -> Result<Finding, Failure> {
    let branch = &environment.branch;
    let way = match (landing_method_by(&*parts.forge, rules, branch)?, rules.approvals) {
        (LandingMethod::Push, _) => "by a leased push".to_owned(),
        (LandingMethod::Forge, 0) => "by the forge's own merge".to_owned(),
        (LandingMethod::Forge, some) => format!("by the forge's own merge, which waits for approvals ({some})"),
    };
    if let Some(tip) = parts.forge.branch(branch, task)? {
        for name in policy::deployments(Some(environment)) {
            parts.forge.deployment(tip, name, task)?;
        }
    }
    let required = policy::required_to_land(Some(environment), rules);
    let after = match LandsAfter::of(required, parts.ci.as_deref().map(Ci::start)) {
        LandsAfter::Checks(checks) => checks.join(", "),
        LandsAfter::OwnBuild => "the command of [ci]".to_owned(),
        LandsAfter::Nothing => {
            let hint = format!("name them in `checks` of the environment `{}`", environment.name);
            return Ok(Finding::warning("landing", format!("on {branch}: {way}, no checks required"), hint));
        }
    };
    Ok(Finding::good("landing", format!("on {branch}: {way}, after {after}")))
}
