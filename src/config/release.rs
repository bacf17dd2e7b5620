//! `[release]`: how releases are tagged, and the branch whose landings they are.

use super::keys::release as keys;
use super::{Environment, ReleaseConfig, TagPattern};
use crate::document::{Table, suggestion};
use crate::model::BranchName;

pub(super) fn read(mut table: Table<'_, '_>, environments: &[Environment]) -> Option<ReleaseConfig> {
    let tag = table.text(keys::TAG).and_then(|text| {
        let wrong =
            |error: super::tag_pattern::PatternError| table.source.wrong(text.at, error.message, error.hint.to_owned());
        TagPattern::parse(text.text).map_err(wrong).ok()
    });
    let branch = branch(&mut table, environments);
    table.finish();
    Some(ReleaseConfig { tag: tag?, branch: branch? })
}

/// One that is an environment's, where there are any: of another nothing would ever be tagged.
fn branch(table: &mut Table<'_, '_>, environments: &[Environment]) -> Option<BranchName> {
    let last = environments.last().map(|environment| environment.branch.clone());
    let Some(place) = table.value(keys::BRANCH).map(|value| value.at) else {
        if last.is_none() {
            let hint = "add `branch = \"production\"`, or an [[environment]]".to_owned();
            table.wrong("there is no environment whose landings could be releases", hint);
        }
        return last;
    };
    let branch = table.parsed(keys::BRANCH)?;
    let known: Vec<&str> = environments.iter().map(|environment| environment.branch.as_str()).collect();
    if known.is_empty() || known.contains(&branch.as_str()) {
        return Some(branch);
    }
    let hint = suggestion(branch.as_str(), &known, "the environments have");
    table.source.wrong(place, format!("`{branch}` is the branch of no environment"), hint);
    None
}
