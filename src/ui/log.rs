//! `RELWF_LOG` and `-vv`: what libraries and rooms trace, for finding bugs.

use tracing_subscriber::EnvFilter;

/// With `-vv`: every HTTP request, without its secrets.
const REQUESTS: &str = "off,relwf::http=debug";

/// Starts writing traces to stderr, when the filter is given, or `-v` at least twice. A filter that cannot be read is
/// ignored with a warning.
pub fn start(filter: Option<&str>, verbose: u8) {
    let by_flag = (verbose > 1).then_some(REQUESTS);
    let Some(filter) = filter.filter(|filter| !filter.is_empty()).or(by_flag) else { return };
    match EnvFilter::try_new(filter) {
        Ok(filter) => {
            let plain = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
            // A second start in one process (tests) keeps the first one.
            let _ = if by_flag.is_some() {
                plain.without_time().with_target(false).with_ansi(false).try_init()
            } else {
                plain.try_init()
            };
        }
        Err(error) => anstream::eprintln!("warning: RELWF_LOG is ignored: {error}"),
    }
}
