//! Values that are more than text: durations, sizes, numbers, times, and what lies between two of them.

use super::syntax::{Problem, Span, unquote};
use chrono::{NaiveDate, NaiveTime};
use std::ops::RangeInclusive;

/// A piece of the line and where it begins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece<'a> {
    pub text: &'a str,
    pub at: usize,
}

impl<'a> Piece<'a> {
    pub(super) fn span(self) -> Span {
        self.at..self.at + self.text.len()
    }

    fn after(self, prefix: &str) -> Option<Self> {
        let text = self.text.strip_prefix(prefix)?;
        Some(Self {
            text,
            at: self.at + prefix.len(),
        })
    }

    fn split(self, between: &str) -> Option<(Self, Self)> {
        let (before, after) = self.text.split_once(between)?;
        let at = self.at + before.len() + between.len();
        let before = Self {
            text: before,
            at: self.at,
        };
        Some((before, Self { text: after, at }))
    }

    fn is_empty(self) -> bool {
        self.text.is_empty()
    }
}

/// What was said of a value that has an order.
#[derive(Clone, Copy, Debug)]
pub(super) enum Bounds<'a> {
    Bare(Piece<'a>),
    Exactly(Piece<'a>),
    Over(Piece<'a>),
    AtLeast(Piece<'a>),
    Under(Piece<'a>),
    AtMost(Piece<'a>),
    Between(Option<Piece<'a>>, Option<Piece<'a>>),
}

pub(super) fn bounds(piece: Piece<'_>) -> Result<Bounds<'_>, Problem> {
    for (sign, make) in [
        (">=", Bounds::AtLeast as fn(_) -> _),
        ("<=", Bounds::AtMost),
        ("=>", Bounds::AtLeast),
        ("=<", Bounds::AtMost),
        (">", Bounds::Over),
        ("<", Bounds::Under),
        ("=", Bounds::Exactly),
    ] {
        if let Some(rest) = piece.after(sign) {
            if rest.is_empty() {
                return Err(Problem::unfinished(
                    piece.span(),
                    format!("`{sign}` has nothing behind it"),
                    "Write a value behind it",
                ));
            }
            return Ok(make(rest));
        }
    }
    let Some((from, to)) = piece.split("..") else {
        return Ok(Bounds::Bare(piece));
    };
    if from.is_empty() && to.is_empty() {
        return Err(Problem::unfinished(
            piece.span(),
            "a range needs a value at one end at least",
            "Write it as in `2..7`",
        ));
    }
    let some = |piece: Piece<'_>| !piece.is_empty();
    Ok(Bounds::Between(
        Some(from).filter(|one| some(*one)),
        Some(to).filter(|one| some(*one)),
    ))
}

/// Why a text is no value of its kind, and what to do.
type Refusal = (String, String);

/// Reads a number of a kind with its unit.
pub(super) type Unit = fn(&str) -> Result<u64, Refusal>;

/// The numbers that an item asks for. Where none are ever equal, `bare` says what to write instead.
pub(super) fn numbers(
    piece: Piece<'_>,
    unit: Unit,
    bare: Option<&str>,
) -> Result<RangeInclusive<u64>, Problem> {
    let read = |piece: Piece<'_>| {
        unit(unquote(piece.text).trim())
            .map_err(|(message, hint)| Problem::new(piece.span(), message, hint))
    };
    Ok(match bounds(piece)? {
        Bounds::Bare(one) | Bounds::Exactly(one) => {
            let number = read(one)?;
            if let Some(hint) = bare {
                let message = "hardly anything takes exactly that long";
                return Err(Problem::new(piece.span(), message, hint));
            }
            number..=number
        }
        Bounds::Over(one) => match read(one)?.checked_add(1) {
            Some(least) => least..=u64::MAX,
            None => 1..=0,
        },
        Bounds::AtLeast(one) => read(one)?..=u64::MAX,
        Bounds::Under(one) => match read(one)?.checked_sub(1) {
            Some(most) => 0..=most,
            None => 1..=0,
        },
        Bounds::AtMost(one) => 0..=read(one)?,
        Bounds::Between(from, to) => {
            let least = from.map(read).transpose()?.unwrap_or(0);
            let most = to.map(read).transpose()?.unwrap_or(u64::MAX);
            if least > most {
                return Err(Problem::new(
                    piece.span(),
                    "this range holds nothing: it ends before it begins",
                    "Write the smaller value first",
                ));
            }
            least..=most
        }
    })
}

/// `5`, `0.5` or `1_000` and what follows it.
fn number_and_unit(text: &str) -> (&str, &str) {
    let is_number = |c: char| c.is_ascii_digit() || c == '.' || c == '_';
    let end = text.find(|c| !is_number(c)).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    (number, unit.trim())
}

/// `number` times `unit`, to the nearest whole.
fn scaled(number: &str, unit: u64) -> Option<u64> {
    let number = number.replace('_', "");
    if let Ok(whole) = number.parse::<u64>() {
        return whole.checked_mul(unit);
    }
    let (whole, fraction) = number.split_once('.')?;
    let whole: u64 = if whole.is_empty() {
        0
    } else {
        whole.parse().ok()?
    };
    let fraction = fraction.get(..fraction.len().min(12))?;
    let is_fraction = !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit());
    let digits = u32::try_from(fraction.len()).ok()?;
    let part = u128::from(fraction.parse::<u64>().ok().filter(|_| is_fraction)?);
    let part = (part * u128::from(unit)).div_ceil(10_u128.pow(digits));
    whole
        .checked_mul(unit)?
        .checked_add(u64::try_from(part).ok()?)
}

pub(super) fn duration_ns(text: &str) -> Result<u64, Refusal> {
    let (number, unit) = number_and_unit(text);
    let scale = match &*unit.to_ascii_lowercase() {
        "" if !number.is_empty() => {
            return Err((
                format!("`{text}` has no unit"),
                format!("Write `{text}ms`, `{text}s` or `{text}us`"),
            ));
        }
        "ns" => 1,
        "us" | "µs" | "μs" => 1_000,
        "ms" => 1_000_000,
        "s" | "sec" => 1_000_000_000,
        "m" | "min" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => 0,
    };
    if scale > 0
        && let Some(ns) = scaled(number, scale)
    {
        return Ok(ns);
    }
    let several = humantime::parse_duration(text).ok();
    several
        .and_then(|duration| u64::try_from(duration.as_nanos()).ok())
        .ok_or_else(|| {
            (
                format!("`{text}` is no duration"),
                "Write a number and us, ms, s, min or h, as in `5ms`".to_owned(),
            )
        })
}

pub(super) fn size(text: &str) -> Result<u64, Refusal> {
    let (number, unit) = number_and_unit(text);
    let scale = match &*unit.to_ascii_lowercase() {
        "" | "b" => 1,
        "k" | "kb" => 1_000,
        "kib" => 1 << 10,
        "m" | "mb" => 1_000_000,
        "mib" => 1 << 20,
        "g" | "gb" => 1_000_000_000,
        "gib" => 1 << 30,
        _ => 0,
    };
    let size = Some(scale)
        .filter(|scale| *scale > 0)
        .and_then(|scale| scaled(number, scale));
    size.ok_or_else(|| {
        (
            format!("`{text}` is no size"),
            "Write a number and B, kB, KiB, MB or MiB, as in `1kB`".to_owned(),
        )
    })
}

pub(super) fn whole(text: &str) -> Result<u64, Refusal> {
    let digits = text
        .strip_prefix('#')
        .unwrap_or(text)
        .replace([',', '_'], "");
    digits.parse().map_err(|_err| {
        (
            format!("`{text}` is no whole number"),
            "Write digits alone".to_owned(),
        )
    })
}

pub(super) fn qos(text: &str) -> Result<u64, Refusal> {
    match whole(text) {
        Ok(level) if level > 2 => Err((
            format!("there is no QoS {text}"),
            "It is 0, 1 or 2".to_owned(),
        )),
        other => other,
    }
}

pub(super) fn yes_or_no(piece: Piece<'_>) -> Result<bool, Problem> {
    match &*unquote(piece.text).to_ascii_lowercase() {
        "yes" | "true" | "1" | "on" => Ok(true),
        "no" | "false" | "0" | "off" => Ok(false),
        other => Err(Problem::new(
            piece.span(),
            format!("`{other}` is neither yes nor no"),
            "Write `yes` or `no`",
        )),
    }
}

/// Bytes written as hex digits, with or without white space, `-`, `:` or `_` between them.
pub(super) fn hex_bytes(piece: Piece<'_>) -> Result<Vec<u8>, Problem> {
    let text = unquote(piece.text);
    let is_between = |c: char| c.is_whitespace() || matches!(c, '-' | ':' | '_');
    let digits: String = text.chars().filter(|c| !is_between(*c)).collect();
    if let Some(wrong) = digits.chars().find(|c| !c.is_ascii_hexdigit()) {
        return Err(Problem::new(
            piece.span(),
            format!("`{wrong}` is no hex digit"),
            "Write two digits 0 to f for each byte, as in `0x1f2e`",
        ));
    }
    hex::decode(&digits)
        .ok()
        .filter(|bytes| !bytes.is_empty())
        .ok_or_else(|| {
            Problem::unfinished(
                piece.span(),
                "a byte is two hex digits, and here one is missing",
                "Write another digit, or a 0 before the last one",
            )
        })
}

const SEC_NS: i64 = 1_000_000_000;
const DAY_NS: i64 = 86_400 * SEC_NS;

/// When a row has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// Nanoseconds since 1970.
    Between(RangeInclusive<i64>),
    /// Nanoseconds since midnight; over midnight where the first is later.
    OfDay { from: i64, to: i64, offset_ns: i64 },
}

impl When {
    pub(super) fn holds(&self, nanos: i64) -> bool {
        match self {
            Self::Between(range) => range.contains(&nanos),
            Self::OfDay {
                from,
                to,
                offset_ns,
            } => {
                let of_day = nanos.saturating_add(*offset_ns).rem_euclid(DAY_NS);
                if from <= to {
                    (*from..=*to).contains(&of_day)
                } else {
                    of_day >= *from || of_day <= *to
                }
            }
        }
    }
}

/// A time as written.
#[derive(Clone, Copy, Debug)]
struct Moment {
    /// The day it names, as nanoseconds from 1970 to its midnight, and how far its zone is from Greenwich.
    day: Option<(i64, i64)>,
    /// Since midnight.
    of_day: i64,
    /// How long what it names takes: a day, a minute, a second, ….
    width: i64,
}

impl Moment {
    fn start(self) -> i64 {
        let (midnight, zone) = self.day.unwrap_or_default();
        midnight.saturating_add(self.of_day).saturating_sub(zone)
    }

    /// A day is over at its end; a time of day is a point.
    fn end(self) -> i64 {
        if self.width == DAY_NS {
            self.start().saturating_add(DAY_NS - 1)
        } else {
            self.start()
        }
    }
}

pub(super) fn when(piece: Piece<'_>, utc_offset_secs: i32) -> Result<When, Problem> {
    let offset_ns = i64::from(utc_offset_secs) * SEC_NS;
    let read = |piece: Piece<'_>| {
        moment(unquote(piece.text).trim(), offset_ns).ok_or_else(|| {
            Problem::new(
                piece.span(),
                format!("`{}` is no time", unquote(piece.text)),
                "Write `09:14`, `09:14:07.250`, `2026-11-21` or `2026-11-21T09:14`",
            )
        })
    };
    let made = |of: Moment, from: i64, to: i64| match of.day {
        Some(_) => When::Between(from..=to),
        None => When::OfDay {
            from,
            to,
            offset_ns,
        },
    };
    let first = |of: Moment| of.day.map_or(0, |_| i64::MIN);
    let last = |of: Moment| of.day.map_or(DAY_NS - 1, |_| i64::MAX);
    Ok(match bounds(piece)? {
        Bounds::Bare(one) | Bounds::Exactly(one) => {
            let at = read(one)?;
            made(at, at.start(), at.start().saturating_add(at.width - 1))
        }
        Bounds::Over(one) => {
            let at = read(one)?;
            let from = at.end().saturating_add(1);
            // Nothing of a day comes after its last moment.
            made(at, from.min(last(at)), last(at))
        }
        Bounds::AtLeast(one) => {
            let at = read(one)?;
            made(at, at.start(), last(at))
        }
        Bounds::Under(one) => {
            let at = read(one)?;
            if at.start() <= first(at) {
                When::Between(1..=0)
            } else {
                made(at, first(at), at.start() - 1)
            }
        }
        Bounds::AtMost(one) => {
            let at = read(one)?;
            made(at, first(at), at.end())
        }
        Bounds::Between(from, to) => {
            let (from, to) = (from.map(read).transpose()?, to.map(read).transpose()?);
            let of = from.or(to).unwrap_or(Moment {
                day: None,
                of_day: 0,
                width: 1,
            });
            // `2026-11-21T09:14..09:15` stays on its day.
            let to = to.map(|to| Moment {
                day: to.day.or(of.day),
                ..to
            });
            if of.day.is_none() && to.is_some_and(|to| to.day.is_some()) {
                return Err(Problem::new(
                    piece.span(),
                    "this range ends on a day and begins on none",
                    "Write the day at its beginning, too",
                ));
            }
            let start = from.map_or(first(of), Moment::start);
            let end = to.map_or(last(of), Moment::end);
            if of.day.is_some() && start > end {
                return Err(Problem::new(
                    piece.span(),
                    "this range holds nothing: it ends before it begins",
                    "Write the earlier time first",
                ));
            }
            made(of, start, end)
        }
    })
}

fn moment(text: &str, offset_ns: i64) -> Option<Moment> {
    if text.get(4..5) != Some("-") {
        let (of_day, width) = clock_time(text)?;
        return Some(Moment {
            day: None,
            of_day,
            width,
        });
    }
    let date = NaiveDate::parse_from_str(text.get(..10)?, "%Y-%m-%d").ok()?;
    let midnight = date
        .and_time(NaiveTime::MIN)
        .and_utc()
        .timestamp_nanos_opt()?;
    let rest = text.get(10..)?;
    if rest.is_empty() {
        return Some(Moment {
            day: Some((midnight, offset_ns)),
            of_day: 0,
            width: DAY_NS,
        });
    }
    let rest = rest.strip_prefix(['T', 't', ' '])?;
    let (time, zone) = match rest.find(['Z', 'z', '+', '-']) {
        Some(at) => (rest.get(..at)?, zone(rest.get(at..)?)?),
        None => (rest, offset_ns),
    };
    let (of_day, width) = clock_time(time)?;
    Some(Moment {
        day: Some((midnight, zone)),
        of_day,
        width,
    })
}

/// `Z`, `+02:00`, `-0530`, in nanoseconds east of Greenwich.
fn zone(text: &str) -> Option<i64> {
    if text.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+')?),
    };
    let digits = digits.replace(':', "");
    let part = |range: std::ops::Range<usize>| -> Option<i64> { digits.get(range)?.parse().ok() };
    let hours = part(0..2)?;
    let minutes = if digits.len() == 2 { 0 } else { part(2..4)? };
    let is_zone = hours < 24 && minutes < 60 && digits.len() <= 4;
    is_zone.then_some(sign * (hours * 3600 + minutes * 60) * SEC_NS)
}

/// `9:14`, `09:14:07`, `09:14:07.25`: nanoseconds since midnight, and how long that is.
fn clock_time(text: &str) -> Option<(i64, i64)> {
    let mut parts = text.split(':');
    let number = |part: Option<&str>, under: i64| -> Option<i64> {
        let part = part?;
        let is_short = (1..=2).contains(&part.len());
        let is_digits = part.bytes().all(|byte| byte.is_ascii_digit());
        let number: i64 = part.parse().ok()?;
        (is_short && is_digits && number < under).then_some(number)
    };
    let hours = number(parts.next(), 24)?;
    let minutes = number(parts.next(), 60)?;
    let whole = (hours * 3600 + minutes * 60) * SEC_NS;
    let Some(secs) = parts.next() else {
        return Some((whole, 60 * SEC_NS));
    };
    if parts.next().is_some() {
        return None;
    }
    let (secs, fraction) = match secs.split_once('.') {
        Some((secs, fraction)) => (secs, Some(fraction)),
        None => (secs, None),
    };
    let mut nanos = whole + number(Some(secs), 60)? * SEC_NS;
    let mut width = SEC_NS;
    for digit in fraction.unwrap_or_default().bytes() {
        width /= 10;
        if !digit.is_ascii_digit() || width == 0 {
            return None;
        }
        nanos += i64::from(digit - b'0') * width;
    }
    (fraction != Some("")).then_some((nanos, width))
}
