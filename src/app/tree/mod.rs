//! Connections and requests in their folders: the lines of a list, and what can be moved where.
//!
//! One piece of code for both lists; what differs is said by [`Shelf`]. Folders and places are in the things' own files
//! (see [`crate::model::folder`]).

mod search;

pub use search::Query;

use crate::app::App;
use crate::model::folder;
use crate::model::profile::BUILT_IN_ID;
use crate::store::WindowState;
use std::collections::BTreeMap;

/// Which of the two lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shelf {
    Connections,
    Requests,
}

impl Shelf {
    /// In the plural.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Connections => "connections",
            Self::Requests => "requests",
        }
    }

    pub fn folded(self, window: &WindowState) -> &[String] {
        match self {
            Self::Connections => &window.folded_connections,
            Self::Requests => &window.folded_folders,
        }
    }

    pub(in crate::app) fn folded_mut(self, window: &mut WindowState) -> &mut Vec<String> {
        match self {
            Self::Connections => &mut window.folded_connections,
            Self::Requests => &mut window.folded_folders,
        }
    }
}

/// What is moved: a thing by its id, or a folder by its path with all that is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Moved {
    Item(String),
    Folder(String),
}

/// What is dragged, and from which list: it can be dropped in that one only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dragged {
    pub list: Shelf,
    pub moved: Moved,
}

/// Where to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spot {
    /// A folder by its path; empty: the top.
    Into(String),
    /// Beside another thing, in its folder.
    Before(String),
    After(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TreeAction {
    Fold(Shelf, String),
    Move(Dragged, Spot),
    /// One place up or down among those of its folder.
    Step {
        list: Shelf,
        id: String,
        up: bool,
    },
    /// Opens the dialog for where to.
    AskWhere(Dragged),
    /// Does what the dialog holds.
    Put,
    /// All of a folder go by name again.
    SortByName(Shelf, String),
    /// A folder with all that is in it.
    Delete(Shelf, String),
}

/// Where something is to go, as typed.
#[derive(Debug)]
pub struct FolderDialog {
    pub dragged: Dragged,
    /// What is moved is called.
    pub name: String,
    /// The path of the folder that it is moved to; of a folder that is moved, its own new path.
    pub folder: String,
    pub error: Option<String>,
}

/// What arranging asks of a thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub id: String,
    pub name: String,
    /// As in [`folder::normal`].
    pub folder: String,
    pub order: Option<i64>,
}

impl Entry {
    /// It stays at the head of the list.
    fn is_fixed(&self) -> bool {
        self.id == BUILT_IN_ID
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderLine {
    pub path: String,
    /// The last name of its path.
    pub name: String,
    pub depth: usize,
    /// How many things are in it and in the folders in it.
    pub count: usize,
    pub is_open: bool,
}

/// A line of a list. `depth` says how many folders are around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line<T> {
    Folder(FolderLine),
    Item { item: T, depth: usize },
}

type Names = Vec<(String, String)>;

/// A folder's path, how many things are in it and beneath, and those that are in it.
type Held = (String, usize, Vec<(Entry, usize)>);

/// Compared as people sort, and as it is where that is all the difference.
fn key(path: &str) -> Names {
    folder::names(path)
        .map(|name| (as_sorted(name), name.to_owned()))
        .collect()
}

/// Without regard to capitals, and by the value of numbers: `Press 5` comes before `Press 10`.
fn as_sorted(name: &str) -> String {
    const WIDTH: usize = 20;
    let mut key = String::new();
    let mut digits = String::new();
    // What is at the end of the last number is not lost.
    for c in name.to_lowercase().chars().chain(['\0']) {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        if !digits.is_empty() {
            key.extend(std::iter::repeat_n('0', WIDTH.saturating_sub(digits.len())));
            key.push_str(&digits);
            digits.clear();
        }
        key.push(c);
    }
    key
}

fn sort(entries: &mut [(Entry, usize)]) {
    entries.sort_by_cached_key(|(one, _)| {
        let name = as_sorted(&one.name);
        let place = (one.order.is_none(), one.order);
        (!one.is_fixed(), place, name, one.id.clone())
    });
}

/// The lines of a list: first what is in no folder, then the folders by name, each with what is in it and then the
/// folders in it. What is in a folded one is counted.
pub fn arrange<T>(things: Vec<(Entry, T)>, folded: &[String]) -> Vec<Line<T>> {
    let (entries, things): (Vec<Entry>, Vec<T>) = things.into_iter().unzip();
    let mut things: Vec<Option<T>> = things.into_iter().map(Some).collect();
    let mut folders: BTreeMap<Names, Held> = BTreeMap::new();
    for (at, entry) in entries.into_iter().enumerate() {
        let mut path = entry.folder.clone();
        let key_of = key(&path);
        while !path.is_empty() {
            let held = folders.entry(key(&path));
            held.or_insert_with(|| (path.clone(), 0, Vec::new())).1 += 1;
            path = folder::parent(&path);
        }
        let held = folders.entry(key_of).or_default();
        held.2.push((entry, at));
    }
    let mut lines = Vec::new();
    let mut folded_in: Option<Names> = None;
    for (names, (path, count, mut entries)) in folders {
        if folded_in
            .as_ref()
            .is_some_and(|around| names.starts_with(around))
        {
            continue;
        }
        let depth = names.len();
        if depth > 0 {
            let is_open = !folded.contains(&path);
            lines.push(Line::Folder(FolderLine {
                name: folder::name(&path).to_owned(),
                depth: depth - 1,
                count,
                is_open,
                path,
            }));
            if !is_open {
                folded_in = Some(names);
                continue;
            }
        }
        sort(&mut entries);
        let here = entries
            .into_iter()
            .filter_map(|(_, at)| things.get_mut(at).and_then(Option::take));
        lines.extend(here.map(|item| Line::Item { item, depth }));
    }
    lines
}

impl App {
    /// What is on a list, in no order.
    pub(in crate::app) fn entries(&self, list: Shelf) -> Vec<Entry> {
        let entry = |id: &String, name: &str, folder: &str, order| Entry {
            id: id.clone(),
            name: name.to_owned(),
            folder: folder::normal(folder),
            order,
        };
        match list {
            Shelf::Connections => {
                let profiles = self.library.profiles().iter();
                profiles
                    .map(|(id, it)| entry(id, &it.name, &it.folder, it.order))
                    .collect()
            }
            Shelf::Requests => {
                let requests = self.library.requests().iter();
                requests
                    .map(|(id, it)| entry(id, it.called(), &it.folder, it.order))
                    .collect()
            }
        }
    }

    /// Those of a folder in the order in which they are shown, without one.
    pub(in crate::app) fn siblings(&self, list: Shelf, folder: &str, without: &str) -> Vec<Entry> {
        let all = self.entries(list).into_iter();
        let mut here: Vec<(Entry, usize)> = all
            .filter(|one| one.folder == folder && one.id != without)
            .map(|one| (one, 0))
            .collect();
        sort(&mut here);
        here.into_iter().map(|(one, _)| one).collect()
    }

    /// All folders of a list.
    pub fn folders(&self, list: Shelf) -> Vec<String> {
        let entries = self.entries(list);
        let paths = entries.iter().map(|one| one.folder.as_str());
        folder::all(paths).into_iter().collect()
    }
}

#[cfg(test)]
mod tests;
