//! What the formats say of a row in the same words.

use crate::model::exchange::{Exchange, Outcome, Reply, Verdict};
use crate::model::timeline::Row;

/// In snake case: an exchange's verdict, what a message turned out to be, `published` or `failed`.
pub(super) fn verdict(row: &Row) -> &'static str {
    match row {
        Row::Exchange(exchange) => exchange.verdict.word(),
        Row::Message(message) => message.verdict.word(),
        Row::Publish(_) => crate::model::timeline::Category::of(row).word(),
    }
}

/// Why it ended so, where there is more to say than the verdict.
pub(super) fn reason(row: &Row) -> String {
    match row {
        Row::Exchange(exchange) => reason_of(exchange),
        Row::Message(message) => message.difference.as_ref().map_or_else(String::new, |one| {
            format!(
                "by the rule {} its {} is {} where {} was wanted",
                one.rule,
                one.variable,
                listed(&one.found),
                listed(&one.wanted)
            )
        }),
        Row::Publish(publish) => match (&publish.failure, &publish.acknowledgement) {
            (Some(failure), _) => failure.to_string(),
            (None, Some(reason)) if reason.is_refusal() => {
                format!("the broker refused it: {reason}")
            }
            _ => String::new(),
        },
    }
}

fn reason_of(exchange: &Exchange) -> String {
    match &exchange.verdict {
        Verdict::Rejected { what, reason } => format!("the broker refused {what}: {reason}"),
        Verdict::Failed { reason } => reason.to_string(),
        Verdict::AnsweredWithError { code, message } => {
            let parts: Vec<&str> = [code.as_deref(), message.as_deref()]
                .into_iter()
                .flatten()
                .collect();
            parts.join(": ")
        }
        _ => exchange
            .unsent_for_want_of_a_subscriber()
            .unwrap_or_default()
            .to_owned(),
    }
}

fn listed(values: &[std::sync::Arc<str>]) -> String {
    if values.is_empty() {
        return "absent".to_owned();
    }
    values.join(", ")
}

/// The reply that stands for the others: the first that is no progress, else the first.
pub(super) fn first_reply(exchange: &Exchange) -> Option<&Reply> {
    let mut replies = exchange.replies.iter();
    replies
        .find(|reply| reply.outcome != Outcome::Progress)
        .or_else(|| exchange.replies.first())
}

pub(super) fn outcome(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Ok => "ok",
        Outcome::Error { .. } => "error",
        Outcome::Progress => "progress",
    }
}
