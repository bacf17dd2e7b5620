//! Environments, components, secrets and programs that a script names and relwf.toml does not: only where they are literal, and
//! only where the script does not say itself what happens without them.

use crate::script::compiled_file::CompiledFile;
use crate::script::configured_names::ConfiguredNames;
use crate::script::diagnostic::Diagnostic;
use crate::script::source_file::Role;
use crate::script::suggest;
use rhai::{ASTNode, Expr, FnCallExpr, Position, Stmt};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What the files of a workflow, or a plugin alone, are held against.
pub(in crate::script) struct Configured<'w> {
    names: &'w ConfiguredNames,
    /// Secrets for which a file asks `config::has_secret`; `None` where the workflow that would ask is not known.
    asked: Option<BTreeSet<String>>,
}

impl<'w> Configured<'w> {
    pub(in crate::script) fn new(names: &'w ConfiguredNames, role: Role, units: &[Arc<CompiledFile>]) -> Self {
        let asked = || {
            let mut asked = BTreeSet::new();
            for unit in units {
                unit.ast.walk(&mut |path: &[ASTNode<'_>]| {
                    if let Some(call) = host_call(path, "config", "has_secret")
                        && let Some((name, _)) = call.args.first().and_then(text)
                    {
                        asked.insert(name.to_owned());
                    }
                    true
                });
            }
            asked
        };
        Self { names, asked: (role == Role::Workflow).then(asked) }
    }

    /// Everything that the file names and relwf.toml does not.
    pub(super) fn check(&self, unit: &CompiledFile) -> Vec<Diagnostic> {
        let tried = tried(unit);
        let mut findings = Vec::new();
        unit.ast.walk(&mut |path: &[ASTNode<'_>]| {
            findings.extend(self.call(unit, path, &tried));
            true
        });
        findings
    }

    fn call(&self, unit: &CompiledFile, path: &[ASTNode<'_>], tried: &[(Place, Place)]) -> Option<Diagnostic> {
        let named = |function| {
            let call = host_call(path, "config", function)?;
            let (name, at) = text(call.args.first()?)?;
            let place = place(at);
            let is_tried = tried.iter().any(|(from, to)| (from..to).contains(&&place));
            (!is_tried).then_some((name, at))
        };
        for (what, known) in [("environment", &self.names.environments), ("component", &self.names.components)] {
            if let Some((name, at)) = named(what)
                && !known.iter().any(|known| known == name)
            {
                let none = || format!("add a table [[{what}]] with name = \"{name}\" to relwf.toml");
                let hint = suggest::hint(name, names(known)).unwrap_or_else(none);
                return Some(unit.finding(at, format!("relwf.toml has no {what} `{name}`")).hint(Some(hint)));
            }
        }
        if let Some((name, at)) = named("secret")
            && let Some(asked) = &self.asked
            && !asked.contains(name)
            && !self.names.secrets.iter().any(|known| known == name)
        {
            let near = suggest::nearest(name, names(&self.names.secrets));
            let otherwise = near.map_or_else(String::new, |near| format!("did you mean `{near}`? Else "));
            let hint = format!(
                "{otherwise}add it to [secrets], e.g. {name} = {{ env = \"…\" }}, or ask `config::has_secret(\"{name}\")` first"
            );
            return Some(unit.finding(at, format!("the secret `{name}` is not configured")).hint(Some(hint)));
        }
        let call = host_call(path, "sh", "run")?;
        let (program, at) = program(call)?;
        if self.names.programs.iter().any(|allowed| allowed == program) {
            return None;
        }
        let mut allowed = self.names.programs.clone();
        allowed.push(program.to_owned());
        let hint = match suggest::nearest(program, names(&self.names.programs)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("to allow it, write [sh] allow = {allowed:?} into relwf.toml"),
        };
        Some(unit.finding(at, format!("`sh::run` may not start `{program}`")).hint(Some(hint)))
    }
}

fn names(known: &[String]) -> impl Iterator<Item = &str> + Clone {
    known.iter().map(String::as_str)
}

/// Line and column.
type Place = (usize, usize);

fn place(at: Position) -> Place {
    (at.line().unwrap_or(0), at.position().unwrap_or(0))
}

/// From where to where `try { … }` reaches: what fails there is caught.
fn tried(unit: &CompiledFile) -> Vec<(Place, Place)> {
    let mut tried = Vec::new();
    unit.ast.walk(&mut |path: &[ASTNode<'_>]| {
        if let Some(ASTNode::Stmt(Stmt::TryCatch(parts, _))) = path.last() {
            let body = parts.body.span();
            tried.push((place(body.start()), place(body.end())));
        }
        true
    });
    tried
}

/// A call of this host function, where the path ends in one.
fn host_call<'a>(path: &[ASTNode<'a>], namespace: &str, name: &str) -> Option<&'a FnCallExpr> {
    let (ASTNode::Expr(Expr::FnCall(call, _)) | ASTNode::Stmt(Stmt::FnCall(call, _))) = path.last()? else {
        return None;
    };
    let [around] = call.namespace.path.as_slice() else { return None };
    (around.name == namespace && call.name == name).then_some(&**call)
}

fn text(expr: &Expr) -> Option<(&str, Position)> {
    match expr {
        Expr::StringConstant(text, at) => Some((text.as_str(), *at)),
        _ => None,
    }
}

/// The first word of `argv`.
fn program(call: &FnCallExpr) -> Option<(&str, Position)> {
    let Expr::Map(map, _) = call.args.first()? else { return None };
    let (_, argv) = map.0.iter().find(|(key, _)| key.name == "argv")?;
    match argv {
        Expr::Array(words, _) => text(words.first()?),
        _ => None,
    }
}
