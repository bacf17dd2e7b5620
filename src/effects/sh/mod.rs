//! `sh::…`: programs that [sh] allows.

mod run;

pub(super) use run::ended;

use super::host_fn::Declared;

pub(super) static FUNCTIONS: &[&dyn Declared] = &[&run::RUN];
