//! The object database that merges work on.

/// A repository handle that several threads may share.
pub struct Objects;

impl Objects {
    /// Works on the repository; one caller at a time.
    pub(crate) fn with<T>(&self, _work: impl FnOnce(&git2::Repository) -> T) -> T {
        unimplemented!()
    }
}
