//! `roundtrip request`: one request, its replies on stdout, byte for byte.

use crate::cli::exit::ExitCode;
use crate::cli::headless;
use crate::cli::stop::Stop;
use crate::cli::{json, out};
use crate::model::environment::Environment;
use crate::model::exchange::{Change, Exchange, MessageVerdict, Outcome, Verdict};
use crate::model::pairing::Rules;
use crate::model::payload::{self, Encoding};
use crate::model::profile::Profile;
use crate::model::request::RequestDraft;
use crate::model::secret::Secrets;
use crate::model::text;
use crate::session::{Event, Session};
use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub struct Request {
    pub profile: Profile,
    pub secrets: Secrets,
    pub environment: Arc<Environment>,
    pub draft: RequestDraft,
    /// The rules that its own is looked up in.
    pub rules: Rules,
    /// Where the payload was not typed: exact bytes instead of the draft's.
    pub payload: Option<Vec<u8>>,
    pub as_json: bool,
    pub is_verbose: bool,
}

pub fn run(request: Request) -> Result<ExitCode, Stop> {
    let mut session = headless::start()?;
    let Request {
        profile,
        secrets,
        environment,
        draft,
        rules,
        payload,
        as_json,
        is_verbose,
    } = request;
    session.set_rules(rules);
    let id = Arc::clone(&profile.id);
    // What is wrong with the request is said before anybody is bothered.
    valid(&draft, payload.as_deref(), &session, &id, &environment)?;
    headless::connect(&mut session, profile, secrets)?;
    if is_verbose && let Some(info) = session.state(&id).info() {
        out::say(&format!(
            "connected to {} as {}",
            info.address, info.client_id
        ));
    }
    let valid = valid(&draft, payload.as_deref(), &session, &id, &environment)?;
    let valid = Arc::new(valid);
    if !valid.asks_for_reply() {
        return publish(&mut session, &id, valid);
    }
    let Some(exchange) = session.send(&id, valid) else {
        return Err(gone());
    };
    let is_over = |session: &Session| {
        let exchange = session.timeline.exchange(exchange);
        exchange.is_none_or(|exchange| !exchange.verdict.is_open())
    };
    let mut hear = |event: &Event, _: &Session| {
        if is_verbose {
            tell(event);
        }
    };
    while !is_over(&session) {
        headless::pump(&mut session, Duration::from_millis(500), &mut hear)?;
    }
    // That a connection is lost may be told a moment after what was lost with it.
    headless::pump(&mut session, Duration::from_millis(1), &mut hear)?;
    let is_failed = |session: &Session| {
        let exchange = session.timeline.exchange(exchange);
        exchange.is_some_and(|exchange| matches!(exchange.verdict, Verdict::Failed { .. }))
    };
    let deadline = Instant::now() + Duration::from_millis(300);
    while is_failed(&session) && session.state(&id).is_connected() && Instant::now() < deadline {
        headless::pump(&mut session, Duration::from_millis(50), &mut hear)?;
    }
    let is_connected = session.state(&id).is_connected();
    let done = session.timeline.exchange(exchange).ok_or_else(gone)?;
    finish(&done, is_connected, as_json, is_verbose)
}

fn valid(
    draft: &RequestDraft,
    payload: Option<&[u8]>,
    session: &Session,
    id: &str,
    environment: &Arc<Environment>,
) -> Result<crate::model::request::Request, Stop> {
    let mut surroundings = headless::surroundings(session, id);
    surroundings.environment = Some(environment);
    if surroundings.client_id.is_empty() {
        surroundings.client_id = "roundtrip";
    }
    let mut request = draft.validate(&surroundings).map_err(|errors| {
        let text: Vec<String> = errors.into_iter().map(|err| err.message).collect();
        Stop::new(ExitCode::Usage, text.join("\n"), "nothing was sent")
    })?;
    if let Some(bytes) = payload {
        if draft.payload_is_utf8
            && let Err(err) = std::str::from_utf8(bytes)
        {
            return Err(Stop::new(
                ExitCode::Usage,
                format!(
                    "the payload is marked as UTF-8 but byte {} is not",
                    err.valid_up_to() + 1
                ),
                "leave --utf8 out",
            ));
        }
        request.payload = bytes.to_vec().into();
    }
    Ok(request)
}

fn gone() -> Stop {
    Stop::new(ExitCode::CouldNotConnect, "the connection is gone", "")
}

/// A bare publish: over as soon as it is out and acknowledged.
fn publish(
    session: &mut Session,
    id: &str,
    request: Arc<crate::model::request::Request>,
) -> Result<ExitCode, Stop> {
    let timeout = request.timeout;
    let deadline = Instant::now() + timeout;
    let message = session.publish(id, request).ok_or_else(gone)?;
    loop {
        if let Some(row) = session.timeline.publish_row(&message) {
            return match (&row.failure, &row.acknowledgement) {
                (Some(failure), _) => Err(Stop::new(ExitCode::Failed, failure.to_string(), "")),
                (None, Some(reason)) if reason.is_refusal() => Err(Stop::new(
                    ExitCode::Refused,
                    format!("the broker refused the message: {reason}"),
                    "",
                )),
                (None, Some(reason))
                    if reason.code == crate::model::exchange::Reason::NO_MATCHING_SUBSCRIBERS =>
                {
                    Err(Stop::new(
                        ExitCode::NoSubscribers,
                        "nobody subscribes to the topic",
                        "",
                    ))
                }
                _ => {
                    out::say("published; no reply was asked for");
                    Ok(ExitCode::Answered)
                }
            };
        }
        if Instant::now() >= deadline {
            return Err(Stop::new(
                ExitCode::NoReplyInTime,
                format!(
                    "the broker did not acknowledge the message within {}",
                    text::setting(timeout)
                ),
                "",
            ));
        }
        headless::pump(session, Duration::from_millis(500), |_, _| {})?;
    }
}

fn finish(
    exchange: &Exchange,
    is_connected: bool,
    as_json: bool,
    is_verbose: bool,
) -> Result<ExitCode, Stop> {
    if as_json {
        out::line(&json::line(exchange))?;
    } else {
        write_payloads(exchange)?;
    }
    let topic = &exchange.message.topic;
    match &exchange.verdict {
        Verdict::Answered => {
            if is_verbose && let Some(time) = exchange.round_trip() {
                out::say(&format!("answered in {}", text::duration(time)));
            }
            Ok(ExitCode::Answered)
        }
        Verdict::AnsweredWithError { code, message } => {
            let details: Vec<&str> = [code.as_deref(), message.as_deref()]
                .into_iter()
                .flatten()
                .collect();
            Err(Stop::new(
                ExitCode::Failed,
                format!("the answer says that it failed: {}", details.join(", ")),
                "",
            ))
        }
        Verdict::TimedOut | Verdict::Late | Verdict::Waiting => Err(Stop::new(
            ExitCode::NoReplyInTime,
            format!(
                "no reply to {topic} within {}{}",
                text::setting(exchange.request.timeout),
                so_far(exchange)
            ),
            why_none(exchange),
        )),
        Verdict::NoSubscribers => Err(Stop::new(
            ExitCode::NoSubscribers,
            exchange
                .unsent_for_want_of_a_subscriber()
                .map_or_else(|| format!("nobody subscribes to {topic}"), str::to_owned),
            "check the topic, and that the device is connected",
        )),
        Verdict::Rejected { what, reason } => Err(Stop::new(
            ExitCode::Refused,
            format!("the broker refused {what}: {reason}"),
            "",
        )),
        Verdict::Failed { reason } => {
            // On a connection that still is there it was the request's own fault.
            let code = if is_connected {
                ExitCode::Failed
            } else {
                ExitCode::CouldNotConnect
            };
            Err(Stop::new(code, reason.to_string(), ""))
        }
    }
}

fn why_none(exchange: &Exchange) -> String {
    let Some(miss) = exchange.near_misses.last() else {
        return "does a device listen there, and does it answer to the Response Topic with the Correlation Data?".to_owned();
    };
    let with = match &miss.correlation_data {
        Some(data) => format!("with other Correlation Data: {}", data.shown(Encoding::Hex)),
        None => "without Correlation Data".to_owned(),
    };
    format!("a message came on the Response Topic, {with}")
}

fn so_far(exchange: &Exchange) -> String {
    match exchange.replies.len() {
        0 => String::new(),
        count => format!(", only {count} of the replies wanted"),
    }
}

/// Exactly the bytes; between several replies, and at the end of a terminal's line, a line break.
fn write_payloads(exchange: &Exchange) -> Result<(), Stop> {
    let mut stdout = std::io::stdout().lock();
    let replies = exchange.replies.iter().filter(|reply| {
        reply.verdict == MessageVerdict::Reply && reply.outcome != Outcome::Progress
    });
    let write = || -> std::io::Result<()> {
        for (index, reply) in replies.enumerate() {
            if index > 0 {
                stdout.write_all(b"\n")?;
            }
            stdout.write_all(&reply.message.payload)?;
        }
        if std::io::IsTerminal::is_terminal(&stdout) && !exchange.replies.is_empty() {
            stdout.write_all(b"\n")?;
        }
        stdout.flush()
    };
    write().map_err(|err| out::broken(&err))
}

fn tell(event: &Event) {
    use crate::session::ConnectionEvent;
    if let Event::Connection {
        event:
            ConnectionEvent::Changed {
                change: Change::Reply(reply),
                ..
            },
        ..
    } = event
        && reply.outcome == Outcome::Progress
    {
        out::say(&format!(
            "progress: {}",
            payload::preview(&reply.message.payload, 200)
        ));
    }
    if let Event::Connection {
        event: ConnectionEvent::Arrived {
            message, verdict, ..
        },
        ..
    } = event
    {
        out::say(&format!(
            "{} on {}: not the answer",
            verdict.label(),
            message.topic
        ));
    }
}
