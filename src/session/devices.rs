//! Simulated devices of a session, and what the two ends of an exchange saw.

use super::queue::Push;
use super::{Event, Generation, Session, SessionError};
use crate::device::{DeviceEvent, SimulatedDevice, Way};
use crate::model::connection::ConnectionState;
use crate::model::exchange::Change;
use crate::model::profile::{BrokerAddress, MqttVersion, Profile};
use crate::model::responder::Device;
use crate::model::secret::Secrets;
use crate::model::time::Timestamp;
use crate::model::topic::TopicFilter;
use crate::tcp;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A simulated device as the session keeps it.
pub struct RunningDevice {
    pub(super) device: SimulatedDevice,
    pub(super) generation: Generation,
    pub(super) client_id: Arc<str>,
    pub spec: Arc<Device>,
    pub state: ConnectionState,
    pub(super) address: BrokerAddress,
    pub(super) version: MqttVersion,
    pub(super) listening: BTreeSet<TopicFilter>,
    pub values: Vec<(Arc<str>, serde_json::Value)>,
    /// Until when it sleeps, by its schedule.
    pub asleep_until: Option<Timestamp>,
    pub received: u64,
    pub answered: u64,
}

impl RunningDevice {
    /// Events of another generation are of an earlier run.
    pub fn generation(&self) -> Generation {
        self.generation
    }

    pub fn client_id(&self) -> &Arc<str> {
        &self.client_id
    }

    /// The broker that it is at.
    pub fn address(&self) -> &BrokerAddress {
        &self.address
    }

    /// All of its subscriptions are acknowledged: it can be asked.
    pub fn is_listening(&self) -> bool {
        self.listening.len() == self.spec.listens.len()
    }
}

impl Session {
    /// Starts a simulated device on a connection profile of its own client id.
    pub fn start_device(
        &mut self,
        id: &str,
        device: Device,
        profile: &Profile,
        secrets: impl Into<Secrets>,
    ) -> Result<(), SessionError> {
        let id: Arc<str> = id.into();
        let is_on_tcp = matches!(profile.address, BrokerAddress::Listener { .. });
        // The name that it signs in with over plain TCP is in the topics of its commands.
        let client_id: Arc<str> = if device.client_id_is_generated && !is_on_tcp {
            format!("{}-{:04x}", device.client_id, self.token).into()
        } else {
            Arc::clone(&device.client_id)
        };
        let profile = Profile {
            client_id: Arc::clone(&client_id),
            clean_start: device.life.clean_start,
            session_expiry_secs: device.life.session_expiry_secs,
            will: device.life.will.clone(),
            ..profile.clone()
        };
        let secrets: Secrets = secrets.into();
        let hidden = secrets.clone();
        let options = self.client_options(profile, secrets)?;
        let before = self.devices.remove(&id);
        let before = before.and_then(|running| running.device.make_way());
        let spec = Arc::new(device);
        let generation = self.new_generation();
        let (queue, sink_id) = (Arc::clone(&self.queue), Arc::clone(&id));
        let sink = Arc::new(move |event: DeviceEvent| {
            let event = match event {
                DeviceEvent::State(state) if hidden.hides_anything() => {
                    DeviceEvent::State(state.covered(&hidden))
                }
                event => event,
            };
            let how = match event {
                DeviceEvent::State(_)
                | DeviceEvent::Listening { .. }
                | DeviceEvent::NotListening { .. }
                | DeviceEvent::Asleep { .. }
                | DeviceEvent::Values(_) => Push::Kept,
                _ => Push::MayBeLost,
            };
            queue.push(
                Event::Device {
                    id: Arc::clone(&sink_id),
                    generation,
                    event,
                },
                how,
            );
        });
        let values = spec
            .state
            .0
            .iter()
            .map(|(key, value)| (key.as_str().into(), value.clone()))
            .collect();
        let address = options.profile.address.clone();
        let version = options.profile.mqtt_version;
        let way = if is_on_tcp {
            Way::Tcp(tcp::ClientOptions {
                device: Arc::clone(&client_id),
                address: address.clone(),
                place: self.place_of(&options.profile.id),
            })
        } else {
            Way::Mqtt(options)
        };
        let running = SimulatedDevice::start(&self.handle, Arc::clone(&spec), way, sink, before);
        let entry = RunningDevice {
            device: running,
            generation,
            client_id,
            spec,
            state: ConnectionState::Connecting,
            address,
            version,
            listening: BTreeSet::new(),
            values,
            asleep_until: None,
            received: 0,
            answered: 0,
        };
        self.devices.insert(id, entry);
        Ok(())
    }

    pub fn stop_device(&mut self, id: &str) {
        if let Some(running) = self.devices.remove(id) {
            running.device.stop();
        }
    }

    pub fn device(&self, id: &str) -> Option<&RunningDevice> {
        self.devices.get(id)
    }

    pub fn devices(&self) -> impl Iterator<Item = (&Arc<str>, &RunningDevice)> {
        self.devices.iter()
    }

    /// Drops the device's socket, so that the broker publishes its will; it comes back.
    pub fn cut_device(&self, id: &str) {
        if let Some(running) = self.devices.get(id) {
            running.device.cut();
        }
    }

    /// Wakes a device that sleeps, or skips its wait before the next attempt to connect.
    pub fn wake_device(&self, id: &str) {
        if let Some(running) = self.devices.get(id) {
            running.device.reconnect_now();
        }
    }

    /// How many open requests the broker keeps for a device that is not there.
    pub fn queued_for(&self, id: &str) -> usize {
        let keeps = |running: &&RunningDevice| running.spec.life.is_session_kept();
        let Some(running) = self.devices.get(id).filter(keeps) else {
            return 0;
        };
        let open = self.observer.open_at(&running.address);
        let exchanges = open.filter_map(|id| self.timeline.exchange(id));
        exchanges
            .filter(|exchange| {
                let legs = &exchange.legs;
                let mut filters = running.spec.listens.iter();
                legs.published.is_some()
                    && legs.device_received.is_none()
                    && filters.any(|filter| filter.matches(&exchange.message.topic))
            })
            .count()
    }

    /// Sets one value of a running device's state.
    pub fn set_device_value(&self, id: &str, key: &str, value: serde_json::Value) {
        if let Some(running) = self.devices.get(id) {
            running.device.set_value(key, value);
        }
    }

    pub(super) fn on_device(&mut self, id: &Arc<str>, generation: Generation, event: &DeviceEvent) {
        let Some(running) = self
            .devices
            .get_mut(id)
            .filter(|running| running.generation == generation)
        else {
            return;
        };
        let name = Arc::clone(&running.spec.name);
        match event {
            DeviceEvent::State(state) => {
                running.state = state.clone();
                running.asleep_until = None;
                if !running.state.is_connected() {
                    running.listening.clear();
                }
            }
            DeviceEvent::Listening { filter, .. } => {
                running.listening.insert(filter.clone());
            }
            DeviceEvent::NotListening { filter, .. } => {
                running.listening.remove(filter);
            }
            DeviceEvent::Values(values) => running.values.clone_from(values),
            DeviceEvent::Received { message, at } => {
                running.received += 1;
                let (address, version) = (&running.address, running.version);
                let exchange = self
                    .observer
                    .received(message, generation, address, version);
                if let Some(exchange) = exchange {
                    self.timeline
                        .apply(exchange, Change::DeviceReceived { device: name }, *at);
                }
            }
            DeviceEvent::Answered { request, at, .. } => {
                running.answered += 1;
                if let Some(exchange) = self.observer.exchange_of(request) {
                    self.timeline
                        .apply(exchange, Change::DeviceAnswered { device: name }, *at);
                }
            }
            DeviceEvent::Asleep { wakes, .. } => running.asleep_until = Some(*wakes),
            DeviceEvent::NotAnswered { .. }
            | DeviceEvent::Noted { .. }
            | DeviceEvent::Published { .. }
            | DeviceEvent::NotPublished { .. } => {}
        }
    }

    /// The built-in broker tells the publisher's client id; a simulated device is known by name.
    pub(super) fn name_of_client(&self, client_id: Arc<str>) -> Arc<str> {
        let device = self
            .devices
            .values()
            .find(|running| running.client_id == client_id);
        device.map_or(client_id, |running| Arc::clone(&running.spec.name))
    }
}
