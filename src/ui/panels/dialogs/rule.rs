//! The editor of a pairing rule: its text at the left, at the right a bench where it is tried on messages.

use crate::app::Action;
use crate::app::rows::Tone;
use crate::app::rule_editor::{BenchPane, BenchRow, RuleDialog};
use crate::model::pairing::FileError;
use crate::model::text as words;
use crate::model::timeline::{RowId, RowKind, RowRef, Timeline};
use crate::ui::view::View;
use crate::ui::widgets::highlight::Language;
use crate::ui::widgets::payload_edit::{Mistake, Place};
use crate::ui::widgets::split::{Axis, split};
use crate::ui::widgets::tabs::{Tab, tabs};
use crate::ui::widgets::{Button, marks, payload_edit, select, text};
use crate::ui::{Theme, fonts, theme};
use egui::{Align, Context, Id, Layout, Resize, ScrollArea, Ui, UiBuilder, vec2};

/// Rows of the timeline that are offered.
const OFFERED: usize = 30;

pub fn rule_ui(
    ctx: &Context,
    dialog: &mut RuleDialog,
    timeline: &Timeline,
    selected: Option<RowId>,
    view: &mut View,
    actions: &mut Vec<Action>,
) {
    let title = if dialog.file.is_some() {
        "Edit pairing rule"
    } else {
        "New pairing rule"
    };
    let width = view.rule_width;
    let screen = ctx.content_rect().size();
    let most = vec2((screen.x - 80.0).max(400.0), (screen.y - 190.0).max(200.0));
    let width = if width > 0.0 {
        width
    } else {
        most.x.min(1180.0)
    };
    super::frame(ctx, title, width.min(most.x), actions, |ui, actions| {
        Resize::default()
            .id_salt("rule editor")
            .default_size(vec2(most.x.min(1180.0), most.y.min(620.0)))
            .min_size(vec2(560.0_f32.min(most.x), 220.0_f32.min(most.y)))
            .max_size(most)
            .with_stroke(false)
            .show(ui, |ui| {
                let area = ui.available_rect_before_wrap();
                ui.allocate_rect(area, egui::Sense::hover());
                // The frame follows the corner that is dragged.
                if (view.rule_width - area.width()).abs() > 0.5 {
                    view.rule_width = area.width();
                    ui.ctx().request_repaint();
                }
                if view.rule_share <= 0.0 {
                    view.rule_share = 0.5;
                }
                let id = Id::unique("rule editor split");
                let name = "Width of the rule's text";
                let share = &mut view.rule_share;
                let (left, right) = split(ui, id, name, area, Axis::Horizontal, share, 240.0);
                let mut side = ui.new_child(UiBuilder::new().id_salt("rule").max_rect(left));
                text_ui(&mut side, dialog, view);
                let inner = right.with_min_x(right.left() + 12.0);
                let mut side = ui.new_child(UiBuilder::new().id_salt("bench").max_rect(inner));
                side.shrink_clip_rect(inner.expand(2.0));
                bench_ui(&mut side, dialog, timeline, selected, view, actions);
            });
        end_ui(ui, dialog, actions);
    });
}

fn end_ui(ui: &mut Ui, dialog: &RuleDialog, actions: &mut Vec<Action>) {
    let theme = Theme::of(ui);
    let is_valid = dialog.errors().is_empty();
    super::buttons(ui, |ui| {
        let why = if is_valid {
            ""
        } else {
            "What is wrong with the rule has to be corrected first"
        };
        let save = Button::primary("Save rule").enabled(is_valid).tooltip(why);
        if ui.add(save).clicked() {
            actions.push(Action::SaveRule);
        }
        if dialog.asks {
            if ui
                .add(Button::new("Discard changes").color(theme.failed))
                .clicked()
            {
                actions.push(Action::DiscardRule);
            }
            if ui.add(Button::ghost("Go on editing")).clicked() {
                actions.push(Action::CloseDialog);
            }
            text::label(
                ui,
                "What you changed is not saved.",
                fonts::body(),
                theme.waiting,
            );
        } else if ui.add(Button::ghost("Cancel")).clicked() {
            actions.push(Action::CloseDialog);
        }
    });
}

fn mistake(errors: &[FileError]) -> Option<Mistake> {
    let first = errors.first()?;
    let field = if first.field.is_empty() {
        String::new()
    } else {
        format!("{}: ", first.field)
    };
    let more = match errors.len() {
        1 => String::new(),
        several => format!(" (and {} more)", several - 1),
    };
    Some(Mistake {
        message: format!("{field}{}{more}", first.message),
        place: Some(Place {
            line: first.line,
            column: first.column,
        }),
    })
}

fn text_ui(ui: &mut Ui, dialog: &mut RuleDialog, view: &mut View) {
    let mistake = mistake(dialog.errors());
    payload_edit::show(
        ui,
        "Rule",
        &mut dialog.text,
        Language::Toml,
        mistake.as_ref(),
        &mut view.rule_editor,
    );
}

fn bench_ui(
    ui: &mut Ui,
    dialog: &mut RuleDialog,
    timeline: &Timeline,
    selected: Option<RowId>,
    view: &mut View,
    actions: &mut Vec<Action>,
) {
    let panes = [BenchPane::Verdicts, BenchPane::Messages];
    let front = usize::from(dialog.pane == BenchPane::Messages);
    let count = dialog.rows().len();
    let note = if count > 0 {
        words::count(count as u64)
    } else {
        String::new()
    };
    let shown = [
        Tab::new("Test bench").note(&note),
        Tab::new("Messages as JSON").problem(!dialog.trace_errors().is_empty()),
    ];
    ui.horizontal(|ui| {
        if let Some(pane) = tabs(ui, &shown, front).and_then(|at| panes.get(at)) {
            dialog.pane = *pane;
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            add_ui(ui, timeline, selected, actions);
            if !dialog.trace.is_empty() && ui.add(Button::ghost("Empty").small()).clicked() {
                dialog.trace.clear();
            }
        });
    });
    ui.add_space(4.0);
    match dialog.pane {
        BenchPane::Verdicts => verdicts_ui(ui, dialog),
        BenchPane::Messages => {
            let mistake = mistake(dialog.trace_errors());
            payload_edit::show(
                ui,
                "Messages",
                &mut dialog.trace,
                Language::Json,
                mistake.as_ref(),
                &mut view.bench_editor,
            );
        }
    }
}

/// Messages of the timeline: the selected row's, or those of another one.
fn add_ui(ui: &mut Ui, timeline: &Timeline, selected: Option<RowId>, actions: &mut Vec<Action>) {
    let theme = Theme::of(ui);
    select::menu_button(ui, "Add from the timeline", |ui| {
        ui.set_min_width(360.0);
        if timeline.is_empty() {
            text::label(ui, "The timeline is empty.", fonts::small(), theme.muted);
        }
        if let Some(row) = selected.filter(|row| timeline.row(*row).is_some())
            && ui.add(Button::new("The selected row's messages")).clicked()
        {
            actions.push(Action::AddToBench(row));
            ui.close();
        }
        ScrollArea::vertical().max_height(320.0).show(ui, |ui| {
            for row in timeline.iter().rev().take(OFFERED) {
                if ui.add(Button::ghost(&row_words(row)).small()).clicked() {
                    actions.push(Action::AddToBench(row.id()));
                    ui.close();
                }
            }
        });
    });
}

fn row_words(row: RowRef<'_>) -> String {
    let topic: String = row.topic().chars().take(60).collect();
    let number = row.exchange_id().map_or(0, |id| id.0);
    match (row.kind(), row.replies()) {
        (RowKind::Exchange, 0) => format!("#{number} {topic}, no reply"),
        (RowKind::Exchange, 1) => format!("#{number} {topic}, 1 reply"),
        (RowKind::Exchange, several) => format!("#{number} {topic}, {several} replies"),
        (RowKind::Message, _) => format!("← {topic}"),
        (RowKind::Publish, _) => format!("→ {topic}"),
    }
}

fn verdicts_ui(ui: &mut Ui, dialog: &RuleDialog) {
    let theme = Theme::of(ui);
    ScrollArea::vertical()
        .id_salt("verdicts")
        .auto_shrink(false)
        .show(ui, |ui| {
            ui.set_width(ui.available_width() - 8.0);
            ui.spacing_mut().item_spacing.y = 2.0;
            if !dialog.variables().is_empty() {
                text::label(ui, "VARIABLES: REQUEST → REPLY", fonts::caps(), theme.muted);
                for line in dialog.variables() {
                    text::paragraph(ui, line, fonts::code_small(), theme.text);
                }
                ui.add_space(8.0);
            }
            if !dialog.errors().is_empty() {
                let words = "The rule is not valid yet. What it makes of messages is shown as soon as it is.";
                text::paragraph(ui, words, fonts::body(), theme.muted);
                return;
            }
            if !dialog.trace_errors().is_empty() {
                let words = "The messages cannot be read: see Messages as JSON.";
                text::paragraph(ui, words, fonts::body(), theme.ink(Tone::Failed));
                return;
            }
            if dialog.rows().is_empty() {
                let words = "Add messages from the timeline, or paste some under Messages as JSON: each is judged by this rule alone.";
                text::paragraph(ui, words, fonts::body(), theme.muted);
            } else {
                text::label(ui, "MESSAGES", fonts::caps(), theme.muted);
            }
            for row in dialog.rows() {
                row_ui(ui, row);
            }
        });
}

fn row_ui(ui: &mut Ui, row: &BenchRow) {
    let theme = Theme::of(ui);
    ui.add_space(6.0);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 8.0;
        let number = format!("#{}", row.number);
        text::label(ui, &number, fonts::code(), theme.muted);
        marks::pill(ui, row.tone, &row.verdict);
    });
    let indent = 28.0;
    let mut line = |words: &str, font, color| {
        if !words.is_empty() {
            ui.horizontal_top(|ui| {
                ui.spacing_mut().interact_size.y = 0.0;
                ui.spacing_mut().item_spacing.x = 0.0;
                ui.add_space(indent);
                text::paragraph(ui, words, font, color);
            });
        }
    };
    line(&row.topic, fonts::code(), theme.text);
    line(&row.payload, fonts::code_small(), theme.dim);
    line(&row.bound, fonts::code_small(), theme.badge_text);
    for reason in &row.reasons {
        line(reason, fonts::small(), theme.text);
    }
    ui.add_space(theme::GAP);
    crate::ui::widgets::card::rule(ui);
}
