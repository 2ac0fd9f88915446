//! Between the model's words and rumqttc's packets of MQTT 5, both ways.

use crate::model::connection::ConnectionInfo;
use crate::model::correlation::CorrelationData;
use crate::model::message::{Message, Properties, Qos, UserProperty};
use crate::model::profile::{MqttVersion, Will};
use crate::model::time::Timestamp;
use crate::model::topic::TopicName;
use bytes::Bytes;
use rumqttc::mqttbytes::QoS;
use rumqttc::mqttbytes::v5::{
    ConnAck, LastWill, LastWillProperties, Publish, PublishProperties, SubscribeReasonCode,
};
use std::sync::Arc;

/// Smaller slices are copied, so that they do not keep a read buffer alive; larger ones are shared.
const COPY_BELOW_BYTES: usize = 4 * 1024;

pub fn qos_to(qos: Qos) -> QoS {
    match qos {
        Qos::AtMostOnce => QoS::AtMostOnce,
        Qos::AtLeastOnce => QoS::AtLeastOnce,
        Qos::ExactlyOnce => QoS::ExactlyOnce,
    }
}

pub fn qos_from(qos: QoS) -> Qos {
    match qos {
        QoS::AtMostOnce => Qos::AtMostOnce,
        QoS::AtLeastOnce => Qos::AtLeastOnce,
        QoS::ExactlyOnce => Qos::ExactlyOnce,
    }
}

/// As a slice of its own where that is cheap.
pub fn own(bytes: &Bytes) -> Bytes {
    if bytes.len() <= COPY_BELOW_BYTES {
        Bytes::copy_from_slice(bytes)
    } else {
        bytes.clone()
    }
}

pub fn pairs_to(properties: &[UserProperty]) -> Vec<(String, String)> {
    properties
        .iter()
        .map(|property| (property.name.clone(), property.value.clone()))
        .collect()
}

fn pairs_from(pairs: Vec<(String, String)>) -> Vec<UserProperty> {
    pairs
        .into_iter()
        .map(|(name, value)| UserProperty { name, value })
        .collect()
}

/// The properties of a PUBLISH to send; `None` where there are none, which is one byte on the wire.
pub fn properties_to(properties: &Properties) -> Option<PublishProperties> {
    if properties.count() == 0 {
        return None;
    }
    Some(PublishProperties {
        payload_format_indicator: properties.payload_is_utf8.map(u8::from),
        message_expiry_interval: properties.message_expiry_secs,
        topic_alias: properties.topic_alias,
        response_topic: properties
            .response_topic
            .as_ref()
            .map(|topic| topic.as_str().to_owned()),
        correlation_data: properties
            .correlation_data
            .as_ref()
            .map(CorrelationData::to_bytes),
        user_properties: pairs_to(&properties.user_properties),
        // Only a broker may send these (MQTT 5 §3.3.4-6).
        subscription_identifiers: Vec::new(),
        content_type: properties
            .content_type
            .as_ref()
            .map(|text| text.as_ref().to_owned()),
    })
}

/// The PUBLISH as it will be sent, with a Packet Identifier that counts in its size.
pub fn publish_to(message: &Message) -> Publish {
    let mut publish = Publish::new(
        message.topic.as_str(),
        qos_to(message.qos),
        message.payload.clone(),
        properties_to(&message.properties),
    );
    publish.retain = message.retain;
    publish.pkid = 1;
    publish
}

pub fn message_from(publish: Publish) -> Message {
    let properties = publish
        .properties
        .map_or_else(Properties::default, |properties| Properties {
            payload_is_utf8: properties.payload_format_indicator.map(|flag| flag != 0),
            message_expiry_secs: properties.message_expiry_interval,
            topic_alias: properties.topic_alias,
            response_topic: properties
                .response_topic
                .as_deref()
                .map(TopicName::received),
            correlation_data: properties
                .correlation_data
                .as_ref()
                .map(|bytes| CorrelationData::new(own(bytes))),
            user_properties: pairs_from(properties.user_properties),
            subscription_identifiers: properties
                .subscription_identifiers
                .into_iter()
                .map(|id| u32::try_from(id).unwrap_or(u32::MAX))
                .collect(),
            content_type: properties.content_type.map(Into::into),
        });
    Message {
        topic: TopicName::received(&String::from_utf8_lossy(&publish.topic)),
        payload: own(&publish.payload),
        qos: qos_from(publish.qos),
        retain: publish.retain,
        duplicate: publish.dup,
        properties,
    }
}

pub fn will_to(will: &Will) -> LastWill {
    let properties = &will.properties;
    let all = LastWillProperties {
        delay_interval: Some(will.delay_secs).filter(|delay| *delay > 0),
        payload_format_indicator: properties.payload_is_utf8.map(u8::from),
        message_expiry_interval: properties.message_expiry_secs,
        content_type: properties
            .content_type
            .as_ref()
            .map(|text| text.as_ref().to_owned()),
        response_topic: properties
            .response_topic
            .as_ref()
            .map(|topic| topic.as_str().to_owned()),
        correlation_data: properties
            .correlation_data
            .as_ref()
            .map(CorrelationData::to_bytes),
        user_properties: pairs_to(&properties.user_properties),
    };
    LastWill {
        topic: Bytes::copy_from_slice(will.topic.as_str().as_bytes()),
        message: will.payload.clone(),
        qos: qos_to(will.qos),
        retain: will.retain,
        properties: Some(all),
    }
}

/// What the CONNACK says, for people.
pub fn info_from(
    connack: ConnAck,
    address: Arc<str>,
    own_client_id: &Arc<str>,
    since: Timestamp,
) -> ConnectionInfo {
    let session_present = connack.session_present;
    let properties = connack.properties;
    let properties = properties.as_ref();
    let text = |of: fn(&rumqttc::mqttbytes::v5::ConnAckProperties) -> Option<&String>| {
        properties
            .and_then(of)
            .map(|text| Arc::<str>::from(text.as_str()))
    };
    let assigned = text(|all| all.assigned_client_identifier.as_ref());
    ConnectionInfo {
        version: MqttVersion::V5,
        address,
        client_id_was_assigned: assigned.is_some(),
        client_id: assigned.unwrap_or_else(|| Arc::clone(own_client_id)),
        session_present,
        since,
        response_information: text(|all| all.response_information.as_ref()),
        server_reference: text(|all| all.server_reference.as_ref()),
        reason_string: text(|all| all.reason_string.as_ref()),
        server_keep_alive_secs: properties.and_then(|all| all.server_keep_alive),
        session_expiry_secs: properties.and_then(|all| all.session_expiry_interval),
        receive_maximum: properties.and_then(|all| all.receive_max),
        maximum_packet_size: properties.and_then(|all| all.max_packet_size),
        maximum_qos: properties
            .and_then(|all| all.max_qos)
            .and_then(|level| Qos::try_from(level).ok()),
        topic_alias_maximum: properties.and_then(|all| all.topic_alias_max),
        retain_available: properties
            .and_then(|all| all.retain_available)
            .map(|flag| flag != 0),
        wildcard_subscriptions_available: properties
            .and_then(|all| all.wildcard_subscription_available)
            .map(|flag| flag != 0),
        subscription_identifiers_available: properties
            .and_then(|all| all.subscription_identifiers_available)
            .map(|flag| flag != 0),
        shared_subscriptions_available: properties
            .and_then(|all| all.shared_subscription_available)
            .map(|flag| flag != 0),
        user_properties: properties
            .map(|all| pairs_from(all.user_properties.clone()))
            .unwrap_or_default(),
        tls: None,
    }
}

/// The reason code of a SUBACK (MQTT 5 §3.9.3).
pub fn suback_code(reason: SubscribeReasonCode) -> u8 {
    match reason {
        SubscribeReasonCode::Success(QoS::AtMostOnce) => 0x00,
        SubscribeReasonCode::Success(QoS::AtLeastOnce) => 0x01,
        SubscribeReasonCode::Success(QoS::ExactlyOnce) => 0x02,
        SubscribeReasonCode::Failure | SubscribeReasonCode::Unspecified => 0x80,
        SubscribeReasonCode::ImplementationSpecific => 0x83,
        SubscribeReasonCode::NotAuthorized => 0x87,
        SubscribeReasonCode::TopicFilterInvalid => 0x8F,
        SubscribeReasonCode::PkidInUse => 0x91,
        SubscribeReasonCode::QuotaExceeded => 0x97,
        SubscribeReasonCode::SharedSubscriptionsNotSupported => 0x9E,
        SubscribeReasonCode::SubscriptionIdNotSupported => 0xA1,
        SubscribeReasonCode::WildcardSubscriptionsNotSupported => 0xA2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full() -> Message {
        Message {
            topic: TopicName::new("a/b").unwrap(),
            payload: Bytes::from_static(b"\x00\xff"),
            qos: Qos::ExactlyOnce,
            retain: true,
            duplicate: false,
            properties: Properties {
                payload_is_utf8: Some(false),
                message_expiry_secs: Some(9),
                topic_alias: None,
                response_topic: Some(TopicName::new("r").unwrap()),
                correlation_data: Some(CorrelationData::new(vec![0, 255])),
                user_properties: vec![
                    UserProperty {
                        name: "n".to_owned(),
                        value: "1".to_owned(),
                    },
                    UserProperty {
                        name: "n".to_owned(),
                        value: "2".to_owned(),
                    },
                ],
                subscription_identifiers: Vec::new(),
                content_type: Some("t".into()),
            },
        }
    }

    #[test]
    fn a_message_survives_the_way_there_and_back() {
        assert_eq!(message_from(publish_to(&full())), full());
        let bare = Message::new(TopicName::new("x").unwrap(), "y");
        assert!(publish_to(&bare).properties.is_none());
        assert_eq!(message_from(publish_to(&bare)), bare);
    }

    #[test]
    fn empty_correlation_data_is_not_absent() {
        let mut message = full();
        message.properties.correlation_data = Some(CorrelationData::new(Bytes::new()));
        assert_eq!(message_from(publish_to(&message)), message);
    }

    #[test]
    fn a_small_payload_does_not_keep_the_read_buffer_alive() {
        let buffer = Bytes::from(vec![7_u8; 8192]);
        let mut publish = publish_to(&full());
        publish.payload = buffer.slice(..10);
        let message = message_from(publish);
        assert!(!buffer.as_ptr_range().contains(&message.payload.as_ptr()));
    }

    #[test]
    fn the_topic_of_a_broker_that_breaks_the_rules_is_shown_as_it_came() {
        let mut publish = publish_to(&full());
        publish.topic = Bytes::new();
        assert_eq!(message_from(publish.clone()).topic.as_str(), "");
        publish.topic = Bytes::from_static(b"\xff");
        assert_eq!(message_from(publish).topic.as_str(), "\u{fffd}");
    }
}
