//! JSON laid out for reading: only white space between its tokens changes, and the order of
//! members where that is asked for. Strings, numbers and members that repeat stay as they came.

use serde::de::IgnoredAny;

/// Deeper than this nothing is put in order: it is shown as it came.
const MOST_DEPTH: usize = 128;
/// How often it is asked whether anybody still wants the result, in bytes.
const ASKED_EVERY: usize = 256 * 1024;

/// Indented by two spaces. None where it is not JSON, or larger than `most` bytes when indented, or
/// no longer wanted.
pub fn indented(json: &[u8], most: usize, is_wanted: &dyn Fn() -> bool) -> Option<Vec<u8>> {
    if !is_json(json) {
        return None;
    }
    let mut out = Vec::with_capacity(json.len() + json.len() / 4);
    let mut depth = 0_usize;
    let mut at = 0;
    let mut asked = 0;
    while let Some(&byte) = json.get(at) {
        if at >= asked {
            asked = at + ASKED_EVERY;
            if !is_wanted() {
                return None;
            }
        }
        if out.len() > most {
            return None;
        }
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' => at += 1,
            b'{' | b'[' => {
                out.push(byte);
                let next = skip_space(json, at + 1);
                if let Some(&close @ (b'}' | b']')) = json.get(next) {
                    out.push(close);
                    at = next + 1;
                } else {
                    depth += 1;
                    new_line(&mut out, depth);
                    at = next;
                }
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                new_line(&mut out, depth);
                out.push(byte);
                at += 1;
            }
            b',' => {
                out.push(byte);
                new_line(&mut out, depth);
                at += 1;
            }
            b':' => {
                out.extend_from_slice(b": ");
                at += 1;
            }
            _ => {
                let end = token_end(json, at);
                out.extend_from_slice(json.get(at..end)?);
                at = end;
            }
        }
    }
    Some(out)
}

/// Without white space, the members of each object in the order of their names. None where it is
/// not JSON, too deep, or no longer wanted.
pub fn with_sorted_members(json: &[u8], is_wanted: &dyn Fn() -> bool) -> Option<Vec<u8>> {
    if !is_json(json) {
        return None;
    }
    let mut out = Vec::with_capacity(json.len());
    sorted_value(json, skip_space(json, 0), 0, &mut out, is_wanted)?;
    Some(out)
}

fn is_json(bytes: &[u8]) -> bool {
    // Ignoring a string does not look into it.
    std::str::from_utf8(bytes).is_ok() && serde_json::from_slice::<IgnoredAny>(bytes).is_ok()
}

fn sorted_value(
    json: &[u8],
    at: usize,
    depth: usize,
    out: &mut Vec<u8>,
    is_wanted: &dyn Fn() -> bool,
) -> Option<usize> {
    if depth > MOST_DEPTH {
        return None;
    }
    match json.get(at)? {
        b'{' => {
            if !is_wanted() {
                return None;
            }
            let mut members: Vec<(&[u8], Vec<u8>)> = Vec::new();
            let mut next = skip_space(json, at + 1);
            while json.get(next) != Some(&b'}') {
                let name_end = token_end(json, next);
                let name = json.get(next..name_end)?;
                let value = skip_space(json, skip_space(json, name_end) + 1);
                let mut written = Vec::new();
                let end = sorted_value(json, value, depth + 1, &mut written, is_wanted)?;
                members.push((name, written));
                next = after_comma(json, end);
            }
            // Stable: members of one name keep their order.
            members.sort_by_key(|(name, _)| *name);
            out.push(b'{');
            for (index, (name, value)) in members.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                out.extend_from_slice(name);
                out.push(b':');
                out.extend_from_slice(value);
            }
            out.push(b'}');
            Some(next + 1)
        }
        b'[' => {
            out.push(b'[');
            let mut next = skip_space(json, at + 1);
            let mut is_first = true;
            while json.get(next) != Some(&b']') {
                if !std::mem::take(&mut is_first) {
                    out.push(b',');
                }
                let end = sorted_value(json, next, depth + 1, out, is_wanted)?;
                next = after_comma(json, end);
            }
            out.push(b']');
            Some(next + 1)
        }
        _ => {
            let end = token_end(json, at);
            out.extend_from_slice(json.get(at..end)?);
            Some(end)
        }
    }
}

fn new_line(out: &mut Vec<u8>, depth: usize) {
    out.push(b'\n');
    out.resize(out.len() + 2 * depth, b' ');
}

fn skip_space(json: &[u8], from: usize) -> usize {
    let rest = json.get(from..).unwrap_or_default();
    from + rest
        .iter()
        .take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))
        .count()
}

/// The next value of a list, or what closes it.
fn after_comma(json: &[u8], end: usize) -> usize {
    let next = skip_space(json, end);
    if json.get(next) == Some(&b',') {
        skip_space(json, next + 1)
    } else {
        next
    }
}

/// Behind the string, number or word that begins at `from`; always beyond `from`.
fn token_end(json: &[u8], from: usize) -> usize {
    let rest = json.get(from..).unwrap_or_default();
    if rest.first() == Some(&b'"') {
        let mut at = 1;
        while let Some(step) = memchr::memchr2(b'"', b'\\', rest.get(at..).unwrap_or_default()) {
            at += step;
            if rest.get(at) == Some(&b'"') {
                return from + at + 1;
            }
            at += 2;
        }
        return json.len();
    }
    let length = rest
        .iter()
        .take_while(|byte| {
            !matches!(
                byte,
                b' ' | b'\t' | b'\n' | b'\r' | b',' | b':' | b'{' | b'}' | b'[' | b']' | b'"'
            )
        })
        .count();
    from + length.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(json: &str) -> Option<String> {
        let out = indented(json.as_bytes(), usize::MAX, &|| true)?;
        Some(String::from_utf8(out).unwrap())
    }

    #[test]
    fn only_white_space_between_tokens_changes() {
        assert_eq!(
            shown("{ \"b\":[1.50, -2E3,{}],\"a\" : \"x: {\\\"é\\u00e9\", \"a\":[ ]}").unwrap(),
            "{\n  \"b\": [\n    1.50,\n    -2E3,\n    {}\n  ],\n  \"a\": \"x: {\\\"é\\u00e9\",\n  \"a\": []\n}"
        );
        assert_eq!(
            shown("18446744073709551617").unwrap(),
            "18446744073709551617"
        );
        assert_eq!(shown("{\"a\":}"), None);
        assert_eq!(shown(""), None);
        assert_eq!(indented(b"\"\xff\"", usize::MAX, &|| true), None);
    }

    #[test]
    fn what_grows_beyond_the_bound_or_is_no_longer_wanted_is_not_made() {
        let deep = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
        assert_eq!(indented(deep.as_bytes(), 100_000, &|| true), None);
        assert_eq!(indented(b"[1]", usize::MAX, &|| false), None);
        assert_eq!(with_sorted_members(deep.as_bytes(), &|| true), None);
    }

    #[test]
    fn members_are_put_in_order_at_every_depth_and_repeated_ones_kept() {
        let sorted = with_sorted_members(
            br#" {"b": [ {"y":1 , "x":"," }, [] ], "a":{}, "b":2, "a":1.0 } "#,
            &|| true,
        );
        assert_eq!(
            String::from_utf8(sorted.unwrap()).unwrap(),
            r#"{"a":{},"a":1.0,"b":[{"x":",","y":1},[]],"b":2}"#
        );
    }

    fn json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            any::<i32>().prop_map(serde_json::Value::from),
            any::<bool>().prop_map(serde_json::Value::from),
            ".{0,8}".prop_map(serde_json::Value::from),
            Just(serde_json::Value::Null),
        ];
        leaf.prop_recursive(4, 40, 5, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..5).prop_map(serde_json::Value::from),
                proptest::collection::vec((".{0,4}", inner), 0..5)
                    .prop_map(|members| members.into_iter().collect::<serde_json::Value>()),
            ]
        })
    }

    proptest! {
        #[test]
        fn indented_and_sorted_json_mean_the_same(value in json()) {
            let compact = value.to_string();
            let pretty = shown(&compact).unwrap();
            prop_assert_eq!(&pretty, &serde_json::to_string_pretty(&value).unwrap());
            let sorted = with_sorted_members(pretty.as_bytes(), &|| true).unwrap();
            let back: serde_json::Value = serde_json::from_slice(&sorted).unwrap();
            prop_assert_eq!(back, value);
        }

        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = indented(&bytes, 1_000, &|| true);
            let _ = with_sorted_members(&bytes, &|| true);
        }
    }
}
