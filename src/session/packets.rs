//! The packet logs of a session: one for each connection and each simulated device, from its first attempt on.

use super::Session;
use crate::mqtt::PacketLog;
use std::sync::Arc;

/// Whose packets.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PacketSource {
    /// By the id of its profile.
    Connection(Arc<str>),
    Device(Arc<str>),
}

impl Session {
    /// The log of a connection or device, which begins now unless there is one. It goes on over reconnects, and is
    /// there when the connection is gone.
    pub fn packet_log(&mut self, source: &PacketSource) -> Arc<PacketLog> {
        if let Some(log) = self.packets.get(source) {
            return Arc::clone(log);
        }
        let queue = Arc::clone(&self.queue);
        let log = Arc::new(PacketLog::new(move || queue.wake_for_more()));
        self.packets.insert(source.clone(), Arc::clone(&log));
        log
    }

    /// The log, if there is one.
    pub fn packets(&self, source: &PacketSource) -> Option<&Arc<PacketLog>> {
        self.packets.get(source)
    }

    /// Whose packets there are, connections first.
    pub fn packet_sources(&self) -> impl Iterator<Item = &PacketSource> {
        self.packets.keys()
    }
}
