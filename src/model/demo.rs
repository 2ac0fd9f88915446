//! Demos: a scene of profiles, requests and devices like a user's own, and what is sent in it.
//!
//! They ship as TOML files in `assets/demos`; nothing in them is special to a demo but the steps.

use crate::model::profile::ProfileDraft;
use crate::model::request::RequestDraft;
use crate::model::responder::DeviceDraft;
use serde::Deserialize;
use std::time::Duration;

/// A thing and the id it is saved and referred to by.
#[derive(Clone, Debug, Deserialize)]
pub struct Named<T> {
    pub id: String,
    #[serde(flatten)]
    pub draft: T,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Demo {
    /// As typed: `smart-light`.
    pub name: String,
    pub title: String,
    /// One or two sentences: what is to be seen.
    pub summary: String,
    /// Besides the built-in broker's own profile.
    #[serde(default)]
    pub connections: Vec<Named<ProfileDraft>>,
    #[serde(default)]
    pub requests: Vec<Named<RequestDraft>>,
    #[serde(default)]
    pub devices: Vec<Named<DeviceDraft>>,
    pub steps: Vec<Step>,
}

/// One step: everything in it is sent at once, then all of it is waited for.
#[derive(Clone, Debug, Deserialize)]
pub struct Step {
    /// What happens, in words.
    pub say: String,
    /// Ids of requests.
    pub send: Vec<String>,
    /// How often, one after the other.
    #[serde(default = "once")]
    pub times: u32,
    /// The verdict, in snake case, that every exchange of the step has to end with.
    #[serde(default = "answered")]
    pub expect: String,
    /// Time for the eye before the step.
    #[serde(default)]
    pub pause_ms: u64,
}

impl Step {
    pub fn pause(&self) -> Duration {
        Duration::from_millis(self.pause_ms)
    }
}

fn once() -> u32 {
    1
}

fn answered() -> String {
    "answered".to_owned()
}

const SHIPPED: [(&str, &str); 3] = [
    (
        "smart-light",
        include_str!("../../assets/demos/smart-light.toml"),
    ),
    ("relay", include_str!("../../assets/demos/relay.toml")),
    (
        "common-topic",
        include_str!("../../assets/demos/common-topic.toml"),
    ),
];

impl Demo {
    /// Every demo that ships, in the order to show them.
    pub fn shipped() -> Vec<Self> {
        // A file that cannot be read fails a test, not the user.
        SHIPPED
            .iter()
            .filter_map(|(_, text)| toml::from_str(text).ok())
            .collect()
    }

    pub fn find(name: &str) -> Option<Self> {
        Self::shipped().into_iter().find(|demo| demo.name == name)
    }

    /// The ids of every profile that the demo uses, each once, in order.
    pub fn connection_ids(&self) -> Vec<&str> {
        let mut ids: Vec<&str> = Vec::new();
        let used = self
            .requests
            .iter()
            .map(|request| request.draft.connection.as_str());
        for id in used.chain(
            self.devices
                .iter()
                .map(|device| device.draft.connection.as_str()),
        ) {
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        ids
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::pairing::Rules;
    use crate::model::profile::BUILT_IN_ID;
    use crate::model::request::Surroundings;

    #[test]
    fn every_shipped_demo_is_whole_and_valid() {
        assert_eq!(Demo::shipped().len(), SHIPPED.len());
        for (name, text) in SHIPPED {
            let demo: Demo = toml::from_str(text).unwrap_or_else(|err| panic!("{name}: {err}"));
            assert_eq!(demo.name, name);
            for id in demo.connection_ids() {
                assert!(
                    id == BUILT_IN_ID
                        || demo
                            .connections
                            .iter()
                            .any(|connection| connection.id == id),
                    "{name}: {id}"
                );
            }
            for connection in &demo.connections {
                assert!(
                    connection.draft.validate(&connection.id).is_ok(),
                    "{name}: {}",
                    connection.id
                );
            }
            for request in &demo.requests {
                let valid = request.draft.validate(&Surroundings {
                    client_id: "x",
                    ..Surroundings::default()
                });
                assert!(valid.is_ok(), "{name}: {}: {valid:?}", request.id);
            }
            for device in &demo.devices {
                let valid = device.draft.validate(&Rules::shipped());
                assert!(valid.is_ok(), "{name}: {}: {valid:?}", device.id);
            }
            for step in &demo.steps {
                for id in &step.send {
                    assert!(
                        demo.requests.iter().any(|request| request.id == *id),
                        "{name}: {id}"
                    );
                }
            }
        }
    }
}
