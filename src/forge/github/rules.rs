//! What GitHub's rulesets and classic protections demand of a branch, as far as it is needed, and what they hold against a landing.

use super::answers::Commit;
use crate::forge::{BranchRules, LandingObstacle, PatternOf, TextPattern};
use serde::Deserialize;
use serde_json::Value;
use std::fmt;

#[derive(Deserialize)]
pub(super) struct Branch {
    pub(super) commit: Commit,
    #[serde(default)]
    protection: Value,
}

impl Branch {
    /// Is there a classic protection?
    pub(super) fn is_protected(&self) -> bool {
        self.protection["enabled"] == true
    }

    /// What classic protection demands, as any login may read it; answers the checks that only one app may give.
    pub(super) fn add_to(&self, rules: &mut BranchRules) -> Vec<AppCheck> {
        let required = &self.protection["required_status_checks"];
        if required["enforcement_level"] == "off" {
            return Vec::new();
        }
        let bound = AppCheck::all(&required["checks"], "app_id");
        let contexts = required["contexts"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let anyone = contexts.filter(|context| bound.iter().all(|check| check.context != *context));
        rules.required.extend(anyone.map(str::to_owned).chain(bound.iter().map(AppCheck::to_string)));
        bound
    }
}

/// A required check that counts from one app alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AppCheck {
    context: String,
    app: u64,
}

impl AppCheck {
    /// Those of a list of required checks that are bound to an app; -1 and null bind to none.
    fn all(checks: &Value, key: &str) -> Vec<Self> {
        let checks = checks.as_array().into_iter().flatten();
        checks
            .filter_map(|check| {
                Some(Self { context: check["context"].as_str()?.to_owned(), app: check[key].as_u64()? })
            })
            .collect()
    }

    /// Did this app give this verdict?
    pub(super) fn is(&self, context: &str, app: Option<u64>) -> bool {
        self.context == context && app == Some(self.app)
    }
}

/// What such a check is called: another app's check of the same name is another one.
impl fmt::Display for AppCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (app {})", self.context, self.app)
    }
}

/// One rule of a ruleset (<https://docs.github.com/rest/repos/rules>).
#[derive(Deserialize)]
pub(super) struct Rule {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    parameters: Value,
    /// The ruleset that it is of.
    pub(super) ruleset_id: Option<u64>,
}

/// A ruleset (<https://docs.github.com/rest/repos/rules>).
#[derive(Deserialize)]
pub(super) struct Ruleset {
    current_user_can_bypass: Option<String>,
}

impl Ruleset {
    /// Does it not bind this login?
    pub(super) fn is_bypassed(&self) -> bool {
        matches!(self.current_user_can_bypass.as_deref(), Some("always" | "exempt"))
    }
}

/// A classic protection as administrators may read it (<https://docs.github.com/rest/branches/branch-protection>).
#[derive(Deserialize)]
pub(super) struct ClassicProtection {
    #[serde(default)]
    required_linear_history: Switch,
    #[serde(default)]
    required_signatures: Switch,
    #[serde(default)]
    lock_branch: Switch,
    /// Does it bind administrators, too?
    #[serde(default)]
    enforce_admins: Switch,
    required_pull_request_reviews: Option<Reviews>,
}

#[derive(Default, Deserialize)]
struct Switch {
    #[serde(default)]
    enabled: bool,
}

#[derive(Deserialize)]
struct Reviews {
    #[serde(default)]
    required_approving_review_count: u64,
}

impl ClassicProtection {
    /// Adds what binds this login.
    pub(super) fn add_to(&self, rules: &mut BranchRules, is_admin: bool) {
        if is_admin && !self.enforce_admins.enabled {
            return;
        }
        let switches = [
            (&self.lock_branch, LandingObstacle::Locked),
            (&self.required_linear_history, LandingObstacle::LinearHistory),
            (&self.required_signatures, LandingObstacle::Signatures),
        ];
        rules.obstacles.extend(switches.into_iter().filter(|(switch, _)| switch.enabled).map(|(_, obstacle)| obstacle));
        if let Some(reviews) = &self.required_pull_request_reviews {
            rules.direct_push = Some(false);
            rules.approvals = rules.approvals.max(reviews.required_approving_review_count);
        }
    }
}

impl Rule {
    /// What it holds against a landing, where it is of such a kind.
    pub(super) fn obstacle(&self) -> Option<LandingObstacle> {
        let pattern = |of| {
            let wanted = TextPattern::deserialize(&self.parameters).ok()?;
            Some(LandingObstacle::Pattern { of, wanted })
        };
        match self.kind.as_str() {
            "required_linear_history" => Some(LandingObstacle::LinearHistory),
            "required_signatures" => Some(LandingObstacle::Signatures),
            "commit_message_pattern" => pattern(PatternOf::Message),
            "commit_author_email_pattern" => pattern(PatternOf::AuthorEmail),
            "committer_email_pattern" => pattern(PatternOf::CommitterEmail),
            "required_deployments" => {
                let names = self.parameters["required_deployment_environments"].as_array()?;
                Some(LandingObstacle::Deployments(names.iter().filter_map(Value::as_str).map(str::to_owned).collect()))
            }
            _ => None,
        }
    }

    /// Adds what it demands; answers the checks that only one app may give.
    pub(super) fn add_to(&self, rules: &mut BranchRules) -> Vec<AppCheck> {
        match self.kind.as_str() {
            "required_status_checks" => {
                let required = &self.parameters["required_status_checks"];
                let bound = AppCheck::all(required, "integration_id");
                let anyone = required
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter(|check| check["integration_id"].as_u64().is_none());
                rules.required.extend(anyone.filter_map(|check| check["context"].as_str()).map(str::to_owned));
                rules.required.extend(bound.iter().map(AppCheck::to_string));
                return bound;
            }
            "pull_request" => {
                rules.direct_push = Some(false);
                let approvals = self.parameters["required_approving_review_count"].as_u64().unwrap_or(0);
                rules.approvals = rules.approvals.max(approvals);
                if let Some(methods) = self.parameters["allowed_merge_methods"].as_array()
                    && !methods.iter().any(|method| method == "merge")
                {
                    rules.merge_commits = Some(false);
                }
            }
            "update" => rules.direct_push = Some(false),
            "merge_queue" => {
                rules.direct_push = Some(false);
                rules.queue = true;
            }
            _ => {}
        }
        Vec::new()
    }
}
