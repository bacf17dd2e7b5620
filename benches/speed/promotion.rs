//! A promotion on a local remote against the same typed by hand, and its merge alone.

use crate::RELWF;
use crate::measure::{compare, private, text};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The sample service without CI and checks, which is not run by hand either.
const CONFIG: &str = "[repo]\nurl = \"../remote.git\"\n[forge]\nkind = \"local\"\n[[environment]]\nname = \"staging\"\nbranch = \"staging\"\n";

/// Where the promotions happen.
struct Stage {
    room: PathBuf,
    remote: PathBuf,
    project: PathBuf,
    /// Where staging is before each promotion.
    staging: String,
}

pub fn by_hand(room: &Path) {
    println!("\na promotion of master to staging on a local remote");
    let demo = relwf::app::demo(&room.join("service")).expect("the sample service");
    std::fs::write(demo.project.join("relwf.toml"), CONFIG).expect("relwf.toml can be written");
    let remote = demo.remote;
    let staging = text(private("git", room).arg("-C").arg(&remote).args(["rev-parse", "staging"])).trim().to_owned();
    let stage = Stage { room: room.to_owned(), remote, project: demo.project, staging };
    let work = room.join("work");
    let mut clone = private("git", room);
    clone
        .args(["clone", "-q", "-b", "staging", "-c", "user.name=A Dev", "-c", "user.email=dev@example.com"])
        .arg(&stage.remote)
        .arg(&work);
    assert!(clone.status().expect("git runs").success(), "git clone failed");

    let relwf = || {
        stage.reset();
        let mut command = private(RELWF, room);
        command.args(["run", "promote-staging"]).current_dir(&stage.project);
        command
    };
    let hand = || {
        stage.reset();
        let mut back = private("git", room);
        back.arg("-C").arg(&work).args(["reset", "-q", "--hard", &stage.staging]);
        assert!(back.status().expect("git runs").success(), "git reset failed");
        let mut command = private("sh", room);
        let script = "git fetch -q && git merge -q --no-ff -m Promote origin/master && git push -q origin staging";
        command.current_dir(&work).args(["-c", script]);
        command
    };
    compare("relwf run promote-staging", relwf, "git fetch && git merge && git push", hand, 11);

    let merge = |mut command: Command| {
        command.current_dir(&stage.remote);
        command
    };
    let ours = || {
        let mut command = merge(private(RELWF, room));
        command.args(["merge-tree", "staging", "master", "--no-fetch", "--repo", "."]);
        command
    };
    let theirs = || {
        let mut command = merge(private("git", room));
        command.args(["merge-tree", "--write-tree", "staging", "master"]);
        command
    };
    stage.reset();
    compare("relwf merge-tree", ours, "git merge-tree", theirs, 41);
}

impl Stage {
    /// Nothing is promoted and nothing is proposed.
    fn reset(&self) {
        let git = || {
            let mut command = private("git", &self.room);
            command.arg("-C").arg(&self.remote);
            command
        };
        let refs = text(git().args(["for-each-ref", "--format=%(refname)", "refs/relwf", "refs/heads/relwf"]));
        for name in refs.lines() {
            assert!(git().args(["update-ref", "-d", name]).status().expect("git runs").success(), "{name} stays");
        }
        let back = git().args(["update-ref", "refs/heads/staging", &self.staging]).status();
        assert!(back.expect("git runs").success(), "staging cannot be moved back");
    }
}
