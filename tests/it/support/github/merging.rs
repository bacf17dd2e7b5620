//! The merge button: when it may be pressed, and what it really does in git.

use super::answers::{Ask, refused};
use super::state::{Change, Merged, Repository, now};
use crate::support::wire::Answer;
use serde_json::json;

pub fn is_merged(repo: &Repository, number: u64) -> Answer {
    match repo.changes.get(&number) {
        Some(change) if change.merged.is_some() => Answer::new(204),
        _ => refused(404, "Not Found"),
    }
}

pub fn merge(repo: &mut Repository, ask: &Ask<'_>, number: u64) -> Answer {
    let Some(change) = repo.changes.get(&number).cloned() else { return refused(404, "Not Found") };
    let method = ask.text("merge_method").unwrap_or("merge");
    let sha = ask.text("sha");
    if sha.is_some_and(|sha| sha.len() != 40 || !sha.bytes().all(|byte| byte.is_ascii_hexdigit())) {
        return refused(422, "sha must be a full 40 character SHA");
    }
    if !change.open || change.draft {
        return refused(405, "Pull Request is not mergeable");
    }
    if sha.is_some_and(|sha| sha != change.head_commit) {
        return refused(409, "Head branch was modified. Review and try the merge again.");
    }
    if let Some(no) = forbidden(repo, &change, method) {
        return no;
    }
    let Some(base) = repo.git.branch(&change.base) else { return refused(404, "Not Found") };
    let default = match method {
        "merge" => format!("Merge pull request #{number} from {}/{}", repo.owner, change.head),
        _ => format!("{} (#{number})", change.title),
    };
    let title = ask.text("commit_title").unwrap_or(&default);
    let message = ask.text("commit_message").unwrap_or(if method == "merge" { &change.title } else { "" });
    let message = format!("{title}\n\n{message}");
    let Some(new) = landed(repo, &change, &base, method, message.trim_end()) else {
        return refused(405, "Pull Request is not mergeable");
    };
    if !repo.git.move_ref(&format!("refs/heads/{}", change.base), &base, &new) {
        return refused(405, "Base branch was modified. Review and try the merge again.");
    }
    if let Some(change) = repo.changes.get_mut(&number) {
        change.open = false;
        change.closed = Some(now());
        change.base_commit = base;
        change.merged = Some(Merged { commit: new.clone(), by: ask.person.login.clone(), at: now() });
    }
    Answer::json(200, &json!({ "sha": new, "merged": true, "message": "Pull Request successfully merged" }))
}

/// Why the repository does not let it be merged in this way, if it does not.
fn forbidden(repo: &Repository, change: &Change, method: &str) -> Option<Answer> {
    let word = match method {
        "squash" => "Squash merges are",
        "rebase" => "Rebase merges are",
        _ => "Merge commits are",
    };
    if !repo.allow.contains(&method) {
        return Some(refused(405, &format!("{word} not allowed on this repository.")));
    }
    let protection = repo.protections.get(&change.base)?;
    if protection.locked {
        return Some(refused(405, "Repository rule violations found\n\nCannot update this protected ref.\n\n"));
    }
    if !protection.methods.is_empty() && !protection.methods.contains(&method) {
        return Some(refused(405, &format!("{word} not allowed on this repository.")));
    }
    if protection.queue {
        let words = "Repository rule violations found\n\nChanges must be made through the merge queue\n\n";
        return Some(refused(405, words));
    }
    if protection.approvals > 0 && !repo.approved.contains(&change.number) {
        let words = format!(
            "Repository rule violations found\n\nAt least {} approving review is required by reviewers with write access.\n\n",
            protection.approvals
        );
        return Some(refused(405, &words));
    }
    let green = repo.green_contexts(&change.head_commit);
    let missing: Vec<_> = protection.required.iter().filter(|context| !green.contains(context)).collect();
    match (missing.as_slice(), protection.required.len()) {
        ([], _) => None,
        ([one], 1) => Some(refused(405, &format!("Required status check \"{one}\" is expected."))),
        (some, all) => Some(refused(405, &format!("{} of {all} required status checks are expected.", some.len()))),
    }
}

/// The commit that lands; `None` when it conflicts.
fn landed(repo: &Repository, change: &Change, base: &str, method: &str, message: &str) -> Option<String> {
    let (git, head) = (&repo.git, change.head_commit.as_str());
    if method == "rebase" {
        let mut tip = base.to_owned();
        for commit in git.bare.git(&["rev-list", "--reverse", "--no-merges", &format!("{base}..{head}")]).lines() {
            let onto = format!("--merge-base={commit}^");
            let tree = git.ask(&["merge-tree", "--write-tree", &onto, &tip, commit])?;
            tip = git.write_commit(&tree, &[&tip], &git.bare.git(&["log", "-1", "--format=%B", commit]));
        }
        return Some(tip);
    }
    let mut tree = git.merged_tree(base, head)?;
    if repo.hostile {
        tree = git.other_tree(&tree);
    }
    let parents = if method == "squash" { vec![base] } else { vec![base, head] };
    Some(git.write_commit(&tree, &parents, message))
}
