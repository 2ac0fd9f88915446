//! MQTT 5 as rumqttc speaks it.

use super::failure::{Cause, Failure};
use super::scram::{OneShot, Scram};
use super::{CHANNEL, Connack, Event, INCOMING_MAX, Incoming, dial, packets};
use crate::model::message::Message;
use crate::model::profile::{Authentication, Profile, SCRAM_SHA_256, SecretSlot};
use crate::model::secret::Secrets;
use crate::mqtt::client::Shared;
use crate::mqtt::ledger::WINDOW;
use crate::mqtt::subscriptions::{Control, RetainHandling};
use crate::mqtt::words::{self, Packet as Said};
use bytes::{Bytes, BytesMut};
use rumqttc::mqttbytes::v5::{
    AuthProperties, ConnAck, PubAckProperties, PubRecProperties, SubscribeProperties,
};
use rumqttc::{
    AsyncClient, BrokerSessionResumePolicy, ClientError, ConnectAuth, ConnectionError, EventLoop,
    MqttOptions, Outgoing, Packet, PersistedAckMode, PersistedSession, PublishOptions,
    RetainForwardRule, SessionStore, SessionStoreError, SessionStoreKey, StateError,
    SubscribeFilter,
};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

pub struct Wire {
    events: EventLoop,
    /// Knows how the broker proves itself in its CONNACK.
    scram: Option<Arc<Mutex<Scram>>>,
}

pub fn open(shared: &Arc<Shared>, clean_start: bool) -> Result<(AsyncClient, Wire), String> {
    let profile = &shared.profile;
    let mut options = MqttOptions::new(
        profile.client_id.as_ref(),
        (shared.host.as_ref(), shared.port),
    );
    options
        .set_clean_start(clean_start)
        .set_keep_alive(profile.keep_alive_secs)
        .set_connect_timeout(Duration::from_secs(profile.connect_timeout_secs.into()))
        .set_max_packet_size(Some(incoming_max(profile)))
        .set_receive_maximum(profile.receive_maximum)
        .set_topic_alias_max(profile.topic_alias_maximum)
        .set_user_properties(packets::pairs_to(&profile.user_properties))
        .set_outgoing_inflight_upper_limit(WINDOW)
        .set_read_batch_size(1)
        .set_max_request_batch(64)
        .set_session_expiry_interval(Some(profile.session_expiry_secs).filter(|expiry| *expiry > 0))
        .set_request_response_info(Some(u8::from(profile.request_response_information)))
        .set_request_problem_info(Some(u8::from(profile.request_problem_information)))
        .set_broker_session_resume_policy(BrokerSessionResumePolicy::AllowBrokerOnly);
    let mut scram = None;
    match &profile.authentication {
        Some(authentication) if &*authentication.method == SCRAM_SHA_256 => {
            let password = shared.options.secrets.password().cloned();
            let password = password.ok_or("SCRAM-SHA-256 needs the password")?;
            let user = profile.user_name.as_deref().unwrap_or_default();
            let it = Arc::new(Mutex::new(Scram::new(user, password)));
            scram = Some(Arc::clone(&it));
            options
                .set_authentication_method(Some(SCRAM_SHA_256.to_owned()))
                .set_authenticator(it);
        }
        Some(authentication) => {
            let data = authentication_data(authentication, &shared.options.secrets)?;
            let method = Some(authentication.method.to_string());
            options
                .set_authentication_method(method.clone())
                .set_authenticator(Arc::new(Mutex::new(OneShot(AuthProperties {
                    method,
                    data,
                    reason: None,
                    user_properties: Vec::new(),
                }))));
        }
        None => {}
    }
    // The password is what SCRAM does not send.
    if scram.is_none() {
        options.set_auth(
            match (&profile.user_name, shared.options.secrets.password()) {
                (None, None) => ConnectAuth::None,
                (Some(user), None) => ConnectAuth::Username {
                    username: user.as_ref().to_owned(),
                },
                (None, Some(password)) => ConnectAuth::Password {
                    password: password.expose().as_bytes().to_vec().into(),
                },
                (Some(user), Some(password)) => ConnectAuth::UsernamePassword {
                    username: user.as_ref().to_owned(),
                    password: password.expose().as_bytes().to_vec().into(),
                },
            },
        );
    }
    if let Some(will) = &profile.will {
        options.set_last_will(packets::will_to(will));
    }
    if !clean_start {
        options.set_session_store(EmptySession {
            client_id: profile.client_id.as_ref().to_owned(),
        });
    }
    let weak = Arc::downgrade(shared);
    options.set_socket_connector(move |_, _| dial(Weak::clone(&weak)));
    let (client, eventloop) = AsyncClient::builder(options)
        .capacity(CHANNEL)
        .try_build()
        .map_err(|err| err.to_string())?;
    let wire = Wire {
        events: eventloop,
        scram,
    };
    Ok((client, wire))
}

/// What is announced is also what is read here.
fn incoming_max(profile: &Profile) -> u32 {
    profile
        .maximum_packet_size
        .map_or(INCOMING_MAX, |size| size.min(INCOMING_MAX))
}

fn authentication_data(
    authentication: &Authentication,
    secrets: &Secrets,
) -> Result<Option<Bytes>, String> {
    if !authentication.data_wanted {
        return Ok(None);
    }
    let typed = secrets
        .get(&SecretSlot::AuthenticationData)
        .ok_or("the Authentication Data is not known")?;
    let data = authentication.data_format.encode(typed.expose());
    // The error would repeat a part of it.
    data.map(Some).map_err(|_bad| {
        let format = authentication.data_format.label();
        format!("the Authentication Data is not {format}, as the profile says")
    })
}

impl Wire {
    pub fn renew(&mut self, clean_start: bool, keep_alive_secs: u16) {
        self.events.options.set_clean_start(clean_start);
        // A Server Keep Alive of the last connection must not be announced as ours.
        self.events.options.set_keep_alive(keep_alive_secs);
    }

    pub async fn poll(&mut self) -> Result<Event, Failure> {
        match self.events.poll().await {
            Ok(rumqttc::Event::Incoming(packet)) => {
                if let Packet::ConnAck(connack) = &packet {
                    self.check_proof(connack)?;
                    // Only a fresh loop needs it, to be allowed to resume the broker's session.
                    self.events.options.clear_session_store();
                }
                Ok(Event::Incoming(incoming(packet)))
            }
            Ok(rumqttc::Event::Outgoing(Outgoing::Disconnect)) => Ok(Event::SaidGoodbye),
            Ok(rumqttc::Event::Outgoing(_) | rumqttc::Event::Auth(_)) => Ok(Event::Outgoing),
            Err(err) => Err(failure(err)),
        }
    }

    fn check_proof(&self, connack: &ConnAck) -> Result<(), Failure> {
        let Some(scram) = &self.scram else {
            return Ok(());
        };
        let all = connack.properties.as_ref();
        let said = all.and_then(|all| all.authentication_data.as_deref());
        let scram = scram.lock().unwrap_or_else(PoisonError::into_inner);
        scram.verify(said).map_err(|why| Failure {
            detail: why.clone(),
            cause: Cause::Unproven(why),
        })
    }

    pub fn still_coming(&self) -> (usize, usize) {
        let queues = self.events.diagnostics().queues;
        (queues.requests_rx_len, queues.control_requests_rx_len)
    }
}

pub fn publish(client: &AsyncClient, message: &Message) -> Result<(), ClientError> {
    let mut options = PublishOptions::new(packets::qos_to(message.qos)).retain(message.retain);
    if let Some(properties) = packets::properties_to(&message.properties) {
        options = options.properties(properties);
    }
    client.try_publish(message.topic.as_str(), message.payload.clone(), options)
}

pub fn control(client: &AsyncClient, control: &Control) -> Result<(), ClientError> {
    match control {
        Control::Subscribe(filter, options) => {
            let one = SubscribeFilter {
                path: filter.as_str().to_owned(),
                qos: packets::qos_to(options.qos),
                nolocal: options.no_local,
                preserve_retain: options.retain_as_published,
                retain_forward_rule: match options.retain_handling {
                    RetainHandling::Send => RetainForwardRule::OnEverySubscribe,
                    RetainHandling::SendIfNew => RetainForwardRule::OnNewSubscribe,
                    RetainHandling::DoNotSend => RetainForwardRule::Never,
                },
            };
            let properties = options.identifier.map(|id| SubscribeProperties {
                id: usize::try_from(id).ok(),
                user_properties: Vec::new(),
            });
            match properties {
                Some(properties) => client.try_subscribe_many_with_properties([one], properties),
                None => client.try_subscribe_many([one]),
            }
        }
        Control::Unsubscribe(filter) => client.try_unsubscribe(filter.as_str()),
    }
}

fn incoming(packet: Packet) -> Incoming {
    match packet {
        Packet::ConnAck(connack) => Incoming::Connack(Connack::V5(Box::new(connack))),
        Packet::Publish(publish) => Incoming::Publish {
            packet_id: publish.pkid,
            message: Box::new(packets::message_from(publish)),
        },
        Packet::PubAck(ack) => {
            let said = ack.properties.as_ref().and_then(puback_says);
            Incoming::Puback {
                packet_id: ack.pkid,
                reason: words::reason(Said::Puback, ack.reason as u8, said),
            }
        }
        Packet::PubRec(ack) => {
            let said = ack.properties.as_ref().and_then(pubrec_says);
            Incoming::Pubrec {
                packet_id: ack.pkid,
                reason: words::reason(Said::Puback, ack.reason as u8, said),
            }
        }
        Packet::PubRel(release) => Incoming::Pubrel {
            packet_id: release.pkid,
        },
        Packet::PubComp(ack) => Incoming::Pubcomp {
            packet_id: ack.pkid,
            reason: words::reason(Said::Puback, ack.reason as u8, None),
        },
        Packet::SubAck(ack) => {
            let said = ack
                .properties
                .as_ref()
                .and_then(|all| all.reason_string.as_deref());
            let code = ack.return_codes.first().copied();
            Incoming::Suback {
                packet_id: ack.pkid,
                reason: code
                    .map(|code| words::reason(Said::Suback, packets::suback_code(code), said)),
            }
        }
        Packet::UnsubAck(ack) => Incoming::Unsuback {
            packet_id: ack.pkid,
        },
        Packet::PingResp => Incoming::Pingresp,
        _ => Incoming::Other,
    }
}

fn puback_says(properties: &PubAckProperties) -> Option<&str> {
    properties.reason_string.as_deref()
}

fn pubrec_says(properties: &PubRecProperties) -> Option<&str> {
    properties.reason_string.as_deref()
}

fn failure(err: ConnectionError) -> Failure {
    let detail = err.to_string();
    let cause = match err {
        ConnectionError::Timeout(_) => Cause::Timeout,
        ConnectionError::Io(err) => Cause::Connect(err),
        ConnectionError::SessionStateMismatch { .. } => Cause::UnwantedSession,
        ConnectionError::MqttState(err) => match err {
            StateError::ConnectionAborted => Cause::Closed,
            StateError::AwaitPingResp => Cause::NoPong,
            StateError::Deserialization(rumqttc::mqttbytes::Error::Io(err))
            | StateError::Io(err) => Cause::Broken(err),
            StateError::Deserialization(rumqttc::mqttbytes::Error::PayloadSizeLimitExceeded {
                pkt_size,
                max,
            }) => Cause::TooLarge {
                size: pkt_size,
                maximum: max as usize,
            },
            StateError::IncomingPacketTooLarge { pkt_size, max } => Cause::TooLarge {
                size: pkt_size,
                maximum: max,
            },
            StateError::AuthError(why) => Cause::Unproven(why),
            StateError::Deserialization(err) => Cause::NotMqtt(err.to_string()),
            _ => Cause::Other,
        },
        _ => Cause::Other,
    };
    Failure { cause, detail }
}

/// What a broker adds to a CONNACK that refuses, or to a DISCONNECT.
#[derive(Default)]
pub struct RefusalWords {
    pub reason_string: Option<String>,
    pub server_reference: Option<String>,
}

/// Of a CONNACK as it came.
pub fn refusal_words(connack: &Bytes) -> RefusalWords {
    match Packet::read(&mut BytesMut::from(connack.as_ref()), None) {
        Ok(Packet::ConnAck(packet)) => packet.properties.map(|all| RefusalWords {
            reason_string: all.reason_string,
            server_reference: all.server_reference,
        }),
        _ => None,
    }
    .unwrap_or_default()
}

/// Of a DISCONNECT as it came.
pub fn goodbye_words(disconnect: &Bytes) -> RefusalWords {
    match Packet::read(&mut BytesMut::from(disconnect.as_ref()), None) {
        Ok(Packet::Disconnect(packet)) => packet.properties.map(|all| RefusalWords {
            reason_string: all.reason_string,
            server_reference: all.server_reference,
        }),
        _ => None,
    }
    .unwrap_or_default()
}

/// Lets a fresh loop resume a session that the broker kept: without local state, even an empty one,
/// rumqttc refuses every SUBSCRIBE and every QoS 1 and 2 PUBLISH on a resumed session.
#[derive(Debug)]
struct EmptySession {
    client_id: String,
}

type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, SessionStoreError>> + Send + 'a>>;

impl SessionStore for EmptySession {
    fn load<'a>(&'a self, _: &'a SessionStoreKey) -> StoreFuture<'a, Option<PersistedSession>> {
        Box::pin(async {
            Ok(Some(PersistedSession {
                format_version: 1,
                client_id: self.client_id.clone(),
                clean_start: false,
                session_expiry_interval: None,
                outgoing_inflight_upper_limit: Some(WINDOW),
                ack_mode: PersistedAckMode::Automatic,
                last_pkid: 0,
                last_puback: 0,
                replay: Vec::new(),
                incoming_qos2: Vec::new(),
            }))
        })
    }

    fn save<'a>(&'a self, _: &'a SessionStoreKey, _: &'a PersistedSession) -> StoreFuture<'a, ()> {
        Box::pin(async { Ok(()) })
    }

    fn clear<'a>(&'a self, _: &'a SessionStoreKey) -> StoreFuture<'a, ()> {
        Box::pin(async { Ok(()) })
    }
}
