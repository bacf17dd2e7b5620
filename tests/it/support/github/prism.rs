//! GitHub's own description of its API, as prism holds requests and answers against it.

use super::World;
use super::bodies::View;
use crate::support::prism::{Described, Upstream};
use crate::support::servers;
use crate::support::wire::{Answer, Request};
use std::sync::OnceLock;

/// The paths of the description that a release tool may use.
const PATHS: &str = r"^/(user|rate_limit|repos/\{owner\}/\{repo\}(/(actions|branches|check-|commits|compare|deployments|environments|git|issues|merges|pulls|releases|rules|statuses).*)?)$";

/// The header with the API's address, which prism passes on.
pub const API: &str = "x-fake-api";

/// The proxy of this process, started when it is first needed.
pub fn described() -> &'static Described {
    static DESCRIBED: OnceLock<Described> = OnceLock::new();
    let file = || servers::tools("node_modules/@octokit/openapi/generated/api.github.com.json");
    DESCRIBED.get_or_init(|| Described::start(&file(), PATHS))
}

impl Upstream for World {
    fn answer(&self, request: &Request, web: &str) -> Answer {
        let api = request.header(API).unwrap_or_default().to_owned();
        self.reply(request, View { api, web: web.to_owned() })
    }
}

/// The target as an OpenAPI path has it: GitHub takes slashes in the name of a reference, a template does not.
pub fn routable(target: &str) -> String {
    let (path, query) = target.find('?').map_or((target, ""), |at| target.split_at(at));
    let folded = |front: &str, place: &str, name: &str, end: &str| {
        format!("{front}{place}{}{end}{query}", name.replace('/', "%2F"))
    };
    for place in ["/git/ref/", "/git/refs/", "/git/matching-refs/"] {
        if let Some((front, name)) = path.split_once(place) {
            return folded(front, place, name, "");
        }
    }
    if let Some((front, name)) = path.split_once("/commits/") {
        let ends = ["/status", "/statuses", "/check-runs", "/pulls"];
        let end = ends.into_iter().find(|end| name.ends_with(end)).unwrap_or_default();
        return folded(front, "/commits/", &name[..name.len() - end.len()], end);
    }
    target.to_owned()
}
