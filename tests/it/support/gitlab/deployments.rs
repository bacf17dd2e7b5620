//! Deployments to environments, as jobs and outside tools make them.

use super::{Ask, Lab, list, missing, refused};
use crate::support::github::now;
use crate::support::wire::Answer;
use serde_json::{Value, json};

/// A deployment.
#[derive(Debug, Clone)]
pub struct Deployment {
    pub id: u64,
    pub environment: String,
    pub commit: String,
    /// `created`, `running`, `success`, `failed`, `canceled`, `blocked`.
    pub status: String,
    pub at: String,
}

impl Lab {
    fn deployment_body(&self, ask: &Ask<'_>, deployment: &Deployment) -> Value {
        let job = format!("{}/-/jobs/{}", self.project_body(ask)["web_url"].as_str().unwrap(), deployment.id);
        json!({
            "id": deployment.id, "iid": deployment.id, "ref": "staging", "sha": deployment.commit,
            "created_at": deployment.at, "updated_at": deployment.at, "status": deployment.status,
            "environment": { "id": 9, "name": deployment.environment, "external_url": null },
            "deployable": { "id": deployment.id, "name": "deploy", "status": deployment.status, "web_url": job },
        })
    }

    /// GitLab orders by id, upwards, unless it is asked otherwise.
    pub(super) fn deployments(&self, ask: &Ask<'_>) -> Answer {
        let wanted = ask.query("environment");
        let fits = |deployment: &&Deployment| wanted.as_ref().is_none_or(|name| *name == deployment.environment);
        let mut found: Vec<&Deployment> = self.deployments.iter().filter(fits).collect();
        if ask.query("sort").as_deref() == Some("desc") {
            found.reverse();
        }
        list(ask, &found, |deployment| self.deployment_body(ask, deployment))
    }

    pub(super) fn deploy(&mut self, ask: &Ask<'_>) -> Answer {
        let Some(environment) = ask.text("environment") else { return missing("environment") };
        let Some(commit) = ask.text("sha") else { return missing("sha") };
        let Some(status) = ask.text("status") else { return missing("status") };
        let id = self.deployments.len() as u64 + 1;
        let (environment, commit, status) = (environment.to_owned(), commit.to_owned(), status.to_owned());
        self.deployments.push(Deployment { id, environment, commit, status, at: now() });
        Answer::json(201, &self.deployment_body(ask, &self.deployments[id as usize - 1]))
    }

    pub(super) fn edit_deployment(&mut self, ask: &Ask<'_>, id: u64) -> Answer {
        let Some(status) = ask.text("status") else { return missing("status") };
        let Some(known) = self.deployments.iter_mut().find(|known| known.id == id) else {
            return refused(404, "404 Not found");
        };
        (known.status, known.at) = (status.to_owned(), now());
        let known = known.clone();
        Answer::json(200, &self.deployment_body(ask, &known))
    }
}
