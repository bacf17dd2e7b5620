//! How the processor time of a whole run grows with its commands and branches.

use crate::measure::{cpu, private};
use std::path::Path;

/// What a run costs as its work grows, as ratios: notes one after the other, branches side by side.
pub fn growth(room: &Path) {
    println!("\na run of many commands, processor time");
    let project = room.join("many");
    std::fs::create_dir_all(project.join("workflows")).expect("a folder");
    let workflow = |name: &str, body: &str| {
        let text =
            format!("const WORKFLOW = #{{ params: #{{ n: #{{ type: \"int\" }} }} }};\nfn run(p) {{\n{body}\n}}\n");
        std::fs::write(project.join(format!("workflows/{name}.rhai")), text).expect("a workflow");
    };
    workflow("notes", "for i in 0..p.n { flow::note(\"x\"); }");
    workflow(
        "reads",
        "let all = []; for i in 0..p.n { all.push(i); }\nflow::parallel(\"all\", all, |i| { flow::uuid(); flow::now() }).len()",
    );
    let mut init = private("git", room);
    init.args(["init", "-q"]).arg(&project);
    assert!(init.status().expect("git runs").success(), "git init failed");
    std::fs::write(project.join("relwf.toml"), "[repo]\nurl = \".\"\n").expect("a configuration");
    let run = |workflow: &str, n: usize| {
        let mut command = private(crate::RELWF, room);
        command.current_dir(&project).args(["run", workflow, "--param", &format!("n={n}")]);
        let took = cpu(&command);
        println!("  {workflow}, {n}: {took:.2} s");
        took
    };
    for workflow in ["notes", "reads"] {
        let few = run(workflow, 500);
        let many = run(workflow, 2000);
        println!("  {workflow}: four times the work takes {:.1} times the processor time", many / few);
    }
    run("notes", 10_000);
    run("reads", 3_000);
}
