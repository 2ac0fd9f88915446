//! The test of a connection, beside the connections of the session: one at a time.

use super::queue::Push;
use super::{Event, Generation, Session, SessionError};
use crate::model::diagnosis::{Plan, Told, Watch};
use crate::model::profile::{BrokerAddress, Profile};
use crate::model::secret::Secrets;
use crate::mqtt::diagnosis;
use std::sync::Arc;
use tokio::task::AbortHandle;

/// A test that runs.
pub(super) struct Diagnosing(AbortHandle);

impl Drop for Diagnosing {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Session {
    /// Tests a profile, which need neither be saved nor connected; an earlier test is cancelled. What comes of it is told
    /// as [`Event::Diagnosis`] of the generation that is given back.
    pub fn diagnose(
        &mut self,
        profile: Profile,
        secrets: impl Into<Secrets>,
        mut plan: Plan,
    ) -> Result<Generation, SessionError> {
        self.diagnosing = None;
        let id = Arc::clone(&profile.id);
        let secrets: Secrets = secrets.into();
        let hidden = secrets.clone();
        let options = self.client_options(profile, secrets)?;
        let profile = &options.profile;
        self.add_namesakes(&id, profile, &mut plan);
        let generation = self.new_generation();
        let queue = Arc::clone(&self.queue);
        let sink = Arc::new(move |told: Told| {
            let told = if hidden.hides_anything() {
                told.covered(&hidden)
            } else {
                told
            };
            queue.push(Event::Diagnosis { generation, told }, Push::Kept);
        });
        let run = diagnosis::run(self.handle.clone(), options, plan, sink);
        self.diagnosing = Some(Diagnosing(self.handle.spawn(run).abort_handle()));
        Ok(generation)
    }

    /// Ends the test that runs, if one does; nothing more is told of it but what is on its way.
    pub fn cancel_diagnosis(&mut self) {
        self.diagnosing = None;
    }

    /// Who here uses the client id of a profile at its broker; where it is connected the watch would throw it out.
    fn add_namesakes(&self, id: &str, profile: &Profile, plan: &mut Plan) {
        let is_same = |client_id: &str, address: &BrokerAddress| {
            !client_id.is_empty() && *client_id == *profile.client_id && *address == profile.address
        };
        let links = self.links.iter();
        let links = links.filter(|(_, link)| is_same(link.client_id(), &link.profile.address));
        let mut connected = None;
        for (link_id, link) in links {
            let name = format!("the connection {}", link.profile.name);
            if link.state.is_connected() {
                connected = Some(name.clone());
            }
            if **link_id != *id {
                plan.namesakes.push(name);
            }
        }
        for device in self.devices.values() {
            if is_same(&device.client_id, &device.address) {
                let name = format!("the simulated device {}", device.spec.name);
                if device.state.is_connected() {
                    connected = Some(name.clone());
                }
                plan.namesakes.push(name);
            }
        }
        plan.namesakes.sort();
        plan.namesakes.dedup();
        if let Some(name) = connected.filter(|_| plan.watch == Watch::Auto) {
            plan.watch = Watch::Never(format!(
                "{name} is connected with it: to watch it would throw that one out"
            ));
        }
    }
}
