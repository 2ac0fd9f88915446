//! What is listened to on a connection, one line each: a colour, a name, how much has come.

use crate::app::Action;
use crate::app::rows::Tone;
use crate::app::subscriptions::{SubscriptionAction, SubscriptionRow};
use crate::app::topics::TopicsAction;
use crate::ui::panels::tree::indent;
use crate::ui::widgets::{Button, text};
use crate::ui::{Theme, fonts, theme};
use egui::{Align, Id, Popup, Response, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

pub fn subscription_ui(
    ui: &mut Ui,
    row: &SubscriptionRow,
    depth: usize,
    actions: &mut Vec<Action>,
) {
    let response = row_ui(ui, row, indent(depth));
    if response.double_clicked() {
        let edit = SubscriptionAction::Edit(row.id.clone());
        actions.push(Action::Subscription(edit));
    }
    let response = response.on_hover_text(format!("{}\n{}", row.filter, row.sentence));
    for (salt, popup) in [
        ("subscription menu", Popup::context_menu(&response)),
        ("subscription", Popup::menu(&response)),
    ] {
        popup
            .id(Id::unique((salt, &row.id)))
            .show(|ui| menu_ui(ui, row, actions));
    }
}

fn row_ui(ui: &mut Ui, row: &SubscriptionRow, indent: f32) -> Response {
    let theme = Theme::of(ui);
    let size = vec2(ui.available_width(), theme::ROW);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    response.widget_info(|| {
        let words = format!("{}, {}, {}", row.title, row.count, row.sentence);
        WidgetInfo::labeled(Role::Button, true, words)
    });
    if !ui.is_rect_visible(rect) {
        return response;
    }
    if response.hovered() || response.has_focus() {
        let wide = rect.expand2(vec2(14.0, 0.0));
        ui.painter().rect_filled(wide, 0, theme.hovered);
    }
    let color = match row.colour {
        Some(colour) => theme.mark(colour),
        None => theme.accent,
    };
    let center = pos2(rect.left() + indent + 20.0, rect.center().y);
    if row.tone == Tone::Answered {
        ui.painter().circle_filled(center, 3.5, color);
    } else {
        // Nothing comes by it now.
        let stroke = Stroke::new(1.5, color);
        ui.painter().circle_stroke(center, 3.0, stroke);
    }
    let is_refused = row.tone == Tone::Failed;
    let ink = if is_refused {
        theme.ink(Tone::Failed)
    } else {
        theme.muted
    };
    let words = match row.tone {
        Tone::Failed => "refused",
        _ if !row.is_on => "off",
        _ => row.count.as_str(),
    };
    let words = text::line(ui, words, fonts::small(), ink, rect.width() * 0.5);
    let room = rect.width() - indent - 30.0 - words.size().x - 8.0;
    let ink = if row.is_on { theme.text } else { theme.muted };
    let font = if row.title == row.filter {
        fonts::code_small()
    } else {
        fonts::small()
    };
    let title = text::line(ui, &row.title, font, ink, room);
    let title_rect = rect.with_min_x(rect.left() + indent + 30.0);
    text::paint_in(ui, title_rect, Align::Min, title);
    text::paint_in(ui, rect, Align::Max, words);
    response
}

fn menu_ui(ui: &mut Ui, row: &SubscriptionRow, actions: &mut Vec<Action>) {
    let theme = Theme::of(ui);
    ui.set_width(300.0);
    text::label(ui, &row.title, fonts::medium(), theme.text);
    if row.title != row.filter {
        text::label(ui, &row.filter, fonts::code_small(), theme.muted);
    }
    let ink = if row.tone == Tone::Failed {
        theme.ink(Tone::Failed)
    } else {
        theme.muted
    };
    text::paragraph(ui, &row.sentence, fonts::small(), ink);
    ui.add_space(4.0);
    let show = Button::ghost("Show its topics").tooltip("Topics, narrowed to what comes by it");
    if ui.add(show).clicked() {
        let show = TopicsAction::ShowFilter(row.filter.clone());
        actions.push(Action::Topics(show));
        ui.close();
    }
    ui.horizontal(|ui| {
        let mut offer = |ui: &mut Ui, button: Button<'_>, action| {
            if ui.add(button).clicked() {
                actions.push(Action::Subscription(action));
                ui.close();
            }
        };
        let switch = if row.is_on {
            "Unsubscribe"
        } else {
            "Subscribe"
        };
        let (id, on) = (row.id.clone(), !row.is_on);
        let switch_action = SubscriptionAction::Switch { id, on };
        offer(ui, Button::new(switch), switch_action);
        let edit = SubscriptionAction::Edit(row.id.clone());
        offer(ui, Button::ghost("Edit"), edit);
        let delete = Button::ghost("Delete").color(theme.failed);
        offer(ui, delete, SubscriptionAction::Delete(row.id.clone()));
    });
}
