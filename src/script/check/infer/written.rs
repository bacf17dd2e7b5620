//! What is written where: variables by their names, closures, and where an expression begins.

use super::{BodyFrame, VariableId};
use crate::script::compiled_file::is_closure;
use rhai::{Expr, FnCallExpr, FnPtr, Position, Stmt};

/// A closure as it is written: its function, and the variables that it captures.
pub(super) struct Closure {
    pub(super) name: String,
    pub(super) captured: Vec<Option<VariableId>>,
}

pub(super) fn declared(file: usize, at: Position) -> VariableId {
    VariableId::Let(file, (at.line(), at.position()))
}

/// The variable that an expression names.
pub(super) fn variable(expr: &Expr, frame: &BodyFrame) -> Option<VariableId> {
    let Expr::Variable(named, ..) = expr else { return None };
    if !named.2.is_empty() {
        return None;
    }
    frame.scope.iter().rev().find(|(name, _)| *name == named.1.as_str()).map(|(_, variable)| variable.clone())
}

/// Where an expression begins, with its namespace.
pub(super) fn start(expr: &Expr) -> Position {
    match expr {
        Expr::FnCall(call, at) => call.namespace.position().or_else(*at),
        expr => expr.start_position(),
    }
}

/// A closure that is written down here: bare, or curried with what it captures.
pub(super) fn closure(expr: &Expr, frame: &BodyFrame) -> Option<Closure> {
    let pointer = |expr: &Expr| match expr {
        Expr::DynamicConstant(value, _) => {
            let name = value.read_lock::<FnPtr>()?.fn_name().to_owned();
            is_closure(&name).then_some(name)
        }
        _ => None,
    };
    if let Some(name) = pointer(expr) {
        return Some(Closure { name, captured: Vec::new() });
    }
    let curried = |call: &FnCallExpr| {
        let [first, captured @ ..] = call.args.as_slice() else { return None };
        let name = pointer(first).filter(|_| call.name == "curry")?;
        Some(Closure { name, captured: captured.iter().map(|captured| variable(captured, frame)).collect() })
    };
    let Expr::Stmt(block) = expr else { return None };
    match block.statements().last()? {
        Stmt::FnCall(call, _) => curried(call),
        Stmt::Expr(expr) => match &**expr {
            Expr::FnCall(call, _) => curried(call),
            _ => None,
        },
        _ => None,
    }
}
