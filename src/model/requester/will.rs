//! A will that asks for a reply (MQTT 5 §3.1.3.2): a request that the broker sends in the client's place.
//!
//! Its Response Topic is subscribed with the connection. When the connection is lost without a DISCONNECT and its
//! session is kept, the broker publishes the will; an exchange begins, and the reply that waits in the session for
//! the client's return ends it.

use super::subscriptions::Purpose;
use super::{Effect, Open, Requester, Stage, changed, failed};
use crate::model::correlation::CorrelationSpec;
use crate::model::exchange::{Change, Exchange, ExchangeId};
use crate::model::message::Message;
use crate::model::pairing::Subject;
use crate::model::profile::Profile;
use crate::model::request::{MQTT5_RULE, Pairing, RepliesWanted, Request};
use crate::model::time::Timestamp;
use std::sync::Arc;
use std::time::Duration;

/// A reply can come as long as the session is kept, but nobody waits for longer than this.
const LONGEST: Duration = Duration::from_hours(1);

/// The will of a connection, where it asks for a reply and a reply could be heard.
#[derive(Clone, Debug)]
pub struct WillRequest {
    request: Arc<Request>,
    message: Arc<Message>,
    /// From the loss of the connection until the broker publishes it.
    delay: Duration,
}

impl WillRequest {
    /// None where the will asks for no reply, or where the session, and with it the subscription, ends with the
    /// connection.
    pub fn of(profile: &Profile) -> Option<Self> {
        let will = profile.will.as_ref()?;
        let response_topic = will.properties.response_topic.clone()?;
        if profile.session_expiry_secs == 0 {
            return None;
        }
        let session = Duration::from_secs(profile.session_expiry_secs.into());
        // The broker publishes it when the session ends, if that is sooner (MQTT 5 §3.1.3.2.2).
        let delay = Duration::from_secs(will.delay_secs.into()).min(session);
        let correlation_data = will.properties.correlation_data.clone();
        let request = Request {
            name: format!("Last will of {}", profile.name).into(),
            topic: will.topic.clone(),
            qos: will.qos,
            retain: will.retain,
            payload: will.payload.clone(),
            response_topic: Some(response_topic),
            correlation: correlation_data.map_or(CorrelationSpec::None, CorrelationSpec::Fixed),
            timeout: session.min(LONGEST),
            replies: RepliesWanted::First,
            content_type: will.properties.content_type.clone(),
            payload_is_utf8: will.properties.payload_is_utf8 == Some(true),
            message_expiry_secs: will.properties.message_expiry_secs,
            user_properties: will.properties.user_properties.clone(),
            pairing: Pairing::default(),
        };
        let message = Message {
            topic: will.topic.clone(),
            payload: will.payload.clone(),
            qos: will.qos,
            retain: will.retain,
            duplicate: false,
            properties: will.properties.clone(),
        };
        Some(Self {
            request: Arc::new(request),
            message: Arc::new(message),
            delay,
        })
    }
}

/// As the requester keeps it.
#[derive(Debug)]
pub(super) struct OwnWill {
    will: WillRequest,
    /// Its Response Topic has been asked for.
    is_listened_for: bool,
    /// Of the last loss: the exchange, and when its delay is over.
    pending: Option<(ExchangeId, Timestamp)>,
}

impl Requester {
    /// The connection has a will that asks for a reply.
    #[must_use]
    pub fn with_will(mut self, will: Option<WillRequest>) -> Self {
        self.will = will.map(|will| OwnWill {
            will,
            is_listened_for: false,
            pending: None,
        });
        self
    }

    /// Whether [`Requester::will_is_due`] has something to say.
    pub fn has_will(&self) -> bool {
        self.will.is_some()
    }

    /// The connection was lost without a DISCONNECT, and its session is kept: the broker publishes the will.
    pub fn will_is_due(&mut self, id: ExchangeId, lost: Timestamp) -> Vec<Effect> {
        let Some(own) = &mut self.will else {
            return Vec::new();
        };
        let will = own.will.clone();
        let at = lost.saturating_add(will.delay);
        let exchange = Exchange::new(
            id,
            Arc::clone(&self.connection),
            Arc::clone(&will.request),
            Arc::clone(&will.message),
            MQTT5_RULE.into(),
            at,
        );
        let mut effects = vec![Effect::WillBegun(Box::new(exchange))];
        let rules = self.matcher.rules().clone();
        let found = rules.find(MQTT5_RULE).and_then(|(index, rule)| {
            let bindings = rule.request(&Subject::new(&will.message))?;
            let filters = rule.subscriptions(&will.message, &bindings).ok()?;
            Some((index, bindings, filters))
        });
        let Some((index, bindings, filters)) = found else {
            effects.push(failed(id, "no reply can be paired with the will", at));
            return effects;
        };
        own.pending = Some((id, at));
        let filters = filters
            .iter()
            .map(|filter| {
                self.subscriptions
                    .take(filter, Purpose::Replies, false)
                    .filter
            })
            .collect();
        let deadline = at.saturating_add(will.request.timeout);
        self.deadlines.insert((deadline, id));
        let open = Open {
            wanted: RepliesWanted::First,
            request: will.request,
            message: will.message,
            filters,
            awaited: std::collections::BTreeSet::new(),
            stage: Stage::Sent,
            deadline,
            replies: 0,
            failure: None,
        };
        self.open.insert(id, open);
        self.matcher.insert(id, index, bindings);
        effects.push(changed(id, Change::Published, at));
        effects
    }

    /// There is a connection: the Response Topic of the will is wanted from now on. Who is back before the delay
    /// is over has taken the will back (MQTT 5 §3.1.3.2.2).
    pub(super) fn will_connected(&mut self, at: Timestamp) -> Vec<Effect> {
        let Some(own) = &mut self.will else {
            return Vec::new();
        };
        if !own.is_listened_for {
            own.is_listened_for = true;
            if let Some(topic) = &own.will.request.response_topic {
                // What is asked for is repeated with everything else that the connection needs.
                self.subscriptions
                    .take(&topic.into(), Purpose::Replies, false);
            }
        }
        match own.pending.take() {
            Some((id, due)) if at < due => {
                let why =
                    "the will was not published: the client was back before its delay was over";
                self.not_sent(id, why.into(), at)
            }
            _ => Vec::new(),
        }
    }
}
