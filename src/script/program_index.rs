//! Index of a program's functions, closures, calls and constants: corrects the file and line that Rhai reports, and says how
//! a function is called.
//!
//! Rhai 1.27.0 reports a closure of a workflow that a plugin calls with the plugin's file name.

use super::compiled_file::{CompiledFile, is_closure};
use crate::model::SourceLocation;
use rhai::{ASTNode, Expr, Position, Stmt};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// An index over the files of one program.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// Closures by the name that Rhai gave them: their file and how many parameters they have with captured variables.
    closures: HashMap<String, (String, usize)>,
    /// Functions by name, as people would write a call.
    functions: HashMap<String, Vec<String>>,
    /// Calls into namespaces, by the line and column of the function's name: the function, and where its namespace begins.
    calls: HashMap<(usize, usize), Vec<(String, SourceLocation)>>,
    /// Files that are part of relwf, not of the project.
    embedded: BTreeSet<String>,
    /// Names of top-level constants.
    constants: BTreeSet<String>,
}

impl Index {
    /// Indexes a program's files.
    pub(super) fn new(units: &[Arc<CompiledFile>], is_embedded: impl Fn(&CompiledFile) -> bool) -> Self {
        let mut index = Self::default();
        for unit in units {
            index.add(unit);
            if is_embedded(unit) {
                index.embedded.insert(unit.file.clone());
            }
        }
        index
    }

    fn add(&mut self, unit: &CompiledFile) {
        for function in &unit.functions {
            if function.is_closure() {
                self.closures.insert(function.name.clone(), (unit.file.clone(), function.params.len()));
            } else {
                let usage = format!("{}({})", function.name, function.params.join(", "));
                self.functions.entry(function.name.clone()).or_default().push(usage);
            }
        }
        self.constants.extend(unit.globals().map(|(name, ..)| name.to_owned()));
        let calls = &mut self.calls;
        unit.ast.walk(&mut |path: &[ASTNode<'_>]| {
            if let Some(ASTNode::Expr(Expr::FnCall(call, at)) | ASTNode::Stmt(Stmt::FnCall(call, at))) = path.last()
                && !call.namespace.is_empty()
            {
                let (place, begin) = (unit.place(*at), unit.place(call.namespace.position().or_else(*at)));
                let name = format!("{}::{}", call.namespace, call.name);
                calls.entry((place.line, place.column)).or_default().push((name, begin));
            }
            true
        });
    }

    /// The file of a function in which something went wrong.
    pub(super) fn file_of(&self, function: &str, reported: &str) -> String {
        match self.closures.get(function) {
            Some((file, _)) => file.clone(),
            None => reported.to_owned(),
        }
    }

    /// The place of a call to `function` at `position`, said to be in `reported`.
    pub(super) fn call_place(&self, function: &str, reported: &str, position: Position) -> SourceLocation {
        let (line, column) = (position.line().unwrap_or(0), position.position().unwrap_or(0));
        let calls = self.calls.get(&(line, column)).map_or(&[][..], Vec::as_slice);
        let mut places = calls.iter().filter(|(name, _)| name == function).map(|(_, place)| place);
        let fits = places.clone().find(|place| place.file == reported).or_else(|| places.next());
        fits.cloned().unwrap_or_else(|| SourceLocation::new(reported, line, column))
    }

    /// How many parameters a closure has, captured variables among them; `None` for other functions.
    pub(super) fn closure_params(&self, name: &str) -> Option<usize> {
        if is_closure(name) { self.closures.get(name).map(|(_, params)| *params) } else { None }
    }

    /// How a script's own function is called.
    pub(super) fn usages(&self, function: &str) -> &[String] {
        self.functions.get(function).map_or(&[], Vec::as_slice)
    }

    /// Is this file part of relwf, not of the project?
    pub(super) fn is_embedded(&self, file: &str) -> bool {
        self.embedded.contains(file)
    }

    /// Is this the name of a top-level constant?
    pub(super) fn is_constant(&self, name: &str) -> bool {
        self.constants.contains(name)
    }
}
