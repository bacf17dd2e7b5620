//! What every promotion here starts from: a service on a forge, relwf.toml, and an operator with a token.

use crate::support::cli::{Machine, Said, said};
use crate::support::forgejo::{Forgejo, Jo};
use crate::support::git::Repo;
use crate::support::gitlab::{Gitlab, Lab};
use crate::support::hosted::project::{Change, State};
use crate::support::hosted::{Held, Host, Service, act_while_held};
use std::fs;
use std::path::PathBuf;

/// The stage.
pub struct Stage<S: Service> {
    pub forge: Host<S>,
    pub machine: Machine,
    pub project: PathBuf,
    /// Who promotes.
    pub token: &'static str,
    /// The variable that holds the token.
    variable: &'static str,
}

impl Stage<Lab> {
    /// A service on GitLab, whose pipelines deploy.
    pub fn gitlab() -> Self {
        Self::new(Gitlab::open(), "GITLAB_TOKEN", "kind = \"gitlab\"", "[ci]\nkind = \"gitlab\"\n")
    }
}

impl Stage<Jo> {
    /// A service on Forgejo, whose CI speaks through statuses.
    pub fn forgejo() -> Self {
        Self::new(Forgejo::open(), "FORGEJO_TOKEN", "kind = \"forgejo\"", "[ci]\nkind = \"status\"\nsilence = \"1s\"\n")
    }
}

impl<S: Service> Stage<S> {
    /// `master` is two commits ahead of `staging`, which asks for the check `unit`.
    fn new(forge: Host<S>, variable: &'static str, kind: &str, ci: &str) -> Self {
        let machine = Machine::new();
        let work = Repo::init(machine.path("work"));
        work.change("README", "one\n");
        work.git(&["branch", "staging"]);
        work.git(&["branch", "production"]);
        work.change("main.go", "two\n");
        work.change("main.go", "three\n");
        work.git(&["remote", "add", "origin", &forge.git_url_as("t-admin")]);
        work.git(&["push", "-q", "origin", "master", "staging", "production"]);
        let project = machine.path("project");
        fs::create_dir_all(&project).unwrap();
        let text = format!(
            "[repo]\nurl = \"{}\"\n\n[[environment]]\nname = \"staging\"\nbranch = \"staging\"\nchecks = [\"unit\"]\n\n\
             [forge]\n{kind}\napi = \"{}\"\npoll = \"20ms\"\n\n{ci}",
            forge.git_url(),
            forge.api(),
        );
        fs::write(project.join("relwf.toml"), text).unwrap();
        Self { forge, machine, project, token: "t-write", variable }
    }

    fn command(&self, args: &[&str]) -> assert_cmd::Command {
        let mut command = self.machine.relwf(&self.project, args);
        let helper = self.machine.path("gitconfig");
        let answer = format!("echo username=oauth2; echo password={}", self.token);
        fs::write(&helper, format!("[credential]\n\thelper = \"!f() {{ {answer}; }}; f\"\n")).unwrap();
        command.env("GIT_CONFIG_GLOBAL", helper).env(self.variable, self.token);
        for who in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{who}_NAME"), "Ada").env(format!("GIT_{who}_EMAIL"), "ada@example.com");
        }
        command
    }

    /// Runs relwf as the operator with the token, which must not be readable anywhere afterwards.
    pub fn relwf(&self, args: &[&str]) -> Said {
        let said = said(&self.machine, self.command(args));
        for token in ["t-write", "t-read", "t-none", "t-admin"] {
            assert!(!said.stdout.contains(token) && !said.stderr.contains(token), "{}\n{}", said.stdout, said.stderr);
        }
        said
    }

    /// `relwf run promote-staging`; what only staging has is no reason to stop.
    pub fn promote(&self) -> Said {
        self.relwf(&["run", "promote-staging", "--param", "accept=missing"])
    }

    /// Promotes, and acts on the forge once relwf waits for a check.
    pub fn while_waiting(&self, mut act: impl FnMut(&Self)) -> Said
    where
        S: Sync,
    {
        self.while_held([self.forge.hold(2, "GET", "/statuses")], |stage, _| act(stage))
    }

    /// Promotes, and acts on the forge while each of these requests is held, in their order.
    pub fn while_held<const N: usize>(&self, held: [Held; N], mut act: impl FnMut(&Self, usize)) -> Said
    where
        S: Sync,
    {
        let run = || {
            let said = self.promote();
            self.forge.hold_no_more();
            said
        };
        act_while_held(held, run, |number| act(self, number))
    }

    /// What git knows about the bare repository.
    pub fn git(&self, args: &[&str]) -> String {
        self.forge.bare().git(args)
    }

    /// The changes, oldest first.
    pub fn changes(&self) -> Vec<Change> {
        self.forge.with_project(|project| project.changes.values().cloned().collect())
    }

    /// The texts of the comments, oldest first.
    pub fn comments(&self) -> Vec<String> {
        self.forge.with_project(|project| project.comments.iter().map(|comment| comment.body.clone()).collect())
    }

    /// The only change landed: staging has exactly the tested files, everything is told and tidied. The change, and as what.
    pub fn landed(&self) -> (Change, String) {
        let changes = self.changes();
        let [change] = changes.as_slice() else { panic!("one change: {changes:?}") };
        let State::Merged(commit) = &change.state else { panic!("it is merged: {change:?}") };
        assert_eq!(self.git(&["rev-parse", "staging"]), *commit);
        assert_eq!(self.git(&["rev-parse", "staging^{tree}"]), self.git(&["rev-parse", "master^{tree}"]));
        assert_eq!(self.git(&["branch", "--list", "relwf/*"]), "", "the branch is gone");
        let comments = self.comments();
        assert!(comments.len() == 1 && comments[0].contains(&format!("staging is at {commit}")), "{comments:?}");
        (change.clone(), commit.clone())
    }

    /// Nothing landed.
    pub fn nothing_landed(&self) {
        assert_eq!(self.git(&["rev-parse", "staging"]), self.git(&["rev-parse", "production"]));
        assert!(self.changes().iter().all(|change| !matches!(change.state, State::Merged(_))));
    }
}
