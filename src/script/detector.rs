//! Component detectors written as plugins: `fn version(files)` or `fn version(files, options)`.
//!
//! A detector is a function of the texts it is given: no host function can be called, the engine's limits hold.

use super::convert::{to_dynamic, to_value};
use super::evaluation;
use super::failure::of_error;
use super::library::Library;
use super::program_index::Index;
use super::source_file::Role;
use super::suggest;
use crate::components::{PluginDetector, Version};
use crate::model::{Failure, FailureKind, SourceLocation, Value};
use rhai::{CallFnOptions, Dynamic, Map, Scope};
use std::collections::BTreeMap;

const FUNCTION: &str = "version";
const KEYS: [&str; 7] = ["revision", "version", "branch", "source", "digest", "floating", "definition"];

impl PluginDetector for Library {
    fn version(
        &self,
        plugin: &str,
        files: &BTreeMap<String, String>,
        options: &Value,
    ) -> Result<Option<Version>, Failure> {
        let toolchain = self.toolchain();
        let units = toolchain.load(Role::Plugin, plugin).map_err(|diagnostic| diagnostic.failure)?;
        let Some(unit) = units.first() else { return Ok(None) };
        let takes: Vec<usize> = unit.named(FUNCTION).map(|function| function.params.len()).collect();
        let place = SourceLocation::new(&unit.file, 0, 0);
        let files = files.iter().map(|(path, text)| (path.as_str().into(), text.clone().into())).collect::<Map>();
        let mut arguments = vec![Dynamic::from_map(files)];
        if takes.contains(&2) {
            arguments.push(to_dynamic(options.clone()));
        } else if !takes.contains(&1) {
            let message = format!("the plugin `{plugin}` is no detector: it has no `fn version(files)`");
            return Err(Failure::new(FailureKind::Script, message).at(place));
        }
        let index = Index::new(&units, |_| false);
        let value = evaluation::on_large_stack(|| {
            let (options, mut scope) = (CallFnOptions::new(), Scope::new());
            let outcome =
                toolchain.engine.call_fn_with_options::<Dynamic>(options, &mut scope, &unit.ast, FUNCTION, arguments);
            let value = outcome.map_err(|error| of_error(&error, &unit.file, &index, &toolchain.engine))?;
            let wrong = |what: String| Failure::new(FailureKind::Script, what).at(place.clone());
            let value =
                to_value(&value).map_err(|error| wrong(format!("`version` must return data, not {}", error.what)))?;
            version(value).map_err(wrong)
        });
        value?
    }
}

/// A version as plugins write it: a text, or a map of its parts; `()` for none.
fn version(value: Value) -> Result<Option<Version>, String> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) if text.is_empty() => Ok(None),
        Value::String(text) => Ok(Some(Version::published(text))),
        Value::Object(map) => {
            if let Some(unknown) = map.keys().find(|key| !KEYS.contains(&key.as_str())) {
                let hint = suggest::hint(unknown, KEYS).unwrap_or_default();
                return Err(format!("a version knows no `{unknown}`; {hint}"));
            }
            // `()` stands for an absent part.
            let given = map.into_iter().filter(|(_, value)| !value.is_null()).collect();
            serde_json::from_value(Value::Object(given))
                .map(Some)
                .map_err(|error| format!("`version` returned something that is no version: {error}"))
        }
        other => {
            Err(format!("`version` must return a string, a map or (), not {}", super::arguments::describe(&other)))
        }
    }
}
