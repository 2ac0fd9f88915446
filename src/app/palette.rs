//! The command palette: everything that can be done or opened, found by typing a part of it.

use crate::app::App;
use crate::app::actions::Action;
use crate::app::inspect::part;
use crate::app::listing::group::GroupBy;
use crate::app::messages::MessageAction;
use crate::app::table::TableAction;

/// A line of the palette.
#[derive(Clone, Debug)]
pub struct PaletteEntry {
    pub text: String,
    /// What kind of thing it is, or where it is: `request · Smart light`.
    pub kind: String,
    pub shortcut: &'static str,
    pub action: Action,
}

/// As it is compared: in lower case, and an ellipsis as it is typed.
fn plain(text: &str) -> String {
    text.to_lowercase().replace('…', "...")
}

/// Entries whose text or kind has every typed word, those that begin with it first.
pub fn search<'a>(entries: &'a [PaletteEntry], query: &str) -> Vec<&'a PaletteEntry> {
    let words: Vec<String> = plain(query).split_whitespace().map(str::to_owned).collect();
    let mut found: Vec<(usize, &PaletteEntry)> = entries
        .iter()
        .filter_map(|entry| {
            let text = plain(&entry.text);
            let all = format!("{text} {}", plain(&entry.kind));
            let matches = words.iter().all(|word| all.contains(word.as_str()));
            let rank = words
                .first()
                .map_or(0, |word| match text.find(word.as_str()) {
                    Some(0) => 0,
                    Some(_) => 1,
                    None => 2,
                });
            matches.then_some((rank, entry))
        })
        .collect();
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().map(|(_, entry)| entry).collect()
}

impl App {
    /// How the table could be grouped.
    pub(super) fn group_entries(&self) -> Vec<PaletteEntry> {
        let now = self.listing.arrangement().wanted().group;
        let entry = |text: String, by| PaletteEntry {
            text,
            kind: "table".to_owned(),
            shortcut: "",
            action: Action::Table(TableAction::Group(by)),
        };
        let ways = GroupBy::ALL.into_iter().filter(|by| now != Some(*by));
        let ways = ways.map(|by| {
            let text = format!("Group by {}", by.label().to_lowercase());
            entry(text, Some(by))
        });
        let none = now.map(|_| entry("Do not group the rows".to_owned(), None));
        none.into_iter().chain(ways).collect()
    }

    /// What can be made of the message that tells most of the row that is looked at.
    pub(super) fn message_entries(&self) -> Vec<PaletteEntry> {
        let row = self
            .selected
            .and_then(|id| Some((id, self.timeline().row(id)?)));
        let Some((id, row)) = row else {
            return Vec::new();
        };
        // Of a request its own message: that is what is replied to, and what others are made of.
        let Some(of) = part(&row, 0) else {
            return Vec::new();
        };
        let can = |action: &MessageAction| self.why_not(&row, &of.message, *action).is_none();
        MessageAction::ALL
            .into_iter()
            .filter(can)
            .map(|action| PaletteEntry {
                text: action.label().to_owned(),
                kind: format!("selected message · {}", of.message.topic),
                shortcut: "",
                action: Action::Message(id, 0, action),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_found_by_any_part_and_beginnings_come_first() {
        let entry = |text: &str, kind: &str| PaletteEntry {
            text: text.to_owned(),
            kind: kind.to_owned(),
            shortcut: "",
            action: Action::NewTab,
        };
        let entries = [
            entry("Read state", "request · Smart light"),
            entry("Switch theme", "command"),
            entry("State of things", "request"),
            entry("Record…", "command"),
        ];
        let texts = |query| {
            search(&entries, query)
                .iter()
                .map(|entry| entry.text.as_str())
                .collect::<Vec<_>>()
        };
        assert_eq!(texts("state"), ["State of things", "Read state"]);
        assert_eq!(texts("light re"), ["Read state"]);
        assert_eq!(texts("switch..."), [] as [&str; 0]);
        assert_eq!(texts("nothing").len(), 0);
        assert_eq!(texts("").len(), 4);
        // Nobody types the one character.
        for typed in ["record...", "Record…", "record"] {
            assert_eq!(texts(typed), ["Record…"]);
        }
    }
}
