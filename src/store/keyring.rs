//! The operating system's keyring, where passwords are kept between two starts.
//!
//! On Linux it is the Secret Service over D-Bus: calls can take as long as a person takes to unlock
//! it, and may never come back. Nobody but [`super::desk`] calls these, from a thread of its own.

use crate::model::secret::Secret;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

const SERVICE: &str = "roundtrip";

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    #[error("there is no keyring to keep passwords in: {why}")]
    NoKeyring { why: String },
    #[error("the keyring did not answer within {} s", .limit.as_secs())]
    NoAnswer { limit: Duration },
    #[error("the keyring did not {action} the password: {why}")]
    Failed { action: &'static str, why: String },
    #[error("too much is being asked of the keyring at once")]
    Busy,
    #[error("the encrypted file of secrets is locked")]
    Locked,
    #[error("there is no encrypted file of secrets yet")]
    NoFile,
    #[error("the passphrase is empty")]
    NoPassphrase,
    #[error("the passphrase does not open the encrypted file of secrets")]
    WrongPassphrase,
    #[error("the encrypted file of secrets could not be {action}: {why}")]
    File { action: &'static str, why: String },
}

impl SecretError {
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NoKeyring { .. } => "type the password; it is kept until Roundtrip ends",
            Self::NoAnswer { .. } => {
                "look for a dialog that asks to unlock the keyring, or type the password"
            }
            Self::Failed { .. } => "unlock the keyring and try again, or type the password",
            Self::Busy => "try again in a moment",
            Self::Locked => "type its passphrase",
            Self::NoFile => "choose a passphrase for one",
            Self::NoPassphrase => "type one",
            Self::WrongPassphrase => {
                "type it again; whoever has lost it can forget the file and type the secrets anew"
            }
            Self::File { .. } => "correct or remove secrets.toml in the workspace's state folder",
        }
    }
}

/// A place for passwords. Calls may block for as long as they like.
pub trait Secrets: Send {
    /// Whether there is such a place at all.
    fn check(&self) -> Result<(), SecretError>;
    fn load(&self, account: &str) -> Result<Option<Secret>, SecretError>;
    fn save(&self, account: &str, secret: &Secret) -> Result<(), SecretError>;
    /// Deleting what is not there is no error.
    fn delete(&self, account: &str) -> Result<(), SecretError>;
}

/// The operating system's.
#[derive(Clone, Copy, Debug, Default)]
pub struct Keyring;

fn entry(account: &str) -> Result<keyring::Entry, SecretError> {
    keyring::Entry::new(SERVICE, account)
        .map_err(|err| SecretError::NoKeyring { why: reason(&err) })
}

/// In words, and never with the secret that some of the errors carry.
fn reason(err: &keyring::Error) -> String {
    match err {
        keyring::Error::BadEncoding(_) => "it is not text".to_owned(),
        keyring::Error::BadDataFormat(..) => "it is damaged".to_owned(),
        keyring::Error::Ambiguous(_) => "there is more than one".to_owned(),
        keyring::Error::NoDefaultStore => "it could not be reached".to_owned(),
        other => other.to_string(),
    }
}

fn failed(action: &'static str) -> impl Fn(keyring::Error) -> SecretError {
    move |err| SecretError::Failed {
        action,
        why: reason(&err),
    }
}

impl Secrets for Keyring {
    fn check(&self) -> Result<(), SecretError> {
        match keyring::Entry::store_status() {
            Ok(()) => Ok(()),
            Err(err) => Err(SecretError::NoKeyring { why: reason(err) }),
        }
    }

    fn load(&self, account: &str) -> Result<Option<Secret>, SecretError> {
        match entry(account)?.get_password() {
            Ok(password) => Ok(Some(Secret::new(password))),
            Err(keyring::Error::NoEntry) => Ok(None),
            Err(err) => Err(failed("give")(err)),
        }
    }

    fn save(&self, account: &str, secret: &Secret) -> Result<(), SecretError> {
        entry(account)?
            .set_password(secret.expose())
            .map_err(failed("take"))
    }

    fn delete(&self, account: &str) -> Result<(), SecretError> {
        match entry(account)?.delete_credential() {
            Ok(()) | Err(keyring::Error::NoEntry) => Ok(()),
            Err(err) => Err(failed("delete")(err)),
        }
    }
}

/// For tests, and for runs that must leave no trace.
#[derive(Default)]
pub struct Memory(Mutex<HashMap<String, Secret>>);

impl Secrets for Memory {
    fn check(&self) -> Result<(), SecretError> {
        Ok(())
    }

    fn load(&self, account: &str) -> Result<Option<Secret>, SecretError> {
        let secrets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(secrets.get(account).cloned())
    }

    fn save(&self, account: &str, secret: &Secret) -> Result<(), SecretError> {
        let mut secrets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        secrets.insert(account.to_owned(), secret.clone());
        Ok(())
    }

    fn delete(&self, account: &str) -> Result<(), SecretError> {
        let mut secrets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        secrets.remove(account);
        Ok(())
    }
}
