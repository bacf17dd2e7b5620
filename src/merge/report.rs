//! Turns the merge's notes into typed conflicts, with a message for each.

use super::MergeError;
use super::conflict::{Conflict, ConflictKind, ConflictSide, Hunk};
use super::content::ContentContext;
use super::finish::Unsettled;
use super::message::{Message, MessageKind};
use super::tree_object::{Item, LINK, is_regular, kind as kind_of};
use crate::model::quoted_path;

/// The conflicts of a merge, in the order of their paths.
pub(super) fn conflicts(
    context: &ContentContext<'_, '_>,
    unsettled: &[Unsettled],
    messages: &[Message],
) -> Result<Vec<Conflict>, MergeError> {
    let mut conflicts = Vec::new();
    let mut reported = vec![false; unsettled.len()];
    let not_text = |path| {
        messages.iter().any(|message| message.kind == MessageKind::Binary && message.paths.first() == Some(path))
    };
    for message in messages {
        let Some(kind) = kind(message.kind) else { continue };
        let Some(path) = message.paths.first() else { continue };
        // git warns that the file is not text, then speaks of its contents all the same. Once is enough.
        if matches!(kind, ConflictKind::Content | ConflictKind::AddAdd) && not_text(path) {
            continue;
        }
        let at = unsettled.iter().position(|entry| entry.path == *path);
        if let Some(at) = at {
            reported[at] = true;
        }
        let entry = at.map(|at| &unsettled[at]);
        let mut conflict = describe(context, path, kind, entry)?;
        let links = entry.is_some_and(|entry| entry.stages[1..].iter().all(|item| kind_of(item.mode) == LINK));
        conflict.message = match message.kind {
            MessageKind::Contents if links => {
                format!("both sides changed where the link {} leads", conflict.shown_path())
            }
            _ => sentence(message),
        };
        conflicts.push(conflict);
    }
    // A path that only another path's remark speaks of.
    for (entry, _) in unsettled.iter().zip(reported).filter(|(_, reported)| !reported) {
        let about = messages.iter().find(|message| kind(message.kind).is_some() && message.paths.contains(&entry.path));
        let kind = about.and_then(|message| kind(message.kind)).unwrap_or(ConflictKind::Content);
        let mut conflict = describe(context, &entry.path, kind, Some(entry))?;
        conflict.message = about.map_or_else(|| format!("{} is in conflict", quoted_path(&entry.path)), sentence);
        conflicts.push(conflict);
    }
    conflicts.sort_by(|a, b| (&a.path, a.kind).cmp(&(&b.path, b.kind)));
    conflicts.dedup_by(|a, b| a.path == b.path && a.kind == b.kind && a.message == b.message);
    Ok(conflicts)
}

fn describe(
    context: &ContentContext<'_, '_>,
    path: &[u8],
    kind: ConflictKind,
    entry: Option<&Unsettled>,
) -> Result<Conflict, MergeError> {
    let side = |version: usize| {
        let entry = entry.filter(|entry| entry.files & 1 << version != 0)?;
        let item = entry.stages[version];
        Some(ConflictSide { path: text(&entry.paths[version]), id: item.id, mode: format!("{:06o}", item.mode) })
    };
    let wants_hunks = matches!(kind, ConflictKind::Content | ConflictKind::AddAdd);
    let hunks = match entry {
        Some(entry) if wants_hunks => hunks(context, entry.stages)?,
        _ => Vec::new(),
    };
    Ok(Conflict {
        path: text(path),
        quoted: std::str::from_utf8(path).is_err().then(|| quoted_path(path)),
        kind,
        base: side(0),
        ours: side(1),
        theirs: side(2),
        message: String::new(),
        hunks,
    })
}

fn hunks(context: &ContentContext<'_, '_>, stages: [Item; 3]) -> Result<Vec<Hunk>, MergeError> {
    let [base, ours, theirs] = stages;
    // Where a link leads is its whole contents.
    let same_kind = |item: Item| kind_of(item.mode) == kind_of(ours.mode);
    if !(is_regular(ours.mode) || kind_of(ours.mode) == LINK) || !same_kind(theirs) {
        return Ok(Vec::new());
    }
    context.hunks(same_kind(base).then_some(base.id), ours.id, theirs.id)
}

fn kind(kind: MessageKind) -> Option<ConflictKind> {
    Some(match kind {
        MessageKind::AutoMerging | MessageKind::RenameSkipped | MessageKind::Unclean => return None,
        MessageKind::Contents => ConflictKind::Content,
        MessageKind::AddAdd => ConflictKind::AddAdd,
        MessageKind::Binary => ConflictKind::Binary,
        MessageKind::FileDirectory => ConflictKind::FileDirectory,
        MessageKind::DistinctTypes => ConflictKind::DistinctTypes,
        MessageKind::ModifyDelete => ConflictKind::ModifyDelete,
        MessageKind::RenameRename => ConflictKind::RenameRename,
        MessageKind::RenameCollides => ConflictKind::RenameAdd,
        MessageKind::RenameDelete => ConflictKind::RenameDelete,
        MessageKind::DirectoryRenameSuggested
        | MessageKind::DirectoryRenameInWay
        | MessageKind::DirectoryRenameCollision
        | MessageKind::DirectoryRenameSplit => ConflictKind::DirectoryRename,
        MessageKind::Submodule | MessageKind::SubmoduleContents => ConflictKind::Submodule,
    })
}

fn sentence(message: &Message) -> String {
    let path = |at: usize| message.paths.get(at).map(|path| quoted_path(path)).unwrap_or_default();
    let (here, there) = if message.side == 2 { ("theirs", "ours") } else { ("ours", "theirs") };
    let (first, second, third) = (path(0), path(1), path(2));
    match message.kind {
        MessageKind::Contents => format!("both sides changed the same lines of {first}"),
        MessageKind::AddAdd => format!("both sides added {first}, differently"),
        MessageKind::Binary => format!("both sides changed {first}, which is not text"),
        MessageKind::FileDirectory => {
            format!("{second} is a file in {here} and a directory in {there}; the file would become {first}")
        }
        MessageKind::DistinctTypes => format!("{first} has a different type on each side"),
        MessageKind::ModifyDelete => format!("{first} was changed in {here} and deleted in {there}"),
        MessageKind::RenameRename => format!("{first} was renamed to {second} in ours and to {third} in theirs"),
        MessageKind::RenameCollides => {
            format!("{second} was renamed to {first}, conflicts there and meets another file of that name")
        }
        MessageKind::RenameDelete => format!("{second} was renamed to {first} in {here} and deleted in {there}"),
        MessageKind::DirectoryRenameSuggested if message.paths.len() == 3 => format!(
            "{third} was renamed to {second} in {here}, inside a directory that {there} renamed; should it become {first}?"
        ),
        MessageKind::DirectoryRenameSuggested => {
            format!("{second} was added in {here}, inside a directory that {there} renamed; should it become {first}?")
        }
        MessageKind::DirectoryRenameInWay => {
            format!("something is in the way at {first}, where a renamed directory leads")
        }
        MessageKind::DirectoryRenameCollision => format!("renamed directories lead more than one path to {first}"),
        MessageKind::DirectoryRenameSplit => {
            format!("{first} was renamed to several directories, none of which got the majority of its files")
        }
        MessageKind::Submodule | MessageKind::SubmoduleContents => format!("both sides moved the submodule {first}"),
        MessageKind::AutoMerging | MessageKind::RenameSkipped | MessageKind::Unclean => first,
    }
}

fn text(path: &[u8]) -> String {
    String::from_utf8_lossy(path).into_owned()
}
