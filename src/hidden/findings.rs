//! What is hidden, in sentences: what a person should decide, and what to type for either answer. Only ways that were tried
//! are shown.

use super::queries::Queries;
use super::reverted::named;
use super::ways::{Ways, distinct, missing as missing_ids, typed};
use super::{Error, Hidden, Presence, RevertedBy, SourceRole, TargetOnly};
use crate::git::{ListedCommit, LogRange};
use crate::merge::UnrunDriver;
use crate::model::CommitId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How many commits are named; the rest is counted.
const NAMED: usize = 3;

/// Among how many earlier releases the files of a rollback are looked for.
const EARLIER: usize = 200;

/// What git names the remote in the clone that an operator types in, unless they named it otherwise: relwf knows its address only.
/// A hint fetches first and begins at its branch: a fresh clone has none of its own, an old one has it as it was.
const REMOTE: &str = "origin";

/// The names of the two sides of a merge.
#[derive(Debug, Clone, Copy)]
pub struct BranchNames<'a> {
    /// The branch that is merged, where it is known.
    pub source: Option<&'a str>,
    /// The branch that it is merged into.
    pub target: &'a str,
}

/// What kind of thing is hidden: the word that scripts branch on and people accept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HiddenKind {
    /// The result lacks commits of the source.
    Reverted,
    /// The result lacks commits of the target.
    Removed,
    /// The source lacks commits of the target.
    Missing,
    /// A promotion was squashed.
    Squashed,
    /// A merge driver of the user's own was to merge files, and was not run.
    Driver,
}

/// Something that a person should decide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HiddenFinding {
    pub kind: HiddenKind,
    /// What it is, one sentence without a full stop.
    pub message: String,
    /// What to type, for either answer.
    pub hint: String,
}

/// What a person should decide.
pub(super) fn of(hidden: &Hidden, ways: &Ways<'_, '_>) -> Result<Vec<HiddenFinding>, Error> {
    let found = [reverted(hidden, ways)?, removed(hidden, ways)?, missing(hidden, ways)?, squashed(hidden, ways)?];
    Ok(found.into_iter().flatten().collect())
}

/// What was applied: it decides how a driver's user gets its result in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MergedAs {
    /// One branch into another.
    Branch,
    /// The change of a single commit, or its reverse.
    Commit,
}

/// Files that were merged as text where the attributes name a program for it.
pub(crate) fn of_drivers(drivers: &[UnrunDriver], merged: MergedAs) -> Option<HiddenFinding> {
    let first = drivers.first()?;
    let mut names: Vec<&str> = drivers.iter().map(|unrun| unrun.driver.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let paths: Vec<String> = drivers.iter().take(NAMED).map(|unrun| format!("`{}`", unrun.path)).collect();
    let more = if drivers.len() > NAMED { format!(" and {} more", drivers.len() - NAMED) } else { String::new() };
    let message = format!(
        "{}{more}, which both sides changed, would be merged by the {} `{}` of .gitattributes; relwf and forges run none, and merge \
         them as text",
        paths.join(", "),
        if names.len() == 1 { "merge driver" } else { "merge drivers" },
        names.join("`, `"),
    );
    let way = match merged {
        MergedAs::Branch => {
            "merge the target into a branch of the source, push that branch and propose it, then promote"
        }
        MergedAs::Commit => "apply the change on a branch of the target, push that branch and propose it",
    };
    let hint = format!(
        "to merge with it: in a clone that has `merge.{}.driver`, {way}; to go on with what text gives: `--param accept=driver`",
        first.driver
    );
    Some(HiddenFinding { kind: HiddenKind::Driver, message, hint })
}

/// It could not be found out.
pub(super) fn unknown(why: &str, names: &BranchNames<'_>) -> Vec<HiddenFinding> {
    let (source, target) = (source(names), names.target);
    vec![HiddenFinding {
        kind: HiddenKind::Missing,
        message: format!("it is unknown whether {target} has commits that {source} lacks: {why}"),
        hint: "look at both branches yourself; to promote all the same: `--param accept=missing`".to_owned(),
    }]
}

fn reverted(hidden: &Hidden, ways: &Ways<'_, '_>) -> Result<Option<HiddenFinding>, Error> {
    let rows = &hidden.reverted;
    // What was taken back where the work is done need not come again from an environment.
    let Some(first) = rows.first().filter(|_| ways.merging.place.role != SourceRole::Later) else { return Ok(None) };
    let (names, target) = (&ways.merging.names, ways.merging.names.target);
    let takers = distinct(rows.iter().map(|row| row.reverted_by.commit));
    let message = format!(
        "{} of {} will be missing from the result: {} {} on {target}: {} (by {}{})",
        commits(rows.len()),
        source(names),
        if rows.len() == 1 { "it was" } else { "they were" },
        taken(ways.queries, &first.reverted_by)?,
        listed(rows.iter().map(|row| &row.row)),
        quoted(first.reverted_by.commit, &first.reverted_by.summary)
            + &reason(&ways.queries.mirror.commit(first.reverted_by.commit)?.message),
        if takers.len() > 1 { " and others" } else { "" },
    );
    let branch = branch(names);
    let again = format!("`relwf run reland --param from={branch} --param to={target}`");
    let nothing_new = ways.merging.bases == [ways.merging.theirs];
    let hint = match (ways.reland()?, nothing_new) {
        (true, false) => format!(
            "to ship it with all that {branch} has since, in one landing: {again}; to promote without it: \
             `--param accept=reverted`"
        ),
        (true, true) => {
            let reverts: Vec<String> = takers
                .iter()
                .map(|by| format!("`relwf run revert-release --param commit={by} --param branch={target}`"))
                .collect();
            format!(
                "to bring it back with its fix: bring the fix to {branch}, then {again}; to bring it back as it was: {}",
                reverts.join(", then ")
            )
        }
        (false, _) => format!(
            "{}; to promote without it: `--param accept=reverted`",
            no_way(
                format_args!("brings all of it back to {target}"),
                format_args!("revert the revert and merge {branch} on a branch of {target}"),
                target
            )
        ),
    };
    let hint = match change_that_may_stay(ways, &takers)? {
        Some(stays) => format!(
            "where {} is meant to stay, bring it to {branch}: {}; {hint}",
            stays.short(),
            pick_command(&[stays], branch)
        ),
        None => hint,
    };
    Ok(Some(HiddenFinding { kind: HiddenKind::Reverted, message, hint }))
}

/// The commit that took it back, where it is neither called a revert nor a rollback: it may be a fix of the target's own that deletes
/// something, and then the source needs it too. Only where it fits there.
fn change_that_may_stay(ways: &Ways<'_, '_>, takers: &[CommitId]) -> Result<Option<CommitId>, Error> {
    let &[only] = takers else { return Ok(None) };
    let commit = ways.queries.mirror.commit(only)?;
    let is_plain = commit.parents.len() == 1 && named(&commit.message).is_empty();
    let by = RevertedBy::from(&commit);
    Ok((is_plain && taken(ways.queries, &by)? == "reverted" && ways.fits_on_source(only)?).then_some(only))
}

fn removed(hidden: &Hidden, ways: &Ways<'_, '_>) -> Result<Option<HiddenFinding>, Error> {
    let rows = &hidden.removed;
    let Some(first) = rows.first() else { return Ok(None) };
    let (names, target) = (&ways.merging.names, ways.merging.names.target);
    let (source, branch) = (source(names), branch(names));
    let takers = distinct(rows.iter().map(|row| row.removed_by.commit));
    let message = format!(
        "the merge takes {} off {target}: {} {} on {source}: {} (by {}{})",
        commits(rows.len()),
        if rows.len() == 1 { "it was" } else { "they were" },
        taken(ways.queries, &first.removed_by)?,
        listed(rows.iter().map(|row| &row.row)),
        quoted(first.removed_by.commit, &first.removed_by.summary),
        if takers.len() > 1 { " and others" } else { "" },
    );
    let mut reverts = false;
    for by in &takers {
        reverts |= ways.queries.mirror.commit(*by)?.parents.len() < 2;
    }
    let way = if reverts {
        match ways.picks_on_target()?.as_deref() {
            Some([]) => Some(format!("{target} has everything else of {source}: nothing needs to be merged")),
            Some(needed) => {
                Some(format!("to bring {target} only what it lacks otherwise: {}", pick_command(needed, target)))
            }
            None => None,
        }
    } else {
        let lost: Vec<CommitId> = rows.iter().rev().map(|row| row.row.commit).collect();
        (typed(&lost) && ways.picks_on_source(&lost)?)
            .then(|| format!("to keep {}: {}, then promote", it(rows.len()), pick_command(&lost, branch)))
    };
    let way = way.unwrap_or_else(|| {
        no_way(
            format_args!("keeps all of it"),
            format_args!("merge {branch} and bring it back on a branch of {target}"),
            target,
        )
    });
    let hint = format!("{way}; to let it go: `--param accept=removed`");
    Ok(Some(HiddenFinding { kind: HiddenKind::Removed, message, hint }))
}

fn missing(hidden: &Hidden, ways: &Ways<'_, '_>) -> Result<Option<HiddenFinding>, Error> {
    let names = &ways.merging.names;
    let (source, target, branch) = (source(names), names.target, branch(names));
    let rows: Vec<&TargetOnly> = hidden.target_only.iter().filter(|row| row.state == Presence::Missing).collect();
    if rows.is_empty() {
        return Ok(None);
    }
    let mut ids: Vec<CommitId> = missing_ids(hidden).collect();
    ids.reverse();
    let it = it(rows.len());
    let way = if ways.back_merge() {
        let on = ways.back_merge_goes_on()?.map(|before| format!(" --param on={before}")).unwrap_or_default();
        format!(
            "to bring {it} to {source}: `relwf run back-merge --param from={target} --param to={branch}{on}`, then promote"
        )
    } else if typed(&ids) && ways.picks_on_source(&ids)? {
        format!("to bring {it} to {source}: {}, then promote", pick_command(&ids, branch))
    } else {
        no_way(
            format_args!("brings {it} to {source}"),
            format_args!("make the same change on a branch of {branch}"),
            branch,
        )
    };
    Ok(Some(HiddenFinding {
        kind: HiddenKind::Missing,
        message: format!(
            "{target} has {} that {source} lacks: {}",
            commits(rows.len()),
            listed(rows.iter().map(|row| &row.row))
        ),
        hint: format!("{way}; to promote without that: `--param accept=missing`"),
    }))
}

fn squashed(hidden: &Hidden, ways: &Ways<'_, '_>) -> Result<Option<HiddenFinding>, Error> {
    let Some(first) = hidden.squashed.first() else { return Ok(None) };
    let names = &ways.merging.names;
    let (source, target) = (source(names), names.target);
    if let Some(by) = &first.reverted_by {
        let message = format!(
            "{} promoted {} to {target} as one commit and was taken back there (by {}): this merge brings it back, because the history \
             does not tell that {target} ever had {}",
            quoted(first.row.commit, &first.row.summary),
            first.of.short(),
            quoted(by.commit, &by.summary),
            match first.count {
                1 => "that commit".to_owned(),
                count => format!("those {count} commits"),
            }
        );
        let hint = format!(
            "to bring it back, with all that {source} has since: `--param accept=squashed`; to keep it out, revert its commits on {source} \
             first"
        );
        return Ok(Some(HiddenFinding { kind: HiddenKind::Squashed, message, hint }));
    }
    let message = format!(
        "the last promotion to {target} was squashed: {} has the files of {} but not its history, so {} of {source} that \
         {target} has already count as new and can conflict with themselves",
        quoted(first.row.commit, &first.row.summary),
        first.of.short(),
        commits(usize::try_from(first.count).unwrap_or(usize::MAX)),
    );
    let hint = if ways.promote(first)? {
        "promoting joins the histories and loses nothing: `--param accept=squashed`".to_owned()
    } else if ways.join(first)? {
        format!(
            "to join the histories without changing a file: `git fetch && git switch -c join {REMOTE}/{target} && git merge \
             -s ours {}`, push that branch, propose it for {target}, and land it there with a merge commit; to promote as it is: \
             `--param accept=squashed`",
            first.of,
        )
    } else {
        format!(
            "{}; to promote as it is: `--param accept=squashed`",
            no_way(
                format_args!("joins the histories and loses nothing"),
                format_args!("merge {} on a branch of {target}", first.of.short()),
                target
            )
        )
    };
    Ok(Some(HiddenFinding { kind: HiddenKind::Squashed, message, hint }))
}

/// Nothing that relwf tried works.
fn no_way(what: std::fmt::Arguments<'_>, by_hand: std::fmt::Arguments<'_>, onto: &str) -> String {
    format!("relwf found no way that {what}: {by_hand}, look at what it has, and propose it for {onto}")
}

/// Commits brought to a branch, tested and landed there as a fix is.
fn pick_command(commits: &[CommitId], onto: &str) -> String {
    let ids: Vec<String> = commits.iter().map(|id| id.short()).collect();
    format!("`relwf run hotfix --param commits={} --param to={onto} --param back={onto}`", ids.join(","))
}

/// What a commit did to others.
fn taken(queries: &Queries<'_>, by: &RevertedBy) -> Result<&'static str, Error> {
    let commit = queries.mirror.commit(by.commit)?;
    if commit.parents.len() > 1 {
        return Ok("dropped by a merge");
    }
    let earlier = LogRange { from: by.commit, not: Vec::new(), first_parent: true, limit: Some(EARLIER) };
    let is_rollback = named(&commit.message).is_empty()
        && queries.log(&earlier)?.iter().skip(2).any(|release| release.tree == commit.tree);
    Ok(if is_rollback { "rolled back" } else { "reverted" })
}

/// Longer reasons are cut.
const REASON: usize = 200;

/// `: WHY`, where a revert or a rollback says that: the first paragraph of its message that git or relwf did not write.
fn reason(message: &str) -> String {
    let written = ["This reverts commit ", "The files are those of ", "Relwf-", "- "];
    let paragraphs = message.split("\n\n").skip(1).map(str::trim);
    let said = paragraphs.filter(|text| !text.is_empty()).find(|text| !written.iter().any(|own| text.starts_with(own)));
    let Some(said) = said.filter(|text| !text.lines().all(is_trailer)) else { return String::new() };
    let line: String = said.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(REASON) {
        Some((end, _)) => format!(": {}\u{2026}", &line[..end]),
        None => format!(": {line}"),
    }
}

/// `Signed-off-by: Ada`.
fn is_trailer(line: &str) -> bool {
    line.split_once(": ")
        .is_some_and(|(name, _)| name.contains('-') && name.chars().all(|c| c.is_ascii_alphabetic() || c == '-'))
}

fn it(count: usize) -> &'static str {
    if count == 1 { "it" } else { "them" }
}

/// The source as it is typed.
fn branch<'a>(names: &BranchNames<'a>) -> &'a str {
    names.source.unwrap_or("BRANCH")
}

fn source<'a>(names: &BranchNames<'a>) -> &'a str {
    names.source.unwrap_or("the source")
}

fn commits(count: usize) -> String {
    if count == 1 { "1 commit".to_owned() } else { format!("{count} commits") }
}

fn quoted(commit: CommitId, summary: &str) -> String {
    format!("{} \u{201c}{summary}\u{201d}", commit.short())
}

/// The first few, and how many more.
fn listed<'r>(rows: impl ExactSizeIterator<Item = &'r ListedCommit>) -> String {
    let more = rows.len().saturating_sub(NAMED);
    let named: Vec<String> = rows.take(NAMED).map(|row| quoted(row.commit, &row.summary)).collect();
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    named.join(", ") + &rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn why_something_was_taken_back_is_what_a_person_wrote() {
        for (message, said) in [
            (
                "Roll production back to 1a2b\n\nlogin is\ndown\n\nThe files are those of \"x\".\n\n- a b\n\nRelwf-Restores: 1",
                ": login is down",
            ),
            ("Roll production back to 1a2b\n\nThe files are those of \"x\".\n\n- a b\n\nRelwf-Run: 1", ""),
            ("Revert \"x\"\n\nThis reverts commit 1a2b.\n\ntoo slow", ": too slow"),
            ("Revert \"x\"\n\nThis reverts commit 1a2b.\n\nSigned-off-by: Ada <a@b>", ""),
            ("Revert \"x\"", ""),
        ] {
            assert_eq!(reason(message), said, "{message}");
        }
    }
}
