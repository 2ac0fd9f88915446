//! Secrets that a workspace keeps, for a command: from the keyring, or from the encrypted file once it is open.

use crate::cli::resolve;
use crate::cli::stop::Stop;
use crate::model::secret::Secret;
use crate::store::{PasswordDesk, PasswordPlace, SecretError, VaultAsk, Workspace};
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

    /// Keeps it; where that cannot be, says why.
    pub fn save(&self, account: &str, secret: Secret) -> Result<Result<(), String>, Stop> {
        // Opens the file, if that is the place.
        self.load(account)?;
        let (tell, told) = sync_channel(1);
        self.desk()?.save(account, secret, move |place| {
            // The other side waits right below.
            tell.try_send(place).ok();
        });
        Ok(match told.recv() {
            Ok(PasswordPlace::Keyring | PasswordPlace::File(_)) => Ok(()),
            Ok(PasswordPlace::Session { why }) => Err(why.to_string()),
            Ok(PasswordPlace::Nowhere) => {
                Err("secrets of this workspace are kept nowhere, as was chosen".to_owned())
            }
            Ok(PasswordPlace::Checking) | Err(_) => Err("nobody answered".to_owned()),
        })
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
