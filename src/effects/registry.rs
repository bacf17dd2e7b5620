//! Every host function in one table.

use super::World;
use super::declare::{Declared, blind};
use crate::model::{Failure, FailureKind};
use crate::run::{Call, Command, Commands, Signature};
use std::collections::BTreeMap;
use std::sync::Arc;

const FAMILIES: [&[Declared]; 18] = [
    super::git::COMMANDS,
    super::merging::COMMANDS,
    super::picking::COMMANDS,
    super::restoring::COMMANDS,
    super::delta::COMMANDS,
    super::candidate::COMMANDS,
    super::forge::COMMANDS,
    super::checks::COMMANDS,
    super::land::COMMANDS,
    super::closing::COMMANDS,
    super::ci::COMMANDS,
    super::building::COMMANDS,
    super::health::COMMANDS,
    super::fleet::COMMANDS,
    super::flow::COMMANDS,
    super::http::COMMANDS,
    super::sh::COMMANDS,
    super::config::COMMANDS,
];

/// What every host function takes, for whoever registers, checks or documents them.
pub fn signatures() -> Arc<[Signature]> {
    FAMILIES.into_iter().flatten().map(|declared| declared.signature.clone()).collect()
}

/// Turns calls into commands that work on one world.
pub struct Registry {
    world: Arc<World>,
    commands: BTreeMap<&'static str, &'static Declared>,
}

impl Registry {
    /// All host functions, on this world.
    pub fn new(world: Arc<World>) -> Self {
        let commands = FAMILIES.into_iter().flatten().map(|declared| (declared.signature.name, declared)).collect();
        Self { world, commands }
    }
}

impl Commands for Registry {
    fn command(&self, call: &Call) -> Result<Command, Failure> {
        let Some(declared) = self.commands.get(call.name.as_str()) else {
            return Err(Failure::new(FailureKind::Bug, format!("there is no host function `{}`", call.name))
                .hint("the run was begun by another version of relwf; finish it with that one")
                .at(call.at.clone()));
        };
        (declared.make)(&self.world, call).or_else(|failure| blind(&declared.signature, call).ok_or(failure))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_function_is_declared_once_with_its_optional_arguments_last() {
        let all = signatures();
        let names: BTreeSet<&str> = all.iter().map(|signature| signature.name).collect();
        assert_eq!(names.len(), all.len(), "a name is declared twice");
        for signature in all.iter() {
            assert!(signature.name.contains("::"), "{}", signature.name);
            assert!(signature.doc.ends_with(['.', '?']), "{}: {}", signature.name, signature.doc);
            let params = signature.arguments.params();
            let first_optional = params.iter().position(|param| !param.required).unwrap_or(params.len());
            assert!(params[first_optional..].iter().all(|param| !param.required), "{}", signature.name);
        }
    }

    #[test]
    fn the_catalogue_is_whole() {
        let names: Vec<&str> = signatures().iter().map(|signature| signature.name).collect();
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
        ] {
            assert!(names.contains(&name), "{name} is missing");
        }
        assert_eq!(names.len(), 42);
    }
}
