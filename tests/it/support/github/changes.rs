//! Pull requests and the comments on them.

use super::answers::{Ask, invalid, refused};
use super::state::{Change, Comment, Repository, now};
use crate::support::wire::Answer;

pub fn list(repo: &mut Repository, ask: &Ask<'_>) -> Answer {
    refresh(repo);
    let state = ask.query("state").unwrap_or_else(|| "open".to_owned());
    let (head, base) = (ask.query("head"), ask.query("base"));
    let label = |change: &Change| format!("{}:{}", change.fork.as_ref().unwrap_or(&repo.owner), change.head);
    let mut found: Vec<&Change> = repo
        .changes
        .values()
        .filter(|change| state == "all" || (state == "open") == change.open)
        // A head without its owner is ignored, as GitHub does.
        .filter(|change| head.as_ref().is_none_or(|head| !head.contains(':') || *head == label(change)))
        .filter(|change| base.as_ref().is_none_or(|base| *base == change.base))
        .collect();
    if ask.query("direction").as_deref() != Some("asc") {
        found.reverse();
    }
    ask.list(&found, |change| ask.view.simple_change(repo, change))
}

/// `base.sha` is what GitHub last looked at: the base's tip while the change is open.
fn refresh(repo: &mut Repository) {
    for change in repo.changes.values_mut().filter(|change| change.open) {
        if let Some(tip) = repo.git.branch(&change.base) {
            change.base_commit = tip;
        }
    }
}

pub fn open(repo: &mut Repository, ask: &Ask<'_>) -> Answer {
    let (Some(title), Some(head), Some(base)) = (ask.text("title"), ask.text("head"), ask.text("base")) else {
        return invalid("PullRequest", None, "title, head and base are needed");
    };
    let (owner, head) = head.split_once(':').unwrap_or((&repo.owner, head));
    let Some(head_commit) = repo.git.branch(head).filter(|_| owner == repo.owner) else {
        return invalid("PullRequest", Some("head"), "");
    };
    let Some(base_commit) = repo.git.branch(base) else { return invalid("PullRequest", Some("base"), "") };
    if repo.git.is_ancestor(&head_commit, &base_commit) {
        return invalid("PullRequest", None, &format!("No commits between {base} and {head}"));
    }
    let same = |change: &Change| change.open && change.fork.is_none() && change.head == head && change.base == base;
    if repo.changes.values().any(same) {
        return invalid("PullRequest", None, &format!("A pull request already exists for {owner}:{head}."));
    }
    let number = repo.changes.keys().last().copied().unwrap_or(0) + 1;
    let change = Change {
        number,
        title: title.to_owned(),
        body: ask.text("body").map(str::to_owned),
        fork: None,
        head: head.to_owned(),
        head_commit,
        base: base.to_owned(),
        base_commit,
        author: ask.person.login.clone(),
        open: true,
        draft: ask.body["draft"].as_bool().unwrap_or(false),
        merged: None,
        computing: repo.computing,
        created: now(),
        updated: now(),
        closed: None,
    };
    repo.changes.insert(number, change.clone());
    repo.proposed(number);
    Answer::json(201, &ask.view.change(repo, &change, None, "unknown"))
}

/// Can it be merged, and in which state is it? Unknown for the first looks, as on GitHub.
fn mergeable(repo: &Repository, change: &Change) -> (Option<bool>, &'static str) {
    if !change.open || change.computing > 0 {
        return (None, "unknown");
    }
    let Some(base) = repo.git.branch(&change.base) else { return (None, "unknown") };
    if repo.git.merged_tree(&base, &change.head_commit).is_none() {
        return (Some(false), "dirty");
    }
    let green = repo.green_contexts(&change.head_commit);
    let required = repo.protections.get(&change.base).map(|protection| protection.required.clone());
    if change.draft {
        (Some(true), "draft")
    } else if required.unwrap_or_default().iter().any(|context| !green.contains(context)) {
        (Some(true), "blocked")
    } else {
        (Some(true), "clean")
    }
}

pub fn show(repo: &mut Repository, ask: &Ask<'_>, number: u64) -> Answer {
    refresh(repo);
    let Some(change) = repo.changes.get(&number).cloned() else { return refused(404, "Not Found") };
    let (can, state) = mergeable(repo, &change);
    if let Some(change) = repo.changes.get_mut(&number) {
        change.computing = change.computing.saturating_sub(1);
    }
    if let (Some(true), Some(base)) = (can, repo.git.branch(&change.base))
        && let Some(tree) = repo.git.merged_tree(&base, &change.head_commit)
    {
        let merge = repo.git.write_commit(&tree, &[&base, &change.head_commit], "test merge");
        repo.git.bare.git(&["update-ref", &format!("refs/pull/{number}/merge"), &merge]);
    }
    Answer::json(200, &ask.view.change(repo, &change, can, state))
}

pub fn edit(repo: &mut Repository, ask: &Ask<'_>, number: u64) -> Answer {
    let Some(change) = repo.changes.get(&number) else { return refused(404, "Not Found") };
    let (merged, head) = (change.merged.is_some(), change.head_commit.clone());
    let state = ask.text("state");
    if state == Some("open") && (merged || repo.git.commit(&head).is_none()) {
        return invalid("PullRequest", Some("state"), "");
    }
    if let Some(base) = ask.text("base")
        && repo.git.branch(base).is_none()
    {
        return invalid("PullRequest", Some("base"), "");
    }
    let Some(change) = repo.changes.get_mut(&number) else { return refused(404, "Not Found") };
    match state {
        Some("closed") if change.open => {
            change.open = false;
            change.closed = Some(now());
        }
        Some("open") => {
            change.open = true;
            change.closed = None;
        }
        _ => {}
    }
    if let Some(title) = ask.text("title") {
        title.clone_into(&mut change.title);
    }
    if let Some(body) = ask.text("body") {
        change.body = Some(body.to_owned());
    }
    if let Some(base) = ask.text("base") {
        base.clone_into(&mut change.base);
    }
    change.updated = now();
    let change = change.clone();
    Answer::json(200, &ask.view.change(repo, &change, None, "unknown"))
}

pub fn commits(repo: &Repository, ask: &Ask<'_>, number: u64) -> Answer {
    let Some(change) = repo.changes.get(&number) else { return refused(404, "Not Found") };
    let range = format!("{}..{}", change.base_commit, change.head_commit);
    let all = repo.git.bare.git(&["rev-list", "--reverse", &range]);
    ask.list(&all.lines().collect::<Vec<_>>(), |id| ask.view.commit(repo, id))
}

/// The pull requests that brought a commit, or would.
pub fn with_commit(repo: &Repository, ask: &Ask<'_>, commit: &str) -> Answer {
    let holds = |change: &&Change| {
        change.head_commit == commit
            || change.merged.as_ref().is_some_and(|merged| merged.commit == commit)
            || (repo.git.is_ancestor(commit, &change.head_commit) && !repo.git.is_ancestor(commit, &change.base_commit))
    };
    let found: Vec<&Change> = repo.changes.values().filter(holds).collect();
    ask.list(&found, |change| ask.view.simple_change(repo, change))
}

pub fn comments(repo: &Repository, ask: &Ask<'_>, number: u64) -> Answer {
    if !repo.changes.contains_key(&number) {
        return refused(404, "Not Found");
    }
    let all: Vec<&Comment> = repo.comments.iter().filter(|comment| comment.number == number).collect();
    ask.list(&all, |comment| ask.view.comment(repo, comment))
}

pub fn comment(repo: &mut Repository, ask: &Ask<'_>, number: u64) -> Answer {
    if !repo.changes.contains_key(&number) {
        return refused(404, "Not Found");
    }
    let Some(body) = ask.text("body").filter(|body| !body.trim().is_empty()) else {
        return invalid("IssueComment", None, "Body cannot be blank");
    };
    if body.len() > 65536 {
        return invalid("IssueComment", None, "Body is too long (maximum is 65536 characters)");
    }
    let (id, author) = (repo.next_id(), ask.person.login.clone());
    let comment = Comment { id, number, author, body: body.to_owned(), at: now() };
    repo.comments.push(comment.clone());
    Answer::json(201, &ask.view.comment(repo, &comment))
}
