//! Lists the host functions, for `relwf help functions` and the reference.

use crate::effects::host_functions;
use crate::model::Failure;
use crate::script::{Catalogue, CatalogueFn};

/// Every host function by name; those of one namespace, or a single one, where `name` names one.
///
/// # Errors
///
/// There is none of that name ("did you mean").
pub fn functions(name: Option<&str>) -> Result<Vec<CatalogueFn>, Failure> {
    Catalogue::new(host_functions()).select(name)
}
