//! `[fleet]`, and the targets of its file.

use super::keys::{self, target, update_ci};
use super::load::ReadBeside;
use super::{FleetCommand, FleetConfig, FleetTarget, Observe, UpdateEvent, fleet_syntax};
use crate::document::{At, DocumentFile, Node, Table, suggestion};
use crate::model::SourceLocation;
use std::collections::HashMap;
use std::path::Path;

/// Reads `[fleet]`; `components` are the names to choose from.
pub(super) fn read(
    mut table: Table<'_, '_>,
    components: &[&str],
    root: &Path,
    beside: ReadBeside<'_>,
) -> Option<FleetConfig> {
    let written = table.peek(keys::fleet::COMPONENT.name());
    let component = match written {
        Some((name, at)) if !components.contains(&name) => {
            let hint = suggestion(name, components, "components:");
            table.source.wrong(at, format!("there is no component `{name}`"), hint);
            table.value(keys::fleet::COMPONENT);
            None
        }
        _ => table.parsed(keys::fleet::COMPONENT),
    };
    let report = table.word(keys::fleet::REPORT);
    let mut seen = HashMap::new();
    let mut targets: Vec<FleetTarget> = table
        .tables(keys::fleet::TARGET, "[[fleet.target]]")
        .into_iter()
        .filter_map(|target| read_target(target, &mut seen))
        .collect();
    if let Some(file) = table.local_path(keys::fleet::FILE) {
        match beside(file.text) {
            Ok(bytes) => {
                let source = table.source.other(file.text);
                if let Some(node) = fleet_syntax::parse(&bytes, &source) {
                    targets.extend(read_file(&node, &source, &mut seen));
                }
            }
            Err(error) => {
                let hint = format!("the path is taken from {}", root.display());
                table.source.wrong(file.at, format!("`{}` cannot be read: {error}", file.text), hint);
            }
        }
    }
    let env = table.texts(keys::fleet::ENV).into_iter().map(|name| name.text.to_owned()).collect();
    table.finish();
    Some(FleetConfig { component: component?, report, targets, env })
}

/// `[[target]]` of a file of its own; a list at the top will do.
fn read_file(node: &Node, source: &DocumentFile<'_>, seen: &mut HashMap<String, SourceLocation>) -> Vec<FleetTarget> {
    if !node.items().is_empty() {
        let tables = node.items().iter().filter_map(|item| Table::new(item, "[[target]]", source));
        return tables.filter_map(|target| read_target(target, seen)).collect();
    }
    let Some(mut top) = Table::new(node, format!("`{}`", source.file), source) else { return Vec::new() };
    let tables = top.tables(keys::fleet_file::TARGET, "[[target]]");
    top.finish();
    tables.into_iter().filter_map(|target| read_target(target, seen)).collect()
}

fn read_target(mut table: Table<'_, '_>, seen: &mut HashMap<String, SourceLocation>) -> Option<FleetTarget> {
    let id = table.text(target::ID);
    let ring = table.owned(target::RING);
    let labels = table.map(target::LABELS);
    let observe = table.table(target::OBSERVE, "`observe`").and_then(observe);
    let update = table.table(target::UPDATE, "`update`").and_then(update);
    if let Some(id) = id {
        unique(seen, "target", id.text, id.at, table.source);
    }
    table.finish();
    Some(FleetTarget { id: id?.text.to_owned(), ring: ring?, labels, observe, update })
}

/// Names must be unique; says where the first one stands.
pub(super) fn unique(
    seen: &mut HashMap<String, SourceLocation>,
    what: &str,
    name: &str,
    at: At,
    source: &DocumentFile<'_>,
) {
    match seen.get(name) {
        Some(first) => source.wrong(
            at,
            format!("there are two {what}s called `{name}`"),
            format!("the first stands at {first}; give one of them another name"),
        ),
        None => {
            seen.insert(name.to_owned(), source.place(at));
        }
    }
}

fn observe(mut table: Table<'_, '_>) -> Option<Observe> {
    use keys::observe::{COMMAND, HTTP, JSON, REGEX};
    let command = table.argv(COMMAND);
    let http = table.url(HTTP);
    let json = table.parsed(JSON).map(|key| key.to_string());
    let regex = table.pattern(REGEX).map(|pattern| pattern.to_string());
    let has_command = table.value(COMMAND).is_some();
    let has_http = table.value(HTTP).is_some();
    let (has_json, has_regex) = (table.value(JSON).is_some(), table.value(REGEX).is_some());
    let whole = match (has_command, has_http, has_json, has_regex) {
        (true, false, false, false) | (false, true, true, false) | (false, true, false, true) => true,
        _ => {
            let hint = "write one of `{ command = [\"./observe\"] }`, `{ http = \"https://…\", json = \"version\" }`, \
                        `{ http = \"https://…\", regex = '…' }`";
            table.wrong("it needs either `command`, or `http` with one of `json` and `regex`", hint.to_owned());
            false
        }
    };
    table.finish();
    if !whole {
        return None;
    }
    match (command, http, json, regex) {
        (Some(command), ..) => Some(Observe::Command(command)),
        (None, Some(http), Some(key), _) => Some(Observe::Json { http, key }),
        (None, Some(http), None, Some(pattern)) => Some(Observe::Regex { http, pattern }),
        _ => None,
    }
}

fn update(mut table: Table<'_, '_>) -> Option<FleetCommand> {
    use keys::update::{CI, COMMAND};
    let command = table.argv(COMMAND).map(FleetCommand::Command);
    let ci = table.table(CI, "`ci`").map(|mut ci| {
        let _only: Option<UpdateEvent> = ci.word(update_ci::EVENT);
        let env = ci.map(update_ci::ENV);
        ci.finish();
        FleetCommand::Ci { env }
    });
    if table.value(COMMAND).is_some() == table.value(CI).is_some() {
        let hint = "write `{ command = [\"./update\"] }` or `{ ci = { env = { … } } }`";
        table.wrong("it needs either `command` or `ci`", hint.to_owned());
    }
    table.finish();
    command.or(ci)
}
