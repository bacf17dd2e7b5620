//! The names of checks that mean something to relwf: those that its own `[ci]` command reports, one for each event. All other
//! names belong to other CIs.

use crate::model::CiEvent;

/// Does the command of `[ci]` report under that name? Nothing else does, so no other CI can answer for it.
pub fn is_own(context: &str) -> bool {
    CiEvent::of_own_check(context).is_some()
}

/// Can a check of that name be green before its commit lands? `relwf/push` is reported on what has landed: it judges the commit
/// as a candidate for the next environment, and cannot hold up its landing.
pub fn precedes_landing(context: &str) -> bool {
    CiEvent::of_own_check(context) != Some(CiEvent::Push)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_event_has_a_check_of_its_own_and_that_of_a_push_follows_the_landing() {
        let table = [
            ("relwf/pull_request", true, true),
            ("relwf/push", true, false),
            ("relwf/api", true, true),
            ("relwf/cron", true, true),
            ("relwf/other", false, true),
            ("continuous-integration/travis-ci/push", false, true),
            ("ci/pr", false, true),
        ];
        for (context, own, precedes) in table {
            assert_eq!((is_own(context), precedes_landing(context)), (own, precedes), "{context}");
        }
    }
}
