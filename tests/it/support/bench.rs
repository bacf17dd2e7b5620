//! A remote, its mirror and a world around them: what commands are tried on without a script or a driver.

use jiff::Timestamp;
use relwf::ci::{BuildCommand, Ci, CommandCi};
use relwf::components::{PluginDetector, Version};
use relwf::config::{CiConfig, Config, Environment, ForgeConfig, ShConfig};
use relwf::effects::{Clock, EffectContext, Registry, Signals};
use relwf::forge::LocalForge;
use relwf::git::{Credentials, Identity, Keep, Mirror, RemoteUrl};
use relwf::model::{Cancel, Failure, Progress, RunId, SourceLocation, TaskContext, Value, WriteError};
use relwf::run::{
    ApprovalDecision, Assumed, Call, Command, Commands, Intent, Key, Observation, OnUnknown, Performing, Probe,
    StepPath,
};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Condvar, Mutex};

/// Runs git with nothing of the machine's own configuration; fixed identity and dates.
pub fn git(dir: &Path, args: &[&str]) -> String {
    let output = std::process::Command::new(super::git::program())
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", dir)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .envs(["AUTHOR", "COMMITTER"].map(|who| (format!("GIT_{who}_NAME"), "Ada Test")))
        .envs(["AUTHOR", "COMMITTER"].map(|who| (format!("GIT_{who}_EMAIL"), "ada@example.org")))
        .envs(["AUTHOR", "COMMITTER"].map(|who| (format!("GIT_{who}_DATE"), "1760000000 +0200")))
        .args(args)
        .current_dir(dir)
        .output()
        .expect("git is installed");
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
}

/// A clock that tests turn.
pub struct TestClock(AtomicI64);

impl TestClock {
    pub fn turn(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.0.load(Ordering::SeqCst)).expect("a time")
    }

    fn sleep(&self, how_long: std::time::Duration) {
        self.turn(i64::try_from(how_long.as_secs()).unwrap_or(0));
    }
}

/// Lines of progress, and word of each.
#[derive(Default)]
pub struct Lines {
    lines: Mutex<Vec<String>>,
    came: Condvar,
}

impl Lines {
    fn add(&self, line: String) {
        self.lines.lock().unwrap().push(line);
        self.came.notify_all();
    }

    /// All so far.
    pub fn all(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }

    /// Waits for a line that begins with these words.
    pub fn wait_for(&self, words: &str) {
        let lines = self.lines.lock().unwrap();
        drop(self.came.wait_while(lines, |lines| !lines.iter().any(|line| line.starts_with(words))).unwrap());
    }
}

/// Decisions by digest.
#[derive(Default)]
pub struct TestSignals(pub Mutex<BTreeMap<String, ApprovalDecision>>);

impl Signals for TestSignals {
    fn decision(&self, _run: &RunId, _key: &Key, digest: &str) -> Result<Option<ApprovalDecision>, Failure> {
        Ok(self.0.lock().unwrap().get(digest).cloned())
    }
}

struct NoPlugins;

impl PluginDetector for NoPlugins {
    fn version(
        &self,
        plugin: &str,
        _files: &BTreeMap<String, String>,
        _options: &Value,
    ) -> Result<Option<Version>, Failure> {
        panic!("no plugin is configured, but {plugin} was asked for")
    }
}

/// A bare remote, a clone to work in, and a folder for everything else.
pub struct Bench {
    pub dir: tempfile::TempDir,
    pub clock: Arc<TestClock>,
    pub signals: Arc<TestSignals>,
    pub cancel: Cancel,
    pub said: Arc<Lines>,
    pub run: RunId,
}

impl Bench {
    /// `master` is two commits ahead of the fork, `staging` one.
    pub fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let bench = Self {
            dir,
            clock: Arc::new(TestClock(AtomicI64::new(1_760_000_000))),
            signals: Arc::default(),
            cancel: Cancel::new(),
            said: Arc::default(),
            run: RunId::new("r1"),
        };
        git(bench.dir.path(), &["init", "-q", "--bare", "-b", "master", "remote.git"]);
        git(bench.dir.path(), &["init", "-q", "-b", "master", "work"]);
        git(&bench.work(), &["remote", "add", "origin", "../remote.git"]);
        bench.commit("base", &[("service.txt", "1\n"), ("ok", "yes\n")]);
        git(&bench.work(), &["branch", "staging"]);
        bench.commit("first", &[("service.txt", "2\n")]);
        bench.commit("second", &[("more.txt", "2\n")]);
        git(&bench.work(), &["checkout", "-q", "staging"]);
        bench.commit("hotfix", &[("hotfix.txt", "1\n")]);
        git(&bench.work(), &["push", "-q", "origin", "master", "staging"]);
        git(&bench.work(), &["checkout", "-q", "master"]);
        bench
    }

    pub fn work(&self) -> PathBuf {
        self.dir.path().join("work")
    }

    pub fn remote(&self) -> PathBuf {
        self.dir.path().join("remote.git")
    }

    /// Commits these files in the clone, on whatever is checked out there.
    pub fn commit(&self, message: &str, files: &[(&str, &str)]) -> String {
        for (path, text) in files {
            std::fs::write(self.work().join(path), text).expect("a file can be written");
        }
        git(&self.work(), &["add", "-A"]);
        git(&self.work(), &["commit", "-q", "-m", message]);
        git(&self.work(), &["rev-parse", "HEAD"])
    }

    /// What a reference of the remote holds.
    pub fn at(&self, reference: &str) -> String {
        git(&self.remote(), &["rev-parse", reference])
    }

    /// An executable script in the project's folder.
    pub fn script(&self, name: &str, text: &str) {
        use std::os::unix::fs::PermissionsExt;
        let path = self.dir.path().join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).expect("a script can be written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("it can be made executable");
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.dir.path().join(name)).unwrap_or_default()
    }

    pub fn mirror(&self) -> Arc<Mirror> {
        let url = RemoteUrl::parse("remote.git", self.dir.path()).expect("an address");
        let task = TaskContext { cancel: &Cancel::new(), progress: &|_| {} };
        let credentials = Arc::new(Credentials::new(|_| None, None));
        let mirror =
            Mirror::open(&self.dir.path().join("cache"), &url, credentials, Keep::Yes, task).expect("a mirror");
        mirror.sync(task).expect("it can be fetched");
        Arc::new(mirror)
    }

    pub fn now(&self) -> Arc<dyn Fn() -> Timestamp + Send + Sync> {
        let clock = Arc::clone(&self.clock);
        Arc::new(move || clock.now())
    }

    pub fn config(&self) -> Config {
        let environment = |name: &str, checks: &[&str]| Environment {
            name: name.to_owned(),
            branch: name.parse().expect("a branch"),
            url: None,
            checks: checks.iter().map(|&check| check.to_owned()).collect(),
            deployed_by: Vec::new(),
            also_green: Vec::new(),
            health: None,
        };
        Config {
            root: self.dir.path().to_owned(),
            file: None,
            text: String::new(),
            process: None,
            repo: None,
            environments: vec![environment("master", &["unit"]), environment("staging", &["ci/pr"])],
            components: Vec::new(),
            forge: ForgeConfig::default(),
            ci: CiConfig::default(),
            release: None,
            fleet: None,
            sh: ShConfig::default(),
            secrets: BTreeMap::new(),
        }
    }

    /// The world of this configuration; a CI where `[ci].command` is set.
    pub fn world(&self, config: Config) -> Arc<EffectContext> {
        self.world_on(config, self.mirror())
    }

    pub fn world_on(&self, config: Config, mirror: Arc<Mirror>) -> Arc<EffectContext> {
        let ada = || ("Ada Test".to_owned(), "ada@example.org".to_owned());
        let identity = Identity::new(ada(), ada());
        let forge = Arc::new(LocalForge::new(Arc::clone(&mirror), self.now(), Some(&identity)));
        let folder = self.dir.path().join("state");
        let ci = (!config.ci.command.is_empty()).then(|| {
            Arc::new(CommandCi::new(
                BuildCommand {
                    argv: config.ci.command.clone(),
                    checkout: config.ci.checkout,
                    passed: config.ci.env.clone(),
                    withheld: Vec::new(),
                },
                config.ci.timeout(),
                Arc::clone(&mirror),
                forge.clone(),
                folder.join("ci"),
                self.now(),
            )) as Arc<dyn Ci>
        });
        Arc::new(EffectContext {
            config,
            process: None,
            mirror,
            forge,
            pages: None,
            ci,
            identity: Ok(identity),
            signing: Ok(None),
            cross_check: relwf::git::CrossCheckMode::Ask,
            plugins: Arc::new(NoPlugins),
            signals: self.signals.clone(),
            env: Arc::new(|name| (name == "CANARY").then(|| "s3cr3t-canary-value".to_owned())),
            routes: relwf::network::Routes::default(),
            repositories: relwf::effects::ComponentRepositories {
                cache: Ok(self.dir.path().join("cache")),
                credentials: Arc::new(Credentials::new(|_| None, None)),
                routes: relwf::network::Routes::default(),
            },
            clock: self.clock.clone(),
            folder,
        })
    }

    /// The command of one call, and everything that is needed to perform it.
    pub fn call<'a>(&'a self, world: &Arc<EffectContext>, name: &str, args: Value) -> Bound<'a> {
        let call = Call { name: name.to_owned(), args, at: SourceLocation::new("test.rhai", 1, 1) };
        let command = Registry::new(Arc::clone(world)).command(&call);
        let key = Key { path: StepPath::default().step("test"), ordinal: 0 };
        let idempotency_key = format!("relwf-{}-{}", self.run, call.fingerprint());
        Bound { bench: self, command, key, idempotency_key }
    }
}

/// A command, ready to be performed.
pub struct Bound<'a> {
    bench: &'a Bench,
    command: Result<Command, Failure>,
    key: Key,
    idempotency_key: String,
}

impl Bound<'_> {
    fn with<T>(&self, work: impl FnOnce(&Performing<'_>) -> T) -> T {
        let said = Arc::clone(&self.bench.said);
        let progress = move |progress: Progress| said.add(progress.what);
        let task = TaskContext { cancel: &self.bench.cancel, progress: &progress };
        work(&Performing { run: &self.bench.run, key: &self.key, task, now: self.bench.clock.now() })
    }

    fn effect(&self) -> &dyn relwf::run::Effect {
        match &self.command {
            Ok(Command::Effect(effect)) => &**effect,
            Ok(_) => panic!("it is no effect"),
            Err(failure) => panic!("{failure:?}"),
        }
    }

    fn wait(&self) -> &dyn relwf::run::Wait {
        match &self.command {
            Ok(Command::Wait(wait)) => &**wait,
            Ok(_) => panic!("it is no wait"),
            Err(failure) => panic!("{failure:?}"),
        }
    }

    /// Why there is no command.
    pub fn refused(self) -> Failure {
        match self.command {
            Ok(_) => panic!("the arguments were taken"),
            Err(failure) => failure,
        }
    }

    pub fn look(&self) -> Result<Value, Failure> {
        match &self.command {
            Ok(Command::Read(read)) => self.with(|cx| read.perform(cx)),
            Ok(_) => panic!("it is no read"),
            Err(failure) => Err(failure.clone()),
        }
    }

    pub fn prepare(&self) -> Result<Intent, Failure> {
        let pre = self.with(|cx| self.effect().prepare(cx))?;
        // As it comes back from the journal.
        let pre = serde_json::from_str(&pre.to_string()).expect("JSON");
        Ok(Intent { idempotency_key: self.idempotency_key.clone(), pre })
    }

    pub fn perform(&self, intent: &Intent) -> Result<Value, WriteError> {
        self.with(|cx| self.effect().perform(cx, intent))
    }

    pub fn probe(&self, intent: &Intent) -> Probe {
        self.with(|cx| self.effect().probe(cx, intent)).expect("the remote can be asked")
    }

    pub fn restore(&self, intent: &Intent, outcome: &Value) -> Result<(), Failure> {
        self.with(|cx| self.effect().restore(cx, intent, outcome))
    }

    pub fn on_unknown(&self) -> OnUnknown {
        self.effect().on_unknown()
    }

    /// Prepared and performed.
    pub fn done(&self) -> Value {
        self.perform(&self.prepare().expect("it can be prepared")).expect("it can be done")
    }

    pub fn assume(&self) -> Result<Assumed, Failure> {
        self.with(|cx| match &self.command {
            Ok(Command::Effect(effect)) => effect.assume(cx),
            Ok(Command::Wait(wait)) => wait.assume(cx),
            Ok(Command::Read(_)) => panic!("a read is never assumed"),
            Err(failure) => Err(failure.clone()),
        })
    }

    pub fn begin(&self) -> Value {
        self.with(|cx| self.wait().begin(cx)).expect("it can begin")
    }

    pub fn observe(&self, begun: &Value) -> Result<Observation, Failure> {
        self.with(|cx| self.wait().observe(cx, begun))
    }
}
