//! `roundtrip demo`: plays a demo without a window.

use crate::cli::exit::ExitCode;
use crate::cli::headless;
use crate::cli::stop::Stop;
use crate::cli::{json, out};
use crate::model::FieldError;
use crate::model::demo::Demo;
use crate::model::exchange::{Change, Exchange, Reply, Verdict};
use crate::model::payload;
use crate::model::profile::{BUILT_IN_ADDRESS, BUILT_IN_ID, Profile, ProfileDraft};
use crate::model::secret::Secret;
use crate::model::text;
use crate::session::{ConnectionEvent, DemoPlayer, DemoProgress, Event, Order, Session};
use std::time::Duration;

pub fn list() -> Result<ExitCode, Stop> {
    let demos = Demo::shipped();
    let width = demos.iter().map(|demo| demo.name.len()).max().unwrap_or(0);
    for demo in demos {
        out::line(&format!("{:<width$}  {}", demo.name, demo.summary))?;
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
    let stage = Stage::new(&demo, url)?;
    let mut player = DemoPlayer::new(&demo, &mut session, Session::now());
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
                            json::line(&exchange)
                        } else {
                            words(&exchange)
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
            DemoProgress::Please(order) => stage.carry_out(&order, &mut session)?,
            DemoProgress::Running { next } => {
                let wait = next.since(Session::now()).min(Duration::from_millis(200));
                headless::pump(&mut session, wait, |event, _| tell(event))?;
            }
        }
    }
}

/// The demo's scene on the broker that it is played on.
struct Stage<'a> {
    demo: &'a Demo,
    address: String,
    user_name: String,
    password: Option<Secret>,
    /// Of the connection that all demos share, the same all the time.
    client_id: String,
}

impl<'a> Stage<'a> {
    fn new(demo: &'a Demo, url: Option<&str>) -> Result<Self, Stop> {
        let parsed = url
            .map(|url| headless::profile_of_url(url, None))
            .transpose()?;
        let (profile, password) = parsed.map_or((None, None), |(profile, password)| {
            (Some(profile), password)
        });
        Ok(Self {
            demo,
            address: profile.as_ref().map_or_else(
                || BUILT_IN_ADDRESS.to_owned(),
                |profile| profile.address.to_string(),
            ),
            user_name: profile
                .and_then(|profile| profile.user_name)
                .map_or_else(String::new, |name| name.to_string()),
            password,
            client_id: format!("roundtrip-{:08x}", rand::random::<u32>()),
        })
    }

    fn carry_out(&self, order: &Order, session: &mut Session) -> Result<(), Stop> {
        match order {
            Order::Connect(id) => {
                headless::connect(session, self.profile(id)?, self.password.clone())
            }
            Order::SwitchOn(id) => {
                let Some(device) = self.demo.devices.iter().find(|device| device.id == *id) else {
                    return Ok(());
                };
                let spec = device
                    .draft
                    .validate(session.rules())
                    .map_err(|errors| invalid(&errors))?;
                let profile = self.profile(&device.draft.connection)?;
                session.start_device(id, spec, &profile, self.password.clone())?;
                Ok(())
            }
        }
    }

    fn profile(&self, id: &str) -> Result<Profile, Stop> {
        let connection = self.demo.connections.iter().find(|one| one.id == id);
        let draft = connection.map_or_else(
            || ProfileDraft {
                client_id: self.client_id.clone(),
                ..ProfileDraft::built_in()
            },
            |one| one.draft.clone(),
        );
        // No broker stands in for a listener.
        if draft.is_listener() {
            return draft.validate(id).map_err(|errors| invalid(&errors));
        }
        let draft = ProfileDraft {
            address: self.address.clone(),
            user_name: if self.user_name.is_empty() {
                draft.user_name.clone()
            } else {
                self.user_name.clone()
            },
            name: if id == BUILT_IN_ID {
                self.address.clone()
            } else {
                draft.name.clone()
            },
            ..draft
        };
        draft.validate(id).map_err(|errors| invalid(&errors))
    }
}

fn invalid<F>(errors: &[FieldError<F>]) -> Stop {
    let reasons: Vec<&str> = errors.iter().map(|err| &*err.message).collect();
    Stop::new(ExitCode::Failed, reasons.join("; "), "")
}

/// What a device saw may come after the reply: the last legs are waited for, briefly.
fn settle(session: &mut Session) -> Result<(), Stop> {
    for _ in 0..5 {
        headless::pump(session, Duration::from_millis(20), |event, _| tell(event))?;
    }
    Ok(())
}

/// An exchange in a line; where there are more replies than one, each in a line of its own below.
fn words(exchange: &Exchange) -> String {
    let time = exchange
        .round_trip()
        .map_or_else(|| "—".to_owned(), text::duration);
    let said = |reply: &Reply| payload::preview(&reply.message.payload, 80);
    let how = match &exchange.verdict {
        Verdict::AnsweredWithError { code, message } => {
            let parts = ["error"]
                .into_iter()
                .chain(code.as_deref())
                .chain(message.as_deref());
            format!("{}  ", parts.collect::<Vec<_>>().join(" "))
        }
        _ => String::new(),
    };
    let first = exchange.replies.first().map(said).unwrap_or_default();
    let mut words = format!(
        "{:<12} {time:>9}  {:<28}  {}  {how}{first}",
        exchange.verdict.word(),
        exchange.request.name,
        exchange.message.topic,
    );
    let published = exchange.legs.published.unwrap_or(exchange.legs.queued);
    for reply in exchange.replies.iter().skip(1) {
        let time = text::duration(reply.received.since(published));
        let line = format!("\n{:<12} {time:>9}  {}", "", said(reply));
        words.push_str(&line);
    }
    words
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
