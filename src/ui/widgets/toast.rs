//! Notices in the corner: what happened, and a button to undo it.
//!
//! When a notice goes by itself is decided by whoever holds it; here it is only painted.

use crate::app::rows::Tone;
use crate::ui::widgets::{Button, text};
use crate::ui::{Icon, Theme, fonts, theme};
use egui::{
    Align2, Area, Context, CornerRadius, Frame, Id, Margin, Order, Role, Sense, Stroke, Ui, vec2,
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
    pub actions: &'a [&'a str],
}

/// What was asked of a notice, by its place in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToastEvent {
    /// The notice, and which of its actions.
    Act(usize, usize),
    Dismiss(usize),
    DismissAll,
}

/// More would cover what they are about; the rest is counted.
const MOST: usize = 3;
const WIDTH: f32 = 400.0;

/// Paints the newest notices above the bottom right corner, the last one lowest.
pub fn toasts(ctx: &Context, toasts: &[Toast<'_>]) -> Option<ToastEvent> {
    if toasts.is_empty() {
        return None;
    }
    let mut event = None;
    let hidden = hidden(toasts);
    Area::new(Id::unique("toasts"))
        .order(Order::Foreground)
        .anchor(Align2::RIGHT_BOTTOM, vec2(-16.0, -42.0))
        .show(ctx, |ui| {
            ui.set_max_width(WIDTH);
            let count = hidden.iter().filter(|is_hidden| **is_hidden).count();
            if count > 0 && more(ui, count) {
                event = Some(ToastEvent::DismissAll);
            }
            let last = toasts.len() - 1;
            for (at, (toast, is_hidden)) in toasts.iter().zip(hidden).enumerate() {
                if is_hidden {
                    continue;
                }
                if let Some(found) = one(ui, toast, at, at == last) {
                    event = Some(found);
                }
                ui.add_space(theme::GAP);
            }
        });
    event
}

/// The oldest give way, those with something to press last, and the newest never.
fn hidden(toasts: &[Toast<'_>]) -> Vec<bool> {
    let mut hidden = vec![false; toasts.len()];
    let mut surplus = toasts.len().saturating_sub(MOST);
    for with_actions in [false, true] {
        for (toast, is_hidden) in toasts.iter().zip(&mut hidden).rev().skip(1).rev() {
            if surplus > 0 && !*is_hidden && toast.actions.is_empty() != with_actions {
                *is_hidden = true;
                surplus -= 1;
            }
        }
    }
    hidden
}

fn frame(ui: &Ui, line: egui::Color32) -> Frame {
    let theme = Theme::of(ui);
    Frame::new()
        .fill(theme.raised)
        .stroke(Stroke::new(1.0, line))
        .corner_radius(CornerRadius::same(theme::RADIUS + 2))
        .shadow(ui.visuals().popup_shadow)
        .inner_margin(Margin::symmetric(12, 4))
}

/// How many are not shown; says whether all are to go.
fn more(ui: &mut Ui, count: usize) -> bool {
    let theme = Theme::of(ui);
    let noun = if count == 1 { "notice" } else { "notices" };
    let words = format!("{count} earlier {noun}");
    let shown = frame(ui, theme.line).show(ui, |ui| {
        ui.set_width(WIDTH - 24.0);
        ui.horizontal(|ui| {
            text::label(ui, &words, fonts::small(), theme.muted);
            let right = egui::Layout::right_to_left(egui::Align::Center);
            ui.with_layout(right, |ui| {
                ui.add(Button::ghost("Dismiss all").small()).clicked()
            })
            .inner
        })
        .inner
    });
    ui.add_space(theme::GAP);
    shown.inner
}

/// What it is at a glance, also for who does not tell the colours apart.
fn icon_of(tone: Tone) -> Icon {
    match tone {
        Tone::Failed => Icon::CircleX,
        Tone::NoSubscribers | Tone::Waiting | Tone::Late => Icon::TriangleAlert,
        Tone::Answered => Icon::CircleCheck,
        Tone::Neutral | Tone::Accent | Tone::Unmatched => Icon::Info,
    }
}

/// The hint of one that is not the newest comes when it is pointed at.
fn one(ui: &mut Ui, toast: &Toast<'_>, at: usize, is_newest: bool) -> Option<ToastEvent> {
    let theme = Theme::of(ui);
    let color = theme.tone(toast.tone);
    let mut event = None;
    let frame = frame(ui, theme::mix(theme.line, color, 0.5));
    let is_wide = toast.actions.len() > 1;
    let shown = frame.show(ui, |ui| {
        ui.set_width(WIDTH - 24.0);
        ui.horizontal_top(|ui| {
            let (rect, _) = ui.allocate_exact_size(vec2(14.0, theme::ROW), Sense::hover());
            let icon = char::from(icon_of(toast.tone));
            ui.painter().text(
                rect.center(),
                Align2::CENTER_CENTER,
                icon,
                fonts::icon(14.0),
                color,
            );
            // Several buttons get a line of their own.
            let buttons = if toast.actions.len() == 1 {
                110.0
            } else {
                40.0
            };
            ui.vertical(|ui| {
                ui.set_width(ui.available_width() - buttons);
                ui.add_space(4.0);
                text::paragraph(ui, toast.summary, fonts::body(), theme.text);
                if !toast.hint.is_empty() && (is_newest || is_wide) {
                    text::paragraph(ui, toast.hint, fonts::small(), theme.muted);
                }
                if is_wide {
                    let acted = ui.horizontal(|ui| actions_ui(ui, toast, at)).inner;
                    event = event.or(acted);
                }
            });
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Min), |ui| {
                let tip = "Dismiss notice";
                if ui.add(Button::icon(Icon::X, tip).small()).clicked() {
                    event = Some(ToastEvent::Dismiss(at));
                }
                if !is_wide {
                    let acted = actions_ui(ui, toast, at);
                    event = event.or(acted);
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
    if !is_newest && !is_wide && !toast.hint.is_empty() {
        shown.response.on_hover_text(toast.hint);
    }
    event
}

fn actions_ui(ui: &mut Ui, toast: &Toast<'_>, at: usize) -> Option<ToastEvent> {
    let mut event = None;
    for (which, action) in toast.actions.iter().enumerate() {
        if ui.add(Button::new(action).small()).clicked() {
            event = Some(ToastEvent::Act(at, which));
        }
    }
    event
}
