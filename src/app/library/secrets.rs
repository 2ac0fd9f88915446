//! The secrets of the saved things: what is known of them here, and the desk that keeps them.

use super::{Inbox, Library, Trouble, lock};
use crate::app::secrets::Asked;
use crate::model::secret::Secret;
use crate::store::{PasswordPlace, SecretError, VaultAnswer, VaultAsk};
use std::sync::{Arc, Mutex};

/// What the desk says later about a secret of a profile.
struct Complaint {
    name: String,
    inbox: Arc<Mutex<Inbox>>,
    wake: Arc<dyn Fn() + Send + Sync>,
}

impl Complaint {
    fn tell(self, words: impl FnOnce(&str) -> String, hint: String) {
        lock(&self.inbox).troubles.push(Trouble {
            text: words(&self.name),
            hint,
            conflict: None,
        });
        (self.wake)();
    }
}

impl Library {
    /// Where a secret that is handed in now would be kept.
    pub fn password_place(&self) -> PasswordPlace {
        self.desk.place()
    }

    /// Why there is no keyring, if that is known.
    pub fn keyring_trouble(&self) -> Option<SecretError> {
        self.desk.keyring_trouble()
    }

    /// The encrypted file, for people to read.
    pub fn secrets_path(&self) -> Option<String> {
        let path = self.workspace.secrets_path()?;
        Some(path.display().to_string())
    }

    pub fn can_keep_passwords(&self) -> bool {
        self.password_place().can_keep()
    }

    pub fn kept_password(&self, account: &str) -> Option<Secret> {
        lock(&self.inbox).passwords.get(account).cloned()
    }

    /// Keeps a secret where secrets are kept, and in any case for this run. Where that is not what was
    /// promised, it is told.
    pub fn keep_password(&self, account: &str, secret: &Secret) {
        lock(&self.inbox)
            .passwords
            .insert(account.to_owned(), secret.clone());
        let was_promised = self.can_keep_passwords();
        let complaint = self.complaint(account);
        self.desk.save(account, secret.clone(), move |place| {
            let why = match place {
                // The dialog has said that there is none.
                PasswordPlace::Session {
                    why: SecretError::NoKeyring { .. },
                } if !was_promised => return,
                // Its passphrase is asked for next.
                PasswordPlace::Session {
                    why: SecretError::NoFile,
                } => return,
                PasswordPlace::Session { why } => why,
                _ => return,
            };
            complaint.tell(
                |name| format!("A secret of {name} is only kept until Roundtrip ends: {why}"),
                format!("To keep it, {}.", why.hint()),
            );
        });
    }

    pub fn forget_password(&self, account: &str) {
        lock(&self.inbox).passwords.remove(account);
        let complaint = self.complaint(account);
        self.desk.delete(account, move |gone| {
            if let Err(why) = gone {
                let hint = if matches!(why, SecretError::Locked | SecretError::File { .. }) {
                    "Open the encrypted file of secrets and delete it once more, or forget the file."
                } else {
                    "Take it out with the system's own tool for passwords."
                };
                complaint.tell(
                    |name| format!("A secret of {name} may still be kept: {why}"),
                    hint.to_owned(),
                );
            }
        });
    }

    /// Not to be used again in this run; it stays where it is kept until another is given. Says whether
    /// there was one.
    pub fn distrust_password(&self, account: &str) -> bool {
        lock(&self.inbox).passwords.remove(account).is_some()
    }

    /// None is known here any more; they stay where they are kept.
    pub fn drop_passwords(&self) {
        lock(&self.inbox).passwords.clear();
    }

    /// Asks the desk for something that takes its time; [`Self::take_vault_answers`] has what came of it.
    pub fn ask_vault(&self, ask: VaultAsk) {
        let (inbox, wake) = (Arc::clone(&self.inbox), Arc::clone(&self.wake));
        let asked = Asked::of(&ask);
        self.desk.vault(ask, move |answer| {
            let mut inbox = lock(&inbox);
            if let Ok(VaultAnswer { secrets, .. }) = &answer {
                let known = secrets.iter();
                let known = known.map(|(account, secret)| (account.clone(), secret.clone()));
                inbox.passwords.extend(known);
            }
            inbox.vault.push((asked, answer));
            drop(inbox);
            wake();
        });
    }

    pub fn take_vault_answers(&self) -> Vec<(Asked, Result<VaultAnswer, SecretError>)> {
        std::mem::take(&mut lock(&self.inbox).vault)
    }

    /// Everything that may be kept for the profiles there are.
    pub fn secret_accounts(&self) -> Vec<String> {
        let profiles = self.profiles.iter();
        profiles
            .flat_map(|(id, draft)| {
                let slots = draft.secret_slots().into_iter();
                slots.map(|slot| slot.account(id))
            })
            .collect()
    }

    fn complaint(&self, account: &str) -> Complaint {
        // Other secrets than the password are kept under a name of their own beneath the profile's id.
        let id = account.split('/').next().unwrap_or(account);
        let name = match account.strip_prefix("@environment/") {
            Some(variable) => variable,
            None => self.profiles.get(id).map_or(id, |draft| &draft.name),
        };
        Complaint {
            name: name.to_owned(),
            inbox: Arc::clone(&self.inbox),
            wake: Arc::clone(&self.wake),
        }
    }

    /// Asks the desk, off the frame, for every secret that may be wanted.
    pub fn fetch_passwords(&self, accounts: Vec<String>) {
        for account in accounts {
            let (inbox, wake) = (Arc::clone(&self.inbox), Arc::clone(&self.wake));
            let key = account.clone();
            self.desk.load(&account, move |found| {
                if let Ok(Some(secret)) = found {
                    lock(&inbox).passwords.entry(key).or_insert(secret);
                    wake();
                }
            });
        }
    }
}
