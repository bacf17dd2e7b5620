//! `"${x}"` in double quotes is a text like any other: only backticks put values in. Reported where `x` is known to the file; a
//! shell's `${HOME}` is not.

use super::CheckContext;
use crate::script::compiled_file::CompiledFile;
use crate::script::diagnostic::Diagnostic;
use rhai::{ASTNode, Expr, Position, Stmt};
use std::collections::BTreeSet;

/// Every such text.
pub(super) fn check(context: &CheckContext<'_>, unit: &CompiledFile) -> Vec<Diagnostic> {
    let variables = variables(unit);
    let mut findings = Vec::new();
    unit.ast.walk(&mut |path: &[ASTNode<'_>]| {
        if let Some(ASTNode::Expr(Expr::StringConstant(text, at))) = path.last()
            && is_quoted(unit, *at)
            && let Some(inside) = inside(text).find(|inside| {
                let (name, rest) = name(inside);
                variables.contains(name)
                    || unit.named(name).next().is_some()
                    || (rest.starts_with("::") && context.catalogue.is_namespace(name))
            })
        {
            let finding =
                unit.finding(*at, format!("`${{{inside}}}` is no value in double quotes: it is printed as it stands"));
            findings.push(finding.hint(Some("write the text in backticks: `… ${x} …`")));
        }
        true
    });
    findings
}

/// Every name of a variable in the file.
fn variables(unit: &CompiledFile) -> BTreeSet<String> {
    let mut names: BTreeSet<String> = unit.functions.iter().flat_map(|function| function.params.clone()).collect();
    unit.ast.walk(&mut |path: &[ASTNode<'_>]| {
        match path.last() {
            Some(ASTNode::Stmt(Stmt::Var(var, ..))) => drop(names.insert(var.0.name.to_string())),
            Some(ASTNode::Stmt(Stmt::For(parts, _))) => drop(names.insert(parts.0.name.to_string())),
            _ => {}
        }
        true
    });
    names
}

/// Does a text that stands between double quotes begin here?
fn is_quoted(unit: &CompiledFile, at: Position) -> bool {
    let (Some(line), Some(column)) = (at.line(), at.position()) else { return false };
    let line = unit.text.lines().nth(line - 1).unwrap_or_default();
    line.chars().nth(column - 1) == Some('"')
}

/// What stands between `${` and `}`.
fn inside(text: &str) -> impl Iterator<Item = &str> {
    text.split("${").skip(1).filter_map(|rest| Some(rest.split_once('}')?.0))
}

/// The name at the beginning, and what follows it: nothing, or what an expression goes on with.
fn name(inside: &str) -> (&str, &str) {
    let inside = inside.trim();
    let end = inside.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(inside.len());
    inside.split_at(end)
}
