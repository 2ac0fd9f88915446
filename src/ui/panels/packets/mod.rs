//! The packet log of a connection: a table of all packets, and beside it the one that is chosen.
//!
//! Everything painted is in [`crate::app::packets`]; here is only where it stands.

mod bytes;
mod detail;
mod table;
mod toolbar;

pub use toolbar::toolbar_ui;

use crate::app::packets::PacketsAction;
use crate::app::{Action, App};
use crate::ui::Theme;
use crate::ui::view::View;
use crate::ui::widgets::scroll::Anchor;
use crate::ui::widgets::split::{Axis, split};
use crate::ui::widgets::table::TableState;
use egui::{Align, Id, Layout, Rect, Sense, Ui, UiBuilder};

/// What only the eye cares about.
#[derive(Debug)]
pub struct PacketsView {
    table: TableState<u64>,
    table_is_roomy: bool,
    share: f32,
    detail_share: f32,
    fields: Anchor,
    bytes: Anchor,
    /// The field whose bytes are marked, of which packet.
    field: Option<(u64, usize)>,
    /// See [`crate::app::packets::Packets::version`].
    version: u64,
}

impl Default for PacketsView {
    fn default() -> Self {
        Self {
            table: TableState::default(),
            table_is_roomy: true,
            share: 0.58,
            detail_share: 0.56,
            fields: Anchor::default(),
            bytes: Anchor::default(),
            field: None,
            version: 0,
        }
    }
}

fn push(actions: &mut Vec<Action>, action: PacketsAction) {
    actions.push(Action::Packets(action));
}

pub fn packets_ui(ui: &mut Ui, app: &App, view: &mut View, actions: &mut Vec<Action>) {
    let area = ui.available_rect_before_wrap();
    ui.allocate_rect(area, Sense::hover());
    let view = &mut view.packets;
    if std::mem::replace(&mut view.version, app.packets.version()) != app.packets.version() {
        view.table.scroll_to_top();
    }
    if app.packets.is_empty() {
        inside(ui, "packets empty", area, |ui| {
            table::empty_ui(ui, app, actions);
        });
        return;
    }
    let id = Id::unique("width of the packets");
    let (name, axis) = ("Width of the packets", Axis::Horizontal);
    let (left, right) = split(ui, id, name, area, axis, &mut view.share, 260.0);
    inside(ui, "packets table", left, |ui| {
        table::table_ui(ui, app, view, actions);
    });
    inside(ui, "packet", right, |ui| {
        detail::detail_ui(ui, app, view, actions);
    });
    let theme = Theme::of(ui);
    ui.painter()
        .vline(right.left(), right.y_range(), theme.hairline());
}

fn inside<R>(ui: &mut Ui, salt: &str, rect: Rect, contents: impl FnOnce(&mut Ui) -> R) -> R {
    let mut child = ui.new_child(
        UiBuilder::new()
            .id_salt(salt)
            .max_rect(rect)
            .layout(Layout::top_down(Align::Min)),
    );
    child.shrink_clip_rect(rect);
    contents(&mut child)
}
