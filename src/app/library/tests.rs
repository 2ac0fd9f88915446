use super::*;
use crate::store::Scratch;

fn library() -> (Library, Workspace, Scratch) {
    let (workspace, scratch) = Workspace::scratch().unwrap();
    let desk = PasswordDesk::in_memory().unwrap();
    let wake: Arc<dyn Fn() + Send + Sync> = Arc::new(|| {});
    let library = Library::with_desk(workspace.clone(), desk, &wake).unwrap();
    (library, workspace, scratch)
}

fn profile(name: &str) -> ProfileDraft {
    ProfileDraft {
        name: name.to_owned(),
        password_wanted: true,
        ..ProfileDraft::default()
    }
}

#[test]
fn a_deleted_profile_comes_back_with_its_file_and_its_password() {
    let (mut library, workspace, _scratch) = library();
    let id = library.save_profile(None, &profile("Lab")).unwrap();
    library.keep_password(&id, &Secret::new("hunter2".to_owned()));
    library.flush();
    let path = workspace.path::<ProfileDraft>(&id).unwrap();
    let with_comment = format!("# mine\n{}", std::fs::read_to_string(&path).unwrap());
    std::fs::write(&path, &with_comment).unwrap();
    let removed = library.remove_profile(&id).unwrap();
    library.flush();
    assert!(!path.exists() && library.profile(&id).is_none());
    assert_eq!(library.kept_password(&id), None);
    library.restore(removed).unwrap();
    library.flush();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), with_comment);
    assert!(library.kept_password(&id).is_some());
    assert!(library.take_problems().is_empty());
}

#[test]
fn a_file_that_somebody_else_changed_is_not_overwritten_and_it_is_said() {
    let (mut library, workspace, _scratch) = library();
    let id = library.save_profile(None, &profile("Lab")).unwrap();
    library.flush();
    let path = workspace.path::<ProfileDraft>(&id).unwrap();
    std::fs::write(&path, "name = \"theirs\"\n").unwrap();
    library.save_profile(Some(&id), &profile("ours")).unwrap();
    library.flush();
    library.collect_problems();
    let problems = library.take_problems();
    assert_eq!(problems.len(), 1);
    assert!(
        problems[0].text.contains(&*path.to_string_lossy()),
        "{problems:?}"
    );
    assert_eq!(
        std::fs::read_to_string(&path).unwrap(),
        "name = \"theirs\"\n"
    );
}

#[test]
fn a_demo_brings_what_is_missing_and_leaves_the_rest() {
    let (mut library, _, _scratch) = library();
    let demo = Demo::find("smart-light").unwrap();
    library.adopt(&demo).unwrap();
    let id = demo.requests[0].id.clone();
    let mine = RequestDraft {
        topic: "mine".to_owned(),
        ..library.request(&id).unwrap().clone()
    };
    library.save_request(Some(&id), &mine).unwrap();
    library.adopt(&demo).unwrap();
    assert_eq!(library.request(&id), Some(&mine));
    assert_eq!(library.devices().len(), 1);
}

#[test]
fn a_password_that_is_not_to_be_kept_any_more_is_forgotten() {
    let (mut library, _, _scratch) = library();
    let id = library.save_profile(None, &profile("Lab")).unwrap();
    library.keep_password(&id, &Secret::new("hunter2".to_owned()));
    assert!(library.distrust_password(&id));
    assert_eq!(library.kept_password(&id), None);
    assert_eq!(
        library
            .desk
            .load_blocking(&id)
            .unwrap()
            .map(|one| one.expose().to_owned()),
        Some("hunter2".to_owned())
    );
    library.forget_password(&id);
    assert_eq!(library.desk.load_blocking(&id), Ok(None));
}

#[test]
fn a_keyring_that_does_not_take_a_password_is_told() {
    struct Locked;
    impl crate::store::Secrets for Locked {
        fn check(&self) -> Result<(), SecretError> {
            Ok(())
        }
        fn load(&self, _: &str) -> Result<Option<Secret>, SecretError> {
            Ok(None)
        }
        fn save(&self, _: &str, _: &Secret) -> Result<(), SecretError> {
            Err(SecretError::Failed {
                action: "take",
                why: "it is locked".to_owned(),
            })
        }
        fn delete(&self, _: &str) -> Result<(), SecretError> {
            Ok(())
        }
    }
    let (workspace, _scratch) = Workspace::scratch().unwrap();
    let desk = PasswordDesk::of(Box::new(Locked)).unwrap();
    let wake: Arc<dyn Fn() + Send + Sync> = Arc::new(|| {});
    let mut library = Library::with_desk(workspace, desk, &wake).unwrap();
    let id = library.save_profile(None, &profile("Lab")).unwrap();
    library.keep_password(&id, &Secret::new("hunter2".to_owned()));
    // The desk takes one after the other: when this is answered, that was.
    library.desk.load_blocking(&id).unwrap();
    library.collect_problems();
    let problems = library.take_problems();
    assert_eq!(problems.len(), 1);
    assert!(problems[0].text.contains("Lab") && problems[0].text.contains("it is locked"));
    assert!(!format!("{problems:?}").contains("hunter2"));
}
