//! `[fleet]`, and the targets of its file.

use super::{FleetCommand, FleetConfig, FleetTarget, Observe, component, fleet_file};
use crate::document::{At, KeyPath, Node, Source, Table, suggestion};
use crate::model::{ComponentName, Place};
use std::collections::HashMap;
use std::path::Path;

/// Reads `[fleet]`; `components` are the names to choose from.
pub(super) fn read(mut table: Table<'_, '_>, components: &[&str], root: &Path) -> Option<FleetConfig> {
    let component = table.required("component").and_then(|text| {
        if components.contains(&text.text) {
            return table.parsed::<ComponentName>("component");
        }
        let hint = suggestion(text.text, components, "components:");
        table.source.wrong(text.at, format!("there is no component `{}`", text.text), hint);
        None
    });
    let mut seen = HashMap::new();
    let mut targets: Vec<FleetTarget> = table
        .tables("target", "[[fleet.target]]")
        .into_iter()
        .filter_map(|target| read_target(target, &mut seen))
        .collect();
    if let Some(file) = table.text("file") {
        match std::fs::read(root.join(file.text)) {
            Ok(bytes) => {
                let source = table.source.other(file.text);
                if let Some(node) = fleet_file::parse(&bytes, &source) {
                    targets.extend(read_file(&node, &source, &mut seen));
                }
            }
            Err(error) => {
                let hint = format!("the path is taken from {}", root.display());
                table.source.wrong(file.at, format!("`{}` cannot be read: {error}", file.text), hint);
            }
        }
    }
    table.finish();
    Some(FleetConfig { component: component?, targets })
}

/// `[[target]]` of a file of its own; a list at the top will do.
fn read_file(node: &Node, source: &Source<'_>, seen: &mut HashMap<String, Place>) -> Vec<FleetTarget> {
    if !node.items().is_empty() {
        let tables = node.items().iter().filter_map(|item| Table::new(item, "[[target]]", source));
        return tables.filter_map(|target| read_target(target, seen)).collect();
    }
    let Some(mut top) = Table::new(node, format!("`{}`", source.file), source) else { return Vec::new() };
    top.require("target");
    let tables = top.tables("target", "[[target]]");
    top.finish();
    tables.into_iter().filter_map(|target| read_target(target, seen)).collect()
}

fn read_target(mut table: Table<'_, '_>, seen: &mut HashMap<String, Place>) -> Option<FleetTarget> {
    let id = table.required("id");
    let ring = table.required("ring").map(|ring| ring.text.to_owned());
    let labels = table.map("labels");
    let observe = table.table("observe", "`observe`").and_then(observe);
    let update = table.table("update", "`update`").and_then(update);
    if let Some(id) = id {
        unique(seen, "target", id.text, id.at, table.source);
    }
    table.finish();
    Some(FleetTarget { id: id?.text.to_owned(), ring: ring?, labels, observe, update })
}

/// Names must be unique; says where the first one stands.
pub(super) fn unique(seen: &mut HashMap<String, Place>, what: &str, name: &str, at: At, source: &Source<'_>) {
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
    let command = table.argv("command");
    let http = table.url("http");
    let json = table.text("json").and_then(|key| table.parsed::<KeyPath>("json").map(|_| key.text.to_owned()));
    let regex = table.text("regex");
    let regex = regex.and_then(|text| component::compile(&table, "regex", text).map(|_| text.text.to_owned()));
    let [has_command, has_http, has_json, has_regex] =
        ["command", "http", "json", "regex"].map(|key| table.value(key).is_some());
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
    let command = table.argv("command").map(FleetCommand::Command);
    let ci = table.table("ci", "`ci`").map(|mut ci| {
        // Fleet updates are asked for through the API; other events come from git or the clock.
        let _event = ci.word("event", &[("api", ())]);
        let env = ci.map("env");
        ci.finish();
        FleetCommand::Ci { env }
    });
    if ["command", "ci"].into_iter().filter(|key| table.value(key).is_some()).count() != 1 {
        let hint = "write `{ command = [\"./update\"] }` or `{ ci = { env = { … } } }`";
        table.wrong("it needs either `command` or `ci`", hint.to_owned());
    }
    table.finish();
    command.or(ci)
}
