//! What the desk's thread does and knows.

use super::{Board, Limits, PasswordPlace, VaultAnswer, VaultAsk, lock, spawn};
use crate::model::secret::Secret;
use crate::store::error::StoreError;
use crate::store::keyring::{SecretError, Secrets};
use crate::store::vault::{SecretHome, Vault};
use std::collections::{BTreeMap, HashMap};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

type Answer<T> = Box<dyn FnOnce(T) + Send>;

/// What is asked for, by account: `lab`, `lab/key`, …
pub(super) enum Ask {
    Load(String, Answer<Result<Option<Secret>, SecretError>>),
    Save(String, Secret, Answer<PasswordPlace>),
    Delete(String, Answer<Result<(), SecretError>>),
    Vault(VaultAsk, Answer<Result<VaultAnswer, SecretError>>),
}

enum Call {
    Check,
    Load(String),
    Save(String, Secret),
    Delete(String),
}

type Outcome = Result<Option<Secret>, SecretError>;

/// The two ends of the keyring's own thread.
pub(super) struct Line {
    calls: SyncSender<Call>,
    came_out: Receiver<Outcome>,
}

pub(super) fn start_keyring(secrets: Box<dyn Secrets>) -> Result<Line, StoreError> {
    let (calls, called) = sync_channel::<Call>(1);
    let (outcomes, came_out) = sync_channel::<Outcome>(1);
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
    Ok(Line { calls, came_out })
}

pub(super) struct Clerk {
    keyring: Line,
    limits: Limits,
    /// The limit that a call has missed that is still under way.
    overdue: Option<Duration>,
    /// What this run needs not ask for again, or has no other place.
    session: HashMap<String, Secret>,
    /// Tells the accounts of this workspace from those of others in the keyring.
    prefix: String,
    vault: Vault,
    home: SecretHome,
    board: Arc<Mutex<Board>>,
}

impl Clerk {
    pub fn new(
        keyring: Line,
        limits: Limits,
        prefix: &str,
        vault: Vault,
        board: Arc<Mutex<Board>>,
    ) -> Self {
        Self {
            keyring,
            limits,
            overdue: None,
            session: HashMap::new(),
            prefix: prefix.to_owned(),
            vault,
            home: SecretHome::default(),
            board,
        }
    }

    /// Looks where secrets are kept, and for the keyring.
    pub fn begin(&mut self) {
        match self.vault.home() {
            Ok(home) => self.home = home.unwrap_or_default(),
            // Whatever it says, it is about the file.
            Err(err) => {
                log::warn!("{err}");
                self.home = SecretHome::File;
            }
        }
        self.tell_place();
        let found = self.call(Call::Check, self.limits.check);
        self.note(found.map(|_| ()));
    }

    pub fn serve(&mut self, ask: Ask) {
        match ask {
            Ask::Load(account, answer) => answer(self.load(account)),
            Ask::Save(account, secret, answer) => {
                let place = self.save(account, secret);
                answer(place);
            }
            Ask::Delete(account, answer) => {
                let gone = self.delete(&account);
                answer(gone);
            }
            Ask::Vault(ask, answer) => {
                let done = self.vault(ask);
                // Whoever hears of it looks at the place next.
                self.tell_place();
                answer(done);
            }
        }
    }

    fn load(&mut self, account: String) -> Result<Option<Secret>, SecretError> {
        if let Some(secret) = self.session.get(&account) {
            return Ok(Some(secret.clone()));
        }
        match self.home {
            SecretHome::Nowhere => Ok(None),
            SecretHome::File => Ok(self.vault.entries()?.remove(&account)),
            SecretHome::Keyring => {
                let found = self.kept_in_keyring(&account)?;
                if let Some(secret) = &found {
                    // One dialog a run is enough.
                    self.session.insert(account, secret.clone());
                }
                Ok(found)
            }
        }
    }

    fn kept_in_keyring(&mut self, account: &str) -> Result<Option<Secret>, SecretError> {
        let call = Call::Load(self.in_keyring(account));
        match self.call(call, self.limits.call) {
            Err(SecretError::NoKeyring { .. }) => Ok(None),
            other => other,
        }
    }

    fn save(&mut self, account: String, secret: Secret) -> PasswordPlace {
        let place = match self.home {
            SecretHome::Nowhere => PasswordPlace::Nowhere,
            SecretHome::File => match self.vault.put(&account, &secret) {
                Ok(()) => return PasswordPlace::File(self.vault.state()),
                Err(why) => PasswordPlace::Session { why },
            },
            SecretHome::Keyring => {
                let call = Call::Save(self.in_keyring(&account), secret.clone());
                match self.call(call, self.limits.call) {
                    Ok(_) => PasswordPlace::Keyring,
                    Err(why) => PasswordPlace::Session { why },
                }
            }
        };
        self.session.insert(account, secret);
        place
    }

    fn delete(&mut self, account: &str) -> Result<(), SecretError> {
        self.session.remove(account);
        match self.home {
            SecretHome::Nowhere => Ok(()),
            SecretHome::File => self.vault.remove(account),
            SecretHome::Keyring => self.out_of_keyring(account),
        }
    }

    fn out_of_keyring(&mut self, account: &str) -> Result<(), SecretError> {
        let call = Call::Delete(self.in_keyring(account));
        match self.call(call, self.limits.call) {
            Ok(_) | Err(SecretError::NoKeyring { .. }) => Ok(()),
            Err(err) => Err(err),
        }
    }

    fn vault(&mut self, ask: VaultAsk) -> Result<VaultAnswer, SecretError> {
        match ask {
            VaultAsk::Unlock(passphrase) => Ok(VaultAnswer {
                secrets: self.vault.unlock(&passphrase)?,
                ..VaultAnswer::default()
            }),
            VaultAsk::Lock => {
                self.vault.lock();
                self.session.clear();
                Ok(VaultAnswer::default())
            }
            VaultAsk::ChangePassphrase { old, new } => {
                self.vault.change_passphrase(&old, &new)?;
                Ok(VaultAnswer::default())
            }
            VaultAsk::Forget => {
                self.vault.forget()?;
                self.session.clear();
                Ok(VaultAnswer::default())
            }
            VaultAsk::Move {
                to,
                accounts,
                passphrase,
            } => self.move_all(to, &accounts, passphrase.as_ref()),
        }
    }

    /// The new place has everything before the old one loses anything.
    fn move_all(
        &mut self,
        to: SecretHome,
        accounts: &[String],
        passphrase: Option<&Secret>,
    ) -> Result<VaultAnswer, SecretError> {
        let from = self.home;
        let mut secrets = BTreeMap::new();
        match from {
            SecretHome::File => secrets.extend(self.vault.entries()?),
            SecretHome::Keyring => {
                for account in accounts {
                    if let Some(secret) = self.kept_in_keyring(account)? {
                        secrets.insert(account.clone(), secret);
                    }
                }
            }
            SecretHome::Nowhere => {}
        }
        // What is known in this run alone goes along.
        let session = self.session.iter();
        secrets.extend(session.map(|(account, secret)| (account.clone(), secret.clone())));
        match to {
            SecretHome::File => self.vault.take_in(secrets.clone(), passphrase)?,
            SecretHome::Keyring => {
                let found = self.call(Call::Check, self.limits.check);
                found?;
                for (account, secret) in &secrets {
                    let call = Call::Save(self.in_keyring(account), secret.clone());
                    self.call(call, self.limits.call)?;
                }
                self.vault.set_home(to)?;
            }
            SecretHome::Nowhere => self.vault.set_home(to)?,
        }
        self.home = to;
        self.session = match to {
            // It can be locked.
            SecretHome::File => HashMap::new(),
            _ => secrets.clone().into_iter().collect(),
        };
        let mut left_behind = Vec::new();
        match from {
            _ if from == to => {}
            SecretHome::File => left_behind.extend(self.vault.forget().err()),
            SecretHome::Keyring => {
                for account in accounts {
                    left_behind.extend(self.out_of_keyring(account).err());
                }
            }
            SecretHome::Nowhere => {}
        }
        Ok(VaultAnswer {
            secrets,
            left_behind,
        })
    }

    fn in_keyring(&self, account: &str) -> String {
        format!("{}/{account}", self.prefix)
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
            match self.keyring.came_out.try_recv() {
                Ok(_) => self.overdue = None,
                Err(TryRecvError::Empty) => return Err(SecretError::NoAnswer { limit }),
                Err(TryRecvError::Disconnected) => return no_keyring(),
            }
        }
        if self.keyring.calls.try_send(call).is_err() {
            return no_keyring();
        }
        let outcome = match self.keyring.came_out.recv_timeout(limit) {
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
        let mut board = lock(&self.board);
        board.keyring = state.err();
        if self.home == SecretHome::Keyring {
            board.place = match &board.keyring {
                None => PasswordPlace::Keyring,
                Some(why) => PasswordPlace::Session { why: why.clone() },
            };
        }
    }

    /// The keyring is a place once it was found; the others are always there.
    fn tell_place(&self) {
        let mut board = lock(&self.board);
        board.place = match (self.home, &board.keyring, &board.place) {
            (SecretHome::File, ..) => PasswordPlace::File(self.vault.state()),
            (SecretHome::Nowhere, ..) => PasswordPlace::Nowhere,
            (SecretHome::Keyring, _, PasswordPlace::Checking) => PasswordPlace::Checking,
            (SecretHome::Keyring, None, _) => PasswordPlace::Keyring,
            (SecretHome::Keyring, Some(why), _) => PasswordPlace::Session { why: why.clone() },
        };
    }
}
