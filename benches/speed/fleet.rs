//! What an update of 1,000 agents costs beside what the agents' own commands cost.

use crate::measure::{cpu, private, succeeds};
use std::path::Path;

const AGENTS: usize = 1_000;

/// `update-ppcs` over agents that are files, against a shell that starts the same commands.
pub fn update(room: &Path) {
    println!("\nan update of {AGENTS} agents, processor time");
    let project = room.join("fleet");
    std::fs::create_dir_all(project.join("agents")).expect("a folder");
    let mut config =
        "[repo]\nurl = \".\"\n\n[[component]]\nname = \"ppc\"\ndetect = \"commits\"\n\n[fleet]\ncomponent = \"ppc\"\n"
            .to_owned();
    for agent in 0..AGENTS {
        config.push_str(&format!(
            "\n[[fleet.target]]\nid = \"a{agent}\"\nring = \"all\"\nobserve = {{ command = [\"cat\", \"agents/a{agent}\"] }}\n\
             update = {{ command = [\"sh\", \"-c\", \"echo $RELWF_TO > agents/$RELWF_TARGET\"] }}\n"
        ));
    }
    std::fs::write(project.join("relwf.toml"), config).expect("a configuration");
    succeeds(private("git", room).args(["init", "-q", "-b", "production"]).arg(&project));
    let who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"];
    succeeds(private("git", room).arg("-C").arg(&project).args(who).args(["commit", "-q", "--allow-empty", "-m", "x"]));
    let reset = || {
        for agent in 0..AGENTS {
            std::fs::write(project.join(format!("agents/a{agent}")), "v1\n").expect("an agent");
        }
    };

    reset();
    let mut relwf = private(crate::RELWF, room);
    relwf.current_dir(&project).args(["run", "update-ppcs", "--param", "version=v2"]);
    let ours = cpu(&relwf);
    let updated = |agent| std::fs::read_to_string(project.join(format!("agents/a{agent}"))).is_ok_and(|v| v == "v2\n");
    assert!((0..AGENTS).all(updated), "an agent was not updated");

    reset();
    let script = format!(
        "for i in $(seq 0 {}); do cat agents/a$i >/dev/null; RELWF_TO=v2 RELWF_TARGET=a$i sh -c 'echo $RELWF_TO > \
         agents/$RELWF_TARGET'; cat agents/a$i >/dev/null; done",
        AGENTS - 1
    );
    let mut shell = private("sh", room);
    shell.current_dir(&project).args(["-c", &script]);
    let theirs = cpu(&shell);
    println!(
        "  relwf run update-ppcs: {ours:.2} s; the agents' commands alone: {theirs:.2} s; beside them: {:.2} s",
        ours - theirs
    );
}
