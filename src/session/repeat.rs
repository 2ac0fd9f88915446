//! One request again and again, so many on their way at once. The next one leaves as soon as an answer is judged, from the
//! thread that judged it: no frame and no other thread stands between.

use super::Session;
use super::outbound::Outbound;
use super::wire::Wire;
use crate::model::connection::ConnectionEvent;
use crate::model::exchange::{Change, Exchange, ExchangeId, Verdict};
use crate::model::pairing::Rules;
use crate::model::request::Request;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

#[derive(Clone, Debug)]
pub struct RepeatPlan {
    pub request: Arc<Request>,
    /// On their way at once, 1 at least.
    pub in_flight: usize,
    pub end: RepeatEnd,
}

/// What is on its way then is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RepeatEnd {
    After(u64),
    At(Instant),
}

/// What came of it so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Repeated {
    /// Of those that were answered: from before the request was made to its verdict.
    pub round_trips: Vec<Duration>,
    /// Those that were not answered.
    pub unanswered: u64,
    /// The first of the other verdicts.
    pub first_failure: Option<Verdict>,
    pub last_verdict: Option<Instant>,
}

/// A repetition; it ends when it is dropped.
pub struct Repeat {
    slot: Arc<Slot>,
    /// What begins later may take its place in the slot.
    number: u64,
}

impl Repeat {
    /// What came since the last time, and whether that was all.
    pub fn take(&self) -> (Repeated, bool) {
        let mut work = self.slot.lock();
        let running = work.running.as_mut();
        let Some(running) = running.filter(|running| running.number == self.number) else {
            return (Repeated::default(), true);
        };
        let so_far = std::mem::take(&mut running.so_far);
        let is_over = running.open.is_empty() && work.stalled == 0;
        (so_far, is_over)
    }
}

impl Drop for Repeat {
    fn drop(&mut self) {
        let mut work = self.slot.lock();
        work.running
            .take_if(|running| running.number == self.number);
    }
}

struct Running {
    number: u64,
    plan: RepeatPlan,
    rules: Rules,
    client_id: Arc<str>,
    outbound: Arc<Outbound>,
    /// The connection may go meanwhile.
    wire: Weak<Wire>,
    open: HashMap<ExchangeId, Instant>,
    sent: u64,
    /// A connection that cannot send would fail one request after the other without end.
    is_stopped: bool,
    so_far: Repeated,
}

impl Running {
    fn send(&mut self) {
        let now = Instant::now();
        let is_enough = match self.plan.end {
            RepeatEnd::After(count) => self.sent >= count,
            RepeatEnd::At(end) => now >= end,
        };
        if is_enough || self.is_stopped {
            return;
        }
        let Some(wire) = self.wire.upgrade() else {
            return;
        };
        let request = &self.plan.request;
        let (id, message) = self.outbound.make(request, &self.rules, &self.client_id);
        self.sent += 1;
        self.open.insert(id, now);
        wire.send(id, Arc::clone(request), message);
    }

    /// Whether it was one of its own.
    fn finished(&mut self, id: ExchangeId, verdict: &Verdict) -> bool {
        let Some(sent) = self.open.remove(&id) else {
            return false;
        };
        let now = Instant::now();
        self.so_far.last_verdict = Some(now);
        if verdict.is_answered() {
            let took = now.saturating_duration_since(sent);
            self.so_far.round_trips.push(took);
        } else {
            self.so_far.unanswered += 1;
            let first = &mut self.so_far.first_failure;
            first.get_or_insert_with(|| verdict.clone());
        }
        self.is_stopped |= matches!(verdict, Verdict::Failed { .. } | Verdict::Rejected { .. });
        true
    }
}

/// More are not kept for a session that does not drain: it is waited for.
const HELD_MAX: usize = 65_536;

/// Where a connection's repetition is, if there is one.
#[derive(Default)]
pub(super) struct Slot {
    /// Asked without a lock for every event of the connection.
    is_on: AtomicBool,
    work: Mutex<Work>,
    numbers: AtomicU64,
}

#[derive(Default)]
struct Work {
    running: Option<Running>,
    /// What began since the session drained last, with all that happened to it: one thing to take instead of four or five.
    held: BTreeMap<ExchangeId, Box<Exchange>>,
    /// Requests that wait for the session to drain.
    stalled: usize,
}

impl Work {
    fn go_on(&mut self) {
        if let Some(running) = &mut self.running {
            if self.held.len() < HELD_MAX {
                running.send();
            } else {
                self.stalled += 1;
            }
        }
    }
}

/// What becomes of an event of the connection.
pub(super) enum Fate {
    /// It is told as ever.
    Told(ConnectionEvent),
    /// It is kept for the next drain; the first one since the last says so.
    Held { is_first: bool },
    /// The session knows already: it has sent the request.
    Known,
}

impl Slot {
    fn lock(&self) -> MutexGuard<'_, Work> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn sort(&self, event: ConnectionEvent) -> Fate {
        let is_on = self.is_on.load(Ordering::Acquire);
        match event {
            ConnectionEvent::Begun(_) if !is_on => Fate::Known,
            ConnectionEvent::Begun(exchange) => {
                let mut work = self.lock();
                let running = work.running.as_ref();
                if !running.is_some_and(|running| running.open.contains_key(&exchange.id)) {
                    return Fate::Known;
                }
                let is_first = work.held.is_empty();
                work.held.insert(exchange.id, exchange);
                Fate::Held { is_first }
            }
            ConnectionEvent::Changed { id, change, at } if is_on => {
                let mut work = self.lock();
                match work.held.get_mut(&id) {
                    Some(exchange) => {
                        exchange.apply(change, at);
                        Fate::Held { is_first: false }
                    }
                    None => Fate::Told(ConnectionEvent::Changed { id, change, at }),
                }
            }
            other => Fate::Told(other),
        }
    }

    /// The verdict that an event tells, where somebody here waits for it.
    pub fn verdict_in(&self, event: &ConnectionEvent) -> Option<(ExchangeId, Verdict)> {
        match event {
            ConnectionEvent::Changed {
                id,
                change: Change::Finished(verdict),
                ..
            } if self.is_on.load(Ordering::Acquire) => Some((*id, verdict.clone())),
            _ => None,
        }
    }

    pub fn finished(&self, id: ExchangeId, verdict: &Verdict) {
        let mut work = self.lock();
        let running = work.running.as_mut();
        if running.is_some_and(|running| running.finished(id, verdict)) {
            work.go_on();
        }
    }

    /// What began since the last time, in its order.
    fn take(&self) -> BTreeMap<ExchangeId, Box<Exchange>> {
        if !self.is_on.load(Ordering::Acquire) {
            return BTreeMap::new();
        }
        let mut work = self.lock();
        let held = std::mem::take(&mut work.held);
        for _ in 0..std::mem::take(&mut work.stalled) {
            work.go_on();
        }
        if work.running.is_none() {
            self.is_on.store(false, Ordering::Release);
        }
        held
    }
}

impl Session {
    /// Sends a request again and again, until the plan's end or until what is given back is dropped. The timeline gets every
    /// exchange with [`Session::drain`]. `None` where there is no such connection, or nothing to wait for. One
    /// repetition a connection: another one takes its place.
    pub fn repeat(&mut self, id: &str, plan: RepeatPlan) -> Option<Repeat> {
        let link = self.links.get(id)?;
        if !plan.request.asks_for_reply() {
            return None;
        }
        let slot = Arc::clone(&link.repeat);
        let in_flight = plan.in_flight.max(1);
        let number = slot.numbers.fetch_add(1, Ordering::Relaxed);
        let mut running = Running {
            number,
            plan,
            rules: self.rules.clone(),
            client_id: Arc::clone(link.client_id()),
            outbound: Arc::clone(&link.outbound),
            wire: Arc::downgrade(&link.connection),
            open: HashMap::new(),
            sent: 0,
            is_stopped: false,
            so_far: Repeated::default(),
        };
        let mut work = slot.lock();
        slot.is_on.store(true, Ordering::Release);
        work.stalled = 0;
        (0..in_flight).for_each(|_| running.send());
        work.running = Some(running);
        drop(work);
        Some(Repeat { slot, number })
    }

    /// Puts what repetitions have sent into the timeline.
    pub(super) fn drain_repeats(&mut self) {
        let slots = self.links.values().map(|link| {
            let address = &link.profile.address;
            (link.repeat.take(), address)
        });
        let taken: Vec<_> = slots
            .filter(|(held, _)| !held.is_empty())
            .map(|(held, address)| (held, address.clone()))
            .collect();
        for (held, address) in taken {
            for (id, mut exchange) in held {
                for reply in &mut exchange.replies {
                    let client = reply.responder.take();
                    reply.responder = client.map(|client_id| self.name_of_client(client_id));
                }
                self.observer.begun(&exchange, address.clone());
                if !exchange.verdict.is_open() {
                    self.observer.finished(id);
                }
                self.timeline.begin(exchange);
            }
        }
    }
}
