//! A world made up for these tests: commands with behaviours, a remote that counts, scripts as data, processes that die
//! between any two steps.

use crate::support::chance::mix;
use relwf::model::{Cancel, Failure, FailureKind, HumanDuration, RunId, SourceLocation, Value, WriteError};
use relwf::run::{
    Assumed, Call, CallAnswer, Command, Commands, Effect, Evaluation, Event, History, Intent, Listener, LocalDriver,
    Observation, OnOutage, OnUnknown, Parallel, Performing, Probe, Read, Record, RecordError, Recorder, Remark,
    RetryPolicy, RunOutcome, Script, Session, StepExit, Wait,
};
use serde_json::json;
use std::collections::{BTreeMap, HashMap};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A line of a script.
#[derive(Debug, Clone, PartialEq)]
pub enum Line {
    /// A host call: function and what makes it different from others.
    Do(String, String),
    Step(String, Vec<Line>),
    /// `flow::parallel` over items.
    Each(String, Vec<String>, Vec<Line>),
    /// Catches a failure and goes on with another call.
    Try(Vec<Line>, Vec<Line>),
}

pub fn call(name: &str, id: &str) -> Line {
    Line::Do(name.to_owned(), id.to_owned())
}

pub fn step(name: &str, lines: Vec<Line>) -> Line {
    Line::Step(name.to_owned(), lines)
}

pub fn each(name: &str, items: &[&str], lines: Vec<Line>) -> Line {
    Line::Each(name.to_owned(), items.iter().map(|item| (*item).to_owned()).collect(), lines)
}

/// A script made of lines. Every call's arguments hold the answer before it, so a wrong answer shows.
pub struct Play(pub Vec<Line>);

enum Unwind {
    Stop,
    Threw(Failure),
}

impl Script for Play {
    fn evaluate(&self, _params: &Value, session: &Arc<Session>) -> Evaluation {
        match play(&self.0, session, &mut Branches::new(), &Value::Null, "") {
            Ok(value) => Evaluation::Returned(value),
            Err(Unwind::Threw(failure)) => Evaluation::Threw(failure),
            Err(Unwind::Stop) => Evaluation::Stopped,
        }
    }
}

/// What the branches of parallels came to; nothing while they wait.
type Branches = HashMap<Parallel, Vec<Option<Result<Value, String>>>>;

fn play(
    lines: &[Line],
    session: &Arc<Session>,
    branches: &mut Branches,
    before: &Value,
    item: &str,
) -> Result<Value, Unwind> {
    let mut last = before.clone();
    for (number, line) in lines.iter().enumerate() {
        let at = SourceLocation::new("play.rhai", number + 1, 1);
        last = match line {
            Line::Do(name, id) => {
                let args = json!({ "id": format!("{item}{id}"), "after": last });
                match session.call(Call { name: name.clone(), args, at }) {
                    CallAnswer::Value(value) => value,
                    CallAnswer::Failure(failure) => return Err(Unwind::Threw(failure)),
                    CallAnswer::Stop => return Err(Unwind::Stop),
                }
            }
            Line::Step(name, lines) => {
                session.enter_step(name, at);
                leave(session, play(lines, session, branches, &last, item))?
            }
            Line::Each(name, items, lines) => {
                let parallel = session.begin_parallel(name).ok_or(Unwind::Stop)?;
                let mut enter = match branches.get(&parallel) {
                    Some(_) => session.branches_with_news(),
                    None => (0..items.len()).collect(),
                };
                let mut ends = branches.remove(&parallel).unwrap_or_else(|| vec![None; items.len()]);
                loop {
                    for number in enter {
                        let inner = &items[number];
                        session.enter_branch(&parallel, number, inner, at.clone());
                        let end = play(lines, session, branches, &last, &format!("{item}{inner}."));
                        ends[number] = match leave(session, end) {
                            Ok(value) => Some(Ok(value)),
                            Err(Unwind::Threw(failure)) => Some(Err(failure.message)),
                            Err(Unwind::Stop) => None,
                        };
                        if session.must_unwind() {
                            return Err(Unwind::Stop);
                        }
                    }
                    if ends.iter().all(Option::is_some) {
                        break;
                    }
                    let Some(numbers) = session.await_branches() else {
                        branches.insert(parallel, ends);
                        return Err(Unwind::Stop);
                    };
                    enter = numbers;
                }
                session.end_parallel();
                branches.insert(parallel, ends.clone());
                let (values, failures): (Vec<_>, Vec<_>) = ends.into_iter().flatten().partition(Result::is_ok);
                let values = values.into_iter().flatten().collect();
                let failures: Vec<String> = failures.into_iter().filter_map(Result::err).collect();
                if !failures.is_empty() {
                    return Err(Unwind::Threw(Failure::new(FailureKind::Parallel, failures.join(", "))));
                }
                digest(&Value::Array(values))
            }
            Line::Try(lines, handler) => match play(lines, session, branches, &last, item) {
                Err(Unwind::Threw(failure)) => play(handler, session, branches, &json!(failure.message), item)?,
                other => other?,
            },
        };
    }
    Ok(last)
}

fn leave(session: &Arc<Session>, result: Result<Value, Unwind>) -> Result<Value, Unwind> {
    session.leave(match &result {
        Ok(_) => StepExit::Done,
        Err(Unwind::Threw(_)) => StepExit::Failed,
        Err(Unwind::Stop) => StepExit::Stopped,
    });
    result
}

/// Keeps values short however long the script is.
fn digest(value: &Value) -> Value {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    value.to_string().hash(&mut hasher);
    json!(format!("{:x}", hasher.finish()))
}

/// Whether probes work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Probes {
    On,
    /// They always say that nothing happened: what an engine without probes believes.
    Off,
}

/// Everything outside the process: it survives crashes.
pub struct World {
    /// How often each effect happened, by its arguments' id.
    pub happened: Mutex<BTreeMap<String, u32>>,
    /// By idempotency key: the outcome, for probes.
    outcomes: Mutex<BTreeMap<String, Value>>,
    /// How often each command was tried.
    tries: Mutex<BTreeMap<String, u32>>,
    probes: Probes,
    /// Steps that the process may still take before it dies.
    life: AtomicI64,
    dead: AtomicBool,
    /// Chance, for pauses.
    seed: AtomicU64,
    /// A remote that several processes share: a file for each effect, a line for each time it happened.
    disk: Option<PathBuf>,
    /// Called at every boundary between two steps, where a real process can be killed.
    boundary: Option<fn()>,
}

/// How often each effect happened on a remote on disk.
pub fn happened(disk: &Path) -> BTreeMap<String, u32> {
    let mut happened = BTreeMap::new();
    for file in std::fs::read_dir(disk).unwrap() {
        for id in std::fs::read_to_string(file.unwrap().path()).unwrap().lines() {
            *happened.entry(id.to_owned()).or_default() += 1;
        }
    }
    happened
}

impl World {
    pub fn new(probes: Probes, seed: u64) -> Arc<Self> {
        Arc::new(Self {
            happened: Mutex::default(),
            outcomes: Mutex::default(),
            tries: Mutex::default(),
            probes,
            life: AtomicI64::new(i64::MAX),
            dead: AtomicBool::new(false),
            seed: AtomicU64::new(seed),
            disk: None,
            boundary: None,
        })
    }

    /// A remote that survives the process; people have approved already.
    pub fn on_disk(disk: &Path, boundary: fn()) -> Arc<Self> {
        std::fs::create_dir_all(disk).unwrap();
        let mut world = Self::new(Probes::On, u64::from(std::process::id()));
        let inner = Arc::get_mut(&mut world).unwrap();
        inner.disk = Some(disk.to_owned());
        inner.boundary = Some(boundary);
        inner.tries.lock().unwrap().insert("approval".to_owned(), 2);
        world
    }

    fn happen(&self, id: &str, key: &str, value: &Value) {
        *self.happened.lock().unwrap().entry(id.to_owned()).or_default() += 1;
        self.outcomes.lock().unwrap().insert(key.to_owned(), value.clone());
        if let Some(disk) = &self.disk {
            let mut file = std::fs::OpenOptions::new().append(true).create(true).open(disk.join(key)).unwrap();
            file.write_all(format!("{id}\n").as_bytes()).unwrap();
        }
    }

    fn find(&self, id: &str, key: &str) -> Option<Value> {
        match &self.disk {
            Some(disk) => std::fs::read(disk.join(key)).is_ok_and(|f| !f.is_empty()).then(|| json!({ "made": id })),
            None => self.outcomes.lock().unwrap().get(key).cloned(),
        }
    }

    /// A new process, which dies after that many steps.
    pub fn born(&self, life: i64) {
        self.life.store(life, Ordering::SeqCst);
        self.dead.store(false, Ordering::SeqCst);
    }

    pub fn is_dead(&self) -> bool {
        self.dead.load(Ordering::SeqCst)
    }

    /// One step of the process; says whether it is still alive.
    fn lives(&self) -> bool {
        if let Some(boundary) = self.boundary {
            boundary();
        }
        if self.life.fetch_sub(1, Ordering::SeqCst) <= 0 {
            self.dead.store(true, Ordering::SeqCst);
        }
        !self.is_dead()
    }

    pub fn chance(&self, below: u64) -> u64 {
        mix(self.seed.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::SeqCst)) % below
    }

    fn tried(&self, id: &str) -> u32 {
        let mut tries = self.tries.lock().unwrap();
        let count = tries.entry(id.to_owned()).or_default();
        *count += 1;
        *count
    }

    /// The effects that happened more than once.
    pub fn duplicates(&self) -> Vec<String> {
        self.happened.lock().unwrap().iter().filter(|(_, n)| **n > 1).map(|(id, _)| id.clone()).collect()
    }

    pub fn effects(&self) -> u32 {
        self.happened.lock().unwrap().values().sum()
    }
}

/// A command whose function's name says how it behaves.
struct Fake {
    name: String,
    id: String,
    world: Arc<World>,
}

pub struct Fakes(pub Arc<World>);

impl Commands for Fakes {
    fn on_outage(&self, _: &str) -> OnOutage {
        OnOutage::Throw
    }

    fn command(&self, call: &Call) -> Result<Command, Failure> {
        let id = call.args.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
        let fake = Fake { name: call.name.clone(), id, world: Arc::clone(&self.0) };
        match call.name.split_once("::").map_or("", |(family, _)| family) {
            "read" => Ok(Command::Read(Box::new(fake))),
            "wait" => Ok(Command::Wait(Box::new(fake))),
            "effect" => Ok(Command::Effect(Box::new(fake))),
            _ => Err(Failure::new(FailureKind::Arguments, format!("`{}` takes no such thing", call.name))),
        }
    }

    fn remark(&self, _: &str, _: &Value) -> Option<Remark> {
        None
    }
}

impl Fake {
    /// Takes a while, so that branches end in any order.
    fn jitter(&self) {
        std::thread::sleep(Duration::from_micros(self.world.chance(400)));
    }

    fn dead(&self) -> Failure {
        Failure::new(FailureKind::Network, format!("{} fell silent", self.id))
    }
}

impl Read for Fake {
    fn perform(&self, _: &Performing<'_>) -> Result<Value, Failure> {
        self.jitter();
        match self.name.as_str() {
            "read::missing" => Err(Failure::new(FailureKind::NotFound, format!("no {}", self.id))),
            "read::panic" => panic!("{} is a bug", self.id),
            _ => Ok(json!({ "read": self.id })),
        }
    }
}

impl Wait for Fake {
    fn begin(&self, _: &Performing<'_>) -> Result<Value, Failure> {
        Ok(json!({ "begun": self.id }))
    }

    fn observe(&self, _: &Performing<'_>, begun: &Value) -> Result<Observation, Failure> {
        assert_eq!(begun, &json!({ "begun": self.id }));
        let looks = self.world.tried(&self.id);
        Ok(match self.name.as_str() {
            "wait::person" if looks < 3 => {
                Observation::Suspend { why: format!("{} is to be approved", self.id), until: None }
            }
            "wait::forever" => Observation::Suspend { why: format!("{} never comes", self.id), until: None },
            "wait::poll" if looks < 3 => {
                let again = HumanDuration::new(Duration::from_micros(300));
                Observation::NotYet { why: format!("{} is pending", self.id), again }
            }
            "wait::long" => {
                let again = HumanDuration::new(Duration::from_secs(3600));
                Observation::NotYet { why: format!("{} is pending", self.id), again }
            }
            "wait::red" => return Err(Failure::new(FailureKind::Red, format!("{} is red", self.id))),
            _ => Observation::Ready(json!({ "seen": self.id })),
        })
    }

    fn again(&self, _: &Performing<'_>, begun: &Value) -> Result<Value, Failure> {
        Ok(begun.clone())
    }

    fn assume(&self, _: &Performing<'_>) -> Result<Assumed, Failure> {
        let note = Some(format!("assuming {} comes", self.id));
        Ok(Assumed { value: json!({ "seen": self.id }), note })
    }
}

impl Effect for Fake {
    fn prepare(&self, _: &Performing<'_>) -> Result<Value, Failure> {
        match self.name.as_str() {
            "effect::unprepared" => Err(Failure::new(FailureKind::NotFound, format!("nothing to do for {}", self.id))),
            _ => Ok(json!({ "pre": self.id })),
        }
    }

    fn perform(&self, _: &Performing<'_>, intent: &Intent) -> Result<Value, WriteError> {
        assert_eq!(intent.pre, json!({ "pre": self.id }));
        self.jitter();
        if !self.world.lives() {
            return Err(WriteError::Unknown(self.dead()));
        }
        let first = self.world.tried(&self.id) == 1;
        let not_done = || Failure::new(FailureKind::Network, format!("{} was not sent", self.id));
        match (self.name.as_str(), first) {
            ("effect::refused", _) => {
                return Err(WriteError::Refused(Failure::new(FailureKind::Refused, format!("{} is refused", self.id))));
            }
            ("effect::busy", true) => {
                let after = Some(HumanDuration::new(Duration::from_micros(100)));
                return Err(WriteError::NotDone { failure: not_done(), after });
            }
            ("effect::unreachable", _) => return Err(WriteError::NotDone { failure: not_done(), after: None }),
            ("effect::lost", true) => return Err(WriteError::Unknown(not_done())),
            ("effect::panic", _) => panic!("{} is a bug", self.id),
            _ => {}
        }
        let value = json!({ "made": self.id });
        self.world.happen(&self.id, &intent.idempotency_key, &value);
        let silent = matches!(self.name.as_str(), "effect::silent" | "effect::doubtful" | "effect::skip") && first;
        if !self.world.lives() || silent {
            return Err(WriteError::Unknown(self.dead()));
        }
        Ok(value)
    }

    fn probe(&self, _: &Performing<'_>, intent: &Intent) -> Result<Probe, Failure> {
        if !self.world.lives() {
            return Err(self.dead());
        }
        if self.name == "effect::doubtful" || self.name == "effect::skip" {
            return Ok(Probe::Unknown("there is no way to tell".to_owned()));
        }
        let found = match self.world.probes {
            Probes::On => self.world.find(&self.id, &intent.idempotency_key),
            Probes::Off => None,
        };
        if !self.world.lives() {
            return Err(self.dead());
        }
        Ok(found.map_or(Probe::Absent, Probe::Done))
    }

    fn on_unknown(&self) -> OnUnknown {
        if self.name == "effect::skip" { OnUnknown::Skip } else { OnUnknown::Ask }
    }

    fn assume(&self, _: &Performing<'_>) -> Result<Assumed, Failure> {
        match self.name.as_str() {
            "effect::number" => Ok(Assumed { value: relwf::model::unknown("number of the change"), note: None }),
            "effect::unprepared" => Err(Failure::new(FailureKind::NotFound, format!("nothing to do for {}", self.id))),
            _ => Ok(Assumed { value: json!({ "made": self.id }), note: None }),
        }
    }
}

/// A journal in memory; it goes through the same fold as the real one.
#[derive(Default)]
pub struct Memory {
    pub history: Mutex<History>,
    pub records: Mutex<Vec<Record>>,
}

impl Recorder for Memory {
    fn history(&self) -> Result<History, RecordError> {
        Ok(self.history.lock().unwrap().clone())
    }

    fn record(&self, record: &Record) -> Result<(), RecordError> {
        self.history.lock().unwrap().apply(record.clone());
        self.records.lock().unwrap().push(record.clone());
        Ok(())
    }

    fn still_mine(&self) -> Result<(), RecordError> {
        Ok(())
    }
}

/// Dies before a record is written, or right after: either way the caller never hears of it.
pub struct Mortal<'a> {
    pub world: &'a World,
    pub inner: &'a dyn Recorder,
}

impl Mortal<'_> {
    fn step(&self) -> Result<(), RecordError> {
        if self.world.lives() { Ok(()) } else { Err(RecordError::Store(Failure::new(FailureKind::Io, "killed"))) }
    }
}

impl Recorder for Mortal<'_> {
    fn history(&self) -> Result<History, RecordError> {
        self.inner.history()
    }

    fn record(&self, record: &Record) -> Result<(), RecordError> {
        self.step()?;
        self.inner.record(record)?;
        self.step()
    }

    fn still_mine(&self) -> Result<(), RecordError> {
        self.step()?;
        self.inner.still_mine()
    }
}

/// Keeps every event.
#[derive(Default)]
pub struct Heard(pub Mutex<Vec<Event>>);

impl Listener for Heard {
    fn event(&self, event: &Event) {
        self.0.lock().unwrap().push(event.clone());
    }
}

/// A policy without waits.
pub fn quick() -> RetryPolicy {
    RetryPolicy {
        tries: 4,
        first: Duration::from_micros(100),
        longest: Duration::from_micros(500),
        budget: Duration::from_secs(900),
        looks: vec![Duration::from_micros(100)],
        suspended: Duration::from_micros(500),
        tick: Duration::from_millis(2),
        ..RetryPolicy::default()
    }
}

/// Drives once.
pub fn drive(lines: &[Line], world: &Arc<World>, recorder: &dyn Recorder) -> Result<RunOutcome, RecordError> {
    drive_with(lines, world, recorder, &Heard::default(), &Cancel::new())
}

pub fn drive_with(
    lines: &[Line],
    world: &Arc<World>,
    recorder: &dyn Recorder,
    listener: &dyn Listener,
    cancel: &Cancel,
) -> Result<RunOutcome, RecordError> {
    LocalDriver {
        run: &RunId::new("r1"),
        workflow: "play",
        script: &Play(lines.to_vec()),
        params: &Value::Null,
        commands: &Fakes(Arc::clone(world)),
        recorder,
        listener,
        cancel,
        parallel: 4,
    }
    .drive_with(&quick())
}
