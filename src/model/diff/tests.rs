use super::*;
use proptest::prelude::*;

const OPTIONS: DiffOptions = DiffOptions {
    is_indented: true,
    ignores_order: false,
    layout: Layout::SideBySide,
    columns: 60,
    patience: Duration::from_secs(20),
};

fn diff(left: impl Into<Bytes>, right: impl Into<Bytes>, options: DiffOptions) -> Diff {
    Diff::new(&left.into(), &right.into(), &options, &|| true).unwrap()
}

fn words(bytes: &Bytes, cell: Option<Cell>) -> String {
    cell.map_or_else(String::new, |cell| {
        String::from_utf8_lossy(&bytes[cell.start as usize..cell.end as usize]).into_owned()
    })
}

/// Sign, left and right text of each row.
fn told(diff: &Diff) -> Vec<String> {
    diff.rows
        .iter()
        .map(|row| {
            let sign = match row.kind {
                Kind::Same => '=',
                Kind::Removed => '-',
                Kind::Added => '+',
                Kind::Changed => '~',
            };
            format!(
                "{sign}{}|{}",
                words(&diff.left, row.left),
                words(&diff.right, row.right)
            )
        })
        .collect()
}

#[test]
fn json_is_compared_as_indented_and_what_differs_within_a_line_is_marked() {
    let diff = diff(
        r#"{"power":"on","level":80}"#,
        "{ \"power\":\"off\",\n\"level\":80, \"x\":null }",
        OPTIONS,
    );
    assert!(diff.is_indented && !diff.is_equal);
    assert_eq!(
        told(&diff),
        [
            "={|{",
            "~  \"power\": \"on\",|  \"power\": \"off\",",
            "~  \"level\": 80|  \"level\": 80,",
            "+|  \"x\": null",
            "=}|}",
        ]
    );
    let mark = diff.rows[1].left.unwrap().mark;
    let Mark::Text(from, to) = mark else {
        panic!("{mark:?}");
    };
    assert_eq!(&diff.left[from as usize..to as usize], b"n");
    assert_eq!(diff.changes, [1]);
    assert_eq!(diff.told(), "1 change: lines 2 changed, 1 added");
}

#[test]
fn the_order_of_members_counts_until_it_is_said_that_it_does_not() {
    let (left, right) = (r#"{"a":1,"b":[1,2]}"#, r#"{"b":[1,2],"a":1}"#);
    let strict = diff(left, right, OPTIONS);
    assert!(!strict.changes.is_empty());
    let loose = DiffOptions {
        ignores_order: true,
        ..OPTIONS
    };
    let ignoring = diff(left, right, loose);
    assert!(ignoring.changes.is_empty());
    assert_eq!(ignoring.told(), "Equal as JSON; the bytes differ");
    // The order of a list always counts.
    assert!(!diff("[1,2]", "[2,1]", loose).changes.is_empty());
}

#[test]
fn as_they_came_every_byte_counts() {
    let exact = DiffOptions {
        is_indented: false,
        ..OPTIONS
    };
    let found = diff("{\"a\":1}", "{\"a\": 1}", exact);
    assert_eq!(told(&found), ["~{\"a\":1}|{\"a\": 1}"]);
    assert!(!found.is_indented);
    assert_eq!(told(&diff("a\r\nb", "a\nb", exact)), ["~a\r|a", "=b|b"]);
    assert_eq!(told(&diff("a\n", "a", exact)), ["=a|a", "-|"]);
    let equal = diff("same", "same", exact);
    assert_eq!(equal.told(), "Equal, byte for byte");
    assert_eq!(told(&diff("", "one", exact)), ["+|one"]);
}

#[test]
fn one_after_the_other_what_went_stands_above_what_came() {
    let unified = DiffOptions {
        layout: Layout::Unified,
        ..OPTIONS
    };
    assert_eq!(
        told(&diff("a\nb\nc", "a\nx\ny\nc", unified)),
        ["=a|a", "-b|", "+|x", "+|y", "=c|c"]
    );
}

#[test]
fn long_lines_are_cut_and_their_marks_with_them() {
    let left = format!("{}é", "x".repeat(100));
    let right = format!("{}ö", "x".repeat(130));
    let found = diff(left.clone(), right.clone(), OPTIONS);
    assert_eq!(found.rows.len(), 3);
    assert_eq!(found.rows[1].right.unwrap().number, 0);
    let back: String = found
        .rows
        .iter()
        .map(|row| words(&found.right, row.right))
        .collect();
    assert_eq!(back, right);
    assert_eq!(found.rows[0].left.unwrap().mark, Mark::Nothing);
    assert!(matches!(
        found.rows[1].left.unwrap().mark,
        Mark::Text(100, 102)
    ));
    assert_eq!(found.counts.changed, 1);
}

#[test]
fn other_bytes_are_aligned_around_what_was_put_in() {
    let left: Vec<u8> = (128..168).collect();
    let mut right = left.clone();
    right.insert(10, 0);
    right[20] = 0xff;
    let found = diff(left, right, OPTIONS);
    assert_eq!(found.bytes_a_row, Some(8));
    let kinds: Vec<Kind> = found.rows.iter().map(|row| row.kind).collect();
    assert_eq!(
        kinds,
        [
            Kind::Same,
            Kind::Changed,
            Kind::Changed,
            Kind::Same,
            Kind::Same,
            Kind::Same
        ]
    );
    assert_eq!(
        found.rows[1].left.unwrap().mark,
        Mark::Bytes {
            differing: 0b100,
            missing: 0b100
        }
    );
    assert_eq!(found.changes, [1, 2]);
    assert_eq!(found.told(), "2 changes: bytes 1 changed, 1 added");
}

#[test]
fn what_is_not_compared_is_said() {
    let long = "x\n".repeat(MOST_LINES + 5);
    let found = diff(long.clone(), long + "y", OPTIONS);
    assert!(!found.is_equal && found.changes.is_empty());
    assert_eq!(found.told(), "No difference in what was compared");
    assert_eq!(found.notes.len(), 2);
    assert!(found.notes[0].contains("left"), "{:?}", found.notes);
    let mut bytes = vec![0xff_u8; 20_000];
    let left = Bytes::from(bytes.clone());
    bytes.iter_mut().step_by(3).for_each(|byte| *byte = 0);
    let found = diff(left, bytes, OPTIONS);
    assert!(
        found.notes[0].contains("place by place"),
        "{:?}",
        found.notes
    );
    assert_eq!(found.counts.changed, 6_667);
}

#[test]
fn what_nobody_waits_for_is_not_made() {
    let bytes = Bytes::from_static(b"a");
    assert!(Diff::new(&bytes, &bytes, &OPTIONS, &|| false).is_none());
}

proptest! {
    #[test]
    fn both_sides_are_all_there_whatever_they_are(
        left in "[ab\\n]{0,40}",
        right in "[ab\\n]{0,40}",
        is_unified in any::<bool>(),
    ) {
        let layout = if is_unified { Layout::Unified } else { Layout::SideBySide };
        let found = diff(left.clone(), right.clone(), DiffOptions { is_indented: false, layout, ..OPTIONS });
        let back = |cells: Vec<Option<Cell>>, bytes: &Bytes| -> String {
            let lines: Vec<String> = cells.into_iter().flatten().map(|cell| words(bytes, Some(cell))).collect();
            lines.join("\n")
        };
        prop_assert_eq!(back(found.rows.iter().map(|row| row.left).collect(), &found.left), left.clone());
        prop_assert_eq!(back(found.rows.iter().map(|row| row.right).collect(), &found.right), right.clone());
        prop_assert_eq!(found.changes.is_empty(), left == right);
    }

    #[test]
    fn bytes_of_both_sides_are_all_there(
        left in proptest::collection::vec(250_u8..=255, 0..60),
        right in proptest::collection::vec(250_u8..=255, 1..60),
    ) {
        let found = diff(left.clone(), right.clone(), OPTIONS);
        let length = |cell: Option<Cell>| cell.map_or(0, |cell| (cell.end - cell.start) as usize);
        let lefts: usize = found.rows.iter().map(|row| length(row.left)).sum();
        let rights: usize = found.rows.iter().map(|row| length(row.right)).sum();
        prop_assert_eq!((lefts, rights), (left.len(), right.len()));
        prop_assert_eq!(found.changes.is_empty(), left == right);
        let first = left.iter().zip(&right).take_while(|(a, b)| a == b).count();
        if let Some(change) = found.changes.first() {
            prop_assert_eq!(*change, first / 8);
        }
    }
}
