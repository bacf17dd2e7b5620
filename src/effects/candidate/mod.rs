//! `candidate::…`: what could be promoted. Here is what they share; the search has its own file.

mod latest_green;
mod list;
mod search;

pub use search::{CandidateQuery, CandidateSearch, Line, ScriptCandidate};

use super::EffectContext;
use super::typed_host_fn::AnyHostFn;
use crate::run::Performing;

pub(super) static FUNCTIONS: &[&dyn AnyHostFn] = &[&list::LIST, &latest_green::LATEST_GREEN];

fn candidates<'a>(context: &'a EffectContext, cx: &Performing<'a>) -> CandidateSearch<'a> {
    CandidateSearch {
        config: &context.config,
        mirror: &context.mirror,
        forge: &*context.forge,
        ci: context.ci.as_deref(),
        now: cx.now,
        task: cx.task,
    }
}
