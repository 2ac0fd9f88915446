//! The status bar: connections, the built-in broker, counts, percentiles, anything lost.

use crate::app::App;
use crate::app::rows::Tone;
use crate::model::text;
use crate::model::time::Timestamp;
use crate::model::timeline::{Category, Timeline};
use std::time::Duration;

/// One item of the bar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusItem {
    pub text: String,
    pub tone: Option<Tone>,
    /// More than fits the bar.
    pub tooltip: String,
}

/// Percentiles cost a sort, so they are made at most twice a second.
#[derive(Debug, Default)]
pub struct Statistics {
    pub p50_p99: Option<[Duration; 2]>,
    version: u64,
    made: Timestamp,
}

const FRESH: Duration = Duration::from_millis(500);

impl Statistics {
    pub fn refresh(&mut self, timeline: &Timeline, now: Timestamp) {
        if self.is_stale(timeline) && now.since(self.made) >= FRESH {
            self.p50_p99 = timeline.percentiles([0.5, 0.99]);
            self.version = timeline.version();
            self.made = now;
        }
    }

    pub fn is_stale(&self, timeline: &Timeline) -> bool {
        self.version != timeline.version()
    }
}

/// Where the selected row stands among those that are shown, and what it weighs.
fn selection(app: &App) -> Option<StatusItem> {
    if let Some(rows) = app.several() {
        return Some(StatusItem {
            text: format!("{} rows selected", text::count(rows.len())),
            tone: None,
            tooltip: "Esc selects only the one that is shown above".to_owned(),
        });
    }
    let timeline = app.timeline();
    let id = app.selected?;
    let row = timeline.peek(id)?;
    let name = match row.exchange_id() {
        Some(exchange) => format!("#{}", exchange.0),
        None => "message".to_owned(),
    };
    let shown = text::count(app.listing.len() as u64);
    let place = match app.listing.place_of(timeline, id) {
        Some(place) => format!("{} of {shown}", text::count(place as u64 + 1)),
        None => "hidden by the filter".to_owned(),
    };
    let size = text::bytes(row.payload().len());
    Some(StatusItem {
        text: format!("{name} selected, {place} · {size}"),
        tone: None,
        tooltip: format!(
            "{}, sent or received {}; counted from the newest",
            row.topic(),
            text::iso(row.time())
        ),
    })
}

/// The recording that is being made.
fn recording(app: &App) -> Option<StatusItem> {
    let status = app.recordings.status()?;
    let words = status.words();
    Some(StatusItem {
        tone: Some(match status.problem() {
            Some(_) => Tone::Failed,
            None => Tone::Answered,
        }),
        tooltip: format!("{words}\n{}", status.path.display()),
        text: words,
    })
}

/// The bar's items, from the left.
pub fn status_items(app: &App) -> Vec<StatusItem> {
    let plain = |text: String, tooltip: &str| StatusItem {
        text,
        tone: None,
        tooltip: tooltip.to_owned(),
    };
    let connected = app
        .session
        .links()
        .filter(|(_, link)| link.state.is_connected())
        .count();
    let all = app.library.profiles().len();
    let tone = if connected > 0 {
        Tone::Answered
    } else {
        Tone::Neutral
    };
    let mut items = vec![StatusItem {
        text: format!("{connected} of {all} connected"),
        tone: Some(tone),
        tooltip: "Connection profiles that are connected now".to_owned(),
    }];
    items.push(match app.session.broker() {
        Some(broker) => {
            let clients = broker.client_count();
            let noun = if clients == 1 { "client" } else { "clients" };
            plain(
                format!("built-in broker {} · {clients} {noun}", broker.address()),
                "It takes connections from this machine only",
            )
        }
        None => plain(
            "built-in broker stopped".to_owned(),
            "It starts when something connects to it",
        ),
    });
    let exchanges = app.timeline().len()
        - app.timeline().count_of(Category::Unmatched)
        - app.timeline().count_of(Category::Published);
    items.push(plain(
        format!(
            "{} {}",
            text::count(exchanges as u64),
            if exchanges == 1 {
                "exchange"
            } else {
                "exchanges"
            }
        ),
        "Requests in the timeline",
    ));
    if let Some([p50, p99]) = app.statistics().p50_p99 {
        items.push(plain(
            format!("p50 {} · p99 {}", text::duration(p50), text::duration(p99)),
            "Round trips of answered requests: half are faster than p50, 99 of 100 faster than p99",
        ));
    }
    let timeouts =
        app.timeline().count_of(Category::TimedOut) + app.timeline().count_of(Category::Late);
    items.push(plain(
        format!("timeouts {}", text::count(timeouts as u64)),
        "Requests without an answer in time, late ones included",
    ));
    items.extend(selection(app));
    let dropped = app.timeline().dropped();
    if dropped > 0 {
        items.push(StatusItem {
            text: format!("{} oldest rows dropped", text::count(dropped)),
            tone: Some(Tone::Waiting),
            tooltip: format!(
                "The timeline holds {} rows and {}; what is older had to go. The bound is in the settings.",
                text::count(app.settings.timeline.max_rows as u64),
                text::bytes(app.settings.timeline.max_bytes)
            ),
        });
    }
    items.extend(recording(app));
    if app.listing.arrangement().is_busy() {
        let rows = text::count(app.listing.len() as u64);
        items.push(plain(
            format!("arranging {rows} rows"),
            "The table shows the order of before until it is done",
        ));
    }
    let lost = app.session.lost();
    if lost > 0 {
        items.push(StatusItem {
            text: format!("{} messages lost", text::count(lost)),
            tone: Some(Tone::Failed),
            tooltip: "They came faster than they could be shown".to_owned(),
        });
    }
    items
}
