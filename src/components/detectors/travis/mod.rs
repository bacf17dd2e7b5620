//! The install line of a tool in `.travis.yml`.
//!
//! What counts is what some job runs, with the variables that the job has: every version, in the order of the file. Within a
//! job a line that pins goes before one that does not, because `chmod +x install.sh` beside the pinned line must not hide that
//! the pin moves; a tool that no line pins floats. Where other lines of the job decide about a version that only running them
//! would tell, they define it too: what changes there is a change.

mod deciding;
mod expansion;
mod jobs;
mod shell;
mod variables;

use super::{Detector, DetectorDeclaration, DetectorInput};
use crate::components::Version;
use crate::document::{At, Language, Node, Pattern, REQUIRED, RepoFile, Table, keys, or};
use crate::model::Failure;
use jobs::{Job, jobs};
use regex::{Captures, Regex};
use variables::{ReadText, Variables};

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
        let text = |file: &str| commit.manifests.text(file).ok().flatten();
        commit.with(&self.file, Language::Yaml, |root| Ok(detect(root, &text, &self.command, &self.version)))
    }

    fn sought(&self) -> String {
        format!("command that matches `{}` in `{}`", self.command, self.file)
    }
}

/// A pin and the place of its line.
type PlacedPin = ((At, usize), Pin);

/// What the install lines of all jobs say; `None` when no job has one.
fn detect(root: &Node, text: ReadText<'_>, command: &Regex, version: &Regex) -> Option<Version> {
    let mut found: Vec<PlacedPin> = jobs(root).iter().flat_map(|job| pins(job, text, command, version)).collect();
    found.sort_by_key(|(at, _)| *at);
    Version::all(found.into_iter().map(|(_, pin)| match pin {
        Pin::Pinned(version) => Version::published(version),
        Pin::Floating { definition, .. } => {
            Version { floating: true, definition: Some(definition), ..Version::default() }
        }
    }))
}

/// What pins the tool in a job, else what installs it.
fn pins(job: &Job, text: ReadText<'_>, command: &Regex, version: &Regex) -> Vec<PlacedPin> {
    let mut variables = Variables::of(&job.env, text);
    let mut found = Vec::new();
    let mut block = 0_usize;
    for (number, line) in job.lines.iter().enumerate() {
        let later = || job.lines.iter().skip(number + 1).map(|line| line.text.as_str());
        let pins = install(&line.text, later, &variables, command, version).into_iter();
        found.extend(pins.map(|pin| (line.at, with_what_decides(pin, job, number))));
        for command in shell::commands(&line.text) {
            match command.text.split_whitespace().next() {
                Some("if" | "case" | "while" | "until") => block += 1,
                Some("fi" | "esac" | "done") => block = block.saturating_sub(1),
                _ => {}
            }
            variables.run(command.text, command.certain && block == 0);
        }
    }
    if found.iter().any(|(_, pin)| matches!(pin, Pin::Pinned(_))) {
        found.retain(|(_, pin)| matches!(pin, Pin::Pinned(_)));
    }
    found
}

/// A floating pin is defined by the lines, too, that decide about what it leaves open.
fn with_what_decides(pin: Pin, job: &Job, number: usize) -> Pin {
    let Pin::Floating { definition, file } = pin else { return pin };
    let lines: Vec<&str> = job.lines.iter().map(|line| line.text.as_str()).collect();
    let decide = deciding::lines(&lines, number, &definition, file.as_deref());
    let (before, after): (Vec<usize>, Vec<usize>) = decide.into_iter().partition(|line| *line < number);
    let text = |at: Vec<usize>| at.into_iter().filter_map(|at| lines.get(at).copied()).collect::<Vec<_>>();
    Pin::Floating { definition: [text(before), vec![definition.as_str()], text(after)].concat().join("; "), file }
}

#[derive(Debug, PartialEq, Eq)]
enum Pin {
    Pinned(String),
    Floating {
        /// What installs it.
        definition: String,
        /// The file that it is fetched to, where it is not known what runs that.
        file: Option<String>,
    },
}

/// How many lines later a fetched file is run, at most.
const LATER: usize = 200;

/// What a line says of the tool; nothing when it does not install it. `later` are the lines that run after it.
fn install<'l, L: Iterator<Item = &'l str>>(
    line: &'l str,
    later: impl FnOnce() -> L,
    variables: &Variables,
    command: &Regex,
    version: &Regex,
) -> Vec<Pin> {
    let expanded = variables.expand(line);
    let matches = |written: &str| {
        command.is_match(written) || variables.expand(written).iter().any(|text| command.is_match(text))
    };
    if !command.is_match(line) && !expanded.iter().any(|text| command.is_match(text)) {
        return Vec::new();
    }
    let placed = shell::commands(line);
    let commands: Vec<&str> = placed.iter().map(|command| command.text).collect();
    let Some(position) = commands.iter().position(|part| matches(part)) else {
        // The pattern looks across commands: so does the version's.
        return expanded.iter().map(|text| pin(text, 0, version).unwrap_or_else(|| floating(text))).collect();
    };
    let Some((installing, rest)) = commands.get(position..).and_then(<[&str]>::split_first) else { return Vec::new() };
    // What the line itself sets before: `V=1.0; curl … $V`.
    let mut variables = variables.clone();
    placed.iter().take(position).for_each(|command| variables.run(command.text, command.certain));
    // `curl -o install.sh https://… && sh install.sh --version 1.2.3`: what was only fetched is run later.
    let fetched = fetched_file(installing);
    let run_later = fetched.clone().and_then(|mut file| {
        let later = later().take(LATER).flat_map(|line| shell::commands(line).into_iter().map(|command| command.text));
        rest.iter().copied().chain(later).find(|command| {
            if let Some(name) = renamed(command, &file) {
                file = name;
            }
            runs(command, &file)
        })
    });
    let mut found = Vec::new();
    for text in variables.expand(installing) {
        let from = command.find(&text).map_or(0, |found| found.start());
        match (pin(&text, from, version), run_later) {
            (Some(Pin::Pinned(version)), _) => found.push(Pin::Pinned(version)),
            (_, Some(running)) => {
                found.extend(variables.expand(running).iter().map(|running| {
                    pin(running, 0, version).unwrap_or_else(|| floating(&format!("{text} && {running}")))
                }))
            }
            (Some(Pin::Floating { .. }) | None, None) => {
                found.push(Pin::Floating { definition: one_line(&text), file: fetched.clone() });
            }
        }
    }
    found
}

fn floating(text: &str) -> Pin {
    Pin::Floating { definition: one_line(text), file: None }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The file that a command writes what it fetched to.
fn fetched_file(command: &str) -> Option<String> {
    let words: Vec<String> = shell::words(command).iter().map(|word| shell::unquoted(word)).collect();
    let program = words.iter().find(|word| !matches!(word.as_str(), "sudo" | "then" | "do" | "else" | "if" | "!"))?;
    // `curl https://… | tee install.sh`
    if let Some([_, _, rest @ ..]) =
        words.windows(2).position(|pair| pair == ["|", "tee"]).and_then(|at| words.get(at..))
    {
        return rest.iter().find(|word| !word.starts_with('-')).map(|file| base_name(file));
    }
    let (curl, wget) = (program == "curl", program == "wget");
    let mut address = None;
    let mut remote_name = wget;
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        let short = word.strip_prefix('-').filter(|flags| !flags.starts_with('-'));
        match word.split_once('=') {
            Some(("--output" | "--output-document", file)) => return Some(base_name(file)),
            _ if matches!(word.as_str(), ">" | ">>" | "--output" | "--output-document") => {
                return rest.next().map(|file| base_name(file));
            }
            // `-o FILE`, `-sSLo FILE` of curl, `-O FILE`, `-qO FILE` of wget.
            _ if curl && short.is_some_and(|flags| flags.ends_with('o')) => {
                return rest.next().map(|file| base_name(file));
            }
            _ if wget && short.is_some_and(|flags| flags.ends_with('O')) => {
                return rest.next().map(|file| base_name(file));
            }
            _ if curl && (short.is_some_and(|flags| flags.contains('O')) || word == "--remote-name") => {
                remote_name = true
            }
            _ if word.contains("://") => address = Some(word),
            _ => {
                if let Some(file) = word.strip_prefix('>').filter(|file| !file.is_empty()) {
                    return Some(base_name(file));
                }
            }
        }
    }
    address.filter(|_| remote_name).map(|address| base_name(address.split(['?', '#']).next().unwrap_or(address)))
}

fn base_name(path: &str) -> String {
    path.trim_end_matches(['/', ';']).rsplit('/').next().unwrap_or(path).to_owned()
}

/// The name that a command gives the file.
fn renamed(command: &str, file: &str) -> Option<String> {
    let words: Vec<String> = shell::words(command).iter().map(|word| shell::unquoted(word)).collect();
    let mut names = words.iter().skip_while(|word| *word == "sudo");
    if !matches!(names.next()?.as_str(), "mv" | "cp" | "install" | "ln") {
        return None;
    }
    let (last, names) = words.split_last()?;
    let moved = names.iter().any(|name| base_name(name) == file) && !last.ends_with(['/', '.']);
    moved.then(|| base_name(last))
}

const INTERPRETERS: [&str; 13] =
    ["sh", "bash", "zsh", "dash", "ksh", ".", "source", "python", "python3", "perl", "ruby", "node", "php"];

/// Does a command run this file?
fn runs(command: &str, file: &str) -> bool {
    let words: Vec<String> = shell::words(command).iter().map(|word| shell::unquoted(word)).collect();
    let mut parts = words.split(|word| word == "|").map(|words| (program(words), words));
    let interprets =
        |program: Option<&String>| program.is_some_and(|name| INTERPRETERS.contains(&base_name(name).as_str()));
    let Some((first, words)) = parts.next() else { return false };
    let Some(name) = first else { return false };
    if base_name(name) == file {
        return true;
    }
    let mut arguments = words.iter().skip_while(|word| *word != name).skip(1).filter(|word| !word.starts_with('-'));
    if interprets(first) {
        let read = words.iter().zip(words.iter().skip(1)).find(|(sign, _)| *sign == "<").map(|(_, file)| file.as_str());
        let read =
            read.or_else(|| words.iter().find_map(|word| word.strip_prefix('<')).filter(|name| !name.is_empty()));
        return read.is_some_and(|name| base_name(name) == file)
            || arguments.next().is_some_and(|script| base_name(script) == file);
    }
    // `cat FILE | bash -s -- 1.0`
    base_name(name) == "cat"
        && arguments.any(|name| base_name(name) == file)
        && parts.any(|(program, _)| interprets(program))
}

/// The program that a command runs.
fn program(words: &[String]) -> Option<&String> {
    words.iter().find(|word| {
        let prefix = matches!(
            word.as_str(),
            "sudo" | "env" | "time" | "exec" | "then" | "do" | "else" | "if" | "!" | "travis_retry"
        );
        !prefix && !word.starts_with('-') && shell::assignment(word).is_none()
    })
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
    if word.is_empty() || word == "latest" || computed(word) { floating(word) } else { Pin::Pinned(word.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The version, `None` when it floats; nothing when the line does not install it.
    fn sdk(line: &str) -> Vec<Option<String>> {
        let command = Regex::new(r"get\.tool\.dev|install-tool\.sh").unwrap();
        let version = Regex::new(r"(?:--version\s+|install-tool\.sh\s+)v?(\S+)").unwrap();
        let found = install(line, std::iter::empty, &Variables::of(&[], &|_| None), &command, &version);
        let version = |pin| if let Pin::Pinned(version) = pin { Some(version) } else { None };
        found.into_iter().map(version).collect()
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
            assert_eq!(sdk(line), [Some(version.to_owned())], "{line}");
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
            assert_eq!(sdk(line), [None], "{line}");
        }
        assert_eq!(sdk("curl https://get.yarn.dev | bash -s -- --version 1.2.1"), []);
    }
}
