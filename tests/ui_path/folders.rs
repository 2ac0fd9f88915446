//! Connections in their folders: found, dragged, moved by the menu, and coloured.

use crate::window::Window;
use egui::{Role, pos2, vec2};
use roundtrip::app::Action;
use roundtrip::model::profile::ProfileDraft;
use roundtrip::model::record::Colour;

/// Each as `folder/name`.
fn with(paths: &[&str]) -> Window {
    let mut window = Window::open();
    for path in paths {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let draft = ProfileDraft {
            name: name.to_owned(),
            folder: folder.to_owned(),
            ..ProfileDraft::default()
        };
        window.app_mut().library.save_profile(None, &draft).unwrap();
    }
    window.settle();
    window
}

/// The connections and folders of the left panel, from the top.
fn shown(window: &Window) -> Vec<String> {
    let mut rows: Vec<(f32, String)> = window
        .labels(Role::Button)
        .into_iter()
        .filter(|label| label.ends_with(", offline") || label.starts_with("Folder "))
        .filter(|label| !label.contains("pairing rules"))
        .map(|label| (window.place(Role::Button, &label).top(), label))
        .collect();
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    let names = rows.into_iter();
    names
        .map(|(_, label)| label.split(',').next().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn a_connection_is_dragged_above_another_and_into_a_folder() {
    let mut window = with(&["a", "b", "c", "Plant/d"]);
    assert_eq!(
        shown(&window),
        ["Built-in broker", "a", "b", "c", "Folder Plant", "d"]
    );
    let row = |window: &Window, name: &str| window.place(Role::Button, name);
    let (from, to) = (row(&window, "c, offline"), row(&window, "a, offline"));
    window.drag(from.center(), pos2(to.center().x, to.top() + 3.0));
    assert_eq!(shown(&window)[1..4], ["c", "a", "b"]);
    let folder = row(&window, "Folder Plant, 1 connections, open");
    window.drag(row(&window, "a, offline").center(), folder.center());
    assert_eq!(shown(&window)[1..], ["c", "b", "Folder Plant", "a", "d"]);
    assert!(window.says("Moved a to the folder Plant"));
    window.button("Undo");
    assert_eq!(shown(&window)[1..], ["c", "a", "b", "Folder Plant", "d"]);
}

#[test]
fn a_connection_is_moved_by_its_menu_and_a_folder_is_renamed_and_deleted() {
    let mut window = with(&["a", "b"]);
    window.press_secondary(Role::Button, "b, offline");
    window.button("Move up");
    assert_eq!(shown(&window)[1..], ["b", "a"]);
    window.press_secondary(Role::Button, "b, offline");
    window.button("Move to…");
    window.fill("Folder", "Plant/Line 1");
    window.button("Move");
    assert_eq!(
        shown(&window)[1..],
        ["a", "Folder Plant", "Folder Plant/Line 1", "b"]
    );
    window.press_secondary(Role::Button, "Folder Plant, 1 connections, open");
    window.button("Rename or move…");
    window.fill("Folder", "Works");
    window.button("Move");
    assert_eq!(
        shown(&window)[2..4],
        ["Folder Works", "Folder Works/Line 1"]
    );
    window.button("Folder Works, 1 connections, open");
    assert_eq!(shown(&window)[1..], ["a", "Folder Works"]);
    assert_eq!(window.app().window_state().folded_connections, ["Works"]);
    window.press_secondary(Role::Button, "Folder Works, 1 connections, closed");
    window.button("Delete with its connections");
    assert_eq!(shown(&window)[1..], ["a"]);
    assert!(window.says("Deleted the folder Works with its connection"));
}

#[test]
fn a_connection_is_found_by_its_folder_and_coloured() {
    let paths: Vec<String> = (0..9).map(|n| format!("Hall {n}/dev{n}")).collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let mut window = with(&paths);
    window.fill("Find connections", "dev7 HALL");
    assert_eq!(shown(&window), ["Folder Hall 7", "dev7"]);
    window.fill("Find connections", "nowhere");
    assert!(window.says("None of the connections has that."));
    window.fill("Find connections", "dev3");
    window.press_secondary(Role::Button, "dev3, offline");
    window.press(Role::RadioButton, "Green");
    let draft = window.app().library.profile("dev3").unwrap();
    assert_eq!(draft.colour, Some(Colour::Green));
    // It is the one that the palette subscribes on.
    assert_eq!(window.app().connection_in_front(), "dev3");
    window.perform(Action::ShowPalette);
    window.settle();
}

#[test]
fn many_connections_take_the_room_that_is_free_and_escape_clears_what_is_looked_for() {
    let names: Vec<String> = (10..60).map(|number| format!("c{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut window = with(&names);
    // The first line of the list beneath the requests.
    let below = |window: &Window| {
        let labels = window.labels(Role::Button).into_iter();
        let mut rules = labels.filter(|label| label.contains("pairing rules"));
        window.place(Role::Button, &rules.next().unwrap()).top()
    };
    let small = below(&window);
    window.resize(vec2(1560.0, 1130.0));
    assert!(below(&window) > small + 150.0);

    let first = |window: &Window| window.place(Role::Button, "c10, offline").top();
    let before = first(&window);
    let over = window.place(Role::Button, "c20, offline").center();
    window.event(egui::Event::PointerMoved(over));
    window.event(egui::Event::MouseWheel {
        unit: egui::MouseWheelUnit::Point,
        source: egui::MouseWheelSource::Trackpad,
        delta: vec2(0.0, -300.0),
        phase: egui::TouchPhase::Move,
        modifiers: egui::Modifiers::NONE,
    });
    assert!(first(&window) < before);
    window.fill("Find connections", "c");
    // The built-in broker was above it.
    assert!(first(&window) <= before && first(&window) > before - 60.0);

    window.fill("Find connections", "c5");
    assert_eq!(shown(&window).len(), 10);
    window.key(egui::Modifiers::NONE, egui::Key::Escape);
    assert_eq!(window.value("Find connections"), "");
}
