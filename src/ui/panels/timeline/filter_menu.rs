//! Beside the filter box: saved filters, and the language on one page.

use crate::app::{Action, App};
use crate::model::timeline::filter::Field as FilterField;
use crate::ui::view::View;
use crate::ui::widgets::{Button, Field, text};
use crate::ui::{Icon, Theme, fonts, theme};
use egui::{Align, Id, Layout, Popup, PopupCloseBehavior, ScrollArea, Sense, Ui, vec2};

const MENU_WIDTH: f32 = 320.0;
const HELP_WIDTH: f32 = 620.0;

/// How terms are put together, one a line.
const JOINING: [(&str, &str); 8] = [
    (
        "a b",
        "both must hold; a word without a field is looked for everywhere",
    ),
    ("a OR b", "one of them; binds less than terms side by side"),
    ("-a   -(a OR b)", "not"),
    (
        "late,timed_out",
        "one of several, for verdicts, devices, rules and the like",
    ),
    ("\"two words\"", "text as it is, whatever is in it"),
    (
        "/temp\\d+/i",
        "a regular expression; /…/ minds the case, /…/i does not",
    ),
    (
        ">5ms  <=1s  5ms..20ms",
        "more, at most, from one to the other",
    ),
    (
        "payload.status:on",
        "a value in JSON; also payload:/a/0=on and payload.n:>5",
    ),
];

pub fn filter_menu_ui(ui: &mut Ui, app: &App, view: &mut View, actions: &mut Vec<Action>) {
    let saved = Button::icon(Icon::Bookmark, "Saved filters");
    let response = ui.add(saved);
    Popup::menu(&response)
        .id(Id::unique("saved filters"))
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .show(|ui| roomy(ui, |ui| saved_ui(ui, app, view, actions)));
    let help = Button::icon(Icon::CircleQuestionMark, "Filter language");
    let response = ui.add(help);
    Popup::menu(&response)
        .id(Id::unique("filter language"))
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .show(|ui| roomy(ui, language_ui));
}

fn roomy(ui: &mut Ui, contents: impl FnOnce(&mut Ui)) {
    let margin = egui::Margin::symmetric(8, 6);
    egui::Frame::new().inner_margin(margin).show(ui, contents);
}

fn saved_ui(ui: &mut Ui, app: &App, view: &mut View, actions: &mut Vec<Action>) {
    let theme = Theme::of(ui);
    let view = &mut view.filter;
    ui.set_width(MENU_WIDTH);
    let filters = &app.settings.filters;
    if filters.is_empty() {
        let words = "No filter is saved yet. Type one, give it a name, and it is there for everybody who uses this workspace.";
        text::paragraph(ui, words, fonts::small(), theme.muted);
    }
    ScrollArea::vertical().max_height(260.0).show(ui, |ui| {
        for filter in filters {
            let title = filter.title();
            if let Some((of, typed)) = &mut view.renaming
                && of == title
            {
                if let Some(name) = rename_ui(ui, typed) {
                    let from = title.to_owned();
                    actions.push(Action::RenameFilter { from, to: name });
                    view.renaming = None;
                }
                continue;
            }
            ui.horizontal(|ui| {
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    let name = format!("Delete filter {title}");
                    if ui.add(Button::icon(Icon::Trash, &name)).clicked() {
                        actions.push(Action::DeleteFilter(title.to_owned()));
                    }
                    let name = format!("Rename filter {title}");
                    if ui.add(Button::icon(Icon::Pencil, &name)).clicked() {
                        view.renaming = Some((title.to_owned(), title.to_owned()));
                    }
                    ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                        if entry_ui(ui, title, &filter.text) {
                            actions.push(Action::ApplyFilter(title.to_owned()));
                            ui.close();
                        }
                    });
                });
            });
        }
    });
    ui.separator();
    save_ui(ui, app, &mut view.name, actions);
    if !app.recent_filters().is_empty() {
        ui.separator();
        text::label(ui, "Used last", fonts::small(), theme.muted);
        for recent in app.recent_filters().iter().take(6) {
            if entry_ui(ui, recent, "") {
                actions.push(Action::SetFilter(recent.clone()));
                ui.close();
            }
        }
    }
}

/// A name and, quietly, what is behind it. Tells whether it was chosen.
fn entry_ui(ui: &mut Ui, title: &str, filter: &str) -> bool {
    let theme = Theme::of(ui);
    let size = vec2(ui.available_width(), theme::FORM_ROW);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    response.widget_info(|| {
        let words = format!("Apply filter {title}");
        egui::WidgetInfo::labeled(egui::Role::Button, true, words)
    });
    if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(rect, 4, theme.hovered);
    }
    let inner = rect.shrink2(vec2(6.0, 0.0));
    let font = if filter.is_empty() {
        fonts::code()
    } else {
        fonts::body()
    };
    let share = if filter.is_empty() { 1.0 } else { 0.6 };
    let name = text::line(ui, title, font, theme.text, inner.width() * share);
    let room = inner.width() - name.size().x - 12.0;
    text::paint_in(ui, inner, Align::Min, name);
    if filter != title {
        let behind = text::line(ui, filter, fonts::code_small(), theme.muted, room);
        text::paint_in(ui, inner, Align::Max, behind);
    }
    let was_chosen = response.clicked();
    if !filter.is_empty() {
        response.on_hover_text(filter);
    }
    was_chosen
}

/// Gives the new name once it is there.
fn rename_ui(ui: &mut Ui, typed: &mut String) -> Option<String> {
    ui.horizontal(|ui| {
        let field = Field::new(typed, "New name of the filter")
            .width(MENU_WIDTH - 84.0)
            .show(ui);
        let is_entered =
            field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
        let is_pressed = ui.add(Button::new("Rename")).clicked();
        (is_entered || is_pressed).then(|| typed.clone())
    })
    .inner
}

fn save_ui(ui: &mut Ui, app: &App, name: &mut String, actions: &mut Vec<Action>) {
    let theme = Theme::of(ui);
    let is_right = app.filter.problems().is_empty();
    let has_something =
        !app.filter.text().trim().is_empty() || app.listing.filter().category.is_some();
    if !is_right || !has_something {
        let words = if is_right {
            "Type a filter or press a chip to save it here."
        } else {
            "What is typed cannot be saved: something is wrong with it."
        };
        text::paragraph(ui, words, fonts::small(), theme.muted);
        return;
    }
    ui.horizontal(|ui| {
        let field = Field::new(name, "Name of the filter")
            .hint("Slow answers")
            .width(MENU_WIDTH - 66.0)
            .show(ui);
        let is_entered =
            field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
        let button = Button::new("Save")
            .name("Save the filter")
            .tooltip("Keeps what is typed, with the chosen chip, in the workspace")
            .enabled(!name.trim().is_empty());
        let is_pressed = ui.add(button).clicked();
        if (is_entered || is_pressed) && !name.trim().is_empty() {
            actions.push(Action::SaveFilter(std::mem::take(name)));
            ui.close();
        }
    });
}

fn language_ui(ui: &mut Ui) {
    let width = HELP_WIDTH.min(ui.ctx().content_rect().width() - 48.0);
    ui.set_width(width);
    let theme = Theme::of(ui);
    let most = ui.ctx().content_rect().height() - 120.0;
    ScrollArea::vertical()
        .max_height(most)
        .auto_shrink([false, true])
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 1.0;
            text::label(ui, "The filter language", fonts::strong(), theme.text);
            ui.add_space(4.0);
            for field in FilterField::ALL {
                line_ui(ui, field.example(), &field.help().replace('`', ""));
            }
            ui.add_space(8.0);
            for (sign, meaning) in JOINING {
                line_ui(ui, sign, meaning);
            }
            ui.add_space(6.0);
            let words = "Letters match in either case. Of a request and its replies one is enough. Tab takes what is offered, arrow keys choose, Escape closes.";
            text::paragraph(ui, words, fonts::small(), theme.muted);
        });
}

fn line_ui(ui: &mut Ui, sign: &str, meaning: &str) {
    let theme = Theme::of(ui);
    ui.horizontal(|ui| {
        ui.spacing_mut().interact_size.y = 20.0;
        let (rect, response) = ui.allocate_exact_size(vec2(190.0, 20.0), Sense::hover());
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, sign));
        let sign = text::line(
            ui,
            sign,
            fonts::code_small(),
            theme.syntax.key,
            rect.width(),
        );
        text::paint_in(ui, rect, Align::Min, sign);
        text::label(ui, meaning, fonts::small(), theme.text);
    });
}
