//! The tree as a list of lines: what is unfolded, or found.

use super::tree::{ROOT, Tree};
use std::collections::BTreeSet;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    pub node: u32,
    pub depth: u16,
    pub has_children: bool,
    pub is_open: bool,
}

/// What somebody folded or unfolded: nodes that are not as they are by themselves.
pub type Turned = BTreeSet<(String, Option<String>)>;

/// The lines, from the top. A single connection has none of its own. With a query only those are there that have it
/// in their topic, and those above them.
pub fn lines(tree: &Tree, turned: &Turned, query: &str) -> Vec<Line> {
    let mut painter = Painter {
        tree,
        turned,
        query: query.trim().to_lowercase(),
        lines: Vec::new(),
    };
    let has_one = tree.connections() == 1;
    let connections = tree.node(ROOT).map(|root| &root.children);
    for (name, id) in connections.into_iter().flatten() {
        let mut topic = String::new();
        if has_one {
            painter.children(*id, name, &mut topic, 0);
        } else {
            painter.visit(*id, name, &mut topic, 0);
        }
    }
    painter.lines
}

struct Painter<'a> {
    tree: &'a Tree,
    turned: &'a Turned,
    query: String,
    lines: Vec<Line>,
}

impl Painter<'_> {
    /// The lines of a node and of what is unfolded beneath it. Says whether there are any.
    fn visit(&mut self, id: u32, connection: &str, topic: &mut String, depth: u16) -> bool {
        let Some(node) = self.tree.node(id) else {
            return false;
        };
        let is_searched = !self.query.is_empty();
        let is_found = !is_searched || topic.to_lowercase().contains(&self.query);
        // Everything beneath what is found has it, too; it is unfolded only where somebody wants that.
        let is_open_by_itself = if is_searched { !is_found } else { node.is_open };
        let is_connection = node.parent == ROOT;
        let is_turned = !self.turned.is_empty() && {
            let topic = (!is_connection).then(|| topic.clone());
            self.turned.contains(&(connection.to_owned(), topic))
        };
        let is_open = is_open_by_itself != is_turned;
        let at = self.lines.len();
        self.lines.push(Line {
            node: id,
            depth,
            has_children: !node.children.is_empty(),
            is_open,
        });
        let has_below = (is_open || !is_found) && self.children(id, connection, topic, depth + 1);
        if !is_found && !has_below {
            self.lines.truncate(at);
            return false;
        }
        if !is_open {
            self.lines.truncate(at + 1);
        }
        true
    }

    fn children(&mut self, id: u32, connection: &str, topic: &mut String, depth: u16) -> bool {
        let Some(node) = self.tree.node(id) else {
            return false;
        };
        let is_connection = node.parent == ROOT;
        let mut has_any = false;
        for (level, child) in &node.children {
            let before = topic.len();
            if !is_connection {
                topic.push('/');
            }
            topic.push_str(level);
            has_any |= self.visit(*child, connection, topic, depth);
            topic.truncate(before);
        }
        has_any
    }
}
