//! A fake Forgejo with a memory: its git side is real, its requests and answers are held against Forgejo's own description.

mod bodies;
mod pulls;
mod releases;
mod statuses;

use super::hosted::project::Project;
use super::hosted::{Ask, Host, Rights, Service};
use super::prism::Described;
use crate::support::wire::Answer;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// The repository.
pub const PATH: &str = "acme/service";

/// How a branch is protected.
#[derive(Debug, Clone)]
pub struct Protected {
    pub push: Rights,
    pub merge: Rights,
    /// Contexts that must be green, or patterns of them.
    pub contexts: Vec<String>,
}

/// The server's state.
pub struct Jo {
    pub project: Project,
    /// `merge`, `squash`, `rebase`, `fast-forward-only`, `manually-merged`.
    pub styles: Vec<&'static str>,
    pub protected: BTreeMap<String, Protected>,
    /// Do answers hold what Forgejo never says?
    pub spoilt: bool,
}

/// The fake.
pub type Forgejo = Host<Jo>;

/// The paths of the description that a release tool may use.
const PATHS: &str = r"^/(user|version|repos/\{owner\}/\{repo\}(/(branches|branch_protections|commits|issues/\{index\}/comments|pulls|releases|statuses).*)?)$";

/// Where Forgejo's description is: it comes with the client that the tests hold against the fake.
fn description() -> PathBuf {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--locked", "--format-version", "1"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let all: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {text}"));
    let packages = all["packages"].as_array().unwrap();
    let client = packages.iter().find(|package| package["name"] == "forgejo-api").expect("forgejo-api is a dependency");
    PathBuf::from(client["manifest_path"].as_str().unwrap()).with_file_name("swagger.v1.json")
}

impl Forgejo {
    /// A server with an empty repository, which makes merge commits, marks what was merged by hand, and wants a moment before
    /// anything can be merged.
    pub fn open() -> Self {
        static DESCRIBED: OnceLock<Described> = OnceLock::new();
        Self::held_against(Some(DESCRIBED.get_or_init(|| Described::start(&description(), PATHS))))
    }

    /// The same, and requests and answers are not checked.
    pub fn open_undescribed() -> Self {
        Self::held_against(None)
    }

    fn held_against(described: Option<&'static Described>) -> Self {
        Self::start(PATH, described, |mut project| {
            project.notices_pushes = false;
            project.computing = 1;
            let styles = vec!["merge", "squash", "rebase", "manually-merged"];
            Jo { project, styles, protected: BTreeMap::new(), spoilt: false }
        })
    }

    /// Protects a branch.
    pub fn protect(&self, branch: &str, protected: Protected) {
        self.with(|jo| {
            if protected.push > Rights::Write {
                let words = format!("Forgejo: Not allowed to push to protected branch {branch}");
                jo.project.close_to_pushes(branch, &words);
            }
            jo.protected.insert(branch.to_owned(), protected);
        });
    }
}

/// No, in Forgejo's form.
pub fn refused(status: u16, message: &str) -> Answer {
    Answer::json(status, &json!({ "message": message, "url": "https://forge.test/api/swagger" }))
}

impl Service for Jo {
    const API: &'static str = "/api/v1";

    fn unauthorized() -> Answer {
        refused(401, "user does not exist [uid: 0, name: ]")
    }

    fn project(&mut self) -> &mut Project {
        &mut self.project
    }

    fn answer(&mut self, ask: &Ask<'_>) -> Answer {
        let mut answer = self.endpoint(ask);
        if self.spoilt {
            answer.body = b"{\"x\":1}".to_vec();
        }
        if let Ok(body) = serde_json::from_slice::<Value>(&answer.body) {
            answer.body = bodies::without_nulls(body).to_string().into_bytes();
        }
        answer
    }
}

impl Jo {
    fn endpoint(&mut self, ask: &Ask<'_>) -> Answer {
        let parts: Vec<&str> = ask.parts.iter().map(String::as_str).collect();
        let not_found = || refused(404, "The target couldn't be found.");
        let ["repos", owner, name, rest @ ..] = parts.as_slice() else { return not_found() };
        if format!("{owner}/{name}") != PATH || ask.rights() == Rights::None {
            return not_found();
        }
        let writes = ask.request.method != "GET";
        if writes && ask.person.is_none() {
            return refused(401, "token is required");
        }
        if writes && ask.rights() < Rights::Write && !rest.contains(&"comments") {
            return refused(403, "user should have a permission to write to the repository");
        }
        let number = |text: &str| text.parse::<u64>().unwrap_or(0);
        match (ask.request.method.as_str(), rest) {
            ("GET", []) => Answer::json(200, &self.repository_body(ask)),
            ("GET", ["branches", name]) => match self.project.git.branch(name) {
                Some(commit) => Answer::json(200, &self.branch_body(ask, name, &commit)),
                None => not_found(),
            },
            ("GET", ["pulls"]) => self.pulls(ask),
            ("POST", ["pulls"]) => self.open_pull(ask),
            ("GET", ["pulls", n]) => self.show_pull(ask, number(n)),
            ("PATCH", ["pulls", n]) => self.edit_pull(ask, number(n)),
            ("POST", ["pulls", n, "merge"]) => self.merge_pull(ask, number(n)),
            ("GET", ["issues", n, "comments"]) => self.comments(ask, number(n)),
            ("POST", ["issues", n, "comments"]) => self.comment(ask, number(n)),
            ("GET", ["releases", "tags", tag]) => self.release(ask, tag),
            ("POST", ["releases"]) => self.create_release(ask),
            ("GET", ["commits", sha, "statuses"]) => self.statuses(ask, sha),
            ("POST", ["statuses", sha]) => self.set_status(ask, sha),
            _ => not_found(),
        }
    }

    /// May the token's owner push to a branch, and merge into it?
    fn may(&self, ask: &Ask<'_>, branch: &str) -> (bool, bool) {
        let (push, merge) = self.protected.get(branch).map_or((Rights::Write, Rights::Write), |p| (p.push, p.merge));
        (ask.rights() >= push, ask.rights() >= merge)
    }
}

/// A list of Forgejo's: 50 a page at most.
fn list<T>(ask: &Ask<'_>, all: &[T], show: impl Fn(&T) -> Value) -> Answer {
    ask.list(Jo::API, "limit", 50, all, show)
}
