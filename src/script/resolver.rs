//! What `import` finds: plugins by name, and nothing else.

use super::diagnostic::Diagnostic;
use super::failure::thrown;
use super::file_cache::FileCache;
use super::source_file::Role;
use rhai::{Engine, EvalAltResult, Module, ModuleResolver, Position, Scope, Shared};
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

/// Loads plugins from the files; each is evaluated once.
pub(super) struct Resolver {
    files: Arc<FileCache>,
    modules: RwLock<BTreeMap<String, Shared<Module>>>,
}

impl Resolver {
    pub(super) fn new(files: Arc<FileCache>) -> Self {
        Self { files, modules: RwLock::default() }
    }
}

impl ModuleResolver for Resolver {
    fn resolve(
        &self,
        engine: &Engine,
        _source: Option<&str>,
        name: &str,
        position: Position,
    ) -> Result<Shared<Module>, Box<EvalAltResult>> {
        if let Some(module) = self.modules.read().unwrap_or_else(PoisonError::into_inner).get(name) {
            return Ok(Arc::clone(module));
        }
        let wrong = |diagnostic: Diagnostic| thrown(&diagnostic.failure, position);
        let unit = self.files.unit(engine, Role::Plugin, name).map_err(wrong)?;
        // No lock is held here: a plugin may import others.
        let module = Arc::new(Module::eval_ast_as_new(Scope::new(), &unit.ast, engine)?);
        self.modules.write().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), Arc::clone(&module));
        Ok(module)
    }
}
