//! `fleet::targets`: the inventory.

use super::{ScriptTarget, fleet_of};
use crate::effects::typed_host_fn::{NoArgs, TypedHostFn, positional, read};
use crate::run::CommandKind;
use std::sync::Arc;

pub(super) static TARGETS: TypedHostFn<NoArgs, Vec<ScriptTarget>> =
    positional(CommandKind::Read, "fleet::targets", "Every [[fleet.target]], in order.", |context, NoArgs {}| {
        let context = Arc::clone(context);
        Ok(read(move |_| Ok(fleet_of(&context)?.targets.iter().map(ScriptTarget::from).collect())))
    });
