//! Neither a rule nor a message makes matching run away: time stays bounded, whatever they are.

use crate::{rules, verdicts};
use std::fmt::Write as _;
use std::time::{Duration, Instant};

/// Unoptimised, on a machine that does other things, too. What is not bounded takes minutes.
const SOON: Duration = Duration::from_secs(30);

fn soon(what: &str, rule: &str, trace: &str) -> String {
    let rules = rules(&format!("[{rule}]"));
    let began = Instant::now();
    let told = verdicts(rules, trace).join(" ");
    assert!(began.elapsed() < SOON, "{what}: {:?}", began.elapsed());
    told
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[test]
fn deep_json_is_read() {
    let deep = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    let rule = r#"{"request":{"topic":"q","bind":{"id":["json:/*/*/*/*","json:/0/0/0","text"]}},"reply":{"topic":["r"],"each":["/*","/*/*"],"bind":{"id":"json:"}}}"#;
    let trace = format!(
        r#"[{{"topic":"q","text":"{0}"}},{{"topic":"r","text":"{0}"}},{{"topic":"r","json":{0}}},{{"topic":"r","text":"{1}"}}]"#,
        deep(100_000),
        "[{\\\"a\\\":".repeat(100_000)
    );
    assert_eq!(soon("depth", rule, &trace), "Q - - -");
}

#[test]
fn a_million_elements_are_read() {
    let mut list = String::from("[0");
    for number in 1..1_000_000 {
        write!(list, ",{number}").expect("a String");
    }
    list.push(']');
    let by_values = r#"{"request":{"topic":"q","bind":{"id":"json:/*"}},"reply":{"topic":["r"],"bind":{"id":"json:/*"},"when":[["json:/*","!in",["x"]],["json:/*","exists"]]},"status":{"error":[["json:/*","~","^x"]]}}"#;
    let trace = format!(
        r#"[{{"topic":"q","json":{list}}},{{"topic":"r","json":["x",65535]}},{{"topic":"r","json":{list}}}]"#
    );
    assert_eq!(soon("values", by_values, &trace), "Q - R0:ok");
    let by_part = r#"{"request":{"topic":"q/{id}"},"reply":{"topic":["r"],"each":["/*"],"bind":{"id":"json:"}}}"#;
    let trace = format!(
        r#"[{{"topic":"q/16000"}},{{"topic":"q/x"}},{{"topic":"r","json":{list}}},{{"topic":"r","json":{list}}}]"#
    );
    assert_eq!(soon("each", by_part, &trace), "Q Q R0:ok D0");
    let names = list.replace(['[', ']'], "").replace(',', "\":1,\"");
    let by_name = r#"{"request":{"topic":"q","bind":{"id":"key:"}},"reply":{"topic":["r"],"bind":{"id":["user:none","text | csv"]}}}"#;
    let trace = format!(
        r#"[{{"topic":"q","json":{{"{names}":1}}}},{{"topic":"r","text":"{}"}}]"#,
        list.trim_matches(['[', ']'])
    );
    assert_eq!(soon("names", by_name, &trace), "Q R0:ok");
}

#[test]
fn nasty_patterns_meet_long_topics() {
    let long = "a/".repeat(30_000);
    for (request, reply) in [
        ("{a*}{b*}{c*}{d*}x", "{d*}{c*}{b*}{a*}"),
        ("{a*}/{b*}/{a*}/{b*}", "{b*}/{a*}/{b*}/{a*}"),
        ("{a?*}{a?*}{b?*}", "{b?*}{a?*}{c*}{d*}{e*}z"),
        ("{a*:(a|a/)*b}", "{x*:(a|/)*}{y*:(a|/)*}{z*:(a|/)*}!"),
        ("{a*}", "{_*}{a*}{_*}{x?*}{_*}"),
    ] {
        let rule = format!(
            r#"{{"request":{{"topic":"{request}","when":[["text","==","q"]]}},"reply":{{"topic":["{reply}","{{x*}}{{y*}}{{z*}}{reply}"]}}}}"#
        );
        let mut trace = String::from("[");
        for _ in 0..5 {
            for topic in [
                "a/a/a/a",
                "a/b/a/b",
                &long,
                &format!("{long}x"),
                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaax",
            ] {
                write!(
                    trace,
                    r#"{{"topic":"{topic}","text":"q"}},{{"topic":"{topic}"}},"#
                )
                .expect("a String");
            }
        }
        trace.push_str(r#"{"topic":"z"}]"#);
        soon(&format!("{request} {reply}"), &rule, &trace);
    }
}

#[test]
fn no_regular_expression_runs_away() {
    let long = "a".repeat(1 << 20);
    for regex in [
        "(a+)+$b",
        "(a|aa)+$b",
        "(a*)*(a*)*(a*)*b",
        "^(?!.*b).*c",
        "a{900}b",
        "(?:a|b)*a(?:a|b){300}c",
        "(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)x",
        "(\\w+\\s?)+!",
        "(?:\\w{4}){10}!",
        "((a?){50}){20}b",
    ] {
        let rule = format!(
            r#"{{"request":{{"topic":"q","when":[["text","!~",{0}]],"bind":{{"id":{1}}}}},"reply":{{"topic":["r"]}},"status":{{"error":[["text","~",{0}]]}}}}"#,
            quoted(regex),
            quoted(&format!("text ~ {regex}"))
        );
        let trace = format!(r#"[{{"topic":"q","text":"{long}"}},{{"topic":"r","text":"{long}"}}]"#);
        assert_eq!(soon(regex, &rule, &trace), "Q R0:ok", "{regex}");
    }
}

#[test]
fn many_open_requests_with_values_that_stand_for_themselves_are_found() {
    let rule = r#"{"request":{"topic":"q/{cmd}","bind":{"to":"json:/to","x":"json:/x"}},"reply":{"topic":["{to}/{cmd|upper}/{x?}/{code}"]}}"#;
    let mut trace = String::from("[");
    for number in 0..3_000 {
        write!(
            trace,
            r#"{{"topic":"q/power{number}","json":{{"to":"a/{number}"}}}},"#
        )
        .expect("a String");
    }
    for number in (0..3_000).rev() {
        write!(trace, r#"{{"topic":"a/{number}/POWER{number}//200"}},"#).expect("a String");
    }
    trace.push_str(r#"{"topic":"a/1/POWER2//200"}]"#);
    let told = soon("literals", rule, &trace);
    let mut wanted = vec!["Q".to_owned(); 3_000];
    wanted.extend((0..3_000).rev().map(|number| format!("R{number}:ok")));
    wanted.push("-".to_owned());
    assert_eq!(told.split(' ').collect::<Vec<_>>(), wanted);
}
