//! The SQLite store: what it keeps, what it refuses, what it notices.

use super::everything;
use super::world::{Mortal, Probes, World, call, drive};
use jiff::Timestamp;
use relwf::journal::{
    DoubtVerdict, Holder, LockError, NewRun, PinnedSource, Precedence, RowEvent, Signalled, Store, Which, Who,
};
use relwf::model::{Cancel, Failure, FailureKind, RunId};
use relwf::run::{
    ApprovalDecision, Fingerprint, Intent, Key, Record, RecordError, Recorder, RunStatus, Settled, StepPath,
};
use serde_json::{Value, json};
use std::sync::Barrier;
use tempfile::TempDir;

fn me() -> Who {
    Who { actor: "ada".into(), host: "bench".into(), pid: std::process::id() }
}

fn new_run(id: &str) -> NewRun {
    NewRun {
        id: RunId::new(id),
        workflow: "play".into(),
        project: "/work/service".into(),
        repo: "git@example.com:acme/service.git".into(),
        target: Some("staging".into()),
        params: json!({ "to": "staging" }),
        sources: vec![
            PinnedSource { path: "workflows/play.rhai".into(), text: "fn run(p) {}".into() },
            PinnedSource { path: "plugins/slack.rhai".into(), text: "const PLUGIN = #{}".into() },
        ],
        config_text: "[repo]\n".into(),
        who: me(),
        process: relwf::model::ProcessOrigin::Unpublished { branch: None },
    }
}

fn holder(run: &str) -> Holder {
    Holder { run: RunId::new(run), workflow: "play".into(), who: me(), since: Timestamp::now() }
}

fn key(path: &str, ordinal: u32) -> Key {
    Key { path: StepPath::default().step(path), ordinal }
}

fn settled(key: Key, value: Value) -> Record {
    let (fingerprint, name) = (Fingerprint("f".into()), "read::look".to_owned());
    Record::Settled { key, fingerprint, name, args: json!({}), settled: Settled::Value(value), actor: None }
}

fn intent(key: Key) -> Record {
    let intent = Intent { idempotency_key: "k".into(), pre: json!({ "old": 1 }) };
    Record::Intent {
        key,
        fingerprint: Fingerprint("f".into()),
        name: "git::push".into(),
        args: json!({}),
        intent,
        attempt: 1,
    }
}

fn status(status: RunStatus) -> Record {
    Record::Status { status, value: None, failure: None }
}

fn sql(dir: &TempDir, text: &str) {
    let db = rusqlite::Connection::open(dir.path().join("relwf.db")).unwrap();
    db.execute_batch(text).unwrap();
}

#[test]
fn what_is_recorded_comes_back_after_reopening() {
    let dir = TempDir::new().unwrap();
    let large = json!("x".repeat(200_000));
    let failure = Failure::new(FailureKind::Red, "red").hint("look").cause("build 7");
    let records = [
        Record::Begun {
            key: key("wait", 0),
            fingerprint: Fingerprint("w".into()),
            name: "ci::wait".into(),
            args: json!({ "commit": "c" }),
            facts: json!({ "deadline": "tomorrow" }),
        },
        settled(key("read", 0), large.clone()),
        intent(key("push/ [1]#%", 3)),
        Record::Unknown { key: key("push/ [1]#%", 3), failure: failure.clone() },
        Record::Settled {
            key: key("wait", 0),
            fingerprint: Fingerprint("w".into()),
            name: "ci::wait".into(),
            args: json!({ "commit": "c" }),
            settled: Settled::Failure(failure.clone()),
            actor: Some("probe".into()),
        },
        Record::Status { status: RunStatus::Done, value: Some(large.clone()), failure: Some(failure.clone()) },
    ];
    let id = RunId::new("20260101-1");
    let told = {
        let store = Store::open(dir.path()).unwrap();
        let claim = store.create_run(&new_run(id.as_str())).unwrap();
        records.iter().for_each(|record| claim.record(record).unwrap());
        claim.history().unwrap()
    };
    let mut expected = relwf::run::History::default();
    records.iter().for_each(|record| expected.apply(record.clone()));
    assert_eq!(told, expected);

    let store = Store::open(dir.path()).unwrap();
    assert_eq!(store.history(&id).unwrap(), expected);
    assert_eq!(store.sources(&id).unwrap(), new_run("").sources);
    assert_eq!(store.verify_chain(&id).unwrap(), 7);
    let run = store.run("2026").unwrap();
    assert_eq!((run.status, run.killed, run.epoch), (RunStatus::Done, false, 1));
    assert_eq!((run.value, run.failure), (Some(large), Some(failure)));
    assert_eq!((run.params, run.config_text.as_str()), (json!({ "to": "staging" }), "[repo]\n"));
    let events: Vec<RowEvent> = store.records(&id).unwrap().iter().map(|row| row.content.event).collect();
    use RowEvent::{Begun, Claim, Intent, Outcome, Status, Unknown};
    assert_eq!(events, [Claim, Begun, Outcome, Intent, Unknown, Outcome, Status]);
}

#[test]
fn dying_at_any_boundary_over_sqlite_repeats_and_loses_nothing() {
    for life in (0..60).step_by(4) {
        let dir = TempDir::new().unwrap();
        let world = World::new(Probes::On, 3);
        let id = RunId::new("r1");
        {
            let store = Store::open(dir.path()).unwrap();
            let claim = store.create_run(&new_run("r1")).unwrap();
            world.born(life);
            let _ = drive(&everything(), &world, &Mortal { world: &world, inner: &claim });
        }
        let mut last = RunStatus::Running;
        for _ in 0..10 {
            world.born(i64::MAX);
            let store = Store::open(dir.path()).unwrap();
            last = drive(&everything(), &world, &store.claim(&id, &me()).unwrap()).unwrap().status;
            store.verify_chain(&id).unwrap();
            if last != RunStatus::Suspended {
                break;
            }
        }
        assert_eq!(last, RunStatus::Done, "after {life} steps");
        assert_eq!(*world.happened.lock().unwrap(), super::once(), "after {life} steps");
    }
}

#[cfg(unix)]
#[test]
fn only_its_owner_may_read_the_journal() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = TempDir::new().unwrap();
    let state = dir.path().join("a/b");
    let store = Store::open(&state).unwrap();
    let _claim = store.create_run(&new_run("r1")).unwrap();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&state), 0o700);
    for name in ["relwf.db", "relwf.db-wal", "relwf.db-shm", "locks/run-r1.lock"] {
        assert_eq!(mode(&state.join(name)), 0o600, "{name}");
    }
}

#[test]
fn a_journal_of_a_newer_relwf_is_left_alone() {
    let dir = TempDir::new().unwrap();
    drop(Store::open(dir.path()).unwrap());
    sql(&dir, "PRAGMA user_version = 3");
    let failure = Store::open(dir.path()).err().unwrap();
    assert_eq!(failure.kind, FailureKind::Io);
    assert_eq!(failure.message, "the journal was written by a newer relwf (schema 3, this one knows 2)");
}

/// The file that a relwf before the second schema has written.
#[test]
fn an_older_journal_is_brought_up_to_date() {
    let dir = TempDir::new().unwrap();
    let store = Store::open(dir.path()).unwrap();
    drop(store.create_run(&new_run("r1")).unwrap());
    drop(store);
    let older = "DROP INDEX reopened; DROP INDEX one_outcome;
                 CREATE UNIQUE INDEX one_outcome ON journal (run_id, path, ord) WHERE event = 'outcome';
                 PRAGMA user_version = 1";
    sql(&dir, older);
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(store.run("r1").unwrap().id.as_str(), "r1");
    let text = "SELECT sql FROM sqlite_schema WHERE name = 'one_outcome'";
    let db = rusqlite::Connection::open(dir.path().join("relwf.db")).unwrap();
    let index: String = db.query_row(text, [], |row| row.get(0)).unwrap();
    assert!(index.contains("coalesce"), "{index}");
}

#[test]
fn a_damaged_file_is_reported_as_damaged() {
    let dir = TempDir::new().unwrap();
    std::fs::create_dir_all(dir.path()).unwrap();
    std::fs::write(dir.path().join("relwf.db"), "not a database, whatever its name says".repeat(100)).unwrap();
    let failure = Store::open(dir.path()).err().unwrap();
    assert_eq!(failure.kind, FailureKind::Io);
    assert!(failure.message.ends_with("is damaged"), "{failure:?}");
    assert!(failure.hint.is_some());
}

#[test]
fn tampering_is_found_and_named() {
    let dir = TempDir::new().unwrap();
    let id = RunId::new("r1");
    let fresh = |change: &str| -> String {
        let _ = std::fs::remove_file(dir.path().join("relwf.db"));
        let store = Store::open(dir.path()).unwrap();
        let claim = store.create_run(&new_run("r1")).unwrap();
        for ordinal in 0..5 {
            claim.record(&settled(key("s", ordinal), json!("y".repeat(70_000 * (ordinal as usize % 2) + 1)))).unwrap();
        }
        assert_eq!(store.verify_chain(&id).unwrap(), 6);
        drop((claim, store));
        sql(&dir, change);
        let store = Store::open(dir.path()).unwrap();
        store.verify_chain(&id).err().map_or_else(|| "nothing found".into(), |failure| failure.message)
    };
    let at = |what: &str| format!("the journal of run r1 was edited: {what}");
    assert_eq!(
        fresh("UPDATE journal SET data = '\"z\"' WHERE seq = 4"),
        at("record 4 (outcome of read::look at s#2) is not what was written")
    );
    assert_eq!(
        fresh("UPDATE journal SET at = '2020-01-01T00:00:00Z' WHERE seq = 2"),
        at("record 2 (outcome of read::look at s#0) is not what was written")
    );
    assert_eq!(
        fresh("DELETE FROM journal WHERE seq = 3"),
        at("record 4 (outcome of read::look at s#2) follows on records that are missing")
    );
    assert_eq!(
        fresh(
            "UPDATE journal SET data = (SELECT data FROM journal WHERE seq = 2) WHERE seq = 6; DELETE FROM journal WHERE seq = 6"
        ),
        at("its last records are missing")
    );
    assert_eq!(
        fresh("UPDATE blobs SET text = 'short'"),
        at("record 3 (outcome of read::look at s#1) has a large value that is not what was written")
    );
    let first = at("record 1 (claim) does not follow from what stands before it");
    assert_eq!(fresh("UPDATE texts SET text = text || ' '"), first);
    assert_eq!(fresh("UPDATE runs SET params = '{}'"), first);
    let status = at("its status is not what was written");
    assert_eq!(fresh("UPDATE runs SET status = 'suspended'"), status);
    assert_eq!(fresh("UPDATE runs SET value = '1'"), status);
    assert_eq!(fresh("SELECT 1"), "nothing found");
}

#[test]
fn ten_thousand_records_load() {
    let dir = TempDir::new().unwrap();
    let id = RunId::new("r1");
    let store = Store::open(dir.path()).unwrap();
    let claim = store.create_run(&new_run("r1")).unwrap();
    // Speed of writing is not what is measured: let the disk be.
    sql(&dir, "PRAGMA synchronous = off");
    for ordinal in 0..10 {
        claim.record(&settled(key("s", ordinal), json!({ "commit": "c".repeat(40), "n": ordinal }))).unwrap();
    }
    drop((claim, store));
    // A long journal, made by repeating the last row: the chain is not what this test is about.
    sql(
        &dir,
        "WITH RECURSIVE n(i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < 9999)
         INSERT INTO journal SELECT run_id, i + 2, event, path, i, attempt, name, fingerprint, args, idem_key, data, error,
                                    actor, reason, at, epoch, prev_hash, hash FROM journal, n WHERE seq = 11",
    );
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(store.history(&id).unwrap().entries.len(), 10_000);
}

#[test]
fn what_many_workers_record_at_once_is_all_there_when_each_is_answered() {
    let dir = TempDir::new().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let claim = store.create_run(&new_run("r1")).unwrap();
    let start = Barrier::new(8);
    std::thread::scope(|scope| {
        for worker in 0..8 {
            let (store, claim, start) = (&store, &claim, &start);
            scope.spawn(move || {
                start.wait();
                for ordinal in 0..25 {
                    let key = key(&format!("w{worker}"), ordinal);
                    claim.record(&settled(key.clone(), json!(ordinal))).unwrap();
                    let rows = store.records(claim.run()).unwrap();
                    assert!(rows.iter().any(|row| row.content.key.as_ref() == Some(&key)), "{key} is not there");
                }
            });
        }
    });
    assert_eq!(claim.history().unwrap().entries.len(), 200);
    assert_eq!(store.verify_chain(claim.run()).unwrap(), 201);
}

#[test]
fn two_processes_cannot_work_on_one_run() {
    let dir = TempDir::new().unwrap();
    let id = RunId::new("r1");
    let (one, two) = (Store::open(dir.path()).unwrap(), Store::open(dir.path()).unwrap());
    let first = one.create_run(&new_run("r1")).unwrap();
    let failure = two.claim(&id, &me()).err().unwrap();
    assert_eq!(failure.kind, FailureKind::Held);
    assert_eq!(failure.message, format!("run r1 is locked by process {} of ada on bench", std::process::id()));

    // One that sleeps and does not answer loses the run to the process that takes it over.
    first.still_mine().unwrap();
    let second = two.take_over(&id, &me()).unwrap();
    assert!(matches!(first.still_mine(), Err(RecordError::TakenOver { held: 1, found: 2, .. })));
    assert!(matches!(first.record(&intent(key("p", 0))), Err(RecordError::TakenOver { held: 1, found: 2, .. })));
    second.record(&intent(key("p", 0))).unwrap();
    assert_eq!(two.history(&id).unwrap().entries.len(), 1);
}

#[test]
fn a_run_taken_over_performs_nothing_more() {
    let dir = TempDir::new().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let zombie = store.create_run(&new_run("r1")).unwrap();
    let _new = store.take_over(&RunId::new("r1"), &me()).unwrap();
    let world = World::new(Probes::On, 1);
    let error = drive(&[call("effect::ok", "a")], &world, &zombie).unwrap_err();
    assert!(matches!(error, RecordError::TakenOver { .. }));
    assert_eq!(error.to_string(), "run r1 was taken over by another process");
    assert_eq!(world.effects(), 0);
}

#[test]
fn exactly_one_of_many_gets_the_target() {
    let dir = TempDir::new().unwrap();
    drop(Store::open(dir.path()).unwrap());
    for round in 0..25 {
        let barrier = Barrier::new(8);
        let wins: Vec<Result<String, String>> = std::thread::scope(|scope| {
            let race = |number: usize| {
                let (dir, barrier) = (&dir, &barrier);
                scope.spawn(move || {
                    let store = Store::open(dir.path()).unwrap();
                    let id = format!("run-{round}-{number}");
                    let run = new_run(&id);
                    barrier.wait();
                    match store.lock_target(&run.repo, "staging", &holder(&id), Precedence::Yields) {
                        Ok(lock) => {
                            let claim = store.create_run(&run).unwrap();
                            std::thread::yield_now();
                            // It is suspended and its process gone: the target stays held all the same.
                            claim.record(&status(RunStatus::Suspended)).unwrap();
                            drop((claim, lock));
                            Ok(id)
                        }
                        Err(LockError::Held(held)) => Err(held.holder.run.to_string()),
                        Err(LockError::Failed(failure)) => panic!("{failure:?}"),
                    }
                })
            };
            let threads: Vec<_> = (0..8).map(race).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let winners: Vec<&String> = wins.iter().filter_map(|win| win.as_ref().ok()).collect();
        assert_eq!(winners.len(), 1, "round {round}: {wins:?}");
        let store = Store::open(dir.path()).unwrap();
        store.abandon(&RunId::new(winners[0].as_str()), "ada", "next round").unwrap();
    }
}

#[test]
fn a_target_is_held_by_a_run_that_is_not_over_and_says_what_to_type() {
    let dir = TempDir::new().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let repo = new_run("").repo;
    let claim = store.create_run(&new_run("r1")).unwrap();
    let held = |run: &str| match store.lock_target(&repo, "staging", &holder(run), Precedence::Yields) {
        Ok(_) => None,
        Err(LockError::Held(held)) => Some((held.status, held.killed, held.failure())),
        Err(LockError::Failed(failure)) => panic!("{failure:?}"),
    };
    let (status_now, killed, failure) = held("r2").unwrap();
    assert_eq!((status_now, killed, failure.kind), (RunStatus::Running, false, FailureKind::Held));
    for state in [RunStatus::Suspended, RunStatus::Interrupted, RunStatus::InDoubt] {
        claim.record(&status(state)).unwrap();
        let (status_now, _, failure) = held("r2").unwrap();
        assert_eq!(status_now, state);
        if state == RunStatus::Suspended {
            let hint = "`relwf show r1` says how it goes on, `relwf abandon r1 --reason …` frees staging";
            assert_eq!(failure.hint.as_deref(), Some(hint));
        }
        assert_eq!(held("r1"), None, "a run never stands in its own way");
    }
    let hint = held("r2").unwrap().2.hint.unwrap();
    assert_eq!(hint, "`relwf resume r1` continues it, `relwf abandon r1 --reason …` frees staging");
    // Killed: it calls itself running, but no process holds it.
    claim.record(&status(RunStatus::Running)).unwrap();
    drop(claim);
    let (status_now, killed, failure) = held("r2").unwrap();
    assert_eq!((status_now, killed), (RunStatus::Interrupted, true));
    assert!(failure.message.contains("which was killed on bench"), "{failure:?}");
    assert_eq!((store.run("r1").unwrap().status, store.run("r1").unwrap().killed), (RunStatus::Interrupted, true));
    // Other targets and other repositories are free.
    assert!(store.lock_target(&repo, "production", &holder("r2"), Precedence::Yields).is_ok());
    assert!(store.lock_target("elsewhere", "staging", &holder("r2"), Precedence::Yields).is_ok());
    store.abandon(&RunId::new("r1"), "ada", "wrong commit").unwrap();
    assert_eq!(held("r2"), None);
    let last = store.records(&RunId::new("r1")).unwrap().pop().unwrap();
    assert_eq!((last.content.actor.as_deref(), last.content.reason.as_deref()), (Some("ada"), Some("wrong commit")));
    assert_eq!(store.abandon(&RunId::new("r1"), "ada", "again").err().unwrap().kind, FailureKind::Usage);
}

#[test]
fn the_first_decision_counts_and_belongs_to_what_was_shown() {
    let dir = TempDir::new().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let id = RunId::new("r1");
    let _claim = store.create_run(&new_run("r1")).unwrap();
    let decision = |actor: &str, approved| ApprovalDecision {
        approved,
        actor: actor.into(),
        reason: Some("looks good".into()),
        at: "2026-01-02T03:04:05Z".parse().unwrap(),
    };
    let wins: Vec<Signalled> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|n| {
                let (dir, id, decision) = (&dir, &id, &decision);
                scope.spawn(move || {
                    let store = Store::open(dir.path()).unwrap();
                    store.signal(id, &key("approve", 0), "d1", &decision(&format!("p{n}"), n % 2 == 0)).unwrap()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(wins.iter().filter(|win| **win == Signalled::Written).count(), 1);
    let counts = store.decision(&id, &key("approve", 0), "d1").unwrap().unwrap();
    assert!(wins.iter().all(|win| *win == Signalled::Written || *win == Signalled::Already(counts.clone())));
    assert_eq!(store.decision(&id, &key("approve", 0), "d2").unwrap(), None, "something else was shown");
    assert_eq!(store.signal(&id, &key("approve", 0), "d2", &decision("eve", true)).unwrap(), Signalled::Written);
    store.verify_chain(&id).unwrap();
    store.abandon(&id, "ada", "enough").unwrap();
    assert_eq!(
        store.signal(&id, &key("approve", 1), "d", &decision("eve", true)).err().unwrap().kind,
        FailureKind::Usage
    );
}

#[test]
fn an_operator_settles_a_doubt_once_and_the_run_goes_on() {
    let dir = TempDir::new().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let id = RunId::new("r1");
    let world = World::new(Probes::On, 1);
    let lines = [call("effect::doubtful", "letter"), call("effect::ok", "next")];
    let first = Key { path: StepPath::default(), ordinal: 0 };
    let claim = store.create_run(&new_run("r1")).unwrap();
    assert_eq!(drive(&lines, &world, &claim).unwrap().status, RunStatus::InDoubt);
    let settle = |key: &Key| store.settle(&id, key, DoubtVerdict::Happened(json!("sent")), "ada", "I saw it arrive");
    assert_eq!(settle(&first).err().unwrap().kind, FailureKind::Held, "a process works on it");
    drop(claim);
    assert_eq!(settle(&Key { path: StepPath::default(), ordinal: 1 }).err().unwrap().kind, FailureKind::Usage);
    settle(&first).unwrap();
    assert_eq!(settle(&first).err().unwrap().kind, FailureKind::Usage);
    let outcome = drive(&lines, &world, &store.claim(&id, &me()).unwrap()).unwrap();
    assert_eq!((outcome.status, world.effects()), (RunStatus::Done, 2));
    assert_eq!(store.claim(&id, &me()).err().unwrap().kind, FailureKind::Usage, "it is over");
    store.verify_chain(&id).unwrap();
}

#[test]
fn a_full_disk_stops_the_run_before_anything_else_is_done() {
    let dir = TempDir::new().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let claim = store.create_run(&new_run("r1")).unwrap();
    // SQLite's own trigger for "no more space": the error a full disk gives, at the third record from here.
    sql(
        &dir,
        "CREATE TRIGGER full BEFORE INSERT ON journal WHEN NEW.event = 'outcome' AND NEW.path = '' AND NEW.ord = 1
         BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END",
    );
    let world = World::new(Probes::On, 1);
    let lines = [call("effect::ok", "a"), call("effect::ok", "b"), call("effect::ok", "c")];
    let error = drive(&lines, &world, &claim).unwrap_err();
    assert!(matches!(error, RecordError::Store(_)), "{error:?}");
    assert_eq!(world.effects(), 2, "something was performed after the journal had failed");
    assert!(claim.still_mine().is_err(), "a journal that has failed once is not trusted again");
    drop(claim);
    // `b` happened but could not be written down: its intent is open, and its probe finds it.
    sql(&dir, "DROP TRIGGER full");
    let id = RunId::new("r1");
    assert_eq!(drive(&lines, &world, &store.claim(&id, &me()).unwrap()).unwrap().status, RunStatus::Done);
    assert_eq!((world.effects(), world.duplicates()), (3, vec![]));
    let actors: Vec<_> = store.records(&id).unwrap().into_iter().filter_map(|row| row.content.actor).collect();
    assert_eq!(actors, ["ada", "ada", "probe"]);
}

#[test]
fn runs_are_found_by_what_people_type() {
    let dir = TempDir::new().unwrap();
    let store = Store::open(dir.path()).unwrap();
    for id in ["20260101-abc", "20260101-abd", "20260102-xyz"] {
        drop(store.create_run(&new_run(id)).unwrap());
    }
    assert_eq!(store.run("20260101-abc").unwrap().id.as_str(), "20260101-abc");
    assert_eq!(store.run("20260102").unwrap().id.as_str(), "20260102-xyz");
    assert_eq!(store.run("xyz").unwrap().id.as_str(), "20260102-xyz");
    let several = store.run("20260101").err().unwrap();
    assert_eq!(several.kind, FailureKind::Usage);
    assert_eq!(several.hint.as_deref(), Some("type more of it: 20260101-abd, 20260101-abc"));
    for nothing in ["", "%", "2027", "../x"] {
        assert_eq!(store.run(nothing).err().unwrap().kind, FailureKind::NotFound, "{nothing}");
    }
    store.abandon(&RunId::new("20260102-xyz"), "ada", "no").unwrap();
    assert_eq!((store.runs(Which::All).unwrap().len(), store.runs(Which::Open).unwrap().len()), (3, 2));
}

#[test]
fn only_a_run_of_which_nothing_is_under_way_but_waiting_is_gone_ahead_of() {
    let dir = TempDir::new().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let cancel = Cancel::new();
    let ahead =
        |run: &str| match store.lock_target(&new_run("").repo, "staging", &holder(run), Precedence::GoesAhead(&cancel))
        {
            Ok(lock) => lock.ahead_of.iter().map(|held| held.run.to_string()).collect(),
            Err(LockError::Held(held)) => {
                format!("{:?}", held.status).split_whitespace().map(str::to_owned).collect::<Vec<_>>()
            }
            Err(LockError::Failed(failure)) => panic!("{failure:?}"),
        };
    let claim = store.create_run(&new_run("r1")).unwrap();
    assert_eq!(ahead("r2"), ["Running"], "it is about to do something");
    let begun = |path: &str| Record::Begun {
        key: key(path, 0),
        fingerprint: Fingerprint("f".into()),
        name: "ci::wait".into(),
        args: json!({}),
        facts: json!({}),
    };
    claim.record(&begun("wait")).unwrap();
    claim.record(&intent(key("push", 0))).unwrap();
    assert_eq!(ahead("r2"), ["Running"], "an effect is under way beside the wait");
    claim.record(&settled(key("push", 0), json!(1))).unwrap();
    assert_eq!(ahead("r2"), ["r1"]);
    assert_eq!(store.run("r1").unwrap().status, RunStatus::Suspended);
    let why = store.run("r1").unwrap().failure.unwrap();
    assert_eq!(why.message, "run r2 (play, by ada) went ahead of it on staging");
    assert!(matches!(claim.record(&intent(key("push", 1))), Err(RecordError::TakenOver { .. })));
    assert!(matches!(claim.still_mine(), Err(RecordError::TakenOver { .. })));
    drop(claim);
    store.verify_chain(&RunId::new("r1")).unwrap();
    // What an effect may have done is for a person to find out first.
    let claim = store.claim(&RunId::new("r1"), &me()).unwrap();
    claim.record(&status(RunStatus::InDoubt)).unwrap();
    assert_eq!(ahead("r2"), ["InDoubt"]);
    claim.record(&status(RunStatus::Interrupted)).unwrap();
    assert_eq!(ahead("r2"), ["r1"]);
    claim.record(&status(RunStatus::Failed)).unwrap();
    assert_eq!(ahead("r2"), [""; 0]);
}
