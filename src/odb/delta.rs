//! Applies pack deltas (`gitformat-pack`).

use std::sync::Arc;

/// A number in a delta's header: seven bits a byte, least first.
pub(super) fn variable(data: &[u8], at: &mut usize) -> Option<usize> {
    let mut value = 0_usize;
    let mut shift = 0;
    loop {
        let byte = *data.get(*at)?;
        *at += 1;
        value |= usize::from(byte & 0x7f).checked_shl(shift)?;
        shift += 7;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
}

/// What is left of a delta's steps, each of which gives some bytes: of the base, or of its own.
#[derive(Clone)]
struct Steps<'d> {
    base: &'d [u8],
    delta: &'d [u8],
}

impl<'d> Steps<'d> {
    fn take(&mut self, length: usize) -> Option<&'d [u8]> {
        let (taken, rest) = self.delta.split_at_checked(length)?;
        self.delta = rest;
        Some(taken)
    }

    /// A number of which only the bytes are there whose bits are set.
    fn number(&mut self, bits: u8) -> Option<usize> {
        let mut value = 0;
        for bit in (0..4).filter(|bit| bits & 1 << bit != 0) {
            value |= usize::from(self.take(1)?[0]) << (8 * bit);
        }
        Some(value)
    }

    fn step(&mut self) -> Option<&'d [u8]> {
        match self.take(1)?[0] {
            0 => None,
            code @ 0x80.. => {
                let from = self.number(code & 0x0f)?;
                let length = self.number(code >> 4 & 7)?;
                let length = if length == 0 { 0x10000 } else { length };
                self.base.get(from..from.checked_add(length)?)
            }
            length => self.take(usize::from(length)),
        }
    }
}

/// The bytes of a step; within, `None` where it is damaged.
impl<'d> Iterator for Steps<'d> {
    type Item = Option<&'d [u8]>;

    fn next(&mut self) -> Option<Self::Item> {
        (!self.delta.is_empty()).then(|| self.step())
    }
}

/// What a delta makes of its base; `None` where it is damaged.
pub(super) fn apply(base: &[u8], delta: &[u8]) -> Option<Arc<[u8]>> {
    let mut at = 0;
    if variable(delta, &mut at)? != base.len() {
        return None;
    }
    let size = variable(delta, &mut at)?;
    let steps = Steps { base, delta: delta.get(at..)? };
    // A size that is not that of the steps is damage, not a reason to take memory.
    if steps.clone().try_fold(0_usize, |sum, bytes| sum.checked_add(bytes?.len()))? != size {
        return None;
    }
    let mut made = zeroed(size);
    let mut rest = Arc::get_mut(&mut made)?;
    for bytes in steps {
        let bytes = bytes?;
        let (to, after) = rest.split_at_mut_checked(bytes.len())?;
        to.copy_from_slice(bytes);
        rest = after;
    }
    Some(made)
}

/// Room for an object.
pub(super) fn zeroed(size: usize) -> Arc<[u8]> {
    std::iter::repeat_n(0, size).collect()
}
