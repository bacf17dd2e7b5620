//! Workflows: the list, one workflow's help, what the check looked at.

use super::lists::counted;
use super::out::Out;
use super::style::{DIM, ERROR, GOOD, NAME, paint};
use super::table::table;
use crate::app::Checked;
use crate::model::Value;
use crate::script::{HeaderParam, WorkflowHeader};

/// Every workflow with its first sentence and its parameters.
pub fn list(headers: &[WorkflowHeader]) -> String {
    let mut out = String::new();
    for (index, header) in headers.iter().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        out.push_str(&format!("{}  {}\n", paint(NAME, &header.name), paint(DIM, &header.source)));
        let first = first_sentence(&header.description);
        if !first.is_empty() {
            out.push_str(&format!("  {first}\n"));
        }
        out.push_str(&params(&header.params));
    }
    out
}

/// A sentence ends with a full stop before a capital letter, or with its paragraph; it may go on in the next line.
fn first_sentence(text: &str) -> String {
    let words: Vec<&str> =
        text.lines().take_while(|line| !line.trim().is_empty()).flat_map(str::split_whitespace).collect();
    let ends = |pair: &[&str]| match pair {
        [word, next] => word.ends_with(['.', '!', '?']) && next.starts_with(char::is_uppercase),
        _ => false,
    };
    let length = words.windows(2).position(ends).map_or(words.len(), |last| last + 1);
    words.get(..length).unwrap_or_default().join(" ")
}

/// One workflow's text, parameters and how to run it.
pub fn help(header: &WorkflowHeader, command_prefix: &str) -> String {
    let mut out = format!("{}  {}\n", paint(NAME, &header.name), paint(DIM, &header.source));
    if !header.description.is_empty() {
        out.push_str(&format!("\n{}\n", header.description.trim_end()));
    }
    if !header.params.is_empty() {
        out.push_str(&format!("\nParameters (--param NAME=VALUE):\n{}", params(&header.params)));
    }
    if let Some(lock) = &header.lock {
        let preempts = if header.preempts { " It goes ahead of one that only waits." } else { "" };
        out.push_str(&format!("\nOnly one run at a time with the same `{lock}`.{preempts}\n"));
    }
    if header.confirm {
        out.push_str("\nOn a terminal it shows what would land and asks once before anything begins; `--yes` skips the question.\n");
    }
    out.push_str(&format!("\nPreview it: {command_prefix} run {} --dry-run\n", header.name));
    out
}

fn params(params: &[HeaderParam]) -> String {
    let row = |param: &HeaderParam| {
        let kind = match serde_json::to_value(param.kind) {
            Ok(Value::String(word)) => word,
            _ => String::new(),
        };
        let default = match &param.value {
            _ if param.required => "required".to_owned(),
            Value::Null => "optional".to_owned(),
            Value::String(text) => format!("= {text}"),
            Value::Array(items) if items.is_empty() => "= none".to_owned(),
            other => format!("= {other}"),
        };
        let choices = match param.choices.join(", ") {
            none if none.is_empty() => none,
            choices => format!(" ({choices})"),
        };
        vec![format!("  {}", param.name), paint(DIM, kind), default, format!("{}{choices}", param.help)]
    };
    table(&[], &params.iter().map(row).collect::<Vec<_>>())
}

/// What the check looked at, and how much it found.
pub fn checked(out: &Out, checked: &Checked) {
    let config = checked.config.as_deref().unwrap_or("no relwf.toml (defaults)");
    let looked = format!(
        "{config}, {}, {}",
        counted(checked.workflows.len(), "workflow", "workflows"),
        counted(checked.plugins.len(), "plugin", "plugins")
    );
    out.say(&match checked.findings.len() {
        0 => format!("{} {looked}", paint(GOOD, "no problems:")),
        many => format!("{} {looked}", paint(ERROR, format!("{}:", counted(many, "finding", "findings")))),
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::ParamKind;

    #[test]
    fn the_first_sentence_is_whole() {
        for (text, first) in [
            ("Closes a change, e.g. this\none. It stays closed.", "Closes a change, e.g. this one."),
            ("Promotes\n\nSlowly.", "Promotes"),
            ("Promotes. and ships.", "Promotes. and ships."),
            ("", ""),
        ] {
            assert_eq!(first_sentence(text), first);
        }
    }

    #[test]
    fn help_shows_text_types_and_defaults() {
        let header = WorkflowHeader {
            name: "promote".to_owned(),
            description: "Promotes.\n\nSlowly.".to_owned(),
            params: vec![
                HeaderParam {
                    name: "to".into(),
                    kind: ParamKind::Branch,
                    value: "staging".into(),
                    choices: vec!["staging".into(), "production".into()],
                    help: "where".into(),
                    required: false,
                },
                HeaderParam {
                    name: "commit".into(),
                    kind: ParamKind::Commit,
                    value: Value::Null,
                    choices: Vec::new(),
                    help: "this one".into(),
                    required: false,
                },
            ],
            lock: Some("to".to_owned()),
            confirm: true,
            preempts: false,
            source: "embedded".to_owned(),
        };
        assert_eq!(
            anstream::adapter::strip_str(&help(&header, "relwf")).to_string(),
            "promote  embedded\n\nPromotes.\n\nSlowly.\n\nParameters (--param NAME=VALUE):\n  \
             to      branch  = staging  where (staging, production)\n  commit  commit  optional   this one\n\n\
             Only one run at a time with the same `to`.\n\n\
             On a terminal it shows what would land and asks once before anything begins; `--yes` skips the question.\n\n\
             Preview it: relwf run promote --dry-run\n"
        );
    }
}
