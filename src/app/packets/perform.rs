//! What the packet log asks for, and its share of a tick.

use super::{PacketSource, PacketsAction};
use crate::app::App;
use crate::app::actions::Action;
use crate::app::palette::PaletteEntry;
use crate::model::packet::{Bounds, record};
use crate::store::TimelineView;
use std::sync::Arc;

impl App {
    pub(in crate::app) fn follow_packets(&mut self) {
        if self.window.timeline_view != TimelineView::Packets {
            self.packets.rest();
            return;
        }
        if self.packets.source().is_none() {
            self.packets
                .show(PacketSource::Connection(self.connection_in_front().into()));
        }
        self.packets.follow(&self.session, &self.worker);
        self.packets.follow_detail();
    }

    pub(in crate::app) fn perform_packets(&mut self, action: PacketsAction) {
        match action {
            PacketsAction::Show(source) => {
                self.packets.show(source);
                self.window.timeline_view = TimelineView::Packets;
            }
            PacketsAction::SetFilter(text) => self.packets.set_filter(&text),
            PacketsAction::FoldPings(folds) => self.packets.fold_pings(folds),
            PacketsAction::Pause(is_paused) => self.packets.pause(is_paused),
            PacketsAction::Select(number) => self.packets.select(number),
            PacketsAction::Clear => self.clear_packets(),
            PacketsAction::KeepEverything(all) => {
                let bounds = if all { Bounds::LARGE } else { Bounds::SMALL };
                if let Some(source) = self.packets.source().cloned() {
                    // Also of a connection that is yet to be made.
                    self.session.packet_log(&source).set_bounds(bounds);
                }
            }
            PacketsAction::CopyText(number) => self.copy_packet(number, |logged| {
                record::to_text(logged).trim_end().to_owned()
            }),
            PacketsAction::CopyJson(number) => self.copy_packet(number, record::to_json),
            PacketsAction::CopyHex(number) => self.copy_packet(number, |logged| {
                logged
                    .packet()
                    .map(|packet| hex::encode(packet.bytes))
                    .unwrap_or_default()
            }),
            PacketsAction::AskExport(format) => self.ask_for_packet_export(format),
            PacketsAction::Export => self.begin_packet_export(),
            PacketsAction::ReplaceFile => self.replace_packet_file(),
        }
        self.follow_packets();
    }

    fn copy_packet(
        &mut self,
        number: u64,
        words: impl FnOnce(&crate::model::packet::Logged<'_>) -> String,
    ) {
        let Some(logged) = self.packets.reel().get(number) else {
            return;
        };
        self.clipboard = Some(words(&logged));
        self.notices.inform("Copied", self.now);
    }

    fn clear_packets(&mut self) {
        if let Some(log) = self
            .packets
            .source()
            .and_then(|of| self.session.packets(of))
        {
            log.clear();
        }
        self.packets.forget();
    }

    /// Whether the log on show is allowed to grow.
    pub fn keeps_all_packets(&self) -> bool {
        let log = self
            .packets
            .source()
            .and_then(|of| self.session.packets(of));
        log.is_some_and(|log| log.bounds() == Bounds::LARGE)
    }

    /// Connections and devices whose packets can be looked at, with their names.
    pub fn packet_sources(&self) -> Vec<(PacketSource, String)> {
        let connections = self.connection_rows().into_iter();
        let connections = connections
            .filter(|row| !row.is_listener)
            .map(|row| (PacketSource::Connection(row.id.as_str().into()), row.name));
        let devices = self
            .session
            .packet_sources()
            .filter_map(|source| match source {
                PacketSource::Device(id) => {
                    let draft = self.library.devices().get(&**id);
                    let running = self.session.device(id).map(|one| one.spec.name.to_string());
                    let name = draft.map(|draft| draft.name.clone()).or(running)?;
                    Some((source.clone(), format!("{name} (device)")))
                }
                PacketSource::Connection(_) => None,
            });
        connections.chain(devices).collect()
    }

    pub fn name_of_packets(&self) -> String {
        let Some(source) = self.packets.source() else {
            return String::new();
        };
        let all = self.packet_sources();
        let found = all.into_iter().find(|(one, _)| one == source);
        found.map_or_else(|| "a connection that is gone".to_owned(), |(_, name)| name)
    }

    /// Lines of the palette.
    pub(in crate::app) fn packet_entries(&self) -> Vec<PaletteEntry> {
        let sources = self.packet_sources().into_iter();
        sources
            .map(|(source, name)| PaletteEntry {
                text: format!("Packet log of {name}"),
                kind: match source {
                    PacketSource::Connection(_) => "connection",
                    PacketSource::Device(_) => "simulated device",
                }
                .to_owned(),
                shortcut: "",
                action: Action::Packets(PacketsAction::Show(source)),
            })
            .collect()
    }

    /// The log of a connection, as an action.
    pub fn show_packets_of(connection: &str) -> Action {
        Action::Packets(PacketsAction::Show(PacketSource::Connection(Arc::from(
            connection,
        ))))
    }
}
