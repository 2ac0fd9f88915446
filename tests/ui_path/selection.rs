//! Several rows of the timeline selected at once, by mouse and by keys.

use crate::table::exchange;
use crate::window::Window;
use egui::{Event, Key, Modifiers, Role};
use roundtrip::app::Action;
use roundtrip::app::TimelineView;
use roundtrip::app::dialogs::Dialog;

const SHIFT: Modifiers = Modifiers::SHIFT;
const CTRL: Modifiers = Modifiers::COMMAND;

fn window(rows: u64) -> Window {
    let mut window = Window::open();
    for id in 1..=rows {
        let topic = if id % 2 == 0 { "a/door" } else { "b/lamp" };
        exchange(
            window.timeline(),
            id,
            topic,
            Some(10 * i64::try_from(id).unwrap()),
        );
    }
    window.settle();
    window
}

fn label(window: &Window, id: u64) -> String {
    let start = format!("{id} ");
    let rows = window.labels(Role::Row);
    rows.into_iter()
        .find(|row| row.starts_with(&start))
        .unwrap()
}

fn click(window: &mut Window, with: Modifiers, id: u64) {
    let label = label(window, id);
    window.press_with(Role::Row, &label, with);
}

/// The numbers of the rows that a screen reader hears are selected, from the top.
fn selected(window: &Window) -> String {
    let first = |label: &String| label.split(' ').next().unwrap_or_default().to_owned();
    let rows: Vec<String> = window.selected_rows().iter().map(first).collect();
    rows.join(" ")
}

#[test]
fn rows_are_selected_by_range_one_by_one_and_all_and_escape_ends_it() {
    let mut window = window(8);
    click(&mut window, Modifiers::NONE, 6);
    assert_eq!(selected(&window), "6");
    click(&mut window, SHIFT, 3);
    assert_eq!(selected(&window), "6 5 4 3");
    assert!(window.says("4 selected · 4 round trips: p50 40.0 ms, p99 60.0 ms"));
    assert!(
        window.says("#3 b/lamp"),
        "the one with the keyboard is shown"
    );
    click(&mut window, SHIFT, 7);
    assert_eq!(selected(&window), "7 6", "the range begins where it began");
    click(&mut window, CTRL, 2);
    click(&mut window, CTRL, 6);
    assert_eq!(selected(&window), "7 2");
    window.key(CTRL, Key::A);
    assert_eq!(selected(&window), "8 7 6 5 4 3 2 1");
    assert!(window.says("8 selected"));
    window.key(Modifiers::NONE, Key::Escape);
    assert_eq!(selected(&window), "6");
    assert!(!window.says("selected ·"));
    click(&mut window, CTRL, 1);
    click(&mut window, Modifiers::NONE, 4);
    assert_eq!(selected(&window), "4");
}

#[test]
fn keys_alone_select_as_much_as_the_mouse() {
    let mut window = window(8);
    click(&mut window, Modifiers::NONE, 7);
    window.key(SHIFT, Key::ArrowDown);
    window.key(SHIFT, Key::ArrowDown);
    assert_eq!(selected(&window), "7 6 5");
    window.key(SHIFT, Key::ArrowUp);
    assert_eq!(selected(&window), "7 6");
    window.key(CTRL, Key::ArrowDown);
    window.key(CTRL, Key::ArrowDown);
    assert_eq!(selected(&window), "7 6", "the keyboard moved alone");
    assert!(window.says("#4 a/door"));
    window.key(CTRL, Key::Space);
    assert_eq!(selected(&window), "7 6 4");
    window.key(SHIFT, Key::End);
    assert_eq!(selected(&window), "4 3 2 1");
    window.key(Modifiers::NONE, Key::ArrowUp);
    assert_eq!(selected(&window), "2");
}

#[test]
fn what_is_selected_stays_selected_when_rows_come_or_are_sorted_but_not_by_another_filter() {
    let mut window = window(6);
    click(&mut window, Modifiers::NONE, 5);
    click(&mut window, CTRL, 2);
    exchange(window.timeline(), 7, "new", Some(1));
    window.settle();
    window.press(Role::ColumnHeader, "Round trip");
    assert_eq!(selected(&window), "2 5");
    window.fill("Filter the timeline", "topic:a");
    assert_eq!(selected(&window), "2", "the one that is shown");
}

#[test]
fn the_menu_of_one_of_them_acts_on_all_of_them() {
    let mut window = window(6);
    click(&mut window, Modifiers::NONE, 5);
    click(&mut window, SHIFT, 3);
    let menu = |window: &mut Window, id: u64| {
        let label = label(window, id);
        window.press_secondary(Role::Row, &label);
    };
    menu(&mut window, 4);
    window.key(CTRL, Key::A);
    window.key(Modifiers::NONE, Key::Escape);
    assert!(!window.has(Role::Button, "Pin"), "Escape closed the menu");
    assert_eq!(selected(&window), "5 4 3", "and nothing else");
    menu(&mut window, 4);
    assert!(!window.has(Role::Button, "Compare the two"));
    window.button("Pin");
    menu(&mut window, 4);
    window.press(Role::RadioButton, "Violet");
    menu(&mut window, 4);
    window.button("Comment…");
    window.fill("Comment on the row", "odd ones");
    window.button("Keep");
    for id in [3, 4, 5] {
        let label = label(&window, id);
        assert!(
            label.ends_with(", pinned, violet, comment: odd ones"),
            "{label}"
        );
    }
    assert!(!label(&window, 2).contains("pinned"));
    menu(&mut window, 4);
    window.button("Export the selected…");
    assert!(window.says("The selected rows (3)"));
    window.button("Cancel");
    menu(&mut window, 4);
    window.button("Show only these");
    assert_eq!(window.app().listing.filter().text(), "id:3..5");
    window.perform(Action::SetFilter(String::new()));
    window.settle();

    menu(&mut window, 1);
    assert!(window.has(Role::Button, "Copy topic"), "one row, one menu");
    window.key(Modifiers::NONE, Key::Escape);
    assert_eq!(selected(&window), "1");

    click(&mut window, CTRL, 6);
    menu(&mut window, 6);
    window.button("Show only these, in lanes");
    assert_eq!(window.app().listing.filter().text(), "id:1,6");
    assert_eq!(window.app().window.timeline_view, TimelineView::Lanes);
}

#[test]
fn two_are_compared() {
    let mut window = window(4);
    click(&mut window, Modifiers::NONE, 4);
    click(&mut window, CTRL, 2);
    let label = label(&window, 2);
    window.press_secondary(Role::Row, &label);
    window.button("Compare the two");
    let Some(Dialog::Compare(dialog)) = &window.app().dialog else {
        panic!("nothing is compared");
    };
    assert_eq!(
        (dialog.left.name.as_str(), dialog.right.name.as_str()),
        ("#2 Reply", "#4 Reply")
    );
}

#[test]
fn ctrl_and_c_copies_the_columns_of_the_selected_rows() {
    let mut window = window(4);
    click(&mut window, Modifiers::NONE, 4);
    click(&mut window, SHIFT, 3);
    window.tell(Event::Copy);
    let copied = window.wait_for_copy();
    window.wait_for_words("Copied 2 rows");
    let lines: Vec<&str> = copied.lines().collect();
    assert_eq!(lines[0], "#\tSent\tRequest\tResponder\tStatus\tRound trip");
    // Oldest first, as in every export.
    assert!(lines[1].starts_with("3\t1970-01-01T"), "{copied}");
    assert!(
        lines[1].ends_with("b/lamp {\"n\":3}\tlamp\tAnswered\t30.0 ms"),
        "{copied}"
    );
    assert!(lines[2].starts_with("4\t"), "{copied}");
}
