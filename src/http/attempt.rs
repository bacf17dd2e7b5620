//! One attempt at a request: sent once, answered or not.
//!
//! It runs on a thread of its own, so that ctrl-C and the deadline hold even while a name is looked up. A thin layer around
//! ureq's transport notes the moment the first byte of the request is handed to the connection (below it are TLS handshake and
//! proxy, which do not count): before that moment nothing can have happened on the server, after it everything can.

use super::{Access, BODY_LIMIT, Request, Response};
use crate::model::{Cancel, Failure, FailureKind, HttpUrl};
use crate::network::{Proxy, Route, Routes};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use ureq::config::Config;
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, DefaultConnector, NextTimeout, Transport};
use ureq::{Agent, Error};

/// How long connecting may take; the rest of the deadline is for the answer.
const CONNECT: Duration = Duration::from_secs(20);
/// How often the cancel flag is looked at.
const LOOK: Duration = Duration::from_millis(50);
/// How rustls calls a server that shows a certificate which may sign others (`openssl req -x509` makes such).
const OWN_CA: &str = "CaUsedAsEndEntity";
/// How long after its deadline an attempt may still come to its end by itself.
const GRACE: Duration = Duration::from_millis(500);

/// Was anything of the request sent?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sent {
    /// Nothing at all.
    Nothing,
    /// Something, perhaps everything.
    Perhaps,
}

/// What an attempt came to.
#[derive(Debug)]
pub(super) enum AttemptOutcome {
    /// A whole answer.
    Answer(Response),
    /// The request makes no sense, or its answer is too large.
    Invalid(String),
    /// Proxy or certificates are configured wrongly.
    NoWay(Failure),
    /// No whole answer.
    Failed { kind: FailureKind, message: String, hint: Option<String>, sent: Sent },
}

/// What attempts share: the connector, which keeps the TLS configuration, and the routes to servers.
#[derive(Debug, Clone)]
pub(super) struct Connections {
    connector: Arc<OnceLock<DefaultConnector>>,
    routes: Arc<Routes>,
}

impl Connections {
    pub(super) fn by(routes: Routes) -> Self {
        Self { connector: Arc::default(), routes: Arc::new(routes) }
    }

    /// Sends the request and waits for the answer, its end or ctrl-C, whichever comes first.
    pub(super) fn run(&self, request: &Request, time: Duration, cancel: &Cancel) -> AttemptOutcome {
        let failed =
            |kind, message: &str, sent| AttemptOutcome::Failed { kind, message: message.to_owned(), hint: None, sent };
        if cancel.is_raised() {
            return failed(FailureKind::Interrupted, "interrupted", Sent::Nothing);
        }
        if time.is_zero() {
            return failed(FailureKind::Timeout, "no time is left for it", Sent::Nothing);
        }
        let Some(url) = HttpUrl::parse(&request.url) else {
            let http =
                ["https://", "http://"].iter().any(|scheme| request.url.to_ascii_lowercase().starts_with(scheme));
            let message =
                if http { "the URL is malformed" } else { "the URL does not start with `https://` or `http://`" };
            return AttemptOutcome::Invalid(message.to_owned());
        };
        let route = match self.routes.to(&url) {
            // A proxy's `localhost` is another machine.
            Ok(route) if url.is_loopback() => Route { proxy: None, ..route },
            Ok(route) => route,
            Err(failure) => return AttemptOutcome::NoWay(failure),
        };
        let config = match config(&route, time) {
            Ok(config) => config,
            Err(failure) => return AttemptOutcome::NoWay(failure),
        };
        let sent = Arc::new(AtomicBool::new(false));
        let connector = Noting { connector: Arc::clone(&self.connector), server: url.clone(), sent: Arc::clone(&sent) };
        let agent = Agent::with_parts(config, connector, DefaultResolver::default());
        let message = match message(request, &url) {
            Ok(message) => message,
            Err(error) => return AttemptOutcome::Invalid(format!("it is no request: {error}")),
        };

        let (answer, answered) = mpsc::sync_channel(1);
        let worker = agent.clone();
        let spawned = std::thread::Builder::new().name("http".to_owned()).spawn(move || {
            // The receiver is gone when the attempt was given up.
            let _ = answer.send(exchange(&worker, message));
        });
        if let Err(error) = spawned {
            return failed(FailureKind::Io, &format!("no thread can be started: {error}"), Sent::Nothing);
        }
        let until = Instant::now() + time + GRACE;
        let has_sent = || if sent.load(Ordering::SeqCst) { Sent::Perhaps } else { Sent::Nothing };
        let given_up = |kind, message: &str| {
            // In this order: what is sent after the look would be missed otherwise.
            agent.clone().shutdown();
            failed(kind, message, has_sent())
        };
        loop {
            match answered.recv_timeout(LOOK) {
                Ok(Ok(response)) => return AttemptOutcome::Answer(response),
                Ok(Err(error)) => return explained(&error, request.access, &url, &route, has_sent()),
                Err(RecvTimeoutError::Timeout) if cancel.is_raised() => {
                    return given_up(FailureKind::Interrupted, "interrupted");
                }
                Err(RecvTimeoutError::Timeout) if Instant::now() >= until => {
                    return given_up(FailureKind::Timeout, "no answer in time");
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    return failed(FailureKind::Bug, "the HTTP library gave no answer", has_sent());
                }
            }
        }
    }
}

fn config(route: &Route, time: Duration) -> Result<Config, Failure> {
    let roots = match route.trust.certificates()? {
        None => RootCerts::PlatformVerifier,
        Some(pem) => parse_pem(&pem)
            .filter_map(|item| match item {
                Ok(PemItem::Certificate(certificate)) => Some(certificate),
                _ => None,
            })
            .into(),
    };
    let proxy = route.proxy.as_ref().map(|proxy| ureq::Proxy::new(proxy.url())).transpose().map_err(|_| {
        let (source, shown) = route.proxy.as_ref().map_or(("", ""), |proxy| (&proxy.source, proxy.shown()));
        Failure::new(FailureKind::Config, format!("{source} names a proxy that cannot be used: {shown}"))
            .hint("write it as http://user:password@host:port, special characters as %40 and the like")
    })?;
    Ok(Config::builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .allow_non_standard_methods(true)
        .user_agent(concat!("relwf/", env!("CARGO_PKG_VERSION")))
        .timeout_global(Some(time))
        .timeout_connect(Some(time.min(CONNECT)))
        .max_idle_connections(0)
        .tls_config(TlsConfig::builder().root_certs(roots).build())
        .proxy(proxy)
        .build())
}

/// The request as ureq takes it.
fn message(request: &Request, url: &HttpUrl) -> Result<ureq::http::Request<Option<Vec<u8>>>, ureq::http::Error> {
    let mut message = ureq::http::Request::builder().method(request.method.as_str()).uri(url.expose());
    for (name, value) in &request.headers {
        let mut value = ureq::http::HeaderValue::from_str(value.expose())?;
        value.set_sensitive(true);
        message = message.header(name, value);
    }
    message.body(request.body.clone())
}

fn exchange(agent: &Agent, message: ureq::http::Request<Option<Vec<u8>>>) -> Result<Response, Error> {
    let (parts, body) = message.into_parts();
    let answer = match body {
        Some(body) => agent.run(ureq::http::Request::from_parts(parts, body)),
        None => agent.run(ureq::http::Request::from_parts(parts, ())),
    }?;
    let (parts, body) = answer.into_parts();
    let body = body.into_with_config().limit(BODY_LIMIT).read_to_vec()?;
    let text = |value: &ureq::http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = parts.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
    Ok(Response { status: parts.status.as_u16(), headers, body })
}

/// An error as relwf reports it; ureq's message may hold parts of the URL.
fn explained(error: &Error, access: Access, url: &HttpUrl, route: &Route, sent: Sent) -> AttemptOutcome {
    let way = route.proxy.as_ref().map(|proxy| format!("the proxy {} of {}", proxy.shown(), proxy.source));
    let by = way.as_ref().filter(|_| sent == Sent::Nothing).map(|way| format!(" (by {way})")).unwrap_or_default();
    let advice = route.proxy.as_ref().map(Proxy::advice).filter(|_| !by.is_empty());
    let failed = |kind, message: String| AttemptOutcome::Failed {
        kind,
        message: format!("{message}{by}"),
        hint: advice.clone(),
        sent,
    };
    let untrusted = |reason: String| {
        let hint = if reason.contains(OWN_CA) {
            Some("its server shows a CA's own certificate: give it one that this CA has signed".to_owned())
        } else {
            reason.contains("certificate").then(|| route.trust.advice(url.host()))
        };
        AttemptOutcome::Failed {
            kind: FailureKind::Network,
            message: format!("no TLS connection: {reason}"),
            hint,
            sent,
        }
    };
    match error {
        Error::BadUri(_) | Error::Http(_) => AttemptOutcome::Invalid("the URL or a header is malformed".to_owned()),
        Error::BodyExceedsLimit(limit) if access != Access::Write => {
            AttemptOutcome::Invalid(format!("the answer has more than {limit} bytes"))
        }
        Error::BodyExceedsLimit(limit) => {
            failed(FailureKind::Network, format!("the answer has more than {limit} bytes"))
        }
        Error::Timeout(_) => failed(FailureKind::Timeout, "no answer in time".to_owned()),
        Error::HostNotFound => failed(FailureKind::Network, "the host is not known".to_owned()),
        // rustls' own errors are wrapped in this one while the connection is made.
        Error::Io(error) if error.kind() == std::io::ErrorKind::InvalidData && sent == Sent::Nothing => {
            untrusted(error.to_string())
        }
        Error::Io(error) => failed(FailureKind::Network, format!("the connection failed: {error}")),
        Error::Rustls(error) => untrusted(error.to_string()),
        Error::Tls(reason) => untrusted((*reason).to_owned()),
        Error::Protocol(error) => failed(FailureKind::Network, format!("the answer is not HTTP: {error}")),
        Error::ConnectProxyFailed(reason) => AttemptOutcome::Failed {
            kind: FailureKind::Network,
            message: format!("{} refuses: {reason}", way.as_deref().unwrap_or("the proxy")),
            hint: route.proxy.as_ref().map(Proxy::advice),
            sent,
        },
        other => failed(FailureKind::Network, other.to_string()),
    }
}

/// Connects as ureq does, and notes when the request is sent to its server.
struct Noting {
    connector: Arc<OnceLock<DefaultConnector>>,
    server: HttpUrl,
    sent: Arc<AtomicBool>,
}

impl fmt::Debug for Noting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Noting")
    }
}

impl Connector<()> for Noting {
    type Out = NotingTransport;

    fn connect(&self, details: &ConnectionDetails<'_>, chained: Option<()>) -> Result<Option<Self::Out>, Error> {
        // ureq comes here for the connection to a proxy too: its CONNECT is not the request.
        let own = HttpUrl::parse(&details.uri.to_string()).is_some_and(|url| url.same_origin(&self.server));
        let connector = self.connector.get_or_init(DefaultConnector::default);
        let inner = connector.connect(details, chained)?;
        let sent = own.then(|| Arc::clone(&self.sent));
        Ok(inner.map(|inner| NotingTransport { inner, sent }))
    }
}

struct NotingTransport {
    inner: Box<dyn Transport>,
    sent: Option<Arc<AtomicBool>>,
}

impl fmt::Debug for NotingTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NotingTransport")
    }
}

impl Transport for NotingTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        if let Some(sent) = &self.sent {
            sent.store(true, Ordering::SeqCst);
        }
        self.inner.transmit_output(amount, timeout)
    }

    fn maybe_await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.inner.maybe_await_input(timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.inner.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}
