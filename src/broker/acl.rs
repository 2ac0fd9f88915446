//! The broker's one rule of access, for those who want to see what an ACL does to request/response.
//!
//! A client with the user name [`RESTRICTED_USER`] may subscribe beneath its own Response Information, `rr/<client
//! id>/`, and to nothing else. Everybody else may do everything.

use super::RESPONSE_INFORMATION;
use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Who is held to the rule.
pub const RESTRICTED_USER: &str = "restricted";

#[derive(Debug, Default)]
pub(super) struct Acl {
    restricted: Mutex<BTreeSet<String>>,
}

impl Acl {
    /// Notes who connects as whom. False: such a client cannot be let in, because its id is to be made up later.
    pub(super) fn admit(&self, client_id: &str, user_name: Option<&str>) -> bool {
        let is_restricted = user_name == Some(RESTRICTED_USER);
        if is_restricted {
            self.lock().insert(client_id.to_owned());
        } else {
            self.lock().remove(client_id);
        }
        !is_restricted || !client_id.is_empty()
    }

    pub(super) fn may_subscribe(&self, client_id: &str, filter: &str) -> bool {
        if !self.lock().contains(client_id) {
            return true;
        }
        let own = filter
            .strip_prefix(RESPONSE_INFORMATION)
            .and_then(|rest| rest.strip_prefix(client_id));
        own.is_some_and(|rest| rest.starts_with('/'))
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.restricted
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_restricted_client_subscribes_beneath_its_own_prefix_only() {
        let acl = Acl::default();
        assert!(acl.admit("meter", Some(RESTRICTED_USER)));
        for (filter, allowed) in [
            ("rr/meter/resp", true),
            ("rr/meter/#", true),
            ("rr/meter", false),
            ("rr/meter2/resp", false),
            ("rr/+/resp", false),
            ("rr/#", false),
            ("#", false),
            ("$share/g/rr/meter/resp", false),
            ("answers", false),
        ] {
            assert_eq!(acl.may_subscribe("meter", filter), allowed, "{filter}");
        }
    }

    #[test]
    fn everybody_else_subscribes_to_everything() {
        let acl = Acl::default();
        assert!(acl.admit("meter", None) && acl.may_subscribe("meter", "#"));
        assert!(acl.admit("meter", Some(RESTRICTED_USER)));
        assert!(!acl.may_subscribe("meter", "#"));
        // The same client id comes back as somebody else.
        assert!(acl.admit("meter", Some("me")) && acl.may_subscribe("meter", "#"));
        assert!(!acl.admit("", Some(RESTRICTED_USER)));
    }
}
