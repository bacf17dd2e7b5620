//! The commands as functions of the engine: each converts its arguments and asks the evaluation's session.

use super::catalogue::Catalogue;
use super::convert::to_dynamic;
use super::failure::{stop, thrown};
use super::{arguments, evaluation};
use crate::model::{Failure, FailureKind, SourceLocation};
use crate::run::{Answer, Call, HostFn};
use rhai::{Dynamic, Engine, FuncRegistration, Module, NativeCallContext, RhaiFunc};
use std::any::TypeId;
use std::sync::Arc;

type Outcome = Result<Dynamic, Box<rhai::EvalAltResult>>;

/// Also with more arguments than any function takes: the message about them is ours then.
const MAX_ARGUMENTS: usize = 6;

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

/// Sets a function into a module for any number of arguments of any type.
pub(super) fn set(
    module: &mut Module,
    name: &str,
    function: impl Fn(&NativeCallContext<'_>, &mut [&mut Dynamic]) -> Outcome + Send + Sync + 'static,
) {
    let function = Arc::new(function);
    for count in 0..=MAX_ARGUMENTS {
        let function = Arc::clone(&function);
        FuncRegistration::new(name).in_internal_namespace().set_into_module_raw(
            module,
            vec![TypeId::of::<Dynamic>(); count],
            RhaiFunc::Pure {
                func: Arc::new(
                    move |context: Option<NativeCallContext<'_>>, args: &mut [&mut Dynamic]| match context {
                        Some(context) => function(&context, args),
                        None => Ok(Dynamic::UNIT),
                    },
                ),
                has_context: true,
                is_pure: true,
                is_volatile: true,
            },
        );
    }
}

/// Where a host function was called. A closure that a plugin calls is looked up in its own file.
pub(super) fn place(context: &NativeCallContext<'_>, function: &str) -> SourceLocation {
    let source = context.call_source().unwrap_or_default();
    let position = context.call_position();
    match evaluation::current() {
        Some(evaluating) => evaluating.index.call_place(function, source, position),
        None => SourceLocation::new(source, position.line().unwrap_or(0), position.position().unwrap_or(0)),
    }
}

/// The evaluation, where there is one.
///
/// # Errors
///
/// There is none: a detector, which may only look at the files it was given.
pub(super) fn evaluating(
    context: &NativeCallContext<'_>,
    function: &str,
) -> Result<std::rc::Rc<evaluation::Evaluating>, Box<rhai::EvalAltResult>> {
    evaluation::current().ok_or_else(|| {
        let failure = Failure::new(FailureKind::Script, format!("`{function}` cannot be called by a detector"))
            .hint("`fn version(files)` may only look at the files that it is given")
            .at(place(context, function));
        thrown(&failure, context.call_position())
    })
}

fn call(function: &HostFn, context: &NativeCallContext<'_>, args: &mut [&mut Dynamic]) -> Outcome {
    let position = context.call_position();
    let evaluating = evaluating(context, function.name)?;
    let at = evaluating.index.call_place(function.name, context.call_source().unwrap_or_default(), position);
    let args = match arguments::by_name(function, args) {
        Ok(args) => args,
        Err(failure) => return Err(thrown(&failure.at(at), position)),
    };
    match evaluating.session.call(Call { name: function.name.to_owned(), args, at: at.clone() }) {
        Answer::Value(value) => Ok(to_dynamic(value)),
        Answer::Failure(mut failure) => {
            failure.at.get_or_insert(at);
            Err(thrown(&failure, position))
        }
        Answer::Stop => Err(stop(position)),
    }
}
