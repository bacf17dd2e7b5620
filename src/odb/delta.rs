//! Deltas: an object told by its differences from another (`gitformat-pack`).

/// A delta's result gets at most this much memory before there are contents for it.
const LARGEST_START: usize = 16 << 20;

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

/// What a delta makes of its base; `None` where it is damaged.
pub(super) fn apply(base: &[u8], delta: &[u8]) -> Option<Vec<u8>> {
    let mut at = 0;
    if variable(delta, &mut at)? != base.len() {
        return None;
    }
    let size = variable(delta, &mut at)?;
    let mut out = Vec::with_capacity(size.min(LARGEST_START));
    while let Some(code) = delta.get(at).copied() {
        at += 1;
        if code & 0x80 != 0 {
            let mut number = |bits: u8| -> Option<usize> {
                let mut value = 0;
                for bit in (0..8).filter(|bit| bits & 1 << bit != 0) {
                    value |= usize::from(*delta.get(at)?) << (8 * (bit % 4));
                    at += 1;
                }
                Some(value)
            };
            let from = number(code & 0x0f)?;
            let length = match number(code & 0x70)? {
                0 => 0x10000,
                length => length,
            };
            out.extend_from_slice(base.get(from..from.checked_add(length)?)?);
        } else if code != 0 {
            out.extend_from_slice(delta.get(at..at + usize::from(code))?);
            at += usize::from(code);
        } else {
            return None;
        }
        if out.len() > size {
            return None;
        }
    }
    (out.len() == size).then_some(out)
}
