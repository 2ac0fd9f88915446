//! Two payloads and what differs: beside each other or one after the other.

use crate::app::Action;
use crate::app::compare::{Chosen, CompareDialog};
use crate::app::work::Worker;
use crate::model::diff::Layout as Order;
use crate::model::text as words;
use crate::ui::view::View;
use crate::ui::widgets::{Button, diff_view, text, toggle};
use crate::ui::{Icon, Theme, fonts};
use egui::{Align, Context, Layout, Rect, Ui, vec2};

pub fn compare_ui(
    ctx: &Context,
    dialog: &mut CompareDialog,
    worker: &Worker,
    view: &mut View,
    is_new: bool,
    actions: &mut Vec<Action>,
) {
    let room = ctx.content_rect().size();
    let width = (room.x - 80.0).min(1_500.0);
    let height = (room.y - 190.0).clamp(120.0, 900.0);
    if is_new {
        view.compared = diff_view::DiffState::default();
    }
    super::frame_to_read(ctx, "Compare payloads", width, actions, |ui, actions| {
        ui.spacing_mut().item_spacing.y = 6.0;
        sides_ui(ui, dialog, actions);
        options_ui(ui, dialog, view);
        let theme = Theme::of(ui);
        for note in dialog.diff().map(|diff| &*diff.notes).unwrap_or_default() {
            text::label(ui, note, fonts::small(), theme.waiting);
        }
        let (_, area) = ui.allocate_space(vec2(ui.available_width(), height));
        let columns = if let Some(diff) = dialog.diff() {
            let state = &mut view.compared;
            diff_view::show(ui, "Differences", area, diff, dialog.layout, state)
        } else {
            waiting_ui(ui, area);
            diff_view::columns(ui, area, dialog.layout)
        };
        if dialog.advance(columns, worker) {
            ui.ctx().request_repaint();
        }
    });
}

fn waiting_ui(ui: &mut Ui, area: Rect) {
    let galley = text::line(
        ui,
        "Comparing…",
        fonts::body(),
        Theme::of(ui).muted,
        area.width(),
    );
    text::paint_in(ui, area.with_max_y(area.top() + 24.0), Align::Min, galley);
}

/// What is on the left and what on the right.
fn sides_ui(ui: &mut Ui, dialog: &CompareDialog, actions: &mut Vec<Action>) {
    ui.horizontal(|ui| {
        let swap = Button::icon(Icon::ArrowLeftRight, "Swap the sides").small();
        if ui.add(swap).clicked() {
            actions.push(Action::SwapCompared);
        }
        let theme = Theme::of(ui);
        for (sign, side) in [("−", &dialog.left), ("+", &dialog.right)] {
            text::label(ui, &side_words(sign, side), fonts::code_small(), theme.text);
            ui.add_space(16.0);
        }
    });
}

fn side_words(sign: &str, side: &Chosen) -> String {
    format!(
        "{sign} {} · {} · {}",
        side.name,
        side.message.topic,
        words::bytes(side.message.payload.len())
    )
}

fn options_ui(ui: &mut Ui, dialog: &mut CompareDialog, view: &mut View) {
    let theme = Theme::of(ui);
    let is_bytes = dialog.diff().is_some_and(|diff| diff.bytes_a_row.is_some());
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        let before = (dialog.is_indented, dialog.ignores_order, dialog.layout);
        if !is_bytes {
            for (layout, name) in [
                (Order::SideBySide, "Side by side"),
                (Order::Unified, "One column"),
            ] {
                let button = Button::ghost(name)
                    .small()
                    .selected(dialog.layout == layout);
                if ui.add(button).clicked() {
                    dialog.layout = layout;
                }
            }
            ui.add_space(12.0);
            toggle::toggle(ui, &mut dialog.is_indented, "Indent JSON");
            text::label(ui, "Indent JSON", fonts::small(), theme.text);
            if dialog.is_indented {
                ui.add_space(12.0);
                toggle::toggle(ui, &mut dialog.ignores_order, "Ignore the order of members");
                text::label(
                    ui,
                    "Ignore the order of members",
                    fonts::small(),
                    theme.text,
                );
            }
        }
        if before != (dialog.is_indented, dialog.ignores_order, dialog.layout) {
            view.compared = diff_view::DiffState::default();
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let Some(diff) = dialog.diff() else { return };
            let has_changes = !diff.changes.is_empty();
            let next = Button::icon(Icon::ChevronDown, "Next change").enabled(has_changes);
            if ui.add(next.small()).clicked() {
                view.compared.step(diff, true);
            }
            let previous = Button::icon(Icon::ChevronUp, "Change before").enabled(has_changes);
            if ui.add(previous.small()).clicked() {
                view.compared.step(diff, false);
            }
            let told = if dialog.is_comparing() {
                "Comparing…".to_owned()
            } else {
                diff.told()
            };
            text::label(ui, &told, fonts::small(), theme.text);
        });
    });
}
