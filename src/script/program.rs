//! A workflow, compiled once and evaluated often.

use crate::components::{PluginDetector, Version};
use crate::model::{Failure, Place, Value};
use crate::run::{Evaluation, Script, Session, Signature};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// One file of a program, as it is pinned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// As people know it: `workflows/promote-staging.rhai`.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// The workflows and plugins of a project: files in the repository win over the embedded ones.
pub struct Library;

/// The types a workflow's parameter can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ParamKind {
    String,
    Int,
    Bool,
    Branch,
    Commit,
    Duration,
    Time,
    List,
}

/// One parameter of a workflow.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HeaderParam {
    /// Its name.
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: ParamKind,
    /// Its default; null means optional.
    pub value: Value,
    /// Help.
    pub help: String,
}

/// What a workflow says of itself.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Header {
    /// The file's name without `.rhai`.
    pub name: String,
    /// The `//!` text.
    pub description: String,
    /// Its parameters, in the order in which they are written.
    pub params: Vec<HeaderParam>,
    /// The parameter whose value is the target that two runs must not share.
    pub lock: Option<String>,
    /// Where it comes from: `workflows/…` of the project, or `embedded`.
    pub source: String,
}

/// One finding of the static check, or a script's failure, with what is needed to show it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Diagnostic {
    /// The failure; `at` is set.
    pub failure: Failure,
    /// The file's text, for the caret.
    #[serde(skip)]
    pub text: Option<String>,
    /// Length of the marked part, in characters.
    #[serde(skip)]
    pub length: usize,
    /// Callers, innermost first: function and place.
    pub calls: Vec<(String, Place)>,
}

/// A compiled workflow with its plugins.
pub struct Program;

#[allow(unused_variables)]
impl Library {
    /// The project's `workflows/` and `plugins/` under `root`, over the embedded ones.
    pub fn open(root: &Path, embedded: &[Source], signatures: Arc<[Signature]>) -> Result<Self, Failure> {
        unimplemented!()
    }
    /// A library of pinned sources alone, for resuming.
    pub fn pinned(sources: Vec<Source>, signatures: Arc<[Signature]>) -> Self {
        unimplemented!()
    }
    /// Every workflow's name.
    pub fn workflows(&self) -> Vec<String> {
        unimplemented!()
    }
    /// Every plugin's name.
    pub fn plugins(&self) -> Vec<String> {
        unimplemented!()
    }
    /// A workflow's header, without executing anything. "Did you mean" when there is no such workflow.
    pub fn header(&self, workflow: &str) -> Result<Header, Diagnostic> {
        unimplemented!()
    }
    /// Everything that can be said without running.
    pub fn check(&self, workflow: &str) -> Vec<Diagnostic> {
        unimplemented!()
    }
    /// The same for one plugin.
    pub fn check_plugin(&self, plugin: &str) -> Vec<Diagnostic> {
        unimplemented!()
    }
    /// Compiles a workflow and everything it imports.
    pub fn program(&self, workflow: &str) -> Result<Program, Diagnostic> {
        unimplemented!()
    }
}

#[allow(unused_variables)]
impl Program {
    /// The header.
    pub fn header(&self) -> &Header {
        unimplemented!()
    }
    /// Every file it is made of, to be pinned.
    pub fn sources(&self) -> &[Source] {
        unimplemented!()
    }
    /// Parameters as given on the command line (`K=V`), with defaults and types checked.
    pub fn params(&self, given: &BTreeMap<String, String>) -> Result<Value, Failure> {
        unimplemented!()
    }
}

impl Script for Program {
    fn evaluate(&self, _params: &Value, _session: &Arc<Session>) -> Evaluation {
        unimplemented!()
    }
}

impl PluginDetector for Library {
    fn version(
        &self,
        _plugin: &str,
        _files: &BTreeMap<String, String>,
        _options: &Value,
    ) -> Result<Option<Version>, Failure> {
        unimplemented!()
    }
}
