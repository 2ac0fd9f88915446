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

    /// Puts things in; they leave with the next [`Self::drain`]. True where somebody is handing over, who will find them.
    pub fn push(&self, items: impl IntoIterator<Item = T>) -> bool {
        let mut state = self.lock();
        state.waiting.extend(items);
        state.busy
    }

    /// Hands over everything, unless somebody is at it already, who then does it.
    pub fn drain(&self) {
        let mut turn = {
            let mut state = self.lock();
            if state.busy || state.waiting.is_empty() {
                return;
            }
            state.busy = true;
            Turn {
                outbox: self,
                batch: std::mem::take(&mut state.waiting),
                is_over: false,
            }
        };
        loop {
            while let Some(item) = turn.batch.pop_front() {
                (self.deliver)(item);
            }
            let mut state = self.lock();
            if state.waiting.is_empty() {
                state.busy = false;
                // The empty one has room already.
                std::mem::swap(&mut state.waiting, &mut turn.batch);
                turn.is_over = true;
                return;
            }
            std::mem::swap(&mut state.waiting, &mut turn.batch);
        }
    }
}

/// What one thread hands over. A receiver that panics must not silence the outbox for good, nor take with it
/// what came after.
struct Turn<'a, T> {
    outbox: &'a Outbox<T>,
    batch: VecDeque<T>,
    is_over: bool,
}

impl<T> Drop for Turn<'_, T> {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        let mut state = self.outbox.lock();
        state.busy = false;
        while let Some(item) = self.batch.pop_back() {
            state.waiting.push_front(item);
        }
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
    fn a_receiver_that_panics_loses_what_it_got_and_nothing_else() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let outbox = {
            let seen = Arc::clone(&seen);
            Outbox::new(move |item: u32| {
                assert_ne!(item, 2, "the receiver panics");
                seen.lock().unwrap().push(item);
            })
        };
        outbox.push([1, 2, 3, 4]);
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| outbox.drain()));
        assert!(panicked.is_err());
        outbox.push([5]);
        outbox.drain();
        assert_eq!(*seen.lock().unwrap(), [1, 3, 4, 5]);
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
