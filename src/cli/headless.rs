//! A session without a window: connect and wait, send and wait, say what happens.

use crate::cli::exit::ExitCode;
use crate::cli::stop::Stop;
use crate::model::connection::{ConnectionState, Problem};
use crate::model::profile::{BrokerAddress, Profile, ProfileDraft};
use crate::model::request::Surroundings;
use crate::model::secret::{Secret, Secrets};
use crate::session::{Event, Session};
use crate::store;
use std::time::{Duration, Instant};

/// A session that nothing wakes: the commands wait for it.
pub fn start() -> Result<Session, Stop> {
    let mut session = Session::start(Box::new(|| {}))?;
    session.read_files_by(store::read_named);
    session.watch_signals();
    Ok(session)
}

/// A profile for one run, from an address as typed.
pub fn profile_of_url(
    url: &str,
    client_id: Option<&str>,
) -> Result<(Profile, Option<Secret>), Stop> {
    let usage = |text: String| Stop::new(ExitCode::Usage, text, "");
    let parsed = BrokerAddress::parse(url).map_err(usage)?;
    let generated = format!("roundtrip-{:08x}", rand::random::<u32>());
    let draft = ProfileDraft {
        name: parsed.address.to_string(),
        address: parsed.address.to_string(),
        client_id: client_id.map_or(generated, str::to_owned),
        user_name: parsed.user_name.unwrap_or_default(),
        password_wanted: parsed.password.is_some(),
        ..ProfileDraft::default()
    };
    let profile = draft.validate("command-line").map_err(|errors| {
        usage(
            errors
                .into_iter()
                .map(|err| err.message)
                .collect::<Vec<_>>()
                .join("; "),
        )
    })?;
    Ok((profile, parsed.password.map(Secret::new)))
}

/// Drains once events are there, or `most` has passed. Says whether to go on.
pub fn pump(
    session: &mut Session,
    most: Duration,
    mut hear: impl FnMut(&Event, &Session),
) -> Result<(), Stop> {
    session.wait(most);
    for event in session.drain(4_000) {
        if matches!(event, Event::Interrupted) {
            return Err(Stop::interrupted());
        }
        hear(&event, session);
    }
    Ok(())
}

/// Connects and waits until that is done; the first failure ends it.
pub fn connect(
    session: &mut Session,
    profile: Profile,
    secrets: impl Into<Secrets>,
) -> Result<(), Stop> {
    let id = std::sync::Arc::clone(&profile.id);
    session.connect(profile, secrets)?;
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        match session.state(&id) {
            ConnectionState::Connected(_) => return Ok(()),
            ConnectionState::Refused { problem } => return Err(refused(problem)),
            ConnectionState::Retrying { problem, .. } => return Err(not_connected(problem)),
            ConnectionState::Disconnected | ConnectionState::Connecting => {}
        }
        if Instant::now() >= deadline {
            return Err(Stop::new(
                ExitCode::CouldNotConnect,
                "not connected within 30 s",
                "is the broker's address right?",
            ));
        }
        pump(session, Duration::from_millis(200), |_, _| {})?;
    }
}

pub fn refused(problem: &Problem) -> Stop {
    Stop::new(ExitCode::Refused, &*problem.summary, &*problem.hint)
}

/// A broker that answered with a reason code refused; everything else could not be reached.
pub fn not_connected(problem: &Problem) -> Stop {
    let code = if problem.reason.is_some() {
        ExitCode::Refused
    } else {
        ExitCode::CouldNotConnect
    };
    Stop::new(code, &*problem.summary, &*problem.hint)
}

/// What a request needs to know of a connection that is up.
pub fn surroundings<'a>(session: &'a Session, id: &str) -> Surroundings<'a> {
    let unconnected = || Surroundings {
        rules: Some(session.rules()),
        ..Surroundings::default()
    };
    session
        .state(id)
        .info()
        .map_or_else(unconnected, |info| Surroundings {
            client_id: &info.client_id,
            response_information: info.response_information.as_deref(),
            rules: Some(session.rules()),
            environment: None,
        })
}
