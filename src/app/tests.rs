use super::*;
use crate::app::dialogs::ProfileDialog;
use crate::app::open::{Place, open};
use crate::model::profile::ProfileDraft;
use crate::model::request::RequestDraft;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

fn app() -> App {
    let wake: Arc<dyn Fn() + Send + Sync> = Arc::new(|| {});
    open(Place::Scratch, &wake).unwrap()
}

/// An application with one saved request in its tab, and the request's file.
fn with_saved(topic: &str) -> (App, TabId, String, PathBuf) {
    let mut app = app();
    let tab = app.tabs.front_mut().unwrap();
    tab.draft.name = "Lamp".to_owned();
    tab.draft.topic = topic.to_owned();
    let tab = tab.id;
    app.perform(Action::SaveTab(tab));
    app.perform(Action::SaveTabAs);
    let id = app.tabs.get(tab).unwrap().saved_id.clone().unwrap();
    settle(&mut app);
    let path = PathBuf::from(app.library.workspace_path())
        .join("requests")
        .join(format!("{id}.toml"));
    assert!(path.exists());
    (app, tab, id, path)
}

/// Ticks until it is so, for what the workers have to tell.
#[track_caller]
pub(in crate::app) fn wait(app: &mut App, what: &str, mut is_so: impl FnMut(&App) -> bool) {
    let until = Instant::now() + Duration::from_mins(1);
    loop {
        app.tick();
        if is_so(app) {
            return;
        }
        assert!(
            Instant::now() < until,
            "not in time: {what}; {:?}",
            app.notices
        );
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn settle(app: &mut App) {
    app.library.flush();
    app.tick();
}

fn choose(app: &mut App, label: &str) {
    let notice = app
        .notices
        .shown()
        .iter()
        .find(|notice| !notice.choices.is_empty())
        .unwrap();
    let at = notice
        .choices
        .iter()
        .position(|choice| choice.label == label)
        .unwrap();
    let id = notice.id;
    app.perform(Action::Choose(id, at));
    settle(app);
}

/// A save that is refused, because the file says `theirs` by now.
fn in_conflict() -> (App, TabId, String, PathBuf) {
    let (mut app, tab, id, path) = with_saved("first");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("first", "theirs")).unwrap();
    app.tabs.get_mut(tab).unwrap().draft.topic = "ours".to_owned();
    app.perform(Action::SaveTab(tab));
    settle(&mut app);
    (app, tab, id, path)
}

fn topic(app: &App, tab: TabId) -> &str {
    &app.tabs.get(tab).unwrap().draft.topic
}

#[test]
fn a_tab_is_saved_when_its_file_is() {
    let (app, tab, ..) = with_saved("a");
    assert!(!app.tabs.get(tab).unwrap().is_dirty());
}

#[test]
fn a_save_that_was_refused_leaves_the_tab_unsaved_and_can_be_put_over_the_file() {
    let (mut app, tab, id, path) = in_conflict();
    assert!(app.tabs.get(tab).unwrap().is_dirty());
    assert_eq!(app.library.request(&id).unwrap().topic, "first");
    app.tabs.get_mut(tab).unwrap().draft.topic = "ours, later".to_owned();
    choose(&mut app, "Overwrite");
    assert!(!app.tabs.get(tab).unwrap().is_dirty());
    assert!(
        std::fs::read_to_string(&path)
            .unwrap()
            .contains("ours, later")
    );
    assert!(app.notices.shown().is_empty(), "{:?}", app.notices);
    app.tabs.get_mut(tab).unwrap().draft.topic = "again".to_owned();
    app.perform(Action::SaveTab(tab));
    settle(&mut app);
    assert!(!app.tabs.get(tab).unwrap().is_dirty());
}

#[test]
fn after_a_conflict_the_file_can_be_loaded_again_and_what_was_typed_comes_back_with_undo() {
    let (mut app, tab, id, _) = in_conflict();
    choose(&mut app, "Load again");
    assert_eq!(topic(&app, tab), "theirs");
    assert!(!app.tabs.get(tab).unwrap().is_dirty());
    assert_eq!(app.library.request(&id).unwrap().topic, "theirs");
    app.perform(Action::UndoNewest);
    assert_eq!(topic(&app, tab), "ours");
    app.perform(Action::SaveTab(tab));
    settle(&mut app);
    assert!(!app.tabs.get(tab).unwrap().is_dirty());
}

#[test]
fn a_file_that_is_gone_is_written_again_or_let_go() {
    for label in ["Overwrite", "Load again"] {
        let (mut app, tab, id, path) = with_saved("first");
        std::fs::remove_file(&path).unwrap();
        app.tabs.get_mut(tab).unwrap().draft.topic = "ours".to_owned();
        app.perform(Action::SaveTab(tab));
        settle(&mut app);
        choose(&mut app, label);
        let is_back = label == "Overwrite";
        assert_eq!(path.exists(), is_back);
        assert_eq!(app.library.request(&id).is_some(), is_back);
        assert_eq!(app.tabs.get(tab).unwrap().is_dirty(), !is_back);
        assert_eq!(topic(&app, tab), "ours");
    }
}

#[test]
fn a_profile_in_conflict_is_overwritten_or_loaded_again() {
    for (label, name) in [("Overwrite", "ours"), ("Load again", "theirs")] {
        let mut app = app();
        let draft = |name: &str| crate::model::profile::ProfileDraft {
            name: name.to_owned(),
            ..crate::model::profile::ProfileDraft::default()
        };
        let id = app.library.save_profile(None, &draft("first")).unwrap();
        settle(&mut app);
        let path = PathBuf::from(app.library.workspace_path())
            .join("connections")
            .join(format!("{id}.toml"));
        std::fs::write(&path, "name = \"theirs\"\n").unwrap();
        app.library.save_profile(Some(&id), &draft("ours")).unwrap();
        settle(&mut app);
        choose(&mut app, label);
        assert_eq!(app.library.profile(&id).unwrap().name, name);
        assert!(std::fs::read_to_string(&path).unwrap().contains(name));
    }
}

/// The connection's file says `theirs`, and the form that says `ours` was refused.
fn with_refused_profile() -> (App, String) {
    let mut app = app();
    let draft = ProfileDraft {
        name: "first".to_owned(),
        address: "mqtt://localhost".to_owned(),
        ..ProfileDraft::default()
    };
    let id = app.library.save_profile(None, &draft).unwrap();
    settle(&mut app);
    app.perform(Action::EditProfile(id.clone()));
    type_name(&mut app, "ours");
    let path = PathBuf::from(app.library.workspace_path())
        .join("connections")
        .join(format!("{id}.toml"));
    std::fs::write(&path, "name = \"theirs\"\n").unwrap();
    app.perform(Action::SaveProfile { connect: false });
    settle(&mut app);
    (app, id)
}

fn type_name(app: &mut App, name: &str) {
    let Some(Dialog::Profile(form)) = &mut app.dialog else {
        panic!("no form is open");
    };
    name.clone_into(&mut form.draft.name);
}

#[test]
fn a_refused_connection_is_loaded_again_when_its_notice_is_dismissed() {
    for all in [false, true] {
        let (mut app, id) = with_refused_profile();
        let notice = &app.notices.shown()[0];
        assert!(notice.hint.contains("dismiss this loads it again"));
        let dismiss = Action::Dismiss(notice.id);
        app.perform(if all { Action::DismissAll } else { dismiss });
        settle(&mut app);
        assert_eq!(app.library.profile(&id).unwrap().name, "theirs");
        assert!(app.notices.shown().is_empty(), "{:?}", app.notices);
    }
}

#[test]
fn a_filled_form_that_was_closed_comes_back_as_typed() {
    let mut app = app();
    app.perform(Action::NewProfile);
    app.perform(Action::CloseDialog);
    assert!(app.notices.shown().is_empty(), "nothing was typed");
    app.perform(Action::NewProfile);
    type_name(&mut app, "Plant");
    if let Some(Dialog::Profile(form)) = &mut app.dialog {
        form.password = "hush-hush".to_owned();
    }
    app.perform(Action::CloseDialog);
    assert!(app.dialog.is_none());
    assert!(!format!("{:?}", app.notices).contains("hush-hush"));
    app.perform(Action::UndoNewest);
    let Some(Dialog::Profile(form)) = &app.dialog else {
        panic!("the form did not come back");
    };
    assert_eq!(form.draft.name, "Plant");
    assert_eq!(form.password, "hush-hush");
    assert!(app.notices.shown().is_empty());
}

#[test]
fn another_tab_shows_its_own_answer() {
    let mut app = app();
    let first = app.tabs.front().unwrap().id;
    let row = app.session.timeline.push_message(message_row());
    app.tabs.get_mut(first).unwrap().last = Some(row);
    app.selected = Some(row);
    app.perform(Action::NewTab);
    assert_eq!(app.selected, None);
    app.perform(Action::NextTab);
    assert_eq!(app.selected, Some(row));
    app.selected = None;
    app.perform(Action::SelectTab(first));
    assert_eq!(app.selected, Some(row));
}

#[test]
fn undo_does_not_replace_what_took_the_place_of_a_deleted_thing() {
    let (mut app, _, id, path) = with_saved("first");
    app.perform(Action::DeleteRequest(id.clone()));
    settle(&mut app);
    let taken = RequestDraft {
        topic: "second".to_owned(),
        ..RequestDraft::default()
    };
    app.library.save_request(Some(&id), &taken).unwrap();
    settle(&mut app);
    app.perform(Action::UndoNewest);
    settle(&mut app);
    assert_eq!(app.library.request(&id), Some(&taken));
    assert!(std::fs::read_to_string(path).unwrap().contains("second"));
    assert_eq!(app.notices.shown().len(), 1, "{:?}", app.notices);
}

#[test]
fn a_message_too_long_for_the_editor_makes_no_request() {
    let mut app = app();
    for (payload, opens) in [
        (vec![b'a'; tabs::EDITABLE_BYTES], true),
        (vec![b'a'; tabs::EDITABLE_BYTES + 1], false),
        (vec![0xff; tabs::EDITABLE_BYTES / 2 + 1], false),
        (vec![0xff; 100], true),
    ] {
        let before = app.tabs.len();
        app.notices.clear();
        let topic = crate::model::topic::TopicName::new("a").unwrap();
        let part = inspect::Part {
            label: String::new(),
            message: Arc::new(crate::model::message::Message::new(topic, payload)),
            line: String::new(),
        };
        app.perform(Action::ComposeFrom(Box::new(part)));
        assert_eq!(app.tabs.len() > before, opens);
        assert_eq!(app.notices.shown().is_empty(), opens);
    }
}

#[test]
fn a_dialog_does_not_debug_its_password() {
    let mut app = app();
    app.perform(Action::NewProfile);
    let Some(Dialog::Profile(dialog)) = &mut app.dialog else {
        panic!("a profile dialog")
    };
    dialog.password = "hunter2".to_owned();
    assert!(!format!("{:?}", app.dialog).contains("hunter2"));
}

#[test]
fn an_address_that_is_pasted_with_a_password_is_taken_apart() {
    let mut dialog = ProfileDialog {
        id: None,
        draft: ProfileDraft {
            name: "Lab".to_owned(),
            address: "mqtts://ann:pa%3Ass@broker.lab:8884".to_owned(),
            ..ProfileDraft::default()
        },
        password: String::new(),
        remember_password: true,
        in_file: false,
        secrets: std::collections::BTreeMap::new(),
        errors: Vec::new(),
    };
    dialog.take_address_apart();
    assert_eq!(dialog.draft.address, "mqtts://broker.lab:8884");
    assert_eq!(dialog.draft.user_name, "ann");
    assert_eq!(dialog.password, "pa:ss");
}

#[test]
fn a_kept_password_that_was_refused_is_asked_for_again() {
    use crate::model::connection::Problem;
    use crate::model::exchange::Reason;
    let mut app = app();
    let draft = crate::model::profile::ProfileDraft {
        name: "Lab".to_owned(),
        address: "mqtt://127.0.0.1:9".to_owned(),
        user_name: "me".to_owned(),
        password_wanted: true,
        ..crate::model::profile::ProfileDraft::default()
    };
    let id = app.library.save_profile(None, &draft).unwrap();
    let secret = Secret::new("wrong".to_owned());
    let refused = |app: &mut App, code: u8, generation: u64| {
        let problem = Problem {
            summary: "refused".into(),
            hint: "".into(),
            detail: "".into(),
            reason: Some(Reason::new(code, "no")),
            doubted: Vec::new(),
        };
        app.hear(&Event::Connection {
            id: id.as_str().into(),
            generation,
            event: ConnectionEvent::State(ConnectionState::Refused { problem }),
        });
    };
    for (code, is_current, asks) in [
        (0x86, true, true),
        (0x87, true, true),
        (0x88, true, false),
        (0x86, false, false),
    ] {
        app.library.keep_password(&id, &secret);
        app.dialog = None;
        app.perform(Action::Connect(id.clone()));
        assert!(app.dialog.is_none());
        let generation = app.session.link(&id).unwrap().generation();
        refused(
            &mut app,
            code,
            if is_current {
                generation
            } else {
                generation - 1
            },
        );
        app.perform(Action::Connect(id.clone()));
        assert_eq!(
            matches!(app.dialog, Some(Dialog::Password(_))),
            asks,
            "{code:#x}"
        );
    }
}

fn message_row() -> crate::model::timeline::MessageRow {
    let topic = crate::model::topic::TopicName::new("a").unwrap();
    crate::model::timeline::MessageRow {
        connection: "lab".into(),
        message: Arc::new(crate::model::message::Message::new(topic, "")),
        verdict: crate::model::exchange::MessageVerdict::Unmatched,
        received: Session::now(),
        responder: None,
        near: None,
        difference: None,
        is_echo: false,
    }
}

#[test]
fn the_example_of_a_shipped_rule_can_be_sent_at_once_and_is_taken_in_once() {
    let mut app = app();
    app.perform(Action::OpenPresetExample("mqtt-fetch-readme".to_owned()));
    app.perform(Action::OpenPresetExample("mqtt-fetch-readme".to_owned()));
    let id = "example-mqtt-fetch-readme";
    let until = std::time::Instant::now() + Duration::from_secs(20);
    let listens = |app: &App| {
        let device = app.session.device(id);
        device.is_some_and(crate::session::RunningDevice::is_listening)
            && app.session.state("built-in-broker").is_connected()
    };
    while !listens(&app) && std::time::Instant::now() < until {
        app.session.wait(Duration::from_millis(20));
        app.tick();
    }
    let tab = app.tabs.front().unwrap();
    assert_eq!(tab.saved_id.as_deref(), Some(id));
    assert!(!tab.is_dirty());
    let known = app.library.requests().keys();
    let of_it = known.filter(|known| known.starts_with(id));
    assert_eq!(of_it.count(), 1);
    let tab = tab.id;
    app.perform(Action::Send(tab));
    let exchange = app.tabs.get(tab).unwrap().last;
    assert!(exchange.is_some(), "{:?}", app.notices.shown());
    app.perform(Action::OpenPresetExample("nothing".to_owned()));
    assert!(
        app.notices
            .shown()
            .iter()
            .any(|it| it.text.contains("nothing"))
    );
}

/// What another program writes is taken up within this time.
fn wait_for(app: &mut App, what: &str, is_so: impl Fn(&App) -> bool) {
    let limit = std::time::Instant::now() + Duration::from_secs(20);
    while !is_so(app) {
        assert!(std::time::Instant::now() < limit, "{what}");
        std::thread::sleep(Duration::from_millis(20));
        app.tick();
    }
}

fn put(app: &App, name: &str, text: &str) {
    let path = PathBuf::from(app.library.workspace_path()).join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

#[test]
fn what_another_program_writes_is_here_without_a_restart() {
    let mut app = app();
    put(
        &app,
        "connections/lab.toml",
        "name = \"Lab\"\nfolder = \"Plant\"",
    );
    put(
        &app,
        "subscriptions/all.toml",
        "connection = \"lab\"\nfilter = \"a/#\"",
    );
    put(&app, "rules/own.toml", "name = \"Own\"");
    put(&app, "settings.toml", "built_in_broker_port = 18999");
    wait_for(&mut app, "all of it", |app| {
        app.library.profile("lab").is_some()
            && app.library.subscriptions().contains_key("all")
            && app.library.rules().contains_key("own")
            && app.settings.built_in_broker_port == Some(18999)
    });
    assert_eq!(app.folders(tree::Shelf::Connections), ["Plant"]);
    put(&app, "connections/lab.toml", "name = \"Laboratory\"");
    wait_for(&mut app, "another name", |app| {
        app.library.profile("lab").unwrap().name == "Laboratory"
    });
    let path = PathBuf::from(app.library.workspace_path());
    std::fs::remove_file(path.join("connections/lab.toml")).unwrap();
    wait_for(&mut app, "nothing", |app| {
        app.library.profile("lab").is_none()
    });
}

#[test]
fn a_tab_shows_what_another_program_wrote_unless_something_is_typed_in_it() {
    let (mut app, tab, id, path) = with_saved("first");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("first", "second")).unwrap();
    wait_for(&mut app, "the second", |app| topic(app, tab) == "second");
    assert!(app.notices.shown().iter().all(|it| it.undo.is_none()));
    assert!(!app.tabs.get(tab).unwrap().is_dirty());

    "typed".clone_into(&mut app.tabs.get_mut(tab).unwrap().draft.topic);
    std::fs::write(&path, text.replace("first", "third")).unwrap();
    wait_for(&mut app, "a notice", |app| {
        app.notices.shown().iter().any(|it| !it.choices.is_empty())
    });
    assert_eq!(topic(&app, tab), "typed");
    assert_eq!(app.library.request(&id).unwrap().topic, "second");
    app.perform(Action::SaveTab(tab));
    settle(&mut app);
    assert!(std::fs::read_to_string(&path).unwrap().contains("third"));
    choose(&mut app, "Load again");
    wait_for(&mut app, "the third", |app| topic(app, tab) == "third");
    // What was typed can be had back.
    app.perform(Action::UndoNewest);
    assert_eq!(topic(&app, tab), "typed");
}

#[test]
fn a_dialog_keeps_what_is_typed_and_its_save_is_refused() {
    let mut app = app();
    let draft = ProfileDraft {
        name: "Lab".to_owned(),
        ..ProfileDraft::default()
    };
    let id = app.library.save_profile(None, &draft).unwrap();
    settle(&mut app);
    app.perform(Action::EditProfile(id.clone()));
    put(&app, &format!("connections/{id}.toml"), "name = \"Theirs\"");
    wait_for(&mut app, "a notice", |app| {
        app.notices
            .shown()
            .iter()
            .any(|it| it.text.contains("is kept"))
    });
    let Some(Dialog::Profile(dialog)) = &mut app.dialog else {
        panic!("no dialog");
    };
    "Ours".clone_into(&mut dialog.draft.name);
    app.perform(Action::SaveProfile { connect: false });
    settle(&mut app);
    let path = PathBuf::from(app.library.workspace_path());
    let text = std::fs::read_to_string(path.join(format!("connections/{id}.toml"))).unwrap();
    assert_eq!(text, "name = \"Theirs\"");
    choose(&mut app, "Overwrite");
    let text = std::fs::read_to_string(path.join(format!("connections/{id}.toml"))).unwrap();
    assert!(text.contains("Ours"), "{text}");

    // One that is closed without a save lets it in.
    app.perform(Action::EditProfile(id.clone()));
    put(&app, &format!("connections/{id}.toml"), "name = \"Later\"");
    wait_for(&mut app, "a notice", |app| {
        app.notices
            .shown()
            .iter()
            .any(|it| it.text.contains("is kept"))
    });
    app.perform(Action::CloseDialog);
    wait_for(&mut app, "theirs", |app| {
        app.library.profile(&id).unwrap().name == "Later"
    });
}
