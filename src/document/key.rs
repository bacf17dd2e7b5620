//! The keys of a table, each declared once: how it is read, what is unknown or missing, and the reference come from here.

use super::{KeyPath, LocatedText};
use crate::model::{BranchName, ComponentName, HumanDuration};
use std::marker::PhantomData;

/// A key and, as its type, what it takes: `Table::duration` reads no key of another type.
pub(crate) struct DeclaredKey<T> {
    pub(super) name: &'static str,
    pub(super) absent: Absent,
    takes: PhantomData<fn() -> T>,
}

impl<T> Clone for DeclaredKey<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for DeclaredKey<T> {}

impl<T> DeclaredKey<T> {
    /// As it is written.
    pub(crate) const fn name(self) -> &'static str {
        self.name
    }

    pub(crate) const fn new(name: &'static str, absent: Absent) -> Self {
        Self { name, absent, takes: PhantomData }
    }
}

/// What it means that a key is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absent {
    /// It must be there.
    Required,
    /// Nothing.
    Optional,
    /// The same as this, as the reference says it.
    Default(&'static str),
}

/// It must be there.
pub(crate) const REQUIRED: Absent = Absent::Required;
/// It may be omitted.
pub(crate) const OPTIONAL: Absent = Absent::Optional;
/// It may be omitted, which is the same as this.
pub(crate) const fn or(default: &'static str) -> Absent {
    Absent::Default(default)
}

/// What the reference says of a key.
#[derive(Debug, Clone, Copy)]
pub struct KeyDoc {
    /// The key.
    pub name: &'static str,
    /// What it takes, in words.
    pub takes: fn() -> String,
    /// What holds without it.
    pub absent: Absent,
    /// What it is for.
    pub doc: &'static str,
}

/// What the reference says of a table.
#[derive(Debug, Clone, Copy)]
pub struct TableDoc {
    /// As it is written, e.g. `[repo]`.
    pub title: &'static str,
    /// What it is for.
    pub doc: &'static str,
    /// Its keys.
    pub keys: &'static [KeyDoc],
}

/// Declares the keys of a table: a constant for each, and `KEYS`, all of them for the reference.
macro_rules! keys {
    ($($(#[doc = $doc:literal])+ $id:ident: $takes:ty = $name:literal, $absent:expr;)+) => {
        $($(#[doc = $doc])+
        pub(crate) const $id: $crate::document::DeclaredKey<$takes> = $crate::document::DeclaredKey::new($name, $absent);)+
        /// All of them.
        pub(crate) const KEYS: &[$crate::document::KeyDoc] = &[$($crate::document::KeyDoc {
            name: $name,
            takes: <$takes as $crate::document::Takes>::words,
            absent: $absent,
            doc: concat!($($doc),+),
        }),+];
    };
}
pub(crate) use keys;

/// What a key can take, in the reference's words.
pub(crate) trait Takes {
    fn words() -> String;

    /// Several of them.
    fn several() -> String {
        format!("{}s", Self::words())
    }
}

/// A key that takes one of a few words.
pub(crate) trait Words: Copy + 'static {
    const WORDS: &'static [(&'static str, Self)];

    /// As it is written.
    fn word(self) -> &'static str
    where
        Self: PartialEq,
    {
        Self::WORDS.iter().find(|(_, value)| *value == self).map_or("", |(word, _)| word)
    }
}

/// One of a few words.
pub(crate) enum OneOf<T> {
    #[expect(dead_code, reason = "it stands for a type, there are no values")]
    Of(T),
}

macro_rules! takes {
    ($($(#[doc = $doc:literal])+ $name:ident = $words:literal;)+) => {
        $($(#[doc = $doc])+ pub(crate) enum $name {}
        impl Takes for $name {
            fn words() -> String {
                $words.to_owned()
            }
        })+
    };
}

takes! {
    /// A program and its arguments.
    Argv = "list of a program and its arguments";
    /// Yes or no.
    Flag = "`true` or `false`";
    /// A regular expression.
    Pattern = "regular expression";
    /// A file of the repository, from its top.
    RepoFile = "path in the repository";
    /// A path on this machine.
    LocalPath = "path";
    /// An address for HTTP.
    Url = "`https://` or `http://` address";
    /// Texts by name.
    Labels = "table of texts";
    /// Any value.
    Data = "any value";
    /// A table inside.
    Inner = "table";
    /// Any number of tables.
    Inners = "tables";
    /// An address, or a table inside.
    UrlOrInner = "address or table";
    /// The name of a detector.
    DetectorName = "name of a detector";
}

impl Takes for LocatedText<'_> {
    fn words() -> String {
        "text".to_owned()
    }
}

impl Takes for HumanDuration {
    fn words() -> String {
        "duration, like `90s` or `1h30m`".to_owned()
    }
}

impl Takes for BranchName {
    fn words() -> String {
        "branch".to_owned()
    }
}

impl Takes for ComponentName {
    fn words() -> String {
        "name of a component".to_owned()
    }
}

impl Takes for KeyPath {
    fn words() -> String {
        "dotted key, like `package.version` or `images[name=acme/ppc].newTag`".to_owned()
    }
}

impl<T: Words> Takes for OneOf<T> {
    fn words() -> String {
        let words: Vec<String> = T::WORDS.iter().map(|(word, _)| format!("`{word}`")).collect();
        words.join(", ")
    }

    fn several() -> String {
        Self::words()
    }
}

impl<T: Takes> Takes for Vec<T> {
    fn words() -> String {
        format!("list of {}", T::several())
    }
}
