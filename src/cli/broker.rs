//! `roundtrip broker`: the built-in broker alone.

use crate::cli::exit::ExitCode;
use crate::cli::headless;
use crate::cli::out;
use crate::cli::stop::Stop;
use crate::model::payload;
use crate::session::{BrokerEvent, Event};
use std::time::Duration;

pub fn run(port: Option<u16>, is_verbose: bool) -> Result<ExitCode, Stop> {
    let mut session = headless::start()?;
    session.set_broker_port(port);
    let address = session.start_broker()?.address();
    out::line(&format!("listening on {address}"))?;
    out::say("clients on this machine can connect now; Ctrl+C ends it");
    loop {
        let pumped = headless::pump(&mut session, Duration::from_mins(1), |event, _| {
            if is_verbose && let Event::Broker(event) = event {
                out::say(&words(event));
            }
        });
        if pumped.is_err() {
            return Ok(ExitCode::Answered);
        }
    }
}

fn words(event: &BrokerEvent) -> String {
    match event {
        BrokerEvent::Connected { client_id, .. } => format!("{client_id} connected"),
        BrokerEvent::Disconnected {
            client_id,
            unexpected: true,
            ..
        } => format!("{client_id} disconnected without saying so"),
        BrokerEvent::Disconnected { client_id, .. } => format!("{client_id} disconnected"),
        BrokerEvent::Subscribed {
            client_id,
            filter,
            refused: true,
            ..
        } => format!("{client_id} was refused the subscription to {filter}"),
        BrokerEvent::Subscribed {
            client_id,
            filter,
            qos,
            ..
        } => format!("{client_id} subscribed to {filter} ({qos})"),
        BrokerEvent::Unsubscribed { client_id, filter } => {
            format!("{client_id} unsubscribed from {filter}")
        }
        BrokerEvent::Published {
            client_id,
            topic,
            payload,
            heard,
            ..
        } => {
            let heard = if *heard { "" } else { " (nobody listens)" };
            format!(
                "{client_id} published {topic} {}{heard}",
                payload::preview(payload, 120)
            )
        }
    }
}
