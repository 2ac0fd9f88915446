//! `roundtrip demo`: plays a demo without a window.

use crate::cli::exit::ExitCode;
use crate::cli::headless;
use crate::cli::stop::Stop;
use crate::cli::{json, out};
use crate::model::demo::Demo;
use crate::model::exchange::{Change, Exchange};
use crate::model::payload;
use crate::model::profile::{BUILT_IN_ADDRESS, BUILT_IN_ID, ProfileDraft};
use crate::model::secret::Secret;
use crate::model::text;
use crate::session::{ConnectionEvent, DemoPlayer, DemoProgress, Event, Session};
use std::time::Duration;

pub fn list() -> Result<ExitCode, Stop> {
    for demo in Demo::shipped() {
        out::line(&format!("{:<14} {}", demo.name, demo.summary))?;
    }
    Ok(ExitCode::Answered)
}

/// The demo of that name, or which ones there are.
pub fn find(name: &str) -> Result<Demo, Stop> {
    Demo::find(name).ok_or_else(|| {
        let names: Vec<String> = Demo::shipped().into_iter().map(|demo| demo.name).collect();
        Stop::usage(
            format!("there is no demo `{name}`"),
            format!("there are {}", names.join(", ")),
        )
    })
}

/// Plays the demo on the built-in broker, or on the one at `url`.
pub fn run(name: &str, url: Option<&str>, as_json: bool) -> Result<ExitCode, Stop> {
    let demo = find(name)?;
    let mut session = headless::start()?;
    start(&mut session, &demo, url)?;
    let mut player = DemoPlayer::new(&demo, Session::now());
    loop {
        let progress = player.tick(&mut session, Session::now());
        while let Some(words) = player.next_words() {
            out::say(&words);
        }
        match progress {
            DemoProgress::Done(report) => {
                settle(&mut session)?;
                for id in &report.exchanges {
                    if let Some(exchange) = session.timeline.exchange(*id) {
                        out::line(&if as_json {
                            json::line(exchange)
                        } else {
                            words(exchange)
                        })?;
                    }
                }
                for failure in &report.failures {
                    out::say(&format!("not as it should be: {failure}"));
                }
                return Ok(if report.failures.is_empty() {
                    ExitCode::Answered
                } else {
                    ExitCode::Failed
                });
            }
            DemoProgress::Running { next } => {
                let wait = next.since(Session::now()).min(Duration::from_millis(200));
                headless::pump(&mut session, wait, |event, _| tell(event))?;
            }
        }
    }
}

/// The scene: every connection, then every device.
fn start(session: &mut Session, demo: &Demo, url: Option<&str>) -> Result<(), Stop> {
    let parsed = url
        .map(|url| headless::profile_of_url(url, None))
        .transpose()?;
    let address = parsed.as_ref().map_or_else(
        || BUILT_IN_ADDRESS.to_owned(),
        |(profile, _)| profile.address.to_string(),
    );
    let user_name = parsed
        .as_ref()
        .and_then(|(profile, _)| profile.user_name.as_deref())
        .unwrap_or_default()
        .to_owned();
    let password: Option<Secret> = parsed.and_then(|(_, password)| password);
    let profile = |id: &str| {
        let draft = demo
            .connections
            .iter()
            .find(|connection| connection.id == id)
            .map(|connection| connection.draft.clone());
        let draft = draft.unwrap_or_else(|| ProfileDraft {
            client_id: format!("roundtrip-{:08x}", rand::random::<u32>()),
            ..ProfileDraft::built_in()
        });
        let draft = ProfileDraft {
            address: address.clone(),
            user_name: user_name.clone(),
            name: if id == BUILT_IN_ID {
                address.clone()
            } else {
                draft.name.clone()
            },
            ..draft
        };
        draft.validate(id).map_err(|errors| {
            Stop::new(
                ExitCode::Failed,
                errors
                    .into_iter()
                    .map(|err| err.message)
                    .collect::<Vec<_>>()
                    .join("; "),
                "",
            )
        })
    };
    for id in demo.connection_ids() {
        if demo
            .requests
            .iter()
            .any(|request| request.draft.connection == id)
        {
            headless::connect(session, profile(id)?, password.clone())?;
        }
    }
    for device in &demo.devices {
        let spec = device.draft.validate(session.rules()).map_err(|errors| {
            Stop::new(
                ExitCode::Failed,
                errors
                    .into_iter()
                    .map(|err| err.message)
                    .collect::<Vec<_>>()
                    .join("; "),
                "",
            )
        })?;
        session.start_device(
            &device.id,
            spec,
            &profile(&device.draft.connection)?,
            password.clone(),
        )?;
    }
    Ok(())
}

/// What a device saw may come after the reply: the last legs are waited for, briefly.
fn settle(session: &mut Session) -> Result<(), Stop> {
    for _ in 0..5 {
        headless::pump(session, Duration::from_millis(20), |event, _| tell(event))?;
    }
    Ok(())
}

fn words(exchange: &Exchange) -> String {
    let time = exchange
        .round_trip()
        .map_or_else(|| "—".to_owned(), text::duration);
    let reply = exchange
        .replies
        .first()
        .map(|reply| payload::preview(&reply.message.payload, 80))
        .unwrap_or_default();
    format!(
        "{:<12} {:>9}  {}  {}",
        exchange.verdict.word(),
        time,
        exchange.message.topic,
        reply
    )
}

fn tell(event: &Event) {
    match event {
        Event::Connection {
            event: ConnectionEvent::Published { message, .. },
            ..
        } => {
            out::say(&format!(
                "published {} {}: no reply was asked for",
                message.topic,
                payload::preview(&message.payload, 80)
            ));
        }
        Event::Connection {
            event: ConnectionEvent::Arrived {
                message, verdict, ..
            },
            ..
        } => out::say(&format!("{} on {}", verdict.label(), message.topic)),
        Event::Connection {
            event:
                ConnectionEvent::Changed {
                    change: Change::Finished(verdict),
                    ..
                },
            ..
        } if !verdict.is_answered() => {
            out::say(&format!("an exchange ended: {}", verdict.word()));
        }
        _ => {}
    }
}
