//! What the doors of all fake servers have in common: they write down every request and spring faults.

use super::faults::{Fault, Trap, spring};
use super::holds::{self, Held, Hold, Moment};
use crate::support::wire::{Answer, Request, decode};
use std::io::Write;
use std::net::TcpStream;
use std::sync::Mutex;
use std::time::Duration;

/// A request that came, and what was answered.
#[derive(Debug, Clone)]
pub struct Seen {
    pub method: String,
    /// Path and query, decoded.
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: serde_json::Value,
    /// 0 when there was no answer.
    pub status: u16,
}

/// The requests so far, the faults to come, and what is to be held.
#[derive(Default)]
pub struct Book {
    seen: Mutex<Vec<Seen>>,
    traps: Mutex<Vec<Trap>>,
    holds: Mutex<Vec<Hold>>,
}

impl Book {
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub fn forget(&self) {
        self.seen.lock().unwrap().clear();
    }

    pub fn count(&self, method: &str, path: &str) -> usize {
        let fits = |seen: &&Seen| (method == "*" || seen.method == method) && seen.target.contains(path);
        self.seen.lock().unwrap().iter().filter(fits).count()
    }

    /// After `skip` requests with this method whose path contains `path`, the next `times` of them meet a fault.
    pub fn trap(&self, skip: u32, method: &str, path: &str, times: u32, fault: Fault) {
        let trap = Trap { method: method.to_owned(), path: path.to_owned(), fault, skip, times };
        self.traps.lock().unwrap().push(trap);
    }

    /// Faults that have not met their requests never do.
    pub fn traps_end(&self) {
        self.traps.lock().unwrap().clear();
    }

    /// After `skip` requests with this method whose path contains `path`, the next one stands still at this moment.
    pub fn hold(&self, skip: u32, method: &str, path: &str, moment: Moment) -> Held {
        let (hold, held) = Hold::new(skip, method, path, moment);
        self.holds.lock().unwrap().push(hold);
        held
    }

    /// No more requests come: those that were to be held are not waited for.
    pub fn hold_no_more(&self) {
        self.holds.lock().unwrap().clear();
    }

    pub fn waiting(&self) -> usize {
        self.traps.lock().unwrap().len()
    }

    fn note(&self, request: &Request, status: u16) {
        self.seen.lock().unwrap().push(Seen {
            method: request.method.clone(),
            target: decode(&request.target),
            headers: request.headers.clone(),
            body: request.json(),
            status,
        });
    }
}

/// Answers a request, unless a fault comes between; it is written down before its answer goes out.
pub fn respond(book: &Book, stream: &TcpStream, request: &Request, act: impl FnOnce() -> Answer) {
    let hold = holds::take(&mut book.holds.lock().unwrap(), request);
    let stand = |moment| hold.iter().for_each(|hold| hold.stand(moment));
    stand(Moment::Unheard);
    let fault = spring(&mut book.traps.lock().unwrap(), request);
    let answer = match &fault {
        Some(Fault::Reset) => None,
        Some(Fault::Hang) => {
            book.note(request, 0);
            std::thread::sleep(crate::support::cli::HANGS);
            return;
        }
        Some(Fault::Answer(answer)) => Some(answer.clone()),
        _ => Some(act()),
    };
    stand(Moment::Done);
    let (answer, whole) = match (fault, answer) {
        (Some(Fault::DoneThenReset), _) => (None, true),
        (Some(Fault::DoneThenAnswer(answer)), _) => (Some(answer), true),
        (Some(Fault::Header(name, value)), Some(answer)) => (Some(answer.with(name, &value)), true),
        (Some(Fault::Truncate), answer) => (answer, false),
        (_, answer) => (answer, true),
    };
    book.note(request, answer.as_ref().map_or(0, |answer| answer.status));
    hold.iter().for_each(Hold::leave);
    let Some(answer) = answer else {
        // RST instead of FIN.
        let _ = rustix::net::sockopt::set_socket_linger(stream, Some(Duration::ZERO));
        return;
    };
    let bytes = answer.bytes();
    let end = if whole { bytes.len() } else { bytes.len() - answer.body.len().div_ceil(2) };
    let mut out = stream;
    let _ = out.write_all(&bytes[..end]);
}
