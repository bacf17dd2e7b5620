//! What `relwf demo` prints before and after its promotion: what was made, what to try next.

use super::out::Out;
use super::style::{DIM, NAME, paint};
use crate::app::Demo;
use std::path::Path;

/// What was made.
pub fn made(out: &Out, demo: &Demo, command_prefix: &str) {
    out.say(&format!("A sample service is in {}:", paint(NAME, demo.dir.display())));
    out.say("  remote.git   a bare repository: master, staging, production and two feature branches");
    out.say("  service      a clone of it with relwf.toml, workflows/ and plugins/: yours to edit");
    out.say("  customers    the agents that run at six customers, a file each");
    out.say("");
    out.say(&paint(DIM, format!("$ {command_prefix} run promote-staging")));
}

/// What to try next: command and what it shows.
pub fn next(command_prefix: &str) -> Vec<(String, &'static str)> {
    let line = |verb: &str, what| (format!("{command_prefix} {verb}"), what);
    vec![
        line("preview staging production", "what would go to production"),
        line("run promote-production", "promote it: the newest green candidate of staging"),
        line("run update-ppcs --dry-run", "which customers' agents would be updated, in which order"),
        line("run update-ppcs", "update them, ring by ring"),
        line("run promote-staging", "again: there is nothing to promote"),
        line("preview feature/bursts-per-plan staging", "a conflict with the hotfix on staging"),
        line(
            "run promote-staging --param from=feature/refunds --param accept=missing",
            "a red check: nothing lands (`accept=missing`: the branch is older than staging)",
        ),
        line("runs", "everything that ran"),
        line("check", "after you have edited workflows/promote-staging.rhai"),
    ]
}

/// Says what to try next.
pub fn try_next(out: &Out, next: &[(String, &'static str)], project: &Path) {
    out.say("");
    out.say(&paint(NAME, "Try next:"));
    for (command, what) in next {
        out.say(&format!("  {command}"));
        out.say(&format!("      {}", paint(DIM, what)));
    }
    out.say("");
    out.say(&format!(
        "The process is {}: edit it, then run it again with --dry-run.",
        project.join("workflows/promote-staging.rhai").display()
    ));
}
