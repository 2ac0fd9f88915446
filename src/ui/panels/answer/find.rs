//! Looking for something in the payload on show.

use crate::app::reading::Reading;
use crate::app::work::Worker;
use crate::ui::view::FindView;
use crate::ui::widgets::payload_view::ViewState;
use crate::ui::widgets::{Button, Field, payload_view, scroll, text};
use crate::ui::{Icon, Theme, fonts, theme};
use egui::{Align, Id, Key, Layout, Modifiers, Pos2, Rect, Ui, vec2};

/// The name of the payload on show.
pub const PAYLOAD: &str = "Message payload";

/// The line above the payload: what is looked for, how often it occurs, back and forth.
pub fn find_ui(
    ui: &mut Ui,
    find: &mut FindView,
    is_formatting: bool,
    asks_for_focus: bool,
    state: &mut ViewState,
) {
    let field = Id::unique("find in the payload");
    let payload = payload_view::focus_id(ui, PAYLOAD);
    find.takes = [Some(payload), Some(field)];
    find.is_open |= asks_for_focus;
    if !find.is_open {
        return;
    }
    let has_keyboard = find.has_keyboard(ui.ctx());
    let pressed = |ui: &Ui, modifiers, key| {
        has_keyboard && ui.input_mut(|input| input.consume_key(modifiers, key))
    };
    // Shift makes no difference to a key that is asked for without it: ask for it first.
    let mut step = pressed(ui, Modifiers::SHIFT, Key::F3).then_some(false);
    step = step.or_else(|| pressed(ui, Modifiers::NONE, Key::F3).then_some(true));
    let in_payload = ui.memory(|memory| memory.has_focus(payload));
    let mut closes = in_payload && pressed(ui, Modifiers::NONE, Key::Escape);
    let theme = Theme::of(ui);
    let size = vec2(ui.available_width(), theme::FORM_ROW + 4.0);
    ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Min), |ui| {
        ui.set_min_size(size);
        ui.spacing_mut().item_spacing.x = 2.0;
        closes |= ui
            .add(Button::icon(Icon::X, "Close the search").shortcut("Esc"))
            .clicked();
        let has_found = find.finder.has_found();
        for (icon, name, keys, is_forward) in [
            (Icon::ChevronDown, "Next place", "Enter", true),
            (Icon::ChevronUp, "Place before", "Shift+Enter", false),
        ] {
            let button = Button::icon(icon, name).shortcut(keys).enabled(has_found);
            if ui.add(button).clicked() {
                step = Some(is_forward);
            }
        }
        let told = if is_formatting {
            "searching…".to_owned()
        } else {
            find.finder.told()
        };
        if !told.is_empty() {
            text::label(ui, &told, fonts::small(), theme.muted);
            ui.add_space(6.0);
        }
        let problem = find.finder.problem().map(str::to_owned);
        let response = Field::new(&mut find.finder.text, "Find in the payload")
            .hint("find; in bytes also 0x1f 2e")
            .error(problem.as_deref())
            .only_marked()
            .id(field)
            .show(ui);
        if asks_for_focus {
            response.request_focus();
            select_all(ui, field, &find.finder.text);
        }
        if response.lost_focus() {
            let (enter, escape, shift) = ui.input(|input| {
                let pressed = |key| input.key_pressed(key);
                let shift = input.modifiers.shift;
                (pressed(Key::Enter), pressed(Key::Escape), shift)
            });
            if enter {
                step = Some(!shift);
                response.request_focus();
            }
            closes |= escape;
        }
        if let Some(problem) = problem {
            response.on_hover_text(problem);
        }
    });
    if let Some(is_forward) = step {
        find.finder.step(is_forward);
        if let Some(place) = find.finder.current() {
            state.reveal(place.start);
        }
    }
    if closes {
        find.is_open = false;
        ui.memory_mut(|memory| memory.request_focus(payload));
    }
}

fn select_all(ui: &Ui, field: Id, text: &str) {
    let mut state = egui::TextEdit::load_state(ui.ctx(), field).unwrap_or_default();
    let all = egui::text::CCursorRange::two(
        egui::text::CCursor::default(),
        egui::text::CCursor::end_of_str(text),
    );
    state.cursor.set_char_range(Some(all));
    state.store(ui.ctx(), field);
}

/// Beside the button that copies, in the payload's corner.
pub fn open_button_ui(ui: &mut Ui, find: &mut FindView, right_top: Pos2) {
    const SIDE: f32 = 24.0;
    if find.is_open {
        return;
    }
    let left = right_top.x - scroll::BAR - 2.0 * SIDE - 4.0;
    let rect = Rect::from_min_size(egui::pos2(left, right_top.y), vec2(SIDE, SIDE));
    let button = Button::icon(Icon::Search, "Find in the payload…")
        .shortcut("Ctrl+F")
        .small();
    let mut child = ui.new_child(egui::UiBuilder::new().max_rect(rect));
    if child.put(rect, button).clicked() {
        find.is_open = true;
        if let [_, Some(field)] = find.takes {
            ui.memory_mut(|memory| memory.request_focus(field));
        }
    }
}

/// Has what is typed looked for, and brings what was found into view.
pub fn advance(
    ui: &Ui,
    find: &mut FindView,
    reading: &Reading,
    state: &mut ViewState,
    worker: &Worker,
) {
    // Of what is still formatted all places would be others in a moment.
    if !find.is_open || reading.is_formatting() {
        return;
    }
    let top = reading.document.place_of(*state.top_mut());
    if find.finder.advance(&reading.document, top, worker) {
        if let Some(place) = find.finder.current() {
            state.reveal(place.start);
        }
        ui.ctx().request_repaint();
    }
}
