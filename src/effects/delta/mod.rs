//! `delta::…`: what changes for each component between two commits of the mirror.

mod between;

use super::World;
use super::host_fn::Declared;
use crate::promotion::Detection;

pub(super) static FUNCTIONS: &[&dyn Declared] = &[&between::BETWEEN];

/// The components as configured.
pub(super) fn detection(world: &World) -> Detection<'_> {
    Detection { components: &world.config.components, plugins: &*world.plugins }
}
