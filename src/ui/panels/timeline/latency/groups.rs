//! The groups and their percentiles: sorted by a press on a title, chosen by a press on a line.

use super::push;
use crate::app::latency::{GroupLine, LatencyAction, Report, SortBy};
use crate::app::{Action, App};
use crate::ui::widgets::text;
use crate::ui::{Theme, fonts, theme};
use egui::{
    Align, CornerRadius, Rangef, Rect, Role, ScrollArea, Sense, Stroke, Ui, WidgetInfo, pos2, vec2,
};

const HEADER: f32 = 26.0;
const NAME_LEAST: f32 = 120.0;

/// Column, width, and its place in a line's cells.
const CELLS: [(SortBy, f32, usize); 6] = [
    (SortBy::Count, 62.0, 0),
    (SortBy::Unanswered, 44.0, 1),
    (SortBy::P50, 70.0, 2),
    (SortBy::P90, 70.0, 3),
    (SortBy::P99, 70.0, 4),
    (SortBy::Max, 70.0, 5),
];
/// What goes first where there is little room.
const FIRST_TO_GO: [SortBy; 4] = [SortBy::P90, SortBy::Max, SortBy::Unanswered, SortBy::Count];

/// Where the columns that fit stand, the name's first.
fn layout(area: Rangef) -> (Rangef, Vec<(SortBy, usize, Rangef)>) {
    let mut cells = CELLS.to_vec();
    for gone in FIRST_TO_GO {
        let needed: f32 = cells.iter().map(|(_, width, _)| width).sum();
        if needed + NAME_LEAST <= area.span() {
            break;
        }
        cells.retain(|(column, ..)| *column != gone);
    }
    let mut right = area.max - 10.0;
    let mut places = Vec::new();
    for (column, width, at) in cells.into_iter().rev() {
        places.push((column, at, Rangef::new(right - width, right)));
        right -= width;
    }
    places.reverse();
    (Rangef::new(area.min + 14.0, right - 4.0), places)
}

pub fn groups_ui(ui: &mut Ui, app: &App, report: &Report, actions: &mut Vec<Action>) {
    let theme = Theme::of(ui);
    let area = ui.available_rect_before_wrap();
    let (head, body) = area.split_top_bottom_at_y(area.top() + HEADER);
    let (name, cells) = layout(area.x_range());
    let titles = std::iter::once((SortBy::Name, name, Align::Min)).chain(
        cells
            .iter()
            .map(|(column, _, range)| (*column, *range, Align::Max)),
    );
    for (column, range, align) in titles {
        let rect = Rect::from_x_y_ranges(range, head.y_range());
        if title_ui(ui, rect, column, align, app.latency.sort) {
            push(actions, LatencyAction::SortBy(column));
        }
    }
    ui.painter()
        .hline(area.x_range(), head.bottom(), theme.hairline());
    let mut list = ui.new_child(egui::UiBuilder::new().id_salt("group lines").max_rect(body));
    list.spacing_mut().item_spacing = vec2(0.0, 0.0);
    ScrollArea::vertical()
        .id_salt("group lines")
        .auto_shrink(false)
        .show_rows(&mut list, theme::ROW, report.groups.len(), |ui, range| {
            for line in report.groups.get(range).unwrap_or_default() {
                if line_ui(ui, line, name, &cells) {
                    let wanted = line.key.clone().filter(|_| !line.is_chosen);
                    push(actions, LatencyAction::Choose(wanted));
                }
            }
        });
}

fn title_ui(ui: &Ui, rect: Rect, column: SortBy, align: Align, sort: (SortBy, bool)) -> bool {
    let theme = Theme::of(ui);
    let is_sorted = sort.0 == column;
    // The largest first, but names from A.
    let points_up = (column == SortBy::Name) != sort.1;
    let arrow = match (is_sorted, points_up) {
        (false, _) => "",
        (true, true) => " ↑",
        (true, false) => " ↓",
    };
    let response = ui.interact(
        rect,
        ui.scope_id().with(("sort", column.label())),
        Sense::click(),
    );
    response.widget_info(|| {
        let words = format!("Sort by {}", column.label());
        WidgetInfo::selected(Role::Button, ui.is_enabled(), is_sorted, words)
    });
    let ink = if is_sorted || response.hovered() || response.has_focus() {
        theme.text
    } else {
        theme.muted
    };
    let words = format!("{}{arrow}", column.label());
    let galley = text::line(ui, &words, fonts::small(), ink, rect.width());
    text::paint_in(ui, rect, align, galley);
    response.clicked()
}

fn line_ui(ui: &mut Ui, line: &GroupLine, name: Rangef, cells: &[(SortBy, usize, Rangef)]) -> bool {
    let theme = Theme::of(ui);
    let size = vec2(ui.available_width(), theme::ROW);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    response.widget_info(|| {
        WidgetInfo::selected(Role::Row, ui.is_enabled(), line.is_chosen, &line.sentence)
    });
    if !ui.is_rect_visible(rect) {
        return response.clicked();
    }
    let ground = if line.is_chosen {
        Some(theme.selected)
    } else {
        (response.hovered() || response.has_focus()).then_some(theme.hovered)
    };
    if let Some(ground) = ground {
        ui.painter().rect_filled(rect, CornerRadius::ZERO, ground);
    }
    if line.is_chosen || response.has_focus() {
        let mark = Rect::from_min_size(rect.min, vec2(2.0, rect.height()));
        ui.painter()
            .rect_filled(mark, CornerRadius::ZERO, theme.accent);
    }
    let cell = Rect::from_x_y_ranges(name, rect.y_range());
    let font = if line.key.is_none() {
        fonts::medium()
    } else {
        fonts::code()
    };
    let galley = text::line(ui, &line.name, font, theme.text, cell.width());
    let is_cut = galley.elided;
    text::paint_in(ui, cell, Align::Min, galley);
    for (column, at, range) in cells {
        let words = line.cells.get(*at).map_or("", String::as_str);
        let ink = match column {
            SortBy::Unanswered if words != "0" => theme.ink(crate::app::rows::Tone::Failed),
            SortBy::Count | SortBy::Unanswered => theme.muted,
            SortBy::P90 | SortBy::P99 if line.is_small => theme.muted,
            _ => theme.text,
        };
        let cell = Rect::from_min_max(pos2(range.min, rect.top()), pos2(range.max, rect.bottom()));
        let galley = text::line(ui, words, fonts::code(), ink, cell.width());
        text::paint_in(ui, cell, Align::Max, galley);
    }
    let faint = Stroke::new(1.0, theme::mix(theme.window, theme.line, 0.5));
    ui.painter()
        .hline(rect.x_range(), rect.bottom() - 0.5, faint);
    let clicked = response.clicked();
    if is_cut {
        response.on_hover_text(&line.name);
    }
    clicked
}
