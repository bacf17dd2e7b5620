//! `git::sync`: fetches.

use crate::effects::typed_host_fn::{NoArgs, TypedHostFn, positional, read};
use crate::run::CommandKind;
use std::sync::Arc;

pub(super) static SYNC: TypedHostFn<NoArgs, ()> =
    positional(CommandKind::Read, "git::sync", "Fetches branches and tags from the remote.", |context, NoArgs {}| {
        let context = Arc::clone(context);
        Ok(read(move |cx| {
            context.mirror.sync(cx.task)?;
            Ok(())
        }))
    });
