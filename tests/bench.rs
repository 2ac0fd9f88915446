//! `roundtrip bench`, as somebody who repeats the figures runs it; here only that it measures, not what.

#[path = "common/program.rs"]
mod program;

#[test]
fn it_prints_what_was_asked_for_as_json() {
    let report = program::run(&[
        "bench",
        "--quick",
        "--parts",
        "rtt,throughput",
        "--rounds",
        "1",
        "--seconds",
        "0.2",
    ])
    .expect_code(0);
    assert!(report.stderr.contains("measuring against"), "{report:?}");
    let report: serde_json::Value = serde_json::from_slice(&report.stdout).unwrap();
    for figure in [
        "rtt_ratio",
        "rtt_ratio_qos1",
        "throughput_ratio",
        "throughput_ratio_qos1",
        "frame_ms_p50",
        "frame_ms_p99",
    ] {
        let value = report[figure].as_f64();
        assert!(
            value.is_some_and(|value| value > 0.0),
            "{figure}: {report:#}"
        );
    }
    assert!(report["raster_ms_p50"].is_null(), "there is no window");
    assert!(report.get("ingest_per_sec").is_none(), "not asked for");
    for side in ["bare", "roundtrip"] {
        let answers = &report["round_trips"]["qos1"][side]["answers"];
        assert!(
            answers.as_u64().is_some_and(|answers| answers > 0),
            "{side}: {report:#}"
        );
    }
    assert!(report["frames"]["asking"]["count"].as_u64().is_some());
    assert_eq!(report["method"]["is_optimised_build"], false);
}

#[test]
fn frames_are_painted_over_a_timeline_of_the_wanted_size() {
    let words = "bench --quick --parts memory,frames --exchanges 2000";
    let words: Vec<&str> = words.split(' ').collect();
    let report = program::run(&words).expect_code(0);
    let report: serde_json::Value = serde_json::from_slice(&report.stdout).unwrap();
    assert_eq!(report["memory"]["exchanges"], 2000);
    assert!(report["bytes_per_exchange"].as_f64().is_some());
    for scene in ["static", "scroll", "jump", "arriving"] {
        let count = report["frames"][scene]["count"].as_u64();
        assert!(count.is_some_and(|count| count > 0), "{scene}: {report:#}");
    }
}

#[test]
fn every_message_is_ingested_or_counted() {
    let report = program::run(&["bench", "--quick", "--parts", "ingest"]).expect_code(0);
    let report: serde_json::Value = serde_json::from_slice(&report.stdout).unwrap();
    let count = |name: &str| report["ingest"][name].as_u64().unwrap();
    assert!(count("received") > 0, "{report:#}");
    assert!(count("received") + count("dropped_by_queue") <= count("sent"));
    assert_eq!(
        report["ingest_lost"].as_u64().unwrap(),
        count("sent") - count("received")
    );
}

#[test]
fn a_peer_takes_its_turns_and_one_that_fails_is_named() {
    let turn = r#"printf '{"answers":7,"per_sec":70,"median_us":10,"p99_us":20}'"#;
    let peer = format!("echo=test $BENCH_IN_FLIGHT = 1 && {turn}");
    let words = [
        "bench",
        "--quick",
        "--parts",
        "rtt",
        "--rounds",
        "1",
        "--seconds",
        "0.1",
        "--peer",
    ];
    let report = program::run(&[&words[..], &[&peer]].concat()).expect_code(0);
    let report: serde_json::Value = serde_json::from_slice(&report.stdout).unwrap();
    assert_eq!(report["round_trips"]["qos0"]["echo"]["answers"], 7);

    let failed = program::run(&[&words[..], &["broken=exit 3"]].concat()).expect_code(1);
    assert!(failed.stderr.contains("the peer broken"), "{failed:?}");
    assert!(failed.stdout.is_empty());
}

#[test]
fn a_broker_that_is_not_there_is_said() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = gone.local_addr().unwrap().port();
    drop(gone);
    let url = format!("mqtt://127.0.0.1:{port}");
    let failed = program::run(&["bench", "--quick", "--url", &url]).expect_code(1);
    assert!(failed.stderr.contains("error: ") && failed.stderr.contains("hint: "));
}

#[test]
#[expect(clippy::print_stdout, reason = "what is left out is said")]
fn whoever_ends_it_early_is_left_with_no_broker() {
    let words = ["bench", "--parts", "rtt", "--seconds", "20"];
    let mut running = program::Running::start(&mut program::roundtrip(&words));
    let talk = running.wait_for_talk("measuring against");
    let children = running.children();
    if talk.contains("built-in") || !cfg!(target_os = "linux") {
        assert!(std::env::var_os("CI").is_none(), "CI has Mosquitto: {talk}");
        println!("SKIP: there is no Mosquitto here, or no way to see its process");
    } else {
        assert_eq!(children.len(), 1, "its Mosquitto; it said {talk}");
    }
    let ended = running.interrupt().expect_code(1);
    assert!(ended.stderr.contains("ended before its time"), "{ended:?}");
    for child in children {
        let place = format!("/proc/{child}");
        assert!(!std::path::Path::new(&place).exists(), "{child} still runs");
    }
}
