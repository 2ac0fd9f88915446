//! Where passwords are asked for and handed in: the keyring if there is one, else this run's memory.
//!
//! The keyring is called on a thread of its own with a time limit: whoever asks here gets an answer,
//! on the desk's thread, whatever D-Bus does. Nothing here writes a file, and nothing blocks the caller
//! except [`PasswordDesk::load_blocking`], which is for the command line.

use super::error::StoreError;
use super::keyring::{Keyring, SecretError, Secrets};
use super::workspace::Workspace;
use crate::model::secret::Secret;
use std::collections::HashMap;
use std::sync::mpsc::{
    Receiver, RecvTimeoutError, SyncSender, TryRecvError, TrySendError, sync_channel,
};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

const MAX_WAITING: usize = 256;

/// Where a password is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PasswordPlace {
    /// Not known yet: the keyring is being looked for.
    Checking,
    Keyring,
    /// Until the program ends; after that it is asked for again.
    Session {
        why: SecretError,
    },
}

/// How long the keyring may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// To be found.
    pub check: Duration,
    /// To answer: a person may have to unlock it.
    pub call: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            check: Duration::from_secs(3),
            call: Duration::from_mins(1),
        }
    }
}

type Answer<T> = Box<dyn FnOnce(T) + Send>;

enum Ask {
    Load(String, Answer<Result<Option<Secret>, SecretError>>),
    Save(String, Secret, Answer<PasswordPlace>),
    Delete(String, Answer<Result<(), SecretError>>),
}

enum Call {
    Check,
    Load(String),
    Save(String, Secret),
    Delete(String),
}

type Outcome = Result<Option<Secret>, SecretError>;

/// A cheap handle.
#[derive(Clone)]
pub struct PasswordDesk {
    asks: SyncSender<Ask>,
    place: Arc<Mutex<PasswordPlace>>,
    prefix: Arc<str>,
}

impl PasswordDesk {
    /// The desk for the profiles of a workspace, with the operating system's keyring.
    pub fn open(workspace: &Workspace) -> Result<Self, StoreError> {
        Self::with(Box::new(Keyring), workspace.key(), Limits::default())
    }

    /// A desk that forgets everything at the end.
    pub fn in_memory() -> Result<Self, StoreError> {
        Self::with(
            Box::new(super::keyring::Memory::default()),
            "memory",
            Limits::default(),
        )
    }

    /// A desk with another place for passwords.
    #[cfg(test)]
    pub fn of(secrets: Box<dyn Secrets>) -> Result<Self, StoreError> {
        Self::with(secrets, "test", Limits::default())
    }

    pub(super) fn with(
        secrets: Box<dyn Secrets>,
        prefix: &str,
        limits: Limits,
    ) -> Result<Self, StoreError> {
        let (asks, asked) = sync_channel(MAX_WAITING);
        let (calls, called) = sync_channel::<Call>(1);
        let (outcomes, came_out) = sync_channel::<Outcome>(1);
        let place = Arc::new(Mutex::new(PasswordPlace::Checking));
        spawn("keyring", move || {
            for call in called {
                let outcome = match call {
                    Call::Check => secrets.check().map(|()| None),
                    Call::Load(account) => secrets.load(&account),
                    Call::Save(account, secret) => secrets.save(&account, &secret).map(|()| None),
                    Call::Delete(account) => secrets.delete(&account).map(|()| None),
                };
                if outcomes.send(outcome).is_err() {
                    return;
                }
            }
        })?;
        let mut clerk = Clerk {
            calls,
            came_out,
            limits,
            overdue: None,
            session: HashMap::new(),
            place: Arc::clone(&place),
        };
        spawn("passwords", move || {
            let found = clerk.call(Call::Check, limits.check);
            clerk.note(found.map(|_| ()));
            for ask in asked {
                clerk.serve(ask);
            }
        })?;
        Ok(Self {
            asks,
            place,
            prefix: prefix.into(),
        })
    }

    /// Where a password that is handed in now would be kept.
    pub fn place(&self) -> PasswordPlace {
        self.place
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The password of a profile, if one is kept. `answer` is called on the desk's thread.
    pub fn load(
        &self,
        profile_id: &str,
        answer: impl FnOnce(Result<Option<Secret>, SecretError>) + Send + 'static,
    ) {
        let refused = self.ask(Ask::Load(self.account(profile_id), Box::new(answer)));
        if let Some(Ask::Load(_, answer)) = refused {
            answer(Err(SecretError::Busy));
        }
    }

    /// Keeps a password: for this run in any case, and in the keyring if it takes it.
    pub fn save(
        &self,
        profile_id: &str,
        secret: Secret,
        answer: impl FnOnce(PasswordPlace) + Send + 'static,
    ) {
        let refused = self.ask(Ask::Save(
            self.account(profile_id),
            secret,
            Box::new(answer),
        ));
        if let Some(Ask::Save(_, _, answer)) = refused {
            answer(PasswordPlace::Session {
                why: SecretError::Busy,
            });
        }
    }

    pub fn delete(
        &self,
        profile_id: &str,
        answer: impl FnOnce(Result<(), SecretError>) + Send + 'static,
    ) {
        let refused = self.ask(Ask::Delete(self.account(profile_id), Box::new(answer)));
        if let Some(Ask::Delete(_, answer)) = refused {
            answer(Err(SecretError::Busy));
        }
    }

    /// Like [`Self::load`], for callers that may wait: at most as long as the keyring may take.
    pub fn load_blocking(&self, profile_id: &str) -> Result<Option<Secret>, SecretError> {
        let (tell, told) = sync_channel(1);
        self.load(profile_id, move |answer| {
            // The other side waits right below.
            tell.try_send(answer).ok();
        });
        told.recv().unwrap_or(Err(SecretError::Busy))
    }

    fn account(&self, profile_id: &str) -> String {
        format!("{}/{profile_id}", self.prefix)
    }

    /// Gives back what could not be asked.
    fn ask(&self, ask: Ask) -> Option<Ask> {
        match self.asks.try_send(ask) {
            Ok(()) => None,
            Err(TrySendError::Full(ask) | TrySendError::Disconnected(ask)) => Some(ask),
        }
    }
}

fn spawn(name: &'static str, body: impl FnOnce() + Send + 'static) -> Result<(), StoreError> {
    thread::Builder::new()
        .name(name.to_owned())
        .spawn(body)
        .map(drop)
        .map_err(|source| StoreError::Thread { name, source })
}

/// What the desk's thread knows.
struct Clerk {
    calls: SyncSender<Call>,
    came_out: Receiver<Outcome>,
    limits: Limits,
    /// The limit that a call has missed that is still under way.
    overdue: Option<Duration>,
    session: HashMap<String, Secret>,
    place: Arc<Mutex<PasswordPlace>>,
}

impl Clerk {
    fn serve(&mut self, ask: Ask) {
        match ask {
            Ask::Load(account, answer) => answer(self.load(account)),
            Ask::Save(account, secret, answer) => {
                self.session.insert(account.clone(), secret.clone());
                let kept = self.call(Call::Save(account, secret), self.limits.call);
                answer(match kept {
                    Ok(_) => PasswordPlace::Keyring,
                    Err(why) => PasswordPlace::Session { why },
                });
            }
            Ask::Delete(account, answer) => {
                self.session.remove(&account);
                let gone = self.call(Call::Delete(account), self.limits.call);
                answer(match gone {
                    Ok(_) | Err(SecretError::NoKeyring { .. }) => Ok(()),
                    Err(err) => Err(err),
                });
            }
        }
    }

    fn load(&mut self, account: String) -> Result<Option<Secret>, SecretError> {
        if let Some(secret) = self.session.get(&account) {
            return Ok(Some(secret.clone()));
        }
        match self.call(Call::Load(account.clone()), self.limits.call) {
            Ok(Some(secret)) => {
                // One dialog a run is enough.
                self.session.insert(account, secret.clone());
                Ok(Some(secret))
            }
            Ok(None) | Err(SecretError::NoKeyring { .. }) => Ok(None),
            Err(err) => Err(err),
        }
    }

    /// Calls the keyring, for as long as `limit` allows. One that is stuck is not called again until
    /// it has answered the call it is stuck in.
    fn call(&mut self, call: Call, limit: Duration) -> Outcome {
        let no_keyring = || {
            Err(SecretError::NoKeyring {
                why: "it failed while it was asked".to_owned(),
            })
        };
        if let Some(limit) = self.overdue {
            match self.came_out.try_recv() {
                Ok(_) => self.overdue = None,
                Err(TryRecvError::Empty) => return Err(SecretError::NoAnswer { limit }),
                Err(TryRecvError::Disconnected) => return no_keyring(),
            }
        }
        if self.calls.try_send(call).is_err() {
            return no_keyring();
        }
        let outcome = match self.came_out.recv_timeout(limit) {
            Ok(outcome) => outcome,
            Err(RecvTimeoutError::Timeout) => {
                self.overdue = Some(limit);
                Err(SecretError::NoAnswer { limit })
            }
            Err(RecvTimeoutError::Disconnected) => no_keyring(),
        };
        match &outcome {
            Ok(_) => self.note(Ok(())),
            Err(err @ (SecretError::NoKeyring { .. } | SecretError::NoAnswer { .. })) => {
                self.note(Err(err.clone()));
            }
            Err(_) => {}
        }
        outcome
    }

    fn note(&self, state: Result<(), SecretError>) {
        let place = match state {
            Ok(()) => PasswordPlace::Keyring,
            Err(why) => PasswordPlace::Session { why },
        };
        *self.place.lock().unwrap_or_else(PoisonError::into_inner) = place;
    }
}

#[cfg(test)]
mod tests;
