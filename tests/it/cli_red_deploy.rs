//! A deploy that is red: which release was good, and what goes back to it.

use crate::support::cli::Said;
use crate::support::sample::Sample;

struct Service(Sample);

impl Service {
    fn new() -> Self {
        Self(Sample::new())
    }

    /// From here on no push is green; every proposal is.
    fn turns_red(&self) {
        let file = self.0.path.join("relwf.toml");
        let (text, green) = (std::fs::read_to_string(&file).unwrap(), r#"["sh", "ci/run", "${event}"]"#);
        assert!(text.contains(green), "{text}");
        std::fs::write(&file, text.replace(green, r#"["sh", "-c", "test ${event} = pull_request"]"#)).unwrap();
    }

    fn promotes(&self, file: &str) -> Said {
        std::fs::write(self.0.path.join(file), "new\n").unwrap();
        self.0.git(&["add", file]);
        self.0.git(&["commit", "-q", "-m", &format!("Add {file}")]);
        self.0.git(&["push", "-q", "origin", "HEAD:master"]);
        self.0.say(&["run", "promote-staging"])
    }

    fn staging(&self) -> String {
        self.0.remote(&["rev-parse", "staging"])
    }

    fn tree(&self, commit: &str) -> String {
        self.0.remote(&["rev-parse", &format!("{commit}^{{tree}}")])
    }
}

#[test]
fn a_red_deploy_names_the_release_that_was_good() {
    let service = Service::new();
    service.promotes("one").exits(0);
    let good = service.staging();
    service.turns_red();

    let red = service.promotes("two");
    red.exits(1);
    let release = format!("the release before: {} “Promote master (", &good[..10]);
    let back =
        "old, its push build was green; `relwf run rollback --param branch=staging --param reason=…` goes back to it\n";
    assert!(red.stderr.contains(&release) && red.stderr.contains(back), "{}", red.stderr);
    let bad = service.staging();

    let red = service.promotes("three");
    red.exits(1);
    let release = format!("the release before (red as well: {}): {} “", &bad[..10], &good[..10]);
    let back = format!("--param branch=staging --param release={good} --param reason=…` goes back to it\n");
    assert!(red.stderr.contains(&release) && red.stderr.contains(&back), "{}", red.stderr);
    let release = format!("release={good}");
    let args = ["run", "rollback", "--param", "branch=staging", "--param", &release, "--param", "reason=it is red"];
    service.0.say(&args);
    assert_eq!(service.tree("staging"), service.tree(&good));
}

#[test]
fn a_red_check_lands_nothing_and_names_no_release() {
    let service = Service::new();
    let red = service.0.say(&["run", "promote-staging", "--param", "from=feature/refunds"]);
    red.exits(1);
    assert!(!red.stderr.contains("the release before"), "{}", red.stderr);
}
