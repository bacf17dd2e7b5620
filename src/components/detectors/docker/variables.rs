//! Variables in the names of images: `$V`, `${V}`, `${V:-else}` and their kin, as Dockerfiles and compose files have them.

/// How deep `${a:-${b:-…}}` may be nested.
const DEPTH: usize = 16;
/// Longer than the name of any image: a variable may stand in itself twice, again and again.
const LONGEST: usize = 4096;

/// The text with its variables' values. `escape` takes the meaning from a `$` behind it.
///
/// # Errors
///
/// One of them is not known, or how it is used: the text with the values of the others, and this one as it is written.
pub(super) fn expand(text: &str, escape: char, value: &dyn Fn(&str) -> Option<String>) -> Result<String, String> {
    within(text, escape, value, DEPTH)
}

fn within(text: &str, escape: char, value: &dyn Fn(&str) -> Option<String>, depth: usize) -> Result<String, String> {
    let Some(deeper) = depth.checked_sub(1) else { return Err(text.to_owned()) };
    let mut whole = String::new();
    let mut known = true;
    let mut rest = text;
    while let Some(at) = rest.find(['$', escape]) {
        whole.push_str(&rest[..at]);
        let from = &rest[at..];
        let sign = from.chars().next().unwrap_or(escape);
        rest = &from[sign.len_utf8()..];
        if sign == escape && rest.starts_with(['$', escape]) {
            whole.extend(rest.chars().next());
            rest = &rest[1..];
        } else if sign == '$' {
            let (replaced, length) = match rest.strip_prefix('{') {
                Some(inner) => match closing(inner) {
                    Some(end) => (parameter(&inner[..end], escape, value, deeper), end + 3),
                    None => (None, from.len()),
                },
                None => {
                    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
                    (value(&rest[..end]), end + 1)
                }
            };
            known &= replaced.is_some();
            whole.push_str(replaced.as_deref().unwrap_or(&from[..length]));
            rest = &from[length..];
        } else {
            whole.push(sign);
        }
        if whole.len() > LONGEST {
            return Err(text.to_owned());
        }
    }
    whole.push_str(rest);
    if known && whole.len() <= LONGEST { Ok(whole) } else { Err(whole) }
}

/// Where the `}` of a `${` is; there may be others inside.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0;
    for (at, character) in text.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => return Some(at),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// What stands between the braces.
fn parameter(inner: &str, escape: char, value: &dyn Fn(&str) -> Option<String>, depth: usize) -> Option<String> {
    let (name, rest) =
        inner.split_at(inner.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(inner.len()));
    let known = value(name);
    // A colon makes an empty value count as none.
    let (known, operation) = match rest.strip_prefix(':') {
        Some(operation) => (known.filter(|value| !value.is_empty()), operation),
        None => (known, rest),
    };
    match (operation.chars().next(), known) {
        (None, known) => known,
        (Some('-'), None) | (Some('+'), Some(_)) => within(&operation[1..], escape, value, depth).ok(),
        (Some('-' | '?'), known) => known,
        (Some('+'), None) => Some(String::new()),
        _ => None,
    }
}
