//! Releases: one a tag.

use super::{Ask, Lab, PATH, refused};
use crate::support::github::now;
use crate::support::hosted::project::Release;
use crate::support::wire::Answer;
use serde_json::{Value, json};

impl Lab {
    pub(super) fn release(&self, ask: &Ask<'_>, tag: &str) -> Answer {
        match self.project.releases.iter().find(|release| release.tag == tag) {
            Some(release) => Answer::json(200, &body(ask, release)),
            None => refused(404, "404 Not Found"),
        }
    }

    pub(super) fn create_release(&mut self, ask: &Ask<'_>) -> Answer {
        match self.project.release(ask, "tag_name", "description") {
            Some(release) => Answer::json(201, &body(ask, &release)),
            None => refused(409, "Release already exists"),
        }
    }
}

fn body(ask: &Ask<'_>, release: &Release) -> Value {
    let page = format!("{}/{PATH}/-/releases/{}", ask.web, release.tag);
    json!({
        "tag_name": release.tag, "description": release.notes, "name": release.name, "created_at": now(),
        "released_at": now(), "upcoming_release": false, "tag_path": format!("/{PATH}/-/tags/{}", release.tag),
        "assets": { "count": 0, "sources": [], "links": [] }, "evidences": [], "_links": { "self": page },
    })
}
