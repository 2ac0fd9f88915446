use super::*;
use proptest::prelude::*;

fn json(text: &str) -> Json<'_> {
    Json::parse(text).unwrap_or_else(|err| panic!("{text}: {err:?}"))
}

fn at(text: &str, pointer: &str) -> Vec<String> {
    let json = json(text);
    Pointer::parse(pointer)
        .unwrap()
        .find(&json, Json::ROOT, usize::MAX)
        .into_iter()
        .map(|node| json.string(node).into_owned())
        .collect()
}

#[test]
fn pointers_lead_to_members_elements_and_all_of_them() {
    let text = r#"{"a":{"b/c":[1,"two",null,{"~":true}]},"":0,"x":{"i":1},"y":{"i":"2"},"z":5}"#;
    assert_eq!(at(text, "/a/b~1c/1"), ["two"]);
    assert_eq!(at(text, "/a/b~1c/3/~0"), ["true"]);
    assert_eq!(at(text, "/a/b~1c/*"), ["1", "two", "{\"~\":true}"]);
    assert_eq!(at(text, "/*/i"), ["1", "2"]);
    assert_eq!(at(text, "/"), ["0"]);
    assert!(at(text, "/a/b~1c/01").is_empty());
    assert!(at(text, "/a/b~1c/-").is_empty());
    assert!(at(text, "/a/b~1c/2").is_empty(), "null is nothing");
    assert!(at("null", "").is_empty());
    assert_eq!(at("true", ""), ["true"]);
    assert!(Pointer::parse("a").is_err());
    assert!(Pointer::parse("/~2").is_err());
}

#[test]
fn numbers_keep_their_text_and_names_given_twice_count_once() {
    assert_eq!(
        at(r#"{"id":18446744073709551617,"v":1.50e+0}"#, "/id"),
        ["18446744073709551617"]
    );
    assert_eq!(at(r#"{"id":1,"id":2}"#, "/id"), ["2"]);
}

#[test]
fn escapes_are_read_and_halves_of_surrogates_do_no_harm() {
    assert_eq!(at(r#"{"\u0061\"":"\ud83d\ude00\n"}"#, "/a\""), ["😀\n"]);
    assert_eq!(
        at(r#"["\ud83d","\ude00x","\ud83dA"]"#, "/*"),
        ["\u{fffd}", "\u{fffd}x", "\u{fffd}A"]
    );
}

#[test]
fn depth_is_no_danger() {
    let deep = format!("{}1{}", "[".repeat(1_000_000), "]".repeat(1_000_000));
    assert_eq!(json(&deep).kind(Json::ROOT), Kind::Array);
    assert!(Json::parse(&"[".repeat(1_000_000)).is_err());
    assert!(Json::parse(&"{\"a\":".repeat(1_000_000)).is_err());
    let outside = format!("{{\"deep\":{deep},\"id\":7}}");
    assert_eq!(at(&outside, "/id"), ["7"]);
}

#[test]
fn what_is_not_json_is_refused_where_it_goes_wrong() {
    for (text, place) in [
        ("", 0),
        ("{", 1),
        ("[1,]", 3),
        ("{\"a\" 1}", 5),
        ("{\"a\":1,}", 7),
        ("01", 1),
        ("1.", 2),
        ("tru", 0),
        ("\"\u{1}\"", 1),
        ("\"\\x\"", 2),
        ("1 2", 2),
        ("[1}", 2),
    ] {
        assert_eq!(Json::parse(text).unwrap_err().at, place, "{text}");
    }
    assert!(Json::of_bytes(b"\xff").is_none());
    assert!(Json::of_bytes(b"").is_none());
    assert!(Json::of_bytes("\u{feff}{}".as_bytes()).is_some());
}

#[test]
fn a_value_on_one_line_keeps_what_is_in_strings() {
    let text = "{ \"a b\" : [ 1 , \"x \\\" y\" ] }";
    assert_eq!(json(text).compact(Json::ROOT), r#"{"a b":[1,"x \" y"]}"#);
}

#[test]
fn a_limit_is_kept_and_nulls_do_not_count() {
    let json = Json::parse(r#"{"a":[null,1,null,2,3],"b":[4]}"#).unwrap();
    let found = |pointer: &str, limit| -> Vec<&str> {
        let pointer = Pointer::parse(pointer).unwrap();
        let nodes = pointer.find(&json, Json::ROOT, limit);
        nodes.into_iter().map(|node| json.source(node)).collect()
    };
    assert_eq!(found("/a/*", 2), ["1", "2"]);
    assert_eq!(found("/*/*", 4), ["1", "2", "3", "4"]);
    assert_eq!(found("/*/*", 3), ["1", "2", "3"]);
    assert!(found("/a/0", 9).is_empty());
}

/// Documents with names given twice, with nulls, and with lists in lists.
fn anything() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("\"x\"".to_owned()),
        Just("\"\\u0061\"".to_owned()),
        "[0-9]{1,3}".prop_map(|digits| format!("-{}", digits.trim_start_matches('0').len())),
    ];
    leaf.prop_recursive(4, 40, 4, |inner| {
        let name = prop_oneof![Just("a"), Just("b"), Just("0"), Just("\\u0061")];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4)
                .prop_map(|all| format!("[{}]", all.join(", "))),
            prop::collection::vec((name, inner), 0..4).prop_map(|all| {
                let all: Vec<String> = all
                    .iter()
                    .map(|(name, value)| format!("\"{name}\" :{value}"))
                    .collect();
                format!("{{{}}}", all.join(","))
            }),
        ]
    })
}

fn walk_is_pointer(text: &str, pointer: &str) {
    let pointer = Pointer::parse(pointer).unwrap();
    let walk = Walk::new(&pointer).unwrap();
    let json = Json::parse(text);
    let found = json.as_ref().ok().and_then(|json| {
        let all = pointer.find(json, Json::ROOT, usize::MAX);
        all.first()
            .map(|&node| (json.kind(node), json.string(node)))
    });
    assert_eq!(walk.find(text), found, "{pointer} in {text}");
}

proptest! {
    #[test]
    fn it_reads_exactly_what_serde_json_reads(text in "[\\[\\]{},:\"0-9a-z\\\\ .eE+-]{0,24}|(\\{|\\}|\\[|\\]|,|:|\"a\"|\"\\\\\"\"|1|-0|null|true| ){0,16}") {
        let ours = Json::parse(&text).is_ok();
        let theirs = serde_json::from_str::<serde_json::Value>(&text).is_ok();
        prop_assert_eq!(ours, theirs, "{}", text);
    }

    #[test]
    fn quoted_text_reads_back(text in "\\PC{0,20}|[\\x00-\\x20\"\\\\]{0,9}") {
        let quoted = quote(&text);
        prop_assert_eq!(json(&quoted).string(Json::ROOT), text);
    }

    #[test]
    fn a_walk_finds_what_the_pointer_finds(text in anything(), pointer in "(/(a|b|0|1|2)){0,3}") {
        walk_is_pointer(&text, &pointer);
    }

    #[test]
    fn a_walk_through_no_json_finds_nothing(text in "(\\{|\\}|\\[|\\]|,|:|\"a\"|1|null){0,12}", pointer in "(/(a|0)){0,2}") {
        walk_is_pointer(&text, &pointer);
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,60}", pointer in "[/~*01a-]{0,9}") {
        if let (Ok(json), Ok(pointer)) = (Json::parse(&text), Pointer::parse(&pointer)) {
            prop_assert!(pointer.find(&json, Json::ROOT, usize::MAX).len() <= text.len());
        }
    }
}

#[test]
fn a_value_is_written_and_nothing_else_changes() {
    let write = |text: &str, pointer: &str, value: &str| {
        super::write(text, &Pointer::parse(pointer).unwrap(), value)
    };
    let ok = |text: &str, pointer: &str, value: &str| write(text, pointer, value).unwrap();
    assert_eq!(
        ok(r#"{ "a" : 1.50, "b":[1] }"#, "/id", "7"),
        r#"{ "a" : 1.50, "b":[1],"id":7 }"#
    );
    assert_eq!(ok(r#"{"a": 1}"#, "/id", "\"x\""), r#"{"a": 1, "id": "x"}"#);
    assert_eq!(
        ok("{\n  \"a\": 1\n}", "/id", "7"),
        "{\n  \"a\": 1,\n  \"id\": 7\n}"
    );
    assert_eq!(ok("{}", "/a/b", "1"), r#"{"a":{"b":1}}"#);
    assert_eq!(ok("", "/a", "1"), r#"{"a":1}"#);
    assert_eq!(
        ok(r#"{"a":{"x":1}}"#, "/a/b", "1"),
        r#"{"a":{"x":1,"b":1}}"#
    );
    assert_eq!(ok(r#"{"id":5,"x":0}"#, "/id", "\"6\""), r#"{"id":6,"x":0}"#);
    assert_eq!(ok(r#"{"id":"5"}"#, "/id", "6"), r#"{"id":"6"}"#);
    assert_eq!(ok(r#"{"id":null}"#, "/id/x", "6"), r#"{"id":{"x":6}}"#);
    assert_eq!(
        ok(r#"{"l":[{"t":1}]}"#, "/l/*/id", "6"),
        r#"{"l":[{"t":1,"id":6}]}"#
    );
    assert_eq!(ok("", "/l/*/id", "6"), r#"{"l":[{"id":6}]}"#);
    assert_eq!(ok(r#"{"l":[]}"#, "/l/*/id", "6"), r#"{"l":[{"id":6}]}"#);
    assert_eq!(ok(r#"{"l":[1,2]}"#, "/l/1", "6"), r#"{"l":[1,6]}"#);
    for (text, pointer) in [
        ("true", "/id"),
        ("on", "/id"),
        (r#"{"l":[{},{}]}"#, "/l/*/id"),
        (r#"{"l":[]}"#, "/l/0"),
        (r#"{"a":1}"#, "/a/b"),
    ] {
        assert!(write(text, pointer, "1").is_err(), "{text} {pointer}");
    }
}

proptest! {
    #[test]
    fn what_is_written_is_found(a in "[a-c]{1,2}", b in "[a-c/~\"]{0,2}", text in "\\{\\}|\\{\"a\":1\\}|\\{\"a\":\\{\"b\":\\[\\]\\},\"c\":null\\}") {
        let escaped = b.replace('~', "~0").replace('/', "~1");
        let pointer = Pointer::parse(&format!("/{a}/{escaped}")).unwrap();
        if let Ok(new) = super::write(&text, &pointer, "\"here\"") {
            prop_assert_eq!(at(&new, &pointer.to_string()), ["here"]);
        }
    }
}
