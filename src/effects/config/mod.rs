//! `config::…`: what relwf.toml says, for workflows that branch on it.

mod component;
mod environment;
mod has_secret;
mod releases;

use super::typed_host_fn::AnyHostFn;
use crate::model::{Failure, FailureKind, nearest};

pub(super) static FUNCTIONS: &[&dyn AnyHostFn] =
    &[&environment::ENVIRONMENT, &component::COMPONENT, &has_secret::HAS_SECRET, &releases::RELEASES];

/// The failure for a name that relwf.toml does not have.
pub(super) fn no_such(what: &str, name: &str, names: &[&str]) -> Failure {
    let failure = Failure::new(FailureKind::NotFound, format!("relwf.toml has no {what} `{name}`"));
    match nearest(name, names.iter().copied()) {
        Some(known) => failure.hint(format!("did you mean `{known}`?")),
        None if names.is_empty() => failure.hint(format!("it has no {what} at all")),
        None => failure.hint(format!("there are {}", names.join(", "))),
    }
}
