//! What only the inside can bring about: a disk that is full.

use super::{NewRun, Store, Who};
use crate::model::RunId;
use crate::run::{Fingerprint, Key, Record, RecordError, Recorder, Settled, StepPath};
use serde_json::json;

#[test]
fn a_full_disk_is_called_that_and_leaves_the_journal_whole() {
    let dir = tempfile::TempDir::new().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let new = NewRun {
        id: RunId::new("r1"),
        workflow: "play".into(),
        project: "/".into(),
        repo: "r".into(),
        target: None,
        params: json!({}),
        sources: vec![],
        config_text: String::new(),
        who: Who::here("ada"),
        process: crate::model::ProcessOrigin::Unpublished { branch: None },
    };
    let claim = store.create_run(&new).unwrap();
    let pages: i64 = store.db().pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
    store.db().pragma_update_and_check(None, "max_page_count", pages + 4, |_| Ok(())).unwrap();
    let record = |ordinal, length| Record::Settled {
        key: Key { path: StepPath::default(), ordinal },
        fingerprint: Fingerprint("f".into()),
        name: "read::look".into(),
        args: json!({}),
        settled: Settled::Value(json!("x".repeat(length))),
        actor: None,
    };
    claim.record(&record(0, 10)).unwrap();
    let Err(RecordError::Store(failure)) = claim.record(&record(1, 1_000_000)) else { panic!("it was written") };
    assert!(failure.message.starts_with("no space is left for the journal "), "{failure:?}");
    assert!(claim.still_mine().is_err());
    assert_eq!(store.history(&new.id).unwrap().entries.len(), 1);
    assert_eq!(store.verify_chain(&new.id).unwrap(), 2);
}
