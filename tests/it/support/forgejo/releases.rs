//! Releases: one a tag.

use super::{Ask, Jo, PATH, refused};
use crate::support::github::now;
use crate::support::hosted::project::Release;
use crate::support::wire::Answer;
use serde_json::{Value, json};

impl Jo {
    pub(super) fn release(&self, ask: &Ask<'_>, tag: &str) -> Answer {
        match self.project.releases.iter().find(|release| release.tag == tag) {
            Some(release) => Answer::json(200, &body(ask, release)),
            None => refused(404, "The target couldn't be found."),
        }
    }

    pub(super) fn create_release(&mut self, ask: &Ask<'_>) -> Answer {
        match self.project.release(ask, "tag_name", "body") {
            Some(release) => Answer::json(201, &body(ask, &release)),
            None => refused(409, "Release is has no Tag"),
        }
    }
}

fn body(ask: &Ask<'_>, release: &Release) -> Value {
    let (web, tag) = (format!("{}/{PATH}", ask.web), &release.tag);
    json!({
        "id": 1, "tag_name": tag, "target_commitish": "", "name": release.name, "body": release.notes,
        "url": format!("{}/api/v1/repos/{PATH}/releases/1", ask.web), "html_url": format!("{web}/releases/tag/{tag}"),
        "tarball_url": format!("{web}/archive/{tag}.tar.gz"), "zipball_url": format!("{web}/archive/{tag}.zip"),
        "draft": false, "prerelease": false, "created_at": now(), "published_at": now(), "assets": [],
    })
}
