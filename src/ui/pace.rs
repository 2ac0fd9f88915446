//! How soon the window looks at what happened: at once for one answer, thirty times a second under load.

use std::time::{Duration, Instant};

/// One frame for the few events that belong together.
const SOON: Duration = Duration::from_millis(8);
/// Under load, when many frames would tell apart what no eye can.
const BUSY: Duration = Duration::from_millis(33);
/// Events that keep coming closer to each other than this…
const CLOSE: Duration = Duration::from_millis(50);
/// …this often in a row are load.
const STREAK: u32 = 6;

#[derive(Debug, Default)]
pub struct Pace {
    last: Option<Instant>,
    streak: u32,
}

impl Pace {
    /// How long after `now`, when the window is woken, the next frame is due.
    pub fn woken(&mut self, now: Instant) -> Duration {
        let before = self.last.replace(now);
        let is_close = before.is_some_and(|before| now.saturating_duration_since(before) < CLOSE);
        self.streak = if is_close {
            self.streak.saturating_add(1)
        } else {
            0
        };
        if self.streak >= STREAK { BUSY } else { SOON }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_answer_is_shown_at_once_and_many_share_a_frame() {
        let mut pace = Pace::default();
        let mut now = Instant::now();
        assert!(pace.woken(now) <= Duration::from_millis(16));
        for _ in 0..20 {
            now += Duration::from_millis(20);
            pace.woken(now);
        }
        assert_eq!(pace.woken(now), BUSY);
        now += Duration::from_secs(1);
        assert_eq!(pace.woken(now), SOON, "the load is over");
    }

    #[test]
    fn the_few_steps_of_one_exchange_are_no_load() {
        let mut pace = Pace::default();
        let mut now = Instant::now();
        for _ in 0..4 {
            now += Duration::from_millis(5);
            assert_eq!(pace.woken(now), SOON);
        }
    }
}
