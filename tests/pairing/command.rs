//! `roundtrip pair` as it is typed: output, errors and exit codes.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn pair(folder: &Path, words: &[&str], stdin: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_roundtrip"))
        .arg("pair")
        .args(words)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut pipe = child.stdin.take().expect("piped");
    // Whoever refuses the rules does not read the trace.
    pipe.write_all(stdin.as_bytes()).unwrap_or_default();
    drop(pipe);
    child.wait_with_output().expect("the program ends")
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).expect("a file");
    }
    folder
}

const MINE: &str = r#"
id = "mine"
request = { topic = "dev/{device}/req", bind = { id = "json:/id" } }
reply = { topic = ["dev/{device}/resp"], bind = { id = "json:/id" } }
[status]
error = [["json:/error", "exists"]]
code = ["json:/error/code"]
"#;
const TRACE: &str = r#"[
    {"topic": "dev/a/req", "json": {"id": 18446744073709551616}},
    {"topic": "dev/a/resp", "json": {"id": 18446744073709551617}},
    {"topic": "dev/a/resp", "json": {"id": 18446744073709551616, "error": {"code": 7}}},
    {"topic": "dev/a/resp", "json": {"id": 18446744073709551616}}
]"#;

#[test]
fn one_verdict_a_message_and_one_a_line() {
    let folder = folder(&[
        ("mine.toml", MINE),
        ("trace.json", TRACE),
        ("all.json", super::WRITTEN),
    ]);
    let run = pair(
        folder.path(),
        &["--rules", "mine.toml", "--trace", "trace.json"],
        "",
    );
    assert_eq!(
        (out(&run).as_str(), run.status.code()),
        ("Q\n-\nR0:error:7\nD0\n", Some(0))
    );
    let several = [
        "--rules",
        "all.json",
        "--rules",
        "mine.toml",
        "--trace",
        "-",
    ];
    let run = pair(folder.path(), &several, TRACE);
    assert_eq!(out(&run), "Q\n-\nR0:error:7\nD0\n", "{}", said(&run));
    let run = pair(
        folder.path(),
        &["--trace", "-"],
        r#"[{"topic":"q","resp":"r"},{"topic":"r"}]"#,
    );
    assert_eq!(
        out(&run),
        "Q\nR0:ok\n",
        "the shipped rules, where none are named"
    );
}

#[test]
fn every_recorded_trace_comes_out_as_it_should() {
    let folder = folder(&[("rules.json", super::WRITTEN)]);
    let goldens: Vec<serde_json::Value> = serde_json::from_str(super::GOLDENS).expect("JSON");
    for golden in goldens {
        let run = pair(
            folder.path(),
            &["--rules", "rules.json", "--trace", "-"],
            &golden["msgs"].to_string(),
        );
        let wanted: Vec<&str> = golden["expect"]
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(|one| one.as_str())
            .collect();
        assert_eq!(
            out(&run).lines().collect::<Vec<_>>(),
            wanted,
            "{}",
            golden["title"]
        );
    }
}

#[test]
fn json_tells_the_rule_the_variables_and_what_differs() {
    let folder = folder(&[("mine.toml", MINE)]);
    let run = pair(
        folder.path(),
        &["--rules", "mine.toml", "--trace", "-", "--json"],
        TRACE,
    );
    let lines: Vec<serde_json::Value> = out(&run)
        .lines()
        .map(|line| serde_json::from_str(line).expect(line))
        .collect();
    assert_eq!(lines.len(), 4);
    assert_eq!(lines[0]["rule"], "mine");
    assert_eq!(lines[0]["variables"]["id"][0], "18446744073709551616");
    assert_eq!(lines[1]["verdict"], "-");
    let near = &lines[1]["near_miss"];
    assert_eq!(
        (&near["variable"], &near["request"]),
        (&"id".into(), &0.into())
    );
    assert_eq!(near["request_values"][0], "18446744073709551616");
    assert_eq!(near["message_values"][0], "18446744073709551617");
    assert_eq!(lines[2]["replies_to"][0]["code"], "7");
    assert_eq!(lines[3]["verdict"], "D0");
}

#[test]
fn a_bad_rule_is_refused_with_file_line_field_and_what_is_wrong() {
    let bad = MINE.replace("json:/error/code", "jsn:/error/code");
    let folder = folder(&[
        ("bad.toml", &bad),
        (
            "bad.json",
            "[{\"id\": \"x\",\n \"request\": {\"topic\": \"a/#\"}, \"reply\": {\"topic\": [\"r\"]}}]",
        ),
        ("broken", "[{"),
    ]);
    let refused = |words: &[&str]| {
        let run = pair(folder.path(), words, TRACE);
        assert_eq!(
            (out(&run).as_str(), run.status.code()),
            ("", Some(2)),
            "{words:?}"
        );
        said(&run)
    };
    let told = refused(&["--rules", "bad.toml", "--trace", "-"]);
    assert!(
        told.contains("bad.toml:7:9: rule `mine`, status.code: `jsn:/error/code` is no locator"),
        "{told}"
    );
    let told = refused(&["--rules", "bad.json", "--trace", "-"]);
    assert!(
        told.contains("bad.json:2:23: rule `x`, request.topic: no topic has a `#`"),
        "{told}"
    );
    let told = refused(&["--rules", "broken", "--trace", "-"]);
    assert!(told.contains("broken:1:3: it is not JSON"), "{told}");
    assert!(refused(&["--rules", "none.json", "--trace", "-"]).contains("none.json"));
    assert!(refused(&["--rules", "bad.toml"]).contains("--trace"));
}

#[test]
fn a_bad_trace_is_refused_too() {
    let folder = folder(&[("mine.toml", MINE)]);
    for (trace, wanted) in [
        (
            "[{\"topic\": 5},\n {\"json\": 1}]",
            "-:2:2: message 1, topic: it is missing",
        ),
        (
            "[{\"topic\": \"a\", \"corr\": \"hex:0\"}]",
            "message 0, corr",
        ),
        ("[{\"topic\": \"a\", \"user\": [[\"k\"]]}]", "[name, value]"),
        (
            "[{\"topic\": \"a\", \"json\": 1, \"text\": \"\"}]",
            "one payload",
        ),
        ("{}", "a trace is a list of messages"),
        ("[", "it is not JSON"),
    ] {
        let run = pair(
            folder.path(),
            &["--rules", "mine.toml", "--trace", "-"],
            trace,
        );
        assert_eq!(run.status.code(), Some(2), "{trace}");
        assert!(said(&run).contains(wanted), "{trace}: {}", said(&run));
    }
}

#[test]
fn files_from_other_editors_and_whole_recordings_are_read_too() {
    let windows = |text: &str| format!("\u{feff}{}", text.replace('\n', "\r\n"));
    let nameless = MINE.replace("id = \"mine\"\n", "");
    let folder = folder(&[
        ("mine.toml", &windows(MINE)),
        ("a.toml", &nameless),
        ("b.toml", &nameless),
        ("trace.json", &windows(TRACE)),
        ("goldens.json", super::GOLDENS),
    ]);
    let told = |words: &[&str], stdin: &str| {
        let run = pair(folder.path(), words, stdin);
        assert_eq!(run.status.code(), Some(0), "{}", said(&run));
        out(&run)
    };
    let judged = "Q\n-\nR0:error:7\nD0\n";
    assert_eq!(
        told(&["--rules", "mine.toml", "--trace", "trace.json"], ""),
        judged
    );
    // Rules without an id are called by their files.
    let two = told(
        &[
            "--rules",
            "a.toml",
            "--rules",
            "b.toml",
            "--trace",
            "trace.json",
            "--json",
        ],
        "",
    );
    assert!(two.contains(r#""rule":"a""#), "{two}");
    assert_eq!(
        told(&["--rules", "-", "--trace", "trace.json"], MINE),
        judged
    );
    // One recording with its rule and what was expected, and a list of them.
    let whole = format!(r#"{{"n": 1, "rule": "mine", "msgs": {TRACE}, "expect": ["Q"]}}"#);
    assert_eq!(
        told(&["--rules", "mine.toml", "--trace", "-"], &whole),
        judged
    );
    let goldens: Vec<serde_json::Value> = serde_json::from_str(super::GOLDENS).expect("JSON");
    let wanted: Vec<&str> = goldens
        .iter()
        .flat_map(|golden| golden["expect"].as_array().expect("a list"))
        .filter_map(|one| one.as_str())
        .collect();
    let all = told(&["--trace", "goldens.json"], "");
    assert_eq!(all.lines().collect::<Vec<_>>(), wanted);
    assert_eq!(told(&["--rules", "mine.toml", "--trace", "-"], "[]"), "");
    let twice = pair(folder.path(), &["--rules", "-", "--trace", "-"], "[]");
    assert_eq!(twice.status.code(), Some(2));
    assert!(said(&twice).contains("given twice"), "{}", said(&twice));
}

#[test]
fn json_tells_why_a_message_is_nothing() {
    let folder = folder(&[("mine.toml", MINE)]);
    let run = pair(
        folder.path(),
        &["--rules", "mine.toml", "--trace", "-", "--json"],
        TRACE,
    );
    let told = out(&run);
    let line = told.lines().nth(1).expect("a line");
    let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
    let reason = &line["reasons"][0];
    assert_eq!(
        (&reason["rule"], &reason["role"], &reason["request"]),
        (&"mine".into(), &"reply".into(), &0.into())
    );
    assert_eq!(
        reason["text"],
        "`id` is `18446744073709551617` here and `18446744073709551616` in the request"
    );
}
