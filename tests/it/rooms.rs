//! The rules between the rooms, held against the sources: who may name which crate, who may import whom, who may print.

use std::collections::{BTreeMap, BTreeSet};
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
    let owners = [
        ("git2", "git"),
        ("rhai", "script"),
        ("clap", "cli"),
        ("rusqlite", "journal"),
        ("ureq", "http"),
        ("indicatif", "ui"),
        ("saphyr_parser", "document"),
    ];
    let mut found = BTreeSet::new();
    for (file, code) in sources() {
        for (crate_name, _) in owners {
            if code.contains(&format!("{crate_name}::")) || code.contains(&format!("use {crate_name};")) {
                found.insert((crate_name, room(&file).to_owned()));
            }
        }
    }
    let expected = owners.map(|(crate_name, room)| (crate_name, room.to_owned())).into_iter().collect();
    assert_eq!(found, expected);
}

#[test]
fn only_process_starts_programs() {
    let starting = ["std::process::Command", "std::process::{", "use std::process;", "CommandExt"];
    let mut starters = Vec::new();
    for (file, code) in sources() {
        if room(&file) != "process" && starting.iter().any(|word| code.contains(word)) {
            starters.push(format!("src/{file}"));
        }
    }
    assert_eq!(starters, Vec::<String>::new());
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

/// A dumb terminal and a locale without UTF-8 get ASCII: `ui/out.rs` has a form for every sign that relwf itself writes. The
/// spinners of `ui/working.rs` choose theirs by the charset.
#[test]
fn every_sign_has_an_ascii_form() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let scripts = ["workflows", "plugins"].into_iter().flat_map(|folder| {
        let files = std::fs::read_dir(root.join(folder)).expect("a folder of scripts");
        files.map(|file| {
            let path = file.expect("a script").path();
            let text = std::fs::read_to_string(&path).expect("a script can be read");
            (path.display().to_string(), product_code(&text))
        })
    });
    let forms = std::fs::read_to_string(root.join("src/ui/out.rs")).expect("src/ui/out.rs can be read");
    let mut without = Vec::new();
    for (file, code) in sources().into_iter().chain(scripts) {
        if matches!(file.as_str(), "ui/out.rs" | "ui/working.rs") || file.ends_with("/tests.rs") {
            continue;
        }
        let signs: BTreeSet<char> = code.chars().filter(|sign| !sign.is_ascii()).collect();
        let lacking = signs.into_iter().filter(|sign| !forms.contains(&format!("'{sign}'")));
        without.extend(lacking.map(|sign| format!("{file}: {sign}")));
    }
    assert_eq!(without, Vec::<String>::new());
}

/// Each room with the rooms that it imports. A change here is a change of the design: a new line opens a door, one that is gone
/// closes it for good.
const IMPORTS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("document", &["model"]),
    ("network", &["model"]),
    ("odb", &["model"]),
    ("process", &["model"]),
    ("run", &["model"]),
    ("components", &["document", "model"]),
    ("http", &["model", "network"]),
    ("journal", &["model", "run"]),
    ("merge", &["model", "odb"]),
    ("config", &["components", "document", "model"]),
    ("fleet", &["components", "config"]),
    ("git", &["merge", "model", "network", "odb", "process"]),
    ("script", &["components", "model", "run"]),
    ("demo", &["git", "model"]),
    ("forge", &["git", "http", "model"]),
    ("hidden", &["git", "merge", "model"]),
    ("ci", &["forge", "git", "http", "model", "process"]),
    ("policy", &["ci", "config", "forge", "model"]),
    ("promotion", &["components", "git", "hidden", "merge", "model", "network"]),
    ("notes", &["components", "forge", "git", "hidden", "model", "promotion"]),
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
            "notes",
            "policy",
            "process",
            "promotion",
            "run",
        ],
    ),
    (
        "app",
        &[
            "ci",
            "components",
            "config",
            "demo",
            "effects",
            "forge",
            "git",
            "hidden",
            "http",
            "journal",
            "merge",
            "model",
            "network",
            "notes",
            "policy",
            "promotion",
            "run",
            "script",
        ],
    ),
    ("ui", &["app", "components", "config", "hidden", "merge", "model", "run", "script"]),
    ("cli", &["app", "git", "journal", "model", "run", "script", "ui"]),
];

#[test]
fn each_room_imports_what_its_rule_names_and_nothing_else() {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (file, code) in sources() {
        let here = room(&file);
        if matches!(here, "lib" | "main") {
            continue;
        }
        let imported = found.entry(here.to_owned()).or_default();
        for (index, _) in code.match_indices("crate::") {
            let target: String =
                code[index + 7..].chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
            if target != here && !target.is_empty() {
                imported.insert(target);
            }
        }
    }
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    let expected: BTreeMap<String, BTreeSet<String>> =
        IMPORTS.iter().map(|(room, imports)| ((*room).to_owned(), owned(imports))).collect();
    let mut against = Vec::new();
    for room in found.keys().chain(expected.keys()).collect::<BTreeSet<_>>() {
        let (Some(found), Some(expected)) = (found.get(room), expected.get(room)) else {
            against.push(format!("{room}: a rule without a room, or a room without a rule"));
            continue;
        };
        against.extend(found.difference(expected).map(|other| format!("{room} imports {other}, against its rule")));
        against
            .extend(expected.difference(found).map(|other| format!("{room} need not import {other}: close that wall")));
    }
    assert_eq!(against, Vec::<String>::new());
    // One way: rooms can be removed one after the other, each when nothing left imports it.
    let mut left = expected;
    while let Some(top) = left.keys().find(|room| !left.values().any(|imports| imports.contains(*room))).cloned() {
        left.remove(&top);
    }
    assert!(left.is_empty(), "these rooms import each other in a circle: {:?}", left.keys());
}

/// The code map of ARCHITECTURE.md has every room, and each above those it imports.
#[test]
fn the_code_map_is_in_the_order_of_the_imports() {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("ARCHITECTURE.md"))
        .expect("ARCHITECTURE.md can be read");
    let mut rows: BTreeMap<&str, usize> = BTreeMap::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| line.starts_with("| `src/")) {
        let rooms = line.split('|').nth(1).unwrap_or_default().split('`').filter_map(|part| part.strip_prefix("src/"));
        rows.extend(rooms.map(|name| (room(name), number)));
    }
    let rooms: Vec<&str> = rows.keys().copied().collect();
    let mut expected: Vec<&str> = IMPORTS.iter().map(|(room, _)| *room).collect();
    expected.sort_unstable();
    assert_eq!(rooms, expected);
    for (room, imports) in IMPORTS {
        for other in *imports {
            assert!(rows[room] <= rows[other], "{room} imports {other}, which stands above it");
        }
    }
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
