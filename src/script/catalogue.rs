//! All host functions as data: the commands, and the few that are implemented here and not journaled.

use super::suggest;
use crate::model::{Failure, FailureKind};
use crate::run::{HostFn, Style};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A host function that is no command.
#[derive(Debug, PartialEq, Eq)]
pub struct NativeFn {
    /// Namespace and function.
    pub name: &'static str,
    /// Its parameters, for people.
    pub params: &'static [&'static str],
    /// One sentence for the reference.
    pub doc: &'static str,
    /// What it answers, for people.
    pub answers: &'static str,
}

/// Everything that is implemented in this room.
pub(super) static NATIVES: [NativeFn; 7] = [
    NativeFn {
        name: "config::secret",
        params: &["name"],
        doc: "A secret of [secrets], for `http::…` and the `env` of `sh::run`: put in where it is used, shown nowhere.",
        answers: "a secret; texts can be added to it with `+`",
    },
    NativeFn {
        name: "flow::always",
        params: &["closure"],
        doc: "Calls the closure when the workflow has ended, however it ended.",
        answers: "()",
    },
    NativeFn {
        name: "flow::duration",
        params: &["text"],
        doc: "A duration out of a text like \"2h 30m\".",
        answers: "a duration: compared, added, multiplied by a whole number; `.total_seconds`",
    },
    NativeFn {
        name: "flow::on_failure",
        params: &["closure"],
        doc: "Calls the closure with the error when the workflow has failed.",
        answers: "()",
    },
    NativeFn {
        name: "flow::parallel",
        params: &["name", "items", "closure"],
        doc: "Calls the closure for every item, side by side. When some fail, the others still come to their end; then it throws kind \"parallel\".",
        answers: "a list: what the closure answered for each item, in order",
    },
    NativeFn {
        name: "flow::step",
        params: &["name", "closure"],
        doc: "Calls the closure as a step of the run, under which its commands are shown.",
        answers: "what the closure answers",
    },
    NativeFn {
        name: "flow::time",
        params: &["text"],
        doc: "A time out of a text like \"2026-07-27T02:00:00Z\".",
        answers: "a time, as flow::now() gives one",
    },
];

/// A host function.
#[derive(Debug, Clone, Copy)]
pub enum CatalogueFn {
    Command(&'static HostFn),
    /// No command.
    Native(&'static NativeFn),
}

/// The host's functions.
#[derive(Debug)]
pub struct Catalogue(Arc<[&'static HostFn]>);

impl Catalogue {
    /// These commands, and what this room adds.
    pub fn new(functions: Arc<[&'static HostFn]>) -> Self {
        Self(functions)
    }

    /// Every function by name; those of one namespace, or a single one, where `name` says so.
    ///
    /// # Errors
    ///
    /// There is none of that name ("did you mean").
    pub fn select(&self, name: Option<&str>) -> Result<Vec<CatalogueFn>, Failure> {
        let mut all: Vec<CatalogueFn> =
            self.commands().map(CatalogueFn::Command).chain(NATIVES.iter().map(CatalogueFn::Native)).collect();
        all.sort_by_key(CatalogueFn::name);
        let Some(name) = name else { return Ok(all) };
        all.retain(|function| function.name() == name || function.namespace() == name);
        if !all.is_empty() {
            return Ok(all);
        }
        let bare = |full: &&'static str| full.rsplit("::").next() == Some(name);
        let near =
            self.names().find(bare).or_else(|| suggest::nearest(name, self.names().map(|full| -> &str { full })));
        let hint = near
            .map_or_else(|| "`relwf help functions` lists them".to_owned(), |near| format!("did you mean `{near}`?"));
        Err(Failure::new(FailureKind::NotFound, format!("there is no host function `{name}`")).hint(hint))
    }

    pub(super) fn commands(&self) -> impl Iterator<Item = &'static HostFn> + Clone {
        self.0.iter().copied()
    }

    /// Every name, e.g. `git::push`.
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> + Clone {
        self.commands().map(|function| function.name).chain(NATIVES.iter().map(|native| native.name))
    }

    /// Every namespace, sorted.
    pub(super) fn namespaces(&self) -> BTreeSet<&'static str> {
        self.names().filter_map(|name| Some(name.split_once("::")?.0)).collect()
    }

    /// Is this one of the host's namespaces?
    pub(super) fn is_namespace(&self, name: &str) -> bool {
        self.names().any(|function| function.split_once("::").is_some_and(|(namespace, _)| namespace == name))
    }

    /// The functions of a namespace, without it.
    pub(super) fn functions(&self, namespace: &str) -> impl Iterator<Item = &'static str> + Clone {
        self.names().filter_map(move |name| name.strip_prefix(namespace)?.strip_prefix("::"))
    }

    /// A function by its full name.
    pub(super) fn find(&self, name: &str) -> Option<CatalogueFn> {
        let command = self.commands().find(|function| function.name == name).map(CatalogueFn::Command);
        command.or_else(|| NATIVES.iter().find(|native| native.name == name).map(CatalogueFn::Native))
    }
}

impl NativeFn {
    /// Does it take a closure, as its last argument?
    pub(super) fn takes_closure(&self) -> bool {
        self.params.last() == Some(&"closure")
    }
}

impl CatalogueFn {
    /// Namespace and function, e.g. `git::merge`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Command(function) => function.name,
            Self::Native(native) => native.name,
        }
    }

    /// `git` of `git::merge`.
    pub fn namespace(&self) -> &'static str {
        self.name().split_once("::").map_or(self.name(), |(namespace, _)| namespace)
    }

    /// How a call is written.
    pub fn usage(&self) -> String {
        match self {
            Self::Command(function) => function.usage(),
            Self::Native(native) => format!("{}({})", native.name, native.params.join(", ")),
        }
    }

    /// The fewest and the most arguments it takes.
    pub(super) fn arity(&self) -> (usize, usize) {
        match self {
            Self::Command(function) => {
                let params = function.params();
                let required = params.iter().filter(|param| !param.optional).count();
                match function.style {
                    Style::Positional => (required, params.len()),
                    Style::Map => (usize::from(required > 0), 1),
                }
            }
            Self::Native(native) => (native.params.len(), native.params.len()),
        }
    }
}
