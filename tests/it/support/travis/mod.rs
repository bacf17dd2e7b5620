//! A fake Travis CI, version 3 of its API, beside the fake GitHub: it builds what is pushed and proposed there, and reports
//! statuses on the commits as Travis does.
//!
//! Builds settle after a number of looks, at them or at their commit's statuses on GitHub. As on Travis, the build of a pull
//! request tests `refs/pull/N/merge` and reports on the head.

mod bodies;
mod routes;
mod state;

pub use state::{Event, Travis};

use super::github::{Fault, Github, Play, Repository, World};
use super::wire;
use crate::support::github::doors::{self, Book, Seen};
use std::net::SocketAddr;
use std::sync::Arc;

/// The server; tokens are those of the fake GitHub.
pub struct TravisServer {
    address: SocketAddr,
    world: Arc<World>,
    book: Arc<Book>,
}

impl TravisServer {
    /// Turns Travis on for all repositories of the server that are there now.
    pub fn start(github: &Github) -> Self {
        let world = github.world();
        world.each_repository(|repo| repo.travis = Some(Travis::new(&repo.full_name())));
        let book = Arc::new(Book::default());
        let (weak, own) = (Arc::downgrade(&world), Arc::clone(&book));
        let address = wire::serve("travis", move |stream| {
            let Some(request) = wire::read_request(&stream) else { return };
            let act =
                || weak.upgrade().map_or_else(|| wire::Answer::new(502), |world| routes::answer(&world, &request));
            doors::respond(&own, &stream, &request, act);
        });
        Self { address, world, book }
    }

    /// The API's address, as `https://api.travis-ci.com` is.
    pub fn api(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How builds of an event go from now on: of any branch, or of that one (the base, for pull requests). The latest word
    /// counts; at first everything is green after one look. `Skipped` is a canceled build, `Neutral` an errored one.
    pub fn plays(&self, full_name: &str, event: Event, branch: Option<&str>, play: Play) {
        self.with(full_name, |travis| travis.plays.push((event, branch.map(str::to_owned), play)));
    }

    /// Something else starts a build of a branch's tip, a cron job say. Its id.
    pub fn builds(&self, full_name: &str, event: Event, branch: &str) -> Option<u64> {
        let start = |repo: &mut Repository| {
            let (mut travis, tip) = (repo.travis.take()?, repo.git.branch(branch));
            let id = tip.and_then(|tip| travis.build(repo, event, branch, &tip, None, None));
            repo.travis = Some(travis);
            id
        };
        self.world.repository(full_name, start).flatten()
    }

    /// Looks at, or changes, the state of a repository here.
    pub fn with<T>(&self, full_name: &str, change: impl FnOnce(&mut Travis) -> T) -> T {
        self.world
            .repository(full_name, |repo| change(repo.travis.as_mut().expect("Travis is on")))
            .expect("it is known")
    }

    /// The next requests with this method whose path contains `path` meet a fault, `times` of them.
    pub fn fault(&self, method: &str, path: &str, times: u32, fault: Fault) {
        self.book.trap(0, method, path, times, fault);
    }

    /// Every request so far.
    pub fn requests(&self) -> Vec<Seen> {
        self.book.seen()
    }

    /// How many requests there were: with this method (`*`: any) whose path contains `path`.
    pub fn count(&self, method: &str, path: &str) -> usize {
        self.book.count(method, path)
    }
}
