//! `fleet::wanted`: the version at the tip of a branch, which the fleet should run.

use super::fleet_of;
use crate::components::{Version, detect};
use crate::effects::config::no_such;
use crate::effects::git::tip;
use crate::effects::typed_host_fn::{TypedHostFn, map, read};
use crate::model::{BranchName, CommitId, ComponentName, Failure, FailureKind};
use crate::promotion::TreeFiles;
use crate::run::CommandKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

pub(super) static WANTED: TypedHostFn<Args, Wanted> = map(
    CommandKind::Read,
    "fleet::wanted",
    "The version of the fleet's component at the tip of a branch.",
    |context, Args { branch }| {
        let context = Arc::clone(context);
        Ok(read(move |_| {
            let name = &fleet_of(&context)?.component;
            let components = &context.config.components;
            let component = components.iter().find(|component| component.name == *name).ok_or_else(|| {
                let names: Vec<&str> = components.iter().map(|component| component.name.as_str()).collect();
                no_such("component", name.as_str(), &names)
            })?;
            let commit = tip(&context, &branch)?;
            let found =
                detect(component, &TreeFiles::of(&context.mirror, commit)?.at(Some(commit)), &*context.plugins)?;
            let revision = found.as_ref().and_then(|version| version.revision.clone());
            let version = found.filter(|version| !version.floating).and_then(Version::into_name).ok_or_else(|| {
                Failure::new(FailureKind::NotFound, format!("{branch} at {} does not pin {name}", commit.short()))
                    .hint("the fleet can only be brought to a version that the branch names exactly")
            })?;
            Ok(Wanted { component: name.clone(), version, revision, commit })
        }))
    },
)
.throws(&[(FailureKind::NotFound, "there is no such branch, or it does not pin the component to one version")]);

#[derive(Deserialize, JsonSchema)]
pub(super) struct Args {
    /// the branch whose tip says which version the fleet should run
    branch: BranchName,
}

/// The version that a branch says.
#[derive(Serialize, JsonSchema)]
pub(super) struct Wanted {
    /// the fleet's component
    component: ComponentName,
    /// its version
    version: String,
    /// its exact revision, where the branch names one
    revision: Option<String>,
    /// the branch's tip
    commit: CommitId,
}
