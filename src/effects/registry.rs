//! Every host function in one table.

use super::EffectContext;
use super::redacted_command::redacted_command;
use super::typed_host_fn::AnyHostFn;
use crate::model::{Failure, FailureKind, Value, redacted_failure};
use crate::run::{Call, Command, Commands, HostFn, OnOutage, Remark};
use std::collections::BTreeMap;
use std::sync::Arc;

const NAMESPACES: [&[&dyn AnyHostFn]; 11] = [
    super::git::FUNCTIONS,
    super::delta::FUNCTIONS,
    super::candidate::FUNCTIONS,
    super::forge::FUNCTIONS,
    super::ci::FUNCTIONS,
    super::release::FUNCTIONS,
    super::fleet::FUNCTIONS,
    super::flow::FUNCTIONS,
    super::http::FUNCTIONS,
    super::sh::FUNCTIONS,
    super::config::FUNCTIONS,
];

fn all() -> impl Iterator<Item = &'static dyn AnyHostFn> {
    NAMESPACES.into_iter().flatten().copied()
}

/// Every host function, for those who register, check or document them.
pub fn host_functions() -> Arc<[&'static HostFn]> {
    all().map(AnyHostFn::host).collect()
}

/// Turns calls into commands that work on one context.
pub struct Registry {
    context: Arc<EffectContext>,
    commands: BTreeMap<&'static str, &'static dyn AnyHostFn>,
}

impl Registry {
    /// All host functions, on this context.
    pub fn new(context: Arc<EffectContext>) -> Self {
        Self { context, commands: all().map(|declared| (declared.host().name, declared)).collect() }
    }
}

impl Commands for Registry {
    fn command(&self, call: &Call) -> Result<Command, Failure> {
        match self.commands.get(call.name.as_str()) {
            Some(declared) => declared.command(&self.context, call).map(redacted_command).map_err(redacted_failure),
            None => Err(Failure::new(FailureKind::Bug, format!("there is no host function `{}`", call.name))
                .hint("the run was begun by another version of relwf; finish it with that one")
                .at(call.at.clone())),
        }
    }

    fn on_outage(&self, function: &str) -> OnOutage {
        self.commands.get(function).map(|command| command.host().on_outage).unwrap_or_default()
    }

    fn remark(&self, function: &str, answer: &Value) -> Option<Remark> {
        (self.commands.get(function)?.host().remark)(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::Style;
    use std::collections::BTreeSet;

    #[test]
    fn every_function_is_declared_once_and_documented() {
        let all = host_functions();
        let names: BTreeSet<&str> = all.iter().map(|function| function.name).collect();
        assert_eq!(names.len(), all.len(), "a name is declared twice");
        for function in all.iter() {
            let name = function.name;
            assert!(name.contains("::"), "{name}");
            assert!(function.doc.ends_with(['.', '?']), "{name}: {}", function.doc);
            let undocumented = function.params().iter().find(|param| param.doc.is_empty());
            assert!(undocumented.is_none(), "{name}: {undocumented:?} says nothing");
            // The order of several optional ones is not declared.
            let optional = function.params().iter().filter(|param| param.optional).count();
            assert!(function.style == Style::Map || optional <= 1, "{name}");
        }
    }

    #[test]
    fn the_catalogue_is_whole() {
        let names: Vec<&str> = host_functions().iter().map(|function| function.name).collect();
        for name in [
            "git::sync",
            "git::commit",
            "git::branch",
            "git::log",
            "git::is_ancestor",
            "git::merge",
            "git::cherry_pick",
            "git::revert",
            "git::restore_tree",
            "git::push",
            "git::delete_branch",
            "delta::between",
            "candidate::list",
            "candidate::latest_green",
            "forge::propose",
            "forge::wait_checks",
            "forge::land",
            "forge::close",
            "forge::comment",
            "forge::status",
            "forge::conclude",
            "ci::trigger",
            "ci::wait",
            "ci::builds",
            "ci::healthy",
            "fleet::targets",
            "fleet::wanted",
            "fleet::behind",
            "fleet::waves",
            "fleet::roll",
            "flow::approve",
            "flow::sleep",
            "flow::wait_until",
            "flow::note",
            "flow::now",
            "flow::uuid",
            "http::get",
            "http::request",
            "sh::run",
            "config::environment",
            "config::component",
            "config::has_secret",
            "config::releases",
            "release::tag",
            "release::publish",
        ] {
            assert!(names.contains(&name), "{name} is missing, and workflows call it");
        }
    }
}
