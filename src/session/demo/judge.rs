//! Whether what came of a demo is what it says.

use super::Sent;
use crate::model::exchange::{Exchange, ExchangeId, Verdict};
use crate::model::message::Message;
use crate::model::payload;
use crate::model::time::Timestamp;
use crate::model::timeline::Row;
use crate::session::Session;
use std::collections::BTreeMap;
use std::sync::Arc;

pub fn publishes(published: &[Arc<Message>], session: &Session, failures: &mut Vec<String>) {
    let rows = published.iter();
    for row in rows.filter_map(|message| session.timeline.publish_row(message)) {
        let refusal = row
            .acknowledgement
            .as_ref()
            .filter(|reason| reason.is_refusal());
        let failure = row.failure.as_ref().map(ToString::to_string);
        if let Some(why) = failure.or_else(|| refusal.map(ToString::to_string)) {
            failures.push(format!("{}: not published: {why}", row.message.topic));
        }
    }
}

pub fn exchanges(ended: &[Sent], session: &Session, failures: &mut Vec<String>) {
    for sent in ended {
        let Some(exchange) = session.timeline.exchange(sent.exchange) else {
            continue;
        };
        let verdict = exchange.verdict.word();
        if !sent.verdict.split('|').any(|wanted| wanted == verdict) {
            failures.push(format!(
                "{}: {verdict} instead of {}{}",
                exchange.message.topic,
                sent.verdict,
                why(&exchange)
            ));
            continue;
        }
        let reply = exchange.replies.first();
        let says = reply.map(|reply| String::from_utf8_lossy(&reply.message.payload));
        if !says.as_deref().unwrap_or_default().contains(&sent.answer) {
            let says = reply.map_or_else(
                || "nothing".to_owned(),
                |reply| payload::preview(&reply.message.payload, 80),
            );
            failures.push(format!(
                "{}: the answer has no `{}`: {says}",
                exchange.message.topic, sent.answer
            ));
        }
    }
}

fn why(exchange: &Exchange) -> String {
    match &exchange.verdict {
        Verdict::Failed { reason } => format!(": {reason}"),
        Verdict::Rejected { reason, .. } => format!(": {reason}"),
        _ => String::new(),
    }
}

/// How many messages of each verdict came since the demo began.
pub fn message_counts(
    session: &Session,
    connections: &[String],
    exchanges: &[ExchangeId],
    began: Timestamp,
) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    let mut count = |word| *counts.entry(word).or_insert(0) += 1;
    for row in session.timeline.rows() {
        match &*row {
            Row::Exchange(exchange) if exchanges.contains(&exchange.id) => {
                let replies = exchange.replies.iter();
                replies.for_each(|reply| count(reply.verdict.word()));
            }
            Row::Message(row)
                if row.received >= began
                    && connections.iter().any(|id| **id == *row.connection) =>
            {
                count(row.verdict.word());
            }
            _ => {}
        }
    }
    counts
}

pub fn count(counts: &BTreeMap<&'static str, usize>, word: &str) -> usize {
    counts.get(word).copied().unwrap_or(0)
}

pub fn messages(
    wanted: &BTreeMap<String, usize>,
    counts: &BTreeMap<&'static str, usize>,
    failures: &mut Vec<String>,
) {
    for (word, wanted) in wanted {
        let came = count(counts, word);
        if came != *wanted {
            failures.push(format!("{came} messages instead of {wanted} are {word}"));
        }
    }
}
