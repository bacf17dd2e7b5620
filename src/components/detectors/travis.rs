//! The install line of a tool in `.travis.yml`.
//!
//! Phases and their order: <https://docs.travis-ci.com/user/job-lifecycle/>. A phase is a text or a list of texts, at the
//! top for every job or in `jobs.include[]` (old name: `matrix`) for one of them.
//!
//! Which line counts when there are several: the first *scope* that has any (the top, then the jobs in order), because the
//! top is what every job runs; within it the first line that pins a version, because `chmod +x install.sh` or a nightly
//! branch without a version beside the pinned line must not hide that the pin moves; else the tool floats.

use super::{Detector, DetectorDeclaration, DetectorInput, shell};
use crate::components::Version;
use crate::document::{self, Language, Node, NodeKind, Pattern, REQUIRED, RepoFile, Table, keys, or};
use crate::model::Failure;
use regex::{Captures, Regex};
use std::collections::HashSet;
use std::rc::Rc;

keys! {
    /// The file.
    FILE: RepoFile = "file", or(".travis.yml");
    /// Finds the install line.
    COMMAND: Pattern = "command", REQUIRED;
    /// Its first group is the version in that line. Without a match the version is floating.
    VERSION: Pattern = "version", REQUIRED;
}

pub(super) const DECLARED: DetectorDeclaration = DetectorDeclaration {
    word: "travis",
    doc: "The version in the install line of a tool in `.travis.yml`.",
    keys: KEYS,
    read,
};

#[derive(Debug)]
struct InstallLine {
    file: String,
    command: Regex,
    version: Regex,
}

fn read(table: &mut Table<'_, '_>) -> Option<Box<dyn Detector>> {
    let (file, command, version) = (table.file(FILE), table.pattern(COMMAND), table.pattern(VERSION));
    Some(Box::new(InstallLine { file: file?, command: command?, version: version? }))
}

impl Detector for InstallLine {
    fn version(&self, commit: &DetectorInput<'_>) -> Result<Option<Version>, Failure> {
        commit.with(&self.file, |bytes| detect(bytes, &self.file, &self.command, &self.version))
    }
}

const PHASES: [&str; 11] = [
    "before_install",
    "install",
    "before_script",
    "script",
    "before_cache",
    "after_success",
    "after_failure",
    "before_deploy",
    "deploy",
    "after_deploy",
    "after_script",
];

/// What the install line says; `None` when there is none.
fn detect(bytes: &[u8], file: &str, command: &Regex, version: &Regex) -> Result<Option<Version>, Failure> {
    let root = document::manifest(bytes, file, Language::Yaml)?;
    Ok(scopes(&root).into_iter().find_map(|scope| {
        let mut floats = false;
        for line in script_lines(scope) {
            match install(&line, command, version) {
                Some(Pin::Pinned(version)) => return Some(Version { version: Some(version), ..Version::default() }),
                Some(Pin::Floating) => floats = true,
                None => {}
            }
        }
        floats.then(|| Version { floating: true, ..Version::default() })
    }))
}

/// The top, then each job.
fn scopes(root: &Node) -> Vec<&Node> {
    let jobs = ["jobs", "matrix"].into_iter().filter_map(|key| root.get(key));
    let jobs = jobs.flat_map(|jobs| {
        let included = jobs.get("include").unwrap_or(jobs);
        // A single job may stand there without a list.
        if included.items().is_empty() { std::slice::from_ref(included) } else { included.items() }
    });
    std::iter::once(root).chain(jobs.map(|job| &**job)).collect()
}

fn script_lines(scope: &Node) -> Vec<String> {
    let mut lines = Vec::new();
    // Aliases are shared: each text is read once however often it is named.
    let mut seen = HashSet::new();
    for entry in scope.entries() {
        if PHASES.contains(&entry.key.as_str()) {
            collect(&entry.value, &mut seen, &mut lines);
        }
    }
    lines
}

fn collect(node: &Rc<Node>, seen: &mut HashSet<*const Node>, lines: &mut Vec<String>) {
    if !seen.insert(Rc::as_ptr(node)) {
        return;
    }
    match &node.kind {
        NodeKind::Text(script) => lines.extend(shell::lines(script)),
        NodeKind::List(items) => items.iter().for_each(|item| collect(item, seen, lines)),
        // `deploy: { provider: script, script: … }`
        NodeKind::Map(_) => {
            if let Some(script) = node.get("script") {
                collect(script, seen, lines);
            }
        }
        NodeKind::Null | NodeKind::Bare { .. } => {}
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Pin {
    Pinned(String),
    Floating,
}

/// What a line says of the tool; `None` when it does not install it.
fn install(line: &str, command: &Regex, version: &Regex) -> Option<Pin> {
    if !command.is_match(line) {
        return None;
    }
    let commands = shell::commands(line);
    let Some(position) = commands.iter().position(|part| command.is_match(part)) else {
        // The pattern looks across commands: so does the version's.
        return Some(pin(line, 0, version).unwrap_or(Pin::Floating));
    };
    let (installing, later) = commands.get(position..)?.split_first()?;
    let from = command.find(installing).map_or(0, |found| found.start());
    let own = || pin(installing, from, version);
    // `curl -o install.sh https://… && sh install.sh --version 1.2.3`: what was only fetched is run later in the line; what
    // fetches something itself is another tool.
    let fetched_only = !installing.contains('|');
    let run_later = || {
        let mut rest = later.iter().take_while(|part| fetched_only && !part.contains("://"));
        rest.find_map(|part| pin(part, 0, version))
    };
    Some(own().or_else(run_later).unwrap_or(Pin::Floating))
}

/// The version in a command; a match behind `from` goes before one in front of it.
fn pin(text: &str, from: usize, version: &Regex) -> Option<Pin> {
    let captures = version.captures_iter(text).find(|found| found.get(0).is_some_and(|all| all.end() > from));
    let captured = captured(&captures.or_else(|| version.captures(text))?)?.to_owned();
    let bare = captured.trim_start_matches(['"', '\'']);
    if bare.len() < captured.len() && !computed(bare) {
        // In quotes the pattern may have missed its `v?`: try what the shell makes of it.
        let unquoted = text.replace(['"', '\''], "");
        if let Some(captured) = version.captures(&unquoted).as_ref().and_then(self::captured) {
            return Some(word(captured));
        }
    }
    Some(word(bare))
}

/// The first group that took part, or the whole match of a pattern without groups.
fn captured<'t>(captures: &Captures<'t>) -> Option<&'t str> {
    let groups = captures.iter().skip(1).flatten().next();
    let whole = if captures.len() == 1 { captures.get(0) } else { None };
    groups.or(whole).map(|found| found.as_str())
}

/// Computed when it runs: `$(curl …)`, `` `…` ``, `$VERSION`.
fn computed(text: &str) -> bool {
    text.contains(['$', '`'])
}

/// A captured `\S+` may hold more than the word: `1.2.3;`, `1.2.3)`, `1.2.3"`.
fn word(captured: &str) -> Pin {
    let end = captured.find([';', '&', '|', '(', ')', '<', '>', '"', '\'']).unwrap_or(captured.len());
    let (word, _) = captured.split_at(end);
    if word.is_empty() || word == "latest" || computed(word) { Pin::Floating } else { Pin::Pinned(word.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sdk(line: &str) -> Option<Pin> {
        let command = Regex::new(r"get\.tool\.dev|install-tool\.sh").unwrap();
        let version = Regex::new(r"(?:--version\s+|install-tool\.sh\s+)v?(\S+)").unwrap();
        install(line, &command, &version)
    }

    #[test]
    fn install_lines_pin_or_float() {
        for (line, version) in [
            ("curl -L https://get.tool.dev/ | bash -s -- --version 0.16.0-rc1", "0.16.0-rc1"),
            ("${HOME}/ci/install-tool.sh v0.12.3", "0.12.3"),
            (
                "curl -L https://get.tool.dev | bash -s --\t--version\tv0.12.3-dev-1527186128-ga2c30f75",
                "0.12.3-dev-1527186128-ga2c30f75",
            ),
            ("curl https://get.tool.dev | bash -s -- --version \"v1.2.3\"", "1.2.3"),
            ("curl https://get.tool.dev | bash -s -- --version '1.2.3'", "1.2.3"),
            ("bash -c \"curl https://get.tool.dev | bash -s -- --version v1.2.3\"", "1.2.3"),
            ("if ! which tool; then curl https://get.tool.dev | bash -s -- --version 1.2.3; fi", "1.2.3"),
            ("(curl https://get.tool.dev | bash -s -- --version 1.2.3)", "1.2.3"),
            (
                "curl https://get.yarn.dev | bash -s -- --version 1.2.1 && curl https://get.tool.dev | bash -s -- --version 3.0",
                "3.0",
            ),
            ("curl -o i.sh https://get.tool.dev && bash i.sh --version 2.0", "2.0"),
        ] {
            assert_eq!(sdk(line), Some(Pin::Pinned(version.to_owned())), "{line}");
        }
        for line in [
            "curl -L https://get.tool.dev/ | bash",
            "curl https://get.tool.dev | bash -s -- --version \"$(curl https://tool.dev/latest; true)\"",
            "curl https://get.tool.dev | bash -s -- --version $(curl https://tool.dev/latest)",
            "curl https://get.tool.dev | bash -s -- --version `cat version`",
            "curl https://get.tool.dev | bash -s -- --version v${TOOL}",
            "curl https://get.tool.dev | bash -s -- --version latest",
            "curl https://get.tool.dev | bash; curl https://get.yarn.dev | bash -s -- --version 1.2.1",
            "install-tool.sh && curl https://get.yarn.dev | bash -s -- --version 1.2.1",
        ] {
            assert_eq!(sdk(line), Some(Pin::Floating), "{line}");
        }
        assert_eq!(sdk("curl https://get.yarn.dev | bash -s -- --version 1.2.1"), None);
    }
}
