//! The functions of the language itself, by name and number of arguments.

use rhai::Engine;
use std::collections::{BTreeMap, BTreeSet};

/// Parts of the language that are called like functions.
const KEYWORDS: [&str; 9] =
    ["print", "debug", "type_of", "call", "curry", "Fn", "is_shared", "is_def_var", "is_def_fn"];

/// The engine's own functions.
#[derive(Debug)]
pub(in crate::script) struct Names(BTreeMap<String, BTreeSet<usize>>);

impl Names {
    /// Asks the engine.
    pub(in crate::script) fn of(engine: &Engine) -> Self {
        let of_function = |info: rhai::FuncInfo<'_>| {
            info.namespace.is_empty().then(|| (info.metadata.name.to_string(), info.metadata.num_params))
        };
        let mut names: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
        for (name, arity) in engine.collect_fn_metadata(None, of_function, true) {
            names.entry(name).or_default().insert(arity);
        }
        Self(names)
    }

    /// Is there a function of this name?
    pub(super) fn has(&self, name: &str) -> bool {
        KEYWORDS.contains(&name) || self.0.contains_key(name)
    }

    /// Does it take this many arguments?
    pub(super) fn takes(&self, name: &str, arity: usize) -> bool {
        KEYWORDS.contains(&name) || self.0.get(name).is_some_and(|arities| arities.contains(&arity))
    }

    /// Every name that is written with letters.
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> + Clone {
        let is_word = |name: &&str| name.starts_with(|c: char| c.is_ascii_alphabetic()) && !name.contains('$');
        self.0.keys().map(String::as_str).chain(KEYWORDS).filter(is_word)
    }
}
