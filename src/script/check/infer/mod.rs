//! What host functions answer, followed through variables, functions, steps, loops and branches: a field that an answer does
//! not have is found before anything runs.
//!
//! Only what is certain is reported. A variable is of every kind that is ever assigned to it, in whatever order; what may be
//! changed out of sight is unknown, and of the unknown nothing is said.

mod body;
mod calls;
mod written;

use super::CheckContext;
use super::inferred_type::Type;
use crate::script::compiled_file::CompiledFile;
use crate::script::diagnostic::Diagnostic;
use crate::script::source_file::Role;
use crate::script::workflow_header::{self, ParamKind};
use rhai::{ASTNode, Expr, FnAccess, Stmt};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Deref;
use std::rc::Rc;
use std::sync::Arc;

/// Kinds only grow, and are bounded: more rounds than this are a mistake here, not in the script.
const ROUNDS: usize = 40;

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
    /// What other files may call, with any arguments.
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

    fn file(&mut self, plugin: &Arc<CompiledFile>) -> usize {
        let known = self.files.iter().position(|file| file.unit.file == plugin.file);
        known.unwrap_or_else(|| {
            self.files.push(Rc::new(InferredFile::new(self.context, InferredSource::Plugin(Arc::clone(plugin)))));
            self.files.len() - 1
        })
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
