//! The packet log against a real Mosquitto: what is in it, line by line, and what never is.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test may fail, and says what it leaves out"
)]

mod common;
#[path = "common/program.rs"]
mod program;

use common::Mosquitto;
use program::{Running, roundtrip, run_with};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;

fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|err| panic!("{err}: {line}")))
        .collect()
}

/// `PUBLISH out`, `note step`, in their order; pings come when they come.
fn kinds(lines: &[Value]) -> Vec<String> {
    lines
        .iter()
        .map(|line| match line["type"].as_str() {
            Some(kind) => format!("{kind} {}", line["direction"].as_str().unwrap()),
            None => format!("note {}", line["note"].as_str().unwrap()),
        })
        .filter(|kind| !kind.starts_with("PING"))
        .collect()
}

fn of<'a>(lines: &'a [Value], kind: &str) -> &'a Value {
    let found = lines.iter().find(|line| line["type"] == kind);
    found.unwrap_or_else(|| panic!("no {kind}: {lines:#?}"))
}

/// A responder, a request of that quality, and the packets of it.
fn request(broker: &Mosquitto, url: &str, more: &[&str], path: &Path) -> Vec<Value> {
    let file = path.to_str().unwrap();
    let words = [
        "respond",
        "--url",
        &broker.url(),
        "-t",
        "cmnd/lamp",
        "--reply",
        "on",
    ];
    let mut device = Running::start(&mut roundtrip(&words));
    device.wait_for_talk("listening to ");
    let ask = [
        "request",
        "--url",
        url,
        "-t",
        "cmnd/lamp",
        "-m",
        "ping",
        "--packets",
        file,
    ];
    let ran = run_with(&mut roundtrip(&[&ask[..], more].concat()), b"").expect_code(0);
    assert_eq!(ran.text(), "on");
    lines(path)
}

#[test]
fn every_packet_of_a_request_is_there_with_its_fields() {
    let broker = Mosquitto::start("");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new.jsonl");
    let lines = request(&broker, &broker.url(), &["-q", "2"], &path);
    let kinds = kinds(&lines);
    let begin = [
        "note attempt",
        "note step",
        "note step",
        "CONNECT out",
        "CONNACK in",
        "SUBSCRIBE out",
        "SUBACK in",
        "PUBLISH out",
        "PUBREC in",
        "PUBREL out",
    ];
    assert_eq!(kinds[..begin.len()], begin, "{kinds:#?}");
    for kind in ["PUBCOMP in", "PUBLISH in"] {
        assert!(kinds.iter().any(|one| one == kind), "{kind}: {kinds:#?}");
    }
    assert_eq!(kinds[kinds.len() - 2..], ["DISCONNECT out", "note ended"]);
    assert!(
        lines.iter().all(|line| line["malformed"].is_null()),
        "{lines:#?}"
    );

    let connect = &of(&lines, "CONNECT")["fields"];
    assert_eq!(connect["Protocol Version"]["words"], "MQTT 5");
    let sent = of(&lines, "PUBLISH");
    assert_eq!(sent["fields"]["Topic Name"], "cmnd/lamp");
    assert_eq!(sent["fields"]["QoS"]["code"], 2);
    assert_eq!(sent["fields"]["Payload"], "ping");
    assert!(sent["fields"]["Properties"]["Correlation Data"]["hex"].is_string());
    assert_eq!(of(&lines, "PUBREC")["packet_id"], sent["packet_id"]);
    assert_eq!(
        of(&lines, "SUBACK")["fields"]["Reason Code"]["words"],
        "granted QoS 2"
    );
    let hex = sent["hex"].as_str().unwrap();
    assert_eq!(
        hex.len() / 2,
        usize::try_from(sent["size"].as_u64().unwrap()).unwrap()
    );
}

#[test]
fn mqtt_3_1_1_is_read_as_what_it_is() {
    let broker = Mosquitto::start("");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.jsonl");
    let file = path.to_str().unwrap();
    let url = broker.url();
    let words = [
        "request",
        "--url",
        &url,
        "--mqtt",
        "3.1.1",
        "-t",
        "cmnd/lamp",
        "-m",
        "x",
        "--no-reply",
        "-q",
        "1",
        "--packets",
        file,
    ];
    run_with(&mut roundtrip(&words), b"").expect_code(0);
    let lines = lines(&path);
    assert!(
        lines.iter().all(|line| line["malformed"].is_null()),
        "{lines:#?}"
    );
    assert_eq!(
        of(&lines, "CONNECT")["fields"]["Protocol Version"]["words"],
        "MQTT 3.1.1"
    );
    assert_eq!(
        of(&lines, "CONNACK")["fields"]["Connect Return Code"]["words"],
        "connection accepted"
    );
    assert_eq!(of(&lines, "PUBLISH")["mqtt"], "3.1.1");
    assert!(of(&lines, "PUBLISH")["fields"]["Properties"].is_null());
    assert_eq!(kinds(&lines).last().unwrap(), "note ended");
    let puback = of(&lines, "PUBACK");
    assert_eq!(
        (&puback["direction"], puback["size"].as_u64()),
        (&"in".into(), Some(4))
    );
}

const PASSWORD: &str = "Zq7@Vx:9/Kw";
const TRACES: [&str; 3] = ["Zq7", "Vx:9", "5a713740"];

#[test]
fn a_refused_connection_is_told_and_the_password_is_in_no_form_of_it() {
    let broker = Mosquitto::start_with(|directory| {
        let file = directory.join("passwords");
        let mut command = Command::new("mosquitto_passwd");
        command
            .args(["-b", "-c"])
            .arg(&file)
            .args(["anna", "another"]);
        run_with(&mut command, b"").expect_code(0);
        format!("allow_anonymous false\npassword_file {}", file.display())
    });
    let url = format!("mqtt://anna:Zq7%40Vx%3A9%2FKw@127.0.0.1:{}", broker.port());
    let folder = tempfile::tempdir().unwrap();
    for ending in ["jsonl", "txt", "pcapng"] {
        let path = folder.path().join("refused").with_extension(ending);
        let file = path.to_str().unwrap();
        let words = [
            "request",
            "--url",
            &url,
            "-t",
            "t",
            "-m",
            "x",
            "-v",
            "--packets",
            file,
        ];
        let ran = run_with(&mut roundtrip(&words), b"").expect_code(5);
        assert!(
            ran.stderr.contains("lines of the packet log in "),
            "{}",
            ran.stderr
        );
        let bytes = fs::read(&path).unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        for trace in TRACES {
            assert!(!text.contains(trace), "{ending} holds {trace}");
        }
        assert!(
            !bytes
                .windows(4)
                .any(|part| part == &PASSWORD.as_bytes()[..4])
        );
        if ending == "jsonl" {
            let lines = lines(&path);
            let connect = of(&lines, "CONNECT");
            assert_eq!(connect["masked"], true);
            assert_eq!(connect["fields"]["Password"]["masked"], true);
            assert_eq!(connect["fields"]["User Name"], "anna");
            let code = &of(&lines, "CONNACK")["fields"]["Reason Code"];
            assert_eq!(code["code"], 0x87);
            assert!(kinds(&lines).iter().any(|kind| kind == "note lost"));
        }
    }
}

#[test]
fn wireshark_reads_what_is_exported() {
    let broker = Mosquitto::start("");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.pcapng");
    let file = path.to_str().unwrap();
    let url = broker.url();
    // More than one TCP segment holds, and more than the log keeps of a packet.
    let payload = "x".repeat(400_000);
    let large = folder.path().join("large");
    fs::write(&large, payload).unwrap();
    let words = [
        "request",
        "--url",
        &url,
        "-t",
        "cmnd/lamp",
        "-f",
        large.to_str().unwrap(),
        "--no-reply",
        "-q",
        "1",
        "--packets",
        file,
    ];
    // Nobody listens there, which Mosquitto says in its PUBACK.
    run_with(&mut roundtrip(&words), b"").expect_code(4);
    let mut tshark = Command::new("tshark");
    let fields = [
        "-T",
        "fields",
        "-e",
        "mqtt.msgtype",
        "-e",
        "_ws.malformed",
        "-e",
        "mqtt.topic",
    ];
    let asked = tshark
        .args(["-r", file, "-Y", "mqtt"])
        .args(fields)
        .output();
    let asked = match asked {
        Ok(asked) => asked,
        Err(err) if std::env::var_os("CI").is_some() => panic!("tshark: {err}"),
        Err(err) => {
            eprintln!("SKIP: no tshark: {err}");
            return;
        }
    };
    let text = String::from_utf8(asked.stdout).unwrap();
    let types: Vec<&str> = text
        .lines()
        .filter_map(|line| line.split('\t').next())
        .collect();
    assert_eq!(types, ["1", "2", "3", "4", "14"], "{text}");
    assert!(!text.contains("alformed"), "{text}");
    assert!(text.contains("cmnd/lamp"), "{text}");
}

#[test]
fn listen_writes_while_it_runs() {
    let broker = Mosquitto::start("");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("listen.txt");
    let file = path.to_str().unwrap();
    let url = broker.url();
    let words = [
        "listen",
        "--url",
        &url,
        "-t",
        "home/#",
        "--count",
        "1",
        "--packets",
        file,
    ];
    let mut listening = Running::start(&mut roundtrip(&words));
    listening.wait_for_talk("listening to ");
    common::wait_until("the SUBACK in the file", || {
        fs::read_to_string(&path).is_ok_and(|text| text.contains("SUBACK"))
    });
    let publish = [
        "request",
        "--url",
        &url,
        "-t",
        "home/lamp",
        "-m",
        "on",
        "--no-reply",
        "-q",
        "1",
    ];
    run_with(&mut roundtrip(&publish), b"").expect_code(0);
    let ran = listening.wait().expect_code(0);
    assert!(
        ran.stderr.contains("lines of the packet log in "),
        "{}",
        ran.stderr
    );
    let text = fs::read_to_string(&path).unwrap();
    for wanted in [
        "Topic Filter: home/#",
        "Topic Name: home/lamp",
        "DISCONNECT",
    ] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
}
