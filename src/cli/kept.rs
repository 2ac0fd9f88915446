//! Secrets that a workspace keeps, for a command: from the keyring, or from the encrypted file once it is open.

use crate::cli::stop::Stop;
use crate::cli::{out, resolve};
use crate::model::secret::Secret;
use crate::store::{PasswordDesk, PasswordPlace, SecretError, SecretHome, VaultAsk, Workspace};
use std::cell::OnceCell;
use std::io::IsTerminal as _;
use std::path::Path;
use std::sync::mpsc::sync_channel;

/// The passphrase of the encrypted file.
pub const VARIABLE: &str = "ROUNDTRIP_PASSPHRASE";
const FLAG: &str = "--passphrase-file";

/// The desk is opened when it is first needed, and the file at most once.
pub struct KeptSecrets<'a> {
    workspace: &'a Workspace,
    passphrase_file: Option<&'a Path>,
    desk: OnceCell<PasswordDesk>,
}

impl<'a> KeptSecrets<'a> {
    pub fn new(workspace: &'a Workspace, passphrase_file: Option<&'a Path>) -> Self {
        Self {
            workspace,
            passphrase_file,
            desk: OnceCell::new(),
        }
    }

    fn desk(&self) -> Result<&PasswordDesk, Stop> {
        if let Some(desk) = self.desk.get() {
            return Ok(desk);
        }
        let desk = PasswordDesk::open(self.workspace)?;
        Ok(self.desk.get_or_init(|| desk))
    }

    /// What is kept under that name, if anything is. Asks for the passphrase where that is needed.
    pub fn load(&self, account: &str) -> Result<Option<Secret>, Stop> {
        let desk = self.desk()?;
        match desk.load_blocking(account) {
            Err(SecretError::Locked) => {
                let passphrase = self.passphrase()?;
                let opened = desk.vault_blocking(VaultAsk::Unlock(passphrase));
                Ok(opened.map_err(|err| stop(&err))?.secrets.remove(account))
            }
            other => other.map_err(|err| stop(&err)),
        }
    }

    /// Keeps it; where that cannot be, says why. Without a keyring a passphrase that was given makes the encrypted file.
    pub fn save(&self, account: &str, secret: Secret) -> Result<Result<(), String>, Stop> {
        // Opens the file, if that is the place.
        self.load(account)?;
        let mut place = self.save_once(account, secret.clone())?;
        if matches!(place, PasswordPlace::Session { .. }) && self.is_passphrase_given() {
            let passphrase = Some(self.passphrase()?);
            let made = self.desk()?.vault_blocking(VaultAsk::Move {
                to: SecretHome::File,
                accounts: Vec::new(),
                passphrase,
            });
            made.map_err(|err| stop(&err))?;
            if let Some(path) = self.workspace.secrets_path() {
                out::say(&format!("secrets are kept in {} now", path.display()));
            }
            place = self.save_once(account, secret)?;
        }
        Ok(match place {
            PasswordPlace::Keyring | PasswordPlace::File(_) => Ok(()),
            PasswordPlace::Session { why } => Err(format!(
                "{why}; with {FLAG} or {VARIABLE} an encrypted file is made for it"
            )),
            PasswordPlace::Nowhere => {
                Err("secrets of this workspace are kept nowhere, as was chosen".to_owned())
            }
            PasswordPlace::Checking => Err("nobody answered".to_owned()),
        })
    }

    fn save_once(&self, account: &str, secret: Secret) -> Result<PasswordPlace, Stop> {
        let (tell, told) = sync_channel(1);
        self.desk()?.save(account, secret, move |place| {
            // The other side waits right below.
            tell.try_send(place).ok();
        });
        Ok(told.recv().unwrap_or(PasswordPlace::Checking))
    }

    fn is_passphrase_given(&self) -> bool {
        self.passphrase_file.is_some() || std::env::var_os(VARIABLE).is_some()
    }

    fn passphrase(&self) -> Result<Secret, Stop> {
        if let Some(path) = self.passphrase_file {
            return resolve::of_file(path);
        }
        if std::env::var_os(VARIABLE).is_some() {
            return resolve::of_env(VARIABLE, "the encrypted file of secrets");
        }
        if !std::io::stdin().is_terminal() {
            return Err(stop(&SecretError::Locked));
        }
        let path = self.workspace.secrets_path().unwrap_or_default();
        let typed = rpassword::prompt_password(format!("Passphrase of {}: ", path.display()));
        typed
            .map(Secret::new)
            .map_err(|err| Stop::usage(format!("the passphrase was not read: {err}"), ""))
    }
}

fn stop(err: &SecretError) -> Stop {
    let hint = match err {
        SecretError::Locked => {
            format!("set {VARIABLE}, or name a file that holds its passphrase with {FLAG} FILE")
        }
        SecretError::NoKeyring { .. }
        | SecretError::NoAnswer { .. }
        | SecretError::Failed { .. }
        | SecretError::Busy => {
            "give the password with --password-env VAR or --password-file FILE".to_owned()
        }
        other => other.hint().to_owned(),
    };
    Stop::usage(err.to_string(), hint)
}
