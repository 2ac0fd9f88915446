use super::*;
use crate::app::Action;
use crate::app::App;
use crate::app::dialogs::Dialog;
use crate::app::open::{Place, open};
use crate::app::perform::RecordingAction;
use crate::app::table::RowAction;
use crate::app::tests::wait;
use crate::model::exchange::MessageVerdict;
use crate::model::message::Message;
use crate::model::record::Marks;
use crate::model::time::Timestamp;
use crate::model::timeline::{Bounds, MessageRow};
use crate::model::topic::TopicName;
use crate::store::recording::{LoaderState, Phase, RecorderOptions, Recording, StoredRow, auto};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(30);

fn app() -> App {
    let wake: Arc<dyn Fn() + Send + Sync> = Arc::new(|| {});
    open(Place::Scratch, &wake).unwrap()
}

fn message(number: u64, bytes: usize) -> MessageRow {
    let topic = TopicName::new(&format!("t/{}", number % 10)).unwrap();
    MessageRow {
        connection: "local".into(),
        message: Arc::new(Message::new(topic, vec![b'x'; bytes])),
        verdict: MessageVerdict::Unmatched,
        received: Timestamp::from_nanos(i64::try_from(number).unwrap() * 1_000_000),
        responder: None,
        near: None,
        difference: None,
        is_echo: false,
    }
}

fn push(app: &mut App, count: u64) {
    for number in 0..count {
        app.session.timeline.push_message(message(number, 10));
    }
}

fn act(app: &mut App, action: RecordingAction) {
    app.perform(Action::Recording(action));
}

fn path(app: &App, name: &str) -> PathBuf {
    let folder = app.library.recordings_folder();
    std::fs::create_dir_all(folder).unwrap();
    folder.join(name)
}

/// Begins a recording as the dialog would.
fn start(app: &mut App, path: &Path, with_past: bool) {
    act(app, RecordingAction::AskWhereTo);
    let Some(Dialog::Recording(dialog)) = &mut app.dialog else {
        panic!("it asks where to");
    };
    dialog.path = path.display().to_string();
    dialog.with_past = with_past;
    act(app, RecordingAction::Start);
    assert!(app.recordings.is_recording(), "{:?}", app.notices);
}

#[track_caller]
fn stop(app: &mut App) {
    act(app, RecordingAction::Stop);
    wait(app, "the recording has ended", |app| {
        app.recordings.status().is_none() && app.recordings.under_way.is_empty()
    });
}

#[track_caller]
fn open_whole(app: &mut App, path: &Path) {
    act(app, RecordingAction::OpenPath(path.to_owned()));
    wait(app, "the recording is loaded", |app| {
        let opened = app.recordings.shown_recording();
        let state = opened.map(Opened::state);
        matches!(&state, Some(LoaderState::Done(of)) if of.rows == app.timeline().len() as u64)
    });
}

fn read(path: &Path) -> Vec<StoredRow> {
    let mut rows = Vec::new();
    let mut recording = Recording::open(path).unwrap();
    recording
        .load(|row| rows.push(row), |_| ControlFlow::Continue(()))
        .unwrap();
    rows
}

/// A recording of so many rows, opened and shown.
fn with_opened(rows: u64) -> (App, PathBuf) {
    let mut app = app();
    let path = path(&app, "mine.rtrec");
    push(&mut app, rows);
    start(&mut app, &path, true);
    stop(&mut app);
    open_whole(&mut app, &path);
    (app, path)
}

fn said(app: &App, words: &str) -> bool {
    let mut notices = app.notices.shown().iter();
    notices.any(|notice| notice.text.contains(words))
}

#[test]
fn what_happens_is_recorded_until_it_is_stopped_and_can_be_opened() {
    let (mut app, path) = with_opened(5_000);
    assert!(said(&app, "Recorded "), "{:?}", app.notices);
    push(&mut app, 3);
    app.tick();
    assert_eq!(app.timeline().len(), 5_000, "the session is another");
    assert_eq!(app.session.timeline.len(), 5_003);
    assert_eq!(read(&path).len(), 5_000);
}

#[test]
fn without_the_past_only_what_happens_from_now_on_is_in_it() {
    let mut app = app();
    let path = path(&app, "mine.rtrec");
    push(&mut app, 20);
    let first = app.session.timeline.id_at(0).unwrap();
    app.perform(Action::Row(first, RowAction::TogglePin));
    start(&mut app, &path, false);
    push(&mut app, 2);
    stop(&mut app);
    let ids: Vec<u64> = read(&path).iter().map(|row| row.id.number()).collect();
    assert_eq!(ids, [20, 21]);
}

#[test]
fn what_is_cleared_in_the_frame_in_which_it_came_is_recorded_with_its_marks() {
    let mut app = app();
    let path = path(&app, "mine.rtrec");
    start(&mut app, &path, true);
    push(&mut app, 5_000);
    let row = app.session.timeline.id_at(17).unwrap();
    app.perform(Action::Row(
        row,
        RowAction::Colour(Some(crate::model::record::Colour::Red)),
    ));
    app.perform(Action::ClearTimeline);
    assert_eq!(app.session.timeline.len(), 0);
    push(&mut app, 1);
    stop(&mut app);
    let rows = read(&path);
    assert_eq!(rows.len(), 5_001);
    assert_eq!(
        rows[17].marks.colour,
        Some(crate::model::record::Colour::Red)
    );
}

#[test]
fn what_belongs_to_a_timeline_stays_with_it_while_another_is_shown() {
    let (mut app, path) = with_opened(20);
    act(&mut app, RecordingAction::Show(None));
    app.perform(Action::SetFilter("topic:t/1".to_owned()));
    let of_session = app.session.timeline.id_at(3);
    app.perform(Action::SelectRow(of_session));
    act(&mut app, RecordingAction::Show(Some(0)));
    assert_eq!((app.selected, app.filter.text()), (None, ""));
    assert_eq!(app.listing.len(), 20);
    app.perform(Action::SetFilter("topic:t/2 OR topic:t/3".to_owned()));
    let of_recording = app.timeline().id_at(5);
    app.perform(Action::SelectRow(of_recording));
    assert_eq!(app.listing.len(), 4);
    act(&mut app, RecordingAction::Show(None));
    assert_eq!((app.selected, app.filter.text()), (of_session, "topic:t/1"));
    assert_eq!(app.listing.len(), 2);
    act(&mut app, RecordingAction::Show(Some(0)));
    assert_eq!(app.selected, of_recording);
    assert_eq!(app.listing.len(), 4);
    // Clearing what is shown closes it, and the file is still there.
    app.perform(Action::ClearTimeline);
    assert!(app.recordings.opened().is_empty());
    assert_eq!((app.selected, app.listing.len()), (of_session, 2));
    assert_eq!((app.session.timeline.len(), read(&path).len()), (20, 20));
}

#[test]
fn the_shown_recording_stays_shown_when_one_before_it_is_closed() {
    let (mut app, first) = with_opened(3);
    let second = path(&app, "second.rtrec");
    std::fs::copy(&first, &second).unwrap();
    open_whole(&mut app, &second);
    act(&mut app, RecordingAction::Close(0));
    let shown = app.recordings.shown_recording().map(|it| it.path.clone());
    assert_eq!(shown, Some(second));
    assert_eq!(app.timeline().len(), 3);
}

#[test]
fn a_recording_that_somebody_else_writes_is_followed() {
    let mut app = app();
    let path = path(&app, "theirs.rtrec");
    let mut theirs = Timeline::new(Bounds::default());
    let mut recorder = Recorder::start(&path, RecorderOptions::default()).unwrap();
    recorder.wait_until_open(PATIENCE).unwrap();
    theirs.push_message(message(0, 10));
    recorder.feed(&theirs);
    act(&mut app, RecordingAction::OpenPath(path.clone()));
    wait(&mut app, "the first row is there", |app| {
        app.listing.len() == 1
    });
    theirs.push_message(message(1, 10));
    let row = theirs.id_at(0).unwrap();
    let marks = Marks {
        comment: "theirs".to_owned(),
        ..Marks::default()
    };
    recorder.feed(&theirs);
    assert!(recorder.mark(row, marks));
    wait(&mut app, "what came later is there, marks too", |app| {
        let mark = app.timeline().mark(row);
        app.listing.len() == 2 && mark.is_some_and(|mark| mark.comment == "theirs")
    });
    let words = |app: &App| app.recordings.opened()[0].words();
    wait(&mut app, "it is being written", |app| {
        words(app) == "being written"
    });
    recorder
        .finish(&theirs, Timestamp::default(), PATIENCE)
        .unwrap();
    wait(&mut app, "nobody writes any more", |app| {
        words(app) == "2 rows"
    });
}

#[test]
fn marks_in_a_recording_are_in_its_file_at_the_end_of_the_program_and_can_be_undone() {
    let (mut app, path) = with_opened(3);
    let row = app.timeline().id_at(1).unwrap();
    app.perform(Action::Row(row, RowAction::TogglePin));
    let is_pinned = |timeline: &Timeline| timeline.mark(row).is_some_and(|mark| mark.is_pinned);
    assert!(is_pinned(app.timeline()));
    assert!(!is_pinned(&app.session.timeline), "that one is another");
    app.close();
    assert!(read(&path)[1].marks.pinned);
    app.perform(Action::UndoNewest);
    app.close();
    assert!(read(&path)[1].marks.is_empty());
    assert!(!is_pinned(app.timeline()));
}

fn trim(app: &mut App, by: TrimBy) {
    let at = app.recordings.place_of(&path(app, "mine.rtrec")).unwrap();
    act(app, RecordingAction::AskTrim(at));
    let Some(Dialog::Recording(dialog)) = &mut app.dialog else {
        panic!("it asks what goes");
    };
    dialog.trim = by;
    act(app, RecordingAction::Trim);
}

#[track_caller]
fn wait_trimmed(app: &mut App, rows: usize) {
    assert!(app.dialog.is_none());
    wait(app, "it is trimmed and opened again", |app| {
        app.recordings.shown_recording().is_some() && app.timeline().len() == rows
    });
}

#[test]
fn a_recording_is_trimmed_before_and_after_the_selected_row_and_to_what_the_filter_shows() {
    let (mut app, path) = with_opened(100);
    trim(&mut app, TrimBy::BeforeSelected);
    let Some(Dialog::Recording(dialog)) = &app.dialog else {
        panic!("nothing is selected");
    };
    assert_eq!(
        dialog.error.as_deref(),
        Some("select a row in the table first")
    );
    app.perform(Action::CloseDialog);

    app.perform(Action::SelectRow(app.timeline().id_at(10)));
    trim(&mut app, TrimBy::BeforeSelected);
    wait_trimmed(&mut app, 90);
    app.perform(Action::SelectRow(app.timeline().id_at(79)));
    trim(&mut app, TrimBy::AfterSelected);
    wait_trimmed(&mut app, 80);
    let ids: Vec<u64> = read(&path).iter().map(|row| row.id.number()).collect();
    assert_eq!(ids, (10..90).collect::<Vec<u64>>());

    app.perform(Action::SetFilter("topic:t/3".to_owned()));
    wait(&mut app, "the filter is through", |app| {
        !app.listing.is_searching() && app.listing.len() == 8
    });
    trim(&mut app, TrimBy::NotShown);
    wait_trimmed(&mut app, 8);
    assert_eq!(read(&path).len(), 8);
    assert_eq!(app.session.timeline.len(), 100, "the session is another");
}

#[test]
fn trimming_asks_in_the_recording_it_is_about() {
    let (mut app, first) = with_opened(4);
    let second = path(&app, "second.rtrec");
    std::fs::copy(&first, &second).unwrap();
    open_whole(&mut app, &second);
    act(&mut app, RecordingAction::AskTrim(0));
    assert_eq!(app.recordings.shown(), Some(0));
    // Whatever is shown meanwhile: its rows are not the ones that were meant.
    act(&mut app, RecordingAction::Show(Some(1)));
    app.perform(Action::SelectRow(app.timeline().id_at(2)));
    act(&mut app, RecordingAction::Trim);
    let Some(Dialog::Recording(dialog)) = &app.dialog else {
        panic!("it is refused");
    };
    assert!(dialog.error.is_some());
    assert_eq!((read(&first).len(), read(&second).len()), (4, 4));
}

#[test]
fn rows_that_the_timeline_has_no_room_for_are_not_trimmed_by_a_filter() {
    let (mut app, path) = with_opened(300);
    app.settings.timeline.max_rows = 100;
    act(&mut app, RecordingAction::Close(0));
    act(&mut app, RecordingAction::OpenPath(path.clone()));
    wait(&mut app, "as many as there is room for", |app| {
        let state = app.recordings.shown_recording().map(Opened::state);
        matches!(state, Some(LoaderState::Done(_))) && app.timeline().dropped() == 200
    });
    app.perform(Action::SetFilter("topic:t/3".to_owned()));
    wait(&mut app, "the filter is through", |app| {
        !app.listing.is_searching() && app.listing.len() == 10
    });
    trim(&mut app, TrimBy::NotShown);
    assert!(app.dialog.is_none());
    wait(&mut app, "it is trimmed", |app| {
        said(app, "90 rows taken out")
    });
    assert_eq!(read(&path).len(), 210);
}

#[test]
fn automatic_recordings_stay_within_their_bound_while_one_grows() {
    const MIB: u64 = 1 << 20;
    let mut app = app();
    app.settings.recording.auto = true;
    app.settings.recording.max_mebibytes = 16;
    app.record_by_itself();
    assert!(app.recordings.is_automatic() && app.recordings.is_recording());
    wait(&mut app, "it records", |app| {
        let status = app.recordings.status();
        status.is_some_and(|status| status.phase == Phase::Recording)
            && app.recordings.under_way.is_empty()
    });
    let old = path(&app, "auto-2020-01-01-000000.rtrec");
    let own = path(&app, "mine.rtrec");
    for file in [&old, &own] {
        std::fs::write(file, vec![0; usize::try_from(15 * MIB).unwrap()]).unwrap();
    }
    let folder = app.library.recordings_folder().to_owned();
    assert_eq!(auto::make_room(&folder, 16 * MIB), Ok(Vec::new()));
    for number in 0..4_000 {
        app.session.timeline.push_message(message(number, 1_000));
    }
    wait(&mut app, "the old one has gone", |_| !old.exists());
    wait(&mut app, "it is said", |app| {
        said(app, "1 old automatic recording had to go")
    });
    assert!(own.exists(), "that one was made by hand");
    let written = app.recordings.status().unwrap().path;
    stop(&mut app);
    assert_eq!(read(&written).len(), 4_000);
}
