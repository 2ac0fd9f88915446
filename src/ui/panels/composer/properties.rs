//! The properties of a request: content type, expiry, user properties, replies wanted.

use crate::app::tabs::Tab;
use crate::model::message::UserProperty;
use crate::model::profile::{Feature, MqttVersion};
use crate::model::request::{RequestDraft, RequestField};
use crate::ui::widgets::{Button, Field, select, text};
use crate::ui::{Icon, Theme, fonts};
use egui::{ScrollArea, Ui};

const LABEL: f32 = 130.0;

/// How many properties of the pane are set.
pub fn count(draft: &RequestDraft) -> usize {
    usize::from(!draft.content_type.is_empty())
        + usize::from(draft.payload_is_utf8)
        + usize::from(!draft.message_expiry_secs.trim().is_empty())
        + draft.user_properties.len()
}

pub fn properties_ui(ui: &mut Ui, tab: &mut Tab, version: MqttVersion) {
    ScrollArea::vertical()
        .id_salt("request properties")
        .show(ui, |ui| {
            ui.add_space(6.0);
            row(ui, "Replies wanted", |ui| replies_ui(ui, tab));
            if let Some(why) = version.lacks(Feature::UserProperties) {
                let theme = Theme::of(ui);
                let line =
                    format!("{why}. What is typed below is kept, and not sent over {version}.");
                text::paragraph(ui, &line, fonts::small(), theme.waiting);
                ui.add_space(4.0);
            }
            let lacks = |feature| version.lacks(feature);
            let error = tab.error(&RequestField::ContentType).map(str::to_owned);
            row_unless(ui, "Content Type", lacks(Feature::ContentType), |ui| {
                Field::new(&mut tab.draft.content_type, "Content Type")
                    .hint("application/json")
                    .error(error.as_deref())
                    .width(260.0)
                    .show(ui);
            });
            let error = tab.error(&RequestField::MessageExpiry).map(str::to_owned);
            row_unless(ui, "Message Expiry", lacks(Feature::MessageExpiry), |ui| {
                Field::new(&mut tab.draft.message_expiry_secs, "Message Expiry")
                    .hint("never, or seconds")
                    .error(error.as_deref())
                    .width(260.0)
                    .show(ui);
            });
            row_unless(ui, "Payload Format", lacks(Feature::PayloadFormat), |ui| {
                ui.checkbox(
                    &mut tab.draft.payload_is_utf8,
                    "marked as UTF-8 (Payload Format Indicator 1)",
                );
            });
            user_properties_ui(ui, tab, lacks(Feature::UserProperties));
        });
}

fn row(ui: &mut Ui, name: &str, contents: impl FnOnce(&mut Ui)) {
    let theme = Theme::of(ui);
    ui.horizontal_top(|ui| {
        let (rect, _) = ui.allocate_exact_size(egui::vec2(LABEL, 28.0), egui::Sense::hover());
        let galley = text::line(ui, name, fonts::body(), theme.muted, LABEL);
        text::paint_in(ui, rect, egui::Align::Min, galley);
        contents(ui);
    });
    ui.add_space(4.0);
}

/// Greyed out, with the reason, where the connection's version has no such thing.
fn row_unless(
    ui: &mut Ui,
    name: &str,
    lacks: Option<&'static str>,
    contents: impl FnOnce(&mut Ui),
) {
    row(ui, name, |ui| {
        let part = ui.add_enabled_ui(lacks.is_none(), contents);
        if let Some(why) = lacks {
            part.response.on_hover_text(why);
        }
    });
}

fn replies_ui(ui: &mut Ui, tab: &mut Tab) {
    const KINDS: [(&str, &str); 4] = [
        ("first", "The first"),
        ("terminal", "Until one that is not progress"),
        ("all", "All until the timeout"),
        ("2", "A number"),
    ];
    let error = tab.error(&RequestField::Replies).map(str::to_owned);
    let replies = &mut tab.draft.replies;
    let kind = KINDS
        .iter()
        .find(|(word, _)| replies.trim() == *word && *word != "2")
        .map_or("A number", |(_, label)| label);
    select::select(ui, "Replies wanted", kind, 230.0, |ui| {
        for (word, label) in KINDS {
            if select::option(ui, kind == label, label).clicked() && kind != label {
                word.clone_into(replies);
            }
        }
    });
    if kind == "A number" {
        Field::new(replies, "Number of replies")
            .error(error.as_deref())
            .width(80.0)
            .show(ui);
    }
}

fn user_properties_ui(ui: &mut Ui, tab: &mut Tab, lacks: Option<&'static str>) {
    let theme = Theme::of(ui);
    let mut gone = None;
    let error = |field| tab.error(&field).map(str::to_owned);
    let errors: Vec<[Option<String>; 2]> = (0..tab.draft.user_properties.len())
        .map(|index| {
            [
                error(RequestField::UserPropertyName(index)),
                error(RequestField::UserPropertyValue(index)),
            ]
        })
        .collect();
    row_unless(ui, "User Properties", lacks, |ui| {
        ui.vertical(|ui| {
            let properties = tab.draft.user_properties.iter_mut().zip(&errors);
            for (index, (property, [name_error, value_error])) in properties.enumerate() {
                ui.horizontal_top(|ui| {
                    Field::new(
                        &mut property.name,
                        &format!("User Property {} name", index + 1),
                    )
                    .hint("name")
                    .code()
                    .error(name_error.as_deref())
                    .width(140.0)
                    .show(ui);
                    let width = (ui.available_width() - 40.0).clamp(100.0, 300.0);
                    Field::new(
                        &mut property.value,
                        &format!("User Property {} value", index + 1),
                    )
                    .hint("value")
                    .code()
                    .error(value_error.as_deref())
                    .width(width)
                    .show(ui);
                    if ui
                        .add(Button::icon(
                            Icon::Trash2,
                            &format!("Remove User Property {}", index + 1),
                        ))
                        .clicked()
                    {
                        gone = Some(index);
                    }
                });
            }
            if ui
                .add(
                    Button::ghost("Add a User Property")
                        .with_icon(Icon::Plus)
                        .small(),
                )
                .clicked()
            {
                tab.draft.user_properties.push(UserProperty::default());
            }
            text::label(
                ui,
                "Their order is kept, and a name may repeat.",
                fonts::small(),
                theme.dim,
            );
        });
    });
    if let Some(index) = gone {
        tab.draft.user_properties.remove(index);
    }
}
