//! The HTTP client against servers that misbehave: what may have happened is told rightly, and no secret is shown.

use crate::support::http_server::{Server, Turn};
use relwf::http::{Client, Request, Response};
use relwf::model::{Cancel, Failure, FailureKind, Secret, WriteError};
use std::net::TcpListener;
use std::time::{Duration, Instant};

/// Long enough for a request to arrive on the slowest machine; a server that hangs costs a test as much.
const PATIENCE: Duration = Duration::from_secs(8);

fn send(request: Request) -> Result<Response, WriteError> {
    Client::new(Cancel::new()).request(request)
}

fn post(server: &Server, path: &str) -> Request {
    Request::new("POST", server.url(path)).json(&serde_json::json!({ "a": 1 }))
}

fn get(server: &Server, path: &str) -> Request {
    Request::new("GET", server.url(path))
}

/// The class of an error and what it says.
fn class(result: Result<Response, WriteError>) -> (&'static str, Failure) {
    match result {
        Ok(response) => panic!("answered {}", response.status),
        Err(WriteError::Refused(failure)) => ("invalid", failure),
        Err(WriteError::NotSent(failure)) => ("not sent", failure),
        Err(WriteError::NotDone { failure, .. }) => ("not done", failure),
        Err(WriteError::Unknown(failure)) => ("unknown", failure),
    }
}

/// A URL where no server listens.
fn closed_port() -> String {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    format!("http://127.0.0.1:{port}/")
}

#[test]
fn a_request_goes_out_whole_and_its_answer_comes_back_whole() {
    let server = Server::start(vec![Turn::answer(201, &[("X-Thing", "yes")], "{\"id\":7}")]);
    let response = send(post(&server, "/things?a=b").header("Authorization", "token abc")).unwrap();
    assert_eq!((response.status, response.header("x-thing")), (201, Some("yes")));
    assert_eq!(response.json().unwrap()["id"], 7);
    let requests = server.requests();
    let [request] = requests.as_slice() else { panic!("{requests:?}") };
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let head = head.to_lowercase();
    assert!(head.starts_with("post /things?a=b http/1.1\r\n"), "{head}");
    for header in [
        "authorization: token abc",
        "content-type: application/json",
        concat!("user-agent: relwf/", env!("CARGO_PKG_VERSION")),
    ] {
        assert!(head.lines().any(|line| line == header), "{header} is not in {head}");
    }
    assert_eq!(body, "{\"a\":1}");
}

#[test]
fn statuses_are_answers() {
    for status in [304, 404, 409, 422, 500] {
        let server = Server::start(vec![Turn::answer(status, &[], "why")]);
        assert_eq!(send(post(&server, "/")).unwrap().status, status);
    }
}

#[test]
fn what_was_not_sent_did_not_happen() {
    let (class, failure) = class(send(Request::new("POST", closed_port())));
    assert_eq!((class, failure.kind), ("not sent", FailureKind::Network));
    assert!(failure.message.contains("refused"), "{}", failure.message);
}

#[test]
fn tls_is_spoken_before_anything_is_sent() {
    let server = Server::start(vec![Turn::Interrupt(b"this is not TLS\r\n\r\n".to_vec())]);
    let request = Request::new("POST", server.url("/").replace("http:", "https:"));
    let (class, failure) = class(send(request));
    assert_eq!((class, failure.kind), ("not sent", FailureKind::Network));
    assert!(failure.message.contains("TLS"), "{}", failure.message);
}

#[test]
fn a_write_that_was_sent_and_not_answered_may_have_happened() {
    let truncated = Turn::Say(b"HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{\"id\":".to_vec());
    let garbage = Turn::Say(b"nonsense\r\n\r\n".to_vec());
    for turn in [Turn::ReadThenClose, truncated, garbage] {
        let server = Server::start(vec![turn.clone()]);
        let (class, failure) = class(send(post(&server, "/")));
        assert_eq!((class, failure.kind), ("unknown", FailureKind::Network), "{turn:?}: {failure:?}");
        assert_eq!(server.requests().len(), 1, "a write is sent once");
    }
    let server = Server::start(vec![Turn::Hang]);
    let (class, failure) = class(send(post(&server, "/").deadline(PATIENCE)));
    assert_eq!((class, failure.kind), ("unknown", FailureKind::Timeout));
}

#[test]
fn reads_are_tried_again_until_they_are_answered() {
    let away = Turn::answer(502, &[], "");
    let server = Server::start(vec![Turn::ReadThenClose, away, Turn::Close, Turn::answer(200, &[], "ok")]);
    let response = send(get(&server, "/")).unwrap();
    assert_eq!((response.status, response.text()), (200, "ok".to_owned()));
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn reads_end_with_their_deadline_and_never_may_have_happened() {
    let server = Server::start(vec![Turn::Hang]);
    let (word, failure) = class(send(get(&server, "/").deadline(Duration::from_millis(300))));
    assert_eq!((word, failure.kind), ("not sent", FailureKind::Timeout));
    let server = Server::start(vec![Turn::ReadThenClose]);
    let (word, failure) = class(send(get(&server, "/").deadline(PATIENCE)));
    assert_eq!((word, failure.kind), ("not sent", FailureKind::Network));
    assert!(server.requests().len() > 1);
}

#[test]
fn a_server_that_says_come_later_did_nothing() {
    let later = Turn::answer(429, &[("Retry-After", "1")], "");
    let server = Server::start(vec![later.clone(), Turn::answer(200, &[], "ok")]);
    match send(post(&server, "/")) {
        Err(WriteError::NotDone { after, failure }) => {
            assert_eq!(after.map(|after| after.to_string()).as_deref(), Some("1s"));
            assert_eq!(failure.hint.as_deref(), Some("wait 1s and try again"));
        }
        other => panic!("{other:?}"),
    }
    let server = Server::start(vec![later, Turn::answer(200, &[], "ok")]);
    let began = Instant::now();
    assert_eq!(send(get(&server, "/")).unwrap().text(), "ok");
    assert!(began.elapsed() >= Duration::from_secs(1), "it did not wait as it was told");
    let server = Server::start(vec![Turn::answer(429, &[("Retry-After", "3600")], "")]);
    assert_eq!(class(send(get(&server, "/"))).0, "not done");
    assert_eq!(server.requests().len(), 1, "a wait beyond the deadline is left to the caller");
}

#[test]
fn redirects_take_no_secrets_to_another_host() {
    let target = Server::start(vec![Turn::answer(200, &[], "there")]);
    // Another port is another server.
    let server = Server::start(vec![Turn::answer(302, &[("Location", &target.url("/signed?x=1"))], "")]);
    let request = get(&server, "/")
        .header("Authorization", "Bearer s3cr3t")
        .header("Private-Token", "s3cr3t")
        .header("Accept", "a/b");
    assert_eq!(send(request).unwrap().text(), "there");
    let head = target.requests().remove(0).to_lowercase();
    assert!(head.starts_with("get /signed?x=1 ") && head.contains("accept: a/b"), "{head}");
    assert!(!head.contains("s3cr3t"), "{head}");

    let server = Server::start(vec![Turn::answer(301, &[("Location", "/new")], ""), Turn::answer(200, &[], "same")]);
    assert_eq!(send(get(&server, "/old").header("Authorization", "Bearer s3cr3t")).unwrap().text(), "same");
    assert!(server.requests()[1].starts_with("GET /new ") && server.requests()[1].contains("s3cr3t"));

    let server = Server::start(vec![Turn::answer(302, &[("Location", "/")], "")]);
    assert_eq!(class(send(get(&server, "/"))).0, "invalid");
    assert_eq!(server.requests().len(), 6);
}

#[test]
fn writes_follow_no_redirects() {
    for status in [301, 302, 303, 307, 308] {
        let server = Server::start(vec![Turn::answer(status, &[("Location", "/elsewhere")], "")]);
        assert_eq!(send(post(&server, "/")).unwrap().status, status);
        assert_eq!(server.requests().len(), 1);
    }
}

#[test]
fn answers_have_a_limit() {
    let endless = format!("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{}", "x".repeat(33 * 1024 * 1024));
    let server = Server::start(vec![Turn::Say(endless.into_bytes())]);
    let (word, failure) = class(send(get(&server, "/")));
    assert_eq!(word, "invalid");
    assert!(failure.message.ends_with("the answer has more than 33554432 bytes"), "{}", failure.message);
}

#[test]
fn errors_show_no_secrets() {
    let url = closed_port().replace("http://", "http://user:passw0rd@");
    let mut request =
        Request::new("POST", format!("{url}hooks/T0K3N?key=qu3ry")).header("Authorization", "token h3ad3r!!");
    request.secrets.push(Secret::new("T0K3N"));
    assert_eq!(format!("{request:?}"), request.shown());
    let (_, failure) = class(send(request));
    let told = format!("{failure:?}");
    for secret in ["passw0rd", "T0K3N", "qu3ry", "h3ad3r"] {
        assert!(!told.contains(secret), "{told}");
    }
    assert!(failure.message.contains("/hooks/<secret>: "), "{}", failure.message);

    // A webhook's whole address is the secret.
    let mut request = Request::new("POST", "htps://hooks.example/T0K3N");
    request.secrets.push(Secret::new(request.url.clone()));
    let (word, failure) = class(send(request));
    assert_eq!(
        (word, failure.message.as_str()),
        ("invalid", "POST <secret>: the URL does not start with `https://` or `http://`")
    );
}

#[test]
fn malformed_requests_have_different_errors() {
    for request in [
        Request::new("GET", "file:///etc/passwd"),
        Request::new("GET", "http://"),
        Request::new("GET", "http://x y/"),
        Request::new("G T", "http://127.0.0.1/"),
        Request::new("GET", "http://127.0.0.1/").header("a b", "c"),
        Request::new("GET", "http://127.0.0.1/").header("a", "b\r\nc: d"),
    ] {
        let shown = format!("{request:?}");
        let (word, failure) = class(send(request));
        assert_eq!((word, failure.kind), ("invalid", FailureKind::Arguments), "{shown}: {failure:?}");
    }
}

#[test]
fn interrupting_stops_at_once() {
    for (method, expected) in [("GET", "not sent"), ("POST", "unknown")] {
        let server = Server::start(vec![Turn::Hang]);
        let cancel = Cancel::new();
        let (word, failure) = std::thread::scope(|scope| {
            scope.spawn(|| {
                server.asked();
                cancel.raise();
            });
            class(Client::new(cancel.clone()).request(Request::new(method, server.url("/"))))
        });
        assert_eq!((word, failure.kind), (expected, FailureKind::Interrupted));
        let (word, failure) = class(Client::new(cancel).request(Request::new("POST", server.url("/"))));
        assert_eq!((word, failure.kind), ("not sent", FailureKind::Interrupted));
    }
}
