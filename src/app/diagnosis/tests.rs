use super::*;
use crate::app::open::{Place, open};
use crate::model::diagnosis::{Phase, State, Step, StepReport};
use crate::model::profile::BUILT_IN_ID;
use std::sync::Arc;
use std::time::{Duration, Instant};

fn app() -> App {
    let wake: Arc<dyn Fn() + Send + Sync> = Arc::new(|| {});
    open(Place::Scratch, &wake).unwrap()
}

fn ask(app: &mut App, action: DiagnosisAction) {
    app.perform(Action::Diagnosis(action));
}

fn dialog(app: &App) -> &DiagnosisDialog {
    match &app.dialog {
        Some(Dialog::Diagnosis(dialog)) => dialog,
        other => panic!("{other:?}"),
    }
}

fn form(app: &App) -> &ProfileDialog {
    match &app.dialog {
        Some(Dialog::Profile(dialog)) => dialog,
        other => panic!("{other:?}"),
    }
}

/// A connection in the form, unsaved.
fn typed(app: &mut App, draft: ProfileDraft) {
    app.perform(Action::NewProfile);
    match &mut app.dialog {
        Some(Dialog::Profile(dialog)) => dialog.draft = draft,
        other => panic!("{other:?}"),
    }
    ask(app, DiagnosisAction::TestEdited);
}

fn finished(app: &mut App) -> Diagnosis {
    let until = Instant::now() + Duration::from_secs(30);
    while dialog(app).is_running() {
        assert!(Instant::now() < until, "{:?}", dialog(app).diagnosis);
        assert!(app.next_tick().is_some());
        app.session.wait(Duration::from_millis(20));
        app.tick();
    }
    dialog(app).diagnosis.clone().unwrap()
}

fn draft(address: &str) -> ProfileDraft {
    ProfileDraft {
        name: "Typed".to_owned(),
        address: address.to_owned(),
        client_id: "typed".to_owned(),
        ..ProfileDraft::default()
    }
}

#[test]
fn a_connection_of_the_list_is_tested_and_reported() {
    let mut app = app();
    ask(&mut app, DiagnosisAction::Test(BUILT_IN_ID.to_owned()));
    // No need to wait for somebody who takes the client id over.
    match &mut app.dialog {
        Some(Dialog::Diagnosis(dialog)) => dialog.watch = WatchChoice::Never,
        other => panic!("{other:?}"),
    }
    ask(&mut app, DiagnosisAction::Run);
    let diagnosis = finished(&mut app);
    assert_eq!(diagnosis.failure(), None, "{diagnosis:#?}");
    assert_eq!(diagnosis.step(Step::RoundTrip).unwrap().state, State::Done);
    ask(&mut app, DiagnosisAction::CopyReport);
    let report = app.clipboard.clone().unwrap();
    assert!(
        report.contains("Test of the connection Built-in broker"),
        "{report}"
    );
    app.perform(Action::CloseDialog);
    assert!(app.dialog.is_none(), "nothing was changed");
}

#[test]
fn what_is_typed_is_tested_and_the_form_comes_back() {
    let mut app = app();
    typed(&mut app, draft("mqtt://127.0.0.1:1"));
    let diagnosis = finished(&mut app);
    assert_eq!(diagnosis.failure().unwrap().step, Step::Connect);
    app.perform(Action::CloseDialog);
    assert_eq!(form(&app).draft, draft("mqtt://127.0.0.1:1"));
    // What is wrong is marked where it is typed.
    typed(&mut app, draft("nonsense://"));
    assert!(!form(&app).errors.is_empty());
}

#[test]
fn a_remedy_changes_what_is_typed_and_is_taken_back() {
    let mut app = app();
    typed(&mut app, draft("mqtt://127.0.0.1:1"));
    finished(&mut app);
    let address = BrokerAddress::mqtt("127.0.0.1", 2);
    if let Some(Dialog::Diagnosis(dialog)) = &mut app.dialog {
        let diagnosis = dialog.diagnosis.as_mut().unwrap();
        diagnosis.remedies = vec![Remedy::Address(address)];
    }
    ask(&mut app, DiagnosisAction::Apply(0));
    assert_eq!(dialog(&app).newest_change(), Some("Use port 2"));
    assert_eq!(dialog(&app).editor.draft.address, "mqtt://127.0.0.1:2");
    assert!(dialog(&app).is_running(), "it is tested again");
    finished(&mut app);
    ask(&mut app, DiagnosisAction::UndoChange);
    assert_eq!(dialog(&app).editor.draft, draft("mqtt://127.0.0.1:1"));
    assert_eq!(dialog(&app).newest_change(), None);
    ask(&mut app, DiagnosisAction::Apply(7));
    ask(&mut app, DiagnosisAction::Edit);
    assert_eq!(form(&app).draft.address, "mqtt://127.0.0.1:1");
}

#[test]
fn a_password_that_nobody_knows_is_asked_for_first() {
    let mut app = app();
    let wanting = ProfileDraft {
        user_name: "ann".to_owned(),
        password_wanted: true,
        ..draft("mqtt://127.0.0.1:1")
    };
    typed(&mut app, wanting);
    assert_eq!(dialog(&app).missing, [SecretSlot::Password]);
    assert!(dialog(&app).diagnosis.is_none());
    if let Some(Dialog::Diagnosis(dialog)) = &mut app.dialog {
        dialog.secret_mut(&SecretSlot::Password).push_str("hunter2");
    }
    ask(&mut app, DiagnosisAction::Run);
    assert!(dialog(&app).missing.is_empty());
    finished(&mut app);
    assert!(!format!("{:?}", app.dialog).contains("hunter2"));
    ask(&mut app, DiagnosisAction::CopyReport);
    assert!(!app.clipboard.clone().unwrap().contains("hunter2"));
    ask(&mut app, DiagnosisAction::Edit);
    assert_eq!(form(&app).password, "hunter2", "it goes along");
}

#[test]
fn a_test_is_cancelled_by_its_button_and_by_closing() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("mqtt://{}", listener.local_addr().unwrap());
    let mut app = app();
    typed(&mut app, draft(&address));
    assert!(dialog(&app).is_running());
    ask(&mut app, DiagnosisAction::Cancel);
    let diagnosis = dialog(&app).diagnosis.clone().unwrap();
    assert_eq!(diagnosis.phase, Phase::Cancelled);
    let is_over = |report: &StepReport| report.state.is_over();
    assert!(diagnosis.steps.iter().all(is_over));
    ask(&mut app, DiagnosisAction::Run);
    assert!(app.is_diagnosing());
    app.perform(Action::CloseDialog);
    assert!(!app.is_diagnosing());
    app.tick();
}

#[test]
fn topics_that_cannot_be_are_marked() {
    let mut app = app();
    typed(&mut app, draft("mqtt://127.0.0.1:1"));
    if let Some(Dialog::Diagnosis(dialog)) = &mut app.dialog {
        dialog.scratch = "a/#".to_owned();
    }
    ask(&mut app, DiagnosisAction::Run);
    assert!(dialog(&app).scratch_error.is_some());
    assert!(!dialog(&app).is_running());
}

#[test]
fn saved_connections_with_the_same_client_id_are_named() {
    let mut app = app();
    for name in ["One", "Two"] {
        app.library
            .save_profile(
                None,
                &ProfileDraft {
                    name: name.to_owned(),
                    ..draft("mqtt://127.0.0.1:1")
                },
            )
            .unwrap();
    }
    let id = app
        .library
        .profiles()
        .iter()
        .find(|(_, it)| it.name == "One");
    let profile = app.profile(&id.unwrap().0.clone()).unwrap();
    assert_eq!(app.namesakes(&profile), ["the saved connection Two"]);
    let texts: Vec<String> = app.diagnosis_entries().map(|entry| entry.text).collect();
    assert!(
        texts.contains(&"Test connection One".to_owned()),
        "{texts:?}"
    );
}

#[test]
fn a_connection_that_is_refused_offers_the_test() {
    let mut app = app();
    let reconnect = crate::model::profile::ReconnectDraft {
        is_on: false,
        ..crate::model::profile::ReconnectDraft::default()
    };
    let once = ProfileDraft {
        reconnect,
        ..draft("mqtt://127.0.0.1:1")
    };
    let id = app.library.save_profile(None, &once).unwrap();
    app.connect(&id);
    let until = Instant::now() + Duration::from_secs(30);
    let has_choice = |app: &App| {
        let notice = app.notices.shown().iter().find(|it| !it.choices.is_empty());
        notice.map(|it| (it.id, it.choices[0].label))
    };
    while has_choice(&app).is_none() {
        assert!(Instant::now() < until);
        app.session.wait(Duration::from_millis(20));
        app.tick();
    }
    let (notice, label) = has_choice(&app).unwrap();
    assert_eq!(label, "Test connection");
    app.perform(Action::Choose(notice, 0));
    assert_eq!(dialog(&app).editor.id.as_deref(), Some(id.as_str()));
}
