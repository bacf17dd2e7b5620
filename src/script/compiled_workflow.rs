//! A workflow, compiled once and evaluated often.

use super::compiled_file::{CompiledFile, ScriptFn};
use super::convert::to_value;
use super::diagnostic::Diagnostic;
use super::end_handler::When;
use super::evaluation::{self, Evaluating};
use super::failure::{is_stop, of_error, to_map};
use super::flow::run_handler;
use super::params;
use super::program_index::Index;
use super::source_file::SourceFile;
use super::times;
use super::toolchain::Toolchain;
use super::workflow_header::{self, WorkflowHeader};
use crate::model::{Failure, FailureKind, Value};
use crate::run::{Evaluation, Script, Session};
use rhai::{CallFnOptions, Dynamic, EvalAltResult, Position, Scope};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A compiled workflow with its plugins.
pub struct CompiledWorkflow {
    header: WorkflowHeader,
    sources: Vec<SourceFile>,
    toolchain: Arc<Toolchain>,
    workflow: Arc<CompiledFile>,
    index: Arc<Index>,
}

impl CompiledWorkflow {
    /// Of a workflow and the plugins that it leads to, itself first.
    pub(super) fn new(toolchain: Arc<Toolchain>, units: Vec<Arc<CompiledFile>>) -> Result<Self, Diagnostic> {
        let Some(workflow) = units.first().cloned() else {
            return Err(Diagnostic::whole(Failure::new(FailureKind::Bug, "a program without a workflow"), ""));
        };
        let (header, _) = workflow_header::read(&workflow, &toolchain.source(&workflow));
        let index = Arc::new(Index::new(&units, |unit| unit.file != workflow.file && toolchain.is_embedded(unit)));
        let sources =
            units.iter().map(|unit| SourceFile { path: unit.file.clone(), text: unit.text.clone() }).collect();
        Ok(Self { header, sources, toolchain, workflow, index })
    }

    pub fn header(&self) -> &WorkflowHeader {
        &self.header
    }

    /// Every file it is made of, to be pinned.
    pub fn sources(&self) -> &[SourceFile] {
        &self.sources
    }

    /// Parameters as given on the command line (`K=V`), with defaults and types checked.
    ///
    /// # Errors
    ///
    /// Kind `usage`: an unknown or missing parameter, a value of the wrong type.
    pub fn params(&self, given: &BTreeMap<String, String>) -> Result<Value, Failure> {
        params::parse(&self.header, given)
    }

    /// A failure with what is needed to show the place where it happened.
    pub fn diagnostic(&self, failure: &Failure) -> Diagnostic {
        let Some(place) = failure.at.clone() else { return Diagnostic::whole(failure.clone(), &self.workflow.file) };
        let source = self.sources.iter().find(|source| source.path == place.file);
        Diagnostic::at(failure.clone(), place, source.map(|source| source.text.as_str()))
    }

    fn of_error(&self, error: &EvalAltResult) -> Failure {
        of_error(error, &self.workflow.file, &self.index, &self.toolchain.engine)
    }

    fn run(&self, params: Value, evaluating: &Evaluating) -> Evaluation {
        let mut scope = Scope::new();
        let outcome = self.toolchain.engine.call_fn_with_options::<Dynamic>(
            CallFnOptions::new(),
            &mut scope,
            &self.workflow.ast,
            "run",
            (times::typed(params, &self.header.shape()),),
        );
        let outcome = match outcome {
            Err(error) if is_stop(&error) => return Evaluation::Stopped,
            Err(error) => Err(self.of_error(&error)),
            Ok(value) => self.result(&value),
        };
        let failure = outcome.as_ref().err().cloned();
        evaluating.session.begin_handlers();
        let mut causes = Vec::new();
        for when in [When::OnFailure, When::Always] {
            if when == When::OnFailure && failure.is_none() {
                continue;
            }
            match self.handle(when, failure.as_ref(), evaluating) {
                Some(failed) => causes.extend(failed),
                None => return Evaluation::Stopped,
            }
        }
        match (outcome, causes) {
            (Ok(value), causes) => match causes.into_iter().reduce(beside) {
                None => Evaluation::Returned(value),
                Some(failure) => Evaluation::Threw(failure),
            },
            (Err(failure), causes) => Evaluation::Threw(causes.into_iter().fold(failure, beside)),
        }
    }

    fn result(&self, value: &Dynamic) -> Result<Value, Failure> {
        to_value(value).map_err(|error| {
            let what = if error.path.is_empty() { "it".to_owned() } else { format!("`{}`", error.path) };
            let message = format!("`run` must return data, {what} is {}", error.what);
            let at = self.workflow.named("run").next().map_or(Position::NONE, ScriptFn::at);
            Failure::new(FailureKind::Script, message).at(self.workflow.place(at))
        })
    }

    /// Runs the handlers of one kind, the last one first: what failed in them, or `None` when one of them was stopped.
    fn handle(&self, when: When, failure: Option<&Failure>, evaluating: &Evaluating) -> Option<Vec<Failure>> {
        let mut failed = Vec::new();
        for handler in evaluating.handlers().iter().rev().filter(|handler| handler.when == when) {
            let error = failure.filter(|_| when == When::OnFailure).map(to_map);
            match run_handler(&self.toolchain.engine, evaluating, handler, error) {
                Ok(_) => {}
                Err(error) if is_stop(&error) => return None,
                Err(error) => failed.push(self.of_error(&error)),
            }
        }
        Some(failed)
    }
}

/// A handler's failure never takes the place of what it was to handle.
fn beside(failure: Failure, handlers: Failure) -> Failure {
    let at = handlers.at.as_ref().map(|place| format!(" ({place})")).unwrap_or_default();
    failure.cause(format!("a handler failed too: {handlers}{at}"))
}

impl Script for CompiledWorkflow {
    fn evaluate(&self, params: &Value, session: &Arc<Session>) -> Evaluation {
        let evaluation = evaluation::on_large_stack(|| {
            let guard = evaluation::enter(Evaluating::new(Arc::clone(session), Arc::clone(&self.index)));
            self.run(params.clone(), &guard.evaluating)
        });
        evaluation.unwrap_or_else(Evaluation::Threw)
    }
}
