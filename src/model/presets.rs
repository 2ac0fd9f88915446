//! What comes with each shipped pairing rule: a request to send by it and a simulated device that answers by it.

use crate::model::profile::BUILT_IN_ID;
use crate::model::request::{MQTT5_RULE, RequestDraft};
use crate::model::responder::DeviceDraft;
use serde::Deserialize;
use std::sync::LazyLock;

/// The example of one shipped rule. Nothing in it is special: both parts are kept like a user's own.
#[derive(Clone, Debug, Deserialize)]
pub struct Preset {
    /// The id of the rule.
    pub rule: String,
    /// Who answers that way, and what to know of it.
    pub about: String,
    pub request: RequestDraft,
    pub device: DeviceDraft,
}

#[derive(Deserialize)]
struct File {
    presets: Vec<Preset>,
}

const TEXT: &str = include_str!("../../assets/pairing/presets.toml");

static SHIPPED: LazyLock<Vec<Preset>> = LazyLock::new(|| {
    // A file that cannot be read fails a test, not the user.
    let file: Result<File, _> = toml::from_str(TEXT);
    let mut presets = file.map_or_else(|_| Vec::new(), |file| file.presets);
    for preset in &mut presets {
        for connection in [
            &mut preset.request.connection,
            &mut preset.device.connection,
        ] {
            if connection.is_empty() {
                BUILT_IN_ID.clone_into(connection);
            }
        }
        if preset.rule != MQTT5_RULE {
            preset.device.pairing.clone_from(&preset.rule);
        }
    }
    presets
});

impl Preset {
    /// Every one, in the order of the rules.
    pub fn shipped() -> &'static [Self] {
        &SHIPPED
    }

    pub fn of_rule(rule: &str) -> Option<&'static Self> {
        SHIPPED.iter().find(|preset| preset.rule == rule)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::pairing::Rules;
    use crate::model::request::Surroundings;

    #[test]
    fn every_shipped_rule_has_an_example_that_can_be_sent() {
        let file: File = toml::from_str(TEXT).unwrap_or_else(|err| panic!("{err}"));
        let rules = Rules::shipped();
        let ids: Vec<&str> = rules.iter().map(|rule| &*rule.id).collect();
        let presets: Vec<&str> = file.presets.iter().map(|preset| &*preset.rule).collect();
        assert_eq!(ids, presets);
        for preset in Preset::shipped() {
            let here = Surroundings {
                client_id: "c",
                ..Surroundings::default()
            };
            let request = preset.request.validate(&here);
            assert!(request.is_ok(), "{}: {request:?}", preset.rule);
            assert_eq!(preset.request.pairing.rule_id(), preset.rule);
        }
    }
}
