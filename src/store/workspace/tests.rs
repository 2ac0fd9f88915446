use super::*;
use crate::model::profile::{ProfileDraft, WillDraft};
use crate::model::request::RequestDraft;
use crate::model::secret::Secret;
use crate::store::{PasswordDesk, RuleText, Tab, Theme, load_file, write_file};
use std::process::{Command, Stdio};
use std::time::Duration;

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn open(&self) -> Workspace {
        let state = self.folder.path().join("state");
        Workspace::open_at(&self.folder.path().join("lab"), Some(&state)).unwrap()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join("lab").join(name)
    }

    fn put(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.file(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.file(name)).unwrap()
    }

    /// Every file below, with its bytes.
    fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut files = Vec::new();
        let mut folders = vec![self.folder.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    files.push((path.clone(), fs::read(path).unwrap()));
                }
            }
        }
        files.sort();
        files
    }
}

fn request(name: &str) -> RequestDraft {
    RequestDraft {
        name: name.to_owned(),
        topic: "a/b".to_owned(),
        ..RequestDraft::default()
    }
}

fn save(workspace: &Workspace, id: &str, draft: &RequestDraft) -> Result<Saved, StoreError> {
    workspace.save(id, draft, OnConflict::Refuse)
}

#[test]
fn what_was_saved_is_there_on_the_next_start_and_reading_leaves_no_trace() {
    let place = Place::new();
    let workspace = place.open();
    assert_eq!(workspace.load::<RequestDraft>(), Loaded::default());
    assert_eq!(workspace.load_settings(), (Settings::default(), None));
    assert_eq!(workspace.load_window(), (WindowState::default(), None));
    assert!(place.files().is_empty());
    let id = workspace.new_id::<RequestDraft>("Turn on");
    assert!(
        save(&workspace, &id, &request("Turn on"))
            .unwrap()
            .was_written
    );
    assert!(
        !save(&workspace, &id, &request("Turn on"))
            .unwrap()
            .was_written
    );
    let loaded = place.open().load::<RequestDraft>();
    assert!(loaded.problems.is_empty());
    assert_eq!(loaded.items[0].id, "turn-on");
    assert_eq!(loaded.items[0].draft, request("Turn on"));
}

#[test]
fn ids_are_given_out_once_and_stay_when_a_thing_is_renamed() {
    let place = Place::new();
    place.put("requests/On.toml", "");
    let workspace = place.open();
    workspace.load::<RequestDraft>();
    assert_eq!(workspace.new_id::<RequestDraft>("on"), "on-2");
    assert_eq!(workspace.new_id::<RequestDraft>("on"), "on-3");
    assert_eq!(workspace.new_id::<ProfileDraft>("on"), "on");
    save(&workspace, "on-2", &request("Something else")).unwrap();
    assert!(place.file("requests/on-2.toml").exists());
    assert!(matches!(
        save(&workspace, "../on", &request("x")),
        Err(StoreError::BadId { .. })
    ));
}

#[test]
fn a_damaged_file_is_named_with_its_line_and_stays_as_it_is() {
    let place = Place::new();
    let damaged = "name = \"mine\"\n# precious\nqos = = 1\n";
    place.put("requests/bad.toml", damaged);
    place.put("requests/bytes.toml", b"name = \"\xff\"");
    place.put("requests/good.toml", "name = \"good\"");
    place.put("requests/README.md", "not a request");
    place.put("requests/sub/x.toml", "");
    let before = place.files();
    let workspace = place.open();
    let loaded = workspace.load::<RequestDraft>();
    assert_eq!(loaded.items.len(), 1);
    let problems: Vec<_> = loaded
        .problems
        .iter()
        .map(|problem| {
            (
                problem.path.file_name().unwrap().to_str().unwrap(),
                problem.line,
            )
        })
        .collect();
    assert_eq!(
        problems,
        [
            ("bad.toml", Some(3)),
            ("bytes.toml", Some(1)),
            ("sub", None)
        ]
    );
    assert!(loaded.problems[0].hint.contains("line 3"));
    for on_conflict in [OnConflict::Refuse, OnConflict::Overwrite] {
        let err = workspace
            .save("bad", &request("new"), on_conflict)
            .unwrap_err();
        assert!(matches!(&err, StoreError::Damaged(_)), "{err}");
    }
    assert_eq!(workspace.new_id::<RequestDraft>("Bad"), "bad-2");
    assert_eq!(place.files(), before);
}

#[test]
fn a_damaged_settings_file_stays_as_it_is_too() {
    let place = Place::new();
    place.put("settings.toml", "built_in_broker_port = 99999\n");
    let workspace = place.open();
    let (settings, problem) = workspace.load_settings();
    assert_eq!(settings, Settings::default());
    assert_eq!(problem.unwrap().line, Some(1));
    assert!(matches!(
        workspace.save_settings(&settings, OnConflict::Refuse),
        Err(StoreError::Damaged(_))
    ));
    assert_eq!(
        place.text("settings.toml"),
        "built_in_broker_port = 99999\n"
    );
}

#[test]
fn what_somebody_else_did_meanwhile_is_not_overwritten_unasked() {
    let place = Place::new();
    place.put("requests/a.toml", "name = \"a\"\n");
    let workspace = place.open();
    workspace.load::<RequestDraft>();
    let conflict = |result: Result<Saved, StoreError>| match result {
        Err(StoreError::Conflict { change, .. }) => change,
        other => panic!("{other:?}"),
    };
    // Same length, same second: the bytes count.
    place.put("requests/a.toml", "name = \"b\"\n");
    assert_eq!(
        conflict(save(&workspace, "a", &request("mine"))),
        Change::Edited
    );
    assert_eq!(place.text("requests/a.toml"), "name = \"b\"\n");
    fs::remove_file(place.file("requests/a.toml")).unwrap();
    assert_eq!(
        conflict(save(&workspace, "a", &request("mine"))),
        Change::Deleted
    );
    place.put("requests/new.toml", "name = \"theirs\"\n");
    assert_eq!(
        conflict(save(&workspace, "new", &request("mine"))),
        Change::Created
    );
    // Overwriting keeps what only they know; loading again settles it as well.
    place.put("requests/a.toml", "name = \"b\" # theirs\ntheirs = 1\n");
    workspace
        .save("a", &request("mine"), OnConflict::Overwrite)
        .unwrap();
    let text = place.text("requests/a.toml");
    assert!(
        text.starts_with("name = \"mine\" # theirs\ntheirs = 1\n"),
        "{text}"
    );
    save(&workspace, "a", &request("mine again")).unwrap();
    let new = workspace.load_one::<RequestDraft>("new").unwrap().unwrap();
    assert_eq!(new.draft.name, "theirs");
    save(&workspace, "new", &request("mine")).unwrap();
    // The same words from both sides are no conflict.
    fs::remove_file(place.file("requests/new.toml")).unwrap();
    place.put("requests/new.toml", "name = \"same\"\n");
    let draft = RequestDraft {
        name: "same".to_owned(),
        ..RequestDraft::default()
    };
    assert!(!save(&workspace, "new", &draft).unwrap().was_written);
}

#[test]
fn a_deleted_thing_comes_back_byte_for_byte() {
    let place = Place::new();
    let text = "# mine\nname   =   'x'\nother = 1\n";
    place.put("requests/x.toml", text);
    let workspace = place.open();
    workspace.load::<RequestDraft>();
    let deleted = workspace.delete::<RequestDraft>("x").unwrap().unwrap();
    assert!(!place.file("requests/x.toml").exists());
    let copy = deleted.trashed.clone().unwrap();
    assert!(!copy.starts_with(workspace.folder()));
    assert_eq!(fs::read_to_string(copy).unwrap(), text);
    assert_eq!(
        workspace.new_id::<RequestDraft>("x"),
        "x-2",
        "undo needs its place"
    );
    workspace.restore(&deleted).unwrap();
    assert_eq!(place.text("requests/x.toml"), text);
    save(&workspace, "x", &request("x")).unwrap();
    assert!(matches!(
        workspace.restore(&deleted),
        Err(StoreError::Conflict {
            change: Change::Created,
            ..
        })
    ));
    assert!(workspace.delete::<RequestDraft>("never").unwrap().is_none());
}

#[test]
fn window_state_is_kept_apart_from_the_workspace_and_a_damaged_one_is_moved_away() {
    let place = Place::new();
    let workspace = place.open();
    let window = WindowState {
        theme: Theme::Dark,
        ui_scale: 1.1,
        tabs: vec![Tab {
            request: None,
            unsaved: Some(request("typed")),
        }],
        ..WindowState::default()
    };
    let saved = workspace.save_window(&window).unwrap();
    assert!(!saved.path.starts_with(workspace.folder()));
    assert!(!workspace.folder().exists());
    let (read, problem) = place.open().load_window();
    assert_eq!(
        (read.theme, &read.tabs, problem),
        (Theme::Dark, &window.tabs, None)
    );
    assert_eq!(read.workspace, workspace.folder().display().to_string());
    assert!(
        fs::read_to_string(&saved.path)
            .unwrap()
            .contains("ui_scale = 1.1\n")
    );
    fs::write(&saved.path, "theme = \"pink\"").unwrap();
    let (read, problem) = place.open().load_window();
    assert_eq!(read, WindowState::default());
    assert_eq!(problem.unwrap().line, Some(1));
    workspace.save_window(&window).unwrap();
    assert_eq!(place.open().load_window().0.theme, Theme::Dark);
    let trashed = |(_, bytes): &(PathBuf, Vec<u8>)| bytes == b"theme = \"pink\"";
    assert!(place.files().iter().any(trashed));
}

#[test]
fn two_workspaces_of_one_name_do_not_share_their_state() {
    let place = Place::new();
    let state = place.folder.path().join("state");
    let open =
        |path: &str| Workspace::open_at(&place.folder.path().join(path), Some(&state)).unwrap();
    assert_ne!(open("a/lab").key(), open("b/lab").key());
    assert_eq!(open("a/lab").key(), open("a/../a/./lab").key());
    let before = open("a/lab").key().to_owned();
    fs::create_dir_all(place.folder.path().join("a/lab")).unwrap();
    assert_eq!(
        open("a/lab").key(),
        before,
        "also when it did not exist yet"
    );
}

#[test]
fn a_workspace_has_to_be_a_folder_and_one_without_a_state_folder_works() {
    let place = Place::new();
    place.put("file", "");
    assert!(matches!(
        Workspace::open_at(&place.file("file"), None),
        Err(StoreError::NotAFolder { .. })
    ));
    let workspace = Workspace::open_at(&place.file("inner"), None).unwrap();
    save(&workspace, "a", &request("a")).unwrap();
    let deleted = workspace.delete::<RequestDraft>("a").unwrap().unwrap();
    workspace.restore(&deleted).unwrap();
    assert!(matches!(
        workspace.save_window(&WindowState::default()),
        Err(StoreError::NoStateFolder)
    ));
}

#[test]
fn no_password_gets_into_any_file() {
    let place = Place::new();
    let workspace = place.open();
    let desk = PasswordDesk::in_memory().unwrap();
    desk.save("lab", Secret::new("hunter2".to_owned()), |_| {});
    let mut draft = ProfileDraft {
        name: "Lab".to_owned(),
        user_name: "me".to_owned(),
        password_wanted: true,
        will: Some(WillDraft::default()),
        ..ProfileDraft::default()
    };
    for address in [
        "mqtt://me:hunter2@h",
        "mqtts://me:hunter2@h:x",
        "me:hunter2@h",
        "mqtt://me:hun/ter2@h",
    ] {
        address.clone_into(&mut draft.address);
        let err = workspace
            .save("lab", &draft, OnConflict::Overwrite)
            .unwrap_err();
        assert!(matches!(err, StoreError::HoldsPassword { .. }), "{address}");
        assert!(!err.to_string().contains("ter2"));
    }
    "mqtt://me@[::1]:1883".clone_into(&mut draft.address);
    workspace.save("lab", &draft, OnConflict::Refuse).unwrap();
    workspace.save_window(&WindowState::default()).unwrap();
    workspace
        .save_settings(&Settings::default(), OnConflict::Refuse)
        .unwrap();
    workspace.delete::<ProfileDraft>("lab").unwrap();
    assert_eq!(
        desk.load_blocking("lab").unwrap().unwrap().expose(),
        "hunter2"
    );
    let files = place.files();
    assert_eq!(files.len(), 3);
    for (path, bytes) in files {
        assert!(
            !String::from_utf8_lossy(&bytes).contains("hunter2"),
            "{path:?}"
        );
    }
}

#[cfg(unix)]
#[test]
fn files_are_for_their_owner_links_stay_links_and_permissions_stay() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let place = Place::new();
    let workspace = place.open();
    save(&workspace, "new", &request("new")).unwrap();
    assert_eq!(mode(&place.file("requests/new.toml")), 0o600);
    place.put("shared/real.toml", "name = \"shared\"\n");
    let real = place.file("shared/real.toml");
    fs::set_permissions(&real, fs::Permissions::from_mode(0o664)).unwrap();
    symlink(&real, place.file("requests/link.toml")).unwrap();
    symlink(place.file("nowhere"), place.file("requests/dangling.toml")).unwrap();
    let loaded = workspace.load::<RequestDraft>();
    assert_eq!(loaded.items.len(), 2);
    assert_eq!(loaded.problems.len(), 1);
    save(&workspace, "link", &request("changed")).unwrap();
    assert!(
        fs::symlink_metadata(place.file("requests/link.toml"))
            .unwrap()
            .is_symlink()
    );
    assert!(place.text("shared/real.toml").contains("changed"));
    assert_eq!(mode(&real), 0o664);
    assert!(save(&workspace, "dangling", &request("x")).is_err());
    let deleted = workspace.delete::<RequestDraft>("link").unwrap().unwrap();
    assert!(real.exists());
    workspace.restore(&deleted).unwrap();
    assert!(
        fs::symlink_metadata(place.file("requests/link.toml"))
            .unwrap()
            .is_symlink()
    );
    fs::set_permissions(&real, fs::Permissions::from_mode(0o444)).unwrap();
    let err = save(&workspace, "link", &request("again")).unwrap_err();
    assert!(err.to_string().contains("read-only"), "{err}");
}

#[cfg(unix)]
#[test]
fn a_pipe_among_the_files_does_not_hang_the_program() {
    let place = Place::new();
    place.put("requests/a.toml", "");
    let pipe = place.file("requests/pipe.toml");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let loaded = place.open().load::<RequestDraft>();
    assert_eq!((loaded.items.len(), loaded.problems.len()), (1, 1));
}

#[test]
fn a_write_that_fails_leaves_the_old_file_and_nothing_else() {
    let place = Place::new();
    place.put("folder.toml/inside", "x");
    let err = write_file(&place.file("folder.toml"), b"new").unwrap_err();
    assert!(err.to_string().contains("folder.toml"), "{err}");
    assert_eq!(place.files().len(), 1);
}

#[test]
fn what_a_killed_process_left_behind_is_not_taken_for_a_file() {
    let place = Place::new();
    place.put("requests/a.toml", "name = \"old\"\n");
    place.put("requests/.roundtrip-x1y2z3.tmp", "name = \"half");
    let loaded = place.open().load::<RequestDraft>();
    assert_eq!(loaded.items[0].draft.name, "old");
    assert_eq!((loaded.items.len(), loaded.problems.len()), (1, 0));
}

const KILLED_HERE: &str = "ROUNDTRIP_TEST_KILLED_HERE";

#[test]
#[ignore = "the child of the next test: writes until it is killed"]
fn child_that_writes_until_it_is_killed() {
    let Some(folder) = std::env::var_os(KILLED_HERE) else {
        return;
    };
    let workspace = Workspace::open_at(Path::new(&folder), None).unwrap();
    for round in 0_u64.. {
        let mut draft = request(&format!("round {round}"));
        draft.payload = format!("{round} ").repeat(20_000);
        workspace.save("a", &draft, OnConflict::Overwrite).unwrap();
    }
}

#[test]
fn a_process_killed_at_any_moment_leaves_a_whole_file() {
    let place = Place::new();
    let path = place.file("requests/a.toml");
    let mut random = 7_u64;
    for _ in 0..12 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "store::workspace::tests::child_that_writes_until_it_is_killed",
            ])
            .args(["--ignored", "--nocapture"])
            .env(KILLED_HERE, place.file(""))
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let before = fs::read(&path).ok();
        let deadline = std::time::Instant::now() + Duration::from_secs(20);
        while fs::read(&path).ok() == before {
            assert!(std::time::Instant::now() < deadline, "the child writes");
            std::thread::yield_now();
        }
        // A moment that is different every time.
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        std::thread::sleep(Duration::from_micros(random >> 50));
        child.kill().unwrap();
        child.wait().unwrap();
        let draft: RequestDraft = load_file(&path).unwrap();
        let round = draft.name.trim_start_matches("round ");
        assert_eq!(draft.payload, format!("{round} ").repeat(20_000));
        let loaded = place.open().load::<RequestDraft>();
        assert_eq!((loaded.items.len(), loaded.problems.len()), (1, 0));
    }
}

#[test]
fn a_pairing_rule_is_kept_as_it_is_typed_and_a_broken_one_stays_as_it_is() {
    let place = Place::new();
    let typed = "# the lab's own way\nid   = 'lab' # short\n[request]\ntopic = \"lab/{id}\"\n";
    let broken = "id = \"half\n";
    place.put("rules/half.toml", broken);
    place.put("rules/bytes.toml", [0xff, 0xfe]);
    let workspace = place.open();
    let loaded = workspace.load::<RuleText>();
    assert_eq!(loaded.items.len(), 1);
    assert_eq!(loaded.items[0].draft.text(), broken);
    assert_eq!(loaded.problems.len(), 1);
    let rule = RuleText::new(typed);
    assert_eq!((rule.id(), rule.title()), (Some("lab"), None));
    let id = workspace.new_id::<RuleText>(rule.name());
    workspace.save(&id, &rule, OnConflict::Refuse).unwrap();
    assert_eq!(id, "lab");
    assert_eq!(place.text("rules/lab.toml"), typed);
    // What somebody else writes is not lost, also where it is no TOML.
    place.put("rules/lab.toml", "theirs [");
    let refused = workspace.save(&id, &RuleText::new("ours"), OnConflict::Refuse);
    assert!(matches!(refused, Err(StoreError::Conflict { .. })));
    assert_eq!(place.text("rules/lab.toml"), "theirs [");
    let deleted = workspace.delete::<RuleText>("half").unwrap().unwrap();
    workspace.restore(&deleted).unwrap();
    assert_eq!(place.text("rules/half.toml"), broken);
}

#[test]
fn the_order_of_pairing_rules_is_in_the_settings() {
    let place = Place::new();
    place.put(
        "settings.toml",
        "[pairing]\norder = [\"b\", \"a\"] # b first\n",
    );
    let (settings, problem) = place.open().load_settings();
    assert_eq!(problem, None);
    let place_of = |id| settings.pairing.place(id);
    assert_eq!([place_of("b"), place_of("a"), place_of("z")], [0, 1, 2]);
}
