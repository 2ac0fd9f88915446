//! The numbers of a report: counts with bars, percentiles, the histogram, groups.

use super::escape::Line;
use super::statistics::{Groups, Statistics, Tally};
use super::{put, tone};
use crate::model::text;
use crate::model::timeline::Category;
use std::time::Duration;

/// Topics and responders in a table.
const MAX_SHOWN: usize = 25;
const PER_MILLE: [(usize, &str); 6] = [
    (0, "min"),
    (500, "p50"),
    (900, "p90"),
    (950, "p95"),
    (990, "p99"),
    (1_000, "max"),
];

pub(super) fn summary(statistics: &Statistics) -> String {
    let mut html = String::from("<dl class=\"tiles\">");
    for (name, count) in [
        ("Exchanges", statistics.exchanges),
        ("Messages of no exchange", statistics.messages),
        ("Publishes", statistics.publishes),
    ] {
        let count = text::count(count);
        put(
            &mut html,
            format_args!("<div><dt>{name}</dt><dd>{count}</dd></div>"),
        );
    }
    html.push_str("</dl>");
    if statistics.rows == 0 {
        html.push_str("<p class=\"muted\">There are no rows.</p>");
        return html;
    }
    let counted: Vec<(Category, u64)> = Category::ALL
        .into_iter()
        .map(|category| (category, statistics.count(category)))
        .filter(|(_, count)| *count > 0)
        .collect();
    html.push_str("<div class=\"stack\" aria-hidden=\"true\">");
    for (category, count) in &counted {
        let (class, _) = tone(*category);
        put(
            &mut html,
            format_args!("<span class=\"fill {class}\" style=\"flex-grow:{count}\"></span>"),
        );
    }
    html.push_str("</div><ul class=\"chips\">");
    for (category, count) in &counted {
        let (class, label) = tone(*category);
        let share = percent(*count, statistics.rows);
        put(
            &mut html,
            format_args!(
                "<li class=\"{class}\"><span class=\"dot\" aria-hidden=\"true\"></span>{label} <b>{}</b> <span class=\"muted\">{share}</span></li>",
                text::count(*count)
            ),
        );
    }
    html.push_str("</ul>");
    html
}

pub(super) fn percentiles(statistics: &Statistics) -> String {
    if statistics.all.times().is_empty() {
        return "<p class=\"muted\">No exchange was answered, so there is no round trip.</p>"
            .to_owned();
    }
    let mut html = String::from("<dl class=\"tiles\">");
    for (per_mille, name) in PER_MILLE {
        let time = statistics.all.percentile(per_mille).unwrap_or_default();
        put(
            &mut html,
            format_args!(
                "<div><dt>{name}</dt><dd>{}</dd></div>",
                text::duration(time)
            ),
        );
    }
    html.push_str("</dl>");
    html
}

fn percent(part: u64, whole: u64) -> String {
    // One decimal, rounded half up; nothing is called 0 % or 100 % that is not.
    let tenths = (u128::from(part) * 2_000 + u128::from(whole)) / (u128::from(whole).max(1) * 2);
    match tenths {
        0 if part > 0 => "under 0.1 %".to_owned(),
        1_000 if part < whole => "over 99.9 %".to_owned(),
        _ => format!("{}.{} %", tenths / 10, tenths % 10),
    }
}

/// Bars a factor of ten; times below and above are in the first and the last bar.
const BARS_A_DECADE: i32 = 8;
const WIDTH: f64 = 920.0;
const HEIGHT: f64 = 160.0;

/// How many round trips fall between steps of a logarithmic scale.
pub(super) fn histogram(statistics: &Statistics) -> String {
    let times = statistics.all.times();
    let (Some(first), Some(last)) = (times.first(), times.last()) else {
        return String::new();
    };
    let (low, high) = (bar_of(*first), bar_of(*last));
    let bars = high - low + 1;
    let mut counts = vec![0_u64; usize::try_from(bars).unwrap_or(1)];
    for time in times {
        let place = usize::try_from(bar_of(*time) - low).unwrap_or(0);
        if let Some(count) = counts.get_mut(place) {
            *count += 1;
        }
    }
    let most = counts.iter().copied().max().unwrap_or(1).max(1);
    let width = (WIDTH / f64::from(bars)).min(60.0);
    let mut svg = format!(
        "<svg class=\"histogram\" viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"Histogram of {} round trips from {} to {}\">",
        WIDTH + 40.0,
        HEIGHT + 44.0,
        text::count(times.len() as u64),
        duration(*first),
        duration(*last)
    );
    for (bar, count) in (low..).zip(&counts) {
        let x = 20.0 + f64::from(bar - low) * width;
        let height =
            (HEIGHT * as_f64(*count) / as_f64(most)).max(if *count > 0 { 1.0 } else { 0.0 });
        let y = 16.0 + HEIGHT - height;
        put(
            &mut svg,
            format_args!(
                "<rect class=\"bar\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{height:.1}\"><title>{} to {}: {}</title></rect>",
                (width - 1.5).max(1.0),
                duration(edge(bar)),
                duration(edge(bar + 1)),
                text::count(*count)
            ),
        );
    }
    let base = 16.0 + HEIGHT;
    let right = 20.0 + f64::from(bars) * width;
    put(
        &mut svg,
        format_args!(
            "<line class=\"axis\" x1=\"20\" y1=\"{base}\" x2=\"{right:.1}\" y2=\"{base}\"/>"
        ),
    );
    // A label where there is room for one.
    let step = (bars * 80 / (f64_to_i32(f64::from(bars) * width)).max(1)).max(1);
    let mut edge_at = low;
    while edge_at <= high + 1 {
        let x = 20.0 + f64::from(edge_at - low) * width;
        put(
            &mut svg,
            format_args!(
                "<line class=\"axis\" x1=\"{x:.1}\" y1=\"{base}\" x2=\"{x:.1}\" y2=\"{}\"/><text class=\"label\" x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
                base + 4.0,
                base + 18.0,
                duration(edge(edge_at))
            ),
        );
        edge_at += step;
    }
    put(
        &mut svg,
        format_args!(
            "<text class=\"label\" x=\"20\" y=\"11\">most in one bar: {}</text></svg>",
            text::count(most)
        ),
    );
    svg
}

fn duration(nanos: u64) -> String {
    text::duration(Duration::from_nanos(nanos))
}

/// From 1 µs on.
fn bar_of(nanos: u64) -> i32 {
    let micros = as_f64(nanos) / 1_000.0;
    f64_to_i32((micros.max(1.0).log10() * f64::from(BARS_A_DECADE) + 1e-9).floor())
}

fn edge(bar: i32) -> u64 {
    let nanos = 10_f64.powf(f64::from(bar) / f64::from(BARS_A_DECADE)) * 1_000.0;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a positive number of nanoseconds below 10^20, saturating"
    )]
    let nanos = nanos.round() as u64;
    nanos
}

#[expect(clippy::cast_precision_loss, reason = "for a picture")]
fn as_f64(count: u64) -> f64 {
    count as f64
}

#[expect(clippy::cast_possible_truncation, reason = "small numbers, saturating")]
fn f64_to_i32(number: f64) -> i32 {
    number as i32
}

pub(super) fn groups(statistics: &Statistics) -> String {
    let mut html = String::new();
    group(&mut html, "By topic", "Topic", &statistics.topics);
    group(
        &mut html,
        "By responder",
        "Responder",
        &statistics.responders,
    );
    html
}

fn group(html: &mut String, title: &str, noun: &str, groups: &Groups) {
    if groups.len() == 0 {
        return;
    }
    put(
        html,
        format_args!(
            "<h3>{title}</h3><div class=\"wide\"><table><thead><tr><th>{noun}</th><th class=\"n\">Exchanges</th><th class=\"n\">Answered</th>"
        ),
    );
    for (_, name) in PER_MILLE {
        put(html, format_args!("<th class=\"n\">{name}</th>"));
    }
    html.push_str("</tr></thead><tbody>");
    let all = groups.by_size();
    for (name, tally) in all.iter().take(MAX_SHOWN) {
        let name = Line(name).to_string();
        line(html, &format!("<code>{name}</code>"), tally);
    }
    html.push_str("</tbody></table></div>");
    let beyond = groups.others.exchanges;
    if all.len() > MAX_SHOWN {
        put(
            html,
            format_args!(
                "<p class=\"muted\">The {MAX_SHOWN} with the most exchanges of {}.</p>",
                text::count(all.len() as u64)
            ),
        );
    }
    if beyond > 0 {
        put(
            html,
            format_args!(
                "<p class=\"muted\">{} exchanges of still others are not told apart.</p>",
                text::count(beyond)
            ),
        );
    }
}

fn line(html: &mut String, name: &str, tally: &Tally) {
    put(
        html,
        format_args!(
            "<tr><td>{name}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>",
            text::count(tally.exchanges),
            percent(tally.answered, tally.exchanges)
        ),
    );
    for (per_mille, _) in PER_MILLE {
        let time = tally.percentile(per_mille);
        let time = time.map_or_else(|| "—".to_owned(), text::duration);
        put(html, format_args!("<td class=\"n\">{time}</td>"));
    }
    html.push_str("</tr>");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_not_rounded_to_all_or_nothing() {
        assert_eq!(percent(1, 3), "33.3 %");
        assert_eq!(percent(1, 100_000), "under 0.1 %");
        assert_eq!(percent(99_999, 100_000), "over 99.9 %");
        assert_eq!(percent(4, 4), "100.0 %");
        assert_eq!(percent(0, 4), "0.0 %");
    }

    #[test]
    fn a_time_lies_between_the_edges_of_its_bar() {
        for nanos in [1_000, 1_001, 999_999, 1_000_000, 4_210_345, 9_999_999_999] {
            let bar = bar_of(nanos);
            assert!(edge(bar) <= nanos + 1, "{nanos} in {bar}");
            assert!(nanos < edge(bar + 1) + 1, "{nanos} in {bar}");
        }
    }
}
