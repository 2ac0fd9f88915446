//! The window as a whole: where the panels are, the shortcuts, and what happens around a frame.

use crate::app::actions::ZoomStep;
use crate::app::{Action, App, Geometry, ThemeChoice, TimelineView, WindowState};
use crate::ui::Theme;
use crate::ui::panels::{
    answer, composer, connections, demo_line, devices, dialogs, packets, requests, rules,
    status_bar, timeline, top_bar,
};
use crate::ui::picture::PictureJob;
use crate::ui::view::{Focus, View};
use crate::ui::widgets::split::{Axis, split};
use crate::ui::widgets::toast::{Toast, ToastEvent, toasts};
use egui::{
    Context, Event, Id, Key, KeyboardShortcut, Modifiers, RawInput, Rect, ScrollArea, Ui,
    UiBuilder, ViewportCommand, vec2,
};
use std::time::{Duration, Instant};

const TOP_BAR: f32 = 40.0;
const STATUS_BAR: f32 = 26.0;
const TIMELINE_BAR: f32 = 42.0;
/// Panels do not get narrower than this.
const LEAST: f32 = 150.0;
/// What the request and the timeline need beside the panels, and the request above the timeline:
/// in a small window the others give way.
const CENTER_LEAST: f32 = 780.0;
const REQUEST_LEAST: f32 = 410.0;
const TIMELINE_LEAST: f32 = 190.0;
/// How the panels share what the center leaves.
const LEFT_SHARE: f32 = 0.45;
/// The window's state is written at most this long after it changed.
const SAVE_AFTER: Duration = Duration::from_secs(1);

/// The application in its window.
pub struct Shell {
    pub app: App,
    pub view: View,
    saved: WindowState,
    looked: Instant,
    picture: Option<PictureJob>,
    had_focus: bool,
}

impl Shell {
    pub fn new(app: App, picture: Option<PictureJob>) -> Self {
        let saved = app.window_state();
        Self {
            app,
            view: View::default(),
            saved,
            looked: Instant::now(),
            picture,
            had_focus: false,
        }
    }

    /// Everything but painting; also when the window is hidden.
    pub fn logic(&mut self, ctx: &Context) {
        let has_focus = ctx.input(|input| input.focused);
        if has_focus && !self.had_focus {
            // Whoever comes back from an editor sees what was written there, on a network drive as well.
            self.app.library.look_elsewhere();
        }
        self.had_focus = has_focus;
        self.app.tick();
        if self.app.wants_to_quit {
            ctx.send_viewport_cmd(ViewportCommand::Close);
        }
        self.keep_window_state(ctx);
        if let Some(picture) = &mut self.picture {
            picture.advance(&mut self.app, ctx);
        }
        if let Some(next) = self.app.next_tick() {
            ctx.request_repaint_after(next);
        }
    }

    /// One frame: shortcuts, panels, and then what they asked for.
    pub fn paint(&mut self, ui: &mut Ui) {
        let ctx = ui.ctx().clone();
        self.apply_theme(&ctx);
        let mut actions = Vec::new();
        let had_dialog = self.app.dialog.is_some();
        self.view.look_at(self.app.recordings.looks());
        self.shortcuts(&ctx, &mut actions);
        self.app.check_typed();
        self.panels(ui, &mut actions);
        dialogs::dialogs_ui(&ctx, &mut self.app, &mut self.view, &mut actions);
        self.notices(&ctx, &mut actions);
        if !actions.is_empty() {
            // What the actions change is seen in the next frame.
            ctx.request_repaint();
        }
        for action in actions {
            self.app.perform(action);
        }
        if had_dialog && self.app.dialog.is_none() {
            // Painted again without it: it would take the next click, which egui judges by what was there last.
            ctx.request_discard("a dialog was closed");
        }
        if let Some(text) = self.app.clipboard.take() {
            ctx.copy_text(text);
        }
    }

    fn apply_theme(&self, ctx: &Context) {
        let preference = match self.app.window.theme {
            ThemeChoice::Light => egui::ThemePreference::Light,
            // Most desktops here do not tell; dark is how the pictures are.
            ThemeChoice::Dark | ThemeChoice::System => egui::ThemePreference::Dark,
        };
        if ctx.options(|options| options.theme_preference) != preference {
            ctx.set_theme(preference);
            // This frame is in the colours of the one before.
            ctx.request_repaint();
        }
        if (ctx.zoom_factor() - self.app.window.ui_scale).abs() > 0.001 {
            ctx.set_zoom_factor(self.app.window.ui_scale);
        }
    }

    fn panels(&mut self, ui: &mut Ui, actions: &mut Vec<Action>) {
        let theme = Theme::of(ui);
        let all = ui.max_rect();
        ui.painter().rect_filled(all, 0, theme.window);
        let (top, rest) = all.split_top_bottom_at_y(all.top() + TOP_BAR);
        let (middle, bottom) = rest.split_top_bottom_at_y(rest.bottom() - STATUS_BAR);
        for bar in [top, bottom] {
            ui.painter().rect_filled(bar, 0, theme.panel);
        }
        ui.painter()
            .hline(all.x_range(), top.bottom(), theme.hairline());
        ui.painter()
            .hline(all.x_range(), bottom.top(), theme.hairline());
        inside(ui, "top bar", top.shrink2(vec2(14.0, 0.0)), |ui| {
            top_bar::top_bar_ui(ui, &self.app, actions);
        });
        inside(ui, "status bar", bottom.shrink2(vec2(14.0, 0.0)), |ui| {
            status_bar::status_bar_ui(ui, &self.app);
        });
        let middle = demo_line::demo_line_ui(ui, &self.app, middle, actions);
        let center = self.side_panels(ui, middle, actions);
        self.center(ui, center, actions);
    }

    /// Paints left and right; gives what they leave.
    fn side_panels(&mut self, ui: &mut Ui, area: Rect, actions: &mut Vec<Action>) -> Rect {
        let theme = Theme::of(ui);
        let mut center = area;
        let sides = (area.width() - CENTER_LEAST).max(0.0);
        if self.app.window.panels.left_shown {
            let part = Part {
                name: "Width of the lists",
                is_first: true,
                axis: Axis::Horizontal,
                least: LEAST,
                most: (sides * LEFT_SHARE).max(190.0),
            };
            let kept = &mut self.app.window.panels.left_width;
            let (left, rest) = part.cut(ui, area, kept);
            center = rest;
            ui.painter().rect_filled(left, 0, theme.panel);
            inside(ui, "lists", left, |ui| {
                ScrollArea::vertical()
                    .id_salt("lists")
                    .auto_shrink(false)
                    .show(ui, |ui| {
                        padded(ui, |ui| {
                            connections::connections_ui(ui, &self.app, &mut self.view, actions);
                            let above = ui.min_rect().bottom();
                            ui.add_space(10.0);
                            requests::requests_ui(ui, &self.app, &mut self.view, actions);
                            ui.add_space(10.0);
                            rules::rules_ui(ui, &self.app, actions);
                            let below = (ui.min_rect().bottom() - above).round();
                            let known = &mut self.view.below_connections;
                            if (std::mem::replace(known, below) - below).abs() > 0.5 {
                                ui.ctx().request_repaint();
                            }
                        });
                    });
            });
        }
        if self.app.window.panels.right_shown {
            let part = Part {
                name: "Width of the devices",
                is_first: false,
                axis: Axis::Horizontal,
                least: LEAST,
                most: (sides * (1.0 - LEFT_SHARE)).max(230.0),
            };
            let kept = &mut self.app.window.panels.right_width;
            let (rest, right) = part.cut(ui, center, kept);
            center = rest;
            ui.painter().rect_filled(right, 0, theme.panel);
            inside(ui, "devices", right, |ui| {
                ScrollArea::vertical()
                    .id_salt("devices")
                    .auto_shrink(false)
                    .show(ui, |ui| {
                        padded(ui, |ui| {
                            devices::devices_ui(ui, &self.app, &mut self.view, actions);
                        });
                    });
            });
        }
        center
    }

    fn center(&mut self, ui: &mut Ui, area: Rect, actions: &mut Vec<Action>) {
        // One height for all views: the switch between them stays where it is.
        let kept = &mut self.app.window.panels.timeline_height;
        let part = Part {
            name: "Height of the timeline",
            is_first: false,
            axis: Axis::Vertical,
            least: TIMELINE_LEAST,
            most: area.height() - REQUEST_LEAST,
        };
        let (above, below) = part.cut(ui, area, kept);
        self.request(ui, above, actions);
        self.timeline(ui, below, actions);
    }

    fn request(&mut self, ui: &mut Ui, area: Rect, actions: &mut Vec<Action>) {
        let theme = Theme::of(ui);
        let mut used = area.top();
        inside(ui, "request", area, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            composer::tab_bar_ui(ui, &self.app, actions);
            ui.add_space(10.0);
            ui.horizontal(|ui| {
                ui.add_space(14.0);
                ui.vertical(|ui| {
                    ui.set_width(ui.available_width() - 14.0);
                    composer::address_lines_ui(ui, &mut self.app, &mut self.view, actions);
                    ui.add_space(6.0);
                    composer::pane_tabs_ui(ui, &mut self.app, actions);
                });
            });
            used = ui.min_rect().bottom();
        });
        ui.painter().hline(area.x_range(), used, theme.hairline());
        let rest = Rect::from_min_max(egui::pos2(area.left(), used + 1.0), area.max);
        if rest.height() < 20.0 {
            return;
        }
        let part = Part {
            name: "Width of the answer",
            is_first: false,
            axis: Axis::Horizontal,
            least: 220.0,
            most: rest.width() * 0.75,
        };
        let kept = &mut self.app.window.panels.answer_width;
        let (left, right) = part.cut(ui, rest, kept);
        inside(ui, "composer", left.shrink2(vec2(14.0, 6.0)), |ui| {
            composer::pane_ui(ui, &mut self.app, &mut self.view, actions);
        });
        inside(ui, "answer", right.shrink2(vec2(14.0, 8.0)), |ui| {
            answer::answer_ui(ui, &self.app, &mut self.view, actions);
        });
    }

    fn timeline(&mut self, ui: &mut Ui, area: Rect, actions: &mut Vec<Action>) {
        let theme = Theme::of(ui);
        let (bar, table) = area.split_top_bottom_at_y(area.top() + TIMELINE_BAR);
        ui.painter()
            .hline(area.x_range(), bar.bottom(), theme.hairline());
        inside(ui, "timeline bar", bar.shrink2(vec2(14.0, 0.0)), |ui| {
            if self.app.window.timeline_view == TimelineView::Packets {
                packets::toolbar_ui(ui, &self.app, &mut self.view, actions);
            } else {
                timeline::toolbar_ui(ui, &self.app, &mut self.view, actions);
            }
        });
        let mut table = table;
        if timeline::sources::is_shown(&self.app) {
            let (strip, rest) =
                table.split_top_bottom_at_y(table.top() + timeline::sources::HEIGHT);
            table = rest;
            ui.painter()
                .hline(area.x_range(), strip.bottom(), theme.hairline());
            inside(
                ui,
                "timeline sources",
                strip.shrink2(vec2(14.0, 0.0)),
                |ui| {
                    timeline::sources::sources_ui(ui, &self.app, actions);
                },
            );
        }
        inside(ui, "timeline table", table, |ui| {
            let (app, view) = (&self.app, &mut self.view);
            match app.window.timeline_view {
                TimelineView::Latency => timeline::latency_ui(ui, app, view, actions),
                TimelineView::Lanes => timeline::lanes_ui(ui, app, view, actions),
                TimelineView::Topics => timeline::topics_ui(ui, app, view, actions),
                TimelineView::Packets => packets::packets_ui(ui, app, view, actions),
                TimelineView::Table => {
                    timeline::table_ui(ui, app, view, actions);
                }
            }
        });
    }

    fn notices(&self, ctx: &Context, actions: &mut Vec<Action>) {
        let notices = self.app.notices.shown();
        if notices.is_empty() {
            return;
        }
        let labels: Vec<Vec<&str>> = notices
            .iter()
            .map(|notice| match &notice.undo {
                Some(undo) => vec![undo.label()],
                None => notice.choices.iter().map(|choice| choice.label).collect(),
            })
            .collect();
        let shown: Vec<Toast<'_>> = notices
            .iter()
            .zip(&labels)
            .map(|(notice, labels)| Toast {
                summary: &notice.text,
                hint: &notice.hint,
                tone: notice.tone,
                actions: labels,
            })
            .collect();
        match toasts(ctx, &shown) {
            Some(ToastEvent::Act(at, which)) => {
                actions.extend(notices.get(at).map(|notice| match notice.undo {
                    Some(_) => Action::Undo(notice.id),
                    None => Action::Choose(notice.id, which),
                }));
            }
            Some(ToastEvent::Dismiss(at)) => {
                actions.extend(notices.get(at).map(|notice| Action::Dismiss(notice.id)));
            }
            Some(ToastEvent::DismissAll) => actions.push(Action::DismissAll),
            None => {}
        }
    }

    fn shortcuts(&mut self, ctx: &Context, actions: &mut Vec<Action>) {
        let pressed = |modifiers: Modifiers, key: Key| {
            let shortcut = KeyboardShortcut::new(modifiers, key);
            // A key that is held down asks once: requests switch things.
            let is_held = ctx.input(|input| {
                input.events.iter().any(|event| {
                    matches!(event, Event::Key { key: held, repeat: true, .. } if *held == key)
                })
            });
            ctx.input_mut(|input| input.consume_shortcut(&shortcut)) && !is_held
        };
        let ctrl = Modifiers::COMMAND;
        for (key, step) in [
            (Key::Plus, ZoomStep::In),
            (Key::Equals, ZoomStep::In),
            (Key::Minus, ZoomStep::Out),
            (Key::Num0, ZoomStep::Reset),
        ] {
            if pressed(ctrl, key) {
                actions.push(Action::Zoom(step));
            }
        }
        if self.app.dialog.is_some() {
            return;
        }
        let front = self.app.tabs.front().map(|tab| tab.id);
        if let Some(tab) = front {
            for (key, action) in [
                (Key::Enter, Action::Send(tab)),
                (Key::S, Action::SaveTab(tab)),
                (Key::W, Action::CloseTab(tab)),
            ] {
                if pressed(ctrl, key) {
                    actions.push(action);
                }
            }
        }
        let with_shift = ctrl | Modifiers::SHIFT;
        for (modifiers, key, action) in [
            (with_shift, Key::Tab, Action::PreviousTab),
            (ctrl, Key::Tab, Action::NextTab),
            (ctrl, Key::T, Action::NewTab),
            (ctrl, Key::K, Action::ShowPalette),
            (ctrl, Key::L, Action::ClearTimeline),
            (ctrl, Key::B, Action::ToggleLeft),
            (ctrl, Key::J, Action::ToggleRight),
            (ctrl, Key::Comma, Action::ShowSettings),
            (Modifiers::NONE, Key::F1, Action::ShowHelp),
        ] {
            if pressed(modifiers, key) {
                if matches!(action, Action::NewTab) {
                    self.view.focus = Some(Focus::Topic);
                }
                actions.push(action);
            }
        }
        if pressed(ctrl, Key::F) {
            let is_in_payload = self.view.find.has_keyboard(ctx);
            self.view.focus = Some(if is_in_payload {
                Focus::Find
            } else {
                Focus::Filter
            });
        }
        // Escape leaves a field or closes a menu first.
        let is_free = !ctx.egui_wants_keyboard_input() && !egui::Popup::is_any_open(ctx);
        if is_free
            && let Some(newest) = self.app.notices.shown().last()
            && pressed(Modifiers::NONE, Key::Escape)
        {
            actions.push(Action::Dismiss(newest.id));
        }
        // In a text field Ctrl+Z is the field's own.
        if !ctx.egui_wants_keyboard_input() && pressed(ctrl, Key::Z) {
            actions.push(Action::UndoNewest);
        }
    }

    /// Notes size and place, and has them written a moment after they changed.
    fn keep_window_state(&mut self, ctx: &Context) {
        let geometry = ctx.input(|input| {
            let viewport = input.viewport();
            let size = viewport.inner_rect.map(|rect| rect.size())?;
            let is_large =
                viewport.maximized.unwrap_or(false) || viewport.fullscreen.unwrap_or(false);
            let place = viewport.outer_rect.map(|rect| rect.min);
            Some((size, place, is_large))
        });
        if let Some((size, place, is_large)) = geometry {
            let zoom = ctx.zoom_factor();
            let kept = self
                .app
                .window
                .geometry
                .get_or_insert_with(Geometry::default);
            kept.maximized = is_large;
            if !is_large {
                kept.width = size.x * zoom;
                kept.height = size.y * zoom;
                kept.x = place.map(|place| place.x * zoom);
                kept.y = place.map(|place| place.y * zoom);
            }
        }
        // Comparing costs a copy of all that is typed: once a second is enough, and the last look
        // comes a second after the last frame.
        let left = SAVE_AFTER.saturating_sub(self.looked.elapsed());
        if !left.is_zero() {
            ctx.request_repaint_after(left);
            return;
        }
        self.looked = Instant::now();
        let state = self.app.window_state();
        if state != self.saved {
            self.app.library.save_window(&state);
            self.saved = state;
        }
    }
}

impl eframe::App for Shell {
    fn logic(&mut self, ctx: &Context, _frame: &mut eframe::Frame) {
        Self::logic(self, ctx);
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        self.paint(ui);
    }

    /// A picture of the window is one without a pointer, wherever it happens to be.
    fn raw_input_hook(&mut self, _ctx: &Context, input: &mut RawInput) {
        if self.picture.is_some() {
            input.events.retain(|event| {
                !matches!(event, Event::PointerMoved(_) | Event::PointerButton { .. })
            });
        }
    }

    fn on_exit(&mut self, _gl: Option<&eframe::glow::Context>) {
        self.app.close();
    }
}

/// A part of the window beside the rest of it, whose size the user chose.
struct Part {
    name: &'static str,
    /// Left or above of the rest.
    is_first: bool,
    axis: Axis,
    least: f32,
    most: f32,
}

impl Part {
    /// Cuts `area` in two. `kept` changes only when the handle is moved: a window that was small
    /// for a while gives back what it took.
    fn cut(&self, ui: &Ui, area: Rect, kept: &mut f32) -> (Rect, Rect) {
        let length = match self.axis {
            Axis::Horizontal => area.width(),
            Axis::Vertical => area.height(),
        }
        .max(1.0);
        let shown = kept.min(self.most.max(self.least));
        let share_of = |size: f32| {
            let share = size / length;
            if self.is_first { share } else { 1.0 - share }
        };
        let least = (self.least / length).min(0.5);
        let before = share_of(shown).clamp(least, 1.0 - least);
        let mut share = before;
        let id = Id::unique(self.name);
        let parts = split(ui, id, self.name, area, self.axis, &mut share, self.least);
        if (share - before).abs() * length > 0.01 {
            *kept = length * if self.is_first { share } else { 1.0 - share };
        }
        parts
    }
}

/// A part of the window as a ui of its own, cut at its edge.
fn inside(ui: &mut Ui, salt: &str, rect: Rect, contents: impl FnOnce(&mut Ui)) {
    let mut child = ui.new_child(UiBuilder::new().id_salt(salt).max_rect(rect));
    child.shrink_clip_rect(rect.expand(2.0));
    contents(&mut child);
}

fn padded(ui: &mut Ui, contents: impl FnOnce(&mut Ui)) {
    egui::Frame::new()
        .inner_margin(egui::Margin {
            left: 14,
            right: 14,
            top: 10,
            bottom: 14,
        })
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            ui.set_width(ui.available_width());
            contents(ui);
        });
}
