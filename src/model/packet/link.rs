//! Which packets belong together: a PUBLISH and what acknowledges it, a SUBSCRIBE and its SUBACK, a ping and its answer.

use super::{Kind, Logged, Reel, Way};
use crate::model::text;
use crate::model::time::Timestamp;

/// So many packets are looked at in either direction.
const REACH: usize = 100_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Linked {
    pub number: u64,
    pub at: Timestamp,
    pub kind: Kind,
    pub way: Way,
}

impl Linked {
    /// Seen from a packet of that time: `PUBACK 1.20 ms later`.
    pub fn words(&self, from: Timestamp) -> String {
        let kind = self.kind.word();
        if self.at >= from {
            format!("{kind} {} later", text::duration(self.at.since(from)))
        } else {
            format!("{kind} {} before", text::duration(from.since(self.at)))
        }
    }
}

/// What a packet belongs to, and how it begins and ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Family {
    /// Who began it; packet identifiers of the two sides have nothing to do with each other (MQTT 5 §2.2.1).
    began: Way,
    packet_id: u16,
    first: Kind,
    members: &'static [Kind],
}

const PUBLISHED: &[Kind] = &[
    Kind::Publish,
    Kind::Puback,
    Kind::Pubrec,
    Kind::Pubrel,
    Kind::Pubcomp,
];
const SUBSCRIBED: &[Kind] = &[Kind::Subscribe, Kind::Suback];
const UNSUBSCRIBED: &[Kind] = &[Kind::Unsubscribe, Kind::Unsuback];
const PINGED: &[Kind] = &[Kind::Pingreq, Kind::Pingresp];
const CONNECTED: &[Kind] = &[Kind::Connect, Kind::Auth, Kind::Connack];

impl Family {
    fn of(logged: &Logged<'_>) -> Option<Self> {
        let packet = logged.packet()?;
        let kind = packet.kind();
        let members = [PUBLISHED, SUBSCRIBED, UNSUBSCRIBED, PINGED, CONNECTED]
            .into_iter()
            .find(|members| members.contains(&kind))?;
        let first = *members.first()?;
        let has_id = members != PINGED && members != CONNECTED;
        if has_id && packet.packet_id == 0 {
            return None;
        }
        let is_answer = matches!(
            kind,
            Kind::Puback
                | Kind::Pubrec
                | Kind::Pubcomp
                | Kind::Suback
                | Kind::Unsuback
                | Kind::Pingresp
                | Kind::Connack
        );
        let began = match (is_answer, packet.way) {
            // Both sides say AUTH.
            _ if members == CONNECTED => Way::Out,
            (false, way) => way,
            (true, Way::In) => Way::Out,
            (true, Way::Out) => Way::In,
        };
        Some(Self {
            began,
            packet_id: if has_id { packet.packet_id } else { 0 },
            first,
            members,
        })
    }
}

/// All that belong to one, with it, in their order. Empty where it stands alone.
pub fn linked(reel: &Reel, number: u64) -> Vec<Linked> {
    let Some(family) = reel.get(number).and_then(|logged| Family::of(&logged)) else {
        return Vec::new();
    };
    let is_last = |kind: Kind| {
        matches!(
            kind,
            Kind::Puback
                | Kind::Pubcomp
                | Kind::Suback
                | Kind::Unsuback
                | Kind::Pingresp
                | Kind::Connack
        )
    };
    let of_family = |logged: &Logged<'_>| -> Option<Linked> {
        // The same again has another number, but is the same.
        let packet = logged.packet()?;
        (Family::of(logged)? == family).then_some(Linked {
            number: logged.number,
            at: logged.at,
            kind: packet.kind(),
            way: packet.way,
        })
    };
    let mut all = Vec::new();
    let least = number.saturating_sub(REACH as u64);
    let mut place = number;
    loop {
        if let Some(one) = reel.get(place).and_then(|logged| of_family(&logged)) {
            // The end of the one before, under the same identifier.
            if place != number && is_last(one.kind) {
                break;
            }
            all.push(one);
            if one.kind == family.first {
                break;
            }
        }
        if place <= least.max(reel.first()) {
            break;
        }
        place -= 1;
    }
    all.reverse();
    if all.last().is_some_and(|last| is_last(last.kind)) {
        return alone_is_none(all);
    }
    for logged in reel.since(number.saturating_add(1)).take(REACH) {
        let Some(one) = of_family(&logged) else {
            continue;
        };
        if one.kind == family.first && !is_again(&logged) {
            break;
        }
        all.push(one);
        if is_last(one.kind) {
            break;
        }
    }
    alone_is_none(all)
}

/// A PUBLISH that is sent once more, after its connection was lost (MQTT 5 §3.3.1.1).
fn is_again(logged: &Logged<'_>) -> bool {
    let packet = logged.packet();
    packet.is_some_and(|packet| packet.kind() == Kind::Publish && packet.first & 8 != 0)
}

fn alone_is_none(all: Vec<Linked>) -> Vec<Linked> {
    if all.len() < 2 { Vec::new() } else { all }
}
