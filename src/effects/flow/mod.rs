//! `flow::…` as far as it looks or acts: people's decisions, time, notes. Steps and branches belong to the script.

mod approve;
mod note;
mod now;
mod sleep;
mod timer;
mod uuid;
mod wait_until;

pub(crate) use approve::ApprovalRequest;

use super::typed_host_fn::AnyHostFn;

pub(super) static FUNCTIONS: &[&dyn AnyHostFn] =
    &[&approve::APPROVE, &sleep::SLEEP, &wait_until::WAIT_UNTIL, &note::NOTE, &now::NOW, &uuid::UUID];
