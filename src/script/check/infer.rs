//! What host functions answer, followed through variables, functions, steps, loops and branches: a field that an answer does
//! not have is found before anything runs.
//!
//! Only what is certain is reported. A variable is of every kind that is ever assigned to it, in whatever order; what may be
//! changed out of sight is unknown, and of the unknown nothing is said.

use super::CheckContext;
use super::inferred_type::{Type, ValueKind};
use crate::script::catalogue::{CatalogueFn, NativeFn};
use crate::script::compiled_file::{CompiledFile, is_closure};
use crate::script::diagnostic::Diagnostic;
use crate::script::other_languages;
use crate::script::source_file::Role;
use crate::script::suggest;
use crate::script::times::TIME_PARTS;
use crate::script::workflow_header::{self, ParamKind};
use rhai::{ASTFlags, ASTNode, Expr, FnAccess, FnCallExpr, FnPtr, Position, Stmt};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Deref;
use std::rc::Rc;
use std::sync::Arc;

/// Kinds only grow, and are bounded: more rounds than this are a mistake here, not in the script.
const ROUNDS: usize = 40;

/// Functions and methods that change none of their arguments.
const PURE: [&str; 30] = [
    "abs",
    "contains",
    "debug",
    "ends_with",
    "get",
    "index_of",
    "is_empty",
    "keys",
    "len",
    "max",
    "min",
    "parse_float",
    "parse_int",
    "parse_json",
    "print",
    "range",
    "replace_all",
    "split",
    "starts_with",
    "sub_string",
    "to_debug",
    "to_float",
    "to_int",
    "to_json",
    "to_lower",
    "to_string",
    "to_upper",
    "trimmed",
    "type_of",
    "values",
];

/// Everything that is certainly wrong with the fields that a file reads, in it or in a plugin to which it hands answers.
pub(super) fn check(context: &CheckContext<'_>, unit: &CompiledFile) -> Vec<Diagnostic> {
    let mut infer = Infer {
        context,
        files: Vec::new(),
        kinds: HashMap::new(),
        returns: HashMap::new(),
        reached: Vec::new(),
        changed: true,
        findings: None,
    };
    infer.files.push(Rc::new(InferredFile::new(context, InferredSource::Root(unit))));
    infer.begin(unit);
    for _ in 0..ROUNDS {
        if !std::mem::take(&mut infer.changed) {
            infer.findings = Some(Vec::new());
            infer.round();
            return infer.findings.unwrap_or_default();
        }
        infer.round();
    }
    Vec::new()
}

/// A file, as far as it is asked for here.
struct InferredFile<'w> {
    unit: InferredSource<'w>,
    /// The statements of its functions and closures, by name and number of parameters.
    bodies: HashMap<(String, usize), Rc<Vec<Stmt>>>,
    /// The plugins that it imports, by the name it gives them.
    plugins: BTreeMap<String, Arc<CompiledFile>>,
    /// Every text in it: a key that it looks for by name may well be absent.
    texts: BTreeSet<String>,
}

enum InferredSource<'w> {
    Root(&'w CompiledFile),
    Plugin(Arc<CompiledFile>),
}

impl Deref for InferredSource<'_> {
    type Target = CompiledFile;

    fn deref(&self) -> &CompiledFile {
        match self {
            Self::Root(unit) => unit,
            Self::Plugin(unit) => unit,
        }
    }
}

impl<'w> InferredFile<'w> {
    fn new(context: &CheckContext<'_>, unit: InferredSource<'w>) -> Self {
        let mut bodies: HashMap<(String, usize), Vec<Stmt>> = HashMap::new();
        let mut texts = BTreeSet::new();
        unit.ast.walk(&mut |path: &[ASTNode<'_>]| {
            if let [ASTNode::Stmt(statement)] = path
                && let Some(function) = unit.function_around(statement.position())
            {
                let body = bodies.entry((function.name.clone(), function.params.len())).or_default();
                body.push((*statement).clone());
            }
            if let Some(ASTNode::Expr(Expr::StringConstant(text, _))) = path.last() {
                texts.insert(text.to_string());
            }
            true
        });
        let plugins = unit.imports.iter().filter_map(|import| {
            let plugin = context.files.unit(context.engine, Role::Plugin, import.name.as_deref()?).ok()?;
            Some((import.alias.clone(), plugin))
        });
        let plugins = plugins.collect();
        Self { bodies: bodies.into_iter().map(|(key, body)| (key, Rc::new(body))).collect(), plugins, texts, unit }
    }
}

/// A function: its file, name and number of parameters.
type FunctionId = (usize, String, usize);

/// A variable, by where it is declared; a parameter by its function and number.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum VariableId {
    Let(usize, (Option<usize>, Option<usize>)),
    Param(usize, String, usize),
}

/// What is known while a function's body is followed.
struct BodyFrame {
    file: usize,
    scope: Vec<(String, VariableId)>,
    returned: Type,
}

/// A closure as it is written: its function, and the variables that it captures.
struct Closure {
    name: String,
    captured: Vec<Option<VariableId>>,
}

struct Infer<'w> {
    context: &'w CheckContext<'w>,
    files: Vec<Rc<InferredFile<'w>>>,
    kinds: HashMap<VariableId, Type>,
    returns: HashMap<FunctionId, Type>,
    reached: Vec<FunctionId>,
    changed: bool,
    /// Collected once nothing changes any more.
    findings: Option<Vec<Diagnostic>>,
}

impl<'w> Infer<'w> {
    /// What anybody may call, with anything.
    fn begin(&mut self, unit: &CompiledFile) {
        let mut called = BTreeSet::new();
        unit.ast.walk(&mut |path: &[ASTNode<'_>]| {
            if let Some(ASTNode::Expr(Expr::FnCall(call, _)) | ASTNode::Stmt(Stmt::FnCall(call, _))) = path.last() {
                called.insert(call.name.to_string());
            }
            true
        });
        for function in unit.functions.iter().filter(|function| !function.is_closure()) {
            let is_public = unit.role == Role::Plugin && function.access == FnAccess::Public;
            if is_public || !called.contains(&function.name) {
                let args = match function.params.len() {
                    1 if unit.role == Role::Workflow && function.name == "run" => vec![params(unit)],
                    count => vec![Type::Unknown; count],
                };
                self.reach((0, function.name.clone(), args.len()), args);
            }
        }
    }

    fn round(&mut self) {
        let mut next = 0;
        while let Some(id) = self.reached.get(next).cloned() {
            let (file, name, count) = id.clone();
            let source = Rc::clone(&self.files[file]);
            if let Some(function) = source.unit.named(&name).find(|function| function.params.len() == count) {
                let params = function.params.iter().enumerate();
                let params = params.map(|(at, param)| (param.clone(), VariableId::Param(file, name.clone(), at)));
                let answer = self.body(file, (name.clone(), count), params.collect());
                let known = self.returns.remove(&id).unwrap_or(Type::Never);
                let all = known.clone().or(answer);
                self.changed |= all != known;
                self.returns.insert(id, all);
            }
            next += 1;
        }
    }

    fn body(&mut self, file: usize, key: (String, usize), scope: Vec<(String, VariableId)>) -> Type {
        let Some(body) = self.files[file].bodies.get(&key).cloned() else { return Type::nothing() };
        let mut frame = BodyFrame { file, scope, returned: Type::Never };
        let last = self.statements(&body, &mut frame);
        last.or(frame.returned)
    }

    /// A call of a function of a script; what it answers.
    fn reach(&mut self, id: FunctionId, args: Vec<Type>) -> Type {
        for (at, arg) in args.into_iter().enumerate() {
            self.assign(&VariableId::Param(id.0, id.1.clone(), at), arg);
        }
        if !self.reached.contains(&id) {
            self.reached.push(id.clone());
            self.changed = true;
        }
        self.returns.get(&id).cloned().unwrap_or(Type::Never)
    }

    fn assign(&mut self, variable: &VariableId, value: Type) {
        let known = self.kinds.get(variable).cloned().unwrap_or(Type::Never);
        let all = known.clone().or(value);
        if all != known {
            self.changed = true;
            self.kinds.insert(variable.clone(), all);
        }
    }

    fn block(&mut self, statements: &[Stmt], frame: &mut BodyFrame) -> Type {
        let outside = frame.scope.len();
        let value = self.statements(statements, frame);
        frame.scope.truncate(outside);
        value
    }

    fn statements(&mut self, statements: &[Stmt], frame: &mut BodyFrame) -> Type {
        statements.iter().fold(Type::nothing(), |_, statement| self.statement(statement, frame))
    }

    /// A statement; its value, where it is the last one of its block.
    fn statement(&mut self, statement: &Stmt, frame: &mut BodyFrame) -> Type {
        match statement {
            Stmt::Var(var, ..) => {
                let value = self.expression(&var.1, frame);
                let variable = declared(frame.file, var.0.pos);
                self.assign(&variable, value);
                frame.scope.push((var.0.name.to_string(), variable));
                Type::nothing()
            }
            Stmt::If(parts, _) => {
                self.expression(&parts.expr, frame);
                let then = self.block(parts.body.statements(), frame);
                then.or(self.block(parts.branch.statements(), frame))
            }
            Stmt::While(parts, _) | Stmt::Do(parts, ..) => {
                self.expression(&parts.expr, frame);
                self.block(parts.body.statements(), frame);
                Type::Unknown
            }
            Stmt::Switch(parts, _) => {
                self.expression(&parts.0, frame);
                parts.1.expressions.iter().fold(Type::nothing(), |value, case| {
                    self.expression(&case.lhs, frame);
                    value.or(self.expression(&case.rhs, frame))
                })
            }
            Stmt::For(parts, _) => {
                let (name, counter, flow) = &**parts;
                let item = self.expression(&flow.expr, frame).item();
                let outside = frame.scope.len();
                let variable = declared(frame.file, name.pos);
                self.assign(&variable, item);
                frame.scope.push((name.name.to_string(), variable));
                if let Some(counter) = counter {
                    let variable = declared(frame.file, counter.pos);
                    self.assign(&variable, Type::plain());
                    frame.scope.push((counter.name.to_string(), variable));
                }
                self.block(flow.body.statements(), frame);
                frame.scope.truncate(outside);
                Type::Unknown
            }
            Stmt::TryCatch(parts, at) => {
                let tried = self.block(parts.body.statements(), frame);
                let outside = frame.scope.len();
                if let Expr::Variable(variable, ..) = &parts.expr {
                    let error = declared(frame.file, *at);
                    self.assign(&error, Type::Unknown);
                    frame.scope.push((variable.1.to_string(), error));
                }
                let caught = self.block(parts.branch.statements(), frame);
                frame.scope.truncate(outside);
                tried.or(caught)
            }
            Stmt::Assignment(parts) => {
                let value = self.expression(&parts.1.rhs, frame);
                self.assignment(&parts.1.lhs, value, parts.0.is_op_assignment(), frame);
                Type::nothing()
            }
            Stmt::FnCall(call, _) => self.call(call, frame),
            Stmt::Block(block) => self.block(block.statements(), frame),
            Stmt::Expr(expr) => self.expression(expr, frame),
            Stmt::Return(value, flags, _) => {
                let value = value.as_ref().map_or_else(Type::nothing, |value| self.expression(value, frame));
                if !flags.contains(ASTFlags::BREAK) {
                    frame.returned = std::mem::replace(&mut frame.returned, Type::Never).or(value);
                }
                Type::Never
            }
            Stmt::BreakLoop(value, ..) => {
                if let Some(value) = value {
                    self.expression(value, frame);
                }
                Type::Never
            }
            _ => Type::nothing(),
        }
    }

    fn assignment(&mut self, place: &Expr, value: Type, in_place: bool, frame: &mut BodyFrame) {
        let (root, field) = match place {
            Expr::Variable(..) => (place, None),
            Expr::Dot(pair, ..) => {
                (&pair.lhs, if let Expr::Property(property, _) = &pair.rhs { Some(&property.2) } else { None })
            }
            Expr::Index(pair, ..) => (&pair.lhs, None),
            _ => return,
        };
        let Some(variable) = variable(root, frame) else { return };
        let known = self.kinds.get(&variable).cloned().unwrap_or(Type::Never);
        match (place, field, in_place) {
            (Expr::Variable(..), _, false) => self.assign(&variable, value),
            _ if value == Type::Never || known == Type::Never => {}
            (Expr::Variable(..), _, true) if known.is_plain() && value.is_plain() => {}
            // A list grows by another list's items, or by an item.
            (Expr::Variable(..), _, true) if known.is_list() && value.is_list() => self.assign(&variable, value),
            (_, Some(field), false) => {
                let all = known.clone().with(field, &value);
                if all != known {
                    self.changed = true;
                    self.kinds.insert(variable, all);
                }
            }
            _ => self.assign(&variable, Type::Unknown),
        }
    }

    fn expression(&mut self, expr: &Expr, frame: &mut BodyFrame) -> Type {
        if let Some(closure) = closure(expr, frame) {
            // Who calls it, and with what, is not known.
            self.invoke(&closure, &[], frame);
            return Type::Unknown;
        }
        match expr {
            Expr::Unit(_) => Type::nothing(),
            Expr::BoolConstant(..)
            | Expr::IntegerConstant(..)
            | Expr::FloatConstant(..)
            | Expr::CharConstant(..)
            | Expr::StringConstant(..) => Type::plain(),
            Expr::Variable(..) => match variable(expr, frame) {
                Some(variable) => self.kinds.get(&variable).cloned().unwrap_or(Type::Never),
                None => Type::Unknown,
            },
            Expr::InterpolatedString(parts, _) => {
                parts.iter().for_each(|part| drop(self.expression(part, frame)));
                Type::plain()
            }
            Expr::And(parts, _) | Expr::Or(parts, _) => {
                parts.iter().for_each(|part| drop(self.expression(part, frame)));
                Type::plain()
            }
            Expr::Coalesce(parts, _) => {
                parts.iter().fold(Type::Never, |value, part| value.something().or(self.expression(part, frame)))
            }
            Expr::Array(items, _) => {
                let item = items.iter().fold(Type::Never, |known, item| known.or(self.expression(item, frame)));
                Type::list(item)
            }
            Expr::Map(map, _) => {
                let keys = map.0.iter().map(|(key, value)| (key.name.to_string(), self.expression(value, frame)));
                Type::OneOf(vec![ValueKind::Own(keys.collect())])
            }
            Expr::Stmt(block) => self.block(block.statements(), frame),
            Expr::FnCall(call, _) => self.call(call, frame),
            Expr::Dot(pair, ..) => {
                let (value, root) = (self.expression(&pair.lhs, frame), variable(&pair.lhs, frame));
                self.member(value, root.as_ref(), &pair.rhs, frame)
            }
            Expr::Index(pair, flags, _) => {
                let (value, root) = (self.expression(&pair.lhs, frame), variable(&pair.lhs, frame));
                self.index(value, root.as_ref(), &pair.rhs, *flags, frame)
            }
            _ => Type::Unknown,
        }
    }

    /// What follows a dot. `root` is the variable where the chain begins.
    fn member(&mut self, value: Type, root: Option<&VariableId>, member: &Expr, frame: &mut BodyFrame) -> Type {
        match member {
            Expr::Property(property, at) => self.field(&value, &property.2, *at, frame),
            Expr::MethodCall(call, _) => self.method(&value, root, call, frame),
            Expr::Dot(pair, ..) => {
                let inner = self.member(value, root, &pair.lhs, frame);
                self.member(inner, root, &pair.rhs, frame)
            }
            Expr::Index(pair, flags, _) => {
                let inner = self.member(value, root, &pair.lhs, frame);
                self.index(inner, root, &pair.rhs, *flags, frame)
            }
            _ => Type::Unknown,
        }
    }

    /// What stands in brackets, and what follows them: Rhai keeps `[a].b` as one expression unless it says BREAK.
    fn index(
        &mut self,
        value: Type,
        root: Option<&VariableId>,
        index: &Expr,
        flags: ASTFlags,
        frame: &mut BodyFrame,
    ) -> Type {
        match index {
            Expr::Dot(pair, ..) if !flags.contains(ASTFlags::BREAK) => {
                let inner = self.element(&value, &pair.lhs, frame);
                self.member(inner, root, &pair.rhs, frame)
            }
            Expr::Index(pair, flags_inside, _) if !flags.contains(ASTFlags::BREAK) => {
                let inner = self.element(&value, &pair.lhs, frame);
                self.index(inner, root, &pair.rhs, *flags_inside, frame)
            }
            index => self.element(&value, index, frame),
        }
    }

    fn element(&mut self, value: &Type, index: &Expr, frame: &mut BodyFrame) -> Type {
        match index {
            // An index that a map lacks may be asked for.
            Expr::StringConstant(name, _) => value.field(name).unwrap_or(Type::Unknown),
            index => {
                self.expression(index, frame);
                if value.is_list() || *value == Type::Never { value.item() } else { Type::Unknown }
            }
        }
    }

    fn field(&mut self, value: &Type, name: &str, at: Position, frame: &BodyFrame) -> Type {
        let has_no_fields = value.is_certain() && (value.is_list() || value.is_plain());
        if let Some(instead) = other_languages::function(name).filter(|_| has_no_fields && name == "length") {
            self.find(frame, at, format!("neither texts nor lists have a `{name}`"), Some(instead.to_owned()));
            return Type::Unknown;
        }
        if value.is_time() && !TIME_PARTS.contains(&name) {
            let hint = suggest::hint(name, TIME_PARTS.iter().copied());
            self.find(frame, at, format!("a time has no `{name}`"), hint);
            return Type::Unknown;
        }
        let answer = match value.field(name) {
            Ok(field) => return field,
            Err(answer) => answer,
        };
        if !self.files[frame.file].texts.contains(name) {
            let message = format!("`{}` answers no `{}{name}`", answer.function, answer.path);
            let hint = match other_languages::field(name, answer.names()) {
                Some(known) => Some(format!("did you mean `{known}`?")),
                None => suggest::hint(name, answer.names()),
            };
            self.find(frame, at, message, hint);
        }
        Type::Unknown
    }

    fn find(&mut self, frame: &BodyFrame, at: Position, message: String, hint: Option<String>) {
        if let Some(findings) = &mut self.findings {
            let finding = self.files[frame.file].unit.finding(at, message).hint(hint);
            if !findings.contains(&finding) {
                findings.push(finding);
            }
        }
    }

    fn arguments(&mut self, args: &[Expr], frame: &mut BodyFrame) -> Vec<Type> {
        args.iter().map(|arg| self.expression(arg, frame)).collect()
    }

    fn call(&mut self, call: &FnCallExpr, frame: &mut BodyFrame) -> Type {
        let namespace = match call.namespace.path.as_slice() {
            [] if call.op_token.is_some() => return self.operator(call, frame),
            [] => return self.plain_call(call, frame),
            [namespace] => namespace.name.as_str(),
            _ => {
                self.arguments(&call.args, frame);
                return Type::Unknown;
            }
        };
        if let Some(plugin) = self.files[frame.file].plugins.get(namespace).cloned() {
            let args = self.arguments(&call.args, frame);
            let file = self.file(&plugin);
            return self.reach((file, call.name.to_string(), args.len()), args);
        }
        match self.context.catalogue.find(&format!("{namespace}::{}", call.name)) {
            Some(CatalogueFn::Command(function)) => {
                self.arguments(&call.args, frame);
                Type::answer(function)
            }
            Some(CatalogueFn::Native(native)) => self.native(native, call, frame),
            None => {
                self.arguments(&call.args, frame);
                Type::Unknown
            }
        }
    }

    /// Steps and parallels answer what their closures do.
    fn native(&mut self, native: &'static NativeFn, call: &FnCallExpr, frame: &mut BodyFrame) -> Type {
        let Some((last, first)) = call.args.split_last() else { return Type::Unknown };
        let first = self.arguments(first, frame);
        let Some(closure) = closure(last, frame) else {
            let value = self.expression(last, frame);
            if native.takes_closure() && value.is_certain() {
                let name = native.name;
                let message =
                    format!("`{name}` takes a closure, not a value: what is written here is done before it is called");
                let usage = CatalogueFn::Native(native).usage().replace("closure", "|| …");
                self.find(frame, start(last), message, Some(format!("it is written `{usage}`")));
            }
            return if native.name == "flow::time" { Type::time() } else { Type::Unknown };
        };
        match (native.name, first.as_slice()) {
            ("flow::step", _) => self.invoke(&closure, &[], frame),
            ("flow::parallel", [_, items]) => {
                let answer = self.invoke(&closure, &[items.item()], frame);
                Type::list(answer)
            }
            _ => {
                self.invoke(&closure, &[], frame);
                Type::Unknown
            }
        }
    }

    fn operator(&mut self, call: &FnCallExpr, frame: &mut BodyFrame) -> Type {
        let args = self.arguments(&call.args, frame);
        match (call.name.as_str(), args.as_slice()) {
            ("==" | "!=" | "<" | ">" | "<=" | ">=" | "!" | "in" | "!in", _) => Type::plain(),
            ("+", [a, b]) if a.is_list() && b.is_list() => a.clone().or(b.clone()),
            (_, args) if args.contains(&Type::Never) => Type::Never,
            (_, args) if args.iter().all(Type::is_plain) => Type::plain(),
            _ => Type::Unknown,
        }
    }

    fn plain_call(&mut self, call: &FnCallExpr, frame: &mut BodyFrame) -> Type {
        let args = self.arguments(&call.args, frame);
        let file = &self.files[frame.file];
        if file.unit.named(&call.name).any(|function| function.params.len() == args.len()) {
            return self.reach((frame.file, call.name.to_string(), args.len()), args);
        }
        // Native functions get their first argument to change.
        if !PURE.contains(&call.name.as_str())
            && let Some(variable) = call.args.first().and_then(|first| variable(first, frame))
        {
            self.assign(&variable, Type::Unknown);
        }
        Type::Unknown
    }

    fn method(&mut self, value: &Type, root: Option<&VariableId>, call: &FnCallExpr, frame: &mut BodyFrame) -> Type {
        let name = call.name.as_str();
        if let (true, [first, ..]) = (value.is_list(), call.args.as_slice())
            && let Some(closure) = closure(first, frame)
        {
            self.arguments(&call.args[1..], frame);
            let takes_item = matches!(name, "filter" | "map" | "find" | "some" | "all");
            let item = if takes_item { value.item() } else { Type::Unknown };
            let answer = self.invoke(&closure, &[item], frame);
            match name {
                "filter" => return value.clone(),
                "map" => return Type::list(answer),
                "find" => return value.item().or(Type::nothing()),
                "some" | "all" => return Type::plain(),
                _ => {}
            }
        }
        let args = self.arguments(&call.args, frame);
        match (name, args.as_slice()) {
            _ if *value == Type::Never => return Type::Never,
            ("in_zone", [_]) if value.is_time() => return Type::time(),
            ("len" | "is_empty" | "contains" | "starts_with" | "ends_with", _) => return Type::plain(),
            ("push", [item]) if value.is_list() && root.is_some_and(|root| self.kinds.get(root) == Some(value)) => {
                if let Some(root) = root {
                    self.assign(root, Type::list(item.clone()));
                }
                return Type::nothing();
            }
            _ => {}
        }
        if let Some(root) = root.filter(|_| !PURE.contains(&name)) {
            self.assign(root, Type::Unknown);
        }
        let file = &self.files[frame.file];
        if file.unit.named(name).any(|function| function.params.len() == args.len()) {
            return self.reach((frame.file, name.to_owned(), args.len()), args);
        }
        Type::Unknown
    }

    /// The body of a closure, called with these; of further parameters nothing is known.
    fn invoke(&mut self, closure: &Closure, args: &[Type], frame: &BodyFrame) -> Type {
        let file = frame.file;
        let unit = &self.files[file].unit;
        let Some(function) = unit.named(&closure.name).next() else { return Type::Unknown };
        let params = function.params.clone();
        let mut scope = Vec::new();
        let mut args = args.iter().cloned();
        for (at, param) in params.iter().enumerate() {
            let own = VariableId::Param(file, closure.name.clone(), at);
            let variable = match closure.captured.get(at) {
                Some(Some(captured)) => captured.clone(),
                Some(None) => {
                    self.assign(&own, Type::Unknown);
                    own
                }
                None => {
                    self.assign(&own, args.next().unwrap_or(Type::Unknown));
                    own
                }
            };
            scope.push((param.clone(), variable));
        }
        self.body(file, (closure.name.clone(), params.len()), scope)
    }

    fn file(&mut self, plugin: &Arc<CompiledFile>) -> usize {
        let known = self.files.iter().position(|file| file.unit.file == plugin.file);
        known.unwrap_or_else(|| {
            self.files.push(Rc::new(InferredFile::new(self.context, InferredSource::Plugin(Arc::clone(plugin)))));
            self.files.len() - 1
        })
    }
}

/// Where an expression begins, with its namespace.
fn start(expr: &Expr) -> Position {
    match expr {
        Expr::FnCall(call, at) => call.namespace.position().or_else(*at),
        expr => expr.start_position(),
    }
}

/// What `run` gets: the parameters of the header.
fn params(unit: &CompiledFile) -> Type {
    let params = workflow_header::read(unit, "").0.params;
    Type::own(params.into_iter().map(|param| {
        let value = match param.kind {
            ParamKind::List => Type::list(Type::Unknown),
            ParamKind::Duration => Type::Unknown,
            ParamKind::Time => Type::time(),
            ParamKind::String | ParamKind::Int | ParamKind::Bool | ParamKind::Branch | ParamKind::Commit => {
                Type::plain()
            }
        };
        (param.name, if param.value.is_null() && !param.required { value.or(Type::nothing()) } else { value })
    }))
}

fn declared(file: usize, at: Position) -> VariableId {
    VariableId::Let(file, (at.line(), at.position()))
}

/// The variable that an expression names.
fn variable(expr: &Expr, frame: &BodyFrame) -> Option<VariableId> {
    let Expr::Variable(named, ..) = expr else { return None };
    if !named.2.is_empty() {
        return None;
    }
    frame.scope.iter().rev().find(|(name, _)| *name == named.1.as_str()).map(|(_, variable)| variable.clone())
}

/// A closure that is written down here: bare, or curried with what it captures.
fn closure(expr: &Expr, frame: &BodyFrame) -> Option<Closure> {
    let pointer = |expr: &Expr| match expr {
        Expr::DynamicConstant(value, _) => {
            let name = value.read_lock::<FnPtr>()?.fn_name().to_owned();
            is_closure(&name).then_some(name)
        }
        _ => None,
    };
    if let Some(name) = pointer(expr) {
        return Some(Closure { name, captured: Vec::new() });
    }
    let curried = |call: &FnCallExpr| {
        let [first, captured @ ..] = call.args.as_slice() else { return None };
        let name = pointer(first).filter(|_| call.name == "curry")?;
        Some(Closure { name, captured: captured.iter().map(|captured| variable(captured, frame)).collect() })
    };
    let Expr::Stmt(block) = expr else { return None };
    match block.statements().last()? {
        Stmt::FnCall(call, _) => curried(call),
        Stmt::Expr(expr) => match &**expr {
            Expr::FnCall(call, _) => curried(call),
            _ => None,
        },
        _ => None,
    }
}
