//! `fleet::waves`: the targets that run another version, ring by ring.

use super::observe::{Behind, those_behind};
use super::{To, fleet_of};
use crate::effects::typed_host_fn::{TypedHostFn, map, read};
use crate::fleet;
use crate::run::CommandKind;
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;

pub(super) static WAVES: TypedHostFn<To, Vec<ScriptWave>> = map(
    CommandKind::Read,
    "fleet::waves",
    "The targets that do not run `to`, ring by ring, in the order in which rings first appear.",
    |context, to| {
        let context = Arc::clone(context);
        Ok(read(move |cx| {
            let rings = fleet_of(&context)?.targets.iter().map(|target| target.ring.as_str());
            let behind = those_behind(&context, &to, cx.task)?;
            let waves = fleet::waves(rings, behind, |behind| &behind.target.ring);
            Ok(waves.into_iter().map(|wave| ScriptWave { name: wave.ring, targets: wave.targets }).collect())
        }))
    },
);

/// The targets of a ring.
#[derive(Serialize, JsonSchema)]
pub(super) struct ScriptWave {
    /// the ring
    name: String,
    /// its targets that are behind
    targets: Vec<Behind>,
}
