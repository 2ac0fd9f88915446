//! The values of options: what is wrong with one, and what to write instead.

use crate::model::correlation::CorrelationDraft;
use crate::model::message::{Qos, UserProperty};
use crate::model::payload::Encoding;
use crate::model::profile::{BUILT_IN_ADDRESS, BrokerAddress, ParsedAddress, VersionChoice};
use crate::model::request::{RepliesWanted, parse_duration};
use crate::model::responder::typed_value;
use crate::model::subscribe::{RetainHandling, check_identifier};
use crate::model::template::Template;
use crate::model::time::Timestamp;
use crate::model::topic::{MAX_STRING_BYTES, TopicFilter, TopicName};
use chrono::{DateTime, Local, NaiveDate, NaiveDateTime, TimeZone as _};
use serde_json::Value;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A broker's URL as typed. It may hold a password, so it is never printed as it is.
#[derive(Clone)]
pub struct Url(String);

impl Url {
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What it says, or what is wrong with it, without the password in either case.
    pub fn read(&self) -> Result<ParsedAddress, String> {
        if self.0.trim() == BUILT_IN_ADDRESS {
            return Err(
                "the built-in broker has no address before it runs; start `roundtrip broker --port 1884` \
                 and write mqtt://127.0.0.1:1884"
                    .to_owned(),
            );
        }
        BrokerAddress::parse(&self.0)
            .map_err(|message| message.replace(self.0.trim(), &self.masked()))
    }

    fn password(&self) -> Option<&str> {
        let (_, rest) = self.0.split_once("://").unwrap_or(("", &self.0));
        let (user_info, _) = rest.rsplit_once('@')?;
        Some(user_info.split_once(':')?.1)
    }

    fn masked(&self) -> String {
        match self.password() {
            Some(password) if !password.is_empty() => self.0.trim().replace(password, "•••"),
            _ => self.0.trim().to_owned(),
        }
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

/// The value of a variable of a pairing rule.
pub(super) fn variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => {
            Ok((name.trim().to_owned(), value.to_owned()))
        }
        _ => Err("write it as NAME=VALUE, such as device=pump-7".to_owned()),
    }
}

/// clap repeats what it refuses: a wrong URL with a password in it is let pass, and refused by whoever reads it.
pub(super) fn url(text: &str) -> Result<Url, String> {
    let url = Url(text.to_owned());
    match url.read() {
        Err(message) if url.password().is_none() => Err(message),
        _ => Ok(url),
    }
}

pub(super) fn topic(text: &str) -> Result<String, String> {
    match TopicName::new(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(err) => Err(err.to_string()),
    }
}

pub(super) fn response_topic(text: &str) -> Result<String, String> {
    if text.starts_with("$share/") {
        return Err("`$share/` is for subscriptions; a reply cannot be published there".to_owned());
    }
    topic(text)
}

pub(super) fn filter(text: &str) -> Result<String, String> {
    match TopicFilter::new(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(err) => Err(err.to_string()),
    }
}

pub(super) fn hex(text: &str) -> Result<String, String> {
    match Encoding::Hex.decode(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(err) => Err(format!("{err}; write pairs such as 00ff or '00 ff'")),
    }
}

pub(super) fn correlation(text: &str) -> Result<CorrelationDraft, String> {
    let draft = CorrelationDraft::parse(text)?;
    draft.validate()?;
    Ok(draft)
}

pub(super) fn retain_handling(text: &str) -> Result<RetainHandling, String> {
    let number: usize = text.parse().unwrap_or(usize::MAX);
    let one = RetainHandling::ALL.get(number);
    one.copied()
        .ok_or_else(|| format!("`{text}` is no Retain Handling; it is 0, 1 or 2"))
}

pub(super) fn identifier(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(number) => check_identifier(number),
        Err(err) => Err(format!("`{text}` is no number from 1 to 268435455: {err}")),
    }
}

pub(super) fn qos(text: &str) -> Result<Qos, String> {
    text.parse::<u8>()
        .ok()
        .and_then(|level| Qos::try_from(level).ok())
        .ok_or_else(|| "write 0 (at most once), 1 (at least once) or 2 (exactly once)".to_owned())
}

pub(super) fn timeout(text: &str) -> Result<String, String> {
    parse_duration(text).map(|_| text.to_owned())
}

/// A time that may be as long as it likes.
pub(super) fn span(text: &str) -> Result<Duration, String> {
    let hint = "write a time like 30s, 5m or 8h";
    let time = match text.trim().parse::<f64>() {
        Ok(secs) => Duration::try_from_secs_f64(secs).map_err(|err| format!("{err}; {hint}"))?,
        Err(_) => humantime::parse_duration(text).map_err(|err| format!("{err}; {hint}"))?,
    };
    if time.is_zero() {
        return Err(format!("no time at all is left; {hint}"));
    }
    Ok(time)
}

/// A duration that may be nothing.
pub(super) fn delay(text: &str) -> Result<String, String> {
    let digits = text
        .trim()
        .trim_end_matches(|c: char| c.is_alphabetic() || c.is_whitespace());
    if digits.parse::<f64>().is_ok_and(|number| number == 0.0) {
        return Ok(String::new());
    }
    timeout(text)
}

pub(super) fn replies(text: &str) -> Result<String, String> {
    RepliesWanted::parse(text).map(|_| text.to_owned())
}

/// Whole seconds, also written as a duration.
pub(super) fn expiry(text: &str) -> Result<u32, String> {
    let hint = "write whole seconds such as 30s, 5m or 1h";
    let text = text.trim();
    if let Ok(secs) = text.parse::<u32>() {
        return Ok(secs);
    }
    let duration = humantime::parse_duration(text)
        .map_err(|err| format!("`{text}` is no message expiry: {err}; {hint}"))?;
    if duration != Duration::from_secs(duration.as_secs()) {
        return Err(format!("MQTT counts the message expiry in seconds; {hint}"));
    }
    u32::try_from(duration.as_secs())
        .map_err(|err| format!("{err}; MQTT allows at most 4,294,967,295 seconds"))
}

/// A string as MQTT has them (MQTT 5 §1.5.4).
pub(super) fn string(text: &str) -> Result<String, String> {
    if text.len() > MAX_STRING_BYTES {
        Err(format!(
            "it is {} bytes long; MQTT allows at most 65,535",
            text.len()
        ))
    } else {
        Ok(text.to_owned())
    }
}

/// Split at the first `=`: a value may hold more of them.
fn pair(text: &str) -> Result<(&str, &str), String> {
    text.split_once('=')
        .ok_or_else(|| format!("`{text}` has no `=`; write NAME=VALUE, such as trace=1"))
}

pub(super) fn user_property(text: &str) -> Result<UserProperty, String> {
    let (name, value) = pair(text)?;
    Ok(UserProperty {
        name: string(name)?,
        value: string(value)?,
    })
}

pub(super) fn state(text: &str) -> Result<(String, Value), String> {
    let (name, value) = pair(text)?;
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    if name.is_empty() || !name.chars().all(is_word) {
        return Err(format!(
            "`{name}` is no name for a value; use letters, digits, `_` and `-`"
        ));
    }
    Ok((name.to_owned(), typed_value(value)))
}

pub(super) fn template(text: &str) -> Result<String, String> {
    match Template::compile(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(err) => Err(err.to_string()),
    }
}

pub(super) fn port(text: &str) -> Result<u16, String> {
    match text.parse::<u16>() {
        Ok(0) => Err("leave --port out to have a free port chosen".to_owned()),
        Ok(port) => Ok(port),
        Err(_) => Err("write a number from 1 to 65535, such as 1883".to_owned()),
    }
}

pub(super) fn png(text: &str) -> Result<PathBuf, String> {
    let path = Path::new(text);
    let ending = path.extension().and_then(|ending| ending.to_str());
    if ending.is_some_and(|ending| ending.eq_ignore_ascii_case("png")) {
        Ok(path.to_owned())
    } else {
        Err("the picture is a PNG; let its name end in .png".to_owned())
    }
}

/// A window's size in points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    pub width: u16,
    pub height: u16,
}

pub(super) fn size(text: &str) -> Result<Size, String> {
    let hint = "write WIDTHxHEIGHT from 320x240 to 7680x4320, such as 1280x720";
    let parsed = text
        .split_once(['x', 'X', '×'])
        .and_then(|(width, height)| {
            Some(Size {
                width: width.trim().parse().ok()?,
                height: height.trim().parse().ok()?,
            })
        });
    parsed
        .filter(|size| (320..=7680).contains(&size.width) && (240..=4320).contains(&size.height))
        .ok_or_else(|| hint.to_owned())
}

/// A name and a command.
pub(super) fn peer(text: &str) -> Result<(String, String), String> {
    let (name, command) = text
        .split_once('=')
        .filter(|(name, command)| !name.trim().is_empty() && !command.trim().is_empty())
        .ok_or("write a name and a command, such as 'paho=python3 scripts/peers/paho_loop.py'")?;
    Ok((name.trim().to_owned(), command.to_owned()))
}

/// Seconds with a fraction.
pub(super) fn seconds(text: &str) -> Result<std::time::Duration, String> {
    let hint = "write seconds from 0.1 to 600, such as 2 or 0.5";
    let secs: f64 = text.trim().parse().map_err(|_err| hint.to_owned())?;
    if (0.1..=600.0).contains(&secs) {
        Ok(std::time::Duration::from_secs_f64(secs))
    } else {
        Err(hint.to_owned())
    }
}

pub fn mqtt_version(text: &str) -> Result<VersionChoice, String> {
    match text {
        "5" | "5.0" => Ok(VersionChoice::V5),
        "3.1.1" | "4" => Ok(VersionChoice::V311),
        "auto" => Ok(VersionChoice::Auto),
        _ => Err("there are 5, 3.1.1 and auto".to_owned()),
    }
}

/// A point in time as typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    At(Timestamp),
    Ago(Duration),
}

impl Moment {
    pub fn before(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(at) => at,
            Self::Ago(ago) => {
                let nanos = i64::try_from(ago.as_nanos()).unwrap_or(i64::MAX);
                Timestamp::from_nanos(now.as_nanos().saturating_sub(nanos))
            }
        }
    }
}

pub(super) fn moment(text: &str) -> Result<Moment, String> {
    let text = text.trim();
    let hint = "write a time such as 2026-11-21T09:00:00Z or '2026-11-21 10:00', or how long ago, such as 15m";
    if let Ok(ago) = humantime::parse_duration(text) {
        return Ok(Moment::Ago(ago));
    }
    let nanos = if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        at.timestamp_nanos_opt()
    } else {
        let local = local_time(text).ok_or_else(|| hint.to_owned())?;
        // Where clocks are set back a time comes twice: the earlier one; where forward, it is not there.
        let at = Local.from_local_datetime(&local).earliest();
        at.ok_or_else(|| format!("`{text}` does not exist here: the clocks are set forward then"))?
            .timestamp_nanos_opt()
    };
    let nanos = nanos.ok_or_else(|| "times go from 1677 to 2262".to_owned())?;
    Ok(Moment::At(Timestamp::from_nanos(nanos)))
}

fn local_time(text: &str) -> Option<NaiveDateTime> {
    let text = text.replacen('T', " ", 1);
    if let Ok(date) = NaiveDate::parse_from_str(&text, "%Y-%m-%d") {
        return date.and_hms_opt(0, 0, 0);
    }
    ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M"]
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(&text, form).ok())
}
