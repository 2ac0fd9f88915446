use super::samples::{at, exchange, items, message};
use super::*;
use crate::model::correlation::CorrelationData;
use crate::model::exchange::Verdict;
use crate::store::import::{JsonLines, Line};
use proptest::prelude::*;
use std::fmt::Write as _;

fn options(format: Format) -> Options {
    let mut options = Options::new(format, "bench <1>.rtrec", at(10_000_000));
    options.filter = "topic:a -verdict:late".to_owned();
    options
}

fn exported(options: &Options, items: Vec<Item>) -> (Vec<u8>, Done) {
    let mut bytes = Vec::new();
    let rows = items.into_iter().map(Ok);
    let done = to_writer(options, rows, &mut bytes, &mut |_| true).unwrap();
    (bytes, done)
}

fn text(options: &Options, items: Vec<Item>) -> String {
    String::from_utf8(exported(options, items).0).unwrap()
}

fn imported(bytes: &[u8]) -> Vec<Item> {
    JsonLines::new(bytes, Path::new("memory"))
        .map(|line| match line.unwrap() {
            Line::Row(item) => *item,
            Line::Bad(bad) => panic!("{bad}"),
        })
        .collect()
}

#[test]
fn json_lines_read_again_are_the_same_rows() {
    let (bytes, done) = exported(&options(Format::Jsonl), items());
    assert_eq!(done.rows, 9);
    assert_eq!(memchr::memchr_iter(b'\n', &bytes).count(), 9);
    assert_eq!(imported(&bytes), items());
}

#[test]
fn a_huge_payload_of_any_bytes_is_the_same_when_read_again() {
    let payload: Vec<u8> = (0..10_000_000_u32)
        .map(|number| u8::try_from(number.wrapping_mul(2_654_435_761) >> 24).unwrap())
        .collect();
    let item = Item::from(Row::Exchange(Box::new(exchange(
        1,
        0,
        message("a", &payload, Some(&vec![0; 65_535])),
    ))));
    let (bytes, _) = exported(&options(Format::Jsonl), vec![item.clone()]);
    assert_eq!(imported(&bytes), [item]);
}

#[test]
fn empty_correlation_data_is_not_absent_correlation_data() {
    let one = |data: Option<&[u8]>| {
        Item::from(Row::Exchange(Box::new(exchange(
            1,
            0,
            message("a", b"", data),
        ))))
    };
    let (bytes, _) = exported(&options(Format::Jsonl), vec![one(None), one(Some(b""))]);
    let read = imported(&bytes);
    assert_eq!(read, [one(None), one(Some(b""))]);
    assert_ne!(read.first(), read.get(1));
}

#[test]
fn json_lines_look_like_this() {
    insta::assert_snapshot!(text(&options(Format::Jsonl), items()));
}

/// One line of CSV by the names of its columns.
fn parsed(csv: &[u8]) -> Vec<Vec<(String, String)>> {
    let mut reader = ::csv::Reader::from_reader(csv);
    let names = reader.headers().unwrap().clone();
    reader
        .records()
        .map(|record| {
            let record = record.unwrap();
            names
                .iter()
                .map(str::to_owned)
                .zip(record.iter().map(str::to_owned))
                .collect()
        })
        .collect()
}

fn cell<'a>(line: &'a [(String, String)], name: &str) -> &'a str {
    let found = line.iter().find(|(column, _)| column == name);
    found.map_or_else(|| panic!("no column {name}"), |(_, cell)| cell.as_str())
}

fn bytes_of(cell: &str, encoding: &str) -> Option<Vec<u8>> {
    match encoding {
        "" => None,
        "utf8" => Some(cell.as_bytes().to_vec()),
        "base64" => Some(crate::model::payload::from_base64(cell).unwrap().to_vec()),
        other => panic!("{other}"),
    }
}

#[test]
fn the_bytes_of_a_csv_are_those_of_the_rows() {
    let csv = exported(&options(Format::Csv), items()).0;
    let lines = parsed(&csv);
    assert_eq!(lines.len(), items().len());
    for (line, item) in lines.iter().zip(items()) {
        let message = item.row.message();
        let payload = bytes_of(cell(line, "payload"), cell(line, "payload_encoding"));
        assert_eq!(payload.as_deref(), Some(&*message.payload));
        let data = message.properties.correlation_data.as_ref();
        let correlation = bytes_of(
            cell(line, "correlation_data"),
            cell(line, "correlation_data_encoding"),
        );
        assert_eq!(correlation.as_deref(), data.map(CorrelationData::as_bytes));
        assert_eq!(cell(line, "topic"), message.topic.as_str());
        if let Row::Exchange(exchange) = &item.row
            && let Some(reply) = words::first_reply(exchange)
        {
            let payload = bytes_of(
                cell(line, "reply_payload"),
                cell(line, "reply_payload_encoding"),
            );
            assert_eq!(payload.as_deref(), Some(&*reply.message.payload));
        }
        let properties = match cell(line, "user_properties") {
            "" => Vec::new(),
            json => serde_json::from_str::<Vec<(String, String)>>(json).unwrap(),
        };
        let wanted = &message.properties.user_properties;
        let wanted = wanted
            .iter()
            .map(|one| (one.name.clone(), one.value.clone()));
        assert_eq!(properties, wanted.collect::<Vec<_>>());
    }
}

#[test]
fn a_csv_looks_like_this() {
    let csv = exported(&options(Format::Csv), items()).0;
    // Column by column: nobody can compare lines of that length.
    let mut shown = String::new();
    for (number, line) in parsed(&csv).iter().enumerate() {
        writeln!(shown, "line {}", number + 2).unwrap();
        for (name, cell) in line.iter().filter(|(_, cell)| !cell.is_empty()) {
            writeln!(shown, "  {name}: {cell:?}").unwrap();
        }
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn a_csv_safe_for_spreadsheets_has_no_formula_and_loses_nothing() {
    let mut safe = options(Format::Csv);
    safe.spreadsheet_safe = true;
    let exact = parsed(&exported(&options(Format::Csv), items()).0);
    let guarded = parsed(&exported(&safe, items()).0);
    let mut changed = 0;
    for (exact, guarded) in exact.iter().flatten().zip(guarded.iter().flatten()) {
        assert!(
            !guarded.1.starts_with(['=', '+', '-', '@', '\t', '\r']),
            "{guarded:?}"
        );
        let unguarded = guarded.1.strip_prefix('\'').unwrap_or(&guarded.1);
        assert_eq!(unguarded, exact.1);
        changed += usize::from(exact.1 != guarded.1);
    }
    assert_eq!(
        changed, 4,
        "the formula, the responder and two quoted payloads"
    );
}

proptest! {
    #[test]
    fn any_bytes_come_back_from_a_cell(bytes in proptest::collection::vec(any::<u8>(), 0..40), text in any::<String>()) {
        for bytes in [bytes, text.into_bytes()] {
            let item = Item::from(Row::Exchange(Box::new(exchange(1, 0, message("a", &bytes, Some(&bytes))))));
            for is_safe in [false, true] {
                let mut options = options(Format::Csv);
                options.spreadsheet_safe = is_safe;
                let lines = parsed(&exported(&options, vec![item.clone()]).0);
                for (column, encoding) in [("payload", "payload_encoding"), ("correlation_data", "correlation_data_encoding")] {
                    let cell = cell(&lines[0], column);
                    let cell = if is_safe { cell.strip_prefix('\'').unwrap_or(cell) } else { cell };
                    let encoding = lines[0].iter().find(|(name, _)| name == encoding).unwrap();
                    prop_assert_eq!(bytes_of(cell, &encoding.1), Some(bytes.clone()));
                }
            }
        }
    }
}

#[test]
fn nothing_is_written_over_a_file_when_the_export_is_cancelled_or_fails() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.jsonl");
    std::fs::write(&path, "before").unwrap();
    let many = || {
        (0..2_000_u64).map(|id| {
            Ok(Item::from(Row::Exchange(Box::new(exchange(
                id,
                0,
                message("a", b"", None),
            )))))
        })
    };
    let mut seen = 0;
    let cancelled = to_file(&path, &options(Format::Jsonl), many(), &mut |done| {
        seen = done;
        done < 1_000
    });
    assert!(matches!(cancelled, Err(ExportError::Cancelled)));
    assert!((1_000..1_500).contains(&seen), "{seen}");
    let broken = many()
        .take(5)
        .chain(std::iter::once(Err(StoreError::NoHome)));
    let failed = to_file(&path, &options(Format::Jsonl), broken, &mut |_| true);
    assert!(matches!(
        failed,
        Err(ExportError::Source(StoreError::NoHome))
    ));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "before");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    to_file(&path, &options(Format::Jsonl), many(), &mut |_| true).unwrap();
    assert_eq!(imported(&std::fs::read(&path).unwrap()).len(), 2_000);
    let nowhere = folder.path().join("none").join("out.csv");
    let err = to_file(&nowhere, &options(Format::Csv), many(), &mut |_| true).unwrap_err();
    assert!(err.to_string().contains("could not write `"), "{err}");
}

#[test]
fn every_format_can_hold_no_rows_at_all() {
    for format in Format::ALL {
        let (bytes, done) = exported(&options(format), Vec::new());
        assert_eq!(done, Done::default(), "{format:?}");
        assert_eq!(bytes.is_empty(), format == Format::Jsonl, "{format:?}");
    }
}

#[test]
fn a_format_is_found_by_its_word() {
    for format in Format::ALL {
        assert_eq!(Format::of_word(format.word()), Some(format));
    }
    assert_eq!(Format::of_word("xls"), None);
}

#[test]
fn a_waiting_exchange_is_exported_as_waiting() {
    let waiting = exchange(1, 0, message("a", b"", None));
    assert_eq!(waiting.verdict, Verdict::Waiting);
    let lines = parsed(
        &exported(
            &options(Format::Csv),
            vec![Item::from(Row::Exchange(Box::new(waiting)))],
        )
        .0,
    );
    assert_eq!(cell(&lines[0], "verdict"), "waiting");
    assert_eq!(cell(&lines[0], "round_trip_ms"), "");
}
