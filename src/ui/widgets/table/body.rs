//! The rows in view.

use super::cell::{self, LineMark};
use super::state::MenuOf;
use super::{Choice, Column, Fold, Line, Rows, TableOutput, TableState, columns};
use crate::ui::widgets::scroll;
use crate::ui::{Theme, theme};
use egui::{CornerRadius, Rangef, Rect, Response, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

pub(super) fn paint<R: Rows>(
    ui: &mut Ui,
    focus: &Response,
    columns: (&[Column], &[Rangef]),
    state: &mut TableState<R::Key>,
    rows: &R,
    selected: Option<R::Key>,
    output: &mut TableOutput<R::Key>,
) {
    let body = focus.rect;
    let mut seen = std::mem::take(&mut state.seen);
    seen.clear();
    let mut top = body.top() - state.anchor.offset;
    let mut place = state.anchor.row;
    while top < body.bottom() {
        let (Some(key), Some(line)) = (rows.key(place), rows.line(place)) else {
            break;
        };
        seen.push((key, place, top - body.top()));
        let rect = Rect::from_min_size(pos2(body.left(), top), vec2(body.width(), theme::ROW));
        let has_keyboard = selected == Some(key);
        let is_selected = rows.is_selected(key).unwrap_or(has_keyboard);
        let response = ui.interact(
            rect.intersect(body).with_max_x(body.right() - scroll::BAR),
            focus.id.with(key),
            Sense::CLICK,
        );
        response.widget_info(|| WidgetInfo::labeled(Role::Row, ui.is_enabled(), &line.sentence));
        ui.ctx().accesskit_node_builder(response.id, |node| {
            node.set_selected(is_selected);
            node.set_row_index(place);
            if let Some(head) = &line.group {
                node.set_expanded(head.is_open);
            }
        });
        let with = ui.input(|input| input.modifiers);
        if response.clicked() {
            output.chosen = Some(key);
            output.choice = Choice::of_click(with);
            state.read(key);
            focus.request_focus();
            if line.group.is_some() && output.choice == Choice::Alone {
                output.folded = Some((key, Fold::Toggle));
            }
        }
        if response.secondary_clicked() && line.group.is_none() && rows.has_menus() {
            output.chosen = Some(key);
            // The menu is for all that are selected, where it was opened on one of them.
            output.choice = match rows.is_selected(key) {
                Some(true) => Choice::Look,
                _ => Choice::Alone,
            };
            state.read(key);
            focus.request_focus();
            let at = response
                .interact_pointer_pos()
                .unwrap_or_else(|| rect.center());
            state.open_menu(MenuOf::Row(key), at);
        }
        if response.double_clicked() && line.group.is_none() && !with.any() {
            output.opened = Some(key);
        }
        let looks = (is_selected, has_keyboard, response.hovered());
        ground(ui, rect, &line, looks, focus);
        let cut = if let Some(head) = &line.group {
            cell::paint_group(ui, rect.with_max_x(body.right() - scroll::BAR), head);
            None
        } else {
            let clip = ui.clip_rect();
            ui.set_clip_rect(clip.intersect(body.with_max_x(body.right() - scroll::BAR)));
            let cut = cells(ui, rect, columns, &line, &response);
            ui.set_clip_rect(clip);
            cut
        };
        if let Some(whole) = cut.and_then(|at| rows.whole(place, at).or_else(|| line.text(at))) {
            response.on_hover_text_at_pointer(whole);
        }
        top += theme::ROW;
        place += 1;
    }
    state.seen = seen;
}

fn ground(
    ui: &Ui,
    rect: Rect,
    line: &Line,
    (is_selected, has_keyboard, is_hovered): (bool, bool, bool),
    focus: &Response,
) {
    let theme = Theme::of(ui);
    let marked = line.mark.as_ref().and_then(|mark| mark.colour);
    let ground = if is_selected {
        Some(theme.selected)
    } else if is_hovered {
        Some(theme.hovered)
    } else if line.group.is_some() {
        Some(theme.panel)
    } else {
        marked.map(|colour| theme::mix(theme.window, theme.mark(colour), 0.08))
    };
    if let Some(ground) = ground {
        ui.painter().rect_filled(rect, CornerRadius::ZERO, ground);
    }
    if has_keyboard {
        let mark = Rect::from_min_size(rect.min, vec2(2.0, rect.height()));
        let color = if focus.has_focus() {
            theme.accent
        } else {
            theme.chosen_line
        };
        ui.painter().rect_filled(mark, CornerRadius::ZERO, color);
    }
    if let Some(colour) = marked {
        let left = pos2(rect.left() + 3.0, rect.top() + 2.0);
        let stripe = Rect::from_min_size(left, vec2(4.0, rect.height() - 5.0));
        let radius = CornerRadius::same(2);
        ui.painter().rect_filled(stripe, radius, theme.mark(colour));
    }
    let faint = Stroke::new(1.0, theme::mix(theme.window, theme.line, 0.5));
    ui.painter()
        .hline(rect.x_range(), rect.bottom() - 0.5, faint);
}

/// Gives the column under the pointer where its text had to be cut.
fn cells(
    ui: &Ui,
    rect: Rect,
    (columns, places): (&[Column], &[Rangef]),
    line: &Line,
    response: &Response,
) -> Option<usize> {
    let pointer = response.hover_pos();
    let signs = line.mark.as_ref().filter(|mark| mark.has_signs());
    let signs_at = columns.iter().position(|column| column.grows).unwrap_or(0);
    let mut cut = None;
    for (at, cell) in line.cells.iter().enumerate() {
        let (Some(column), Some(range)) = (columns.get(at), places.get(at)) else {
            continue;
        };
        if range.max < rect.left() || range.min > rect.right() {
            continue;
        }
        let mut inside = columns::inside(*range, rect);
        if inside.width() <= 1.0 {
            continue;
        }
        if let Some(mark) = signs.filter(|_| at == signs_at) {
            inside = signs_ui(ui, inside, mark, pointer, response);
        }
        let is_cut = cell::paint(ui, inside, cell, column.align);
        if is_cut && pointer.is_some_and(|pointer| range.contains(pointer.x)) {
            cut = Some(at);
        }
    }
    cut
}

/// Pin and comment, before what the cell says.
fn signs_ui(
    ui: &Ui,
    rect: Rect,
    mark: &LineMark,
    pointer: Option<egui::Pos2>,
    response: &Response,
) -> Rect {
    let after = cell::paint_signs(ui, rect, mark);
    let is_over = pointer.is_some_and(|at| at.x >= rect.left() && at.x < after.left());
    if is_over {
        response.clone().on_hover_text_at_pointer(mark.words());
    }
    after
}
