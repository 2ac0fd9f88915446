//! The task of one device: looks at requests in the order they came, answers when it is time, and
//! comes and goes as its life wants.

use super::line::{INBOX_MESSAGES, Inbox, Line};
use super::pending::Pending;
use super::transport::{Ticket, Way};
use super::{DeviceEvent, DeviceSink, Gone};
use crate::model::message::Message;
use crate::model::profile::Profile;
use crate::model::responder::{Leaves, OwnMessage, Responder};
use crate::model::time::Timestamp;
use crate::mqtt::clock;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::mpsc::{self, Receiver};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// How long answers on their way are followed after the device was switched off.
const FAREWELL: Duration = Duration::from_secs(5);
/// How long a device that goes to sleep waits for the acknowledgements of what it sent.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// And for the end of its connection.
const GONE: Duration = Duration::from_secs(3);

pub(super) enum Command {
    Set { name: Arc<str>, value: Value },
    Reconnect,
    Cut,
    Stop,
}

pub(super) struct Worker {
    runtime: Handle,
    responder: Responder,
    way: Way,
    sink: DeviceSink,
    /// None while it sleeps.
    line: Option<Line>,
    /// How often the line has connected, as far as this task has looked.
    connects: u64,
    pending: Pending,
    /// What is on its way to the socket and to its acknowledgement.
    under_way: JoinSet<()>,
    /// When what it publishes again and again is next due, in the order of the draft.
    publishes: Vec<Instant>,
    /// When it goes to sleep or wakes up.
    turn: Option<Instant>,
    /// When it last woke up.
    woke: Instant,
}

impl Worker {
    pub(super) fn new(runtime: Handle, responder: Responder, way: Way, sink: DeviceSink) -> Self {
        Self {
            runtime,
            responder,
            way,
            sink,
            line: None,
            connects: 0,
            pending: Pending::default(),
            under_way: JoinSet::new(),
            publishes: Vec::new(),
            turn: None,
            woke: Instant::now(),
        }
    }

    /// `before` is the device that it takes the place of.
    pub(super) async fn run(
        mut self,
        mut commands: Receiver<Command>,
        before: Option<Gone>,
        gone: oneshot::Sender<()>,
    ) {
        let (inbox, mut messages) = mpsc::channel(INBOX_MESSAGES);
        self.tell_values();
        if let Some(Gone(before)) = before {
            // Two of the same client id would push each other off, and the last words of one come after the first of the other.
            drop(tokio::time::timeout(GONE, before).await);
        }
        self.wake(&inbox, Instant::now());
        loop {
            let due = self.next_due();
            let wait = async {
                match due {
                    Some(due) => tokio::time::sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            let line = self.line.as_mut();
            let changed = async {
                let told = match line {
                    Some(line) => line.status.changed().await.is_ok(),
                    None => false,
                };
                // Nobody tells any more when the connection is over.
                if !told {
                    std::future::pending::<()>().await;
                }
            };
            tokio::select! {
                // It is born before it answers, and answers that are due come before requests that are new.
                biased;
                command = commands.recv() => match command {
                    Some(Command::Set { name, value }) => {
                        if self.responder.set_value(&name, value) {
                            self.tell_values();
                        }
                    }
                    Some(Command::Reconnect) => match &self.line {
                        Some(line) => line.client.reconnect_now(),
                        None => self.wake(&inbox, Instant::now()),
                    },
                    Some(Command::Cut) => if let Some(line) = &self.line {
                        line.client.cut();
                    },
                    Some(Command::Stop) | None => break,
                },
                () = changed => self.look(),
                () = wait => self.do_due(&inbox).await,
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
        if let Some(mut line) = self.line.take() {
            if self.say_goodbye(&line) {
                self.settle(LAST_WORDS).await;
            }
            line.client.disconnect();
            drop(tokio::time::timeout(GONE, line.is_over()).await);
        }
        drop(gone);
        // What was handed over is still told of: sent, or lost with the connection.
        if !self.settle(FAREWELL).await {
            log::warn!("answers of a device that was switched off are still under way");
        }
    }

    /// Waits for what is under way; `false`: not all of it came to an end in time.
    async fn settle(&mut self, most: Duration) -> bool {
        let rest = async { while self.under_way.join_next().await.is_some() {} };
        tokio::time::timeout(most, rest).await.is_ok()
    }

    /// Whether what it sends goes out, now or with the session that it resumes.
    fn is_there(&self) -> bool {
        self.line.is_some() && self.connects > 0
    }

    fn next_due(&self) -> Option<Instant> {
        let is_there = self.is_there();
        let answers = self.pending.next_due().filter(|_| is_there);
        let publishes = self.publishes.iter().copied().filter(|_| is_there);
        publishes.chain(answers).chain(self.turn).min()
    }

    async fn do_due(&mut self, inbox: &Inbox) {
        let now = Instant::now();
        if self.turn.is_some_and(|turn| turn <= now) {
            if self.line.is_some() {
                self.sleep().await;
            } else {
                self.wake(inbox, now);
            }
            return;
        }
        self.publish_due(now);
        while let Some(waiting) = self.pending.pop_due(now) {
            self.send(waiting.request, waiting.answer);
        }
    }

    /// Begins a connection. Its session is what it left behind.
    fn wake(&mut self, inbox: &Inbox, at: Instant) {
        let device = Arc::clone(self.responder.device());
        self.connects = 0;
        self.publishes.clear();
        self.line = Some(Line::open(
            &self.runtime,
            &device,
            self.way.clone(),
            inbox.clone(),
            &self.sink,
        ));
        if let Way::Mqtt(options) = &mut self.way
            && (!options.profile.clean_start || options.profile.session_expiry_secs > 0)
        {
            let profile = Profile {
                clean_start: false,
                ..(*options.profile).clone()
            };
            options.profile = Arc::new(profile);
        }
        self.woke = at;
        self.turn = device.life.schedule.map(|schedule| at + schedule.awake);
    }

    /// Leaves, until it is time to be back. What is still to be answered waits.
    async fn sleep(&mut self) {
        let device = Arc::clone(self.responder.device());
        let Some((schedule, mut line)) = device.life.schedule.zip(self.line.take()) else {
            return;
        };
        match schedule.leaves {
            Leaves::Clean => {
                self.say_goodbye(&line);
                self.settle(LAST_WORDS).await;
            }
            Leaves::Cut => line.client.cut(),
        }
        line.client.disconnect();
        if tokio::time::timeout(GONE, line.is_over()).await.is_err() {
            log::warn!("{}: its connection does not end", device.name);
        }
        drop(line);
        let (now, at) = (Instant::now(), clock::now());
        let wakes = (self.woke + schedule.every).max(now);
        self.turn = Some(wakes);
        (self.sink)(DeviceEvent::Asleep {
            wakes: at.saturating_add(wakes - now),
            at,
        });
    }

    /// Looks at the connection: whenever it is there, what is said at birth is said.
    fn look(&mut self) {
        let Some(line) = &mut self.line else { return };
        let connects = line.status.borrow_and_update().connects;
        if connects == self.connects {
            return;
        }
        let is_first = self.connects == 0;
        self.connects = connects;
        let device = Arc::clone(self.responder.device());
        if let Some(birth) = &device.life.birth {
            self.publish(birth);
        }
        if is_first {
            self.publishes = vec![Instant::now(); device.life.publishes.len()];
        }
    }

    fn publish_due(&mut self, now: Instant) {
        let device = Arc::clone(self.responder.device());
        for (index, (own, every)) in device.life.publishes.iter().enumerate() {
            let Some(due) = self.publishes.get_mut(index).filter(|due| **due <= now) else {
                continue;
            };
            // What was missed is not made up for.
            *due = (*due + *every).max(now);
            let line = self.line.as_ref();
            if line.is_some_and(|line| line.status.borrow().is_connected) {
                self.publish(own);
            }
        }
    }

    /// Publishes its last words; `false`: there are none, or nobody to say them to.
    fn say_goodbye(&mut self, line: &Line) -> bool {
        let device = Arc::clone(self.responder.device());
        let Some(farewell) = &device.life.farewell else {
            return false;
        };
        let is_there = line.status.borrow().is_connected;
        if is_there {
            self.publish_on(line, farewell);
        }
        is_there
    }

    fn publish(&mut self, own: &OwnMessage) {
        if let Some(line) = self.line.take() {
            self.publish_on(&line, own);
            self.line = Some(line);
        }
    }

    fn publish_on(&mut self, line: &Line, own: &OwnMessage) {
        let message = match self.responder.own_message(own, clock::now()) {
            Ok(message) => Arc::new(message),
            Err(why) => {
                (self.sink)(DeviceEvent::NotPublished {
                    topic: own.topic().into(),
                    why,
                    at: clock::now(),
                });
                return;
            }
        };
        let ticket = line.client.publish(Arc::clone(&message));
        let sink = Arc::clone(&self.sink);
        self.under_way.spawn(follow_own(ticket, message, sink));
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
            if rest.is_zero() && self.is_there() {
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

    fn send(&mut self, request: Arc<Message>, answer: Arc<Message>) {
        let Some(line) = &self.line else {
            self.not_answered(request, "the device is asleep".into());
            return;
        };
        let answer = line.client.as_sent(answer);
        let ticket = line.client.publish(Arc::clone(&answer));
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

/// Tells what became of a message of the device's own.
async fn follow_own(mut ticket: Ticket, message: Arc<Message>, sink: DeviceSink) {
    let why = match ticket.published().await {
        Ok(at) => {
            sink(DeviceEvent::Published {
                message: Arc::clone(&message),
                at,
            });
            match ticket.refusal().await {
                Some(reason) => format!("the broker refused it: {reason}"),
                None => return,
            }
        }
        Err(why) => why,
    };
    sink(DeviceEvent::NotPublished {
        topic: message.topic.as_str().into(),
        why: why.into(),
        at: clock::now(),
    });
}
