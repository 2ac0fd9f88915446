//! What each of the fifteen packets is made of (MQTT 5 §3).

use super::Value;
use super::reader::{Read, Reader};
use crate::model::packet::property::{self, Form, WILL};
use crate::model::packet::reason::{Carrier, reason_text, return_code_text};
use crate::model::packet::{Kind, PASSWORD};
use crate::model::version::MqttVersion;

const QOS: [&str; 4] = ["at most once", "at least once", "exactly once", "reserved"];

pub fn packet(reader: &mut Reader<'_>, version: MqttVersion) -> Read<()> {
    let first = reader.raw_byte("the fixed header")?;
    let kind = Kind::of(first);
    reader.push("Packet Type", Value::Code(first >> 4, kind.word()), 0..1);
    flags(reader, kind, first & 0x0F);
    let length = reader.variable("Remaining Length", "bytes")?;
    let end = reader.at.saturating_add(length);
    if reader.size() > end {
        let more = reader.size() - end;
        reader.flaw(end, format!("{more} bytes follow the end of the packet"));
    }
    reader.end = end;
    body(reader, kind, first, version)?;
    if reader.left() > 0 {
        let (at, left) = (reader.at, reader.left());
        reader.flaw(at, format!("{left} bytes that belong to no field"));
    }
    Ok(())
}

/// The low four bits of the first byte (§2.1.3).
fn flags(reader: &mut Reader<'_>, kind: Kind, flags: u8) {
    if kind == Kind::Publish {
        let qos = (flags >> 1) & 3;
        reader.push("DUP", Value::Yes(flags & 8 != 0), 0..1);
        reader.push("QoS", qos_value(qos), 0..1);
        reader.push("RETAIN", Value::Yes(flags & 1 != 0), 0..1);
        if qos == 3 {
            reader.flaw(0, "there is no QoS 3");
        }
        if qos == 0 && flags & 8 != 0 {
            reader.flaw(0, "DUP is set on a PUBLISH of QoS 0");
        }
        return;
    }
    let wanted = match kind {
        Kind::Pubrel | Kind::Subscribe | Kind::Unsubscribe => 2,
        _ => 0,
    };
    if flags != wanted {
        let name = kind.word();
        reader.flaw(
            0,
            format!("the reserved flags of a {name} are {wanted}, here they are {flags}"),
        );
    }
}

fn qos_value(qos: u8) -> Value {
    Value::Code(qos, QOS.get(usize::from(qos)).copied().unwrap_or_default())
}

fn body(reader: &mut Reader<'_>, kind: Kind, first: u8, version: MqttVersion) -> Read<()> {
    let is_new = version == MqttVersion::V5;
    match kind {
        Kind::Reserved => {
            reader.flaw(
                0,
                "no packet has type 0; these may be bytes of something else",
            );
            reader.payload("Bytes");
        }
        Kind::Connect => connect(reader)?,
        Kind::Connack => connack(reader, is_new)?,
        Kind::Publish => publish(reader, (first >> 1) & 3, is_new)?,
        Kind::Puback | Kind::Pubrec | Kind::Pubrel | Kind::Pubcomp => {
            packet_id(reader)?;
            if is_new {
                reason_and_properties(reader, kind, Carrier::Puback)?;
            }
        }
        Kind::Subscribe => {
            packet_id(reader)?;
            properties_if(reader, kind, is_new)?;
            some(reader, "topic filter", |reader| {
                subscription(reader, is_new)
            })?;
        }
        Kind::Suback => {
            packet_id(reader)?;
            properties_if(reader, kind, is_new)?;
            some(reader, "reason code", |reader| suback_code(reader, is_new))?;
        }
        Kind::Unsubscribe => {
            packet_id(reader)?;
            properties_if(reader, kind, is_new)?;
            some(reader, "topic filter", |reader| {
                reader.string("Topic Filter")
            })?;
        }
        Kind::Unsuback => {
            packet_id(reader)?;
            if is_new {
                properties(reader, "Properties", kind.place())?;
                some(reader, "reason code", |reader| {
                    reason_code(reader, Carrier::Puback).map(drop)
                })?;
            }
        }
        Kind::Pingreq | Kind::Pingresp => {}
        Kind::Disconnect => {
            if is_new {
                reason_and_properties(reader, kind, Carrier::Disconnect)?;
            }
        }
        Kind::Auth => {
            if !is_new {
                reader.flaw(0, "MQTT 3.1.1 has no AUTH");
            }
            reason_and_properties(reader, kind, Carrier::Connack)?;
        }
    }
    Ok(())
}

/// One or more, to the end of the packet.
fn some<'a>(
    reader: &mut Reader<'a>,
    what: &str,
    mut one: impl FnMut(&mut Reader<'a>) -> Read<()>,
) -> Read<()> {
    if reader.left() == 0 {
        let at = reader.at;
        reader.flaw(at, format!("there is no {what}"));
    }
    while reader.left() > 0 {
        one(reader)?;
    }
    Ok(())
}

fn packet_id(reader: &mut Reader<'_>) -> Read<()> {
    let from = reader.at;
    if reader.two("Packet Identifier", "")? == 0 {
        reader.flaw(from, "no Packet Identifier is 0");
    }
    Ok(())
}

fn connect(reader: &mut Reader<'_>) -> Read<()> {
    reader.string("Protocol Name")?;
    let from = reader.at;
    let level = reader.raw_byte("Protocol Version")?;
    let words = match level {
        3 => "MQTT 3.1",
        4 => "MQTT 3.1.1",
        5 => "MQTT 5",
        _ => "no version that is known here",
    };
    reader.push(
        "Protocol Version",
        Value::Code(level, words),
        from..reader.at,
    );
    let is_new = level >= 5;
    let from = reader.at;
    let opened = reader.open("Connect Flags");
    let flags = reader.raw_byte("Connect Flags")?;
    let at = from..reader.at;
    let has_will = flags & 0x04 != 0;
    for (name, bit) in [
        ("User Name Flag", 0x80),
        ("Password Flag", 0x40),
        ("Will Retain", 0x20),
    ] {
        reader.push(name, Value::Yes(flags & bit != 0), at.clone());
    }
    reader.push("Will QoS", qos_value((flags >> 3) & 3), at.clone());
    reader.push("Will Flag", Value::Yes(has_will), at.clone());
    let clean = if is_new {
        "Clean Start"
    } else {
        "Clean Session"
    };
    reader.push(clean, Value::Yes(flags & 0x02 != 0), at);
    reader.close(opened);
    if flags & 1 != 0 {
        reader.flaw(from, "the reserved flag is set");
    }
    if !has_will && flags & 0x38 != 0 {
        reader.flaw(from, "Will QoS or Will Retain without a will");
    }
    reader.two("Keep Alive", "s")?;
    if is_new {
        properties(reader, "Properties", Kind::Connect.place())?;
    }
    reader.string("Client Identifier")?;
    if has_will {
        if is_new {
            properties(reader, "Will Properties", WILL)?;
        }
        reader.string("Will Topic")?;
        reader.message("Will Payload")?;
    }
    if flags & 0x80 != 0 {
        reader.string("User Name")?;
    }
    if flags & 0x40 != 0 {
        reader.secret(PASSWORD)?;
    }
    Ok(())
}

fn connack(reader: &mut Reader<'_>, is_new: bool) -> Read<()> {
    let from = reader.at;
    let flags = reader.raw_byte("Connect Acknowledge Flags")?;
    reader.push(
        "Session Present",
        Value::Yes(flags & 1 != 0),
        from..reader.at,
    );
    if flags & 0xFE != 0 {
        reader.flaw(from, "reserved flags are set");
    }
    // A broker that refuses MQTT 5 may answer in the form of MQTT 3.1.1, which is two bytes long (§3.1.2.2).
    if is_new && reader.left() > 1 {
        reason_code(reader, Carrier::Connack)?;
        return properties(reader, "Properties", Kind::Connack.place());
    }
    let from = reader.at;
    let code = reader.raw_byte("Connect Return Code")?;
    let words = return_code_text(code);
    reader.push(
        "Connect Return Code",
        Value::Code(code, words),
        from..reader.at,
    );
    Ok(())
}

fn publish(reader: &mut Reader<'_>, qos: u8, is_new: bool) -> Read<()> {
    reader.string("Topic Name")?;
    if qos > 0 {
        packet_id(reader)?;
    }
    properties_if(reader, Kind::Publish, is_new)?;
    reader.payload("Payload");
    Ok(())
}

fn subscription(reader: &mut Reader<'_>, is_new: bool) -> Read<()> {
    reader.string("Topic Filter")?;
    let from = reader.at;
    let options = reader.raw_byte("Subscription Options")?;
    let at = from..reader.at;
    reader.depth += 1;
    reader.push("Maximum QoS", qos_value(options & 3), at.clone());
    if is_new {
        reader.push("No Local", Value::Yes(options & 4 != 0), at.clone());
        reader.push(
            "Retain As Published",
            Value::Yes(options & 8 != 0),
            at.clone(),
        );
        let handling = (options >> 4) & 3;
        let words = match handling {
            0 => "send retained messages",
            1 => "send them if the subscription is new",
            2 => "do not send them",
            _ => "reserved",
        };
        reader.push("Retain Handling", Value::Code(handling, words), at);
    }
    reader.depth -= 1;
    let reserved = if is_new { 0xC0 } else { 0xFC };
    if options & reserved != 0 {
        reader.flaw(from, "reserved bits of the subscription options are set");
    }
    if options & 3 == 3 {
        reader.flaw(from, "there is no QoS 3");
    }
    Ok(())
}

fn suback_code(reader: &mut Reader<'_>, is_new: bool) -> Read<()> {
    if is_new {
        return reason_code(reader, Carrier::Suback).map(drop);
    }
    let from = reader.at;
    let code = reader.raw_byte("Return Code")?;
    let words = match code {
        0..=2 => reason_text(Carrier::Suback, code),
        0x80 => "failure",
        _ => "a return code that MQTT 3.1.1 does not define",
    };
    reader.push("Return Code", Value::Code(code, words), from..reader.at);
    Ok(())
}

fn reason_code(reader: &mut Reader<'_>, carrier: Carrier) -> Read<u8> {
    let from = reader.at;
    let code = reader.raw_byte("Reason Code")?;
    let words = reason_text(carrier, code);
    reader.push("Reason Code", Value::Code(code, words), from..reader.at);
    Ok(code)
}

/// Both may be left out: then the code is 0 and there are no properties (§3.4.2.1, §3.4.2.2.1).
fn reason_and_properties(reader: &mut Reader<'_>, kind: Kind, carrier: Carrier) -> Read<()> {
    if reader.left() > 0 {
        reason_code(reader, carrier)?;
    }
    if reader.left() > 0 {
        properties(reader, "Properties", kind.place())?;
    }
    Ok(())
}

fn properties_if(reader: &mut Reader<'_>, kind: Kind, is_new: bool) -> Read<()> {
    if is_new {
        properties(reader, "Properties", kind.place())?;
    }
    Ok(())
}

/// §2.2.2.
fn properties(reader: &mut Reader<'_>, name: &'static str, place: u32) -> Read<()> {
    let opened = reader.open(name);
    let length = reader.variable("Property Length", "bytes")?;
    let (start, packet_end) = (reader.at, reader.end);
    let end = start.saturating_add(length);
    if end > packet_end {
        let left = reader.left();
        reader.flaw(
            start,
            format!("the properties want {length} bytes, but only {left} are left"),
        );
    }
    reader.end = end.min(packet_end);
    let mut seen = 0_u64;
    while reader.left() > 0 {
        one_property(reader, place, &mut seen)?;
    }
    reader.end = packet_end;
    reader.close(opened);
    Ok(())
}

fn one_property(reader: &mut Reader<'_>, place: u32, seen: &mut u64) -> Read<()> {
    let from = reader.at;
    let id = reader.raw_byte("a property")?;
    let Some(found) = property::of_id(id) else {
        reader.flaw(from, format!("there is no property 0x{id:02X}"));
        // How long it is nobody knows.
        reader.payload("Unknown property");
        return Ok(());
    };
    let name = found.name;
    if !found.belongs_in(place) {
        reader.flaw(from, format!("the property {name} does not belong here"));
    }
    let bit = 1_u64 << (id & 63);
    if *seen & bit != 0 && !found.may_repeat(place) {
        reader.flaw(from, format!("the property {name} is there twice"));
    }
    *seen |= bit;
    match found.form {
        Form::Flag => {
            let at = reader.at;
            let value = reader.raw_byte(name)?;
            if value > 1 {
                reader.flaw(at, format!("{name} is {value}, not 0 or 1"));
            }
            let value = if name == "Payload Format Indicator" {
                Value::Code(value, if value == 1 { "UTF-8" } else { "bytes" })
            } else {
                Value::Yes(value == 1)
            };
            reader.push(name, value, at..reader.at);
        }
        Form::Byte => drop(reader.byte(name)?),
        Form::Two => drop(reader.two(name, found.unit)?),
        Form::Four => drop(reader.four(name, found.unit)?),
        Form::Variable => drop(reader.variable(name, found.unit)?),
        Form::Text => reader.string(name)?,
        Form::Bytes => reader.binary(name)?,
        Form::Secret => reader.secret(name)?,
        Form::Pair => reader.pair(name)?,
    }
    Ok(())
}
