//! The types of host functions' arguments and answers, derived from their JSON Schema; used by registration, static check,
//! dry run and reference. Knows no host function.

use crate::model::{Value, is_unknown};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde_json::Map;

/// What a value looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ValueType {
    /// Any plain data.
    Any,
    /// `()`.
    Nothing,
    /// `true` or `false`.
    Bool,
    /// A whole number.
    Int,
    /// Any number.
    Number,
    Text,
    /// One of these texts.
    Words(Vec<String>),
    /// The short name of a branch.
    Branch,
    /// A commit: its id, or what git resolves to one where it is an argument.
    Commit,
    /// `90s`, `10m`, `1h30m`.
    Duration,
    /// A time as RFC 3339.
    Time,
    List(Box<ValueType>),
    /// A map with keys of any name.
    Dict(Box<ValueType>),
    /// A map with these fields.
    Map(Vec<Field>),
    /// The value, or `()`.
    Optional(Box<ValueType>),
}

/// A parameter of a host function, or a field of what it answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name: the key of the map.
    pub name: String,
    /// What it must be, or is.
    pub shape: ValueType,
    /// May it be absent?
    pub optional: bool,
    /// One phrase for the reference.
    pub doc: String,
}

/// Whose side a schema is told from.
#[derive(Debug, Clone, Copy)]
pub(super) enum SchemaSide {
    /// What a caller passes: what has a default may be absent.
    Given,
    /// What a function answers: what is always written is always there.
    Answered,
}

/// A type as JSON Schema, complete in itself.
pub(super) fn schema<T: JsonSchema>(side: SchemaSide) -> Schema {
    let mut settings = SchemaSettings::draft2020_12();
    settings.inline_subschemas = true;
    settings.meta_schema = None;
    let settings = match side {
        SchemaSide::Given => settings.for_deserialize(),
        SchemaSide::Answered => settings.for_serialize(),
    };
    settings.into_generator().into_root_schema_for::<T>()
}

impl ValueType {
    /// Read from a JSON Schema; what it cannot say is [`ValueType::Any`].
    pub(super) fn read(schema: &Value) -> Self {
        let words = |key: &str| schema.get(key).and_then(Value::as_array);
        if let Some(alternatives) = words("anyOf").or_else(|| words("oneOf")) {
            return Self::alternatives(alternatives);
        }
        if let Some(word) = schema.get("const").and_then(Value::as_str) {
            return Self::Words(vec![word.to_owned()]);
        }
        if let Some(all) = words("enum") {
            let texts = all.iter().filter_map(Value::as_str).map(str::to_owned).collect();
            let shape = Self::Words(texts);
            return if all.contains(&Value::Null) { Self::Optional(Box::new(shape)) } else { shape };
        }
        match schema.get("type") {
            Some(Value::String(name)) => Self::of_type(name, schema),
            Some(Value::Array(names)) => {
                let mut named = names.iter().filter_map(Value::as_str).filter(|name| *name != "null");
                match (named.next(), named.next()) {
                    (Some(name), None) => Self::Optional(Box::new(Self::of_type(name, schema))),
                    _ => Self::Any,
                }
            }
            _ => Self::Any,
        }
    }

    fn alternatives(alternatives: &[Value]) -> Self {
        let mut shapes: Vec<Self> = alternatives.iter().map(Self::read).collect();
        let all = shapes.len();
        shapes.retain(|shape| *shape != Self::Nothing);
        let nullable = shapes.len() < all;
        let words = shapes.iter().map(|shape| if let Self::Words(words) = shape { Some(words.clone()) } else { None });
        let shape = match (words.collect::<Option<Vec<_>>>(), shapes.as_slice()) {
            (_, [one]) => one.clone(),
            (Some(words), [_, ..]) => Self::Words(words.concat()),
            _ => Self::Any,
        };
        if nullable && shape != Self::Any { Self::Optional(Box::new(shape)) } else { shape }
    }

    fn of_type(name: &str, schema: &Value) -> Self {
        let inside = |key: &str| Box::new(schema.get(key).map_or(Self::Any, Self::read));
        match (name, schema.get("format").and_then(Value::as_str)) {
            ("null", _) => Self::Nothing,
            ("boolean", _) => Self::Bool,
            ("integer", _) => Self::Int,
            ("number", _) => Self::Number,
            ("string", Some("branch")) => Self::Branch,
            ("string", Some("commit")) => Self::Commit,
            ("string", Some("duration")) => Self::Duration,
            ("string", Some("date-time")) => Self::Time,
            ("string", _) => Self::Text,
            ("array", _) => Self::List(inside("items")),
            ("object", _) => match schema.get("additionalProperties") {
                None | Some(Value::Bool(false)) => Self::Map(fields(schema)),
                Some(_) => Self::Dict(inside("additionalProperties")),
            },
            _ => Self::Any,
        }
    }

    /// The shape without "or ()", and whether it may be `()`.
    pub fn unless_nothing(&self) -> (&Self, bool) {
        match self {
            Self::Optional(shape) => (shape, true),
            shape => (shape, false),
        }
    }

    /// The fields of a map that has some of its own.
    pub fn fields(&self) -> &[Field] {
        match self.unless_nothing().0 {
            Self::Map(fields) => fields,
            _ => &[],
        }
    }

    /// Does the value have this shape, as far as plain data can be told apart? What only the remote can invent fits
    /// everywhere.
    pub fn fits(&self, value: &Value) -> bool {
        if is_unknown(value) {
            return true;
        }
        match self {
            Self::Any => true,
            Self::Nothing => value.is_null(),
            Self::Bool => value.is_boolean(),
            Self::Int => value.is_i64() || value.is_u64(),
            Self::Number => value.is_number(),
            Self::Words(words) => value.as_str().is_some_and(|text| words.iter().any(|word| word == text)),
            Self::Text | Self::Branch | Self::Commit | Self::Duration | Self::Time => value.is_string(),
            Self::List(item) => value.as_array().is_some_and(|items| items.iter().all(|value| item.fits(value))),
            Self::Dict(shape) => value.as_object().is_some_and(|map| map.values().all(|value| shape.fits(value))),
            Self::Map(fields) => value.as_object().is_some_and(|map| {
                let fits = |field: &Field| map.get(&field.name).map_or(field.optional, |value| field.shape.fits(value));
                fields.iter().all(fits)
            }),
            Self::Optional(shape) => value.is_null() || shape.fits(value),
        }
    }

    /// For people, with its article: "a commit".
    pub fn describe(&self) -> String {
        let words = match self {
            Self::Any => "any value",
            Self::Nothing => "()",
            Self::Bool => "true or false",
            Self::Int => "a whole number",
            Self::Number => "a number",
            Self::Text => "a string",
            Self::Words(words) => {
                let words: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
                return match words.split_last() {
                    Some((last, [])) => last.clone(),
                    Some((last, first)) => format!("{} or {last}", first.join(", ")),
                    None => "a string".to_owned(),
                };
            }
            Self::Branch => "the name of a branch",
            Self::Commit => "a commit",
            Self::Duration => "a duration like \"10m\"",
            Self::Time => "a time",
            Self::List(item) => {
                return match &**item {
                    Self::Any => "a list".to_owned(),
                    Self::Text => "a list of strings".to_owned(),
                    Self::Commit => "a list of commits".to_owned(),
                    Self::Map(fields) => format!("a list of {}", names(fields)),
                    item => format!("a list, each {}", item.describe()),
                };
            }
            Self::Dict(_) => "a map",
            Self::Map(fields) => return names(fields),
            Self::Optional(shape) => return format!("{} or ()", shape.describe()),
        };
        words.to_owned()
    }
}

/// `#{ branch, commit, note? }`.
pub(super) fn names(fields: &[Field]) -> String {
    let names: Vec<String> = fields.iter().map(Field::title).collect();
    if names.is_empty() { "#{}".to_owned() } else { format!("#{{ {} }}", names.join(", ")) }
}

impl Field {
    /// `name`, or `name?` where it may be absent.
    pub fn title(&self) -> String {
        format!("{}{}", self.name, if self.optional { "?" } else { "" })
    }
}

/// The fields of an object: those that are always there as they are declared, then the others by name.
fn fields(schema: &Value) -> Vec<Field> {
    let nothing = Map::new();
    let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&nothing);
    let required = schema.get("required").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let required: Vec<&str> = required.iter().filter_map(Value::as_str).collect();
    let optional = properties.keys().map(String::as_str).filter(|name| !required.contains(name));
    let field = |name: &str, optional: bool| {
        let schema = properties.get(name)?;
        let doc = schema.get("description").and_then(Value::as_str).unwrap_or_default();
        let doc = doc.split_whitespace().collect::<Vec<_>>().join(" ");
        Some(Field { name: name.to_owned(), shape: ValueType::read(schema), optional, doc })
    };
    let required_fields = required.iter().filter_map(|name| field(name, false));
    required_fields.chain(optional.filter_map(|name| field(name, true))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{BranchName, CommitId, HumanDuration, OrUnknown};
    use serde::{Deserialize, Serialize};
    use std::collections::BTreeMap;

    /// What a test asks for.
    #[derive(Serialize, Deserialize, JsonSchema)]
    #[allow(dead_code)]
    struct Everything {
        /// its
        /// number
        number: OrUnknown<u64>,
        commit: Option<CommitId>,
        branch: BranchName,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        soak: Option<HumanDuration>,
        rows: Vec<Flat>,
        labels: BTreeMap<String, String>,
        colour: Paint,
        anything: Value,
        #[serde(default)]
        yes: bool,
    }

    #[derive(Serialize, Deserialize, JsonSchema)]
    struct Flat {
        #[serde(flatten)]
        inner: Flattened,
        #[serde(rename = "as")]
        same: Option<Paint>,
    }

    #[derive(Serialize, Deserialize, JsonSchema)]
    struct Flattened {
        id: String,
    }

    /// Documented words and bare ones are told differently.
    #[derive(Serialize, Deserialize, JsonSchema)]
    #[serde(rename_all = "kebab-case")]
    enum Paint {
        /// Grass.
        Green,
        DarkRed,
    }

    fn read<T: JsonSchema>(side: SchemaSide) -> ValueType {
        ValueType::read(schema::<T>(side).as_value())
    }

    #[test]
    fn a_type_is_described_with_its_fields_in_order() {
        let described = "#{ number, commit, branch, rows, labels, colour, anything, yes, soak? }";
        let shape = read::<Everything>(SchemaSide::Answered);
        assert_eq!(shape.describe(), described);
        let given = read::<Everything>(SchemaSide::Given).describe();
        assert_eq!(given, "#{ number, branch, rows, labels, colour, anything, commit?, soak?, yes? }");
        let shapes: Vec<String> = shape.fields().iter().map(|field| field.shape.describe()).collect();
        assert_eq!(
            shapes,
            [
                "a whole number",
                "a commit or ()",
                "the name of a branch",
                "a list of #{ id, as }",
                "a map",
                "\"dark-red\" or \"green\"",
                "any value",
                "true or false",
                "a duration like \"10m\" or ()",
            ]
        );
        assert_eq!(shape.fields()[0].doc, "its number");
        assert_eq!(read::<()>(SchemaSide::Answered), ValueType::Nothing);
        assert_eq!(read::<Option<Flattened>>(SchemaSide::Answered).describe(), "#{ id } or ()");
    }

    #[test]
    fn values_fit_or_do_not() {
        let shape = read::<Flat>(SchemaSide::Answered);
        for (value, fits) in [
            (serde_json::json!({ "id": "a", "as": null }), true),
            (serde_json::json!({ "id": { "$unknown": "id" }, "as": "green", "more": 1 }), true),
            (serde_json::json!({ "id": "a", "as": "blue" }), false),
            (serde_json::json!({ "id": 1, "as": null }), false),
            (serde_json::json!({ "as": null }), false),
            (serde_json::json!("a"), false),
        ] {
            assert_eq!(shape.fits(&value), fits, "{value}");
        }
    }
}
