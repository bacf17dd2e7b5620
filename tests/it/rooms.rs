//! The rules between the rooms, held against the sources: who may name which crate, who may import whom, who may print.

use std::path::{Path, PathBuf};

/// Source files under `src/`, as (path from `src/`, text without comments and test modules).
fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files: Vec<PathBuf> = walkdir::WalkDir::new(&root)
        .into_iter()
        .map(|entry| entry.expect("src can be read").into_path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "rs"))
        .collect();
    files.sort();
    assert!(files.len() > 50, "only {} files found under {}", files.len(), root.display());
    files
        .into_iter()
        .map(|path| {
            let text = std::fs::read_to_string(&path).expect("a source file can be read");
            let name = path.strip_prefix(&root).expect("it is under src").to_string_lossy().into_owned();
            (name, product_code(&text))
        })
        .collect()
}

/// Drops comments and everything from `#[cfg(test)]` on: tests stand at the end of a file and may reach further.
fn product_code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

fn room(file: &str) -> &str {
    file.split('/').next().unwrap_or(file).trim_end_matches(".rs")
}

#[test]
fn only_the_owner_of_a_crate_names_it() {
    let owners: [(&str, &[&str]); 7] = [
        ("git2", &["git", "merge"]),
        ("rhai", &["script"]),
        ("clap", &["cli"]),
        ("rusqlite", &["journal"]),
        ("ureq", &["http"]),
        ("indicatif", &["ui"]),
        ("saphyr", &["document"]),
    ];
    let mut trespassers = Vec::new();
    for (file, code) in sources() {
        for (crate_name, rooms) in owners {
            let named = code.contains(&format!("{crate_name}::")) || code.contains(&format!("use {crate_name};"));
            if named && !rooms.contains(&room(&file)) {
                trespassers.push(format!("src/{file} names {crate_name}"));
            }
        }
    }
    assert_eq!(trespassers, Vec::<String>::new());
}

#[test]
fn only_ui_prints() {
    let printing = ["println!", "eprintln!", "print!(", "eprint!(", "stdout()", "stderr()", "dbg!"];
    let mut printers = Vec::new();
    for (file, code) in sources() {
        if room(&file) != "ui" && printing.iter().any(|word| code.contains(word)) {
            printers.push(format!("src/{file}"));
        }
    }
    assert_eq!(printers, Vec::<String>::new());
}

#[test]
fn imports_run_one_way() {
    // Each room with the rooms that it may import.
    let allowed: [(&str, &[&str]); 22] = [
        ("model", &[]),
        ("process", &["model"]),
        ("network", &["model"]),
        ("http", &["model", "network"]),
        ("document", &["model"]),
        ("components", &["document", "model"]),
        ("odb", &["model"]),
        ("git", &["model", "network", "odb", "process"]),
        ("merge", &["git", "model", "odb", "process"]),
        ("hidden", &["git", "merge", "model"]),
        ("config", &["components", "document", "fleet", "model"]),
        ("fleet", &["components", "model"]),
        ("forge", &["config", "git", "http", "model"]),
        ("ci", &["config", "forge", "git", "http", "model", "process"]),
        ("run", &["model"]),
        ("journal", &["model", "run"]),
        ("script", &["components", "model", "run"]),
        (
            "effects",
            &[
                "ci",
                "components",
                "config",
                "fleet",
                "forge",
                "git",
                "hidden",
                "http",
                "merge",
                "model",
                "network",
                "process",
                "run",
            ],
        ),
        ("demo", &["git", "model"]),
        (
            "app",
            &[
                "ci",
                "components",
                "config",
                "demo",
                "effects",
                "fleet",
                "forge",
                "git",
                "hidden",
                "http",
                "journal",
                "merge",
                "model",
                "network",
                "process",
                "run",
                "script",
            ],
        ),
        ("ui", &["app", "components", "effects", "hidden", "merge", "model", "run", "script"]),
        (
            "cli",
            &[
                "app",
                "components",
                "config",
                "demo",
                "effects",
                "git",
                "journal",
                "merge",
                "model",
                "run",
                "script",
                "ui",
            ],
        ),
    ];
    let mut against = Vec::new();
    for (file, code) in sources() {
        let here = room(&file);
        if matches!(here, "lib" | "main") {
            continue;
        }
        let Some((_, may)) = allowed.iter().find(|(name, _)| *name == here) else {
            panic!("src/{file}: the room `{here}` has no rule in this test; say what it may import");
        };
        for (index, _) in code.match_indices("crate::") {
            let target: String =
                code[index + 7..].chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
            if target != here && !target.is_empty() && !may.contains(&target.as_str()) {
                against.push(format!("src/{file} imports {target}"));
            }
        }
    }
    against.sort();
    against.dedup();
    assert_eq!(against, Vec::<String>::new());
}

#[test]
fn every_test_file_is_part_of_the_one_binary() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    let main = std::fs::read_to_string(folder.join("main.rs")).expect("tests/it/main.rs can be read");
    for entry in std::fs::read_dir(&folder).expect("tests/it can be read") {
        let name = entry.expect("an entry").file_name().to_string_lossy().into_owned();
        if let Some(module) = name.strip_suffix(".rs").filter(|module| *module != "main") {
            assert!(main.contains(&format!("mod {module};")), "tests/it/{name} is not named in main.rs");
        }
    }
}
