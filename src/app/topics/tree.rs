//! The tree of topics: what came and went on each, level by level.
//!
//! Beneath the root stands a node for each connection, beneath it one for each level. A node knows
//! the messages of its own topic by row and place ([`Entry`]), and how many there are beneath it;
//! the messages themselves stay in the timeline.

use crate::app::rate::Rate;
use crate::model::time::Timestamp;
use crate::model::timeline::{Filter, Noted, Row, RowId, RowKind, RowRef};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// More topics and levels than that are counted, and not shown.
pub const MOST_NODES: usize = 200_000;
/// Deeper levels are shown as one.
const MOST_LEVELS: usize = 64;
/// As long as the tree is that small, all that comes is unfolded; later only the first level.
const SMALL: usize = 60;
pub const ROOT: u32 = 0;
/// In place of a node: there was no room for one.
const LEFT_OUT: u32 = u32::MAX;

/// A message: in which row, and at which place among its messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    pub at: Timestamp,
    pub row: RowId,
    /// 0 is the request, or the message; replies follow.
    pub part: u16,
    pub retain: Retain,
}

/// What a message says of the one that the broker keeps for its topic (MQTT 5 §3.3.1.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Retain {
    /// Nothing.
    #[default]
    No,
    Kept,
    /// An empty one takes it away.
    Cleared,
}

#[derive(Debug)]
pub struct Node {
    pub parent: u32,
    pub level: Arc<str>,
    pub children: BTreeMap<Arc<str>, u32>,
    /// Oldest first.
    pub entries: VecDeque<Entry>,
    /// Messages here and beneath.
    pub count: u64,
    pub newest: Timestamp,
    pub rate: Rate,
    /// The last one that said something of the retained message.
    retained: Option<Entry>,
    /// How it is until somebody folds it.
    pub is_open: bool,
}

impl Node {
    fn new(parent: u32, level: Arc<str>, is_open: bool) -> Self {
        Self {
            parent,
            level,
            children: BTreeMap::new(),
            entries: VecDeque::new(),
            count: 0,
            newest: Timestamp::default(),
            rate: Rate::default(),
            retained: None,
            is_open,
        }
    }

    /// Whether the broker keeps a message for this topic, as far as can be told from what came.
    pub fn is_retained(&self) -> bool {
        self.retained
            .is_some_and(|entry| entry.retain == Retain::Kept)
    }
}

/// Where a message went, in the order of the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Placed {
    row: RowId,
    part: u16,
    node: u32,
}

#[derive(Debug)]
pub struct Tree {
    pub filter: Filter,
    /// What the filter may ask for.
    pub marks: Arc<Noted>,
    /// The newest row that was looked at; all before it were, too.
    pub seen: Option<RowId>,
    nodes: Vec<Node>,
    free: Vec<u32>,
    placed: VecDeque<Placed>,
    /// Topics with messages.
    pub topics: usize,
    /// Messages on topics for which there was no room.
    pub left_out: u64,
    /// Another number whenever a node came or went.
    pub shape: u64,
}

impl Default for Tree {
    fn default() -> Self {
        Self {
            filter: Filter::default(),
            marks: Arc::default(),
            seen: None,
            nodes: vec![Node::new(ROOT, "".into(), true)],
            free: Vec::new(),
            placed: VecDeque::new(),
            topics: 0,
            left_out: 0,
            shape: 0,
        }
    }
}

impl Tree {
    pub fn new(filter: Filter, marks: Arc<Noted>) -> Self {
        Self {
            filter,
            marks,
            ..Self::default()
        }
    }

    pub fn node(&self, id: u32) -> Option<&Node> {
        self.nodes.get(id as usize)
    }

    /// Messages in all.
    pub fn messages(&self) -> u64 {
        self.node(ROOT).map_or(0, |root| root.count)
    }

    /// Nodes, with those of levels and connections.
    pub fn len(&self) -> usize {
        self.nodes.len() - 1 - self.free.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn connections(&self) -> usize {
        self.node(ROOT).map_or(0, |root| root.children.len())
    }

    /// The connection that a node belongs to, and its topic; none for a connection itself.
    pub fn path(&self, id: u32) -> Option<(Arc<str>, Option<String>)> {
        let mut levels = Vec::new();
        let mut at = id;
        loop {
            let node = self.node(at).filter(|_| at != ROOT)?;
            if node.parent == ROOT {
                levels.reverse();
                let topic = (!levels.is_empty()).then(|| levels.join("/"));
                return Some((Arc::clone(&node.level), topic));
            }
            levels.push(&*node.level);
            at = node.parent;
        }
    }

    pub fn find(&self, connection: &str, topic: Option<&str>) -> Option<u32> {
        let mut at = *self.node(ROOT)?.children.get(connection)?;
        for level in topic.into_iter().flat_map(levels) {
            at = *self.node(at)?.children.get(level)?;
        }
        Some(at)
    }

    /// Looks at a row, for the first time or again. Says whether that changed anything.
    pub fn look_at(&mut self, row: RowRef<'_>) -> bool {
        let id = row.id();
        self.seen = self.seen.max(Some(id));
        let known = self.range_of(id).len();
        if !self.filter.passes_with(row, &*self.marks) {
            return known > 0 && self.take(id);
        }
        // Messages of a row are never taken back: only new ones have to be put.
        if known > row.replies() {
            return false;
        }
        each_message(row, known, |part, at, topic, retain| {
            let entry = Entry {
                at,
                row: id,
                part: u16::try_from(part).unwrap_or(u16::MAX),
                retain,
            };
            self.put(row.connection(), topic, entry);
        });
        true
    }

    /// Takes the messages of a row out. Says whether there were any.
    pub fn take(&mut self, row: RowId) -> bool {
        let range = self.range_of(row);
        let taken: Vec<Placed> = self.placed.drain(range).collect();
        for placed in &taken {
            self.remove(*placed);
        }
        !taken.is_empty()
    }

    /// The oldest rows are gone. Says whether one of them had counted.
    pub fn drop_before(&mut self, first: Option<RowId>) -> bool {
        let mut has_changed = false;
        while let Some(placed) = self.placed.front().copied() {
            if first.is_some_and(|first| placed.row >= first) {
                break;
            }
            self.placed.pop_front();
            self.remove(placed);
            has_changed = true;
        }
        has_changed
    }

    fn range_of(&self, row: RowId) -> std::ops::Range<usize> {
        // Most of what is looked at is new.
        if self.placed.back().is_none_or(|last| last.row < row) {
            return self.placed.len()..self.placed.len();
        }
        let from = self.placed.partition_point(|placed| placed.row < row);
        let to = self.placed.partition_point(|placed| placed.row <= row);
        from..to
    }

    fn put(&mut self, connection: &str, topic: &str, entry: Entry) {
        let node = self.node_for(connection, topic).unwrap_or(LEFT_OUT);
        let placed = Placed {
            row: entry.row,
            part: entry.part,
            node,
        };
        insert(&mut self.placed, placed);
        if node == LEFT_OUT {
            self.left_out += 1;
            return;
        }
        if let Some(node) = self.nodes.get_mut(node as usize) {
            self.topics += usize::from(node.entries.is_empty());
            insert(&mut node.entries, entry);
            if entry.retain != Retain::No {
                node.retained = node.retained.max(Some(entry));
            }
        }
        let mut at = node;
        while let Some(node) = self.nodes.get_mut(at as usize) {
            node.count += 1;
            node.newest = node.newest.max(entry.at);
            node.rate.note(entry.at);
            if at == ROOT {
                break;
            }
            at = node.parent;
        }
    }

    fn remove(&mut self, placed: Placed) {
        if placed.node == LEFT_OUT {
            self.left_out -= 1;
            return;
        }
        let Some(node) = self.nodes.get_mut(placed.node as usize) else {
            return;
        };
        let is_it = |entry: &Entry| entry.row == placed.row && entry.part == placed.part;
        // The oldest goes, or what came just now.
        let found = match node.entries.iter().take(64).position(is_it) {
            Some(found) => Some(found),
            None => node.entries.iter().rposition(is_it),
        };
        let Some(entry) = found.and_then(|at| node.entries.remove(at)) else {
            return;
        };
        self.topics -= usize::from(node.entries.is_empty());
        if node.retained == Some(entry) {
            let mut told = node.entries.iter().rev();
            node.retained = told.find(|entry| entry.retain != Retain::No).copied();
        }
        let mut at = placed.node;
        while let Some(node) = self.nodes.get_mut(at as usize) {
            node.count -= 1;
            let (parent, is_gone) = (node.parent, node.count == 0 && at != ROOT);
            if is_gone {
                let level = std::mem::replace(node, Node::new(ROOT, "".into(), false)).level;
                self.free.push(at);
                self.shape += 1;
                if let Some(parent) = self.nodes.get_mut(parent as usize) {
                    parent.children.remove(&level);
                }
            } else if node.newest == entry.at {
                self.renew(at);
            }
            if at == ROOT {
                break;
            }
            at = parent;
        }
    }

    /// The newest message of a node has gone: finds the one that is the newest now. Beneath very many it
    /// would take too long, each time: there the time of what has gone stays until something newer comes.
    fn renew(&mut self, id: u32) {
        const FEW: usize = 256;
        let Some(node) = self.node(id).filter(|node| node.children.len() <= FEW) else {
            return;
        };
        let own = node.entries.back().map(|entry| entry.at);
        let below = node.children.values();
        let below = below.filter_map(|child| Some(self.node(*child)?.newest));
        let newest = below.max().max(own).unwrap_or_default();
        if let Some(node) = self.nodes.get_mut(id as usize) {
            node.newest = newest;
        }
    }

    /// The node of a topic, made where it is not there; none where there is no room.
    fn node_for(&mut self, connection: &str, topic: &str) -> Option<u32> {
        let mut at = ROOT;
        for level in std::iter::once(connection).chain(levels(topic)) {
            at = match self.node(at)?.children.get(level) {
                Some(child) => *child,
                None if self.len() + MOST_LEVELS > MOST_NODES => {
                    // All of a topic, or nothing of it.
                    return self.find(connection, Some(topic));
                }
                None => self.add(at, level)?,
            };
        }
        Some(at)
    }

    fn add(&mut self, parent: u32, level: &str) -> Option<u32> {
        let level: Arc<str> = level.into();
        // What the broker tells of itself is much, and seldom what somebody looks for.
        let is_first = self.node(parent).is_some_and(|node| node.parent == ROOT);
        let is_open = (is_first || self.len() < SMALL) && !level.starts_with('$');
        let node = Node::new(parent, Arc::clone(&level), is_open);
        let id = if let Some(id) = self.free.pop() {
            *self.nodes.get_mut(id as usize)? = node;
            id
        } else {
            self.nodes.push(node);
            u32::try_from(self.nodes.len() - 1).ok()?
        };
        self.shape += 1;
        self.nodes
            .get_mut(parent as usize)?
            .children
            .insert(level, id);
        Some(id)
    }
}

/// Levels of a topic, as they stand beneath each other.
pub fn levels(topic: &str) -> impl Iterator<Item = &str> {
    topic.splitn(MOST_LEVELS, '/')
}

/// Most of what comes is the newest.
fn insert<T: Ord + Copy>(sorted: &mut VecDeque<T>, new: T) {
    if sorted.back().is_none_or(|last| *last <= new) {
        sorted.push_back(new);
    } else {
        let at = sorted.partition_point(|one| *one <= new);
        sorted.insert(at, new);
    }
}

/// The messages of a row from one place on: when each came, on which topic.
fn each_message(
    row: RowRef<'_>,
    from: usize,
    mut tell: impl FnMut(usize, Timestamp, &str, Retain),
) {
    let retain = |flag: bool, is_empty: bool| match (flag, is_empty) {
        (false, _) => Retain::No,
        (true, false) => Retain::Kept,
        (true, true) => Retain::Cleared,
    };
    let round_trip = row.round_trip();
    // When a reply came is known without unpacking where it is the only one.
    let is_known = match row.replies() {
        0 => true,
        1 => round_trip.is_some(),
        _ => false,
    };
    if !is_known && row.kind() == RowKind::Exchange {
        let row = row.to_row();
        let Row::Exchange(exchange) = &*row else {
            return;
        };
        let replies = exchange.replies.iter();
        let replies = replies.map(|reply| (reply.received, &reply.message));
        let all = std::iter::once((row.time(), &exchange.message)).chain(replies);
        for (part, (at, message)) in all.enumerate().skip(from) {
            let retain = retain(message.retain, message.payload.is_empty());
            tell(part, at, message.topic.as_str(), retain);
        }
        return;
    }
    let mut part = 0;
    row.any_message(|message| {
        if part >= from {
            let at = match round_trip.filter(|_| part > 0) {
                Some(round_trip) => row.time().saturating_add(round_trip),
                None => row.time(),
            };
            let retain = retain(message.retain, message.payload.is_empty());
            tell(part, at, message.topic, retain);
        }
        part += 1;
        false
    });
}
