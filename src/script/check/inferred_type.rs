//! What a static look knows of a value: nothing, or of which kinds it can be. Pure: knows no syntax.

use crate::run::{Field, HostFn, ValueType};
use std::collections::BTreeMap;

/// More kinds than this, or deeper ones, are not told apart.
const KINDS: usize = 6;
const DEPTH: usize = 12;

/// What is known of a value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Type {
    /// No value gets here.
    Never,
    /// Anything.
    Unknown,
    /// A value of one of these kinds.
    OneOf(Vec<ValueKind>),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum ValueKind {
    /// `()`
    Nothing,
    /// A text, a number, true or false.
    Plain,
    /// A point in time.
    Time,
    List(Type),
    /// A map with keys of any name.
    Dict(Type),
    /// A map that the script wrote down; it may have further keys.
    Own(BTreeMap<String, Type>),
    /// A map out of the answer of a host function: it has these fields and no others.
    Answer(AnswerType),
}

/// A map out of the answer of a host function.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct AnswerType {
    /// The host function.
    pub(super) function: &'static str,
    /// Where in its answer, e.g. `hidden.`; empty at the top.
    pub(super) path: String,
    fields: &'static [Field],
    /// What the script has added.
    added: BTreeMap<String, Type>,
}

impl Type {
    /// `()`
    pub(super) fn nothing() -> Self {
        Self::OneOf(vec![ValueKind::Nothing])
    }

    /// A text, a number, true or false.
    pub(super) fn plain() -> Self {
        Self::OneOf(vec![ValueKind::Plain])
    }

    /// A point in time.
    pub(super) fn time() -> Self {
        Self::OneOf(vec![ValueKind::Time])
    }

    /// A list of these.
    pub(super) fn list(of: Self) -> Self {
        Self::OneOf(vec![ValueKind::List(of)])
    }

    /// What a host function answers.
    pub(super) fn answer(function: &'static HostFn) -> Self {
        Self::shaped(function.answer(), function.name, "")
    }

    fn shaped(shape: &'static ValueType, function: &'static str, path: &str) -> Self {
        let inside = |shape: &'static ValueType| Self::shaped(shape, function, path);
        let kind = match shape {
            ValueType::Any => return Self::Unknown,
            ValueType::Nothing => ValueKind::Nothing,
            ValueType::Optional(shape) => return inside(shape).or(Self::nothing()),
            ValueType::List(item) => ValueKind::List(inside(item)),
            ValueType::Dict(value) => ValueKind::Dict(inside(value)),
            ValueType::Map(fields) => {
                ValueKind::Answer(AnswerType { function, path: path.to_owned(), fields, added: BTreeMap::new() })
            }
            ValueType::Bool
            | ValueType::Int
            | ValueType::Number
            | ValueType::Text
            | ValueType::Words(_)
            | ValueType::Branch
            | ValueType::Commit
            | ValueType::Duration => ValueKind::Plain,
            ValueType::Time => ValueKind::Time,
        };
        Self::OneOf(vec![kind])
    }

    /// Either of the two.
    pub(super) fn or(self, other: Self) -> Self {
        self.join(other, DEPTH)
    }

    fn join(self, other: Self, depth: usize) -> Self {
        let (mut kinds, more) = match (self, other) {
            (Self::Never, other) | (other, Self::Never) => return other,
            (Self::Unknown, _) | (_, Self::Unknown) => return Self::Unknown,
            (Self::OneOf(kinds), Self::OneOf(more)) => (kinds, more),
        };
        let Some(depth) = depth.checked_sub(1) else { return Self::Unknown };
        for kind in more {
            match kinds.iter_mut().find(|known| known.is_like(&kind)) {
                Some(known) => *known = std::mem::replace(known, ValueKind::Nothing).join(kind, depth),
                None => kinds.push(kind),
            }
        }
        if kinds.len() > KINDS { Self::Unknown } else { Self::OneOf(kinds) }
    }

    /// The same without `()`.
    pub(super) fn something(self) -> Self {
        match self {
            Self::OneOf(kinds) => {
                let kinds: Vec<ValueKind> = kinds.into_iter().filter(|kind| *kind != ValueKind::Nothing).collect();
                if kinds.is_empty() { Self::Never } else { Self::OneOf(kinds) }
            }
            other => other,
        }
    }

    /// What a list holds.
    pub(super) fn item(&self) -> Self {
        let Self::OneOf(kinds) = self else { return self.clone() };
        kinds.iter().fold(Self::Never, |found, kind| match kind {
            ValueKind::List(item) => found.or(item.clone()),
            ValueKind::Nothing => found,
            _ => Self::Unknown,
        })
    }

    /// The field of a map.
    ///
    /// # Errors
    ///
    /// It is certain that there is none; where that is known from.
    pub(super) fn field(&self, name: &str) -> Result<Self, AnswerType> {
        let Self::OneOf(kinds) = self else { return Ok(self.clone()) };
        let (mut found, mut missing) = (Self::Never, None);
        for kind in kinds {
            match kind {
                ValueKind::Nothing => {}
                ValueKind::Dict(value) => found = found.or(value.clone()),
                ValueKind::Own(keys) => found = found.or(keys.get(name).cloned().unwrap_or(Self::Unknown)),
                ValueKind::Answer(answer) => match answer.field(name) {
                    Some(field) => found = found.or(field),
                    None => drop(missing.get_or_insert(answer)),
                },
                ValueKind::Plain | ValueKind::Time | ValueKind::List(_) => found = Self::Unknown,
            }
        }
        match (missing, found) {
            (Some(answer), Self::Never) => Err(answer.clone()),
            (Some(_), _) => Ok(Self::Unknown),
            (None, found) => Ok(found),
        }
    }

    /// The same with a field that the script sets.
    pub(super) fn with(self, name: &str, value: &Self) -> Self {
        let Self::OneOf(kinds) = self else { return self };
        let set = |keys: &mut BTreeMap<String, Self>| {
            let known = keys.remove(name).unwrap_or(Self::Never);
            keys.insert(name.to_owned(), known.or(value.clone()));
        };
        let kinds = kinds.into_iter().map(|mut kind| {
            match &mut kind {
                ValueKind::Own(keys) => set(keys),
                ValueKind::Answer(answer) => set(&mut answer.added),
                _ => {}
            }
            kind
        });
        Self::OneOf(kinds.collect())
    }

    /// A map that the script has, with these keys.
    pub(super) fn own(keys: impl IntoIterator<Item = (String, Self)>) -> Self {
        Self::OneOf(vec![ValueKind::Own(keys.into_iter().collect())])
    }

    /// Is it known of which kinds it can be?
    pub(super) fn is_certain(&self) -> bool {
        matches!(self, Self::OneOf(kinds) if !kinds.is_empty())
    }

    /// Is it a text, a number, true or false for certain?
    pub(super) fn is_plain(&self) -> bool {
        matches!(self, Self::OneOf(kinds) if kinds.iter().all(|kind| *kind == ValueKind::Plain))
    }

    /// Is it a time for certain, where it is anything?
    pub(super) fn is_time(&self) -> bool {
        let is_time = |kind: &ValueKind| matches!(kind, ValueKind::Time | ValueKind::Nothing);
        matches!(self, Self::OneOf(kinds) if kinds.iter().all(is_time) && kinds.contains(&ValueKind::Time))
    }

    /// Is it a list for certain?
    pub(super) fn is_list(&self) -> bool {
        matches!(self, Self::OneOf(kinds) if kinds.iter().all(|kind| matches!(kind, ValueKind::List(_))))
    }
}

impl ValueKind {
    /// Can the two be told as one?
    fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Answer(a), Self::Answer(b)) => a.function == b.function && a.path == b.path,
            _ => std::mem::discriminant(self) == std::mem::discriminant(other),
        }
    }

    fn join(self, other: Self, depth: usize) -> Self {
        let both = |mut a: BTreeMap<String, Type>, b: BTreeMap<String, Type>| {
            for (key, value) in b {
                let known = a.remove(&key).unwrap_or(Type::Never);
                a.insert(key, known.join(value, depth));
            }
            a
        };
        match (self, other) {
            (Self::List(a), Self::List(b)) => Self::List(a.join(b, depth)),
            (Self::Dict(a), Self::Dict(b)) => Self::Dict(a.join(b, depth)),
            (Self::Own(a), Self::Own(b)) => Self::Own(both(a, b)),
            (Self::Answer(a), Self::Answer(b)) => Self::Answer(AnswerType { added: both(a.added, b.added), ..b }),
            (kind, _) => kind,
        }
    }
}

impl AnswerType {
    fn field(&self, name: &str) -> Option<Type> {
        let added = self.added.get(name).cloned();
        let declared = self.fields.iter().find(|field| field.name == name).map(|field| {
            let path = format!("{}{name}.", self.path);
            let value = Type::shaped(&field.shape, self.function, &path);
            if field.optional { value.or(Type::nothing()) } else { value }
        });
        match (declared, added) {
            (Some(declared), Some(added)) => Some(declared.or(added)),
            (declared, added) => declared.or(added),
        }
    }

    /// The names of its fields.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> + Clone {
        self.fields.iter().map(|field| field.name.as_str()).chain(self.added.keys().map(String::as_str))
    }
}
