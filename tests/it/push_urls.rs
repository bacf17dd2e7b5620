//! Where pushes go is git's to say: `remote.<name>.pushurl`, and `url.<base>.pushInsteadOf`.

use crate::support::sample::Sample;

/// What `git push` is told, and whether it and relwf get through.
fn pushes(published: bool, configure: impl Fn(&Sample, &str)) -> (bool, String) {
    let sample = Sample::new();
    let remote = sample.machine.path("demo/remote.git").canonicalize().unwrap().display().to_string();
    sample.git(&["remote", "set-url", "origin", &remote]);
    // The clone's remote, and no address of relwf.toml's.
    let config = sample.path.join("relwf.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    let kept: Vec<&str> = text.lines().filter(|line| !line.starts_with("url = \"../remote.git\"")).collect();
    assert_ne!(kept.len(), text.lines().count());
    std::fs::write(config, kept.join("\n") + "\n").unwrap();
    if published {
        sample.git(&["add", "-A"]);
        sample.git(&["commit", "-q", "-m", "process"]);
        sample.git(&["push", "-q", "origin", "HEAD:master"]);
        // Another process than the folder's: the run is told the address.
        std::fs::remove_dir_all(sample.path.join("workflows")).unwrap();
    }
    configure(&sample, &remote);
    let git = std::process::Command::new(crate::support::git::program())
        .args(["push", "-q", "origin", "HEAD:refs/heads/probe"])
        .current_dir(&sample.path)
        .envs(sample.machine.environment())
        .output()
        .unwrap();
    let said = sample.say(&["run", "promote-staging", "--process", if published { "published" } else { "local" }]);
    assert_eq!(git.status.success(), said.code == 0, "{}{}", String::from_utf8_lossy(&git.stderr), said.stderr);
    let landed = sample.remote(&["log", "-1", "--format=%s", "staging"]).starts_with("Promote");
    assert_eq!(landed, said.code == 0, "{}", said.stderr);
    let doctor = sample.say(&["doctor"]).stdout;
    (landed, doctor + &said.stderr)
}

#[test]
fn pushes_go_where_git_sends_them() {
    for published in [false, true] {
        let (landed, said) = pushes(published, |sample, _| {
            sample.git(&["remote", "set-url", "--push", "origin", "/nowhere/remote.git"]);
        });
        assert!(!landed && said.contains("pushed to by /nowhere/remote.git"), "{said}");
    }
    // Another way to the same repository.
    let (landed, said) = pushes(false, |sample, remote| {
        std::os::unix::fs::symlink(remote, sample.machine.path("other.git")).unwrap();
        let other = sample.machine.path("other.git").display().to_string();
        sample.git(&["remote", "set-url", "--push", "origin", &other]);
    });
    assert!(landed, "{said}");
    // What is fetched from cannot be pushed to; the setting rewrites one for the other.
    let (landed, said) = pushes(false, |sample, remote| {
        let folder = remote.trim_end_matches("remote.git").to_owned();
        std::os::unix::fs::symlink(&folder, sample.machine.path("readonly")).unwrap();
        let readonly = format!("{}/", sample.machine.path("readonly").display());
        sample.git(&["remote", "set-url", "origin", &format!("{readonly}remote.git")]);
        sample.git(&["config", &format!("url.{folder}.pushInsteadOf"), &readonly]);
    });
    assert!(landed, "{said}");
    let (landed, _) = pushes(false, |sample, remote| {
        let folder = remote.trim_end_matches("remote.git").to_owned();
        sample.git(&["config", "url./nowhere/.pushInsteadOf", &folder]);
    });
    assert!(!landed);
}
