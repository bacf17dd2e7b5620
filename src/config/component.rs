//! `[[component]]` → [`Component`].

use super::keys::component::{CHANGELOG, DETECT, NAME, REPO};
use crate::components::{Component, Detect};
use crate::document::Table;

/// Reads one `[[component]]`.
pub(super) fn read(mut table: Table<'_, '_>) -> Option<Component> {
    let name = table.parsed(NAME);
    let kind = table.detector(DETECT)?;
    let detect = Detect::read(kind.text, &mut table).map_err(|hint| {
        table.source.wrong(kind.at, format!("`detect` is `{}`, which is not known", kind.text), hint);
    });
    let repo = table.url(REPO);
    let changelog = table.flag(CHANGELOG);
    // Of an unknown kind it is not known which keys belong here: do not call them unknown.
    let detect = detect.ok()?;
    table.finish();
    Some(Component { name: name?, detect: detect?, repo, changelog })
}
