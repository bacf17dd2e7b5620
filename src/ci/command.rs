//! A command on this machine, run in a checkout of the commit: exit 0 is green.
//!
//! A build's result is a verdict on the forge (context `relwf/<event>`), so it is there for every machine that sees the
//! remote. Its log and its bookkeeping stay in a folder here. When relwf is killed during a build there is no verdict, and
//! a resumed run starts the command again: jobs must bear that (`RELWF_ATTEMPT` counts). It never runs twice at once: the
//! command itself holds the job's lock (as its standard input) for as long as it lives, even when relwf no longer does.

use super::build_checkout::{self, BuildCheckout};
use super::types::tail;
use super::{Build, BuildQuery, BuildState, Ci, CiEvent, RedJob, Start, Ticket, Trigger};
use crate::forge::{Forge, Verdict, VerdictState};
use crate::git::{LOCAL_ENVIRONMENT, Mirror};
use crate::model::{CheckoutOptions, CommitId, Failure, FailureKind, HumanDuration, TaskContext, WriteError, hex};
use crate::process::{self, Leftovers, ProcessError, Program, Streams};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A log file ends here; the command goes on.
const LOG_LIMIT: u64 = 64 * 1024 * 1024;

/// What is run, and what of this machine it sees.
pub struct BuildCommand {
    /// `[ci].command`; `${event}`, `${commit}` and `${branch}` are replaced in each word.
    pub argv: Vec<String>,
    /// What its checkout has.
    pub checkout: CheckoutOptions,
    /// Variables that it gets although they look like credentials.
    pub passed: Vec<String>,
    /// Variables that hold the workflows' secrets: it gets none of them, unless they are passed.
    pub withheld: Vec<String>,
}

/// A command on this machine.
pub struct CommandCi {
    command: BuildCommand,
    limit: Duration,
    mirror: Arc<Mirror>,
    forge: Arc<dyn Forge>,
    folder: PathBuf,
    now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
}

/// What is kept here of one build.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct BuildRecord {
    key: String,
    branch: crate::model::BranchName,
    env: Vec<(String, String)>,
    attempts: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    result: Option<JobResult>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct JobResult {
    state: BuildState,
    description: String,
    at: Timestamp,
}

/// Where a job's files are.
struct Desk {
    commit: CommitId,
    event: CiEvent,
    folder: PathBuf,
    /// Distinguishes the builds of one commit and event.
    name: String,
}

impl Desk {
    fn job(&self) -> PathBuf {
        self.folder.join(format!("{}.json", self.name))
    }

    fn log(&self) -> PathBuf {
        self.folder.join(format!("{}.log", self.name))
    }

    /// One build for a push or a change at a time. Builds that were triggered by key are jobs of their own.
    fn lock(&self) -> PathBuf {
        match self.event {
            CiEvent::Push | CiEvent::PullRequest => self.folder.join("lock"),
            CiEvent::Api | CiEvent::Cron => self.folder.join(format!("{}.lock", self.name)),
        }
    }

    fn id(&self) -> String {
        format!("{}/{}/{}", self.commit, self.event.word(), self.name)
    }
}

impl CommandCi {
    /// Runs `command` for at most `limit`. `folder` keeps logs, locks and checkouts; `now` dates verdicts.
    pub fn new(
        command: BuildCommand,
        limit: HumanDuration,
        mirror: Arc<Mirror>,
        forge: Arc<dyn Forge>,
        folder: PathBuf,
        now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    ) -> Self {
        Self { command, limit: limit.duration(), mirror, forge, folder, now }
    }

    fn desk(&self, commit: CommitId, event: CiEvent, name: &str) -> Desk {
        let folder = self.folder.join(commit.to_string()).join(event.word());
        Desk { commit, event, folder, name: name.to_owned() }
    }

    /// The desk of a build's id: `<commit>/<event>/<name>`, or `<commit>/<event>` for the newest one.
    fn desk_of(&self, id: &str) -> Result<Option<Desk>, WriteError> {
        let wrong = || {
            WriteError::Refused(Failure::new(
                FailureKind::NotFound,
                format!("`{id}` is not the id of a build of this CI"),
            ))
        };
        let mut parts = id.split('/');
        let commit = parts.next().and_then(|text| text.parse().ok()).ok_or_else(wrong)?;
        let event = parts.next().and_then(event_of).ok_or_else(wrong)?;
        let name = parts.next();
        if let Some(name) = name.filter(|name| name.bytes().all(|byte| byte.is_ascii_hexdigit())) {
            return Ok(Some(self.desk(commit, event, name)));
        }
        let desk = self.desk(commit, event, "");
        let newest = std::fs::read_dir(&desk.folder)
            .into_iter()
            .flatten()
            .flatten()
            .filter(|entry| entry.path().extension().is_some_and(|extension| extension == "log"))
            .max_by_key(|entry| entry.metadata().and_then(|data| data.modified()).ok());
        Ok(newest.and_then(|entry| {
            let name = entry.path().file_stem()?.to_string_lossy().into_owned();
            Some(Desk { name, ..desk })
        }))
    }

    /// Takes the job's lock, waiting for an attempt that outlived its relwf.
    fn lock(&self, desk: &Desk, task: TaskContext<'_>) -> Result<File, WriteError> {
        make_folder(&desk.folder).map_err(|error| kept(&desk.folder, &error))?;
        let path = desk.lock();
        let file = private().truncate(false).open(&path);
        let file = file.map_err(|error| kept(&path, &error))?;
        let began = Instant::now();
        let mut announced = false;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::Error(error)) => return Err(kept(&path, &error)),
                Err(TryLockError::WouldBlock) if task.cancel.is_raised() => {
                    return Err(WriteError::NotSent(Failure::new(FailureKind::Interrupted, "interrupted by ctrl-C")));
                }
                Err(TryLockError::WouldBlock) if began.elapsed() > self.limit => {
                    let failure = Failure::new(
                        FailureKind::Timeout,
                        format!("an earlier attempt of this build ({}) still runs", desk.event.word()),
                    );
                    return Err(WriteError::NotSent(
                        failure.hint("find out what that process waits for, stop it, and resume the run"),
                    ));
                }
                Err(TryLockError::WouldBlock) => {
                    if !announced {
                        task.say("waiting: an earlier attempt of this build still runs");
                        announced = true;
                    }
                    std::thread::sleep(Duration::from_millis(100));
                }
            }
        }
    }

    /// Runs the command once and writes its result down here.
    fn build_once(
        &self,
        desk: &Desk,
        job: &mut BuildRecord,
        lock: &File,
        task: TaskContext<'_>,
    ) -> Result<JobResult, WriteError> {
        job.attempts += 1;
        write_job(desk, job)?;
        build_checkout::sweep(self.build_folders());
        let checkout = BuildCheckout::make(
            &self.mirror,
            desk.commit,
            (&desk.folder, &desk.name),
            self.command.checkout,
            self.limit,
            task,
        )
        .map_err(WriteError::Refused)?;

        let argv: Vec<String> = self.command.argv.iter().map(|word| self.replace(word, desk, job)).collect();
        let env = environment(desk, job);
        let stdin = lock.try_clone().map_err(|error| kept(&desk.folder, &error))?;
        let path = desk.log();
        let mut log = private().truncate(true).open(&path).map_err(|error| kept(&path, &error))?;
        let mut written = 0;
        // Code that has not landed yet may come from anyone.
        let hidden = process::withheld(&self.command.passed, &self.command.withheld);
        // Started from a hook or an alias of git, relwf itself has the first; the checkout is another place.
        let without: Vec<&str> = LOCAL_ENVIRONMENT.into_iter().chain(hidden.iter().map(String::as_str)).collect();
        let program = Program {
            argv: &argv,
            dir: checkout.path(),
            env: &env,
            without: &without,
            stdin: Some(stdin),
            streams: Streams::Merged,
            keep: 0,
            limit: Some(self.limit),
            leftovers: Leftovers::Kill,
        };
        let ended = process::run(program, task, &mut |line| {
            task.say(line);
            written += line.len() as u64 + 1;
            if written < LOG_LIMIT {
                // A log that cannot be written (a full disk) must not stop a deployment half-way.
                let _ = writeln!(log, "{line}");
            }
        });
        let (state, description) = match ended {
            Ok(finished) => {
                let state = if finished.success() { BuildState::Passed } else { BuildState::Failed };
                (state, format!("{} after {}", finished.ending(), rounded(finished.took)))
            }
            Err(error @ ProcessError::TimedOut { .. }) => (BuildState::Errored, error.to_string()),
            Err(error @ ProcessError::Cancelled(_)) => return Err(WriteError::NotSent(error.into())),
            Err(error) => return Err(WriteError::Refused(error.into())),
        };
        Ok(JobResult { state, description, at: (self.now)() })
    }

    /// The folders of all builds here: one for each commit and event.
    fn build_folders(&self) -> impl Iterator<Item = PathBuf> {
        let inside =
            |folder: &Path| std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
        inside(&self.folder).flat_map(move |commit| inside(&commit).collect::<Vec<_>>())
    }

    fn replace(&self, word: &str, desk: &Desk, job: &BuildRecord) -> String {
        word.replace("${event}", desk.event.word())
            .replace("${commit}", &desk.commit.to_string())
            .replace("${branch}", job.branch.as_str())
    }

    fn publish(&self, desk: &Desk, result: &JobResult, task: TaskContext<'_>) -> Result<(), WriteError> {
        let state = if result.state == BuildState::Passed { VerdictState::Green } else { VerdictState::Red };
        self.say(desk, state, result.description.clone(), result.at, task)
    }

    /// That it has begun: until it ends the commit is not one that was built, even if relwf is killed meanwhile.
    fn publish_begun(&self, desk: &Desk, task: TaskContext<'_>) -> Result<(), WriteError> {
        self.say(desk, VerdictState::Pending, "runs inside relwf".to_owned(), (self.now)(), task)
    }

    fn say(
        &self,
        desk: &Desk,
        state: VerdictState,
        description: String,
        at: Timestamp,
        task: TaskContext<'_>,
    ) -> Result<(), WriteError> {
        let context = desk.event.own_check().to_owned();
        let url = Some(format!("file://{}", desk.log().display()));
        self.forge.set_status(desk.commit, &Verdict { context, state, description, url, at }, task)
    }

    fn run(&self, desk: &Desk, trigger: &Trigger, task: TaskContext<'_>) -> Result<Ticket, WriteError> {
        let lock = self.lock(desk, task)?;
        let mut job = read_job(desk)?.unwrap_or_else(|| BuildRecord {
            key: trigger.key.clone(),
            branch: trigger.branch.clone(),
            env: trigger.env.clone(),
            attempts: 0,
            result: None,
        });
        let result = match job.result.clone() {
            // The command ran to its end before; its verdict may not have reached the forge.
            Some(result) => result,
            None => {
                if desk.event == CiEvent::Push {
                    self.publish_begun(desk, task)?;
                }
                let result = self.build_once(desk, &mut job, &lock, task)?;
                job.result = Some(result.clone());
                write_job(desk, &job)?;
                result
            }
        };
        self.publish(desk, &result, task)?;
        // Closing the file is not enough where a process that the command left behind has a copy of it.
        let _ = lock.unlock();
        Ok(Ticket(desk.id()))
    }
}

impl Ci for CommandCi {
    fn start(&self) -> Start {
        Start::Us
    }

    fn builds(&self, query: &BuildQuery, task: TaskContext<'_>) -> Result<Vec<Build>, WriteError> {
        let commit = match (&query.commit, &query.branch) {
            (Some(commit), _) => Some(*commit),
            (None, Some(branch)) => self.forge.branch(branch, task)?,
            (None, None) => None,
        };
        let Some(commit) = commit else { return Ok(Vec::new()) };
        let verdicts = self.forge.verdicts(commit, task)?;
        let mut builds: Vec<Build> = CiEvent::ALL
            .into_iter()
            .filter(|event| query.event.is_none_or(|wanted| wanted == *event))
            .filter_map(|event| {
                let verdict = verdicts.iter().find(|verdict| verdict.context == event.own_check())?;
                Some(Build {
                    id: format!("{commit}/{}", event.word()),
                    commit,
                    event,
                    state: match verdict.state {
                        VerdictState::Green => BuildState::Passed,
                        VerdictState::Red => BuildState::Failed,
                        VerdictState::Pending => BuildState::Running,
                        _ => BuildState::Canceled,
                    },
                    url: verdict.url.clone(),
                    finished: (verdict.state != VerdictState::Pending).then_some(verdict.at),
                })
            })
            .collect();
        builds.sort_by_key(|build| std::cmp::Reverse(build.finished));
        Ok(builds)
    }

    /// Nothing to find: a build of this machine keeps its key in its own files.
    fn find(
        &self,
        _key: &str,
        _branch: &crate::model::BranchName,
        _watch: TaskContext<'_>,
    ) -> Result<Vec<Build>, WriteError> {
        Ok(Vec::new())
    }

    /// Runs the command to its end. The same key never runs it twice once it has ended.
    fn trigger(&self, trigger: &Trigger, task: TaskContext<'_>) -> Result<Ticket, WriteError> {
        if self.command.argv.is_empty() {
            return Err(WriteError::Refused(
                Failure::new(FailureKind::Config, "the CI is of kind `command`, but no command is configured")
                    .hint("add `command = [\"make\", \"travis_${event}\"]` to [ci] in relwf.toml"),
            ));
        }
        self.run(&self.desk(trigger.commit, trigger.event, &name_of(&trigger.key)), trigger, task)
    }

    fn resolve(&self, ticket: &Ticket, _watch: TaskContext<'_>) -> Result<Option<Build>, WriteError> {
        let Some(desk) = self.desk_of(&ticket.0)? else { return Ok(None) };
        let Some(job) = read_job(&desk)? else { return Ok(None) };
        Ok(job.result.map(|result| Build {
            id: desk.id(),
            commit: desk.commit,
            event: desk.event,
            state: result.state,
            url: Some(format!("file://{}", desk.log().display())),
            finished: Some(result.at),
        }))
    }

    fn build(&self, id: &str, task: TaskContext<'_>) -> Result<Build, WriteError> {
        if let Some(build) = self.resolve(&Ticket(id.to_owned()), task)? {
            return Ok(build);
        }
        let mut parts = id.split('/');
        let commit = parts.next().and_then(|text| text.parse().ok());
        let event = parts.next().and_then(event_of);
        let query = BuildQuery { commit, event, branch: None };
        self.builds(&query, task)?.into_iter().next().ok_or_else(|| {
            WriteError::Refused(Failure::new(FailureKind::NotFound, format!("there is no build `{id}`")))
        })
    }

    /// Builds run inside the relwf that started them.
    fn cancel(&self, _id: &str, _watch: TaskContext<'_>) -> Result<(), WriteError> {
        Err(WriteError::Refused(
            Failure::new(FailureKind::Refused, "a build of this CI runs inside the relwf that started it")
                .hint("press ctrl-C there"),
        ))
    }

    fn restart(&self, _id: &str, _watch: TaskContext<'_>) -> Result<(), WriteError> {
        Ok(())
    }

    /// The command is the only job.
    fn red_jobs(&self, id: &str, lines: usize, _watch: TaskContext<'_>) -> Result<Vec<RedJob>, WriteError> {
        let Some(desk) = self.desk_of(id)? else { return Ok(Vec::new()) };
        match std::fs::read(desk.log()) {
            Ok(bytes) => Ok(vec![RedJob {
                name: desk.event.own_check().to_owned(),
                url: Some(format!("file://{}", desk.log().display())),
                log: tail(&String::from_utf8_lossy(&bytes), lines),
            }]),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(kept(&desk.log(), &error)),
        }
    }
}

fn event_of(word: &str) -> Option<CiEvent> {
    CiEvent::ALL.into_iter().find(|event| event.word() == word)
}

/// A file name for a key.
fn name_of(key: &str) -> String {
    hex(&Sha256::digest(key)[..6])
}

/// The command's variables, on top of relwf's own environment. The `TRAVIS_…` names let one Makefile serve both.
fn environment(desk: &Desk, job: &BuildRecord) -> Vec<(String, String)> {
    let (event, commit, branch) = (desk.event.word(), desk.commit.to_string(), job.branch.to_string());
    let attempt = job.attempts.to_string();
    [
        ("CI", "true"),
        ("RELWF_EVENT", event),
        ("RELWF_COMMIT", &commit),
        ("RELWF_BRANCH", &branch),
        ("RELWF_KEY", &job.key),
        ("RELWF_ATTEMPT", &attempt),
        ("TRAVIS_EVENT_TYPE", event),
        ("TRAVIS_COMMIT", &commit),
        ("TRAVIS_BRANCH", &branch),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .chain(job.env.iter().cloned())
    .collect()
}

fn read_job(desk: &Desk) -> Result<Option<BuildRecord>, WriteError> {
    match std::fs::read(desk.job()) {
        // What a power cut left half-written counts as never written.
        Ok(bytes) => Ok(serde_json::from_slice(&bytes).ok()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(kept(&desk.job(), &error)),
    }
}

fn write_job(desk: &Desk, job: &BuildRecord) -> Result<(), WriteError> {
    let path = desk.job();
    let write = || {
        let mut file = tempfile::NamedTempFile::new_in(&desk.folder)?;
        serde_json::to_writer(&mut file, job)?;
        file.as_file().sync_all()?;
        file.persist(&path).map_err(|error| error.error).map(drop)
    };
    write().map_err(|error| kept(&path, &error))
}

fn make_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Options for a file that only its owner may read: output of builds may hold anything.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.create(true).read(true).write(true).mode(0o600);
    options
}

fn kept(path: &Path, error: &io::Error) -> WriteError {
    WriteError::Refused(
        Failure::new(FailureKind::Io, format!("the build's files at {} could not be kept", path.display()))
            .cause(error),
    )
}

/// Seconds once there are any: `1m2s137ms` is of no use.
fn rounded(took: Duration) -> HumanDuration {
    HumanDuration::new(if took.as_secs() > 0 {
        Duration::from_secs(took.as_secs())
    } else {
        Duration::from_millis(u64::from(took.subsec_millis()))
    })
}
