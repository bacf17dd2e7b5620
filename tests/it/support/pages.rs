//! The repository's Markdown pages: their blocks, links, and the transcripts in them, run on the sample service.

use super::cli::{Machine, said};
use assert_cmd::Command;
use regex::Regex;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// One page.
pub struct Page {
    /// Its path in the repository.
    pub path: String,
    pub text: String,
}

/// A fenced block.
pub struct Block<'p> {
    /// The word behind the fence.
    pub language: &'p str,
    pub text: &'p str,
}

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A page of the repository.
pub fn page(path: &str) -> Page {
    let text = fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    Page { path: path.to_owned(), text }
}

/// The pages below a folder of the repository, by path.
pub fn pages(folder: &str) -> Vec<Page> {
    let files = walkdir::WalkDir::new(root().join(folder)).sort_by_file_name();
    let files = files.into_iter().map(|entry| entry.expect("the folder can be read").into_path());
    let files = files.filter(|path| path.extension().is_some_and(|ending| ending == "md"));
    files.map(|path| page(&path.strip_prefix(root()).expect("it is below").to_string_lossy())).collect()
}

impl Page {
    /// The fenced blocks, in order.
    pub fn blocks(&self) -> Vec<Block<'_>> {
        let mut parts = self.text.split("```");
        let mut blocks = Vec::new();
        while let (Some(_prose), Some(block)) = (parts.next(), parts.next()) {
            let (language, text) = block.split_once('\n').unwrap_or((block, ""));
            blocks.push(Block { language: language.trim(), text });
        }
        blocks
    }

    /// The first block of a language that holds `mark`.
    pub fn block(&self, language: &str, mark: &str) -> &str {
        let blocks = self.blocks();
        let found = blocks.iter().find(|block| block.language == language && block.text.contains(mark));
        found.unwrap_or_else(|| panic!("{} has no {language} block with {mark}", self.path)).text
    }

    /// The text outside of fenced blocks.
    pub fn prose(&self) -> String {
        self.text.split("```").step_by(2).collect()
    }

    /// Where its links lead, but for those into the web.
    pub fn links(&self) -> Vec<String> {
        let prose = self.prose();
        let all = LINK.captures_iter(&prose).map(|found| found[1].to_owned());
        all.filter(|link| !link.contains("://") && !link.starts_with("mailto:")).collect()
    }

    /// The headings, as anchors.
    pub fn anchors(&self) -> Vec<String> {
        let prose = self.prose();
        let headings =
            prose.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
        headings.map(anchor).collect()
    }

    /// Runs the commands of its `console` blocks in the sample service, one after another, and compares what they print. With
    /// `RELWF_WRITE_DOCS` in the environment, what they print is written into the page instead.
    pub fn holds_its_transcripts(&self) {
        let transcripts: Vec<&str> =
            self.blocks().iter().filter(|block| block.language == "console").map(|block| block.text).collect();
        if transcripts.is_empty() {
            return;
        }
        let machine = Machine::new();
        let service = machine.service();
        let (mut text, mut rest) = (String::new(), self.text.as_str());
        for transcript in transcripts {
            let (before, after) = rest.split_once(transcript).expect("it is in the page");
            let now = run(&machine, &service, transcript);
            let fits = fits(transcript, &now);
            assert!(
                fits || writes() && !transcript.contains("\n…"),
                "{}: {WRITE}\nit says:\n{transcript}\nrelwf says:\n{now}",
                self.path
            );
            text.push_str(before);
            text.push_str(if fits { transcript } else { &now });
            rest = after;
        }
        text.push_str(rest);
        if text != self.text {
            fs::write(root().join(&self.path), text).expect("the page can be written");
        }
    }
}

/// What to do about a page that is not as it should be.
pub const WRITE: &str = "to write it anew: RELWF_WRITE_DOCS=1 cargo test --test it docs::";

/// Are pages written instead of compared?
pub fn writes() -> bool {
    std::env::var_os("RELWF_WRITE_DOCS").is_some()
}

static LINK: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\]\(([^)\s]+)\)").unwrap());

fn anchor(heading: &str) -> String {
    let kept = heading
        .to_lowercase()
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
        .collect::<String>();
    kept.replace(' ', "-")
}

/// Each `$ command` of a transcript with what it prints now.
fn run(machine: &Machine, service: &Path, transcript: &str) -> String {
    let mut text = String::new();
    for line in transcript.lines().filter_map(|line| line.strip_prefix("$ ")) {
        let bin = Path::new(env!("CARGO_BIN_EXE_relwf")).parent().expect("a folder").display().to_string();
        let path = format!("{bin}:{}", std::env::var("PATH").unwrap_or_default());
        let mut command = Command::new("sh");
        command.env_clear().env("PATH", path).env("HOME", machine.home()).env("TZ", "UTC").env("LANG", "C.UTF-8");
        command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
        command.current_dir(service).args(["-c", &format!("{{ {line}\n}} 2>&1 | cat")]);
        let output = said(machine, command).stdout.replace("<machine>/home", "~").replace("<machine>/demo/", "");
        text.push_str(&format!("$ {line}\n{}\n", output.trim_end()));
    }
    text
}

/// Is this what was printed, but for ids, times and dates? A line `…` stands for any lines.
fn fits(written: &str, printed: &str) -> bool {
    let (written, printed) = (steady(written), steady(printed));
    let parts = written.split("\n…\n").map(regex::escape).collect::<Vec<_>>().join("\n(?s:.*)");
    Regex::new(&format!("^{parts}$")).expect("a pattern").is_match(&printed)
}

/// The text without what differs from run to run.
fn steady(text: &str) -> String {
    static CHANGING: LazyLock<Regex> = LazyLock::new(|| {
        let parts = [
            r"\b[0-9a-f]{10,64}\b",
            r"\br0[0-9a-z]{9}\b",
            r"\b\d+(\.\d+)?m?s\b",
            r"\b\d{4}-\d\d-\d\d\b",
            r"\b\d\d:\d\d\b",
        ];
        Regex::new(&parts.join("|")).unwrap()
    });
    let lines: Vec<String> =
        text.trim_end().lines().map(|line| CHANGING.replace_all(line.trim_end(), "~").into_owned()).collect();
    lines.join("\n")
}
