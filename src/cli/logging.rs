//! Where log lines go: to stderr with their time, as much as the variable [`VARIABLE`] asks for.
//!
//! Without it only what went wrong in this program is told. Other crates are never heard below
//! their warnings: what they tell of packets may hold what is nobody's business.

use chrono::{DateTime, Local, SecondsFormat};
use log::{LevelFilter, Log, Metadata, Record};
use std::io::Write as _;

pub const VARIABLE: &str = "ROUNDTRIP_LOG";
const OWN: &str = env!("CARGO_CRATE_NAME");

struct Logger {
    own: LevelFilter,
    others: LevelFilter,
}

impl Logger {
    /// The other side is what was typed and cannot be read.
    fn of(wanted: Option<&str>) -> Result<Self, &str> {
        let Some(wanted) = wanted.map(str::trim).filter(|wanted| !wanted.is_empty()) else {
            return Ok(Self {
                own: LevelFilter::Warn,
                others: LevelFilter::Off,
            });
        };
        wanted.parse().map_or(Err(wanted), |own: LevelFilter| {
            Ok(Self {
                own,
                others: own.min(LevelFilter::Warn),
            })
        })
    }
}

impl Log for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let is_own = metadata.target().split("::").next() == Some(OWN);
        metadata.level() <= if is_own { self.own } else { self.others }
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            // Nobody is left to tell that stderr is gone.
            writeln!(std::io::stderr(), "{}", line(record, Local::now())).unwrap_or_default();
        }
    }

    fn flush(&self) {}
}

fn line(record: &Record<'_>, at: DateTime<Local>) -> String {
    let at = at.to_rfc3339_opts(SecondsFormat::Millis, false);
    let (level, target, text) = (record.level(), record.target(), record.args());
    format!("{at} {level:<5} {target}: {text}")
}

/// Installs the logger, unless somebody has. The error is the words for a value that says nothing.
pub fn install() -> Result<(), String> {
    let wanted = std::env::var_os(VARIABLE);
    let wanted = wanted.as_ref().map(|wanted| wanted.to_string_lossy());
    let (logger, result) = match Logger::of(wanted.as_deref()) {
        Ok(logger) => (logger, Ok(())),
        Err(typed) => {
            let words =
                format!("{VARIABLE} is `{typed}`, not off, error, warn, info, debug or trace");
            let logger = Logger {
                own: LevelFilter::Warn,
                others: LevelFilter::Off,
            };
            (logger, Err(words))
        }
    };
    let most = logger.own.max(logger.others);
    if log::set_logger(Box::leak(Box::new(logger))).is_ok() {
        log::set_max_level(most);
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use log::Level;

    fn hears(wanted: Option<&str>, target: &str, level: Level) -> bool {
        let logger = Logger::of(wanted).unwrap_or_else(|typed| panic!("{typed}"));
        let metadata = Metadata::builder().target(target).level(level).build();
        logger.enabled(&metadata)
    }

    #[test]
    fn by_itself_only_what_went_wrong_here_is_told() {
        assert!(hears(None, "roundtrip::store", Level::Warn));
        assert!(hears(Some(""), "roundtrip::store", Level::Error));
        assert!(!hears(None, "roundtrip::store", Level::Info));
        assert!(!hears(None, "winit", Level::Error));
    }

    #[test]
    fn the_variable_says_how_much_but_packets_stay_unheard() {
        assert!(hears(
            Some("debug"),
            "roundtrip::mqtt::driver",
            Level::Debug
        ));
        assert!(!hears(
            Some("info"),
            "roundtrip::mqtt::driver",
            Level::Debug
        ));
        assert!(!hears(Some("off"), "roundtrip", Level::Error));
        assert!(hears(Some("TRACE"), "rumqttc", Level::Warn));
        assert!(!hears(Some("trace"), "rumqttc", Level::Info));
        assert!(!hears(Some("trace"), "roundtripper", Level::Info));
        assert_eq!(Logger::of(Some(" loud ")).err(), Some("loud"));
    }

    #[test]
    fn a_line_has_its_time_its_level_and_its_place() {
        let at = DateTime::UNIX_EPOCH.with_timezone(&Local);
        let record = Record::builder()
            .level(Level::Warn)
            .target("roundtrip::store")
            .args(format_args!("slow disk"))
            .build();
        let line = line(&record, at);
        assert!(line.contains(".000"), "{line}");
        assert!(
            line.ends_with(" WARN  roundtrip::store: slow disk"),
            "{line}"
        );
    }
}
