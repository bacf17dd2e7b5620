//! Host functions and a driver that answers them without a world.

use relwf::model::{Cancel, Value};
use relwf::run::{
    Advance, Arguments, Call, History, Kind, ParamType, Settled, Signature, Trace, advance, optional, required,
};
use relwf::script::{Diagnostic, Library, Program, Source, embedded};
use std::sync::Arc;

/// Some host functions, of every shape.
pub fn signatures() -> Arc<[Signature]> {
    use ParamType::{Any, Bool, Branch, Commit, Duration, Int, Map, String, Strings};
    let map =
        |name, params| Signature { name, doc: "", kind: Kind::Effect, arguments: Arguments::Map(params), returns: "" };
    let positional = |name, params| Signature {
        name,
        doc: "",
        kind: Kind::Read,
        arguments: Arguments::Positional(params),
        returns: "",
    };
    [
        positional("git::sync", const { &[] }),
        positional("git::commit", const { &[required("rev", Commit, "a revision")] }),
        map(
            "git::merge",
            const {
                &[
                    required("source", Commit, "what is merged"),
                    required("target", Branch, "the branch it is merged into"),
                    optional("message", String, "the message"),
                ]
            },
        ),
        positional(
            "delta::between",
            const { &[required("base", Commit, "before"), required("head", Commit, "after")] },
        ),
        map(
            "candidate::latest_green",
            const {
                &[
                    required("branch", Branch, "where releases come from"),
                    required("target", Branch, "where they go"),
                    optional("soak", Duration, "how long it must have been green"),
                ]
            },
        ),
        map(
            "forge::propose",
            const { &[required("commit", Commit, "the commit"), required("target", Branch, "the branch")] },
        ),
        map(
            "forge::wait_checks",
            const { &[required("commit", Commit, "the commit"), required("target", Branch, "the branch")] },
        ),
        map(
            "forge::land",
            const {
                &[
                    required("change", Any, "the change"),
                    required("commit", Commit, "the commit"),
                    required("target", Branch, "the branch"),
                ]
            },
        ),
        map(
            "ci::wait",
            const {
                &[
                    required("commit", Commit, "the commit"),
                    required("event", String, "the event"),
                    required("branch", Branch, "the branch"),
                ]
            },
        ),
        map("ci::builds", const { &[optional("branch", Branch, "the branch")] }),
        positional("fleet::targets", const { &[] }),
        map("fleet::wanted", const { &[required("branch", Branch, "the branch")] }),
        map("fleet::waves", const { &[required("to", String, "the version")] }),
        map(
            "fleet::roll",
            const {
                &[
                    required("target", String, "the target"),
                    required("to", String, "the version"),
                    optional("from", String, "the version before"),
                ]
            },
        ),
        positional(
            "flow::approve",
            const { &[required("message", String, "what is asked"), optional("show", Any, "what for")] },
        ),
        positional("flow::sleep", const { &[required("duration", Duration, "how long")] }),
        positional("flow::note", const { &[required("text", Any, "what to say")] }),
        positional("flow::now", const { &[] }),
        map(
            "http::request",
            const {
                &[
                    required("method", String, "the method"),
                    required("url", Any, "where"),
                    optional("headers", Map, "the headers"),
                    optional("json", Any, "the body"),
                    optional("on_unknown", String, "what when nobody knows"),
                ]
            },
        ),
        map(
            "sh::run",
            const {
                &[
                    required("argv", Strings, "the words"),
                    required("effect", Bool, "does it change anything?"),
                    optional("env", Map, "variables"),
                    optional("limit", Int, "how many"),
                ]
            },
        ),
        positional("config::has_secret", const { &[required("name", String, "the secret's name")] }),
    ]
    .into()
}

/// A library of these files alone.
pub fn library(files: &[(&str, &str)]) -> Library {
    let sources = files.iter().map(|(path, text)| Source { path: (*path).into(), text: (*text).into() }).collect();
    Library::pinned(sources, signatures())
}

/// The embedded workflows and plugins.
pub fn bundled() -> Library {
    let nowhere = std::path::Path::new("/nonexistent");
    Library::open(nowhere, &embedded(), relwf::effects::signatures()).unwrap()
}

/// A workflow `w` with this body of `run`, and a plugin `helper`.
pub fn workflow(body: &str) -> Program {
    let text = format!("fn run(p) {{\n{body}\n}}");
    program(&[("workflows/w.rhai", &text), ("plugins/helper.rhai", HELPER)])
}

/// A plugin that calls back.
pub const HELPER: &str = r#"const PLUGIN = #{ name: "helper", version: "1", capabilities: ["git", "flow"] };
fn twice(closure) { [closure.call(), closure.call()] }
fn in_step(name) { flow::step(name, || git::commit("x")) }
fn fail() { throw "from the plugin" }
fn later() { flow::always(|| git::sync()); }
"#;

/// The workflow `w` of these files.
pub fn program(files: &[(&str, &str)]) -> Program {
    match library(files).program("w") {
        Ok(program) => program,
        Err(diagnostic) => panic!("{}", shown(&diagnostic)),
    }
}

/// A diagnostic as people see it, roughly.
pub fn shown(diagnostic: &Diagnostic) -> String {
    let failure = &diagnostic.failure;
    let mut shown = format!("{}: {}", failure.kind.word(), failure.message);
    if let Some(at) = &failure.at {
        shown += &format!("\n  --> {at}");
        if let Some(line) = diagnostic.text.as_ref().and_then(|text| text.lines().nth(at.line.checked_sub(1)?)) {
            let column = at.column.saturating_sub(1);
            shown += &format!("\n  | {line}\n  | {}{}", " ".repeat(column), "^".repeat(diagnostic.length));
        }
    }
    for cause in &failure.causes {
        shown += &format!("\n  cause: {cause}");
    }
    if let Some(hint) = &failure.hint {
        shown += &format!("\n  hint: {hint}");
    }
    shown
}

/// All of them.
pub fn all_shown(diagnostics: &[Diagnostic]) -> String {
    diagnostics.iter().map(shown).collect::<Vec<_>>().join("\n")
}

/// What a run did.
pub struct Run {
    /// How it ended.
    pub end: Advance,
    /// Key, function and arguments of every command, in the order of their answers.
    pub commands: Vec<String>,
    /// How often the workflow was evaluated.
    pub evaluations: usize,
    /// What the last evaluation passed through.
    pub traces: Vec<Trace>,
}

impl Run {
    /// What the workflow returned.
    pub fn value(&self) -> Value {
        match &self.end {
            Advance::Done(value) => value.clone(),
            other => panic!("{other:?}"),
        }
    }

    /// What the workflow failed with, shown.
    pub fn failure(&self, program: &Program) -> String {
        match &self.end {
            Advance::Failed(failure) => shown(&program.diagnostic(failure)),
            other => panic!("{other:?}"),
        }
    }
}

/// Advances a program to its end; every command is answered as soon as it is asked for.
pub fn drive(program: &Program, params: &Value, answer: impl Fn(&Call) -> Settled) -> Run {
    drive_some(program, params, usize::MAX, answer)
}

/// The same, with at most so many commands answered between two evaluations: the last ones that were asked for.
pub fn drive_some(program: &Program, params: &Value, at_once: usize, answer: impl Fn(&Call) -> Settled) -> Run {
    let mut history = History::default();
    let mut run = Run { end: Advance::Cancelled, commands: Vec::new(), evaluations: 0, traces: Vec::new() };
    loop {
        let (end, traces) = advance(program, params, Arc::new(history.clone()), &Cancel::new());
        run.evaluations += 1;
        run.traces = traces;
        let Advance::Pending(requests) = end else {
            run.end = end;
            return run;
        };
        assert!(run.evaluations < 1000, "no end: {:?}", run.commands);
        for request in requests.iter().rev().take(at_once).rev() {
            run.commands.push(format!("{} {} {}", request.key, request.call.name, request.call.args));
            history.settle(request, answer(&request.call));
        }
    }
}

/// Answers every command with its own arguments.
pub fn echo(call: &Call) -> Settled {
    Settled::Value(call.args.clone())
}
