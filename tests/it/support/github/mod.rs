//! A fake GitHub with a memory: its git side is real, its answers are held against GitHub's own description by prism.
//!
//! [`Github`] is what tests hold: addresses for clients, and the strings to pull behind their backs. When it is dropped, it
//! fails the test if prism objected to anything.

mod actions;
mod answers;
mod bodies;
mod changes;
mod checks;
mod deployments;
pub mod doors;
mod faults;
mod gate;
mod holds;
mod merging;
mod prism;
mod refs;
mod releases;
pub mod repository;
mod state;

pub use doors::Seen;
pub use faults::Fault;
pub use holds::{Held, Moment, act_while_held};
pub use releases::Release;
pub use repository::Protection;
pub use state::{Change, Check, Comment, Deployment, Form, Play, Repository, Rights, Settled, now};

use crate::support::git::Repo;
use crate::support::servers;
use crate::support::wire::{Answer, Request};
use answers::Forge;
use bodies::View;
use doors::Book;
use repository::Git;
use state::{Person, Plan};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Weak};

/// What the doors share.
pub struct World {
    forge: Mutex<Forge>,
    book: Arc<Book>,
    pushes: Mutex<u64>,
    objections: Mutex<Vec<String>>,
    git: SocketAddr,
    spoilt: AtomicBool,
}

impl World {
    fn reply(&self, request: &Request, view: View) -> Answer {
        let mut answer = self.forge().answer(request, view);
        if self.spoilt.load(Ordering::SeqCst) && answer.status == 200 {
            let list = answer.body.starts_with(b"[");
            answer.body = if list { b"[{\"x\":1}]".to_vec() } else { b"{\"x\":1}".to_vec() };
        }
        answer
    }

    fn forge(&self) -> MutexGuard<'_, Forge> {
        self.forge.lock().unwrap()
    }

    /// What a token allows; `None` when it is unknown.
    pub fn rights(&self, token: &str) -> Option<Rights> {
        self.forge().tokens.get(token).map(|person| person.rights)
    }

    /// The full name of a repository that is given by name or id.
    pub fn name_of(&self, slug: &str) -> String {
        let by_id = |repo: &&Repository| repo.id.to_string() == slug;
        self.forge().repositories.values().find(by_id).map_or_else(|| slug.to_owned(), Repository::full_name)
    }

    /// Does something with a repository, after what was pushed so far.
    pub fn repository<T>(&self, full_name: &str, act: impl FnOnce(&mut Repository) -> T) -> Option<T> {
        let mut forge = self.forge();
        let repo = forge.repositories.get_mut(full_name)?;
        repo.follow();
        let result = act(repo);
        repo.follow();
        Some(result)
    }

    /// The same with each of them.
    pub fn each_repository(&self, mut act: impl FnMut(&mut Repository)) {
        for repo in self.forge().repositories.values_mut() {
            repo.follow();
            act(repo);
        }
    }

    fn seen_git(&self, request: &Request, status: u16) {
        if request.path().ends_with("/git-receive-pack") && status == 200 {
            *self.pushes.lock().unwrap() += 1;
        }
    }

    fn object(&self, words: String) {
        self.objections.lock().unwrap().push(words);
    }

    /// A job's log, which lies on another host and must not see a token.
    fn stored(&self, path: &str, request: &Request) -> Answer {
        if request.header("authorization").is_some() {
            self.object(format!("GET /storage/{path}: a token was sent to the host of the logs"));
        }
        let mut words = path.rsplitn(2, '/');
        let id = words.next().and_then(|id| id.parse().ok()).unwrap_or(0_u64);
        let forge = self.forge();
        let found = words.next().and_then(|name| forge.repositories.get(name));
        match found.and_then(|repo| repo.checks.iter().find(|check| check.id == id)) {
            Some(check) => Answer::text(200, &check.log),
            None => Answer::new(404),
        }
    }
}

/// The fake.
pub struct Github {
    world: Arc<World>,
    api: SocketAddr,
    proxied: Option<SocketAddr>,
    root: tempfile::TempDir,
    _git: servers::Server,
}

impl Github {
    /// A server with the empty repository `acme/service`, and the tokens `t-admin`, `t-write`, `t-read` and `t-none`.
    pub fn start() -> Self {
        let root = tempfile::tempdir().unwrap();
        let git = servers::git_with_tokens(root.path());
        let people = [
            ("t-admin", "grace", Rights::Admin),
            ("t-write", "ada", Rights::Write),
            ("t-read", "robin", Rights::Read),
            ("t-none", "mallory", Rights::None),
        ];
        let tokens =
            people.map(|(token, login, rights)| (token.to_owned(), Person { login: login.to_owned(), rights }));
        let reset = jiff::Timestamp::now().as_second() + 3600;
        let forge =
            Forge { repositories: Default::default(), tokens: tokens.into_iter().collect(), remaining: 5000, reset };
        let world = Arc::new(World {
            forge: Mutex::new(forge),
            book: Arc::default(),
            pushes: Mutex::default(),
            objections: Mutex::default(),
            git: SocketAddr::from(([127, 0, 0, 1], git.port)),
            spoilt: AtomicBool::new(false),
        });
        let api = gate::open(&world, None);
        let github = Self { world, api, proxied: None, root, _git: git };
        github.add_repository("acme/service");
        github
    }

    /// Another repository on the same server.
    pub fn add_repository(&self, full_name: &str) {
        let (owner, name) = full_name.split_once('/').unwrap();
        let git = Git::new(self.root.path().join(format!("{full_name}.git")), full_name);
        let mut forge = self.world.forge();
        let id = 100 + forge.repositories.len() as u64;
        forge.repositories.insert(full_name.to_owned(), Repository::new(id, owner, name, git));
        self.tell_tokens(&forge);
    }

    fn tell_tokens(&self, forge: &Forge) {
        let line = |(token, person): (&String, &Person)| {
            let rights = match person.rights {
                Rights::None => "none",
                Rights::Read => "read",
                Rights::Write | Rights::Admin => "write",
            };
            format!("{token} {} {rights}\n", person.login)
        };
        std::fs::write(self.root.path().join("tokens"), forge.tokens.iter().map(line).collect::<String>()).unwrap();
    }

    /// The same server, but every request and answer passes through prism. Any objection fails the test at its end.
    #[must_use]
    pub fn through_prism(mut self) -> Self {
        let prism = prism::described();
        let world: Weak<World> = Arc::downgrade(&self.world);
        self.proxied = Some(gate::open(&self.world, Some((prism, prism.register(world)))));
        self
    }

    /// The world, for further servers beside this one.
    pub fn world(&self) -> Arc<World> {
        Arc::clone(&self.world)
    }

    /// Host and port, for API and git alike.
    pub fn host(&self) -> String {
        self.proxied.unwrap_or(self.api).to_string()
    }

    /// The API's address, as `https://api.github.com` is.
    pub fn api(&self) -> String {
        format!("http://{}", self.host())
    }

    /// The API's address as GitHub Enterprise has it.
    pub fn enterprise_api(&self) -> String {
        format!("{}/api/v3", self.api())
    }

    /// Where a repository is cloned from; the password is a token.
    pub fn git_url(&self, full_name: &str) -> String {
        format!("{}/{full_name}.git", self.api())
    }

    /// The same with a token in it.
    pub fn git_url_as(&self, token: &str, full_name: &str) -> String {
        format!("http://x-access-token:{token}@{}/{full_name}.git", self.host())
    }

    /// The bare repository itself.
    pub fn bare(&self, full_name: &str) -> Repo {
        Repo::at(self.root.path().join(format!("{full_name}.git")))
    }

    /// The folder where the repositories are; gone with the test.
    pub fn root(&self) -> &Path {
        self.root.path()
    }

    /// Looks at, or changes, the state of `acme/service`, after what was pushed so far.
    pub fn with<T>(&self, change: impl FnOnce(&mut Repository) -> T) -> T {
        self.with_repository("acme/service", change)
    }

    /// The same of another repository.
    pub fn with_repository<T>(&self, full_name: &str, change: impl FnOnce(&mut Repository) -> T) -> T {
        self.world.repository(full_name, change).expect("the repository is known")
    }

    /// Gives a token other rights, or makes it known.
    pub fn token(&self, token: &str, login: &str, rights: Rights) {
        let mut forge = self.world.forge();
        forge.tokens.insert(token.to_owned(), Person { login: login.to_owned(), rights });
        self.tell_tokens(&forge);
    }

    /// Makes a token unknown: 401 from now on.
    pub fn revoke(&self, token: &str) {
        let mut forge = self.world.forge();
        forge.tokens.remove(token);
        self.tell_tokens(&forge);
    }

    /// Every new head of a pull request gets this check.
    pub fn on_change(&self, form: Form, context: &str, play: Play) {
        let plan = Plan { context: context.to_owned(), form, play, branch: None };
        self.with(|repo| repo.plans.push(plan));
    }

    /// Every commit pushed to a branch, or landed on it, gets this check.
    pub fn on_push(&self, branch: &str, form: Form, context: &str, play: Play) {
        let plan = Plan { context: context.to_owned(), form, play, branch: Some(branch.to_owned()) };
        self.with(|repo| repo.plans.push(plan));
    }

    /// Forgets all such plans.
    pub fn forget_plans(&self) {
        self.with(|repo| repo.plans.clear());
    }

    /// Sets a check on a commit now. Red ones come with a log (check runs).
    pub fn set_check(&self, commit: &str, form: Form, context: &str, play: Play) {
        let Some((looks, settled)) = play.steps() else { return };
        self.with(|repo| {
            let check = Check {
                id: repo.next_id(),
                commit: commit.to_owned(),
                context: context.to_owned(),
                form,
                looks,
                settled,
                word: None,
                description: None,
                url: None,
                log: format!("running {context}\nthe last line of {context}\n"),
                at: now(),
                event: "push",
                branch: String::new(),
                title: None,
            };
            repo.add_check(check);
        });
    }

    /// Protects a branch, against pushes too.
    pub fn protect(&self, branch: &str, protection: Protection) {
        self.with(|repo| {
            repo.git.protect(branch, Some(&protection));
            repo.protections.insert(branch.to_owned(), protection);
        });
    }

    /// Takes a branch's protection away.
    pub fn unprotect(&self, branch: &str) {
        self.with(|repo| {
            repo.git.protect(branch, None);
            repo.protections.remove(branch);
        });
    }

    /// The merge methods that the repository allows: `merge`, `squash`, `rebase`.
    pub fn allow_only(&self, methods: &[&'static str]) {
        self.with(|repo| repo.allow = methods.to_vec());
    }

    /// The merge button lands another tree from now on.
    pub fn hostile_merges(&self) {
        self.with(|repo| repo.hostile = true);
    }

    /// Only those who have rights see it.
    pub fn make_private(&self) {
        self.with(|repo| {
            repo.private = true;
            std::fs::write(repo.git.bare.path.join("fake/private"), "").unwrap();
        });
    }

    /// A file for `workflow_dispatch`, and how its runs go.
    pub fn workflow(&self, file: &str, play: Play) {
        self.with(|repo| repo.workflows.push((file.to_owned(), play)));
    }

    /// Somebody commits to a branch: one more file, or another text in it. The commit.
    pub fn another_push(&self, branch: &str, file: &str, text: &str) -> String {
        let work = tempfile::tempdir().unwrap();
        let repo = Repo::at(work.path());
        let bare = self.root.path().join("acme/service.git");
        repo.git(&["clone", "-q", "-b", branch, bare.to_str().unwrap(), "."]);
        let commit = repo.change(file, text);
        let old = repo.git(&["rev-parse", "HEAD^"]);
        repo.git(&["push", "-q", "origin", "HEAD:refs/somebody/pushes"]);
        let name = format!("refs/heads/{branch}");
        self.with(|repo| assert!(repo.git.move_ref(&name, &old, &commit), "{name} moved meanwhile"));
        commit
    }

    /// Somebody closes a pull request.
    pub fn close_change(&self, number: u64) {
        self.with(|repo| {
            let change = repo.changes.get_mut(&number).expect("the pull request is there");
            change.open = false;
            change.closed = Some(now());
        });
    }

    /// A pull request from a fork of `owner`, whose branch has that name, with that commit. Its number.
    pub fn change_from_fork(&self, owner: &str, branch: &str, base: &str, commit: &str, body: &str) -> u64 {
        self.with(|repo| {
            let number = repo.changes.keys().last().copied().unwrap_or(0) + 1;
            let change = Change {
                number,
                title: format!("From {owner}"),
                body: Some(body.to_owned()),
                fork: Some(owner.to_owned()),
                head: branch.to_owned(),
                head_commit: commit.to_owned(),
                base: base.to_owned(),
                base_commit: repo.git.branch(base).expect("the base is there"),
                author: owner.to_owned(),
                open: true,
                draft: false,
                merged: None,
                computing: repo.computing,
                created: now(),
                updated: now(),
                closed: None,
            };
            repo.changes.insert(number, change);
            repo.proposed(number);
            number
        })
    }

    /// The pull requests, oldest first.
    pub fn changes(&self) -> Vec<Change> {
        self.with(|repo| repo.changes.values().cloned().collect())
    }

    /// The comments, oldest first.
    pub fn comments(&self) -> Vec<Comment> {
        self.with(|repo| repo.comments.clone())
    }

    /// The next requests with this method whose path contains `path` meet a fault, `times` of them.
    pub fn fault(&self, method: &str, path: &str, times: u32, fault: Fault) {
        self.fault_after(0, method, path, times, fault);
    }

    /// The same, after `skip` matching requests have passed.
    pub fn fault_after(&self, skip: u32, method: &str, path: &str, times: u32, fault: Fault) {
        self.world.book.trap(skip, method, path, times, fault);
    }

    /// Whatever fault still waits for its request never comes.
    pub fn faults_end(&self) {
        self.world.book.traps_end();
    }

    /// After `skip` requests with this method whose path contains `path`, the next one stands still before the server hears of it.
    pub fn hold(&self, skip: u32, method: &str, path: &str) -> Held {
        self.world.book.hold(skip, method, path, Moment::Unheard)
    }

    /// The same, but the server has done what it is asked; only the answer stands still.
    pub fn hold_answer(&self, skip: u32, method: &str, path: &str) -> Held {
        self.world.book.hold(skip, method, path, Moment::Done)
    }

    /// No more requests come: those that were to be held are not waited for.
    pub fn hold_no_more(&self) {
        self.world.book.hold_no_more();
    }

    /// Faults that still wait.
    pub fn waiting_faults(&self) -> usize {
        self.world.book.waiting()
    }

    /// Answers lack all their fields from now on, or not any more: prism must see it.
    pub fn spoil_answers(&self, spoilt: bool) {
        self.world.spoilt.store(spoilt, Ordering::SeqCst);
    }

    /// Every API request so far.
    pub fn requests(&self) -> Vec<Seen> {
        self.world.book.seen()
    }

    /// Forgets the requests so far.
    pub fn forget_requests(&self) {
        self.world.book.forget();
    }

    /// How many requests there were: with this method whose path contains `path`; `*` is any method.
    pub fn count(&self, method: &str, path: &str) -> usize {
        self.world.book.count(method, path)
    }

    /// Reads, writes and polls: a poll is a read of a target that was read before.
    pub fn tally(&self) -> Tally {
        let mut targets = std::collections::BTreeSet::new();
        let mut tally = Tally::default();
        for seen in self.requests() {
            if seen.method != "GET" {
                tally.writes += 1;
            } else if targets.insert(seen.target) {
                tally.reads += 1;
            } else {
                tally.polls += 1;
            }
        }
        tally
    }

    /// How many pushes arrived through git.
    pub fn pushes(&self) -> u64 {
        *self.world.pushes.lock().unwrap()
    }

    /// What prism objected to, so far.
    pub fn objections(&self) -> Vec<String> {
        self.world.objections.lock().unwrap().clone()
    }

    /// Takes the objections: the test expects them.
    pub fn take_objections(&self) -> Vec<String> {
        std::mem::take(&mut *self.world.objections.lock().unwrap())
    }
}

/// Requests by kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    pub reads: usize,
    pub writes: usize,
    pub polls: usize,
}

impl Drop for Github {
    #[allow(clippy::print_stderr)] // a test that fails already is told why, perhaps
    fn drop(&mut self) {
        let objections = self.take_objections();
        if !objections.is_empty() && !std::thread::panicking() {
            panic!("{} objections to requests or answers:\n{}", objections.len(), objections.join("\n"));
        } else if !objections.is_empty() {
            eprintln!("objections to requests or answers:\n{}", objections.join("\n"));
        }
    }
}
