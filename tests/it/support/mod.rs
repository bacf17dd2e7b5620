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
pub mod manifests;
pub mod pages;
pub mod prism;
pub mod sample;
pub mod servers;
pub mod signer;
pub mod terminal;
pub mod travis;
pub mod wire;
pub mod wiremock;

/// How many random cases a test tries: this many for each unit of `RELWF_TEST_SIZE`, which is 1 where it is not set.
pub fn sized(cases: u32) -> u32 {
    let size =
        std::env::var("RELWF_TEST_SIZE").map_or(1, |size| size.parse().expect("RELWF_TEST_SIZE is a whole number"));
    cases * size
}
