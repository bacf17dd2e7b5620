//! A module in `go.mod`: <https://go.dev/ref/mod#go-mod-file>.

use super::{Detector, DetectorDeclaration, DetectorInput};
use crate::components::Version;
use crate::document::{self, At, LocatedText, REQUIRED, RepoFile, Table, keys, or};
use crate::model::Failure;

keys! {
    /// The file.
    FILE: RepoFile = "file", or("go.mod");
    /// The module, like `github.com/acme/agent`.
    MODULE: LocatedText = "module", REQUIRED;
}

pub(super) const DECLARED: DetectorDeclaration =
    DetectorDeclaration { word: "go-mod", doc: "A module that `go.mod` requires.", keys: KEYS, read };

#[derive(Debug)]
struct GoMod {
    file: String,
    module: String,
}

fn read(table: &mut Table<'_, '_>) -> Option<Box<dyn Detector>> {
    let (file, module) = (table.file(FILE), table.owned(MODULE));
    Some(Box::new(GoMod { file: file?, module: module? }))
}

impl Detector for GoMod {
    fn version(&self, commit: &DetectorInput<'_>) -> Result<Option<Version>, Failure> {
        commit.manifests.text(&self.file)?.map_or(Ok(None), |text| detect(&text, &self.file, &self.module))
    }

    fn repository(&self) -> Option<&str> {
        Some(&self.module)
    }

    fn sought(&self) -> String {
        format!("module `{}` in `{}`", self.module, self.file)
    }
}

/// Everything that a line or a block may begin with.
const DIRECTIVES: [&str; 10] =
    ["module", "go", "toolchain", "godebug", "require", "exclude", "replace", "retract", "tool", "ignore"];

/// The required version, or what `replace` puts in its place; `None` when the module is not required.
fn detect(text: &str, file: &str, module: &str) -> Result<Option<Version>, Failure> {
    let mut block = None;
    let mut opened = 0;
    let mut required: Option<String> = None;
    let mut replacements = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let words = words(line);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let (directive, rest) = match (&block, words.as_slice()) {
            (_, []) => continue,
            (Some(_), [")"]) => {
                block = None;
                continue;
            }
            (Some(directive), rest) => (String::clone(directive), rest),
            (None, [directive, "("]) => {
                block = Some((*directive).to_owned());
                opened = number + 1;
                continue;
            }
            (None, [directive, rest @ ..]) => ((*directive).to_owned(), rest),
        };
        let broken = |what: &str| document::broken(what.to_owned(), file, At { line: number + 1, column: 1 });
        if !DIRECTIVES.contains(&directive.as_str()) {
            let shown: String = directive.chars().take(40).collect();
            return Err(broken(&format!("`{file}` is not valid: there is no directive {shown:?}"))
                .hint("`go mod edit -json` shows what go makes of it"));
        }
        match (directive.as_str(), rest) {
            ("require", [name, version]) if *name == module => required = Some((*version).to_owned()),
            ("require", [name]) if *name == module => {
                return Err(broken(&format!("`{module}` is required without a version")));
            }
            ("require", [_, _]) => {}
            ("require", _) => {
                return Err(broken(&format!("`{file}` is not valid: `require` has a module and a version")));
            }
            ("replace", [name, "=>", to @ ..]) if *name == module => replacements.push((None, to.join(" "))),
            ("replace", [name, version, "=>", to @ ..]) if *name == module => {
                replacements.push((Some((*version).to_owned()), to.join(" ")));
            }
            _ => {}
        }
    }
    if block.is_some() {
        let at = At { line: opened, column: 1 };
        return Err(document::broken(format!("`{file}` is not valid: the block has no end"), file, at));
    }
    let Some(required) = required else { return Ok(None) };
    // A replacement for exactly this version wins over one for every version.
    let exact = replacements.iter().find(|(of, _)| of.as_deref() == Some(required.as_str()));
    let replacement = exact.or_else(|| replacements.iter().find(|(of, _)| of.is_none()));
    let (source, version) = match replacement.map(|(_, to)| to.split_once(' ').ok_or(to)) {
        None => (None, Some(required)),
        Some(Ok((module, version))) => (Some(module.to_owned()), Some(version.to_owned())),
        Some(Err(folder)) => (Some(folder.clone()), None),
    };
    Ok(Some(Version { version, source, ..Version::default() }))
}

/// The words of a line without its comment; quotes around words go, parentheses are words.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = line.trim_start();
    while let Some(first) = rest.chars().next() {
        if rest.starts_with("//") {
            break;
        }
        let (word, after) = match first {
            quote @ ('"' | '`') => rest[1..].split_once(quote).unwrap_or((&rest[1..], "")),
            '(' | ')' => rest.split_at(1),
            _ => rest.split_at(rest.find(|c: char| c.is_whitespace() || "()\"`".contains(c)).unwrap_or(rest.len())),
        };
        words.push(word.to_owned());
        rest = after.trim_start();
    }
    words
}
