use super::*;
use crate::app::Action;
use crate::app::listing::arrange::Spec;
use crate::app::listing::group::GroupBy;
use crate::app::listing::sort::{Order, SortBy};
use crate::app::open::{Place, open};
use crate::app::table::TableAction;
use crate::model::exchange::MessageVerdict;
use crate::model::message::Message;
use crate::model::time::Timestamp;
use crate::model::timeline::{Bounds, Mark, MessageRow};
use crate::model::topic::TopicName;
use std::sync::Arc;
use std::time::Instant;

fn app() -> App {
    let wake: Arc<dyn Fn() + Send + Sync> = Arc::new(|| {});
    open(Place::Scratch, &wake).unwrap()
}

fn push(app: &mut App, number: u64) -> RowId {
    // Neither the order of time nor that of another column.
    let payload = "x".repeat((number * 7 % 31) as usize);
    let topic = TopicName::new(&format!("t/{}", number % 3)).unwrap();
    app.session.timeline.push_message(MessageRow {
        connection: "lab".into(),
        message: Arc::new(Message::new(topic, payload)),
        verdict: MessageVerdict::Unmatched,
        received: Timestamp::from_nanos(0),
        responder: None,
        near: None,
        difference: None,
        is_echo: false,
    })
}

fn filled(rows: u64) -> App {
    let mut app = app();
    for number in 0..rows {
        push(&mut app, number);
    }
    app.tick();
    app
}

fn settle(app: &mut App) {
    let until = Instant::now() + Duration::from_secs(20);
    app.tick();
    while app.listing.arrangement().is_busy() || app.listing.is_searching() {
        assert!(Instant::now() < until, "it is never arranged");
        std::thread::yield_now();
        app.tick();
    }
}

fn row_at(app: &App, place: usize) -> Option<RowId> {
    match app.listing.shown_at(app.timeline(), place)? {
        Shown::Row(id) => Some(id),
        Shown::Group(_) => None,
    }
}

/// The rows from one to another, looked up one by one.
fn between(app: &App, one: RowId, other: RowId) -> RowSet {
    let place = |id| {
        let shown = Shown::Row(id);
        app.listing.place_of_shown(app.timeline(), shown).unwrap()
    };
    let (one, other) = (place(one), place(other));
    let places = one.min(other)..=one.max(other);
    places.filter_map(|place| row_at(app, place)).collect()
}

#[test]
fn ranges_are_what_stands_between_however_the_table_is_arranged() {
    let sorted = |by| Order {
        by,
        is_descending: true,
    };
    let specs = [
        (Spec::default(), ""),
        (Spec::default(), "topic:t/1"),
        (
            Spec {
                order: Some(sorted(SortBy::Size)),
                group: None,
            },
            "",
        ),
        (
            Spec {
                order: Some(sorted(SortBy::Size)),
                group: Some(GroupBy::Topic),
            },
            "",
        ),
    ];
    for (spec, filter) in specs {
        let mut app = filled(300);
        // Gaps between the numbers.
        let pinned = app.timeline().id_at(150).unwrap();
        let mark = Mark {
            is_pinned: true,
            ..Mark::default()
        };
        app.session.timeline.set_mark(pinned, mark);
        app.perform(Action::ClearTimeline);
        for number in 0..200 {
            push(&mut app, number);
        }
        app.perform(Action::SetFilter(filter.to_owned()));
        app.listing.arrangement_mut().want(spec);
        settle(&mut app);
        app.perform(Action::Table(TableAction::OpenAllGroups(true)));
        settle(&mut app);
        let lines = app.listing.shown_len();
        let rows: Vec<RowId> = (0..lines).filter_map(|place| row_at(&app, place)).collect();
        let mut seed: usize = 7;
        let mut next = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            rows[(seed >> 33) % rows.len()]
        };
        let anchor = next();
        app.select(Select::Alone(anchor));
        for _ in 0..60 {
            let to = next();
            app.select(Select::To(to));
            assert_eq!(app.selected, Some(to));
            assert_eq!(app.selected_rows(), between(&app, anchor, to), "{spec:?}");
        }
        app.select(Select::All);
        assert_eq!(app.selected_rows(), rows.into_iter().collect());
    }
}

#[test]
fn all_are_also_those_in_closed_groups() {
    let mut app = filled(30);
    let group = Some(GroupBy::Topic);
    app.listing
        .arrangement_mut()
        .want(Spec { order: None, group });
    settle(&mut app);
    assert_eq!(app.listing.shown_len(), 3);
    app.select(Select::All);
    assert_eq!(app.selected_rows().len(), 30);
}

#[test]
fn rows_are_toggled_and_looked_at_without_being_selected() {
    let mut app = filled(10);
    let id = |app: &App, place| row_at(app, place).unwrap();
    let (a, b, c) = (id(&app, 1), id(&app, 5), id(&app, 8));
    app.select(Select::Alone(a));
    assert!(app.several().is_none());
    app.select(Select::Toggle(b));
    app.select(Select::Toggle(c));
    assert_eq!(app.selected_rows(), [a, b, c].into_iter().collect());
    app.select(Select::Toggle(b));
    assert_eq!(app.selected, Some(b));
    assert_eq!(app.selected_rows(), [a, c].into_iter().collect());
    app.select(Select::Look(id(&app, 0)));
    assert_eq!(app.selected_rows(), [a, c].into_iter().collect());
    app.select(Select::Single);
    assert_eq!(app.selected, Some(id(&app, 0)));
    assert!(app.several().is_none());
}

#[test]
fn it_ends_with_another_row_or_another_filter_and_forgets_rows_that_are_gone() {
    let mut app = filled(10);
    app.select(Select::All);
    let other = app.timeline().id_at(3);
    app.perform(Action::SelectRow(other));
    assert!(app.several().is_none());

    app.select(Select::All);
    app.perform(Action::SetFilter("topic:t/1".to_owned()));
    app.tick();
    assert!(app.several().is_none());
    app.perform(Action::SetFilter(String::new()));
    app.tick();

    let newest = app.timeline().id_at(9).unwrap();
    app.perform(Action::SelectRow(Some(newest)));
    app.select(Select::All);
    let bounds = Bounds {
        rows: 6,
        ..Bounds::default()
    };
    app.session.timeline.set_bounds(bounds);
    app.tick();
    assert_eq!(app.selected_rows().len(), 6);
    for row in [newest, app.timeline().id_at(0).unwrap()] {
        let mark = Mark {
            is_pinned: true,
            ..Mark::default()
        };
        app.session.timeline.set_mark(row, mark);
    }
    app.perform(Action::ClearTimeline);
    app.tick();
    assert_eq!(app.selected_rows().len(), 2);
}

#[test]
fn several_are_marked_at_once_and_undone_at_once_but_not_a_million() {
    let mut app = filled(12_000);
    app.select(Select::All);
    let pin = TableAction::Selected(RowsAction::Pin(true));
    app.perform(Action::Table(pin.clone()));
    assert!(app.timeline().marks().ids().next().is_none());
    let notice = &app.notices.shown().last().unwrap().text;
    assert!(notice.starts_with("12,000 rows are too many"), "{notice}");

    app.select(Select::Alone(row_at(&app, 0).unwrap()));
    app.select(Select::To(row_at(&app, 99).unwrap()));
    app.perform(Action::Table(pin));
    assert_eq!(app.timeline().marks().ids().count(), 100);
    app.perform(Action::UndoNewest);
    assert_eq!(app.timeline().marks().ids().count(), 0);
}

#[test]
fn selected_rows_are_copied_as_text_and_as_json() {
    let mut app = filled(5_000);
    app.select(Select::All);
    for (how, lines) in [(CopyRows::Text, 5_001), (CopyRows::Json, 5_000)] {
        let copy = TableAction::Selected(RowsAction::Copy(how));
        app.perform(Action::Table(copy));
        let until = Instant::now() + Duration::from_mins(1);
        let copied = loop {
            app.tick();
            match app.clipboard.take() {
                Some(text) => break text,
                None => assert!(Instant::now() < until, "nothing is copied"),
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        assert_eq!(copied.lines().count(), lines);
        match how {
            CopyRows::Text => {
                let mut lines = copied.lines();
                let title = "#\tSent\tRequest\tResponder\tStatus\tRound trip";
                assert_eq!(lines.next(), Some(title));
                let second = lines.nth(1).unwrap();
                assert!(second.contains("\tt/1 xxxxxxx\t"), "{second}");
            }
            CopyRows::Json => {
                for line in copied.lines() {
                    crate::model::payload::check_json(line).unwrap();
                }
            }
        }
    }
}
