//! prism, a validating proxy that we did not write, with GitHub's own description of its API, which we did not write either.
//!
//! It takes seconds to start, so one serves the whole test binary: behind it is one server that finds the right world by a
//! header which the gates add. It ends when this process does: its standard input closes.

use super::World;
use super::bodies::View;
use crate::support::wire::Answer;
use crate::support::{servers, wire};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Mutex, OnceLock, Weak};

/// The running proxy.
pub struct Prism {
    address: SocketAddr,
    _child: Child,
    /// Its life line.
    _input: ChildStdin,
}

static WORLDS: Mutex<BTreeMap<u64, Weak<World>>> = Mutex::new(BTreeMap::new());
static PRISM: OnceLock<Prism> = OnceLock::new();

/// Makes a world known to the server behind the proxy.
pub fn register(id: u64, world: Weak<World>) {
    WORLDS.lock().unwrap().insert(id, world);
}

/// The proxy of this process, started when it is first needed.
pub fn running() -> &'static Prism {
    PRISM.get_or_init(start)
}

impl Prism {
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

fn start() -> Prism {
    let upstream = wire::serve("behind prism", |stream| {
        use std::io::Write;
        let Some(request) = wire::read_request(&stream) else { return };
        let header = |name: &str| request.header(name).unwrap_or_default().to_owned();
        let id = header("x-fake-world").parse().unwrap_or(0);
        let world = WORLDS.lock().unwrap().get(&id).and_then(Weak::upgrade);
        let view = View { api: header("x-fake-api"), web: header("x-fake-web") };
        let answer = world.map_or_else(|| Answer::new(404), |world| world.answer(&request, view));
        let _ = (&stream).write_all(&answer.bytes());
    });
    let node = servers::node();
    let modules = servers::tools("node_modules/@stoplight/prism-cli");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/support/github/prism.js");
    let port = servers::free_port();
    let mut child = Command::new(node)
        .arg(script)
        .args([port.to_string(), format!("http://{upstream}")])
        .current_dir(modules.parent().unwrap().parent().unwrap().parent().unwrap())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    let input = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut told = String::new();
    while !told.contains("Prism is listening") {
        let read = lines.read_line(&mut told).unwrap();
        assert!(read > 0, "prism ended before it was ready: {told}");
    }
    // Its log goes on; a full pipe would stop it.
    std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
    Prism { address: SocketAddr::from(([127, 0, 0, 1], port)), _child: child, _input: input }
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

/// Statuses that GitHub may answer to anything, though its description does not repeat them for each endpoint.
const ANYWHERE: [u16; 8] = [304, 401, 403, 404, 422, 429, 500, 503];

/// What prism has against a request or its answer.
pub fn objection(answer: &Answer) -> Option<String> {
    let body = String::from_utf8_lossy(&answer.body);
    if answer.header("content-type").is_some_and(|kind| kind.contains("problem+json")) {
        return Some(format!("prism: {body}"));
    }
    let violations = answer.header("sl-violations")?;
    let undocumented = violations.contains("Unable to match the returned status code");
    (!undocumented || !ANYWHERE.contains(&answer.status)).then(|| format!("prism: {violations}"))
}

/// The answer as the server behind the proxy gave it.
pub fn without_its_headers(mut answer: Answer) -> Answer {
    answer.headers.retain(|(name, _)| !name.starts_with("access-control-") && name != "sl-violations");
    answer
}
