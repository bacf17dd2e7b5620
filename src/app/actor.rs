//! Who works here: the operator and this process, as the journal names them.

use super::project::Project;
use crate::git::Identity;
use crate::journal::Who;

/// The operator and this process, for the journal.
pub fn who(project: &Project) -> Who {
    Who::here(actor_of(project))
}

/// The operator's name: git's, else the system's.
pub fn actor_of(project: &Project) -> String {
    let env = &project.invocation.env;
    let found = Identity::find(&**env, Some(&project.config.root)).ok();
    let actor = found.map(|identity| format!("{} <{}>", identity.committer.0, identity.committer.1));
    actor.or_else(|| env("USER")).unwrap_or_else(|| "unknown".to_owned())
}
