//! The command palette: everything that can be done or opened, found by typing a part of it.

use crate::app::actions::Action;

/// A line of the palette.
#[derive(Clone, Debug)]
pub struct PaletteEntry {
    pub text: String,
    /// What kind of thing it is, or where it is: `request · Smart light`.
    pub kind: String,
    pub shortcut: &'static str,
    pub action: Action,
}

/// Entries whose text or kind has every typed word, those that begin with it first.
pub fn search<'a>(entries: &'a [PaletteEntry], query: &str) -> Vec<&'a PaletteEntry> {
    let words: Vec<String> = query
        .to_lowercase()
        .split_whitespace()
        .map(str::to_owned)
        .collect();
    let mut found: Vec<(usize, &PaletteEntry)> = entries
        .iter()
        .filter_map(|entry| {
            let text = entry.text.to_lowercase();
            let all = format!("{text} {}", entry.kind.to_lowercase());
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
        ];
        let texts = |query| {
            search(&entries, query)
                .iter()
                .map(|entry| entry.text.as_str())
                .collect::<Vec<_>>()
        };
        assert_eq!(texts("state"), ["State of things", "Read state"]);
        assert_eq!(texts("light re"), ["Read state"]);
        assert_eq!(texts("nothing").len(), 0);
        assert_eq!(texts("").len(), 3);
    }
}
