//! Whole lock files, as their tools write them, read by relwf and by parsers that others wrote: pip's, Bundler's, yarn's,
//! BuildKit's, tree-sitter's grammar of go.mod, and PyYAML, tomllib and python-hcl2 with a few lines around them.
//!
//! `tests/it/formats` has a folder for each detector, and `sample.jsonl` with small files of all formats, cut from real ones and
//! with made-up names. `RELWF_FORMATS` may name a folder of more, in the same order, and
//! `RELWF_FORMATS_WRONG` a file for everything that disagrees.

use crate::support::chance::Chance;
use crate::support::component::{component, name_key};
use crate::support::manifests::{Commit, FirstLine, at, rows};
use crate::support::servers;
use relwf::components::{Component, detect};
use relwf::model::Value;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const FORMATS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/formats");

/// Version, revision and digest.
type Parts = [Option<String>; 3];

/// What the other parser makes of a file.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Answer {
    /// Each name with all its occurrences.
    Found(BTreeMap<String, Vec<Parts>>),
    /// It refuses the file.
    Error(String),
    /// Nothing can be compared, and why.
    Omitted(String),
}

/// What the other parser makes of each file.
fn others(word: &str, files: &[PathBuf]) -> Vec<Answer> {
    let (program, script) = match word {
        "gemfile-lock" | "travis" => (servers::program("ruby", "ruby-bundler"), "read.rb"),
        "yarn-lock" => (servers::node(), "read.js"),
        _ => (servers::program("python3", "python3-pip"), "read.py"),
    };
    let mut child = Command::new(program)
        .arg(Path::new(FORMATS).join(script))
        .arg(word)
        .env("PYTHONPATH", servers::tools("python"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .current_dir(servers::tools("node_modules").parent().unwrap())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let paths: String = files.iter().map(|file| format!("{}\n", file.display())).collect();
    let mut input = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || input.write_all(paths.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "{word}: {}", String::from_utf8_lossy(&output.stderr));
    let answers: Vec<Answer> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{word}: {error} in {line}")))
        .collect();
    assert_eq!(answers.len(), files.len(), "{word}: {}", String::from_utf8_lossy(&output.stderr));
    answers
}

/// A component for a name, in a file of that name.
fn named(word: &str, name: &str, file: &str) -> Component {
    if word == "travis" {
        // Which line pins a tool no other parser says: what is compared is every text in the file.
        return component("c", &format!("detect = 'yaml'\nfile = '{file}'\nkey = '{name}'"));
    }
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

fn sorted(joined: &str) -> Vec<&str> {
    let mut parts: Vec<&str> = joined.split(", ").collect();
    parts.sort_unstable();
    parts
}

/// What was compared, and what disagreed.
#[derive(Default)]
struct Comparison {
    files: usize,
    names: usize,
    /// Files that both refuse.
    refused: usize,
    /// How many files were omitted, by the reason.
    omitted: BTreeMap<String, usize>,
    wrong: Vec<String>,
}

impl Comparison {
    fn add(&mut self, more: Self) {
        self.files += more.files;
        self.names += more.names;
        self.refused += more.refused;
        self.wrong.extend(more.wrong);
        for (why, files) in more.omitted {
            *self.omitted.entry(why).or_default() += files;
        }
    }
}

/// Formats that are read again for each name: of long files every so many names are compared.
const READ_FOR_EACH_NAME: [&str; 6] =
    ["go-mod", "requirements", "yarn-lock", "gemfile-lock", "terraform-lock", "docker"];

/// How much is read again for one file's names, in bytes.
const READ_AGAIN: usize = 4_000_000;

/// How long a file of CI may take, even on a busy machine.
const LONGEST: Duration = Duration::from_secs(5);

fn compare(word: &str, path: &Path, others: Answer) -> Comparison {
    let file = path.file_name().unwrap().to_str().unwrap().to_owned();
    let bytes = std::fs::read(path).unwrap();
    let length = bytes.len();
    let begins = |line: &[u8], mark: &str| line.starts_with(mark.as_bytes());
    if bytes.split(|byte| *byte == b'\n').any(|line| begins(line, "<<<<<<< ") || begins(line, ">>>>>>> ")) {
        let omitted =
            BTreeMap::from([("it holds an unresolved conflict, which relwf refuses in every format".to_owned(), 1)]);
        return Comparison { files: 1, omitted, ..Comparison::default() };
    }
    let commit = Commit { id: "c", files: BTreeMap::from([(file.clone(), bytes)]) };
    let mut comparison = Comparison { files: 1, ..Comparison::default() };
    if word == "travis" {
        let tool = format!("detect = 'travis'\nfile = '{file}'\ncommand = 'curl|install'\nversion = '(\\d[\\w.]+)'");
        let started = Instant::now();
        let _ = detect(&component("c", &tool), &commit, &FirstLine);
        if started.elapsed() > LONGEST {
            comparison.wrong.push(format!("{}: reading it took {:?}", path.display(), started.elapsed()));
        }
    }
    let others = match others {
        Answer::Found(others) => others,
        Answer::Omitted(why) => {
            comparison.omitted.insert(why, 1);
            return comparison;
        }
        Answer::Error(error) => {
            match detect(&named(word, "acme/none", &file), &commit, &FirstLine) {
                Ok(_) => comparison.wrong.push(format!("{}: others refuse it: {error}", path.display())),
                Err(_) => comparison.refused = 1,
            }
            return comparison;
        }
    };
    let all: Vec<(&String, &Vec<Parts>)> = match READ_FOR_EACH_NAME.contains(&word) {
        true => {
            let step = (others.len() * length).div_ceil(READ_AGAIN).max(1);
            // Other names of another file.
            let first = file.bytes().fold(0, |sum, byte| sum * 31 % 1009 + usize::from(byte)) % step;
            others.iter().skip(first).step_by(step).collect()
        }
        false => others.iter().collect(),
    };
    let components: Vec<Component> = all.iter().map(|(name, _)| named(word, name, &file)).collect();
    comparison.names = all.len();
    let nothing = Commit::new("b", &[]);
    for ((name, all), row) in all.into_iter().zip(rows(&components, &nothing, &commit)) {
        let what = format!("{name} in {}", path.display());
        let Some(ours) = row.to else {
            comparison.wrong.push(format!("{what}: {:?}", row.error));
            continue;
        };
        let mut parts = vec![("version", &ours.version), ("revision", &ours.revision)];
        // Digests of several are told in the occurrences; Bundler before 2.5 knows none.
        if ours.occurrences.is_empty() && word != "gemfile-lock" {
            parts.push(("digest", &ours.digest));
        }
        for (at, (part, own)) in parts.into_iter().enumerate() {
            let theirs = joined(all, at);
            // Bundler sorts them.
            if own.as_deref().map(sorted) != theirs.as_deref().map(sorted) {
                comparison.wrong.push(format!("{what}: the {part} is {own:?}, to others {theirs:?}"));
            }
        }
    }
    comparison
}

/// Compares all files of one kind, several at a time.
fn compare_all(word: &str, files: &[PathBuf]) -> Comparison {
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let mut whole = Comparison::default();
    std::thread::scope(|scope| {
        // The scripts need about as long for a folder as relwf: each worker has its part of both.
        let parts = files.chunks(files.len().div_ceil(workers));
        let parts: Vec<_> = parts
            .map(|files| {
                scope.spawn(move || {
                    let mut part = Comparison::default();
                    for (path, answer) in files.iter().zip(others(word, files)) {
                        part.add(compare(word, path, answer));
                    }
                    part
                })
            })
            .collect();
        parts.into_iter().for_each(|part| whole.add(part.join().unwrap()));
    });
    whole
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    entries
}

/// A line of `sample.jsonl`.
#[derive(Deserialize)]
struct Sample {
    kind: String,
    file: String,
    text: String,
}

/// Writes the samples into a folder for each kind, as the others are.
fn unpack(folder: &Path) {
    let samples = std::fs::read_to_string(Path::new(FORMATS).join("sample.jsonl")).unwrap();
    for (number, line) in samples.lines().enumerate() {
        let Sample { kind, file, text } = serde_json::from_str(line).unwrap();
        std::fs::create_dir_all(folder.join(&kind)).unwrap();
        std::fs::write(folder.join(kind).join(format!("{}-{file}", number + 1)), text).unwrap();
    }
}

#[test]
fn other_parsers_find_the_same() {
    let samples = tempfile::tempdir().unwrap();
    unpack(samples.path());
    let mut folders = entries(Path::new(FORMATS));
    folders.extend(entries(samples.path()));
    if let Some(more) = std::env::var_os("RELWF_FORMATS") {
        folders.extend(entries(Path::new(&more)));
    }
    let mut kinds: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for folder in folders.iter().filter(|folder| folder.is_dir()) {
        let word = folder.file_name().unwrap().to_str().unwrap();
        kinds.entry(word.to_owned()).or_default().extend(entries(folder));
    }
    let mut wrong = Vec::new();
    for (word, files) in &kinds {
        let Comparison { files, names, refused, omitted, wrong: disagreements } = compare_all(word, files);
        println!(
            "{word}: {files} files, {names} names, {refused} files refused by both, {} wrong",
            disagreements.len()
        );
        for (why, files) in omitted {
            println!("{word}: {files} files omitted: {why}");
        }
        assert!(names > 0, "{word}");
        wrong.extend(disagreements);
    }
    if let Some(list) = std::env::var_os("RELWF_FORMATS_WRONG") {
        std::fs::write(list, wrong.join("\n")).unwrap();
    }
    let first: Vec<&str> = wrong.iter().take(20).map(String::as_str).collect();
    assert!(wrong.is_empty(), "{} are wrong, such as\n{}", wrong.len(), first.join("\n"));
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
