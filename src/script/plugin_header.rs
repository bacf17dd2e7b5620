//! Parses a plugin's header, `const PLUGIN = #{ name, version, capabilities }`, from the syntax tree without running it.

use super::catalogue::Catalogue;
use super::compiled_file::CompiledFile;
use super::diagnostic::Diagnostic;
use super::literal::Literal;
use super::suggest;
use rhai::Position;

const CONSTANT: &str = "PLUGIN";
const KEYS: [&str; 3] = ["name", "version", "capabilities"];
const EXAMPLE: &str = "write `const PLUGIN = #{ name: \"…\", version: \"1\", capabilities: [\"http\"] };`";

/// A plugin's manifest.
#[derive(Debug, Default)]
pub(super) struct Manifest {
    /// The host's namespaces that it may call.
    pub(super) capabilities: Vec<String>,
}

/// Reads a plugin's manifest. All that is wrong with it comes beside what could be read.
pub(super) fn read(unit: &CompiledFile, catalogue: &Catalogue) -> (Manifest, Vec<Diagnostic>) {
    let mut findings = Vec::new();
    let mut manifest = Manifest::default();
    let Some((expr, at)) = unit.global(CONSTANT) else {
        findings.push(unit.finding(Position::NONE, "a plugin needs `const PLUGIN`").hint(Some(EXAMPLE)));
        return (manifest, findings);
    };
    let literal = match Literal::read(expr) {
        Ok(literal) => literal,
        Err(at) => {
            let hint = "it is read without running anything: no variables, calls or `${…}` in it";
            findings.push(unit.finding(at, "`PLUGIN` must be literal").hint(Some(hint)));
            return (manifest, findings);
        }
    };
    let Some(entries) = literal.entries() else {
        findings.push(unit.finding(at, "`PLUGIN` must be a map").hint(Some(EXAMPLE)));
        return (manifest, findings);
    };
    for entry in entries.iter().filter(|entry| !KEYS.contains(&entry.key.as_str())) {
        let message = format!("a plugin's `PLUGIN` knows no `{}`", entry.key);
        findings.push(unit.finding(entry.key_at, message).hint(suggest::hint(&entry.key, KEYS)));
    }
    for key in ["name", "version"] {
        match entries.iter().find(|entry| entry.key == key) {
            None => findings.push(unit.finding(at, format!("`PLUGIN` has no `{key}`")).hint(Some(EXAMPLE))),
            Some(entry) if entry.literal.text().is_none() => {
                findings.push(unit.finding(entry.literal.at, format!("`{key}` must be a string")));
            }
            Some(_) => {}
        }
    }
    if let Some(entry) = entries.iter().find(|entry| entry.key == "capabilities") {
        let Some(items) = entry.literal.items() else {
            findings.push(unit.finding(entry.literal.at, "`capabilities` must be a list of the host's namespaces"));
            return (manifest, findings);
        };
        for item in items {
            match item.text() {
                Some(name) if catalogue.is_namespace(name) => manifest.capabilities.push(name.to_owned()),
                name => {
                    let name = name.unwrap_or_default();
                    let hint = suggest::hint(name, catalogue.namespaces());
                    findings.push(unit.finding(item.at, format!("there is no capability `{name}`")).hint(hint));
                }
            }
        }
    }
    (manifest, findings)
}
