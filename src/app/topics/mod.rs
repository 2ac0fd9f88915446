//! The Topics view without a window: the tree of topics of what passes the filter, and the history of one of them.
//!
//! [`Topics::follow`] looks at what was touched, never longer than a part of a frame, and has a long
//! timeline looked through on a thread of its own; while the view is not open it knows nothing.
//! Payloads stay in the timeline: [`message`] finds the one of an [`Entry`].

mod lines;
mod numbers;
mod tree;

pub use lines::Line;
pub use numbers::{Numbers, Point};
pub use tree::{Entry, MOST_NODES, Node, Retain, Tree};

use crate::app::work::{Work, Worker};
use crate::model::time::Timestamp;
use crate::model::timeline::filter::Field;
use crate::model::timeline::{Filter, MessageRef, RowId, RowRef, Snapshot, Timeline};
use crate::model::topic::{TopicFilter, TopicName};
use lines::Turned;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// With more touches than that at once it is cheaper to start over.
const MOST_TOUCHES: usize = 20_000;
/// More rows are looked through on a thread of their own.
const MANY_ROWS: usize = 5_000;
/// The other thread is asked whether it is done.
const ASK: Duration = Duration::from_millis(20);
/// The lines of a large tree are not made more often, unless somebody asks for others.
const FRESH: Duration = Duration::from_millis(200);
const MANY_NODES: usize = 2_000;

/// A node by its name: a connection's id, and a topic or the beginning of one.
pub type Path = (String, Option<String>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TopicsAction {
    Choose(Option<Path>),
    Fold {
        path: Path,
        open: bool,
    },
    Search(String),
    /// A message of the chosen topic; none is the newest, whichever that is.
    ChooseMessage(Option<Entry>),
    /// Which number of its payloads is drawn: a JSON pointer.
    Draw(String),
    /// Narrows the view to what a topic filter matches.
    ShowFilter(String),
    /// Asks whether to take away what the broker keeps for a topic.
    AskToClear {
        connection: String,
        topic: String,
    },
    Clear {
        connection: String,
        topic: String,
    },
}

#[derive(Debug)]
struct Made {
    shape: u64,
    at: Timestamp,
    is_stale: bool,
}

pub struct Topics {
    tree: Tree,
    lines: Arc<Vec<Line>>,
    made: Made,
    turned: Turned,
    /// The same among what was found.
    turned_found: Turned,
    query: String,
    chosen: Option<Path>,
    message: Option<Entry>,
    pub numbers: Numbers,

    is_following: bool,
    cursor: u64,
    epoch: u64,
    is_all_seen: bool,
    work: Option<Work<Box<Tree>>>,
    /// What is being freed; a job is only done while somebody has its handle.
    spent: Option<Work<()>>,
    looked_at: Arc<AtomicUsize>,
    rows_of_work: usize,
    /// Its own: a long timeline must not keep payloads waiting.
    worker: Worker,
}

impl Default for Topics {
    fn default() -> Self {
        Self {
            tree: Tree::default(),
            lines: Arc::default(),
            made: Made {
                shape: u64::MAX,
                at: Timestamp::default(),
                is_stale: true,
            },
            turned: Turned::new(),
            turned_found: Turned::new(),
            query: String::new(),
            chosen: None,
            message: None,
            numbers: Numbers::default(),
            is_following: false,
            cursor: 0,
            epoch: 0,
            is_all_seen: false,
            work: None,
            spent: None,
            looked_at: Arc::default(),
            rows_of_work: 0,
            // It is asked as long as it works.
            worker: Worker::new(Arc::new(|| {})),
        }
    }
}

impl Topics {
    /// Brings it up to date while there is time.
    pub fn follow(
        &mut self,
        (timeline, filter): (&Timeline, &Filter),
        now: Timestamp,
        mut has_time: impl FnMut() -> bool,
    ) {
        if !self.is_following || self.epoch != timeline.epoch() || self.tree.filter != *filter {
            self.start_over(timeline, filter);
        }
        if let Some(work) = &self.work {
            let Some(tree) = work.take() else { return };
            self.work = None;
            self.let_go(*tree);
            self.made.is_stale = true;
        }
        self.tree.marks = Arc::clone(timeline.marks());
        self.hear_of_touches(timeline);
        self.tree.drop_before(timeline.id_at(0));
        self.scan(timeline, &mut has_time);
        self.make_lines(now);
        if let Some(node) = self.chosen_node().and_then(|id| self.tree.node(id)) {
            self.numbers
                .follow(self.chosen.as_ref(), &node.entries, timeline);
        }
    }

    /// The view is closed: what was counted is forgotten, what was chosen and unfolded is not.
    pub fn rest(&mut self) {
        if self.is_following {
            self.is_following = false;
            self.let_go(Tree::default());
            self.lines = Arc::default();
            self.numbers = Numbers::default();
            self.made.is_stale = true;
            self.work = None;
        }
    }

    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    pub fn lines(&self) -> Arc<Vec<Line>> {
        Arc::clone(&self.lines)
    }

    pub fn query(&self) -> &str {
        &self.query
    }

    /// Whether there is more to look at than was done in the last slice.
    pub fn is_busy(&self) -> bool {
        self.is_following && (self.work.is_some() || !self.is_all_seen)
    }

    /// Of a long timeline, how much was looked at, 0 to 1.
    #[expect(clippy::cast_precision_loss, reason = "a share of a bar")]
    pub fn progress(&self) -> Option<f32> {
        self.work.as_ref()?;
        let looked_at = self.looked_at.load(Ordering::Relaxed);
        Some(looked_at as f32 / self.rows_of_work.max(1) as f32)
    }

    /// When to follow again although nothing happens.
    pub fn next_look(&self) -> Option<Duration> {
        if !self.is_following {
            None
        } else if self.work.is_some() {
            Some(ASK)
        } else if !self.is_all_seen || self.numbers.is_busy() {
            Some(Duration::ZERO)
        } else if self.made.is_stale || self.made.shape != self.tree.shape {
            Some(FRESH)
        } else {
            None
        }
    }

    /// Whether a rate that is shown fades.
    pub fn is_lively(&self, now: Timestamp) -> bool {
        let root = self.tree.node(tree::ROOT);
        root.is_some_and(|root| root.rate.per_second(now).is_some())
    }

    pub fn chosen(&self) -> Option<&Path> {
        self.chosen.as_ref()
    }

    pub fn chosen_node(&self) -> Option<u32> {
        let (connection, topic) = self.chosen.as_ref()?;
        self.tree.find(connection, topic.as_deref())
    }

    /// The message of the chosen topic that is looked at: its place in the history, from the newest.
    pub fn chosen_message(&self) -> Option<(usize, Entry)> {
        let entries = &self.tree.node(self.chosen_node()?)?.entries;
        // Messages before it go, and new ones come: it stays.
        let chosen = self.message.and_then(|entry| {
            let place = entries.binary_search(&entry).ok()?;
            Some((entries.len() - 1 - place, entry))
        });
        chosen.or_else(|| Some((0, *entries.back()?)))
    }

    pub fn follows_newest(&self) -> bool {
        self.message.is_none()
    }

    pub fn choose(&mut self, path: Option<Path>) {
        if self.chosen != path {
            self.chosen = path;
            self.message = None;
            self.numbers = Numbers::default();
        }
    }

    pub fn choose_message(&mut self, message: Option<Entry>) {
        self.message = message;
    }

    pub fn search(&mut self, query: String) {
        self.query = query;
        self.turned_found.clear();
        self.make_anew();
    }

    /// Folds a node, or unfolds it.
    pub fn fold(&mut self, path: Path, open: bool) {
        let id = self.tree.find(&path.0, path.1.as_deref());
        let line = self.lines.iter().find(|line| Some(line.node) == id);
        let turned = if self.query.trim().is_empty() {
            &mut self.turned
        } else {
            &mut self.turned_found
        };
        if line.is_some_and(|line| line.is_open != open) && !turned.remove(&path) {
            turned.insert(path);
        }
        self.make_anew();
    }

    /// Where a node stands among the lines.
    pub fn line_of(&self, node: u32) -> Option<usize> {
        self.lines.iter().position(|line| line.node == node)
    }

    /// Puts another tree in the place of the one there is: to free a large one takes longer than a frame has.
    fn let_go(&mut self, tree: Tree) {
        let old = std::mem::replace(&mut self.tree, tree);
        if old.messages() > MANY_ROWS as u64 {
            self.spent = Some(self.worker.start(move |_| {
                drop(old);
                Some(())
            }));
        }
    }

    fn make_anew(&mut self) {
        self.made.is_stale = true;
        self.made.at = Timestamp::default();
    }

    fn make_lines(&mut self, now: Timestamp) {
        if !self.made.is_stale && self.made.shape == self.tree.shape {
            return;
        }
        let is_due = now.since(self.made.at) >= FRESH || self.made.at > now;
        if self.tree.len() > MANY_NODES && !is_due {
            return;
        }
        let turned = if self.query.trim().is_empty() {
            &self.turned
        } else {
            &self.turned_found
        };
        self.lines = Arc::new(lines::lines(&self.tree, turned, &self.query));
        self.made = Made {
            shape: self.tree.shape,
            at: now,
            is_stale: false,
        };
    }

    /// Forgets what was counted. A long timeline is looked through on a thread of its own.
    fn start_over(&mut self, timeline: &Timeline, filter: &Filter) {
        self.is_following = true;
        self.epoch = timeline.epoch();
        self.cursor = timeline.touched_since(self.cursor).cursor;
        self.is_all_seen = false;
        self.work = None;
        self.numbers = Numbers::default();
        let tree = Tree::new(filter.clone(), Arc::clone(timeline.marks()));
        let snapshot = timeline.snapshot();
        let rows = snapshot
            .parts()
            .iter()
            .map(crate::model::timeline::Part::len);
        let rows: usize = rows.sum();
        if rows < MANY_ROWS {
            self.let_go(tree);
            self.made.is_stale = true;
            return;
        }
        // What was shown stays until then, but for another filter.
        if self.tree.filter != *filter {
            self.let_go(Tree::new(filter.clone(), Arc::clone(timeline.marks())));
            self.made.is_stale = true;
        }
        self.rows_of_work = rows;
        self.looked_at = Arc::default();
        let looked_at = Arc::clone(&self.looked_at);
        self.work = Some(self.worker.start(move |wanted| {
            look_through(&snapshot, tree, &looked_at, || wanted.is_so()).map(Box::new)
        }));
    }

    /// Looks again at rows that were looked at before; new ones come by themselves.
    fn hear_of_touches(&mut self, timeline: &Timeline) {
        let touched = timeline.touched_since(self.cursor);
        let seen = self.tree.seen;
        let again = || touched.ids().filter(|id| Some(*id) <= seen);
        let is_too_much = again().nth(MOST_TOUCHES).is_some();
        if seen.is_some() && (touched.is_incomplete || is_too_much) {
            let filter = self.tree.filter.clone();
            self.start_over(timeline, &filter);
            return;
        }
        // An exchange is touched several times on its way.
        let again: BTreeSet<RowId> = again().collect();
        for id in again {
            match timeline.peek(id) {
                Some(row) => drop(self.tree.look_at(row)),
                None => drop(self.tree.take(id)),
            }
        }
        self.cursor = touched.cursor;
    }

    fn scan(&mut self, timeline: &Timeline, mut has_time: impl FnMut() -> bool) {
        const SLICE: usize = 64;
        if self.work.is_some() {
            return;
        }
        // What was looked at can only have gone together with all that is older.
        let seen = self.tree.seen.and_then(|id| timeline.place_of(id));
        let mut place = seen.map_or(0, |place| place + 1);
        while place < timeline.len() {
            if place.is_multiple_of(SLICE) && !has_time() {
                break;
            }
            if let Some(row) = timeline.id_at(place).and_then(|id| timeline.peek(id)) {
                self.tree.look_at(row);
            }
            place += 1;
        }
        self.is_all_seen = place >= timeline.len();
    }
}

fn look_through(
    snapshot: &Snapshot,
    mut tree: Tree,
    looked_at: &AtomicUsize,
    goes_on: impl Fn() -> bool,
) -> Option<Tree> {
    for part in snapshot.parts() {
        if !goes_on() {
            return None;
        }
        for row in part.rows() {
            tree.look_at(row);
        }
        looked_at.fetch_add(part.len(), Ordering::Relaxed);
    }
    Some(tree)
}

/// The message of an entry, where it lies; none where its row has gone meanwhile.
pub fn with_message<T>(
    row: RowRef<'_>,
    part: u16,
    look: impl FnOnce(MessageRef<'_>) -> T,
) -> Option<T> {
    let (mut at, mut look, mut result) = (0, Some(look), None);
    row.any_message(|message| {
        let is_it = at == part;
        at = at.saturating_add(1);
        if is_it && let Some(look) = look.take() {
            result = Some(look(message));
        }
        is_it
    });
    result
}

/// The topic filter for a branch: everything beneath it, and itself.
pub fn branch_filter(topic: Option<&str>) -> String {
    match topic {
        Some(topic) => format!("{topic}/#"),
        None => "#".to_owned(),
    }
}

/// What to type for the rows with a topic that a topic filter matches.
pub fn filter_term(filter: &str) -> String {
    let Ok(filter) = TopicFilter::new(filter) else {
        return String::new();
    };
    let filter = filter.unshared();
    if filter == "#" {
        return String::new();
    }
    let (body, end) = match filter.strip_suffix("/#") {
        Some(body) => (body, r"(\/|$)"),
        None => (filter, "$"),
    };
    let levels = body.split('/').map(|level| match level {
        "+" => r"[^\/]*".to_owned(),
        level => quoted(level),
    });
    let levels: Vec<String> = levels.collect();
    format!("{}:/^{}{end}/", Field::Topic.word(), levels.join(r"\/"))
}

/// A text that means itself in a regular expression of a filter.
fn quoted(text: &str) -> String {
    let mut quoted = String::new();
    for character in text.chars() {
        if character.is_whitespace() {
            quoted.push_str(r"\s");
        } else {
            if !character.is_alphanumeric() && character.is_ascii() && character != '_' {
                quoted.push('\\');
            }
            quoted.push(character);
        }
    }
    quoted
}

/// Whether this is a topic of the broker's own.
pub fn is_of_broker(topic: &str) -> bool {
    topic.starts_with('$')
}

/// Whether something can be published there.
pub fn is_publishable(topic: &str) -> bool {
    TopicName::new(topic).is_ok() && !is_of_broker(topic)
}

#[cfg(test)]
mod tests;
