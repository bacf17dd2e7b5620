//! Every integration test, in one binary: real repositories, real servers, the real command line.

mod config;
mod delta;
mod durable;
mod effects;
mod forge_local;
mod rooms;
mod support;
