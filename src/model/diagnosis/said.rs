//! What a broker said and showed, in the specification's words.

use super::Detail;
use crate::model::connection::{CertificateInfo, ConnectionInfo, TlsInfo};
use crate::model::text;
use crate::model::time::Timestamp;
use chrono::{DateTime, Utc};

pub(super) const DAY_SECS: i64 = 24 * 60 * 60;

/// Of the CONNACK, a line each; what it did not say is left out. Values of user properties are as they came.
pub fn connack(info: &ConnectionInfo) -> Vec<Detail> {
    let mut lines = Vec::new();
    let mut add = |name: &str, value: String| lines.push(Detail::new(name, value));
    add(
        "Client id",
        if info.client_id_was_assigned {
            format!("{} (assigned by the broker)", info.client_id)
        } else {
            info.client_id.to_string()
        },
    );
    add(
        "Session present",
        if info.session_present {
            "yes, resumed"
        } else {
            "no"
        }
        .to_owned(),
    );
    if let Some(text) = &info.response_information {
        add("Response Information", text.to_string());
    }
    if let Some(secs) = info.server_keep_alive_secs {
        add("Server Keep Alive", format!("{secs} s"));
    }
    if let Some(secs) = info.session_expiry_secs {
        add(
            "Session Expiry Interval",
            format!("{} s", text::count(u64::from(secs))),
        );
    }
    if let Some(maximum) = info.receive_maximum {
        add("Receive Maximum", text::count(u64::from(maximum)));
    }
    if let Some(maximum) = info.maximum_packet_size {
        add(
            "Maximum Packet Size",
            format!("{} bytes", text::count(u64::from(maximum))),
        );
    }
    if let Some(qos) = info.maximum_qos {
        add("Maximum QoS", u8::from(qos).to_string());
    }
    if let Some(maximum) = info.topic_alias_maximum {
        add("Topic Alias Maximum", maximum.to_string());
    }
    for (name, available) in [
        ("Retain Available", info.retain_available),
        (
            "Wildcard Subscriptions",
            info.wildcard_subscriptions_available,
        ),
        (
            "Subscription Identifiers",
            info.subscription_identifiers_available,
        ),
        ("Shared Subscriptions", info.shared_subscriptions_available),
    ] {
        if let Some(available) = available {
            add(
                name,
                if available {
                    "available"
                } else {
                    "not available"
                }
                .to_owned(),
            );
        }
    }
    if let Some(text) = &info.server_reference {
        add("Server Reference", text.to_string());
    }
    if let Some(text) = &info.reason_string {
        add("Reason String", text.to_string());
    }
    for property in &info.user_properties {
        add(
            &format!("User Property {}", property.name),
            property.value.clone(),
        );
    }
    lines
}

/// Of the TLS handshake, also of one that failed.
pub fn tls(info: &TlsInfo, now: Timestamp) -> Vec<Detail> {
    let mut lines = vec![Detail::new("Server name (SNI)", &*info.server_name)];
    if let Some(alpn) = &info.alpn {
        lines.push(Detail::new("ALPN", &**alpn));
    }
    if let Some(own) = info.chain.first() {
        lines.push(Detail::new("Certificate of", &*own.subject));
        if !own.names.is_empty() {
            lines.push(Detail::new("for", own.names.join(", ")));
        }
        lines.push(Detail::new("made by", &*own.issuer));
        lines.push(Detail::new("valid", validity_words(own, now)));
    }
    if let Some(root) = &info.root {
        lines.push(Detail::new("Root", &**root));
    }
    lines
}

pub(super) fn seconds(now: Timestamp) -> i64 {
    now.as_nanos().div_euclid(1_000_000_000)
}

/// `2027-03-01`, UTC.
pub fn date(secs: i64) -> String {
    let at: DateTime<Utc> = DateTime::from_timestamp(secs, 0).unwrap_or_default();
    at.format("%Y-%m-%d").to_string()
}

/// `ends in 41 days`, `ended 3 days ago`, `begins in 2 days`.
pub fn validity(certificate: &CertificateInfo, now: Timestamp) -> String {
    let now = seconds(now);
    let days = |secs: i64| match secs.div_euclid(DAY_SECS) {
        1 => "1 day".to_owned(),
        days => format!("{} days", text::count(days.unsigned_abs())),
    };
    if now < certificate.not_before {
        format!("begins in {}", days(certificate.not_before - now))
    } else if now <= certificate.not_after {
        format!("ends in {}", days(certificate.not_after - now))
    } else {
        format!("ended {} ago", days(now - certificate.not_after))
    }
}

/// From when until when, and how long that still is.
pub fn validity_words(certificate: &CertificateInfo, now: Timestamp) -> String {
    format!(
        "{} to {}, {}",
        date(certificate.not_before),
        date(certificate.not_after),
        validity(certificate, now)
    )
}

/// What is in a certificate, a line each.
pub fn certificate(certificate: &CertificateInfo, now: Timestamp) -> Vec<Detail> {
    let mut lines = vec![
        Detail::new("Subject", &*certificate.subject),
        Detail::new("Issuer", &*certificate.issuer),
    ];
    if !certificate.names.is_empty() {
        lines.push(Detail::new("Names", certificate.names.join(", ")));
    }
    lines.push(Detail::new("Valid", validity_words(certificate, now)));
    if !certificate.key.is_empty() {
        lines.push(Detail::new("Key", &*certificate.key));
    }
    lines.push(Detail::new("SHA-256", &*certificate.fingerprint));
    lines
}
