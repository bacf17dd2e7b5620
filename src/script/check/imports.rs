//! Imports and capabilities: what a file reaches beyond itself.

use super::CheckContext;
use crate::script::compiled_file::CompiledFile;
use crate::script::diagnostic::Diagnostic;
use crate::script::plugin_header::Manifest;
use crate::script::source_file::Role;
use rhai::{ASTNode, Expr, Position, Stmt};
use std::collections::BTreeSet;

/// Every import leads to a plugin that can be loaded, under a name that hides nothing.
pub(super) fn check(context: &CheckContext<'_>, unit: &CompiledFile) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    let mut seen = BTreeSet::new();
    for import in &unit.imports {
        let Some(name) = &import.name else {
            let finding = unit.finding(import.at, "the name of a plugin must be a literal string");
            findings.push(finding.hint(Some("what a workflow imports must be known before it runs, to be pinned")));
            continue;
        };
        let alias = &import.alias;
        if alias.is_empty() {
            let finding = unit.finding(import.at, format!("`import \"{name}\"` has no name to call it by"));
            let last = name.rsplit('/').next().unwrap_or(name).replace('-', "_");
            findings.push(finding.hint(Some(format!("write `import \"{name}\" as {last};`"))));
        } else if context.catalogue.is_namespace(alias) || alias == "global" {
            let finding = unit.finding(import.alias_at, format!("`{alias}` is taken: it is a namespace of relwf"));
            findings.push(finding.hint(Some(format!("import it by another name, e.g. `as my_{alias}`"))));
        } else if !seen.insert(alias) {
            findings.push(unit.finding(import.alias_at, format!("`{alias}` is imported twice")));
        }
        if let Err(diagnostic) = context.files.unit(context.engine, Role::Plugin, name) {
            // A plugin with a syntax error is reported where that is; a missing one where it is asked for.
            findings.push(if diagnostic.text.is_some() {
                diagnostic
            } else {
                let failure = diagnostic.failure;
                let mut finding = unit.finding(import.at, failure.message).hint(failure.hint);
                finding.failure.causes = failure.causes;
                finding
            });
        } else if let Some(circle) = circle(context, unit, name) {
            findings.push(unit.finding(import.at, format!("plugins import one another in a circle: {circle}")));
        }
    }
    findings
}

/// The way back to `unit`, when importing `name` leads there.
fn circle(context: &CheckContext<'_>, unit: &CompiledFile, name: &str) -> Option<String> {
    fn search(context: &CheckContext<'_>, target: &str, name: &str, way: &mut Vec<String>) -> bool {
        if way.iter().any(|passed| passed == name) {
            return false;
        }
        way.push(name.to_owned());
        if name == target {
            return true;
        }
        let Ok(unit) = context.files.unit(context.engine, Role::Plugin, name) else { return false };
        unit.imports.iter().filter_map(|import| import.name.as_deref()).any(|next| {
            let length = way.len();
            let found = search(context, target, next, way);
            if !found {
                way.truncate(length);
            }
            found
        })
    }
    if unit.role != Role::Plugin {
        return None;
    }
    let mut way = Vec::new();
    search(context, unit.name(), name, &mut way).then(|| {
        way.insert(0, unit.name().to_owned());
        way.join(" → ")
    })
}

/// A plugin calls only what it declares, and what a computed call would do cannot be seen.
pub(super) fn capabilities(context: &CheckContext<'_>, unit: &CompiledFile, manifest: &Manifest) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    unit.ast.walk(&mut |path: &[ASTNode<'_>]| {
        if let Some((name, namespace, at)) = path.last().and_then(qualified_call)
            && context.catalogue.is_namespace(namespace)
            && !manifest.capabilities.iter().any(|capability| capability == namespace)
        {
            let declared = match manifest.capabilities.as_slice() {
                [] => "declares no capabilities".to_owned(),
                some => format!("declares only {}", some.join(", ")),
            };
            let finding = unit.finding(at, format!("this plugin calls `{name}` but {declared}"));
            findings.push(finding.hint(Some(format!("add \"{namespace}\" to the `capabilities` of its `PLUGIN`"))));
        }
        true
    });
    findings
}

/// The full name, the namespace and the place of a call into a namespace.
fn qualified_call<'a>(node: &'a ASTNode<'a>) -> Option<(String, &'a str, Position)> {
    let (ASTNode::Expr(Expr::FnCall(call, at)) | ASTNode::Stmt(Stmt::FnCall(call, at))) = node else { return None };
    let namespace = call.namespace.path.first()?.name.as_str();
    let parts = call.namespace.path.iter().map(|part| part.name.as_str()).chain([call.name.as_str()]);
    Some((parts.collect::<Vec<_>>().join("::"), namespace, call.namespace.position().or_else(*at)))
}
