//! The demos, one click each.

use crate::app::Action;
use crate::model::demo::Demo;
use crate::ui::widgets::{Button, card, text};
use crate::ui::{Icon, Theme, fonts};
use egui::{Align, Context, Layout, ScrollArea};

pub fn demos_ui(ctx: &Context, actions: &mut Vec<Action>) {
    super::frame(ctx, "Demos", 560.0, actions, |ui, actions| {
        let theme = Theme::of(ui);
        text::paragraph(
            ui,
            "Each brings its requests and its simulated device, connects to the built-in broker and plays once. Everything stays in your lists, to send again and to change.",
            fonts::body(),
            theme.muted,
        );
        ui.add_space(8.0);
        let height = ui.ctx().content_rect().height() - 220.0;
        ScrollArea::vertical().max_height(height).show(ui, |ui| {
            ui.set_width(ui.available_width() - 8.0);
            for demo in Demo::shipped() {
                card::card(ui, |ui| {
                    ui.horizontal(|ui| {
                        text::label(ui, &demo.title, fonts::strong(), theme.text);
                        text::label(ui, &demo.name, fonts::code_small(), theme.muted);
                        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                            let name = format!("Play {}", demo.title);
                            if ui
                                .add(Button::primary("Play").with_icon(Icon::Play).name(&name))
                                .clicked()
                            {
                                actions.push(Action::PlayDemo(demo.name.clone()));
                            }
                        });
                    });
                    text::paragraph(ui, &demo.summary, fonts::small(), theme.muted);
                });
                ui.add_space(8.0);
            }
        });
    });
}
