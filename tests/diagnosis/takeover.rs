//! Somebody else takes the client id.

use crate::common::{Mosquitto, wait_until};
use crate::{draft, none, session, step, test_in};
use roundtrip::model::connection::ConnectionState;
use roundtrip::model::diagnosis::{Plan, Remedy, State, Step, Watch};
use roundtrip::model::profile::ProfileDraft;
use roundtrip::mqtt::{Client, ClientEvent, ClientOptions};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

fn watching() -> Plan {
    Plan {
        watch_time: Duration::from_secs(2),
        ..Plan::default()
    }
}

/// A client that comes back at once whenever it is thrown out.
struct Thief {
    client: Arc<OnceLock<Client>>,
    is_over: Arc<AtomicBool>,
    /// There until the end.
    _runtime: tokio::runtime::Runtime,
}

impl Thief {
    fn start(draft: &ProfileDraft) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let client: Arc<OnceLock<Client>> = Arc::default();
        let is_over = Arc::<AtomicBool>::default();
        let (again, over) = (Arc::clone(&client), Arc::clone(&is_over));
        let sink = move |event| {
            if let ClientEvent::State(ConnectionState::Refused { .. }) = event
                && !over.load(Ordering::Relaxed)
                && let Some(client) = again.get()
            {
                client.reconnect_now();
            }
        };
        let options = ClientOptions::new(draft.validate("thief").unwrap(), None);
        let started = Client::start(runtime.handle(), options, Arc::new(sink));
        client.set(started).ok();
        let thief = Self {
            client,
            is_over,
            _runtime: runtime,
        };
        wait_until("the thief is connected", || {
            thief.client.get().unwrap().state().is_connected()
        });
        thief
    }
}

impl Drop for Thief {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(client) = self.client.get() {
            client.disconnect();
        }
    }
}

#[test]
fn it_is_counted_and_the_broker_tells_from_where() {
    let broker = Mosquitto::start("log_dest topic\nlog_type all\n");
    let stolen = draft(&broker.url());
    let thief = Thief::start(&stolen);
    let diagnosis = test_in(&mut session(), &stolen, none(), watching());
    drop(thief);
    let report = step(&diagnosis, Step::ClientId);
    assert_eq!(report.state, State::Failed, "{diagnosis:#?}");
    let problem = report.problem.as_ref().unwrap();
    assert!(problem.summary.contains(&stolen.client_id), "{problem:?}");
    assert!(problem.summary.contains("times a minute"), "{problem:?}");
    assert!(
        problem.summary.starts_with("another client took"),
        "{problem:?}"
    );
    assert_eq!(diagnosis.remedies, [Remedy::NewClientId]);
    let seen = report
        .details
        .iter()
        .filter(|it| it.name == "Seen by the broker");
    assert!(seen.clone().count() > 0, "{report:?}");
    assert!(
        seen.clone().all(|it| it.value.starts_with("127.0.0.1:")),
        "{report:?}"
    );
    assert!(
        problem.hint.contains("from where it connects"),
        "{problem:?}"
    );
    // The test itself worked: it has a client id of its own.
    assert_eq!(step(&diagnosis, Step::RoundTrip).state, State::Done);
}

#[test]
fn the_built_in_broker_says_it_in_its_disconnect() {
    let mut session = session();
    session.start_broker().unwrap();
    let address = session.broker().unwrap().address();
    let stolen = draft(&format!("mqtt://{address}"));
    let thief = Thief::start(&stolen);
    let diagnosis = test_in(&mut session, &stolen, none(), watching());
    drop(thief);
    let report = step(&diagnosis, Step::ClientId);
    let problem = report.problem.as_ref().unwrap();
    assert_eq!(problem.reason.as_ref().unwrap().code, 0x8E, "{problem:?}");
    assert!(
        problem.hint.contains("look for the client id in its log"),
        "{problem:?}"
    );
}

#[test]
fn nobody_takes_an_id_that_nobody_else_has() {
    let broker = Mosquitto::start("");
    let diagnosis = test_in(&mut session(), &draft(&broker.url()), none(), watching());
    let report = step(&diagnosis, Step::ClientId);
    assert_eq!(report.state, State::Done, "{report:?}");
    assert!(report.found.starts_with("nobody took"), "{report:?}");
}

#[test]
fn one_of_ours_is_named() {
    let broker = Mosquitto::start("");
    let own = draft(&broker.url());
    let mut session = session();
    let twin = ProfileDraft {
        name: "Twin".to_owned(),
        ..own.clone()
    };
    session
        .connect(twin.validate("twin").unwrap(), None)
        .unwrap();
    wait_until("connected", || {
        session.drain(100);
        session.state("twin").is_connected()
    });
    let always = Plan {
        watch: Watch::Always,
        ..watching()
    };
    let diagnosis = test_in(&mut session, &own, none(), always);
    let report = step(&diagnosis, Step::ClientId);
    let names: Vec<&str> = report.details.iter().map(|it| it.value.as_str()).collect();
    assert!(names.contains(&"the connection Twin"), "{report:?}");
    assert!(
        matches!(report.state, State::Warning | State::Failed),
        "{report:?}"
    );
}

#[test]
fn a_session_is_left_alone() {
    let broker = Mosquitto::start("");
    let kept = ProfileDraft {
        session_expiry_secs: 60,
        ..draft(&broker.url())
    };
    let diagnosis = test_in(&mut session(), &kept, none(), watching());
    let report = step(&diagnosis, Step::ClientId);
    assert_eq!(report.state, State::Skipped, "{report:?}");
    assert!(!broker.log().contains(&format!("as {} ", kept.client_id)));
}
