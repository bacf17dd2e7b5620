//! The images that a Dockerfile names: <https://docs.docker.com/reference/dockerfile/>.

use super::Named;
use super::variables::expand;
use crate::document::{self, At};
use crate::model::Failure;
use std::collections::HashMap;

/// What may stand at the beginning of a line.
const INSTRUCTIONS: [&str; 18] = [
    "ADD",
    "ARG",
    "CMD",
    "COPY",
    "ENTRYPOINT",
    "ENV",
    "EXPOSE",
    "FROM",
    "HEALTHCHECK",
    "LABEL",
    "MAINTAINER",
    "ONBUILD",
    "RUN",
    "SHELL",
    "STOPSIGNAL",
    "USER",
    "VOLUME",
    "WORKDIR",
];

/// Those that stages build on, copy from and mount, in order; stages of the file's own are none.
pub(super) fn images(text: &str, file: &str) -> Result<Vec<Named>, Failure> {
    let escape = escape(text);
    let mut arguments: HashMap<String, Option<String>> = HashMap::new();
    let mut stages: Vec<String> = Vec::new();
    let mut images = Vec::new();
    let broken = |line: usize, what: &str| {
        document::broken(format!("`{file}` is not valid: {what}"), file, At { line, column: 1 })
    };
    let all = instructions(text, escape).map_err(|line| broken(line, "a here-document has no end"))?;
    for Instruction { line, word, rest } in all {
        match word.as_str() {
            // Only what stands before the first stage counts for `FROM`.
            "ARG" if stages.is_empty() => {
                for word in words(&rest) {
                    let Some((name, default)) = word.split_once('=') else { continue };
                    let default = expand(default, escape, &|name| arguments.get(name).cloned().flatten());
                    arguments.insert(name.to_owned(), default.ok());
                }
            }
            "FROM" => {
                let words: Vec<String> = words(&rest).into_iter().skip_while(|word| word.starts_with("--")).collect();
                let (written, stage) = match words.as_slice() {
                    [image] => (image, ""),
                    [image, word, stage] if word.eq_ignore_ascii_case("AS") => (image, stage.as_str()),
                    _ => return Err(broken(line, "`FROM` has one image, and perhaps `AS` and a name")),
                };
                let resolved = expand(written, escape, &|name| arguments.get(name).cloned().flatten());
                if !resolved.as_ref().is_ok_and(|image| stages.contains(&image.to_lowercase())) {
                    images.push(Named { resolved, written: written.clone() });
                }
                stages.push(stage.to_lowercase());
            }
            "ADD" | "COPY" | "RUN" => {
                for option in rest.split_whitespace().take_while(|word| word.starts_with("--")) {
                    let Some(image) = copied_from(option) else { continue };
                    if image.parse::<usize>().is_err() && !stages.contains(&image.to_lowercase()) {
                        images.push(Named { resolved: Err(image.to_owned()), written: image.to_owned() });
                    }
                }
            }
            known if INSTRUCTIONS.contains(&known) => {}
            _ => {
                let shown: String = word.chars().take(40).collect();
                return Err(broken(line, &format!("there is no instruction {shown:?}")));
            }
        }
    }
    Ok(images)
}

/// The image or stage of `--from=…`, or of `--mount=type=bind,from=…`.
fn copied_from(option: &str) -> Option<&str> {
    match option.strip_prefix("--mount=") {
        Some(mount) => mount.split(',').find_map(|part| part.strip_prefix("from=")),
        None => option.strip_prefix("--from="),
    }
}

/// The sign at the end of a line that goes on: `# escape=` in one of the first comments, else a backslash.
fn escape(text: &str) -> char {
    let comments = text.lines().map_while(|line| line.trim_start().strip_prefix('#')?.split_once('='));
    let chosen = comments.filter(|(key, _)| key.trim().eq_ignore_ascii_case("escape")).map(|(_, value)| value.trim());
    if chosen.last() == Some("`") { '`' } else { '\\' }
}

struct Instruction {
    line: usize,
    /// In upper case.
    word: String,
    rest: String,
}

/// The instructions: without comments, continued lines joined, the texts of here-documents omitted.
///
/// # Errors
///
/// The line of an instruction whose here-document has no end.
fn instructions(text: &str, escape: char) -> Result<Vec<Instruction>, usize> {
    let mut all: Vec<Instruction> = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        if is_comment(line) {
            continue;
        }
        let mut whole = String::new();
        let mut next = Some(line);
        while let Some(line) = next {
            let Some(part) = line.trim_end().strip_suffix(escape) else {
                whole.push_str(line);
                break;
            };
            whole.push_str(part);
            next = lines.by_ref().map(|(_, line)| line).find(|line| !is_comment(line));
        }
        let whole = whole.trim();
        let (word, rest) = whole.split_once(char::is_whitespace).unwrap_or((whole, ""));
        let word = word.to_ascii_uppercase();
        if matches!(word.as_str(), "ADD" | "COPY" | "RUN") {
            for (end, tabs) in here_documents(rest) {
                let ended =
                    lines.by_ref().any(|(_, line)| end == if tabs { line.trim_start_matches('\t') } else { line });
                if !ended {
                    return Err(number + 1);
                }
            }
        }
        all.push(Instruction { line: number + 1, word, rest: rest.trim().to_owned() });
    }
    Ok(all)
}

/// Empty lines count for as little.
fn is_comment(line: &str) -> bool {
    matches!(line.trim_start().chars().next(), None | Some('#'))
}

/// The words that end an instruction's here-documents, and whether tabs may stand before them: `<<EOF`, `<<-"EOF"`.
fn here_documents(rest: &str) -> Vec<(&str, bool)> {
    let marks = rest
        .split_whitespace()
        .filter_map(|word| word.trim_start_matches(|c: char| c.is_ascii_digit()).strip_prefix("<<"));
    let ends = marks.map(|mark| mark.strip_prefix('-').map_or((mark, false), |mark| (mark, true)));
    let named = |end: &str| end.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    ends.map(|(end, tabs)| (end.trim_matches(['"', '\'']), tabs)).filter(|(end, _)| named(end)).collect()
}

/// The words of an instruction, without their quotes.
fn words(rest: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for character in rest.chars() {
        match quote {
            Some(open) if open == character => quote = None,
            None if matches!(character, '"' | '\'') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            None if character.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    words
}
