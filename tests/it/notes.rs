//! `relwf notes`: changes by pull request and author, what was taken back, components, and words that stay words.

use crate::support::cli::{Machine, Said};
use crate::support::git::Repo;
use serde_json::{Value, json};

/// A service with a remote; every commit is pushed before relwf is asked.
struct Service {
    machine: Machine,
    repo: Repo,
    number: std::cell::Cell<u32>,
}

impl Service {
    fn new(config: &str) -> Self {
        let machine = Machine::new();
        let repo = Repo::init(machine.path("service"));
        let remote = Repo::bare(machine.path("remote.git"));
        repo.git(&["remote", "add", "origin", remote.path.to_str().unwrap()]);
        let environments = "[[environment]]\nname = 'staging'\nbranch = 'staging'\n[[environment]]\nname = 'production'\nbranch = 'production'\n";
        repo.write("relwf.toml", format!("{environments}{config}"));
        repo.write("ppc.toml", "version = '1.0.0'\n");
        repo.commit("begin");
        repo.git(&["branch", "staging"]);
        repo.git(&["branch", "production"]);
        Self { machine, repo, number: std::cell::Cell::new(0) }
    }

    /// A commit of a file of its own, by this author.
    fn commit(&self, message: &str, author: &str) -> String {
        self.number.set(self.number.get() + 1);
        self.repo.write(&format!("file-{}", self.number.get()), message);
        self.repo.git(&["add", "-A"]);
        self.repo.git(&["commit", "-q", "-m", message, "--author", &format!("{author} <{author}@example.com>")]);
        self.repo.git(&["rev-parse", "HEAD"])
    }

    /// Commits on a branch of their own, merged into the current one with this message.
    fn merged(&self, message: &str, commits: &[(&str, &str)]) -> String {
        let base = self.repo.git(&["symbolic-ref", "--short", "HEAD"]);
        self.repo.git(&["switch", "-q", "-c", "topic"]);
        for (subject, author) in commits {
            self.commit(subject, author);
        }
        self.repo.git(&["switch", "-q", &base]);
        self.merge("topic", message);
        self.repo.git(&["branch", "-q", "-D", "topic"]);
        self.repo.git(&["rev-parse", "HEAD"])
    }

    fn merge(&self, branch: &str, message: &str) {
        self.repo.git(&["merge", "-q", "--no-ff", "-m", message, branch]);
    }

    /// Merges a branch into another, as a promotion.
    fn promote(&self, from: &str, to: &str, message: &str) {
        self.repo.git(&["switch", "-q", to]);
        self.merge(from, message);
        self.repo.git(&["switch", "-q", "master"]);
    }

    fn notes(&self, args: &[&str]) -> Said {
        self.repo.git(&["push", "-q", "-f", "origin", "--all"]);
        let all: Vec<&str> = ["notes"].iter().chain(args).copied().collect();
        self.machine.say(&self.repo.path, &all)
    }

    fn text(&self, args: &[&str]) -> String {
        let said = self.notes(args);
        said.exits(0);
        said.stdout
    }
}

fn short(id: &str) -> &str {
    &id[..10]
}

/// What one row has under a key, of each.
fn each<'v>(rows: &'v Value, key: &str) -> Vec<&'v Value> {
    rows.as_array().unwrap().iter().map(|row| &row[key]).collect()
}

#[test]
fn what_landed_last_is_told_by_pull_request_and_author() {
    let service = Service::new(
        "[[component]]\nname = 'ppc'\ndetect = 'toml'\nfile = 'ppc.toml'\nkey = 'version'\nrepo = 'https://git.example/acme/ppc'\n",
    );
    let before = service.repo.git(&["rev-parse", "HEAD"]);
    let merge = service.merged(
        "Merge pull request #12 from acme/login\n\nFaster login",
        &[("cache sessions", "Ada"), ("fewer queries\n\nCo-authored-by: Grace <g@x>", "Alan")],
    );
    let squash = service.commit("Count orders (#14)\n\n* one\n* two", "Barbara");
    service.repo.write("ppc.toml", "version = '1.1.0'\n");
    let bump = service.repo.commit("Bump ppc");
    service.promote("master", "staging", "Promote master (0123456789) to staging\n\nRelwf-Run: r1");
    // A forge merges a promotion that relwf proposed, and one that people did; what came back from production is no news.
    service.promote("staging", "production", "Merge pull request #15 from acme/staging\n\nRelease");
    let tip = service.repo.git(&["rev-parse", "production"]);

    let text = service.text(&[]);
    let expected = format!(
        "7 commits in {}..{}\n\n\
         Changes\n  #14 Count orders (Barbara)\n  #12 Faster login (Ada, Alan, Grace)\n    {} fewer queries (Alan)\n    {} cache sessions (Ada)\n\n\
         Other commits\n  {} Bump ppc (Ada)\n\n\
         Components\n  ppc: 1.0.0 -> 1.1.0\n\n\
         Authors\n  Ada: 2 commits\n  Alan: 1 commit\n  Barbara: 1 commit\n  Grace: 1 commit\n",
        short(&before),
        short(&tip),
        short(&service.repo.git(&["rev-parse", &format!("{merge}^2")])),
        short(&service.repo.git(&["rev-parse", &format!("{merge}^2~1")])),
        short(&bump),
    );
    assert_eq!(text, expected);

    let said = service.notes(&["--json"]).exits(0).json();
    let keys: Vec<&str> = said.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["authors", "changes", "commit_count", "commits", "components", "from", "removed_count", "to"]);
    assert_eq!(said["from"], json!({ "ref": before, "commit": before }));
    assert_eq!(said["to"], json!({ "ref": "production", "commit": tip }));
    assert_eq!(each(&said["changes"], "number"), [14, 12]);
    assert_eq!(each(&said["changes"], "commit"), [&json!(squash), &json!(merge)]);
    assert_eq!(said["changes"][1]["authors"], json!(["Ada", "Alan", "Grace"]));
    let one = &said["changes"][0]["commits"][0];
    assert_eq!((&one["commit"], &one["author"]), (&json!(squash), &json!("Barbara")));
    assert_eq!((said["commit_count"].as_u64(), said["removed_count"].as_u64()), (Some(7), Some(0)));

    // Any two commits; also backwards.
    let named = service.notes(&["master~1", "master", "--json"]).exits(0).json();
    assert_eq!((each(&named["commits"], "commit"), &named["changes"]), (vec![&json!(bump)], &json!([])));
    let back = service.text(&["production", "master~1"]);
    assert!(
        back.starts_with(&format!("No new commits in {}..{}\n3 commits of ", short(&tip), short(&squash))),
        "{back}"
    );
}

#[test]
fn a_remote_that_is_no_project_of_a_forge_has_no_pages() {
    let service =
        Service::new("[repo]\nurl = '../remote.git'\n[forge]\nkind = 'github'\napi = 'https://ghe.example/api/v3'\n");
    let before = service.merged("Merge pull request #12 from acme/login\n\nFaster login", &[("one", "Ada")]);
    let text = service.text(&["master~1", "master"]);
    assert!(text.contains("\n  #12 Faster login (Ada)\n"), "{text}");
    assert!(!text.contains("ghe.example"), "{text}");
    assert!(text.contains(short(&before)));
}

#[test]
fn what_comes_by_each_forge_and_from_forks_is_grouped() {
    let service = Service::new("");
    let begin = service.repo.git(&["rev-parse", "HEAD"]);
    service.merged(
        "Merge branch 'login' into 'master'\n\nFaster login\n\nSee merge request acme/service!7",
        &[("a", "Ada")],
    );
    service.merged("Merge pull request 'Count (really) orders' (#8) from ada:orders into master", &[("b", "Ada")]);
    // A branch that merged master meanwhile brings only its own; a merge by hand brings its commits.
    service.repo.git(&["switch", "-q", "-c", "long"]);
    service.commit("c", "Grace");
    service.repo.git(&["switch", "-q", "master"]);
    service.commit("between", "Ada");
    service.repo.git(&["switch", "-q", "long"]);
    service.merge("master", "Merge branch 'master' into long");
    service.commit("see issue (#99)", "Grace");
    service.repo.git(&["switch", "-q", "master"]);
    service.merge("long", "Merge pull request #9 from acme/long\n\nLong work");
    service.merged("Merge branch 'by-hand'", &[("d", "Alan")]);
    // A pull request into the branch of another is both.
    service.repo.git(&["switch", "-q", "-c", "outer"]);
    service.commit("outer work", "Ada");
    service.merged("Merge pull request #10 from acme/inner\n\nInner", &[("inner work", "Alan")]);
    service.repo.git(&["switch", "-q", "master"]);
    service.merge("outer", "Merge pull request #11 from acme/outer\n\nOuter");

    let said = service.notes(&[&begin, "master", "--json"]).exits(0).json();
    let shown: Vec<String> = said["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| {
            format!("{} {}: {}", change["number"], change["title"], json!(each(&change["commits"], "summary")))
        })
        .collect();
    let expected = [
        "10 \"Inner\": [\"inner work\"]",
        "11 \"Outer\": [\"outer work\"]",
        "9 \"Long work\": [\"see issue (#99)\",\"c\"]",
        "8 \"Count (really) orders\": [\"b\"]",
        "7 \"Faster login\": [\"a\"]",
    ];
    assert_eq!(shown, expected);
    assert_eq!(each(&said["commits"], "summary"), ["d", "between"]);
    let text = service.text(&[&begin, "master"]);
    assert!(
        text.contains("  !7 Faster login (Ada)\n") && text.contains("  #8 Count (really) orders (Ada)\n"),
        "{text}"
    );
}

#[test]
fn what_was_taken_back_again_is_said_to_be() {
    let service = Service::new("");
    let begin = service.repo.git(&["rev-parse", "HEAD"]);
    let bad = service.commit("Slow login", "Ada");
    let good = service.commit("Fast orders", "Ada");
    let merge =
        service.merged("Merge pull request #12 from acme/x\n\nRisky", &[("risk one", "Ada"), ("risk two", "Alan")]);
    service.repo.git(&["revert", "--no-edit", &bad]);
    service.repo.git(&["revert", "--no-edit", "-m", "1", &merge]);
    let gone = service.repo.git(&["rev-parse", "HEAD"]);
    // A revert that was itself taken back; and a message that names a commit whose change is still there.
    service.repo.git(&["revert", "--no-edit", &good]);
    service.repo.git(&["revert", "--no-edit", "HEAD"]);
    let again = service.repo.git(&["rev-parse", "HEAD"]);
    let liar = service.commit(&format!("Revert \"Fast orders\"\n\nThis reverts commit {good}."), "Mallory");

    let text = service.text(&[&begin, "master"]);
    let others = format!(
        "\nOther commits\n  {} Revert \"Fast orders\" (Mallory)\n  {} Fast orders (Ada)\n\nLanded and taken back again\n  \
         #12 Risky: taken back by {} Revert \"Merge pull request #12 from acme/x\"\n",
        short(&liar),
        short(&good),
        short(&gone)
    );
    assert!(text.contains(&others), "{text}");
    let slow = format!("  {} Slow login (Ada): taken back by ", short(&bad));
    assert!(text.contains(&slow), "{text}");
    let second = format!("Revert \"Fast orders\" (Ada): taken back by {}", short(&again));
    assert!(text.contains(&second), "{text}");
    assert!(!text.contains("\nChanges\n"), "{text}");

    let said = service.notes(&[&begin, "master", "--json"]).exits(0).json();
    assert_eq!(said["changes"][0]["reverted_by"]["commit"], json!(gone));
    let row = |id: &str| said["commits"].as_array().unwrap().iter().find(|row| row["commit"] == id).unwrap().clone();
    assert_eq!(row(&gone)["reverts"], json!([merge]));
    assert_eq!((row(&liar).get("reverts"), row(&good).get("reverted_by")), (None, None));
    // Where what is reverted landed before, the revert is a commit like any other.
    let later = service.text(&[&merge, &gone]);
    assert!(later.contains("Other commits\n") || later.contains("Commits\n"), "{later}");
    assert!(!later.contains("taken back"), "{later}");
}

#[test]
fn a_rollback_takes_back_all_that_landed_since() {
    let service = Service::new("");
    let begin = service.repo.git(&["rev-parse", "production"]);
    service.merged("Merge pull request #12 from acme/x\n\nRisky", &[("risk", "Ada")]);
    service.promote("master", "production", "Promote master (0123456789) to production\n\nRelwf-Run: r1");
    service.repo.git(&["switch", "-q", "production"]);
    service.repo.git(&["rm", "-q", "-r", "."]);
    service.repo.git(&["checkout", "-q", &begin, "--", "."]);
    let back = service.repo.commit(&format!("Roll production back\n\nRelwf-Restores: {begin}"));
    service.repo.git(&["switch", "-q", "master"]);
    let text = service.text(&[&begin, "production"]);
    let line = format!("  #12 Risky: taken back by {} Roll production back\n", short(&back));
    assert!(text.contains(&line) && !text.contains("Other commits"), "{text}");
    assert!(service.text(&[]).contains("Roll production back (Ada)"), "what landed last is the rollback alone");
}

#[test]
fn words_of_others_stay_words() {
    let service = Service::new("");
    let title = "Fixes #3 @acme/team <!-- hide --> [x](https://evil.example) `a`\u{1b}[31m\n\n/close";
    let message = format!("Merge pull request #12 from acme/x\n\n{title}");
    service.merged(&message, &[("@ada <details>", "*Ada*"), ("/merge", "Ada"), ("# big", "Ada")]);
    let markdown = service.text(&["master~1", "master", "--markdown"]);
    let free: String = markdown.chars().filter(|c| *c != '\u{200b}').collect();
    for live in ["@acme", "@ada", "Fixes #3", "<!--", "<details>", "[x](", "`a`", "\n/close", "\u{1b}", " *Ada*"] {
        assert!(!markdown.contains(live), "{live}: {markdown}");
    }
    assert!(
        free.contains("- #12 Fixes #3 @acme/team &lt;!-- hide --> \\[x\\](https://evil.example) \\`a\\`"),
        "{free}"
    );
    assert!(markdown.contains("\n## Changes\n\n- #12 ") && markdown.contains("\n## Authors\n\n- "), "{markdown}");
    // Every line of a list is one line, whatever a message holds.
    let plain = service.text(&["master~1", "master"]);
    assert!(!plain.contains('\u{1b}') && plain.contains("\n  #12 Fixes #3 @acme/team <!-- hide --> "), "{plain}");
}

#[test]
fn usage_and_what_is_missing() {
    let service = Service::new("");
    let said = service.notes(&["master"]);
    assert!(said.exits(2).stderr.contains("<TO>"), "{}", said.stderr);
    let said = service.notes(&["--markdown", "--json"]);
    assert_eq!(said.exits(2).json()["error"]["kind"], "usage");
    // The first commit is all there is.
    let said = service.notes(&[]);
    said.exits(2);
    assert!(said.stderr.contains("nothing was on production before "), "{}", said.stderr);
    assert!(said.stderr.contains("hint: name two commits: `relwf notes FROM TO`\n"), "{}", said.stderr);
    service.repo.git(&["push", "-q", "origin", ":production"]);
    let said = service.machine.say(&service.repo.path, &["notes"]);
    said.exits(2);
    assert!(said.stderr.contains("has no branch `production` (as last fetched)"), "{}", said.stderr);
}
