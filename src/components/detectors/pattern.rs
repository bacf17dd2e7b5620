//! A pattern in any text file.

use crate::components::Version;
use regex::Regex;

/// The first group of the first match, or the whole match of a pattern without groups; `None` when nothing matches.
pub fn detect(bytes: &[u8], pattern: &Regex) -> Option<Version> {
    let text = String::from_utf8_lossy(bytes);
    let captures = pattern.captures(&text)?;
    let found = captures.iter().skip(1).flatten().next().or_else(|| captures.get(0))?;
    Some(Version { version: Some(found.as_str().trim().to_owned()), ..Version::default() })
}
