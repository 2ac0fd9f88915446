use super::*;
use crate::app::dialogs::PasswordDialog;
use crate::app::environments::EnvironmentAction;
use crate::app::library::Library;
use crate::app::tests::wait;
use crate::model::connection::{ConnectionEvent, ConnectionState, Problem};
use crate::model::environment::{EnvironmentDraft, VariableDraft};
use crate::model::profile::{ProfileDraft, ProxyDraft, SecretSlot};
use crate::session::{Event, Session};
use crate::store::{PasswordDesk, Secrets, Settings, WindowState, Workspace};
use std::path::Path;
use std::sync::Arc;

/// There is no keyring here.
struct NoKeyring;

fn none() -> SecretError {
    SecretError::NoKeyring {
        why: "none".to_owned(),
    }
}

impl Secrets for NoKeyring {
    fn check(&self) -> Result<(), SecretError> {
        Err(none())
    }
    fn load(&self, _: &str) -> Result<Option<Secret>, SecretError> {
        Err(none())
    }
    fn save(&self, _: &str, _: &Secret) -> Result<(), SecretError> {
        Err(none())
    }
    fn delete(&self, _: &str) -> Result<(), SecretError> {
        Err(none())
    }
}

/// A start of the program in a folder that stays.
fn start(folder: &Path, settings: Settings) -> App {
    let wake: Arc<dyn Fn() + Send + Sync> = Arc::new(|| {});
    let state = folder.join("state");
    let workspace = Workspace::open_at(&folder.join("workspace"), Some(&state)).unwrap();
    let desk = PasswordDesk::cheap(Box::new(NoKeyring), &workspace).unwrap();
    let library = Library::with_desk(workspace, desk, &wake).unwrap();
    let session = Session::start(Box::new(|| {})).unwrap();
    let mut app = App::new(session, library, settings, WindowState::default());
    wait(&mut app, "the desk", |app| {
        app.library.password_place() != PasswordPlace::Checking
            && app.library.keyring_trouble().is_some()
    });
    app
}

fn lab() -> ProfileDraft {
    ProfileDraft {
        name: "Lab".to_owned(),
        address: "mqtt://127.0.0.1:9".to_owned(),
        client_id: "me".to_owned(),
        user_name: "me".to_owned(),
        password_wanted: true,
        ..ProfileDraft::default()
    }
}

fn asked(app: &mut App) -> &mut PasswordDialog {
    match &mut app.dialog {
        Some(Dialog::Password(dialog)) => dialog,
        other => panic!("{other:?}"),
    }
}

fn passphrase(app: &mut App) -> &mut PassphraseDialog {
    match &mut app.dialog {
        Some(Dialog::Passphrase(dialog)) => dialog,
        other => panic!("{other:?}"),
    }
}

fn give(app: &mut App, text: &str) {
    text.clone_into(&mut passphrase(app).passphrase);
    app.perform(Action::Secrets(SecretsAction::GivePassphrase));
}

#[track_caller]
fn is_on(app: &mut App, id: &str) {
    wait(app, "the connection", |app| app.session.link(id).is_some());
    assert!(app.dialog.is_none(), "{:?}", app.dialog);
}

#[test]
fn without_a_keyring_the_file_is_offered_and_opened_once_a_run() {
    let folder = tempfile::tempdir().unwrap();
    let mut app = start(folder.path(), Settings::default());
    let id = app.library.save_profile(None, &lab()).unwrap();
    app.perform(Action::Connect(id.clone()));
    let dialog = asked(&mut app);
    assert!(!dialog.remember);
    "hunter2".clone_into(&mut dialog.text);
    dialog.in_file = true;
    app.perform(Action::GivePassword);
    assert!(app.session.link(&id).is_none());
    assert!(passphrase(&mut app).is_new_file);
    give(&mut app, "open sesame");
    let wrong = passphrase(&mut app).error.clone().unwrap();
    assert!(wrong.0.contains("differ"), "{wrong:?}");
    "open sesame".clone_into(&mut passphrase(&mut app).again);
    give(&mut app, "open sesame");
    is_on(&mut app, &id);
    app.close();
    drop(app);

    let mut app = start(folder.path(), Settings::default());
    assert_eq!(
        app.library.password_place(),
        PasswordPlace::File(VaultState::Locked)
    );
    app.perform(Action::Connect(id.clone()));
    give(&mut app, "open");
    wait(
        &mut app,
        "the answer",
        |app| matches!(&app.dialog, Some(Dialog::Passphrase(it)) if it.error.is_some()),
    );
    assert!(passphrase(&mut app).passphrase.is_empty());
    give(&mut app, "open sesame");
    is_on(&mut app, &id);
    app.perform(Action::Disconnect(id.clone()));
    app.perform(Action::Connect(id.clone()));
    is_on(&mut app, &id);

    // Locked again, and gone on without.
    app.perform(Action::Secrets(SecretsAction::Show));
    app.perform(Action::Secrets(SecretsAction::Lock));
    wait(&mut app, "the lock", |app| app.dialog.is_none());
    app.perform(Action::Disconnect(id.clone()));
    app.perform(Action::Connect(id.clone()));
    passphrase(&mut app);
    app.perform(Action::Secrets(SecretsAction::GoWithout));
    asked(&mut app);
    let told = format!("{:?} {:?}", app.notices.shown(), app.dialog);
    assert!(
        !told.contains("hunter2") && !told.contains("sesame"),
        "{told}"
    );
}

#[test]
fn the_passphrase_is_changed_and_the_file_forgotten_only_after_a_question() {
    let folder = tempfile::tempdir().unwrap();
    let mut app = start(folder.path(), Settings::default());
    let id = app.library.save_profile(None, &lab()).unwrap();
    let kept = Secret::new("hunter2".to_owned());
    app.library.keep_password(&id, &kept);
    let fill = |app: &mut App, old: &str, new: &str| {
        if app.dialog.is_none() {
            app.perform(Action::Secrets(SecretsAction::Show));
        }
        let Some(Dialog::Secrets(dialog)) = &mut app.dialog else {
            panic!("{:?}", app.dialog)
        };
        dialog.chosen = Some(SecretHome::File);
        old.clone_into(&mut dialog.passphrase);
        new.clone_into(&mut dialog.new);
        new.clone_into(&mut dialog.again);
    };
    fill(&mut app, "", "x");
    app.perform(Action::Secrets(SecretsAction::Move));
    wait(&mut app, "the move", |app| app.dialog.is_none());
    assert_eq!(
        app.library.password_place(),
        PasswordPlace::File(VaultState::Open)
    );
    fill(&mut app, "wrong", "y");
    app.perform(Action::Secrets(SecretsAction::ChangePassphrase));
    let has_error =
        |app: &App| matches!(&app.dialog, Some(Dialog::Secrets(it)) if it.error.is_some());
    wait(&mut app, "the answer", has_error);
    fill(&mut app, "x", "y");
    app.perform(Action::Secrets(SecretsAction::ChangePassphrase));
    wait(&mut app, "the change", |app| app.dialog.is_none());
    fill(&mut app, "", "");
    app.perform(Action::Secrets(SecretsAction::Forget));
    assert_eq!(app.library.kept_password(&id), Some(kept));
    app.perform(Action::Secrets(SecretsAction::Forget));
    wait(&mut app, "the end", |app| app.dialog.is_none());
    assert_eq!(app.library.kept_password(&id), None);
    assert_eq!(
        app.library.password_place(),
        PasswordPlace::File(VaultState::Missing)
    );
}

#[test]
fn whatever_secret_was_wrong_is_asked_for_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut app = start(folder.path(), Settings::default());
    let draft = ProfileDraft {
        proxy: Some(ProxyDraft {
            address: "socks5://127.0.0.1:9".to_owned(),
            user_name: "me".to_owned(),
            password_wanted: true,
        }),
        ..lab()
    };
    let id = app.library.save_profile(None, &draft).unwrap();
    for slot in [SecretSlot::Password, SecretSlot::ProxyPassword] {
        let secret = Secret::new("wrong".to_owned());
        app.library.keep_password(&slot.account(&id), &secret);
    }
    app.perform(Action::Connect(id.clone()));
    is_on(&mut app, &id);
    let problem = Problem {
        summary: "refused".into(),
        hint: "".into(),
        detail: "".into(),
        reason: None,
        doubted: vec![SecretSlot::ProxyPassword],
    };
    let generation = app.session.link(&id).unwrap().generation();
    app.hear(&Event::Connection {
        id: id.as_str().into(),
        generation,
        event: ConnectionEvent::State(ConnectionState::Refused { problem }),
    });
    app.perform(Action::Connect(id.clone()));
    assert_eq!(asked(&mut app).slot, SecretSlot::ProxyPassword);
    "right".clone_into(&mut asked(&mut app).text);
    app.perform(Action::GivePassword);
    is_on(&mut app, &id);
}

#[test]
fn a_secret_variable_is_asked_for_with_the_passphrase_and_never_told() {
    let folder = tempfile::tempdir().unwrap();
    let variable = |name: &str, value: &str, is_secret| VariableDraft {
        name: name.to_owned(),
        value: value.to_owned(),
        is_secret,
    };
    let environment = EnvironmentDraft {
        name: "lab".to_owned(),
        variables: vec![
            variable("PLACE", "127.0.0.1", false),
            variable("WHO", "", true),
        ],
    };
    let account = environment.account("WHO");
    let settings = Settings {
        environments: vec![environment],
        ..Settings::default()
    };
    let mut app = start(folder.path(), settings.clone());
    let draft = ProfileDraft {
        address: "mqtt://{{env.PLACE}}:9".to_owned(),
        user_name: "{{env.WHO}}".to_owned(),
        password_wanted: false,
        ..lab()
    };
    let id = app.library.save_profile(None, &draft).unwrap();
    app.perform(Action::Connect(id.clone()));
    assert!(app.session.link(&id).is_none());
    let told = format!("{:?}", app.notices.shown());
    assert!(told.contains("no environment is chosen"), "{told}");
    app.library
        .keep_password(&account, &Secret::new("hunter2".to_owned()));
    app.library.ask_vault(VaultAsk::Move {
        to: SecretHome::File,
        accounts: Vec::new(),
        passphrase: Some(Secret::new("x".to_owned())),
    });
    wait(&mut app, "the move", |app| app.library.can_keep_passwords());
    app.close();
    drop(app);

    let mut app = start(folder.path(), settings);
    let choose = EnvironmentAction::Choose(Some("lab".to_owned()));
    app.perform(Action::Environment(choose));
    app.perform(Action::Connect(id.clone()));
    give(&mut app, "x");
    is_on(&mut app, &id);
    let profile = app.profile(&id).unwrap();
    assert_eq!(profile.address.to_string(), "mqtt://127.0.0.1:9");
    assert_eq!(profile.user_name.as_deref(), Some("hunter2"));
    // Nobody is there; what is said of it says where, and not who.
    wait(&mut app, "the failure", |app| {
        app.session.state(&id).problem().is_some()
    });
    let told = format!("{:?} {:?}", app.session.state(&id), app.notices.shown());
    assert!(!told.contains("hunter2"), "{told}");
    app.close();
    drop(app);
    let text = std::fs::read_to_string(folder.path().join("workspace/connections/lab.toml"));
    assert!(text.unwrap().contains("{{env.WHO}}"));
}
