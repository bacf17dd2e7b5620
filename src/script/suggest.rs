//! Hints for a misspelt name: the nearest known one, or all.

pub(super) use crate::model::nearest;

/// A hint: the nearest name, or all names when none is near.
pub(super) fn hint<'a>(name: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> Option<String> {
    if let Some(near) = nearest(name, known.clone()) {
        return Some(format!("did you mean `{near}`?"));
    }
    let all: Vec<_> = known.into_iter().map(|name| format!("`{name}`")).collect();
    (!all.is_empty()).then(|| format!("known are {}", all.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_no_name_is_near_all_are_named() {
        let known = ["merge", "push", "sync"];
        assert_eq!(hint("mrege", known).as_deref(), Some("did you mean `merge`?"));
        assert_eq!(hint("deploy", known).as_deref(), Some("known are `merge`, `push`, `sync`"));
    }
}
