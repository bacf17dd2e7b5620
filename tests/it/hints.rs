//! Commands that messages offer are complete: a workflow that is named gets every parameter that it needs, and its branch. A branch that
//! is left out would be the default one, and somebody who types what a message about staging says would change production.

use regex::Regex;
use std::collections::BTreeMap;
use std::path::Path;

/// The parameters of each bundled workflow that a command has to name: branches, and those without a value.
fn needed() -> BTreeMap<String, Vec<String>> {
    let workflows = relwf::script::embedded().into_iter().filter(|source| source.path.starts_with("workflows/"));
    let param = Regex::new(r#"(?m)^\s+(\w+):\s+#\{ type: "(\w+)",([^\n]*)"#).unwrap();
    let needed = |text: &str| -> Vec<String> {
        let is_needed = |kind: &str, rest: &str| kind == "branch" || !rest.contains(" value: ");
        let all = param.captures_iter(text).filter(|found| is_needed(&found[2], &found[3]));
        all.map(|found| found[1].to_owned()).collect()
    };
    workflows
        .map(|source| {
            let name = source.path.trim_start_matches("workflows/").trim_end_matches(".rhai").to_owned();
            (name, needed(&source.text))
        })
        .collect()
}

/// The texts that can become messages: sources, plugins and workflows, without comments; help shows examples, not ways on.
fn texts() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let continued = Regex::new(r"\\\n\s*").unwrap();
    let mut texts = Vec::new();
    for folder in ["src", "plugins", "workflows"] {
        for entry in walkdir::WalkDir::new(root.join(folder)).into_iter().map(Result::unwrap) {
            let name = entry.path().strip_prefix(root).unwrap().display().to_string();
            let is_code = name.ends_with(".rs") || name.ends_with(".rhai");
            if !is_code || name.starts_with("src/cli/") || name.ends_with("tests.rs") {
                continue;
            }
            let text = std::fs::read_to_string(entry.path()).unwrap();
            let text = text.split("#[cfg(test)]\nmod ").next().unwrap().to_owned();
            let code: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
            // A string goes on behind `\` at the end of a line.
            texts.push((name, continued.replace_all(&code.join("\n"), "").into_owned()));
        }
    }
    texts
}

#[test]
fn commands_that_are_offered_name_the_branch_and_all_that_is_required() {
    let needed = needed();
    assert!(needed["rollback"] == ["branch", "reason"] && needed["hotfix"] == ["commits", "to", "back"], "{needed:?}");
    let command = Regex::new(r#"relwf run ([a-z-]+)([^`"]*)"#).unwrap();
    let (mut seen, mut incomplete) = (0, Vec::new());
    for (file, text) in texts() {
        for found in command.captures_iter(&text) {
            let Some(params) = needed.get(&found[1]).filter(|_| !found[1].starts_with("promote-")) else { continue };
            seen += 1;
            for param in params {
                if !found[2].contains(&format!("--param {param}=")) {
                    incomplete.push(format!("{file}: `relwf run {}{}` lacks {param}", &found[1], &found[2]));
                }
            }
        }
    }
    assert!(seen > 10, "only {seen} commands are found");
    assert_eq!(incomplete, Vec::<String>::new());
}
