//! Saved requests as the list shows them.

use crate::app::actions::Action;
use crate::app::connections::{ConnectionRow, connection_row};
use crate::app::palette::PaletteEntry;
use crate::app::perform::RecordingAction;
use crate::app::tree::{Entry, Line, Query, Shelf, arrange};
use crate::app::{App, TimelineView};
use crate::model::demo::Demo;

const VIEWS: [(&str, TimelineView); 5] = [
    ("Timeline as a table", TimelineView::Table),
    ("Timeline as lanes", TimelineView::Lanes),
    ("Timeline by latency", TimelineView::Latency),
    ("Timeline as a tree of topics", TimelineView::Topics),
    ("Packets: the packet log", TimelineView::Packets),
];

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestItem {
    pub id: String,
    pub name: String,
    pub topic: String,
    /// The end of the topic: `…/power`.
    pub hint: String,
    pub is_in_front: bool,
}

impl App {
    /// All connections, as the list has them when nothing is folded.
    pub fn connection_rows(&self) -> Vec<ConnectionRow> {
        let lines = arrange(self.connections_to_list(), &[]).into_iter();
        lines
            .filter_map(|line| match line {
                Line::Item { item, .. } => Some(item),
                Line::Folder(_) => None,
            })
            .collect()
    }

    /// The list of connections. What is looked for is found by name, address and folder, also in folded folders.
    pub fn connection_lines(&self, query: &Query) -> Vec<Line<ConnectionRow>> {
        let mut rows = self.connections_to_list();
        if query.is_empty() {
            return arrange(rows, &self.window.folded_connections);
        }
        rows.retain(|(entry, row)| query.finds(&[&entry.name, &row.address, &entry.folder]));
        arrange(rows, &[])
    }

    fn connections_to_list(&self) -> Vec<(Entry, ConnectionRow)> {
        let entries = self.entries(Shelf::Connections).into_iter();
        entries
            .filter_map(|entry| {
                let draft = self.library.profile(&entry.id)?;
                let state = self.session.state(&entry.id);
                let row = connection_row(&entry.id, draft, state, self.now);
                Some((entry, row))
            })
            .collect()
    }

    /// The list of saved requests, likewise found by name, topic and folder.
    pub fn request_lines(&self, query: &Query) -> Vec<Line<RequestItem>> {
        let front = self.tabs.front().and_then(|tab| tab.saved_id.as_deref());
        let entries = self.entries(Shelf::Requests).into_iter();
        let items = entries.filter_map(|entry| {
            let draft = self.library.request(&entry.id)?;
            if !query.finds(&[&entry.name, &draft.topic, &entry.folder]) {
                return None;
            }
            let item = RequestItem {
                id: entry.id.clone(),
                name: entry.name.clone(),
                topic: draft.topic.clone(),
                hint: match draft.topic.rsplit_once('/') {
                    Some((_, last)) => format!("…/{last}"),
                    None => draft.topic.clone(),
                },
                is_in_front: front == Some(entry.id.as_str()),
            };
            Some((entry, item))
        });
        let folded = if query.is_empty() {
            self.window.folded_folders.as_slice()
        } else {
            &[]
        };
        arrange(items.collect(), folded)
    }

    /// Everything that the palette can do or open.
    #[expect(clippy::too_many_lines, reason = "a list: one command after the other")]
    pub fn palette_entries(&self) -> Vec<PaletteEntry> {
        let entry =
            |text: String, kind: &str, shortcut: &'static str, action: Action| PaletteEntry {
                text,
                kind: kind.to_owned(),
                shortcut,
                action,
            };
        let command = |text: &str, shortcut: &'static str, action: Action| {
            entry(text.to_owned(), "command", shortcut, action)
        };
        let mut entries = Vec::new();
        if let Some(tab) = self.tabs.front() {
            entries.push(command(
                "Send the request",
                "Ctrl+Enter",
                Action::Send(tab.id),
            ));
            entries.push(command(
                "Save the request",
                "Ctrl+S",
                Action::SaveTab(tab.id),
            ));
            entries.push(command("Close the tab", "Ctrl+W", Action::CloseTab(tab.id)));
        }
        entries.push(command("New request", "Ctrl+T", Action::NewTab));
        entries.push(command("New connection", "", Action::NewProfile));
        entries.push(command("New simulated device", "", Action::NewDevice));
        entries.push(command("New pairing rule", "", Action::NewRule));
        entries.push(command(
            "Clear the timeline",
            "Ctrl+L",
            Action::ClearTimeline,
        ));
        entries.extend(self.export_entries());
        entries.extend(self.selection_entries());
        entries.extend(self.group_entries());
        entries.extend(self.message_entries());
        entries.extend(VIEWS.map(|(name, view)| command(name, "", Action::SetTimelineView(view))));
        entries.push(command(
            "Switch between dark and light theme",
            "",
            Action::ToggleTheme,
        ));
        entries.push(command(
            "Show or hide connections and requests",
            "Ctrl+B",
            Action::ToggleLeft,
        ));
        entries.push(command(
            "Show or hide simulated devices",
            "Ctrl+J",
            Action::ToggleRight,
        ));
        let recording = |action| Action::Recording(action);
        entries.push(if self.recordings.is_recording() {
            command("Stop recording", "", recording(RecordingAction::Stop))
        } else {
            command("Record…", "", recording(RecordingAction::AskWhereTo))
        });
        entries.push(command(
            "Open a recording…",
            "",
            recording(RecordingAction::AskWhich),
        ));
        for (text, action) in self.comparisons() {
            entries.push(command(text, "", action));
        }
        entries.extend(Self::import_entries());
        entries.extend(Self::secrets_entries());
        entries.extend(self.environment_entries());
        entries.push(command("Show the demos", "", Action::ShowDemos));
        entries.push(command("Settings", "Ctrl+,", Action::ShowSettings));
        entries.push(command("Help and shortcuts", "F1", Action::ShowHelp));
        for (id, draft) in self.library.requests() {
            let kind = if draft.folder.is_empty() {
                "request".to_owned()
            } else {
                format!("request · {}", draft.folder)
            };
            entries.push(PaletteEntry {
                text: draft.name.clone(),
                kind: format!("{kind} · {}", draft.topic),
                shortcut: "",
                action: Action::OpenRequest(id.clone()),
            });
        }
        for row in self.connection_rows() {
            let (verb, action) = if row.is_on {
                ("Disconnect", Action::Disconnect(row.id.clone()))
            } else {
                ("Connect", Action::Connect(row.id.clone()))
            };
            entries.push(entry(
                format!("{verb} {}", row.name),
                "connection",
                "",
                action,
            ));
        }
        for (id, draft) in self.library.devices() {
            let is_on = self.session.device(id).is_some();
            let verb = if is_on { "Switch off" } else { "Switch on" };
            entries.push(entry(
                format!("{verb} {}", draft.name),
                "simulated device",
                "",
                Action::SwitchDevice {
                    id: id.clone(),
                    on: !is_on,
                },
            ));
        }
        entries.extend(self.diagnosis_entries());
        entries.extend(self.shelved_entries());
        for demo in Demo::shipped() {
            entries.push(entry(
                format!("Play {}", demo.title),
                // As it is called on the command line.
                &format!("demo · {}", demo.name),
                "",
                Action::PlayDemo(demo.name),
            ));
        }
        entries
    }

    /// Saved filters and pairing rules.
    fn shelved_entries(&self) -> impl Iterator<Item = PaletteEntry> {
        let filters = self.filter_palette_entries();
        filters
            .chain(self.rules.palette_entries())
            .chain(self.subscription_entries())
            .chain(self.packet_entries())
    }
}
