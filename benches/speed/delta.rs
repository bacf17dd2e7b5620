//! What it costs to say how many components of one large lock change.

use crate::measure::{compare, private, succeeds};
use std::path::Path;

const COMPONENTS: usize = 40;
const PROJECTS: usize = 6_500;

/// `delta` of components over a lock of 52,000 lines, against git printing both sides of it.
pub fn components(room: &Path) {
    println!("\nthe delta of {COMPONENTS} components over a Gopkg.lock of {} lines", PROJECTS * 8);
    let repository = room.join("lock");
    std::fs::create_dir_all(&repository).expect("a folder");
    let project = |number: usize| format!("github.com/acme/project-{number}");
    let lock = |revision: char| {
        let entry = |number: usize| {
            let (name, revision) = (project(number), String::from(revision).repeat(40));
            format!(
                "[[projects]]\n  name = \"{name}\"\n  packages = [\".\"]\n  pruneopts = \"\"\n  revision = \"{revision}\"\n  \
                 version = \"v1.{number}.0\"\n  digest = \"1:00\"\n\n"
            )
        };
        (0..PROJECTS).map(entry).collect::<String>()
    };
    let mut config = "[repo]\nurl = \".\"\n".to_owned();
    for component in 0..COMPONENTS {
        let name = project(component * (PROJECTS / COMPONENTS));
        config
            .push_str(&format!("\n[[component]]\nname = \"c{component}\"\ndetect = \"gopkg\"\nproject = \"{name}\"\n"));
    }
    std::fs::write(repository.join("relwf.toml"), config).expect("a configuration");
    let git = |args: &[&str]| {
        let mut command = private("git", room);
        command.arg("-C").arg(&repository).args(["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]).args(args);
        command
    };
    succeeds(&mut git(&["init", "-q"]));
    for revision in ['1', '2'] {
        std::fs::write(repository.join("Gopkg.lock"), lock(revision)).expect("a lock");
        succeeds(&mut git(&["add", "Gopkg.lock"]));
        succeeds(&mut git(&["commit", "-q", "-m", "A lock"]));
    }
    let relwf = || {
        let mut command = private(crate::RELWF, room);
        command.current_dir(&repository).args(["delta", "HEAD~1", "HEAD", "--json"]);
        command
    };
    compare("relwf delta", relwf, "git show", || git(&["show", "HEAD~1:Gopkg.lock", "HEAD:Gopkg.lock"]), 11);
}
