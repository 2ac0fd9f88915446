//! Help: the first steps and the keys.

use crate::app::Action;
use crate::ui::widgets::text;
use crate::ui::{Theme, fonts};
use egui::{Align, Context, ScrollArea, Sense, vec2};

const STEPS: [&str; 4] = [
    "1. Press Demos and play one: it brings a request and a simulated device that answers it.",
    "2. Choose a request on the left, change it, press Send. The answer appears beside it, with its timing.",
    "3. Add your own broker under Connections, point the request at it, and ask a real device.",
    "4. Every request is a row below. A row opens what was sent, every reply, all properties and all times.",
];

const KEYS: [(&str, &str); 16] = [
    ("Ctrl+Enter", "Send the request"),
    ("Ctrl+S", "Save the request"),
    ("Ctrl+T", "New request"),
    ("Ctrl+W", "Close the tab"),
    ("Ctrl+Tab, Ctrl+Shift+Tab", "Next tab, tab before"),
    ("Ctrl+K", "Search requests, topics, commands"),
    ("Ctrl+F", "Filter the timeline"),
    ("Ctrl+L", "Clear the timeline"),
    ("Shift, Ctrl with arrows or click", "Select several rows"),
    ("Ctrl+A, Ctrl+C", "Select all rows, copy the selected ones"),
    ("Ctrl+Z", "Undo what a notice offers to undo"),
    ("Ctrl+B", "Show or hide connections and requests"),
    ("Ctrl+J", "Show or hide simulated devices"),
    ("Ctrl+,", "Settings"),
    ("Ctrl and +, −, 0", "Larger, smaller, as it was"),
    ("F1", "This help"),
];

pub fn help_ui(ctx: &Context, actions: &mut Vec<Action>) {
    super::frame_to_read(ctx, "Help", 560.0, actions, |ui, _| {
        // The dialog's title and edges need the rest of a low window.
        let height = ui.ctx().content_rect().height() - 120.0;
        let page = ScrollArea::vertical().max_height(height);
        page.min_scrolled_height(height).show(ui, |ui| {
            let theme = Theme::of(ui);
            ui.spacing_mut().item_spacing.y = 2.0;
            for step in STEPS {
                text::paragraph(ui, step, fonts::body(), theme.text);
                ui.add_space(4.0);
            }
            ui.add_space(8.0);
            for (keys, meaning) in KEYS {
                ui.horizontal(|ui| {
                    ui.spacing_mut().interact_size.y = 20.0;
                    let (rect, _) = ui.allocate_exact_size(vec2(200.0, 20.0), Sense::hover());
                    let galley = text::line(ui, keys, fonts::code_small(), theme.muted, rect.width());
                    text::paint_in(ui, rect, Align::Min, galley);
                    text::label(ui, meaning, fonts::body(), theme.text);
                });
            }
            ui.add_space(8.0);
            text::paragraph(
                ui,
                "The filter takes words and fields: topic:light payload:on device:lamp verdict:late rtt:>5ms. All of it is behind the ? beside the box.",
                fonts::small(),
                theme.muted,
            );
        });
    });
}
