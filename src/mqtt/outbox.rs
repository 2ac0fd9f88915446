//! Hands things over one after the other, in the order they were put in, by whichever thread
//! finds nobody doing it; no lock is held meanwhile, so the receiver may put in more.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

pub struct Outbox<T> {
    state: Mutex<State<T>>,
    deliver: Box<dyn Fn(T) + Send + Sync>,
}

struct State<T> {
    waiting: VecDeque<T>,
    busy: bool,
}

impl<T> Outbox<T> {
    pub fn new(deliver: impl Fn(T) + Send + Sync + 'static) -> Self {
        Self {
            state: Mutex::new(State {
                waiting: VecDeque::new(),
                busy: false,
            }),
            deliver: Box::new(deliver),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts things in; they leave with the next [`Self::drain`].
    pub fn push(&self, items: impl IntoIterator<Item = T>) {
        self.lock().waiting.extend(items);
    }

    /// Hands over everything, unless somebody is at it already, who then does it.
    pub fn drain(&self) {
        {
            let mut state = self.lock();
            if state.busy {
                return;
            }
            state.busy = true;
        }
        let idle_again = Idle(self);
        loop {
            let next = {
                let mut state = self.lock();
                let next = state.waiting.pop_front();
                if next.is_none() {
                    state.busy = false;
                }
                next
            };
            match next {
                Some(item) => (self.deliver)(item),
                None => break,
            }
        }
        std::mem::forget(idle_again);
    }
}

/// A receiver that panics must not silence the outbox for good.
struct Idle<'a, T>(&'a Outbox<T>);

impl<T> Drop for Idle<'_, T> {
    fn drop(&mut self) {
        self.0.lock().busy = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, OnceLock, Weak};

    #[test]
    fn what_the_receiver_puts_in_comes_after_what_was_there() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let slot: Arc<OnceLock<Weak<Outbox<u32>>>> = Arc::default();
        let outbox = {
            let (seen, slot) = (Arc::clone(&seen), Arc::clone(&slot));
            Arc::new(Outbox::new(move |item| {
                seen.lock().unwrap().push(item);
                if item == 1 {
                    let outbox = slot.get().and_then(Weak::upgrade).unwrap();
                    outbox.push([3]);
                    outbox.drain();
                    assert_eq!(*seen.lock().unwrap(), [1]);
                }
            }))
        };
        slot.set(Arc::downgrade(&outbox)).unwrap();
        outbox.push([1, 2]);
        outbox.drain();
        assert_eq!(*seen.lock().unwrap(), [1, 2, 3]);
    }

    #[test]
    fn many_threads_lose_nothing_and_keep_their_own_order() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let outbox = {
            let seen = Arc::clone(&seen);
            Arc::new(Outbox::new(move |item: (u32, u32)| {
                seen.lock().unwrap().push(item);
            }))
        };
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let outbox = &outbox;
                scope.spawn(move || {
                    for number in 0..1000 {
                        outbox.push([(thread, number)]);
                        outbox.drain();
                    }
                });
            }
        });
        outbox.drain();
        let seen = seen.lock().unwrap();
        assert_eq!(seen.len(), 4000);
        for thread in 0..4 {
            let numbers: Vec<u32> = seen
                .iter()
                .filter(|(one, _)| *one == thread)
                .map(|(_, number)| *number)
                .collect();
            assert!(numbers.is_sorted());
        }
    }
}
