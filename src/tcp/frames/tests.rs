#![expect(clippy::indexing_slicing, reason = "a test may fail")]

use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};

const LIMIT: usize = 1 << 20;

/// Everything that comes out when the stream arrives in such pieces and then ends.
fn split<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<Bytes>, FrameError> {
    let mut splitter = Splitter::new(LIMIT);
    let mut values = Vec::new();
    for piece in pieces {
        splitter.push(piece);
        while let Some(value) = splitter.next_value()? {
            values.push(value);
        }
    }
    values.extend(splitter.finish()?);
    Ok(values)
}

fn whole(text: &str) -> Result<Vec<String>, FrameError> {
    let values = split([text.as_bytes()])?;
    let text = |value: &Bytes| String::from_utf8_lossy(value).into_owned();
    Ok(values.iter().map(text).collect())
}

#[test]
fn glued_values_come_apart_and_keep_their_bytes() {
    for (text, want) in [
        (r#"{"a":1}{"a":2}"#, vec![r#"{"a":1}"#, r#"{"a":2}"#]),
        (" {\"a\" : 1.0}\r\n[ ]\n", vec!["{\"a\" : 1.0}", "[ ]"]),
        (
            r#"{"a":"}{\"]"}"b"{}"#,
            vec![r#"{"a":"}{\"]"}"#, r#""b""#, "{}"],
        ),
        (
            "12 -3e+7 true{}null",
            vec!["12", "-3e+7", "true", "{}", "null"],
        ),
        (r#""\\""x""#, vec![r#""\\""#, r#""x""#]),
        ("18446744073709551616", vec!["18446744073709551616"]),
        ("", vec![]),
        (" \n", vec![]),
    ] {
        assert_eq!(
            whole(text),
            Ok(want.into_iter().map(str::to_owned).collect()),
            "{text}"
        );
    }
}

#[test]
fn what_is_no_json_says_where_and_why() {
    for (text, at) in [
        ("GET / HTTP/1.1\r\n", 1),
        ("{} ,{}", 4),
        ("{}\n{\"a\":1]", 4),
        ("{a:1}", 1),
        ("truefalse", 1),
        ("1.2.3 ", 1),
        ("[1,]", 1),
        ("\"a\nb\"", 1),
        ("}", 1),
    ] {
        let Err(FrameError::NotJson {
            at: found,
            why,
            shown,
        }) = whole(text)
        else {
            panic!("{text}: {:?}", whole(text))
        };
        assert_eq!(found, at, "{text}");
        assert!(!why.is_empty() && !shown.is_empty(), "{text}");
    }
    assert!(matches!(
        split([&b"\"\xff\""[..]]),
        Err(FrameError::NotJson { .. })
    ));
    assert!(matches!(
        split([&b"\x16\x03\x01"[..]]),
        Err(FrameError::NotJson { .. })
    ));
}

#[test]
fn what_stands_before_the_garbage_still_counts() {
    let mut splitter = Splitter::new(LIMIT);
    splitter.push(b"{\"a\":1}garbage");
    assert_eq!(splitter.next_value(), Ok(Some(Bytes::from("{\"a\":1}"))));
    let err = splitter.next_value().unwrap_err();
    assert_eq!(
        err.to_string(),
        "byte 8 of what it sent is no JSON (no value starts so): garbage"
    );
}

#[test]
fn the_end_in_the_middle_of_a_value_is_told() {
    for (text, bytes) in [("{\"a\":", 5), ("{}[1", 2), ("\"x", 2), ("\"x\\", 3)] {
        assert_eq!(whole(text), Err(FrameError::CutOff { bytes }), "{text}");
    }
}

#[test]
fn a_value_may_be_as_long_as_the_limit_and_no_longer() {
    let value = |length: usize| format!("\"{}\"", "x".repeat(length - 2));
    let mut splitter = Splitter::new(100);
    splitter.push(value(100).as_bytes());
    assert!(matches!(splitter.next_value(), Ok(Some(value)) if value.len() == 100));
    splitter.push(value(101).as_bytes());
    assert_eq!(
        splitter.next_value(),
        Err(FrameError::TooLong { limit: 100 })
    );
    // It does not wait for an end that may never come.
    let mut splitter = Splitter::new(100);
    splitter.push(&b"[".repeat(101));
    assert_eq!(
        splitter.next_value(),
        Err(FrameError::TooLong { limit: 100 })
    );
    let mut splitter = Splitter::new(100);
    splitter.push(&b"1".repeat(101));
    assert_eq!(
        splitter.next_value(),
        Err(FrameError::TooLong { limit: 100 })
    );
    // White space is no value.
    let mut splitter = Splitter::new(100);
    splitter.push(&b" ".repeat(1000));
    assert_eq!(splitter.next_value(), Ok(None));
    assert_eq!(splitter.buffer.len(), 0);
}

#[test]
fn a_large_value_does_not_keep_its_buffer() {
    let mut splitter = Splitter::new(LIMIT);
    splitter.push(format!("\"{}\"", "x".repeat(500_000)).as_bytes());
    assert!(splitter.next_value().unwrap().is_some());
    assert!(splitter.buffer.capacity() <= KEPT_CAPACITY);
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f32>().prop_map(|number| json!(number)),
        ".{0,8}".prop_map(Value::from),
        "[\"\\\\{}\\[\\]ü😀\u{0}\n]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::hash_map(".{0,6}", inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// What stands between two values: nothing, where both are more than words.
fn glue(left: &str, right: &str, wanted: &str) -> String {
    let is_word = |text: &str, end: bool| {
        let bytes = text.as_bytes();
        let byte = if end { bytes.last() } else { bytes.first() };
        byte.is_some_and(|byte| super::is_word(*byte))
    };
    if wanted.is_empty() && is_word(left, true) && is_word(right, false) {
        " ".to_owned()
    } else {
        wanted.to_owned()
    }
}

proptest! {
    #[test]
    fn any_pieces_of_any_values_give_the_same_values(
        values in proptest::collection::vec((json_value(), any::<bool>(), "[ \r\n\t]{0,3}"), 0..6),
        cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let mut texts: Vec<String> = Vec::new();
        let mut stream = String::new();
        for (value, is_pretty, between) in &values {
            let text = if *is_pretty {
                serde_json::to_string_pretty(value)
            } else {
                serde_json::to_string(value)
            };
            let text = text.unwrap();
            let before = texts.last().map_or_else(|| between.clone(), |last| glue(last, &text, between));
            stream.push_str(&before);
            stream.push_str(&text);
            texts.push(text);
        }
        let bytes = stream.as_bytes();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let pieces = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]);
        let found: Vec<String> = split(pieces)
            .unwrap()
            .iter()
            .map(|value| String::from_utf8(value.to_vec()).unwrap())
            .collect();
        prop_assert_eq!(found, texts);
    }

    #[test]
    fn any_bytes_in_any_pieces_end_alike(
        bytes in proptest::collection::vec(prop_oneof![any::<u8>(), "[\\[\\]{}\",:0-9tn\\\\ ]".prop_map(|c| c.as_bytes()[0])], 0..60),
        cut in any::<prop::sample::Index>(),
    ) {
        let (left, right) = bytes.split_at(cut.index(bytes.len() + 1));
        let one_by_one = split(bytes.chunks(1));
        let in_two = split([left, right]);
        prop_assert_eq!(one_by_one.is_ok(), in_two.is_ok());
        if let (Ok(one_by_one), Ok(in_two)) = (one_by_one, in_two) {
            prop_assert_eq!(one_by_one, in_two);
        }
    }
}
