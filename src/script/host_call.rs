//! A call of a host function, as the engine makes it: how a function is registered, from where it is called, in which evaluation.

use super::evaluation::{self, Evaluating};
use super::failure::thrown;
use crate::model::{Failure, FailureKind, SourceLocation};
use rhai::{Dynamic, EvalAltResult, FuncRegistration, Module, NativeCallContext, RhaiFunc};
use std::any::TypeId;
use std::rc::Rc;
use std::sync::Arc;

/// What a call answers.
pub(super) type CallResult = Result<Dynamic, Box<EvalAltResult>>;

/// Also with more arguments than any function takes: the message about them is ours then.
const MAX_ARGUMENTS: usize = 6;

/// Sets a function into a module for any number of arguments of any type.
pub(super) fn set(
    module: &mut Module,
    name: &str,
    function: impl Fn(&NativeCallContext<'_>, &mut [&mut Dynamic]) -> CallResult + Send + Sync + 'static,
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
) -> Result<Rc<Evaluating>, Box<EvalAltResult>> {
    evaluation::current().ok_or_else(|| {
        let failure = Failure::new(FailureKind::Script, format!("`{function}` cannot be called by a detector"))
            .hint("`fn version(files)` may only look at the files that it is given")
            .at(place(context, function));
        thrown(&failure, context.call_position())
    })
}
