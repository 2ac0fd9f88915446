//! Numbers and times as people read them: units always, thousands separated.

use crate::model::time::Timestamp;
use chrono::{DateTime, SecondsFormat, TimeZone as _, Utc};
use std::time::Duration;

/// Three significant digits and a unit: `0.84 ms`, `4.21 ms`, `250 ms`, `9.41 s`, `2 min 5 s`.
pub fn duration(duration: Duration) -> String {
    let ms = duration.as_secs_f64() * 1e3;
    if ms < 9.995 {
        format!("{ms:.2} ms")
    } else if ms < 99.95 {
        format!("{ms:.1} ms")
    } else if ms < 999.5 {
        format!("{ms:.0} ms")
    } else if ms < 9_995.0 {
        format!("{:.2} s", ms / 1e3)
    } else if ms < 59_950.0 {
        format!("{:.1} s", ms / 1e3)
    } else {
        let secs = duration.as_secs();
        format!("{} min {} s", secs / 60, secs % 60)
    }
}

/// The span of several round trips, the unit said once where it is the same: `2.90–8.80 ms`.
pub fn span(first: Duration, last: Duration) -> String {
    let (from, to) = (duration(first), duration(last));
    match (from.split_once(' '), to.split_once(' ')) {
        (Some((number, unit)), Some((_, same))) if unit == same => format!("{number}–{to}"),
        _ => format!("{from}–{to}"),
    }
}

/// For the inside of a leg bar: `.6`, `2.3`, `140`, milliseconds.
pub fn short_ms(duration: Duration) -> String {
    let ms = duration.as_secs_f64() * 1e3;
    if ms < 0.95 {
        format!("{ms:.1}").trim_start_matches('0').to_owned()
    } else if ms < 99.5 {
        format!("{ms:.1}")
    } else {
        format!("{ms:.0}")
    }
}

/// A duration that is set, not measured: `5 s`, `250 ms`, `1 m 30 s`.
pub fn setting(duration: Duration) -> String {
    let compact = humantime::format_duration(duration).to_string();
    let mut text = String::with_capacity(compact.len() + 4);
    let mut after_digit = false;
    for c in compact.chars() {
        if after_digit && c.is_alphabetic() {
            text.push(' ');
        }
        after_digit = c.is_ascii_digit();
        text.push(c);
    }
    text
}

/// `1,204`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `38 B`, `12.4 KiB`, `2.1 MiB`.
pub fn bytes(bytes: usize) -> String {
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    let amount = bytes as f64;
    if bytes < 1024 {
        format!("{bytes} B")
    } else if bytes < 1024 * 1024 {
        format!("{:.1} KiB", amount / 1024.0)
    } else {
        format!("{:.1} MiB", amount / (1024.0 * 1024.0))
    }
}

/// ISO 8601 in UTC with microseconds, for the clipboard and for scripts.
pub fn iso(at: Timestamp) -> String {
    let utc: DateTime<Utc> = Utc.timestamp_nanos(at.as_nanos());
    utc.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// The same with every digit there is: nanoseconds.
pub fn iso_nanos(at: Timestamp) -> String {
    let utc: DateTime<Utc> = Utc.timestamp_nanos(at.as_nanos());
    utc.to_rfc3339_opts(SecondsFormat::Nanos, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_three_digits_and_a_unit() {
        for (micros, text) in [
            (0, "0.00 ms"),
            (843, "0.84 ms"),
            (4_210, "4.21 ms"),
            (11_840, "11.8 ms"),
            (250_000, "250 ms"),
            (9_410_000, "9.41 s"),
            (59_900_000, "59.9 s"),
            (125_000_000, "2 min 5 s"),
        ] {
            assert_eq!(duration(Duration::from_micros(micros)), text);
        }
        assert_eq!(
            span(Duration::from_micros(2_900), Duration::from_micros(8_800)),
            "2.90–8.80 ms"
        );
        assert_eq!(
            span(Duration::from_millis(900), Duration::from_millis(1_500)),
            "900 ms–1.50 s"
        );
        assert_eq!(short_ms(Duration::from_micros(640)), ".6");
        assert_eq!(short_ms(Duration::from_micros(2_300)), "2.3");
        assert_eq!(short_ms(Duration::from_millis(140)), "140");
    }

    #[test]
    fn settings_read_as_they_were_typed() {
        assert_eq!(setting(Duration::from_secs(5)), "5 s");
        assert_eq!(setting(Duration::from_millis(250)), "250 ms");
        assert_eq!(setting(Duration::from_millis(1_500)), "1 s 500 ms");
    }

    #[test]
    fn counts_and_bytes_are_grouped() {
        assert_eq!(count(0), "0");
        assert_eq!(count(1_204), "1,204");
        assert_eq!(count(1_000_000), "1,000,000");
        assert_eq!(bytes(38), "38 B");
        assert_eq!(bytes(12_700), "12.4 KiB");
    }

    #[test]
    fn times_are_iso_on_copy() {
        assert_eq!(
            iso(Timestamp::from_nanos(1_700_000_000_123_456_789)),
            "2023-11-14T22:13:20.123456Z"
        );
        assert_eq!(
            iso_nanos(Timestamp::from_nanos(1_700_000_000_123_456_789)),
            "2023-11-14T22:13:20.123456789Z"
        );
    }
}
