//! What a library and its programs share: the engine, the files as they are compiled, and what is known of host functions.

use super::catalogue::Catalogue;
use super::check::{self, CheckContext, Configured, Names};
use super::compiled_file::CompiledFile;
use super::configured_names::ConfiguredNames;
use super::diagnostic::Diagnostic;
use super::file_cache::FileCache;
use super::files::LibraryFiles;
use super::resolver::Resolver;
use super::source_file::Role;
use crate::run::HostFn;
use rhai::Engine;
use std::sync::{Arc, OnceLock};

/// What a library and its programs share.
pub(super) struct Toolchain {
    pub(super) engine: Engine,
    pub(super) files: Arc<FileCache>,
    catalogue: Arc<Catalogue>,
    names: OnceLock<Names>,
}

impl Toolchain {
    pub(super) fn new(files: LibraryFiles, functions: Arc<[&'static HostFn]>) -> Self {
        let files = Arc::new(FileCache::new(files));
        let catalogue = Arc::new(Catalogue::new(functions));
        let engine = super::engine::build(&catalogue, Resolver::new(Arc::clone(&files)));
        Self { engine, files, catalogue, names: OnceLock::new() }
    }

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
        let context = self.context();
        match units.iter().flat_map(|unit| check::structure(&context, unit)).next() {
            Some(finding) => Err(finding),
            None => Ok(units),
        }
    }

    /// Everything that is wrong in a file and the plugins it imports; `names` are relwf.toml's, where there is one.
    pub(super) fn check(&self, role: Role, name: &str, names: Option<&ConfiguredNames>) -> Vec<Diagnostic> {
        let unit = match self.unit(role, name) {
            Ok(unit) => unit,
            Err(diagnostic) => return vec![diagnostic],
        };
        let units = self.closure(unit);
        let configured = names.map(|names| Configured::new(names, role, &units));
        let context = CheckContext { configured, ..self.context() };
        let mut findings: Vec<Diagnostic> = Vec::new();
        for finding in units.iter().flat_map(|unit| check::everything(&context, unit)) {
            if !findings.contains(&finding) {
                findings.push(finding);
            }
        }
        findings
    }

    pub(super) fn plugins_of(&self, workflow: &str) -> Vec<String> {
        let units = self.unit(Role::Workflow, workflow).map_or_else(|_| Vec::new(), |unit| self.closure(unit));
        units.iter().filter_map(|unit| Role::Plugin.name(&unit.file)).map(str::to_owned).collect()
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

    fn context(&self) -> CheckContext<'_> {
        CheckContext {
            engine: &self.engine,
            files: &self.files,
            catalogue: &self.catalogue,
            names: self.names.get_or_init(|| Names::of(&self.engine)),
            configured: None,
        }
    }
}
