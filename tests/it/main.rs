//! Every integration test, in one binary: real repositories, real servers, the real command line.

mod merge_cases;
mod merge_edges;
mod merge_random;
mod merge_support;
mod rooms;
mod support;
