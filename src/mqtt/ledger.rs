//! What is to be published, what is under way, and who waits to hear of it. Pure bookkeeping: no I/O.
//!
//! rumqttc gets little at a time: never more than the broker's Receive Maximum allows, and no
//! further message while bytes wait for the socket. So nothing inside it can be blocked or lost
//! without being known here, its memory is bounded, and messages reach the wire in the order they
//! were handed over, which is how their Packet Identifiers find back to them.

use super::error::ClientError;
use super::tap::Outgoing;
use super::wire;
use crate::model::connection::ConnectionInfo;
use crate::model::correlation;
use crate::model::exchange::Reason;
use crate::model::message::{Message, Qos};
use crate::model::profile::MqttVersion;
use crate::model::time::Timestamp;
use crate::model::topic::{MAX_STRING_BYTES, TopicName};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use tokio::sync::oneshot;

/// Without a Receive Maximum from the broker. rumqttc looks through as many places at every packet that it reads or writes:
/// with 1,000 of them that was a twentieth of what the thread of the connections did.
pub const WINDOW: u16 = 256;
/// Handed over, not seen on the wire yet.
const HANDED_MAX: usize = 64;
/// A further message is handed over only while fewer bytes wait for the socket.
const HANDED_MAX_BYTES: usize = 4 * 1024 * 1024;
const QUEUE_MAX: usize = 100_000;
/// One message may always wait, however large.
const QUEUE_MAX_BYTES: usize = 256 * 1024 * 1024;
/// MQTT 5 §1.5.5: the longest Remaining Length, and the fixed header before it.
pub const PACKET_MAX: u32 = 268_435_455 + 5;

type Published = Result<Timestamp, ClientError>;
type AcknowledgedOrNot = Result<Option<(Reason, Timestamp)>, ClientError>;

/// What becomes of a publish, in two stages.
#[derive(Debug)]
pub struct PublishTicket {
    /// When its last byte was written to the socket.
    pub published: oneshot::Receiver<Published>,
    /// PUBACK or PUBREC; `None` at QoS 0, which nobody acknowledges.
    pub acknowledged: oneshot::Receiver<AcknowledgedOrNot>,
}

/// Who wants to hear what becomes of a publish.
pub enum Watcher {
    Ticket {
        published: Option<oneshot::Sender<Published>>,
        acknowledged: Option<oneshot::Sender<AcknowledgedOrNot>>,
    },
    /// Told as a [`Progress`].
    Token(u64),
}

impl Watcher {
    pub fn ticket() -> (Self, PublishTicket) {
        let (published, published_answer) = oneshot::channel();
        let (acknowledged, acknowledged_answer) = oneshot::channel();
        let watcher = Self::Ticket {
            published: Some(published),
            acknowledged: Some(acknowledged),
        };
        let ticket = PublishTicket {
            published: published_answer,
            acknowledged: acknowledged_answer,
        };
        (watcher, ticket)
    }
}

/// What became of the publish with this token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It got its Packet Identifier, and is about to be written.
    Numbered {
        token: u64,
        packet_id: u16,
    },
    Published {
        token: u64,
        at: Timestamp,
    },
    Acknowledged {
        token: u64,
        reason: Reason,
        at: Timestamp,
    },
    Failed {
        token: u64,
        error: ClientError,
        on_wire: OnWire,
    },
}

/// How far a publish that failed or is not wanted any more had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnWire {
    /// Nobody will ever get it.
    No,
    /// On its way to the socket: it cannot be called back, and whether it arrives nobody knows.
    Maybe,
    Yes,
}

struct Entry {
    message: Arc<Message>,
    watcher: Watcher,
    weight: usize,
    is_published: bool,
    is_acknowledged: bool,
}

impl Entry {
    fn published(&mut self, at: Timestamp, told: &mut Vec<Progress>) {
        if std::mem::replace(&mut self.is_published, true) {
            return;
        }
        match &mut self.watcher {
            Watcher::Ticket { published, .. } => tell(published.take(), Ok(at)),
            Watcher::Token(token) => told.push(Progress::Published { token: *token, at }),
        }
        if self.message.qos == Qos::AtMostOnce {
            self.is_acknowledged = true;
            if let Watcher::Ticket { acknowledged, .. } = &mut self.watcher {
                tell(acknowledged.take(), Ok(None));
            }
        }
    }

    fn acknowledged(&mut self, reason: Reason, at: Timestamp, told: &mut Vec<Progress>) {
        if std::mem::replace(&mut self.is_acknowledged, true) {
            return;
        }
        match &mut self.watcher {
            Watcher::Ticket { acknowledged, .. } => {
                tell(acknowledged.take(), Ok(Some((reason, at))));
            }
            Watcher::Token(token) => told.push(Progress::Acknowledged {
                token: *token,
                reason,
                at,
            }),
        }
    }

    fn failed(self, error: &ClientError, on_wire: OnWire, told: &mut Vec<Progress>) {
        match self.watcher {
            Watcher::Ticket {
                published,
                acknowledged,
            } => {
                tell(published, Err(error.clone()));
                tell(acknowledged, Err(error.clone()));
            }
            Watcher::Token(token) if !(self.is_published && self.is_acknowledged) => {
                told.push(Progress::Failed {
                    token,
                    error: error.clone(),
                    on_wire: if self.is_published {
                        OnWire::Yes
                    } else {
                        on_wire
                    },
                });
            }
            Watcher::Token(_) => {}
        }
    }
}

/// Whoever asked may have stopped waiting.
fn tell<T>(answer: Option<oneshot::Sender<T>>, value: T) {
    if let Some(answer) = answer {
        drop(answer.send(value));
    }
}

/// A PUBLISH that rumqttc wrote and the socket has not taken entirely.
enum Unwritten {
    Qos0(Entry),
    /// By Packet Identifier; it may be a repetition.
    Acknowledged(u16),
    Unknown,
}

/// What the broker allows on this connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub version: MqttVersion,
    pub window: u16,
    pub maximum_packet_size: u32,
    pub maximum_qos: Qos,
    pub retain_available: bool,
    pub topic_alias_maximum: u16,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            version: MqttVersion::default(),
            window: WINDOW,
            maximum_packet_size: PACKET_MAX,
            maximum_qos: Qos::ExactlyOnce,
            retain_available: true,
            topic_alias_maximum: 0,
        }
    }
}

impl Limits {
    pub fn of(info: &ConnectionInfo) -> Self {
        Self {
            version: info.version,
            window: info.receive_maximum.unwrap_or(WINDOW).clamp(1, WINDOW),
            maximum_packet_size: info
                .maximum_packet_size
                .unwrap_or(PACKET_MAX)
                .min(PACKET_MAX),
            maximum_qos: info.maximum_qos.unwrap_or(Qos::ExactlyOnce),
            retain_available: info.retain_available.unwrap_or(true),
            topic_alias_maximum: info.topic_alias_maximum.unwrap_or(0),
        }
    }

    /// Whether the broker will take the message. What it does not take would cost the connection
    /// and everything that waits on it.
    pub fn check(&self, message: &Message) -> Result<(), ClientError> {
        if message.qos > self.maximum_qos {
            return Err(ClientError::QosNotSupported {
                wanted: message.qos,
                maximum: self.maximum_qos,
            });
        }
        if message.retain && !self.retain_available {
            return Err(ClientError::RetainNotSupported);
        }
        if let Some(alias) = message.properties.topic_alias
            && (alias == 0 || alias > self.topic_alias_maximum)
        {
            return Err(ClientError::TopicAlias {
                alias,
                maximum: self.topic_alias_maximum,
            });
        }
        // The exact size takes making the packet: only where it might matter.
        if most_bytes_on_wire(message) <= self.maximum_packet_size as usize {
            return Ok(());
        }
        let size = wire::publish_size(self.version, message);
        if size > self.maximum_packet_size as usize {
            return Err(ClientError::TooLarge {
                size,
                maximum: self.maximum_packet_size,
            });
        }
        Ok(())
    }
}

/// A PUBLISH of this message is not larger (MQTT 5 §3.3): its texts and bytes, their lengths and identifiers, and
/// everything of fixed length.
fn most_bytes_on_wire(message: &Message) -> usize {
    const FIXED: usize = 64;
    const EACH_USER_PROPERTY: usize = 5;
    message.weight() + FIXED + EACH_USER_PROPERTY * message.properties.user_properties.len()
}

/// Whether any broker could take the message. Topics that were received may break the rules.
pub fn check_form(message: &Message) -> Result<(), ClientError> {
    let invalid = |what, why: String| Err(ClientError::Invalid { what, why });
    if let Err(err) = TopicName::new(message.topic.as_str()) {
        return invalid("topic", err.to_string());
    }
    let properties = &message.properties;
    if let Some(topic) = &properties.response_topic
        && let Err(err) = TopicName::new(topic.as_str())
    {
        return invalid("Response Topic", err.to_string());
    }
    if let Some(data) = &properties.correlation_data
        && data.as_bytes().len() > correlation::MAX_BYTES
    {
        return invalid(
            "Correlation Data",
            format!("it has {} bytes of 65,535", data.as_bytes().len()),
        );
    }
    let texts = properties
        .user_properties
        .iter()
        .flat_map(|property| {
            [
                ("user property", &*property.name),
                ("user property", &*property.value),
            ]
        })
        .chain(
            properties
                .content_type
                .as_deref()
                .map(|text| ("content type", text)),
        );
    for (what, text) in texts {
        if text.len() > MAX_STRING_BYTES {
            return invalid(what, format!("it has {} bytes of 65,535", text.len()));
        }
        if text.contains('\0') {
            return invalid(what, "it holds U+0000, which MQTT forbids".to_owned());
        }
    }
    Ok(())
}

#[derive(Default)]
pub struct Ledger {
    limits: Limits,
    queue: VecDeque<Entry>,
    queue_bytes: usize,
    /// Handed to rumqttc, not seen on the wire.
    handed: VecDeque<Entry>,
    handed_bytes: usize,
    handed_acknowledged: usize,
    /// On their way through the tap, in order, by ordinal.
    unwritten: VecDeque<(u64, Unwritten)>,
    /// QoS 1 and 2 under way, by Packet Identifier.
    under_way: BTreeMap<u16, Entry>,
}

impl Ledger {
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Takes a message that has been checked.
    pub fn push(
        &mut self,
        message: Arc<Message>,
        watcher: Watcher,
    ) -> Result<(), (Watcher, ClientError)> {
        let weight = message.weight() + size_of::<Entry>();
        let is_full = self.queue.len() >= QUEUE_MAX
            || (!self.queue.is_empty() && self.queue_bytes + weight > QUEUE_MAX_BYTES);
        if is_full {
            let err = ClientError::TooMuchQueued {
                messages: self.queue.len(),
                bytes: self.queue_bytes,
            };
            return Err((watcher, err));
        }
        self.queue_bytes += weight;
        self.queue.push_back(Entry {
            message,
            watcher,
            weight,
            is_published: false,
            is_acknowledged: false,
        });
        Ok(())
    }

    /// Whether [`Self::next`] has anything to give, were there room.
    pub fn is_waiting(&self) -> bool {
        !self.queue.is_empty()
    }

    /// The next message for rumqttc, when there is room for it; `backlog` bytes wait for the socket.
    pub fn next(&mut self, backlog: usize, told: &mut Vec<Progress>) -> Option<Arc<Message>> {
        loop {
            let front = self.queue.front()?;
            let waiting = self.handed_bytes + backlog;
            if self.handed.len() >= HANDED_MAX || waiting >= HANDED_MAX_BYTES {
                return None;
            }
            let is_acknowledged = front.message.qos != Qos::AtMostOnce;
            if is_acknowledged
                && self.handed_acknowledged + self.under_way.len()
                    >= usize::from(self.limits.window)
            {
                return None;
            }
            let entry = self.queue.pop_front()?;
            self.queue_bytes = self.queue_bytes.saturating_sub(entry.weight);
            // The limits may be those of another connection than the one it was checked for.
            if let Err(err) = self.limits.check(&entry.message) {
                entry.failed(&err, OnWire::No, told);
                continue;
            }
            let message = Arc::clone(&entry.message);
            self.handed_bytes += entry.weight;
            self.handed_acknowledged += usize::from(is_acknowledged);
            self.handed.push_back(entry);
            return Some(message);
        }
    }

    /// rumqttc did not take what [`Self::next`] gave out last.
    pub fn not_taken(&mut self, error: &ClientError, told: &mut Vec<Progress>) {
        if let Some(entry) = self.handed.pop_back() {
            self.unhand(&entry);
            entry.failed(error, OnWire::No, told);
        }
    }

    /// Nobody wants it to be sent any more. Only what waits here can be taken back, which is told
    /// by [`OnWire::No`]; what rumqttc holds has left, as far as anybody can tell.
    pub fn withdraw(&mut self, token: u64) -> OnWire {
        let is_it = |entry: &Entry| matches!(&entry.watcher, Watcher::Token(own) if *own == token);
        if let Some(place) = self.queue.iter().position(is_it) {
            if let Some(entry) = self.queue.remove(place) {
                self.queue_bytes = self.queue_bytes.saturating_sub(entry.weight);
            }
            return OnWire::No;
        }
        let is_unwritten = |(_, unwritten): &(u64, Unwritten)| match unwritten {
            Unwritten::Qos0(entry) => is_it(entry),
            Unwritten::Acknowledged(_) | Unwritten::Unknown => false,
        };
        let is_on_its_way = self.handed.iter().any(is_it)
            || self.unwritten.iter().any(is_unwritten)
            || self
                .under_way
                .values()
                .any(|entry| is_it(entry) && !entry.is_published);
        if is_on_its_way {
            OnWire::Maybe
        } else {
            OnWire::Yes
        }
    }

    fn unhand(&mut self, entry: &Entry) {
        self.handed_bytes = self.handed_bytes.saturating_sub(entry.weight);
        if entry.message.qos != Qos::AtMostOnce {
            self.handed_acknowledged = self.handed_acknowledged.saturating_sub(1);
        }
    }

    /// Tells which message is about to be written for the first time.
    pub fn on_outgoing(
        &mut self,
        event: Outgoing,
        told: &mut Vec<Progress>,
    ) -> Option<Arc<Message>> {
        match event {
            Outgoing::Publish {
                ordinal,
                qos,
                packet_id,
            } => {
                let is_repeated = qos > 0 && self.under_way.contains_key(&packet_id);
                let first = self.handed.front().filter(|_| !is_repeated);
                let message = first.map(|entry| Arc::clone(&entry.message));
                let unwritten = if is_repeated {
                    Unwritten::Acknowledged(packet_id)
                } else {
                    self.first_seen(qos, packet_id, told)
                };
                self.unwritten.push_back((ordinal, unwritten));
                return message;
            }
            Outgoing::Written { ordinal, at } => {
                while let Some((first, _)) = self.unwritten.front() {
                    if *first > ordinal {
                        break;
                    }
                    match self.unwritten.pop_front() {
                        Some((_, Unwritten::Qos0(mut entry))) => entry.published(at, told),
                        Some((_, Unwritten::Acknowledged(packet_id))) => {
                            if let Some(entry) = self.under_way.get_mut(&packet_id) {
                                entry.published(at, told);
                            }
                        }
                        Some((_, Unwritten::Unknown)) | None => {}
                    }
                }
            }
            Outgoing::Subscribe { .. } | Outgoing::Unsubscribe { .. } => {}
        }
        None
    }

    fn first_seen(&mut self, qos: u8, packet_id: u16, told: &mut Vec<Progress>) -> Unwritten {
        let Some(entry) = self.handed.pop_front() else {
            log::error!("a PUBLISH with packet id {packet_id} is on the wire, but nobody sent it");
            return Unwritten::Unknown;
        };
        self.unhand(&entry);
        if qos == 0 {
            Unwritten::Qos0(entry)
        } else {
            if let Watcher::Token(token) = entry.watcher {
                told.push(Progress::Numbered { token, packet_id });
            }
            self.under_way.insert(packet_id, entry);
            Unwritten::Acknowledged(packet_id)
        }
    }

    /// PUBACK, or a PUBREC that refuses: the flow ends.
    pub fn on_end(
        &mut self,
        packet_id: u16,
        reason: Reason,
        at: Timestamp,
        told: &mut Vec<Progress>,
    ) {
        if let Some(mut entry) = self.under_way.remove(&packet_id) {
            entry.acknowledged(reason, at, told);
        }
    }

    /// A PUBREC that accepts: acknowledged, the flow goes on until PUBCOMP.
    pub fn on_received(
        &mut self,
        packet_id: u16,
        reason: Reason,
        at: Timestamp,
        told: &mut Vec<Progress>,
    ) {
        if let Some(entry) = self.under_way.get_mut(&packet_id) {
            entry.acknowledged(reason, at, told);
        }
    }

    /// The connection is gone, the session may be resumed: what is under way waits, and so does what
    /// rumqttc holds. Of QoS 0, what was not written is lost.
    pub fn hold(&mut self, error: &ClientError, told: &mut Vec<Progress>) {
        for (_, unwritten) in std::mem::take(&mut self.unwritten) {
            if let Unwritten::Qos0(entry) = unwritten {
                entry.failed(error, OnWire::Maybe, told);
            }
        }
    }

    /// Whether what is under way can go on under the limits of the new connection.
    pub fn fits(&self, limits: &Limits) -> bool {
        self.under_way.iter().all(|(packet_id, entry)| {
            *packet_id <= limits.window && limits.check(&entry.message).is_ok()
        }) && self
            .handed
            .iter()
            .all(|entry| limits.check(&entry.message).is_ok())
    }

    /// The session is gone. `still_coming` of what was handed over last will be sent nevertheless.
    pub fn fail(&mut self, error: &ClientError, still_coming: usize, told: &mut Vec<Progress>) {
        self.hold(error, told);
        for entry in std::mem::take(&mut self.under_way).into_values() {
            entry.failed(error, OnWire::Maybe, told);
        }
        let gone = self.handed.len().saturating_sub(still_coming);
        let dropped: Vec<Entry> = self.handed.drain(..gone).collect();
        for entry in dropped {
            self.unhand(&entry);
            entry.failed(error, OnWire::No, told);
        }
        for entry in std::mem::take(&mut self.queue) {
            entry.failed(error, OnWire::No, told);
        }
        self.queue_bytes = 0;
    }

    /// Whether something has not been given to the tap yet.
    pub fn has_unsent(&self) -> bool {
        !self.queue.is_empty() || !self.handed.is_empty()
    }
}

#[cfg(test)]
#[path = "ledger_tests.rs"]
mod tests;
