use super::*;
use crate::model::correlation::CorrelationKind;
use crate::model::request::Surroundings;
use clap::CommandFactory as _;
use clap::error::ErrorKind;
use proptest::prelude::*;

fn parse(words: &[&str]) -> Result<Args, clap::Error> {
    Args::try_parse_from(["roundtrip"].iter().chain(words))
}

fn command(words: &[&str]) -> Command {
    match parse(words) {
        Ok(args) => args.command.unwrap(),
        Err(err) => panic!("{words:?}: {err}"),
    }
}

fn request(words: &[&str]) -> RequestArgs {
    let all: Vec<&str> = ["request", "-t", "a/b"]
        .iter()
        .chain(words)
        .copied()
        .collect();
    match command(&all) {
        Command::Request(args) => *args,
        other => panic!("{other:?}"),
    }
}

fn respond(words: &[&str]) -> RespondArgs {
    let all: Vec<&str> = ["respond"].iter().chain(words).copied().collect();
    match command(&all) {
        Command::Respond(args) => *args,
        other => panic!("{other:?}"),
    }
}

/// What is said about a wrong command line; it always ends with exit code 2.
fn complaint(words: &[&str]) -> String {
    let err = parse(words).unwrap_err();
    assert_eq!(err.exit_code(), 2, "{words:?}");
    err.to_string()
}

#[test]
fn the_command_line_is_consistent() {
    Args::command().debug_assert();
}

#[test]
fn without_a_command_the_window_opens_in_the_workspace() {
    assert!(parse(&[]).unwrap().command.is_none());
    let before = parse(&["--workspace", "w", "demo", "relay"]).unwrap();
    let after = parse(&["demo", "relay", "--workspace", "w"]).unwrap();
    assert_eq!(before.workspace.as_deref(), Some(Path::new("w")));
    assert_eq!(after.workspace, before.workspace);
}

#[test]
fn a_short_request_has_the_windows_defaults() {
    let draft = request(&[]).draft();
    assert_eq!(
        draft,
        RequestDraft {
            topic: "a/b".to_owned(),
            timeout: "5s".to_owned(),
            format: PayloadFormat::Text,
            ..RequestDraft::default()
        }
    );
    let surroundings = Surroundings {
        client_id: "c",
        ..Surroundings::default()
    };
    let valid = draft.validate(&surroundings).unwrap();
    assert_eq!(valid.response_topic.unwrap().as_str(), "clients/c/resp");
    assert_eq!(valid.payload.len(), 0);
}

#[test]
fn every_option_of_a_request_gets_into_the_draft() {
    let words = "-e x/y --hex 00:FF --correlation random:4 -q 2 --retain --timeout 1m30s --replies 3 \
        --content-type a/b --message-expiry 5m --user-property k=v=w --user-property k= --json -v";
    let words: Vec<&str> = words.split_whitespace().collect();
    let args = request(&words);
    assert!(args.json && args.verbose);
    let draft = args.draft();
    assert_eq!(
        draft.response_topic,
        ResponseTopicDraft::Typed("x/y".to_owned())
    );
    assert_eq!(
        (draft.format, draft.payload.as_str()),
        (PayloadFormat::Hex, "00:FF")
    );
    assert_eq!(draft.correlation_data.kind, CorrelationKind::Random);
    assert_eq!((draft.qos, draft.retain), (Qos::ExactlyOnce, true));
    assert_eq!(
        (draft.timeout.as_str(), draft.replies.as_str()),
        ("1m30s", "3")
    );
    assert_eq!(
        (
            draft.content_type.as_str(),
            draft.message_expiry_secs.as_str()
        ),
        ("a/b", "300")
    );
    let properties: Vec<_> = draft
        .user_properties
        .iter()
        .map(|property| (property.name.as_str(), property.value.as_str()))
        .collect();
    assert_eq!(properties, [("k", "v=w"), ("k", "")]);
    assert!(request(&["--utf8"]).draft().payload_is_utf8);
    assert_eq!(
        request(&["--no-reply"]).draft().response_topic,
        ResponseTopicDraft::None
    );
}

#[test]
fn a_payload_is_taken_as_it_is_typed_and_comes_from_one_place() {
    for text in ["", "-1", "--", "{\"a\": 1}", "a=b", "<generated>", "\n"] {
        assert_eq!(request(&["-m", text]).draft().payload, text);
    }
    assert_eq!(
        request(&["-f", "-"]).payload_file(),
        Some(PayloadFile::Stdin)
    );
    let file = Some(PayloadFile::File(Path::new("p.bin")));
    assert_eq!(request(&["-f", "p.bin"]).payload_file(), file);
    for two in [
        ["-m", "a", "-f", "b"],
        ["-m", "a", "--hex", "00"],
        ["-f", "a", "--hex", "00"],
    ] {
        let words: Vec<&str> = ["request", "-t", "a"].iter().chain(&two).copied().collect();
        let err = parse(&words).unwrap_err();
        assert_eq!(err.kind(), ErrorKind::ArgumentConflict, "{two:?}");
    }
}

/// A command line, the option that is wrong (empty: none), and a word of the advice.
const WRONG: &[(&[&str], &str, &str)] = &[
    (&["request", "-t", ""], "--topic", "empty"),
    (&["request", "-t", "a/+"], "--topic", "wildcard"),
    (
        &["request", "-t", "a", "-e", "b/#"],
        "--response-topic",
        "wildcard",
    ),
    (
        &["request", "-t", "a", "-e", "$share/g/b"],
        "--response-topic",
        "subscriptions",
    ),
    (
        &["request", "-t", "a", "--hex", "0x0"],
        "--hex",
        "two digits",
    ),
    (
        &["request", "-t", "a", "--correlation", "guid"],
        "--correlation",
        "uuid-text",
    ),
    (
        &["request", "-t", "a", "--correlation", "hex:0"],
        "--correlation",
        "two digits",
    ),
    (
        &["request", "-t", "a", "--correlation", "random:x"],
        "--correlation",
        "65,535",
    ),
    (&["request", "-t", "a", "-q", "3"], "--qos", "exactly once"),
    (
        &["request", "-t", "a", "--timeout", "soon"],
        "--timeout",
        "500 ms",
    ),
    (
        &["request", "-t", "a", "--timeout", "0"],
        "--timeout",
        "no time",
    ),
    (
        &["request", "-t", "a", "--replies", "some"],
        "--replies",
        "first, all",
    ),
    (
        &["request", "-t", "a", "--message-expiry", "500ms"],
        "--message-expiry",
        "30s",
    ),
    (
        &["request", "-t", "a", "--user-property", "k"],
        "--user-property",
        "NAME=VALUE",
    ),
    (
        &["request", "-t", "a", "--url", "http://h"],
        "--url",
        "no way to reach a broker",
    ),
    (
        &["request", "-t", "a", "--url", "built-in"],
        "--url",
        "roundtrip broker",
    ),
    (&["respond", "-t", "a/#/b", "--reply", "x"], "--topic", "#"),
    (&["respond", "-t", "a", "--reply", "{{x"], "--reply", "}}"),
    (
        &["respond", "-t", "a", "--reply", "{{nothing}}"],
        "--reply",
        "payload",
    ),
    (
        &["respond", "-t", "a", "--reply", "x", "--delay", "1"],
        "",
        "",
    ),
    (
        &["respond", "-t", "a", "--reply", "x", "--delay", "late"],
        "--delay",
        "500 ms",
    ),
    (
        &["respond", "-t", "a", "--reply", "x", "--state", "a b=1"],
        "--state",
        "letters",
    ),
    (&["broker", "--port", "0"], "--port", "leave --port out"),
    (&["broker", "--port", "70000"], "--port", "65535"),
    (
        &["screenshot", "--demo", "x", "--out", "x.jpg"],
        "--out",
        ".png",
    ),
    (
        &[
            "screenshot",
            "--demo",
            "x",
            "--out",
            "x.png",
            "--size",
            "10x10",
        ],
        "--size",
        "1280x720",
    ),
    (
        &[
            "screenshot",
            "--demo",
            "x",
            "--out",
            "x.png",
            "--theme",
            "pink",
        ],
        "--theme",
        "light",
    ),
    (&["request"], "--topic", "required"),
    (&["respond", "-t", "a"], "--reply", "required"),
    (&["screenshot"], "--demo", "required"),
    (&["demo"], "NAME", "required"),
    (&["requets"], "request", "similar"),
];

#[test]
fn a_wrong_value_is_named_with_its_option_and_with_what_to_write() {
    for (words, option, advice) in WRONG {
        if option.is_empty() {
            assert!(parse(words).is_ok(), "{words:?}");
            continue;
        }
        let said = complaint(words);
        assert!(
            said.contains(option) && said.contains(advice),
            "{words:?}: {said}"
        );
    }
}

#[test]
fn options_that_contradict_each_other_are_refused() {
    let cases: &[&[&str]] = &[
        &["request", "-t", "a", "--url", "h", "--profile", "p"],
        &["request", "-t", "a", "--no-reply", "-e", "b"],
        &["request", "-t", "a", "--no-reply", "--timeout", "1s"],
        &[
            "request",
            "-t",
            "a",
            "--password-env",
            "A",
            "--password-file",
            "f",
        ],
        &["respond", "--device", "f", "-t", "a"],
        &["respond", "--device", "f", "--reply", "a"],
        &["respond", "--device", "f", "--delay", "1s"],
        &["respond", "--device", "f", "-q", "1"],
        &["demo", "--list", "relay"],
    ];
    for words in cases {
        let err = parse(words).unwrap_err();
        assert_eq!(err.kind(), ErrorKind::ArgumentConflict, "{words:?}: {err}");
    }
}

#[test]
fn a_responder_is_typed_or_comes_from_a_file() {
    let args = respond(&[
        "-t",
        "a/#",
        "-t",
        "$share/g/b",
        "--reply",
        "{{payload}}",
        "--delay",
        "0ms",
        "--state",
        "on=true",
        "--state",
        "name=x=y",
    ]);
    assert_eq!(args.topics, ["a/#", "$share/g/b"]);
    assert_eq!(args.delay.as_deref(), Some(""));
    assert_eq!(args.state[0], ("on".to_owned(), Value::Bool(true)));
    assert_eq!(
        args.state[1],
        ("name".to_owned(), Value::String("x=y".to_owned()))
    );
    assert!(respond(&["--device", "lamp.toml"]).device.is_some());
}

#[test]
fn a_screenshot_has_the_pictures_size_and_theme_unless_told() {
    let Command::Screenshot(args) = command(&["screenshot", "--demo", "relay", "--out", "a.PNG"])
    else {
        panic!("a screenshot")
    };
    assert_eq!(
        (args.size, args.theme, args.view),
        (
            Size {
                width: 1560,
                height: 930
            },
            ThemeArg::Dark,
            ViewArg::Table
        )
    );
}

#[test]
fn a_password_in_a_url_is_never_repeated() {
    for (url, wrong) in [
        ("mqtt://me:hunter2@h", ""),
        ("mqtts://me:hunter2@h", ""),
        ("http://me:hunter2@h", "no way to reach a broker"),
        ("mqtt://me:hunter2@h:x", "me:•••@h:x"),
        ("mqtt://me:hunter2@h/path", "has a path"),
        (" me:hunter2@ ", "me:•••@"),
    ] {
        let args = request(&["--url", url]);
        assert!(!format!("{args:?}").contains("hunter2"));
        match args.connect.url.unwrap().read() {
            Ok(read) => assert_eq!((read.password.as_deref(), wrong), (Some("hunter2"), "")),
            Err(said) => assert!(!said.contains("hunter2") && said.contains(wrong), "{said}"),
        }
    }
}

#[test]
fn every_help_page_fits_a_terminal_and_says_what_scripts_need() {
    let mut command = Args::command();
    command.build();
    let mut pages = vec![command.clone().render_long_help().to_string()];
    for sub in command.get_subcommands_mut() {
        pages.push(sub.render_long_help().to_string());
    }
    for page in pages {
        assert!(!page.contains("[default: ]"), "{page}");
        for line in page.lines() {
            assert!(line.chars().count() <= 120, "{line}");
            assert!(!line.ends_with(' ') || line.trim().is_empty(), "{line:?}");
        }
    }
}

fn page(name: &str) -> String {
    let mut command = Args::command().term_width(100);
    command.build();
    if name.is_empty() {
        return command.render_long_help().to_string();
    }
    command
        .find_subcommand_mut(name)
        .unwrap()
        .render_long_help()
        .to_string()
}

#[test]
fn help_of_roundtrip() {
    insta::assert_snapshot!(page(""));
}

#[test]
fn help_of_demo() {
    insta::assert_snapshot!(page("demo"));
}

#[test]
fn help_of_request() {
    insta::assert_snapshot!(page("request"));
}

#[test]
fn help_of_respond() {
    insta::assert_snapshot!(page("respond"));
}

#[test]
fn help_of_listen() {
    insta::assert_snapshot!(page("listen"));
}

#[test]
fn listening_is_to_everything_unless_filters_are_named() {
    let listen = |words: &[&str]| match command(words) {
        Command::Listen(args) => *args,
        other => panic!("{other:?}"),
    };
    assert_eq!(listen(&["listen"]).topics, ["#"]);
    let all = listen(&[
        "listen", "-t", "a/+", "-t", "b", "--for", "8h", "--count", "3", "-q", "0",
    ]);
    assert_eq!(all.topics, ["a/+", "b"]);
    assert_eq!(all.limit, Some(Duration::from_hours(8)));
    assert_eq!((all.count, all.qos), (Some(3), Qos::AtMostOnce));
    for wrong in [
        &["listen", "-t", "a/#/b"][..],
        &["listen", "--for", "0"],
        &["listen", "--for", "soon"],
        &["listen", "--count", "0"],
        &["listen", "--json", "--quiet"],
    ] {
        complaint(wrong);
    }
}

#[test]
fn help_of_diagnose() {
    insta::assert_snapshot!(page("diagnose"));
}

#[test]
fn what_is_tested_is_a_profile_or_an_address() {
    let diagnose = |words: &[&str]| match command(words) {
        Command::Diagnose(args) => *args,
        other => panic!("{other:?}"),
    };
    let named = diagnose(&["diagnose", "lab", "--watch", "60s"]);
    assert_eq!(named.target().profile.as_deref(), Some("lab"));
    assert!(!named.has_made_id());
    assert!(diagnose(&["diagnose", "--url", "mqtt://h"]).has_made_id());
    assert!(!diagnose(&["diagnose", "--client-id", "me"]).has_made_id());
    for wrong in [
        &["diagnose", "lab", "--profile", "lab"][..],
        &["diagnose", "--watch", "5s", "--no-watch"],
        &["diagnose", "--json", "--certificate"],
        &["diagnose", "--watch", "soon"],
    ] {
        complaint(wrong);
    }
}

#[test]
fn help_of_broker() {
    insta::assert_snapshot!(page("broker"));
}

#[test]
fn help_of_pair() {
    insta::assert_snapshot!(page("pair"));
}

#[test]
fn help_of_export() {
    insta::assert_snapshot!(page("export"));
}

#[test]
fn help_of_import() {
    insta::assert_snapshot!(page("import"));
}

#[test]
fn help_of_profiles() {
    let mut command = Args::command().term_width(100);
    command.build();
    let profiles = command.find_subcommand_mut("profiles").unwrap();
    let pages = ["import", "export"].map(|name| {
        let page = profiles.find_subcommand_mut(name).unwrap();
        page.render_long_help().to_string()
    });
    insta::assert_snapshot!(pages.join("\n----\n\n"));
}

#[test]
fn help_of_screenshot() {
    insta::assert_snapshot!(page("screenshot"));
}

#[test]
fn help_of_bench() {
    insta::assert_snapshot!(page("bench"));
}

#[test]
fn what_is_measured_can_be_chosen() {
    let bench = |words: &[&str]| match command(words) {
        Command::Bench(args) => args,
        other => panic!("{other:?}"),
    };
    let all = bench(&["bench"]);
    assert_eq!(all.parts.len(), 5);
    assert!(!all.quick && !all.window && all.peer.is_empty());
    let some = bench(&[
        "bench",
        "--parts",
        "rtt,ingest",
        "--seconds",
        "0.5",
        "--peer",
        "paho=python3 loop.py --x=1",
    ]);
    assert_eq!(some.parts, [BenchPart::Rtt, BenchPart::Ingest]);
    assert_eq!(some.seconds, Some(Duration::from_millis(500)));
    assert_eq!(
        some.peer,
        [("paho".to_owned(), "python3 loop.py --x=1".to_owned())]
    );
    for (words, hint) in [
        (["bench", "--seconds", "0"], "0.1 to 600"),
        (["bench", "--seconds", "NaN"], "0.1 to 600"),
        (["bench", "--peer", "paho"], "a name and a command"),
        (["bench", "--exchanges", "7"], "1000"),
    ] {
        let said = complaint(&words);
        assert!(said.contains(hint), "{said}");
    }
}

proptest! {
    #[test]
    fn no_command_line_makes_it_panic(words in proptest::collection::vec(prop_oneof![
        "[ -~]{0,12}",
        proptest::sample::select(vec!["request", "respond", "-t", "-m", "--hex", "--replies", "--timeout", "--size", "--state", "--correlation", "--message-expiry", "--delay"])
            .prop_map(str::to_owned),
        "\\PC{0,6}",
    ], 0..8)) {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        parse(&words).ok();
    }

    #[test]
    fn a_request_that_is_accepted_is_valid(replies in "\\PC{0,6}|[0-9]{1,12}", timeout in "[0-9.]{1,6}(ms|s|m| h)?", correlation in "(hex|text|random|base64):[ -~]{0,9}", hex in "[0-9a-fx :]{0,8}") {
        let words = ["request", "-t", "a", "--replies", &replies, "--timeout", &timeout, "--correlation", &correlation, "--hex", &hex];
        if let Ok(args) = parse(&words) && let Some(Command::Request(args)) = args.command {
            let surroundings = Surroundings { client_id: "c", ..Surroundings::default() };
            prop_assert!(args.draft().validate(&surroundings).is_ok());
        }
    }
}
