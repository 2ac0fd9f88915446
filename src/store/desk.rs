//! Where secrets are asked for and handed in: the keyring, the encrypted file or this run's memory, as the user chose.
//!
//! The keyring is called on a thread of its own with a time limit: whoever asks here gets an answer,
//! on the desk's thread, whatever D-Bus does. Keys are made there, too. Nothing here blocks the caller
//! except what says so, which is for the command line.

mod clerk;

use super::error::StoreError;
use super::keyring::{Keyring, SecretError, Secrets};
use super::vault::{SecretHome, Vault, VaultState};
use super::workspace::Workspace;
use crate::model::secret::Secret;
use clerk::{Ask, Clerk};
use std::collections::BTreeMap;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

const MAX_WAITING: usize = 256;

/// Where a password is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PasswordPlace {
    /// Not known yet: the keyring is being looked for.
    Checking,
    Keyring,
    /// The encrypted file.
    File(VaultState),
    /// Until the program ends, because the user wants it so.
    Nowhere,
    /// Until the program ends; after that it is asked for again.
    Session {
        why: SecretError,
    },
}

impl PasswordPlace {
    /// Whether what is handed in now is there at the next start, if the file is opened where it is the place.
    pub fn can_keep(&self) -> bool {
        matches!(self, Self::Keyring | Self::File(_))
    }
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

/// Something that is done with the encrypted file, or with all secrets at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VaultAsk {
    /// Opens it until the program ends.
    Unlock(Secret),
    Lock,
    ChangePassphrase {
        old: Secret,
        new: Secret,
    },
    /// All that is in it is gone for good.
    Forget,
    /// Everything is kept elsewhere from now on. `accounts` are those that a keyring may have; the passphrase opens the
    /// file or makes it.
    Move {
        to: SecretHome,
        accounts: Vec<String>,
        passphrase: Option<Secret>,
    },
}

/// What has come of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VaultAnswer {
    /// All that is in the file, or all that was moved, by account.
    pub secrets: BTreeMap<String, Secret>,
    /// What could not be taken out of the place where it was before.
    pub left_behind: Vec<SecretError>,
}

/// What the desk tells about itself.
#[derive(Clone, Debug)]
struct Board {
    place: PasswordPlace,
    /// Why there is no keyring, if there is none.
    keyring: Option<SecretError>,
}

/// A cheap handle.
#[derive(Clone)]
pub struct PasswordDesk {
    asks: SyncSender<Ask>,
    board: Arc<Mutex<Board>>,
}

impl PasswordDesk {
    /// The desk for the profiles of a workspace, with the operating system's keyring.
    pub fn open(workspace: &Workspace) -> Result<Self, StoreError> {
        Self::with_keyring(Box::new(Keyring), workspace)
    }

    /// With another keyring.
    pub fn with_keyring(
        secrets: Box<dyn Secrets>,
        workspace: &Workspace,
    ) -> Result<Self, StoreError> {
        let vault = Vault::new(workspace.state_folder().map(ToOwned::to_owned));
        Self::with(secrets, workspace.key(), Limits::default(), vault)
    }

    /// A desk that forgets everything at the end.
    pub fn in_memory() -> Result<Self, StoreError> {
        Self::with(
            Box::new(super::keyring::Memory::default()),
            "memory",
            Limits::default(),
            Vault::new(None),
        )
    }

    /// With a file whose key costs next to nothing.
    #[cfg(test)]
    pub fn cheap(secrets: Box<dyn Secrets>, workspace: &Workspace) -> Result<Self, StoreError> {
        let folder = workspace
            .state_folder()
            .unwrap_or_else(|| workspace.folder());
        let vault = Vault::cheap(folder.to_owned());
        Self::with(secrets, workspace.key(), Limits::default(), vault)
    }

    /// A desk with another place for passwords.
    #[cfg(test)]
    pub fn of(secrets: Box<dyn Secrets>) -> Result<Self, StoreError> {
        Self::with(secrets, "test", Limits::default(), Vault::new(None))
    }

    pub(super) fn with(
        secrets: Box<dyn Secrets>,
        prefix: &str,
        limits: Limits,
        vault: Vault,
    ) -> Result<Self, StoreError> {
        let (asks, asked) = sync_channel(MAX_WAITING);
        let board = Arc::new(Mutex::new(Board {
            place: PasswordPlace::Checking,
            keyring: None,
        }));
        let keyring = clerk::start_keyring(secrets)?;
        let mut clerk = Clerk::new(keyring, limits, prefix, vault, Arc::clone(&board));
        spawn("passwords", move || {
            clerk.begin();
            for ask in asked {
                clerk.serve(ask);
            }
        })?;
        Ok(Self { asks, board })
    }

    /// Where a password that is handed in now would be kept.
    pub fn place(&self) -> PasswordPlace {
        lock(&self.board).place.clone()
    }

    /// Why there is no keyring, if that is known.
    pub fn keyring_trouble(&self) -> Option<SecretError> {
        lock(&self.board).keyring.clone()
    }

    /// The password of a profile, if one is kept. `answer` is called on the desk's thread.
    pub fn load(
        &self,
        account: &str,
        answer: impl FnOnce(Result<Option<Secret>, SecretError>) + Send + 'static,
    ) {
        let refused = self.ask(Ask::Load(account.to_owned(), Box::new(answer)));
        if let Some(Ask::Load(_, answer)) = refused {
            answer(Err(SecretError::Busy));
        }
    }

    /// Keeps a password: for this run in any case, and where secrets are kept if that takes it.
    pub fn save(
        &self,
        account: &str,
        secret: Secret,
        answer: impl FnOnce(PasswordPlace) + Send + 'static,
    ) {
        let refused = self.ask(Ask::Save(account.to_owned(), secret, Box::new(answer)));
        if let Some(Ask::Save(_, _, answer)) = refused {
            answer(PasswordPlace::Session {
                why: SecretError::Busy,
            });
        }
    }

    pub fn delete(
        &self,
        account: &str,
        answer: impl FnOnce(Result<(), SecretError>) + Send + 'static,
    ) {
        let refused = self.ask(Ask::Delete(account.to_owned(), Box::new(answer)));
        if let Some(Ask::Delete(_, answer)) = refused {
            answer(Err(SecretError::Busy));
        }
    }

    /// Does something with the encrypted file, or moves everything.
    pub fn vault(
        &self,
        ask: VaultAsk,
        answer: impl FnOnce(Result<VaultAnswer, SecretError>) + Send + 'static,
    ) {
        let refused = self.ask(Ask::Vault(ask, Box::new(answer)));
        if let Some(Ask::Vault(_, answer)) = refused {
            answer(Err(SecretError::Busy));
        }
    }

    /// Like [`Self::load`], for callers that may wait: at most as long as the keyring may take.
    pub fn load_blocking(&self, account: &str) -> Result<Option<Secret>, SecretError> {
        let (tell, told) = sync_channel(1);
        self.load(account, move |answer| {
            // The other side waits right below.
            tell.try_send(answer).ok();
        });
        told.recv().unwrap_or(Err(SecretError::Busy))
    }

    /// Like [`Self::vault`], for callers that may wait.
    pub fn vault_blocking(&self, ask: VaultAsk) -> Result<VaultAnswer, SecretError> {
        let (tell, told) = sync_channel(1);
        self.vault(ask, move |answer| {
            // The other side waits right below.
            tell.try_send(answer).ok();
        });
        told.recv().unwrap_or(Err(SecretError::Busy))
    }

    /// Gives back what could not be asked.
    fn ask(&self, ask: Ask) -> Option<Ask> {
        match self.asks.try_send(ask) {
            Ok(()) => None,
            Err(TrySendError::Full(ask) | TrySendError::Disconnected(ask)) => Some(ask),
        }
    }
}

fn lock(board: &Mutex<Board>) -> MutexGuard<'_, Board> {
    board.lock().unwrap_or_else(PoisonError::into_inner)
}

fn spawn(name: &'static str, body: impl FnOnce() + Send + 'static) -> Result<(), StoreError> {
    thread::Builder::new()
        .name(name.to_owned())
        .spawn(body)
        .map(drop)
        .map_err(|source| StoreError::Thread { name, source })
}

#[cfg(test)]
mod tests;
