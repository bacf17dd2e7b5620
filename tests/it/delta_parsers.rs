//! Whole lock files, as their tools write them, read by relwf and by parsers that others wrote: pip's, Bundler's, yarn's,
//! BuildKit's, and PyYAML, tomllib and python-hcl2 with a few lines around them.
//!
//! `tests/it/formats` has a folder for each detector. `RELWF_FORMATS` may name a folder of more, in the same order.

use crate::support::chance::Chance;
use crate::support::component::{component, name_key};
use crate::support::manifests::{Commit, at, rows};
use crate::support::servers;
use relwf::components::Component;
use relwf::model::Value;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const FORMATS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/formats");

/// Version, revision and digest.
type Parts = [Option<String>; 3];

/// What the other parser finds in a file: each name with all its occurrences.
fn others(word: &str, file: &Path) -> BTreeMap<String, Vec<Parts>> {
    let mut command = match word {
        "gemfile-lock" => Command::new(servers::program("ruby", "ruby-bundler")),
        "yarn-lock" => Command::new(servers::node()),
        _ => Command::new(servers::program("python3", "python3-pip")),
    };
    let script = match word {
        "gemfile-lock" => "read.rb",
        "yarn-lock" => "read.js",
        _ => "read.py",
    };
    let output = command
        .arg(Path::new(FORMATS).join(script))
        .args([word.as_ref(), file.as_os_str()])
        .env("PYTHONPATH", servers::tools("python"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .current_dir(servers::tools("node_modules").parent().unwrap())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}: {}", file.display(), String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A component for a name, in a file of that name.
fn named(word: &str, name: &str, file: &str) -> Component {
    let key = name_key(word);
    component("c", &format!("detect = '{word}'\nfile = '{file}'\n{key} = '{name}'"))
}

/// All values of one part, without repetition.
fn joined(all: &[Parts], part: usize) -> Option<String> {
    let mut distinct: Vec<&str> = Vec::new();
    for value in all.iter().filter_map(|parts| parts[part].as_deref()) {
        if !distinct.contains(&value) {
            distinct.push(value);
        }
    }
    (!distinct.is_empty()).then(|| distinct.join(", "))
}

/// How many names were compared.
fn compare(word: &str, path: &Path) -> usize {
    let file = path.file_name().unwrap().to_str().unwrap().to_owned();
    let others = others(word, path);
    let components: Vec<Component> = others.keys().map(|name| named(word, name, &file)).collect();
    let commit = Commit { id: "c", files: BTreeMap::from([(file, std::fs::read(path).unwrap())]) };
    for ((name, all), row) in others.iter().zip(rows(&components, &commit, &commit)) {
        let what = format!("{name} in {}", path.display());
        let ours = row.to.unwrap_or_else(|| panic!("{what}: {:?}", row.error));
        assert_eq!(ours.version, joined(all, 0), "{what}");
        assert_eq!(ours.revision, joined(all, 1), "{what}");
        // Digests of several are told in the occurrences; Bundler before 2.5 knows none.
        if ours.occurrences.is_empty() && word != "gemfile-lock" {
            assert_eq!(ours.digest, joined(all, 2), "{what}");
        }
    }
    others.len()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    entries
}

#[test]
fn other_parsers_find_the_same() {
    let mut folders = entries(Path::new(FORMATS));
    if let Some(more) = std::env::var_os("RELWF_FORMATS") {
        folders.extend(entries(Path::new(&more)));
    }
    for folder in folders.iter().filter(|folder| folder.is_dir()) {
        let word = folder.file_name().unwrap().to_str().unwrap();
        let (mut files, mut names) = (0, 0);
        for path in entries(folder) {
            files += 1;
            names += compare(word, &path);
        }
        println!("{word}: {names} names in {files} files");
        assert!(names > 0, "{word}");
    }
}

#[test]
fn merge_keys_are_as_rubys_psych_has_them() {
    const KEYS: [&str; 4] = ["w", "x", "y", "z"];
    let mut chance = Chance(7);
    let mut texts = Vec::new();
    for _ in 0..400 {
        let mut value = 0;
        let mut own = |chance: &mut Chance| {
            value += 1;
            format!("{}: {value}", KEYS[usize::try_from(chance.below(4)).unwrap()])
        };
        let mut text = String::new();
        for name in ["a", "b"] {
            let entries: Vec<String> = (0..=chance.below(3)).map(|_| own(&mut chance)).collect();
            text.push_str(&format!("{name}: &{name} {{{}}}\n", entries.join(", ")));
        }
        text.push_str("m:\n");
        for _ in 0..=chance.below(5) {
            let line = match chance.below(6) {
                0 => "<<: *a".to_owned(),
                1 => "<<: *b".to_owned(),
                2 => "<<: [*a, *b]".to_owned(),
                _ => own(&mut chance),
            };
            text.push_str(&format!("  {line}\n"));
        }
        texts.push(text);
    }
    let script = "puts JSON.dump(JSON.parse(STDIN.read).map { |text| \
                  YAML.respond_to?(:unsafe_load) ? YAML.unsafe_load(text) : YAML.load(text) })";
    let mut ruby = Command::new(servers::program("ruby", "ruby-bundler"))
        .args(["-ryaml", "-rjson", "-e", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    ruby.stdin.take().unwrap().write_all(serde_json::to_string(&texts).unwrap().as_bytes()).unwrap();
    let output = ruby.wait_with_output().unwrap();
    let answers: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    for (text, answer) in texts.iter().zip(&answers) {
        for key in KEYS {
            let keyed = component("c", &format!("detect = 'yaml'\nfile = 'f'\nkey = 'm.{key}'"));
            let theirs = answer["m"].get(key).map(ToString::to_string);
            let ours = at(&keyed, "f", text).get("version").and_then(Value::as_str).map(str::to_owned);
            assert_eq!(ours, theirs, "{key} in\n{text}");
        }
    }
    assert_eq!(answers.len(), 400);
}
