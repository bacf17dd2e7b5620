//! Waves and versions of the customers' agents, pure over the inventory and what was observed of it.
//!
//! Knows neither how a target is reached nor how it is updated.

mod version;
mod waves;

pub use version::{Reading, WantedVersion};
pub use waves::waves;
