//! Connections and requests of other programs: where they are, and what an import would do.

use crate::app::Action;
use crate::app::imports::{ImportAction, ImportDialog};
use crate::app::rows::Tone;
use crate::model::foreign::plan::{Choice, Plan, Planned};
use crate::model::subscribe::SubscriptionDraft;
use crate::ui::widgets::{Button, Field, select, text};
use crate::ui::{Theme, fonts};
use egui::{
    Align, Color32, Context, FontId, Role, ScrollArea, Sense, TextEdit, Ui, WidgetInfo, vec2,
};

const WIDTH: f32 = 720.0;
const PLAN_HEIGHT: f32 = 280.0;

pub fn import_ui(
    ctx: &Context,
    dialog: &mut ImportDialog,
    is_new: bool,
    actions: &mut Vec<Action>,
) {
    let title = "Import connections and requests";
    super::frame(ctx, title, WIDTH, actions, |ui, actions| {
        source_ui(ui, dialog, is_new);
        if let Some((words, hint)) = &dialog.error {
            let theme = Theme::of(ui);
            ui.add_space(6.0);
            text::paragraph(ui, words, fonts::body(), theme.ink(Tone::Failed));
            text::paragraph(ui, hint, fonts::small(), theme.muted);
        }
        sealed_ui(ui, dialog);
        if let Some(plan) = &mut dialog.plan {
            plan_ui(ui, plan);
        }
        end_ui(ui, dialog, actions);
    });
}

fn source_ui(ui: &mut Ui, dialog: &mut ImportDialog, is_new: bool) {
    let theme = Theme::of(ui);
    text::paragraph(
        ui,
        "Exports of MQTTX (JSON), settings.json of MQTT Explorer, exports of Roundtrip, and command lines of mosquitto, mqttx and mqtt.",
        fonts::small(),
        theme.muted,
    );
    ui.add_space(4.0);
    ui.horizontal(|ui| {
        for (is_paste, words) in [(false, "From a file"), (true, "Pasted")] {
            if select::option(ui, dialog.is_paste == is_paste, words).clicked() {
                dialog.is_paste = is_paste;
                dialog.forget();
            }
        }
    });
    let response = if dialog.is_paste {
        ScrollArea::vertical()
            .id_salt("pasted")
            .max_height(130.0)
            .show(ui, |ui| {
                let edit = TextEdit::multiline(&mut dialog.text)
                    .font(fonts::code_small())
                    .desired_width(f32::INFINITY)
                    .desired_rows(6)
                    .hint_text("mosquitto_rr -h broker.lab -t dev/1/req -e dev/1/resp -m '{\"cmd\":\"get\"}'");
                ui.add(edit).accessible_name("Text to import")
            })
            .inner
    } else {
        Field::new(&mut dialog.path, "File to import")
            .hint("~/mqttx.json")
            .code()
            .show(ui)
    };
    if is_new {
        response.request_focus();
    }
    if response.changed() {
        dialog.forget();
    }
}

fn sealed_ui(ui: &mut Ui, dialog: &mut ImportDialog) {
    let Some(why) = &dialog.sealed else { return };
    super::caption(ui, "Passphrase");
    Field::new(&mut dialog.passphrase, "Passphrase of the export")
        .secret()
        .width(300.0)
        .show(ui);
    let theme = Theme::of(ui);
    text::paragraph(ui, why, fonts::small(), theme.muted);
}

fn plan_ui(ui: &mut Ui, plan: &mut Plan) {
    let theme = Theme::of(ui);
    ui.add_space(8.0);
    ui.horizontal(|ui| {
        let words = format!("From {}: {}", plan.source.label(), plan.summary());
        text::label(ui, &words, fonts::medium(), theme.text);
    });
    let clashes = plan.profiles.iter().filter(|it| it.can_replace()).count()
        + plan.requests.iter().filter(|it| it.can_replace()).count();
    if clashes > 0 {
        ui.horizontal(|ui| {
            let words = format!("{clashes} have the name of something that is here:");
            text::label(ui, &words, fonts::small(), theme.muted);
            for choice in [Choice::Add, Choice::Replace, Choice::Leave] {
                let name = format!("{}, all of them", word(choice));
                if ui
                    .add(Button::ghost(word(choice)).small().name(&name))
                    .clicked()
                {
                    plan.settle(choice);
                }
            }
        });
    }
    ScrollArea::vertical()
        .id_salt("plan")
        .max_height(PLAN_HEIGHT)
        // A dialog is as high as in the last frame until it says otherwise.
        .min_scrolled_height(PLAN_HEIGHT)
        .auto_shrink([false, true])
        .show(ui, |ui| {
            for one in &mut plan.profiles {
                let (own, address) = (one.item.draft.name.clone(), one.item.draft.address.clone());
                planned_ui(ui, one, ("Connection", "", &own), &address);
            }
            for one in &mut plan.requests {
                let folder = match one.item.folder.as_str() {
                    "" => String::new(),
                    folder => format!("{folder}/"),
                };
                let (own, topic) = (one.item.name.clone(), one.item.topic.clone());
                planned_ui(ui, one, ("Request", &folder, &own), &topic);
            }
            for one in &plan.subscriptions {
                subscription_ui(ui, plan, one);
            }
            left_out_ui(ui, plan);
        });
}

/// A subscription, which goes the way of its connection.
fn subscription_ui(ui: &mut Ui, plan: &Plan, one: &SubscriptionDraft) {
    let theme = Theme::of(ui);
    ui.horizontal(|ui| {
        // Beneath the names, where others have a box to tick.
        cell_ui(ui, 16.0, "", fonts::small(), theme.muted);
        cell_ui(ui, 76.0, "Subscription", fonts::small(), theme.muted);
        cell_ui(ui, 190.0, one.title(), fonts::code_small(), theme.text);
        let connection = plan.connection_of(one);
        cell_ui(ui, 170.0, connection, fonts::small(), theme.muted);
        let words = plan.fate_of_subscription(one).words();
        text::label(ui, words, fonts::small(), theme.muted);
    });
}

/// A row of the plan: kind, folder and own name of an entry, and where it is.
fn planned_ui<T>(
    ui: &mut Ui,
    one: &mut Planned<T>,
    (noun, folder, own): (&str, &str, &str),
    place: &str,
) {
    let theme = Theme::of(ui);
    let label = format!("{noun} {folder}{own}");
    let name = format!("{folder}{}", one.called(own));
    // Names are only unique once they are settled.
    let id = format!("{noun} {folder}{}", one.name);
    ui.horizontal(|ui| {
        let mut is_taken = one.choice != Choice::Leave;
        let response = ui.checkbox(&mut is_taken, "").accessible_name(&label);
        if response.changed() {
            one.choice = if is_taken { Choice::Add } else { Choice::Leave };
        }
        cell_ui(ui, 76.0, noun, fonts::small(), theme.muted);
        cell_ui(ui, 190.0, &name, fonts::body(), theme.text);
        cell_ui(ui, 170.0, place, fonts::code_small(), theme.muted);
        if one.can_replace() {
            let name = format!("What becomes of {label}");
            ui.push_id(&id, |ui| {
                select::select(ui, &name, word(one.choice), 92.0, |ui| {
                    for choice in [Choice::Add, Choice::Replace, Choice::Leave] {
                        if select::option(ui, one.choice == choice, word(choice)).clicked() {
                            one.choice = choice;
                        }
                    }
                });
            });
        } else {
            text::label(ui, &one.words(), fonts::small(), theme.muted);
        }
    });
}

fn word(choice: Choice) -> &'static str {
    match choice {
        Choice::Add => "Keep both",
        Choice::Replace => "Replace",
        Choice::Leave => "Leave out",
    }
}

/// A part of a row, as wide as those above it.
fn cell_ui(ui: &mut Ui, width: f32, words: &str, font: FontId, ink: Color32) {
    let galley = text::line(ui, words, font, ink, width);
    let is_cut = galley.elided;
    let (rect, response) = ui.allocate_exact_size(vec2(width, 20.0), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, words));
    text::paint_in(ui, rect, Align::Min, galley);
    if is_cut {
        response.on_hover_text(words);
    }
}

fn left_out_ui(ui: &mut Ui, plan: &Plan) {
    if plan.left_out.is_empty() {
        return;
    }
    let theme = Theme::of(ui);
    ui.add_space(6.0);
    text::label(ui, "Not taken over", fonts::medium(), theme.text);
    for one in &plan.left_out {
        text::paragraph(ui, &one.to_string(), fonts::small(), theme.muted);
    }
}

fn end_ui(ui: &mut Ui, dialog: &ImportDialog, actions: &mut Vec<Action>) {
    let is_empty = if dialog.is_paste {
        dialog.text.trim().is_empty()
    } else {
        dialog.path.trim().is_empty()
    };
    let entered = super::entered(ui) && !dialog.is_paste;
    super::buttons(ui, |ui| {
        let look = "Show what it would do";
        if let Some(plan) = &dialog.plan {
            let can = !plan.changes().is_empty() && !dialog.is_writing;
            let why = if can {
                ""
            } else {
                "There is nothing to import"
            };
            let button = Button::primary("Import").enabled(can).tooltip(why);
            if ui.add(button).clicked() {
                actions.push(Action::Import(ImportAction::Begin));
            }
            if dialog.sealed.is_some()
                && (ui.add(Button::new("Open the passwords")).clicked() || entered)
            {
                actions.push(Action::Import(ImportAction::Look));
            }
        } else {
            let can = !is_empty && !dialog.is_looking();
            let button = Button::primary(look).enabled(can);
            if ui.add(button).clicked() || (entered && can) {
                actions.push(Action::Import(ImportAction::Look));
            }
        }
        if ui.add(Button::ghost("Cancel")).clicked() {
            actions.push(Action::CloseDialog);
        }
    });
}
