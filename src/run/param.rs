//! Parameters as they are declared by functions whose types do not say it yet.

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

/// A required argument.
pub const fn required(name: &'static str, ty: ParamType, doc: &'static str) -> Param {
    Param { name, ty, required: true, doc }
}

/// An argument that may be omitted.
pub const fn optional(name: &'static str, ty: ParamType, doc: &'static str) -> Param {
    Param { name, ty, required: false, doc }
}
