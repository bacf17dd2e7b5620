//! Scripts: what `relwf check` says of them, and how they run.

mod bundled;
mod check;
mod detector;
mod evaluate;
mod failures;
mod fields;
mod header;
mod host;
mod live;
mod mistakes;
