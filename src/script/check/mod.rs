//! The static check: everything that can be said of a script without running it.
//!
//! [`structure`] holds what a program rests on (header, imports, capabilities) and is looked at whenever one is loaded;
//! [`everything`] adds what is found in the functions' bodies: names, calls and literal arguments ([`body`]), and the fields that
//! are read of answers ([`infer`]), what answers nothing ([`in_place`]), texts that were to hold a value ([`placeholders`]), and
//! names that relwf.toml does not know ([`configured`]).

mod body;
mod builtin_functions;
mod configured;
mod imports;
mod in_place;
mod infer;
mod inferred_type;
mod placeholders;

pub(super) use builtin_functions::Names;
pub(super) use configured::Configured;

use super::catalogue::Catalogue;
use super::compiled_file::CompiledFile;
use super::diagnostic::Diagnostic;
use super::file_cache::FileCache;
use super::source_file::Role;
use super::{plugin_header, workflow_header};
use rhai::{Engine, Stmt};

/// What a script is checked against.
pub(super) struct CheckContext<'w> {
    pub(super) engine: &'w Engine,
    pub(super) files: &'w FileCache,
    pub(super) catalogue: &'w Catalogue,
    pub(super) names: &'w Names,
    /// What relwf.toml names, where that is known.
    pub(super) configured: Option<Configured<'w>>,
}

/// Header or manifest, imports, capabilities, and that nothing runs outside of functions.
pub(super) fn structure(context: &CheckContext<'_>, unit: &CompiledFile) -> Vec<Diagnostic> {
    let mut findings = match unit.role {
        Role::Workflow => workflow_header::read(unit, "").1,
        Role::Plugin => {
            let (manifest, mut findings) = plugin_header::read(unit, context.catalogue);
            findings.extend(imports::capabilities(context, unit, &manifest));
            findings
        }
    };
    findings.extend(imports::check(context, unit));
    findings.extend(top_level(unit));
    sorted(unit, findings)
}

/// All of it.
pub(super) fn everything(context: &CheckContext<'_>, unit: &CompiledFile) -> Vec<Diagnostic> {
    let mut findings = structure(context, unit);
    findings.extend(body::check(context, unit));
    findings.extend(in_place::check(unit, &body::keys(unit)));
    findings.extend(placeholders::check(context, unit));
    findings.extend(infer::check(context, unit));
    findings.extend(context.configured.iter().flat_map(|configured| configured.check(unit)));
    sorted(unit, findings)
}

/// By place, this file's own first.
fn sorted(unit: &CompiledFile, mut findings: Vec<Diagnostic>) -> Vec<Diagnostic> {
    findings.sort_by_cached_key(|finding| {
        let place = finding.place().cloned();
        (place.as_ref().is_some_and(|place| place.file != unit.file), place)
    });
    findings.dedup_by(|a, b| a.place() == b.place() && a.failure.message == b.failure.message);
    findings
}

/// A file is loaded in every evaluation and by every program that imports it: there is nothing to be done then.
fn top_level(unit: &CompiledFile) -> Vec<Diagnostic> {
    let allowed = |statement: &&Stmt| {
        !matches!(statement, Stmt::Noop(_) | Stmt::Import(..) | Stmt::Export(..))
            && !matches!(statement, Stmt::Var(_, flags, _) if flags.contains(rhai::ASTFlags::CONSTANT))
    };
    let stray = unit.ast.statements().iter().filter(allowed);
    stray
        .map(|statement| {
            let finding =
                unit.finding(statement.position(), "only `import`, `const` and `fn` may stand outside of functions");
            finding.hint(Some(match unit.role {
                Role::Workflow => "put it into `fn run(p)`",
                Role::Plugin => "put it into a function",
            }))
        })
        .collect()
}
