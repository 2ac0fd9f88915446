//! One secret in every field that may carry one, everything that can be done with it, and then every byte that was
//! written, said or shown: no secret is in it, not even as base64, hex, or as a URL spells it.

use crate::common::{Mosquitto, free_port};
use crate::common_ui;
use crate::program::{roundtrip, run_with};
use egui::{UiBuilder, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use roundtrip::app::dialogs::{Dialog, ProfileDialog};
use roundtrip::app::environments::{EnvironmentAction, EnvironmentForm, VariableForm};
use roundtrip::app::imports::{BundleScope, ImportAction};
use roundtrip::app::library::Library;
use roundtrip::app::secrets::{PasswordPlace, SecretHome, SecretsAction, VaultState};
use roundtrip::app::{Action, App};
use roundtrip::model::foreign::copy_as::Style;
use roundtrip::model::message::UserProperty;
use roundtrip::model::profile::{
    AuthenticationDraft, HeaderDraft, ProfileDraft, ProxyDraft, SecretSlot, TlsDraft,
    WebSocketDraft, WillDraft,
};
use roundtrip::model::secret::Secret;
use roundtrip::session::Session;
use roundtrip::store::{PasswordDesk, SecretError, Secrets, Settings, WindowState, Workspace};
use roundtrip::ui::shell::Shell;
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const USER: &str = "desk-user";
const OS_VARIABLE: &str = "ROUNDTRIP_TEST_TOKEN";

/// No part of one is in another, or is a word that anything else would say. `@`, `:` and `/` are what URLs spell otherwise.
const PASSWORD: &str = "Pq7@aVx:9/Kw1";
const URL_PASSWORD: &str = "Uq7@bVx:9/Kw2";
const KEY_PASSPHRASE: &str = "Kq7@cVx:9/Kw3";
const PROXY_PASSWORD: &str = "Xq7@dVx:9/Kw4";
const AUTHENTICATION: &str = "Aq7@eVx:9/Kw5";
const HEADER: &str = "Hq7@fVx:9/Kw6";
const VARIABLE: &str = "Vq7-gVx-9-Kw7";
const OS_VALUE: &str = "Oq7-hVx-9-Kw8";
const PASSPHRASE: &str = "Fq7@iVx:9/Kw9";
const EXPORT_PASSPHRASE: &str = "Eq7@jVx:9/Kw0";
const IMPORTED: &str = "Iq7-kVx-9-KwA";
const ALL: [&str; 11] = [
    PASSWORD,
    URL_PASSWORD,
    KEY_PASSPHRASE,
    PROXY_PASSWORD,
    AUTHENTICATION,
    HEADER,
    VARIABLE,
    OS_VALUE,
    PASSPHRASE,
    EXPORT_PASSPHRASE,
    IMPORTED,
];

/// How a secret may be spelled.
fn spellings(secret: &str) -> Vec<String> {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
    let hex = hex::encode(secret);
    let percent = utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
    let mut all = vec![
        secret.to_owned(),
        percent.to_lowercase(),
        percent,
        hex.to_uppercase(),
        hex,
        secret.escape_unicode().to_string(),
    ];
    // Wherever it begins in what is encoded; signs that share their bits with what stands before or behind are left off.
    for (offset, skip) in [(0, 0), (1, 2), (2, 3)] {
        let padded = format!("{}{secret}", "\0".repeat(offset));
        for engine in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
            let text = engine.encode(&padded);
            let whole = text.get(skip..text.len() - 2).unwrap();
            all.push(whole.to_owned());
        }
    }
    all
}

#[track_caller]
fn assert_clean(what: &str, bytes: &[u8]) {
    for secret in ALL {
        for spelling in spellings(secret) {
            let at = bytes
                .windows(spelling.len())
                .position(|window| window == spelling.as_bytes());
            if let Some(at) = at {
                let around = &bytes[at.saturating_sub(200)..bytes.len().min(at + 200)];
                let around = String::from_utf8_lossy(around);
                panic!("{what} holds {secret} as {spelling}: …{around}…");
            }
        }
    }
}

#[track_caller]
fn assert_files_are_clean(folder: &Path) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        assert_clean("a name of a file", path.display().to_string().as_bytes());
        if path.is_dir() {
            assert_files_are_clean(&path);
        } else {
            assert_clean(&path.display().to_string(), &std::fs::read(&path).unwrap());
        }
    }
}

/// What the program logs, as much as its own logger would ever let through.
struct Ear(Mutex<String>);

static EAR: Ear = Ear(Mutex::new(String::new()));

impl log::Log for Ear {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.target().starts_with("roundtrip") || metadata.level() <= log::Level::Warn
    }

    fn log(&self, record: &log::Record<'_>) {
        if self.enabled(record.metadata()) {
            writeln!(self.0.lock().unwrap(), "{}", record.args()).unwrap();
        }
    }

    fn flush(&self) {}
}

struct NoKeyring;

fn none() -> SecretError {
    SecretError::NoKeyring {
        why: "none".to_owned(),
    }
}

impl Secrets for NoKeyring {
    fn check(&self) -> Result<(), SecretError> {
        Err(none())
    }
    fn load(&self, _: &str) -> Result<Option<Secret>, SecretError> {
        Err(none())
    }
    fn save(&self, _: &str, _: &Secret) -> Result<(), SecretError> {
        Err(none())
    }
    fn delete(&self, _: &str) -> Result<(), SecretError> {
        Err(none())
    }
}

/// The window on a workspace that the program finds, too, and everything that it showed.
struct Window {
    harness: Harness<'static, Shell>,
    frames: usize,
}

impl Window {
    fn open(home: &Path) -> Self {
        let wake: Arc<dyn Fn() + Send + Sync> = Arc::new(|| {});
        let state = home.join(".local/state/roundtrip");
        let workspace = Workspace::open_at(&home.join("workspace"), Some(&state)).unwrap();
        let desk = PasswordDesk::with_keyring(Box::new(NoKeyring), &workspace).unwrap();
        let library = Library::with_desk(workspace, desk, &wake).unwrap();
        let mut session = Session::start(Box::new(|| {})).unwrap();
        session.read_files_by(roundtrip::store::read_named);
        let app = App::new(
            session,
            library,
            Settings::default(),
            WindowState::default(),
        );
        let shell = Shell::new(app, None);
        let mut harness =
            common_ui::harness(vec2(1560.0, 930.0), true, shell, |ui, shell: &mut Shell| {
                shell.logic(ui.ctx());
                let screen = ui.ctx().content_rect();
                ui.scope_builder(UiBuilder::new().max_rect(screen), |ui| {
                    ui.set_clip_rect(screen);
                    shell.paint(ui);
                });
            });
        harness.run_steps(3);
        Self { harness, frames: 0 }
    }

    fn app(&mut self) -> &mut App {
        &mut self.harness.state_mut().app
    }

    /// A frame, and a look at everything in it: what a screen reader says, what is copied, what is kept in memory to
    /// be told.
    #[track_caller]
    fn look(&mut self) {
        self.harness.run_steps(2);
        self.frames += 1;
        let mut seen = String::new();
        for node in self.harness.query_all_by(|_| true) {
            let node = node.accesskit_node();
            let words = [
                node.label(),
                node.value(),
                node.data().description().map(str::to_owned),
            ];
            for text in words.into_iter().flatten() {
                seen.push_str(&text);
                seen.push('\n');
            }
        }
        assert!(seen.contains("Roundtrip"), "it is looked at");
        for command in &self.harness.output().platform_output.commands {
            writeln!(seen, "{command:?}").unwrap();
        }
        let app = self.app();
        let states: Vec<String> = app
            .session
            .links()
            .map(|(_, link)| format!("{:?}", link.state))
            .collect();
        let kept = toml::to_string(&app.window_state()).unwrap();
        write!(
            seen,
            "{:?}\n{:?}\n{states:?}\n{kept}",
            app.dialog,
            app.notices.shown()
        )
        .unwrap();
        assert_clean("the window", seen.as_bytes());
    }

    #[track_caller]
    fn perform(&mut self, action: Action) {
        self.app().perform(action);
        self.look();
    }

    #[track_caller]
    fn wait(&mut self, what: &str, mut is_so: impl FnMut(&mut App) -> bool) {
        let until = Instant::now() + Duration::from_mins(1);
        while !is_so(self.app()) {
            let app = self.app();
            assert!(
                Instant::now() < until,
                "waited for {what}: {:?} {:?}",
                app.dialog,
                app.notices.shown()
            );
            std::thread::sleep(Duration::from_millis(5));
            self.harness.step();
        }
        self.look();
    }

    fn dialog(&mut self) -> &mut ProfileDialog {
        match &mut self.app().dialog {
            Some(Dialog::Profile(dialog)) => dialog,
            other => panic!("{other:?}"),
        }
    }

    /// Types a connection in, saves it and tries it; gives its id.
    #[track_caller]
    fn connect(
        &mut self,
        draft: ProfileDraft,
        password: &str,
        secrets: &[(SecretSlot, &str)],
    ) -> String {
        let name = draft.name.clone();
        self.perform(Action::NewProfile);
        let dialog = self.dialog();
        dialog.draft = ProfileDraft {
            client_id: format!("{name}-{:08x}", rand::random::<u32>()),
            ..draft
        };
        password.clone_into(&mut dialog.password);
        let secrets = secrets.iter().cloned();
        dialog.secrets = secrets
            .map(|(slot, text)| (slot, text.to_owned()))
            .collect();
        // As whoever types it leaves the field.
        dialog.take_address_apart();
        self.look();
        self.perform(Action::SaveProfile { connect: true });
        assert!(self.app().dialog.is_none(), "{:?}", self.app().dialog);
        let profiles = self.app().library.profiles().iter();
        let mut found = profiles.filter(|(_, draft)| draft.name == name);
        let id = found.next().unwrap().0.clone();
        self.wait(&format!("what comes of {name}"), |app| {
            let state = app.session.state(&id);
            state.is_connected() || state.problem().is_some()
        });
        id
    }

    fn import(&mut self, text: &str, passphrase: &str) {
        self.perform(Action::Import(ImportAction::Ask));
        let Some(Dialog::Import(dialog)) = &mut self.app().dialog else {
            panic!("no dialog")
        };
        dialog.is_paste = true;
        passphrase.clone_into(&mut dialog.passphrase);
        // The pasted text itself is on the screen, as whoever pastes it expects.
        text.clone_into(&mut dialog.text);
        self.app().perform(Action::Import(ImportAction::Look));
        let until = Instant::now() + Duration::from_mins(1);
        while !matches!(&self.app().dialog, Some(Dialog::Import(it)) if it.plan.is_some()) {
            assert!(
                Instant::now() < until,
                "the plan: {:?}",
                self.app().notices.shown()
            );
            self.app().tick();
        }
        if let Some(Dialog::Import(dialog)) = &mut self.app().dialog {
            let plan = &dialog.plan;
            assert_clean("the plan", format!("{plan:?}").as_bytes());
            dialog.text.clear();
        }
        self.app().perform(Action::Import(ImportAction::Begin));
        self.wait("the import", |app| app.dialog.is_none());
    }

    fn export(&mut self, path: &Path, with_secrets: bool) {
        self.perform(Action::Import(ImportAction::AskExport(BundleScope::All)));
        let Some(Dialog::Bundle(dialog)) = &mut self.app().dialog else {
            panic!("no dialog")
        };
        // Those that were refused are not.
        assert!(dialog.secrets >= 2, "{}", dialog.secrets);
        dialog.path = path.display().to_string();
        dialog.with_secrets = with_secrets;
        EXPORT_PASSPHRASE.clone_into(&mut dialog.passphrase);
        EXPORT_PASSPHRASE.clone_into(&mut dialog.again);
        self.look();
        self.perform(Action::Import(ImportAction::Export));
        self.wait("the export", |app| app.dialog.is_none());
    }
}

/// Answers every request of HTTP as a gate does, for as long as the test runs; gives its port.
fn gate() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let serve = move || {
        for mut stream in listener.incoming().flatten() {
            let mut request = [0; 4096];
            let read = stream.read(&mut request).unwrap_or(0);
            let status = if request[..read].starts_with(b"CONNECT") {
                "407 Proxy Authentication Required"
            } else {
                "401 Unauthorized"
            };
            write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n").ok();
        }
    };
    std::thread::Builder::new()
        .name("gate".to_owned())
        .spawn(serve)
        .unwrap();
    port
}

fn guarded() -> Mosquitto {
    Mosquitto::start_with(|directory| {
        let file = directory.join("passwords");
        let mut command = Command::new("mosquitto_passwd");
        command.args(["-b", "-c"]).arg(&file).args([USER, PASSWORD]);
        run_with(&mut command, b"").expect_code(0);
        format!("allow_anonymous false\npassword_file {}", file.display())
    })
}

fn property(name: &str, value: &str) -> UserProperty {
    UserProperty {
        name: name.to_owned(),
        value: value.to_owned(),
    }
}

fn make_environment(window: &mut Window) {
    window.perform(Action::Environment(EnvironmentAction::Edit));
    let Some(Dialog::Environments(dialog)) = &mut window.app().dialog else {
        panic!("no dialog")
    };
    let mut variable = VariableForm::default();
    "WHO".clone_into(&mut variable.draft.name);
    variable.draft.is_secret = true;
    VARIABLE.clone_into(&mut variable.secret);
    dialog.forms.push(EnvironmentForm {
        name: "lab".to_owned(),
        variables: vec![variable],
    });
    window.look();
    window.perform(Action::Environment(EnvironmentAction::Save));
    let choose = EnvironmentAction::Choose(Some("lab".to_owned()));
    window.perform(Action::Environment(choose));
}

fn make_file(window: &mut Window) {
    window.wait("the desk", |app| app.library.keyring_trouble().is_some());
    window.perform(Action::Secrets(SecretsAction::Show));
    let Some(Dialog::Secrets(dialog)) = &mut window.app().dialog else {
        panic!("no dialog")
    };
    dialog.chosen = Some(SecretHome::File);
    PASSPHRASE.clone_into(&mut dialog.new);
    PASSPHRASE.clone_into(&mut dialog.again);
    window.look();
    window.perform(Action::Secrets(SecretsAction::Move));
    window.wait("the move", |app| app.dialog.is_none());
    let place = window.app().library.password_place();
    assert_eq!(place, PasswordPlace::File(VaultState::Open));
}

/// Every kind of secret in a connection of its own; most of them fail, each in its own way.
#[expect(clippy::too_many_lines, reason = "a list of connections")]
fn make_connections(window: &mut Window, port: u16) -> String {
    let lab = ProfileDraft {
        name: "Lab".to_owned(),
        address: format!("mqtt://127.0.0.1:{port}"),
        user_name: USER.to_owned(),
        user_properties: vec![property("who", "{{env.WHO}}")],
        will: Some(WillDraft {
            topic: "gone".to_owned(),
            payload: "{{env.WHO}}".to_owned(),
            user_properties: vec![property("who", "{{env.WHO}}")],
            ..WillDraft::default()
        }),
        ..ProfileDraft::default()
    };
    let id = window.connect(lab.clone(), PASSWORD, &[]);
    assert!(window.app().session.state(&id).is_connected());
    let base = ProfileDraft {
        user_properties: Vec::new(),
        will: None,
        ..lab
    };
    let in_url = utf8_percent_encode(URL_PASSWORD, NON_ALPHANUMERIC);
    window.connect(
        ProfileDraft {
            name: "Url".to_owned(),
            address: format!("mqtt://somebody:{in_url}@127.0.0.1:{port}"),
            ..base.clone()
        },
        "",
        &[],
    );
    let gate = gate();
    window.connect(
        ProfileDraft {
            name: "Web".to_owned(),
            address: format!("ws://127.0.0.1:{gate}/mqtt?token={{{{env.WHO}}}}"),
            user_name: "{{env.WHO}}".to_owned(),
            web_socket: Some(WebSocketDraft {
                headers: vec![
                    HeaderDraft {
                        name: "Authorization".to_owned(),
                        is_secret: true,
                        ..HeaderDraft::default()
                    },
                    HeaderDraft {
                        name: "X-Who".to_owned(),
                        value: "{{env.WHO}}".to_owned(),
                        is_secret: false,
                    },
                ],
                ..WebSocketDraft::default()
            }),
            ..base.clone()
        },
        "",
        &[(SecretSlot::Header("Authorization".to_owned()), HEADER)],
    );
    window.connect(
        ProfileDraft {
            name: "Key".to_owned(),
            address: format!("mqtts://127.0.0.1:{port}"),
            tls: Some(TlsDraft {
                certificate_file: "/nowhere/{{env.WHO}}.pem".to_owned(),
                key_passphrase_wanted: true,
                ..TlsDraft::default()
            }),
            ..base.clone()
        },
        "",
        &[(SecretSlot::KeyPassphrase, KEY_PASSPHRASE)],
    );
    window.connect(
        ProfileDraft {
            name: "Proxy".to_owned(),
            address: format!("mqtt://{{{{env.WHO}}}}.invalid:{port}"),
            proxy: Some(ProxyDraft {
                address: format!("http://127.0.0.1:{gate}"),
                user_name: "{{env.WHO}}".to_owned(),
                password_wanted: true,
            }),
            ..base.clone()
        },
        "",
        &[(SecretSlot::ProxyPassword, PROXY_PASSWORD)],
    );
    window.connect(
        ProfileDraft {
            name: "Method".to_owned(),
            authentication: Some(AuthenticationDraft {
                method: "K9".to_owned(),
                data_wanted: true,
                ..AuthenticationDraft::default()
            }),
            ..base.clone()
        },
        "",
        &[(SecretSlot::AuthenticationData, AUTHENTICATION)],
    );
    window.connect(
        ProfileDraft {
            name: "Nobody".to_owned(),
            address: format!("mqtt://{{{{env.WHO}}}}.invalid:{}", free_port()),
            ..base
        },
        "",
        &[],
    );
    id
}

/// What was refused is asked for again; what is typed is on no screen.
fn ask_again(window: &mut Window) {
    let header = SecretSlot::Header("Authorization".to_owned());
    for (id, slot, text) in [
        ("url", SecretSlot::Password, URL_PASSWORD),
        ("web", header, HEADER),
        ("proxy", SecretSlot::ProxyPassword, PROXY_PASSWORD),
        ("method", SecretSlot::AuthenticationData, AUTHENTICATION),
    ] {
        window.perform(Action::Connect(id.to_owned()));
        match &mut window.app().dialog {
            Some(Dialog::Password(dialog)) => {
                assert_eq!(dialog.slot, slot);
                text.clone_into(&mut dialog.text);
            }
            other => panic!("{id}: {other:?}"),
        }
        window.look();
        window.perform(Action::CloseDialog);
    }
}

fn send_and_copy(window: &mut Window, connection: &str) {
    let tab = window.app().tabs.front_mut().unwrap();
    connection.clone_into(&mut tab.draft.connection);
    "lab/get".clone_into(&mut tab.draft.topic);
    "100 ms".clone_into(&mut tab.draft.timeout);
    let id = tab.id;
    window.perform(Action::Send(id));
    window.wait("the exchange", |app| {
        let exchange = app.tabs.get(id).and_then(|tab| tab.last);
        exchange.is_some_and(|row| app.session.timeline.row(row).is_some())
    });
    let tab = window.app().tabs.front_mut().unwrap();
    tab.draft.user_properties = vec![property("token", "{{env.WHO}}")];
    for style in Style::ALL {
        window
            .app()
            .perform(Action::Import(ImportAction::CopyAs(None, style)));
        let copied = window.app().clipboard.clone().unwrap();
        assert!(copied.contains("lab/get"), "{copied}");
        assert_clean("a command line", copied.as_bytes());
        window.look();
    }
}

fn delete_and_undo(window: &mut Window) {
    for id in ["web", "key", "proxy", "method"] {
        window.perform(Action::EditProfile(id.to_owned()));
        window.perform(Action::CloseDialog);
        window.perform(Action::DuplicateProfile(id.to_owned()));
        window.perform(Action::DeleteProfile(id.to_owned()));
        window.perform(Action::UndoNewest);
    }
    window.perform(Action::DeleteProfile("nobody".to_owned()));
}

struct Home(tempfile::TempDir);

impl Home {
    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    #[track_caller]
    fn run(&self, words: &[&str], passphrase: Option<&str>, code: i32) -> String {
        let workspace = self.path("workspace").display().to_string();
        let mut all = vec!["--workspace", &workspace];
        all.extend(words);
        let mut command = roundtrip(&all);
        command
            .current_dir(self.0.path())
            .env("HOME", self.0.path())
            .env("ROUNDTRIP_LOG", "trace")
            .env("RUST_BACKTRACE", "full")
            .env("EXPORT", EXPORT_PASSPHRASE)
            .env(OS_VARIABLE, OS_VALUE)
            .env_remove("DBUS_SESSION_BUS_ADDRESS");
        if let Some(passphrase) = passphrase {
            command.env("ROUNDTRIP_PASSPHRASE", passphrase);
        }
        let ran = run_with(&mut command, b"").expect_code(code);
        assert_clean(&format!("stdout of {words:?}"), &ran.stdout);
        assert_clean(&format!("stderr of {words:?}"), ran.stderr.as_bytes());
        format!("{}{}", ran.text(), ran.stderr)
    }
}

/// The same workspace without a window.
fn on_the_command_line(home: &Home, port: u16) {
    let ask = [
        "request",
        "-t",
        "lab/get",
        "--no-reply",
        "--environment",
        "lab",
        "-v",
        "--profile",
    ];
    let with = |name: &'static str| [&ask[..], &[name]].concat();
    let said = home.run(&with("Lab"), None, 2);
    assert!(said.contains("ROUNDTRIP_PASSPHRASE"), "{said}");
    let said = home.run(&with("Lab"), Some("wrong"), 2);
    assert!(said.contains("does not open"), "{said}");
    // Nobody subscribes to it.
    home.run(&with("Lab"), Some(PASSPHRASE), 4);
    let file = home.path("passphrase");
    std::fs::write(&file, format!("{PASSPHRASE}\n")).unwrap();
    let in_file = ["--passphrase-file", file.to_str().unwrap()];
    home.run(&[&with("Lab")[..], &in_file].concat(), None, 4);
    std::fs::remove_file(&file).unwrap();
    // The secrets of the last two were refused, and went when their connections were deleted.
    for (name, code) in [("Url", 5), ("Key", 5), ("Web", 2), ("Method", 2)] {
        home.run(&with(name), Some(PASSPHRASE), code);
    }
    // A variable of the process.
    let url = format!("mqtt://127.0.0.1:{port}");
    let os = format!("{{{{os.{OS_VARIABLE}}}}}");
    let words = [
        "request",
        "--url",
        &url,
        "--user",
        &os,
        "-t",
        "a",
        "-v",
        "--no-reply",
    ];
    home.run(&words, None, 5);
    let nobody = format!("mqtt://{os}.invalid:{port}");
    let profile = format!("name = \"Os\"\naddress = \"{nobody}\"\n");
    std::fs::write(home.path("workspace/connections/os.toml"), profile).unwrap();
    let words = ["request", "--profile", "os", "-t", "a", "-v", "--no-reply"];
    home.run(&words, None, 6);

    let rows = home.path("rows.rtrec").display().to_string();
    let words = [
        "listen",
        "--profile",
        "Lab",
        "--environment",
        "lab",
        "-t",
        "#",
        "--record",
        &rows,
        "--for",
        "300ms",
    ];
    home.run(&words, Some(PASSPHRASE), 0);
    for format in ["jsonl", "csv", "html", "pcapng"] {
        let out = home.path(&format!("rows.{format}")).display().to_string();
        home.run(
            &["export", &rows, "--out", &out, "--format", format],
            None,
            0,
        );
    }
    home.run(&["profiles", "export", "--format", "json"], None, 0);
    let sealed = home.path("sealed.toml").display().to_string();
    let words = [
        "profiles",
        "export",
        "--out",
        &sealed,
        "--with-secrets",
        "--passphrase-env",
        "EXPORT",
    ];
    home.run(&words, Some(PASSPHRASE), 0);
    assert!(
        std::fs::read_to_string(&sealed)
            .unwrap()
            .contains("argon2id")
    );
    let words = [
        "profiles",
        "import",
        &sealed,
        "--passphrase-env",
        "EXPORT",
        "--existing",
        "replace",
    ];
    home.run(&words, Some(PASSPHRASE), 0);
}

#[test]
fn no_secret_is_in_anything_that_is_written_shown_or_said() {
    // Where another test of this binary has a logger, that one hears.
    log::set_logger(&EAR).ok();
    log::set_max_level(log::LevelFilter::Trace);
    let home = Home(tempfile::tempdir().unwrap());
    let broker = guarded();
    let mut window = Window::open(home.0.path());
    make_file(&mut window);
    make_environment(&mut window);
    let lab = make_connections(&mut window, broker.port());
    ask_again(&mut window);
    send_and_copy(&mut window, &lab);
    window.import(
        &format!("mosquitto_pub -h imported.lab -u me -P {IMPORTED} -t a -m 1"),
        "",
    );
    window.export(&home.path("plain.toml"), false);
    window.export(&home.path("with.json"), true);
    let sealed = std::fs::read_to_string(home.path("with.json")).unwrap();
    // What is here already, just so, would not be imported.
    let elsewhere = sealed.replace("127.0.0.1", "localhost");
    window.import(&elsewhere, EXPORT_PASSPHRASE);
    delete_and_undo(&mut window);
    window.perform(Action::Secrets(SecretsAction::Show));
    window.perform(Action::Secrets(SecretsAction::Lock));
    window.wait("the lock", |app| app.dialog.is_none());
    window.perform(Action::Disconnect(lab.clone()));
    window.perform(Action::Connect(lab));
    match &mut window.app().dialog {
        Some(Dialog::Passphrase(dialog)) => PASSPHRASE.clone_into(&mut dialog.passphrase),
        other => panic!("{other:?}"),
    }
    window.look();
    window.perform(Action::Secrets(SecretsAction::GivePassphrase));
    window.wait("the file", |app| app.dialog.is_none());
    window.app().close();
    assert!(window.frames > 60, "{}", window.frames);
    drop(window);
    assert_files_are_clean(home.0.path());
    let secrets = std::fs::read_to_string(secrets_file(&home.path(".local/state/roundtrip")));
    assert!(secrets.unwrap().contains("argon2id"));

    on_the_command_line(&home, broker.port());
    assert_files_are_clean(home.0.path());
    let heard = EAR.0.lock().unwrap().clone();
    assert_clean("the log", heard.as_bytes());
}

fn secrets_file(state: &Path) -> PathBuf {
    let workspaces = std::fs::read_dir(state.join("workspaces")).unwrap();
    let mut files = workspaces.map(|entry| entry.unwrap().path().join("secrets.toml"));
    files.find(|path| path.exists()).unwrap()
}

/// The search itself finds what it is for.
#[test]
#[should_panic(expected = "holds")]
fn a_secret_that_is_encoded_is_found() {
    use base64::Engine as _;
    let engine = base64::engine::general_purpose::STANDARD;
    let text = engine.encode(format!("user:{PROXY_PASSWORD}:more"));
    assert_clean("a header", text.as_bytes());
}
