//! What holds for every line that can be typed.

use super::compile::compile;
use super::search::Needle;
use super::syntax::{parse, stretches};
use super::*;
use proptest::prelude::*;

/// Lines made of pieces that mean something, and of anything.
fn line() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("topic:"),
        Just("payload."),
        Just("payload:/a/b="),
        Just("verdict:late,"),
        Just("rtt:>5ms"),
        Just("rtt:>"),
        Just("rtt:>x"),
        Just("topic:/[/"),
        Just("time:09:14..09:15"),
        Just("OR"),
        Just("AND"),
        Just("("),
        Just(")"),
        Just("-"),
        Just("\""),
        Just("\\"),
        Just("/"),
        Just("/x/i"),
        Just(" "),
        Just(" "),
        Just("lamp"),
        Just("ü"),
        Just("#12"),
        Just("#"),
        Just(","),
        Just(".."),
        Just("id:1,2"),
        Just("is:pinned"),
        Just("correlation:0x1f"),
        Just("user:a=b"),
    ];
    let pieces = prop::collection::vec(piece.prop_map(str::to_owned), 0..14);
    prop_oneof![
        4 => pieces.prop_map(|pieces| pieces.concat()),
        1 => ".{0,40}",
    ]
}

proptest! {
    #[test]
    fn every_line_is_read_and_what_is_wrong_lies_within_it(text in line()) {
        let filter = Filter::new(&text, None);
        for problem in filter.problems().iter().chain(filter.hints()) {
            prop_assert!(text.get(problem.span.clone()).is_some(), "{:?}", problem);
            prop_assert!(!problem.message.is_empty());
        }
        let mut end = 0;
        for stretch in stretches(&text) {
            prop_assert!(stretch.span.start >= end && text.get(stretch.span.clone()).is_some());
            end = stretch.span.end;
        }
        prop_assert!(end <= text.len());
    }

    #[test]
    fn what_is_left_of_a_line_without_what_is_wrong_can_be_read(text in line()) {
        let filter = Filter::new(&text, None);
        let rest = filter.without_wrong();
        prop_assert!(rest.is_valid(), "{} became {}", text, rest.text());
        if filter.is_valid() {
            prop_assert_eq!(rest, filter);
        }
    }

    #[test]
    fn a_line_that_is_written_again_means_the_same(text in line()) {
        let parsed = parse(&text);
        if let (Some(expr), []) = (&parsed.expr, &*parsed.problems) {
            let again = expr.to_string();
            let second = parse(&again);
            prop_assert!(second.problems.is_empty(), "{} became {}", text, again);
            let Some(second) = second.expr else {
                return Err(TestCaseError::fail(format!("{text} became {again}, which is nothing")));
            };
            prop_assert_eq!(second.to_string(), again);
            let here = Surroundings::default();
            let program = |text: &str| format!("{:?}", compile(text, &here).root);
            prop_assert_eq!(program(&text), program(&expr.to_string()));
        }
    }

    #[test]
    fn what_is_offered_fits_where_it_is_to_stand(text in line(), cursor in 0_usize..60) {
        let vocabulary = Vocabulary {
            topics: vec!["lamp/x", "a b"],
            devices: vec!["lamp"],
            ..Vocabulary::default()
        };
        for one in complete(&text, cursor, &vocabulary) {
            prop_assert!(text.get(one.replace.clone()).is_some());
            let (line, cursor) = one.apply(&text);
            prop_assert!(line.is_char_boundary(cursor));
        }
    }

    #[test]
    fn text_is_found_as_a_plain_search_finds_it(text in "[abAB/\"]{0,20}", needle in "[abAB/\"]{0,4}") {
        let plain = text.to_ascii_lowercase().contains(&needle.to_ascii_lowercase());
        prop_assert_eq!(Needle::new(&needle).is_in(text.as_bytes()), plain);
    }
}
