//! Every widget in one picture, dark and light, compared with the pictures in `tests/snapshots`.
//! `UPDATE_SNAPSHOTS=1 cargo test --test ui_gallery` draws them anew; look at them before you commit.

mod common_ui;

use egui::{Frame, Margin, Ui, UiBuilder, vec2};
use roundtrip::app::rows::{Bar, Leg, Tone, Waterfall};
use roundtrip::ui::widgets::payload_edit::{self, EditState};
use roundtrip::ui::widgets::payload_view::{self, Document, ViewState};
use roundtrip::ui::widgets::table::{self, Cell, Column, Ink, Line, Rows, TableState};
use roundtrip::ui::widgets::tabs::{DocumentTab, Tab};
use roundtrip::ui::widgets::{
    Button, Chip, Field, card, field, leg_bar, marks, section, select, split, tabs, toast, toggle,
    waterfall,
};
use roundtrip::ui::{Icon, Theme};

struct Gallery {
    topic: String,
    response: String,
    bad: String,
    empty: String,
    on: bool,
    off: bool,
}

impl Gallery {
    fn new() -> Self {
        Self {
            topic: "cmnd/{{room}}/power".to_owned(),
            response: "state/{{room}}/power".to_owned(),
            bad: "cmnd/+/power".to_owned(),
            empty: String::new(),
            on: true,
            off: false,
        }
    }
}

fn leg(label: &str, share: f32, tone: Tone) -> Leg {
    Leg {
        label: label.to_owned(),
        meaning: format!("{label} in a sentence"),
        share,
        tone,
    }
}

fn legs() -> Vec<Leg> {
    vec![
        leg("ack .6", 0.6, Tone::Accent),
        leg("route .7", 0.7, Tone::Neutral),
        leg("device 2.3", 2.3, Tone::Answered),
        leg("route .6", 0.6, Tone::Neutral),
    ]
}

fn bar(from: f32, to: f32, tone: Tone, hatched: bool) -> Bar {
    Bar {
        from,
        to,
        tone,
        hatched,
    }
}

fn buttons(ui: &mut Ui, gallery: &mut Gallery) {
    ui.horizontal(|ui| {
        ui.add(Button::primary("Send").shortcut("Ctrl ↵"));
        ui.add(Button::new("Retain"));
        ui.add(Button::new("Chosen").selected(true));
        ui.add(Button::new("Off").enabled(false));
        ui.add(Button::ghost("Cancel"));
        ui.add(Button::new("Connect").with_icon(Icon::Plug).small());
        ui.add(Button::icon(Icon::Moon, "Dark theme").framed());
        ui.add(Button::icon(Icon::Plus, "New connection"));
        ui.add(Button::icon(Icon::Trash2, "Delete").small());
    });
    ui.horizontal(|ui| {
        select::select(ui, "Connection", "Built-in broker", 0.0, |_| ());
        select::select(ui, "QoS", "QoS 1", 0.0, |_| ());
        select::menu_button(ui, "Copy as", |_| ());
        toggle::toggle(ui, &mut gallery.on, "light-in-bedroom");
        toggle::toggle(ui, &mut gallery.off, "front-door-lock");
        marks::badge(ui, "UUID · 16 B");
        marks::badge(ui, "subscribed");
        marks::toned_badge(ui, "refused", Tone::Failed);
    });
    ui.horizontal(|ui| {
        for (label, count, tone) in [
            ("All", "1,204", None),
            ("Waiting", "3", Some(Tone::Waiting)),
            ("Timed out", "12", Some(Tone::Failed)),
            ("No subscribers", "4", Some(Tone::NoSubscribers)),
            ("Late", "3", Some(Tone::Late)),
            ("Unmatched", "6", Some(Tone::Unmatched)),
        ] {
            let mut chip = Chip::new(label, label == "All").count(count);
            if let Some(tone) = tone {
                chip = chip.dot(tone);
            }
            ui.add(chip);
        }
    });
    ui.horizontal(|ui| {
        for (tone, words) in [
            (Tone::Answered, "Answered"),
            (Tone::Waiting, "Waiting 1.2 s"),
            (Tone::Failed, "Timed out 5 s"),
            (Tone::Late, "Late, 9.41 s"),
            (Tone::NoSubscribers, "No subscribers"),
            (Tone::Unmatched, "Unmatched reply"),
        ] {
            marks::status(ui, tone, words);
        }
    });
    ui.horizontal(|ui| {
        marks::pill(ui, Tone::Answered, "Answered");
        marks::pill(ui, Tone::Failed, "Timed out");
        marks::pill(ui, Tone::Late, "Late");
    });
}

fn fields(ui: &mut Ui, gallery: &mut Gallery) {
    ui.horizontal(|ui| {
        field::field_label(ui, "Topic");
        Field::new(&mut gallery.topic, "Topic")
            .code()
            .width(240.0)
            .show(ui);
        field::field_label(ui, "Response Topic");
        Field::new(&mut gallery.response, "Response Topic")
            .code()
            .badge("subscribed")
            .show(ui);
    });
    ui.horizontal_top(|ui| {
        Field::new(&mut gallery.bad, "Wrong topic")
            .code()
            .error(Some("A topic to publish on has no wildcard: “+” at 6"))
            .width(330.0)
            .show(ui);
        Field::new(&mut gallery.empty, "Filter")
            .code()
            .hint("topic:light rtt:>5ms")
            .width(200.0)
            .show(ui);
    });
    let strip = [
        DocumentTab {
            label: "Turn on",
            is_dirty: false,
        },
        DocumentTab {
            label: "Unlock",
            is_dirty: true,
        },
        DocumentTab {
            label: "Get recipe",
            is_dirty: false,
        },
    ];
    tabs::document_tabs(ui, &strip, 0);
    tabs::tabs(
        ui,
        &[
            Tab::new("Payload"),
            Tab::new("Properties").note("3"),
            Tab::new("Pairing · MQTT 5"),
            Tab::new("Expect").note("2").problem(true),
            Tab::new("Repeat"),
        ],
        0,
    );
    card::rule(ui);
}

fn answers(ui: &mut Ui) {
    leg_bar::leg_bar(ui, &legs());
    ui.scope(|ui| {
        ui.set_max_width(160.0);
        leg_bar::leg_bar(ui, &legs());
    });
    let theme = Theme::of(ui);
    let cells = [
        Waterfall {
            bars: vec![bar(0.0, 0.6, Tone::Waiting, true)],
            ticks: vec![],
        },
        Waterfall {
            bars: vec![
                bar(0.0, 0.05, Tone::Accent, false),
                bar(0.05, 0.2, Tone::Answered, false),
            ],
            ticks: vec![],
        },
        Waterfall {
            bars: vec![bar(0.0, 1.0, Tone::Failed, true)],
            ticks: vec![],
        },
        Waterfall {
            bars: vec![bar(0.0, 0.03, Tone::Accent, false)],
            ticks: vec![
                (0.1, Tone::Answered),
                (0.15, Tone::Answered),
                (0.3, Tone::Answered),
            ],
        },
    ];
    ui.horizontal(|ui| {
        for cell in &cells {
            let (rect, _) = ui.allocate_exact_size(vec2(120.0, 24.0), egui::Sense::hover());
            waterfall::paint(ui.painter(), rect, cell, theme);
        }
    });
    marks::empty_state(
        ui,
        "No device answers here. Add a simulated device, or connect to your own broker.",
        Some("Add a simulated device"),
    );
}

fn side(ui: &mut Ui, gallery: &mut Gallery) {
    section::section_header(
        ui,
        "Simulated devices",
        Some((Icon::Plus, "Add a simulated device")),
    );
    card::card(ui, |ui| {
        ui.horizontal(|ui| {
            let theme = Theme::of(ui);
            marks::dot(ui, theme.answered);
            roundtrip::ui::widgets::text::label(
                ui,
                "light-in-bedroom",
                roundtrip::ui::fonts::strong(),
                theme.text,
            );
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                toggle::toggle(ui, &mut gallery.on, "light-in-bedroom is on");
            });
        });
        marks::key_text(ui, "Listens", "cmnd/light-in-bedroom/#", true);
        marks::key_text(ui, "State", "power=on brightness=80", true);
        marks::key_text(ui, "Answers", "2 ± 1 ms · drop 0 %", false);
        card::dashed_rule(ui);
        marks::key_text(
            ui,
            "Long",
            "a/very/long/topic/that/does/not/fit/in/here",
            true,
        );
    });
}

fn gallery_ui(ui: &mut Ui, gallery: &mut Gallery) {
    let whole = ui.max_rect();
    ui.painter().rect_filled(whole, 0, Theme::of(ui).panel);
    let frame = Frame::new().inner_margin(Margin::same(14));
    let left = whole.with_max_x(whole.right() - 300.0);
    ui.scope_builder(UiBuilder::new().max_rect(left), |ui| {
        frame.show(ui, |ui| {
            buttons(ui, gallery);
            fields(ui, gallery);
            answers(ui);
        });
    });
    let right = whole.with_min_x(left.right());
    ui.scope_builder(UiBuilder::new().max_rect(right), |ui| {
        frame.show(ui, |ui| side(ui, gallery));
    });
    toast::toasts(
        ui.ctx(),
        &[
            toast::Toast {
                summary: "Request “Turn on” deleted",
                hint: "",
                tone: Tone::Accent,
                actions: &["Undo"],
            },
            toast::Toast {
                summary: "Mosquitto lab: connection refused by 192.168.1.5:1883",
                hint: "Is the broker running, and is the port right?",
                tone: Tone::Failed,
                actions: &[],
            },
        ],
    );
}

/// The timeline of the picture.
struct Sample;

impl Rows for Sample {
    type Key = usize;

    fn len(&self) -> usize {
        200
    }

    fn key(&self, place: usize) -> Option<usize> {
        (place < 200).then_some(place)
    }

    fn place_of(&self, key: usize) -> Option<usize> {
        Some(key)
    }

    fn line(&self, place: usize) -> Option<Line> {
        let (topic, payload, responder, words, tone, took, hatched) = match place % 6 {
            0 => (
                "org/common",
                r#"{"count":17}"#,
                "—",
                "Waiting 1.2 s",
                Tone::Waiting,
                "…",
                true,
            ),
            1 => (
                "cmnd/light-in-bedroom/power",
                r#"{"power":"on","brightness":80,"transition_ms":250}"#,
                "light-in-bedroom",
                "Answered",
                Tone::Answered,
                "4.21 ms",
                false,
            ),
            2 => (
                "cmd/req/sim-iot-device-0001",
                r#"{"uuid":"37e0"}"#,
                "sim-iot-device-0001",
                "Late, 9.41 s",
                Tone::Late,
                "9.41 s",
                false,
            ),
            3 => (
                "cmnd/garage/power",
                "on",
                "—",
                "No subscribers",
                Tone::NoSubscribers,
                "—",
                false,
            ),
            4 => (
                "device_1/relay_1",
                "1",
                "—",
                "Timed out 5 s",
                Tone::Failed,
                "—",
                true,
            ),
            _ => (
                "state/kitchen/power",
                r#"{"power":"off"}"#,
                "kitchen-light",
                "Unmatched reply",
                Tone::Unmatched,
                "—",
                false,
            ),
        };
        Some(Line {
            sentence: format!("{} {topic}, {words}", 1204 - place),
            cells: vec![
                Cell::code((1204 - place).to_string(), Ink::Dim),
                Cell::code("09:14:09.803", Ink::Muted),
                Cell::Topic {
                    topic: topic.to_owned(),
                    payload: payload.to_owned(),
                    tag: None,
                },
                Cell::text(responder),
                Cell::Status {
                    tone,
                    words: words.to_owned(),
                },
                Cell::code(took, Ink::Text),
                Cell::Waterfall(Waterfall {
                    bars: vec![bar(0.0, 0.2, tone, hatched)],
                    ticks: vec![],
                }),
            ],
            ..Line::default()
        })
    }
}

const COLUMNS: [Column; 7] = [
    Column::new("#", 54.0).right(),
    Column::new("Sent", 112.0),
    Column::new("Request", 300.0).growing(),
    Column::new("Responder", 138.0),
    Column::new("Status", 150.0),
    Column::new("Round trip", 86.0).right(),
    Column::new("Waterfall", 144.0),
];

struct Data {
    table: TableState<usize>,
    payload: String,
    mistaken: String,
    edit: [EditState; 2],
    documents: [(Document, ViewState); 2],
    share: f32,
}

impl Data {
    fn new() -> Self {
        let payload = "{\n  \"power\": \"on\",\n  \"brightness\": {{level}},\n  \"transition_ms\": 250,\n  \"scenes\": [true, null, -1.5e3]\n}";
        let answer = r#"{
  "power": "on",
  "brightness": 80,
  "since": "2026-11-21T09:14:07.311Z",
  "note": "a line that is longer than the view is wide goes on in the next row, without a number of its own, and loses nothing on the way"
}"#;
        let bytes: Vec<u8> = (0..=255).collect();
        let view = |document| (document, ViewState::default());
        Self {
            table: TableState::default(),
            payload: payload.to_owned(),
            mistaken: "{\n  \"power\": on,\n  \"n\": 1\n}".to_owned(),
            edit: [EditState::default(), EditState::default()],
            documents: [
                view(Document::json(answer.to_owned())),
                view(Document::hex(bytes.into())),
            ],
            share: 0.45,
        }
    }
}

fn data_ui(ui: &mut Ui, data: &mut Data) {
    let theme = Theme::of(ui);
    let whole = ui.max_rect();
    ui.painter().rect_filled(whole, 0, theme.window);
    let id = egui::Id::unique("gallery split");
    let (above, below) = split::split(
        ui,
        id,
        "Composer and timeline",
        whole,
        split::Axis::Vertical,
        &mut data.share,
        120.0,
    );
    let half = above.width() / 2.0;
    let quarter = |column: f32, row: f32| {
        egui::Rect::from_min_size(
            above.min + vec2(column * half, row * above.height() / 2.0),
            vec2(half - 4.0, above.height() / 2.0 - 4.0),
        )
    };
    ui.scope_builder(UiBuilder::new().max_rect(quarter(0.0, 0.0)), |ui| {
        payload_edit::show(
            ui,
            "Payload",
            &mut data.payload,
            roundtrip::ui::widgets::highlight::Language::Json,
            None,
            &mut data.edit[0],
        );
    });
    ui.scope_builder(UiBuilder::new().max_rect(quarter(0.0, 1.0)), |ui| {
        let mistake = payload_edit::Mistake {
            message: "not JSON: expected value".to_owned(),
            place: Some(payload_edit::Place {
                line: 2,
                column: 12,
            }),
        };
        payload_edit::show(
            ui,
            "Wrong payload",
            &mut data.mistaken,
            roundtrip::ui::widgets::highlight::Language::Json,
            Some(&mistake),
            &mut data.edit[1],
        );
    });
    for (row, (document, view)) in data.documents.iter_mut().enumerate() {
        let rect = quarter(1.0, [0.0, 1.0][row]);
        ui.scope_builder(UiBuilder::new().max_rect(rect), |ui| {
            payload_view::show(ui, ["Answer", "Raw bytes"][row], document, view);
        });
    }
    ui.scope_builder(UiBuilder::new().max_rect(below), |ui| {
        table::show(ui, "Timeline", &COLUMNS, &mut data.table, &Sample, Some(1));
    });
}

#[test]
fn table_editor_and_viewer_look_as_they_should_dark_and_light() {
    let mut results = egui_kittest::SnapshotResults::new();
    for (dark, name) in [(true, "data-dark"), (false, "data-light")] {
        let mut harness = common_ui::harness(vec2(1000.0, 800.0), dark, Data::new(), data_ui);
        harness.run();
        harness.snapshot(name);
        results.extend_harness(&mut harness);
    }
}

#[test]
fn the_widgets_look_as_they_should_dark_and_light() {
    let mut results = egui_kittest::SnapshotResults::new();
    for (dark, name) in [(true, "gallery-dark"), (false, "gallery-light")] {
        let mut harness = common_ui::harness(vec2(1200.0, 800.0), dark, Gallery::new(), gallery_ui);
        harness.run();
        harness.snapshot(name);
        results.extend_harness(&mut harness);
    }
}
