//! `fleet::targets`: the inventory.

use super::{Target, fleet_of};
use crate::effects::host_fn::{Function, NoArgs, positional, read};
use crate::run::CommandKind;
use std::sync::Arc;

pub(super) static TARGETS: Function<NoArgs, Vec<Target>> =
    positional(CommandKind::Read, "fleet::targets", "Every [[fleet.target]], in order.", |context, NoArgs {}| {
        let context = Arc::clone(context);
        Ok(read(move |_| Ok(fleet_of(&context)?.targets.iter().map(Target::from).collect())))
    });
