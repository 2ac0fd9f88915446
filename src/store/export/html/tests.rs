use super::super::samples::{at, exchange, items, message, reply};
use super::super::{Format, to_writer};
use super::*;

fn options() -> Options {
    Options::new(Format::Html, "bench <1>.rtrec", at(10_000_000))
}

fn report(options: &Options, items: Vec<Item>) -> (String, Vec<String>) {
    let mut bytes = Vec::new();
    let rows = items.into_iter().map(Ok);
    let done = to_writer(options, rows, &mut bytes, &mut |_| true).unwrap();
    (String::from_utf8(bytes).unwrap(), done.notes)
}

/// Every element that is opened is closed, in order. The report is written as XML, so this is all there is to it.
fn check_balance(html: &str) {
    let mut open: Vec<&str> = Vec::new();
    let body = html.strip_prefix("<!DOCTYPE html>").unwrap();
    for part in body.split('<').skip(1) {
        let (tag, _) = part.split_once('>').unwrap();
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "before {part}");
        } else if !tag.ends_with('/') {
            open.push(tag.split_whitespace().next().unwrap());
        }
        let quotes = tag.matches('"').count();
        assert_eq!(quotes % 2, 0, "{tag}");
    }
    assert_eq!(open, Vec::<&str>::new());
}

#[test]
fn a_report_is_well_formed_and_nothing_in_it_runs() {
    let (html, notes) = report(&options(), items());
    check_balance(&html);
    assert_eq!(notes, Vec::<String>::new());
    assert!(!html.contains("<script") && !html.contains("<img"));
    assert!(html.contains("&lt;/script&gt;&lt;/pre&gt;&lt;script&gt;alert(1)"));
    assert!(html.contains("⟨U+001B⟩[2J"));
    assert!(html.contains("evil/⟨U+202E⟩topic/&lt;img src=x&gt;"));
    assert!(!html.contains('\u{202e}'));
    assert!(html.contains("<title>bench &lt;1&gt;.rtrec · Roundtrip</title>"));
    assert!(html.contains("default-src 'none'"));
    for outside in ["http:", "https:", "url(", "@import", "src=\""] {
        let without_namespace = html.replace("http://www.w3.org/1999/xhtml", "");
        assert!(!without_namespace.contains(outside), "{outside}");
    }
}

#[test]
fn a_report_of_nothing_says_so() {
    let (html, notes) = report(&options(), Vec::new());
    check_balance(&html);
    assert_eq!(notes, Vec::<String>::new());
    for words in [
        "There are no rows.",
        "No exchange was answered",
        "No exchange has ended yet.",
    ] {
        assert!(html.contains(words), "{words}");
    }
}

#[test]
fn a_report_looks_like_this() {
    let (html, _) = report(&options(), items());
    let (_, body) = html.split_once("<body>").unwrap();
    insta::assert_snapshot!(body.replace("><", ">\n<"));
}

fn answered(id: u64, micros: i64) -> Item {
    let start = i64::try_from(id).unwrap() * 1_000_000;
    let mut exchange = exchange(id, start, message("a/b", b"x", None));
    exchange.replies = vec![reply("r", b"y", None, start + 100 + micros)];
    exchange.verdict = crate::model::exchange::Verdict::Answered;
    Item::from(Row::Exchange(Box::new(exchange)))
}

#[test]
fn a_long_list_is_cut_and_says_how_many_there_were_and_the_figures_are_of_all() {
    let all: Vec<Item> = (0..2_500).map(|id| answered(id, 1_000)).collect();
    let (html, notes) = report(&options(), all);
    assert_eq!(html.matches("<details").count(), MAX_LISTED);
    assert!(html.contains("The newest 1,000 of 2,500 rows."));
    assert_eq!(
        notes,
        ["the report lists the newest 1,000 of 2,500 rows; its figures are of all of them"]
    );
    assert!(html.contains("id=\"exchange-2499\"") && !html.contains("id=\"exchange-1499\""));
    assert!(html.contains("Histogram of 2,500 round trips from 1.00 ms to 1.00 ms"));
}

#[test]
fn large_payloads_are_cut_and_their_size_is_said() {
    let huge = "ä".repeat(3_000_000);
    let text = exchange(1, 0, message("a", huge.as_bytes(), None));
    let mut binary = vec![0xff; 5_000];
    binary.extend(b"end");
    let binary = exchange(2, 0, message("a", &binary, None));
    let items = [text, binary].map(|one| Item::from(Row::Exchange(Box::new(one))));
    let (html, _) = report(&options(), items.into());
    assert!(html.len() < 60_000, "{}", html.len());
    assert!(html.contains("The first 4,096 of 6,000,000 bytes."));
    assert!(html.contains("The first 512 of 5,003 bytes."));
}

#[test]
fn the_slowest_and_the_first_that_were_not_answered_are_drawn() {
    let mut all: Vec<Item> = (100..120)
        .map(|id| answered(id, i64::try_from(id).unwrap()))
        .collect();
    all.extend(items());
    let (html, _) = report(&options(), all);
    let drawn: Vec<&str> = html
        .split("<figcaption><a href=\"#exchange-")
        .skip(1)
        .filter_map(|part| part.split_once('"').map(|(id, _)| id))
        .collect();
    // 1 and 2 of the samples took milliseconds, the others microseconds.
    assert_eq!(drawn, ["3", "4", "5", "2", "1", "119"]);
}

#[test]
fn exchanges_that_are_asked_for_are_drawn_and_missed_where_they_are_not_there() {
    let mut options = options();
    options.lanes = vec![ExchangeId(1), ExchangeId(77)];
    let (html, notes) = report(&options, items());
    check_balance(&html);
    assert_eq!(html.matches("<figure").count(), 1);
    assert!(html.contains("Not among the rows: exchange 77."));
    assert_eq!(notes, ["not among the rows, so not drawn: exchange 77"]);
}
