//! The open requests: what is typed, whether it is valid, whether it is saved, what came of it.

use crate::app::pairing::PairingView;
use crate::model::FieldError;
use crate::model::environment::Environment;
use crate::model::pairing::Rules;
use crate::model::request::{Request, RequestDraft, RequestField, Surroundings};
use crate::model::timeline::RowId;
use std::sync::Arc;

/// A longer payload is not edited in a window: laying it out would stop it.
pub const EDITABLE_BYTES: usize = 64 * 1024;

/// Names a tab for the life of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TabId(pub u64);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ComposerPane {
    #[default]
    Payload,
    Properties,
    Pairing,
}

#[derive(Debug)]
pub struct Tab {
    pub id: TabId,
    /// The saved request that it shows; none for one that was never saved.
    pub saved_id: Option<String>,
    pub draft: RequestDraft,
    /// As in its file, or as it began.
    pub original: RequestDraft,
    pub pane: ComposerPane,
    /// The last exchange that was sent from here.
    pub last: Option<RowId>,
    /// Send was pressed: what is missing is marked too, not only what is wrong.
    pub was_tried: bool,
    checked: Option<Checked>,
}

/// A draft and what it was found to be, so that a frame does not check what has not changed.
#[derive(Debug)]
struct Checked {
    draft: RequestDraft,
    client_id: String,
    response_information: Option<String>,
    rules: Option<Rules>,
    environment: Option<Arc<Environment>>,
    pairing: PairingView,
    result: Result<Arc<Request>, Vec<FieldError<RequestField>>>,
}

impl Tab {
    pub fn title(&self) -> String {
        if !self.draft.name.trim().is_empty() {
            return self.draft.name.trim().to_owned();
        }
        match self.draft.topic.rsplit('/').find(|level| !level.is_empty()) {
            Some(level) => level.chars().take(24).collect(),
            None => "New request".to_owned(),
        }
    }

    /// There is something that is in no file.
    pub fn is_dirty(&self) -> bool {
        self.draft != self.original
            || (self.saved_id.is_none()
                && self.draft
                    != RequestDraft {
                        connection: self.draft.connection.clone(),
                        ..RequestDraft::default()
                    })
    }

    /// The valid request, or what is wrong with it.
    pub fn check(
        &mut self,
        surroundings: &Surroundings<'_>,
    ) -> &Result<Arc<Request>, Vec<FieldError<RequestField>>> {
        let checked = self.checked_now(surroundings);
        &self.checked.insert(checked).result
    }

    /// Brings what [`Tab::error`] and [`Tab::valid`] say up to date.
    pub fn refresh(&mut self, surroundings: &Surroundings<'_>) {
        self.checked = Some(self.checked_now(surroundings));
    }

    fn checked_now(&mut self, surroundings: &Surroundings<'_>) -> Checked {
        let is_current = self.checked.as_ref().is_some_and(|checked| {
            checked.client_id == surroundings.client_id
                && checked.response_information.as_deref() == surroundings.response_information
                && is_same(checked.rules.as_ref(), surroundings.rules)
                && is_same_environment(checked.environment.as_ref(), surroundings.environment)
                && checked.draft == self.draft
        });
        match self.checked.take() {
            Some(checked) if is_current => checked,
            _ => {
                let result = self.draft.validate(surroundings).map(Arc::new);
                let request = result.as_deref().ok();
                Checked {
                    draft: self.draft.clone(),
                    client_id: surroundings.client_id.to_owned(),
                    response_information: surroundings.response_information.map(str::to_owned),
                    rules: surroundings.rules.cloned(),
                    environment: surroundings.environment.cloned(),
                    pairing: PairingView::of(&self.draft, request, surroundings),
                    result,
                }
            }
        }
    }

    /// What is wrong with one field, as of the last check.
    pub fn error(&self, field: &RequestField) -> Option<&str> {
        let errors = self.checked.as_ref()?.result.as_ref().err()?;
        errors
            .iter()
            .find(|err| err.field == *field)
            .map(|err| err.message.as_str())
    }

    /// As of the last check.
    pub fn errors(&self) -> &[FieldError<RequestField>] {
        self.checked
            .as_ref()
            .and_then(|checked| checked.result.as_ref().err())
            .map_or(&[], Vec::as_slice)
    }

    /// The rule and what it makes of the request, as of the last check.
    pub fn pairing(&self) -> Option<&PairingView> {
        self.checked.as_ref().map(|checked| &checked.pairing)
    }

    /// The valid request, as of the last check.
    pub fn valid(&self) -> Option<&Arc<Request>> {
        self.checked.as_ref()?.result.as_ref().ok()
    }
}

fn is_same(one: Option<&Rules>, other: Option<&Rules>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.is_same(other),
        (one, other) => one.is_none() && other.is_none(),
    }
}

/// A new one is made for every change.
fn is_same_environment(one: Option<&Arc<Environment>>, other: Option<&Arc<Environment>>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => Arc::ptr_eq(one, other),
        (one, other) => one.is_none() && other.is_none(),
    }
}

/// All open tabs; one of them is in front unless there is none.
#[derive(Debug, Default)]
pub struct Tabs {
    open: Vec<Tab>,
    front: usize,
    next: u64,
}

impl Tabs {
    pub fn iter(&self) -> impl Iterator<Item = &Tab> {
        self.open.iter()
    }

    pub fn len(&self) -> usize {
        self.open.len()
    }

    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    pub fn front(&self) -> Option<&Tab> {
        self.open.get(self.front)
    }

    pub fn front_mut(&mut self) -> Option<&mut Tab> {
        self.open.get_mut(self.front)
    }

    pub fn get_mut(&mut self, id: TabId) -> Option<&mut Tab> {
        self.open.iter_mut().find(|tab| tab.id == id)
    }

    pub fn get(&self, id: TabId) -> Option<&Tab> {
        self.open.iter().find(|tab| tab.id == id)
    }

    /// Opens a tab in front.
    pub fn open(
        &mut self,
        saved_id: Option<String>,
        draft: RequestDraft,
        original: RequestDraft,
    ) -> TabId {
        let id = TabId(self.next);
        self.next += 1;
        self.open.push(Tab {
            id,
            saved_id,
            draft,
            original,
            pane: ComposerPane::default(),
            last: None,
            was_tried: false,
            checked: None,
        });
        self.front = self.open.len() - 1;
        id
    }

    pub fn of_saved(&self, saved_id: &str) -> Option<TabId> {
        self.open
            .iter()
            .find(|tab| tab.saved_id.as_deref() == Some(saved_id))
            .map(|tab| tab.id)
    }

    pub fn bring_to_front(&mut self, id: TabId) {
        if let Some(index) = self.open.iter().position(|tab| tab.id == id) {
            self.front = index;
        }
    }

    /// The tab beside the one in front; wraps around.
    pub fn step(&mut self, forward: bool) {
        if !self.open.is_empty() {
            let step = if forward { 1 } else { self.open.len() - 1 };
            self.front = (self.front + step) % self.open.len();
        }
    }

    /// Takes a tab out, with the place it had.
    pub fn close(&mut self, id: TabId) -> Option<(usize, Tab)> {
        let index = self.open.iter().position(|tab| tab.id == id)?;
        let tab = self.open.remove(index);
        if self.front > index || self.front >= self.open.len() {
            self.front = self.front.saturating_sub(1);
        }
        Some((index, tab))
    }

    /// Puts a closed tab back, in front.
    pub fn reopen(&mut self, index: usize, tab: Tab) {
        let index = index.min(self.open.len());
        self.open.insert(index, tab);
        self.front = index;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Surroundings<'static> = Surroundings {
        client_id: "c",
        response_information: None,
        rules: None,
        environment: None,
    };

    #[test]
    fn a_tab_knows_whether_it_is_saved() {
        let mut tabs = Tabs::default();
        let id = tabs.open(None, RequestDraft::default(), RequestDraft::default());
        assert!(!tabs.get(id).unwrap().is_dirty());
        tabs.get_mut(id).unwrap().draft.topic = "a/b".to_owned();
        assert!(tabs.get(id).unwrap().is_dirty());
        assert_eq!(tabs.get(id).unwrap().title(), "b");
    }

    #[test]
    fn a_check_follows_the_draft_and_the_connection() {
        let mut tabs = Tabs::default();
        let id = tabs.open(None, RequestDraft::default(), RequestDraft::default());
        let tab = tabs.get_mut(id).unwrap();
        assert!(tab.check(&HERE).is_err());
        assert!(tab.error(&RequestField::Topic).is_some());
        tab.draft.topic = "a".to_owned();
        assert!(tab.check(&HERE).is_ok());
        let told = Surroundings {
            client_id: "c",
            response_information: Some("rr/"),
            rules: None,
            environment: None,
        };
        assert_eq!(
            tab.check(&told)
                .as_ref()
                .unwrap()
                .response_topic
                .as_ref()
                .unwrap()
                .as_str(),
            "rr/c/resp"
        );
    }

    #[test]
    fn closing_keeps_a_tab_in_front_and_can_be_taken_back() {
        let mut tabs = Tabs::default();
        let ids: Vec<TabId> = (0..3)
            .map(|_| tabs.open(None, RequestDraft::default(), RequestDraft::default()))
            .collect();
        let (index, tab) = tabs.close(ids[2]).unwrap();
        assert_eq!(tabs.front().unwrap().id, ids[1]);
        tabs.bring_to_front(ids[0]);
        tabs.reopen(index, tab);
        assert_eq!(tabs.front().unwrap().id, ids[2]);
        tabs.step(true);
        assert_eq!(tabs.front().unwrap().id, ids[0]);
        for id in ids {
            tabs.close(id);
        }
        assert!(tabs.front().is_none());
        tabs.step(true);
    }
}
