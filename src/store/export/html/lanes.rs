//! The sequence diagram of one exchange as SVG: requester, broker, responders. Steps have equal heights; times stand beside them.

use super::escape::Line;
use super::{put, tone, words};
use crate::model::exchange::{Exchange, MessageVerdict, Outcome, Reply, Verdict};
use crate::model::message::Qos;
use crate::model::payload;
use crate::model::text;
use crate::model::time::Timestamp;
use crate::model::timeline::{Category, Row};
use std::cmp::Ordering;
use std::sync::Arc;

const WIDTH: i32 = 960;
const TOP: i32 = 64;
const STEP: i32 = 44;
const REQUESTER: i32 = 190;
const BROKER: i32 = 480;
const FIRST_RESPONDER: i32 = 740;
const BETWEEN_RESPONDERS: i32 = 150;
const LABEL_CHARS: usize = 44;
/// Replies and responders in one diagram.
const MAX_REPLIES: usize = 12;
const MAX_RESPONDERS: usize = 2;

/// Who an arrow comes from or goes to.
#[derive(Clone, Copy)]
enum Lane {
    Requester,
    Broker,
    Responder(usize),
}

impl Lane {
    fn x(self) -> i32 {
        match self {
            Self::Requester => REQUESTER,
            Self::Broker => BROKER,
            Self::Responder(place) => {
                FIRST_RESPONDER + BETWEEN_RESPONDERS * i32::try_from(place).unwrap_or(0)
            }
        }
    }
}

enum Mark {
    Arrow {
        from: Lane,
        to: Lane,
        /// Not a message but an acknowledgement, or of unknown time.
        is_faint: bool,
    },
    /// The end of the wait, on the requester's lane.
    End,
}

struct Step {
    at: Timestamp,
    mark: Mark,
    class: &'static str,
    label: String,
    /// It has a time of its own.
    is_timed: bool,
}

pub(super) fn diagram(exchange: &Exchange) -> String {
    let row = Row::Exchange(Box::new(exchange.clone()));
    let (class, label) = tone(Category::of(&row));
    let mut names = names(exchange);
    let beyond = names.len().saturating_sub(MAX_RESPONDERS);
    names.truncate(MAX_RESPONDERS);
    let steps = steps(exchange, &names);
    let height = TOP + STEP * i32::try_from(steps.len()).unwrap_or(0) + 24;
    let round_trip = exchange
        .round_trip()
        .map_or_else(String::new, |time| format!(", {}", text::duration(time)));
    let topic = payload::preview(exchange.message.topic.as_str().as_bytes(), 90);
    let mut html = format!(
        "<figure class=\"lanes\"><figcaption><a href=\"#exchange-{0}\">Exchange {0}</a> <code>{1}</code> <span class=\"{class}\"><span class=\"dot\" aria-hidden=\"true\"></span>{label}{round_trip}</span></figcaption>",
        exchange.id.0,
        Line(&topic)
    );
    put(
        &mut html,
        format_args!(
            "<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"Sequence diagram of exchange {}: {}\">",
            exchange.id.0,
            Line(&spoken(&steps))
        ),
    );
    lane(
        &mut html,
        REQUESTER,
        height,
        "requester",
        &exchange.connection,
    );
    lane(&mut html, BROKER, height, "", "broker");
    for (place, name) in names.iter().enumerate() {
        lane(&mut html, Lane::Responder(place).x(), height, "", name);
    }
    let from = exchange.legs.published.unwrap_or(exchange.legs.queued);
    for (index, step) in (0_i32..).zip(&steps) {
        draw(&mut html, step, TOP + STEP / 2 + STEP * index, from);
    }
    html.push_str("</svg>");
    let reason = words::reason(&row);
    if !reason.is_empty() {
        let reason = payload::preview(reason.as_bytes(), 300);
        put(&mut html, format_args!("<p>{}</p>", Line(&reason)));
    }
    let unshown =
        exchange.replies.len().saturating_sub(MAX_REPLIES) as u64 + exchange.replies_not_kept;
    if unshown > 0 {
        put(
            &mut html,
            format_args!(
                "<p class=\"muted\">{} further replies are not drawn.</p>",
                text::count(unshown)
            ),
        );
    }
    if beyond > 0 {
        put(
            &mut html,
            format_args!(
                "<p class=\"muted\">{beyond} further responders have no lane of their own.</p>"
            ),
        );
    }
    html.push_str("</figure>");
    html
}

/// The device that took it, and everybody who answered.
fn names(exchange: &Exchange) -> Vec<Arc<str>> {
    let mut names: Vec<Arc<str>> = exchange.device.iter().cloned().collect();
    for name in exchange.responders() {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn steps(exchange: &Exchange, names: &[Arc<str>]) -> Vec<Step> {
    let legs = &exchange.legs;
    let mut steps = Vec::new();
    let mut arrow = |at: Option<Timestamp>, from, to, is_faint, class, label: String| {
        if let Some(at) = at {
            steps.push(Step {
                at,
                mark: Mark::Arrow { from, to, is_faint },
                class,
                label,
                is_timed: true,
            });
        }
    };
    let device = place_of_device(exchange, names);
    arrow(
        legs.subscribed,
        Lane::Broker,
        Lane::Requester,
        true,
        "neutral",
        "SUBACK for the Response Topic".to_owned(),
    );
    arrow(
        legs.published,
        Lane::Requester,
        Lane::Broker,
        false,
        "sent",
        format!("PUBLISH · {}", exchange.message.qos),
    );
    let acknowledgement = match exchange.message.qos {
        Qos::ExactlyOnce => "PUBREC",
        _ => "PUBACK",
    };
    let said = exchange
        .acknowledgement
        .as_ref()
        .filter(|reason| reason.code != 0)
        .map_or_else(String::new, |reason| format!(" · {reason}"));
    arrow(
        legs.acknowledged,
        Lane::Broker,
        Lane::Requester,
        true,
        "neutral",
        format!("{acknowledgement}{said}"),
    );
    if let Some(place) = device {
        arrow(
            legs.device_received,
            Lane::Broker,
            Lane::Responder(place),
            false,
            "sent",
            String::new(),
        );
        let work = match (legs.device_received, legs.device_answered) {
            (Some(received), Some(answered)) => {
                format!("worked {}", text::duration(answered.since(received)))
            }
            _ => String::new(),
        };
        arrow(
            legs.device_answered,
            Lane::Responder(place),
            Lane::Broker,
            false,
            "answered",
            work,
        );
    }
    reply_steps(&mut steps, exchange, names);
    if let Some(end) = end(exchange) {
        steps.push(end);
    }
    steps.sort_by_key(|step| step.at);
    steps
}

/// The lane of the device that took it.
fn place_of_device(exchange: &Exchange, names: &[Arc<str>]) -> Option<usize> {
    let device = exchange.device.as_ref()?;
    names.iter().position(|name| name == device)
}

fn reply_steps(steps: &mut Vec<Step>, exchange: &Exchange, names: &[Arc<str>]) {
    let legs = &exchange.legs;
    let published = legs.published.unwrap_or(legs.queued);
    let device = place_of_device(exchange, names);
    for (index, reply) in exchange.replies.iter().take(MAX_REPLIES).enumerate() {
        let place = reply
            .responder
            .as_ref()
            .and_then(|name| names.iter().position(|other| other == name));
        let class = tone_of(reply);
        let is_told = index == 0 && place == device && legs.device_answered.is_some();
        if let Some(place) = place.filter(|_| !is_told) {
            steps.push(Step {
                at: reply.received,
                mark: Mark::Arrow {
                    from: Lane::Responder(place),
                    to: Lane::Broker,
                    is_faint: true,
                },
                class,
                label: "time not known".to_owned(),
                is_timed: false,
            });
        }
        steps.push(Step {
            at: reply.received,
            mark: Mark::Arrow {
                from: Lane::Broker,
                to: Lane::Requester,
                is_faint: false,
            },
            class,
            label: format!(
                "{}{} · {}",
                reply.verdict.label(),
                match words::outcome(&reply.outcome) {
                    "ok" => "",
                    "error" => ", an error",
                    _ => ", progress",
                },
                text::duration(reply.received.since(published))
            ),
            is_timed: true,
        });
    }
}

fn end(exchange: &Exchange) -> Option<Step> {
    let (at, class, label) = match &exchange.verdict {
        Verdict::TimedOut | Verdict::Late => (
            exchange.deadline.or(exchange.finished)?,
            "failed",
            format!("timeout {}", text::setting(exchange.request.timeout)),
        ),
        Verdict::NoSubscribers => (
            exchange.finished?,
            "nobody",
            "nobody subscribes to the topic".to_owned(),
        ),
        Verdict::Rejected { .. } => (exchange.finished?, "failed", "rejected".to_owned()),
        Verdict::Failed { .. } => (exchange.finished?, "failed", "failed".to_owned()),
        Verdict::Waiting | Verdict::Answered | Verdict::AnsweredWithError { .. } => return None,
    };
    Some(Step {
        at,
        mark: Mark::End,
        class,
        label,
        is_timed: true,
    })
}

fn tone_of(reply: &Reply) -> &'static str {
    match (reply.verdict, &reply.outcome) {
        (MessageVerdict::LateReply, _) => "late",
        (_, Outcome::Error { .. }) => "failed",
        (_, Outcome::Progress) => "waiting",
        (MessageVerdict::Reply | MessageVerdict::AdditionalReply, _) => "answered",
        _ => "unmatched",
    }
}

/// The whole diagram in words, for screen readers.
fn spoken(steps: &[Step]) -> String {
    let labels: Vec<&str> = steps
        .iter()
        .map(|step| step.label.as_str())
        .filter(|label| !label.is_empty())
        .collect();
    labels.join("; ")
}

fn lane(html: &mut String, x: i32, height: i32, role: &str, name: &str) {
    let shown = payload::preview(name.as_bytes(), 20);
    let shown = match role {
        "" => shown,
        role => format!("{role} · {shown}"),
    };
    put(
        html,
        format_args!(
            "<line class=\"lane\" x1=\"{x}\" y1=\"36\" x2=\"{x}\" y2=\"{height}\"/><rect class=\"who\" x=\"{}\" y=\"8\" width=\"{}\" height=\"28\" rx=\"6\"/><text class=\"name\" x=\"{x}\" y=\"27\" text-anchor=\"middle\">{}<title>{}</title></text>",
            x - if role.is_empty() { 70 } else { 105 },
            if role.is_empty() { 140 } else { 210 },
            Line(&shown),
            Line(name)
        ),
    );
}

fn draw(html: &mut String, step: &Step, y: i32, from: Timestamp) {
    if step.is_timed {
        let offset = match step.at.cmp(&from) {
            Ordering::Less => format!("−{}", text::duration(from.since(step.at))),
            Ordering::Equal => "0".to_owned(),
            Ordering::Greater => format!("+{}", text::duration(step.at.since(from))),
        };
        put(
            html,
            format_args!(
                "<text class=\"at\" x=\"8\" y=\"{}\">{offset}<title>{}</title></text>",
                y + 4,
                text::iso_nanos(step.at)
            ),
        );
    }
    let label = payload::preview(step.label.as_bytes(), LABEL_CHARS);
    let label = Line(&label);
    let class = step.class;
    match step.mark {
        Mark::End => put(
            html,
            format_args!(
                "<line class=\"stroke {class}\" x1=\"{}\" y1=\"{y}\" x2=\"{}\" y2=\"{y}\"/><text class=\"step {class}\" x=\"{}\" y=\"{}\">{label}</text>",
                REQUESTER - 14,
                REQUESTER + 14,
                REQUESTER + 22,
                y + 4
            ),
        ),
        Mark::Arrow {
            from: start,
            to,
            is_faint,
        } => {
            let (x1, x2) = (start.x(), to.x());
            let way = (x2 - x1).signum();
            let tip = x2 - way * 2;
            let faint = if is_faint { " faint" } else { "" };
            put(
                html,
                format_args!(
                    "<line class=\"stroke {class}{faint}\" x1=\"{x1}\" y1=\"{y}\" x2=\"{}\" y2=\"{y}\"/><path class=\"fill {class}\" d=\"M{tip} {y} l{} -5 v10 z\"/>",
                    tip - way * 8,
                    -way * 10
                ),
            );
            let left = x1.min(x2) + 16;
            put(
                html,
                format_args!(
                    "<text class=\"step {class}\" x=\"{left}\" y=\"{}\">{label}</text>",
                    y - 7
                ),
            );
        }
    }
}
