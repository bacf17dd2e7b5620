//! Functions that change a text or a list where it is and answer nothing, used as if they answered it: `x.trim() == "5"` is never
//! true.

use crate::script::compiled_file::CompiledFile;
use crate::script::diagnostic::Diagnostic;
use rhai::{ASTNode, Expr, Position, Stmt};
use std::collections::BTreeSet;

/// Those of the language, by name: <https://rhai.rs/book/ref/string-fn.html>, <https://rhai.rs/book/ref/array-fn.html>.
const IN_PLACE: [&str; 13] = [
    "append",
    "clear",
    "crop",
    "dedup",
    "make_lower",
    "make_upper",
    "pad",
    "push",
    "replace",
    "reverse",
    "sort",
    "trim",
    "truncate",
];

/// Every use of one as a value. A key of a map that the file mentions may be a closure of that name.
pub(super) fn check(unit: &CompiledFile, keys: &BTreeSet<String>) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    unit.ast.walk(&mut |path: &[ASTNode<'_>]| {
        if let Some((name, at)) = call(path)
            && IN_PLACE.contains(&name)
            && !keys.contains(name)
            && unit.named(name).next().is_none()
            && is_used(path)
        {
            let finding = unit
                .finding(at, format!("`{name}` changes the value where it is and answers (): there is nothing to use"));
            findings.push(finding.hint(Some(instead(name))));
        }
        true
    });
    findings
}

/// The method that is called here.
fn call<'a>(path: &[ASTNode<'a>]) -> Option<(&'a str, Position)> {
    match path.last()? {
        ASTNode::Expr(Expr::MethodCall(call, at)) => Some((call.name.as_str(), *at)),
        _ => None,
    }
}

/// Is what the call answers used? A statement of its own does not.
fn is_used(path: &[ASTNode<'_>]) -> bool {
    let mut nodes = path.iter().rev();
    let mut inner = match nodes.next() {
        Some(ASTNode::Expr(inner)) => *inner,
        _ => return false,
    };
    for node in nodes {
        match node {
            // The last link of a chain is what the chain answers.
            ASTNode::Expr(outer @ (Expr::Dot(parts, ..) | Expr::Index(parts, ..)))
                if std::ptr::eq(&raw const parts.rhs, inner) =>
            {
                inner = outer;
            }
            ASTNode::Stmt(Stmt::Expr(expression)) => return !std::ptr::eq(&raw const **expression, inner),
            _ => return true,
        }
    }
    false
}

fn instead(name: &str) -> String {
    let otherwise = match name {
        "make_lower" => "`to_lower()` answers it, or ",
        "make_upper" => "`to_upper()` answers it, or ",
        _ => "",
    };
    format!("{otherwise}call it on a line of its own (`x.{name}(…);`), then use `x`")
}
