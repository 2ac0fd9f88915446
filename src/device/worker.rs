//! The task of one device: looks at requests in the order they came, answers when it is time.

use super::pending::Pending;
use super::transport::{Ticket, Transport};
use super::{DeviceEvent, DeviceSink};
use crate::model::message::Message;
use crate::model::responder::Responder;
use crate::model::time::Timestamp;
use crate::mqtt::clock;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::Receiver;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// How long answers on their way are followed after the device was switched off.
const FAREWELL: Duration = Duration::from_secs(5);

pub(super) enum Command {
    Set { name: Arc<str>, value: Value },
    Stop,
}

pub(super) struct Worker {
    responder: Responder,
    client: Transport,
    sink: DeviceSink,
    pending: Pending,
    /// Answers on their way to the socket and to their acknowledgement.
    under_way: JoinSet<()>,
}

impl Worker {
    pub(super) fn new(responder: Responder, client: Transport, sink: DeviceSink) -> Self {
        Self {
            responder,
            client,
            sink,
            pending: Pending::default(),
            under_way: JoinSet::new(),
        }
    }

    pub(super) async fn run(
        mut self,
        mut messages: Receiver<(Arc<Message>, Timestamp)>,
        mut commands: Receiver<Command>,
    ) {
        self.tell_values();
        loop {
            let due = self.pending.next_due();
            let wait = async {
                match due {
                    Some(due) => tokio::time::sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                // Answers that are due come before requests that are new.
                biased;
                command = commands.recv() => match command {
                    Some(Command::Set { name, value }) => {
                        if self.responder.set_value(&name, value) {
                            self.tell_values();
                        }
                    }
                    Some(Command::Stop) | None => break,
                },
                () = wait => self.send_due(),
                Some(_) = self.under_way.join_next() => {}
                message = messages.recv() => match message {
                    Some((message, at)) => self.take(&message, at),
                    None => break,
                },
            }
        }
        let why: Arc<str> = "the device was switched off before its answer was due".into();
        while let Some(waiting) = self.pending.pop() {
            self.not_answered(waiting.request, Arc::clone(&why));
        }
        messages.close();
        while let Ok((message, _)) = messages.try_recv() {
            self.not_answered(message, Arc::clone(&why));
        }
        // What was handed over is still told of: sent, or lost with the connection.
        let rest = async { while self.under_way.join_next().await.is_some() {} };
        if tokio::time::timeout(FAREWELL, rest).await.is_err() {
            log::warn!("answers of a device that was switched off are still under way");
        }
    }

    fn take(&mut self, request: &Arc<Message>, at: Timestamp) {
        let reaction = self.responder.receive(request, at);
        if reaction.values_changed {
            self.tell_values();
        }
        if let Some(note) = reaction.note {
            (self.sink)(DeviceEvent::Noted {
                request: Arc::clone(request),
                note,
                at: clock::now(),
            });
        }
        if let Some(why) = reaction.not_answered {
            self.not_answered(Arc::clone(request), why);
        }
        for answer in reaction.answers {
            // The delay counts from the moment the request was read.
            let rest = answer.after.saturating_sub(clock::now().since(at));
            if rest.is_zero() {
                self.send(Arc::clone(request), Arc::new(answer.message));
            } else if !self
                .pending
                .push(Instant::now() + rest, Arc::clone(request), answer.message)
            {
                let why = "too many answers of the device wait for their delay already";
                self.not_answered(Arc::clone(request), why.into());
            }
        }
    }

    fn send_due(&mut self) {
        let now = Instant::now();
        while let Some(waiting) = self.pending.pop_due(now) {
            self.send(waiting.request, waiting.answer);
        }
    }

    fn send(&mut self, request: Arc<Message>, answer: Arc<Message>) {
        // What is told is what goes out.
        let answer = self.client.as_sent(answer);
        let ticket = self.client.publish(Arc::clone(&answer));
        let sink = Arc::clone(&self.sink);
        self.under_way.spawn(follow(ticket, request, answer, sink));
    }

    fn not_answered(&self, request: Arc<Message>, why: Arc<str>) {
        (self.sink)(DeviceEvent::NotAnswered {
            request,
            why,
            at: clock::now(),
        });
    }

    fn tell_values(&self) {
        let values = self.responder.values().iter();
        let values = values.map(|(name, value)| (name.as_str().into(), value.clone()));
        (self.sink)(DeviceEvent::Values(values.collect()));
    }
}

/// Tells what became of an answer.
async fn follow(mut ticket: Ticket, request: Arc<Message>, answer: Arc<Message>, sink: DeviceSink) {
    match ticket.published().await {
        Ok(at) => sink(DeviceEvent::Answered {
            request: Arc::clone(&request),
            answer,
            at,
        }),
        Err(why) => {
            sink(DeviceEvent::NotAnswered {
                request,
                why: why.into(),
                at: clock::now(),
            });
            return;
        }
    }
    if let Some(note) = ticket.remark().await {
        sink(DeviceEvent::Noted {
            request,
            note: note.into(),
            at: clock::now(),
        });
    }
}
