//! What the fake GitLab and the fake Forgejo have in common: a real git server, tokens, one door for API and git, faults, and a
//! book of what was asked. Knows no endpoint.

pub mod project;

use crate::support::git::Repo;
use crate::support::github::doors::{self, Book};
use crate::support::github::repository::Git;
pub use crate::support::github::{Fault, Held, Moment, Rights, Seen, act_while_held};
use crate::support::prism::{Described, Upstream};
use crate::support::servers;
use crate::support::wire::{self, Answer, Request, decode};
use project::Project;
use serde_json::Value;
use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, Weak};

/// Who asks.
#[derive(Debug, Clone)]
pub struct Person {
    pub login: &'static str,
    pub rights: Rights,
}

/// The tokens that everybody here has.
const PEOPLE: [(&str, &str, Rights); 4] = [
    ("t-admin", "grace", Rights::Admin),
    ("t-write", "ada", Rights::Write),
    ("t-read", "robin", Rights::Read),
    ("t-none", "mallory", Rights::None),
];

/// A request with what it comes with.
pub struct Ask<'a> {
    pub request: &'a Request,
    /// The path below the API's own, in parts, decoded.
    pub parts: Vec<String>,
    pub body: Value,
    /// `None` without a token; an unknown token never gets here.
    pub person: Option<Person>,
    /// The server's address.
    pub web: String,
}

impl Ask<'_> {
    /// A parameter of the query.
    pub fn query(&self, name: &str) -> Option<String> {
        self.request.query().into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// A text of the body.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.body.get(name)?.as_str()
    }

    pub fn rights(&self) -> Rights {
        self.person.as_ref().map_or(Rights::Read, |person| person.rights)
    }

    pub fn login(&self) -> &'static str {
        self.person.as_ref().map_or("nobody", |person| person.login)
    }

    /// One page of a list, with the `Link` to the next; `size` names the parameter for its length.
    pub fn list<T>(&self, api: &str, size: &str, longest: usize, all: &[T], show: impl Fn(&T) -> Value) -> Answer {
        let number = |name: &str| self.query(name).and_then(|text| text.parse::<usize>().ok());
        let (size, page) = (number(size).unwrap_or(20).clamp(1, longest), number("page").unwrap_or(1).max(1));
        let start = ((page - 1) * size).min(all.len());
        let items: Vec<Value> = all[start..(start + size).min(all.len())].iter().map(show).collect();
        let answer = Answer::json(200, &items.into()).with("x-total-count", &all.len().to_string());
        if start + size >= all.len() {
            return answer;
        }
        let query = self.request.target.split_once('?').map_or("", |(_, query)| query);
        let others: Vec<&str> =
            query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("page=")).collect();
        let target = format!("{}{api}{}?{}&page={}", self.web, self.request.path(), others.join("&"), page + 1);
        answer.with("link", &format!("<{target}>; rel=\"next\"")).with("x-next-page", &(page + 1).to_string())
    }
}

/// A kind of forge.
pub trait Service: Send + 'static {
    /// What all its paths begin with.
    const API: &'static str;
    /// An unknown token.
    fn unauthorized() -> Answer;
    /// The project.
    fn project(&mut self) -> &mut Project;
    /// What is answered.
    fn answer(&mut self, ask: &Ask<'_>) -> Answer;
}

/// What the doors share.
struct World<S> {
    service: Mutex<S>,
    book: Book,
    git: SocketAddr,
    objections: Mutex<Vec<String>>,
}

/// A fake forge with one project.
pub struct Host<S: Service> {
    world: Arc<World<S>>,
    api: SocketAddr,
    root: tempfile::TempDir,
    path: String,
    _git: servers::Server,
}

impl<S: Service> Host<S> {
    /// A server with one empty project; its answers are held against a description where there is one.
    pub fn start(path: &str, described: Option<&'static Described>, make: impl FnOnce(Project) -> S) -> Self {
        let root = tempfile::tempdir().unwrap();
        let git = servers::git_with_tokens(root.path());
        let word = |rights: Rights| match rights {
            Rights::None => "none",
            Rights::Read => "read",
            Rights::Write | Rights::Admin => "write",
        };
        let tokens = PEOPLE.map(|(token, login, rights)| format!("{token} {login} {}\n", word(rights)));
        std::fs::write(root.path().join("tokens"), tokens.concat()).unwrap();
        let bare = Git::new(root.path().join(format!("{path}.git")), path);
        let world = Arc::new(World {
            service: Mutex::new(make(Project::new(bare))),
            book: Book::default(),
            git: SocketAddr::from(([127, 0, 0, 1], git.port)),
            objections: Mutex::default(),
        });
        let shared = Arc::downgrade(&world);
        let upstream = described.map(|described| {
            let id = described.register(Arc::downgrade(&world) as Weak<dyn Upstream>);
            (described, id)
        });
        let api = wire::serve("forge", move |stream| handle(&shared, upstream, &stream));
        Self { world, api, root, path: path.to_owned(), _git: git }
    }

    /// The API's address.
    pub fn api(&self) -> String {
        format!("http://{}{}", self.api, S::API)
    }

    /// The server's address.
    pub fn web(&self) -> String {
        format!("http://{}", self.api)
    }

    /// Where the project is cloned from; the password is a token.
    pub fn git_url(&self) -> String {
        format!("{}/{}.git", self.web(), self.path)
    }

    /// The same with a token in it.
    pub fn git_url_as(&self, token: &str) -> String {
        format!("http://oauth2:{token}@{}/{}.git", self.api, self.path)
    }

    /// The bare repository itself.
    pub fn bare(&self) -> Repo {
        Repo::at(self.root.path().join(format!("{}.git", self.path)))
    }

    fn service(&self) -> MutexGuard<'_, S> {
        self.world.service.lock().unwrap()
    }

    /// Looks at, or changes, the server's state, after what was pushed so far.
    pub fn with<T>(&self, act: impl FnOnce(&mut S) -> T) -> T {
        let mut service = self.service();
        service.project().follow();
        let result = act(&mut service);
        service.project().follow();
        result
    }

    /// The same with the project alone.
    pub fn with_project<T>(&self, act: impl FnOnce(&mut Project) -> T) -> T {
        self.with(|service| act(service.project()))
    }

    /// Somebody commits to a branch: one more file, or another text in it. The commit.
    pub fn another_push(&self, branch: &str, file: &str, text: &str) -> String {
        let work = tempfile::tempdir().unwrap();
        let repo = Repo::at(work.path());
        repo.git(&["clone", "-q", "-b", branch, self.bare().path.to_str().unwrap(), "."]);
        let commit = repo.change(file, text);
        let old = repo.git(&["rev-parse", "HEAD^"]);
        repo.git(&["push", "-q", "origin", "HEAD:refs/somebody/pushes"]);
        let name = format!("refs/heads/{branch}");
        self.with_project(|project| assert!(project.git.move_ref(&name, &old, &commit), "{name} moved meanwhile"));
        commit
    }

    /// The next requests with this method whose path contains `path` meet a fault, `times` of them.
    pub fn fault(&self, method: &str, path: &str, times: u32, fault: Fault) {
        self.world.book.trap(0, method, path, times, fault);
    }

    /// After `skip` requests with this method whose path contains `path`, the next one stands still before the server hears of it.
    pub fn hold(&self, skip: u32, method: &str, path: &str) -> Held {
        self.world.book.hold(skip, method, path, Moment::Unheard)
    }

    /// No more requests come: those that were to be held are not waited for.
    pub fn hold_no_more(&self) {
        self.world.book.hold_no_more();
    }

    /// How many requests there were with this method whose path contains `path`; `*` is any method.
    pub fn count(&self, method: &str, path: &str) -> usize {
        self.world.book.count(method, path)
    }

    /// Every API request so far.
    pub fn requests(&self) -> Vec<Seen> {
        self.world.book.seen()
    }

    /// Takes what the description objects to: the test expects it.
    pub fn take_objections(&self) -> Vec<String> {
        std::mem::take(&mut *self.world.objections.lock().unwrap())
    }
}

impl<S: Service> Drop for Host<S> {
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

impl<S: Service> Upstream for World<S> {
    fn answer(&self, request: &Request, web: &str) -> Answer {
        let token = request.header("private-token").map(str::to_owned).or_else(|| {
            let (_, token) = request.header("authorization")?.split_once(' ')?;
            Some(token.trim().to_owned())
        });
        let person = match &token {
            None => None,
            Some(token) => match PEOPLE.iter().find(|(known, ..)| known == token) {
                Some((_, login, rights)) => Some(Person { login, rights: *rights }),
                None => return S::unauthorized(),
            },
        };
        let parts = request.path().trim_matches('/').split('/').map(decode).collect();
        let ask = Ask { request, parts, body: request.json(), person, web: web.to_owned() };
        let mut service = self.service.lock().unwrap();
        service.project().follow();
        let answer = service.answer(&ask);
        service.project().follow();
        answer
    }
}

fn handle<S: Service>(world: &Weak<World<S>>, described: Option<(&'static Described, u64)>, stream: &TcpStream) {
    let (Some(mut request), Some(world)) = (wire::read_request(stream), world.upgrade()) else { return };
    let Some(rest) = request.target.strip_prefix(S::API).map(str::to_owned) else {
        request.target.insert_str(0, "/git");
        let answer = wire::call(world.git, &request).unwrap_or_else(|_| Answer::new(502));
        let mut out = stream;
        let _ = out.write_all(&answer.bytes());
        return;
    };
    request.target = rest;
    let web = format!("http://{}", stream.local_addr().unwrap());
    doors::respond(&world.book, stream, &request, || match described {
        None => world.answer(&request, &web),
        Some((described, id)) => match described.pass(&request, id, &web) {
            Ok((answer, objection)) => {
                if let Some(objection) = objection {
                    let body = String::from_utf8_lossy(&request.body);
                    let words = format!("{} {} {body}\n  {objection}", request.method, request.target);
                    world.objections.lock().unwrap().push(words);
                }
                answer
            }
            Err(error) => {
                world.objections.lock().unwrap().push(format!("{}: prism is gone: {error}", request.target));
                Answer::new(502)
            }
        },
    });
}
