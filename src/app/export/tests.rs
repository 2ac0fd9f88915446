use super::*;
use crate::app::open::{Place, open};
use crate::model::exchange::MessageVerdict;
use crate::model::message::Message;
use crate::model::timeline::{Category, MessageRow};
use crate::model::topic::TopicName;
use crate::session::Session;
use crate::store::import::{JsonLines, Line};
use std::sync::Arc;
use std::time::{Duration, Instant};

fn app(rows: usize) -> App {
    let wake: Arc<dyn Fn() + Send + Sync> = Arc::new(|| {});
    let mut app = open(Place::Scratch, &wake).unwrap();
    for number in 0..rows {
        let topic = TopicName::new(&format!("t/{}", number % 10)).unwrap();
        app.session.timeline.push_message(MessageRow {
            connection: "lab".into(),
            message: Arc::new(Message::new(topic, number.to_string())),
            verdict: MessageVerdict::Unmatched,
            received: Session::now(),
            responder: None,
            near: None,
            difference: None,
            is_echo: false,
        });
    }
    app.tick();
    app
}

/// The dialog with this path, and Export pressed.
fn export(app: &mut App, format: Format, scope: Option<Scope>, path: &Path) {
    app.perform(Action::Export(ExportAction::Ask(format)));
    let Some(Dialog::Export(dialog)) = &mut app.dialog else {
        panic!("no dialog");
    };
    dialog.path = path.display().to_string();
    if let Some(scope) = scope {
        dialog.scope = scope;
    }
    app.perform(Action::Export(ExportAction::Begin));
}

fn settle(app: &mut App) {
    let until = Instant::now() + Duration::from_mins(1);
    while app.exports.are_running() {
        assert!(Instant::now() < until, "the export does not end");
        std::thread::sleep(Duration::from_millis(5));
        app.tick();
    }
}

fn newest_notice(app: &App) -> &str {
    &app.notices.shown().last().unwrap().text
}

fn payloads(path: &Path) -> Vec<String> {
    JsonLines::open(path)
        .unwrap()
        .map(|line| match line.unwrap() {
            Line::Row(item) => String::from_utf8(item.row.message().payload.to_vec()).unwrap(),
            Line::Bad(bad) => panic!("{bad}"),
        })
        .collect()
}

#[test]
fn all_rows_are_exported_packed_ones_too_oldest_first() {
    let mut app = app(5_000);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("all.jsonl");
    export(&mut app, Format::Jsonl, None, &path);
    assert!(app.dialog.is_none());
    settle(&mut app);
    let wanted: Vec<String> = (0..5_000).map(|number| number.to_string()).collect();
    assert_eq!(payloads(&path), wanted);
    assert!(newest_notice(&app).starts_with("5,000 rows written to "));
}

#[test]
fn rows_that_pass_the_filter_or_the_selected_one_are_exported_alone() {
    let mut app = app(3_000);
    let folder = tempfile::tempdir().unwrap();
    app.perform(Action::SetFilter("topic:t/7".to_owned()));
    app.perform(Action::SetCategory(Some(Category::Unmatched)));
    let shown = folder.path().join("shown.jsonl");
    export(&mut app, Format::Jsonl, None, &shown);
    settle(&mut app);
    assert_eq!(payloads(&shown).len(), 300);
    assert_eq!(app.filter_in_words(), "topic:t/7 verdict:unmatched");
    app.perform(Action::SelectRow(app.timeline().id_at(41)));
    let one = folder.path().join("one.jsonl");
    export(&mut app, Format::Jsonl, Some(Scope::Selected), &one);
    settle(&mut app);
    assert_eq!(payloads(&one), ["41"]);
}

#[test]
fn a_file_that_is_there_is_replaced_only_when_the_user_says_so() {
    let mut app = app(3);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("there.csv");
    std::fs::write(&path, "mine").unwrap();
    export(&mut app, Format::Csv, None, &path);
    settle(&mut app);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
    assert!(newest_notice(&app).ends_with("is there already, so nothing was written"));
    let id = app.notices.shown().last().unwrap().id;
    app.perform(Action::Choose(id, 0));
    settle(&mut app);
    assert!(
        std::fs::read_to_string(&path)
            .unwrap()
            .starts_with("kind,id,")
    );
    assert!(newest_notice(&app).starts_with("3 rows written to "));
}

#[test]
fn a_cancelled_export_leaves_nothing_behind() {
    let mut app = app(60_000);
    let folder = tempfile::tempdir().unwrap();
    export(
        &mut app,
        Format::Html,
        None,
        &folder.path().join("long.html"),
    );
    app.perform(Action::Export(ExportAction::Cancel(0)));
    settle(&mut app);
    assert_eq!(
        newest_notice(&app),
        "The export was cancelled; nothing was written"
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let mut app = app(1);
    let folder = tempfile::tempdir().unwrap();
    export(
        &mut app,
        Format::Html,
        None,
        &folder.path().join("no").join("x.html"),
    );
    settle(&mut app);
    assert!(
        newest_notice(&app).starts_with("Nothing was exported: could not write `"),
        "{}",
        newest_notice(&app)
    );
}

#[test]
fn what_is_wrong_is_said_in_the_dialog() {
    let mut app = app(0);
    app.perform(Action::Export(ExportAction::Ask(Format::Csv)));
    app.perform(Action::Export(ExportAction::Begin));
    let error = |app: &App| match &app.dialog {
        Some(Dialog::Export(dialog)) => dialog.error.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(error(&app).as_deref(), Some("there are no such rows"));
    if let Some(Dialog::Export(dialog)) = &mut app.dialog {
        dialog.path.clear();
    }
    app.perform(Action::Export(ExportAction::Begin));
    assert_eq!(error(&app).as_deref(), Some("write where to"));
}

#[test]
fn the_name_follows_the_format_unless_it_was_changed() {
    let mut dialog = ExportDialog {
        format: Format::Html,
        scope: Scope::All,
        path: "/a/b.html".to_owned(),
        spreadsheet_safe: false,
        error: None,
    };
    dialog.set_format(Format::Pcapng);
    assert_eq!(dialog.path, "/a/b.pcapng");
    dialog.path = "/a/b.txt".to_owned();
    dialog.set_format(Format::Csv);
    assert_eq!(dialog.path, "/a/b.txt");
}

#[test]
fn the_selected_row_is_copied_as_a_line_that_can_be_read_again() {
    let mut app = app(2);
    let id = app.timeline().id_at(1).unwrap();
    app.perform(Action::SelectRow(Some(id)));
    let entries = app.export_entries();
    let copy = entries
        .iter()
        .find(|entry| entry.text == "Copy the row as JSON")
        .unwrap();
    app.perform(copy.action.clone());
    let text = app.clipboard.clone().unwrap();
    let record = Record::from_json(&text).unwrap();
    assert_eq!(record.row_id(), Some(id));
    assert_eq!(
        &record.into_row().unwrap(),
        &*app.timeline().row(id).unwrap()
    );
}
