//! Before a run: its workflow checked and compiled, its parameters read, and what it locks.

use super::project::Project;
use crate::model::{Failure, Value};
use crate::script::{CompiledWorkflow, Diagnostic, Library};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A workflow that was checked and may run.
pub struct Prepared {
    /// Its name.
    pub workflow: String,
    /// Compiled, with its plugins.
    pub program: Arc<CompiledWorkflow>,
    /// Its parameters, defaults filled in.
    pub params: Value,
    /// What it locks: no other run may change it meanwhile.
    pub target: Option<String>,
}

impl Prepared {
    /// Does the workflow want to be asked about before it begins?
    pub fn asks_first(&self) -> bool {
        self.program.header().confirm
    }

    /// Does it go ahead of a run that only waits?
    pub(super) fn preempts(&self) -> bool {
        self.program.header().preempts
    }
}

/// Why a workflow may not run. Nothing was done.
#[derive(Debug)]
pub enum Unready {
    /// Configuration or parameters.
    Failure(Failure),
    /// What the static check found.
    Findings(Vec<Diagnostic>),
}

impl From<Failure> for Unready {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

/// Checks a workflow with everything it imports, and its parameters.
///
/// # Errors
///
/// What is wrong; nothing was done.
pub fn prepare(project: &Project, workflow: &str, given: &BTreeMap<String, String>) -> Result<Prepared, Unready> {
    prepare_from(&project.library()?, workflow, |program| Ok(program.params(given)?))
}

/// The same, from a library that is there, with parameters that are found otherwise.
pub(super) fn prepare_from(
    library: &Library,
    workflow: &str,
    params: impl FnOnce(&CompiledWorkflow) -> Result<Value, Unready>,
) -> Result<Prepared, Unready> {
    // A workflow that does not exist, or cannot be read at all, is one finding and not a list.
    library.header(workflow).map_err(|diagnostic| Unready::Findings(vec![diagnostic]))?;
    let findings = library.check(workflow);
    if !findings.is_empty() {
        return Err(Unready::Findings(findings));
    }
    compiled(library, workflow, params)
}

/// The same without the static check: what a run has begun with was checked then, and a later relwf may find more.
///
/// # Errors
///
/// What makes it unusable.
pub(super) fn compiled(
    library: &Library,
    workflow: &str,
    params: impl FnOnce(&CompiledWorkflow) -> Result<Value, Unready>,
) -> Result<Prepared, Unready> {
    let program = library.program(workflow).map_err(|diagnostic| Unready::Findings(vec![diagnostic]))?;
    let params = params(&program)?;
    let lock = program.header().lock.as_ref().and_then(|name| params.get(name));
    let target = lock.and_then(|value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Null => None,
        other => Some(other.to_string()),
    });
    Ok(Prepared { workflow: workflow.to_owned(), program: Arc::new(program), params, target })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::SourceFile;

    #[test]
    fn a_run_goes_on_with_what_only_a_later_check_finds() {
        let text = "//! Odd.\nfn run(p) { let x = \" a \"; if x.trim() == \"a\" { 1 } else { 2 } }\n";
        let file = SourceFile { path: "workflows/odd.rhai".to_owned(), text: text.to_owned() };
        let library = Library::pinned(vec![file], crate::effects::host_functions());
        let params = |_: &CompiledWorkflow| Ok(Value::Null);
        assert!(matches!(prepare_from(&library, "odd", params), Err(Unready::Findings(found)) if found.len() == 1));
        assert!(compiled(&library, "odd", params).is_ok());
    }
}
