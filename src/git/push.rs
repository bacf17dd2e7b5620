//! Leased pushes: a true compare-and-swap on the remote's references.
//!
//! The client compares what the server advertises with what is expected, before anything is sent. libgit2 then names the
//! advertised value as the old one, and the server compares that once more while it holds the reference's lock.

use super::commits::{object_id, oid};
use super::progress::Meter;
use super::remote::{RemoteConnection, has};
use super::transport::{AdvertisedRefs, CancelScope};
use super::{GitError, PushError, RefUpdate, cache, program, ref_advertisement};
use crate::model::{FailureKind, ObjectId, RefName, TaskContext};
use git2::{Direction, ErrorClass, ErrorCode, PushOptions, RemoteRedirect};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::Path;

/// Words of a server that lost a race for a reference's lock, or found another value under it.
const RACES: [&str; 7] = [
    "failed to update ref",
    "failed to lock",
    "cannot lock ref",
    "reference already exists",
    "non-fast-forward",
    "stale info",
    "fetch first",
];

/// What the server said about one reference: `None` is yes.
type Answers = BTreeMap<String, Option<String>>;

pub(super) fn push(
    remote: &RemoteConnection,
    mirror: &Path,
    updates: &[RefUpdate],
    task: TaskContext<'_>,
) -> Result<(), PushError> {
    let repository = cache::open(mirror).map_err(PushError::NotSent)?;
    for (at, update) in updates.iter().enumerate() {
        if updates.iter().take(at).any(|other| other.name == update.name) {
            return Err(not_sent(FailureKind::Bug, format!("{} stands twice in one push", update.name)));
        }
        if let Some(id) = update.new.filter(|id| !has(&repository, *id)) {
            return Err(not_sent(FailureKind::NotFound, format!("object {id} for {} is not here", update.name)));
        }
    }
    if updates.is_empty() {
        return Ok(());
    }
    let remote = &remote.for_pushing();
    if let Some(path) = remote.url().path().filter(|_| program::git_program().is_none()) {
        return super::local_push::push(&repository, path, updates);
    }
    let meter = Meter::new(task);
    let sent = send(remote, &repository, updates, &meter, task)?;
    settle(remote, &repository, updates, &sent, &meter, task)?;
    let moved: Vec<_> =
        updates.iter().map(|update| (update.name.to_string(), update.new.and_then(|id| oid(id).ok()))).collect();
    cache::note(mirror, &moved);
    Ok(())
}

fn not_sent(kind: FailureKind, message: String) -> PushError {
    PushError::NotSent(GitError::new(kind, message))
}

/// Sends the updates whose leases hold; gives the server's answers.
fn send(
    remote: &RemoteConnection,
    repository: &git2::Repository,
    updates: &[RefUpdate],
    meter: &Meter<'_>,
    task: TaskContext<'_>,
) -> Result<Answers, PushError> {
    const DOING: &str = "pushing";
    let _cancel = CancelScope::new(task.cancel);
    let before = |e: git2::Error| PushError::NotSent(remote.explained(GitError::remote(DOING, remote.url(), task, &e)));
    let _advertised = AdvertisedRefs::of(match remote.url().is_local() {
        true => remote
            .refs(repository, task)
            .ok()
            .and_then(|there| ref_advertisement::relevant(repository, &there, updates)),
        false => None,
    });
    let mut native = remote.native(repository).map_err(PushError::NotSent)?;
    let mut connection =
        native.connect_auth(Direction::Push, Some(remote.callbacks(meter)), Some(remote.proxy())).map_err(before)?;
    let there: BTreeMap<String, ObjectId> =
        connection.list().map_err(before)?.iter().map(|head| (head.name().to_owned(), object_id(head.oid()))).collect();
    for update in updates {
        let found = there.get(update.name.as_str()).copied();
        if !update.expected.is(found) {
            return Err(PushError::Moved { name: update.name.clone(), expected: update.expected, found });
        }
    }
    let specs: Vec<String> = updates.iter().filter(|update| !update.is_moot()).map(RefUpdate::spec).collect();
    if specs.is_empty() {
        return Ok(Answers::new());
    }
    if task.cancel.is_raised() {
        return Err(PushError::NotSent(GitError::interrupted(DOING)));
    }

    let moved = RefCell::new(None);
    let sending = Cell::new(false);
    let answers = RefCell::new(Answers::new());
    let mut callbacks = remote.callbacks(meter);
    callbacks.push_negotiation(|proposed| {
        for step in proposed {
            let name = step.dst_refname()?;
            let found = (!step.src().is_zero()).then(|| object_id(step.src()));
            if let Some(update) = updates.iter().find(|u| u.name.as_str() == name && !u.expected.is(found)) {
                *moved.borrow_mut() =
                    Some(PushError::Moved { name: update.name.clone(), expected: update.expected, found });
                return Err(git2::Error::from_str("a lease does not hold"));
            }
        }
        sending.set(true);
        Ok(())
    });
    callbacks.push_transfer_progress(|done, total, bytes| meter.sending(done, total, bytes));
    callbacks.push_update_reference(|name, refusal| {
        answers.borrow_mut().insert(name.to_owned(), refusal.map(ToOwned::to_owned));
        Ok(())
    });
    let mut options = PushOptions::new();
    options
        .remote_callbacks(callbacks)
        .proxy_options(remote.proxy())
        .follow_redirects(RemoteRedirect::None)
        .packbuilder_parallelism(0);
    let result = connection.remote().push(&specs, Some(&mut options));
    drop(options);
    if let Some(error) = moved.into_inner() {
        return Err(error);
    }
    let answers = answers.into_inner();
    match result {
        Err(e) if !sending.get() => Err(before(e)),
        // What is wrong with our own objects is found before the first byte goes out.
        Err(e) if ours(&e) && answers.is_empty() => Err(before(e)),
        Err(e) if e.message().contains("unpacking the sent packfile failed") => {
            let refused =
                |update: &RefUpdate| (update.name.to_string(), Some("the server could not unpack".to_owned()));
            Ok(updates.iter().filter(|update| !update.is_moot()).map(refused).collect())
        }
        Err(e) if answers.values().all(Option::is_none) => {
            Err(PushError::Unknown(GitError::remote(DOING, remote.url(), task, &e)))
        }
        _ => Ok(answers),
    }
}

fn ours(error: &git2::Error) -> bool {
    let class = error.class();
    matches!(class, ErrorClass::Odb | ErrorClass::Object | ErrorClass::Tree | ErrorClass::Zlib | ErrorClass::Reference)
        || (error.code() == ErrorCode::NotFound && class != ErrorClass::Net)
}

/// Reads the server's answers: all moved, some moved, refused, or lost a race.
fn settle(
    remote: &RemoteConnection,
    repository: &git2::Repository,
    updates: &[RefUpdate],
    answers: &Answers,
    meter: &Meter<'_>,
    task: TaskContext<'_>,
) -> Result<(), PushError> {
    let answer = |update: &RefUpdate| match answers.get(update.name.as_str()) {
        _ if update.is_moot() => Some(None),
        other => other.cloned(),
    };
    let refused = updates.iter().find_map(|update| match answer(update) {
        Some(Some(message)) => Some((update, message)),
        _ => None,
    });
    let Some((update, message)) = refused else {
        return match updates.iter().find(|update| answer(update).is_none()) {
            None => Ok(()),
            Some(silent) => Err(PushError::Unknown(GitError::new(
                FailureKind::Network,
                format!("the server said nothing about {}", silent.name),
            ))),
        };
    };
    let server = meter.lines();
    let raced = RACES.iter().any(|words| message.contains(words));
    let now = raced.then(|| remote.refs(repository, task).ok()).flatten();
    let found = now.map(|now| now.refs.get(update.name.as_str()).map(|id| object_id(*id)));
    let why = match found {
        Some(found) if !update.expected.is(found) => {
            PushError::Moved { name: update.name.clone(), expected: update.expected, found }
        }
        _ => PushError::Rejected { name: update.name.clone(), message, server },
    };
    let done: Vec<RefName> = updates
        .iter()
        .filter(|update| !update.is_moot() && answer(update) == Some(None))
        .map(|update| update.name.clone())
        .collect();
    Err(if done.is_empty() { why } else { PushError::Partial { done, why: Box::new(why) } })
}
