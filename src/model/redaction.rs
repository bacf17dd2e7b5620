//! What must not be shown anywhere: every secret and token that this process has read, in every form in which it may come back.
//!
//! It is one store for the whole process: what one command reads, another may print. What is written for others (journal, terminal,
//! logs, texts on a forge) goes through [`redacted`]. It knows nothing of where secrets come from.

use super::secret::HIDDEN;
use super::{Failure, Value, percent_encoded};
use aho_corasick::{AhoCorasick, MatchKind};
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::{PoisonError, RwLock};

/// Shorter texts are words of every sentence, and parts of ids.
const SHORTEST: usize = 8;

static KNOWN: RwLock<Known> = RwLock::new(Known { forms: BTreeSet::new(), finder: None });

struct Known {
    forms: BTreeSet<String>,
    finder: Option<AhoCorasick>,
}

/// Hides a secret from here on, where it is long enough to be told from ordinary words.
pub fn keep_secret(secret: &str) {
    let mut found: Vec<String> = forms(secret);
    {
        let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
        found.retain(|form| !known.forms.contains(form));
    }
    if found.is_empty() {
        return;
    }
    let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    known.forms.extend(found);
    known.finder = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&known.forms).ok();
}

/// The text without any secret that was read.
pub fn redacted(text: &str) -> Cow<'_, str> {
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    let Some(finder) = known.finder.as_ref().filter(|finder| finder.is_match(text)) else { return Cow::Borrowed(text) };
    let mut out = String::with_capacity(text.len());
    finder.replace_all_with(text, &mut out, |_, _, out| {
        out.push_str(HIDDEN);
        true
    });
    Cow::Owned(out)
}

/// The same for data; keys too.
pub(crate) fn redacted_value(value: Value) -> Value {
    hidden_in(value, &|text| redacted(text).into_owned())
}

/// The same for a failure.
pub(crate) fn redacted_failure(failure: Failure) -> Failure {
    hidden_in_failure(failure, &|text| redacted(text).into_owned())
}

/// Data with every text in it as `hide` shows it; keys too.
pub(crate) fn hidden_in(value: Value, hide: &dyn Fn(&str) -> String) -> Value {
    match value {
        Value::String(text) => hide(&text).into(),
        Value::Array(items) => items.into_iter().map(|item| hidden_in(item, hide)).collect(),
        Value::Object(map) => {
            Value::Object(map.into_iter().map(|(key, value)| (hide(&key), hidden_in(value, hide))).collect())
        }
        other => other,
    }
}

/// The same for a failure.
pub(crate) fn hidden_in_failure(failure: Failure, hide: &dyn Fn(&str) -> String) -> Failure {
    Failure {
        kind: failure.kind,
        message: hide(&failure.message),
        after: failure.after,
        hint: failure.hint.map(|hint| hide(&hint)),
        at: failure.at,
        causes: failure.causes.iter().map(|cause| hide(cause)).collect(),
        detail: hidden_in(failure.detail, hide),
    }
}

/// A secret as it is, line by line, as JSON and URLs write it, and in Base64, wherever in a longer text it stands there.
fn forms(secret: &str) -> Vec<String> {
    let mut forms = BTreeSet::new();
    for part in std::iter::once(secret).chain(secret.lines()).map(str::trim).filter(|part| part.len() >= SHORTEST) {
        forms.insert(part.to_owned());
        forms.insert(Value::from(part).to_string().trim_matches('"').to_owned());
        forms.insert(percent_encoded(part));
        forms.insert(percent_encoded(part).replace("%20", "+"));
        for before in 0..3 {
            let bytes = [&vec![0; before][..], part.as_bytes()].concat();
            // Characters that hold bits of what stands beside it are not its own.
            let (first, own) = ((before * 8).div_ceil(6), bytes.len() * 8 / 6);
            for text in [BASE64_STANDARD_NO_PAD.encode(&bytes), BASE64_URL_SAFE_NO_PAD.encode(&bytes)] {
                forms.extend(text.get(first..own).filter(|own| own.len() >= SHORTEST).map(str::to_owned));
            }
        }
    }
    forms.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_secret_is_found_in_every_dress() {
        let secret = "pa\"ss w/ord:canary-1";
        keep_secret(&format!("{secret}\nsecond line of it"));
        let basic = BASE64_STANDARD_NO_PAD.encode(format!("user:{secret}"));
        for dress in [
            secret.to_owned(),
            "second line of it".to_owned(),
            Value::from(secret).to_string(),
            format!("https://host/?q={}", percent_encoded(secret)),
            basic,
        ] {
            let shown = redacted(&dress);
            assert!(shown.contains(HIDDEN), "{dress}: {shown}");
            assert!(!shown.contains("canary") && !shown.contains("second"), "{shown}");
        }
        assert_eq!(redacted("nothing of it"), "nothing of it");
        // What is short hides no words.
        keep_secret("of");
        assert_eq!(redacted("nothing of it"), "nothing of it");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn in_base64_it_is_found_wherever_it_stands(before in "[ -~]{0,7}", after in "[ -~]{0,7}", number in 10_000_u32..99_999) {
            let secret = format!("canary-token-{number}");
            keep_secret(&secret);
            let text = format!("{before}{secret}{after}");
            for encoded in [BASE64_STANDARD_NO_PAD.encode(&text), BASE64_URL_SAFE_NO_PAD.encode(&text)] {
                let shown = redacted(&encoded);
                prop_assert!(shown.contains(HIDDEN), "{encoded}: {shown}");
                // Nothing that is left gives more of it than a few characters at its ends.
                let hidden = encoded.len() + HIDDEN.len() - shown.len();
                prop_assert!(hidden * 6 / 8 + 3 >= secret.len());
            }
        }
    }
}
