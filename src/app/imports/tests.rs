use super::*;
use crate::app::open::{Place, open};
use crate::app::tests::wait;
use std::sync::Arc;

const MQTTX: &str = include_str!("../../../tests/fixtures/foreign/mqttx-a.json");

fn app() -> App {
    let wake: Arc<dyn Fn() + Send + Sync> = Arc::new(|| {});
    open(Place::Scratch, &wake).unwrap()
}

fn import(app: &mut App, action: ImportAction) {
    app.perform(Action::Import(action));
}

fn dialog(app: &mut App) -> &mut ImportDialog {
    match &mut app.dialog {
        Some(Dialog::Import(dialog)) => dialog,
        other => panic!("{other:?}"),
    }
}

/// Looks at a pasted text.
fn look_at(app: &mut App, text: &str, passphrase: &str) {
    import(app, ImportAction::Ask);
    let dialog = dialog(app);
    dialog.is_paste = true;
    text.clone_into(&mut dialog.text);
    passphrase.clone_into(&mut dialog.passphrase);
    import(app, ImportAction::Look);
    wait(
        app,
        "the plan",
        |app| matches!(&app.dialog, Some(Dialog::Import(dialog)) if !dialog.is_looking()),
    );
}

fn begin(app: &mut App) {
    import(app, ImportAction::Begin);
    wait(app, "the import", |app| app.dialog.is_none());
}

#[test]
fn an_import_is_looked_at_then_done_and_taken_back_in_one_step() {
    let mut app = app();
    let (profiles, requests) = (
        app.library.profiles().clone(),
        app.library.requests().clone(),
    );
    look_at(&mut app, MQTTX, "");
    let plan = dialog(&mut app).plan.as_ref().unwrap();
    assert!(
        plan.summary()
            .starts_with("1 connection, 3 requests and 2 subscriptions; ")
    );
    // Looking writes nothing.
    assert_eq!(app.library.profiles(), &profiles);
    begin(&mut app);
    assert_eq!(app.library.profiles().len(), profiles.len() + 1);
    assert_eq!(app.library.requests().len(), 3);
    assert_eq!(app.library.subscriptions().len(), 2);
    let (id, draft) = app
        .library
        .profiles()
        .iter()
        .find(|(_, draft)| draft.name == "Lab A")
        .unwrap();
    let id = id.clone();
    assert!(draft.password_wanted);
    let kept = app.library.kept_password(&id).unwrap();
    assert_eq!(kept.expose(), "mqttx-hunter2");
    assert!(
        app.library
            .requests()
            .values()
            .all(|it| it.connection == id)
    );
    let file = app.library.workspace().path::<ProfileDraft>(&id).unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains("Lab A") && !text.contains("hunter2"));
    app.perform(Action::UndoNewest);
    wait(&mut app, "the way back", |app| {
        app.library.requests().is_empty()
    });
    assert_eq!(app.library.profiles(), &profiles);
    assert_eq!(app.library.requests(), &requests);
    assert_eq!(app.library.kept_password(&id), None);
    assert!(!file.exists());
}

#[test]
fn what_is_no_import_is_told_in_the_dialog() {
    let mut app = app();
    look_at(&mut app, "ls -l", "");
    let (text, hint) = dialog(&mut app).error.clone().unwrap();
    assert!(text.contains("no command line") && hint.contains("MQTTX"));
    dialog(&mut app).is_paste = false;
    dialog(&mut app).path = "/nowhere/x.json".to_owned();
    import(&mut app, ImportAction::Look);
    wait(
        &mut app,
        "the error",
        |app| matches!(&app.dialog, Some(Dialog::Import(dialog)) if dialog.error.is_some()),
    );
    assert!(
        dialog(&mut app)
            .error
            .clone()
            .unwrap()
            .0
            .contains("/nowhere/x.json")
    );
}

#[test]
fn an_export_with_sealed_passwords_comes_back_with_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.json");
    let mut first = app();
    look_at(&mut first, MQTTX, "");
    begin(&mut first);
    import(&mut first, ImportAction::AskExport(BundleScope::All));
    let fill = |app: &mut App, again: &str| {
        let Some(Dialog::Bundle(dialog)) = &mut app.dialog else {
            panic!("no dialog")
        };
        // The password and the Authentication Data.
        assert_eq!(dialog.secrets, 2);
        dialog.path = path.display().to_string();
        dialog.with_secrets = true;
        "open sesame".clone_into(&mut dialog.passphrase);
        again.clone_into(&mut dialog.again);
    };
    fill(&mut first, "open");
    import(&mut first, ImportAction::Export);
    assert!(
        matches!(&first.dialog, Some(Dialog::Bundle(it)) if it.error.as_deref() == Some("the two passphrases differ"))
    );
    fill(&mut first, "open sesame");
    import(&mut first, ImportAction::Export);
    wait(&mut first, "the file", |app| app.dialog.is_none());
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(!text.contains("hunter2") && text.contains("argon2id"));
    // Nothing is overwritten unasked.
    import(&mut first, ImportAction::AskExport(BundleScope::All));
    fill(&mut first, "open sesame");
    import(&mut first, ImportAction::Export);
    wait(
        &mut first,
        "the question",
        |app| matches!(&app.dialog, Some(Dialog::Bundle(it)) if it.asks_to_replace),
    );
    let mut second = app();
    look_at(&mut second, &text, "wrong");
    assert!(
        dialog(&mut second)
            .sealed
            .as_ref()
            .unwrap()
            .contains("does not fit")
    );
    look_at(&mut second, &text, "open sesame");
    assert_eq!(dialog(&mut second).sealed, None);
    begin(&mut second);
    assert_eq!(second.library.requests(), first.library.requests());
    let id = second
        .library
        .requests()
        .values()
        .next()
        .unwrap()
        .connection
        .clone();
    assert_eq!(second.library.profile(&id), first.library.profile(&id));
    assert_eq!(
        second.library.kept_password(&id).unwrap().expose(),
        "mqttx-hunter2"
    );
}

#[test]
fn a_request_is_copied_as_a_command_line_that_says_what_it_does_otherwise() {
    let mut app = app();
    look_at(
        &mut app,
        "mosquitto_rr -h broker.example -u me -P hunter2 -t a/b -e a/c -m x",
        "",
    );
    begin(&mut app);
    let id = app.library.requests().keys().next().unwrap().clone();
    import(&mut app, ImportAction::CopyAs(Some(id), Style::MosquittoRr));
    let text = app.clipboard.take().unwrap();
    assert!(
        text.starts_with("mosquitto_rr -V 5 -h broker.example -p 1883 -u me -P \"$MQTT_PASSWORD\""),
        "{text}"
    );
    assert!(!text.contains("hunter2"));
    let notice = app.notices.shown().last().unwrap();
    assert!(notice.hint.contains("does not look at Correlation Data"));
}

#[test]
fn every_secret_of_a_command_line_is_kept_exported_and_forgotten_with_the_import() {
    let line = "mosquitto_pub -L wss://me:pw-1@broker.lab/a -t x -m 1 --proxy socks5h://me:pw-2@127.0.0.1:1080 \
        --cert me.pem --tls-keyform pem; \
        mqttx pub -h ws.lab -l ws --path /mqtt -wh 'Authorization: pw-3' -u me -P pw-4 -t x -m 1";
    let mut first = app();
    look_at(&mut first, line, "");
    begin(&mut first);
    let kept = |app: &App| {
        let mut found: Vec<String> = app
            .library
            .secret_accounts()
            .iter()
            .filter_map(|account| Some(app.library.kept_password(account)?.expose().to_owned()))
            .collect();
        found.sort();
        found
    };
    assert_eq!(kept(&first), ["pw-1", "pw-2", "pw-3", "pw-4"]);
    let told = first.notices.shown();
    assert!(!format!("{told:?}").contains("pw-"));
    let (_, secrets) = first.bundle_of(&BundleScope::All);
    assert_eq!(secrets.len(), 4);
    let accounts = first.library.secret_accounts();
    first.perform(Action::UndoNewest);
    wait(&mut first, "the way back", |app| {
        app.library.requests().is_empty()
    });
    let left = accounts
        .iter()
        .filter(|it| first.library.kept_password(it).is_some());
    assert_eq!(left.count(), 0);
}
