//! The whole window in two pictures, dark and light, compared with those in `tests/snapshots`:
//! a scene made by hand, with times of its own, so that every machine paints the same.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common_ui;

use chrono::{Local, TimeZone as _};
use egui::{UiBuilder, vec2};
use roundtrip::app::lanes::{Ear, Whereabouts, Who};
use roundtrip::app::open::{Place, open};
use roundtrip::app::{Action, App, TimelineView};
use roundtrip::model::correlation::CorrelationData;
use roundtrip::model::demo::Demo;
use roundtrip::model::exchange::{
    Change, Exchange, ExchangeId, MessageVerdict, Outcome, Reason, Reply, Verdict,
};
use roundtrip::model::message::Message;
use roundtrip::model::request::{RequestDraft, Surroundings};
use roundtrip::model::time::Timestamp;
use roundtrip::model::timeline::MessageRow;
use roundtrip::model::topic::TopicName;
use roundtrip::store::Theme;
use roundtrip::ui::shell::Shell;
use std::sync::Arc;

/// Microseconds after a quarter past nine, where the test runs.
fn at(micros: i64) -> Timestamp {
    let start = Local.with_ymd_and_hms(2026, 11, 21, 9, 14, 0).unwrap();
    Timestamp::from_nanos(start.timestamp_nanos_opt().unwrap() + micros * 1_000)
}

/// Sends a draft at a time: an exchange that waits.
fn sent(app: &mut App, id: u64, draft: &RequestDraft, start: i64) -> ExchangeId {
    let surroundings = Surroundings {
        client_id: "roundtrip-7f",
        ..Surroundings::default()
    };
    let request = Arc::new(draft.validate(&surroundings).unwrap());
    let data = CorrelationData::new(id.to_be_bytes().to_vec());
    let message = Arc::new(request.message(Some(data)));
    let id = ExchangeId(id);
    let connection = "built-in-broker".into();
    let exchange = Exchange::new(id, connection, request, message, "mqtt5".into(), at(start));
    let timeline = &mut app.session.timeline;
    timeline.begin(exchange);
    timeline.apply(id, Change::Published, at(start));
    timeline.apply(
        id,
        Change::Acknowledged(Reason::new(0, "success")),
        at(start + 600),
    );
    id
}

fn reply(app: &mut App, id: ExchangeId, draft: &RequestDraft, when: i64) {
    let device = || Arc::from("light-in-bedroom");
    let timeline = &mut app.session.timeline;
    timeline.apply(
        id,
        Change::DeviceReceived { device: device() },
        at(when - 2_900),
    );
    timeline.apply(
        id,
        Change::DeviceAnswered { device: device() },
        at(when - 600),
    );
    let topic = TopicName::new("state/light-in-bedroom/power").unwrap();
    let mut message = Message::new(
        topic,
        "{\"power\":\"on\",\"brightness\":80,\"since\":\"2026-11-21T09:14:07.311Z\"}",
    );
    message.properties.correlation_data = Some(CorrelationData::new(id.0.to_be_bytes().to_vec()));
    message.qos = draft.qos;
    let reply = Reply {
        message: Arc::new(message),
        received: at(when),
        verdict: MessageVerdict::Reply,
        outcome: Outcome::Ok,
        responder: Some(device()),
    };
    timeline.apply(id, Change::Reply(reply), at(when));
}

fn scene(theme: Theme) -> Shell {
    let wake: Arc<dyn Fn() + Send + Sync> = Arc::new(|| {});
    let mut app = open(Place::Scratch, &wake).unwrap();
    let demo = Demo::find("smart-light").unwrap();
    app.library.adopt(&demo).unwrap();
    app.perform(Action::OpenRequest("smart-light-turn-on".to_owned()));
    app.window.theme = theme;
    let light = demo.requests[0].draft.clone();
    let other = |topic: &str| RequestDraft {
        topic: topic.to_owned(),
        ..light.clone()
    };

    let relay = other("device_1/relay_1");
    let id = sent(&mut app, 1197, &relay, -9_000_000);
    app.session
        .timeline
        .apply(id, Change::Finished(Verdict::TimedOut), at(-4_000_000));
    let message = TopicName::new("state/kitchen/power").unwrap();
    app.session.timeline.push_message(MessageRow {
        connection: "built-in-broker".into(),
        message: Arc::new(Message::new(message, "{\"power\":\"off\"}")),
        received: at(-129_000),
        verdict: MessageVerdict::Unmatched,
        near: None,
        difference: None,
        responder: Some("kitchen-light".into()),
        is_echo: false,
    });
    let id = sent(&mut app, 1198, &other("cmnd/garage/power"), 3_551_000);
    app.session
        .timeline
        .apply(id, Change::Finished(Verdict::NoSubscribers), at(3_551_600));
    let id = sent(&mut app, 1199, &light, 7_307_000);
    reply(&mut app, id, &light, 7_311_210);
    app.session
        .timeline
        .apply(id, Change::Finished(Verdict::Answered), at(7_311_210));
    app.selected = app.session.timeline.row_of(id);
    sent(&mut app, 1200, &other("org/common"), 9_803_000);
    app.now = at(11_003_000);
    app.listing.refresh(&app.session.timeline);
    app.refresh_statistics();
    app.check_typed();
    Shell::new(app, None)
}

/// The same with a device that slept through a request, as lanes.
fn lanes(theme: Theme) -> Shell {
    let mut shell = scene(theme);
    let app = &mut shell.app;
    let light = Demo::find("smart-light").unwrap().requests[0].draft.clone();
    let sensor: Arc<str> = "sensor-0001".into();
    let who = Who::Device(Arc::clone(&sensor));
    app.presence.meet(&who, 1, &sensor);
    app.presence.note(&who, Whereabouts::Online, at(0), "");
    let ear = Ear {
        keeps_session: true,
        ..Ear::default()
    };
    app.presence.listens(&who, ear);
    app.presence
        .note(&who, Whereabouts::Asleep, at(11_500_000), "");
    let draft = RequestDraft {
        topic: "cmd/req/sensor-0001".to_owned(),
        ..light
    };
    let id = sent(app, 1201, &draft, 12_020_000);
    let timeline = &mut app.session.timeline;
    timeline.apply(id, Change::Finished(Verdict::TimedOut), at(17_020_000));
    app.presence
        .note(&who, Whereabouts::Online, at(21_400_000), "");
    let device = || Arc::clone(&sensor);
    timeline.apply(
        id,
        Change::DeviceReceived { device: device() },
        at(21_420_000),
    );
    timeline.apply(
        id,
        Change::DeviceAnswered { device: device() },
        at(21_426_000),
    );
    let topic = TopicName::new("cmd/resp/sensor-0001").unwrap();
    let mut message = Message::new(topic, "{\"value\":21}");
    message.properties.correlation_data = Some(CorrelationData::new(id.0.to_be_bytes().to_vec()));
    let reply = Reply {
        message: Arc::new(message),
        received: at(21_430_000),
        verdict: MessageVerdict::LateReply,
        outcome: Outcome::Ok,
        responder: Some(device()),
    };
    timeline.apply(id, Change::Reply(reply), at(21_430_000));
    timeline.apply(id, Change::Finished(Verdict::Late), at(21_430_000));
    app.now = at(22_000_000);
    app.listing.refresh(&app.session.timeline);
    app.window.timeline_view = TimelineView::Lanes;
    app.window.panels.timeline_height = 520.0;
    app.window.panels.timeline_height = 520.0;
    shell
}

#[test]
fn the_lanes_look_as_they_should_dark_and_light() {
    let mut results = egui_kittest::SnapshotResults::new();
    for (dark, theme, size, name) in [
        (true, Theme::Dark, vec2(1560.0, 930.0), "lanes-dark"),
        (
            false,
            Theme::Light,
            vec2(1280.0, 720.0),
            "lanes-light-small",
        ),
    ] {
        let mut harness = harness(size, dark, lanes(theme));
        harness.run_steps(4);
        harness.snapshot(name);
        results.extend_harness(&mut harness);
    }
}

fn harness(size: egui::Vec2, dark: bool, shell: Shell) -> egui_kittest::Harness<'static, Shell> {
    common_ui::harness(size, dark, shell, |ui, shell: &mut Shell| {
        // All of the screen, without the margin that the harness leaves.
        let screen = ui.ctx().content_rect();
        ui.scope_builder(UiBuilder::new().max_rect(screen), |ui| {
            ui.set_clip_rect(screen);
            shell.paint(ui);
        });
    })
}

#[test]
fn the_window_looks_as_it_should_dark_and_light() {
    let mut results = egui_kittest::SnapshotResults::new();
    for (dark, theme, size, name) in [
        (true, Theme::Dark, vec2(1560.0, 930.0), "window-dark"),
        (
            false,
            Theme::Light,
            vec2(1280.0, 720.0),
            "window-light-small",
        ),
    ] {
        let mut harness = harness(size, dark, scene(theme));
        harness.run_steps(4);
        harness.snapshot(name);
        results.extend_harness(&mut harness);
    }
}
