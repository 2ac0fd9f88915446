//! The examples of the shipped pairing rules, played for real: the request is sent by its rule and answered by a
//! simulated device through the same rule, on both brokers, on MQTT 5 and on MQTT 3.1.1.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test may fail")]

mod common;
#[path = "common/desk.rs"]
mod desk;
#[path = "common/place.rs"]
#[macro_use]
mod place;
#[path = "common/program.rs"]
mod program;

use desk::{Desk, HERE};
use roundtrip::model::exchange::{ExchangeId, Outcome, Verdict};
use roundtrip::model::presets::Preset;
use roundtrip::model::profile::MqttVersion;
use roundtrip::model::request::Surroundings;
use std::sync::Arc;

on_both_brokers!(Desk:
    every_example_is_answered_by_its_device,
    every_example_that_needs_no_properties_works_on_mqtt_3_1_1,
);

/// Plays all of them at once on one connection; gives what came of each.
#[track_caller]
fn play(desk: &mut Desk, version: MqttVersion, presets: &[&Preset]) -> Vec<ExchangeId> {
    let mut profile = desk.profile(HERE);
    profile.mqtt_version = version;
    desk.connect_as(profile);
    let mut devices = desk.profile("devices");
    devices.mqtt_version = version;
    for preset in presets {
        let device = preset
            .device
            .validate(desk.session.rules())
            .unwrap_or_else(|err| panic!("{}: {err:?}", preset.rule));
        if let Err(err) = desk
            .session
            .start_device(&preset.rule, device, &devices, None)
        {
            panic!("{err}");
        }
    }
    for preset in presets {
        desk.wait_listening(&preset.rule);
    }
    let mut sent = Vec::new();
    for preset in presets {
        let request = preset
            .request
            .validate(&Surroundings {
                client_id: HERE,
                ..Surroundings::default()
            })
            .unwrap_or_else(|err| panic!("{}: {err:?}", preset.rule));
        sent.push(desk.session.send(HERE, Arc::new(request)).unwrap());
    }
    sent
}

fn every_example_is_answered_by_its_device(desk: &mut Desk) {
    let presets: Vec<&Preset> = Preset::shipped().iter().collect();
    let sent = play(desk, MqttVersion::V5, &presets);
    check(desk, &presets, &sent);
}

fn every_example_that_needs_no_properties_works_on_mqtt_3_1_1(desk: &mut Desk) {
    let needs_properties = |preset: &&Preset| preset.rule == "mqtt5";
    let all = Preset::shipped().iter();
    let presets: Vec<&Preset> = all.filter(|preset| !needs_properties(preset)).collect();
    let sent = play(desk, MqttVersion::V311, &presets);
    check(desk, &presets, &sent);
}

#[track_caller]
fn check(desk: &mut Desk, presets: &[&Preset], sent: &[ExchangeId]) {
    for (preset, id) in presets.iter().zip(sent) {
        let rule = &preset.rule;
        // The device is simulated here, so it is known what it saw; the requester may be told first.
        let exchange = desk.wait_exchange(*id, rule, |exchange| {
            !exchange.verdict.is_open() && exchange.legs.device_answered.is_some()
        });
        assert_eq!(*exchange.rule, **rule);
        assert_eq!(exchange.verdict, Verdict::Answered, "{rule}: {exchange:#?}");
        let (progress, replies): (Vec<_>, Vec<_>) = exchange
            .replies
            .iter()
            .partition(|reply| reply.outcome == Outcome::Progress);
        assert_eq!(replies.len(), 1, "{rule}: {exchange:#?}");
        assert_eq!(
            progress.len(),
            usize::from(preset.request.replies == "terminal"),
            "{rule}: {exchange:#?}"
        );
        let legs = &exchange.legs;
        assert!(legs.device_received.is_some(), "{rule}: {legs:?}");
        assert!(
            legs.device_answered >= legs.device_received,
            "{rule}: {legs:?}"
        );
    }
}
