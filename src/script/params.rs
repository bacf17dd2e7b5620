//! Parameters as typed on the command line → plain data by the header's types.

use super::suggest;
use super::workflow_header::{HeaderParam, ParamKind, WorkflowHeader};
use crate::model::{Failure, FailureKind, Value};
use std::collections::BTreeMap;

/// All parameters, with defaults for those that are not given.
///
/// # Errors
///
/// Kind `usage`: an unknown or missing parameter, a value of the wrong type.
pub(super) fn parse(header: &WorkflowHeader, given: &BTreeMap<String, String>) -> Result<Value, Failure> {
    let usage = |message: String| Failure::new(FailureKind::Usage, message);
    let names = header.params.iter().map(|param| param.name.as_str());
    if let Some(unknown) = given.keys().find(|key| !names.clone().any(|name| name == *key)) {
        let failure = usage(format!("`{}` has no parameter `{unknown}`", header.name));
        return Err(match suggest::hint(unknown, names) {
            Some(hint) => failure.hint(hint),
            None => failure.hint("it takes none"),
        });
    }
    let needed = |param: &HeaderParam, message: String| {
        Err(usage(message).hint(format!("give it as --param {}=… ({})", param.name, param.kind.describe())))
    };
    let value = |param: &HeaderParam| match given.get(&param.name) {
        // A script whose variable is not set gives it like this.
        Some(text) if param.required && text.split(',').all(|part| part.trim().is_empty()) => {
            needed(param, format!("the parameter `{}` of `{}` is empty", param.name, header.name))
        }
        Some(text) => typed(param, text).map_err(|failure| {
            let help = format!("`{}`: {}", param.name, param.help);
            if param.help.is_empty() || failure.hint.is_some() { failure } else { failure.hint(help) }
        }),
        None if param.required => needed(param, format!("`{}` needs the parameter `{}`", header.name, param.name)),
        None => Ok(param.value.clone()),
    };
    let values = header.params.iter().map(|param| Ok((param.name.clone(), value(param)?)));
    values.collect::<Result<_, _>>().map(Value::Object)
}

fn typed(param: &HeaderParam, text: &str) -> Result<Value, Failure> {
    let value = match param.kind {
        ParamKind::Int => text.trim().parse::<i64>().map_or(Value::Null, Value::from),
        ParamKind::Bool => text.trim().parse::<bool>().map_or(Value::Null, Value::from),
        ParamKind::List => text.split(',').map(str::trim).filter(|item| !item.is_empty()).collect(),
        ParamKind::String => text.into(),
        ParamKind::Branch | ParamKind::Commit | ParamKind::Duration | ParamKind::Time => text.trim().into(),
    };
    param.kind.check(&value).map_err(|why| {
        let why = if why.is_empty() { why } else { format!(": {why}") };
        let message = format!("`{}` takes {}, not `{text}`{why}", param.name, param.kind.describe());
        Failure::new(FailureKind::Usage, message)
    })?;
    if let Some(word) = param.stranger(&value) {
        let failure = Failure::new(FailureKind::Usage, format!("`{}` does not know `{word}`", param.name));
        let hint = suggest::hint(word, param.choices.iter().map(String::as_str));
        return Err(hint.into_iter().fold(failure, Failure::hint));
    }
    Ok(value)
}
