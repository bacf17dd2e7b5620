//! `git::sync`: fetches.

use crate::effects::host_fn::{Function, NoArgs, positional, read};
use crate::run::Kind;
use std::sync::Arc;

pub(super) static SYNC: Function<NoArgs, ()> =
    positional(Kind::Read, "git::sync", "Fetches branches and tags from the remote.", |world, NoArgs {}| {
        let world = Arc::clone(world);
        Ok(read(move |cx| {
            world.mirror.sync(cx.task)?;
            Ok(())
        }))
    });
