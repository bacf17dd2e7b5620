//! What the README promises: the two commands, its length, and the edited workflow that runs as it is shown.

use crate::support::cli::Machine;
use crate::support::pages::{Page, page, root};
use std::fs;
use std::path::Path;

#[test]
fn it_is_short_and_has_the_command_that_ci_runs() {
    let readme = page("README.md");
    assert!(
        readme.text.len() <= 9 * 1024,
        "the README has {} bytes; move what is more into the book",
        readme.text.len()
    );
    let ci = fs::read_to_string(root().join(".ci/run")).unwrap();
    assert!(ci.contains("exec ./tests/run"), "{ci}");
    assert!(readme.block("sh", "./tests/run").contains("cargo run --release -- demo"));
}

/// Adds the `+` lines of a `diff` block behind the line before them.
fn edit(file: &Path, diff: &str) {
    let mut text = fs::read_to_string(file).unwrap();
    let mut before = "";
    for line in diff.lines() {
        if let Some(added) = line.strip_prefix('+') {
            text = text.replacen(before, &format!("{before}\n{added}"), 1);
            assert!(text.contains(added.trim()));
        } else {
            before = line.get(1..).unwrap_or_default();
            assert!(text.contains(before), "{} has no line\n{before}", file.display());
        }
    }
    fs::write(file, text).unwrap();
}

/// The edited promotion waits for the approval, and goes on from there.
fn promotes_with_the_edit(page: &Page) {
    let machine = Machine::new();
    let service = machine.service();
    edit(&service.join("workflows/promote-staging.rhai"), page.block("diff", "flow::approve"));
    machine.say(&service, &["check", "promote-staging"]).exits(0);
    let plan = machine.say(&service, &["run", "promote-staging", "--dry-run"]);
    assert!(plan.exits(0).stdout.contains("look: flow::approve"), "{}", plan.stdout);
    let run = machine.say(&service, &["run", "promote-staging", "--json"]);
    let run = run.exits(3).json_lines().pop().unwrap()["run"].as_str().unwrap().to_owned();
    machine.say(&service, &["approve", &run]).exits(0);
    machine.say(&service, &["resume", &run]).exits(0);
}

#[test]
fn its_edited_workflow_runs() {
    promotes_with_the_edit(&page("README.md"));
}

#[test]
fn the_edited_workflow_of_the_guide_runs() {
    promotes_with_the_edit(&page("docs/src/guide/workflows.md"));
}
