//! `fleet::behind`: the targets that run another version.

use super::To;
use super::observe::{Behind, those_behind};
use crate::effects::host_fn::{Function, map, read};
use crate::run::Kind;
use std::sync::Arc;

pub(super) static BEHIND: Function<To, Vec<Behind>> = map(
    Kind::Read,
    "fleet::behind",
    "Observes every target and answers those that do not run `to`; `version` is () where it cannot be observed.",
    |world, To { to }| {
        let world = Arc::clone(world);
        Ok(read(move |cx| those_behind(&world, &to, cx.task)))
    },
);
