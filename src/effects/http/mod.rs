//! `http::…`: one HTTP request. `get` is a read; `request` is an effect whose probe cannot tell whether the request arrived.

mod exchange;
mod get;
mod request;

use super::EffectContext;
use super::typed_host_fn::AnyHostFn;
use crate::http::Request;
use crate::model::{Failure, FailureKind, TaskContext};
use std::time::Duration;

pub(super) static FUNCTIONS: &[&dyn AnyHostFn] = &[&get::GET, &request::REQUEST];

/// The body of what a URL answers, for reads that want nothing else.
pub(super) fn fetch(
    context: &EffectContext,
    url: &str,
    limit: Duration,
    task: TaskContext<'_>,
) -> Result<String, Failure> {
    let request = Request::new("GET", url).deadline(limit);
    let shown = request.shown();
    let response = context.client(task.cancel).request(request)?;
    if !response.is_success() {
        return Err(Failure::new(FailureKind::Network, format!("{shown} answered with status {}", response.status)));
    }
    Ok(response.text())
}
