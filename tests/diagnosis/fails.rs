//! What fails: at which step, what is said, and what is offered.

use crate::certs::Authority;
use crate::common::{Mosquitto, free_port};
use crate::servers::web_bridge;
use crate::{draft, failed, labels, none, session, short, step, test, trusting};
use roundtrip::model::diagnosis::{Diagnosis, Plan, Remedy, State, Step, said};
use roundtrip::model::profile::{ProfileDraft, SecretSlot, VersionChoice};
use roundtrip::model::secret::{Secret, Secrets};
use roundtrip::model::topic::TopicName;
use std::process::Command;
use std::time::{Duration, Instant};

#[test]
fn a_closed_port_and_an_unknown_name() {
    let diagnosis = test(
        &draft(&format!("mqtt://127.0.0.1:{}", free_port())),
        none(),
        short(),
    );
    let report = failed(&diagnosis, Step::Connect);
    assert!(
        report
            .problem
            .as_ref()
            .unwrap()
            .summary
            .contains("nothing listens")
    );
    let diagnosis = test(&draft("mqtt://no-such-host.invalid"), none(), short());
    failed(&diagnosis, Step::Resolve);
    assert_eq!(diagnosis.step(Step::Cause), None);
}

#[test]
fn plain_on_a_port_for_tls_and_tls_on_a_plain_one() {
    let authority = Authority::new();
    let encrypted = Mosquitto::start(&authority.broker().config(&authority));
    let plain = Mosquitto::start("");
    let wrong = draft(&format!("mqtt://localhost:{}", encrypted.port()));
    let diagnosis = test(&wrong, none(), short());
    failed(&diagnosis, Step::Mqtt);
    assert!(
        step(&diagnosis, Step::Cause)
            .found
            .contains("is one for TLS")
    );
    assert_eq!(labels(&wrong, &diagnosis), ["Switch TLS on"]);
    // What is offered helps, as far as it goes: the authority is still unknown.
    let mut mended = wrong;
    assert!(diagnosis.remedies[0].apply(&mut mended, String::new));
    let diagnosis = test(&mended, none(), short());
    let report = failed(&diagnosis, Step::Tls);
    assert!(
        report
            .problem
            .as_ref()
            .unwrap()
            .summary
            .contains("not trusted")
    );
    let wrong = trusting(&format!("mqtts://localhost:{}", plain.port()), &authority);
    let diagnosis = test(&wrong, none(), short());
    failed(&diagnosis, Step::Tls);
    let offered = labels(&wrong, &diagnosis);
    assert_eq!(offered.last().unwrap(), "Switch TLS off", "{offered:?}");
}

#[test]
fn an_expired_certificate_and_one_for_another_name() {
    let authority = Authority::new();
    let old = Mosquitto::start(&authority.expired().config(&authority));
    let expired = trusting(&format!("mqtts://localhost:{}", old.port()), &authority);
    let diagnosis = test(&expired, none(), short());
    let report = failed(&diagnosis, Step::Tls);
    assert!(
        report
            .problem
            .as_ref()
            .unwrap()
            .summary
            .contains("has expired")
    );
    assert!(report.details.iter().any(|it| it.value == "localhost"));
    let end = diagnosis.tls.as_ref().unwrap().chain[0].not_after;
    assert_eq!(said::date(end), "2020-01-01");
    assert!(diagnosis.tls.is_some() && diagnosis.remedies.is_empty());
    let pair = authority.sign("far", &["broker.example"], |_| {});
    let far = Mosquitto::start(&pair.config(&authority));
    let mut other = trusting(&format!("mqtts://localhost:{}", far.port()), &authority);
    let diagnosis = test(&other, none(), short());
    failed(&diagnosis, Step::Tls);
    assert_eq!(
        labels(&other, &diagnosis),
        ["Expect the name broker.example"]
    );
    assert!(diagnosis.remedies[0].apply(&mut other, String::new));
    assert_eq!(test(&other, none(), short()).failure(), None);
}

#[test]
fn the_wrong_path_of_a_web_socket() {
    let broker = Mosquitto::start("");
    let port = web_bridge(broker.port(), None, None);
    let mut wrong = draft(&format!("ws://127.0.0.1:{port}/nowhere"));
    let diagnosis = test(&wrong, none(), short());
    failed(&diagnosis, Step::WebSocket);
    assert_eq!(labels(&wrong, &diagnosis), ["Use the path /mqtt"]);
    diagnosis.remedies[0].apply(&mut wrong, String::new);
    assert_eq!(test(&wrong, none(), short()).failure(), None);
    let wrong = draft(&format!("ws://127.0.0.1:{}/mqtt", broker.port()));
    let diagnosis = test(&wrong, none(), short());
    failed(&diagnosis, Step::WebSocket);
    let right = format!("Use mqtt://127.0.0.1:{}", broker.port());
    assert_eq!(labels(&wrong, &diagnosis), [right]);
}

/// Lets in `ann` with `pa55` alone.
fn with_password() -> Mosquitto {
    Mosquitto::start_with(|folder| {
        let file = folder.join("passwords");
        let made = Command::new("mosquitto_passwd")
            .args(["-b", "-c"])
            .arg(&file)
            .args(["ann", "pa55"])
            .status();
        assert!(made.is_ok_and(|status| status.success()));
        format!("allow_anonymous false\npassword_file {}", file.display())
    })
}

#[test]
fn a_wrong_password_is_asked_for_and_is_not_in_the_report() {
    let broker = with_password();
    let ann = ProfileDraft {
        user_name: "ann".to_owned(),
        password_wanted: true,
        ..draft(&broker.url())
    };
    let with = |password: &str| Secrets::from(Some(Secret::new(password.to_owned())));
    let diagnosis = test(&ann, with("hunter2"), short());
    let report = failed(&diagnosis, Step::Mqtt);
    let reason = report.problem.as_ref().unwrap().reason.as_ref().unwrap();
    assert!(matches!(reason.code, 0x86 | 0x87), "{reason}");
    assert_eq!(diagnosis.remedies[0], Remedy::Secret(SecretSlot::Password));
    assert!(!format!("{diagnosis:?}").contains("hunter2"));
    assert_eq!(test(&ann, with("pa55"), short()).failure(), None);
}

pub fn with_acl(lines: &'static str) -> Mosquitto {
    Mosquitto::start_with(|folder| {
        let file = folder.join("acl");
        std::fs::write(&file, lines).unwrap();
        format!("acl_file {}", file.display())
    })
}

/// The built-in broker lets this user subscribe beneath `rr/<client id>/` alone.
fn restricted() -> ProfileDraft {
    ProfileDraft {
        user_name: "restricted".to_owned(),
        client_id: "lamp".to_owned(),
        ..draft("built-in")
    }
}

#[test]
fn an_acl_that_refuses_the_response_topic() {
    let topic = |text: &str| Some(TopicName::new(text).unwrap());
    let elsewhere = Plan {
        own_client_id: true,
        scratch: topic("rr/lamp/scratch"),
        response_topic: topic("lamps/replies"),
        ..short()
    };
    let diagnosis = test(&restricted(), none(), elsewhere.clone());
    let report = failed(&diagnosis, Step::ResponseTopic);
    let problem = report.problem.as_ref().unwrap();
    let start = "not authorized for the Response Topic `lamps/replies`";
    assert!(problem.summary.starts_with(start), "{problem:?}");
    assert!(problem.reason.as_ref().unwrap().is_refusal());
    assert_eq!(step(&diagnosis, Step::RoundTrip).state, State::Done);
    let generated = Plan {
        response_topic: None,
        ..elsewhere
    };
    let diagnosis = test(&restricted(), none(), generated);
    assert_eq!(diagnosis.failure(), None, "{diagnosis:#?}");
}

#[test]
fn an_acl_that_refuses_the_response_topic_without_saying_so() {
    let broker = with_acl("topic readwrite roundtrip/test/#\ntopic write clients/#\n");
    let tested = draft(&broker.url());
    let diagnosis = test(&tested, none(), short());
    let report = failed(&diagnosis, Step::ResponseTopic);
    let problem = report.problem.as_ref().unwrap();
    let start = "not authorized for the Response Topic `clients/";
    assert!(problem.summary.starts_with(start), "{problem:?}");
    assert_eq!(step(&diagnosis, Step::RoundTrip).state, State::Done);
    assert_eq!(diagnosis.remedies, [Remedy::OwnClientId]);
}

#[test]
fn a_response_topic_that_could_not_be_checked_is_no_success() {
    let broker = with_acl("topic readwrite roundtrip/test/#\ntopic read clients/#\n");
    let diagnosis = test(&draft(&broker.url()), none(), short());
    let report = step(&diagnosis, Step::ResponseTopic);
    assert_eq!(report.state, State::Warning, "{report:?}");
    let said = &report.unusual[0].text;
    assert!(said.contains("could not be checked"), "{said}");
    assert_eq!(diagnosis.failure(), None, "{diagnosis:#?}");
    let verdict = diagnosis.verdict();
    assert!(!verdict.contains("Everything works"), "{verdict}");
}

#[test]
fn an_acl_that_goes_by_the_profiles_client_id() {
    let lines =
        "topic readwrite roundtrip/test/#\ntopic read clients/lamp/resp\ntopic write clients/#\n";
    let broker = with_acl(lines);
    let lamp = ProfileDraft {
        client_id: "lamp".to_owned(),
        ..draft(&broker.url())
    };
    let diagnosis = test(&lamp, none(), short());
    failed(&diagnosis, Step::ResponseTopic);
    assert_eq!(
        labels(&lamp, &diagnosis),
        ["Test with the profile's client id"]
    );
    let own = Plan {
        own_client_id: true,
        ..short()
    };
    assert_eq!(test(&lamp, none(), own).failure(), None);
}

#[test]
fn an_acl_that_refuses_the_scratch_topic_and_one_that_says_nothing() {
    let broker = with_acl("topic readwrite allowed/#\ntopic read clients/#\n");
    let tested = draft(&broker.url());
    let diagnosis = test(&restricted(), none(), short());
    failed(&diagnosis, Step::Subscribe);
    assert_eq!(step(&diagnosis, Step::RoundTrip).state, State::Skipped);
    let diagnosis = test(&tested, none(), short());
    failed(&diagnosis, Step::PublishQos1);
    let publish = step(&diagnosis, Step::PublishQos1);
    assert_eq!(publish.state, State::Failed, "{publish:?}");
    assert_eq!(step(&diagnosis, Step::RoundTrip).state, State::Skipped);
    let allowed = Plan {
        scratch: Some(TopicName::new("allowed/scratch").unwrap()),
        ..short()
    };
    let diagnosis = test(&tested, none(), allowed);
    assert_eq!(diagnosis.failure(), None, "{diagnosis:#?}");
    // MQTT 5 says no at QoS 1; at QoS 0 nobody does, and nothing comes back.
    let broker = with_acl("topic readwrite allowed/#\ntopic read deaf\ntopic read clients/#\n");
    let old = ProfileDraft {
        mqtt_version: VersionChoice::V311,
        ..draft(&broker.url())
    };
    let deaf = Plan {
        scratch: Some(TopicName::new("deaf").unwrap()),
        ..short()
    };
    let diagnosis = test(&old, none(), deaf);
    let report = failed(&diagnosis, Step::RoundTrip);
    assert!(
        report
            .problem
            .as_ref()
            .unwrap()
            .summary
            .contains("came back")
    );
}

#[test]
fn a_test_that_is_cancelled_says_no_more() {
    let silent = crate::servers::silent();
    let profile = draft(&format!("mqtt://127.0.0.1:{silent}"))
        .validate("x")
        .unwrap();
    let mut session = session();
    let mut diagnosis = Diagnosis::new(&profile);
    session.diagnose(profile, none(), short()).unwrap();
    let take = |session: &mut roundtrip::session::Session, diagnosis: &mut Diagnosis| {
        session.wait(Duration::from_millis(20));
        for event in session.drain(100) {
            if let roundtrip::session::Event::Diagnosis { told, .. } = event {
                diagnosis.apply(told);
            }
        }
    };
    let until = Instant::now() + crate::common::DEADLINE;
    while step(&diagnosis, Step::Mqtt).state != State::Running {
        assert!(Instant::now() < until, "{diagnosis:?}");
        take(&mut session, &mut diagnosis);
    }
    session.cancel_diagnosis();
    diagnosis.cancel();
    assert_eq!(step(&diagnosis, Step::Mqtt).state, State::Skipped);
    // Nothing is told after what was on its way.
    take(&mut session, &mut diagnosis);
    session.wait(Duration::from_millis(300));
    assert_eq!(session.drain(100).len(), 0);
}
