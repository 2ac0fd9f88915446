//! The filter box: what is typed, which part of it applies, saved filters, and words to choose from.
//!
//! What is typed is kept apart from the filter that the list applies: while a term is wrong, it is
//! left out and the others filter.

mod words;

use crate::app::App;
use crate::app::palette::PaletteEntry;
use crate::app::{Action, undo::Undo};
use crate::model::record::Colour;
use crate::model::timeline::filter::{Problem, Surroundings, Vocabulary};
use crate::model::timeline::{Category, Filter, Timeline};
use crate::store::{OnConflict, SavedFilter};
use chrono::{Local, Offset as _, TimeZone as _};
use words::Words;

/// Filters used last that are kept.
const MOST_RECENT: usize = 12;

#[derive(Debug, Default)]
pub struct FilterBox {
    /// As typed, right or wrong.
    typed: Filter,
    words: Words,
}

impl FilterBox {
    pub fn text(&self) -> &str {
        self.typed.text()
    }

    pub fn problems(&self) -> &[Problem] {
        self.typed.problems()
    }

    /// What may not mean what was meant.
    pub fn hints(&self) -> &[Problem] {
        self.typed.hints()
    }

    /// Looks at some of the rows that came since, for their words.
    pub fn refresh(&mut self, timeline: &Timeline) {
        self.words.refresh(timeline);
    }
}

impl SavedFilter {
    /// The chip that it presses.
    pub fn category(&self) -> Option<Category> {
        let word = self.verdict.as_deref()?;
        Category::ALL.into_iter().find(|one| one.word() == word)
    }

    /// What a list calls it.
    pub fn title(&self) -> &str {
        if self.name.trim().is_empty() {
            &self.text
        } else {
            self.name.trim()
        }
    }
}

impl App {
    fn filter_surroundings(&self) -> Surroundings {
        let now = Local.timestamp_nanos(self.now.as_nanos());
        let profiles = self.library.profiles().iter();
        Surroundings {
            utc_offset_secs: now.offset().fix().local_minus_utc(),
            connections: profiles
                .map(|(id, profile)| (id.clone(), profile.name.clone()))
                .collect(),
        }
    }

    /// Takes what is typed; the list follows what is right of it.
    pub(super) fn set_filter(&mut self, text: &str, category: Option<Category>) {
        let here = self.filter_surroundings();
        let typed = Filter::with(text, category, &here);
        self.listing.apply(typed.without_wrong());
        self.filter.typed = typed;
    }

    /// A connection that was renamed is found by its new name.
    pub(super) fn refresh_filter(&mut self) {
        let shown = self.recordings.timeline();
        self.filter.refresh(shown.unwrap_or(&self.session.timeline));
        if self.filter.typed.asks_for_connections() {
            let (text, category) = (self.filter.text().to_owned(), self.filter.typed.category);
            self.set_filter(&text, category);
        }
    }

    /// What there is to be found, for the box to offer.
    pub fn vocabulary(&self) -> Vocabulary<'_> {
        let words = &self.filter.words;
        let requests = self.library.requests();
        let mut topics: Vec<&str> = words.topics().collect();
        let mut names: Vec<&str> = Vec::new();
        for request in requests.values() {
            let topic = request.topic.as_str();
            if !topic.is_empty() && !topic.contains("{{") {
                topics.push(topic);
            }
            names.push(&request.name);
        }
        let devices = self.library.devices().values();
        let mut devices: Vec<&str> = devices.map(|device| device.name.as_str()).collect();
        devices.extend(words.devices());
        for list in [&mut topics, &mut devices, &mut names] {
            list.retain(|one| !one.is_empty());
            list.sort_unstable();
            list.dedup();
        }
        let rules = self.session.rules().iter();
        let profiles = self.library.profiles().iter();
        Vocabulary {
            topics,
            devices,
            names,
            user_properties: words.user_properties().collect(),
            rules: rules.map(|rule| (&*rule.id, &*rule.title)).collect(),
            connections: profiles
                .map(|(id, profile)| (id.as_str(), profile.name.as_str()))
                .collect(),
            colours: Colour::ALL.map(Colour::word).to_vec(),
        }
    }

    /// Filters used before that can be used again, the last one first.
    pub fn recent_filters(&self) -> &[String] {
        &self.window.recent_filters
    }

    /// What is in the box has been used: it comes first among the recent ones.
    pub(super) fn keep_recent_filter(&mut self) {
        let text = self.filter.text().trim().to_owned();
        if text.is_empty() || !self.filter.problems().is_empty() {
            return;
        }
        let recent = &mut self.window.recent_filters;
        recent.retain(|one| *one != text);
        recent.insert(0, text);
        recent.truncate(MOST_RECENT);
    }

    fn save_filters(&mut self) {
        self.library
            .save_settings(&self.settings, OnConflict::Refuse);
    }

    fn saved_filter(&self, name: &str) -> Option<usize> {
        let mut filters = self.settings.filters.iter();
        filters.position(|one| one.title() == name)
    }

    /// Under that name; one that had it before can be brought back.
    pub(super) fn save_filter(&mut self, name: &str) {
        let name = name.trim();
        if name.is_empty() || !self.filter.problems().is_empty() {
            return;
        }
        let filter = SavedFilter {
            name: name.to_owned(),
            text: self.filter.text().trim().to_owned(),
            verdict: self
                .listing
                .filter()
                .category
                .map(|category| category.word().to_owned()),
        };
        let at = self.saved_filter(name);
        if let Some((index, slot)) =
            at.and_then(|at| Some((at, self.settings.filters.get_mut(at)?)))
        {
            let before = std::mem::replace(slot, filter);
            if *slot != before {
                let undo = Undo::Filter {
                    index,
                    filter: before,
                };
                let text = format!("Saved the filter {name} in place of the one before");
                self.notices.offer_undo(text, undo, self.now);
            }
        } else {
            self.settings.filters.push(filter);
            let text = format!("Saved the filter {name}");
            self.notices.inform(text, self.now);
        }
        self.save_filters();
    }

    pub(super) fn apply_saved_filter(&mut self, name: &str) {
        let at = self.saved_filter(name);
        let Some(filter) = at.and_then(|at| self.settings.filters.get(at)) else {
            return;
        };
        let (text, category) = (filter.text.clone(), filter.category());
        self.set_filter(&text, category);
        self.keep_recent_filter();
    }

    pub(super) fn rename_filter(&mut self, from: &str, to: &str) {
        let to = to.trim();
        if to.is_empty() || from == to {
            return;
        }
        if self.saved_filter(to).is_some() {
            self.notices.fail(
                format!("The filter {from} was not renamed: there is another one called {to}"),
                "Choose another name, or delete the other filter first.",
            );
            return;
        }
        let at = self.saved_filter(from);
        if let Some(filter) = at.and_then(|at| self.settings.filters.get_mut(at)) {
            to.clone_into(&mut filter.name);
            self.save_filters();
        }
    }

    pub(super) fn delete_filter(&mut self, name: &str) {
        let Some(index) = self.saved_filter(name) else {
            return;
        };
        let filter = self.settings.filters.remove(index);
        self.save_filters();
        self.notices.offer_undo(
            format!("Deleted the filter {name}"),
            Undo::Filter { index, filter },
            self.now,
        );
    }

    /// Puts one back that was deleted or overwritten.
    pub(super) fn restore_filter(&mut self, index: usize, filter: SavedFilter) {
        let at = self.saved_filter(filter.title());
        if let Some(slot) = at.and_then(|at| self.settings.filters.get_mut(at)) {
            *slot = filter;
        } else {
            let index = index.min(self.settings.filters.len());
            self.settings.filters.insert(index, filter);
        }
        self.save_filters();
    }

    pub(super) fn filter_palette_entries(&self) -> impl Iterator<Item = PaletteEntry> {
        let filters = self.settings.filters.iter();
        filters.map(|filter| PaletteEntry {
            text: format!("Filter: {}", filter.title()),
            kind: format!("saved filter · {}", filter.text),
            shortcut: "",
            action: Action::ApplyFilter(filter.title().to_owned()),
        })
    }
}

#[cfg(test)]
mod tests;
