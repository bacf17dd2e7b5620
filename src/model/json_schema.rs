//! JSON Schema of the model's string types: ids, names, durations, times.

use super::{
    BranchName, CommitId, ComponentName, HumanDuration, ObjectId, OrUnknown, Revision, RunId, SourceLocation, TagName,
    TreeId,
};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;

macro_rules! text {
    ($($name:ident: $format:literal),+ $(,)?) => {
        $(impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "format": $format })
            }
        })+
    };
}

/// A time as RFC 3339, for fields whose type cannot describe itself: `#[schemars(with = "TimeText")]`.
#[derive(Debug)]
pub struct TimeText;

text! {
    CommitId: "commit",
    Revision: "commit",
    TreeId: "tree",
    ObjectId: "object",
    BranchName: "branch",
    ComponentName: "component",
    TagName: "tag",
    RunId: "run",
    HumanDuration: "duration",
    TimeText: "date-time",
    SourceLocation: "place",
}

impl<T: JsonSchema> JsonSchema for OrUnknown<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}
