//! `sh::…`: programs that `[sh]` allows.

mod run;

pub(super) use run::ended;

use super::typed_host_fn::AnyHostFn;

pub(super) static FUNCTIONS: &[&dyn AnyHostFn] = &[&run::RUN];
