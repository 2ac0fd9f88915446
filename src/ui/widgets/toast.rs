//! Notices in the corner: what happened, and a button to undo it.
//!
//! When a notice goes by itself is decided by whoever holds it; here it is only painted.

use crate::app::rows::Tone;
use crate::ui::widgets::{Button, text};
use crate::ui::{Icon, Theme, fonts, theme};
use egui::{
    Align2, Area, Context, CornerRadius, Frame, Id, Margin, Order, Role, Sense, Stroke, Ui, pos2,
    vec2,
};

/// A notice as plain data.
#[derive(Clone, Copy)]
pub struct Toast<'a> {
    /// One sentence.
    pub summary: &'a str,
    /// What to do about it, or empty.
    pub hint: &'a str,
    pub tone: Tone,
    /// Such as `Undo`.
    pub action: Option<&'a str>,
}

/// What was asked of a notice, by its place in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToastEvent {
    Act(usize),
    Dismiss(usize),
}

/// Paints the notices above the bottom right corner, the last one lowest.
pub fn toasts(ctx: &Context, toasts: &[Toast<'_>]) -> Option<ToastEvent> {
    if toasts.is_empty() {
        return None;
    }
    let mut event = None;
    Area::new(Id::unique("toasts"))
        .order(Order::Foreground)
        .anchor(Align2::RIGHT_BOTTOM, vec2(-16.0, -42.0))
        .show(ctx, |ui| {
            ui.set_max_width(400.0);
            for (at, toast) in toasts.iter().enumerate() {
                if let Some(found) = one(ui, toast, at) {
                    event = Some(found);
                }
                ui.add_space(theme::GAP);
            }
        });
    event
}

fn one(ui: &mut Ui, toast: &Toast<'_>, at: usize) -> Option<ToastEvent> {
    let theme = Theme::of(ui);
    let color = theme.tone(toast.tone);
    let mut event = None;
    let frame = Frame::new()
        .fill(theme.raised)
        .stroke(Stroke::new(1.0, theme::mix(theme.line, color, 0.5)))
        .corner_radius(CornerRadius::same(theme::RADIUS + 2))
        .shadow(ui.visuals().popup_shadow)
        .inner_margin(Margin::symmetric(12, 8));
    let shown = frame.show(ui, |ui| {
        ui.set_width(376.0);
        ui.horizontal_top(|ui| {
            let (rect, _) = ui.allocate_exact_size(vec2(8.0, theme::ROW), Sense::hover());
            ui.painter()
                .circle_filled(pos2(rect.center().x, rect.center().y), 4.0, color);
            let buttons = if toast.action.is_some() { 110.0 } else { 40.0 };
            ui.vertical(|ui| {
                ui.set_width(ui.available_width() - buttons);
                ui.add_space(4.0);
                text::paragraph(ui, toast.summary, fonts::body(), theme.text);
                if !toast.hint.is_empty() {
                    text::paragraph(ui, toast.hint, fonts::small(), theme.muted);
                }
            });
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Min), |ui| {
                if ui
                    .add(Button::icon(Icon::X, "Dismiss notice").small())
                    .clicked()
                {
                    event = Some(ToastEvent::Dismiss(at));
                }
                if let Some(action) = toast.action
                    && ui.add(Button::new(action).small()).clicked()
                {
                    event = Some(ToastEvent::Act(at));
                }
            });
        });
    });
    // Said by a screen reader when it appears.
    ui.ctx().accesskit_node_builder(shown.response.id, |node| {
        node.set_role(Role::Status);
        node.set_live(egui::accesskit::Live::Polite);
        node.set_label(toast.summary);
    });
    event
}
