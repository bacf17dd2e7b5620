//! Slides groups of changed lines to where git puts them: as far down as they go, or level with a group on the other side.

use super::lines::{Changed, Token};

/// A run of changed lines, possibly empty, between two unchanged ones.
#[derive(Clone, Copy)]
struct ChangedGroup {
    start: usize,
    end: usize,
}

struct MarkedText<'a> {
    tokens: &'a [Token],
    changed: &'a mut [bool],
}

impl MarkedText<'_> {
    fn is_changed(&self, line: usize) -> bool {
        self.changed.get(line).copied().unwrap_or(false)
    }

    fn first(&self) -> ChangedGroup {
        let mut end = 0;
        while self.is_changed(end) {
            end += 1;
        }
        ChangedGroup { start: 0, end }
    }

    fn next(&self, group: &mut ChangedGroup) -> bool {
        if group.end >= self.tokens.len() {
            return false;
        }
        group.start = group.end + 1;
        group.end = group.start;
        while self.is_changed(group.end) {
            group.end += 1;
        }
        true
    }

    fn previous(&self, group: &mut ChangedGroup) -> bool {
        if group.start == 0 {
            return false;
        }
        group.end = group.start - 1;
        group.start = group.end;
        while group.start > 0 && self.changed[group.start - 1] {
            group.start -= 1;
        }
        true
    }

    fn up(&mut self, group: &mut ChangedGroup) -> bool {
        if group.start == 0 || self.tokens[group.start - 1] != self.tokens[group.end - 1] {
            return false;
        }
        group.start -= 1;
        group.end -= 1;
        self.changed[group.start] = true;
        self.changed[group.end] = false;
        while group.start > 0 && self.changed[group.start - 1] {
            group.start -= 1;
        }
        true
    }

    fn down(&mut self, group: &mut ChangedGroup) -> bool {
        if group.end >= self.tokens.len() || self.tokens[group.start] != self.tokens[group.end] {
            return false;
        }
        self.changed[group.start] = false;
        self.changed[group.end] = true;
        group.start += 1;
        group.end += 1;
        while self.is_changed(group.end) {
            group.end += 1;
        }
        true
    }
}

/// Slides the groups of both texts.
pub(super) fn slide(before: &[Token], after: &[Token], changed: &mut Changed) {
    one_side(
        &mut MarkedText { tokens: before, changed: &mut changed.before },
        &MarkedText { tokens: after, changed: &mut changed.after },
    );
    one_side(
        &mut MarkedText { tokens: after, changed: &mut changed.after },
        &MarkedText { tokens: before, changed: &mut changed.before },
    );
}

fn one_side(text: &mut MarkedText<'_>, other: &MarkedText<'_>) {
    let mut group = text.first();
    let mut partner = other.first();
    loop {
        if group.end > group.start {
            settle(text, other, &mut group, &mut partner);
        }
        if !text.next(&mut group) {
            break;
        }
        other.next(&mut partner);
    }
}

fn settle(text: &mut MarkedText<'_>, other: &MarkedText<'_>, group: &mut ChangedGroup, partner: &mut ChangedGroup) {
    let (mut highest, mut level);
    loop {
        let size = group.end - group.start;
        while text.up(group) {
            other.previous(partner);
        }
        highest = group.end;
        level = partner.end > partner.start;
        while text.down(group) {
            other.next(partner);
            level |= partner.end > partner.start;
        }
        if size == group.end - group.start {
            break;
        }
    }
    if group.end != highest && level {
        while partner.end == partner.start {
            if !text.up(group) || !other.previous(partner) {
                break;
            }
        }
    }
}
