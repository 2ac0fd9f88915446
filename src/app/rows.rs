//! The timeline's rows as they are painted: words, tones and bar lengths, no colours and no pixels.

use crate::app::nagle::{self, Stretch};
use crate::app::tally::{Tallies, Tally};
use crate::model::exchange::{Exchange, MessageVerdict, Verdict};
use crate::model::payload;
use crate::model::request::MQTT5_RULE;
use crate::model::text;
use crate::model::time::Timestamp;
use crate::model::timeline::{Category, MessageRow, PublishRow, Row};
use chrono::{Local, TimeZone as _};
use std::collections::BTreeSet;
use std::time::Duration;

/// What a colour stands for. The words beside it say the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tone {
    Neutral,
    Accent,
    Answered,
    Waiting,
    Failed,
    Late,
    NoSubscribers,
    Unmatched,
}

impl Tone {
    pub fn of(category: Category) -> Self {
        match category {
            Category::Waiting => Self::Waiting,
            Category::Answered => Self::Answered,
            Category::AnsweredWithError | Category::TimedOut | Category::Failed => Self::Failed,
            Category::NoSubscribers => Self::NoSubscribers,
            Category::Late => Self::Late,
            Category::Unmatched => Self::Unmatched,
            Category::Published => Self::Neutral,
        }
    }
}

/// A piece of a bar, from 0 to 1 of the cell's width.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bar {
    pub from: f32,
    pub to: f32,
    pub tone: Tone,
    /// Nothing came: waiting, or waited in vain.
    pub hatched: bool,
}

/// The waterfall cell.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Waterfall {
    pub bars: Vec<Bar>,
    /// Replies, where there are several or they tell of progress, or a message on its own.
    pub ticks: Vec<(f32, Tone)>,
}

/// One line of the timeline.
#[derive(Clone, Debug, PartialEq)]
pub struct TimelineRow {
    pub number: String,
    pub sent: String,
    pub topic: String,
    pub payload: String,
    /// The rule it is paired by, where that is not MQTT 5's own.
    pub rule: Option<String>,
    pub responder: String,
    pub status: String,
    pub tone: Tone,
    pub round_trip: String,
    pub waterfall: Waterfall,
    /// The whole row as one sentence, for screen readers.
    pub sentence: String,
}

const TOPIC_CHARS: usize = 160;
const PAYLOAD_CHARS: usize = 120;
const NOTHING: &str = "—";

/// `now` moves the waiting bar and nothing else.
pub fn timeline_row(row: &Row, tallies: &mut Tallies, now: Timestamp) -> TimelineRow {
    match row {
        Row::Exchange(exchange) => exchange_row(exchange, row, tallies.of(exchange), now),
        Row::Message(message) => message_row(message, row),
        Row::Publish(publish) => publish_row(publish, row),
    }
}

/// Local time of day with milliseconds: `09:14:07.307`.
pub fn clock(at: Timestamp) -> String {
    Local
        .timestamp_nanos(at.as_nanos())
        .format("%H:%M:%S%.3f")
        .to_string()
}

fn cut(text: &str, chars: usize) -> String {
    payload::preview(text.as_bytes(), chars)
}

fn base(
    row: &Row,
    number: String,
    responder: String,
    status: String,
    round_trip: String,
    waterfall: Waterfall,
) -> TimelineRow {
    let topic = cut(row.message().topic.as_str(), TOPIC_CHARS);
    let payload = payload::preview(&row.message().payload, PAYLOAD_CHARS);
    let sent = clock(row.time());
    let from = if responder == NOTHING {
        String::new()
    } else {
        format!(", from {responder}")
    };
    let took = if round_trip == NOTHING || round_trip == "…" {
        String::new()
    } else {
        format!(", {round_trip}")
    };
    let rule = rule_of(row).map(|rule| format!(", by {rule}"));
    let rule = rule.unwrap_or_default();
    let sentence = format!("{number} {topic}, {status}{took}{from}, {sent}{rule}")
        .trim_start_matches([' ', '—'])
        .to_owned();
    TimelineRow {
        number,
        sent,
        topic,
        payload,
        rule: rule_of(row).map(str::to_owned),
        responder,
        status,
        tone: Tone::of(Category::of(row)),
        round_trip,
        waterfall,
        sentence,
    }
}

/// The rule that a request was sent by, where that is not MQTT 5's own.
fn rule_of(row: &Row) -> Option<&str> {
    match row {
        Row::Exchange(exchange) if &*exchange.rule != MQTT5_RULE => Some(&exchange.rule),
        _ => None,
    }
}

/// Without the broker's own words, which a cell or a badge has no room for.
fn short_reason(text: &str) -> &str {
    text.split_once(": ").map_or(text, |(reason, _)| reason)
}

fn exchange_row(exchange: &Exchange, row: &Row, tally: &Tally, now: Timestamp) -> TimelineRow {
    let responder = match tally.responders(exchange) {
        (_, count) if count > 1 => format!("{count} responders"),
        (Some(one), _) => one.to_string(),
        (None, _) => NOTHING.to_owned(),
    };
    let round_trip = match tally.round_trips(exchange) {
        Some((first, last)) if tally.answering > 1 => text::span(first, last),
        Some((first, _)) => text::duration(first),
        None if exchange.verdict.is_open() => "…".to_owned(),
        None => NOTHING.to_owned(),
    };
    base(
        row,
        exchange.id.0.to_string(),
        responder,
        status(exchange, tally, now),
        round_trip,
        waterfall(exchange, tally, now),
    )
}

/// The verdict of an exchange in a few words.
pub fn status(exchange: &Exchange, tally: &Tally, now: Timestamp) -> String {
    let replies = tally.in_time;
    match &exchange.verdict {
        Verdict::Waiting => match (exchange.legs.published, exchange.legs.subscribed) {
            (Some(_), _) if replies > 0 => format!("{replies} so far"),
            (Some(_), _) if tally.progress > 0 => format!("In progress, {}", tally.progress),
            (Some(published), _) => format!("Waiting {:.1} s", now.since(published).as_secs_f64()),
            (None, Some(_)) => "Publishing".to_owned(),
            (None, None) => "Subscribing".to_owned(),
        },
        Verdict::Answered if replies > 1 => format!("{replies} replies"),
        Verdict::Answered => "Answered".to_owned(),
        Verdict::AnsweredWithError { code, message } => {
            let words: Vec<String> = [code, message]
                .into_iter()
                .flatten()
                .map(|words| cut(words, 48))
                .collect();
            if words.is_empty() {
                "Answered with an error".to_owned()
            } else {
                format!("Error {}", words.join(": "))
            }
        }
        Verdict::TimedOut => format!("Timed out {}", text::setting(exchange.request.timeout)),
        Verdict::Late => match tally.round_trips(exchange) {
            Some((_, last)) => format!("Late, {}", text::duration(last)),
            None => "Late".to_owned(),
        },
        Verdict::NoSubscribers => "No subscribers".to_owned(),
        Verdict::Rejected { reason, .. } => format!("Rejected: {}", short_reason(&reason.text)),
        Verdict::Failed { .. } => "Failed".to_owned(),
    }
}

fn message_row(message: &MessageRow, row: &Row) -> TimelineRow {
    let responder = message.responder.as_deref().unwrap_or(NOTHING).to_owned();
    let status = match message.verdict {
        MessageVerdict::Unmatched if message.is_echo => "Own echo".to_owned(),
        MessageVerdict::Unmatched => "Unmatched".to_owned(),
        verdict => verdict.label().to_owned(),
    };
    let waterfall = Waterfall {
        bars: Vec::new(),
        ticks: vec![(0.0, Tone::Unmatched)],
    };
    base(
        row,
        NOTHING.to_owned(),
        responder,
        status,
        NOTHING.to_owned(),
        waterfall,
    )
}

fn publish_row(publish: &PublishRow, row: &Row) -> TimelineRow {
    let status = match (&publish.failure, &publish.acknowledgement) {
        (Some(_), _) => "Not sent".to_owned(),
        (None, Some(reason)) if reason.is_refusal() => {
            format!("Rejected: {}", short_reason(&reason.text))
        }
        (None, Some(reason))
            if reason.code == crate::model::exchange::Reason::NO_MATCHING_SUBSCRIBERS =>
        {
            "No subscribers".to_owned()
        }
        _ => "Published".to_owned(),
    };
    let waterfall = Waterfall {
        bars: Vec::new(),
        ticks: vec![(0.0, Tone::Accent)],
    };
    base(
        row,
        NOTHING.to_owned(),
        NOTHING.to_owned(),
        status,
        NOTHING.to_owned(),
        waterfall,
    )
}

/// Where a time sits in the waterfall: logarithmic, 0.3 ms at the start, 10 s at the end, so that
/// milliseconds and seconds can be told apart in the same column.
fn place(time: Duration) -> f32 {
    const START_MS: f64 = 0.3;
    const DECADES: f64 = 4.52;
    let ms = (time.as_secs_f64() * 1e3).max(START_MS);
    #[expect(clippy::cast_possible_truncation, reason = "a share of a cell's width")]
    let place = ((ms / START_MS).log10() / DECADES) as f32;
    place.clamp(0.02, 1.0)
}

/// Steps that can be told apart in a cell.
const STEPS: u16 = 512;

/// [`place`], in whole steps.
pub(super) fn place_in_steps(time: Duration) -> u16 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and the number of steps"
    )]
    let steps = (place(time) * f32::from(STEPS)).round() as u16;
    steps
}

fn waterfall(exchange: &Exchange, tally: &Tally, now: Timestamp) -> Waterfall {
    let Some(published) = exchange.legs.published else {
        return Waterfall::default();
    };
    let tone = match exchange.verdict {
        Verdict::Waiting => Tone::Waiting,
        Verdict::Answered => Tone::Answered,
        Verdict::Late => Tone::Late,
        Verdict::NoSubscribers => Tone::NoSubscribers,
        Verdict::AnsweredWithError { .. }
        | Verdict::TimedOut
        | Verdict::Rejected { .. }
        | Verdict::Failed { .. } => Tone::Failed,
    };
    let bar = |from, to, tone, hatched| Bar {
        from,
        to,
        tone,
        hatched,
    };
    let ack = exchange
        .legs
        .acknowledged
        .map(|at| place(at.since(published)));
    let mut waterfall = Waterfall::default();
    match (tally.answering, &exchange.verdict) {
        (0, Verdict::Waiting) => {
            waterfall
                .bars
                .push(bar(0.0, place(now.since(published)), tone, true));
        }
        (0, Verdict::TimedOut) => {
            waterfall
                .bars
                .push(bar(0.0, place(exchange.request.timeout), tone, true));
        }
        (0, _) => waterfall
            .bars
            .push(bar(0.0, ack.unwrap_or(0.03), tone, false)),
        (1, _) => {
            // Within the bar time is linear. The acknowledgement may come after the reply.
            let (total, _) = tally.round_trips(exchange).unwrap_or_default();
            let end = place(total);
            let ack = exchange
                .legs
                .acknowledged
                .map_or(0.0, |at| share(at.since(published), total))
                .min(1.0)
                * end;
            if ack > 0.0 {
                waterfall.bars.push(bar(0.0, ack, Tone::Accent, false));
            }
            waterfall.bars.push(bar(ack, end, tone, false));
        }
        _ => {
            waterfall
                .bars
                .push(bar(0.0, ack.unwrap_or(0.02).min(0.05), Tone::Accent, false));
            waterfall.ticks = ticks(&tally.places, tone);
        }
    }
    let progress = ticks(&tally.progress_places, Tone::Waiting);
    waterfall.ticks.extend(progress);
    waterfall
}

fn ticks(places: &BTreeSet<u16>, tone: Tone) -> Vec<(f32, Tone)> {
    let place = |step: &u16| f32::from(*step) / f32::from(STEPS);
    places.iter().map(|step| (place(step), tone)).collect()
}

/// `time` as a part of `total`.
#[expect(clippy::cast_possible_truncation, reason = "a share of a bar's width")]
fn share(time: Duration, total: Duration) -> f32 {
    if total.is_zero() {
        0.0
    } else {
        (time.as_secs_f64() / total.as_secs_f64()) as f32
    }
}

/// A piece of the leg bar above an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Leg {
    /// Such as `ack .6`.
    pub label: String,
    /// In a sentence, for the tooltip.
    pub meaning: String,
    pub share: f32,
    pub tone: Tone,
}

/// The legs of a round trip, in the order in which they happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LegKind {
    Acknowledgement,
    Route,
    Device,
    Return,
    /// All that is not known in parts.
    Responder,
}

impl LegKind {
    pub const ALL: [Self; 5] = [
        Self::Acknowledgement,
        Self::Route,
        Self::Device,
        Self::Return,
        Self::Responder,
    ];

    /// On a leg bar: ways there and back are both ways.
    pub fn label(self) -> &'static str {
        match self {
            Self::Acknowledgement => "ack",
            Self::Route | Self::Return => "route",
            Self::Device => "device",
            Self::Responder => "responder",
        }
    }

    pub fn meaning(self) -> &'static str {
        match self {
            Self::Acknowledgement => "until the broker acknowledged the request",
            Self::Route => "from the broker to the simulated device",
            Self::Device => "in the simulated device",
            Self::Return => "from the device over the broker back to here",
            Self::Responder => "in the broker, on the way and in the responder",
        }
    }

    pub fn tone(self) -> Tone {
        match self {
            Self::Acknowledgement => Tone::Accent,
            Self::Route | Self::Return => Tone::Neutral,
            Self::Device | Self::Responder => Tone::Answered,
        }
    }
}

/// How long each leg took, as far as it is known. Together they are the round trip.
pub fn leg_times(exchange: &Exchange) -> Vec<(LegKind, Duration)> {
    let (Some(published), Some(total)) = (exchange.legs.published, exchange.round_trip()) else {
        return Vec::new();
    };
    let end = published.saturating_add(total);
    let legs = &exchange.legs;
    let mut points: Vec<(Timestamp, LegKind)> = Vec::new();
    let device_received = legs.device_received.filter(|at| *at <= end);
    if let Some(at) = legs
        .acknowledged
        .filter(|at| *at <= device_received.unwrap_or(end))
    {
        points.push((at, LegKind::Acknowledgement));
    }
    if let Some(at) = device_received {
        points.push((at, LegKind::Route));
        if let Some(answered) = legs
            .device_answered
            .filter(|answered| *answered >= at && *answered <= end)
        {
            points.push((answered, LegKind::Device));
        }
        points.push((end, LegKind::Return));
    } else {
        points.push((end, LegKind::Responder));
    }
    let mut from = published;
    let mut times = Vec::new();
    for (to, kind) in points {
        times.push((kind, to.since(from)));
        from = from.max(to);
    }
    times
}

/// How the round trip was spent, as far as it is known.
pub fn legs(exchange: &Exchange) -> Vec<Leg> {
    let total = exchange.round_trip().unwrap_or_default();
    let times = leg_times(exchange).into_iter();
    let legs = times.map(|(kind, time)| {
        let stretch = match kind {
            LegKind::Acknowledgement => Some(Stretch::Acknowledgement),
            LegKind::Route | LegKind::Return => Some(Stretch::Route),
            LegKind::Responder => Some(Stretch::Responder),
            // It takes as long as it was told to.
            LegKind::Device => None,
        };
        let waited = stretch.and_then(|it| nagle::suspicion(it, exchange.message.qos, time));
        let waited = waited.map(|words| format!("; {words}"));
        Leg {
            label: format!("{} {}", kind.label(), text::short_ms(time)),
            meaning: format!(
                "{} {}{}",
                text::duration(time),
                kind.meaning(),
                waited.unwrap_or_default()
            ),
            share: share(time, total),
            tone: kind.tone(),
        }
    });
    legs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::correlation::CorrelationSpec;
    use crate::model::exchange::Outcome;
    use crate::model::exchange::{Change, ExchangeId, Reason, Reply};
    use crate::model::message::{Message, Qos};
    use crate::model::request::{RepliesWanted, Request};
    use crate::model::topic::TopicName;
    use std::sync::Arc;

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_nanos(micros * 1_000)
    }

    fn exchange() -> Exchange {
        let request = Request {
            name: "".into(),
            topic: TopicName::new("cmnd/light/power").unwrap(),
            qos: Qos::AtLeastOnce,
            retain: false,
            payload: "{\"power\":\"on\"}".into(),
            response_topic: TopicName::new("state/light/power").ok(),
            correlation: CorrelationSpec::None,
            timeout: Duration::from_secs(5),
            replies: RepliesWanted::First,
            content_type: None,
            payload_is_utf8: false,
            message_expiry_secs: None,
            user_properties: Vec::new(),
            pairing: crate::model::request::Pairing::default(),
        };
        let message = Arc::new(request.message(None));
        let mut exchange = Exchange::new(
            ExchangeId(1203),
            "built-in".into(),
            Arc::new(request),
            message,
            "mqtt5".into(),
            at(0),
        );
        exchange.apply(Change::Published, at(0));
        exchange
    }

    #[test]
    fn a_leg_of_forty_milliseconds_says_what_it_looks_like() {
        let mut slow = exchange();
        slow.apply(Change::Acknowledged(Reason::new(0, "success")), at(90));
        slow.apply(reply(41_300, "pump"), at(41_300));
        slow.apply(Change::Finished(Verdict::Answered), at(41_300));
        let bar = legs(&slow);
        assert!(!bar[0].meaning.contains("Nagle"), "{bar:?}");
        assert!(bar[1].meaning.contains("looks like Nagle's algorithm"));
        let advice = nagle::advice(&slow).unwrap();
        assert!(advice.starts_with("41 ms of it looks like Nagle's algorithm"));
        assert!(advice.contains("set_tcp_nodelay true"), "{advice}");

        let mut held = exchange();
        held.apply(Change::Acknowledged(Reason::new(0, "success")), at(43_900));
        held.apply(reply(44_200, "pump"), at(44_200));
        held.apply(Change::Finished(Verdict::Answered), at(44_200));
        assert!(legs(&held)[0].meaning.contains("on the broker's side"));

        let mut simulated = exchange();
        simulated.apply(Change::DeviceReceived { device: "d".into() }, at(200));
        simulated.apply(Change::DeviceAnswered { device: "d".into() }, at(41_000));
        simulated.apply(reply(41_200, "d"), at(41_200));
        simulated.apply(Change::Finished(Verdict::Answered), at(41_200));
        assert_eq!(nagle::advice(&simulated), None, "it was told to wait");
        assert!(
            !legs(&simulated)
                .iter()
                .any(|leg| leg.meaning.contains("Nagle"))
        );
    }

    fn reply(received: i64, responder: &str) -> Change {
        Change::Reply(Reply {
            message: Arc::new(Message::new(
                TopicName::new("state/light/power").unwrap(),
                "",
            )),
            received: at(received),
            verdict: MessageVerdict::Reply,
            outcome: Outcome::Ok,
            responder: Some(responder.into()),
        })
    }

    fn answered() -> Exchange {
        let mut exchange = exchange();
        exchange.apply(Change::Acknowledged(Reason::new(0, "success")), at(600));
        exchange.apply(
            Change::DeviceReceived {
                device: "light".into(),
            },
            at(1_300),
        );
        exchange.apply(
            Change::DeviceAnswered {
                device: "light".into(),
            },
            at(3_600),
        );
        exchange.apply(reply(4_210, "light"), at(4_210));
        exchange.apply(Change::Finished(Verdict::Answered), at(4_210));
        exchange
    }

    #[test]
    fn the_leg_bar_adds_up() {
        let legs = legs(&answered());
        let labels: Vec<&str> = legs.iter().map(|leg| leg.label.as_str()).collect();
        assert_eq!(labels, ["ack .6", "route .7", "device 2.3", "route .6"]);
        assert!((legs.iter().map(|leg| leg.share).sum::<f32>() - 1.0).abs() < 1e-5);
    }

    #[test]
    fn an_answered_row_reads_as_in_the_picture() {
        let row = timeline_row(
            &Row::Exchange(Box::new(answered())),
            &mut Tallies::default(),
            at(9_000),
        );
        assert_eq!(
            (
                row.number.as_str(),
                row.responder.as_str(),
                row.status.as_str(),
                row.round_trip.as_str()
            ),
            ("1203", "light", "Answered", "4.21 ms")
        );
        assert_eq!(row.tone, Tone::Answered);
        assert!(
            row.sentence
                .starts_with("1203 cmnd/light/power, Answered, 4.21 ms, from light"),
            "{}",
            row.sentence
        );
    }

    #[test]
    fn waiting_and_timed_out_rows_are_hatched() {
        let waiting = timeline_row(
            &Row::Exchange(Box::new(exchange())),
            &mut Tallies::default(),
            at(1_200_000),
        );
        assert_eq!(
            (waiting.status.as_str(), waiting.round_trip.as_str()),
            ("Waiting 1.2 s", "…")
        );
        assert!(waiting.waterfall.bars[0].hatched);
        let mut over = exchange();
        over.apply(Change::Finished(Verdict::TimedOut), at(5_000_000));
        let row = timeline_row(
            &Row::Exchange(Box::new(over)),
            &mut Tallies::default(),
            at(6_000_000),
        );
        assert_eq!(
            (row.status.as_str(), row.round_trip.as_str()),
            ("Timed out 5 s", "—")
        );
        assert!(row.waterfall.bars[0].hatched);
    }

    #[test]
    fn several_replies_are_counted_and_ticked() {
        let mut exchange = exchange();
        exchange.apply(reply(2_900, "a"), at(2_900));
        exchange.apply(reply(8_800, "b"), at(8_800));
        exchange.apply(Change::Finished(Verdict::Answered), at(9_000));
        let row = timeline_row(
            &Row::Exchange(Box::new(exchange)),
            &mut Tallies::default(),
            at(9_000),
        );
        assert_eq!(
            (
                row.status.as_str(),
                row.responder.as_str(),
                row.round_trip.as_str()
            ),
            ("2 replies", "2 responders", "2.90–8.80 ms")
        );
        assert_eq!(row.waterfall.ticks.len(), 2);
    }

    #[test]
    fn after_progress_the_device_is_at_work_until_the_reply_that_counts() {
        let answers = |exchange: &mut Exchange, ms: i64, outcome: Outcome| {
            let device: Arc<str> = "light".into();
            let Change::Reply(mut reply) = reply(ms * 1_000 + 500, "light") else {
                unreachable!()
            };
            reply.outcome = outcome;
            exchange.apply(Change::DeviceAnswered { device }, at(ms * 1_000));
            exchange.apply(Change::Reply(reply), at(ms * 1_000 + 500));
        };
        let mut exchange = exchange();
        let device: Arc<str> = "light".into();
        exchange.apply(Change::DeviceReceived { device }, at(1_000));
        answers(&mut exchange, 10, Outcome::Progress);
        assert_eq!(crate::app::inspect::telling_part(&row_of(&exchange)), 1);
        answers(&mut exchange, 60, Outcome::Ok);
        answers(&mut exchange, 90, Outcome::Ok);
        assert_eq!(exchange.legs.device_answered, Some(at(60_000)));
        assert_eq!(crate::app::inspect::telling_part(&row_of(&exchange)), 2);
    }

    fn row_of(exchange: &Exchange) -> Row {
        Row::Exchange(Box::new(exchange.clone()))
    }

    #[test]
    fn progress_is_ticked_beside_the_answer_and_an_error_says_its_code() {
        let progress = |ms: i64| {
            let Change::Reply(mut reply) = reply(ms * 1_000, "a") else {
                unreachable!()
            };
            reply.outcome = Outcome::Progress;
            Change::Reply(reply)
        };
        let mut exchange = exchange();
        exchange.rule = "thin-edge".into();
        exchange.apply(progress(10), at(10_000));
        exchange.apply(progress(100), at(100_000));
        let shown = |exchange: &Exchange| {
            let row = Row::Exchange(Box::new(exchange.clone()));
            timeline_row(&row, &mut Tallies::default(), at(200_000))
        };
        let row = shown(&exchange);
        assert_eq!(row.status, "In progress, 2");
        assert_eq!(row.waterfall.ticks.len(), 2);
        exchange.apply(reply(300_000, "a"), at(300_000));
        exchange.apply(
            Change::Finished(Verdict::AnsweredWithError {
                code: Some("404".into()),
                message: Some("no such operation".into()),
            }),
            at(300_000),
        );
        let row = shown(&exchange);
        assert_eq!(row.status, "Error 404: no such operation");
        assert_eq!(
            (row.waterfall.bars.len(), row.waterfall.ticks.len()),
            (1, 2)
        );
        assert_eq!(row.rule.as_deref(), Some("thin-edge"));
        assert!(row.sentence.ends_with(", by thin-edge"), "{}", row.sentence);
    }

    #[test]
    fn a_tally_goes_on_where_it_stopped_and_many_replies_share_places() {
        let mut tallies = Tallies::default();
        let mut exchange = exchange();
        for micros in 1..=10_000_i64 {
            let name = if micros % 2 == 0 { "a" } else { "b" };
            exchange.apply(reply(micros, name), at(micros));
            if micros % 1_000 == 0 {
                tallies.of(&exchange);
            }
        }
        let row = Row::Exchange(Box::new(exchange));
        let kept = timeline_row(&row, &mut tallies, at(10_000));
        assert_eq!(
            kept,
            timeline_row(&row, &mut Tallies::default(), at(10_000))
        );
        assert_eq!(kept.responder, "2 responders");
        assert_eq!(kept.status, "10000 so far");
        assert!(kept.waterfall.ticks.len() <= usize::from(STEPS) + 1);
    }

    #[test]
    fn longer_times_have_longer_bars() {
        let places: Vec<f32> = [1, 5, 12, 400, 5_000, 9_410]
            .iter()
            .map(|ms| place(Duration::from_millis(*ms)))
            .collect();
        assert!(places.is_sorted());
        assert!(places.last().is_some_and(|last| *last <= 1.0));
    }
}
