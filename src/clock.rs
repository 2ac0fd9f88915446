//! The one clock of the program: a monotonic clock anchored once to the wall clock, so that
//! differences are exact and never negative even when the system clock is set.

use crate::model::time::Timestamp;
use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime};

struct Anchor {
    instant: Instant,
    wall: Timestamp,
}

fn anchor() -> &'static Anchor {
    static ANCHOR: OnceLock<Anchor> = OnceLock::new();
    ANCHOR.get_or_init(|| {
        let since_epoch = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or(Duration::ZERO);
        Anchor {
            instant: Instant::now(),
            wall: Timestamp::from_nanos(0).saturating_add(since_epoch),
        }
    })
}

pub fn now() -> Timestamp {
    let anchor = anchor();
    anchor.wall.saturating_add(anchor.instant.elapsed())
}

/// When the monotonic clock will show `at`; now, when that is past.
pub fn instant_of(at: Timestamp) -> Instant {
    Instant::now() + at.since(now())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_never_runs_backwards_and_shows_the_present() {
        let first = now();
        let second = now();
        assert!(second >= first);
        assert!(first.as_nanos() > 1_700_000_000_000_000_000);
    }

    #[test]
    fn a_timestamp_in_the_future_is_as_far_away_as_an_instant() {
        let wait = instant_of(now().saturating_add(Duration::from_secs(5)))
            .saturating_duration_since(Instant::now());
        assert!(wait > Duration::from_secs(4) && wait <= Duration::from_secs(5));
        assert!(instant_of(Timestamp::from_nanos(1)) <= Instant::now());
    }
}
