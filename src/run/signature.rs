//! What a host function takes, as data: the script room registers and checks from it, `relwf check` and the reference
//! documentation read it. Declared once, beside the command it describes.

use crate::model::Value;

/// How a command touches the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Looks only; real in a dry run too.
    Read,
    /// Looks again and again until something is there; assumed in a dry run.
    Wait,
    /// Changes something; planned in a dry run.
    Effect,
}

/// One host function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// Namespace and function, e.g. `git::push`.
    pub name: &'static str,
    /// One sentence for the reference.
    pub doc: &'static str,
    /// How it touches the world.
    pub kind: Kind,
    /// What it takes.
    pub arguments: Arguments,
    /// What it answers, for the reference, e.g. `#{ outcome, commit, tree }`.
    pub returns: &'static str,
}

/// The arguments of a host function. Either way the journal sees one object from names to values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arguments {
    /// In order: `delta::between(base, head)`. Optional ones come last and may be left away.
    Positional(&'static [Param]),
    /// One map: `git::merge(#{ source: …, target: … })`.
    Map(&'static [Param]),
}

/// One argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Param {
    /// Its name: key of the map, and key of the object that the journal sees.
    pub name: &'static str,
    /// What it must be.
    pub ty: ParamType,
    /// Must it be there? A value of `()` counts as absent.
    pub required: bool,
    /// One phrase for the reference.
    pub doc: &'static str,
}

/// The type of an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ParamType {
    /// Text.
    String,
    /// A whole number.
    Int,
    /// `true` or `false`.
    Bool,
    /// The short name of a branch.
    Branch,
    /// A full commit id, or anything git resolves to one where the function says so.
    Commit,
    /// `90s`, `10m`, `1h30m`.
    Duration,
    /// A time as RFC 3339.
    Time,
    /// A list of anything.
    List,
    /// A list of texts.
    Strings,
    /// A map.
    Map,
    /// Any plain data.
    Any,
}

impl ParamType {
    /// The word for people, with its article where it has one.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::String => "a string",
            Self::Int => "a whole number",
            Self::Bool => "true or false",
            Self::Branch => "the name of a branch",
            Self::Commit => "a commit",
            Self::Duration => "a duration like \"10m\"",
            Self::Time => "a time",
            Self::List => "a list",
            Self::Strings => "a list of strings",
            Self::Map => "a map",
            Self::Any => "any value",
        }
    }
}

impl Arguments {
    /// All arguments, in their declared order.
    pub const fn params(&self) -> &'static [Param] {
        match self {
            Self::Positional(params) | Self::Map(params) => params,
        }
    }
}

impl Signature {
    /// `git` of `git::push`.
    pub fn namespace(&self) -> &'static str {
        self.name.split_once("::").map_or(self.name, |(namespace, _)| namespace)
    }

    /// Does it answer anything?
    pub fn answers(&self) -> bool {
        self.returns != "()"
    }

    /// The fields of the map that it answers, e.g. `commit`, and `version?` where it may be left away.
    fn fields(&self) -> Vec<&'static str> {
        let mut depth = 0;
        let Some(inside) = self.returns.strip_prefix("#{") else { return Vec::new() };
        let fields = inside.split(|letter| {
            depth += match letter {
                '{' => 1,
                '}' => -1,
                _ => 0,
            };
            letter == ',' && depth == 0 || depth < 0
        });
        let names = fields.map(|field| field.split(':').next().unwrap_or_default().trim());
        names.take_while(|name| !name.is_empty()).collect()
    }

    /// What it always answers, of which `value` says nothing.
    pub fn missing_in(&self, value: &Value) -> Vec<&'static str> {
        let missing = |name: &&str| !name.ends_with('?') && value.get(name).is_none();
        self.fields().into_iter().filter(missing).collect()
    }

    /// What it answers as JSON with gaps, e.g. `{"id":…}`: for whoever must say it instead.
    pub fn gaps(&self) -> String {
        let names: Vec<String> =
            self.fields().iter().map(|name| format!("\"{}\":…", name.trim_end_matches('?'))).collect();
        if names.is_empty() { "…".to_owned() } else { format!("{{{}}}", names.join(",")) }
    }

    /// `push` of `git::push`.
    pub fn function(&self) -> &'static str {
        self.name.split_once("::").map_or(self.name, |(_, function)| function)
    }
}

/// A required argument.
pub const fn required(name: &'static str, ty: ParamType, doc: &'static str) -> Param {
    Param { name, ty, required: true, doc }
}

/// An argument that may be left away.
pub const fn optional(name: &'static str, ty: ParamType, doc: &'static str) -> Param {
    Param { name, ty, required: false, doc }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_command_answers_is_read_from_its_declaration() {
        let of =
            |returns| Signature { name: "a::b", doc: "", kind: Kind::Effect, arguments: Arguments::Map(&[]), returns };
        let value = serde_json::json!({ "id": null });
        let two = of("#{ id, list: a list of #{ x, y }, note? }");
        assert_eq!((two.gaps().as_str(), two.missing_in(&value)), ("{\"id\":…,\"list\":…,\"note\":…}", vec!["list"]));
        let some = of("#{ id }, or () when there is none, or several");
        assert_eq!((some.gaps().as_str(), some.missing_in(&value)), ("{\"id\":…}", vec![]));
        assert_eq!((of("a random id").gaps().as_str(), of("()").answers()), ("…", false));
    }
}
