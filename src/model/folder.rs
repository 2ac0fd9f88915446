//! Folders of connections and requests, and their order.
//!
//! A folder is a path such as `Plant/Line 1` that each thing names in its own file, and it is there as long as something
//! is in it. A place is a number in the same file. There is no list of either: two people who move different things
//! change different files, and what version control merges is still in order.

use std::collections::BTreeSet;

/// Between neighbours, so that something fits in between and one file changes instead of all.
const GAP: i64 = 1024;

/// A path as it is compared: `Plant/Line 1`, whatever is around its names.
pub fn normal(path: &str) -> String {
    let names: Vec<&str> = names(path).collect();
    names.join("/")
}

/// From the outermost.
pub fn names(path: &str) -> impl Iterator<Item = &str> {
    path.split('/')
        .map(str::trim)
        .filter(|name| !name.is_empty())
}

/// The folder itself or one in it; everything is in the one without a name.
pub fn is_in(path: &str, folder: &str) -> bool {
    let mut path = names(path);
    names(folder).all(|name| path.next() == Some(name))
}

/// The folder around it; empty at the top.
pub fn parent(path: &str) -> String {
    let mut names: Vec<&str> = names(path).collect();
    names.pop();
    names.join("/")
}

/// The last of its names.
pub fn name(path: &str) -> &str {
    names(path).last().unwrap_or_default()
}

/// Where `path` is once the folder `from` is called `to`; none where it is not in it.
pub fn renamed(path: &str, from: &str, to: &str) -> Option<String> {
    if !is_in(path, from) {
        return None;
    }
    let rest = names(path).skip(names(from).count());
    let names: Vec<&str> = names(to).chain(rest).collect();
    Some(names.join("/"))
}

/// All folders that the paths name, with those around them.
pub fn all<'a>(paths: impl Iterator<Item = &'a str>) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for path in paths {
        let mut path = normal(path);
        while !path.is_empty() && all.insert(path.clone()) {
            path = parent(&path);
        }
    }
    all
}

/// The places to write so that `moved` stands at `at` among `others`, which are as they are shown: those with a place
/// first, then the rest by name. Where there is room between its neighbours that is one; after some that have none it is
/// theirs as well; else all get new ones.
pub fn place(others: &[(&str, Option<i64>)], moved: &str, at: usize) -> Vec<(String, i64)> {
    let at = at.min(others.len());
    let before = at.checked_sub(1).and_then(|before| others.get(before));
    let after = others.get(at).and_then(|(_, order)| *order);
    let order = match (before.map(|(_, order)| *order), after) {
        (None, None) => Some(0),
        (None, Some(after)) => after.checked_sub(GAP),
        (Some(Some(before)), None) => before.checked_add(GAP),
        (Some(Some(before)), Some(after)) => between(before, after),
        // Those without a place come after all that have one: those before it need one, too.
        (Some(None), _) => {
            if let Some(places) = place_after(others.get(..at).unwrap_or_default(), moved) {
                return places;
            }
            None
        }
    };
    if let Some(order) = order {
        return vec![(moved.to_owned(), order)];
    }
    let mut ids: Vec<&str> = others.iter().map(|(id, _)| *id).collect();
    ids.insert(at, moved);
    (0_i64..)
        .zip(ids)
        .map(|(at, id)| (id.to_owned(), at.saturating_mul(GAP)))
        .collect()
}

/// Places for those of `before` that have none, and for what comes after them.
fn place_after(before: &[(&str, Option<i64>)], moved: &str) -> Option<Vec<(String, i64)>> {
    let last = before.iter().rev().find_map(|(_, order)| *order);
    let mut next = match last {
        Some(last) => last.checked_add(GAP)?,
        None => 0,
    };
    let without = before.iter().filter(|(_, order)| order.is_none());
    let mut places = Vec::new();
    for id in without.map(|(id, _)| *id).chain([moved]) {
        places.push((id.to_owned(), next));
        next = next.checked_add(GAP)?;
    }
    Some(places)
}

fn between(before: i64, after: i64) -> Option<i64> {
    let room = after.checked_sub(before)?;
    (room > 1).then_some(before + room / 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[test]
    fn a_path_is_read_whatever_is_around_its_names() {
        assert_eq!(normal(" / Plant// Line 1 /"), "Plant/Line 1");
        assert_eq!(parent("a/b/c"), "a/b");
        assert_eq!(parent("a"), "");
        assert_eq!(name("a/b "), "b");
        assert!(is_in("a/b", "a") && is_in("a", "a") && is_in("a", ""));
        assert!(!is_in("ab", "a") && !is_in("a", "a/b"));
    }

    #[test]
    fn what_is_in_a_folder_goes_along_when_it_is_renamed() {
        assert_eq!(renamed("a/b/c", "a/b", "x").as_deref(), Some("x/c"));
        assert_eq!(renamed("a/b", "a/b", "").as_deref(), Some(""));
        assert_eq!(renamed("a/bc", "a/b", "x"), None);
    }

    #[test]
    fn the_folders_around_are_there_as_well() {
        let all: Vec<String> = all(["a/b/c", "", "a/d"].into_iter()).into_iter().collect();
        assert_eq!(all, ["a", "a/b", "a/b/c", "a/d"]);
    }

    #[test]
    fn one_file_changes_where_there_is_room() {
        let others = [("a", Some(0)), ("b", Some(1024)), ("c", None)];
        assert_eq!(place(&others, "x", 1), [("x".to_owned(), 512)]);
        assert_eq!(place(&others, "x", 0), [("x".to_owned(), -1024)]);
        assert_eq!(place(&others, "x", 2), [("x".to_owned(), 2048)]);
        let both = [("c".to_owned(), 2048), ("x".to_owned(), 3072)];
        assert_eq!(place(&others, "x", 3), both);
        assert_eq!(place(&[("a", None)], "x", 0), [("x".to_owned(), 0)]);
        let full = [("a", Some(i64::MIN)), ("b", Some(i64::MAX))];
        assert_eq!(place(&full, "x", 0).len(), 3);
        assert_eq!(place(&full, "x", 9).len(), 3);
        assert_eq!(place(&full, "x", 1).len(), 3);
    }

    proptest! {
        /// Whatever is moved where, it is there afterwards, and the others stay in their order.
        #[test]
        fn things_stand_where_they_were_put(moves in proptest::collection::vec((0_usize..6, 0_usize..6), 1..80)) {
            let mut orders: BTreeMap<String, Option<i64>> =
                ["a", "b", "c", "d", "e", "f"].map(|id| (id.to_owned(), None)).into();
            let shown = |orders: &BTreeMap<String, Option<i64>>| {
                let mut ids: Vec<String> = orders.keys().cloned().collect();
                ids.sort_by_key(|id| (orders[id].is_none(), orders[id], id.clone()));
                ids
            };
            for (from, to) in moves {
                let mut wanted = shown(&orders);
                let moved = wanted.remove(from);
                let others: Vec<(&str, Option<i64>)> =
                    wanted.iter().map(|id| (id.as_str(), orders[id])).collect();
                for (id, order) in place(&others, &moved, to) {
                    orders.insert(id, Some(order));
                }
                wanted.insert(to, moved);
                prop_assert_eq!(shown(&orders), wanted);
            }
        }
    }
}
