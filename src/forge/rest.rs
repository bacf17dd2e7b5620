//! Requests below one project of a forge's REST API, and its refusals as failures with what to do about them.
//!
//! Which requests there are, and what the answers mean, is known only to the forges.

use crate::http::{Api, ApiAnswer, Client};
use crate::model::{Failure, FailureKind, Secret, TaskContext, WriteError};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::sync::Arc;

/// What differs between forges in messages and hints.
pub(super) struct Manner {
    /// Its name, for messages.
    pub(super) name: &'static str,
    /// What a change is called there.
    pub(super) change: &'static str,
    /// What to do about a refusal of this status.
    pub(super) hint: fn(u16) -> Option<&'static str>,
}

/// The API at `base`. The authorization goes with every request to it, and to nowhere else.
pub(super) fn api(client: Client, base: &str, authorization: Option<String>) -> Api {
    let mut headers = vec![
        ("accept".to_owned(), Secret::new("application/json")),
        ("user-agent".to_owned(), Secret::new(concat!("relwf/", env!("CARGO_PKG_VERSION")))),
    ];
    headers.extend(authorization.map(|value| ("authorization".to_owned(), Secret::new(value))));
    Api::new(client, base, headers)
}

/// A project on a forge's API.
pub(super) struct Rest {
    api: Arc<Api>,
    /// The path that all others are below, e.g. `/projects/acme%2Fservice`.
    root: String,
    manner: &'static Manner,
}

impl Rest {
    pub(super) const fn new(api: Arc<Api>, root: String, manner: &'static Manner) -> Self {
        Self { api, root, manner }
    }

    fn path(&self, rest: &str) -> String {
        format!("{}{rest}", self.root)
    }

    /// A look; `None` for 404.
    pub(super) fn get<T: DeserializeOwned>(&self, rest: &str, task: TaskContext<'_>) -> Result<Option<T>, WriteError> {
        let answer = self.api.get(&self.path(rest), task)?;
        match answer.status {
            404 => Ok(None),
            _ if answer.is_success() => self.read(&answer.body, rest).map(Some),
            _ => Err(self.refused(&answer)),
        }
    }

    /// All items of a list.
    pub(super) fn list<T: DeserializeOwned>(&self, rest: &str, task: TaskContext<'_>) -> Result<Vec<T>, WriteError> {
        let found = self.api.all(&self.path(rest), Value::as_array, task)?;
        let found = found.map_err(|answer| self.refused(&answer))?;
        found.iter().map(|item| self.read(item, rest)).collect()
    }

    /// A write, with whatever was answered.
    pub(super) fn write(
        &self,
        method: &str,
        rest: &str,
        body: &Value,
        task: TaskContext<'_>,
    ) -> Result<ApiAnswer, WriteError> {
        self.api.send(method, &self.path(rest), Some(body), task)
    }

    /// A write that was done if it succeeded at all.
    pub(super) fn done(
        &self,
        method: &str,
        rest: &str,
        body: &Value,
        task: TaskContext<'_>,
    ) -> Result<ApiAnswer, WriteError> {
        let answer = self.write(method, rest, body, task)?;
        if answer.is_success() { Ok(answer) } else { Err(self.refused(&answer)) }
    }

    /// Takes what is needed out of an answer.
    pub(super) fn read<T: DeserializeOwned>(&self, body: &Value, what: &str) -> Result<T, WriteError> {
        T::deserialize(body).map_err(|error| {
            let what = what.split('?').next().unwrap_or_default();
            let name = self.manner.name;
            let message = format!("{name}'s answer to {}{what} cannot be read: {error}", self.root);
            WriteError::NotSent(
                Failure::new(FailureKind::Network, message)
                    .hint(format!("is [forge].api the address of {name}'s API?")),
            )
        })
    }

    /// A refusal; or a success of a write whose body is not the forge's, which leaves it unknown.
    pub(super) fn refused(&self, answer: &ApiAnswer) -> WriteError {
        if answer.is_success() {
            return WriteError::Unknown(answer.garbled());
        }
        let failure = answer.failure();
        WriteError::Refused(match (self.manner.hint)(answer.status) {
            Some(hint) => failure.hint(hint),
            None => failure,
        })
    }

    /// There is no such project, or it is not shown.
    pub(super) fn no_project(&self, path: &str) -> WriteError {
        let failure = Failure::new(FailureKind::NotFound, format!("{} shows no project {path}", self.manner.name));
        WriteError::Refused(
            failure.hint(
                "it does not exist, or the token may not see it; `relwf doctor` shows where the token comes from",
            ),
        )
    }

    /// There is no such change.
    pub(super) fn no_change(&self, number: u64) -> WriteError {
        let failure = Failure::new(FailureKind::NotFound, format!("there is no {} {number}", self.manner.change));
        WriteError::Refused(failure)
    }

    /// A change was to be opened without a branch.
    pub(super) fn no_branch(&self) -> WriteError {
        let message = format!("a {} was to be opened without a branch", self.manner.change);
        WriteError::Refused(Failure::new(FailureKind::Bug, message))
    }
}
