//! What clients do at the broker: tells the console and keeps the [`Subscribers`] true.
//!
//! The crate reports a subscription after its SUBACK is on the wire, too late for a client that
//! publishes on the sight of it. So a filter counts from the moment it is authorised ([`Gate`]),
//! and is taken back when it was refused. Everywhere else the crate's router is asked what holds.

use super::acl::Acl;
use super::subscribers::{Presence, Subscribers};
use crate::model::correlation::CorrelationData;
use crate::model::message::Qos;
use crate::model::topic::{TopicFilter, TopicName};
use bytes::Bytes;
use mqtt5::QoS;
use mqtt5::broker::auth::{AuthProvider, AuthResult};
use mqtt5::broker::router::MessageRouter;
use mqtt5::broker::{
    AllowAllAuthProvider, BrokerEventHandler, ClientConnectEvent, ClientDisconnectEvent,
    ClientPublishEvent, ClientSubscribeEvent, ClientUnsubscribeEvent, DynamicStorage,
    PublishAction, StorageBackend as _, SubAckReasonCode,
};
use mqtt5::protocol::v5::reason_codes::ReasonCode;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// Payloads up to this size are copied, so that a kept event does not keep a read buffer alive.
const COPIED_BYTES: usize = 4096;

/// Something a client did, for a console.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BrokerEvent {
    Connected {
        client_id: Arc<str>,
        clean_start: bool,
    },
    Disconnected {
        client_id: Arc<str>,
        /// The connection ended without a DISCONNECT, or with one that asks for the will.
        unexpected: bool,
        reason_code: u8,
    },
    Subscribed {
        client_id: Arc<str>,
        filter: Arc<str>,
        qos: Qos,
        refused: bool,
    },
    Unsubscribed {
        client_id: Arc<str>,
        filter: Arc<str>,
    },
    Published {
        client_id: Arc<str>,
        topic: TopicName,
        payload: Bytes,
        qos: Qos,
        retain: bool,
        response_topic: Option<TopicName>,
        correlation_data: Option<CorrelationData>,
        /// Whether anybody subscribed to the topic just then.
        heard: bool,
    },
}

pub type BrokerSink = Arc<dyn Fn(BrokerEvent) + Send + Sync>;

type Task<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

pub(super) struct Watch {
    subscribers: Arc<Subscribers>,
    sink: Option<BrokerSink>,
    broker: OnceLock<(Arc<MessageRouter>, Option<Arc<DynamicStorage>>)>,
}

impl Watch {
    pub(super) fn new(subscribers: Arc<Subscribers>, sink: Option<BrokerSink>) -> Self {
        Self {
            subscribers,
            sink,
            broker: OnceLock::new(),
        }
    }

    /// The broker is made with its handler, so the handler learns of it afterwards.
    pub(super) fn attach(&self, router: Arc<MessageRouter>, storage: Option<Arc<DynamicStorage>>) {
        self.broker.set((router, storage)).unwrap_or_default();
    }

    fn tell(&self, event: impl FnOnce() -> BrokerEvent) {
        if let Some(sink) = &self.sink {
            sink(event());
        }
    }

    /// Drops the filters that the router no longer routes.
    async fn keep_routed(&self, client: &str) {
        let Some((router, _)) = self.broker.get() else {
            return;
        };
        for filter in self.subscribers.filters(client) {
            if !router.has_subscription(client, filter.as_str()).await {
                self.subscribers.remove(client, &filter);
            }
        }
    }

    /// A connection of `client` ended, or may have: what is left of its session?
    async fn look_after(&self, client: &str) {
        let Some((router, storage)) = self.broker.get() else {
            return;
        };
        // A client that was taken over ends after its successor came.
        if router.is_connected(client).await {
            return;
        }
        let session = match storage {
            Some(storage) => storage.get_session(client).await.unwrap_or_default(),
            None => None,
        };
        self.keep_routed(client).await;
        match session {
            Some(session) if session.expiry_interval != Some(0) => {
                let until = session
                    .expiry_interval
                    .filter(|secs| *secs != u32::MAX)
                    .map(|secs| Instant::now() + Duration::from_secs(u64::from(secs)));
                self.subscribers
                    .set_presence(client, Presence::Away { until });
            }
            _ => self.subscribers.forget(client),
        }
    }

    /// Forgets sessions that the broker forgot.
    pub(super) async fn sweep(&self, every: Duration) {
        loop {
            tokio::time::sleep(every).await;
            let Some((router, storage)) = self.broker.get() else {
                continue;
            };
            for client in self.subscribers.clients() {
                let kept = match storage {
                    Some(storage) => !matches!(storage.get_session(&client).await, Ok(None)),
                    None => false,
                };
                if !kept && !router.is_connected(&client).await {
                    self.subscribers.forget(&client);
                }
            }
        }
    }
}

impl BrokerEventHandler for Watch {
    fn on_client_connect(&self, event: ClientConnectEvent) -> Task<'_, ()> {
        Box::pin(async move {
            // A clean start, or a session that expired, leaves nothing of what was subscribed.
            self.keep_routed(&event.client_id).await;
            self.subscribers
                .set_presence(&event.client_id, Presence::Connected);
            self.tell(|| BrokerEvent::Connected {
                client_id: event.client_id,
                clean_start: event.clean_start,
            });
        })
    }

    fn on_client_subscribe(&self, event: ClientSubscribeEvent) -> Task<'_, ()> {
        Box::pin(async move {
            self.keep_routed(&event.client_id).await;
            for subscription in event.subscriptions {
                self.tell(|| BrokerEvent::Subscribed {
                    client_id: Arc::clone(&event.client_id),
                    filter: subscription.topic_filter,
                    qos: qos(subscription.qos),
                    refused: !matches!(
                        subscription.result,
                        SubAckReasonCode::GrantedQoS0
                            | SubAckReasonCode::GrantedQoS1
                            | SubAckReasonCode::GrantedQoS2
                    ),
                });
            }
        })
    }

    fn on_client_unsubscribe(&self, event: ClientUnsubscribeEvent) -> Task<'_, ()> {
        Box::pin(async move {
            self.keep_routed(&event.client_id).await;
            for filter in event.topic_filters {
                self.tell(|| BrokerEvent::Unsubscribed {
                    client_id: Arc::clone(&event.client_id),
                    filter,
                });
            }
        })
    }

    fn on_client_publish(&self, event: ClientPublishEvent) -> Task<'_, PublishAction> {
        self.tell(|| {
            let topic = TopicName::received(&event.topic);
            let heard = self.subscribers.anybody_listens(&topic);
            BrokerEvent::Published {
                client_id: event.client_id,
                topic,
                payload: kept(event.payload),
                qos: qos(event.qos),
                retain: event.retain,
                response_topic: event.response_topic.as_deref().map(TopicName::received),
                correlation_data: event
                    .correlation_data
                    .map(|data| CorrelationData::new(kept(data))),
                heard,
            }
        });
        Box::pin(async { PublishAction::Continue })
    }

    fn on_client_disconnect(&self, event: ClientDisconnectEvent) -> Task<'_, ()> {
        Box::pin(async move {
            self.look_after(&event.client_id).await;
            self.tell(|| BrokerEvent::Disconnected {
                client_id: event.client_id,
                unexpected: event.unexpected,
                reason_code: event.reason.into(),
            });
        })
    }
}

/// Lets everybody do everything that the [`Acl`] allows, and notes a filter before its SUBACK is sent.
pub(super) struct Gate {
    watch: Arc<Watch>,
    acl: Acl,
    open: AllowAllAuthProvider,
}

impl Gate {
    pub(super) fn new(watch: Arc<Watch>) -> Self {
        Self {
            watch,
            acl: Acl::default(),
            open: AllowAllAuthProvider,
        }
    }
}

impl AuthProvider for Gate {
    fn authenticate<'a>(
        &'a self,
        connect: &'a mqtt5::packet::connect::ConnectPacket,
        client_addr: SocketAddr,
    ) -> Task<'a, mqtt5::Result<AuthResult>> {
        if !self
            .acl
            .admit(&connect.client_id, connect.username.as_deref())
        {
            let refusal = AuthResult::fail(ReasonCode::ClientIdentifierNotValid);
            return Box::pin(async { Ok(refusal) });
        }
        self.open.authenticate(connect, client_addr)
    }

    fn authorize_publish<'a>(
        &'a self,
        client_id: &str,
        user_id: Option<&'a str>,
        topic: &'a str,
    ) -> Task<'a, bool> {
        self.open.authorize_publish(client_id, user_id, topic)
    }

    fn authorize_subscribe<'a>(
        &'a self,
        client_id: &str,
        user_id: Option<&'a str>,
        topic_filter: &'a str,
    ) -> Task<'a, bool> {
        if !self.acl.may_subscribe(client_id, topic_filter) {
            return Box::pin(async { false });
        }
        if let Ok(filter) = TopicFilter::new(topic_filter) {
            self.watch.subscribers.add(client_id, &filter);
        }
        self.open
            .authorize_subscribe(client_id, user_id, topic_filter)
    }
}

fn qos(qos: QoS) -> Qos {
    match qos {
        QoS::AtMostOnce => Qos::AtMostOnce,
        QoS::AtLeastOnce => Qos::AtLeastOnce,
        QoS::ExactlyOnce => Qos::ExactlyOnce,
    }
}

fn kept(bytes: Bytes) -> Bytes {
    if bytes.len() <= COPIED_BYTES {
        Bytes::copy_from_slice(&bytes)
    } else {
        bytes
    }
}
