//! A report: one HTML file for people, which loads nothing, runs no script and prints well.
//!
//! Counts, percentiles and the histogram are of all rows. The list holds the newest ones, within
//! bounds, and says how many there were; payloads are cut and their size is said. Everything that comes
//! from a row goes through [`escape::Esc`]: it can neither end an element nor hide or turn around other text.

mod escape;
mod figures;
mod lanes;
mod list;
mod statistics;

#[cfg(test)]
mod tests;

use super::{Item, Options, words};
use crate::model::exchange::{Exchange, ExchangeId};
use crate::model::text;
use crate::model::timeline::{Category, Row};
use escape::Esc;
use statistics::Statistics;
use std::collections::VecDeque;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

const TEMPLATE: &str = include_str!("../../../../assets/report/report.html");
const STYLE: &str = include_str!("../../../../assets/report/report.css");

/// Rows in the list, and bytes that they may keep alive while the report is made.
const MAX_LISTED: usize = 1_000;
const MAX_LISTED_BYTES: usize = 64 << 20;
/// Diagrams that were asked for, at most.
const MAX_LANES: usize = 50;
/// Diagrams that nobody asked for: of each kind.
const SOME: usize = 3;

pub(super) struct Html<W> {
    options: Options,
    out: W,
    statistics: Statistics,
    listed: VecDeque<Item>,
    listed_bytes: usize,
    /// Exchanges that were asked for, or the first that were not answered.
    chosen: Vec<Exchange>,
    /// The slowest that were answered, the slowest first.
    slowest: Vec<(Duration, Exchange)>,
}

impl<W: Write> Html<W> {
    pub fn new(options: &Options, out: W) -> Self {
        Self {
            options: options.clone(),
            out,
            statistics: Statistics::default(),
            listed: VecDeque::new(),
            listed_bytes: 0,
            chosen: Vec::new(),
            slowest: Vec::new(),
        }
    }

    pub fn row(&mut self, item: Item) {
        self.statistics.add(&item.row);
        if let Row::Exchange(exchange) = &item.row {
            self.choose(exchange);
        }
        self.listed_bytes += item.row.weight();
        self.listed.push_back(item);
        while self.listed.len() > MAX_LISTED
            || (self.listed_bytes > MAX_LISTED_BYTES && self.listed.len() > 1)
        {
            let Some(gone) = self.listed.pop_front() else {
                break;
            };
            self.listed_bytes -= gone.row.weight();
        }
    }

    fn choose(&mut self, exchange: &Exchange) {
        if !self.options.lanes.is_empty() {
            if self.options.lanes.contains(&exchange.id) && self.chosen.len() < MAX_LANES {
                self.chosen.push(exchange.clone());
            }
            return;
        }
        if !exchange.verdict.is_answered() {
            if self.chosen.len() < SOME && !exchange.verdict.is_open() {
                self.chosen.push(exchange.clone());
            }
            return;
        }
        let Some(time) = exchange.round_trip() else {
            return;
        };
        let place = self.slowest.partition_point(|(other, _)| *other >= time);
        if place < SOME {
            self.slowest.insert(place, (time, exchange.clone()));
            self.slowest.truncate(SOME);
        }
    }

    pub fn finish(mut self) -> io::Result<Vec<String>> {
        self.statistics.settle();
        let mut rest = TEMPLATE;
        while let Some((before, after)) = rest.split_once("{{") {
            self.out.write_all(before.as_bytes())?;
            let Some((slot, after)) = after.split_once("}}") else {
                break;
            };
            self.out.write_all(self.fill(slot).as_bytes())?;
            rest = after;
        }
        self.out.write_all(rest.as_bytes())?;
        self.out.flush()?;
        Ok(self.notes())
    }

    fn fill(&self, slot: &str) -> String {
        match slot {
            "title" => Esc(self.title()).to_string(),
            "style" => STYLE.to_owned(),
            "about" => self.about(),
            "summary" => figures::summary(&self.statistics),
            "percentiles" => figures::percentiles(&self.statistics),
            "histogram" => figures::histogram(&self.statistics),
            "groups" => figures::groups(&self.statistics),
            "lanes" => self.lanes(),
            "list" => list::list(&self.listed, self.statistics.rows),
            "program" => concat!("Roundtrip ", env!("CARGO_PKG_VERSION")).to_owned(),
            _ => String::new(),
        }
    }

    fn title(&self) -> &str {
        if self.options.title.is_empty() {
            "Timeline"
        } else {
            &self.options.title
        }
    }

    /// What the rows are, from when to when, and when this was made.
    fn about(&self) -> String {
        let mut about = String::new();
        if let (Some(first), Some(last)) = (self.statistics.first, self.statistics.last) {
            put(
                &mut about,
                format_args!(
                    "<p>{} to {} ({})</p>",
                    moment(first),
                    moment(last),
                    text::duration(last.since(first))
                ),
            );
        }
        if !self.options.filter.is_empty() {
            let filter = Esc(&self.options.filter);
            put(
                &mut about,
                format_args!("<p>Only rows that pass the filter <code>{filter}</code></p>"),
            );
        }
        let made = moment(self.options.made);
        put(
            &mut about,
            format_args!("<p class=\"muted\">Made {made}. All times are UTC.</p>"),
        );
        about
    }

    fn lanes(&self) -> String {
        let mut html = String::new();
        let slowest = self.slowest.iter().map(|(_, exchange)| exchange);
        let all: Vec<&Exchange> = self.chosen.iter().chain(slowest).collect();
        let which = if !self.options.lanes.is_empty() {
            "The exchanges that were asked for."
        } else if all.is_empty() {
            ""
        } else {
            "The first that were not answered, and the slowest that were."
        };
        if !which.is_empty() {
            put(
                &mut html,
                format_args!("<p class=\"muted\">{which} Distances are not to scale.</p>"),
            );
        }
        for exchange in &all {
            html.push_str(&lanes::diagram(exchange));
        }
        if all.is_empty() && self.options.lanes.is_empty() {
            html.push_str("<p class=\"muted\">No exchange has ended yet.</p>");
        }
        let missing = self.missing();
        if !missing.is_empty() {
            put(
                &mut html,
                format_args!("<p class=\"muted\">Not among the rows: {missing}.</p>"),
            );
        }
        html
    }

    /// Diagrams that were asked for and cannot be drawn.
    fn missing(&self) -> String {
        let drawn: Vec<ExchangeId> = self.chosen.iter().map(|exchange| exchange.id).collect();
        let missing = self.options.lanes.iter().filter(|id| !drawn.contains(id));
        let missing: Vec<String> = missing.map(|id| format!("exchange {}", id.0)).collect();
        missing.join(", ")
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let listed = self.listed.len() as u64;
        if listed < self.statistics.rows {
            notes.push(format!(
                "the report lists the newest {} of {} rows; its figures are of all of them",
                text::count(listed),
                text::count(self.statistics.rows)
            ));
        }
        let missing = self.missing();
        if !missing.is_empty() {
            notes.push(format!("not among the rows, so not drawn: {missing}"));
        }
        notes
    }
}

/// Writing to a string cannot fail.
fn put(html: &mut String, part: std::fmt::Arguments<'_>) {
    html.write_fmt(part).unwrap_or_default();
}

/// To the millisecond; every digit when the pointer rests on it.
fn moment(at: crate::model::time::Timestamp) -> String {
    let exact = text::iso_nanos(at);
    let shown: String = exact.chars().take(23).collect();
    let shown = shown.replacen('T', " ", 1);
    format!("<time datetime=\"{exact}\" title=\"{exact}\">{shown}</time>")
}

/// The class that colours a verdict, and its words.
fn tone(category: Category) -> (&'static str, &'static str) {
    match category {
        Category::Waiting => ("waiting", "Waiting"),
        Category::Answered => ("answered", "Answered"),
        Category::AnsweredWithError => ("failed", "Answered with an error"),
        Category::TimedOut => ("failed", "Timed out"),
        Category::NoSubscribers => ("nobody", "No subscribers"),
        Category::Late => ("late", "Late"),
        Category::Failed => ("failed", "Failed"),
        Category::Unmatched => ("unmatched", "Unmatched"),
        Category::Published => ("neutral", "Published"),
    }
}

/// As [`tone`], with what a message without an exchange turned out to be.
fn verdict(row: &Row) -> (&'static str, &'static str) {
    let (class, label) = tone(Category::of(row));
    match row {
        Row::Message(message) => (class, message.verdict.label()),
        _ if words::verdict(row) == "rejected" => (class, "Rejected"),
        _ => (class, label),
    }
}

/// Who answered, each once.
fn responders(row: &Row) -> String {
    match row {
        Row::Exchange(exchange) => exchange
            .responders()
            .iter()
            .map(Arc::as_ref)
            .collect::<Vec<&str>>()
            .join(", "),
        _ => row.responder().unwrap_or_default().to_owned(),
    }
}
