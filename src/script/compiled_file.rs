//! One compiled file: its syntax tree, and what the rest of this room asks of it.

use super::diagnostic::Diagnostic;
use super::source_file::Role;
use super::syntax_errors;
use crate::model::SourceLocation;
use rhai::{AST, ASTFlags, ASTNode, Engine, Expr, FnAccess, Position, Stmt};

#[derive(Debug)]
pub(super) struct CompiledFile {
    /// Its path, e.g. `plugins/slack.rhai`.
    pub(super) file: String,
    /// What it is for.
    pub(super) role: Role,
    pub(super) text: String,
    /// Its syntax tree.
    pub(super) ast: AST,
    /// Its functions and closures.
    pub(super) functions: Vec<ScriptFn>,
    /// Its imports, wherever they stand.
    pub(super) imports: Vec<Import>,
}

/// A function or closure.
#[derive(Debug)]
pub(super) struct ScriptFn {
    pub(super) name: String,
    /// A closure's captured variables come first.
    pub(super) params: Vec<String>,
    pub(super) access: FnAccess,
    /// Where its body begins.
    start: Position,
    /// Where its body ends; none for a closure without braces.
    end: Position,
}

#[derive(Debug)]
pub(super) struct Import {
    /// What is imported; `None` when it is not a literal string.
    pub(super) name: Option<String>,
    /// Where that stands.
    pub(super) at: Position,
    /// The name after `as`; empty without one.
    pub(super) alias: String,
    /// Where that stands.
    pub(super) alias_at: Position,
}

impl ScriptFn {
    /// Closures have names that differ between processes.
    pub(super) fn is_closure(&self) -> bool {
        is_closure(&self.name)
    }

    /// Where its body begins.
    pub(super) fn at(&self) -> Position {
        self.start
    }

    fn contains(&self, position: Position) -> bool {
        let key = |p: Position| (p.line().unwrap_or(0), p.position().unwrap_or(0));
        if self.end.is_none() {
            key(self.start) == key(position)
        } else {
            key(self.start) < key(position) && key(position) < key(self.end)
        }
    }
}

/// Is this the name that Rhai gives to a closure?
pub(super) fn is_closure(function: &str) -> bool {
    function.starts_with("anon$")
}

impl CompiledFile {
    /// Compiles a text without running anything of it.
    ///
    /// # Errors
    ///
    /// Its first syntax error.
    pub(super) fn compile(engine: &Engine, file: &str, role: Role, text: &str) -> Result<Self, Diagnostic> {
        let mut ast = engine.compile(text).map_err(|error| syntax_errors::diagnostic(&error, file, text))?;
        ast.set_source(file);
        let functions = ast
            .shared_lib()
            .iter_script_fn_info()
            .map(|(.., function)| ScriptFn {
                name: function.name.to_string(),
                params: function.params.iter().map(ToString::to_string).collect(),
                access: function.access,
                start: function.body.start_position(),
                end: function.body.end_position(),
            })
            .collect();
        let mut imports = Vec::new();
        ast.walk(&mut |path: &[ASTNode<'_>]| {
            if let Some(ASTNode::Stmt(Stmt::Import(import, at))) = path.last() {
                let (what, alias) = &**import;
                imports.push(Import {
                    name: match what {
                        Expr::StringConstant(name, _) => Some(name.to_string()),
                        _ => None,
                    },
                    at: what.start_position().or_else(*at),
                    alias: alias.name.to_string(),
                    alias_at: alias.pos.or_else(*at),
                });
            }
            true
        });
        Ok(Self { file: file.to_owned(), role, text: text.to_owned(), ast, functions, imports })
    }

    /// Its name as people type it.
    pub(super) fn name(&self) -> &str {
        self.role.name(&self.file).unwrap_or(&self.file)
    }

    /// A place in this file.
    pub(super) fn place(&self, position: Position) -> SourceLocation {
        SourceLocation::new(&self.file, position.line().unwrap_or(0), position.position().unwrap_or(0))
    }

    /// Something wrong at a place of this file.
    pub(super) fn finding(&self, position: Position, message: impl Into<String>) -> Diagnostic {
        let position = if position.is_none() { Position::new(1, 1) } else { position };
        Diagnostic::script(message, self.place(position), &self.text)
    }

    /// The functions that are no closures, by name.
    pub(super) fn named(&self, name: &str) -> impl Iterator<Item = &ScriptFn> {
        self.functions.iter().filter(move |function| function.name == name)
    }

    /// The function to whose body a statement directly belongs; `None` at the top level.
    pub(super) fn function_around(&self, position: Position) -> Option<&ScriptFn> {
        let exact = self.functions.iter().find(|function| function.end.is_none() && function.contains(position));
        let innermost = || {
            self.functions
                .iter()
                .filter(|function| function.contains(position))
                .max_by_key(|function| (function.start.line(), function.start.position()))
        };
        exact.or_else(innermost)
    }

    /// The top-level `const` or `let` of this name: its value as written, and where its name stands.
    pub(super) fn global(&self, name: &str) -> Option<(&Expr, Position)> {
        self.globals().find(|(global, ..)| *global == name).map(|(_, expr, at)| (expr, at))
    }

    /// The names of all top-level constants.
    pub(super) fn globals(&self) -> impl Iterator<Item = (&str, &Expr, Position)> + Clone {
        self.ast.statements().iter().filter_map(|statement| match statement {
            Stmt::Var(var, flags, _) if flags.contains(ASTFlags::CONSTANT) => {
                Some((var.0.name.as_str(), &var.1, var.0.pos))
            }
            _ => None,
        })
    }

    /// The lines that begin with `//!`, without that.
    pub(super) fn description(&self) -> String {
        let lines = self.text.lines().filter_map(|line| line.trim_start().strip_prefix("//!"));
        let lines: Vec<&str> = lines.map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end()).collect();
        lines.join("\n").trim().to_owned()
    }
}
