//! One request again and again, so many on their way at once. The next one leaves as soon as an answer is judged, from the
//! thread that judged it: no frame and no other thread stands between.

use super::Session;
use super::outbound::Outbound;
use super::wire::Wire;
use crate::model::connection::ConnectionEvent;
use crate::model::exchange::{Change, ExchangeId, Verdict};
use crate::model::pairing::Rules;
use crate::model::request::Request;
use std::collections::HashMap;
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
        let mut running = self.slot.lock();
        let Some(running) = running
            .as_mut()
            .filter(|running| running.number == self.number)
        else {
            return (Repeated::default(), true);
        };
        let is_over = running.open.is_empty();
        (std::mem::take(&mut running.so_far), is_over)
    }
}

impl Drop for Repeat {
    fn drop(&mut self) {
        let mut running = self.slot.lock();
        if running
            .take_if(|running| running.number == self.number)
            .is_some()
        {
            self.slot.is_on.store(false, Ordering::Release);
        }
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

    fn finished(&mut self, id: ExchangeId, verdict: &Verdict) {
        let Some(sent) = self.open.remove(&id) else {
            return;
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
        self.send();
    }
}

/// Where a connection's repetition is, if there is one.
#[derive(Default)]
pub(super) struct Slot {
    /// Asked without a lock for every event of the connection.
    is_on: AtomicBool,
    running: Mutex<Option<Running>>,
    numbers: AtomicU64,
}

impl Slot {
    fn lock(&self) -> MutexGuard<'_, Option<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the session has to be told: of all other requests it knows that they begin.
    pub fn is_news(&self, event: &ConnectionEvent) -> bool {
        let ConnectionEvent::Begun(exchange) = event else {
            return true;
        };
        if !self.is_on.load(Ordering::Acquire) {
            return false;
        }
        let running = self.lock();
        let running = running.as_ref();
        running.is_some_and(|running| running.open.contains_key(&exchange.id))
    }

    /// After the session was told of it, so that what it leads to comes after it.
    pub fn verdict_of(event: &ConnectionEvent) -> Option<(ExchangeId, Verdict)> {
        match event {
            ConnectionEvent::Changed {
                id,
                change: Change::Finished(verdict),
                ..
            } => Some((*id, verdict.clone())),
            _ => None,
        }
    }

    pub fn is_on(&self) -> bool {
        self.is_on.load(Ordering::Acquire)
    }

    pub fn finished(&self, id: ExchangeId, verdict: &Verdict) {
        if let Some(running) = &mut *self.lock() {
            running.finished(id, verdict);
        }
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
        let mut there = slot.lock();
        slot.is_on.store(true, Ordering::Release);
        (0..in_flight).for_each(|_| running.send());
        *there = Some(running);
        drop(there);
        Some(Repeat { slot, number })
    }
}
