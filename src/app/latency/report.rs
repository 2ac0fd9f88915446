//! All that the Latency view paints, in words and shares.

use super::charts::{HistogramChart, OverTime, Scatter};
use super::compare::Comparison;
use super::figures::{Figure, caution, shown, silence};
use super::groups::GroupLine;
use super::legs::LegMedian;
use super::region::Region;
use crate::model::sample::Sample;
use std::sync::Arc;

#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Grows with each, for what is made of it.
    pub number: u64,
    /// All that passes the filter.
    pub total: u64,
    pub shown: Summary,
    pub groups: Vec<GroupLine>,
    pub histogram: Option<HistogramChart>,
    pub scatter: Option<Scatter>,
    pub over_time: Option<OverTime>,
    pub legs: Vec<LegMedian>,
    pub marked: Option<(Region, Summary)>,
    pub kept: Option<Arc<str>>,
    pub comparison: Option<Comparison>,
}

/// What is said of one sample.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    pub name: String,
    pub exchanges: u64,
    pub answered: u64,
    pub unanswered: u64,
    /// `12 of 1,204 not answered`.
    pub silence: String,
    pub figures: Vec<FigureShown>,
    pub caution: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FigureShown {
    pub label: &'static str,
    pub value: String,
    /// There are too few round trips for it to mean much.
    pub is_vague: bool,
}

impl Summary {
    pub fn of(name: String, sample: &Sample) -> Self {
        let figures = Figure::ALL.map(|figure| FigureShown {
            label: figure.label(),
            value: shown(figure.of(sample)),
            is_vague: sample.answered() < figure.least(),
        });
        Self {
            name,
            exchanges: sample.exchanges(),
            answered: sample.answered(),
            unanswered: sample.unanswered,
            silence: silence(sample),
            figures: figures.to_vec(),
            caution: caution(sample),
        }
    }

    pub fn sentence(&self) -> String {
        let figures = self.figures.iter();
        let figures: Vec<String> = figures
            .map(|figure| format!("{} {}", figure.label, figure.value))
            .collect();
        format!("{}: {}, {}", self.name, self.silence, figures.join(", "))
    }
}
