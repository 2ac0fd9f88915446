use super::*;
use crate::model::request::RequestDraft;
use std::sync::mpsc::{Receiver, sync_channel};

struct Bench {
    folder: tempfile::TempDir,
    writer: Writer,
    reports: Receiver<WriteReport>,
    /// While it is held, the writer waits in its sink.
    gate: Arc<Mutex<()>>,
}

fn bench() -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let workspace = Workspace::open_at(&folder.path().join("w"), Some(&state)).unwrap();
    let (tell, reports) = sync_channel(4096);
    let gate = Arc::new(Mutex::new(()));
    let held = Arc::clone(&gate);
    let sink: WriteSink = Arc::new(move |report| {
        tell.send(report).unwrap();
        drop(held.lock());
    });
    let writer = Writer::start(workspace, sink).unwrap();
    Bench {
        folder,
        writer,
        reports,
        gate,
    }
}

impl Bench {
    fn report(&self) -> WriteReport {
        self.reports.recv_timeout(Duration::from_secs(10)).unwrap()
    }

    fn save(&self, id: &str, name: &str) {
        self.writer
            .save(id, request(name), OnConflict::Refuse)
            .unwrap();
    }
}

fn request(name: &str) -> RequestDraft {
    RequestDraft {
        name: name.to_owned(),
        ..RequestDraft::default()
    }
}

#[test]
fn saves_that_wait_give_way_to_later_ones_and_a_deletion_to_none() {
    let bench = bench();
    let gate = bench.gate.lock().unwrap();
    bench.save("a", "0");
    assert!(bench.report().result.is_ok(), "it is in its sink now");
    for name in ["1", "2", "3"] {
        bench.save("a", name);
    }
    bench.writer.delete::<RequestDraft>("a").unwrap();
    bench.save("b", "1");
    bench.save("b", "2");
    drop(gate);
    assert!(bench.writer.flush(Duration::from_secs(10)));
    assert!(matches!(bench.report().result, Ok(WriteDone::Saved(_))));
    let Ok(WriteDone::Deleted(Some(deleted))) = bench.report().result else {
        panic!("deleted")
    };
    assert!(matches!(bench.report().result, Ok(WriteDone::Saved(_))));
    assert!(
        bench.reports.try_recv().is_err(),
        "three of seven were needed"
    );
    bench.writer.restore::<RequestDraft>("a", deleted).unwrap();
    assert!(matches!(bench.report().result, Ok(WriteDone::Restored)));
    let loaded = bench.writer.workspace.load::<RequestDraft>();
    let names: Vec<_> = loaded
        .items
        .iter()
        .map(|item| item.draft.name.as_str())
        .collect();
    assert_eq!(names, ["3", "2"], "the last words of each");
}

#[test]
fn dropping_the_writer_writes_what_waits() {
    let bench = bench();
    let gate = bench.gate.lock().unwrap();
    for number in 0..50 {
        bench.save(&format!("r{number}"), "x");
    }
    bench.writer.save_window(WindowState::default()).unwrap();
    bench
        .writer
        .save_settings(Settings::default(), OnConflict::Refuse)
        .unwrap();
    drop(gate);
    let Bench { folder, writer, .. } = bench;
    let reopened = writer.workspace.clone();
    drop(writer);
    assert_eq!(reopened.load::<RequestDraft>().items.len(), 50);
    assert!(folder.path().join("w/settings.toml").exists());
}

#[test]
fn an_error_is_reported_with_its_subject_and_the_writer_goes_on() {
    let bench = bench();
    let folder = bench.folder.path().join("w/requests");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("a.toml"), "name = \"theirs\"").unwrap();
    bench.save("a", "mine");
    let report = bench.report();
    assert_eq!(report.subject, item::<RequestDraft>("a"));
    assert!(matches!(report.result, Err(StoreError::Conflict { .. })));
    bench.save("b", "mine");
    assert!(bench.report().result.is_ok());
}

#[test]
fn more_than_fits_is_refused_and_said() {
    let bench = bench();
    let gate = bench.gate.lock().unwrap();
    bench.save("first", "x");
    bench.report();
    for number in 0..MAX_WAITING {
        bench
            .writer
            .delete::<RequestDraft>(&number.to_string())
            .unwrap();
    }
    let err = bench.writer.delete::<RequestDraft>("more").unwrap_err();
    assert!(matches!(err, StoreError::Busy { .. }));
    assert!(!bench.writer.flush(Duration::from_millis(1)));
    drop(gate);
    assert!(bench.writer.flush(Duration::from_secs(20)));
}
