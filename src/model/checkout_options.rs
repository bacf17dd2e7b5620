//! What a build's checkout has beside the files, branches and tags of the repository.

/// `checkout` of `[ci]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckoutOptions {
    /// Submodules with their files.
    pub submodules: bool,
    /// Files of Git LFS.
    pub lfs: bool,
}

impl Default for CheckoutOptions {
    fn default() -> Self {
        Self { submodules: true, lfs: false }
    }
}
