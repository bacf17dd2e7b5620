//! `RELWF_LOG` and `-vv`: what libraries and rooms trace, for finding bugs. No secret that was read is in it.

use crate::model::redacted;
use std::io::{self, Write};
use tracing::{Level, Metadata};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, filter, fmt};

/// With `-vv`: every HTTP request, without its secrets.
const REQUESTS: &str = "off,relwf::http=debug";
/// Libraries that trace what goes over the wire, byte for byte and in pieces: nothing could be found in that.
const WIRES: [&str; 4] = ["ureq", "rustls", "hyper", "h2"];

/// Starts writing traces to stderr, when the filter is given, or `-v` at least twice. A filter that cannot be read is
/// ignored with a warning.
pub fn start(filter: Option<&str>, verbose: u8) {
    let by_flag = (verbose > 1).then_some(REQUESTS);
    let Some(filter) = filter.filter(|filter| !filter.is_empty()).or(by_flag) else { return };
    match EnvFilter::try_new(filter) {
        Ok(wanted) => {
            let plain = fmt::layer().with_writer(|| Redacting(io::stderr()));
            let allowed = filter::filter_fn(is_no_wire);
            // A second start in one process (tests) keeps the first one.
            let _ = if by_flag.is_some() {
                let short = plain.without_time().with_target(false).with_ansi(false);
                tracing_subscriber::registry().with(wanted).with(short.with_filter(allowed)).try_init()
            } else {
                tracing_subscriber::registry().with(wanted).with(plain.with_filter(allowed)).try_init()
            };
        }
        Err(error) => anstream::eprintln!("warning: RELWF_LOG is ignored: {error}"),
    }
}

fn is_no_wire(metadata: &Metadata<'_>) -> bool {
    // Records of the crate `log` have their library's name in a field alone until they are written.
    let of_wire = WIRES.iter().any(|wire| metadata.target().starts_with(wire)) || metadata.target() == "log";
    !of_wire || *metadata.level() != Level::TRACE
}

/// Writes each event, which comes as one piece, without secrets.
struct Redacting<W>(W);

impl<W: Write> Write for Redacting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write_all(redacted(&String::from_utf8_lossy(bytes)).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
