//! The workflows and plugins of a project.

use super::catalogue::Catalogue;
use super::check::{self, Names, World};
use super::diagnostic::Diagnostic;
use super::files::{Files, Origin};
use super::header::{self, Header};
use super::program::Program;
use super::resolver::Resolver;
use super::shelf::Shelf;
use super::source::{Role, Source};
use super::unit::Unit;
use crate::model::Failure;
use crate::run::HostFn;
use rhai::Engine;
use std::path::Path;
use std::sync::{Arc, OnceLock};

/// The workflows and plugins of a project: files in the repository win over the embedded ones.
pub struct Library {
    workshop: Arc<Workshop>,
}

/// What a library and its programs share.
pub(super) struct Workshop {
    pub(super) engine: Engine,
    pub(super) shelf: Arc<Shelf>,
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
        let shelf = Arc::new(Shelf::new(files));
        let catalogue = Arc::new(Catalogue::new(functions));
        let engine = super::engine::build(&catalogue, Resolver::new(Arc::clone(&shelf)));
        Self { workshop: Arc::new(Workshop { engine, shelf, catalogue, names: OnceLock::new() }) }
    }

    /// Every workflow's name.
    pub fn workflows(&self) -> Vec<String> {
        self.workshop.shelf.names(Role::Workflow)
    }

    /// Every plugin's name.
    pub fn plugins(&self) -> Vec<String> {
        self.workshop.shelf.names(Role::Plugin)
    }

    /// A workflow's header, without executing anything. "Did you mean" when there is no such workflow.
    ///
    /// # Errors
    ///
    /// There is no such workflow, a syntax error, or the first thing that is wrong with its header.
    pub fn header(&self, workflow: &str) -> Result<Header, Diagnostic> {
        let unit = self.workshop.unit(Role::Workflow, workflow)?;
        let (header, findings) = header::read(&unit, &self.workshop.source(&unit));
        findings.into_iter().next().map_or(Ok(header), Err)
    }

    /// Everything that can be said of a workflow and the plugins it imports without running them, by place.
    pub fn check(&self, workflow: &str) -> Vec<Diagnostic> {
        self.workshop.check(Role::Workflow, workflow)
    }

    /// The same for one plugin.
    pub fn check_plugin(&self, plugin: &str) -> Vec<Diagnostic> {
        self.workshop.check(Role::Plugin, plugin)
    }

    /// Compiles a workflow and everything it imports.
    ///
    /// # Errors
    ///
    /// The first thing that makes it unusable: syntax, header, imports, capabilities.
    pub fn program(&self, workflow: &str) -> Result<Program, Diagnostic> {
        let units = self.workshop.load(Role::Workflow, workflow)?;
        Program::new(Arc::clone(&self.workshop), units)
    }

    pub(super) fn workshop(&self) -> &Workshop {
        &self.workshop
    }
}

impl Workshop {
    pub(super) fn unit(&self, role: Role, name: &str) -> Result<Arc<Unit>, Diagnostic> {
        self.shelf.unit(&self.engine, role, name)
    }

    /// Where people find a file.
    pub(super) fn source(&self, unit: &Unit) -> String {
        if self.shelf.is_embedded(&unit.file) { "embedded".to_owned() } else { unit.file.clone() }
    }

    /// Is this file, as it is, part of relwf? Pinned sources have lost where they came from.
    pub(super) fn is_embedded(&self, unit: &Unit) -> bool {
        self.shelf.is_embedded(&unit.file)
            || super::embedded::SOURCES.iter().any(|(path, text)| *path == unit.file && *text == unit.text)
    }

    /// A file and every plugin it imports, itself first.
    ///
    /// # Errors
    ///
    /// The first thing that makes one of them unusable.
    pub(super) fn load(&self, role: Role, name: &str) -> Result<Vec<Arc<Unit>>, Diagnostic> {
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
    fn closure(&self, unit: Arc<Unit>) -> Vec<Arc<Unit>> {
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
            shelf: &self.shelf,
            catalogue: &self.catalogue,
            names: self.names.get_or_init(|| Names::of(&self.engine)),
        }
    }
}
