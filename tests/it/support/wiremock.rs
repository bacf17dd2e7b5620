//! WireMock, a fault server that we did not write, on Java.

use super::servers::{self, Server};
use super::wire::{self, Request};
use serde_json::{Value, json};
use std::net::SocketAddr;

/// Its words for breaking a connection.
#[derive(Debug, Clone, Copy)]
pub enum Breaks {
    /// RST.
    ConnectionReset,
    /// The connection is closed without a word.
    EmptyResponse,
    /// An OK header, then garbage as a chunk.
    MalformedChunk,
    /// Garbage, then the end.
    RandomData,
}

impl Breaks {
    fn word(self) -> &'static str {
        match self {
            Self::ConnectionReset => "CONNECTION_RESET_BY_PEER",
            Self::EmptyResponse => "EMPTY_RESPONSE",
            Self::MalformedChunk => "MALFORMED_RESPONSE_CHUNK",
            Self::RandomData => "RANDOM_DATA_THEN_CLOSE",
        }
    }
}

/// A running WireMock; it ends with the test.
pub struct WireMock {
    server: Server,
    _root: tempfile::TempDir,
}

impl WireMock {
    /// Starts it on a free port, without any stub.
    pub fn start() -> Self {
        let jars = servers::tools("node_modules/wiremock/build");
        let jar = std::fs::read_dir(&jars).unwrap().map(|entry| entry.unwrap().path());
        let jar =
            jar.into_iter().find(|path| path.extension().is_some_and(|end| end == "jar")).expect("WireMock's jar");
        let root = tempfile::tempdir().unwrap();
        let server = servers::run(&root.path().join("log"), |port| {
            let mut java = std::process::Command::new(servers::program("java", "default-jre-headless"));
            java.args(["-XX:TieredStopAtLevel=1", "-Xmx256m", "-jar"]).arg(&jar);
            java.args(["--bind-address", "127.0.0.1", "--disable-banner", "--root-dir"]);
            java.arg(root.path()).args(["--port", &port.to_string()]);
            java
        });
        Self { server, _root: root }
    }

    fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.server.port))
    }

    /// A URL of it.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address())
    }

    fn admin(&self, method: &str, path: &str, body: &Value) -> Value {
        let headers = vec![
            ("host".to_owned(), self.address().to_string()),
            ("content-type".to_owned(), "application/json".to_owned()),
        ];
        let target = format!("/__admin/{path}");
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let request = Request { method: method.to_owned(), target, headers, body };
        let answer = wire::call(self.address(), &request).unwrap();
        assert!(answer.status < 300, "{method} {path}: {}", String::from_utf8_lossy(&answer.body));
        serde_json::from_slice(&answer.body).unwrap_or_default()
    }

    /// Requests for this path are answered as WireMock's `response` says.
    pub fn stub(&self, path: &str, response: &Value) {
        let mapping = json!({ "request": { "method": "ANY", "urlPath": path }, "response": response });
        self.admin("POST", "mappings", &mapping);
    }

    /// Requests for this path break the connection.
    pub fn breaks(&self, path: &str, how: Breaks) {
        self.stub(path, &json!({ "fault": how.word() }));
    }

    /// The first request for this path breaks the connection, further ones are answered with 200 and `ok`.
    pub fn breaks_once(&self, path: &str, how: Breaks) {
        for (state, next, response) in [
            ("Started", "whole", json!({ "fault": how.word() })),
            ("whole", "whole", json!({ "status": 200, "body": "ok" })),
        ] {
            let mapping = json!({
                "scenarioName": path, "requiredScenarioState": state, "newScenarioState": next,
                "request": { "method": "ANY", "urlPath": path }, "response": response,
            });
            self.admin("POST", "mappings", &mapping);
        }
    }

    /// Everything else is passed on to another server.
    pub fn passes_on(&self, to: &str) {
        let response = json!({ "proxyBaseUrl": to });
        let mapping =
            json!({ "priority": 10, "request": { "method": "ANY", "urlPattern": ".*" }, "response": response });
        self.admin("POST", "mappings", &mapping);
    }

    /// The first request with this method for this path breaks the connection, further ones go their usual way.
    pub fn breaks_first(&self, method: &str, path: &str, how: Breaks) {
        let mapping = json!({
            "priority": 1, "scenarioName": format!("{method} {path}"), "requiredScenarioState": "Started",
            "newScenarioState": "broken", "request": { "method": method, "urlPath": path },
            "response": { "fault": how.word() },
        });
        self.admin("POST", "mappings", &mapping);
    }

    /// How many requests for this path there were.
    pub fn count(&self, path: &str) -> u64 {
        let body = json!({ "method": "ANY", "urlPath": path });
        self.admin("POST", "requests/count", &body)["count"].as_u64().unwrap()
    }
}
