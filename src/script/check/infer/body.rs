//! A function's body: what its statements and expressions are, and the fields that they read.

use super::written::{closure, declared, variable};
use super::{BodyFrame, Infer, VariableId};
use crate::script::check::inferred_type::{Type, ValueKind};
use crate::script::other_languages;
use crate::script::suggest;
use crate::script::times::TIME_PARTS;
use rhai::{ASTFlags, Expr, Position, Stmt};

impl Infer<'_> {
    fn block(&mut self, statements: &[Stmt], frame: &mut BodyFrame) -> Type {
        let outside = frame.scope.len();
        let value = self.statements(statements, frame);
        frame.scope.truncate(outside);
        value
    }

    pub(super) fn statements(&mut self, statements: &[Stmt], frame: &mut BodyFrame) -> Type {
        statements.iter().fold(Type::nothing(), |_, statement| self.statement(statement, frame))
    }

    /// A statement; its value, where it is the last one of its block.
    fn statement(&mut self, statement: &Stmt, frame: &mut BodyFrame) -> Type {
        match statement {
            Stmt::Var(var, ..) => {
                let value = self.expression(&var.1, frame);
                let variable = declared(frame.file, var.0.pos);
                self.assign(&variable, value);
                frame.scope.push((var.0.name.to_string(), variable));
                Type::nothing()
            }
            Stmt::If(parts, _) => {
                self.expression(&parts.expr, frame);
                let then = self.block(parts.body.statements(), frame);
                then.or(self.block(parts.branch.statements(), frame))
            }
            Stmt::While(parts, _) | Stmt::Do(parts, ..) => {
                self.expression(&parts.expr, frame);
                self.block(parts.body.statements(), frame);
                Type::Unknown
            }
            Stmt::Switch(parts, _) => {
                self.expression(&parts.0, frame);
                parts.1.expressions.iter().fold(Type::nothing(), |value, case| {
                    self.expression(&case.lhs, frame);
                    value.or(self.expression(&case.rhs, frame))
                })
            }
            Stmt::For(parts, _) => {
                let (name, counter, flow) = &**parts;
                let item = self.expression(&flow.expr, frame).item();
                let outside = frame.scope.len();
                let variable = declared(frame.file, name.pos);
                self.assign(&variable, item);
                frame.scope.push((name.name.to_string(), variable));
                if let Some(counter) = counter {
                    let variable = declared(frame.file, counter.pos);
                    self.assign(&variable, Type::plain());
                    frame.scope.push((counter.name.to_string(), variable));
                }
                self.block(flow.body.statements(), frame);
                frame.scope.truncate(outside);
                Type::Unknown
            }
            Stmt::TryCatch(parts, at) => {
                let tried = self.block(parts.body.statements(), frame);
                let outside = frame.scope.len();
                if let Expr::Variable(variable, ..) = &parts.expr {
                    let error = declared(frame.file, *at);
                    self.assign(&error, Type::Unknown);
                    frame.scope.push((variable.1.to_string(), error));
                }
                let caught = self.block(parts.branch.statements(), frame);
                frame.scope.truncate(outside);
                tried.or(caught)
            }
            Stmt::Assignment(parts) => {
                let value = self.expression(&parts.1.rhs, frame);
                self.assignment(&parts.1.lhs, value, parts.0.is_op_assignment(), frame);
                Type::nothing()
            }
            Stmt::FnCall(call, _) => self.call(call, frame),
            Stmt::Block(block) => self.block(block.statements(), frame),
            Stmt::Expr(expr) => self.expression(expr, frame),
            Stmt::Return(value, flags, _) => {
                let value = value.as_ref().map_or_else(Type::nothing, |value| self.expression(value, frame));
                if !flags.contains(ASTFlags::BREAK) {
                    frame.returned = std::mem::replace(&mut frame.returned, Type::Never).or(value);
                }
                Type::Never
            }
            Stmt::BreakLoop(value, ..) => {
                if let Some(value) = value {
                    self.expression(value, frame);
                }
                Type::Never
            }
            _ => Type::nothing(),
        }
    }

    fn assignment(&mut self, place: &Expr, value: Type, in_place: bool, frame: &mut BodyFrame) {
        let (root, field) = match place {
            Expr::Variable(..) => (place, None),
            Expr::Dot(pair, ..) => {
                (&pair.lhs, if let Expr::Property(property, _) = &pair.rhs { Some(&property.2) } else { None })
            }
            Expr::Index(pair, ..) => (&pair.lhs, None),
            _ => return,
        };
        let Some(variable) = variable(root, frame) else { return };
        let known = self.kinds.get(&variable).cloned().unwrap_or(Type::Never);
        match (place, field, in_place) {
            (Expr::Variable(..), _, false) => self.assign(&variable, value),
            _ if value == Type::Never || known == Type::Never => {}
            (Expr::Variable(..), _, true) if known.is_plain() && value.is_plain() => {}
            // A list grows by another list's items, or by an item.
            (Expr::Variable(..), _, true) if known.is_list() && value.is_list() => self.assign(&variable, value),
            (_, Some(field), false) => {
                let all = known.clone().with(field, &value);
                if all != known {
                    self.changed = true;
                    self.kinds.insert(variable, all);
                }
            }
            _ => self.assign(&variable, Type::Unknown),
        }
    }

    pub(super) fn expression(&mut self, expr: &Expr, frame: &mut BodyFrame) -> Type {
        if let Some(closure) = closure(expr, frame) {
            // Who calls it, and with what, is not known.
            self.invoke(&closure, &[], frame);
            return Type::Unknown;
        }
        match expr {
            Expr::Unit(_) => Type::nothing(),
            Expr::BoolConstant(..)
            | Expr::IntegerConstant(..)
            | Expr::FloatConstant(..)
            | Expr::CharConstant(..)
            | Expr::StringConstant(..) => Type::plain(),
            Expr::Variable(..) => match variable(expr, frame) {
                Some(variable) => self.kinds.get(&variable).cloned().unwrap_or(Type::Never),
                None => Type::Unknown,
            },
            Expr::InterpolatedString(parts, _) => {
                parts.iter().for_each(|part| drop(self.expression(part, frame)));
                Type::plain()
            }
            Expr::And(parts, _) | Expr::Or(parts, _) => {
                parts.iter().for_each(|part| drop(self.expression(part, frame)));
                Type::plain()
            }
            Expr::Coalesce(parts, _) => {
                parts.iter().fold(Type::Never, |value, part| value.something().or(self.expression(part, frame)))
            }
            Expr::Array(items, _) => {
                let item = items.iter().fold(Type::Never, |known, item| known.or(self.expression(item, frame)));
                Type::list(item)
            }
            Expr::Map(map, _) => {
                let keys = map.0.iter().map(|(key, value)| (key.name.to_string(), self.expression(value, frame)));
                Type::OneOf(vec![ValueKind::Own(keys.collect())])
            }
            Expr::Stmt(block) => self.block(block.statements(), frame),
            Expr::FnCall(call, _) => self.call(call, frame),
            Expr::Dot(pair, ..) => {
                let (value, root) = (self.expression(&pair.lhs, frame), variable(&pair.lhs, frame));
                self.member(value, root.as_ref(), &pair.rhs, frame)
            }
            Expr::Index(pair, flags, _) => {
                let (value, root) = (self.expression(&pair.lhs, frame), variable(&pair.lhs, frame));
                self.index(value, root.as_ref(), &pair.rhs, *flags, frame)
            }
            _ => Type::Unknown,
        }
    }

    /// What follows a dot. `root` is the variable where the chain begins.
    fn member(&mut self, value: Type, root: Option<&VariableId>, member: &Expr, frame: &mut BodyFrame) -> Type {
        match member {
            Expr::Property(property, at) => self.field(&value, &property.2, *at, frame),
            Expr::MethodCall(call, _) => self.method(&value, root, call, frame),
            Expr::Dot(pair, ..) => {
                let inner = self.member(value, root, &pair.lhs, frame);
                self.member(inner, root, &pair.rhs, frame)
            }
            Expr::Index(pair, flags, _) => {
                let inner = self.member(value, root, &pair.lhs, frame);
                self.index(inner, root, &pair.rhs, *flags, frame)
            }
            _ => Type::Unknown,
        }
    }

    /// What stands in brackets, and what follows them: Rhai keeps `[a].b` as one expression unless it says BREAK.
    fn index(
        &mut self,
        value: Type,
        root: Option<&VariableId>,
        index: &Expr,
        flags: ASTFlags,
        frame: &mut BodyFrame,
    ) -> Type {
        match index {
            Expr::Dot(pair, ..) if !flags.contains(ASTFlags::BREAK) => {
                let inner = self.element(&value, &pair.lhs, frame);
                self.member(inner, root, &pair.rhs, frame)
            }
            Expr::Index(pair, flags_inside, _) if !flags.contains(ASTFlags::BREAK) => {
                let inner = self.element(&value, &pair.lhs, frame);
                self.index(inner, root, &pair.rhs, *flags_inside, frame)
            }
            index => self.element(&value, index, frame),
        }
    }

    fn element(&mut self, value: &Type, index: &Expr, frame: &mut BodyFrame) -> Type {
        match index {
            // An index that a map lacks may be asked for.
            Expr::StringConstant(name, _) => value.field(name).unwrap_or(Type::Unknown),
            index => {
                self.expression(index, frame);
                if value.is_list() || *value == Type::Never { value.item() } else { Type::Unknown }
            }
        }
    }

    fn field(&mut self, value: &Type, name: &str, at: Position, frame: &BodyFrame) -> Type {
        let has_no_fields = value.is_certain() && (value.is_list() || value.is_plain());
        if let Some(instead) = other_languages::function(name).filter(|_| has_no_fields && name == "length") {
            self.find(frame, at, format!("neither texts nor lists have a `{name}`"), Some(instead.to_owned()));
            return Type::Unknown;
        }
        if value.is_time() && !TIME_PARTS.contains(&name) {
            let hint = suggest::hint(name, TIME_PARTS.iter().copied());
            self.find(frame, at, format!("a time has no `{name}`"), hint);
            return Type::Unknown;
        }
        let answer = match value.field(name) {
            Ok(field) => return field,
            Err(answer) => answer,
        };
        if !self.files[frame.file].texts.contains(name) {
            let message = format!("`{}` answers no `{}{name}`", answer.function, answer.path);
            let hint = match other_languages::field(name, answer.names()) {
                Some(known) => Some(format!("did you mean `{known}`?")),
                None => suggest::hint(name, answer.names()),
            };
            self.find(frame, at, message, hint);
        }
        Type::Unknown
    }

    pub(super) fn find(&mut self, frame: &BodyFrame, at: Position, message: String, hint: Option<String>) {
        if let Some(findings) = &mut self.findings {
            let finding = self.files[frame.file].unit.finding(at, message).hint(hint);
            if !findings.contains(&finding) {
                findings.push(finding);
            }
        }
    }
}
