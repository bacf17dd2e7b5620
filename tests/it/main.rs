//! Every integration test, in one binary: real repositories, real servers, the real command line.

mod durable;
mod rooms;
mod support;
