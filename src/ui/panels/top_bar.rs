//! The top bar: name, workspace, palette, demos, settings, theme, help.

use crate::app::environments::EnvironmentAction;
use crate::app::rows::Tone;
use crate::app::{Action, App, ThemeChoice};
use crate::ui::widgets::{Button, marks, select, text};
use crate::ui::{Icon, Theme, fonts, theme};
use egui::{
    Align, CornerRadius, Layout, Rect, Role, Sense, Stroke, StrokeKind, Ui, UiBuilder, WidgetInfo,
    pos2, vec2,
};

const PALETTE_WIDTH: f32 = 400.0;

pub fn top_bar_ui(ui: &mut Ui, app: &App, actions: &mut Vec<Action>) {
    let theme = Theme::of(ui);
    let bar = ui.max_rect();
    ui.horizontal_centered(|ui| {
        ui.spacing_mut().item_spacing.x = 8.0;
        logo(ui, theme);
        text::label(ui, "Roundtrip", fonts::strong(), theme.text);
        ui.add_space(4.0);
        let side = if app.window.panels.left_shown {
            "Hide connections and requests"
        } else {
            "Show connections and requests"
        };
        if ui
            .add(Button::icon(Icon::PanelLeft, side).shortcut("Ctrl+B"))
            .clicked()
        {
            actions.push(Action::ToggleLeft);
        }
        text::label(
            ui,
            &app.library.workspace_name(),
            fonts::body(),
            theme.muted,
        )
        .on_hover_text(app.library.workspace_path());
        recording_ui(ui, app);
        environment_ui(ui, app, actions);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if ui
                .add(
                    Button::icon(Icon::CircleQuestionMark, "Help and shortcuts")
                        .framed()
                        .shortcut("F1"),
                )
                .clicked()
            {
                actions.push(Action::ShowHelp);
            }
            let (icon, name) = if app.window.theme == ThemeChoice::Light {
                (Icon::Sun, "Switch to the dark theme")
            } else {
                (Icon::Moon, "Switch to the light theme")
            };
            if ui.add(Button::icon(icon, name).framed()).clicked() {
                actions.push(Action::ToggleTheme);
            }
            if ui
                .add(
                    Button::icon(Icon::Settings, "Settings")
                        .framed()
                        .shortcut("Ctrl+,"),
                )
                .clicked()
            {
                actions.push(Action::ShowSettings);
            }
            if ui
                .add(
                    Button::new("Demos")
                        .tooltip("Scenes to click through, each with its own device"),
                )
                .clicked()
            {
                actions.push(Action::ShowDemos);
            }
            let side = if app.window.panels.right_shown {
                "Hide simulated devices"
            } else {
                "Show simulated devices"
            };
            if ui
                .add(Button::icon(Icon::PanelRight, side).shortcut("Ctrl+J"))
                .clicked()
            {
                actions.push(Action::ToggleRight);
            }
        });
    });
    let width = PALETTE_WIDTH.min(bar.width() * 0.3);
    let rect = Rect::from_center_size(bar.center(), vec2(width, theme::FORM_ROW));
    if palette_box(ui, rect, theme) {
        actions.push(Action::ShowPalette);
    }
}

/// That a recording is being made is seen wherever one looks in the window.
fn recording_ui(ui: &mut Ui, app: &App) {
    let Some(status) = app
        .recordings
        .status()
        .filter(|_| app.recordings.is_recording())
    else {
        return;
    };
    let words = if status.problem().is_some() {
        "Recording: trouble"
    } else {
        "Recording"
    };
    let tip = format!("{}\n{}", status.words(), status.path.display());
    marks::pill(ui, Tone::Failed, words).on_hover_text(tip);
}

/// Which environment's variables are meant.
fn environment_ui(ui: &mut Ui, app: &App, actions: &mut Vec<Action>) {
    if app.settings.environments.is_empty() {
        return;
    }
    let chosen = app.environment_name();
    let mut act = |action| actions.push(Action::Environment(action));
    select::select(
        ui,
        "Environment",
        chosen.unwrap_or("no environment"),
        130.0,
        |ui| {
            if select::option(ui, chosen.is_none(), "no environment").clicked() {
                act(EnvironmentAction::Choose(None));
            }
            for one in &app.settings.environments {
                let is_chosen = chosen == Some(one.name.as_str());
                if select::option(ui, is_chosen, &one.name).clicked() {
                    act(EnvironmentAction::Choose(Some(one.name.clone())));
                }
            }
            if select::option(ui, false, "Edit environments…").clicked() {
                act(EnvironmentAction::Edit);
            }
        },
    );
}

fn logo(ui: &mut Ui, theme: &Theme) {
    let (rect, _) = ui.allocate_exact_size(vec2(18.0, 18.0), Sense::hover());
    ui.painter()
        .rect_filled(rect, CornerRadius::same(5), theme.accent);
    let inner = Rect::from_min_max(pos2(rect.center().x, rect.top()), rect.max);
    ui.painter().rect_filled(
        inner,
        CornerRadius {
            nw: 0,
            ne: 5,
            sw: 0,
            se: 5,
        },
        theme.answered,
    );
}

/// Looks like a field, opens the palette.
fn palette_box(ui: &mut Ui, rect: Rect, theme: &Theme) -> bool {
    let mut child = ui.new_child(UiBuilder::new().max_rect(rect));
    let response = child.allocate_rect(rect, Sense::click());
    response.widget_info(|| {
        WidgetInfo::labeled(Role::Button, true, "Search requests, topics, commands")
    });
    let line = if response.hovered() || response.has_focus() {
        theme.accent
    } else {
        theme.line
    };
    child.painter().rect(
        rect,
        CornerRadius::same(theme::RADIUS),
        theme.field,
        Stroke::new(1.0, line),
        StrokeKind::Inside,
    );
    let inner = rect.shrink2(vec2(12.0, 0.0));
    let hint = text::line(
        &child,
        "Search requests, topics, commands…",
        fonts::body(),
        theme.dim,
        inner.width() - 50.0,
    );
    text::paint_in(&child, inner, Align::Min, hint);
    let keys = text::line(&child, "Ctrl K", fonts::small(), theme.dim, 50.0);
    text::paint_in(&child, inner, Align::Max, keys);
    response.clicked()
}
