//! The encrypted file of secrets, `secrets.toml` in the workspace's state folder, for whoever has no keyring or wants none.
//!
//! ```text
//! kept_in = "file"     where the secrets of this workspace are kept: "keyring", "file" or "nowhere"
//! [sealed]             how the key is made (Argon2id, its cost, a salt of the file's own), and all secrets at once
//! ```
//!
//! The choice stands beside the secrets, so that both change in one step. The file is read anew before every change,
//! with a lock on a file beside it: two windows on one workspace do not undo each other's work. Making the key takes
//! some tenths of a second; nobody but the desk's thread calls these.

use super::atomic::{self, Mode};
use super::document;
use super::keyring::SecretError;
use super::sealed::{COST, Cost, SealError, SealKey};
use super::workspace::create_private_folder;
use crate::model::foreign::bundle::Sealed;
use crate::model::secret::Secret;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::path::PathBuf;

pub(super) const FILE: &str = "secrets.toml";
const LOCK: &str = "secrets.lock";
/// What is sealed belongs to this file alone, not to an export.
const CONTEXT: &[u8] = b"roundtrip secrets.toml 1";
/// More is no list of passwords.
const MOST_BYTES: u64 = 16 * 1024 * 1024;

/// Where the user wants secrets to be kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SecretHome {
    /// The operating system's.
    #[default]
    Keyring,
    /// The encrypted file.
    File,
    /// Until the program ends: they are asked for when they are needed.
    Nowhere,
}

impl SecretHome {
    pub const ALL: [Self; 3] = [Self::Keyring, Self::File, Self::Nowhere];
}

impl fmt::Display for SecretHome {
    /// As in "kept in …".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Keyring => "the system's keyring",
            Self::File => "the encrypted file",
            Self::Nowhere => "memory",
        })
    }
}

/// Whether the file can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VaultState {
    /// There is none: the next passphrase makes one.
    Missing,
    Locked,
    Open,
}

#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct Document {
    #[serde(skip_serializing_if = "Option::is_none")]
    kept_in: Option<SecretHome>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sealed: Option<Sealed>,
}

type Entries = BTreeMap<String, Secret>;

/// The file, and its key while it is open.
pub(super) struct Vault {
    /// None where there is no place for one.
    folder: Option<PathBuf>,
    cost: Cost,
    key: Option<SealKey>,
}

fn broken(action: &'static str, why: impl fmt::Display) -> SecretError {
    SecretError::File {
        action,
        why: why.to_string(),
    }
}

fn seal_error(action: &'static str) -> impl Fn(SealError) -> SecretError {
    move |err| match err {
        SealError::NoPassphrase => SecretError::NoPassphrase,
        SealError::WrongPassphrase => SecretError::WrongPassphrase,
        other => broken(action, other),
    }
}

impl Vault {
    /// In the state folder of a workspace, which need not exist yet.
    pub fn new(folder: Option<PathBuf>) -> Self {
        Self {
            folder,
            cost: COST,
            key: None,
        }
    }

    #[cfg(test)]
    pub fn cheap(folder: PathBuf) -> Self {
        Self {
            cost: super::sealed::CHEAP,
            ..Self::new(Some(folder))
        }
    }

    fn path(&self) -> Option<PathBuf> {
        Some(self.folder.as_ref()?.join(FILE))
    }

    /// What was chosen, if anything was.
    pub fn home(&self) -> Result<Option<SecretHome>, SecretError> {
        Ok(self.read()?.0.kept_in)
    }

    pub fn state(&self) -> VaultState {
        match self.read() {
            Ok((Document { sealed: None, .. }, _)) => VaultState::Missing,
            Ok((
                Document {
                    sealed: Some(sealed),
                    ..
                },
                _,
            )) if self.fits(&sealed) => VaultState::Open,
            _ => VaultState::Locked,
        }
    }

    fn fits(&self, sealed: &Sealed) -> bool {
        self.key.as_ref().is_some_and(|key| key.is_of(sealed))
    }

    /// Opens it for as long as the program runs; gives all that is in it.
    pub fn unlock(&mut self, passphrase: &Secret) -> Result<Entries, SecretError> {
        let Some(sealed) = self.read()?.0.sealed else {
            return Err(SecretError::NoFile);
        };
        let key = SealKey::of(&sealed, passphrase).map_err(seal_error("opened"))?;
        let entries = opened(&key, &sealed)?;
        self.key = Some(key);
        Ok(entries)
    }

    pub fn lock(&mut self) {
        self.key = None;
    }

    /// Everything in it. Nothing where there is no file.
    pub fn entries(&self) -> Result<Entries, SecretError> {
        match (self.read()?.0.sealed, &self.key) {
            (None, _) => Ok(Entries::new()),
            (Some(sealed), Some(key)) if key.is_of(&sealed) => opened(key, &sealed),
            (Some(_), _) => Err(SecretError::Locked),
        }
    }

    /// Puts things in and makes the file the place for secrets. Where there is none, `passphrase` makes it; where there
    /// is one that is locked, it opens it.
    pub fn take_in(
        &mut self,
        entries: Entries,
        passphrase: Option<&Secret>,
    ) -> Result<(), SecretError> {
        match (self.state(), passphrase) {
            (VaultState::Open, _) => {}
            (VaultState::Locked, Some(passphrase)) => drop(self.unlock(passphrase)?),
            (VaultState::Missing, Some(passphrase)) => {
                let key = SealKey::new(self.cost, passphrase).map_err(seal_error("made"))?;
                self.key = Some(key);
            }
            (VaultState::Locked, None) => return Err(SecretError::Locked),
            (VaultState::Missing, None) => return Err(SecretError::NoFile),
        }
        self.change(true, |all| all.extend(entries))?;
        self.set_home(SecretHome::File)
    }

    pub fn put(&self, account: &str, secret: &Secret) -> Result<(), SecretError> {
        self.change(false, |all| {
            all.insert(account.to_owned(), secret.clone());
        })
    }

    /// Taking out what is not there is no error.
    pub fn remove(&self, account: &str) -> Result<(), SecretError> {
        if self.read()?.0.sealed.is_none() {
            return Ok(());
        }
        self.change(false, |all| {
            all.remove(account);
        })
    }

    /// Another passphrase, and a new salt with it.
    pub fn change_passphrase(&mut self, old: &Secret, new: &Secret) -> Result<(), SecretError> {
        self.unlock(old)?;
        let key = SealKey::new(self.cost, new).map_err(seal_error("changed"))?;
        let _turn = self.turn()?;
        let (mut document, text) = self.read()?;
        let all = self.entries()?;
        document.sealed = Some(sealed(&key, &all)?);
        self.write(&document, text.as_deref())?;
        self.key = Some(key);
        Ok(())
    }

    /// Everything that is in it is gone for good.
    pub fn forget(&mut self) -> Result<(), SecretError> {
        self.key = None;
        let _turn = self.turn()?;
        let (mut document, text) = self.read()?;
        if document.sealed.take().is_none() {
            return Ok(());
        }
        self.write(&document, text.as_deref())
    }

    pub fn set_home(&self, home: SecretHome) -> Result<(), SecretError> {
        let _turn = self.turn()?;
        let (mut document, text) = self.read()?;
        if document.kept_in == Some(home) {
            return Ok(());
        }
        document.kept_in = Some(home);
        self.write(&document, text.as_deref())
    }

    /// `may_begin`: where there is no file yet, this is the first that is in it.
    fn change(&self, may_begin: bool, edit: impl FnOnce(&mut Entries)) -> Result<(), SecretError> {
        let _turn = self.turn()?;
        let (mut document, text) = self.read()?;
        let key = match (&self.key, &document.sealed) {
            (Some(key), Some(sealed)) if key.is_of(sealed) => key,
            (Some(key), None) if may_begin => key,
            (_, None) => return Err(SecretError::NoFile),
            // Somebody else has changed the passphrase meanwhile.
            _ => return Err(SecretError::Locked),
        };
        let mut all = match &document.sealed {
            Some(sealed) => opened(key, sealed)?,
            None => Entries::new(),
        };
        edit(&mut all);
        document.sealed = Some(sealed(key, &all)?);
        self.write(&document, text.as_deref())
    }

    /// Until it is dropped nobody else changes the file.
    fn turn(&self) -> Result<File, SecretError> {
        let Some(folder) = &self.folder else {
            return Err(broken("written", "this workspace has no folder for it"));
        };
        let taken = create_private_folder(folder)
            .and_then(|()| {
                let mut options = File::options();
                options.create(true).truncate(false).write(true);
                options.open(folder.join(LOCK))
            })
            .and_then(|file| file.lock().map(|()| file));
        taken.map_err(|err| broken("written", err))
    }

    /// With its text, of which everything stays that is not Roundtrip's.
    fn read(&self) -> Result<(Document, Option<String>), SecretError> {
        let Some(path) = self.path() else {
            return Ok((Document::default(), None));
        };
        if !path.exists() {
            return Ok((Document::default(), None));
        }
        let bytes = atomic::read(&path, MOST_BYTES).map_err(|err| broken("read", err))?;
        let text = document::text(&path, &bytes).map_err(|err| broken("read", err))?;
        let document = document::parse(&path, text).map_err(|err| broken("read", err))?;
        Ok((document, Some(text.to_owned())))
    }

    fn write(&self, document: &Document, old: Option<&str>) -> Result<(), SecretError> {
        let Some(path) = self.path() else {
            return Err(broken("written", "this workspace has no folder for it"));
        };
        let text = document::render(old, document).map_err(|why| broken("written", why))?;
        atomic::write(&path, text.as_bytes(), Mode::Replace).map_err(|err| broken("written", err))
    }
}

fn sealed(key: &SealKey, all: &Entries) -> Result<Sealed, SecretError> {
    let plain: BTreeMap<&str, &str> = all
        .iter()
        .map(|(account, secret)| (account.as_str(), secret.expose()))
        .collect();
    let plain = serde_json::to_string(&plain).map_err(|err| broken("written", err))?;
    key.seal(&Secret::new(plain), CONTEXT)
        .map_err(seal_error("written"))
}

fn opened(key: &SealKey, sealed: &Sealed) -> Result<Entries, SecretError> {
    let plain = key.open(sealed, CONTEXT).map_err(seal_error("opened"))?;
    // What it says is never a part of an error.
    let all: BTreeMap<String, String> = serde_json::from_str(plain.expose())
        .map_err(|_secret| broken("opened", "what is in it is no list of secrets"))?;
    let all = all.into_iter();
    Ok(all
        .map(|(account, text)| (account, Secret::new(text)))
        .collect())
}

#[cfg(test)]
mod tests;
