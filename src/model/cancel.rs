//! ctrl-C as data: one flag that everything long-running looks at.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Shared between the signal handler and the workers. Clones see the same flag.
#[derive(Debug, Clone, Default)]
pub struct Cancel {
    raised: Arc<AtomicBool>,
    /// Raised with this one, too.
    wider: Option<Arc<Cancel>>,
}

impl Cancel {
    /// A flag that is not raised.
    pub fn new() -> Self {
        Self::default()
    }

    /// A flag for a part of the work: raising it stops only that, raising this one stops it as well.
    pub fn narrower(&self) -> Self {
        Self { raised: Arc::default(), wider: Some(Arc::new(self.clone())) }
    }

    /// Asks everybody to stop at the next safe point.
    pub fn raise(&self) {
        self.raised.store(true, Ordering::SeqCst);
    }

    /// Was it raised?
    pub fn is_raised(&self) -> bool {
        let wider = self.wider.as_ref().is_some_and(|wider| wider.is_raised());
        wider || self.raised.load(Ordering::SeqCst)
    }

    /// The flag itself, for a signal handler that can only set a flag.
    pub fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.raised)
    }
}
