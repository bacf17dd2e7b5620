//! Applies detected renames: collects each file's versions at its new path and notes collisions.

use super::MergeError;
use super::content::{ContentContext, Versions};
use super::differences::{BASE, Differences, RepoPath, bit};
use super::directories::Rename;
use super::message::{Message, MessageKind};
use super::tree_object::{Item, is_regular};

/// Applies all renames, given by source path.
pub(super) fn apply(
    all: &mut Differences<'_, '_>,
    context: &ContentContext<'_, '_>,
    renames: &[Rename],
    messages: &mut Vec<Message>,
) -> Result<(), MergeError> {
    let mut at = 0;
    while let Some(rename) = renames.get(at) {
        let partner = renames.get(at + 1).filter(|next| next.from == rename.from);
        at += 1;
        let Some(old) = all.info(&rename.from).filter(|old| !all.infos[*old].gone) else { continue };
        let Some(new) = all.info(&rename.to) else { continue };
        match partner {
            Some(partner) => {
                at += 1;
                match all.info(&partner.to) {
                    Some(other) if other == new => same_target(all, old, new),
                    Some(other) => two_targets(all, context, [rename, partner], [old, new, other], messages)?,
                    None => {}
                }
            }
            None => one_sided(all, context, rename, old, new, messages)?,
        }
    }
    Ok(())
}

/// Both sides renamed it to the same path.
fn same_target(all: &mut Differences<'_, '_>, old: usize, new: usize) {
    all.infos[new].stages[0] = all.infos[old].stages[0];
    all.infos[new].files |= BASE;
    all.infos[old].gone = true;
}

/// The two sides renamed it differently: both new paths get the merged contents.
fn two_targets(
    all: &mut Differences<'_, '_>,
    context: &ContentContext<'_, '_>,
    renames: [&Rename; 2],
    [old, ours, theirs]: [usize; 3],
    messages: &mut Vec<Message>,
) -> Result<(), MergeError> {
    let items = [all.infos[old].stages[0], all.infos[ours].stages[1], all.infos[theirs].stages[2]];
    let paths = [renames[0].from.clone(), renames[0].to.clone(), renames[1].to.clone()];
    let versions = Versions { items, paths: &paths };
    let merged = context.merge(&paths[0], &versions, 1 + 2 * context.depth, messages)?;
    all.infos[ours].stages[1] = merged.item;
    // What cannot be merged keeps each side's contents at that side's path.
    if merged.clean || merged.item != items[1] {
        all.infos[theirs].stages[2] = merged.item;
    }
    for info in [old, ours, theirs] {
        all.infos[info].misplaced = true;
    }
    messages.push(Message::new(MessageKind::RenameRename, paths));
    Ok(())
}

fn one_sided(
    all: &mut Differences<'_, '_>,
    context: &ContentContext<'_, '_>,
    rename: &Rename,
    old: usize,
    new: usize,
    messages: &mut Vec<Message>,
) -> Result<(), MergeError> {
    let side = rename.side;
    let other = 3 - side;
    let deleted = all.infos[old].files == BASE;
    let mut collides = all.infos[new].files & bit(other) != 0;
    let kept = all.infos[old].stages[other];
    let retyped = !deleted && is_regular(kept.mode) != is_regular(all.infos[new].stages[side].mode);
    if retyped && collides {
        // The other side really renamed it too and put something else in its old place.
        collides = false;
    }
    if collides && deleted {
        all.infos[new].misplaced = true;
        messages.push(rename_delete(rename));
    } else if collides {
        collision(all, context, rename, old, new, messages)?;
    } else {
        let base = all.infos[old].stages[0];
        let info = &mut all.infos[new];
        info.stages[0] = base;
        info.files |= BASE;
        info.paths[0] = rename.from.clone();
        info.equal = 0;
        if retyped {
            let info = &mut all.infos[old];
            info.stages[0] = Item::NONE;
            info.files &= !BASE;
            info.equal = 0;
        } else if deleted {
            info.misplaced = true;
            messages.push(rename_delete(rename));
        } else {
            info.stages[other] = kept;
            info.files |= bit(other);
            info.paths[other] = rename.from.clone();
        }
    }
    if !retyped {
        all.infos[old].gone = true;
    }
    Ok(())
}

/// The new path was also taken by the other side: the rename's merged contents count as its side there.
fn collision(
    all: &mut Differences<'_, '_>,
    context: &ContentContext<'_, '_>,
    rename: &Rename,
    old: usize,
    new: usize,
    messages: &mut Vec<Message>,
) -> Result<(), MergeError> {
    let side = rename.side;
    let mut items = all.infos[old].stages;
    items[side] = all.infos[new].stages[side];
    let mut paths: [RepoPath; 3] = std::array::from_fn(|_| rename.from.clone());
    paths[side] = rename.to.clone();
    let versions = Versions { items, paths: &paths };
    let merged = context.merge(&rename.from, &versions, 1 + 2 * context.depth, messages)?;
    all.infos[new].stages[side] = merged.item;
    if !merged.clean {
        messages.push(Message::new(MessageKind::RenameCollides, [rename.to.clone(), rename.from.clone()]));
    }
    Ok(())
}

fn rename_delete(rename: &Rename) -> Message {
    Message::new(MessageKind::RenameDelete, [rename.to.clone(), rename.from.clone()]).on(rename.side)
}
