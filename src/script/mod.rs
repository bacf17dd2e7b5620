//! Rhai: engine factory, host modules made from signatures, rooted resolver, headers, static check, diagnostics.
//!
//! Only this room names rhai. It knows what host functions take (as [`HostFn`](crate::run::HostFn)s) but not what
//! they do.
//!
//! What people who write scripts should know of Rhai 1.27: functions and closures see a top-level constant `X` as
//! `global::X` only; a closure sees the variables around it, and changes them, except in `flow::parallel`, where every
//! branch has its own copies; `return` in a closure returns from the closure; a property that a map lacks is an error,
//! `"x" in map` and `map.get("x") ?? …` ask for it.

mod arguments;
mod branches;
mod catalogue;
mod check;
mod compiled_file;
mod compiled_workflow;
mod configured_names;
mod convert;
mod detector;
mod diagnostic;
mod embedded;
mod end_handler;
mod engine;
mod evaluation;
mod failure;
mod file_cache;
mod files;
mod flow;
mod host;
mod host_call;
mod library;
mod limits;
mod literal;
mod opaque;
mod opaque_operators;
mod other_languages;
mod params;
mod plugin_header;
mod program_index;
mod resolver;
mod source_file;
mod suggest;
mod syntax_errors;
mod text_formats;
mod times;
mod toolchain;
mod workflow_header;

pub(crate) use catalogue::{Catalogue, CatalogueFn};
pub use compiled_workflow::CompiledWorkflow;
pub use configured_names::ConfiguredNames;
pub use diagnostic::Diagnostic;
pub use embedded::embedded;
pub(crate) use files::own_files;
pub use library::Library;
pub use source_file::SourceFile;
pub use workflow_header::ParamKind;
pub(crate) use workflow_header::{HEADER_KEYS, HeaderParam, WorkflowHeader};
