//! Releases: one a tag.

use super::answers::{Ask, refused};
use super::state::{Repository, now};
use crate::support::wire::Answer;
use serde_json::{Value, json};

#[derive(Debug, Clone)]
pub struct Release {
    pub id: u64,
    pub tag: String,
    pub commitish: String,
    pub name: String,
    pub body: String,
    pub author: String,
    pub at: String,
}

pub fn of_tag(repo: &Repository, ask: &Ask<'_>, tag: &str) -> Answer {
    match repo.releases.iter().find(|release| release.tag == tag) {
        Some(release) => Answer::json(200, &body(repo, ask, release)),
        None => refused(404, "Not Found"),
    }
}

pub fn create(repo: &mut Repository, ask: &Ask<'_>) -> Answer {
    let text = |name: &str| ask.text(name).unwrap_or_default().to_owned();
    let tag = text("tag_name");
    if repo.releases.iter().any(|release| release.tag == tag) {
        let error = json!({ "resource": "Release", "code": "already_exists", "field": "tag_name" });
        let body = json!({
            "message": "Validation Failed", "errors": [error], "documentation_url": "https://docs.github.com/rest",
            "status": "422",
        });
        return Answer::json(422, &body);
    }
    // GitHub would make the tag; here that is a mistake.
    if repo.git.ask(&["rev-parse", "--verify", "--quiet", &format!("refs/tags/{tag}")]).is_none() {
        return refused(422, "this server makes no tags for releases");
    }
    let release = Release {
        id: repo.next_id(),
        tag,
        commitish: text("target_commitish"),
        name: text("name"),
        body: text("body"),
        author: ask.person.login.clone(),
        at: now(),
    };
    repo.releases.push(release.clone());
    Answer::json(201, &body(repo, ask, &release))
}

fn body(repo: &Repository, ask: &Ask<'_>, release: &Release) -> Value {
    let (api, id, tag) = (ask.view.repo_url(repo), release.id, &release.tag);
    let url = format!("{api}/releases/{id}");
    json!({
        "url": url, "assets_url": format!("{url}/assets"), "upload_url": format!("{url}/assets{{?name,label}}"),
        "html_url": format!("{}/{}/releases/tag/{tag}", ask.view.web, repo.full_name()), "id": id,
        "node_id": format!("RE_{id:08x}"), "tag_name": tag, "target_commitish": release.commitish, "name": release.name,
        "draft": false, "prerelease": false, "created_at": release.at, "published_at": release.at,
        "author": ask.view.person(&release.author), "assets": [], "tarball_url": format!("{api}/tarball/{tag}"),
        "zipball_url": format!("{api}/zipball/{tag}"), "body": release.body,
    })
}
