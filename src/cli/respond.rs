//! `roundtrip respond`: a simulated device until Ctrl+C.

use crate::cli::exit::ExitCode;
use crate::cli::headless;
use crate::cli::out;
use crate::cli::stop::Stop;
use crate::model::connection::ConnectionState;
use crate::model::payload;
use crate::model::profile::Profile;
use crate::model::responder::Device;
use crate::model::secret::Secrets;
use crate::model::text;
use crate::session::{DeviceEvent, Event, RunningDevice};
use std::sync::Arc;
use std::time::Duration;

pub struct Respond {
    pub profile: Profile,
    pub secrets: Secrets,
    pub device: Device,
    pub is_quiet: bool,
}

pub fn run(respond: Respond) -> Result<ExitCode, Stop> {
    let mut session = headless::start()?;
    let id: Arc<str> = "device".into();
    let (address, quiet) = (respond.profile.address.to_string(), respond.is_quiet);
    session.start_device(&id, respond.device, &respond.profile, respond.secrets)?;
    let mut has_listened = false;
    loop {
        let mut over: Option<Stop> = None;
        let pumped = headless::pump(&mut session, Duration::from_mins(1), |event, session| {
            let Event::Device { event, .. } = event else {
                return;
            };
            match event {
                DeviceEvent::Listening { .. }
                    if session.device(&id).is_some_and(RunningDevice::is_listening) =>
                {
                    has_listened = true;
                    let filters: Vec<String> = session
                        .device(&id)
                        .map(|device| {
                            device
                                .spec
                                .listens
                                .iter()
                                .map(ToString::to_string)
                                .collect()
                        })
                        .unwrap_or_default();
                    out::say(&format!(
                        "listening to {} on {address}; Ctrl+C ends it",
                        filters.join(", ")
                    ));
                }
                DeviceEvent::State(ConnectionState::Refused { problem }) => {
                    over = Some(headless::refused(problem));
                }
                // Later on the connection is made again by itself.
                DeviceEvent::State(ConnectionState::Retrying { problem, .. }) if !has_listened => {
                    over = Some(headless::not_connected(problem));
                }
                DeviceEvent::State(ConnectionState::Retrying { problem, .. }) => {
                    out::say(&format!("{}; trying again", problem.summary))
                }
                DeviceEvent::Received { message, .. } if !quiet => out::say(&format!(
                    "← {} {}",
                    message.topic,
                    payload::preview(&message.payload, 200)
                )),
                DeviceEvent::Answered { answer, .. } if !quiet => out::say(&format!(
                    "→ {} {}",
                    answer.topic,
                    payload::preview(&answer.payload, 200)
                )),
                DeviceEvent::Published { message, .. } if !quiet => out::say(&format!(
                    "· {} {}",
                    message.topic,
                    payload::preview(&message.payload, 200)
                )),
                DeviceEvent::NotPublished { topic, why, .. } => {
                    out::say(&format!("{topic} was not published: {why}"))
                }
                DeviceEvent::Asleep { wakes, at } => out::say(&format!(
                    "asleep, wakes in {}",
                    text::duration(wakes.since(*at))
                )),
                DeviceEvent::NotListening { filter, why, .. } => {
                    over = Some(Stop::new(
                        ExitCode::Refused,
                        format!("cannot listen to {filter}: {why}"),
                        "",
                    ))
                }
                DeviceEvent::Noted { request, note, .. } => {
                    out::say(&format!("{}: {note}", request.topic))
                }
                DeviceEvent::NotAnswered { request, why, .. } => {
                    out::say(&format!("{} was not answered: {why}", request.topic))
                }
                _ => {}
            }
        });
        if let Some(stop) = over {
            return Err(stop);
        }
        if pumped.is_err() {
            session.stop_device(&id);
            return Ok(ExitCode::Answered);
        }
    }
}
