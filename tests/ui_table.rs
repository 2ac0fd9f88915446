//! The table, driven as a person drives it: by what is read on it, by keys and by the wheel.

mod common_ui;

use egui::{Event, Key, Modifiers, MouseWheelUnit, TouchPhase, Ui, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use roundtrip::ui::widgets::table::{self, Cell, Column, Ink, Line, Rows, TableState};
use std::cell::Cell as Counter;

const COLUMNS: [Column; 3] = [
    Column::new("#", 70.0).right(),
    Column::new("Request", 300.0).growing(),
    Column::new("Status", 150.0),
];

/// Newest first: row 0 has the highest number.
struct Numbers {
    newest: usize,
    count: usize,
    /// How many lines were asked for.
    asked: Counter<usize>,
    /// How often anything else was.
    looked: Counter<usize>,
}

impl Numbers {
    fn up_to(newest: usize) -> Self {
        Self {
            newest,
            count: newest,
            asked: Counter::default(),
            looked: Counter::default(),
        }
    }
}

impl Rows for Numbers {
    type Key = usize;

    fn len(&self) -> usize {
        self.count
    }

    fn key(&self, place: usize) -> Option<usize> {
        self.looked.set(self.looked.get() + 1);
        (place < self.count).then(|| self.newest - place)
    }

    fn place_of(&self, key: usize) -> Option<usize> {
        self.looked.set(self.looked.get() + 1);
        self.newest
            .checked_sub(key)
            .filter(|place| *place < self.count)
    }

    fn line(&self, place: usize) -> Option<Line> {
        let number = self.key(place)?;
        self.asked.set(self.asked.get() + 1);
        Some(Line {
            sentence: format!("{number} cmnd/light/power, Answered"),
            cells: vec![
                Cell::code(number.to_string(), Ink::Dim),
                Cell::Topic {
                    topic: "cmnd/light/power".to_owned(),
                    payload: format!("{{\"n\":{number}}}"),
                    tag: None,
                },
                Cell::text("Answered"),
            ],
            ..Line::default()
        })
    }

    fn newest(&self) -> Option<u64> {
        Some(self.newest as u64)
    }

    fn newer_than(&self, newest: u64) -> usize {
        usize::try_from(newest).map_or(0, |newest| self.newest - newest)
    }
}

struct Shown {
    rows: Numbers,
    state: TableState<usize>,
    selected: Option<usize>,
    opened: Option<usize>,
}

fn shown_ui(ui: &mut Ui, shown: &mut Shown) {
    let output = table::show(
        ui,
        "Timeline",
        &COLUMNS,
        &mut shown.state,
        &shown.rows,
        shown.selected,
    );
    shown.selected = output.chosen.or(shown.selected);
    shown.opened = output.opened.or(shown.opened);
}

fn harness(count: usize) -> Harness<'static, Shown> {
    let shown = Shown {
        rows: Numbers::up_to(count),
        state: TableState::default(),
        selected: None,
        opened: None,
    };
    let mut harness = common_ui::harness(vec2(800.0, 400.0), true, shown, shown_ui);
    harness.run();
    harness
}

fn sentence(number: usize) -> String {
    format!("{number} cmnd/light/power, Answered")
}

fn wheel(harness: &mut Harness<'static, Shown>, points: f32) {
    harness.hover_at(egui::pos2(300.0, 200.0));
    harness.event(Event::MouseWheel {
        unit: MouseWheelUnit::Point,
        source: egui::MouseWheelSource::Trackpad,
        delta: vec2(0.0, -points),
        phase: TouchPhase::Move,
        modifiers: Modifiers::NONE,
    });
    for _ in 0..30 {
        harness.step();
    }
}

#[test]
fn a_click_chooses_a_row_and_the_arrow_keys_move_on_from_there() {
    let mut harness = harness(1_000);
    harness.get_by_label(&sentence(998)).click();
    harness.run();
    assert_eq!(harness.state().selected, Some(998));
    harness.key_press(Key::ArrowDown);
    harness.run();
    assert_eq!(harness.state().selected, Some(997));
    harness.key_press(Key::ArrowUp);
    harness.key_press(Key::ArrowUp);
    harness.run();
    assert_eq!(harness.state().selected, Some(999));
    harness.key_press(Key::Enter);
    harness.run();
    assert_eq!(harness.state().opened, Some(999));
}

#[test]
fn home_end_and_the_page_keys_bring_the_chosen_row_into_view() {
    let mut harness = harness(1_000_000);
    harness.get_by_label(&sentence(999_999)).click();
    harness.run();
    harness.key_press(Key::End);
    harness.run();
    assert_eq!(harness.state().selected, Some(1));
    harness.get_by_label(&sentence(1));
    harness.key_press(Key::PageUp);
    harness.run();
    let page = harness.state().selected.unwrap();
    assert!((10..20).contains(&page), "{page}");
    harness.key_press(Key::Home);
    harness.run();
    assert_eq!(harness.state().selected, Some(1_000_000));
    harness.get_by_label(&sentence(1_000_000));
}

#[test]
fn at_the_top_new_rows_are_followed_and_elsewhere_the_rows_in_view_stay() {
    let mut harness = harness(1_000);
    harness.state_mut().rows = Numbers::up_to(1_005);
    harness.run();
    harness.get_by_label(&sentence(1_005));

    wheel(&mut harness, 240.0);
    let before = harness.get_by_label(&sentence(990)).rect();
    harness.state_mut().rows = Numbers::up_to(1_100);
    harness.run();
    let after = harness.get_by_label(&sentence(990)).rect();
    assert_eq!(before, after);

    harness.get_by_label("Back to the newest row").click();
    harness.run();
    harness.get_by_label(&sentence(1_100));
}

#[test]
fn the_wheel_moves_by_exact_points_near_the_end_of_a_million_rows() {
    let mut harness = harness(1_000_000);
    harness.state_mut().state.reveal(500);
    harness.run();
    let before = harness.get_by_label(&sentence(510)).rect().top();
    wheel(&mut harness, 7.0);
    let after = harness.get_by_label(&sentence(510)).rect().top();
    assert!((before - after - 7.0).abs() < 0.01, "{before} {after}");
}

#[test]
fn row_999_999_moves_point_by_point_and_stops_at_the_end() {
    let mut harness = harness(1_000_000);
    harness.state_mut().state.reveal(1);
    harness.run();
    // Row 999,999, counted from the top, has number 2.
    let start = harness.get_by_label(&sentence(2)).rect().top();
    for step in 1..=5_u8 {
        wheel(&mut harness, -1.0);
        let top = harness.get_by_label(&sentence(2)).rect().top();
        let moved = top - start;
        assert!((moved - f32::from(step)).abs() < 0.01, "{step}: {moved}");
    }
    wheel(&mut harness, 500.0);
    let end = harness.get_by_label(&sentence(2)).rect().top();
    assert!((end - start).abs() < 0.01, "{start} {end}");
}

#[test]
fn rows_that_vanish_from_under_the_table_leave_it_standing() {
    let mut harness = harness(1_000);
    harness.state_mut().state.reveal(3);
    harness.run();
    harness.state_mut().rows = Numbers {
        count: 5,
        ..Numbers::up_to(2_000)
    };
    harness.run();
    harness.get_by_label(&sentence(2_000));
    harness.state_mut().rows.count = 0;
    harness.run();
    assert_eq!(harness.state().state.first_place(), 0);
}

#[test]
fn dragging_the_edge_of_a_title_makes_its_column_wider() {
    let mut harness = harness(10);
    let edge = egui::pos2(6.0 + 70.0, 12.0);
    harness.drag_at(edge);
    harness.run();
    harness.hover_at(edge + vec2(30.0, 0.0));
    harness.run();
    harness.drop_at(edge + vec2(30.0, 0.0));
    harness.run();
    let width = harness.state().state.widths[0];
    assert!((width - 100.0).abs() < 1.0, "{width}");
}

#[test]
fn of_a_million_rows_only_those_in_view_are_asked_for() {
    let mut harness = harness(1_000_000);
    harness.state_mut().state.reveal(500_000);
    harness.run();
    harness.state().rows.asked.set(0);
    harness.step();
    let asked = harness.state().rows.asked.get();
    assert!((1..=60).contains(&asked), "{asked} rows in one frame");
    harness.state().rows.looked.set(0);
    harness.step();
    let looked = harness.state().rows.looked.get();
    assert!(looked <= 200, "{looked} looks in one frame");
}

#[test]
fn a_row_that_was_chosen_keeps_its_place_and_what_came_is_counted_on_the_way_back() {
    let mut harness = harness(1_000);
    harness.get_by_label(&sentence(996)).click();
    harness.run();
    let before = harness.get_by_label(&sentence(996)).rect();
    harness.state_mut().rows = Numbers::up_to(1_250);
    harness.run();
    assert_eq!(harness.get_by_label(&sentence(996)).rect(), before);
    assert!(harness.query_by_label(&sentence(1_250)).is_none());
    // Chosen elsewhere: nobody reads there any more.
    harness.state_mut().selected = Some(1_250);
    harness.run();
    harness.get_by_label(&sentence(1_250));
    harness.get_by_label(&sentence(1_249)).click();
    harness.run();
    harness.state_mut().rows = Numbers::up_to(1_300);
    harness.run();
    assert!(harness.query_by_label(&sentence(1_300)).is_none());
    harness.key_press(Key::Home);
    harness.run();
    harness.get_by_label(&sentence(1_300));
    harness.state_mut().rows = Numbers::up_to(1_301);
    harness.run();
    harness.get_by_label(&sentence(1_301));
}

/// Rows in any order.
struct Ordered {
    keys: Vec<usize>,
}

impl Rows for Ordered {
    type Key = usize;

    fn len(&self) -> usize {
        self.keys.len()
    }

    fn key(&self, place: usize) -> Option<usize> {
        self.keys.get(place).copied()
    }

    fn place_of(&self, key: usize) -> Option<usize> {
        self.keys.iter().position(|one| *one == key)
    }

    fn line(&self, place: usize) -> Option<Line> {
        Some(Line {
            sentence: sentence(self.key(place)?),
            cells: vec![Cell::text("a cell"), Cell::text("b"), Cell::text("c")],
            ..Line::default()
        })
    }
}

struct Sorted {
    rows: Ordered,
    columns: Vec<Column>,
    state: TableState<usize>,
    selected: Option<usize>,
    title: Option<usize>,
}

fn sorted(keys: impl Iterator<Item = usize>) -> Harness<'static, Sorted> {
    let shown = Sorted {
        rows: Ordered {
            keys: keys.collect(),
        },
        columns: COLUMNS.to_vec(),
        state: TableState::default(),
        selected: None,
        title: None,
    };
    let size = vec2(800.0, 400.0);
    let mut harness = common_ui::harness(size, true, shown, |ui, shown| {
        let (rows, state) = (&shown.rows, &mut shown.state);
        let output = table::show(ui, "Timeline", &shown.columns, state, rows, shown.selected);
        shown.selected = output.chosen.or(shown.selected);
        shown.title = output.title.or(shown.title);
    });
    harness.run();
    harness
}

#[test]
fn the_row_that_is_read_stays_where_it_is_when_the_table_is_sorted_filtered_or_loses_rows() {
    let mut harness = sorted((0..2_000).rev());
    harness.state_mut().state.reveal(1_000);
    harness.run();
    harness.get_by_label(&sentence(1_004)).click();
    harness.run();
    let before = harness.get_by_label(&sentence(1_004)).rect();
    let same = |harness: &mut Harness<'static, Sorted>, keys: Vec<usize>, what: &str| {
        harness.state_mut().rows.keys = keys;
        harness.run();
        let now = harness.get_by_label(&sentence(1_004)).rect();
        assert!((now.top() - before.top()).abs() < 0.01, "{what}: {now:?}");
    };
    same(&mut harness, (0..2_000).collect(), "the other way round");
    same(&mut harness, (0..2_000).step_by(2).collect(), "filtered");
    same(
        &mut harness,
        (500..2_000).rev().collect(),
        "the oldest dropped",
    );
    same(&mut harness, (500..3_000).rev().collect(), "many new above");
    let scattered = (500..3_000).map(|n| 500 + (n - 500) * 7 % 2_500);
    same(
        &mut harness,
        scattered.collect(),
        "sorted by something else",
    );
}

#[test]
fn where_the_chosen_row_is_gone_its_neighbours_stay() {
    let mut harness = sorted((0..2_000).rev());
    harness.state_mut().state.reveal(1_000);
    harness.run();
    harness.get_by_label(&sentence(1_004)).click();
    harness.run();
    let before = harness.get_by_label(&sentence(1_003)).rect();
    let without: Vec<usize> = (0..2_100).rev().filter(|n| *n != 1_004).collect();
    harness.state_mut().rows.keys = without;
    harness.run();
    let first = harness.get_by_label(&sentence(1_003)).rect();
    assert!((before.top() - 24.0..=before.top() + 0.01).contains(&first.top()));
}

#[test]
fn a_title_that_can_sort_is_pressed_and_says_how_it_sorts() {
    let mut harness = sorted(0..10);
    harness.state_mut().columns[2].can_sort = true;
    harness.state_mut().columns[2].sorted = Some(true);
    harness.run();
    harness
        .get_by_label("Status, sorted, largest first")
        .click();
    harness.run();
    assert_eq!(harness.state().title, Some(2));
}

#[test]
fn a_table_wider_than_its_room_is_scrolled_across() {
    let mut harness = sorted(0..10);
    for at in 0..6 {
        let column = Column::new("More", 180.0).least(170.0);
        harness.state_mut().columns.push(column);
        harness.state_mut().columns[3 + at].title = format!("More {at}").into();
    }
    harness.run();
    assert!(harness.query_by_label("More 5").is_none());
    harness.hover_at(egui::pos2(300.0, 200.0));
    harness.event(Event::MouseWheel {
        unit: MouseWheelUnit::Point,
        source: egui::MouseWheelSource::Trackpad,
        delta: vec2(-5_000.0, 0.0),
        phase: TouchPhase::Move,
        modifiers: Modifiers::NONE,
    });
    for _ in 0..30 {
        harness.step();
    }
    let last = harness.get_by_label("More 5").rect();
    assert!(last.right() <= 800.0 - 9.0, "{last:?}");
    assert!(harness.query_by_label("#").is_none());
}
