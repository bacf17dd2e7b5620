//! Host functions and a driver that answers them without a world.

use relwf::model::{BranchName, Cancel, HumanDuration, Revision, Value};
use relwf::run::{Advance, Call, CommandKind, History, HostFn, Settled, Style, Trace, advance};
use relwf::script::{CompiledWorkflow, Diagnostic, Library, SourceFile, embedded};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a function takes.
macro_rules! args {
    ($name:ident { $($(#[$attr:meta])* $field:ident: $ty:ty),* $(,)? }) => {
        #[derive(serde::Deserialize, schemars::JsonSchema)]
        #[allow(dead_code)] // only the shape is asked for
        struct $name {
            $($(#[$attr])* $field: $ty),*
        }
    };
}

args!(Nothing {});
args!(Commit {
    /// a revision
    rev: Revision,
});
args!(Merge {
    /// what is merged
    source: Revision,
    /// the branch it is merged into
    target: BranchName,
    /// the message
    message: Option<String>,
});
args!(Between {
    /// before
    base: Revision,
    /// after
    head: Revision,
});
args!(Candidate {
    /// where releases come from
    branch: BranchName,
    /// where they go
    target: BranchName,
    /// how long it must have been green
    soak: Option<HumanDuration>,
});
args!(Propose {
    /// the commit
    commit: Revision,
    /// the branch
    target: BranchName,
});
args!(Land {
    /// the change
    change: Value,
    /// the commit
    commit: Revision,
    /// the branch
    target: BranchName,
});
args!(Build {
    /// the commit
    commit: Revision,
    /// the event
    event: String,
    /// the branch
    branch: BranchName,
});
args!(Builds {
    /// the branch
    branch: Option<BranchName>,
});
args!(Wanted {
    /// the branch
    branch: BranchName,
});
args!(Waves {
    /// the version
    to: String,
});
args!(Roll {
    /// the target
    target: String,
    /// the version
    to: String,
    /// the version before
    from: Option<String>,
});
args!(Approve {
    /// what is asked
    message: String,
    /// what for
    show: Option<Value>,
});
args!(Sleep {
    /// how long
    duration: HumanDuration,
});
args!(Note {
    /// what to say
    text: Value,
});
args!(Request {
    /// the method
    method: String,
    /// where
    url: Value,
    /// the headers
    headers: Option<BTreeMap<String, Value>>,
    /// the body
    json: Option<Value>,
    /// what when nobody knows
    on_unknown: Option<String>,
});
args!(Start {
    /// the words
    argv: Vec<String>,
    /// does it change anything?
    effect: bool,
    /// variables
    env: Option<BTreeMap<String, Value>>,
    /// how many
    limit: Option<i64>,
});
args!(Name {
    /// the secret's name
    name: String,
});

const fn map<A: schemars::JsonSchema>(name: &'static str) -> HostFn {
    HostFn::new::<A, Value>(CommandKind::Effect, Style::Map, name, "")
}

const fn positional<A: schemars::JsonSchema>(name: &'static str) -> HostFn {
    HostFn::new::<A, Value>(CommandKind::Read, Style::Positional, name, "")
}

/// Some host functions, of every shape.
pub fn host_functions() -> Arc<[&'static HostFn]> {
    static ALL: [HostFn; 21] = [
        positional::<Nothing>("git::sync"),
        positional::<Commit>("git::commit"),
        map::<Merge>("git::merge"),
        positional::<Between>("delta::between"),
        map::<Candidate>("candidate::latest_green"),
        map::<Propose>("forge::propose"),
        map::<Propose>("forge::wait_checks"),
        map::<Land>("forge::land"),
        map::<Build>("ci::wait"),
        map::<Builds>("ci::builds"),
        positional::<Nothing>("fleet::targets"),
        map::<Wanted>("fleet::wanted"),
        map::<Waves>("fleet::waves"),
        map::<Roll>("fleet::roll"),
        positional::<Approve>("flow::approve"),
        positional::<Sleep>("flow::sleep"),
        positional::<Note>("flow::note"),
        positional::<Nothing>("flow::now"),
        map::<Request>("http::request"),
        map::<Start>("sh::run"),
        positional::<Name>("config::has_secret"),
    ];
    ALL.iter().collect()
}

/// A library of these files alone.
pub fn library(files: &[(&str, &str)]) -> Library {
    let sources = files.iter().map(|(path, text)| SourceFile { path: (*path).into(), text: (*text).into() }).collect();
    Library::pinned(sources, host_functions())
}

/// The embedded workflows and plugins.
pub fn bundled() -> Library {
    let nowhere = std::path::Path::new("/nonexistent");
    Library::open(nowhere, &embedded(), relwf::effects::host_functions()).unwrap()
}

/// A workflow `w` with this body of `run`, and a plugin `helper`.
pub fn workflow(body: &str) -> CompiledWorkflow {
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
pub fn program(files: &[(&str, &str)]) -> CompiledWorkflow {
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
    pub fn failure(&self, program: &CompiledWorkflow) -> String {
        match &self.end {
            Advance::Failed(failure) => shown(&program.diagnostic(failure)),
            other => panic!("{other:?}"),
        }
    }
}

/// Advances a program to its end; every command is answered as soon as it is asked for.
pub fn drive(program: &CompiledWorkflow, params: &Value, answer: impl Fn(&Call) -> Settled) -> Run {
    drive_some(program, params, usize::MAX, answer)
}

/// The same, with at most `at_once` commands answered between two evaluations: the last ones that were requested.
pub fn drive_some(
    program: &CompiledWorkflow,
    params: &Value,
    at_once: usize,
    answer: impl Fn(&Call) -> Settled,
) -> Run {
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
