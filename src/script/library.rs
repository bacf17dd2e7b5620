//! The workflows and plugins of a project.

use super::compiled_workflow::CompiledWorkflow;
use super::configured_names::ConfiguredNames;
use super::diagnostic::Diagnostic;
use super::files::{FileOrigin, LibraryFiles};
use super::source_file::{Role, SourceFile};
use super::toolchain::Toolchain;
use super::workflow_header::{self, WorkflowHeader};
use crate::model::Failure;
use crate::run::HostFn;
use std::path::Path;
use std::sync::Arc;

/// The workflows and plugins of a project: files in the repository win over the embedded ones.
pub struct Library {
    toolchain: Arc<Toolchain>,
    names: Option<ConfiguredNames>,
}

impl Library {
    /// The project's `workflows/` and `plugins/` under `root`, over the embedded ones.
    ///
    /// # Errors
    ///
    /// `root` cannot be read. A single bad file is an error only when it is used.
    pub fn open(root: &Path, embedded: &[SourceFile], functions: Arc<[&'static HostFn]>) -> Result<Self, Failure> {
        Ok(Self::new(LibraryFiles::open(root, embedded)?, functions))
    }

    /// These files over the embedded ones.
    pub fn of(files: Vec<SourceFile>, embedded: &[SourceFile], functions: Arc<[&'static HostFn]>) -> Self {
        Self::new(LibraryFiles::over(files, embedded), functions)
    }

    /// A library of pinned sources alone, for resuming.
    pub fn pinned(sources: Vec<SourceFile>, functions: Arc<[&'static HostFn]>) -> Self {
        Self::new(LibraryFiles::of(sources, FileOrigin::Project), functions)
    }

    fn new(files: LibraryFiles, functions: Arc<[&'static HostFn]>) -> Self {
        Self { toolchain: Arc::new(Toolchain::new(files, functions)), names: None }
    }

    /// With the names of a relwf.toml, against which scripts are checked too.
    #[must_use]
    pub fn with_names(self, names: ConfiguredNames) -> Self {
        Self { names: Some(names), ..self }
    }

    /// Every workflow's name.
    pub fn workflows(&self) -> Vec<String> {
        self.toolchain.files.names(Role::Workflow)
    }

    /// Every plugin's name.
    pub fn plugins(&self) -> Vec<String> {
        self.toolchain.files.names(Role::Plugin)
    }

    /// A workflow's header, without executing anything. "Did you mean" when there is no such workflow.
    ///
    /// # Errors
    ///
    /// There is no such workflow, a syntax error, or the first thing that is wrong with its header.
    pub fn header(&self, workflow: &str) -> Result<WorkflowHeader, Diagnostic> {
        let unit = self.toolchain.unit(Role::Workflow, workflow)?;
        let (header, findings) = workflow_header::read(&unit, &self.toolchain.source(&unit));
        findings.into_iter().next().map_or(Ok(header), Err)
    }

    /// Everything that can be said of a workflow and the plugins it imports without running them, by place.
    pub fn check(&self, workflow: &str) -> Vec<Diagnostic> {
        self.toolchain.check(Role::Workflow, workflow, self.names.as_ref())
    }

    /// The same for one plugin.
    pub fn check_plugin(&self, plugin: &str) -> Vec<Diagnostic> {
        self.toolchain.check(Role::Plugin, plugin, self.names.as_ref())
    }

    /// The plugins that a workflow leads to, itself or through others, as far as they can be loaded.
    pub fn plugins_of(&self, workflow: &str) -> Vec<String> {
        self.toolchain.plugins_of(workflow)
    }

    /// Compiles a workflow and everything it imports.
    ///
    /// # Errors
    ///
    /// The first thing that makes it unusable: syntax, header, imports, capabilities.
    pub fn program(&self, workflow: &str) -> Result<CompiledWorkflow, Diagnostic> {
        let units = self.toolchain.load(Role::Workflow, workflow)?;
        CompiledWorkflow::new(Arc::clone(&self.toolchain), units)
    }

    pub(super) fn toolchain(&self) -> &Toolchain {
        &self.toolchain
    }
}
