//! Which functions the host has, as data: the commands' signatures and the few that need no command.

use crate::run::{Arguments, Param, Signature};
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
pub(super) enum Function<'c> {
    /// A command.
    Command(&'c Signature),
    /// No command.
    Native(&'static Native),
}

/// The host's functions.
#[derive(Debug)]
pub(super) struct Catalogue(Arc<[Signature]>);

impl Catalogue {
    pub(super) fn new(signatures: Arc<[Signature]>) -> Self {
        Self(signatures)
    }

    /// The commands.
    pub(super) fn signatures(&self) -> &Arc<[Signature]> {
        &self.0
    }

    /// Every name, e.g. `git::push`.
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> + Clone {
        self.0.iter().map(|signature| signature.name).chain(NATIVES.iter().map(|native| native.name))
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
    pub(super) fn find(&self, name: &str) -> Option<Function<'_>> {
        let command = self.0.iter().find(|signature| signature.name == name).map(Function::Command);
        command.or_else(|| NATIVES.iter().find(|native| native.name == name).map(Function::Native))
    }
}

impl Function<'_> {
    /// How a call is written.
    pub(super) fn usage(&self) -> String {
        match self {
            Self::Command(signature) => usage(signature),
            Self::Native(native) => format!("{}({})", native.name, native.params.join(", ")),
        }
    }

    /// The fewest and the most arguments it takes.
    pub(super) fn arity(&self) -> (usize, usize) {
        match self {
            Self::Command(Signature { arguments: Arguments::Map(params), .. }) => {
                (usize::from(params.iter().any(|param| param.required)), 1)
            }
            Self::Command(Signature { arguments: Arguments::Positional(params), .. }) => {
                (params.iter().take_while(|param| param.required).count(), params.len())
            }
            Self::Native(native) => (native.params.len(), native.params.len()),
        }
    }
}

/// How a call of a command is written: `git::push(#{ branch, commit, expect? })`.
pub(super) fn usage(signature: &Signature) -> String {
    let name = |param: &Param| format!("{}{}", param.name, if param.required { "" } else { "?" });
    let names: Vec<String> = signature.arguments.params().iter().map(name).collect();
    match signature.arguments {
        Arguments::Positional(_) => format!("{}({})", signature.name, names.join(", ")),
        Arguments::Map(_) => format!("{}(#{{ {} }})", signature.name, names.join(", ")),
    }
}
