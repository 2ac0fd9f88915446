use super::*;

fn attempt(stage: Stage) -> Attempt<'static> {
    let draft = crate::model::profile::ProfileDraft {
        name: "n".to_owned(),
        address: "mqtt://h".to_owned(),
        ..Default::default()
    };
    Attempt {
        profile: Box::leak(Box::new(draft.validate("n").unwrap())),
        version: MqttVersion::V5,
        stage,
        was_cut: false,
        host: "h",
        port: 1883,
        client_id: "me",
        user_name: Some("ann"),
        keep_alive_secs: 60,
        connect_timeout: Duration::from_secs(10),
        connack: None,
        disconnect: None,
        first: Vec::new(),
    }
}

fn because(cause: Cause) -> Failure {
    Failure {
        cause,
        detail: "detail".to_owned(),
    }
}

fn io(kind: io::ErrorKind) -> Failure {
    because(Cause::Connect(kind.into()))
}

#[test]
fn a_port_without_a_broker_is_named() {
    let fault = fault(
        &attempt(Stage::Connecting),
        io(io::ErrorKind::ConnectionRefused),
    );
    assert_eq!(
        &*fault.problem.summary,
        "nothing listens on h:1883: connection refused"
    );
    assert!(!fault.is_final);
}

#[test]
fn a_name_that_does_not_exist_is_named() {
    let fault = fault(&attempt(Stage::Resolving), io(io::ErrorKind::Other));
    assert_eq!(&*fault.problem.summary, "the name `h` was not found");
}

#[test]
fn a_refusal_carries_the_reason_string_and_is_final() {
    let connack = Bytes::from_static(&[
        0x20, 11, 0, 0x86, 8, 0x1F, 0, 5, b'n', b'o', b'p', b'e', b'!',
    ]);
    let attempt = Attempt {
        connack: Some(connack),
        ..attempt(Stage::Handshake)
    };
    let fault = fault(&attempt, because(Cause::Closed));
    assert_eq!(
        &*fault.problem.summary,
        "h:1883 refused the connection: bad user name or password: nope!"
    );
    assert!(fault.problem.hint.contains("`ann`"));
    assert_eq!(
        fault.problem.reason.as_ref().map(|reason| reason.code),
        Some(0x86)
    );
    assert!(fault.is_final);
}

#[test]
fn a_busy_broker_is_asked_again() {
    let attempt = Attempt {
        connack: Some(Bytes::from_static(&[0x20, 3, 0, 0x89, 0])),
        ..attempt(Stage::Handshake)
    };
    assert!(!fault(&attempt, because(Cause::Closed)).is_final);
}

#[test]
fn an_old_broker_is_told_by_its_connack() {
    let attempt = Attempt {
        connack: Some(Bytes::from_static(&[0x20, 2, 0, 1])),
        ..attempt(Stage::Handshake)
    };
    let fault = fault(&attempt, io(io::ErrorKind::InvalidData));
    assert!(fault.problem.summary.contains("MQTT 3.1.1 only"));
    assert!(fault.problem.hint.contains("Choose MQTT 3.1.1"));
    assert!(fault.is_final);
}

fn refused_in_3_1_1(connack: &'static [u8]) -> Fault {
    let attempt = Attempt {
        version: MqttVersion::V311,
        connack: Some(Bytes::from_static(connack)),
        ..attempt(Stage::Handshake)
    };
    fault(&attempt, because(Cause::NotMqtt("detail".to_owned())))
}

#[test]
fn every_return_code_of_3_1_1_has_words() {
    for (code, reason, words, is_final) in [
        (1, 0x84, "h:1883 does not speak MQTT 3.1.1", true),
        (2, 0x85, "client id not valid", true),
        (3, 0x88, "server unavailable", false),
        (4, 0x86, "bad user name or password", true),
        (5, 0x87, "not authorized", true),
        (9, 0x80, "unspecified error", false),
    ] {
        let connack: &'static [u8] = vec![0x20, 2, 0, code].leak();
        let fault = refused_in_3_1_1(connack);
        assert!(fault.problem.summary.contains(words), "{fault:?}");
        assert_eq!(fault.problem.reason.map(|reason| reason.code), Some(reason));
        assert_eq!(fault.is_final, is_final, "{code}");
        assert!(
            fault
                .problem
                .detail
                .contains(&format!("return code {code}"))
        );
    }
}

#[test]
fn a_broker_for_mqtt_5_only_is_told_by_its_connack() {
    for connack in [&[0x20, 3, 0, 0x84, 0][..], &[0x20, 2, 0, 1]] {
        let fault = refused_in_3_1_1(connack);
        assert_eq!(&*fault.problem.summary, "h:1883 does not speak MQTT 3.1.1");
        assert!(fault.problem.hint.contains("Choose MQTT 5"));
        assert!(fault.is_final);
    }
}

#[test]
fn a_connection_that_was_cut_is_no_fault_of_the_broker() {
    let attempt = Attempt {
        was_cut: true,
        ..attempt(Stage::Connected)
    };
    let broken = Cause::Broken(io::ErrorKind::ConnectionAborted.into());
    let fault = fault(&attempt, because(broken));
    assert!(fault.problem.summary.contains("was cut here"));
    assert!(!fault.is_final);
}

#[test]
fn a_takeover_is_final_and_any_other_goodbye_is_not() {
    for (code, is_final) in [(0x8E, true), (0x8B, false), (0x8D, false)] {
        for bytes in [vec![0xE0, 1, code], vec![0xE0, 2, code, 0]] {
            let attempt = Attempt {
                disconnect: Some(bytes.into()),
                ..attempt(Stage::Connected)
            };
            let fault = fault(&attempt, because(Cause::Closed));
            assert_eq!(fault.is_final, is_final, "0x{code:02X}");
            assert_eq!(
                fault.problem.reason.as_ref().map(|reason| reason.code),
                Some(code)
            );
        }
    }
}

#[test]
fn a_broken_connack_does_not_panic() {
    for bytes in [&[0x20_u8][..], &[0x20, 0], &[0x20, 0xFF, 0xFF, 0xFF, 0xFF]] {
        let attempt = Attempt {
            connack: Some(Bytes::from_static(bytes)),
            disconnect: Some(Bytes::from_static(bytes)),
            ..attempt(Stage::Handshake)
        };
        let fault = fault(&attempt, io(io::ErrorKind::InvalidData));
        assert!(!fault.problem.summary.is_empty());
    }
}
