//! The filter box: a line with colours, what could be written next, and what is wrong at its place.

use crate::app::rows::Tone;
use crate::app::{Action, App};
use crate::model::timeline::filter::{
    Completion, Problem, Stretch, StretchKind, complete, stretches,
};
use crate::ui::view::{Focus, View};
use crate::ui::widgets::{Button, text};
use crate::ui::{Icon, Theme, fonts, theme};
use egui::accesskit::Invalid;
use egui::text::{CCursor, CCursorRange, LayoutJob, TextFormat};
use egui::text_edit::TextEditState;
use egui::{
    Align, Align2, Area, CornerRadius, EventFilter, Frame, Galley, Id, Key, Margin, Modifiers,
    Order, Rect, Response, RichText, Role, ScrollArea, Sense, Stroke, StrokeKind, TextBuffer,
    TextEdit, Ui, UiBuilder, WidgetInfo, pos2, vec2,
};
use std::sync::Arc;

const NAME: &str = "Filter the timeline";
const LIST_WIDTH: f32 = 480.0;
const LIST_HEIGHT: f32 = 288.0;

/// What the box remembers from frame to frame.
#[derive(Debug, Default)]
pub struct FilterView {
    /// As of the last frame, while the list is open.
    offers: Vec<Completion>,
    selected: Option<usize>,
    /// The list was closed, and stays so until something is typed.
    is_dismissed: bool,
    is_open: bool,
    had_focus: bool,
    /// Byte of the text.
    cursor: usize,
    /// What is typed in the menu of saved filters.
    pub name: String,
    /// Which saved filter is being renamed, and how.
    pub renaming: Option<(String, String)>,
}

/// The keys that belong to the list while it is open.
#[derive(Clone, Copy, Debug, Default)]
struct Keys {
    up: bool,
    down: bool,
    /// Take what is selected, or the first.
    take: bool,
    /// Take what is selected, if something is.
    enter: bool,
    close: bool,
}

pub fn filter_box_ui(
    ui: &mut Ui,
    app: &App,
    view: &mut View,
    width: f32,
    actions: &mut Vec<Action>,
) {
    let id = Id::unique("timeline filter");
    let asks_for_focus = view.take_focus(Focus::Filter);
    let view = &mut view.filter;
    let has_focus = ui.memory(|memory| memory.has_focus(id));
    let mut line = app.filter.text().to_owned();
    let keys = if has_focus {
        keys(ui, view)
    } else {
        Keys::default()
    };
    if let Some(at) = steer(view, keys) {
        take(ui, id, view, at, &mut line);
    }
    let problems = shown_problems(app, view, has_focus, &line);
    let response = field_ui(ui, id, view, width, &mut line, &problems);
    if asks_for_focus {
        response.request_focus();
        view.is_dismissed = false;
    }
    if view.had_focus && !response.has_focus() {
        actions.push(Action::KeepRecentFilter);
    }
    if response.has_focus() && !view.had_focus {
        view.is_dismissed = false;
    }
    view.had_focus = response.has_focus();
    if response.changed() {
        view.is_dismissed = false;
        view.selected = None;
    }
    if line != app.filter.text() {
        actions.push(Action::SetFilter(line.clone()));
    }
    offer(app, view, &line);
    if let Some(chosen) = below_ui(ui, app, view, &response, &problems) {
        take(ui, id, view, chosen, &mut line);
        actions.push(Action::SetFilter(line));
        response.request_focus();
    }
}

/// Takes the keys that the list uses away from the field.
fn keys(ui: &Ui, view: &FilterView) -> Keys {
    let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
    if !view.is_open || view.offers.is_empty() {
        return Keys {
            down: pressed(Key::ArrowDown),
            ..Keys::default()
        };
    }
    Keys {
        up: pressed(Key::ArrowUp),
        down: pressed(Key::ArrowDown),
        take: pressed(Key::Tab),
        enter: view.selected.is_some() && pressed(Key::Enter),
        close: pressed(Key::Escape),
    }
}

/// Moves the selection; gives what is to be taken.
fn steer(view: &mut FilterView, keys: Keys) -> Option<usize> {
    let last = view.offers.len().checked_sub(1);
    if keys.down {
        if view.is_dismissed {
            view.is_dismissed = false;
        } else {
            let next = view.selected.map_or(0, |at| at + 1);
            view.selected = last.map(|last| next.min(last));
        }
    }
    if keys.up {
        view.selected = view.selected.and_then(|at| at.checked_sub(1));
    }
    if keys.close {
        view.is_dismissed = true;
    }
    if keys.take || keys.enter {
        return Some(view.selected.unwrap_or(0));
    }
    None
}

/// Puts what was chosen into the line, and the cursor behind it.
fn take(ui: &Ui, id: Id, view: &mut FilterView, at: usize, line: &mut String) {
    let Some(chosen) = view.offers.get(at) else {
        return;
    };
    let (text, cursor) = chosen.apply(line);
    view.is_dismissed = !chosen.goes_on();
    view.selected = None;
    view.cursor = cursor;
    let chars = text.get(..cursor).unwrap_or(&text).chars().count();
    let mut state = TextEditState::load(ui.ctx(), id).unwrap_or_default();
    let range = CCursorRange::one(CCursor::new(chars));
    state.cursor.set_char_range(Some(range));
    state.store(ui.ctx(), id);
    *line = text;
}

/// What is wrong. What is only unfinished is not held against who is still typing there.
fn shown_problems(app: &App, view: &FilterView, has_focus: bool, line: &str) -> Vec<Problem> {
    if line != app.filter.text() {
        return Vec::new();
    }
    let is_typing = |problem: &Problem| {
        let word = line.get(problem.span.clone());
        let is_joining = matches!(word, Some("OR" | "AND"));
        // A group of which more than the first word stands there is left out until it is closed: that is said.
        let is_long_group = word.is_some_and(|word| {
            let inner = word.strip_prefix('(').map(str::trim_start);
            inner.is_some_and(|inner| inner.contains(char::is_whitespace))
        });
        let between = line.get(problem.span.end..view.cursor);
        let is_there = between
            .is_some_and(|between| between.is_empty() || (is_joining && between.trim().is_empty()));
        has_focus && problem.is_unfinished && is_there && !is_long_group
    };
    let problems = app.filter.problems().iter();
    let problems = problems.filter(|problem| !is_typing(problem));
    problems.cloned().collect()
}

fn field_ui(
    ui: &mut Ui,
    id: Id,
    view: &mut FilterView,
    width: f32,
    line: &mut String,
    problems: &[Problem],
) -> Response {
    let theme = Theme::of(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(width, theme::FORM_ROW), Sense::hover());
    // Its outline depends on what the edit, painted after it, turns out to be.
    let ground = ui.painter().add(egui::Shape::Noop);
    let clear = Rect::from_min_max(pos2(rect.right() - 26.0, rect.top()), rect.max).shrink(2.0);
    let edit_rect = Rect::from_min_max(rect.min, pos2(clear.left(), rect.bottom()));
    let mut layouter =
        |ui: &Ui, buffer: &dyn TextBuffer, _width: f32| coloured(ui, buffer.as_str(), problems);
    let list_keys = view.is_open && !view.offers.is_empty();
    let edit = TextEdit::singleline(line)
        .id(id)
        .font(fonts::code())
        .hint_text(
            RichText::new("topic:light rtt:>5ms")
                .font(fonts::code())
                .color(theme.dim),
        )
        .frame(Frame::NONE.inner_margin(Margin::symmetric(10, 0)))
        .align(Align2::LEFT_CENTER)
        .clip_text(true)
        .desired_width(f32::INFINITY)
        .min_size(edit_rect.size())
        .event_filter(EventFilter {
            horizontal_arrows: true,
            vertical_arrows: true,
            tab: list_keys,
            escape: list_keys,
        })
        .layouter(&mut layouter);
    let mut child = ui.new_child(UiBuilder::new().max_rect(edit_rect));
    let output = edit.show(&mut child);
    let response = output.response.response.accessible_name(NAME);
    if let Some(range) = output.cursor_range {
        let chars = range.primary.index.0;
        let byte = line.char_indices().nth(chars).map(|(byte, _)| byte);
        view.cursor = byte.unwrap_or(line.len());
    }
    let outline = match (problems, response.has_focus()) {
        ([_, ..], _) => Stroke::new(1.0, theme.failed),
        ([], true) => Stroke::new(1.0, theme.accent),
        ([], false) if response.hovered() => {
            Stroke::new(1.0, theme::mix(theme.line, theme.text, 0.18))
        }
        ([], false) => theme.hairline(),
    };
    let radius = CornerRadius::same(theme::RADIUS);
    let shape =
        egui::epaint::RectShape::new(rect, radius, theme.field, outline, StrokeKind::Inside);
    ui.painter().set(ground, shape);
    if let Some(problem) = problems.first() {
        ui.ctx().accesskit_node_builder(id, |node| {
            node.set_invalid(Invalid::True);
            node.set_description(problem.sentence());
        });
    }
    if !line.is_empty() {
        let button = Button::icon(Icon::X, "Clear the filter").small();
        let mut child = ui.new_child(UiBuilder::new().max_rect(clear));
        if child.put(clear, button).clicked() {
            line.clear();
            response.request_focus();
        }
    }
    response
}

/// The line in colours, underlined where it is wrong.
fn coloured(ui: &Ui, line: &str, problems: &[Problem]) -> Arc<Galley> {
    let theme = Theme::of(ui);
    let mut job = LayoutJob {
        break_on_newline: false,
        ..LayoutJob::default()
    };
    let ink = |kind| match kind {
        Some(StretchKind::Field) => theme.syntax.key,
        Some(StretchKind::Operator) => theme.syntax.keyword,
        Some(StretchKind::Value) | None => theme.text,
    };
    let found = stretches(line);
    let mut cuts: Vec<usize> = vec![0, line.len()];
    let spans = found.iter().map(|one: &Stretch| &one.span);
    for span in spans.chain(problems.iter().map(|problem| &problem.span)) {
        cuts.extend([span.start, span.end]);
    }
    cuts.sort_unstable();
    cuts.dedup();
    for pair in cuts.windows(2) {
        let &[from, to] = pair else { continue };
        let Some(piece) = line.get(from..to) else {
            continue;
        };
        let stretch = found.iter().find(|one| one.span.contains(&from));
        let is_wrong = problems.iter().any(|one| one.span.contains(&from));
        let underline = if is_wrong {
            Stroke::new(2.0, theme.failed)
        } else {
            Stroke::NONE
        };
        let format = TextFormat {
            font_id: fonts::code(),
            color: ink(stretch.map(|one| one.kind)),
            underline,
            ..TextFormat::default()
        };
        job.append(piece, 0.0, format);
    }
    if job.sections.is_empty() {
        job.append(line, 0.0, TextFormat::simple(fonts::code(), theme.text));
    }
    ui.fonts_mut(|fonts| fonts.layout_job(job))
}

/// Brings the list up to date with the line and the cursor.
fn offer(app: &App, view: &mut FilterView, line: &str) {
    let is_wanted = view.had_focus && !view.is_dismissed;
    if !is_wanted && !view.is_open {
        view.offers.clear();
        return;
    }
    let mut offers = Vec::new();
    if line.is_empty() {
        offers.extend(app.recent_filters().iter().take(5).map(|text| Completion {
            replace: 0..0,
            text: text.clone(),
            label: text.clone(),
            help: "used before".to_owned(),
        }));
    }
    offers.extend(complete(line, view.cursor, &app.vocabulary()));
    view.offers = offers;
    let last = view.offers.len().checked_sub(1);
    view.selected = view.selected.and_then(|at| last.map(|last| at.min(last)));
}

/// Below the field: what is wrong, and the list. Gives what was chosen with the pointer.
fn below_ui(
    ui: &Ui,
    app: &App,
    view: &mut FilterView,
    field: &Response,
    problems: &[Problem],
) -> Option<usize> {
    let area_id = field.id.with("below");
    // A click on the list takes the keyboard from the field before it is a click.
    let over_list = view.is_open
        && ui
            .ctx()
            .memory(|memory| memory.area_rect(area_id))
            .is_some_and(|rect| {
                ui.input(|input| input.pointer.latest_pos())
                    .is_some_and(|at| rect.contains(at))
            });
    let is_wanted = (field.has_focus() || over_list) && !view.is_dismissed;
    view.is_open = is_wanted && !view.offers.is_empty();
    let hints = if problems.is_empty() && field.has_focus() {
        app.filter.hints()
    } else {
        &[]
    };
    if !view.is_open && problems.is_empty() && hints.is_empty() {
        return None;
    }
    let theme = Theme::of(ui);
    let frame = Frame::new()
        .fill(theme.panel)
        .stroke(theme.hairline())
        .corner_radius(CornerRadius::same(theme::RADIUS))
        .inner_margin(Margin::same(4))
        .shadow(egui::Shadow {
            offset: [0, 4],
            blur: 14,
            spread: 0,
            color: theme.shadow,
        });
    let most = ui.ctx().content_rect().right() - field.rect.left() - 24.0;
    let width = LIST_WIDTH.min(most);
    let shown = Area::new(area_id)
        .order(Order::Foreground)
        .fixed_pos(field.rect.left_bottom() + vec2(0.0, 4.0))
        .constrain(true)
        .show(ui.ctx(), |ui| {
            frame
                .show(ui, |ui| {
                    ui.set_width(width);
                    ui.spacing_mut().item_spacing.y = 0.0;
                    for problem in problems {
                        sentence_ui(ui, &problem.sentence(), theme.ink(Tone::Failed));
                    }
                    if !problems.is_empty() {
                        sentence_ui(ui, &what_applies(app), theme.muted);
                    }
                    for hint in hints {
                        sentence_ui(ui, &hint.sentence(), theme.muted);
                    }
                    if view.is_open {
                        list_ui(ui, view)
                    } else {
                        None
                    }
                })
                .inner
        });
    shown.inner
}

/// Which filter it is that the list goes by meanwhile.
fn what_applies(app: &App) -> String {
    match app.listing.filter().text().trim() {
        "" => "Until then it is left out, and no text filters the rows.".to_owned(),
        text => format!("Until then it is left out, and this applies: {text}"),
    }
}

fn sentence_ui(ui: &mut Ui, sentence: &str, color: egui::Color32) {
    Frame::new()
        .inner_margin(Margin::symmetric(6, 3))
        .show(ui, |ui| {
            text::paragraph(ui, sentence, fonts::small(), color);
        });
}

fn list_ui(ui: &mut Ui, view: &FilterView) -> Option<usize> {
    let mut chosen = None;
    ScrollArea::vertical()
        .max_height(LIST_HEIGHT)
        // The list may have been shorter in the last frame.
        .min_scrolled_height(LIST_HEIGHT)
        .auto_shrink([false, true])
        .show(ui, |ui| {
            for (at, offer) in view.offers.iter().enumerate() {
                let is_selected = view.selected == Some(at);
                let response = offer_ui(ui, offer, is_selected);
                if is_selected {
                    response.scroll_to_me(None);
                }
                if response.clicked() {
                    chosen = Some(at);
                }
            }
        });
    chosen
}

fn offer_ui(ui: &mut Ui, offer: &Completion, is_selected: bool) -> Response {
    let theme = Theme::of(ui);
    let size = vec2(ui.available_width(), theme::ROW);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    response.widget_info(|| {
        let words = if offer.help.is_empty() {
            offer.label.clone()
        } else {
            format!("{}, {}", offer.label, offer.help)
        };
        WidgetInfo::selected(Role::ListBoxOption, true, is_selected, words)
    });
    if !ui.is_rect_visible(rect) {
        return response;
    }
    if is_selected {
        ui.painter().rect_filled(rect, 4, theme.selected);
    } else if response.hovered() {
        ui.painter().rect_filled(rect, 4, theme.hovered);
    }
    let inner = rect.shrink2(vec2(6.0, 0.0));
    let share = if offer.help.is_empty() { 1.0 } else { 0.62 };
    let label = text::line(
        ui,
        &offer.label,
        fonts::code(),
        theme.text,
        inner.width() * share,
    );
    let after = inner.left() + (label.size().x + 12.0).max(104.0);
    text::paint_in(ui, inner, Align::Min, label);
    let room = (inner.right() - after).max(0.0);
    let help = text::line(ui, &offer.help, fonts::small(), theme.muted, room);
    let place = Rect::from_min_max(pos2(after, inner.top()), inner.max);
    text::paint_in(ui, place, Align::Min, help);
    response
}
