//! A line of the packet log as JSON, and as text for people.

use super::reel::What;
use super::{Decoded, Field, Logged, Packet, Value, decode, summary};
use crate::model::text;
use serde_json::{Map, Value as Json, json};
use std::fmt::Write as _;

/// One line of JSON: what is known of it, its fields by their names, and its bytes.
pub fn to_json(logged: &Logged<'_>) -> String {
    let mut line = Map::new();
    line.insert("number".to_owned(), logged.number.into());
    line.insert("at".to_owned(), text::iso_nanos(logged.at).into());
    match &logged.what {
        What::Note(note, words) => {
            line.insert("note".to_owned(), note.word().into());
            line.insert("text".to_owned(), (*words).into());
        }
        What::Packet(packet) => put_packet(&mut line, packet),
    }
    Json::Object(line).to_string()
}

fn put_packet(line: &mut Map<String, Json>, packet: &Packet<'_>) {
    let decoded = decode(packet.bytes, packet.size, packet.version);
    let mut put = |name: &str, value: Json| drop(line.insert(name.to_owned(), value));
    put("direction", packet.way.word().into());
    put("type", decoded.kind.word().into());
    put("mqtt", packet.version.word().into());
    if packet.packet_id != 0 {
        put("packet_id", packet.packet_id.into());
    }
    put("size", packet.size.into());
    if packet.bytes.len() < packet.size {
        put("kept", packet.bytes.len().into());
    }
    if packet.is_masked {
        put("masked", true.into());
    }
    if packet.is_incomplete {
        put("incomplete", true.into());
    }
    if !decoded.flaws.is_empty() {
        let flaws = decoded.flaws.iter();
        let flaws = flaws.map(|flaw| json!({ "byte": flaw.at, "why": flaw.why }));
        put("malformed", flaws.collect());
    }
    put("fields", fields(&decoded.fields));
    put("hex", hex::encode(packet.bytes).into());
}

/// By their names; those that are there several times as an array, those made of others as an object.
fn fields(all: &[Field]) -> Json {
    let mut object = Map::new();
    let mut rest = all;
    while let Some((field, after)) = rest.split_first() {
        let deeper = after
            .iter()
            .take_while(|one| one.depth > field.depth)
            .count();
        let (within, next) = after.split_at(deeper);
        rest = next;
        let value = json_of(&field.value, within);
        match object.get_mut(field.name) {
            None => drop(object.insert(field.name.to_owned(), value)),
            Some(Json::Array(several)) => several.push(value),
            Some(one) => *one = Json::Array(vec![one.take(), value]),
        }
    }
    Json::Object(object)
}

fn json_of(value: &Value, within: &[Field]) -> Json {
    match value {
        Value::Parts => fields(within),
        Value::Number(number, _) => (*number).into(),
        Value::Code(code, words) => json!({ "code": code, "words": words }),
        Value::Yes(yes) => (*yes).into(),
        // What has parts of its own, such as the options of a subscription.
        Value::Text(text) if !within.is_empty() => {
            let mut parts = match fields(within) {
                Json::Object(parts) => parts,
                other => return other,
            };
            parts.insert("value".to_owned(), text.as_str().into());
            Json::Object(parts)
        }
        Value::Text(text) => text.as_str().into(),
        Value::Pair(name, value) => json!({ "name": name, "value": value }),
        Value::Bytes(bytes) => json!({ "hex": hex::encode(bytes) }),
        Value::Payload { kept, size } => match std::str::from_utf8(kept) {
            Ok(text) if kept.len() == *size => text.into(),
            _ => json!({ "hex": hex::encode(kept), "size": size }),
        },
        Value::Masked => json!({ "masked": true }),
    }
}

/// The line of the table: time, direction, type, identifier, what it says, size.
pub fn to_line(logged: &Logged<'_>) -> String {
    let at = text::iso(logged.at);
    let summary = summary::summary(logged);
    match &logged.what {
        What::Note(note, _) => format!("{at}  ·   {:<11}       {}", note.word(), summary.main),
        What::Packet(packet) => {
            let id = match packet.packet_id {
                0 => String::new(),
                id => format!("#{id}"),
            };
            let gap = if summary.rest.is_empty() { "" } else { " · " };
            format!(
                "{at}  {:<3} {:<11} {id:<6}{}{gap}{} ({})",
                packet.way.word(),
                packet.kind().word(),
                summary.main,
                summary.rest,
                text::bytes(packet.size)
            )
        }
    }
}

/// The line, and beneath it all fields, one a line.
pub fn to_text(logged: &Logged<'_>) -> String {
    let mut lines = to_line(logged);
    lines.push('\n');
    if let Some(packet) = logged.packet() {
        put_fields(
            &mut lines,
            &decode(packet.bytes, packet.size, packet.version),
        );
    }
    lines
}

fn put_fields(lines: &mut String, decoded: &Decoded) {
    for field in &decoded.fields {
        let indent = 4 + 2 * usize::from(field.depth);
        // What is on several lines stays beneath its name.
        let value = field.value.to_string().replace('\n', "\n      ");
        let colon = if value.is_empty() { "" } else { ": " };
        // Writing to a string does not fail.
        writeln!(lines, "{:indent$}{}{colon}{value}", "", field.name).unwrap_or_default();
    }
    for flaw in &decoded.flaws {
        writeln!(lines, "    malformed, {flaw}").unwrap_or_default();
    }
}

/// A line of a dump, `across` bytes: where they stand, the bytes, and those that are letters.
pub fn hex_line(bytes: &[u8], row: usize, across: usize) -> Option<String> {
    let start = row.checked_mul(across)?;
    let part = bytes.get(start..bytes.len().min(start.saturating_add(across)))?;
    if part.is_empty() {
        return None;
    }
    let mut line = format!("{start:06x}  ");
    for at in 0..across {
        match part.get(at) {
            Some(byte) => write!(line, "{byte:02x} ").unwrap_or_default(),
            None => line.push_str("   "),
        }
        if at == 7 && across > 8 {
            line.push(' ');
        }
    }
    line.push(' ');
    line.extend(part.iter().map(|byte| match byte {
        0x20..=0x7E => char::from(*byte),
        _ => '.',
    }));
    Some(line)
}
