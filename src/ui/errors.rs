//! How a failure is shown: what happened, where (with the line and a caret), why, what to do next.

use super::out::{BrokenPipe, Form, Out, Verbosity};
use super::runs::one_line;
use super::style::{DIM, ERROR, HINT, WARNING, paint};
use crate::model::{Failure, FailureKind, SourceLocation, Value};
use crate::script::Diagnostic;
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use serde_json::json;

/// Finds a file's text by the name that a [`SourceLocation`] gives it.
pub type TextLookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// For failures that point nowhere.
pub fn no_texts(_: &str) -> Option<String> {
    None
}

/// Shows a failure: JSON on stdout when JSON was asked for, else on stderr.
pub fn failure(out: &Out, failure: &Failure, texts: TextLookup<'_>) {
    match out.form {
        // One line, so that it fits among the events of `run --json`.
        Form::Json => unless_broken(out.answer_line(&json!({ "error": failure }).to_string())),
        Form::Text if out.verbosity == Verbosity::Quiet => {
            quiet_lines(failure).iter().for_each(|line| out.error_line(line))
        }
        Form::Text => out.error_line(failure_text(failure, texts).trim_end()),
    }
}

/// With `--quiet` a line for each problem: what happened, and what to type next.
fn quiet_lines(failure: &Failure) -> Vec<String> {
    let further = further(&failure.detail);
    let line = |failure: &Failure| match what_next(failure, "relwf") {
        Some(next) => format!("{}; {next}", failure_line(failure)),
        None => failure_line(failure),
    };
    std::iter::once(failure).chain(&further).map(line).collect()
}

/// What happened, and in which file where that is mistaken, on one line.
pub fn failure_line(failure: &Failure) -> String {
    let word = if failure.kind.is_verdict() { failure.kind.word() } else { "error".to_owned() };
    let at = failure.at.as_ref().filter(|_| failure.kind.is_mistake()).map(|at| format!(" ({at})")).unwrap_or_default();
    format!("{} {}{at}", paint(ERROR, format!("{word}:")), one_line(&failure.message))
}

/// The one thing to type next: the first command of relwf's own in the hint, else what the hint says. `command_prefix` is what
/// the operator types before a verb.
pub fn what_next(failure: &Failure, command_prefix: &str) -> Option<String> {
    let hint = failure.hint.as_deref()?;
    let command = hint.split('`').skip(1).step_by(2).find_map(|span| span.strip_prefix("relwf "));
    Some(match command {
        Some(verb) => format!("next: {command_prefix} {}", one_line(verb)),
        None => format!("hint: {}", one_line(hint)),
    })
}

/// The same for a finding about a script, with the callers.
pub fn diagnostic(out: &Out, diagnostic: &Diagnostic) {
    match out.form {
        Form::Json => unless_broken(out.answer_line(&json!({ "error": &diagnostic.failure }).to_string())),
        Form::Text => out.error_line(diagnostic_text(diagnostic).trim_end()),
    }
}

/// Something that may be right: it has a way on, and stops nothing.
pub fn warning(out: &Out, failure: &Failure) {
    let mut text = format!("{} {}\n", paint(WARNING, "warning:"), failure.message);
    tail(&mut text, failure);
    out.error_line(text.trim_end());
}

/// A line of the answer that could not be given because the reader went away is no failure.
pub fn unless_broken(result: Result<(), BrokenPipe>) {
    let _ = result;
}

/// A failure as people read it; ends with a line feed.
pub fn failure_text(failure: &Failure, texts: TextLookup<'_>) -> String {
    let text = failure.at.as_ref().and_then(|place| texts(&place.file));
    let mut out = head(failure, text.as_deref(), 1);
    tail(&mut out, failure);
    further(&failure.detail).iter().for_each(|problem| out.push_str(&failure_text(problem, texts)));
    out
}

/// A finding as people read it; ends with a line feed.
pub fn diagnostic_text(diagnostic: &Diagnostic) -> String {
    let mut out = head(&diagnostic.failure, diagnostic.text.as_deref(), diagnostic.length);
    for (function, place) in &diagnostic.calls {
        out.push_str(&format!("  {} {place}\n", paint(DIM, format!("in {function}, called at"))));
    }
    tail(&mut out, &diagnostic.failure);
    out
}

/// `error: …` and the place, with the line when its text is known.
fn head(failure: &Failure, text: Option<&str>, length: usize) -> String {
    if failure.kind.is_verdict() {
        // Which line of the workflow asked is no help: the answer is about the release.
        return format!("{} {}\n", paint(ERROR, format!("{}:", failure.kind.word())), failure.message);
    }
    let title = format!("{} {}\n", paint(ERROR, "error:"), failure.message);
    let Some(place) = &failure.at else { return title };
    // What a workflow throws, or a server refuses, is no mistake in the line that asked.
    let text = text.filter(|_| failure.kind.is_mistake());
    match text.and_then(|text| caret(&failure.message, place, text, length)) {
        Some(report) => report,
        None => format!("{title}  at {place}\n"),
    }
}

/// The line with a caret under it; `None` when the text has no such line.
fn caret(message: &str, place: &SourceLocation, text: &str, length: usize) -> Option<String> {
    if place.line == 0 {
        return None;
    }
    let mut start = 0;
    for _ in 1..place.line {
        start += text.get(start..)?.find('\n')? + 1;
    }
    let line = text.get(start..)?.split('\n').next()?;
    let column = place.column.saturating_sub(1);
    let at = |chars: usize| line.char_indices().nth(chars).map_or(line.len(), |(index, _)| index);
    let (from, to) = if place.column == 0 { (0, line.len()) } else { (at(column), at(column + length.max(1))) };
    // Just behind the end of the line (a missing `;`) the caret still needs something to stand on.
    let span = start + from..start + to.max(from);
    let path = place.file.clone();
    let report = &[Level::ERROR
        .primary_title(message)
        .element(Snippet::source(text).path(path).annotation(AnnotationKind::Primary.span(span)))];
    Some(format!("{}\n", Renderer::styled().render(report).trim_end()))
}

fn tail(out: &mut String, failure: &Failure) {
    for cause in &failure.causes {
        out.push_str(&format!("  {} {cause}\n", paint(DIM, "caused by:")));
    }
    for line in detail_lines(failure) {
        out.push_str(&format!("  {line}\n"));
    }
    if let Some(hint) = &failure.hint {
        out.push_str(&hint_line(hint));
        out.push('\n');
    }
    if failure.kind == FailureKind::Bug {
        out.push_str(&hint_line("this is a bug in relwf: please report it with the lines above"));
        out.push('\n');
    }
}

fn hint_line(text: &str) -> String {
    format!("{} {text}", paint(HINT, "hint:"))
}

/// The parts of a failure's data that are shown at once and that its causes lack.
fn detail_lines(failure: &Failure) -> Vec<String> {
    let detail = &failure.detail;
    let word = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let list = |key: &str| detail.get(key).and_then(Value::as_array).into_iter().flatten();
    let conflicts = list("conflicts").map(|conflict| format!("{}: {}", word(conflict, "kind"), word(conflict, "path")));
    let is_cause = |line: &&str| failure.causes.iter().any(|cause| cause == line);
    let log = list("log").filter_map(Value::as_str).filter(|line| !is_cause(line)).map(|line| format!("| {line}"));
    conflicts.chain(log).collect()
}

/// relwf.toml is checked whole: what else is wrong in it, each with its place.
fn further(detail: &Value) -> Vec<Failure> {
    let problems = detail.get("problems").and_then(Value::as_array).into_iter().flatten().skip(1);
    let failure = |problem: &Value| {
        let text = |key: &str| problem.get(key).and_then(Value::as_str).map(str::to_owned);
        let mut failure = Failure::new(FailureKind::Config, text("message")?);
        failure.hint = text("hint");
        failure.at = text("at").map(|at| {
            let Ok(place) = at.parse::<SourceLocation>();
            place
        });
        Some(failure)
    };
    problems.filter_map(failure).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    #[test]
    fn a_failure_says_what_where_why_and_what_next() {
        let failure = Failure::new(FailureKind::Config, "unknown key `urll`")
            .at(SourceLocation::new("relwf.toml", 2, 1))
            .cause("the table is [repo]")
            .hint("did you mean `url`?");
        assert_eq!(
            plain(&failure_text(&failure, &no_texts)),
            "error: unknown key `urll`\n  at relwf.toml:2:1\n  caused by: the table is [repo]\nhint: did you mean `url`?\n"
        );
        let with_text = plain(&failure_text(&failure, &|_| Some("[repo]\nurll = 1\n".to_owned())));
        assert_eq!(
            with_text,
            "error: unknown key `urll`\n --> relwf.toml:2:1\n  |\n2 | urll = 1\n  | ^\n  caused by: the table is [repo]\n\
             hint: did you mean `url`?\n"
        );
    }

    #[test]
    fn a_quiet_failure_is_one_line_with_the_one_thing_to_type() {
        let line = |failure: &Failure| plain(&quiet_lines(failure).join("\n"));
        let held =
            Failure::new(FailureKind::Held, "staging is locked by\nrun r0").hint("wait, or `git log`, `relwf show r0`");
        assert_eq!(line(&held), "held: staging is locked by run r0; next: relwf show r0");
        let key = Failure::new(FailureKind::Config, "unknown key `urll`").at(SourceLocation::new("relwf.toml", 2, 1));
        assert_eq!(
            line(&key.clone().hint("did you\nmean `url`?")),
            "error: unknown key `urll` (relwf.toml:2:1); hint: did you mean `url`?"
        );
        let both = key.detail(json!({ "problems": [{ "message": "a" }, { "message": "b", "at": "relwf.toml:3:1" }] }));
        assert_eq!(line(&both), "error: unknown key `urll` (relwf.toml:2:1)\nerror: b (relwf.toml:3:1)");
    }

    #[test]
    fn a_verdict_is_no_error_of_the_script() {
        let failure = Failure::new(FailureKind::Red, "on 1a2b3c4d5e these checks are red: ci/test")
            .at(SourceLocation::new("workflows/promote-staging.rhai", 1, 1))
            .hint("fix forward on master and promote again");
        assert_eq!(
            plain(&failure_text(&failure, &|_| Some("fn run(p) {}\n".to_owned()))),
            "red: on 1a2b3c4d5e these checks are red: ci/test\nhint: fix forward on master and promote again\n"
        );
    }

    #[test]
    fn what_a_workflow_throws_is_no_mistake_in_its_text() {
        let text = |_: &str| Some("fn run(p) {}\n".to_owned());
        for kind in [FailureKind::Thrown, FailureKind::Network, FailureKind::Timeout, FailureKind::Refused] {
            let failure = Failure::new(kind, "no releases on Friday").at(SourceLocation::new("workflows/w.rhai", 1, 1));
            assert_eq!(
                plain(&failure_text(&failure, &text)),
                "error: no releases on Friday\n  at workflows/w.rhai:1:1\n"
            );
        }
    }

    #[test]
    fn a_caret_may_stand_behind_the_end_of_a_line() {
        let failure = Failure::new(FailureKind::Script, "a `;` is missing").at(SourceLocation::new("w.rhai", 1, 10));
        let text = plain(&failure_text(&failure, &|_| Some("let x = 1\nlet y = 2;\n".to_owned())));
        assert_eq!(text, "error: a `;` is missing\n --> w.rhai:1:10\n  |\n1 | let x = 1\n  |          ^\n");
    }

    #[test]
    fn a_place_that_the_text_does_not_have_is_still_named() {
        let failure = Failure::new(FailureKind::Script, "x").at(SourceLocation::new("w.rhai", 9, 1));
        assert_eq!(plain(&failure_text(&failure, &|_| Some("one\n".to_owned()))), "error: x\n  at w.rhai:9:1\n");
    }

    #[test]
    fn json_errors_are_objects_on_stdout() {
        let (out, stdout, stderr) = super::super::out::captured::out(Form::Json);
        super::failure(&out, &Failure::new(FailureKind::NotFound, "no such run").hint("relwf runs"), &no_texts);
        let value: Value = serde_json::from_str(&stdout.text()).unwrap();
        assert_eq!(value, json!({"error": {"kind": "not-found", "message": "no such run", "hint": "relwf runs"}}));
        assert_eq!(stderr.text(), "");
    }
}
