//! A filter finds the same rows in columns as it does row by row.

use super::*;
use crate::model::timeline::packed::Builder;
use crate::model::timeline::packed::arbitrary::any_row;
use crate::model::timeline::row::{Category, Row};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

/// Somebody noted something on some rows.
struct Noted;

impl RowMarks for Noted {
    fn is_pinned(&self, row: RowId) -> bool {
        row.number().is_multiple_of(3)
    }

    fn comment(&self, row: RowId) -> Option<&str> {
        row.number().is_multiple_of(4).then_some("ab")
    }

    fn colour(&self, row: RowId) -> Option<&str> {
        row.number().is_multiple_of(5).then_some("red")
    }
}

const FIELDS: &[&str] = &[
    "",
    "topic:",
    "payload:",
    "device:",
    "rule:",
    "name:",
    "connection:",
    "correlation:",
    "user:",
    "user:a=",
    "user:=",
];

const VALUES: &[&str] = &[
    "a",
    "B",
    "ab",
    "cd",
    "a/b",
    "on",
    "42",
    "\"\"",
    "/a[bc]/",
    "/A.*B/i",
    "/^a/",
    "/b$/",
    "/\\bc/",
    "/x*/",
    "/[^a-d]{3}/",
    r"/\x00\x01/",
    r"/\x02+\x01/",
    "/(?-u)[\\x80-\\xff]/",
];

const OTHERS: &[&str] = &[
    "correlation:0x0001",
    "correlation:0x00",
    "correlation:hex:61",
    "verdict:late",
    "verdict:reply",
    "verdict:late_reply",
    "verdict:stale,additional",
    "verdict:rejected",
    "rtt:>1s",
    "time:>2000-01-01",
    "size:<4",
    "size:>2kB",
    "replies:2..",
    "id:..9_000_000_000_000_000_000",
    "qos:1",
    "retain:yes",
    "is:exchange",
    "is:publish",
    "is:pinned",
    "comment:A",
    "colour:red",
    "payload.a:on",
    "payload.a:42",
    "payload.a:>41",
    "payload.a:*",
    "payload.a:/[on]/",
    "payload.a.c:*",
    "payload.b.c:-7,true",
    "payload:/a/0=1",
    "payload:/*/c=a",
    "payload.nowhere:*",
];

fn term() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => (select(FIELDS), select(VALUES)).prop_map(|(field, value)| format!("{field}{value}")),
        2 => select(OTHERS).prop_map(str::to_owned),
    ]
}

fn line() -> impl Strategy<Value = String> {
    term().prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} OR {b})")),
            inner.prop_map(|a| format!("-({a})")),
        ]
    })
}

/// The rows, some of them gone, some of them other ones since they were packed.
fn part(rows: &[Row], patches: &[(usize, Row)], skip: usize) -> Part {
    let mut builder = Builder::default();
    for (number, row) in (1..).zip(rows) {
        builder.push(RowId::new(number), Category::of(row), row);
    }
    let patches = patches.iter().filter(|(index, _)| *index < rows.len());
    Part {
        body: Body::Packed(Arc::new(builder.done())),
        skip: skip.min(rows.len()),
        patches: patches
            .map(|(index, row)| {
                let id = RowId::new(*index as u64 + 1);
                (*index, Arc::new(Entry::new(id, row.clone())))
            })
            .collect(),
    }
}

fn category() -> impl Strategy<Value = Option<Category>> {
    prop_oneof![4 => Just(None), 1 => select(&Category::ALL[..]).prop_map(Some)]
}

proptest! {
    #[test]
    fn what_passes_is_the_same_in_columns_and_row_by_row(
        rows in proptest::collection::vec(any_row().boxed(), 1..24),
        patches in proptest::collection::vec((0_usize..24, any_row().boxed()), 0..3),
        skip in 0_usize..4,
        lines in proptest::collection::vec((line(), category()), 12),
    ) {
        let part = part(&rows, &patches, skip);
        for (line, category) in lines {
            let filter = Filter::new(&line, category);
            prop_assert!(filter.is_valid(), "{line}: {:?}", filter.problems());
            let found: Vec<RowId> = part.passing(&filter, &Noted).map(RowRef::id).collect();
            let one_by_one = part.rows().filter(|row| filter.passes_with(*row, &Noted));
            let one_by_one: Vec<RowId> = one_by_one.map(RowRef::id).collect();
            prop_assert_eq!(&found, &one_by_one, "{} as packed", line);
            let whole = part.rows().filter(|row| {
                let whole = row.to_row();
                filter.passes_with(RowRef::whole(row.id(), row.category(), &whole), &Noted)
            });
            let whole: Vec<RowId> = whole.map(RowRef::id).collect();
            prop_assert_eq!(&found, &whole, "{} as whole rows", line);
        }
    }
}

#[test]
fn a_filter_that_is_wrong_lets_nothing_pass() {
    let filter = Filter::new("rtt:>x", None);
    let mut runner = TestRunner::deterministic();
    let row = any_row().new_tree(&mut runner).unwrap().current();
    assert_eq!(part(&[row], &[], 0).passing(&filter, &Noted).count(), 0);
}
