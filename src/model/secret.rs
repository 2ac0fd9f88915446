//! Text that must not show up in files, logs or debug output.

use crate::model::profile::SecretSlot;
use std::collections::BTreeMap;
use std::fmt;

/// A password or another secret. There is no way to print or save it by accident.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: String) -> Self {
        Self(text)
    }

    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("•••")
    }
}

/// The secrets that a connection is made with. Its debug output tells which there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Secrets(BTreeMap<SecretSlot, Secret>);

impl Secrets {
    pub fn get(&self, slot: &SecretSlot) -> Option<&Secret> {
        self.0.get(slot)
    }

    pub fn set(&mut self, slot: SecretSlot, secret: Secret) {
        self.0.insert(slot, secret);
    }

    /// The password that goes with the user name.
    pub fn password(&self) -> Option<&Secret> {
        self.get(&SecretSlot::Password)
    }
}

impl From<Option<Secret>> for Secrets {
    /// A password and nothing else.
    fn from(password: Option<Secret>) -> Self {
        let password = password.map(|secret| (SecretSlot::Password, secret));
        Self(password.into_iter().collect())
    }
}

impl FromIterator<(SecretSlot, Secret)> for Secrets {
    fn from_iter<All: IntoIterator<Item = (SecretSlot, Secret)>>(all: All) -> Self {
        Self(all.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_printed() {
        let secret = Secret::new("hunter2".to_owned());
        assert_eq!(format!("{secret:?}"), "•••");
        assert_eq!(secret.expose(), "hunter2");
        let all = Secrets::from(Some(secret));
        assert!(!format!("{all:?}").contains("hunter2"));
        assert!(all.password().is_some());
    }
}
