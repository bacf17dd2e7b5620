//! What tests share: repositories with fixed dates, servers, a private home.

pub mod bench;
pub mod cli;
pub mod git;
pub mod github;
pub mod http_server;
pub mod https;
pub mod servers;
pub mod signer;
pub mod travis;
pub mod wire;
pub mod wiremock;
