//! What tests share: repositories with fixed dates, servers, a private home.

pub mod bench;
pub mod chance;
pub mod cli;
pub mod component;
pub mod forgejo;
pub mod git;
pub mod github;
pub mod gitlab;
pub mod hosted;
pub mod http_server;
pub mod https;
pub mod pages;
pub mod prism;
pub mod servers;
pub mod signer;
pub mod travis;
pub mod wire;
pub mod wiremock;
