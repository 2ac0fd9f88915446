//! What the requests of one connection are made of, for all who send on it.

use crate::model::correlation::{CorrelationData, CorrelationSource, CorrelationSpec};
use crate::model::exchange::ExchangeId;
use crate::model::message::Message;
use crate::model::pairing::{Circumstances, Rules};
use crate::model::request::Request;
use crate::mqtt::clock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub struct Outbound {
    correlation: Mutex<CorrelationSource>,
    /// Requests so far, for counters of pairing rules.
    sent: AtomicU64,
    /// Shared by all connections of a session.
    next_exchange: Arc<AtomicU64>,
}

impl Outbound {
    pub fn new(next_exchange: Arc<AtomicU64>) -> Self {
        Self {
            correlation: Mutex::new(CorrelationSource::seeded(rand::random())),
            sent: AtomicU64::new(0),
            next_exchange,
        }
    }

    fn correlation(&self) -> MutexGuard<'_, CorrelationSource> {
        self.correlation
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// See [`CorrelationSource::foresee`].
    #[expect(
        clippy::option_option,
        reason = "the outer one says that it is a matter of chance, the inner one that there is none"
    )]
    pub fn foresee(&self, spec: &CorrelationSpec) -> Option<Option<CorrelationData>> {
        self.correlation().foresee(spec)
    }

    /// A request as it goes out, and its number.
    pub fn make(
        &self,
        request: &Request,
        rules: &Rules,
        client_id: &str,
    ) -> (ExchangeId, Arc<Message>) {
        let data = self.correlation().draw(&request.correlation);
        let here = Circumstances {
            client_id,
            now_ms: clock::now().as_nanos() / 1_000_000,
            counter: self.sent.fetch_add(1, Ordering::Relaxed) + 1,
        };
        // Whatever lacks was said before it was sent; a rule that changed since makes a message that it does
        // not take, and the exchange says so.
        let plain = request.plain_message(rules, data.as_ref());
        let message = plain.unwrap_or_else(|| {
            request
                .outgoing(rules, data.as_ref(), &here, &mut rand::rng())
                .map_or_else(|_| request.message(data), |outgoing| outgoing.message)
        });
        let id = ExchangeId(self.next_exchange.fetch_add(1, Ordering::Relaxed));
        (id, Arc::new(message))
    }
}
