use super::*;
use crate::store::Memory;
use std::path::Path;
use std::sync::mpsc::Receiver;
use std::time::Instant;

const SHORT: Limits = Limits {
    check: Duration::from_millis(30),
    call: Duration::from_millis(30),
};

/// A keyring that answers only when it is let.
struct Stuck {
    gate: Mutex<Receiver<()>>,
    inner: Memory,
}

impl Stuck {
    fn new() -> (SyncSender<()>, Box<Self>) {
        let (open, gate) = sync_channel(8);
        let gate = Mutex::new(gate);
        (
            open,
            Box::new(Self {
                gate,
                inner: Memory::default(),
            }),
        )
    }

    fn wait(&self) {
        self.gate.lock().unwrap().recv().ok();
    }
}

impl Secrets for Stuck {
    fn check(&self) -> Result<(), SecretError> {
        self.wait();
        Ok(())
    }
    fn load(&self, account: &str) -> Result<Option<Secret>, SecretError> {
        self.wait();
        self.inner.load(account)
    }
    fn save(&self, account: &str, secret: &Secret) -> Result<(), SecretError> {
        self.wait();
        self.inner.save(account, secret)
    }
    fn delete(&self, account: &str) -> Result<(), SecretError> {
        self.wait();
        self.inner.delete(account)
    }
}

struct Refusing(fn() -> SecretError);

impl Secrets for Refusing {
    fn check(&self) -> Result<(), SecretError> {
        Err((self.0)())
    }
    fn load(&self, _: &str) -> Result<Option<Secret>, SecretError> {
        Err((self.0)())
    }
    fn save(&self, _: &str, _: &Secret) -> Result<(), SecretError> {
        Err((self.0)())
    }
    fn delete(&self, _: &str) -> Result<(), SecretError> {
        Err((self.0)())
    }
}

fn no_file() -> Vault {
    Vault::new(None)
}

fn secret() -> Secret {
    Secret::new("hunter2".to_owned())
}

fn save(desk: &PasswordDesk, id: &str) -> PasswordPlace {
    let (tell, told) = sync_channel(1);
    desk.save(id, secret(), move |place| tell.send(place).unwrap());
    told.recv_timeout(Duration::from_secs(10)).unwrap()
}

fn delete(desk: &PasswordDesk, id: &str) -> Result<(), SecretError> {
    let (tell, told) = sync_channel(1);
    desk.delete(id, move |gone| tell.send(gone).unwrap());
    told.recv_timeout(Duration::from_secs(10)).unwrap()
}

#[test]
fn a_password_is_kept_and_given_back_and_deleted() {
    let desk = PasswordDesk::in_memory().unwrap();
    assert_eq!(desk.load_blocking("a"), Ok(None));
    assert_eq!(save(&desk, "a"), PasswordPlace::Keyring);
    assert_eq!(desk.load_blocking("a"), Ok(Some(secret())));
    assert_eq!(desk.load_blocking("b"), Ok(None));
    assert_eq!(desk.place(), PasswordPlace::Keyring);
    assert_eq!(delete(&desk, "a"), Ok(()));
    assert_eq!(desk.load_blocking("a"), Ok(None));
}

#[test]
fn without_a_keyring_a_password_lasts_as_long_as_the_run() {
    let why = || SecretError::NoKeyring {
        why: "none".to_owned(),
    };
    let desk = PasswordDesk::with(Box::new(Refusing(why)), "w", SHORT, no_file()).unwrap();
    assert_eq!(desk.load_blocking("a"), Ok(None));
    assert_eq!(save(&desk, "a"), PasswordPlace::Session { why: why() });
    assert_eq!(desk.load_blocking("a"), Ok(Some(secret())));
    assert_eq!(desk.place(), PasswordPlace::Session { why: why() });
    assert_eq!(delete(&desk, "a"), Ok(()));
}

#[test]
fn a_locked_keyring_is_an_error_with_a_hint_and_the_password_still_works_in_this_run() {
    let why = || SecretError::Failed {
        action: "give",
        why: "locked".to_owned(),
    };
    let desk = PasswordDesk::with(Box::new(Refusing(why)), "w", SHORT, no_file()).unwrap();
    assert_eq!(desk.load_blocking("a"), Err(why()));
    assert!(why().hint().contains("unlock"));
    assert_eq!(save(&desk, "a"), PasswordPlace::Session { why: why() });
    assert_eq!(desk.load_blocking("a"), Ok(Some(secret())));
}

#[test]
fn a_keyring_that_never_answers_holds_nobody_up_and_may_come_back() {
    let (open, stuck) = Stuck::new();
    let desk = PasswordDesk::with(stuck, "w", SHORT, no_file()).unwrap();
    let no_answer = SecretError::NoAnswer { limit: SHORT.check };
    let start = Instant::now();
    assert_eq!(desk.load_blocking("a"), Err(no_answer.clone()));
    assert_eq!(
        save(&desk, "a"),
        PasswordPlace::Session {
            why: no_answer.clone()
        }
    );
    assert_eq!(desk.load_blocking("a"), Ok(Some(secret())));
    assert!(start.elapsed() < Duration::from_secs(5));
    assert_eq!(desk.place(), PasswordPlace::Session { why: no_answer });
    // The check that it is stuck in, and the next save.
    open.send(()).unwrap();
    open.send(()).unwrap();
    let deadline = Instant::now() + Duration::from_secs(10);
    while save(&desk, "b") != PasswordPlace::Keyring {
        assert!(Instant::now() < deadline, "the keyring answers again");
        open.try_send(()).ok();
    }
    assert_eq!(desk.place(), PasswordPlace::Keyring);
}

#[test]
fn a_keyring_that_panics_is_no_keyring() {
    let desk = PasswordDesk::with(
        Box::new(Refusing(|| panic!("as a test"))),
        "w",
        Limits::default(),
        no_file(),
    )
    .unwrap();
    assert_eq!(desk.load_blocking("a"), Ok(None));
    assert!(matches!(save(&desk, "a"), PasswordPlace::Session { .. }));
    assert_eq!(desk.load_blocking("a"), Ok(Some(secret())));
}

#[test]
fn more_questions_than_fit_are_answered_at_once() {
    let (_open, stuck) = Stuck::new();
    let limits = Limits {
        check: Duration::from_mins(1),
        call: Duration::from_mins(1),
    };
    let desk = PasswordDesk::with(stuck, "w", limits, no_file()).unwrap();
    let (tell, told) = sync_channel(MAX_WAITING + 8);
    for _ in 0..=MAX_WAITING {
        let tell = tell.clone();
        desk.load("a", move |answer| tell.send(answer).unwrap());
    }
    assert_eq!(
        told.recv_timeout(Duration::from_secs(10)).unwrap(),
        Err(SecretError::Busy)
    );
}

#[test]
fn the_systems_keyring_is_found_or_not_but_never_waited_for_long() {
    let desk = PasswordDesk::with(
        Box::new(Keyring),
        "test-workspace",
        Limits::default(),
        no_file(),
    )
    .unwrap();
    let deadline = Instant::now() + Duration::from_secs(10);
    while desk.place() == PasswordPlace::Checking {
        assert!(Instant::now() < deadline, "the check has a time limit");
        thread::yield_now();
    }
}

#[test]
#[ignore = "needs an unlocked keyring, and leaves nothing in it"]
fn the_systems_keyring_keeps_a_password_until_it_is_deleted() {
    let open = || {
        PasswordDesk::with(
            Box::new(Keyring),
            "roundtrip-test",
            Limits::default(),
            no_file(),
        )
        .unwrap()
    };
    assert_eq!(delete(&open(), "a"), Ok(()));
    assert_eq!(open().load_blocking("a"), Ok(None));
    assert_eq!(save(&open(), "a"), PasswordPlace::Keyring);
    assert_eq!(
        open().load_blocking("a"),
        Ok(Some(secret())),
        "by another desk"
    );
    assert_eq!(open().load_blocking("b"), Ok(None));
    assert_eq!(delete(&open(), "a"), Ok(()));
    assert_eq!(open().load_blocking("a"), Ok(None));
}

/// A keyring that outlives its desk.
#[derive(Clone, Default)]
struct Shared(Arc<Memory>);

impl Secrets for Shared {
    fn check(&self) -> Result<(), SecretError> {
        self.0.check()
    }
    fn load(&self, account: &str) -> Result<Option<Secret>, SecretError> {
        self.0.load(account)
    }
    fn save(&self, account: &str, secret: &Secret) -> Result<(), SecretError> {
        self.0.save(account, secret)
    }
    fn delete(&self, account: &str) -> Result<(), SecretError> {
        self.0.delete(account)
    }
}

fn desk(keyring: &Shared, folder: &Path) -> PasswordDesk {
    let vault = Vault::cheap(folder.to_owned());
    PasswordDesk::with(Box::new(keyring.clone()), "w", Limits::default(), vault).unwrap()
}

fn named(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

fn to(to: SecretHome, passphrase: Option<&str>) -> VaultAsk {
    VaultAsk::Move {
        to,
        accounts: vec!["a".to_owned(), "a/key".to_owned(), "none".to_owned()],
        passphrase: passphrase.map(named),
    }
}

#[test]
fn secrets_move_from_one_place_to_the_other_and_are_in_one_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let keyring = Shared::default();
    let one = desk(&keyring, folder.path());
    save(&one, "a");
    save(&one, "a/key");
    let unmade = one.vault_blocking(to(SecretHome::File, None));
    assert_eq!(unmade, Err(SecretError::NoFile));
    assert_eq!(keyring.load("w/a"), Ok(Some(secret())), "nothing has moved");
    let moved = one.vault_blocking(to(SecretHome::File, Some("x"))).unwrap();
    assert_eq!((moved.secrets.len(), moved.left_behind.len()), (2, 0));
    assert_eq!(one.place(), PasswordPlace::File(VaultState::Open));
    assert_eq!(keyring.load("w/a"), Ok(None));
    assert_eq!(keyring.load("w/a/key"), Ok(None));
    assert_eq!(one.load_blocking("a/key"), Ok(Some(secret())));

    // The next start.
    let next = desk(&keyring, folder.path());
    assert_eq!(next.load_blocking("a"), Err(SecretError::Locked));
    assert_eq!(next.place(), PasswordPlace::File(VaultState::Locked));
    let unmoved = next.vault_blocking(to(SecretHome::Keyring, None));
    assert_eq!(unmoved, Err(SecretError::Locked));
    let wrong = next.vault_blocking(VaultAsk::Unlock(named("y")));
    assert_eq!(wrong, Err(SecretError::WrongPassphrase));
    let opened = next.vault_blocking(VaultAsk::Unlock(named("x"))).unwrap();
    assert_eq!(opened.secrets.len(), 2);
    assert_eq!(next.load_blocking("a"), Ok(Some(secret())));
    next.vault_blocking(VaultAsk::Lock).unwrap();
    assert_eq!(next.load_blocking("a"), Err(SecretError::Locked));
    next.vault_blocking(VaultAsk::Unlock(named("x"))).unwrap();
    next.vault_blocking(to(SecretHome::Keyring, None)).unwrap();
    assert_eq!(next.place(), PasswordPlace::Keyring);
    assert_eq!(keyring.load("w/a"), Ok(Some(secret())));
    let text = std::fs::read_to_string(folder.path().join(crate::store::vault::FILE)).unwrap();
    assert!(!text.contains("sealed"), "{text}");

    next.vault_blocking(to(SecretHome::Nowhere, None)).unwrap();
    assert_eq!(next.place(), PasswordPlace::Nowhere);
    assert_eq!(next.load_blocking("a"), Ok(Some(secret())), "in this run");
    assert_eq!(keyring.load("w/a"), Ok(None));
    assert_eq!(save(&next, "b"), PasswordPlace::Nowhere);
    let last = desk(&keyring, folder.path());
    assert_eq!(last.load_blocking("a"), Ok(None));
    assert_eq!(last.place(), PasswordPlace::Nowhere);
}

#[test]
fn without_a_keyring_the_file_takes_what_the_run_knows() {
    let folder = tempfile::tempdir().unwrap();
    let why = || SecretError::NoKeyring {
        why: "none".to_owned(),
    };
    let vault = Vault::cheap(folder.path().to_owned());
    let desk = PasswordDesk::with(Box::new(Refusing(why)), "w", SHORT, vault).unwrap();
    save(&desk, "a");
    assert_eq!(desk.keyring_trouble(), Some(why()));
    desk.vault_blocking(to(SecretHome::File, Some("x")))
        .unwrap();
    assert_eq!(save(&desk, "b"), PasswordPlace::File(VaultState::Open));
    assert_eq!(delete(&desk, "b"), Ok(()));
    let back = desk.vault_blocking(to(SecretHome::Keyring, None));
    assert_eq!(back, Err(why()), "and nothing is lost");
    assert_eq!(desk.place(), PasswordPlace::File(VaultState::Open));
    assert_eq!(desk.load_blocking("a"), Ok(Some(secret())));
    let (old, new) = (named("x"), named("y"));
    desk.vault_blocking(VaultAsk::ChangePassphrase { old, new })
        .unwrap();
    desk.vault_blocking(VaultAsk::Lock).unwrap();
    assert_eq!(
        save(&desk, "c"),
        PasswordPlace::Session {
            why: SecretError::Locked
        }
    );
    desk.vault_blocking(VaultAsk::Forget).unwrap();
    assert_eq!(desk.load_blocking("a"), Ok(None));
    assert_eq!(desk.place(), PasswordPlace::File(VaultState::Missing));
}
