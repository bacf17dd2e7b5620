//! Rhai: engine factory, host modules made from signatures, rooted resolver, headers, static check, diagnostics.
//!
//! Only this room names rhai. It knows what host functions take (as [`Signature`]s) but not what they do.

mod program;

pub use program::{Diagnostic, Header, HeaderParam, Library, ParamKind, Program, Source};

use crate::run::Signature;

#[allow(unused)]
fn _signatures(_: &[Signature]) {}
