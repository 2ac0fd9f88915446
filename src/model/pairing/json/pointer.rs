//! JSON Pointers (RFC 6901) with `*` for every member or element.

use super::{Json, Kind, NodeId};
use std::fmt;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A member's name, or an element's index where it is one.
    Name {
        name: Arc<str>,
        index: Option<usize>,
    },
    /// Every member or element.
    Every,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pointer {
    steps: Vec<Step>,
}

impl Pointer {
    /// Reads `/a/0/*`; the empty text is the whole document.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        let Some(rest) = text.strip_prefix('/') else {
            return Err(format!(
                "the JSON pointer `{text}` must start with `/`, as in `/{text}`"
            ));
        };
        let steps: Result<_, _> = rest.split('/').map(step).collect();
        Ok(Self { steps: steps? })
    }

    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// This pointer and then the other.
    #[must_use]
    pub fn join(&self, other: &Self) -> Self {
        let steps = self.steps.iter().chain(&other.steps).cloned().collect();
        Self { steps }
    }

    /// What it leads to from `root`, in the order of the document, up to `limit`. JSON `null` is nothing.
    pub fn find(&self, json: &Json<'_>, root: NodeId, limit: usize) -> Vec<NodeId> {
        let mut found = vec![root];
        let last = self.steps.len().wrapping_sub(1);
        for (number, step) in self.steps.iter().enumerate() {
            let mut next = Vec::new();
            // Nulls further up lead nowhere, either.
            let counts = |node: &NodeId| number != last || json.kind(*node) != Kind::Null;
            for &node in &found {
                match step {
                    Step::Name { name, index } => match json.kind(node) {
                        Kind::Object => next.extend(json.member(node, name)),
                        Kind::Array => {
                            next.extend(index.and_then(|index| json.elements(node).nth(index)));
                        }
                        _ => {}
                    },
                    Step::Every => {
                        let all = json.elements(node);
                        let all = all.chain(json.members(node).map(|(_, value)| value));
                        next.extend(all.filter(counts).take(limit - next.len().min(limit)));
                    }
                }
                if next.len() >= limit {
                    break;
                }
            }
            found = next;
            if found.is_empty() {
                break;
            }
        }
        found.retain(|&node| json.kind(node) != Kind::Null);
        found
    }
}

fn step(text: &str) -> Result<Step, String> {
    if text == "*" {
        return Ok(Step::Every);
    }
    let mut name = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '~' {
            name.push(c);
            continue;
        }
        match chars.next() {
            Some('0') => name.push('~'),
            Some('1') => name.push('/'),
            _ => {
                return Err(format!(
                    "in the JSON pointer, `{text}` has a `~` that is neither `~0` (for ~) nor `~1` (for /)"
                ));
            }
        }
    }
    let is_index =
        name.bytes().all(|byte| byte.is_ascii_digit()) && (name == "0" || !name.starts_with('0'));
    let index = if is_index { name.parse().ok() } else { None };
    Ok(Step::Name {
        name: name.into(),
        index,
    })
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.steps.iter().try_for_each(|step| match step {
            Step::Name { name, .. } => {
                write!(f, "/{}", name.replace('~', "~0").replace('/', "~1"))
            }
            Step::Every => f.write_str("/*"),
        })
    }
}
