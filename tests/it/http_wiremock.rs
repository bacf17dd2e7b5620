//! The HTTP client against WireMock, a fault server that we did not write: each of its faults is told rightly.

use crate::support::wiremock::{Breaks, WireMock};
use relwf::http::{Client, Request};
use relwf::model::{Cancel, FailureKind, WriteError};
use serde_json::json;
use std::time::Duration;

const ALL: [Breaks; 4] = [Breaks::ConnectionReset, Breaks::EmptyResponse, Breaks::MalformedChunk, Breaks::RandomData];

#[test]
fn wiremocks_faults_are_classified_rightly() {
    let server = WireMock::start();
    let client = Client::new(Cancel::new());
    for (number, how) in ALL.into_iter().enumerate() {
        let (write, read, once) = (format!("/w{number}"), format!("/r{number}"), format!("/o{number}"));
        server.breaks(&write, how);
        match client.request(Request::new("POST", server.url(&write)).json(&json!({ "a": 1 }))) {
            Err(WriteError::Unknown(failure)) => assert_eq!(failure.kind, FailureKind::Network, "{how:?}"),
            other => panic!("{how:?}: {other:?}"),
        }
        assert_eq!(server.count(&write), 1, "{how:?}: a write is sent once");

        server.breaks(&read, how);
        match client.request(Request::new("GET", server.url(&read)).deadline(Duration::from_secs(5))) {
            Err(WriteError::NotSent(failure)) => assert_eq!(failure.kind, FailureKind::Network, "{how:?}"),
            other => panic!("{how:?}: {other:?}"),
        }
        assert!(server.count(&read) > 1, "{how:?}: a read is tried again");

        server.breaks_once(&once, how);
        let answer = client.request(Request::new("GET", server.url(&once))).unwrap();
        assert_eq!((answer.text().as_str(), server.count(&once)), ("ok", 2), "{how:?}");
    }

    server.stub("/slow", &json!({ "status": 201, "fixedDelayMilliseconds": 60_000 }));
    let slow = |method: &str| {
        client.request(Request::new(method, server.url("/slow")).deadline(Duration::from_secs(10))).unwrap_err()
    };
    assert!(matches!(slow("POST"), WriteError::Unknown(failure) if failure.kind == FailureKind::Timeout));
    assert!(matches!(slow("GET"), WriteError::NotSent(failure) if failure.kind == FailureKind::Timeout));

    let dribble = json!({ "status": 200, "body": "slow but whole", "chunkedDribbleDelay": { "numberOfChunks": 4, "totalDuration": 400 } });
    server.stub("/dribble", &dribble);
    assert_eq!(client.request(Request::new("GET", server.url("/dribble"))).unwrap().text(), "slow but whole");
    server.stub("/limited", &json!({ "status": 429, "headers": { "Retry-After": "7" } }));
    match client.request(Request::new("POST", server.url("/limited"))) {
        Err(WriteError::NotDone { after, .. }) => assert_eq!(after.unwrap().duration(), Duration::from_secs(7)),
        other => panic!("{other:?}"),
    }
}
