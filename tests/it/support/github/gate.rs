//! The door of a fake GitHub: what clients connect to.
//!
//! It passes requests on: to the fake in this process, through prism or straight, and git's own to the git server. Prism's
//! objections go to the test. Faults stand before prism: they never count as the server's own words.

use super::World;
use super::bodies::View;
use super::doors;
use super::prism;
use crate::support::prism::Described as Proxy;
use crate::support::wire::{self, Answer, Request};
use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Weak};

/// The proxy, and the world's number behind it.
type Described = (&'static Proxy, u64);

/// A new door. It holds the world weakly: it answers nothing any more once the test is over.
pub fn open(world: &Arc<World>, prism: Option<Described>) -> SocketAddr {
    let world = Arc::downgrade(world);
    wire::serve("github", move |stream| handle(&world, prism, &stream))
}

fn handle(world: &Weak<World>, prism: Option<Described>, stream: &TcpStream) {
    let Some(request) = wire::read_request(stream) else { return };
    let path = request.path().to_owned();
    let Some(known) = world.upgrade() else { return };
    let mut out = stream;
    if path.contains(".git/") {
        let answer = wire::call(known.git, &git_request(&request)).unwrap_or_else(|_| Answer::new(502));
        known.seen_git(&request, answer.status);
        let _ = out.write_all(&answer.bytes());
    } else if let Some(log) = path.strip_prefix("/storage/") {
        let _ = out.write_all(&known.stored(log, &request).bytes());
    } else {
        let book = Arc::clone(&known.book);
        drop(known);
        let act = || world.upgrade().map_or_else(|| Answer::new(502), |world| pass_on(&world, prism, stream, &request));
        doors::respond(&book, stream, &request, act);
    }
}

/// The request as the git server knows it.
fn git_request(request: &Request) -> Request {
    let mut request = request.clone();
    request.target.insert_str(0, "/git");
    request
}

fn pass_on(world: &World, prism: Option<Described>, stream: &TcpStream, request: &Request) -> Answer {
    let mut request = request.clone();
    let host = request.header("host").map_or_else(|| stream.local_addr().unwrap().to_string(), str::to_owned);
    let web = format!("http://{host}");
    let mut api = web.clone();
    if let Some(rest) = request.target.strip_prefix("/api/v3") {
        api.push_str("/api/v3");
        request.target = rest.to_owned();
    }
    request.target = prism::routable(&request.target);
    // prism would follow the redirect by itself.
    let prism = prism.filter(|_| !request.path().ends_with("/logs"));
    let Some((prism, id)) = prism else { return world.reply(&request, View { api, web }) };
    request.set(prism::API, &api);
    let (answer, objection) = match prism.pass(&request, id, &web) {
        Ok(passed) => passed,
        Err(error) => {
            world.object(format!("{} {}: prism is gone: {error}", request.method, request.target));
            return Answer::new(502);
        }
    };
    if let Some(objection) = objection {
        let body = String::from_utf8_lossy(&request.body);
        world.object(format!("{} {} {body}\n  {objection}", request.method, request.target));
    }
    answer
}
