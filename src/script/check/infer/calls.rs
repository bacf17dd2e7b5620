//! Calls: of host functions, of functions of scripts and plugins, of methods, and of closures where they are written.

use super::written::{Closure, closure, start, variable};
use super::{BodyFrame, Infer, VariableId};
use crate::script::catalogue::{CatalogueFn, NativeFn};
use crate::script::check::inferred_type::Type;
use rhai::{Expr, FnCallExpr};

/// Functions and methods that change none of their arguments.
const PURE: [&str; 30] = [
    "abs",
    "contains",
    "debug",
    "ends_with",
    "get",
    "index_of",
    "is_empty",
    "keys",
    "len",
    "max",
    "min",
    "parse_float",
    "parse_int",
    "parse_json",
    "print",
    "range",
    "replace_all",
    "split",
    "starts_with",
    "sub_string",
    "to_debug",
    "to_float",
    "to_int",
    "to_json",
    "to_lower",
    "to_string",
    "to_upper",
    "trimmed",
    "type_of",
    "values",
];

impl Infer<'_> {
    pub(super) fn arguments(&mut self, args: &[Expr], frame: &mut BodyFrame) -> Vec<Type> {
        args.iter().map(|arg| self.expression(arg, frame)).collect()
    }

    pub(super) fn call(&mut self, call: &FnCallExpr, frame: &mut BodyFrame) -> Type {
        let namespace = match call.namespace.path.as_slice() {
            [] if call.op_token.is_some() => return self.operator(call, frame),
            [] => return self.plain_call(call, frame),
            [namespace] => namespace.name.as_str(),
            _ => {
                self.arguments(&call.args, frame);
                return Type::Unknown;
            }
        };
        if let Some(plugin) = self.files[frame.file].plugins.get(namespace).cloned() {
            let args = self.arguments(&call.args, frame);
            let file = self.file(&plugin);
            return self.reach((file, call.name.to_string(), args.len()), args);
        }
        match self.context.catalogue.find(&format!("{namespace}::{}", call.name)) {
            Some(CatalogueFn::Command(function)) => {
                self.arguments(&call.args, frame);
                Type::answer(function)
            }
            Some(CatalogueFn::Native(native)) => self.native(native, call, frame),
            None => {
                self.arguments(&call.args, frame);
                Type::Unknown
            }
        }
    }

    /// Steps and parallels answer what their closures do.
    fn native(&mut self, native: &'static NativeFn, call: &FnCallExpr, frame: &mut BodyFrame) -> Type {
        let Some((last, first)) = call.args.split_last() else { return Type::Unknown };
        let first = self.arguments(first, frame);
        let Some(closure) = closure(last, frame) else {
            let value = self.expression(last, frame);
            if native.takes_closure() && value.is_certain() {
                let name = native.name;
                let message =
                    format!("`{name}` takes a closure, not a value: what is written here is done before it is called");
                let usage = CatalogueFn::Native(native).usage().replace("closure", "|| …");
                self.find(frame, start(last), message, Some(format!("it is written `{usage}`")));
            }
            return if native.name == "flow::time" { Type::time() } else { Type::Unknown };
        };
        match (native.name, first.as_slice()) {
            ("flow::step", _) => self.invoke(&closure, &[], frame),
            ("flow::parallel", [_, items]) => {
                let answer = self.invoke(&closure, &[items.item()], frame);
                Type::list(answer)
            }
            _ => {
                self.invoke(&closure, &[], frame);
                Type::Unknown
            }
        }
    }

    fn operator(&mut self, call: &FnCallExpr, frame: &mut BodyFrame) -> Type {
        let args = self.arguments(&call.args, frame);
        match (call.name.as_str(), args.as_slice()) {
            ("==" | "!=" | "<" | ">" | "<=" | ">=" | "!" | "in" | "!in", _) => Type::plain(),
            ("+", [a, b]) if a.is_list() && b.is_list() => a.clone().or(b.clone()),
            (_, args) if args.contains(&Type::Never) => Type::Never,
            (_, args) if args.iter().all(Type::is_plain) => Type::plain(),
            _ => Type::Unknown,
        }
    }

    fn plain_call(&mut self, call: &FnCallExpr, frame: &mut BodyFrame) -> Type {
        let args = self.arguments(&call.args, frame);
        let file = &self.files[frame.file];
        if file.unit.named(&call.name).any(|function| function.params.len() == args.len()) {
            return self.reach((frame.file, call.name.to_string(), args.len()), args);
        }
        // Native functions get their first argument to change.
        if !PURE.contains(&call.name.as_str())
            && let Some(variable) = call.args.first().and_then(|first| variable(first, frame))
        {
            self.assign(&variable, Type::Unknown);
        }
        Type::Unknown
    }

    pub(super) fn method(
        &mut self,
        value: &Type,
        root: Option<&VariableId>,
        call: &FnCallExpr,
        frame: &mut BodyFrame,
    ) -> Type {
        let name = call.name.as_str();
        if let (true, [first, ..]) = (value.is_list(), call.args.as_slice())
            && let Some(closure) = closure(first, frame)
        {
            self.arguments(&call.args[1..], frame);
            let takes_item = matches!(name, "filter" | "map" | "find" | "some" | "all");
            let item = if takes_item { value.item() } else { Type::Unknown };
            let answer = self.invoke(&closure, &[item], frame);
            match name {
                "filter" => return value.clone(),
                "map" => return Type::list(answer),
                "find" => return value.item().or(Type::nothing()),
                "some" | "all" => return Type::plain(),
                _ => {}
            }
        }
        let args = self.arguments(&call.args, frame);
        match (name, args.as_slice()) {
            _ if *value == Type::Never => return Type::Never,
            ("in_zone", [_]) if value.is_time() => return Type::time(),
            ("len" | "is_empty" | "contains" | "starts_with" | "ends_with", _) => return Type::plain(),
            ("push", [item]) if value.is_list() && root.is_some_and(|root| self.kinds.get(root) == Some(value)) => {
                if let Some(root) = root {
                    self.assign(root, Type::list(item.clone()));
                }
                return Type::nothing();
            }
            _ => {}
        }
        if let Some(root) = root.filter(|_| !PURE.contains(&name)) {
            self.assign(root, Type::Unknown);
        }
        let file = &self.files[frame.file];
        if file.unit.named(name).any(|function| function.params.len() == args.len()) {
            return self.reach((frame.file, name.to_owned(), args.len()), args);
        }
        Type::Unknown
    }

    /// The body of a closure, called with these; of further parameters nothing is known.
    pub(super) fn invoke(&mut self, closure: &Closure, args: &[Type], frame: &BodyFrame) -> Type {
        let file = frame.file;
        let unit = &self.files[file].unit;
        let Some(function) = unit.named(&closure.name).next() else { return Type::Unknown };
        let params = function.params.clone();
        let mut scope = Vec::new();
        let mut args = args.iter().cloned();
        for (at, param) in params.iter().enumerate() {
            let own = VariableId::Param(file, closure.name.clone(), at);
            let variable = match closure.captured.get(at) {
                Some(Some(captured)) => captured.clone(),
                Some(None) => {
                    self.assign(&own, Type::Unknown);
                    own
                }
                None => {
                    self.assign(&own, args.next().unwrap_or(Type::Unknown));
                    own
                }
            };
            scope.push((param.clone(), variable));
        }
        self.body(file, (closure.name.clone(), params.len()), scope)
    }
}
