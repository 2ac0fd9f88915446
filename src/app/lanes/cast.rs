//! Who stands behind a connection's id, and what the workers told of who is there.

use super::presence::{Ear, Presence, Whereabouts, Who};
use crate::app::App;
use crate::model::connection::ConnectionState;
use crate::model::profile::BrokerAddress;
use crate::model::time::Timestamp;
use crate::session::{ConnectionEvent, DeviceEvent, Event, Session};
use std::collections::BTreeMap;
use std::sync::Arc;

const BUILT_IN: &str = "Built-in broker";
/// A connection that is known no more has been to some broker.
const A_BROKER: &str = "Broker";

/// A connection, and the broker at its other end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    /// As it is called in the list of connections.
    pub name: Arc<str>,
    pub client_id: Option<Arc<str>>,
    /// None where devices come to it themselves, over plain TCP.
    pub broker: Option<Arc<str>>,
}

/// Everybody there is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cast(BTreeMap<Arc<str>, Party>);

impl Cast {
    pub fn with(parties: impl IntoIterator<Item = (Arc<str>, Party)>) -> Self {
        Self(parties.into_iter().collect())
    }

    /// As an application knows them now.
    pub fn of(app: &App) -> Self {
        let mut parties = BTreeMap::new();
        for (id, draft) in app.library.profiles() {
            let address = BrokerAddress::parse(&draft.address).map(|parsed| parsed.address);
            let party = Party {
                name: draft.name.as_str().into(),
                client_id: Some(draft.client_id.as_str().into())
                    .filter(|id: &Arc<str>| !id.is_empty()),
                broker: match &address {
                    Ok(BrokerAddress::Listener { .. }) => None,
                    Ok(address) => Some(broker_name(&app.session, address)),
                    Err(_) => Some(A_BROKER.into()),
                },
            };
            parties.insert(Arc::from(id.as_str()), party);
        }
        for (id, link) in app.session.links() {
            let info = link.state.info();
            let known = info.map(|info| Arc::clone(&info.client_id));
            let client_id = known.unwrap_or_else(|| Arc::clone(&link.profile.client_id));
            let party = Party {
                name: Arc::clone(&link.profile.name),
                client_id: Some(client_id).filter(|id| !id.is_empty()),
                broker: match &link.profile.address {
                    BrokerAddress::Listener { .. } => None,
                    address => Some(link.cover(&broker_name(&app.session, address))),
                },
            };
            parties.insert(Arc::clone(id), party);
        }
        Self(parties)
    }

    pub fn party(&self, connection: &Arc<str>) -> Party {
        let party = self.0.get(connection).cloned();
        party.unwrap_or_else(|| Party {
            name: Arc::clone(connection),
            client_id: None,
            broker: Some(A_BROKER.into()),
        })
    }

    pub fn parties(&self) -> impl Iterator<Item = (&Arc<str>, &Party)> {
        self.0.iter()
    }
}

fn broker_name(session: &Session, address: &BrokerAddress) -> Arc<str> {
    match address {
        BrokerAddress::BuiltIn => BUILT_IN.into(),
        BrokerAddress::Unix { path } => Arc::clone(path),
        BrokerAddress::Tcp { host, port, .. } | BrokerAddress::Listener { host, port } => {
            let is_built_in = session.broker().is_some_and(|broker| {
                let built_in = broker.address();
                built_in.port() == *port && built_in.ip().to_string() == **host
            });
            if is_built_in {
                BUILT_IN.into()
            } else {
                format!("{host}:{port}").into()
            }
        }
    }
}

impl Presence {
    /// Takes what an event says of who is there.
    pub(in crate::app) fn hear(&mut self, session: &Session, event: &Event, now: Timestamp) {
        match event {
            Event::Connection {
                id,
                generation,
                event,
            } => {
                if let ConnectionEvent::WillBegun(exchange) = event {
                    self.note_will(exchange.id);
                }
                let ConnectionEvent::State(state) = event else {
                    return;
                };
                let who = Who::Connection(Arc::clone(id));
                let name = session.link(id).map(|link| Arc::clone(&link.profile.name));
                let name = name.unwrap_or_else(|| Arc::clone(id));
                if self.meet(&who, *generation, &name) {
                    self.note_state(&who, state, now);
                }
            }
            Event::Device {
                id,
                generation,
                event,
            } => {
                if !matches!(event, DeviceEvent::State(_) | DeviceEvent::Asleep { .. }) {
                    return;
                }
                let who = Who::Device(Arc::clone(id));
                let device = session.device(id);
                let name = match device {
                    Some(device) => Arc::clone(&device.spec.name),
                    // It is switched off, and says good-bye.
                    None => Arc::clone(self.name(&who).unwrap_or(id)),
                };
                if !self.meet(&who, *generation, &name) {
                    return;
                }
                if let Some(device) = device {
                    let ear = Ear {
                        client_id: Arc::clone(device.client_id()),
                        broker: broker_name(session, device.address()),
                        listens: device.spec.listens.clone(),
                        keeps_session: device.spec.life.is_session_kept(),
                    };
                    self.listens(&who, ear);
                }
                match event {
                    DeviceEvent::State(state) => self.note_state(&who, state, now),
                    DeviceEvent::Asleep { at, .. } => {
                        self.note(&who, Whereabouts::Asleep, *at, "");
                    }
                    _ => {}
                }
            }
            Event::Broker(_) | Event::Diagnosis { .. } | Event::Interrupted => {}
        }
    }

    fn note_state(&mut self, who: &Who, state: &ConnectionState, now: Timestamp) {
        match state {
            ConnectionState::Connected(info) => {
                self.note(who, Whereabouts::Online, info.since, "");
            }
            ConnectionState::Connecting => {}
            ConnectionState::Disconnected => self.note(who, Whereabouts::Offline, now, ""),
            ConnectionState::Retrying { problem, .. } | ConnectionState::Refused { problem } => {
                self.note(who, Whereabouts::Offline, now, &problem.summary);
            }
        }
    }
}
