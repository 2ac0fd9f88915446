use super::write::Store;
use super::*;
use crate::model::exchange::ExchangeId;
use crate::model::message::Message;
use crate::model::record::tests::rows;
use crate::model::record::{Colour, Marks};
use crate::model::time::Timestamp;
use crate::model::timeline::{Bounds, MessageRow, Row, RowId, Timeline};
use crate::model::topic::TopicName;
use proptest::prelude::*;
use rusqlite::Connection;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(20);

fn message(number: u64, payload: impl Into<bytes::Bytes>) -> MessageRow {
    let topic = TopicName::new(&format!("t/{}", number % 10)).unwrap();
    MessageRow {
        connection: "local".into(),
        message: Arc::new(Message::new(topic, payload)),
        verdict: crate::model::exchange::MessageVerdict::Unmatched,
        received: Timestamp::from_nanos(i64::try_from(number).unwrap() * 1_000_000),
        responder: None,
        near: None,
        difference: None,
        is_echo: false,
    }
}

fn timeline(count: u64, payload: usize) -> Timeline {
    let mut timeline = Timeline::new(Bounds {
        rows: usize::MAX,
        bytes: usize::MAX,
    });
    for number in 0..count {
        timeline.push_message(message(number, vec![b'x'; payload]));
    }
    timeline
}

fn options() -> RecorderOptions {
    RecorderOptions::default()
}

fn record(path: &Path, timeline: &Timeline) -> Finished {
    let mut recorder = Recorder::start(path, options()).unwrap();
    recorder.feed(timeline);
    recorder
        .finish(timeline, Timestamp::from_nanos(9), LIMIT)
        .unwrap()
}

fn all(path: &Path) -> Vec<StoredRow> {
    let mut rows = Vec::new();
    Recording::open(path)
        .unwrap()
        .load(|row| rows.push(row), |_| ControlFlow::Continue(()))
        .unwrap();
    rows
}

fn ids(path: &Path) -> Vec<u64> {
    all(path).iter().map(|row| row.id.number()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn rows_come_back_from_the_file_as_they_were(rows in proptest::collection::vec(rows(), 1..12)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.rtrec");
        let mut store = Store::open(&path, true).unwrap();
        store.begin_session(Timestamp::default()).unwrap();
        for (number, row) in rows.iter().enumerate() {
            store.put(RowId::new(number as u64), row).unwrap();
            // What has not changed may be written again.
            store.put(RowId::new(number as u64), row).unwrap();
        }
        store.close().unwrap();
        let read: Vec<Row> = all(&path).into_iter().map(|stored| stored.row).collect();
        prop_assert_eq!(read, rows);
    }
}

#[test]
fn a_finished_recording_is_one_file_and_nobody_elses_business() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.rtrec");
    let finished = record(&path, &timeline(100, 10));
    assert_eq!((finished.missed, finished.trimmed), (0, 0));
    let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(files.len(), 1, "{files:?}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let recording = Recording::open(&path).unwrap();
    let summary = recording.summary().unwrap();
    assert_eq!(summary.rows, 100);
    assert!(!summary.is_being_written && !summary.was_cut_off());
    assert_eq!(summary.last, Some(Timestamp::from_nanos(99_000_000)));
    assert!(recording.check_integrity().unwrap().is_empty());
}

#[test]
fn an_appended_session_comes_after_the_rows_that_are_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.rtrec");
    record(&path, &timeline(3, 1));
    record(&path, &timeline(2, 1));
    assert_eq!(ids(&path), [0, 1, 2, 3, 4]);
    let sessions = Recording::open(&path).unwrap().summary().unwrap().sessions;
    let first: Vec<u64> = sessions.iter().map(|one| one.first_row.number()).collect();
    assert_eq!(first, [0, 3]);
    assert!(sessions.iter().all(|session| session.ended.is_some()));
}

#[test]
fn there_is_one_writer_at_a_time_and_readers_do_not_mind() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.rtrec");
    let timeline = timeline(10, 1);
    let mut first = Recorder::start(&path, options()).unwrap();
    first.wait_until_open(LIMIT).unwrap();
    let second = Recorder::start(&path, options()).unwrap();
    let refused = second.wait_until_open(LIMIT).unwrap_err();
    assert_eq!(refused, RecordingError::BeingWritten { path: path.clone() });
    assert!(matches!(Editor::open(&path), Err(err) if err == refused));
    first.feed(&timeline);
    let mut reader = Recording::open(&path).unwrap();
    assert!(reader.summary().unwrap().is_being_written);
    let mut seen = Vec::new();
    let mut revision = 0;
    let until = std::time::Instant::now() + LIMIT;
    while seen.len() < 10 && std::time::Instant::now() < until {
        let changed = reader.changed_since(revision).unwrap();
        revision = changed.revision;
        seen.extend(changed.rows.into_iter().map(|row| row.id.number()));
    }
    assert_eq!(seen, (0..10).collect::<Vec<u64>>());
    first
        .finish(&timeline, Timestamp::default(), LIMIT)
        .unwrap();
    let third = Recorder::start(&path, options()).unwrap();
    third.wait_until_open(LIMIT).unwrap();
}

#[test]
fn what_is_no_recording_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("notes.txt");
    std::fs::write(&text, "not a database, but longer than a header of SQLite, which is a hundred bytes: that is looked at first").unwrap();
    let foreign = folder.path().join("foreign.db");
    let other = Connection::open(&foreign).unwrap();
    other
        .execute_batch("CREATE TABLE t (x); INSERT INTO t VALUES (1);")
        .unwrap();
    other.close().unwrap();
    let newer = folder.path().join("newer.rtrec");
    record(&newer, &timeline(1, 1));
    let later = Connection::open(&newer).unwrap();
    later.pragma_update(None, "user_version", 7).unwrap();
    later.close().unwrap();
    for (path, says) in [
        (&text, "is no recording of Roundtrip: it is no SQLite file"),
        (&foreign, "it is the SQLite file of another program"),
        (
            &newer,
            "was recorded by a later Roundtrip (its schema is 7, and this one knows 1)",
        ),
    ] {
        let before = std::fs::read(path).unwrap();
        for err in [
            Recording::open(path).err().unwrap(),
            Editor::open(path).err().unwrap(),
            Recorder::start(path, options())
                .unwrap()
                .wait_until_open(LIMIT)
                .unwrap_err(),
        ] {
            assert!(err.to_string().contains(says), "{err}");
            assert!(!err.hint().is_empty());
        }
        assert_eq!(std::fs::read(path).unwrap(), before);
    }
    let nowhere = folder.path().join("nowhere.rtrec");
    let err = Recording::open(&nowhere).err().unwrap();
    assert_eq!(
        err,
        RecordingError::NotThere {
            path: nowhere.clone()
        }
    );
    assert!(Editor::open(&nowhere).is_err() && !nowhere.exists());
    let err = Recording::open(folder.path()).err().unwrap();
    assert!(err.to_string().ends_with("it is no regular file"), "{err}");
}

#[test]
fn a_damaged_recording_is_an_error_and_what_can_be_read_comes_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.rtrec");
    record(&path, &timeline(20_000, 100));
    let mut bytes = std::fs::read(&path).unwrap();
    let half = bytes.len() / 2;
    for page in bytes[half..].chunks_mut(4096).take(64) {
        page.fill(0xee);
    }
    std::fs::write(&path, &bytes).unwrap();
    let mut seen = 0;
    let err = Recording::open(&path)
        .and_then(|mut recording| recording.load(|_| seen += 1, |_| ControlFlow::Continue(())))
        .unwrap_err();
    assert!(matches!(err, RecordingError::Damaged { .. }), "{err:?}");
    assert!(seen > 1_000, "{seen}");
    assert_eq!(std::fs::read(&path).unwrap(), bytes);
}

#[test]
fn one_row_that_cannot_be_read_does_not_keep_the_others_away() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.rtrec");
    record(&path, &timeline(5, 1));
    let other = Connection::open(&path).unwrap();
    other
        .execute_batch("UPDATE rows SET verdict = 'maybe' WHERE id = 2")
        .unwrap();
    other.close().unwrap();
    let mut seen = Vec::new();
    let done = Recording::open(&path)
        .unwrap()
        .load(
            |row| seen.push(row.id.number()),
            |_| ControlFlow::Continue(()),
        )
        .unwrap();
    assert_eq!(seen, [0, 1, 3, 4]);
    assert_eq!(done.unreadable, 1);
    assert_eq!(
        done.problems,
        ["row 2 cannot be read: `maybe` is no verdict of a message"]
    );
}

#[test]
fn a_load_can_be_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.rtrec");
    record(&path, &timeline(10_000, 1));
    let mut seen = 0;
    let err = Recording::open(&path)
        .unwrap()
        .load(|_| seen += 1, |_| ControlFlow::Break(()))
        .unwrap_err();
    assert_eq!(err, RecordingError::Cancelled);
    assert!(seen < 10_000);
}

#[test]
fn rows_are_trimmed_by_time_by_name_and_by_size_and_leave_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.rtrec");
    record(&path, &timeline(1_000, 1_000));
    let mut editor = Editor::open(&path).unwrap();
    let before = Timestamp::from_nanos(100_000_000);
    assert_eq!(editor.trim(&Trim::Before(before)).unwrap().rows, 100);
    let after = Timestamp::from_nanos(900_000_000);
    assert_eq!(editor.trim(&Trim::From(after)).unwrap().rows, 100);
    let named = [150, 151, 7_000].map(RowId::new).to_vec();
    assert_eq!(editor.trim(&Trim::Rows(named)).unwrap().rows, 2);
    let trimmed = editor.trim(&Trim::ToBytes(400_000)).unwrap();
    assert!(
        trimmed.bytes <= 400_000 && trimmed.bytes_before > 700_000,
        "{trimmed:?}"
    );
    let kept = 1_000 - 202 - usize::try_from(trimmed.rows).unwrap();
    let last: Vec<RowId> = [897, 898].map(RowId::new).to_vec();
    editor
        .mark(
            RowId::new(898),
            &Marks {
                pinned: true,
                ..Marks::default()
            },
        )
        .unwrap();
    let file = |path: &Path| std::fs::metadata(path).unwrap().len();
    editor.close().unwrap();
    assert!(file(&path) <= 400_000, "{}", file(&path));
    let there = ids(&path);
    assert_eq!((there.len(), there.last()), (kept, Some(&899)));
    let mut editor = Editor::open(&path).unwrap();
    editor.trim(&Trim::KeepOnly(last)).unwrap();
    editor.close().unwrap();
    assert_eq!(ids(&path), [897, 898]);
    assert!(all(&path)[1].marks.pinned);
    let bytes = std::fs::read(&path).unwrap();
    let has = |text: &[u8]| bytes.windows(text.len()).any(|part| part == text);
    assert!(
        has(b"t/7") && !has(b"t/5"),
        "topics that no row has are gone"
    );
}

#[test]
fn a_bound_keeps_the_newest_rows_and_says_how_many_went() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.rtrec");
    let bounded = RecorderOptions {
        max_bytes: Some(1_000_000),
        ..options()
    };
    let mut recorder = Recorder::start(&path, bounded).unwrap();
    let mut timeline = timeline(0, 0);
    let until = std::time::Instant::now() + LIMIT;
    let mut number = 0;
    while recorder.status().trimmed == 0 {
        assert!(std::time::Instant::now() < until, "{:?}", recorder.status());
        for _ in 0..100 {
            timeline.push_message(message(number, vec![b'x'; 1_000]));
            number += 1;
        }
        recorder.feed(&timeline);
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(recorder.status().words().contains("rows had to go"));
    let done = recorder
        .finish(&timeline, Timestamp::default(), LIMIT)
        .unwrap();
    let there = ids(&path);
    assert_eq!(there.last(), Some(&(number - 1)));
    assert_eq!(there.len() as u64 + done.trimmed, number);
    let session = Recording::open(&path).unwrap().summary().unwrap().sessions;
    assert_eq!(session[0].rows_trimmed, done.trimmed);
}

#[test]
fn rows_that_were_gone_before_they_could_be_written_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.rtrec");
    let mut recorder = Recorder::start(&path, options()).unwrap();
    let mut timeline = timeline(10, 1);
    timeline.set_bounds(Bounds {
        rows: 4,
        bytes: usize::MAX,
    });
    recorder.feed(&timeline);
    let done = recorder
        .finish(&timeline, Timestamp::default(), LIMIT)
        .unwrap();
    assert_eq!(done.missed, 6);
    assert_eq!(ids(&path), [6, 7, 8, 9]);
}

#[cfg(unix)]
#[test]
fn a_file_that_is_deleted_ends_the_recording_with_a_word() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.rtrec");
    let mut recorder = Recorder::start(&path, options()).unwrap();
    recorder.wait_until_open(LIMIT).unwrap();
    std::fs::remove_file(&path).unwrap();
    let timeline = timeline(10, 1);
    let until = std::time::Instant::now() + LIMIT;
    while recorder.status().problem().is_none() {
        assert!(std::time::Instant::now() < until);
        recorder.feed(&timeline);
        std::thread::sleep(Duration::from_millis(20));
    }
    let words = recorder.status().words();
    assert!(words.contains("was deleted or replaced"), "{words}");
    let err = recorder
        .finish(&timeline, Timestamp::default(), LIMIT)
        .unwrap_err();
    assert_eq!(err, RecordingError::Gone { path });
}

#[test]
fn what_another_program_locks_waits_and_is_written_after_that() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.rtrec");
    let mut recorder = Recorder::start(&path, options()).unwrap();
    recorder.wait_until_open(LIMIT).unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let timeline = timeline(10, 1);
    let until = std::time::Instant::now() + LIMIT;
    while recorder.status().problem().is_none() {
        assert!(std::time::Instant::now() < until);
        recorder.feed(&timeline);
        std::thread::sleep(Duration::from_millis(20));
    }
    let words = recorder.status().words();
    assert!(
        words.contains("is locked by another program; 10 rows wait"),
        "{words}"
    );
    other.execute_batch("ROLLBACK").unwrap();
    drop(other);
    recorder
        .finish(&timeline, Timestamp::default(), LIMIT)
        .unwrap();
    assert_eq!(ids(&path).len(), 10);
}

#[test]
fn marks_are_kept_while_it_is_recorded_and_after() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.rtrec");
    let timeline = timeline(3, 1);
    let marks = Marks {
        pinned: true,
        comment: "ä\n".to_owned(),
        colour: Some(Colour::Violet),
    };
    let mut recorder = Recorder::start(&path, options()).unwrap();
    recorder.feed(&timeline);
    assert!(recorder.mark(RowId::new(1), marks.clone()));
    assert!(recorder.name_connection("local", "My broker"));
    recorder
        .finish(&timeline, Timestamp::default(), LIMIT)
        .unwrap();
    assert_eq!(all(&path)[1].marks, marks);
    let names = Recording::open(&path).unwrap().connection_names().unwrap();
    assert_eq!(names, [("local".to_owned(), "My broker".to_owned())]);
    let mut editor = Editor::open(&path).unwrap();
    editor.mark(RowId::new(1), &Marks::default()).unwrap();
    editor.close().unwrap();
    assert!(all(&path).iter().all(|row| row.marks.is_empty()));
}

#[test]
fn the_oldest_automatic_recordings_go_and_others_never() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("recordings");
    let first = auto::next_path(&folder, "2026-01-01-000000").unwrap();
    record(&first, &timeline(1_000, 100));
    let again = auto::next_path(&folder, "2026-01-01-000000").unwrap();
    assert_ne!(again, first);
    let second = auto::next_path(&folder, "2026-01-02-000000").unwrap();
    record(&second, &timeline(1_000, 100));
    let own = folder.join("mine.rtrec");
    record(&own, &timeline(1_000, 100));
    let size = std::fs::metadata(&first).unwrap().len();
    assert_eq!(auto::make_room(&folder, 10 * size).unwrap(), []);
    let removed = auto::make_room(&folder, size + size / 2).unwrap();
    assert_eq!(removed.len(), 1);
    assert_eq!((&removed[0].path, removed[0].bytes), (&first, size));
    let recorder = Recorder::start(&second, options()).unwrap();
    recorder.wait_until_open(LIMIT).unwrap();
    assert_eq!(
        auto::make_room(&folder, 0).unwrap(),
        [],
        "it is being written"
    );
    assert!(second.exists() && own.exists() && !first.exists());
}

#[test]
fn a_loader_gives_all_rows_and_then_what_comes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.rtrec");
    let mut timeline = timeline(5_000, 10);
    let mut recorder = Recorder::start(&path, options()).unwrap();
    recorder.feed(&timeline);
    let until = std::time::Instant::now() + LIMIT;
    while recorder.status().written < 5_000 {
        assert!(std::time::Instant::now() < until);
        recorder.feed(&timeline);
        std::thread::sleep(Duration::from_millis(5));
    }
    let loader = Loader::start(&path, || {}).unwrap();
    let mut seen = Vec::new();
    let mut wait_for = |count: usize, loader: &Loader| {
        let until = std::time::Instant::now() + LIMIT;
        while seen.len() < count {
            assert!(std::time::Instant::now() < until, "{:?}", loader.state());
            match loader.take() {
                Some(rows) => seen.extend(rows.into_iter().map(|row| row.id.number())),
                None => std::thread::sleep(Duration::from_millis(5)),
            }
        }
        seen.clone()
    };
    assert_eq!(wait_for(5_000, &loader), (0..5_000).collect::<Vec<u64>>());
    timeline.push_message(message(5_000, "x"));
    recorder.feed(&timeline);
    assert_eq!(wait_for(5_001, &loader).last(), Some(&5_000));
    assert!(matches!(loader.state(), LoaderState::Following(_)));
    recorder
        .finish(&timeline, Timestamp::default(), LIMIT)
        .unwrap();
    let until = std::time::Instant::now() + LIMIT;
    while !matches!(loader.state(), LoaderState::Done(_)) {
        assert!(std::time::Instant::now() < until, "{:?}", loader.state());
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn exchanges_of_two_sessions_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.rtrec");
    let request = crate::model::request::RequestDraft {
        topic: "t".to_owned(),
        ..Default::default()
    };
    let request = Arc::new(
        request
            .validate(&crate::model::request::Surroundings::default())
            .unwrap(),
    );
    for _ in 0..2 {
        let mut timeline = timeline(0, 0);
        timeline.begin(crate::model::exchange::Exchange::new(
            ExchangeId(1),
            "local".into(),
            Arc::clone(&request),
            Arc::new(request.message(None)),
            "mqtt5".into(),
            Timestamp::default(),
        ));
        timeline.push_message(MessageRow {
            near: Some(ExchangeId(1)),
            ..message(1, "x")
        });
        record(&path, &timeline);
    }
    let told: Vec<u64> = all(&path)
        .into_iter()
        .map(|stored| match stored.row {
            Row::Exchange(exchange) => exchange.id.0,
            Row::Message(row) => row.near.unwrap().0,
            Row::Publish(_) => panic!("nothing was published"),
        })
        .collect();
    assert_eq!(told, [1, 1, 3, 3]);
}

#[test]
fn topics_that_no_row_has_any_more_make_room_for_rows() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.rtrec");
    let mut store = Store::open(&path, true).unwrap();
    store.begin_session(Timestamp::default()).unwrap();
    let row = |number: u64| {
        let topic = format!("request/{number}/{}", "x".repeat(200));
        let topic = TopicName::new(&topic).unwrap();
        Row::Message(MessageRow {
            message: Arc::new(Message::new(topic, "x")),
            ..message(number, "x")
        })
    };
    let count = |store: &Store, table: &str| -> u64 {
        let sql = format!("SELECT count(*) FROM {table}");
        let found = store.connection().query_row(&sql, [], |row| row.get(0));
        let found: i64 = found.unwrap();
        found.cast_unsigned()
    };
    let mut written = 0;
    for _ in 0..6 {
        for _ in 0..1_000 {
            store.put(RowId::new(written), &row(written)).unwrap();
            written += 1;
        }
        store.commit().unwrap();
        store.trim_to(600_000).unwrap();
    }
    let (rows, topics) = (count(&store, "rows"), count(&store, "topics"));
    assert!(
        rows > 500 && topics < 2 * rows,
        "{rows} rows, {topics} topics"
    );
    store.close().unwrap();
    let last = all(&path).pop().unwrap();
    assert_eq!(last.row, row(written - 1));
}

#[test]
fn an_empty_recording_is_no_trouble_to_trim() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.rtrec");
    record(&path, &timeline(3, 1));
    let mut editor = Editor::open(&path).unwrap();
    assert_eq!(editor.trim(&Trim::ToBytes(1)).unwrap().rows, 3);
    assert_eq!(editor.trim(&Trim::ToBytes(1)).unwrap().rows, 0);
    editor.close().unwrap();
    assert!(ids(&path).is_empty());
}
