//! octocrab, a client that we did not write, completes a whole promotion against the fake, through prism.

use crate::github_fake::history;
use crate::support::github::{Form, Github, Play};
use octocrab::models::StatusState;
use octocrab::params::State;
use octocrab::params::pulls::MergeMethod;
use octocrab::params::repos::Commitish;

#[test]
fn octocrab_completes_a_promotion() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(promotion()).unwrap();
}

async fn promotion() -> octocrab::Result<()> {
    let github = Github::start().through_prism();
    let history = history(&github);
    github.on_change(Form::Run, "unit", Play::GreenAfter(1));
    let work = &history.work;
    work.git(&["push", "-q", "origin", "master:refs/heads/relwf/promote/1"]);
    let client = octocrab::Octocrab::builder().base_uri(github.api())?.personal_token("t-write".to_owned()).build()?;
    assert_eq!(client.current().user().await?.login, "ada");

    let pulls = client.pulls("acme", "service");
    let opened = pulls.create("Promote 1", "relwf/promote/1", "staging").body("what it ships").send().await?;
    assert_eq!(opened.head.sha, history.master);
    let listed = pulls.list().state(State::Open).head("acme:relwf/promote/1").base("staging").send().await?;
    assert_eq!(listed.items.iter().map(|pull| pull.number).collect::<Vec<_>>(), [opened.number]);
    let again = pulls.create("Promote 1", "relwf/promote/1", "staging").send().await.unwrap_err();
    let octocrab::Error::GitHub { source, .. } = again else { panic!("{again:?}") };
    assert_eq!((source.status_code.as_u16(), source.message.as_str()), (422, "Validation Failed"));

    let repos = client.repos("acme", "service");
    let made = repos
        .create_status(history.master.clone(), StatusState::Success)
        .context("ci".to_owned())
        .description("fine".to_owned())
        .send()
        .await?;
    assert_eq!(made.context.as_deref(), Some("ci"));
    let combined = repos
        .combined_status_for_ref(&octocrab::params::repos::Reference::Branch("relwf/promote/1".to_owned()))
        .await?;
    assert_eq!((combined.state, combined.statuses.len()), (StatusState::Success, 1));
    let checks = client.checks("acme", "service");
    let conclusions = async || {
        let found = checks.list_check_runs_for_git_ref(Commitish(history.master.clone())).send().await?;
        let told = found.check_runs.into_iter().map(|run| (run.name, run.conclusion));
        Ok::<_, octocrab::Error>(told.collect::<Vec<_>>())
    };
    assert_eq!(conclusions().await?, [("unit".to_owned(), None)]);
    assert_eq!(conclusions().await?, [("unit".to_owned(), Some("success".to_owned()))]);

    assert!(!pulls.is_merged(opened.number).await?);
    let before = github.bare("acme/service").git(&["rev-parse", "staging"]);
    let wrong = pulls.merge(opened.number).sha(history.topic.clone()).send().await.unwrap_err();
    let octocrab::Error::GitHub { source, .. } = wrong else { panic!("{wrong:?}") };
    assert_eq!(source.status_code.as_u16(), 409);
    assert_eq!(source.message, "Head branch was modified. Review and try the merge again.");
    let merged = pulls
        .merge(opened.number)
        .sha(history.master.clone())
        .method(MergeMethod::Merge)
        .title("Promote 1")
        .send()
        .await?;
    assert!(merged.merged);
    assert!(pulls.is_merged(opened.number).await?);
    let landed = pulls.get(opened.number).await?;
    assert_eq!((landed.merged, landed.merge_commit_sha), (Some(true), merged.sha.clone()));
    let bare = github.bare("acme/service");
    assert_eq!(bare.git(&["rev-parse", "staging"]), merged.sha.unwrap());
    assert_eq!(bare.git(&["rev-parse", "staging^1", "staging^2"]), format!("{before}\n{}", history.master));

    client.issues("acme", "service").create_comment(opened.number, "landed").await?;
    let comments = client.issues("acme", "service").list_comments(opened.number).send().await?;
    assert_eq!(comments.items[0].body.as_deref(), Some("landed"));
    repos.delete_ref(&octocrab::params::repos::Reference::Branch("relwf/promote/1".to_owned())).await?;
    assert!(bare.try_git(&["rev-parse", "--verify", "relwf/promote/1"]).stdout.is_empty());
    Ok(())
}
