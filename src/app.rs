//! Composition: builds adapters and drivers for a verb.
