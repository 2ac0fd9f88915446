//! Demos: a scene of profiles, requests and devices like a user's own, and what happens in it.
//!
//! They ship as TOML files in `assets/demos`; nothing in them is special to a demo but the steps. What a demo says of
//! itself it also checks: a step names the verdicts of its exchanges and what their answers say ([`Step`]), and
//! `expect_messages` counts the messages that were no such answer. Start reading at [`Step`].

mod step;

use crate::model::profile::ProfileDraft;
use crate::model::request::RequestDraft;
use crate::model::responder::DeviceDraft;
use serde::Deserialize;
use std::collections::BTreeMap;
pub use step::{Expected, Step, Times};

/// A thing and the id it is saved and referred to by.
#[derive(Clone, Debug, Deserialize)]
pub struct Named<T> {
    pub id: String,
    #[serde(flatten)]
    pub draft: T,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
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
    /// Ids of connections and devices that are not there when it begins: a step brings them.
    #[serde(default)]
    pub later: Vec<String>,
    pub steps: Vec<Step>,
    /// How many messages of these verdicts, in snake case, came in all: `wrong_correlation = 6`.
    #[serde(default)]
    pub expect_messages: BTreeMap<String, usize>,
    /// The id of the request whose last exchange is on show at the end; absent: what was sent last.
    #[serde(default)]
    pub show: Option<String>,
    /// Said at the end, when all went as it should: what there was to be seen.
    #[serde(default)]
    pub lesson: String,
}

const SHIPPED: &[(&str, &str)] = &[
    (
        "smart-light",
        include_str!("../../assets/demos/smart-light.toml"),
    ),
    ("relay", include_str!("../../assets/demos/relay.toml")),
    (
        "common-topic",
        include_str!("../../assets/demos/common-topic.toml"),
    ),
    (
        "intermittent-device",
        include_str!("../../assets/demos/intermittent-device.toml"),
    ),
    (
        "topic-scheme",
        include_str!("../../assets/demos/topic-scheme.toml"),
    ),
    ("rrpc", include_str!("../../assets/demos/rrpc.toml")),
    (
        "recipe-server",
        include_str!("../../assets/demos/recipe-server.toml"),
    ),
    (
        "door-lock",
        include_str!("../../assets/demos/door-lock.toml"),
    ),
    (
        "response-confusion",
        include_str!("../../assets/demos/response-confusion.toml"),
    ),
    (
        "response-information",
        include_str!("../../assets/demos/response-information.toml"),
    ),
    (
        "will-as-request",
        include_str!("../../assets/demos/will-as-request.toml"),
    ),
    (
        "scatter-gather",
        include_str!("../../assets/demos/scatter-gather.toml"),
    ),
    (
        "tcp-two-way",
        include_str!("../../assets/demos/tcp-two-way.toml"),
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
        let devices = self.devices.iter();
        let of_devices = devices.map(|device| device.draft.connection.as_str());
        unique(self.client_ids().into_iter().chain(of_devices))
    }

    /// Of those, the ones that something is sent on or done to; the others are only there for devices.
    pub fn client_ids(&self) -> Vec<&str> {
        let requests = self.requests.iter();
        let of_requests = requests.map(|request| request.draft.connection.as_str());
        let of_steps = self.steps.iter().flat_map(Step::connections);
        unique(of_requests.chain(of_steps.map(String::as_str)))
    }

    pub fn is_later(&self, id: &str) -> bool {
        self.later.iter().any(|later| later == id)
    }

    /// The request whose exchange is on show at the end.
    pub fn shown_request(&self) -> Option<&str> {
        let sent_last = || self.steps.iter().rev().find_map(|step| step.send.last());
        self.show.as_ref().or_else(sent_last).map(String::as_str)
    }
}

fn unique<'a>(ids: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = Vec::new();
    for id in ids {
        if !seen.contains(&id) {
            seen.push(id);
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::exchange::MessageVerdict;
    use crate::model::pairing::Rules;
    use crate::model::profile::BUILT_IN_ID;
    use crate::model::request::Surroundings;

    #[test]
    fn every_shipped_demo_is_whole_and_valid() {
        assert_eq!(Demo::shipped().len(), SHIPPED.len());
        for (name, text) in SHIPPED {
            let demo: Demo = toml::from_str(text).unwrap_or_else(|err| panic!("{name}: {err}"));
            assert_eq!(demo.name, *name);
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
            let connections = demo.connections.iter().map(|one| &*one.id);
            let connections: Vec<&str> = connections.chain([BUILT_IN_ID]).collect();
            let devices: Vec<&str> = demo.devices.iter().map(|one| &*one.id).collect();
            let requests: Vec<&str> = demo.requests.iter().map(|one| &*one.id).collect();
            let is_known = |known: &[&str], id: &str| {
                assert!(known.contains(&id), "{name}: there is no `{id}`");
            };
            for step in &demo.steps {
                step.send.iter().for_each(|id| is_known(&requests, id));
                step.devices().for_each(|id| is_known(&devices, id));
                step.connections().for_each(|id| is_known(&connections, id));
                assert!(step.answers.len() <= step.send.len(), "{name}: {step:?}");
                if let Expected::Each(verdicts) = &step.expect {
                    assert_eq!(verdicts.len(), step.send.len(), "{name}: {step:?}");
                }
            }
            demo.show.iter().for_each(|id| is_known(&requests, id));
            for id in &demo.later {
                is_known(&[&connections[..], &devices[..]].concat(), id);
            }
            for word in demo.expect_messages.keys() {
                let mut verdicts = MessageVerdict::ALL.iter();
                assert!(
                    verdicts.any(|verdict| verdict.word() == word),
                    "{name}: {word}"
                );
            }
        }
    }
}
