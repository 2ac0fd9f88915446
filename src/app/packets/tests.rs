use super::*;
use crate::app::dialogs::Dialog;
use crate::app::open::{Place, open};
use crate::app::tests::wait;
use crate::app::{Action, App, TimelineView};
use crate::model::packet::Note;
use crate::session::PacketLog;
use std::time::{Duration, Instant};

const BENCH: &str = "bench";

fn source() -> PacketSource {
    PacketSource::Connection(BENCH.into())
}

/// An application that looks at a log which the test fills.
fn app() -> (App, Arc<PacketLog>) {
    let wake: Arc<dyn Fn() + Send + Sync> = Arc::new(|| {});
    let mut app = open(Place::Scratch, &wake).unwrap();
    let log = app.session.packet_log(&source());
    app.perform(Action::Packets(PacketsAction::Show(source())));
    (app, log)
}

fn ask(app: &mut App, action: PacketsAction) {
    app.perform(Action::Packets(action));
}

fn mains(app: &App) -> Vec<String> {
    (0..app.packets.len())
        .filter_map(|place| app.packets.row(place))
        .map(|row| row.main)
        .collect()
}

#[test]
fn what_comes_is_on_top_and_passes_the_filter_or_is_not_there() {
    let (mut app, log) = app();
    assert_eq!(app.window.timeline_view, TimelineView::Packets);
    for words in ["one", "two", "three"] {
        log.note(Note::Step, words);
    }
    app.tick();
    assert_eq!(mains(&app), ["three", "two", "one"]);
    ask(&mut app, PacketsAction::SetFilter("-two -one".to_owned()));
    assert_eq!(mains(&app), ["three"]);
    log.note(Note::Step, "ten");
    log.note(Note::Step, "one");
    app.tick();
    assert_eq!(mains(&app), ["ten", "three"]);
    ask(
        &mut app,
        PacketsAction::SetFilter("type:nothing".to_owned()),
    );
    assert!(
        app.packets.problems()[0]
            .why
            .contains("no packet type NOTHING")
    );
    assert_eq!(app.packets.len(), 5, "what is wrong does not hide anything");
}

#[test]
fn a_paused_log_stands_still_and_goes_on() {
    let (mut app, log) = app();
    log.note(Note::Step, "one");
    app.tick();
    ask(&mut app, PacketsAction::Pause(true));
    log.note(Note::Step, "two");
    app.tick();
    assert_eq!(mains(&app), ["one"]);
    ask(&mut app, PacketsAction::Pause(false));
    assert_eq!(mains(&app), ["two", "one"]);
}

#[test]
fn a_log_that_is_cleared_is_empty_and_goes_on() {
    let (mut app, log) = app();
    log.note(Note::Step, "one");
    app.tick();
    ask(&mut app, PacketsAction::Select(Some(0)));
    assert!(app.packets.detail().is_some());
    ask(&mut app, PacketsAction::Pause(true));
    ask(&mut app, PacketsAction::Clear);
    assert!(app.packets.is_empty() && app.packets.detail().is_none());
    ask(&mut app, PacketsAction::Pause(false));
    log.note(Note::Step, "two");
    app.tick();
    assert_eq!(mains(&app), ["two"]);
    assert_eq!(app.packets.line(0).map(|line| line.number), Some(1));
}

#[test]
fn many_are_filtered_by_a_worker_and_found_again_by_number() {
    const MANY: u64 = 60_000;
    let (mut app, log) = app();
    for number in 0..MANY {
        log.note(Note::Step, &format!("n{number}"));
    }
    let began = Instant::now();
    app.tick();
    assert!(began.elapsed() < Duration::from_secs(1) && app.packets.is_searching());
    let first = |app: &App| app.packets.reel().first();
    wait(&mut app, "all lines", |app| {
        app.packets.len() as u64 == MANY - first(app)
    });
    ask(&mut app, PacketsAction::SetFilter("7777".to_owned()));
    wait(&mut app, "those with 7777", |app| {
        !app.packets.is_searching()
    });
    let found = mains(&app);
    assert_eq!(
        found,
        ["n57777", "n47777", "n37777", "n27777", "n17777", "n7777"]
    );
    assert_eq!(app.packets.place_of(37_777), Some(2));
    assert_eq!(app.packets.place_of(37_778), None);
    assert_eq!(app.packets.newer_than(37_777), 2);
}

#[test]
fn what_had_to_go_is_gone_from_the_table_and_counted() {
    let (mut app, log) = app();
    log.note(Note::Step, "the first");
    app.tick();
    assert_eq!(app.packets.len(), 1);
    let large = "x".repeat(16_000);
    for _ in 0..400 {
        log.note(Note::Step, &large);
    }
    app.tick();
    let reel = app.packets.reel();
    assert!(reel.dropped() > 0 && reel.dropped() + reel.len() == 401);
    assert_eq!(app.packets.len() as u64, reel.len());
    // With room for everything nothing more goes.
    let dropped = reel.dropped();
    ask(&mut app, PacketsAction::KeepEverything(true));
    assert!(app.keeps_all_packets());
    for _ in 0..400 {
        log.note(Note::Step, &large);
    }
    app.tick();
    assert_eq!(app.packets.reel().dropped(), dropped);
    ask(&mut app, PacketsAction::KeepEverything(false));
    app.tick();
    assert!(app.packets.reel().dropped() > dropped);
}

#[test]
fn nothing_is_held_for_a_view_that_is_not_open() {
    let (mut app, log) = app();
    log.note(Note::Step, "one");
    app.tick();
    app.perform(Action::SetTimelineView(TimelineView::Table));
    app.tick();
    assert!(app.packets.reel().is_empty() && app.packets.is_empty());
    app.perform(Action::SetTimelineView(TimelineView::Packets));
    app.tick();
    assert_eq!(mains(&app), ["one"]);
}

#[test]
fn packets_are_written_into_a_file_that_is_not_replaced_unasked() {
    let (mut app, log) = app();
    log.note(Note::Step, "one");
    log.note(Note::Step, "two");
    app.tick();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("packets.jsonl");
    let export = |app: &mut App| {
        ask(app, PacketsAction::AskExport(PacketFormat::Jsonl));
        let Some(Dialog::Packets(dialog)) = &mut app.dialog else {
            panic!("no dialog")
        };
        dialog.path = path.display().to_string();
        ask(app, PacketsAction::Export);
    };
    let says = |app: &App, words: &str| {
        let mut shown = app.notices.shown().iter();
        shown.any(|notice| notice.text.contains(words))
    };
    ask(&mut app, PacketsAction::SetFilter("two".to_owned()));
    export(&mut app);
    wait(&mut app, "it is written", |app| {
        says(app, "1 packet written")
    });
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains("two") && !text.contains("one"), "{text}");
    ask(&mut app, PacketsAction::SetFilter(String::new()));
    export(&mut app);
    wait(&mut app, "it is refused", |app| {
        says(app, "is there already")
    });
    ask(&mut app, PacketsAction::ReplaceFile);
    wait(&mut app, "it is replaced", |app| {
        says(app, "2 packets written")
    });
    assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 2);
}
