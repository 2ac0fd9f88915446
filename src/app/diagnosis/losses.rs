//! Connections that are lost again and again, as where another client takes the client id over and the broker does not say so.

use crate::model::connection::ConnectionState;
use crate::model::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

const MANY: usize = 3;
const WITHIN: Duration = Duration::from_mins(2);

#[derive(Debug, Default)]
pub struct Losses {
    standing: BTreeSet<String>,
    lost: BTreeMap<String, Vec<Timestamp>>,
}

impl Losses {
    /// Whether this is one loss too many: then it is counted anew.
    pub fn note(&mut self, id: &str, state: &ConnectionState, now: Timestamp) -> bool {
        match state {
            ConnectionState::Connected(_) => {
                self.standing.insert(id.to_owned());
                false
            }
            ConnectionState::Retrying { .. } if self.standing.remove(id) => {
                let lost = self.lost.entry(id.to_owned()).or_default();
                lost.retain(|at| now.since(*at) <= WITHIN);
                lost.push(now);
                let is_many = lost.len() >= MANY;
                if is_many {
                    lost.clear();
                }
                is_many
            }
            // The user ended it, or the broker said why.
            ConnectionState::Disconnected | ConnectionState::Refused { .. } => {
                self.standing.remove(id);
                self.lost.remove(id);
                false
            }
            ConnectionState::Connecting | ConnectionState::Retrying { .. } => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::connection::Problem;
    use std::sync::Arc;

    #[test]
    fn three_losses_of_a_standing_connection_within_two_minutes_are_too_many() {
        let at = |secs: i64| Timestamp::from_nanos(secs * 1_000_000_000);
        let connected = ConnectionState::Connected(Arc::default());
        let lost = ConnectionState::Retrying {
            problem: Problem {
                summary: "gone".into(),
                hint: "".into(),
                detail: "".into(),
                reason: None,
                doubted: Vec::new(),
            },
            at: at(0),
            attempt: 1,
        };
        let mut losses = Losses::default();
        let mut lose = |secs| {
            losses.note("a", &connected, at(secs));
            let is_many = losses.note("a", &lost, at(secs));
            // An attempt that fails is no loss.
            assert!(!losses.note("a", &lost, at(secs)));
            is_many
        };
        assert_eq!([lose(0), lose(10), lose(20)], [false, false, true]);
        assert_eq!([lose(30), lose(200), lose(400)], [false; 3]);
        assert!(!losses.note("b", &lost, at(401)));
        losses.note("a", &connected, at(402));
        losses.note("a", &ConnectionState::Disconnected, at(403));
        assert!(!losses.note("a", &lost, at(404)));
    }
}
