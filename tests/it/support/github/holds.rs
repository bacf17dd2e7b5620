//! Requests that stand still until the test lets them go on: what a test does meanwhile happens at that very moment, however
//! fast the machine is.

use crate::support::cli::Said;
use crate::support::wire::Request;
use std::sync::mpsc::{Receiver, Sender, channel};

/// Where a request stands still.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// The server has not heard of it.
    Unheard,
    /// The server has done what it is asked; the answer is not on its way.
    Done,
}

/// The server's end: the request that is to be held.
#[derive(Debug)]
pub struct Hold {
    method: String,
    /// Part of the path.
    path: String,
    /// Matching requests that pass first.
    skip: u32,
    moment: Moment,
    came: Sender<()>,
    go: Receiver<()>,
    gone: Sender<()>,
}

/// The test's end. The request goes on when this is dropped, at the latest.
#[derive(Debug)]
pub struct Held {
    came: Receiver<()>,
    go: Sender<()>,
    gone: Receiver<()>,
}

impl Hold {
    /// Both ends. `*` is any method.
    pub fn new(skip: u32, method: &str, path: &str, moment: Moment) -> (Self, Held) {
        let ((came, come), (let_go, go), (gone, went)) = (channel(), channel(), channel());
        let hold = Self { method: method.to_owned(), path: path.to_owned(), skip, moment, came, go, gone };
        (hold, Held { came: come, go: let_go, gone: went })
    }

    /// Stands still, where this is the moment, until the test lets it go on or has ended.
    pub fn stand(&self, moment: Moment) {
        if self.moment == moment {
            let _ = self.came.send(());
            let _ = self.go.recv();
        }
    }

    /// The server is done with it.
    pub fn leave(&self) {
        let _ = self.gone.send(());
    }
}

impl Held {
    /// Waits until the request is there; false when it is known that it never comes.
    pub fn came(&self) -> bool {
        self.came.recv().is_ok()
    }

    /// Lets it go on, and waits until the server is done with it.
    pub fn let_go(self) {
        let _ = self.go.send(());
        let _ = self.gone.recv();
    }
}

/// Runs relwf, and acts while each of these requests is held, in their order. `run` holds no request once it
/// is over.
pub fn act_while_held<const N: usize>(
    held: [Held; N],
    run: impl FnOnce() -> Said + Send,
    mut act: impl FnMut(usize),
) -> Said {
    std::thread::scope(|scope| {
        let run = scope.spawn(run);
        for (number, held) in held.into_iter().enumerate() {
            if !held.came() {
                let said = run.join().unwrap();
                panic!("request {number} to be held never came: {}{}", said.stdout, said.stderr);
            }
            act(number);
            held.let_go();
        }
        run.join().unwrap()
    })
}

/// The hold that is meant for this request, if any.
pub fn take(holds: &mut Vec<Hold>, request: &Request) -> Option<Hold> {
    let fits =
        |hold: &Hold| (hold.method == "*" || hold.method == request.method) && request.path().contains(&hold.path);
    let at = holds.iter().position(fits)?;
    if holds[at].skip > 0 {
        holds[at].skip -= 1;
        return None;
    }
    Some(holds.remove(at))
}
