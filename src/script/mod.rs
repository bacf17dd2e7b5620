//! Rhai: engine factory, host modules made from signatures, rooted resolver, headers, static check, diagnostics.
//!
//! Only this room names rhai. It knows what host functions take (as [`Signature`](crate::run::Signature)s) but not what
//! they do.

mod arguments;
mod catalogue;
mod check;
mod convert;
mod detector;
mod diagnostic;
mod embedded;
mod engine;
mod evaluation;
mod failure;
mod files;
mod flow;
mod header;
mod host;
mod index;
mod kinds;
mod library;
mod literal;
mod manifest;
mod opaque;
mod params;
mod program;
mod resolver;
mod shelf;
mod source;
mod suggest;
mod syntax;
mod unit;

pub use diagnostic::Diagnostic;
pub use embedded::embedded;
pub use header::{Header, HeaderParam, ParamKind};
pub use library::Library;
pub use program::Program;
pub use source::Source;
