//! Text that must not show up in files, logs or debug output.

use crate::model::profile::SecretSlot;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use std::collections::BTreeMap;
use std::fmt;

/// What stands where a secret would.
pub const COVER: &str = "•••";

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
        f.write_str(COVER)
    }
}

/// The secrets that a connection is made with. Its debug output tells which there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Secrets {
    slots: BTreeMap<SecretSlot, Secret>,
    hidden: Vec<Secret>,
}

impl Secrets {
    pub fn get(&self, slot: &SecretSlot) -> Option<&Secret> {
        self.slots.get(slot)
    }

    pub fn set(&mut self, slot: SecretSlot, secret: Secret) {
        self.slots.insert(slot, secret);
    }

    /// Secrets that fields of the profile were filled with: nothing that is told of the connection may show them.
    pub fn hide(&mut self, secrets: Vec<Secret>) {
        self.hidden.extend(secrets);
    }

    /// Changes every secret that is kept, in place.
    pub fn try_map<E>(
        &mut self,
        mut map: impl FnMut(&SecretSlot, &Secret) -> Result<Secret, E>,
    ) -> Result<(), E> {
        for (slot, secret) in &mut self.slots {
            *secret = map(slot, secret)?;
        }
        Ok(())
    }

    pub fn hides_anything(&self) -> bool {
        !self.hidden.is_empty()
    }

    /// The text with every hidden value covered, also as a URL spells it. Values of one or two letters stay: covering
    /// them would make everything unreadable, and hides nothing.
    pub fn cover(&self, text: &str) -> String {
        let mut covered = text.to_owned();
        let mut hidden: Vec<&str> = self.hidden.iter().map(Secret::expose).collect();
        // A longer one may hold a shorter one.
        hidden.sort_by_key(|value| std::cmp::Reverse(value.len()));
        for value in hidden.into_iter().filter(|value| value.len() > 2) {
            covered = covered.replace(value, COVER);
            let in_url = utf8_percent_encode(value, NON_ALPHANUMERIC).to_string();
            covered = covered.replace(&in_url, COVER);
        }
        covered
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
        password.into_iter().collect()
    }
}

impl FromIterator<(SecretSlot, Secret)> for Secrets {
    fn from_iter<All: IntoIterator<Item = (SecretSlot, Secret)>>(all: All) -> Self {
        Self {
            slots: all.into_iter().collect(),
            hidden: Vec::new(),
        }
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

    #[test]
    fn what_a_field_was_filled_with_is_covered_wherever_it_is_told() {
        let mut all = Secrets::default();
        all.hide(vec![
            Secret::new("p@ss".to_owned()),
            Secret::new("p@ssword".to_owned()),
            Secret::new("1".to_owned()),
        ]);
        assert_eq!(all.cover("p@ssword p@ss 10 p%40ss"), "••• ••• 10 •••");
        assert!(!format!("{all:?}").contains("p@ss"));
    }
}
