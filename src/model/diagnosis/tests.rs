use super::*;
use crate::model::connection::{CertificateInfo, ConnectionInfo};
use crate::model::exchange::Reason;
use crate::model::message::Qos;
use crate::model::profile::{ProfileDraft, SecretSlot, VersionChoice};
use crate::model::secret::{Secret, Secrets};
use crate::model::time::Timestamp;
use crate::model::version::MqttVersion;

/// 2026-01-01.
const NOW_SECS: i64 = 1_767_225_600;
const NOW: Timestamp = Timestamp::from_nanos(NOW_SECS * 1_000_000_000);
const DAY: i64 = 86_400;

fn profile(address: &str) -> Profile {
    let draft = ProfileDraft {
        name: "Lab".to_owned(),
        address: address.to_owned(),
        client_id: "lab-1".to_owned(),
        ..ProfileDraft::default()
    };
    draft.validate("lab").unwrap()
}

fn problem() -> Problem {
    Problem {
        summary: "nothing listens on h:1883: connection refused".into(),
        hint: "Is the broker running?".into(),
        detail: "ECONNREFUSED".into(),
        reason: Some(Reason::new(0x87, "not authorized")),
        doubted: Vec::new(),
    }
}

#[test]
fn the_steps_are_those_of_the_profile() {
    let titles = |address: &str| -> Vec<&str> {
        let steps = Step::of(&profile(address));
        steps
            .iter()
            .filter(|it| it.is_way())
            .map(|it| it.title())
            .collect()
    };
    assert_eq!(titles("mqtt://h"), ["Name resolution", "TCP"]);
    assert_eq!(
        titles("wss://h/mqtt"),
        ["Name resolution", "TCP", "TLS", "WebSocket"]
    );
    assert_eq!(titles("unix:///run/m.sock"), ["TCP"]);
}

#[test]
fn what_is_told_adds_up() {
    let mut diagnosis = Diagnosis::new(&profile("mqtt://h"));
    diagnosis.apply(Told::Begun(Step::Resolve));
    assert_eq!(diagnosis.step(Step::Resolve).unwrap().state, State::Running);
    let done = StepReport::done(Step::Resolve, Duration::from_millis(2), "10.0.0.1");
    diagnosis.apply(Told::Ended(Box::new(done)));
    let failed = StepReport::failed(Step::Connect, None, problem());
    diagnosis.apply(Told::Ended(Box::new(failed)));
    assert!(diagnosis.is_running());
    diagnosis.apply(Told::Finished);
    assert_eq!(diagnosis.failure().unwrap().step, Step::Connect);
    assert_eq!(diagnosis.verdict(), &*problem().summary);
    // Too late.
    diagnosis.cancel();
    assert_eq!(diagnosis.phase, Phase::Finished);
    let mut cancelled = Diagnosis::new(&profile("mqtt://h"));
    cancelled.apply(Told::Begun(Step::Resolve));
    cancelled.cancel();
    assert!(cancelled.steps.iter().all(|it| it.state == State::Skipped));
    // What was seen until then is kept.
    let mut watching = Diagnosis::new(&profile("mqtt://h"));
    watching.apply(Told::Begun(Step::ClientId));
    watching.apply(Told::Noted(Step::ClientId, "taken twice".to_owned()));
    watching.apply(Told::Noted(Step::Mqtt, "not begun".to_owned()));
    watching.cancel();
    let found = &watching.step(Step::ClientId).unwrap().found;
    assert_eq!(found, "cancelled; until then taken twice");
    assert_eq!(watching.step(Step::Mqtt).unwrap().found, "cancelled");
}

#[test]
fn the_client_id_of_a_test_is_another_one_and_not_too_long() {
    let mut profile = profile("mqtt://h");
    let plan = Plan::default();
    assert_eq!(&*plan.client_id(&profile, 0xAB), "lab-1-test-00ab");
    profile.client_id = "ä23456789012345678901".into();
    let id = plan.client_id(&profile, 0xAB);
    assert!(id.len() <= 23 && id.ends_with("-test-00ab"), "{id}");
    profile.client_id = "a-client-id-that-is-longer-than-that".into();
    assert!(
        plan.client_id(&profile, 1)
            .starts_with("a-client-id-that-is-longer-than-that-test")
    );
    profile.client_id = "".into();
    assert_eq!(&*plan.client_id(&profile, 1), "");
    let own = Plan {
        own_client_id: true,
        ..Plan::default()
    };
    profile.client_id = "own".into();
    assert_eq!(&*own.client_id(&profile, 1), "own");
}

fn certificate(days: i64) -> CertificateInfo {
    CertificateInfo {
        subject: "CN=broker".into(),
        issuer: "CN=Authority".into(),
        names: vec!["localhost".into()],
        not_before: NOW_SECS - 100 * DAY,
        not_after: NOW_SECS + days * DAY,
        key: "EC P-256".into(),
        fingerprint: "00ff".into(),
        ..CertificateInfo::default()
    }
}

#[test]
fn a_certificate_says_how_long_it_still_is_valid() {
    assert_eq!(said::validity(&certificate(41), NOW), "ends in 41 days");
    assert_eq!(said::validity(&certificate(1), NOW), "ends in 1 day");
    assert_eq!(said::validity(&certificate(-3), NOW), "ended 3 days ago");
    let info = |days| TlsInfo {
        version: "TLS 1.3".into(),
        is_verified: true,
        chain: vec![certificate(days)],
        ..TlsInfo::default()
    };
    assert_eq!(unusual::tls(&info(41), NOW), []);
    let texts: Vec<String> = unusual::tls(&info(29), NOW)
        .into_iter()
        .map(|it| it.text)
        .collect();
    assert_eq!(texts, ["the certificate ends in 29 days"]);
    let mut odd = info(-3);
    odd.is_verified = false;
    odd.version = "TLS 1.2".into();
    odd.chain[0].issuer = "CN=broker".into();
    assert_eq!(unusual::tls(&odd, NOW).len(), 4);
}

#[test]
fn a_connack_that_takes_something_away_is_unusual() {
    let profile = profile("mqtt://h");
    let usual = ConnectionInfo {
        client_id: "lab-1".into(),
        ..ConnectionInfo::default()
    };
    let fast = Duration::from_millis(3);
    assert_eq!(unusual::connack(&usual, &profile, fast), []);
    let poor = ConnectionInfo {
        client_id_was_assigned: true,
        session_present: true,
        server_reference: Some("other:1883".into()),
        server_keep_alive_secs: Some(10),
        receive_maximum: Some(1),
        maximum_packet_size: Some(1000),
        maximum_qos: Some(Qos::AtLeastOnce),
        retain_available: Some(false),
        wildcard_subscriptions_available: Some(false),
        shared_subscriptions_available: Some(false),
        ..usual.clone()
    };
    let slow = Duration::from_secs(2);
    assert_eq!(unusual::connack(&poor, &profile, slow).len(), 11);
    let old = ConnectionInfo {
        version: MqttVersion::V311,
        ..usual
    };
    let either = Profile {
        falls_back: VersionChoice::Auto != VersionChoice::V5,
        ..profile
    };
    assert_eq!(unusual::connack(&old, &either, fast).len(), 1);
}

#[test]
fn a_password_in_the_open_is_unusual_unless_it_stays_on_this_machine() {
    let secrets = Secrets::from(Some(Secret::new("hunter2".to_owned())));
    assert!(unusual::way(&profile("mqtt://h"), &secrets).is_some());
    for fine in ["mqtts://h", "mqtt://127.0.0.1", "unix:///run/m"] {
        assert_eq!(unusual::way(&profile(fine), &secrets), None, "{fine}");
    }
    let none = Secrets::default();
    assert_eq!(unusual::way(&profile("mqtt://h"), &none), None);
    assert!(secrets.get(&SecretSlot::Password).is_some());
}

#[test]
fn a_report_has_everything_in_words() {
    let mut diagnosis = Diagnosis::new(&profile("mqtts://h"));
    let done = StepReport::done(Step::Resolve, Duration::from_millis(2), "10.0.0.1")
        .with([Detail::new("from", "1.2.3.4:5")])
        .but([Unusual {
            text: "that is odd".to_owned(),
            hint: "look at it".to_owned(),
        }]);
    assert_eq!(done.state, State::Warning);
    diagnosis.apply(Told::Ended(Box::new(done)));
    diagnosis.apply(Told::Shown(Arc::new(TlsInfo {
        chain: vec![certificate(41)],
        ..TlsInfo::default()
    })));
    let failed = StepReport::failed(Step::Tls, None, problem());
    let value = report::json(&failed);
    assert_eq!(value["state"], "failed");
    assert_eq!(value["problem"]["reason_code"], 0x87);
    diagnosis.apply(Told::Ended(Box::new(failed)));
    diagnosis.apply(Told::Finished);
    let text = report::text(&diagnosis, "Lab", &profile("mqtts://h").address, NOW);
    let web = profile("wss://h/mqtt?token=hunter2").address;
    assert!(!report::text(&diagnosis, "Lab", &web, NOW).contains("hunter2"));
    for part in [
        "Test of the connection Lab (mqtts://h:8883), 2026-01-01T00:00:00",
        "warning  Name resolution   2.00 ms  10.0.0.1",
        "unusual: that is odd",
        "from: 1.2.3.4:5",
        "failed   TLS",
        "what to do: Is the broker running?",
        "SHA-256   00ff",
        "ends in 41 days",
        "waiting  CONNECT",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let end = report::json_end(&diagnosis, &["Use port 1".to_owned()]);
    assert_eq!(end["failed"][0], "tls");
}
