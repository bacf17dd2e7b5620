//! Maps by object id, and a cache of bounded size for what was read or found out of objects.

use crate::model::ObjectId;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

/// A map keyed by object id; ids are uniformly distributed, so their first bytes serve as the hash.
pub(super) type IdMap<V> = HashMap<ObjectId, V, BuildHasherDefault<IdHasher>>;

/// Takes the first eight bytes of an object id.
#[derive(Default)]
pub(super) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        let mut word = [0; 8];
        for (to, from) in word.iter_mut().zip(bytes) {
            *to = *from;
        }
        self.0 ^= u64::from_ne_bytes(word);
    }

    fn write_usize(&mut self, _length: usize) {}
}

/// What is known of objects. An id stands for the same bytes for ever, so nothing in it ages: it is emptied when it is full.
pub(super) struct Cache<T: ?Sized> {
    objects: RefCell<IdMap<Arc<T>>>,
    bytes: Cell<usize>,
    /// How many bytes it holds at most.
    limit: usize,
}

impl<T: ?Sized> Cache<T> {
    pub(super) fn new(limit: usize) -> Self {
        Self { objects: RefCell::default(), bytes: Cell::new(0), limit }
    }

    pub(super) fn get(&self, id: &ObjectId) -> Option<Arc<T>> {
        self.objects.borrow().get(id).cloned()
    }

    /// Keeps what takes `bytes` bytes, unless that is much of the whole.
    pub(super) fn put(&self, id: ObjectId, value: &Arc<T>, bytes: usize) {
        let size = bytes + 96;
        if size > self.limit / 4 {
            return;
        }
        let mut objects = self.objects.borrow_mut();
        if self.bytes.get() + size > self.limit {
            objects.clear();
            self.bytes.set(0);
        }
        self.bytes.set(self.bytes.get() + size);
        objects.insert(id, value.clone());
    }
}
