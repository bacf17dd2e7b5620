//! What the README says, held against the product: its list of host functions, its workflow, its relwf.toml.

use crate::support::cli::Machine;
use relwf::effects::host_functions;
use std::fs;

const README: &str = include_str!("../../README.md");

/// The first block of this language that holds `mark`.
fn block(language: &str, mark: &str) -> &'static str {
    README
        .split("```")
        .find(|block| block.starts_with(language) && block.contains(mark))
        .and_then(|block| block.strip_prefix(language))
        .expect("the README has such a block")
}

#[test]
fn every_host_function_is_listed_as_it_is_declared() {
    let functions = host_functions();
    let rows: Vec<String> =
        functions.iter().map(|function| format!("| `{}` | {} |", function.usage(), function.doc)).collect();
    assert!(README.contains(&rows.join("\n")), "the README's table should read:\n{}", rows.join("\n"));
}

#[test]
fn its_workflow_is_sound() {
    let machine = Machine::new();
    let service = machine.service();
    fs::write(service.join("workflows/announce.rhai"), block("rhai", "const WORKFLOW")).unwrap();
    machine.say(&service, &["check", "announce"]).exits(0);
    machine.say(&service, &["run", "announce", "--param", "since=production"]).exits(0);
}

#[test]
fn its_configuration_is_read() {
    let machine = Machine::new();
    let service = machine.service();
    fs::write(service.join("relwf.toml"), block("toml", "[repo]")).unwrap();
    machine.say(&service, &["check"]).exits(0);
    fs::write(service.join("relwf.toml"), block("toml", "kind = \"github\"")).unwrap();
    machine.say(&service, &["check"]).exits(0);
}
