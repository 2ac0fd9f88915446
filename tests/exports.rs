//! `roundtrip export` and `roundtrip import`, run as a script runs them.

#![expect(
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "helpers of tests fail tests, and a skip is visible"
)]

#[path = "common/program.rs"]
mod program;

use program::{Ran, roundtrip, run, run_with};
use std::path::Path;
use std::process::{Command, Stdio};

/// Rows with bytes that are hard to write down: binary, empty and absent, quotes and formulas, other scripts.
const ROWS: &str = r#"{"roundtrip_record":1,"id":0,"kind":"exchange","time_ns":1774746000000099990,"connection":"lab","verdict":"answered","round_trip_ns":4210000,"message":{"topic":"cmnd/light","payload":"{\"power\":\"on\"}","qos":1,"response_topic":"r","correlation_data_base64":"nzwA/w=="},"exchange_id":1,"rule":"mqtt5","legs_ns":{"queued":1774745999999999990,"published":1774746000000099990,"acknowledged":1774746000000699990},"finished_ns":1774746000004309990,"replies":[{"time_ns":1774746000004309990,"verdict":"reply","responder":"lamp","message":{"topic":"r","payload_base64":"AP+AYg==","qos":1,"correlation_data_base64":"nzwA/w=="}}]}
{"roundtrip_record":1,"id":5,"kind":"exchange","time_ns":1774746001000000000,"connection":"lab","verdict":"timed_out","message":{"topic":"cmnd/pump","payload":"=1+1\r\n</script>,\"ä漢🙂","qos":1,"correlation_data":""},"exchange_id":2,"rule":"mqtt5","finished_ns":1774746006000000000,"marks":{"pinned":true,"comment":"why?","colour":"red"}}
{"roundtrip_record":1,"id":6,"kind":"message","time_ns":1774746002000000000,"connection":"lab","verdict":"wrong_correlation","message":{"topic":"r","payload":"","qos":0},"near_exchange_id":2}
{"roundtrip_record":1,"id":7,"kind":"publish","time_ns":1774746003000000001,"connection":"lab","verdict":"published","message":{"topic":"log","payload":"@SUM(A1)","qos":0,"user_properties":[["a","1"],["a","2"]]}}
"#;

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    /// With the rows as JSON Lines, in the order of keys in which they are written.
    fn with_rows(name: &str) -> Self {
        let place = Self {
            folder: tempfile::Builder::new().prefix(name).tempdir().unwrap(),
        };
        let written = run_with(
            &mut roundtrip(&["export", "-", "--format", "jsonl"]),
            ROWS.as_bytes(),
        )
        .expect_code(0);
        std::fs::write(place.path("rows.jsonl"), written.stdout).unwrap();
        place
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.folder.path().join(name)).unwrap()
    }
}

fn export(words: &[&str]) -> Ran {
    let all: Vec<&str> = ["export"].iter().chain(words).copied().collect();
    run(&all)
}

#[test]
fn json_lines_through_a_recording_and_out_again_are_the_same_byte_for_byte() {
    let place = Place::with_rows("through-a-recording");
    let (rows, recording) = (place.path("rows.jsonl"), place.path("bench.rtrec"));
    let ran = run(&["import", &rows, "--record", &recording]).expect_code(0);
    assert!(ran.stderr.starts_with("4 rows put into "), "{}", ran.stderr);
    assert!(ran.stdout.is_empty());
    let out = place.path("again.jsonl");
    export(&[&recording, "--out", &out]).expect_code(0);
    assert_eq!(place.bytes("again.jsonl"), place.bytes("rows.jsonl"));
    let text = String::from_utf8(place.bytes("rows.jsonl")).unwrap();
    for kept in [
        "\"AP+AYg==\"",
        "\"nzwA/w==\"",
        "\"correlation_data\":\"\"",
        "\"comment\":\"why?\"",
    ] {
        assert!(text.contains(kept), "{kept} in {text}");
    }
}

#[test]
fn a_recording_that_is_there_gets_a_further_session_and_keeps_its_rows() {
    let place = Place::with_rows("further-session");
    let (rows, recording) = (place.path("rows.jsonl"), place.path("bench.rtrec"));
    for _ in 0..2 {
        run(&["import", &rows, "--record", &recording]).expect_code(0);
    }
    let lines = export(&[&recording, "--format", "jsonl"])
        .expect_code(0)
        .json_lines();
    let ids: Vec<u64> = lines
        .iter()
        .filter_map(|line| line["id"].as_u64())
        .collect();
    assert_eq!(ids.len(), 8);
    assert!(ids.is_sorted_by(|one, next| one < next), "{ids:?}");
}

#[test]
fn a_line_that_cannot_be_read_is_named_and_the_others_are_written() {
    let place = Place::with_rows("bad-lines");
    let mut text = String::from_utf8(place.bytes("rows.jsonl")).unwrap();
    text.insert_str(
        0,
        "{\"roundtrip_record\":1,\"kind\":\"exchange\",\"message\":{\"topic\":7}}\nnot json\n",
    );
    let words = ["export", "-", "--format", "csv"];
    let ran = run_with(&mut roundtrip(&words), text.as_bytes()).expect_code(1);
    assert!(
        ran.stderr
            .contains("stdin: line 1: invalid type: integer `7`"),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr.contains("stdin: line 2: it is not JSON"),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr.contains("error: 2 rows are missing"),
        "{}",
        ran.stderr
    );
    assert_eq!(csv::Reader::from_reader(&*ran.stdout).records().count(), 4);
    let recording = place.path("bad.rtrec");
    let words = ["import", "-", "--record", &recording];
    let ran = run_with(&mut roundtrip(&words), text.as_bytes()).expect_code(1);
    assert!(ran.stderr.contains("4 rows put into"), "{}", ran.stderr);
}

#[test]
fn rows_are_chosen_by_filter_time_and_exchange() {
    let place = Place::with_rows("choose");
    let rows = place.path("rows.jsonl");
    let count = |words: &[&str]| {
        let all: Vec<&str> = [rows.as_str(), "--format", "jsonl"]
            .iter()
            .chain(words)
            .copied()
            .collect();
        export(&all).expect_code(0).text().lines().count()
    };
    assert_eq!(count(&["--filter", "verdict:timed_out"]), 1);
    assert_eq!(count(&["--filter", "topic:cmnd -pump"]), 1);
    assert_eq!(count(&["--since", "2026-03-29T01:00:02Z"]), 2);
    assert_eq!(
        count(&[
            "--since",
            "2026-03-29T01:00:01Z",
            "--until",
            "2026-03-29T03:00:02+02:00"
        ]),
        1
    );
    assert_eq!(count(&["--since", "1s"]), 0);
    assert_eq!(
        count(&["--exchange", "2"]),
        2,
        "with the message that was near it"
    );
    let wrong = export(&[&rows, "--format", "jsonl", "--filter", "rtt:>soon"]).expect_code(2);
    assert!(
        wrong
            .stderr
            .contains("the filter `rtt:>soon` cannot be read"),
        "{}",
        wrong.stderr
    );
    let wrong = export(&[&rows, "--format", "jsonl", "--since", "yesterday"]).expect_code(2);
    assert!(
        wrong.stderr.contains("write a time such as"),
        "{}",
        wrong.stderr
    );
}

#[test]
fn what_cannot_be_is_said_and_nothing_is_written() {
    let place = Place::with_rows("cannot-be");
    let rows = place.path("rows.jsonl");
    let before = place.bytes("rows.jsonl");
    let cases: [(&[&str], &str); 6] = [
        (&[&rows], "which format?"),
        (
            &[&rows, "--format", "xls"],
            "there are jsonl, csv, html and pcapng",
        ),
        (
            &[&rows, "--out", &rows],
            "would replace what it is made from",
        ),
        (
            &["/nowhere/at/all.jsonl", "--format", "csv"],
            "could not read `/nowhere/at/all.jsonl`",
        ),
        (
            &["/nowhere/at/all.rtrec", "--format", "csv"],
            "/nowhere/at/all.rtrec",
        ),
        (
            &[
                &place.folder.path().display().to_string(),
                "--format",
                "csv",
            ],
            "could not read",
        ),
    ];
    for (words, told) in cases {
        let ran = export(words).expect_code(2);
        assert!(ran.stderr.contains(told), "{words:?}: {}", ran.stderr);
        assert!(ran.stdout.is_empty(), "{words:?}");
    }
    assert_eq!(place.bytes("rows.jsonl"), before);
    let ran = export(&[&rows, "--out", "/nowhere/at/all.csv"]).expect_code(1);
    assert!(
        ran.stderr.contains("could not write `/nowhere/at/all.csv`"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_damaged_recording_is_said_to_be_none_and_left_as_it_is() {
    let place = Place::with_rows("damaged");
    std::fs::write(
        place.folder.path().join("x.rtrec"),
        "SQLite format 3\0 and nonsense",
    )
    .unwrap();
    let ran = export(&[&place.path("x.rtrec"), "--format", "csv"]).expect_code(2);
    assert!(ran.stderr.contains("x.rtrec"), "{}", ran.stderr);
    assert_eq!(place.bytes("x.rtrec"), b"SQLite format 3\0 and nonsense");
}

/// Runs python, or says that it is not there.
fn python(script: &str, path: &str) -> Option<String> {
    let ran = Command::new("python3")
        .args(["-c", script, path])
        .stderr(Stdio::inherit())
        .output();
    match ran {
        Ok(ran) => {
            assert!(ran.status.success(), "{path}");
            Some(String::from_utf8(ran.stdout).unwrap())
        }
        Err(err) if std::env::var_os("CI").is_some() => panic!("python3: {err}"),
        Err(err) => {
            eprintln!("SKIP: no python3: {err}");
            None
        }
    }
}

#[test]
fn pythons_csv_reads_the_same_bytes() {
    let place = Place::with_rows("python-csv");
    let out = place.path("rows.csv");
    export(&[&place.path("rows.jsonl"), "--out", &out]).expect_code(0);
    let script = "
import base64, csv, sys
with open(sys.argv[1], newline='', encoding='utf-8') as file:
    for line in csv.DictReader(file):
        for part in ('payload', 'correlation_data', 'reply_payload'):
            how = line[part + '_encoding']
            data = {'': lambda it: None, 'utf8': lambda it: it.encode(), 'base64': base64.b64decode}[how](line[part])
            print(part, 'absent' if data is None else data.hex())
";
    let Some(read) = python(script, &out) else {
        return;
    };
    let hex = |text: &str| {
        let mut hex = String::new();
        for byte in text.bytes() {
            hex = format!("{hex}{byte:02x}");
        }
        hex
    };
    let lines: Vec<&str> = read.lines().map(str::trim_end).collect();
    let power = format!("payload {}", hex("{\"power\":\"on\"}"));
    let formula = format!("payload {}", hex("=1+1\r\n</script>,\"ä漢🙂"));
    let sum = format!("payload {}", hex("@SUM(A1)"));
    assert_eq!(
        lines,
        [
            power.as_str(),
            "correlation_data 9f3c00ff",
            "reply_payload 00ff8062",
            formula.as_str(),
            "correlation_data",
            "reply_payload absent",
            "payload",
            "correlation_data absent",
            "reply_payload absent",
            sum.as_str(),
            "correlation_data absent",
            "reply_payload absent",
        ]
    );
}

#[test]
fn a_report_is_well_formed_for_an_xml_parser() {
    let place = Place::with_rows("python-xml");
    let out = place.path("report.html");
    export(&[
        &place.path("rows.jsonl"),
        "--out",
        &out,
        "--title",
        "A & B <c>",
    ])
    .expect_code(0);
    let script = "
import sys, xml.etree.ElementTree as xml
root = xml.parse(sys.argv[1]).getroot()
name = lambda element: element.tag.rsplit('}', 1)[-1]
print(sorted({name(one) for one in root.iter()} & {'script', 'img', 'link', 'iframe', 'object', 'a'}))
print(next(one.text for one in root.iter() if name(one) == 'h1'))
print(sum(1 for one in root.iter() if name(one) == 'details'))
";
    if let Some(read) = python(script, &out) {
        assert_eq!(read, "['a']\nA & B <c>\n4\n");
    }
}

#[test]
fn wireshark_reads_the_packets_as_mqtt() {
    let place = Place::with_rows("tshark");
    let out = place.path("rows.pcapng");
    export(&[&place.path("rows.jsonl"), "--out", &out]).expect_code(0);
    assert!(Path::new(&out).exists());
    let fields = [
        "-T",
        "fields",
        "-e",
        "frame.time_epoch",
        "-e",
        "mqtt.msgtype",
        "-e",
        "mqtt.topic",
        "-e",
        "mqtt.msg",
    ];
    let ran = Command::new("tshark")
        .args(["-r", &out, "-Y", "mqtt && !_ws.malformed"])
        .args(fields)
        .output();
    let ran = match ran {
        Ok(ran) => ran,
        Err(err) if std::env::var_os("CI").is_some() => panic!("tshark: {err}"),
        Err(err) => {
            eprintln!("SKIP: no tshark: {err}");
            return;
        }
    };
    let text = String::from_utf8(ran.stdout).unwrap();
    let lines: Vec<Vec<&str>> = text
        .lines()
        .map(|line| line.split('\t').collect())
        .collect();
    let kinds: Vec<&str> = lines.iter().map(|line| line[1]).collect();
    assert_eq!(kinds, ["1", "3", "4", "3", "3", "3"], "{text}");
    assert_eq!(lines[1][..3], ["1774746000.000099990", "3", "cmnd/light"]);
    assert_eq!(lines[3][3], "00ff8062");
}
