//! Connections and requests moved among folders, and folders renamed and deleted.

use crate::app::App;
use crate::app::dialogs::Dialog;
use crate::app::library::{Removed, Trouble};
use crate::app::tree::{Dragged, Entry, FolderDialog, Moved, Shelf, Spot, TreeAction};
use crate::app::undo::{Place, Undo};
use crate::model::folder;
use crate::model::profile::{BUILT_IN_ID, ProfileDraft};
use crate::model::request::RequestDraft;

/// A deeper path is a slip.
const MOST_BYTES: usize = 1_000;

impl App {
    pub(super) fn perform_tree(&mut self, action: TreeAction) {
        match action {
            TreeAction::Fold(list, path) => {
                super::toggle(list.folded_mut(&mut self.window), path);
            }
            TreeAction::Move(dragged, spot) => self.move_to(&dragged, &spot),
            TreeAction::Step { list, id, up } => self.step_in_folder(list, &id, up),
            TreeAction::AskWhere(dragged) => self.ask_where(dragged),
            TreeAction::Put => self.put_where_asked(),
            TreeAction::SortByName(list, path) => self.sort_by_name(list, &path),
            TreeAction::Delete(list, path) => self.delete_folder(list, &path),
        }
    }

    fn move_to(&mut self, dragged: &Dragged, spot: &Spot) {
        let list = dragged.list;
        let entries = self.entries(list);
        let folder_of = |id: &str| {
            let mut entries = entries.iter();
            let found = entries.find(|one| one.id == id);
            found.map(|one| one.folder.clone())
        };
        let target = match spot {
            Spot::Into(path) => Some(folder::normal(path)),
            Spot::Before(id) | Spot::After(id) => folder_of(id),
        };
        let Some(target) = target else { return };
        match &dragged.moved {
            Moved::Folder(path) => {
                // A folder cannot be moved into itself; folders are by name, so that its place among them is known.
                if !folder::is_in(&target, path) {
                    let to = folder::normal(&format!("{target}/{}", folder::name(path)));
                    self.rename_folder(list, path, &to);
                }
            }
            Moved::Item(id) => {
                let Some(from) = folder_of(id).filter(|_| id != BUILT_IN_ID) else {
                    return;
                };
                let places = self.places_at(list, id, &target, spot);
                if from == target && places.is_empty() {
                    return;
                }
                let mut changes: Vec<Place> = places
                    .into_iter()
                    .map(|(id, order)| Place::new(&id, &target, Some(order)))
                    .collect();
                if !changes.iter().any(|place| place.id == *id) {
                    changes.push(Place::new(id, &target, None));
                }
                let said = (from != target).then(|| {
                    let mut entries = entries.iter();
                    let name = entries.find(|one| one.id == *id).map(|one| &one.name);
                    format!("Moved {} to {}", name.unwrap_or(id), words(&target))
                });
                self.put_places(list, &changes, said);
            }
        }
    }

    /// The new places in a folder so that `id` comes there; none where it goes by name.
    fn places_at(&self, list: Shelf, id: &str, target: &str, spot: &Spot) -> Vec<(String, i64)> {
        let others = self.siblings(list, target, id);
        let at_of = |other: &str| others.iter().position(|one| one.id == *other);
        let at = match spot {
            Spot::Into(_) => None,
            Spot::Before(other) => at_of(other),
            Spot::After(other) => at_of(other).map(|at| at + 1),
        };
        let Some(at) = at else { return Vec::new() };
        // The built-in broker has the first place and needs none.
        let fixed = others.iter().filter(|one| one.id == BUILT_IN_ID).count();
        let others: Vec<(&str, Option<i64>)> = others
            .iter()
            .skip(fixed)
            .map(|one| (one.id.as_str(), one.order))
            .collect();
        folder::place(&others, id, at.saturating_sub(fixed))
    }

    fn step_in_folder(&mut self, list: Shelf, id: &str, up: bool) {
        let entries = self.entries(list);
        let Some(own) = entries.iter().find(|one| one.id == id) else {
            return;
        };
        let all = self.siblings(list, &own.folder, "");
        let Some(at) = all.iter().position(|one| one.id == id) else {
            return;
        };
        let beside = if up { at.checked_sub(1) } else { Some(at + 1) };
        let Some(beside) = beside.and_then(|at| all.get(at)) else {
            return;
        };
        if beside.id == BUILT_IN_ID {
            return;
        }
        let spot = if up { Spot::Before } else { Spot::After }(beside.id.clone());
        let moved = Moved::Item(id.to_owned());
        self.move_to(&Dragged { list, moved }, &spot);
    }

    fn ask_where(&mut self, dragged: Dragged) {
        let entries = self.entries(dragged.list);
        let (name, folder) = match &dragged.moved {
            Moved::Folder(path) => (folder::name(path).to_owned(), path.clone()),
            Moved::Item(id) => match entries.into_iter().find(|one| one.id == *id) {
                Some(one) => (one.name, one.folder),
                None => return,
            },
        };
        self.dialog = Some(Dialog::Folder(FolderDialog {
            dragged,
            name,
            folder,
            error: None,
        }));
    }

    fn put_where_asked(&mut self) {
        let Some(Dialog::Folder(dialog)) = &mut self.dialog else {
            return;
        };
        let to = folder::normal(&dialog.folder);
        let Dragged { list, moved } = dialog.dragged.clone();
        dialog.error = match &moved {
            _ if to.len() > MOST_BYTES => Some(format!(
                "the path is {} bytes long, which nobody can read; at most 1,000",
                to.len()
            )),
            Moved::Folder(_) if to.is_empty() => {
                Some("the name is empty; to have no folder, move what is in it".to_owned())
            }
            Moved::Folder(path) if to != *path && folder::is_in(&to, path) => {
                Some(format!("{to} is in the folder itself"))
            }
            _ => None,
        };
        if dialog.error.is_some() {
            return;
        }
        self.dialog = None;
        match &moved {
            Moved::Folder(path) => self.rename_folder(list, path, &to),
            Moved::Item(_) => self.move_to(&Dragged { list, moved }, &Spot::Into(to)),
        }
    }

    fn rename_folder(&mut self, list: Shelf, from: &str, to: &str) {
        if from == to {
            return;
        }
        let changes = self.entries(list).into_iter().filter_map(|one| {
            let path = folder::renamed(&one.folder, from, to)?;
            Some(Place::new(&one.id, &path, one.order))
        });
        let changes: Vec<Place> = changes.collect();
        if changes.is_empty() {
            return;
        }
        // What was folded stays so.
        for path in list.folded_mut(&mut self.window) {
            if let Some(renamed) = folder::renamed(path, from, to) {
                *path = renamed;
            }
        }
        let said = format!("The folder {from} is {to} now");
        self.put_places(list, &changes, Some(said));
    }

    fn sort_by_name(&mut self, list: Shelf, path: &str) {
        let ordered = self.siblings(list, path, "").into_iter();
        let changes: Vec<Place> = ordered
            .filter(|one| one.order.is_some())
            .map(|one| Place::new(&one.id, path, None))
            .collect();
        if !changes.is_empty() {
            let said = format!("{} sorted by name", words(path));
            self.put_places(list, &changes, Some(said));
        }
    }

    /// Writes folders and places. With words it can be taken back.
    fn put_places(&mut self, list: Shelf, changes: &[Place], said: Option<String>) {
        let entries = self.entries(list);
        let before: Vec<Place> = entries
            .iter()
            .filter(|one| changes.iter().any(|place| place.id == one.id))
            .map(|one| Place::new(&one.id, &one.folder, one.order))
            .collect();
        for place in changes {
            if let Err(trouble) = self.put_place(list, place) {
                self.tell(trouble);
            }
        }
        if let Some(said) = said {
            let undo = Undo::Placed { list, before };
            self.notices.offer_undo(said, undo, self.now);
        }
    }

    pub(super) fn undo_places(&mut self, list: Shelf, before: &[Place]) {
        self.put_places(list, before, None);
    }

    fn put_place(&mut self, list: Shelf, place: &Place) -> Result<(), Trouble> {
        match list {
            Shelf::Connections => {
                let Some(draft) = self.library.profile(&place.id) else {
                    return Ok(());
                };
                let draft = ProfileDraft {
                    folder: place.folder.clone(),
                    order: place.order,
                    ..draft.clone()
                };
                self.library.save_profile(Some(&place.id), &draft)?;
            }
            Shelf::Requests => {
                let Some(draft) = self.library.request(&place.id) else {
                    return Ok(());
                };
                let draft = RequestDraft {
                    folder: place.folder.clone(),
                    order: place.order,
                    ..draft.clone()
                };
                self.library.save_request(Some(&place.id), &draft)?;
                // What is typed in its tab and not saved stays so, in the new place.
                let tab = self.tabs.of_saved(&place.id);
                if let Some(tab) = tab.and_then(|tab| self.tabs.get_mut(tab)) {
                    for it in [&mut tab.draft, &mut tab.original] {
                        it.folder.clone_from(&place.folder);
                        it.order = place.order;
                    }
                }
            }
        }
        Ok(())
    }

    fn delete_folder(&mut self, list: Shelf, path: &str) {
        let inside: Vec<Entry> = self
            .entries(list)
            .into_iter()
            .filter(|one| folder::is_in(&one.folder, path) && one.id != BUILT_IN_ID)
            .collect();
        let mut gone: Vec<(Removed, bool)> = Vec::new();
        for one in &inside {
            let removed = match list {
                Shelf::Connections => self.take_profile_out(&one.id),
                Shelf::Requests => {
                    let removed = self.take_request_out(&one.id);
                    removed.map(|thing| vec![(thing, false)])
                }
            };
            match removed {
                Ok(removed) => gone.extend(removed),
                Err(trouble) => self.tell(trouble),
            }
        }
        if gone.is_empty() {
            return;
        }
        let what = match inside.len() {
            1 => list.noun().trim_end_matches('s').to_owned(),
            several => format!("{several} {}", list.noun()),
        };
        let said = format!("Deleted the folder {path} with its {what}");
        self.notices
            .offer_undo(said, Undo::AllRemoved(gone), self.now);
    }
}

fn words(folder: &str) -> String {
    if folder.is_empty() {
        "the top".to_owned()
    } else {
        format!("the folder {folder}")
    }
}
