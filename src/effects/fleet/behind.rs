//! `fleet::behind`: the targets that run another version.

use super::To;
use super::observe::{Behind, those_behind};
use crate::effects::typed_host_fn::{TypedHostFn, map, read};
use crate::run::CommandKind;
use std::sync::Arc;

pub(super) static BEHIND: TypedHostFn<To, Vec<Behind>> = map(
    CommandKind::Read,
    "fleet::behind",
    "Observes every target and answers those that do not run `to`; `version` is () where it cannot be observed.",
    |context, to| {
        let context = Arc::clone(context);
        Ok(read(move |cx| those_behind(&context, &to, cx.task)))
    },
);
