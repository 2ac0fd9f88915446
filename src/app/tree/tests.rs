use super::*;
use crate::app::Action;
use crate::app::dialogs::Dialog;
use crate::app::open::{Place, open};
use crate::model::profile::ProfileDraft;
use crate::model::request::RequestDraft;
use crate::model::subscribe::SubscriptionDraft;
use std::sync::Arc;

fn app() -> App {
    let wake: Arc<dyn Fn() + Send + Sync> = Arc::new(|| {});
    open(Place::Scratch, &wake).unwrap()
}

/// Connections, each as `folder/name`; their ids are their names in small letters.
fn with(names: &[&str]) -> App {
    let mut app = app();
    for path in names {
        let draft = ProfileDraft {
            name: folder::name(path).to_owned(),
            folder: folder::parent(path),
            address: format!("mqtt://{}.example", folder::name(path)),
            ..ProfileDraft::default()
        };
        app.library.save_profile(None, &draft).unwrap();
    }
    app
}

/// The list as it is shown, one line each; folders end with how many are in them.
fn shown(app: &App, query: &str) -> Vec<String> {
    let lines = app.connection_lines(&Query::new(query)).into_iter();
    lines
        .map(|line| match line {
            Line::Folder(folder) => {
                let sign = if folder.is_open { '-' } else { '+' };
                let indent = "  ".repeat(folder.depth);
                format!("{indent}{sign}{} {}", folder.name, folder.count)
            }
            Line::Item { item, depth } => format!("{}{}", "  ".repeat(depth), item.name),
        })
        .collect()
}

fn tree(app: &mut App, action: TreeAction) {
    app.perform(Action::Tree(action));
}

fn item(id: &str) -> Dragged {
    Dragged {
        list: Shelf::Connections,
        moved: Moved::Item(id.to_owned()),
    }
}

fn folder_of(path: &str) -> Dragged {
    Dragged {
        list: Shelf::Connections,
        moved: Moved::Folder(path.to_owned()),
    }
}

fn before(id: &str) -> Spot {
    Spot::Before(id.to_owned())
}

fn undo(app: &mut App) {
    app.perform(Action::UndoNewest);
}

#[test]
fn folders_are_in_folders_and_what_is_folded_is_counted() {
    let mut app = with(&["Plant/Line 1/b", "Plant/Line 1/a", "Plant/c", "z", "lab/d"]);
    let all = [
        "Built-in broker",
        "z",
        "-lab 1",
        "  d",
        "-Plant 3",
        "  c",
        "  -Line 1 2",
        "    a",
        "    b",
    ];
    assert_eq!(shown(&app, ""), all);
    let fold = TreeAction::Fold(Shelf::Connections, "Plant".to_owned());
    tree(&mut app, fold.clone());
    assert_eq!(shown(&app, "")[4..], ["+Plant 3"]);
    assert_eq!(app.window_state().folded_connections, ["Plant"]);
    // What is looked for is found all the same.
    assert_eq!(
        shown(&app, "LINE a.exa"),
        ["-Plant 1", "  -Line 1 1", "    a"]
    );
    assert_eq!(shown(&app, "d.example"), ["-lab 1", "  d"]);
    assert!(shown(&app, "nowhere").is_empty());
    tree(&mut app, fold);
    assert_eq!(shown(&app, ""), all);
}

#[test]
fn numbers_in_names_are_sorted_by_their_value() {
    let app = with(&[
        "Press 10",
        "Press 5",
        "press 7",
        "Press",
        "Hall 10/a",
        "Hall 9/a2",
        "Hall 9/a10",
    ]);
    let wanted = [
        "Built-in broker",
        "Press",
        "Press 5",
        "press 7",
        "Press 10",
        "-Hall 9 2",
        "  a2",
        "  a10",
        "-Hall 10 1",
        "  a",
    ];
    assert_eq!(shown(&app, ""), wanted);
}

#[test]
fn what_is_dragged_comes_where_it_is_dropped_and_goes_back() {
    let mut app = with(&["a", "b", "c", "Plant/d"]);
    tree(&mut app, TreeAction::Move(item("c"), before("a")));
    assert_eq!(shown(&app, "")[1..4], ["c", "a", "b"]);
    // It had a place and the others none: it comes first and nobody else's file changes.
    assert_eq!(app.library.profile("a").unwrap().order, None);
    tree(
        &mut app,
        TreeAction::Move(item("a"), Spot::After("b".to_owned())),
    );
    assert_eq!(shown(&app, "")[1..4], ["c", "b", "a"]);
    tree(&mut app, TreeAction::Move(item("b"), before("d")));
    assert_eq!(shown(&app, "")[3..], ["-Plant 2", "  b", "  d"]);
    undo(&mut app);
    assert_eq!(shown(&app, "")[1..4], ["c", "b", "a"]);
    tree(
        &mut app,
        TreeAction::Move(item("b"), Spot::Into("Plant/New".to_owned())),
    );
    assert_eq!(
        shown(&app, "")[3..],
        ["-Plant 2", "  d", "  -New 1", "    b"]
    );
    // The built-in broker stays where it is, and nothing comes before it.
    tree(
        &mut app,
        TreeAction::Move(item(BUILT_IN_ID), Spot::Into("Plant".to_owned())),
    );
    tree(&mut app, TreeAction::Move(item("d"), before(BUILT_IN_ID)));
    assert_eq!(shown(&app, "")[..2], ["Built-in broker", "d"]);
    app.library.flush();
    assert!(app.library.take_problems().is_empty());
}

#[test]
fn places_are_in_the_files_and_come_back() {
    let mut app = with(&["a", "b"]);
    tree(
        &mut app,
        TreeAction::Move(item("b"), Spot::Into("Plant".to_owned())),
    );
    app.library.flush();
    let path = std::path::PathBuf::from(app.library.workspace_path());
    let text = std::fs::read_to_string(path.join("connections/b.toml")).unwrap();
    assert!(text.contains("folder = \"Plant\""), "{text}");
    assert!(!text.contains("order"), "{text}");
    let text = std::fs::read_to_string(path.join("connections/a.toml")).unwrap();
    assert!(
        !text.contains("folder") && !text.contains("colour"),
        "{text}"
    );
}

#[test]
fn one_moves_up_and_down_by_the_keyboard_as_well() {
    let mut app = with(&["a", "b", "c"]);
    let step = |id: &str, up| TreeAction::Step {
        list: Shelf::Connections,
        id: id.to_owned(),
        up,
    };
    for (id, up, wanted) in [
        ("c", true, ["a", "c", "b"]),
        ("c", true, ["c", "a", "b"]),
        ("c", true, ["c", "a", "b"]),
        ("a", false, ["c", "b", "a"]),
        ("a", false, ["c", "b", "a"]),
        ("c", false, ["b", "c", "a"]),
    ] {
        tree(&mut app, step(id, up));
        assert_eq!(shown(&app, "")[1..], wanted);
    }
    let sort = TreeAction::SortByName(Shelf::Connections, String::new());
    tree(&mut app, sort);
    assert_eq!(shown(&app, "")[1..], ["a", "b", "c"]);
    undo(&mut app);
    assert_eq!(shown(&app, "")[1..], ["b", "c", "a"]);
}

#[test]
fn a_folder_is_renamed_and_moved_with_all_that_is_in_it() {
    let mut app = with(&["Plant/Line 1/a", "Plant/b", "Lab/c"]);
    tree(
        &mut app,
        TreeAction::Fold(Shelf::Connections, "Plant/Line 1".to_owned()),
    );
    tree(
        &mut app,
        TreeAction::Move(folder_of("Plant"), Spot::Into("Lab".to_owned())),
    );
    let moved = ["-Lab 3", "  c", "  -Plant 2", "    b", "    +Line 1 1"];
    assert_eq!(shown(&app, "")[1..], moved);
    // Not into itself.
    tree(
        &mut app,
        TreeAction::Move(folder_of("Lab"), Spot::Into("Lab/Plant".to_owned())),
    );
    assert_eq!(shown(&app, "")[1..], moved);
    tree(&mut app, TreeAction::AskWhere(folder_of("Lab/Plant")));
    for (typed, is_wrong) in [("", true), ("Lab/Plant/x", true), (" Works / ", false)] {
        let Some(Dialog::Folder(dialog)) = &mut app.dialog else {
            panic!("no dialog");
        };
        typed.clone_into(&mut dialog.folder);
        tree(&mut app, TreeAction::Put);
        assert_eq!(app.dialog.is_some(), is_wrong, "{typed}");
    }
    assert_eq!(
        shown(&app, "")[1..],
        ["-Lab 1", "  c", "-Works 2", "  b", "  +Line 1 1"]
    );
    undo(&mut app);
    assert_eq!(shown(&app, "")[1..3], ["-Lab 3", "  c"]);
}

#[test]
fn a_deleted_folder_comes_back_with_its_connections_and_their_subscriptions() {
    let mut app = with(&["Plant/a", "Plant/Line/b", "c"]);
    for (connection, filter) in [("a", "x/#"), ("b", "y"), ("c", "z")] {
        let draft = SubscriptionDraft {
            connection: connection.to_owned(),
            filter: filter.to_owned(),
            ..SubscriptionDraft::default()
        };
        app.library.save_subscription(None, &draft).unwrap();
    }
    app.library.flush();
    app.tick();
    let all = shown(&app, "");
    tree(
        &mut app,
        TreeAction::Delete(Shelf::Connections, "Plant".to_owned()),
    );
    app.library.flush();
    app.tick();
    assert_eq!(shown(&app, ""), ["Built-in broker", "c"]);
    assert_eq!(app.library.subscriptions().len(), 1);
    undo(&mut app);
    assert_eq!(shown(&app, ""), all);
    assert_eq!(app.library.subscriptions().len(), 3);
    // One connection likewise.
    app.library.flush();
    app.tick();
    app.perform(Action::DeleteProfile("c".to_owned()));
    assert_eq!(app.library.subscriptions().len(), 2);
    app.library.flush();
    app.tick();
    undo(&mut app);
    app.library.flush();
    assert_eq!(app.library.subscriptions().len(), 3);
    let path = std::path::PathBuf::from(app.library.workspace_path());
    let files = |folder: &str| std::fs::read_dir(path.join(folder)).unwrap().count();
    assert_eq!((files("connections"), files("subscriptions")), (4, 3));
}

#[test]
fn a_request_is_moved_and_what_is_typed_in_its_tab_stays() {
    let mut app = app();
    let draft = RequestDraft {
        name: "Read".to_owned(),
        topic: "a".to_owned(),
        ..RequestDraft::default()
    };
    let id = app.library.save_request(None, &draft).unwrap();
    app.library.flush();
    app.tick();
    app.perform(Action::OpenRequest(id.clone()));
    app.tabs.front_mut().unwrap().draft.topic = "typed".to_owned();
    let dragged = Dragged {
        list: Shelf::Requests,
        moved: Moved::Item(id.clone()),
    };
    tree(
        &mut app,
        TreeAction::Move(dragged, Spot::Into("Lights".to_owned())),
    );
    app.library.flush();
    app.tick();
    let saved = app.library.request(&id).unwrap();
    assert_eq!(
        (saved.folder.as_str(), saved.topic.as_str()),
        ("Lights", "a")
    );
    let tab = app.tabs.front().unwrap();
    assert_eq!(
        (tab.draft.folder.as_str(), tab.draft.topic.as_str()),
        ("Lights", "typed")
    );
    assert!(tab.is_dirty());
    app.perform(Action::SaveTab(app.tabs.front().unwrap().id));
    app.library.flush();
    app.tick();
    assert!(!app.tabs.front().unwrap().is_dirty());
    assert_eq!(app.library.request(&id).unwrap().folder, "Lights");
    assert!(
        app.notices
            .shown()
            .iter()
            .all(|notice| notice.choices.is_empty())
    );
}

#[test]
fn the_palette_is_about_the_connection_that_was_looked_at_last() {
    let mut app = with(&["a"]);
    assert_eq!(app.connection_in_front(), BUILT_IN_ID);
    app.perform(Action::LookAtConnection("a".to_owned()));
    assert_eq!(app.connection_in_front(), "a");
    app.perform(Action::NewTab);
    assert_eq!(app.connection_in_front(), BUILT_IN_ID);
    app.perform(Action::LookAtConnection("a".to_owned()));
    app.perform(Action::DeleteProfile("a".to_owned()));
    assert_eq!(app.connection_in_front(), BUILT_IN_ID);
}
