//! What tests share: repositories with fixed dates, servers, a private home.

pub mod server;
