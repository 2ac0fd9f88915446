use super::*;
use crate::model::payload::PayloadFormat;
use crate::model::profile::{ProfileDraft, ProfileField};
use crate::model::request::{RequestDraft, RequestField, Surroundings};
use proptest::prelude::*;

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

fn lab() -> EnvironmentDraft {
    let variable = |name: &str, value: &str, is_secret| VariableDraft {
        name: name.to_owned(),
        value: value.to_owned(),
        is_secret,
    };
    EnvironmentDraft {
        name: "lab".to_owned(),
        variables: vec![
            variable("HOST", "broker.lab", false),
            variable("PORT", "1999", false),
            variable("TOKEN", "", true),
            variable("GONE", "", true),
            variable("QUOTE", "a\"b\\", false),
        ],
    }
}

fn environment() -> Environment {
    let kept = |account: &str| (account == "@environment/lab/TOKEN").then(|| secret("hunter2"));
    let process = BTreeMap::from([
        ("HOME".to_owned(), secret("/home/me")),
        ("API_KEY".to_owned(), secret("k3y")),
    ]);
    Environment::new(Some(&lab()), kept, Arc::new(process))
}

fn filled(text: &str) -> Result<String, String> {
    environment().fill(text, Place::Text).map(|it| it.text)
}

#[test]
fn variables_are_filled_in_and_other_placeholders_stay() {
    assert_eq!(
        filled("a/{{env.HOST}}/{{ env.PORT }}"),
        Ok("a/broker.lab/1999".to_owned())
    );
    assert_eq!(filled("{{os.HOME}}/x"), Ok("/home/me/x".to_owned()));
    for text in [
        "{{payload.power}}",
        "{{",
        "}}",
        "{{env.}}",
        "{{env.1A}}",
        "{{env}}",
        "{{env.A-B}}",
        "{\"a\":{\"b\":1}}",
        "{{ä",
    ] {
        assert_eq!(filled(text), Ok(text.to_owned()));
        assert!(!has_gaps(text), "{text}");
    }
    assert_eq!(filled("{{{env.PORT}}}"), Ok("{1999}".to_owned()));
    assert_eq!(filled("{{x {{env.PORT}}"), Ok("{{x 1999".to_owned()));
}

#[test]
fn an_unknown_name_is_an_error_that_names_it() {
    for (text, word) in [
        ("{{env.NOPE}}", "the environment lab has no variable `NOPE`"),
        ("{{os.NOPE}}", "no variable `NOPE`"),
        ("{{env.GONE}}", "has no value here"),
    ] {
        let err = filled(text).unwrap_err();
        assert!(err.contains(word), "{err}");
    }
    let none = Environment::default().fill("{{env.HOST}}", Place::Text);
    assert!(none.unwrap_err().contains("no environment is chosen"));
}

#[test]
fn what_came_out_of_a_secret_is_known_and_can_be_covered() {
    let found = environment()
        .fill("{{env.HOST}} {{env.TOKEN}}", Place::Text)
        .unwrap();
    assert_eq!(found.hidden, [secret("hunter2")]);
    assert!(!format!("{:?}", environment()).contains("hunter2"));
    let covered = environment().covered();
    let found = covered.fill(
        "{{env.HOST}} {{env.TOKEN}} {{os.HOME}} {{os.API_KEY}}",
        Place::Text,
    );
    assert_eq!(found.unwrap().text, "broker.lab ••• /home/me •••");
}

#[test]
fn every_field_of_a_profile_takes_them_and_tells_what_is_unknown() {
    let draft = ProfileDraft {
        name: "Lab".to_owned(),
        address: "mqtt://{{env.HOST}}:{{env.PORT}}".to_owned(),
        client_id: "me-{{env.PORT}}".to_owned(),
        user_name: "{{env.TOKEN}}".to_owned(),
        ..ProfileDraft::default()
    };
    let (found, hidden) = draft.filled(&environment()).unwrap();
    let profile = found.validate("lab").unwrap();
    assert_eq!(profile.address.to_string(), "mqtt://broker.lab:1999");
    assert_eq!(&*profile.client_id, "me-1999");
    assert_eq!(hidden, [secret("hunter2")]);
    let told = ProfileDraft {
        client_id: "{{os.API_KEY}}".to_owned(),
        ..draft.clone()
    };
    let errors = told.filled(&environment()).unwrap_err();
    assert_eq!(errors[0].field, ProfileField::ClientId, "everybody sees it");
    let errors = draft.filled(&Environment::default()).unwrap_err();
    let fields: Vec<ProfileField> = errors.into_iter().map(|err| err.field).collect();
    let want = [ProfileField::Address, ProfileField::Address];
    assert_eq!(fields.first(), want.first());
    assert!(fields.contains(&ProfileField::ClientId) && fields.contains(&ProfileField::UserName));
    assert_eq!(sample(&draft.address), "mqtt://1:1");
}

#[test]
fn a_request_is_checked_with_its_variables_filled_in() {
    let environment = Arc::new(environment());
    let here = Surroundings {
        client_id: "me",
        environment: Some(&environment),
        ..Surroundings::default()
    };
    let mut draft = RequestDraft {
        topic: "dev/{{env.HOST}}/get".to_owned(),
        format: PayloadFormat::Json,
        payload: "{\"a\":\"{{env.QUOTE}}\",\"n\":{{env.PORT}},\"t\":\"{{env.TOKEN}}\"}".to_owned(),
        ..RequestDraft::default()
    };
    let request = draft.validate(&here).unwrap();
    assert_eq!(request.topic.as_str(), "dev/broker.lab/get");
    assert_eq!(
        &request.payload[..],
        br#"{"a":"a\"b\\","n":1999,"t":"hunter2"}"#
    );
    // A command line calls it text.
    draft.format = PayloadFormat::Text;
    let as_text = draft.validate(&here).unwrap();
    assert_eq!(as_text.payload, request.payload);
    draft.payload = "say \"{{env.QUOTE}}\"".to_owned();
    let request = draft.validate(&here).unwrap();
    assert_eq!(&request.payload[..], br#"say "a"b\""#);
    draft.timeout = "{{env.NOPE}}".to_owned();
    let errors = draft.validate(&here).unwrap_err();
    assert_eq!(errors[0].field, RequestField::Timeout);
}

#[test]
fn names_are_what_a_shell_can_set_and_each_is_there_once() {
    assert_eq!(lab().problem(), None);
    let mut twice = lab();
    twice.variables.push(VariableDraft {
        name: "HOST".to_owned(),
        ..VariableDraft::default()
    });
    assert!(twice.problem().unwrap().contains("twice"));
    for name in ["", "1A", "a b", "ä"] {
        let mut wrong = lab();
        name.clone_into(&mut wrong.variables[0].name);
        assert!(wrong.problem().is_some(), "{name}");
    }
    let unnamed = EnvironmentDraft::default();
    assert!(unnamed.problem().unwrap().contains("no name"));
}

proptest! {
    #[test]
    fn nothing_makes_it_panic_and_text_without_gaps_is_untouched(text in ".{0,80}") {
        let found = environment().fill(&text, Place::Json);
        if !has_gaps(&text) {
            prop_assert_eq!(found.map(|it| it.text), Ok(text));
        }
    }
}
