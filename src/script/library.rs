//! The workflows and plugins of a project.

use super::catalogue::Catalogue;
use super::check::{self, Names, World};
use super::compiled_file::CompiledFile;
use super::diagnostic::Diagnostic;
use super::file_cache::FileCache;
use super::files::{Files, Origin};
use super::header::{self, Header};
use super::program::Program;
use super::resolver::Resolver;
use super::source::{Role, Source};
use crate::model::Failure;
use crate::run::HostFn;
use rhai::Engine;
use std::path::Path;
use std::sync::{Arc, OnceLock};

/// The workflows and plugins of a project: files in the repository win over the embedded ones.
pub struct Library {
    toolchain: Arc<Toolchain>,
}

/// What a library and its programs share.
pub(super) struct Toolchain {
    pub(super) engine: Engine,
    pub(super) files: Arc<FileCache>,
    catalogue: Arc<Catalogue>,
    names: OnceLock<Names>,
}

impl Library {
    /// The project's `workflows/` and `plugins/` under `root`, over the embedded ones.
    ///
    /// # Errors
    ///
    /// `root` cannot be read. A single bad file is an error only when it is used.
    pub fn open(root: &Path, embedded: &[Source], functions: Arc<[&'static HostFn]>) -> Result<Self, Failure> {
        Ok(Self::new(Files::open(root, embedded)?, functions))
    }

    /// A library of pinned sources alone, for resuming.
    pub fn pinned(sources: Vec<Source>, functions: Arc<[&'static HostFn]>) -> Self {
        Self::new(Files::of(sources, Origin::Project), functions)
    }

    fn new(files: Files, functions: Arc<[&'static HostFn]>) -> Self {
        let files = Arc::new(FileCache::new(files));
        let catalogue = Arc::new(Catalogue::new(functions));
        let engine = super::engine::build(&catalogue, Resolver::new(Arc::clone(&files)));
        Self { toolchain: Arc::new(Toolchain { engine, files, catalogue, names: OnceLock::new() }) }
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
    pub fn header(&self, workflow: &str) -> Result<Header, Diagnostic> {
        let unit = self.toolchain.unit(Role::Workflow, workflow)?;
        let (header, findings) = header::read(&unit, &self.toolchain.source(&unit));
        findings.into_iter().next().map_or(Ok(header), Err)
    }

    /// Everything that can be said of a workflow and the plugins it imports without running them, by place.
    pub fn check(&self, workflow: &str) -> Vec<Diagnostic> {
        self.toolchain.check(Role::Workflow, workflow)
    }

    /// The same for one plugin.
    pub fn check_plugin(&self, plugin: &str) -> Vec<Diagnostic> {
        self.toolchain.check(Role::Plugin, plugin)
    }

    /// Compiles a workflow and everything it imports.
    ///
    /// # Errors
    ///
    /// The first thing that makes it unusable: syntax, header, imports, capabilities.
    pub fn program(&self, workflow: &str) -> Result<Program, Diagnostic> {
        let units = self.toolchain.load(Role::Workflow, workflow)?;
        Program::new(Arc::clone(&self.toolchain), units)
    }

    pub(super) fn toolchain(&self) -> &Toolchain {
        &self.toolchain
    }
}

impl Toolchain {
    pub(super) fn unit(&self, role: Role, name: &str) -> Result<Arc<CompiledFile>, Diagnostic> {
        self.files.unit(&self.engine, role, name)
    }

    /// Where people find a file.
    pub(super) fn source(&self, unit: &CompiledFile) -> String {
        if self.files.is_embedded(&unit.file) { "embedded".to_owned() } else { unit.file.clone() }
    }

    /// Is this file, as it is, part of relwf? Pinned sources have lost where they came from.
    pub(super) fn is_embedded(&self, unit: &CompiledFile) -> bool {
        self.files.is_embedded(&unit.file)
            || super::embedded::SOURCES.iter().any(|(path, text)| *path == unit.file && *text == unit.text)
    }

    /// A file and every plugin it imports, itself first.
    ///
    /// # Errors
    ///
    /// The first thing that makes one of them unusable.
    pub(super) fn load(&self, role: Role, name: &str) -> Result<Vec<Arc<CompiledFile>>, Diagnostic> {
        let units = self.closure(self.unit(role, name)?);
        let world = self.world();
        match units.iter().flat_map(|unit| check::structure(&world, unit)).next() {
            Some(finding) => Err(finding),
            None => Ok(units),
        }
    }

    fn check(&self, role: Role, name: &str) -> Vec<Diagnostic> {
        let unit = match self.unit(role, name) {
            Ok(unit) => unit,
            Err(diagnostic) => return vec![diagnostic],
        };
        let world = self.world();
        let mut findings: Vec<Diagnostic> = Vec::new();
        for finding in self.closure(unit).iter().flat_map(|unit| check::everything(&world, unit)) {
            if !findings.contains(&finding) {
                findings.push(finding);
            }
        }
        findings
    }

    /// A file and all plugins that it leads to and that can be loaded.
    fn closure(&self, unit: Arc<CompiledFile>) -> Vec<Arc<CompiledFile>> {
        let mut units = vec![unit];
        let mut next = 0;
        while let Some(unit) = units.get(next).cloned() {
            for name in unit.imports.iter().filter_map(|import| import.name.as_deref()) {
                if let Ok(plugin) = self.unit(Role::Plugin, name)
                    && !units.iter().any(|known| known.file == plugin.file)
                {
                    units.push(plugin);
                }
            }
            next += 1;
        }
        units
    }

    fn world(&self) -> World<'_> {
        World {
            engine: &self.engine,
            files: &self.files,
            catalogue: &self.catalogue,
            names: self.names.get_or_init(|| Names::of(&self.engine)),
        }
    }
}
