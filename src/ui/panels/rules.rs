//! The pairing rules: MQTT 5, the workspace's own, and the presets folded by what they are for.

use crate::app::rules::{RuleGroup, RuleItem, YOURS};
use crate::app::{Action, App};
use crate::model::request::MQTT5_RULE;
use crate::ui::panels::tree::folder_ui;
use crate::ui::widgets::{Button, section, text};
use crate::ui::{Icon, Theme, fonts, theme};
use egui::{Align, Id, Popup, Rect, Response, Role, Sense, Ui, WidgetInfo, pos2, vec2};

pub fn rules_ui(ui: &mut Ui, app: &App, actions: &mut Vec<Action>) {
    let add = Some((Icon::Plus, "New pairing rule"));
    if section::section_header(ui, "Pairing rules", add) {
        actions.push(Action::NewRule);
    }
    let front = app.tabs.front().map(|tab| tab.draft.pairing.rule_id());
    let mut list = List { front, actions };
    let groups = app.rules.groups();
    let is_default = |group: &&RuleGroup| group.items.iter().any(|item| item.id == MQTT5_RULE);
    let yours = groups.iter().filter(|group| group.name == YOURS);
    for group in groups.iter().filter(is_default).chain(yours) {
        for (at, item) in group.items.iter().enumerate() {
            list.item_ui(ui, item, 0.0, (at, group.items.len()));
        }
    }
    for group in groups {
        if group.name == YOURS || is_default(&group) {
            continue;
        }
        let is_open = app.window.open_rules.contains(&group.name);
        let name = (group.name.as_str(), group.name.as_str(), 0);
        if folder_ui(ui, name, "pairing rules", group.items.len(), is_open).clicked() {
            list.actions.push(Action::ToggleRules(group.name.clone()));
        }
        if is_open {
            for item in &group.items {
                list.item_ui(ui, item, 16.0, (0, 1));
            }
        }
    }
}

struct List<'a> {
    /// The rule of the request in front.
    front: Option<&'a str>,
    actions: &'a mut Vec<Action>,
}

impl List<'_> {
    fn item_ui(&mut self, ui: &mut Ui, item: &RuleItem, indent: f32, place: (usize, usize)) {
        let is_in_front = self.front == Some(item.id.as_str()) && item.problem.is_none();
        let response = row_ui(ui, item, indent, is_in_front);
        if response.double_clicked()
            && let Some(file) = &item.file
        {
            self.actions.push(Action::EditRule(file.clone()));
        }
        let response = response.on_hover_text(&item.sentence);
        for (popup, kind) in [
            (Popup::context_menu(&response), "context"),
            (Popup::menu(&response), "menu"),
        ] {
            popup
                .id(Id::unique(("rule", kind, &item.id, &item.file)))
                .show(|ui| self.menu_ui(ui, item, is_in_front, place));
        }
    }

    fn menu_ui(
        &mut self,
        ui: &mut Ui,
        item: &RuleItem,
        is_in_front: bool,
        (at, count): (usize, usize),
    ) {
        let theme = Theme::of(ui);
        ui.set_max_width(330.0);
        if let Some(problem) = &item.problem {
            text::paragraph(ui, problem, fonts::small(), theme.failed);
        }
        let mut entries: Vec<(&str, Action)> = Vec::new();
        if item.problem.is_none() && !is_in_front {
            entries.push(("Use in this request", Action::UseRule(item.id.clone())));
        }
        if item.has_example {
            entries.push((
                "Open its example",
                Action::OpenPresetExample(item.id.clone()),
            ));
        }
        let copy = Action::DuplicateRule(item.id.clone());
        match &item.file {
            Some(file) => {
                entries.push(("Edit", Action::EditRule(file.clone())));
                if item.problem.is_none() {
                    entries.push(("Duplicate", copy));
                }
                for (words, up, is_there) in [
                    ("Try it earlier", true, at > 0),
                    ("Try it later", false, at + 1 < count),
                ] {
                    if is_there {
                        let file = file.clone();
                        entries.push((words, Action::MoveRule { file, up }));
                    }
                }
                entries.push(("Delete", Action::DeleteRule(file.clone())));
            }
            None if item.id == MQTT5_RULE => {}
            None => entries.push(("Duplicate to edit", copy)),
        }
        if entries.is_empty() {
            text::paragraph(ui, &item.sentence, fonts::small(), theme.muted);
        }
        for (words, action) in entries {
            let button = Button::ghost(words);
            let button = if matches!(action, Action::DeleteRule(_)) {
                button.color(theme.failed)
            } else {
                button
            };
            if ui.add(button).clicked() {
                self.actions.push(action);
                ui.close();
            }
        }
    }
}

fn row_ui(ui: &mut Ui, item: &RuleItem, indent: f32, is_in_front: bool) -> Response {
    let theme = Theme::of(ui);
    let (rect, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), theme::FORM_ROW), Sense::click());
    response.widget_info(|| {
        let label = format!("Pairing rule {}, {}", item.title, item.hint);
        WidgetInfo::selected(Role::Button, true, is_in_front, label)
    });
    let wide = rect.expand2(vec2(14.0, 0.0));
    if is_in_front {
        ui.painter().rect_filled(wide, 0, theme.selected);
    } else if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(wide, 0, theme.hovered);
    }
    let ink = if item.problem.is_some() {
        theme.failed
    } else {
        theme.muted
    };
    let hint = text::line(ui, &item.hint, fonts::small(), ink, rect.width() * 0.45);
    let rect = Rect::from_min_max(pos2(rect.left() + indent, rect.top()), rect.max);
    let room = rect.width() - hint.size().x - 8.0;
    let whole = text::line(ui, &item.title, fonts::body(), theme.text, rect.width());
    // Where there is no room for both, the title is worth more; but not than a problem.
    if whole.size().x > room && item.problem.is_none() {
        text::paint_in(ui, rect, Align::Min, whole);
        return response;
    }
    let name = text::line(ui, &item.title, fonts::body(), theme.text, room);
    text::paint_in(ui, rect, Align::Min, name);
    text::paint_in(ui, rect, Align::Max, hint);
    response
}
