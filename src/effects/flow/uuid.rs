//! `flow::uuid`: a random id.

use crate::effects::typed_host_fn::{NoArgs, TypedHostFn, positional, read};
use crate::model::hex;
use crate::run::{CommandKind, Performing};
use sha2::{Digest, Sha256};
use std::hash::{BuildHasher, RandomState};

pub(super) static UUID: TypedHostFn<NoArgs, String> = positional(
    CommandKind::Read,
    "flow::uuid",
    "A random id (UUID version 4), the same again when the run is resumed.",
    |_, NoArgs {}| Ok(read(|cx| Ok(uuid(cx)))),
);

/// A version 4 UUID out of the system's randomness (which seeds every `RandomState`) and the command's own place.
fn uuid(cx: &Performing<'_>) -> String {
    let mut hash = Sha256::new().chain_update(cx.run.as_str()).chain_update(cx.key.to_string());
    for _ in 0..2 {
        hash.update(RandomState::new().hash_one(cx.now.as_nanosecond()).to_le_bytes());
    }
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(hash.finalize()).for_each(|(byte, random)| *byte = random);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let text: String = hex(&bytes);
    [&text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]].join("-")
}
