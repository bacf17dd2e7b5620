//! Every integration test, in one binary: real repositories, real servers, the real command line.

mod config;
mod delta;
mod http;
mod rooms;
mod support;
