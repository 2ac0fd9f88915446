//! "Test connection" against real brokers and half ones: what works, what fails and where, and what is offered.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

#[path = "../ways/certs.rs"]
#[expect(dead_code, reason = "every test binary uses its own part of it")]
mod certs;
#[path = "../common/mod.rs"]
mod common;
mod fails;
#[path = "../common/program.rs"]
mod program;
#[path = "../ways/servers.rs"]
#[expect(dead_code, reason = "every test binary uses its own part of it")]
mod servers;
mod takeover;
mod told;
mod works;

use roundtrip::model::diagnosis::{Diagnosis, Plan, State, Step, StepReport, Watch};
use roundtrip::model::profile::ProfileDraft;
use roundtrip::model::secret::Secrets;
use roundtrip::session::{Event, Session};
use roundtrip::store;
use std::time::{Duration, Instant};

fn draft(address: &str) -> ProfileDraft {
    ProfileDraft {
        name: "Tested".to_owned(),
        address: address.to_owned(),
        client_id: format!("diag-{:08x}", rand::random::<u32>()),
        connect_timeout_secs: 5,
        ..ProfileDraft::default()
    }
}

fn trusting(address: &str, authority: &certs::Authority) -> ProfileDraft {
    authority.trusted_by(draft(address))
}

fn none() -> Secrets {
    Secrets::default()
}

/// Without the watch, which takes its time.
fn short() -> Plan {
    Plan {
        watch: Watch::Never("not in this test".to_owned()),
        ..Plan::default()
    }
}

fn session() -> Session {
    let mut session = Session::start(Box::new(|| {})).unwrap();
    session.read_files_by(store::read_named);
    session
}

#[track_caller]
fn test(draft: &ProfileDraft, secrets: Secrets, plan: Plan) -> Diagnosis {
    test_in(&mut session(), draft, secrets, plan)
}

#[track_caller]
fn test_in(session: &mut Session, draft: &ProfileDraft, secrets: Secrets, plan: Plan) -> Diagnosis {
    let profile = draft.validate("tested").unwrap();
    let mut diagnosis = Diagnosis::new(&profile);
    let generation = session.diagnose(profile, secrets, plan).unwrap();
    let until = Instant::now() + common::DEADLINE * 3;
    while diagnosis.is_running() {
        assert!(Instant::now() < until, "{diagnosis:#?}");
        session.wait(Duration::from_millis(50));
        for event in session.drain(1000) {
            if let Event::Diagnosis {
                generation: of,
                told,
            } = event
                && of == generation
            {
                diagnosis.apply(told);
            }
        }
    }
    diagnosis
}

#[track_caller]
fn step(diagnosis: &Diagnosis, step: Step) -> &StepReport {
    match diagnosis.step(step) {
        Some(report) => report,
        None => panic!("no {step:?}: {diagnosis:#?}"),
    }
}

/// That step failed, and what comes after it was not tried.
#[track_caller]
fn failed(diagnosis: &Diagnosis, wanted: Step) -> &StepReport {
    let report = diagnosis.failure();
    let report = report.unwrap_or_else(|| panic!("nothing failed: {diagnosis:#?}"));
    assert_eq!(report.step, wanted, "{diagnosis:#?}");
    let problem = report.problem.as_ref().unwrap();
    assert!(!problem.summary.is_empty() && !problem.hint.is_empty());
    if wanted <= Step::Mqtt {
        for later in diagnosis
            .steps
            .iter()
            .filter(|it| it.step > wanted && it.step != Step::Cause)
        {
            assert_eq!(later.state, State::Skipped, "{later:?}");
            assert!(!later.found.is_empty());
        }
    }
    report
}

#[track_caller]
fn labels(draft: &ProfileDraft, diagnosis: &Diagnosis) -> Vec<String> {
    let address = draft.validate("tested").unwrap().address;
    let remedies = diagnosis.remedies.iter();
    remedies
        .map(|remedy| remedy.label(Some(&address)))
        .collect()
}
