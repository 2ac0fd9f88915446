use super::*;
use std::fs;

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

fn entries(all: &[(&str, &str)]) -> Entries {
    let all = all.iter();
    all.map(|(account, text)| ((*account).to_owned(), secret(text)))
        .collect()
}

fn vault() -> (Vault, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (Vault::cheap(folder.path().join("state")), folder)
}

#[test]
fn what_is_put_in_comes_out_with_the_passphrase_alone() {
    let (mut one, folder) = vault();
    assert_eq!(one.state(), VaultState::Missing);
    assert_eq!(one.home(), Ok(None));
    assert_eq!(one.put("lab", &secret("x")), Err(SecretError::NoFile));
    let first = entries(&[("lab", "hunter2 ä"), ("lab/key", "")]);
    assert_eq!(one.take_in(first.clone(), None), Err(SecretError::NoFile));
    let nothing = one.take_in(first.clone(), Some(&secret("")));
    assert_eq!(nothing, Err(SecretError::NoPassphrase));
    one.take_in(first, Some(&secret("open sesame"))).unwrap();
    one.put("pump", &secret("p")).unwrap();
    one.remove("lab/key").unwrap();
    one.remove("nobody").unwrap();
    assert_eq!(
        (one.state(), one.home()),
        (VaultState::Open, Ok(Some(SecretHome::File)))
    );
    let text = fs::read_to_string(folder.path().join("state").join(FILE)).unwrap();
    assert!(!text.contains("hunter2") && !text.contains("lab"), "{text}");

    let mut other = Vault::cheap(folder.path().join("state"));
    assert_eq!(other.state(), VaultState::Locked);
    assert_eq!(other.entries(), Err(SecretError::Locked));
    assert_eq!(other.put("a", &secret("b")), Err(SecretError::Locked));
    assert_eq!(
        other.unlock(&secret("open")),
        Err(SecretError::WrongPassphrase)
    );
    let want = entries(&[("lab", "hunter2 ä"), ("pump", "p")]);
    assert_eq!(other.unlock(&secret("open sesame")), Ok(want.clone()));
    // What the one writes the other sees.
    other.put("new", &secret("n")).unwrap();
    one.remove("new").unwrap();
    assert_eq!(other.entries(), Ok(want));
    other.lock();
    assert_eq!(other.state(), VaultState::Locked);
}

#[test]
fn another_passphrase_shuts_out_whoever_has_the_old_one() {
    let (mut one, folder) = vault();
    let all = entries(&[("lab", "hunter2")]);
    one.take_in(all.clone(), Some(&secret("old"))).unwrap();
    let mut other = Vault::cheap(folder.path().join("state"));
    other.unlock(&secret("old")).unwrap();
    let wrong = one.change_passphrase(&secret("odl"), &secret("new"));
    assert_eq!(wrong, Err(SecretError::WrongPassphrase));
    let empty = one.change_passphrase(&secret("old"), &secret(""));
    assert_eq!(empty, Err(SecretError::NoPassphrase));
    one.change_passphrase(&secret("old"), &secret("new"))
        .unwrap();
    assert_eq!(one.entries(), Ok(all.clone()));
    assert_eq!(other.put("a", &secret("b")), Err(SecretError::Locked));
    assert_eq!(
        other.unlock(&secret("old")),
        Err(SecretError::WrongPassphrase)
    );
    assert_eq!(other.unlock(&secret("new")), Ok(all));
}

#[test]
fn what_is_forgotten_is_gone_and_the_choice_stays() {
    let (mut one, folder) = vault();
    one.take_in(entries(&[("lab", "hunter2")]), Some(&secret("x")))
        .unwrap();
    one.forget().unwrap();
    one.forget().unwrap();
    assert_eq!(one.state(), VaultState::Missing);
    assert_eq!(one.home(), Ok(Some(SecretHome::File)));
    assert_eq!(one.entries(), Ok(Entries::new()));
    let text = fs::read_to_string(folder.path().join("state").join(FILE)).unwrap();
    assert!(!text.contains("sealed"), "{text}");
    assert_eq!(one.unlock(&secret("x")), Err(SecretError::NoFile));
}

#[test]
fn a_file_that_is_damaged_or_of_a_later_time_is_told_and_left_alone() {
    let (mut one, folder) = vault();
    one.take_in(entries(&[("lab", "hunter2")]), Some(&secret("x")))
        .unwrap();
    let path = folder.path().join("state").join(FILE);
    for text in [
        "kept_in = \n",
        "roundtrip_format = 2\n",
        "kept_in = \"moon\"\n",
    ] {
        fs::write(&path, text).unwrap();
        assert!(
            matches!(one.home(), Err(SecretError::File { .. })),
            "{text}"
        );
        let put = one.put("a", &secret("b"));
        assert!(matches!(put, Err(SecretError::File { .. })), "{text}");
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
}

#[test]
fn two_windows_do_not_undo_each_others_work() {
    let (mut one, folder) = vault();
    one.take_in(Entries::new(), Some(&secret("x"))).unwrap();
    let state = folder.path().join("state");
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let mut vault = Vault::cheap(state.clone());
            vault.unlock(&secret("x")).unwrap();
            let body = move || {
                for number in 0..8 {
                    vault
                        .put(&format!("{writer}/{number}"), &secret("s"))
                        .unwrap();
                }
            };
            std::thread::Builder::new()
                .name(format!("writer {writer}"))
                .spawn(body)
                .unwrap()
        })
        .collect();
    for writer in writers {
        writer.join().unwrap();
    }
    assert_eq!(one.entries().unwrap().len(), 32);
}

#[test]
fn without_a_folder_nothing_is_written_and_it_is_said() {
    let mut none = Vault::new(None);
    assert_eq!((none.state(), none.home()), (VaultState::Missing, Ok(None)));
    let taken = none.take_in(Entries::new(), Some(&secret("x")));
    assert!(matches!(taken, Err(SecretError::File { .. })), "{taken:?}");
}
