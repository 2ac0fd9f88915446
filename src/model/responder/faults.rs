//! What a device does wrong on purpose, so that requesters can be tried on it.

use super::draft::DeviceField;
use super::pairing::ByRule;
use crate::model::correlation::CorrelationData;
use crate::model::message::Message;
use rand::RngExt as _;
use rand::rngs::StdRng;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How many of a hundred answers go wrong, and how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Faults {
    /// Never sent.
    #[serde(skip_serializing_if = "is_zero")]
    pub drop_percent: u8,
    /// Sent twice.
    #[serde(skip_serializing_if = "is_zero")]
    pub duplicate_percent: u8,
    /// With the Correlation Data, or the id of the pairing rule, of no request.
    #[serde(skip_serializing_if = "is_zero")]
    pub wrong_correlation_percent: u8,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(value: &u8) -> bool {
    *value == 0
}

/// What goes wrong with one answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) is_dropped: bool,
    pub(super) is_doubled: bool,
    pub(super) is_wrong: bool,
}

impl Faults {
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn check(self, mut wrong: impl FnMut(DeviceField, String)) {
        for percent in [
            self.drop_percent,
            self.duplicate_percent,
            self.wrong_correlation_percent,
        ] {
            if percent > 100 {
                let message = format!("{percent} % is more than all of its answers");
                wrong(DeviceField::Faults, message);
            }
        }
    }

    /// Draws only where something can go wrong: devices without faults stay as they are.
    pub(super) fn draw(self, random: &mut StdRng) -> Fault {
        let mut happens = |percent: u8| percent > 0 && random.random_range(0..100) < percent;
        Fault {
            is_dropped: happens(self.drop_percent),
            is_doubled: happens(self.duplicate_percent),
            is_wrong: happens(self.wrong_correlation_percent),
        }
    }
}

/// The request as it would be if it had another id; none where it has none.
pub(super) fn mistaken(
    by: Option<&ByRule>,
    request: &Message,
    random: &mut StdRng,
) -> Result<Message, Arc<str>> {
    if let Some(by) = by {
        return by.with_other_id(request, random);
    }
    let mut other = request.clone();
    let data = &mut other.properties.correlation_data;
    let length = data
        .as_ref()
        .map_or(16, |data| data.as_bytes().len().max(1));
    let mut bytes = vec![0; length];
    random.fill(&mut bytes[..]);
    // It is not to be right by chance.
    if let (Some(first), Some(right)) = (bytes.first_mut(), data)
        && right.as_bytes().first() == Some(first)
    {
        *first = first.wrapping_add(1);
    }
    other.properties.correlation_data = Some(CorrelationData::new(bytes));
    Ok(other)
}
