//! The demos, one click each.

use crate::app::Action;
use crate::model::demo::Demo;
use crate::ui::widgets::{Button, card, text};
use crate::ui::{Icon, Theme, fonts};
use egui::{Align, Context, Layout, ScrollArea, Ui};

/// What the dialog has besides its list, and the window around it.
const ABOVE_AND_BELOW: f32 = 190.0;

pub fn demos_ui(ctx: &Context, actions: &mut Vec<Action>) {
    super::frame_to_read(ctx, "Demos", 640.0, actions, |ui, actions| {
        let theme = Theme::of(ui);
        text::paragraph(
            ui,
            "Each brings its requests and its simulated devices, connects to the built-in broker and plays once. Everything stays in your lists, to send again and to change.",
            fonts::body(),
            theme.muted,
        );
        ui.add_space(8.0);
        // There are more than a small window has room for.
        let most = (ui.ctx().content_rect().height() - ABOVE_AND_BELOW).max(160.0);
        let list = ScrollArea::vertical()
            .max_height(most)
            .min_scrolled_height(most)
            .auto_shrink([false, true]);
        list.show(ui, |ui| {
            // Beside the scroll bar.
            ui.set_width(ui.available_width() - 12.0);
            for demo in Demo::shipped() {
                demo_ui(ui, &demo, actions);
                ui.add_space(8.0);
            }
        });
    });
}

fn demo_ui(ui: &mut Ui, demo: &Demo, actions: &mut Vec<Action>) {
    let theme = Theme::of(ui);
    card::card(ui, |ui| {
        ui.horizontal(|ui| {
            text::label(ui, &demo.title, fonts::strong(), theme.text);
            text::label(ui, &demo.name, fonts::code_small(), theme.muted);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let name = format!("Play {}", demo.title);
                let button = Button::primary("Play").with_icon(Icon::Play).name(&name);
                if ui.add(button).clicked() {
                    actions.push(Action::PlayDemo(demo.name.clone()));
                }
            });
        });
        text::paragraph(ui, &demo.summary, fonts::small(), theme.muted);
    });
}
