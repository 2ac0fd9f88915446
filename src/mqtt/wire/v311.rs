//! MQTT 3.1.1 as rumqttc speaks it: no properties, no reason codes, no limits told by the broker.

use super::failure::{Cause, Failure};
use super::packets::{own, qos_from, qos_to};
use super::{CHANNEL, Connack, Event, INCOMING_MAX, Incoming, dial};
use crate::model::connection::ConnectionInfo;
use crate::model::exchange::Reason;
use crate::model::message::{Message, Properties};
use crate::model::profile::{MqttVersion, Will};
use crate::model::time::Timestamp;
use crate::model::topic::TopicName;
use crate::mqtt::client::Shared;
use crate::mqtt::ledger::{PACKET_MAX, WINDOW};
use crate::mqtt::subscriptions::Control;
use crate::mqtt::words::{self, Packet as Said};
use rumqttc_v4::{
    AsyncClient, ClientError, ConnectAuth, ConnectionError, EventLoop, LastWill, MqttOptions,
    Outgoing, Packet, Publish, PublishOptions, StateError, SubscribeReasonCode,
};
use std::sync::{Arc, Weak};

pub struct Wire(EventLoop);

pub fn open(shared: &Arc<Shared>, clean_start: bool) -> Result<(AsyncClient, Wire), String> {
    let profile = &shared.profile;
    let mut options = MqttOptions::new(
        profile.client_id.as_ref(),
        (shared.host.as_ref(), shared.port),
    );
    options
        .try_set_clean_session(clean_start)
        .map_err(|err| err.to_string())?
        .set_keep_alive(profile.keep_alive_secs)
        .set_max_packet_size(INCOMING_MAX as usize, PACKET_MAX as usize)
        .set_inflight(WINDOW)
        .set_read_batch_size(1)
        .set_max_request_batch(16)
        .set_auth(
            match (&profile.user_name, shared.options.secrets.password()) {
                (None, None) => ConnectAuth::None,
                (Some(user), None) => ConnectAuth::Username {
                    username: user.as_ref().to_owned(),
                },
                // A password needs a user name, and that may be empty (MQTT 3.1.1 §3.1.2.9).
                (user, Some(password)) => ConnectAuth::UsernamePassword {
                    username: user.as_deref().unwrap_or_default().to_owned(),
                    password: password.expose().as_bytes().to_vec().into(),
                },
            },
        );
    if let Some(will) = &profile.will {
        options.set_last_will(will_to(will));
    }
    let weak = Arc::downgrade(shared);
    options.set_socket_connector(move |_, _| dial(Weak::clone(&weak)));
    let (client, mut eventloop) = AsyncClient::builder(options)
        .capacity(CHANNEL)
        .try_build()
        .map_err(|err| err.to_string())?;
    eventloop
        .network_options
        .set_connection_timeout(profile.connect_timeout_secs.into());
    Ok((client, Wire(eventloop)))
}

impl Wire {
    pub fn renew(&mut self, clean_start: bool, keep_alive_secs: u16) {
        let options = &mut self.0.mqtt_options;
        options.set_keep_alive(keep_alive_secs);
        if let Err(err) = options.try_set_clean_session(clean_start) {
            log::error!("{err}");
        }
    }

    pub async fn poll(&mut self) -> Result<Event, Failure> {
        match self.0.poll().await {
            Ok(rumqttc_v4::Event::Incoming(packet)) => Ok(Event::Incoming(incoming(packet))),
            Ok(rumqttc_v4::Event::Outgoing(Outgoing::Disconnect)) => Ok(Event::SaidGoodbye),
            Ok(rumqttc_v4::Event::Outgoing(_)) => Ok(Event::Outgoing),
            Err(err) => Err(failure(err)),
        }
    }

    pub fn still_coming(&self) -> (usize, usize) {
        let queues = self.0.diagnostics().queues;
        (queues.requests_rx_len, queues.control_requests_rx_len)
    }
}

pub fn publish(client: &AsyncClient, message: &Message) -> Result<(), ClientError> {
    let options = PublishOptions::new(qos_to(message.qos)).retain(message.retain);
    client.try_publish(message.topic.as_str(), message.payload.clone(), options)
}

pub fn control(client: &AsyncClient, control: &Control) -> Result<(), ClientError> {
    match control {
        Control::Subscribe(filter, options) => {
            client.try_subscribe(filter.as_str(), qos_to(options.qos))
        }
        Control::Unsubscribe(filter) => client.try_unsubscribe(filter.as_str()),
    }
}

/// The PUBLISH as it will be sent, with a Packet Identifier that counts in its size.
pub fn publish_to(message: &Message) -> Publish {
    let mut publish = Publish::from_bytes(
        message.topic.as_str(),
        qos_to(message.qos),
        message.payload.clone(),
    );
    publish.retain = message.retain;
    publish.pkid = 1;
    publish
}

fn message_from(publish: &Publish) -> Message {
    Message {
        topic: TopicName::received(&String::from_utf8_lossy(&publish.topic)),
        payload: own(&publish.payload),
        qos: qos_from(publish.qos),
        retain: publish.retain,
        duplicate: publish.dup,
        properties: Properties::default(),
    }
}

fn will_to(will: &Will) -> LastWill {
    LastWill {
        topic: will.topic.as_str().to_owned(),
        message: will.payload.clone(),
        qos: qos_to(will.qos),
        retain: will.retain,
    }
}

/// A CONNACK that accepts says nothing beyond whether there is a session (MQTT 3.1.1 §3.2.2).
pub fn info(
    session_present: bool,
    address: Arc<str>,
    own_client_id: &Arc<str>,
    since: Timestamp,
) -> ConnectionInfo {
    ConnectionInfo {
        version: MqttVersion::V311,
        address,
        client_id: Arc::clone(own_client_id),
        client_id_was_assigned: false,
        session_present,
        since,
        response_information: None,
        server_reference: None,
        reason_string: None,
        server_keep_alive_secs: None,
        session_expiry_secs: None,
        receive_maximum: None,
        maximum_packet_size: None,
        maximum_qos: None,
        topic_alias_maximum: None,
        retain_available: None,
        wildcard_subscriptions_available: None,
        subscription_identifiers_available: None,
        shared_subscriptions_available: None,
        user_properties: Vec::new(),
        tls: None,
    }
}

/// PUBACK, PUBREC and PUBCOMP say that they came, and nothing else.
fn acknowledged() -> Reason {
    Reason::new(0, "acknowledged")
}

fn incoming(packet: Packet) -> Incoming {
    match packet {
        Packet::ConnAck(connack) => Incoming::Connack(Connack::V311 {
            session_present: connack.session_present,
        }),
        Packet::Publish(publish) => Incoming::Publish {
            packet_id: publish.pkid,
            message: Box::new(message_from(&publish)),
        },
        Packet::PubAck(ack) => Incoming::Puback {
            packet_id: ack.pkid,
            reason: acknowledged(),
        },
        Packet::PubRec(ack) => Incoming::Pubrec {
            packet_id: ack.pkid,
            reason: acknowledged(),
        },
        Packet::PubRel(release) => Incoming::Pubrel {
            packet_id: release.pkid,
        },
        Packet::PubComp(ack) => Incoming::Pubcomp {
            packet_id: ack.pkid,
            reason: acknowledged(),
        },
        Packet::SubAck(ack) => Incoming::Suback {
            packet_id: ack.pkid,
            reason: ack.return_codes.first().map(|code| granted(*code)),
        },
        Packet::UnsubAck(ack) => Incoming::Unsuback {
            packet_id: ack.pkid,
        },
        Packet::PingResp => Incoming::Pingresp,
        _ => Incoming::Other,
    }
}

/// The return code of a SUBACK (MQTT 3.1.1 §3.9.3).
fn granted(code: SubscribeReasonCode) -> Reason {
    match code {
        SubscribeReasonCode::Success(qos) => {
            words::reason(Said::Suback, u8::from(qos_from(qos)), None)
        }
        SubscribeReasonCode::Failure => Reason::new(0x80, "refused; MQTT 3.1.1 does not say why"),
    }
}

fn failure(err: ConnectionError) -> Failure {
    let detail = err.to_string();
    let cause = match err {
        ConnectionError::NetworkTimeout => Cause::Timeout,
        ConnectionError::Io(err) => Cause::Connect(err),
        ConnectionError::SessionStateMismatch { .. } => Cause::UnwantedSession,
        ConnectionError::MqttState(err) => match err {
            StateError::ConnectionAborted => Cause::Closed,
            StateError::AwaitPingResp => Cause::NoPong,
            StateError::Deserialization(rumqttc_v4::Error::Io(err)) | StateError::Io(err) => {
                Cause::Broken(err)
            }
            StateError::Deserialization(rumqttc_v4::Error::PayloadSizeLimitExceeded(size)) => {
                Cause::TooLarge {
                    size,
                    maximum: INCOMING_MAX as usize,
                }
            }
            StateError::Deserialization(err) => Cause::NotMqtt(err.to_string()),
            _ => Cause::Other,
        },
        _ => Cause::Other,
    };
    Failure { cause, detail }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::correlation::CorrelationData;
    use crate::model::message::Qos;
    use bytes::Bytes;

    fn message() -> Message {
        Message {
            topic: TopicName::new("a/b").unwrap(),
            payload: Bytes::from((0..=255).collect::<Vec<u8>>()),
            qos: Qos::ExactlyOnce,
            retain: true,
            duplicate: false,
            properties: Properties::default(),
        }
    }

    #[test]
    fn a_message_survives_the_way_there_and_back() {
        assert_eq!(message_from(&publish_to(&message())), message());
    }

    #[test]
    fn its_size_is_that_of_the_packet() {
        let mut full = message();
        full.properties.correlation_data = Some(CorrelationData::new(vec![0; 100]));
        let mut bytes = bytes::BytesMut::new();
        Packet::Publish(publish_to(&full))
            .write(&mut bytes, usize::MAX)
            .unwrap();
        assert_eq!(publish_to(&full).size(), bytes.len());
        assert_eq!(bytes.len(), 3 + 2 + 3 + 2 + 256);
    }

    #[test]
    fn a_refused_subscription_is_told_in_words() {
        let refused = granted(SubscribeReasonCode::Failure);
        assert!(refused.is_refusal() && refused.text.contains("refused"));
        let granted = granted(SubscribeReasonCode::Success(qos_to(Qos::AtLeastOnce)));
        assert_eq!((granted.code, &*granted.text), (1, "granted QoS 1"));
    }
}
