//! `delta::…`: what changes for each component between two commits of the mirror.

mod between;

use super::EffectContext;
use super::typed_host_fn::AnyHostFn;
use crate::promotion::Detection;

pub(super) static FUNCTIONS: &[&dyn AnyHostFn] = &[&between::BETWEEN];

/// The components as configured.
pub(super) fn detection(context: &EffectContext) -> Detection<'_> {
    Detection { components: &context.config.components, plugins: &*context.plugins }
}
