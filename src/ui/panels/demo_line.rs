//! What the demo that plays says, in a line above everything else; it stays at the end until it is put away.

use crate::app::demo::{DemoWords, Standing};
use crate::app::{Action, App};
use crate::ui::widgets::{Button, text};
use crate::ui::{Icon, Theme, fonts};
use egui::text::LayoutJob;
use egui::{Align, Layout, Rect, Ui, vec2};

/// At its sides, and above and below the words.
const PAD: egui::Vec2 = vec2(14.0, 9.0);
const GAP: f32 = 12.0;
/// For the button at its end.
const BUTTON: f32 = 74.0;

/// Paints it at the top of the area, if there is one; gives what it leaves.
pub fn demo_line_ui(ui: &mut Ui, app: &App, area: Rect, actions: &mut Vec<Action>) -> Rect {
    let Some(words) = app.demo_words() else {
        return area;
    };
    let theme = Theme::of(ui);
    let place = place(words);
    let head = text::runs(
        ui,
        &[
            (&*words.title, fonts::strong(), theme.text),
            ("   ", fonts::body(), theme.muted),
            (&*place, fonts::body(), head_color(words, theme)),
        ],
        area.width() * 0.4,
    );
    let left = area.left() + PAD.x + head.size().x + GAP * 1.5;
    let right = area.right() - PAD.x - BUTTON;
    let job = LayoutJob::simple(
        words.text.clone(),
        fonts::body(),
        theme.text,
        (right - left).max(60.0),
    );
    let said = ui.fonts_mut(|fonts| fonts.layout_job(job));
    let height = said.size().y.max(head.size().y) + PAD.y * 2.0;
    let (line, rest) = area.split_top_bottom_at_y(area.top() + height);
    let painter = ui.painter();
    painter.rect_filled(line, 0, theme.tint(tone(words, theme)));
    painter.hline(line.x_range(), line.bottom(), theme.hairline());
    let at_left = Rect::from_min_max(line.min + vec2(PAD.x, 0.0), line.max);
    text::paint_in(ui, at_left, Align::Min, head);
    let mut words_ui = ui.new_child(
        egui::UiBuilder::new()
            .id_salt("what the demo says")
            .max_rect(Rect::from_min_max(
                egui::pos2(left, line.top() + PAD.y),
                egui::pos2(right, line.bottom()),
            )),
    );
    words_ui.add(egui::Label::new(said));
    let mut end = ui.new_child(
        egui::UiBuilder::new()
            .id_salt("the demo's end")
            .max_rect(line.shrink2(vec2(PAD.x, 0.0)))
            .layout(Layout::right_to_left(Align::Center)),
    );
    let button = match words.standing {
        Standing::Playing => Button::new("Stop")
            .name("Stop the demo")
            .tooltip("Leave everything as it is now"),
        Standing::Played | Standing::Failed => Button::icon(Icon::X, "Put the demo's words away"),
    };
    if end.add(button).clicked() {
        actions.push(Action::StopDemo);
    }
    rest
}

fn place(words: &DemoWords) -> String {
    match (words.standing, words.place) {
        (Standing::Playing, (0, _)) => "connecting".to_owned(),
        (Standing::Playing, (at, of)) => format!("{at} of {of}"),
        (Standing::Played, _) => "played".to_owned(),
        (Standing::Failed, _) => "not as it should be".to_owned(),
    }
}

fn tone(words: &DemoWords, theme: &Theme) -> egui::Color32 {
    match words.standing {
        Standing::Playing => theme.accent,
        Standing::Played => theme.answered,
        Standing::Failed => theme.failed,
    }
}

fn head_color(words: &DemoWords, theme: &Theme) -> egui::Color32 {
    match words.standing {
        Standing::Playing => theme.muted,
        Standing::Played | Standing::Failed => tone(words, theme),
    }
}
