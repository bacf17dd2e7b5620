//! `RELWF_LOG`: what libraries and rooms trace, for whoever looks for a bug.

/// Starts writing traces to stderr, when the filter is given. A filter that cannot be read is said and ignored.
pub fn start(filter: Option<&str>) {
    let Some(filter) = filter.filter(|filter| !filter.is_empty()) else { return };
    match tracing_subscriber::EnvFilter::try_new(filter) {
        Ok(filter) => {
            // A second start in one process (tests) keeps the first one.
            let _ = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).try_init();
        }
        Err(error) => anstream::eprintln!("warning: RELWF_LOG is ignored: {error}"),
    }
}
