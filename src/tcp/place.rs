//! What a listener of this program lets its own devices know: where it is, and who has come.
//!
//! A sign-in has no answer, so a device elsewhere cannot know when it was heard; one in here can.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::watch;

/// One listener's place, also while it does not listen.
#[derive(Clone, Debug, Default)]
pub struct Place(Arc<watch::Sender<Known>>);

#[derive(Debug, Default)]
struct Known {
    /// 0: it does not listen.
    port: u16,
    /// Who is signed in, and from which address.
    devices: BTreeMap<Arc<str>, SocketAddr>,
}

impl Place {
    pub fn port(&self) -> u16 {
        self.0.borrow().port
    }

    pub(super) fn set_port(&self, port: u16) {
        self.0.send_modify(|known| {
            *known = Known {
                port,
                devices: BTreeMap::new(),
            }
        });
    }

    pub(super) fn signed_in(&self, device: &Arc<str>, address: SocketAddr) {
        self.0.send_modify(|known| {
            known.devices.insert(Arc::clone(device), address);
        });
    }

    pub(super) fn signed_out(&self, device: &str) {
        self.0.send_modify(|known| {
            known.devices.remove(device);
        });
    }

    /// Waits until the device that connected from `address` is signed in. A listener that is not ours, or is gone,
    /// is not waited for.
    pub(super) async fn heard(&self, port: u16, device: &str, address: SocketAddr) {
        let is_heard =
            |known: &Known| known.port != port || known.devices.get(device) == Some(&address);
        let mut changes = self.0.subscribe();
        // The sender is part of `self`.
        if changes.wait_for(is_heard).await.is_err() {
            log::debug!("a listener is gone");
        }
    }
}
