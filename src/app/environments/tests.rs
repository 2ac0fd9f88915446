use super::*;
use crate::app::imports::ImportAction;
use crate::app::open::{Place, open};
use crate::model::foreign::copy_as::Style;
use crate::model::payload::PayloadFormat;
use crate::model::profile::ProfileDraft;

fn app() -> App {
    let wake: Arc<dyn Fn() + Send + Sync> = Arc::new(|| {});
    open(Place::Scratch, &wake).unwrap()
}

fn dialog(app: &mut App) -> &mut EnvironmentsDialog {
    match &mut app.dialog {
        Some(Dialog::Environments(dialog)) => dialog,
        other => panic!("{other:?}"),
    }
}

fn form(name: &str, variables: &[(&str, &str, bool)]) -> EnvironmentForm {
    let variables = variables
        .iter()
        .map(|(name, value, is_secret)| VariableForm {
            draft: VariableDraft {
                name: (*name).to_owned(),
                value: (*value).to_owned(),
                is_secret: *is_secret,
            },
            ..VariableForm::default()
        });
    EnvironmentForm {
        name: name.to_owned(),
        variables: variables.collect(),
    }
}

fn act(app: &mut App, action: EnvironmentAction) {
    app.perform(Action::Environment(action));
}

fn settings_file(app: &App) -> String {
    app.library.flush();
    let path = std::path::Path::new(&app.library.workspace_path()).join("settings.toml");
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn variables_are_saved_and_secrets_are_kept_elsewhere() {
    let mut app = app();
    act(&mut app, EnvironmentAction::Edit);
    dialog(&mut app).forms = vec![form(
        "lab",
        &[("HOST", "broker.lab", false), ("A B", "", false)],
    )];
    act(&mut app, EnvironmentAction::Save);
    assert!(dialog(&mut app).error.as_ref().unwrap().contains("A B"));
    dialog(&mut app).forms = vec![form("lab", &[]), form("lab", &[])];
    act(&mut app, EnvironmentAction::Save);
    assert!(
        dialog(&mut app)
            .error
            .as_ref()
            .unwrap()
            .contains("two environments")
    );
    dialog(&mut app).forms = vec![form(
        "lab",
        &[("HOST", "broker.lab", false), ("TOKEN", "hunter2", true)],
    )];
    act(&mut app, EnvironmentAction::Save);
    assert!(app.dialog.is_none());
    let text = settings_file(&app);
    assert!(
        text.contains("broker.lab") && !text.contains("hunter2"),
        "{text}"
    );
    let kept = app.library.kept_password("@environment/lab/TOKEN");
    assert_eq!(kept.as_ref().map(Secret::expose), Some("hunter2"));
    act(&mut app, EnvironmentAction::Choose(Some("lab".to_owned())));

    // Under another name it is the same; without the variable it is forgotten.
    act(&mut app, EnvironmentAction::Edit);
    "hall".clone_into(&mut dialog(&mut app).forms[0].name);
    act(&mut app, EnvironmentAction::Save);
    assert_eq!(app.environment_name(), Some("hall"));
    assert_eq!(app.library.kept_password("@environment/lab/TOKEN"), None);
    assert_eq!(app.library.kept_password("@environment/hall/TOKEN"), kept);
    act(&mut app, EnvironmentAction::Edit);
    dialog(&mut app).forms[0].variables.pop();
    act(&mut app, EnvironmentAction::Save);
    assert_eq!(app.library.kept_password("@environment/hall/TOKEN"), None);
}

#[test]
fn a_request_is_sent_with_its_variables_and_copied_without_its_secrets() {
    let mut app = app();
    act(&mut app, EnvironmentAction::Edit);
    dialog(&mut app).forms = vec![form(
        "lab",
        &[("ROOM", "hall", false), ("TOKEN", "hunter2", true)],
    )];
    act(&mut app, EnvironmentAction::Save);
    let profile = ProfileDraft {
        name: "Lab".to_owned(),
        user_name: "{{env.ROOM}}".to_owned(),
        ..ProfileDraft::default()
    };
    let connection = app.library.save_profile(None, &profile).unwrap();
    let tab = app.tabs.front_mut().unwrap();
    tab.draft.connection = connection;
    tab.draft.topic = "{{env.ROOM}}/get".to_owned();
    tab.draft.format = PayloadFormat::Json;
    tab.draft.payload = "{\"t\":\"{{env.TOKEN}}\"}".to_owned();
    app.tick();
    let errors = format!("{:?}", app.tabs.front().unwrap().errors());
    assert!(errors.contains("no environment is chosen"), "{errors}");
    act(&mut app, EnvironmentAction::Choose(Some("lab".to_owned())));
    app.tick();
    let request = app.tabs.front().unwrap().valid().unwrap();
    assert_eq!(request.topic.as_str(), "hall/get");
    assert_eq!(&request.payload[..], br#"{"t":"hunter2"}"#);
    for style in Style::ALL {
        app.perform(Action::Import(ImportAction::CopyAs(None, style)));
        let copied = app.clipboard.take().unwrap();
        assert!(
            copied.contains("hall/get") && !copied.contains("hunter2"),
            "{copied}"
        );
    }
}
