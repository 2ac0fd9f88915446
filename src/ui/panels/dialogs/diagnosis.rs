//! "Test connection": the steps one beneath the other, and what can be done.

mod certificates;

use crate::app::Action;
use crate::app::diagnosis::{DiagnosisAction, DiagnosisDialog, WatchChoice};
use crate::app::rows::Tone;
use crate::model::diagnosis::{Detail, Diagnosis, State, Step, StepReport};
use crate::model::profile::SecretSlot;
use crate::model::text as words;
use crate::model::time::Timestamp;
use crate::ui::widgets::scroll::BAR;
use crate::ui::widgets::{Button, Field, select, text};
use crate::ui::{Icon, Theme, fonts, theme};
use egui::{
    Align, CollapsingHeader, Context, Id, Rect, Role, ScrollArea, Sense, Ui, WidgetInfo, pos2, vec2,
};

const WIDTH: f32 = 760.0;
/// What stands before the words of a step: its mark and its name.
const NAMES: f32 = 168.0;
const TIMES: f32 = 76.0;
/// One line of remedies: there also while there are none, so that the buttons beneath stay where they are.
const REMEDIES: f32 = 28.0;
/// Remedies, buttons and the room around the dialog.
const BESIDE_THE_STEPS: f32 = 156.0;

pub fn diagnosis_ui(
    ctx: &Context,
    dialog: &mut DiagnosisDialog,
    now: Timestamp,
    is_new: bool,
    actions: &mut Vec<Action>,
) {
    super::frame_to_read(ctx, "Test connection", WIDTH, actions, |ui, actions| {
        head_ui(ui, dialog);
        options_ui(ui, dialog);
        missing_ui(ui, dialog, is_new);
        ui.add_space(6.0);
        // What is above: its title, words of several lines, and the options where they are unfolded.
        let above = ui.min_rect().height();
        let room = ui.ctx().content_rect().height() - above - BESIDE_THE_STEPS;
        let most = room.clamp(96.0, 520.0);
        ScrollArea::vertical()
            .id_salt("steps")
            // Steady, while steps come in and unfold.
            .max_height(most)
            .min_scrolled_height(most)
            .auto_shrink(false)
            .show(ui, |ui| {
                ui.set_max_width(ui.available_width() - BAR);
                ui.spacing_mut().item_spacing.y = 2.0;
                if let Some(diagnosis) = &dialog.diagnosis {
                    steps_ui(ui, diagnosis, now, actions);
                }
            });
        remedies_ui(ui, dialog, actions);
        end_ui(ui, dialog, actions);
    });
}

/// Which connection, and how the test stands.
fn head_ui(ui: &mut Ui, dialog: &DiagnosisDialog) {
    let theme = Theme::of(ui);
    ui.horizontal(|ui| {
        let draft = &dialog.editor.draft;
        text::label(ui, &draft.name, fonts::medium(), theme.text);
        text::label(ui, &draft.address, fonts::code_small(), theme.muted);
    });
    let (said, tone) = match (&dialog.refusal, &dialog.diagnosis) {
        (Some(why), _) => (format!("Not tested: {why}"), Tone::Failed),
        (None, None) => ("Not tested yet".to_owned(), Tone::Neutral),
        (None, Some(diagnosis)) => (sentence(&diagnosis.verdict()), tone_of(diagnosis)),
    };
    text::paragraph(ui, &said, fonts::body(), theme.ink(tone));
}

fn tone_of(diagnosis: &Diagnosis) -> Tone {
    let has = |state| diagnosis.steps.iter().any(|it| it.state == state);
    if diagnosis.is_running() {
        Tone::Accent
    } else if has(State::Failed) {
        Tone::Failed
    } else if has(State::Warning) {
        Tone::Waiting
    } else if has(State::Waiting) || has(State::Running) {
        Tone::Neutral
    } else {
        Tone::Answered
    }
}

fn sentence(text: &str) -> String {
    let mut signs = text.chars();
    match signs.next() {
        Some(first) => first.to_uppercase().chain(signs).collect(),
        None => String::new(),
    }
}

fn options_ui(ui: &mut Ui, dialog: &mut DiagnosisDialog) {
    let is_wrong = dialog.scratch_error.is_some() || dialog.response_topic_error.is_some();
    CollapsingHeader::new("What is tested")
        .id_salt("options of the test")
        .open(is_wrong.then_some(true))
        .show(ui, |ui| {
            ui.columns_const(|[left, right]| {
                super::caption(left, "Scratch topic");
                Field::new(&mut dialog.scratch, "Scratch topic")
                    .hint("roundtrip/test/ and something random")
                    .code()
                    .error(dialog.scratch_error.as_deref())
                    .show(left)
                    .on_hover_text("Published to and subscribed, not retained. An ACL may allow certain topics only.");
                super::caption(right, "Response Topic");
                Field::new(&mut dialog.response_topic, "Response Topic of the test")
                    .hint("the one that a request would have")
                    .code()
                    .error(dialog.response_topic_error.as_deref())
                    .show(right);
            });
            ui.add_space(4.0);
            ui.horizontal(|ui| {
                ui.checkbox(&mut dialog.own_client_id, "Use the profile's client id")
                    .on_hover_text("Whoever is connected with it is thrown out. Otherwise the test has one made of it, which an ACL may not know.");
                ui.add_space(12.0);
                let theme = Theme::of(ui);
                text::label(ui, "Watch for somebody who takes it over", fonts::small(), theme.muted);
                select::select(ui, "Watch the client id", dialog.watch.label(), 190.0, |ui| {
                    for one in WatchChoice::ALL {
                        if select::option(ui, dialog.watch == one, one.label()).clicked() {
                            dialog.watch = one;
                        }
                    }
                });
            });
            ui.add_space(4.0);
        });
}

/// Secrets that nobody knows yet.
fn missing_ui(ui: &mut Ui, dialog: &mut DiagnosisDialog, is_new: bool) {
    for (index, slot) in dialog.missing.clone().into_iter().enumerate() {
        let name = match &slot {
            SecretSlot::Password => match dialog.editor.draft.user_name.as_str() {
                "" => "Password".to_owned(),
                user => format!("Password of {user}"),
            },
            slot => sentence(&slot.to_string()),
        };
        super::caption(ui, &name);
        let response = Field::new(dialog.secret_mut(&slot), &name)
            .secret()
            .width(300.0)
            .show(ui);
        if index == 0 && (is_new || ui.memory(|memory| memory.focused().is_none())) {
            response.request_focus();
        }
    }
}

/// The mark of a state: never colour alone.
fn mark(state: State) -> (Icon, Tone) {
    match state {
        State::Waiting => (Icon::Circle, Tone::Neutral),
        State::Running => (Icon::LoaderCircle, Tone::Accent),
        State::Done => (Icon::CircleCheck, Tone::Answered),
        State::Warning => (Icon::TriangleAlert, Tone::Waiting),
        State::Failed => (Icon::CircleX, Tone::Failed),
        State::Skipped => (Icon::CircleMinus, Tone::Neutral),
    }
}

/// Those that were skipped for the same reason, one after the other, share a line.
fn steps_ui(ui: &mut Ui, diagnosis: &Diagnosis, now: Timestamp, actions: &mut Vec<Action>) {
    let is_same = |one: &StepReport, other: &StepReport| {
        one.state == State::Skipped && other.state == State::Skipped && one.found == other.found
    };
    for group in diagnosis.steps.chunk_by(is_same) {
        match group {
            [report] => step_ui(ui, report, diagnosis, now, actions),
            [first, ..] => {
                let titles: Vec<&str> = group.iter().map(|it| it.step.title()).collect();
                let shared = StepReport {
                    found: format!("{} ({})", first.found, titles.join(", ")),
                    ..first.clone()
                };
                let name = format!("{} steps", group.len());
                row_ui(ui, &name, &shared, None);
            }
            [] => {}
        }
    }
}

fn step_ui(
    ui: &mut Ui,
    report: &StepReport,
    diagnosis: &Diagnosis,
    now: Timestamp,
    actions: &mut Vec<Action>,
) {
    let id = Id::unique(("details of a step", report.step));
    let shows_chain = report.step == Step::Tls && diagnosis.tls.is_some();
    let has_more = !report.details.is_empty() || shows_chain;
    let mut is_open = has_more && ui.data(|data| data.get_temp(id).unwrap_or(false));
    if row_ui(ui, report.step.title(), report, has_more.then_some(is_open)) {
        is_open = !is_open;
        ui.data_mut(|data| data.insert_temp(id, is_open));
    }
    if report.problem.is_none() && report.unusual.is_empty() && !is_open {
        return;
    }
    beneath(ui, |ui| {
        let theme = Theme::of(ui);
        if let Some(problem) = &report.problem {
            let summary = sentence(&problem.summary);
            text::paragraph(ui, &summary, fonts::body(), theme.ink(Tone::Failed));
            if !problem.hint.is_empty() {
                text::paragraph(ui, &problem.hint, fonts::body(), theme.text);
            }
            if !problem.detail.is_empty() {
                text::paragraph(ui, &problem.detail, fonts::code_small(), theme.muted);
            }
        }
        for unusual in &report.unusual {
            let said = sentence(&unusual.text);
            text::paragraph(ui, &said, fonts::body(), theme.ink(Tone::Waiting));
            if !unusual.hint.is_empty() {
                text::paragraph(ui, &unusual.hint, fonts::small(), theme.muted);
            }
        }
        if is_open {
            details_ui(ui, &report.details);
            if let Some(tls) = diagnosis.tls.as_ref().filter(|_| shows_chain) {
                certificates::certificates_ui(ui, tls, now, actions);
            }
            ui.add_space(4.0);
        }
    });
}

/// Indented to where the words of a step begin.
fn beneath(ui: &mut Ui, contents: impl FnOnce(&mut Ui)) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        ui.spacing_mut().interact_size.y = 0.0;
        ui.add_space(NAMES);
        ui.vertical(|ui| {
            ui.set_max_width(ui.available_width());
            contents(ui);
        });
    });
}

/// `✔ TLS      TLS 1.3, …      4.21 ms ›`. Tells whether it was pressed; `open` is none where there is nothing to fold.
fn row_ui(ui: &mut Ui, name: &str, report: &StepReport, open: Option<bool>) -> bool {
    let theme = Theme::of(ui);
    let sense = if open.is_some() {
        Sense::click()
    } else {
        Sense::hover()
    };
    let (rect, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), theme::FORM_ROW - 2.0), sense);
    let took = report.took.map(words::duration).unwrap_or_default();
    let state = report.state.word();
    let said = format!("{name}: {state}, {} {took}", report.found);
    response.widget_info(|| match open {
        Some(true) => WidgetInfo::labeled(Role::Button, true, format!("{said}, details open")),
        Some(false) => WidgetInfo::labeled(Role::Button, true, format!("{said}, details closed")),
        None => WidgetInfo::labeled(Role::Label, true, &said),
    });
    if open.is_some() && (response.hovered() || response.has_focus()) {
        ui.painter().rect_filled(rect, 4, theme.hovered);
    }
    let (icon, tone) = mark(report.state);
    let is_faint = matches!(report.state, State::Waiting | State::Skipped);
    let mark = text::line(
        ui,
        &char::from(icon).to_string(),
        fonts::icon(14.0),
        theme.ink(tone),
        20.0,
    );
    let part = |from: f32, to: f32| {
        Rect::from_min_max(
            pos2(rect.left() + from, rect.top()),
            pos2(rect.left() + to, rect.bottom()),
        )
    };
    text::paint_in(ui, part(4.0, 22.0), Align::Min, mark);
    let ink = if is_faint { theme.muted } else { theme.text };
    let title = text::line(ui, name, fonts::medium(), ink, NAMES - 30.0);
    text::paint_in(ui, part(26.0, NAMES), Align::Min, title);
    let end = rect.width() - 22.0;
    let found = match report.state {
        State::Failed | State::Waiting | State::Running => sentence(state),
        State::Skipped => format!("Skipped: {}", report.found),
        State::Done | State::Warning => report.found.clone(),
    };
    let found_ink = match report.state {
        State::Failed | State::Running => theme.ink(tone),
        _ => ink,
    };
    // What took no time leaves its room to the words.
    let to = if took.is_empty() { end } else { end - TIMES };
    let found = text::line(ui, &found, fonts::body(), found_ink, to - NAMES - 8.0);
    let is_cut = found.elided;
    text::paint_in(ui, part(NAMES, to), Align::Min, found);
    let took = text::line(ui, &took, fonts::code_small(), theme.muted, TIMES);
    text::paint_in(ui, part(end - TIMES, end), Align::Max, took);
    if let Some(is_open) = open {
        let icon = if is_open {
            Icon::ChevronDown
        } else {
            Icon::ChevronRight
        };
        let fold = char::from(icon).to_string();
        let fold = text::line(ui, &fold, fonts::icon(12.0), theme.muted, 20.0);
        text::paint_in(ui, part(end + 6.0, rect.width()), Align::Min, fold);
    }
    let is_pressed = open.is_some() && response.clicked();
    if is_cut {
        response.on_hover_text(&report.found);
    }
    is_pressed
}

fn details_ui(ui: &mut Ui, details: &[Detail]) {
    let theme = Theme::of(ui);
    for detail in details {
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = 10.0;
            ui.spacing_mut().interact_size.y = 0.0;
            let name = text::line(ui, &detail.name, fonts::small(), theme.muted, 170.0);
            let (rect, response) = ui.allocate_exact_size(vec2(170.0, 16.0), Sense::hover());
            response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &detail.name));
            text::paint_in(ui, rect, Align::Min, name);
            text::paragraph(ui, &detail.value, fonts::code_small(), theme.text);
        });
    }
}

fn remedies_ui(ui: &mut Ui, dialog: &DiagnosisDialog, actions: &mut Vec<Action>) {
    let theme = Theme::of(ui);
    let remedies = dialog.diagnosis.as_ref().map(|it| it.remedies.as_slice());
    let remedies = remedies.unwrap_or_default();
    ui.add_space(8.0);
    ui.horizontal_wrapped(|ui| {
        ui.set_min_height(REMEDIES);
        if !remedies.is_empty() {
            text::label(ui, "What may help", fonts::medium(), theme.text);
        }
        for (index, remedy) in remedies.iter().enumerate() {
            let label = remedy.label(dialog.address.as_ref());
            let tooltip = "Changes the connection and tests again; nothing is saved yet";
            if ui.add(Button::new(&label).tooltip(tooltip)).clicked() {
                actions.push(Action::Diagnosis(DiagnosisAction::Apply(index)));
            }
        }
        if let Some(change) = dialog.newest_change() {
            let label = format!("Undo: {change}");
            if ui.add(Button::ghost(&label)).clicked() {
                actions.push(Action::Diagnosis(DiagnosisAction::UndoChange));
            }
        }
    });
}

fn end_ui(ui: &mut Ui, dialog: &DiagnosisDialog, actions: &mut Vec<Action>) {
    let entered = super::entered(ui) && !dialog.missing.is_empty();
    let mut ask = |action| actions.push(Action::Diagnosis(action));
    super::buttons(ui, |ui| {
        if dialog.is_running() {
            if ui.add(Button::new("Cancel the test")).clicked() {
                ask(DiagnosisAction::Cancel);
            }
        } else {
            let label = if dialog.diagnosis.is_some() {
                "Run again"
            } else {
                "Run the test"
            };
            if ui.add(Button::primary(label)).clicked() || entered {
                ask(DiagnosisAction::Run);
            }
        }
        if ui
            .add(
                Button::new("Edit connection").tooltip("With what was changed here; save it there"),
            )
            .clicked()
        {
            ask(DiagnosisAction::Edit);
        }
        if dialog.diagnosis.is_some()
            && ui
                .add(Button::ghost("Copy report").tooltip("As text, without anything secret"))
                .clicked()
        {
            ask(DiagnosisAction::CopyReport);
        }
    });
}
