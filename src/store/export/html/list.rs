//! The rows one below the other; each opens to its payloads, properties and legs.

use super::escape::{Esc, Line};
use super::{Item, moment, put, responders, verdict, words};
use crate::model::exchange::{Exchange, Legs, Reply};
use crate::model::message::{Message, Properties};
use crate::model::payload;
use crate::model::text;
use crate::model::time::Timestamp;
use crate::model::timeline::Row;
use std::collections::VecDeque;

/// Of a payload that is text, and of one that is not.
const MAX_TEXT_BYTES: usize = 4_096;
const MAX_HEX_LINES: usize = 32;
/// Replies of one exchange, and user properties of one message.
const MAX_REPLIES: usize = 20;
const MAX_PROPERTIES: usize = 50;
/// Topics, names and other words of strangers.
const MAX_WORD_CHARS: usize = 300;
const PREVIEW_CHARS: usize = 90;

pub(super) fn list(items: &VecDeque<Item>, total: u64) -> String {
    if items.is_empty() {
        return "<p class=\"muted\">There are no rows.</p>".to_owned();
    }
    let mut html = String::new();
    let shown = items.len() as u64;
    let words = if shown < total {
        format!(
            "The newest {} of {} rows. Filter before exporting to see others.",
            text::count(shown),
            text::count(total)
        )
    } else {
        format!("All {} rows, newest first.", text::count(total))
    };
    put(
        &mut html,
        format_args!(
            "<p class=\"muted\">{words} Open a row for its payloads, properties and times.</p>"
        ),
    );
    html.push_str(
        "<div class=\"rows\"><div class=\"head\" aria-hidden=\"true\"><span class=\"n\">No.</span><span>Sent</span><span>Topic and payload</span><span>Responder</span><span>Verdict</span><span class=\"n\">Round trip</span></div>",
    );
    for item in items.iter().rev() {
        row(&mut html, item);
    }
    html.push_str("</div>");
    html
}

fn row(html: &mut String, item: &Item) {
    let row = &item.row;
    let (class, label) = verdict(row);
    let (number, anchor, round_trip) = match row {
        Row::Exchange(exchange) => (
            exchange.id.0.to_string(),
            format!(" id=\"exchange-{}\"", exchange.id.0),
            exchange
                .round_trip()
                .map_or_else(|| "—".to_owned(), text::duration),
        ),
        _ => ("—".to_owned(), String::new(), "—".to_owned()),
    };
    let colour = item.marks.colour.map_or("", |colour| colour.word());
    let pin = if item.marks.pinned {
        "<span class=\"pin\">pinned</span> "
    } else {
        ""
    };
    let message = row.message();
    let preview = payload::preview(&message.payload, PREVIEW_CHARS);
    put(
        html,
        format_args!(
            "<details{anchor} data-mark=\"{colour}\"><summary><span class=\"n\">{number}</span><span>{}</span><span class=\"what\">{pin}<code>{}</code> <code class=\"muted\">{}</code></span><span>{}</span><span class=\"{class}\"><span class=\"dot\" aria-hidden=\"true\"></span>{label}</span><span class=\"n\">{round_trip}</span></summary><div class=\"body\">",
            moment(row.time()),
            word(message.topic.as_str()),
            Line(&preview),
            word(&responders(row)),
        ),
    );
    if !item.marks.comment.is_empty() {
        put(
            html,
            format_args!(
                "<p class=\"comment\">{}</p>",
                Esc(&cut(&item.marks.comment, MAX_TEXT_BYTES))
            ),
        );
    }
    let reason = words::reason(row);
    if !reason.is_empty() {
        put(
            html,
            format_args!("<p class=\"{class}\">{}</p>", word(&reason)),
        );
    }
    match row {
        Row::Exchange(exchange) => exchange_body(html, exchange),
        Row::Message(_) | Row::Publish(_) => {
            facts(html, &[("Connection", row.connection().to_string())]);
            message_body(html, message);
        }
    }
    html.push_str("</div></details>");
}

fn exchange_body(html: &mut String, exchange: &Exchange) {
    let mut about = vec![
        ("Connection", exchange.connection.to_string()),
        ("Pairing rule", exchange.rule.to_string()),
    ];
    if !exchange.request.name.is_empty() {
        about.push(("Saved as", exchange.request.name.to_string()));
    }
    if let Some(reason) = &exchange.acknowledgement {
        about.push(("The broker said", reason.to_string()));
    }
    if let Some(note) = &exchange.presence {
        let state = if note.is_online { "online" } else { "offline" };
        about.push((
            "Presence",
            format!("{} was {state} from {}", note.who, text::iso_nanos(note.at)),
        ));
    }
    facts(html, &about);
    legs(html, exchange);
    html.push_str("<h4>Request</h4>");
    message_body(html, &exchange.message);
    for (index, reply) in exchange.replies.iter().take(MAX_REPLIES).enumerate() {
        reply_body(html, exchange, index, reply);
    }
    let beyond =
        exchange.replies.len().saturating_sub(MAX_REPLIES) as u64 + exchange.replies_not_kept;
    if beyond > 0 {
        put(
            html,
            format_args!(
                "<p class=\"muted\">{} further replies are not shown here.</p>",
                text::count(beyond)
            ),
        );
    }
    for miss in &exchange.near_misses {
        let data = miss.correlation_data.as_ref().map_or_else(
            || "no Correlation Data".to_owned(),
            |data| format!("Correlation Data {}", bytes_word(data.as_bytes())),
        );
        let difference = miss.difference.as_ref().map_or_else(String::new, |one| {
            format!(
                "; {} was {} where {} was wanted",
                one.variable,
                one.found.join(", "),
                one.wanted.join(", ")
            )
        });
        put(
            html,
            format_args!(
                "<p class=\"unmatched\">Came meanwhile, not its answer: {}, {}</p>",
                miss.verdict.label(),
                word(&format!("{data}{difference}"))
            ),
        );
    }
}

fn reply_body(html: &mut String, exchange: &Exchange, index: usize, reply: &Reply) {
    let published = exchange.legs.published.unwrap_or(exchange.legs.queued);
    let after = text::duration(reply.received.since(published));
    let from = reply
        .responder
        .as_ref()
        .map_or_else(String::new, |name| format!(" from {name}"));
    let outcome = match words::outcome(&reply.outcome) {
        "ok" => String::new(),
        other => format!(", {other}"),
    };
    put(
        html,
        format_args!(
            "<h4>{} {}<span class=\"muted\"> after {after}{}</span></h4>",
            reply.verdict.label(),
            index + 1,
            word(&format!("{from}{outcome}")),
        ),
    );
    message_body(html, &reply.message);
}

/// When what happened, from the publish on.
fn legs(html: &mut String, exchange: &Exchange) {
    let Legs {
        queued,
        subscribed,
        published,
        acknowledged,
        device_received,
        device_answered,
    } = exchange.legs;
    let from = published.unwrap_or(queued);
    html.push_str("<table class=\"legs\"><tbody>");
    let first_reply = exchange.replies.first().map(|reply| reply.received);
    for (name, at) in [
        ("Queued", Some(queued)),
        ("Response Topic subscribed", subscribed),
        ("Published", published),
        ("Acknowledged", acknowledged),
        ("Received by the device", device_received),
        ("Answered by the device", device_answered),
        ("First reply", first_reply),
        ("Deadline", exchange.deadline),
        ("Over", exchange.finished),
    ] {
        let Some(at) = at else { continue };
        put(
            html,
            format_args!(
                "<tr><th>{name}</th><td>{}</td><td class=\"n\">{}</td></tr>",
                moment(at),
                offset(from, at)
            ),
        );
    }
    html.push_str("</tbody></table>");
}

fn offset(from: Timestamp, at: Timestamp) -> String {
    if at < from {
        format!("−{}", text::duration(from.since(at)))
    } else {
        format!("+{}", text::duration(at.since(from)))
    }
}

fn message_body(html: &mut String, message: &Message) {
    let mut about = vec![
        ("Topic", message.topic.as_str().to_owned()),
        ("Flags", flags(message)),
    ];
    properties(&mut about, &message.properties);
    facts(html, &about);
    payload_body(html, &message.payload);
}

fn flags(message: &Message) -> String {
    let mut flags = message.qos.to_string();
    if message.retain {
        flags.push_str(", retained");
    }
    if message.duplicate {
        flags.push_str(", duplicate");
    }
    flags
}

fn properties(about: &mut Vec<(&'static str, String)>, properties: &Properties) {
    if let Some(topic) = &properties.response_topic {
        about.push(("Response Topic", topic.as_str().to_owned()));
    }
    if let Some(data) = &properties.correlation_data {
        about.push(("Correlation Data", bytes_word(data.as_bytes())));
    }
    if let Some(kind) = &properties.content_type {
        about.push(("Content Type", kind.to_string()));
    }
    match properties.payload_is_utf8 {
        Some(true) => about.push(("Payload Format Indicator", "UTF-8".to_owned())),
        Some(false) => about.push(("Payload Format Indicator", "unspecified".to_owned())),
        None => {}
    }
    if let Some(secs) = properties.message_expiry_secs {
        about.push(("Message Expiry", format!("{secs} s")));
    }
    for one in properties.user_properties.iter().take(MAX_PROPERTIES) {
        about.push(("User property", format!("{} = {}", one.name, one.value)));
    }
    let beyond = properties
        .user_properties
        .len()
        .saturating_sub(MAX_PROPERTIES);
    if beyond > 0 {
        about.push((
            "User properties",
            format!("{} more are not shown here", text::count(beyond as u64)),
        ));
    }
}

/// Text where it is printable, else hex.
fn bytes_word(bytes: &[u8]) -> String {
    let printable = std::str::from_utf8(bytes)
        .ok()
        .filter(|text| !text.is_empty() && !text.chars().any(char::is_control));
    match printable {
        Some(text) => text.to_owned(),
        None if bytes.is_empty() => "empty".to_owned(),
        None => format!("0x{}", hex::encode(bytes)),
    }
}

fn payload_body(html: &mut String, bytes: &[u8]) {
    if bytes.is_empty() {
        html.push_str("<p class=\"muted\">Empty payload.</p>");
        return;
    }
    let shown = if let Ok(text) = std::str::from_utf8(bytes) {
        let cut = cut(text, MAX_TEXT_BYTES);
        // A line break right after the tag would be taken for markup.
        let start = if cut.starts_with('\n') { "\n" } else { "" };
        put(
            html,
            format_args!("<pre dir=\"auto\">{start}{}</pre>", Esc(&cut)),
        );
        cut.len()
    } else {
        let lines: Vec<String> = (0..MAX_HEX_LINES)
            .map_while(|line| payload::hex_line(bytes, line))
            .collect();
        put(html, format_args!("<pre>{}</pre>", Esc(&lines.join("\n"))));
        bytes.len().min(lines.len() * 16)
    };
    let size = text::count(bytes.len() as u64);
    if shown < bytes.len() {
        put(
            html,
            format_args!(
                "<p class=\"muted\">The first {} of {size} bytes.</p>",
                text::count(shown as u64)
            ),
        );
    } else {
        put(html, format_args!("<p class=\"muted\">{size} bytes</p>"));
    }
}

fn facts(html: &mut String, facts: &[(&str, String)]) {
    html.push_str("<dl class=\"facts\">");
    for (name, value) in facts {
        put(
            html,
            format_args!("<dt>{name}</dt><dd><code>{}</code></dd>", word(value)),
        );
    }
    html.push_str("</dl>");
}

/// At most so many bytes of text, between two characters.
fn cut(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let end = (0..=most).rev().find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or(0)).unwrap_or_default().to_owned()
}

/// A word of a stranger on one line, escaped and of a bearable length.
fn word(text: &str) -> String {
    match text.char_indices().nth(MAX_WORD_CHARS) {
        None => Line(text).to_string(),
        Some((end, _)) => format!("{}…", Line(text.get(..end).unwrap_or_default())),
    }
}
