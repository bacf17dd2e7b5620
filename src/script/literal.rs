//! Literal values read from a syntax tree, with their places and in the order in which they are written.

use crate::model::Value;
use rhai::{Expr, Position};

/// A literal value.
#[derive(Debug, Clone)]
pub(super) struct Literal {
    pub(super) value: LiteralValue,
    /// Where it begins.
    pub(super) at: Position,
}

/// What a literal can be.
#[derive(Debug, Clone)]
pub(super) enum LiteralValue {
    /// Text, number, true, false or `()`.
    Plain(Value),
    /// `[…]`
    List(Vec<Literal>),
    /// `#{…}`
    Map(Vec<LiteralEntry>),
}

/// One key of a literal map.
#[derive(Debug, Clone)]
pub(super) struct LiteralEntry {
    pub(super) key: String,
    pub(super) key_at: Position,
    pub(super) literal: Literal,
}

impl Literal {
    /// Reads an expression.
    ///
    /// # Errors
    ///
    /// The place of the first part that is not literal.
    pub(super) fn read(expr: &Expr) -> Result<Self, Position> {
        let at = expr.start_position();
        let plain = |value: Value| Ok(LiteralValue::Plain(value));
        let value = match expr {
            Expr::Unit(_) => plain(Value::Null),
            Expr::BoolConstant(value, _) => plain((*value).into()),
            Expr::IntegerConstant(value, _) => plain((*value).into()),
            Expr::FloatConstant(value, _) => plain((**value).into()),
            Expr::CharConstant(value, _) => plain(value.to_string().into()),
            Expr::StringConstant(value, _) => plain(value.as_str().into()),
            Expr::Array(items, _) => items.iter().map(Self::read).collect::<Result<_, _>>().map(LiteralValue::List),
            Expr::Map(map, _) => map
                .0
                .iter()
                .map(|(key, value)| {
                    Ok(LiteralEntry { key: key.name.to_string(), key_at: key.pos, literal: Self::read(value)? })
                })
                .collect::<Result<_, _>>()
                .map(LiteralValue::Map),
            _ => Err(at),
        }?;
        Ok(Self { value, at })
    }

    /// As plain data; maps lose their order.
    pub(super) fn data(&self) -> Value {
        match &self.value {
            LiteralValue::Plain(value) => value.clone(),
            LiteralValue::List(items) => items.iter().map(Self::data).collect(),
            LiteralValue::Map(entries) => {
                entries.iter().map(|entry| (entry.key.clone(), entry.literal.data())).collect()
            }
        }
    }

    /// Its entries, when it is a map.
    pub(super) fn entries(&self) -> Option<&[LiteralEntry]> {
        match &self.value {
            LiteralValue::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// Its items, when it is a list.
    pub(super) fn items(&self) -> Option<&[Self]> {
        match &self.value {
            LiteralValue::List(items) => Some(items),
            _ => None,
        }
    }

    /// Its text, when it is one.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.value {
            LiteralValue::Plain(value) => value.as_str(),
            _ => None,
        }
    }
}
