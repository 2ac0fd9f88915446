//! What works, and what is unusual about it.

use crate::certs::Authority;
use crate::common::Mosquitto;
use crate::servers::{self, web_bridge};
use crate::{draft, none, session, short, step, test, test_in, trusting};
use roundtrip::model::connection::ConnectionState;
use roundtrip::model::diagnosis::{Diagnosis, State, Step};
use roundtrip::model::profile::{ProfileDraft, VersionChoice};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

#[track_caller]
fn all_done(diagnosis: &Diagnosis) {
    assert_eq!(diagnosis.failure(), None, "{diagnosis:#?}");
    for report in &diagnosis.steps {
        assert!(report.state.is_over(), "{report:?}");
        if report.state != State::Skipped {
            assert!(report.took.is_some(), "{report:?}");
            assert!(!report.found.is_empty(), "{report:?}");
        }
    }
    assert!(diagnosis.remedies.is_empty());
}

#[test]
fn a_plain_broker_passes_every_step_and_keeps_nothing() {
    let broker = Mosquitto::start("");
    let draft = draft(&broker.url());
    let diagnosis = test(&draft, none(), short());
    all_done(&diagnosis);
    assert!(diagnosis.verdict().starts_with("Everything works"));
    assert!(
        step(&diagnosis, Step::RoundTrip)
            .found
            .starts_with("median of 5")
    );
    let found = &step(&diagnosis, Step::ResponseTopic).found;
    assert!(
        found.starts_with("clients/diag-") && found.contains("-test-"),
        "{found}"
    );
    assert_eq!(
        step(&diagnosis, Step::Unsubscribe).found,
        "2 subscriptions ended"
    );
    crate::common::wait_until("the broker has read the DISCONNECT", || {
        broker.log().contains("Received DISCONNECT")
    });
    let log = broker.log();
    assert!(!log.contains("r1, m"), "something was retained:\n{log}");
}

#[test]
fn a_live_connection_of_the_same_profile_stays() {
    let broker = Mosquitto::start("");
    let draft = draft(&broker.url());
    let mut session = session();
    session
        .connect(draft.validate("tested").unwrap(), None)
        .unwrap();
    crate::common::wait_until("connected", || {
        session.drain(100);
        session.state("tested").is_connected()
    });
    let plan = roundtrip::model::diagnosis::Plan::default();
    let diagnosis = test_in(&mut session, &draft, none(), plan);
    all_done(&diagnosis);
    let watched = step(&diagnosis, Step::ClientId);
    assert_eq!(watched.state, State::Skipped);
    assert!(
        watched.found.contains("Tested is connected with it"),
        "{watched:?}"
    );
    session.drain(1000);
    let state = session.state("tested");
    assert!(matches!(state, ConnectionState::Connected(_)), "{state:?}");
}

#[test]
fn tls_shows_the_certificate_and_who_vouches_for_it() {
    let authority = Authority::new();
    let broker = Mosquitto::start(&authority.broker().config(&authority));
    let draft = trusting(&format!("mqtts://localhost:{}", broker.port()), &authority);
    let diagnosis = test(&draft, none(), short());
    all_done(&diagnosis);
    let tls = diagnosis.tls.clone().unwrap();
    let root = tls.root.clone().unwrap();
    assert!(root.contains("Roundtrip test authority"), "{root}");
    assert!(
        root.contains(&authority.file().display().to_string()),
        "{root}"
    );
    let own = &tls.chain[0];
    assert_eq!(&*own.key, "EC P-256");
    let file = std::fs::read_to_string(authority.folder().join("broker.crt")).unwrap();
    let body = |pem: &str| pem.split_whitespace().collect::<String>();
    assert_eq!(body(&own.pem()), body(&file));
    assert!(
        step(&diagnosis, Step::Tls)
            .details
            .iter()
            .any(|it| it.name == "Root")
    );
}

#[test]
fn a_certificate_that_ends_soon_and_one_that_nobody_verified_are_unusual() {
    let authority = Authority::new();
    let soon = chrono::Utc::now() + chrono::Duration::days(10);
    let pair = authority.sign("soon", &["localhost"], |params| {
        use chrono::Datelike as _;
        let day = u8::try_from(soon.day()).unwrap();
        let month = u8::try_from(soon.month()).unwrap();
        params.not_after = rcgen::date_time_ymd(soon.year(), month, day);
    });
    let broker = Mosquitto::start(&pair.config(&authority));
    let mut draft = trusting(&format!("mqtts://localhost:{}", broker.port()), &authority);
    draft.tls.as_mut().unwrap().verify = false;
    let diagnosis = test(&draft, none(), short());
    all_done(&diagnosis);
    let report = step(&diagnosis, Step::Tls);
    assert_eq!(report.state, State::Warning);
    let said: Vec<&str> = report.unusual.iter().map(|it| it.text.as_str()).collect();
    assert!(
        said.iter().any(|it| it.contains("ends in 9 days")),
        "{said:?}"
    );
    assert!(
        said.iter().any(|it| it.contains("nobody looked")),
        "{said:?}"
    );
    assert_eq!(
        diagnosis.verdict(),
        "It works; with one step something is unusual"
    );
}

#[test]
fn web_sockets_have_a_step_of_their_own() {
    let broker = Mosquitto::start("");
    let port = web_bridge(broker.port(), None, None);
    let diagnosis = test(
        &draft(&format!("ws://127.0.0.1:{port}/mqtt")),
        none(),
        short(),
    );
    all_done(&diagnosis);
    assert_eq!(step(&diagnosis, Step::WebSocket).state, State::Done);
}

/// Lets MQTT 3.1.1 through to a broker, and refuses MQTT 5 as brokers do that do not know it.
fn only_3_1_1(broker: u16) -> u16 {
    servers::serve("3.1.1 only", move |mut client| {
        let mut head = [0; 9];
        if client.read_exact(&mut head).is_err() {
            return;
        }
        if head[8] != 4 {
            client.write_all(&[0x20, 2, 0, 1]).ok();
            return;
        }
        let Ok(mut server) = TcpStream::connect(("127.0.0.1", broker)) else {
            return;
        };
        server.write_all(&head).ok();
        let (mut back, mut forth) = (server.try_clone().unwrap(), client.try_clone().unwrap());
        let thread = std::thread::Builder::new().name("back".to_owned());
        thread
            .spawn(move || std::io::copy(&mut back, &mut forth).ok())
            .unwrap();
        std::io::copy(&mut client, &mut server).ok();
        server.shutdown(std::net::Shutdown::Both).ok();
    })
}

#[test]
fn a_broker_of_mqtt_3_1_1_alone_is_unusual_where_it_may_be_and_else_the_cause() {
    let broker = Mosquitto::start("");
    let address = format!("mqtt://127.0.0.1:{}", only_3_1_1(broker.port()));
    let either = ProfileDraft {
        mqtt_version: VersionChoice::Auto,
        ..draft(&address)
    };
    let diagnosis = test(&either, none(), short());
    all_done(&diagnosis);
    let report = step(&diagnosis, Step::Mqtt);
    assert!(
        report.unusual[0].text.contains("MQTT 3.1.1 is spoken"),
        "{report:?}"
    );
    assert_eq!(step(&diagnosis, Step::ResponseTopic).state, State::Skipped);
    let five = draft(&address);
    let diagnosis = test(&five, none(), short());
    crate::failed(&diagnosis, Step::Mqtt);
    assert_eq!(crate::labels(&five, &diagnosis), ["Use MQTT 3.1.1"]);
}
