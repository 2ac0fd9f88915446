//! Waits that neither broker nor responder means: Nagle's algorithm on one side holds a small packet back until
//! the other side has acknowledged the one before, and that side delays its acknowledgement.
//!
//! Linux delays for 40 ms, and where it happens on two hops for twice that. At QoS 1 and 2 every message is followed
//! by a second small packet, so one who leaves Nagle on is hit every time. A single time proves nothing; what is said
//! here is what it looks like, and how to find out.

use crate::model::exchange::Exchange;
use crate::model::message::Qos;
use std::time::Duration;

/// What Linux waits, and a little for the way.
const ONCE: [Duration; 2] = [Duration::from_millis(39), Duration::from_millis(48)];
const TWICE: [Duration; 2] = [Duration::from_millis(80), Duration::from_millis(93)];

/// Where the time was spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stretch {
    /// From the request to its acknowledgement.
    Acknowledgement,
    /// Between the broker and a simulated device.
    Route,
    /// In the broker, on the way and in a responder that is not simulated here.
    Responder,
}

fn waits(qos: Qos, time: Duration) -> Option<u32> {
    let lies_in = |[least, most]: [Duration; 2]| (least..=most).contains(&time);
    match qos {
        // Nothing is acknowledged, so nothing small follows.
        Qos::AtMostOnce => None,
        _ if lies_in(ONCE) => Some(1),
        _ if lies_in(TWICE) => Some(2),
        _ => None,
    }
}

/// What a leg of that length looks like, for its tooltip.
pub fn suspicion(stretch: Stretch, qos: Qos, time: Duration) -> Option<&'static str> {
    let waits = waits(qos, time)?;
    Some(match (stretch, waits) {
        (Stretch::Acknowledgement | Stretch::Route, 1) => {
            "looks like Nagle's algorithm against delayed ACK on the broker's side"
        }
        (Stretch::Acknowledgement | Stretch::Route, _) => {
            "looks like Nagle's algorithm against delayed ACK, twice, on the broker's side"
        }
        (Stretch::Responder, 1) => {
            "looks like Nagle's algorithm against delayed ACK between broker and responder"
        }
        (Stretch::Responder, _) => {
            "looks like Nagle's algorithm against delayed ACK, twice, between broker and responder"
        }
    })
}

/// The same with what to do, where the whole answer may have waited so.
pub fn advice(exchange: &Exchange) -> Option<String> {
    let published = exchange.legs.published?;
    let total = exchange.round_trip()?;
    let end = published.saturating_add(total);
    let qos = exchange.message.qos;
    let mut stretches = Vec::new();
    let mut from = published;
    let device = exchange.legs.device_received.filter(|at| *at <= end);
    let acknowledged = exchange.legs.acknowledged;
    if let Some(at) = acknowledged.filter(|at| *at <= device.unwrap_or(end)) {
        stretches.push((Stretch::Acknowledgement, at.since(from)));
        from = at;
    }
    match device {
        Some(received) => {
            stretches.push((Stretch::Route, received.since(from)));
            let answered = exchange.legs.device_answered;
            if let Some(answered) = answered.filter(|at| (received..=end).contains(at)) {
                stretches.push((Stretch::Route, end.since(answered)));
            }
        }
        None => stretches.push((Stretch::Responder, end.since(from))),
    }
    let (stretch, time) = stretches
        .into_iter()
        .find(|(_, time)| waits(qos, *time).is_some())?;
    let words = suspicion(stretch, qos, time)?;
    let whose = match stretch {
        Stretch::Acknowledgement | Stretch::Route => {
            "Set `set_tcp_nodelay true` in mosquitto.conf, or what your broker calls TCP_NODELAY."
        }
        Stretch::Responder => {
            "Set TCP_NODELAY in the responder, and `set_tcp_nodelay true` in mosquitto.conf. A responder that takes that long itself looks the same: QoS 0 tells, it does not wait."
        }
    };
    Some(format!("{} ms of it {words}. {whose}", time.as_millis()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_times_that_linux_waits_and_only_with_acknowledgements_are_suspected() {
        let said = |qos, ms| suspicion(Stretch::Responder, qos, Duration::from_millis(ms));
        assert!(said(Qos::AtLeastOnce, 41).is_some_and(|words| !words.contains("twice")));
        assert!(said(Qos::ExactlyOnce, 44).is_some());
        assert!(said(Qos::AtLeastOnce, 88).is_some_and(|words| words.contains("twice")));
        for (qos, ms) in [
            (Qos::AtMostOnce, 41),
            (Qos::AtLeastOnce, 1),
            (Qos::AtLeastOnce, 38),
            (Qos::AtLeastOnce, 60),
            (Qos::AtLeastOnce, 120),
        ] {
            assert_eq!(said(qos, ms), None, "{qos} {ms} ms");
        }
    }
}
