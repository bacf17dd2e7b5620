//! The book and the papers, held against the product: generated pages, summary, links, paths, and every example.

use crate::support::cli::Machine;
use crate::support::pages::{Page, WRITE, page, pages, root, writes};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const PAPERS: [&str; 5] = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"];

fn all() -> Vec<Page> {
    PAPERS.iter().map(|path| page(path)).chain(pages("docs")).collect()
}

#[test]
fn the_reference_is_what_relwf_generates() {
    let machine = Machine::new();
    for name in ["functions", "config", "commands", "exit-codes"] {
        let path = root().join(format!("docs/src/reference/{name}.md"));
        let said = machine.say(&root(), &["reference", name]);
        said.exits(0);
        if writes() {
            fs::write(&path, &said.stdout).unwrap();
        }
        let kept = fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(kept, said.stdout, "{}: {WRITE}", path.display());
    }
}

#[test]
fn the_summary_lists_every_page_once() {
    let summary = page("docs/src/SUMMARY.md");
    let mut listed = summary.links();
    listed.sort();
    let mut there: Vec<String> = pages("docs/src")
        .into_iter()
        .map(|page| page.path.replace("docs/src/", ""))
        .filter(|path| path != "SUMMARY.md")
        .collect();
    there.sort();
    assert_eq!(listed, there);
}

#[test]
fn links_lead_to_pages_and_headings() {
    let mut dead = Vec::new();
    for page in all() {
        for link in page.links() {
            let (path, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target = match path {
                "" => root().join(&page.path),
                path => root().join(&page.path).parent().unwrap().join(path),
            };
            let there = target.exists() && (anchor.is_empty() || has_heading(&target, anchor));
            if !there {
                dead.push(format!("{}: {link}", page.path));
            }
        }
    }
    assert_eq!(dead, Vec::<String>::new());
}

fn has_heading(file: &Path, anchor: &str) -> bool {
    let text = fs::read_to_string(file).unwrap();
    Page { path: String::new(), text }.anchors().iter().any(|heading| heading == anchor)
}

/// In what contributors read, a path names something that is there. `NAME` in capitals stands for what they will write.
#[test]
fn paths_in_the_papers_exist() {
    let papers = ["ARCHITECTURE.md", "CONTRIBUTING.md"].map(page).into_iter().chain(pages("docs/decisions"));
    let mut gone = BTreeSet::new();
    let mut named = 0;
    for page in papers {
        for span in page.prose().split('`').skip(1).step_by(2) {
            let place = span.split([' ', ':']).next().unwrap_or_default();
            let ours = ["src/", "tests/", "docs/", "benches/", "workflows/", "plugins/", ".ci/"]
                .iter()
                .any(|top| place.starts_with(top));
            if ours && !place.contains("NAME") {
                named += 1;
                if !root().join(place).exists() {
                    gone.insert(format!("{}: {place}", page.path));
                }
            }
        }
    }
    assert_eq!(gone, BTreeSet::new());
    assert!(named > 40, "only {named} paths are named");
}

#[test]
fn every_configuration_in_the_pages_is_sound() {
    let machine = Machine::new();
    let service = machine.service();
    let mut read = 0;
    for page in all() {
        for block in page.blocks().iter().filter(|block| block.language == "toml") {
            fs::write(service.join("relwf.toml"), block.text).unwrap();
            let said = machine.say(&service, &["check"]);
            assert_eq!(said.code, 0, "{}:\n{}\n{}{}", page.path, block.text, said.stdout, said.stderr);
            read += 1;
        }
    }
    assert!(read >= 4, "only {read} configurations were found");
}

#[test]
fn every_workflow_and_plugin_in_the_pages_is_sound() {
    let machine = Machine::new();
    let service = machine.service();
    let mut read = 0;
    for page in all() {
        for block in page.blocks().iter().filter(|block| block.language == "rhai") {
            let folder = match block.text {
                text if text.contains("const WORKFLOW") => "workflows",
                text if text.contains("const PLUGIN") => "plugins",
                _ => continue,
            };
            let file = service.join(folder).join("example.rhai");
            fs::write(&file, block.text).unwrap();
            let said = machine.say(&service, &["check"]);
            assert_eq!(said.code, 0, "{}:\n{}\n{}{}", page.path, block.text, said.stdout, said.stderr);
            fs::remove_file(&file).unwrap();
            read += 1;
        }
    }
    assert!(read >= 2, "only {read} workflows were found");
}

/// A block ```` ```json VERB … ```` shows the keys that the verb answers with, and its values where they are none of `…`, `[]`, `{}`.
#[test]
fn json_has_the_keys_that_the_page_shows() {
    let machine = Machine::new();
    let service = machine.service();
    let page = page("docs/src/reference/json.md");
    let mut shown = 0;
    for block in page.blocks() {
        let Some(line) = block.language.strip_prefix("json ").filter(|line| *line != "error") else { continue };
        let args: Vec<&str> = line.split(' ').chain(["--json"]).collect();
        let said = machine.say(&service, &args);
        let answer: Value = serde_json::from_str(&said.stdout).unwrap_or_else(|_| said.json_lines().pop().unwrap());
        let written: Value = serde_json::from_str(block.text).unwrap();
        let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(keys(&written), keys(&answer), "{line}");
        for (key, value) in written.as_object().unwrap() {
            if value.is_boolean() || value.as_str().is_some_and(|text| text != "…") {
                assert_eq!(*value, answer[key], "{line}: {key}");
            }
        }
        shown += 1;
    }
    assert_eq!(shown, 5);
}

#[test]
fn transcripts_in_the_book_are_what_relwf_prints() {
    pages("docs/src").iter().for_each(Page::holds_its_transcripts);
}

#[test]
fn the_transcript_of_the_readme_is_what_relwf_prints() {
    page("README.md").holds_its_transcripts();
}
