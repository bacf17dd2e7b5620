//! The jobs of a `.travis.yml`: which variables each has and which scripts it runs.
//!
//! Phases and their order: <https://docs.travis-ci.com/user/job-lifecycle/>. How keys with several values become jobs, and what
//! `jobs.include[]` (old name: `matrix`) adds to them: <https://docs.travis-ci.com/user/build-matrix/>. A job's own phase
//! replaces the common one.

use super::shell;
use crate::document::{At, Node, NodeKind};
use std::collections::HashSet;
use std::rc::Rc;

/// In the order in which a job runs them.
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

/// Keys whose values multiply the jobs, besides `env`.
const AXES: [&str; 33] = [
    "arch",
    "compiler",
    "crystal",
    "d",
    "dart",
    "dotnet",
    "elixir",
    "elm",
    "gemfile",
    "ghc",
    "go",
    "haxe",
    "jdk",
    "julia",
    "mono",
    "node_js",
    "nix",
    "os",
    "osx_image",
    "otp_release",
    "perl",
    "perl6",
    "php",
    "podfile",
    "python",
    "r",
    "ruby",
    "rust",
    "rvm",
    "scala",
    "smalltalk",
    "xcode_scheme",
    "xcode_sdk",
];

/// More jobs than this are not told apart.
const MOST: usize = 1_000;

/// One line of a job's scripts.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    pub text: String,
    /// Where the script begins that it stands in, and which of its lines it is.
    pub at: (At, usize),
}

/// A job.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// Its variables, in the order in which they are set.
    pub env: Vec<(String, String)>,
    /// What it runs, in order.
    pub lines: Vec<Line>,
}

/// Every job that runs.
pub fn jobs(root: &Node) -> Vec<Job> {
    let common = root.get("env");
    let (global, rows) = common.map_or((Vec::new(), Vec::new()), |env| environment(env));
    let included = included(root);
    let axes =
        AXES.iter().filter_map(|axis| root.get(axis)).map(|values| values.items().len().max(1)).product::<usize>();
    // A single combination beside jobs that are listed is not a job of its own.
    let only_listed = !included.is_empty() && axes * rows.len().max(1) == 1;
    let mut jobs = Vec::new();
    if !only_listed {
        let excluded = excluded(root);
        let one = [Vec::new()];
        let rows = if rows.is_empty() { &one[..] } else { &rows };
        for row in rows.iter().filter(|row| !excluded.contains(row)) {
            jobs.push(Job { env: [&global[..], row].concat(), lines: lines(&[root]) });
        }
    }
    for job in included.iter().take(MOST) {
        let own = match job.get("env") {
            Some(env) => {
                let (own_global, rows) = environment(env);
                [own_global, rows.concat()].concat()
            }
            // Without an own one it gets the first of the matrix.
            None if global.is_empty() => rows.first().cloned().unwrap_or_default(),
            None => Vec::new(),
        };
        jobs.push(Job { env: [&global[..], &own].concat(), lines: lines(&[job, root]) });
    }
    jobs.truncate(MOST);
    jobs
}

fn included(root: &Node) -> Vec<Rc<Node>> {
    let jobs = ["jobs", "matrix"].into_iter().filter_map(|key| root.get(key));
    jobs.flat_map(|jobs| {
        // A list in place of a table is the list of jobs.
        let list = if matches!(jobs.kind, NodeKind::List(_)) { Some(jobs) } else { jobs.get("include") };
        match list {
            Some(list) if list.items().is_empty() => vec![Rc::clone(list)],
            Some(list) => list.items().to_vec(),
            None => Vec::new(),
        }
    })
    .filter(|job| !job.entries().is_empty())
    .collect()
}

/// The environments that are excluded whatever else a job has.
fn excluded(root: &Node) -> Vec<Vec<(String, String)>> {
    let jobs = ["jobs", "matrix"].into_iter().filter_map(|key| root.get(key)?.get("exclude"));
    let rules = jobs.flat_map(|rules| rules.items());
    let alone = rules.filter(|rule| rule.entries().len() == 1).filter_map(|rule| rule.get("env"));
    alone.map(|env| environment(env).1.concat()).collect()
}

type Variables = Vec<(String, String)>;

/// What every job has, and what the jobs of the matrix have, one each.
fn environment(env: &Node) -> (Variables, Vec<Variables>) {
    let parts = |key: &str| env.get(key).map(|part| rows(part)).unwrap_or_default();
    match env.get("global").or(env.get("jobs")).or(env.get("matrix")) {
        Some(_) => (parts("global").concat(), [parts("jobs"), parts("matrix")].concat()),
        None => (Vec::new(), rows(env)),
    }
}

/// A list has one job each; a text or a table is one.
fn rows(env: &Node) -> Vec<Variables> {
    match &env.kind {
        NodeKind::List(items) => items.iter().map(|item| variables(item)).collect(),
        NodeKind::Null => Vec::new(),
        _ => vec![variables(env)],
    }
}

fn variables(env: &Node) -> Variables {
    match &env.kind {
        NodeKind::Text(text) | NodeKind::Bare { text, .. } => {
            shell::words(text).iter().filter_map(|word| shell::assignment(word)).collect()
        }
        NodeKind::Map(entries) => entries
            .iter()
            .filter(|entry| entry.key != "secure")
            .filter_map(|entry| Some((entry.key.clone(), shell::unquoted(entry.value.spelling()?))))
            .collect(),
        NodeKind::List(items) => items.iter().flat_map(|item| variables(item)).collect(),
        NodeKind::Null => Vec::new(),
    }
}

/// The lines of each phase, from the first scope that has it.
fn lines(scopes: &[&Node]) -> Vec<Line> {
    let mut lines = Vec::new();
    // Aliases are shared: each text is read once however often it is named.
    let mut seen = HashSet::new();
    for phase in PHASES {
        if let Some(script) = scopes.iter().find_map(|scope| scope.get(phase)) {
            collect(script, &mut seen, &mut lines);
        }
    }
    lines
}

fn collect(node: &Rc<Node>, seen: &mut HashSet<*const Node>, lines: &mut Vec<Line>) {
    if !seen.insert(Rc::as_ptr(node)) {
        return;
    }
    match &node.kind {
        NodeKind::Text(script) => {
            let whole = shell::lines(script).into_iter().enumerate();
            lines.extend(whole.map(|(number, text)| Line { text, at: (node.at, number) }));
        }
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
