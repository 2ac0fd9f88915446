//! What can be done about a connection that fails: a change of its profile, to be tried and taken back.

use crate::model::profile::{
    BrokerAddress, ProfileDraft, Scheme, SecretSlot, TlsDraft, VersionChoice,
};
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remedy {
    Address(BrokerAddress),
    Version(VersionChoice),
    /// The name that the certificate holds.
    ServerName(Arc<str>),
    /// Type it, or type it again.
    Secret(SecretSlot),
    NewClientId,
    /// Of the test, not of the profile.
    OwnClientId,
}

impl Remedy {
    /// For a button. `before` is the address as it is.
    pub fn label(&self, before: Option<&BrokerAddress>) -> String {
        match self {
            Self::Address(address) => address_label(address, before),
            Self::Version(version) => format!("Use {version}"),
            Self::ServerName(name) => format!("Expect the name {name}"),
            Self::Secret(SecretSlot::Password) => "Enter password".to_owned(),
            Self::Secret(slot) => format!("Enter the {slot}"),
            Self::NewClientId => "Use another client id".to_owned(),
            Self::OwnClientId => "Test with the profile's client id".to_owned(),
        }
    }

    /// Changes the profile; `new_client_id` is for the one that needs it. False where there is nothing to change in it.
    pub fn apply(&self, draft: &mut ProfileDraft, new_client_id: impl FnOnce() -> String) -> bool {
        match self {
            Self::Address(address) => draft.address = address.to_string(),
            Self::Version(version) => draft.mqtt_version = *version,
            Self::ServerName(name) => {
                let tls = draft.tls.get_or_insert_with(TlsDraft::default);
                tls.server_name = name.to_string();
            }
            Self::Secret(SecretSlot::Password) => draft.password_wanted = true,
            Self::NewClientId => draft.client_id = new_client_id(),
            Self::Secret(_) | Self::OwnClientId => return false,
        }
        true
    }
}

fn address_label(address: &BrokerAddress, before: Option<&BrokerAddress>) -> String {
    let whole = || format!("Use {address}");
    let (
        BrokerAddress::Tcp {
            scheme,
            host,
            port,
            path,
        },
        Some(BrokerAddress::Tcp {
            scheme: old_scheme,
            host: old_host,
            port: old_port,
            path: old_path,
        }),
    ) = (address, before)
    else {
        return whole();
    };
    if host != old_host {
        return whole();
    }
    let is_same_place = port == old_port;
    if scheme == old_scheme && path == old_path {
        format!("Use port {port}")
    } else if scheme == old_scheme && is_same_place {
        format!("Use the path {path}")
    } else if is_same_place && scheme.is_web_socket() == old_scheme.is_web_socket() {
        if scheme.is_encrypted() {
            "Switch TLS on".to_owned()
        } else {
            "Switch TLS off".to_owned()
        }
    } else if scheme.is_encrypted() == old_scheme.is_encrypted()
        || *scheme == Scheme::Mqtt
        || scheme.is_web_socket()
    {
        whole()
    } else {
        format!("Use TLS on port {port}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remedy_says_what_it_changes_and_changes_it() {
        let parse = |text: &str| BrokerAddress::parse(text).unwrap().address;
        for (before, after, label) in [
            ("mqtt://h:1883", "mqtt://h:1884", "Use port 1884"),
            ("mqtt://h:8883", "mqtts://h:8883", "Switch TLS on"),
            ("mqtts://h:1883", "mqtt://h:1883", "Switch TLS off"),
            ("mqtts://h:1883", "mqtts://h:8883", "Use port 8883"),
            ("mqtt://h:1883", "mqtts://h:8883", "Use TLS on port 8883"),
            ("ws://h:80/x", "ws://h:80/mqtt", "Use the path /mqtt"),
            ("ws://h:80/x", "mqtt://h:1883", "Use mqtt://h:1883"),
            ("mqtt://h", "ws://h:80/mqtt", "Use ws://h:80/mqtt"),
            ("mqtt://a", "mqtt://b", "Use mqtt://b:1883"),
        ] {
            let remedy = Remedy::Address(parse(after));
            assert_eq!(
                remedy.label(Some(&parse(before))),
                label,
                "{before} {after}"
            );
            let mut draft = ProfileDraft::default();
            assert!(remedy.apply(&mut draft, String::new));
            assert_eq!(parse(&draft.address), parse(after));
        }
        let mut draft = ProfileDraft::default();
        assert!(Remedy::Version(VersionChoice::V311).apply(&mut draft, String::new));
        assert!(Remedy::NewClientId.apply(&mut draft, || "new".to_owned()));
        assert!(Remedy::ServerName("b".into()).apply(&mut draft, String::new));
        assert!(!Remedy::OwnClientId.apply(&mut draft, String::new));
        assert_eq!(draft.client_id, "new");
        assert_eq!(draft.mqtt_version, VersionChoice::V311);
        assert_eq!(draft.tls.map(|tls| tls.server_name).as_deref(), Some("b"));
    }
}
