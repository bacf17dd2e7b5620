//! Which functions the host has, as data: the commands and the few that need no command.

use crate::run::{HostFn, Style};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A host function that is no command.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Native {
    /// Namespace and function.
    pub(super) name: &'static str,
    /// Its parameters, for people.
    pub(super) params: &'static [&'static str],
}

/// Everything that is implemented in this room.
pub(super) const NATIVES: [Native; 5] = [
    Native { name: "config::secret", params: &["name"] },
    Native { name: "flow::always", params: &["closure"] },
    Native { name: "flow::on_failure", params: &["closure"] },
    Native { name: "flow::parallel", params: &["name", "items", "closure"] },
    Native { name: "flow::step", params: &["name", "closure"] },
];

/// A host function.
#[derive(Debug, Clone, Copy)]
pub(super) enum Function {
    /// A command.
    Command(&'static HostFn),
    /// No command.
    Native(&'static Native),
}

/// The host's functions.
#[derive(Debug)]
pub(super) struct Catalogue(Arc<[&'static HostFn]>);

impl Catalogue {
    pub(super) fn new(functions: Arc<[&'static HostFn]>) -> Self {
        Self(functions)
    }

    /// The commands.
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
    pub(super) fn find(&self, name: &str) -> Option<Function> {
        let command = self.commands().find(|function| function.name == name).map(Function::Command);
        command.or_else(|| NATIVES.iter().find(|native| native.name == name).map(Function::Native))
    }
}

impl Function {
    /// How a call is written.
    pub(super) fn usage(&self) -> String {
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
