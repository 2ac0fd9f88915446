//! What is unusual about a connection that works.

use super::Unusual;
use super::said::{DAY_SECS, seconds, validity};
use crate::model::connection::{ConnectionInfo, TlsInfo};
use crate::model::message::Qos;
use crate::model::profile::{BrokerAddress, Profile, SecretSlot};
use crate::model::secret::Secrets;
use crate::model::text;
use crate::model::time::Timestamp;
use crate::model::version::MqttVersion;
use std::time::Duration;

const SOON_DAYS: i64 = 30;
/// Bytes. Requests with a picture or a firmware are larger.
const SMALL_PACKET: u32 = 256 * 1024;
const SLOW: Duration = Duration::from_secs(1);

fn unusual(text: impl Into<String>, hint: &str) -> Unusual {
    Unusual {
        text: text.into(),
        hint: hint.to_owned(),
    }
}

/// Of the handshake.
pub fn tls(info: &TlsInfo, now: Timestamp) -> Vec<Unusual> {
    let mut found = Vec::new();
    if !info.is_verified {
        found.push(unusual(
            "nobody looked whether the certificate is the broker's",
            "Whoever sits in between can read and change everything; verify it at TLS in the connection profile",
        ));
    }
    if &*info.version == "TLS 1.2" {
        found.push(unusual(
            "TLS 1.2 is spoken; 1.3 is there since 2018",
            "The broker's library may be old, or the connection profile allows no more",
        ));
    }
    for (index, one) in info.chain.iter().enumerate() {
        let whose = if index == 0 {
            "the certificate".to_owned()
        } else {
            format!("the certificate of {}", one.subject)
        };
        let left = one.not_after.saturating_sub(seconds(now));
        if (0..SOON_DAYS * DAY_SECS).contains(&left) {
            found.push(unusual(
                format!("{whose} {}", validity(one, now)),
                "Ask who runs the broker to renew it before nobody can connect",
            ));
        } else if left < 0 {
            // Only where nobody looked.
            found.push(unusual(
                format!("{whose} {}", validity(one, now)),
                "Whoever verifies it cannot connect; ask who runs the broker for a new one",
            ));
        }
    }
    if let Some(own) = info.chain.first()
        && own.subject == own.issuer
    {
        found.push(unusual(
            "the certificate is signed by itself",
            "No authority vouches for it; every client has to be told to trust this very one",
        ));
    }
    found
}

/// Of the CONNACK. `took` is from the CONNECT to it.
pub fn connack(info: &ConnectionInfo, profile: &Profile, took: Duration) -> Vec<Unusual> {
    let mut found = Vec::new();
    let mut add = |text: String, hint: &str| found.push(unusual(text, hint));
    if profile.falls_back && info.version == MqttVersion::V311 {
        add(
            "the broker does not speak MQTT 5; MQTT 3.1.1 is spoken instead".to_owned(),
            "It has neither Response Topic nor Correlation Data: requests need a pairing rule that does without",
        );
    }
    if took > SLOW {
        add(
            format!("the CONNACK took {}", text::duration(took)),
            "The broker is busy, or asks another service who may come in",
        );
    }
    if profile.client_id.is_empty() || info.client_id_was_assigned {
        add(
            format!(
                "the connection profile has no client id; this one was given: {}",
                info.client_id
            ),
            "It is another one every time: no session survives, and an ACL cannot name it",
        );
    }
    if info.session_present {
        add(
            "a session was resumed".to_owned(),
            "Messages that waited in it were delivered to this test",
        );
    } else if !profile.clean_start {
        add(
            "the broker had no session of this client id".to_owned(),
            "It ended, or never was; what was published meanwhile is lost",
        );
    }
    if let Some(secs) = info.server_keep_alive_secs
        && secs != profile.keep_alive_secs
    {
        add(
            format!(
                "the broker sets the keep alive to {secs} s instead of {} s",
                profile.keep_alive_secs
            ),
            "",
        );
    }
    if let Some(most) = info.maximum_packet_size.filter(|most| *most < SMALL_PACKET) {
        add(
            format!(
                "the broker takes packets of at most {} bytes",
                text::count(most.into())
            ),
            "Larger requests are not sent",
        );
    }
    if info.receive_maximum == Some(1) {
        add(
            "the broker takes one acknowledged message at a time (Receive Maximum 1)".to_owned(),
            "Requests at QoS 1 and 2 wait for each other",
        );
    }
    if let Some(most) = info.maximum_qos.filter(|most| *most < Qos::ExactlyOnce) {
        add(format!("the broker takes at most {most}"), "");
    }
    for (what, available) in [
        ("retained messages", info.retain_available),
        (
            "subscriptions with wildcards",
            info.wildcard_subscriptions_available,
        ),
        ("shared subscriptions", info.shared_subscriptions_available),
    ] {
        if available == Some(false) {
            add(format!("the broker has no {what}"), "");
        }
    }
    if let Some(server) = &info.server_reference {
        add(
            format!("the broker names another one to use: {server}"),
            "Put that one into the address",
        );
    }
    found
}

/// Of the way itself.
pub fn way(profile: &Profile, secrets: &Secrets) -> Option<Unusual> {
    let BrokerAddress::Tcp { scheme, host, .. } = &profile.address else {
        return None;
    };
    let is_here = matches!(&**host, "localhost" | "::1") || host.starts_with("127.");
    let is_open = !scheme.is_encrypted() && !is_here;
    (is_open && secrets.get(&SecretSlot::Password).is_some()).then(|| {
        unusual(
            "the password goes to the broker unencrypted",
            "Whoever sits in between can read it; use mqtts:// or wss:// where the broker has it",
        )
    })
}
