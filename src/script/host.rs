//! Registers the commands as Rhai functions; each call goes to the evaluation's session.

use super::arguments;
use super::catalogue::Catalogue;
use super::failure::{stop, thrown};
use super::host_call::{CallResult, evaluating, set};
use super::times;
use crate::run::{Call, CallAnswer, HostFn};
use rhai::{Dynamic, Engine, Module, NativeCallContext};
use std::sync::Arc;

/// Registers every command in the module of its namespace.
pub(super) fn register(engine: &mut Engine, catalogue: &Arc<Catalogue>) {
    for namespace in catalogue.namespaces() {
        let mut module = Module::new();
        for function in catalogue.commands().filter(|function| function.namespace() == namespace) {
            set(&mut module, function.function(), move |context, args| call(function, context, args));
        }
        super::flow::add_natives(namespace, &mut module);
        engine.register_static_module(namespace, module.into());
    }
}

fn call(function: &HostFn, context: &NativeCallContext<'_>, args: &mut [&mut Dynamic]) -> CallResult {
    let position = context.call_position();
    let evaluating = evaluating(context, function.name)?;
    let at = evaluating.index.call_place(function.name, context.call_source().unwrap_or_default(), position);
    let args = match arguments::by_name(function, args) {
        Ok(args) => args,
        Err(failure) => return Err(thrown(&failure.at(at), position)),
    };
    match evaluating.session.call(Call { name: function.name.to_owned(), args, at: at.clone() }) {
        CallAnswer::Value(value) => Ok(times::typed(value, function.answer())),
        CallAnswer::Failure(mut failure) => {
            failure.at.get_or_insert(at);
            Err(thrown(&failure, position))
        }
        CallAnswer::Stop => Err(stop(position)),
    }
}
