//! A password goes to the broker and nowhere else: no output and no file ever holds it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

#[path = "../common/mod.rs"]
mod common;
#[path = "../common_ui/mod.rs"]
mod common_ui;
mod everywhere;
#[path = "../common/program.rs"]
mod program;

use common::{Mosquitto, free_port};
use program::{Ran, Running, roundtrip, run_with};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// As it is, and as it is typed into a URL. No part of it is a word that anything else would say.
const PASSWORD: &str = "Zq7@Vx:9/Kw";
const IN_URL: &str = "Zq7%40Vx%3A9%2FKw";
/// What must be nowhere: not even half of it.
const TRACES: [&str; 4] = ["Zq7", "Vx:9", "Vx%3A9", "9/Kw"];
const USER: &str = "desk-user";
const VARIABLE: &str = "ROUNDTRIP_TEST_PASSWORD";

#[track_caller]
fn assert_clean(what: &str, text: &str) {
    for trace in TRACES {
        assert!(!text.contains(trace), "{what} holds the password: {text}");
    }
}

/// A home and a workspace of the test's own, whose every file is looked through.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn workspace(&self) -> PathBuf {
        self.0.path().join("workspace")
    }

    fn profile(&self, id: &str, toml: &str) {
        let folder = self.workspace().join("connections");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(id).with_extension("toml"), toml).unwrap();
    }

    fn command(&self, words: &[&str]) -> Command {
        let workspace = self.workspace();
        let mut all = vec!["--workspace", workspace.to_str().unwrap()];
        all.extend(words);
        let mut command = roundtrip(&all);
        command
            .current_dir(self.0.path())
            .env("HOME", self.0.path())
            // Whatever could make something talk more than it should.
            .env("RUST_LOG", "trace")
            .env("ROUNDTRIP_LOG", "trace")
            .env("RUST_BACKTRACE", "full")
            .env(VARIABLE, PASSWORD)
            // No keyring of the user's, and no question from it.
            .env_remove("DBUS_SESSION_BUS_ADDRESS");
        command
    }

    /// Runs it, and looks through all that it wrote.
    #[track_caller]
    fn run(&self, words: &[&str], code: i32) -> Ran {
        let ran = run_with(&mut self.command(words), b"").expect_code(code);
        self.check(&format!("{words:?}"), &ran);
        ran
    }

    #[track_caller]
    fn check(&self, what: &str, ran: &Ran) {
        assert_clean(&format!("stdout of {what}"), &ran.text());
        assert_clean(&format!("stderr of {what}"), &ran.stderr);
        assert_no_file_holds_it(self.0.path());
    }
}

#[track_caller]
fn assert_no_file_holds_it(folder: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            assert_no_file_holds_it(&path);
        } else {
            let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
            assert_clean(&path.display().to_string(), &text);
        }
    }
}

/// A Mosquitto that wants the password of [`USER`].
fn guarded() -> Mosquitto {
    Mosquitto::start_with(|directory| {
        let file = directory.join("passwords");
        let mut command = Command::new("mosquitto_passwd");
        command.args(["-b", "-c"]).arg(&file).args([USER, PASSWORD]);
        run_with(&mut command, b"").expect_code(0);
        format!("allow_anonymous false\npassword_file {}", file.display())
    })
}

fn with_password(port: u16) -> String {
    format!("mqtt://{USER}:{IN_URL}@127.0.0.1:{port}")
}

#[test]
fn a_password_in_the_url_reaches_the_broker_and_nothing_else() {
    let (broker, home) = (guarded(), Home::new());
    let url = with_password(broker.port());
    let words = ["respond", "--url", &url, "-t", "cmnd", "--reply", "pong"];
    let mut device = Running::start(&mut home.command(&words));
    device.wait_for_talk("listening to ");
    let ask = ["request", "--url", &url, "-t", "cmnd", "-m", "ping"];
    assert_eq!(home.run(&ask, 0).text(), "pong");
    home.run(&[&ask[..], &["-v"]].concat(), 0);
    let ran = home.run(&[&ask[..], &["--json", "-v"]].concat(), 0);
    assert_eq!(ran.json()["verdict"], "answered");
    home.run(&[&ask[..], &["--json", "-e", "forbidden/#"]].concat(), 2);
    home.run(&["demo", "relay", "--url", &url], 0);
    home.run(&["demo", "relay", "--url", &url, "--json"], 0);
    let ran = device.interrupt().expect_code(0);
    home.check("the responder", &ran);
}

#[test]
fn a_password_from_the_environment_or_a_file_reaches_the_broker_and_nothing_else() {
    let (broker, home) = (guarded(), Home::new());
    let url = broker.url();
    let elsewhere = tempfile::NamedTempFile::new().unwrap();
    fs::write(elsewhere.path(), format!("{PASSWORD}\n")).unwrap();
    let file = elsewhere.path().to_str().unwrap();
    let ask = ["request", "-t", "cmnd", "--no-reply", "-v"];
    for password in [["--password-env", VARIABLE], ["--password-file", file]] {
        let connect = ["--url", &url, "--user", USER];
        home.run(&[&ask[..], &connect, &password].concat(), 4);
        // For somebody else it is the wrong one.
        let connect = ["--url", &url, "--user", "somebody"];
        home.run(&[&ask[..], &connect, &password].concat(), 5);
    }
    home.profile(
        "lab",
        &format!(
            "name = \"Lab\"\naddress = \"{url}\"\nuser_name = \"{USER}\"\npassword_wanted = true\n"
        ),
    );
    for password in [["--password-env", VARIABLE], ["--password-file", file]] {
        home.run(&[&ask[..], &["--profile", "Lab"], &password].concat(), 4);
    }
    // Without a keyring it is asked for, not guessed.
    let ran = home.run(&[&ask[..], &["--profile", "lab"]].concat(), 2);
    assert!(ran.stderr.contains("--password-env"), "{ran:?}");
}

#[test]
fn no_error_repeats_a_password() {
    let (broker, home) = (guarded(), Home::new());
    let ask = ["request", "-t", "a", "-v", "--timeout", "200ms", "--url"];
    // Refused, and not there.
    let wrong = with_password(broker.port()).replace(USER, "somebody");
    let ran = home.run(&[&ask[..], &[&wrong]].concat(), 5);
    assert!(ran.stderr.contains("somebody") || ran.stderr.contains("password"));
    home.run(&[&ask[..], &[&with_password(free_port())]].concat(), 6);
    home.run(&["demo", "relay", "--url", &with_password(free_port())], 6);
    for scheme in ["mqtts://", "ws://", "wss://"] {
        let url = with_password(free_port()).replace("mqtt://", scheme);
        home.run(&[&ask[..], &[&url]].concat(), 6);
    }
    // No address at all, each in its own way.
    for wrong in [
        format!("mqtts://{USER}:{IN_URL}@host/path"),
        format!("http://{USER}:{IN_URL}@host"),
        format!("mqtt://{USER}:{IN_URL}@host/path"),
        format!("mqtt://{USER}:{IN_URL}@host:99999"),
        format!("mqtt://{USER}:{IN_URL}@host:0"),
        format!("mqtt://{USER}:{IN_URL}@"),
        format!("mqtt://{USER}:{IN_URL}@ho st"),
        format!("{USER}:{IN_URL}@host/path"),
        // As it is, and so not as a URL wants it.
        format!("mqtt://{USER}:{PASSWORD}@host/path"),
        format!("mqtt://{USER}:{PASSWORD}@host:99999"),
        format!("mqtt://:{PASSWORD}@host/path"),
    ] {
        home.run(&[&ask[..], &[&wrong]].concat(), 2);
        home.run(&["demo", "relay", "--url", &wrong], 2);
        let respond = ["respond", "-t", "a", "--reply", "b", "--url", &wrong];
        home.run(&respond, 2);
    }
    // The command line is wrong elsewhere.
    let url = with_password(broker.port());
    for more in [
        &["--nonsense"][..],
        &["--url", &url],
        &["--profile", "x"],
        &["-q", "9"],
        &["surplus"],
    ] {
        home.run(&[&ask[..], &[&url], more].concat(), 2);
    }
}

/// Somebody typed it where it does not belong. The file is theirs, so only the output is looked at.
#[test]
fn a_password_that_was_typed_into_a_profile_is_refused_and_not_repeated() {
    let home = Home::new();
    let url = with_password(free_port());
    for (id, toml) in [
        ("whole", format!("name = \"x\"\naddress = \"{url}\"\n")),
        ("open", format!("name = \"x\"\naddress = \"{url}\n")),
        ("number", format!("name = 5\naddress = \"{url}\"\n")),
        ("same-line", format!("x = {{ address = \"{url}\", }} }}\n")),
        (
            "own-key",
            format!("name = \"x\"\naddress = \"\"\npassword = \"{PASSWORD}\"\n"),
        ),
    ] {
        home.profile(id, &toml);
        let words = ["request", "-t", "a", "--profile", id, "-v"];
        let ran = run_with(&mut home.command(&words), b"").expect_code(2);
        assert!(ran.stderr.contains(id) || ran.stderr.contains('x'));
        assert_clean(id, &ran.text());
        assert_clean(id, &ran.stderr);
    }
}

#[test]
fn the_built_in_broker_does_not_tell_the_passwords_of_its_clients() {
    let home = Home::new();
    let mut broker = Running::start(&mut home.command(&["broker", "--verbose"]));
    let line = broker.wait_for_data("\n");
    let port = line.trim().rsplit(':').next().unwrap().parse().unwrap();
    let words = ["request", "-t", "a", "--url", &with_password(port)];
    home.run(&[&words[..], &["--no-reply", "-v"]].concat(), 0);
    broker.wait_for_talk("published a");
    let ran = broker.interrupt().expect_code(0);
    home.check("the broker", &ran);
}

#[test]
fn what_is_printed_for_debugging_hides_it_too() {
    use roundtrip::cli::args::Args;
    use roundtrip::model::secret::Secret;
    use roundtrip::mqtt::ClientOptions;

    assert_clean(
        "a secret",
        &format!("{:?}", Secret::new(PASSWORD.to_owned())),
    );
    let profile = roundtrip::model::profile::ProfileDraft {
        name: "x".to_owned(),
        user_name: USER.to_owned(),
        ..Default::default()
    };
    let password = Some(Secret::new(PASSWORD.to_owned()));
    let options = ClientOptions::new(profile.validate("x").unwrap(), password);
    assert_clean("client options", &format!("{options:?}"));
    let words = [
        "roundtrip",
        "request",
        "-t",
        "a",
        "--url",
        &with_password(1),
    ];
    let args: Args = clap::Parser::try_parse_from(words).unwrap_or_else(|err| panic!("{err}"));
    assert_clean("arguments", &format!("{args:?}"));
}
