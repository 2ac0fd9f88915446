//! The life of a device.

use super::*;
use crate::model::FieldError;
use crate::model::message::Qos;
use crate::model::pairing::Rules;
use crate::model::profile::ProfileField;

const NOW: Timestamp = Timestamp::from_nanos(1_795_252_447_311_000_000);

const SENSOR: &str = r#"name = "sim-1"
connection = "built-in-broker"
listens = ["cmd/req/sim-1"]
qos = 2
reply = "ok"
clean_start = false
session_expiry_secs = 300

[state]
value = 20

[schedule]
awake = "5 s"
every = "15 s"
leaves = "cut"

[will]
topic = "register/sim-1"
qos = 2
retain = false
format = "json"
payload = '{"type":"SIGN_OUT"}'
delay_secs = 0

[birth]
topic = "register/{{device}}"
payload = '{"type":"SIGN_IN","at":"{{now}}"}'
qos = 2
retain = true
message_expiry_secs = 15

[[publishes]]
topic = "data/sim-1"
payload = '{"value":{{state.value}},"n":{{counter}}}'
every = "2 s"
qos = 0
retain = false
"#;

fn draft(toml: &str) -> DeviceDraft {
    toml::from_str(toml).unwrap_or_else(|err| panic!("{err}"))
}

fn errors(toml: &str) -> Vec<FieldError<DeviceField>> {
    draft(toml).validate(&Rules::shipped()).unwrap_err()
}

#[test]
fn a_life_survives_its_file_and_what_is_not_there_is_not_written() {
    let sensor = draft(SENSOR);
    assert_eq!(toml::to_string(&sensor).unwrap(), SENSOR);
    let plain = toml::to_string(&DeviceDraft::default()).unwrap();
    assert_eq!(
        plain,
        "name = \"\"\nconnection = \"\"\nlistens = []\nqos = 2\n"
    );
}

#[test]
fn what_it_says_of_its_own_is_filled_in() {
    let device = draft(SENSOR).validate(&Rules::shipped()).unwrap();
    assert_eq!(device.warnings(), []);
    let life = device.life.clone();
    assert!(life.is_session_kept());
    let schedule = life.schedule.unwrap();
    assert_eq!(schedule.leaves, Leaves::Cut);
    assert_eq!(schedule.awake, Duration::from_secs(5));
    assert_eq!(schedule.every, Duration::from_secs(15));
    assert_eq!(life.will.unwrap().topic.as_str(), "register/sim-1");
    let mut sensor = Responder::new(Arc::new(device), 1);
    let birth = life.birth.unwrap();
    let message = sensor.own_message(&birth, NOW).unwrap();
    assert_eq!(message.topic.as_str(), "register/sim-1");
    assert_eq!(
        message.payload,
        r#"{"type":"SIGN_IN","at":"2026-11-21T09:14:07.311Z"}"#
    );
    assert_eq!((message.qos, message.retain), (Qos::ExactlyOnce, true));
    assert_eq!(message.properties.message_expiry_secs, Some(15));
    sensor.set_value("value", 21.into());
    let (own, every) = &life.publishes[0];
    assert_eq!(*every, Duration::from_secs(2));
    let message = sensor.own_message(own, NOW).unwrap();
    assert_eq!(message.payload, r#"{"value":21,"n":2}"#);
}

#[test]
fn a_topic_that_comes_out_wrong_is_told() {
    let text = "name = 'd'\nlistens = ['t']\n[birth]\ntopic = 'a/{{state.none}}'\npayload = ''\n[state]\nlevel = '#'\n";
    let spec = draft(text).validate(&Rules::shipped()).unwrap();
    let birth = spec.life.birth.clone().unwrap();
    let mut device = Responder::new(Arc::new(spec), 1);
    assert_eq!(
        device.own_message(&birth, NOW).unwrap().topic.as_str(),
        "a/"
    );
    let wild = text.replace("state.none", "state.level");
    let spec = draft(&wild).validate(&Rules::shipped()).unwrap();
    let birth = spec.life.birth.clone().unwrap();
    let mut device = Responder::new(Arc::new(spec), 1);
    let why = device.own_message(&birth, NOW).unwrap_err();
    assert!(why.contains("`a/#`"), "{why}");
}

#[test]
fn what_is_wrong_is_said_at_its_field() {
    use DeviceField::{Birth, Farewell, Publish, Schedule, Will};
    for (life, field, word) in [
        (
            "[birth]\ntopic = 'a'\npayload = ''\nevery = '1 s'",
            Birth(OwnField::Every),
            "once",
        ),
        ("[birth]\npayload = ''", Birth(OwnField::Topic), "empty"),
        (
            "[farewell]\ntopic = 'a/#'",
            Farewell(OwnField::Topic),
            "the topic is not valid",
        ),
        (
            "[farewell]\ntopic = 'a'\npayload = '{{'",
            Farewell(OwnField::Payload),
            "never closed",
        ),
        (
            "[[publishes]]\ntopic = 'a'\nevery = '0'",
            Publish(0, OwnField::Every),
            "longer than nothing",
        ),
        (
            "[[publishes]]\ntopic = 'a'\nevery = '1 ms'",
            Publish(0, OwnField::Every),
            "10 ms",
        ),
        (
            "[[publishes]]\ntopic = 'a'",
            Publish(0, OwnField::Every),
            "longer than nothing",
        ),
        ("[will]\ntopic = ''", Will(ProfileField::WillTopic), "will"),
        (
            "[schedule]\nawake = 'x'\nevery = '5 s'",
            Schedule(ScheduleField::Awake),
            "not valid",
        ),
        (
            "[schedule]\nawake = '6 s'\nevery = '5 s'",
            Schedule(ScheduleField::Every),
            "never sleep",
        ),
        (
            "[schedule]\nawake = '1 s'\nevery = '5 s'\nleaves = 'now'",
            Schedule(ScheduleField::Leaves),
            "clean or cut",
        ),
    ] {
        let found = errors(&format!("name = 'd'\nlistens = ['t']\n{life}\n"));
        assert_eq!(found.len(), 1, "{life}: {found:?}");
        assert_eq!(found[0].field, field, "{life}");
        assert!(
            found[0].message.contains(word),
            "{life}: {}",
            found[0].message
        );
    }
}

#[test]
fn a_device_that_sleeps_without_a_session_is_warned_of() {
    let text =
        "name = 'd'\nlistens = ['t']\nreply = ''\n[schedule]\nawake = '1 s'\nevery = '5 s'\n";
    let device = draft(text).validate(&Rules::shipped()).unwrap();
    let warnings = device.warnings();
    assert_eq!(
        warnings[0].field,
        DeviceField::Schedule(ScheduleField::Awake)
    );
}
