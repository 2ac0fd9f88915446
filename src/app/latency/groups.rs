//! The list of groups: one line each, sorted by what the user chose.

use super::figures::{Figure, shown};
use super::statistics::Statistics;
use crate::model::sample::Sample;
use crate::model::text;
use crate::model::timeline::RowRef;
use std::cmp::Ordering;
use std::sync::Arc;
use std::time::Duration;

/// What exchanges are put together by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Grouping {
    All,
    #[default]
    Topic,
    Device,
    Rule,
    Connection,
    Verdict,
}

/// In the place of a name where nobody answered, and where it is not known who did.
const NOBODY: &str = "nobody answered";
const NOT_KNOWN: &str = "not known";

impl Grouping {
    pub const ALL: [Self; 6] = [
        Self::All,
        Self::Topic,
        Self::Device,
        Self::Rule,
        Self::Connection,
        Self::Verdict,
    ];

    pub fn label(self) -> &'static str {
        match self {
            Self::All => "All",
            Self::Topic => "Topic",
            Self::Device => "Device",
            Self::Rule => "Rule",
            Self::Connection => "Connection",
            Self::Verdict => "Verdict",
        }
    }

    /// The group of a row.
    pub fn name_of(self, row: RowRef<'_>) -> &str {
        match self {
            Self::All => "",
            Self::Topic => row.topic(),
            Self::Device => match (row.responder(), row.round_trip()) {
                (Some(responder), _) => responder,
                (None, Some(_)) => NOT_KNOWN,
                (None, None) => NOBODY,
            },
            Self::Rule => row.rule().unwrap_or(NOT_KNOWN),
            Self::Connection => row.connection(),
            Self::Verdict => row.category().word(),
        }
    }

    /// The filter's term for a group, where there is one.
    pub fn term(self, name: &str) -> Option<String> {
        let field = match self {
            Self::All => return None,
            Self::Device if name == NOBODY || name == NOT_KNOWN => return None,
            Self::Topic => "topic",
            Self::Device => "responder",
            Self::Rule => "rule",
            Self::Connection => "connection",
            Self::Verdict => "verdict",
        };
        if name.contains('"') {
            return None;
        }
        let needs_quotes = name.is_empty() || name.contains(char::is_whitespace);
        Some(if needs_quotes {
            format!("{field}:\"{name}\"")
        } else {
            format!("{field}:{name}")
        })
    }
}

/// What the list is sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SortBy {
    Name,
    #[default]
    Count,
    Unanswered,
    P50,
    P90,
    P99,
    Max,
}

impl SortBy {
    pub const ALL: [Self; 7] = [
        Self::Name,
        Self::Count,
        Self::Unanswered,
        Self::P50,
        Self::P90,
        Self::P99,
        Self::Max,
    ];

    pub fn label(self) -> &'static str {
        match self {
            Self::Name => "Name",
            Self::Count => "Count",
            Self::Unanswered => "Lost",
            Self::P50 => "p50",
            Self::P90 => "p90",
            Self::P99 => "p99",
            Self::Max => "max",
        }
    }

    fn figure(self) -> Option<Figure> {
        match self {
            Self::Name | Self::Count | Self::Unanswered => None,
            Self::P50 => Some(Figure::P50),
            Self::P90 => Some(Figure::P90),
            Self::P99 => Some(Figure::P99),
            Self::Max => Some(Figure::Max),
        }
    }
}

/// A group as it is painted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupLine {
    /// For choosing it; none chooses all.
    pub key: Option<Arc<str>>,
    pub name: String,
    /// In the order of [`SortBy::ALL`], without the name.
    pub cells: [String; 6],
    /// There are too few round trips for its high percentiles to mean much.
    pub is_small: bool,
    pub is_chosen: bool,
    pub sentence: String,
}

/// A line for all, then the groups, the largest first unless turned round; by name from A.
pub fn lines(
    statistics: &Statistics,
    (sort, is_turned): (SortBy, bool),
    chosen: Option<&str>,
    shown_name: impl Fn(&str) -> String,
) -> Vec<GroupLine> {
    let groups = statistics.groups().iter();
    let mut groups: Vec<(Duration, &Arc<str>, &Sample)> = groups
        .filter(|group| !group.sample.is_empty())
        .map(|group| {
            let figure = sort.figure().and_then(|figure| figure.of(&group.sample));
            (figure.unwrap_or_default(), &group.name, &group.sample)
        })
        .collect();
    groups.sort_by(|a, b| {
        let order = match sort {
            SortBy::Name => Ordering::Equal,
            SortBy::Count => b.2.exchanges().cmp(&a.2.exchanges()),
            SortBy::Unanswered => b.2.unanswered.cmp(&a.2.unanswered),
            _ => b.0.cmp(&a.0),
        };
        let by_name = if sort == SortBy::Name && is_turned {
            b.1.cmp(a.1)
        } else {
            a.1.cmp(b.1)
        };
        let order = if is_turned { order.reverse() } else { order };
        order.then(by_name)
    });
    let all = line(None, "All".to_owned(), &statistics.total, chosen.is_none());
    let lines = groups.into_iter().map(|(_, key, sample)| {
        let is_chosen = chosen == Some(&**key);
        line(Some(Arc::clone(key)), shown_name(key), sample, is_chosen)
    });
    std::iter::once(all).chain(lines).collect()
}

fn line(key: Option<Arc<str>>, name: String, sample: &Sample, is_chosen: bool) -> GroupLine {
    let figure = |figure: Figure| shown(figure.of(sample));
    let cells = [
        text::count(sample.exchanges()),
        text::count(sample.unanswered),
        figure(Figure::P50),
        figure(Figure::P90),
        figure(Figure::P99),
        figure(Figure::Max),
    ];
    let [count, lost, p50, p90, p99, max] = &cells;
    let sentence = format!(
        "{name}, {count} exchanges, {lost} not answered, p50 {p50}, p90 {p90}, p99 {p99}, max {max}"
    );
    GroupLine {
        key,
        sentence,
        is_small: sample.is_small(),
        is_chosen,
        cells,
        name,
    }
}
