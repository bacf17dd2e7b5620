//! prism, a validating proxy that we did not write, with a forge's own description of its API, which we did not write either.
//!
//! It takes seconds to start, so one serves the whole test binary: behind it is one server that finds the right fake by a header.
//! It ends when this process does: its standard input closes.

use crate::support::servers;
use crate::support::wire::{self, Answer, Request};
use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};

/// A fake behind the proxy.
pub trait Upstream: Send + Sync {
    /// The answer, for a server that is reached at `web`.
    fn answer(&self, request: &Request, web: &str) -> Answer;
}

type Known = Arc<Mutex<BTreeMap<u64, Weak<dyn Upstream>>>>;

/// The running proxy.
pub struct Described {
    address: SocketAddr,
    known: Known,
    next: AtomicU64,
    _child: Child,
    /// Its life line.
    _input: ChildStdin,
}

impl Described {
    /// Starts it for the paths of a description that a pattern matches.
    pub fn start(description: &Path, paths: &str) -> Self {
        let known = Known::default();
        let upstream = serve(Arc::clone(&known));
        let modules = servers::tools("node_modules/@stoplight/prism-cli");
        let mut last = String::new();
        for _ in 0..5 {
            // Somebody may take the port between the look and the start.
            let port = servers::free_port();
            let mut child = Command::new(servers::node())
                .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/support/prism.js"))
                .args([port.to_string(), format!("http://{upstream}")])
                .arg(description)
                .arg(paths)
                .current_dir(modules.ancestors().nth(3).unwrap())
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::inherit())
                .spawn()
                .unwrap();
            let input = child.stdin.take().unwrap();
            let mut lines = BufReader::new(child.stdout.take().unwrap());
            last.clear();
            while !last.contains("Prism is listening") && lines.read_line(&mut last).unwrap() > 0 {}
            if last.contains("Prism is listening") {
                // Its log goes on; a full pipe would stop it.
                std::thread::spawn(move || io::copy(&mut lines, &mut io::sink()));
                let address = SocketAddr::from(([127, 0, 0, 1], port));
                return Self { address, known, next: AtomicU64::new(1), _child: child, _input: input };
            }
            let _ = child.wait();
        }
        panic!("prism ended before it was ready: {last}");
    }

    /// Makes a fake known.
    pub fn register(&self, fake: Weak<dyn Upstream>) -> u64 {
        let id = self.next.fetch_add(1, Ordering::SeqCst);
        self.known.lock().unwrap().insert(id, fake);
        id
    }

    /// Passes a request to a fake through the proxy: the answer, and what the proxy objects to.
    pub fn pass(&self, request: &Request, id: u64, web: &str) -> io::Result<(Answer, Option<String>)> {
        let mut request = request.clone();
        request.set("x-fake-id", &id.to_string());
        request.set("x-fake-web", web);
        request.set("accept-encoding", "identity");
        let mut answer = wire::call(self.address, &request)?;
        let objection = objection(&answer);
        answer.headers.retain(|(name, _)| name != "sl-violations" && !name.starts_with("access-control-"));
        Ok((answer, objection))
    }
}

/// Statuses that any server may answer to anything, though descriptions do not repeat them for each endpoint.
const ANYWHERE: [u16; 8] = [304, 401, 403, 404, 422, 429, 500, 503];

fn objection(answer: &Answer) -> Option<String> {
    if answer.header("content-type").is_some_and(|kind| kind.contains("problem+json")) {
        return Some(format!("prism: {}", String::from_utf8_lossy(&answer.body)));
    }
    let violations = answer.header("sl-violations")?;
    let undocumented = violations.contains("Unable to match the returned status code");
    (!undocumented || !ANYWHERE.contains(&answer.status)).then(|| format!("prism: {violations}"))
}

fn serve(known: Known) -> SocketAddr {
    wire::serve("behind prism", move |stream| {
        let Some(request) = wire::read_request(&stream) else { return };
        let header = |name: &str| request.header(name).unwrap_or_default().to_owned();
        let id = header("x-fake-id").parse().unwrap_or(0);
        let fake = known.lock().unwrap().get(&id).and_then(Weak::upgrade);
        let answer = fake.map_or_else(|| Answer::new(404), |fake| fake.answer(&request, &header("x-fake-web")));
        let _ = (&stream).write_all(&answer.bytes());
    })
}
