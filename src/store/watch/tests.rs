use super::*;
use crate::store::{OnConflict, Scratch};
use std::sync::mpsc::{self, Receiver};

/// A workspace and all that its watch tells.
fn watched() -> (Workspace, Receiver<Differences>, Watch, Scratch) {
    let (workspace, scratch) = Workspace::scratch().unwrap();
    let (tell, told) = mpsc::sync_channel(64);
    let watch = workspace.watch(move |found| tell.send(found).unwrap());
    (workspace, told, watch.unwrap(), scratch)
}

fn next(told: &Receiver<Differences>) -> Differences {
    let limit = Duration::from_secs(20);
    told.recv_timeout(limit).expect("a change within 20 s")
}

fn request(topic: &str) -> RequestDraft {
    RequestDraft {
        name: "Lamp".to_owned(),
        topic: topic.to_owned(),
        ..RequestDraft::default()
    }
}

fn put(workspace: &Workspace, name: &str, text: &str) {
    let path = workspace.folder().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

#[test]
fn what_another_program_writes_changes_and_deletes_is_told() {
    let (workspace, told, _watch, _scratch) = watched();
    // Nothing of it is there when the watch begins, not even the folder.
    put(&workspace, "requests/lamp.toml", "topic = \"a\"");
    let found = next(&told);
    let [lamp] = found.requests.as_slice() else {
        panic!("{found:?}");
    };
    assert_eq!(
        (
            lamp.id.as_str(),
            lamp.draft.as_ref().unwrap().topic.as_str()
        ),
        ("lamp", "a")
    );
    assert!(workspace.accept(lamp));
    // It is known by now, and a save goes through.
    let saved = workspace.save("lamp", &request("b"), OnConflict::Refuse);
    assert!(saved.unwrap().was_written);
    fs::remove_file(workspace.path::<RequestDraft>("lamp").unwrap()).unwrap();
    let found = loop {
        // What was told before it was taken up may be told to be over.
        let found = next(&told);
        if !found.is_empty() {
            break found;
        }
    };
    assert!(found.requests[0].draft.is_none());
}

#[test]
fn until_it_is_taken_up_a_save_over_it_is_refused() {
    let (workspace, told, _watch, _scratch) = watched();
    workspace
        .save("lamp", &request("a"), OnConflict::Refuse)
        .unwrap();
    let path = workspace.path::<RequestDraft>("lamp").unwrap();
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("\"a\"", "\"theirs\"")).unwrap();
    let found = next(&told);
    let refused = workspace.save("lamp", &request("ours"), OnConflict::Refuse);
    assert!(matches!(refused, Err(StoreError::Conflict { .. })));
    workspace
        .save("lamp", &request("ours"), OnConflict::Overwrite)
        .unwrap();
    // Something else has become of it.
    assert!(!workspace.accept(&found.requests[0]));
}

#[test]
fn own_saves_are_no_news_and_a_broken_file_is_told_once() {
    let (workspace, told, watch, _scratch) = watched();
    for number in 0..5 {
        let draft = request(&format!("t/{number}"));
        workspace.save("lamp", &draft, OnConflict::Refuse).unwrap();
    }
    put(&workspace, "connections/lab.toml", "name = ");
    put(&workspace, "connections/.hidden.toml", "name = \"x\"");
    put(&workspace, "connections/notes.txt", "x");
    let found = next(&told);
    assert!(found.requests.is_empty() && found.profiles.is_empty());
    assert_eq!(found.problems.len(), 1);
    assert!(found.problems[0].to_string().contains("lab.toml"));
    watch.look();
    assert!(next(&told).is_empty(), "told once");
    put(&workspace, "connections/lab.toml", "name = \"Lab\"");
    put(&workspace, "settings.toml", "built_in_broker_port = 1883");
    let mut found = next(&told);
    while found.profiles.is_empty() || found.settings.is_none() {
        found = next(&told);
    }
    assert!(found.problems.is_empty());
    let settings = found.settings.unwrap().draft.unwrap();
    assert_eq!(settings.built_in_broker_port, Some(1883));
}

#[test]
fn a_workspace_that_is_taken_away_as_a_whole_is_not_deleted_things() {
    let (workspace, _told, _watch, _scratch) = watched();
    workspace
        .save("lamp", &request("a"), OnConflict::Refuse)
        .unwrap();
    fs::rename(
        workspace.folder(),
        workspace.folder().with_file_name("elsewhere"),
    )
    .unwrap();
    assert!(workspace.differences(&mut Told::new()).is_empty());
}
