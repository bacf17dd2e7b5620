//! Checks the bodies of functions: variables, calls, literal arguments, `p.x` of workflow parameters, secrets in texts.
//!
//! Rhai's own walk does not know scopes, so statements are followed here. A closure is a function of its own whose first
//! parameters are the variables that it captures: an unknown one is reported where the closure is made.

use super::CheckContext;
use crate::run::{Field, HostFn, Style};
use crate::script::arguments::{check as check_type, describe};
use crate::script::catalogue::CatalogueFn;
use crate::script::compiled_file::CompiledFile;
use crate::script::diagnostic::Diagnostic;
use crate::script::engine::MISSING;
use crate::script::literal::Literal;
use crate::script::other_languages;
use crate::script::source_file::Role;
use crate::script::suggest;
use crate::script::workflow_header;
use rhai::{ASTNode, Expr, FnAccess, FnCallExpr, Position, Stmt};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// Everything that is wrong in the functions of a file.
pub(super) fn check(context: &CheckContext<'_>, unit: &CompiledFile) -> Vec<Diagnostic> {
    let mut body = Body {
        context,
        unit,
        plugins: plugins(context, unit),
        keys: keys(unit),
        params: params(unit),
        findings: Vec::new(),
    };
    // The walk hands out the statements of one function after the other.
    let mut scopes: HashMap<String, Vec<String>> = HashMap::new();
    unit.ast.walk(&mut |path: &[ASTNode<'_>]| {
        if let [ASTNode::Stmt(statement)] = path {
            let function = unit.function_around(statement.position());
            let key =
                function.map_or_else(String::new, |function| format!("{}/{}", function.name, function.params.len()));
            let scope = scopes.entry(key).or_insert_with(|| function.map_or_else(Vec::new, |f| f.params.clone()));
            body.statement(statement, scope);
        }
        true
    });
    body.findings
}

/// The plugins that a file imports, by the name it gives them; `None` for those that cannot be loaded.
fn plugins(context: &CheckContext<'_>, unit: &CompiledFile) -> BTreeMap<String, Option<Arc<CompiledFile>>> {
    let load = |name: &String| context.files.unit(context.engine, Role::Plugin, name).ok();
    unit.imports.iter().map(|import| (import.alias.clone(), import.name.as_ref().and_then(load))).collect()
}

/// Every key and property that the file mentions: a map can hold closures, which are called like methods.
pub(super) fn keys(unit: &CompiledFile) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    unit.ast.walk(&mut |path: &[ASTNode<'_>]| {
        match path.last() {
            Some(ASTNode::Expr(Expr::Map(map, _))) => keys.extend(map.0.iter().map(|(key, _)| key.name.to_string())),
            Some(ASTNode::Expr(Expr::Property(property, _))) => {
                keys.insert(property.2.to_string());
            }
            _ => {}
        }
        true
    });
    keys
}

/// The name of `run`'s parameter in a workflow, and what it holds.
fn params(unit: &CompiledFile) -> Option<(String, Vec<String>)> {
    let run = unit.named("run").find(|function| function.params.len() == 1)?;
    let (header, findings) = workflow_header::read(unit, "");
    let names = header.params.into_iter().map(|param| param.name).collect();
    (unit.role == Role::Workflow && findings.is_empty()).then(|| Some((run.params.first()?.clone(), names)))?
}

struct Body<'w> {
    context: &'w CheckContext<'w>,
    unit: &'w CompiledFile,
    plugins: BTreeMap<String, Option<Arc<CompiledFile>>>,
    keys: BTreeSet<String>,
    params: Option<(String, Vec<String>)>,
    findings: Vec<Diagnostic>,
}

impl Body<'_> {
    fn find(&mut self, at: Position, message: String, hint: Option<String>) {
        self.findings.push(self.unit.finding(at, message).hint(hint));
    }

    fn block(&mut self, statements: &[Stmt], scope: &mut Vec<String>) {
        let outside = scope.len();
        for statement in statements {
            self.statement(statement, scope);
        }
        scope.truncate(outside);
    }

    fn statement(&mut self, statement: &Stmt, scope: &mut Vec<String>) {
        match statement {
            Stmt::Var(var, ..) => {
                self.expression(&var.1, scope);
                scope.push(var.0.name.to_string());
            }
            Stmt::If(parts, _) | Stmt::While(parts, _) | Stmt::Do(parts, ..) => {
                self.expression(&parts.expr, scope);
                self.block(parts.body.statements(), scope);
                self.block(parts.branch.statements(), scope);
            }
            Stmt::Switch(parts, _) => {
                self.expression(&parts.0, scope);
                for case in &parts.1.expressions {
                    self.expression(&case.lhs, scope);
                    self.expression(&case.rhs, scope);
                }
            }
            Stmt::For(parts, _) => {
                let (variable, counter, flow) = &**parts;
                self.expression(&flow.expr, scope);
                let outside = scope.len();
                scope.push(variable.name.to_string());
                scope.extend(counter.iter().map(|counter| counter.name.to_string()));
                self.block(flow.body.statements(), scope);
                scope.truncate(outside);
            }
            Stmt::TryCatch(parts, _) => {
                self.block(parts.body.statements(), scope);
                let outside = scope.len();
                if let Expr::Variable(variable, ..) = &parts.expr {
                    scope.push(variable.1.to_string());
                }
                self.block(parts.branch.statements(), scope);
                scope.truncate(outside);
            }
            Stmt::Assignment(parts) => {
                self.assigned(&parts.1.lhs, scope);
                self.expression(&parts.1.rhs, scope);
            }
            Stmt::FnCall(call, at) => self.call(call, *at, scope),
            Stmt::Block(block) => self.block(block.statements(), scope),
            Stmt::Expr(expr) => self.expression(expr, scope),
            Stmt::BreakLoop(Some(expr), ..) | Stmt::Return(Some(expr), ..) => self.expression(expr, scope),
            // Imports are looked at elsewhere; sharing repeats what the closure beside it captures.
            _ => {}
        }
    }

    fn expression(&mut self, expr: &Expr, scope: &mut Vec<String>) {
        match expr {
            Expr::Variable(variable, _, at) => self.variable(&variable.1, &variable.2, *at, scope),
            Expr::InterpolatedString(parts, _) => {
                for part in parts.iter() {
                    self.no_secret(part);
                    self.expression(part, scope);
                }
            }
            Expr::Array(items, _) => items.iter().for_each(|item| self.expression(item, scope)),
            Expr::Map(map, _) => map.0.iter().for_each(|(_, value)| self.expression(value, scope)),
            Expr::Stmt(block) => self.block(block.statements(), scope),
            Expr::FnCall(call, at) => self.call(call, *at, scope),
            Expr::MethodCall(call, at) => self.method(call, *at, scope),
            Expr::Dot(pair, ..) => {
                self.parameter(&pair.lhs, &pair.rhs);
                let before = self.findings.len();
                self.expression(&pair.lhs, scope);
                // Of what is called on something that does not exist nothing is known.
                if self.findings.len() == before || !matches!(pair.lhs, Expr::Variable(..)) {
                    self.expression(&pair.rhs, scope);
                }
            }
            Expr::Index(pair, ..) => {
                self.expression(&pair.lhs, scope);
                self.expression(&pair.rhs, scope);
            }
            Expr::And(parts, _) | Expr::Or(parts, _) | Expr::Coalesce(parts, _) => {
                parts.iter().for_each(|part| self.expression(part, scope));
            }
            _ => {}
        }
    }

    fn variable(&mut self, name: &str, namespace: &rhai::Namespace, at: Position, scope: &[String]) {
        if !namespace.is_empty() {
            return self.module_variable(name, namespace, at);
        }
        let is_known = scope.iter().any(|known| known == name) || self.unit.named(name).next().is_some();
        if is_known {
            return;
        }
        let is_constant = self.unit.globals().any(|(constant, ..)| constant == name);
        if is_constant {
            let message = format!("functions do not see the constant `{name}` by this name");
            return self.find(at, message, Some(format!("write `global::{name}`")));
        }
        if self.context.catalogue.is_namespace(name) || self.plugins.contains_key(name) {
            let message = format!("`{name}` is a namespace, not a value");
            return self.find(at, message, Some(format!("its functions are called with `::`: `{name}::…`")));
        }
        let hint = other_languages::value(name).map(str::to_owned).or_else(|| {
            suggest::nearest(name, scope.iter().map(String::as_str)).map(|near| format!("did you mean `{near}`?"))
        });
        self.find(at, format!("there is no variable `{name}`"), hint);
    }

    /// Assigning makes no variable.
    fn assigned(&mut self, place: &Expr, scope: &mut Vec<String>) {
        match place {
            Expr::Variable(variable, _, at) if variable.2.is_empty() => {
                let before = self.findings.len();
                self.variable(&variable.1, &variable.2, *at, scope);
                if let [finding] = &mut self.findings[before..]
                    && finding.failure.hint.is_none()
                {
                    finding.failure.hint = Some(format!("a new variable is made with `let {} = …`", variable.1));
                }
            }
            place => self.expression(place, scope),
        }
    }

    fn module_variable(&mut self, name: &str, namespace: &rhai::Namespace, at: Position) {
        let root = namespace.root();
        if root == "global" {
            let constants = self.unit.globals().map(|(constant, ..)| constant);
            if !constants.clone().any(|constant| constant == name) {
                let hint = suggest::hint(name, constants);
                self.find(at, format!("there is no constant `{name}` at the top level"), hint);
            }
        } else if self.context.catalogue.is_namespace(root) {
            let message = format!("`{root}::{name}` is no value");
            let hint = self.context.catalogue.find(&format!("{root}::{name}")).map(|function| function.usage());
            self.find(namespace.position(), message, hint.map(|usage| format!("call it as `{usage}`")));
        } else if !self.plugins.contains_key(root) {
            self.unknown_namespace(root, namespace.position());
        }
    }

    /// `p.x`, where `p` holds the workflow's parameters.
    fn parameter(&mut self, object: &Expr, member: &Expr) {
        let Some((p, known)) = &self.params else { return };
        let Expr::Variable(variable, _, at) = object else { return };
        let Some(around) = self.unit.function_around(*at) else { return };
        // In a closure the same name may be its own parameter.
        if variable.1 != p.as_str() || around.name != "run" {
            return;
        }
        let member = match member {
            Expr::Dot(pair, ..) | Expr::Index(pair, ..) => &pair.lhs,
            member => member,
        };
        if let Expr::Property(property, at) = member
            && !known.iter().any(|name| name == property.2.as_str())
        {
            let hint = suggest::hint(&property.2, known.iter().map(String::as_str));
            let message = format!("the workflow has no parameter `{}`", property.2);
            self.find(*at, message, hint);
        }
    }

    /// A secret in a text would print its name, not what it holds.
    fn no_secret(&mut self, part: &Expr) {
        let inside = match part {
            Expr::FnCall(call, at) => Some((call, at)),
            Expr::Stmt(block) => match block.statements() {
                [Stmt::FnCall(call, at)] => Some((call, at)),
                [Stmt::Expr(expr)] => match &**expr {
                    Expr::FnCall(call, at) => Some((call, at)),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        };
        if let Some((call, at)) = inside
            && call.namespace.path.first().is_some_and(|part| part.name == "config")
            && call.name == "secret"
        {
            let hint = "put it together with `+`: \"Bearer \" + config::secret(\"…\")".to_owned();
            let at = call.namespace.position().or_else(*at);
            self.find(at, "a secret cannot be put into a text with `${…}`".into(), Some(hint));
        }
    }

    fn call(&mut self, call: &FnCallExpr, at: Position, scope: &mut Vec<String>) {
        call.args.iter().for_each(|argument| self.expression(argument, scope));
        if call.op_token.is_some() {
            return;
        }
        match call.namespace.path.as_slice() {
            [] => self.plain_call(call, at, scope),
            [namespace] => self.qualified_call(&namespace.name, call, at),
            [namespace, ..] => {
                if !self.plugins.contains_key(namespace.name.as_str()) {
                    self.unknown_namespace(&namespace.name, namespace.pos);
                }
            }
        }
    }

    fn plain_call(&mut self, call: &FnCallExpr, at: Position, scope: &[String]) {
        let (name, count) = (call.name.as_str(), call.args.len());
        if let Some((_, instead)) = MISSING.iter().find(|(missing, _)| *missing == name) {
            return self.find(at, format!("there is no `{name}`"), Some((*instead).to_owned()));
        }
        // Rhai keeps `x in list` as a call of `contains`, behind its first argument.
        if let ("contains", [_, Expr::FnCall(not, not_at)]) = (name, call.args.as_slice())
            && not.name == "!"
            && *not_at < at
        {
            let hint = "write `x !in list`, or `!(x in list)`".to_owned();
            return self.find(*not_at, "`!x in list` asks whether the list has true or false".into(), Some(hint));
        }
        let own: Vec<usize> = self.unit.named(name).map(|function| function.params.len()).collect();
        if own.contains(&count) || self.context.names.takes(name, count) {
            return;
        }
        if !own.is_empty() {
            let usages: Vec<String> =
                self.unit.named(name).map(|function| format!("`{name}({})`", function.params.join(", "))).collect();
            return self.find(at, wrong_count(name, count), Some(format!("it is written {}", usages.join(" or "))));
        }
        if self.context.names.has(name) {
            let usages = crate::script::failure::usages(name, &Default::default(), self.context.engine);
            let hint = (!usages.is_empty()).then(|| format!("it takes {}", usages.join(" or ")));
            return self.find(at, wrong_count(name, count), hint);
        }
        let hint = if scope.iter().any(|variable| variable == name) {
            Some(format!("`{name}` is a variable; a closure in it is called with `{name}.call(…)`"))
        } else {
            self.similar(name)
        };
        self.find(at, format!("there is no function `{name}`"), hint);
    }

    /// A function that may have been meant: the host's of the same name first.
    fn similar(&self, name: &str) -> Option<String> {
        let host = self.context.catalogue.names().map(|full| -> &str { full });
        let same = host.clone().find(|full| full.rsplit("::").next() == Some(name));
        let own = self.unit.functions.iter().filter(|function| !function.is_closure()).map(|f| f.name.as_str());
        if same.is_none()
            && let Some(instead) = other_languages::function(name)
        {
            return Some(instead.to_owned());
        }
        let near = same.or_else(|| suggest::nearest(name, own.chain(self.context.names.iter()).chain(host)))?;
        Some(format!("did you mean `{near}`?"))
    }

    fn method(&mut self, call: &FnCallExpr, at: Position, scope: &mut Vec<String>) {
        call.args.iter().for_each(|argument| self.expression(argument, scope));
        let (name, count) = (call.name.as_str(), call.args.len());
        let own = self.unit.named(name).any(|function| function.params.len() == count);
        if own || self.context.names.takes(name, count + 1) || self.keys.contains(name) || !call.namespace.is_empty() {
            return;
        }
        if self.context.names.has(name) {
            let message = wrong_count(name, count);
            let usages = crate::script::failure::usages(name, &Default::default(), self.context.engine);
            let hint = (!usages.is_empty())
                .then(|| format!("it takes {}; what stands before the dot is the first", usages.join(" or ")));
            return self.find(at, message, hint);
        }
        let near = || suggest::nearest(name, self.context.names.iter()).map(|near| format!("did you mean `{near}`?"));
        let hint = other_languages::function(name).map(str::to_owned).or_else(near);
        self.find(at, format!("there is no function `{name}`"), hint);
    }

    fn qualified_call(&mut self, namespace: &str, call: &FnCallExpr, at: Position) {
        let place = call.namespace.position().or_else(at);
        if self.context.catalogue.is_namespace(namespace) {
            self.host_call(namespace, call, place);
        } else if let Some(plugin) = self.plugins.get(namespace) {
            if let Some(plugin) = plugin.clone() {
                self.plugin_call(namespace, &plugin, call, place);
            }
        } else {
            self.unknown_namespace(namespace, place);
        }
    }

    fn unknown_namespace(&mut self, name: &str, at: Position) {
        let is_plugin = self.context.files.names(Role::Plugin).iter().any(|plugin| plugin == name);
        let hint = if is_plugin {
            Some(format!("write `import \"{name}\" as {name};` at the top"))
        } else {
            let known = self.context.catalogue.namespaces();
            let known = known.iter().copied().chain(self.plugins.keys().map(String::as_str));
            suggest::hint(name, known.collect::<Vec<_>>())
        };
        self.find(at, format!("there is no namespace or plugin `{name}`"), hint);
    }

    fn plugin_call(&mut self, alias: &str, plugin: &CompiledFile, call: &FnCallExpr, at: Position) {
        let (name, count) = (call.name.as_str(), call.args.len());
        let public = |function: &&crate::script::compiled_file::ScriptFn| function.access == FnAccess::Public;
        let candidates: Vec<_> = plugin.named(name).collect();
        if candidates.iter().copied().any(|function| public(&function) && function.params.len() == count) {
            return;
        }
        if candidates.iter().any(|function| !public(function)) {
            return self.find(at, format!("`{name}` of `{}` is private", plugin.file), None);
        }
        if candidates.is_empty() {
            let known: Vec<&str> =
                plugin.functions.iter().filter(public).filter(|f| !f.is_closure()).map(|f| f.name.as_str()).collect();
            return self.find(at, format!("`{}` has no function `{name}`", plugin.file), suggest::hint(name, known));
        }
        let usages: Vec<String> =
            candidates.iter().map(|f| format!("`{alias}::{name}({})`", f.params.join(", "))).collect();
        let full = format!("{alias}::{name}");
        self.find(at, wrong_count(&full, count), Some(format!("it is written {}", usages.join(" or "))));
    }

    fn host_call(&mut self, namespace: &str, call: &FnCallExpr, at: Position) {
        let catalogue = self.context.catalogue;
        let full = format!("{namespace}::{}", call.name);
        let Some(function) = catalogue.find(&full) else {
            let near = suggest::nearest(&call.name, catalogue.functions(namespace))
                .map(|near| format!("{namespace}::{near}"))
                .or_else(|| suggest::nearest(&full, catalogue.names()).map(str::to_owned));
            let hint = match near {
                Some(near) => Some(format!("did you mean `{near}`?")),
                None => suggest::hint(&call.name, catalogue.functions(namespace)),
            };
            return self.find(at, format!("there is no function `{full}`"), hint);
        };
        let (least, most) = function.arity();
        if !(least..=most).contains(&call.args.len()) {
            let hint = format!("it is written `{}`", function.usage());
            return self.find(at, wrong_count(&full, call.args.len()), Some(hint));
        }
        if let CatalogueFn::Command(command) = function {
            match command.style {
                Style::Positional => {
                    for (param, argument) in command.params().iter().zip(&call.args) {
                        self.literal(command, param, argument);
                    }
                }
                Style::Map => self.map(command, call.args.first(), at),
            }
        }
    }

    /// The map that a command takes, as far as it is literal.
    fn map(&mut self, function: &HostFn, argument: Option<&Expr>, at: Position) {
        let params = function.params();
        let Some(argument) = argument else { return };
        let Expr::Map(map, _) = argument else {
            if let Ok(literal) = Literal::read(argument) {
                let message = format!("`{}` takes one map, not {}", function.name, describe(&literal.data()));
                self.find(literal.at, message, Some(format!("write it as `{}`", function.usage())));
            }
            return;
        };
        for (key, value) in &map.0 {
            match params.iter().find(|param| param.name == key.name.as_str()) {
                Some(param) => self.literal(function, param, value),
                None => {
                    let near = suggest::nearest(&key.name, params.iter().map(|param| param.name.as_str()));
                    let hint = match near {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("it is written `{}`", function.usage()),
                    };
                    self.find(key.pos, format!("`{}` knows no `{}`", function.name, key.name), Some(hint));
                }
            }
        }
        let given = |param: &Field| {
            map.0.iter().any(|(key, value)| key.name == param.name.as_str() && !matches!(value, Expr::Unit(_)))
        };
        for missing in params.iter().filter(|param| !param.optional && !given(param)) {
            let message = format!("`{}` needs `{}`: {}", function.name, missing.name, missing.doc);
            self.find(at, message, Some(format!("it is written `{}`", function.usage())));
        }
    }

    /// An argument, when it is literal.
    fn literal(&mut self, function: &HostFn, param: &Field, argument: &Expr) {
        let Ok(literal) = Literal::read(argument) else { return };
        let data = literal.data();
        if data.is_null() {
            return;
        }
        if let Err(why) = check_type(&param.shape, &data) {
            let message = format!(
                "`{}` takes {} as `{}`, not {}{why}",
                function.name,
                param.shape.describe(),
                param.name,
                describe(&data)
            );
            self.find(literal.at, message, Some(format!("it is written `{}`", function.usage())));
        }
    }
}

fn wrong_count(name: &str, count: usize) -> String {
    let arguments = match count {
        0 => "without arguments".to_owned(),
        1 => "with one argument".to_owned(),
        _ => format!("with {count} arguments"),
    };
    format!("`{name}` cannot be called {arguments}")
}
