//! forgejo-api, a client that we did not write, completes a whole promotion against the fake; and the description that comes
//! with it objects to what is wrong.

use crate::support::forgejo::Forgejo;
use crate::support::git::Repo;
use crate::support::github::Play;
use forgejo_api::structs::{
    CommitStatusState, CreateIssueCommentOption, CreatePullRequestOption, CreateStatusOption, IssueGetCommentsQuery,
    MergePullRequestOption, MergePullRequestOptionDo, RepoListPullRequestsQuery, RepoListStatusesByRefQuery,
};
use forgejo_api::{Auth, ForgejoError};

/// A history: staging, and a merge to be promoted on the branch `relwf/promote/1`. The merge.
fn history(forge: &Forgejo) -> String {
    let dir = tempfile::tempdir().unwrap();
    let work = Repo::init(dir.path().join("work"));
    work.change("README", "one\n");
    work.git(&["branch", "staging"]);
    let head = work.change("main.go", "two\n");
    work.git(&["remote", "add", "origin", &forge.git_url_as("t-write")]);
    work.git(&["push", "-q", "origin", "master", "staging", "master:refs/heads/relwf/promote/1"]);
    head
}

#[test]
fn forgejo_api_completes_a_promotion() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(promotion()).unwrap();
}

async fn promotion() -> Result<(), ForgejoError> {
    // The client says `null` for whatever it leaves away, to which the description would object.
    let forge = Forgejo::open_undescribed();
    forge.with_project(|project| project.on_change("unit", Play::GreenAfter(1)));
    let head = history(&forge);
    let client = forgejo_api::Forgejo::new(Auth::Token("t-write"), forge.web().parse().unwrap())?;
    let repository = client.repo_get("acme", "service").await?;
    assert_eq!((repository.allow_merge_commits, repository.allow_fast_forward_only_merge), (Some(true), Some(false)));
    let branch = client.repo_get_branch("acme", "service", "staging").await?;
    assert_eq!((branch.user_can_push, branch.protected), (Some(true), Some(false)));

    let new = || CreatePullRequestOption {
        assignee: None,
        assignees: None,
        base: Some("staging".to_owned()),
        body: Some("what it ships".to_owned()),
        due_date: None,
        head: Some("relwf/promote/1".to_owned()),
        labels: None,
        milestone: None,
        title: Some("Promote 1".to_owned()),
    };
    let opened = client.repo_create_pull_request("acme", "service", new()).await?;
    let number = opened.number.unwrap();
    assert_eq!(opened.head.and_then(|side| side.sha), Some(head.clone()));
    let again = client.repo_create_pull_request("acme", "service", new()).await.unwrap_err();
    assert!(matches!(&again, ForgejoError::ApiError(error) if error.message().unwrap().contains("already exists")));
    let query = RepoListPullRequestsQuery {
        state: None,
        sort: None,
        milestone: None,
        labels: None,
        poster: None,
        base: Some("staging".to_owned()),
        head: None,
    };
    let (_, listed) = client.repo_list_pull_requests("acme", "service", query).await?;
    assert_eq!(listed.iter().map(|pull| pull.number).collect::<Vec<_>>(), [Some(number)]);

    let status = CreateStatusOption {
        context: Some("ci".to_owned()),
        description: Some("fine".to_owned()),
        state: Some(CommitStatusState::Success),
        target_url: None,
    };
    client.repo_create_status("acme", "service", &head, status).await?;
    let states = async || {
        let query = RepoListStatusesByRefQuery::default();
        let (_, found) = client.repo_list_statuses_by_ref("acme", "service", &head, query).await?;
        Ok::<_, ForgejoError>(
            found.into_iter().map(|status| (status.context.unwrap(), status.status.unwrap())).collect::<Vec<_>>(),
        )
    };
    let named = |name: &str, state| (name.to_owned(), state);
    assert_eq!(states().await?, [named("ci", CommitStatusState::Success), named("unit", CommitStatusState::Pending)]);
    assert_eq!(states().await?[1], named("unit", CommitStatusState::Success));

    let merge = |head: &str| MergePullRequestOption {
        r#do: MergePullRequestOptionDo::Merge,
        merge_commit_id: None,
        merge_message_field: None,
        merge_title_field: Some("Promote 1".to_owned()),
        delete_branch_after_merge: None,
        force_merge: None,
        head_commit_id: Some(head.to_owned()),
        merge_when_checks_succeed: None,
    };
    let early = client.repo_merge_pull_request("acme", "service", number, merge(&head)).await.unwrap_err();
    assert!(format!("{early:?}").contains("405"), "{early:?}");
    let other = "0".repeat(40);
    let moved = client.repo_merge_pull_request("acme", "service", number, merge(&other)).await.unwrap_err();
    assert!(
        matches!(&moved, ForgejoError::ApiError(error) if error.message() == Some("head out of date")),
        "{moved:?}"
    );
    let before = forge.bare().git(&["rev-parse", "staging"]);
    client.repo_merge_pull_request("acme", "service", number, merge(&head)).await?;
    let landed = client.repo_get_pull_request("acme", "service", number).await?;
    assert_eq!(landed.merged, Some(true));
    assert_eq!(landed.merge_commit_sha, Some(forge.bare().git(&["rev-parse", "staging"])));
    assert_eq!(forge.bare().git(&["rev-parse", "staging^1", "staging^2"]), format!("{before}\n{head}"));

    let body = CreateIssueCommentOption { body: "landed".to_owned(), updated_at: None };
    client.issue_create_comment("acme", "service", number, body).await?;
    let (_, comments) = client.issue_get_comments("acme", "service", number, IssueGetCommentsQuery::default()).await?;
    assert_eq!(comments[0].body.as_deref(), Some("landed"));
    Ok(())
}

/// What the description knows nothing of must not pass: requests that Forgejo would not understand, and answers that it never
/// gives.
#[test]
fn the_description_objects_to_what_is_wrong() {
    use serde_json::json;
    let forge = Forgejo::open();
    let head = history(&forge);
    let ask = |method: &str, path: &str, body: serde_json::Value| {
        let client = relwf::http::Client::new(relwf::model::Cancel::new());
        let url = format!("{}/repos/acme/service{path}", forge.api());
        let request = relwf::http::Request::new(method, url).header("authorization", "token t-write");
        let request = if body.is_null() { request } else { request.json(&body) };
        let status = client.request(request).unwrap().status;
        (status, forge.take_objections().join("\n"))
    };
    let null = serde_json::Value::Null;
    assert_eq!(ask("GET", "", null.clone()), (200, String::new()));
    let (_, words) =
        ask("POST", "/pulls", json!({ "title": "x", "head": "master", "base": "staging", "squash": false }));
    assert!(words.contains("must NOT have additional properties; found 'squash'"), "{words}");
    let (_, words) = ask("POST", "/pulls/1/merge", json!({ "Do": "fast-forward" }));
    assert!(words.contains("Do"), "{words}");
    let (_, words) = ask("POST", "/pulls/1/merge", json!({ "head_commit_id": head }));
    assert!(words.contains("must have required property 'Do'"), "{words}");
    let (_, words) = ask("GET", &format!("/commits/{head}/check-runs"), null);
    assert!(words.contains("NO_PATH_MATCHED"), "{words}");
    forge.with(|jo| jo.spoilt = true);
    let (_, words) = ask("GET", "/branches/staging", serde_json::Value::Null);
    assert!(words.contains("found 'x'"), "{words}");
}
