//! Saved requests as the list shows them.

use crate::app::actions::Action;
use crate::app::connections::{ConnectionRow, connection_row};
use crate::app::palette::PaletteEntry;
use crate::app::perform::RecordingAction;
use crate::app::{App, TimelineView};
use crate::model::demo::Demo;
use crate::model::profile::BUILT_IN_ID;
use std::collections::BTreeMap;

const VIEWS: [(&str, TimelineView); 4] = [
    ("Timeline as a table", TimelineView::Table),
    ("Timeline as lanes", TimelineView::Lanes),
    ("Timeline by latency", TimelineView::Latency),
    ("Timeline as a tree of topics", TimelineView::Topics),
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

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestFolder {
    /// Empty for requests in no folder.
    pub name: String,
    pub items: Vec<RequestItem>,
}

impl App {
    /// The built-in broker first, the others by name.
    pub fn connection_rows(&self) -> Vec<ConnectionRow> {
        let mut rows: Vec<ConnectionRow> = self
            .library
            .profiles()
            .iter()
            .map(|(id, draft)| {
                connection_row(
                    id,
                    &draft.name,
                    &draft.address,
                    draft.is_unverified(),
                    self.session.state(id),
                    self.now,
                )
            })
            .collect();
        rows.sort_by_key(|row| (row.id != BUILT_IN_ID, row.name.to_lowercase()));
        rows
    }

    /// Folders by name, what is in none first; requests in the order of their names.
    pub fn request_folders(&self) -> Vec<RequestFolder> {
        let front = self.tabs.front().and_then(|tab| tab.saved_id.as_deref());
        let mut folders: BTreeMap<&str, Vec<RequestItem>> = BTreeMap::new();
        for (id, draft) in self.library.requests() {
            folders
                .entry(draft.folder.trim())
                .or_default()
                .push(RequestItem {
                    id: id.clone(),
                    name: if draft.name.is_empty() {
                        draft.topic.clone()
                    } else {
                        draft.name.clone()
                    },
                    topic: draft.topic.clone(),
                    hint: match draft.topic.rsplit_once('/') {
                        Some((_, last)) => format!("…/{last}"),
                        None => draft.topic.clone(),
                    },
                    is_in_front: front == Some(id),
                });
        }
        folders
            .into_iter()
            .map(|(name, mut items)| {
                items.sort_by_key(|item| item.name.to_lowercase());
                RequestFolder {
                    name: name.to_owned(),
                    items,
                }
            })
            .collect()
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
            "Switch between dark and light",
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
    }
}
