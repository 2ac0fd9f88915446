//! From what was typed to what can be done: profiles, passwords, payloads and devices are looked up.

use crate::cli::args::{ConnectArgs, PayloadFile, RespondArgs, SecretPlace};
use crate::cli::kept::KeptSecrets;
use crate::cli::stop::Stop;
use crate::model::FieldError;
use crate::model::environment::{Environment, Place};
use crate::model::pairing::Rules;
use crate::model::profile::{BUILT_IN_ID, BrokerAddress, Profile, ProfileDraft, SecretSlot};
use crate::model::request::MAX_PAYLOAD_BYTES;
use crate::model::responder::{Device, DeviceDraft, RuleDraft, ValueTable};
use crate::model::secret::{Secret, Secrets};
use crate::store::{self, Stored, Workspace};
use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

const DEFAULT_URL: &str = "mqtt://127.0.0.1:1883";
/// MQTT allows no longer one (MQTT 5 §3.1.3.6); a line end may follow.
const MAX_PASSWORD_FILE_BYTES: u64 = 65_535 + 2;

/// Where to connect, and as whom.
#[derive(Debug)]
pub struct Target {
    pub profile: Profile,
    pub secrets: Secrets,
    pub environment: Arc<Environment>,
}

/// The broker that the command line names, or the local one.
pub fn target(args: &ConnectArgs, workspace: Option<&Path>) -> Result<Target, Stop> {
    if args.profile.is_none() && args.environment.is_none() {
        return from_url(
            args,
            Environment::new(None, |_| None, store::process_variables()),
        );
    }
    let workspace = Workspace::open(workspace.map(Path::to_owned))?;
    let kept = KeptSecrets::new(&workspace, args.passphrase_file.as_deref());
    let environment = environment(args.environment.as_deref(), &workspace, &kept)?;
    match &args.profile {
        Some(name) => {
            let found = find_profile(&workspace, name)?;
            from_profile(args, found, environment, |account| kept.load(account))
        }
        None => from_url(args, environment),
    }
}

/// The environment of that name, with its secrets.
fn environment(
    name: Option<&str>,
    workspace: &Workspace,
    kept: &KeptSecrets<'_>,
) -> Result<Environment, Stop> {
    let process = store::process_variables();
    let Some(name) = name else {
        return Ok(Environment::new(None, |_| None, process));
    };
    let (settings, problem) = workspace.load_settings();
    if let Some(problem) = problem {
        return Err(problem.into());
    }
    let all = &settings.environments;
    let Some(chosen) = all.iter().find(|draft| draft.name == name) else {
        let names: Vec<&str> = all.iter().map(|draft| draft.name.as_str()).collect();
        let hint = if names.is_empty() {
            "there are none; make one in the window".to_owned()
        } else {
            format!("there are {}", names.join(", "))
        };
        let place = workspace.folder().display();
        return Err(Stop::usage(
            format!("there is no environment `{name}` in {place}"),
            hint,
        ));
    };
    let mut secrets = BTreeMap::new();
    for variable in chosen.variables.iter().filter(|one| one.is_secret) {
        let account = chosen.account(&variable.name);
        if let Some(secret) = kept.load(&account)? {
            secrets.insert(account, secret);
        }
    }
    let kept = |account: &str| secrets.get(account).cloned();
    Ok(Environment::new(Some(chosen), kept, process))
}

/// Variables may stand in a secret, too.
fn filled(environment: &Environment, slot: &SecretSlot, secret: &Secret) -> Result<Secret, Stop> {
    let filled = environment.fill(secret.expose(), Place::Text);
    let filled = filled.map_err(|why| Stop::usage(format!("the {slot}: {why}"), ""))?;
    Ok(Secret::new(filled.text))
}

fn from_url(args: &ConnectArgs, environment: Environment) -> Result<Target, Stop> {
    let parsed = match &args.url {
        Some(url) => url.read(),
        None => BrokerAddress::parse(DEFAULT_URL),
    };
    let parsed = parsed.map_err(|message| Stop::usage(message, ""))?;
    let password = given_password(args)?.or_else(|| parsed.password.map(Secret::new));
    let draft = ProfileDraft {
        name: parsed.address.to_string(),
        address: parsed.address.to_string(),
        user_name: parsed.user_name.unwrap_or_default(),
        ..ProfileDraft::default()
    };
    finish(args, "command-line", draft, password, environment, |_| {
        Ok(None)
    })
}

fn from_profile(
    args: &ConnectArgs,
    found: Stored<ProfileDraft>,
    environment: Environment,
    kept: impl Fn(&str) -> Result<Option<Secret>, Stop>,
) -> Result<Target, Stop> {
    let Stored { id, draft, .. } = found;
    if draft.is_built_in() {
        return Err(Stop::usage(
            format!(
                "`{}` is the broker inside the window, and no other program can know its port",
                draft.name
            ),
            "start `roundtrip broker --port 1884` and use --url mqtt://127.0.0.1:1884",
        ));
    }
    let is_other_user = args
        .user
        .as_ref()
        .is_some_and(|user| *user != draft.user_name);
    let password = match given_password(args)? {
        Some(password) => Some(password),
        None if draft.password_wanted && !is_other_user => {
            let kept = kept(&id)?.ok_or_else(|| {
                Stop::usage(
                    format!("the profile `{}` wants a password, and none is kept", draft.name),
                    "give it with --password-env VAR or --password-file FILE, or keep one in the window",
                )
            })?;
            Some(filled(&environment, &SecretSlot::Password, &kept)?)
        }
        None => None,
    };
    finish(args, &id, draft, password, environment, kept)
}

fn finish(
    args: &ConnectArgs,
    id: &str,
    mut draft: ProfileDraft,
    password: Option<Secret>,
    environment: Environment,
    kept: impl Fn(&str) -> Result<Option<Secret>, Stop>,
) -> Result<Target, Stop> {
    if let Some(user) = &args.user {
        draft.user_name.clone_from(user);
    }
    if let Some(client_id) = &args.client_id {
        draft.client_id.clone_from(client_id);
    } else if draft.client_id.is_empty() {
        draft.client_id = format!("roundtrip-{:08x}", rand::random::<u32>());
    }
    if let Some(version) = args.mqtt {
        draft.mqtt_version = version;
    }
    draft.password_wanted = password.is_some();
    args.way.apply(&mut draft);
    let name = draft.name.clone();
    let checked = draft.filled(&environment);
    let checked = checked.and_then(|(draft, hidden)| Ok((draft.validate(id)?, hidden)));
    let (profile, hidden) = checked.map_err(|errors| {
        Stop::usage(
            format!("`{name}` cannot be connected to: {}", joined(errors)),
            "",
        )
    })?;
    let mut secrets = Secrets::from(password);
    secrets.hide(hidden);
    for (slot, place) in args.way.secrets() {
        let secret = match place {
            SecretPlace::Env(name) => of_env(name, &slot.to_string())?,
            SecretPlace::File(path) => of_file(path)?,
        };
        secrets.set(slot, secret);
    }
    for slot in profile.secrets_wanted() {
        if secrets.get(&slot).is_some() {
            continue;
        }
        let secret = kept(&slot.account(id))?.ok_or_else(|| {
            Stop::usage(
                format!("the profile `{name}` wants the {slot}, and none is kept"),
                "give it on the command line (see --help), or keep one in the window",
            )
        })?;
        let secret = filled(&environment, &slot, &secret)?;
        secrets.set(slot, secret);
    }
    Ok(Target {
        profile,
        secrets,
        environment: Arc::new(environment),
    })
}

fn joined<Field>(errors: Vec<FieldError<Field>>) -> String {
    let messages: Vec<String> = errors.into_iter().map(|err| err.message).collect();
    messages.join("; ")
}

/// By the name of its file, or by its own name if no other has the same.
pub fn find_profile(workspace: &Workspace, name: &str) -> Result<Stored<ProfileDraft>, Stop> {
    let mut loaded = workspace.load::<ProfileDraft>();
    let place = workspace.folder().display();
    let by_id = loaded.items.iter().position(|stored| stored.id == name);
    let named = |same: fn(&str, &str) -> bool| -> Vec<usize> {
        let items = loaded.items.iter().enumerate();
        items
            .filter(|(_, stored)| same(stored.draft.name.trim(), name.trim()))
            .map(|(index, _)| index)
            .collect()
    };
    let mut found: Vec<usize> = by_id.into_iter().collect();
    if found.is_empty() {
        found = named(|a, b| a == b);
    }
    if found.is_empty() {
        found = named(|a, b| a.to_lowercase() == b.to_lowercase());
    }
    match found.as_slice() {
        [one] => Ok(loaded.items.swap_remove(*one)),
        [] => {
            let damaged = loaded
                .problems
                .into_iter()
                .find(|problem| problem.path.file_stem().is_some_and(|stem| stem == name));
            if let Some(problem) = damaged {
                return Err(problem.into());
            }
            let ids: Vec<String> = loaded.items.into_iter().map(|stored| stored.id).collect();
            let hint = if ids.is_empty() {
                "there are none; make one in the window, or use --url mqtt://host:port".to_owned()
            } else {
                format!("there are {}", ids.join(", "))
            };
            Err(Stop::usage(
                format!("there is no connection profile `{name}` in {place}"),
                hint,
            ))
        }
        several => {
            let ids = several.iter().filter_map(|index| loaded.items.get(*index));
            let ids: Vec<&str> = ids.map(|stored| stored.id.as_str()).collect();
            Err(Stop::usage(
                format!("several connection profiles in {place} are named `{name}`"),
                format!("use the name of a file: {}", ids.join(", ")),
            ))
        }
    }
}

/// The password that the command line leads to, outside of a URL.
fn given_password(args: &ConnectArgs) -> Result<Option<Secret>, Stop> {
    if let Some(name) = &args.password_env {
        return of_env(name, "--password-env").map(Some);
    }
    let path = args.password_file.as_deref();
    path.map(of_file).transpose()
}

pub fn of_env(name: &str, whose: &str) -> Result<Secret, Stop> {
    match std::env::var(name) {
        Ok(secret) => Ok(Secret::new(secret)),
        Err(std::env::VarError::NotPresent) => Err(Stop::usage(
            format!("the environment variable `{name}` of {whose} is not set"),
            format!("set it: export {name}=…"),
        )),
        Err(std::env::VarError::NotUnicode(_)) => Err(Stop::usage(
            format!("the environment variable `{name}` of {whose} is not UTF-8"),
            "",
        )),
    }
}

/// The first line of a file.
pub fn of_file(path: &Path) -> Result<Secret, Stop> {
    let bytes = store::read_file(path, MAX_PASSWORD_FILE_BYTES)?;
    let text = String::from_utf8(bytes).map_err(|err| {
        Stop::usage(
            format!("`{}` is no text: {}", path.display(), err.utf8_error()),
            "",
        )
    })?;
    let line = text.lines().next().unwrap_or_default();
    Ok(Secret::new(line.to_owned()))
}

/// The bytes of a payload that was not typed.
pub fn payload(file: PayloadFile<'_>) -> Result<Vec<u8>, Stop> {
    let limit = u64::try_from(MAX_PAYLOAD_BYTES).unwrap_or(u64::MAX);
    match file {
        PayloadFile::File(path) => Ok(store::read_file(path, limit)?),
        PayloadFile::Stdin => {
            let mut bytes = Vec::new();
            std::io::stdin()
                .lock()
                .take(limit.saturating_add(1))
                .read_to_end(&mut bytes)
                .map_err(|err| Stop::usage(format!("stdin could not be read: {err}"), ""))?;
            if bytes.len() > MAX_PAYLOAD_BYTES {
                return Err(Stop::usage(
                    format!("stdin has more than {limit} bytes; one MQTT packet cannot carry them"),
                    "",
                ));
            }
            Ok(bytes)
        }
    }
}

/// The device, and the connection that it is for if the command line names none.
pub fn device(
    args: &RespondArgs,
    workspace: Option<&Path>,
    rules: &Rules,
) -> Result<(Device, Target), Stop> {
    let mut draft = match &args.device {
        Some(path) => store::load_file::<DeviceDraft>(path)?,
        None => typed_device(args),
    };
    let mut connect = args.connect.clone();
    // A device of a workspace names its connection. The built-in broker is not there to be reached.
    let is_elsewhere = !matches!(draft.connection.as_str(), "" | BUILT_IN_ID);
    if connect.url.is_none() && connect.profile.is_none() && is_elsewhere {
        connect.profile = Some(draft.connection.clone());
    }
    let target = target(&connect, workspace)?;
    if let Some(client_id) = &args.connect.client_id {
        draft.client_id.clone_from(client_id);
    }
    let device = draft.validate(rules).map_err(|errors| {
        let what = match &args.device {
            Some(path) => format!("the device in `{}`", path.display()),
            None => "the device".to_owned(),
        };
        Stop::usage(format!("{what} is not valid: {}", joined(errors)), "")
    })?;
    Ok((device, target))
}

fn typed_device(args: &RespondArgs) -> DeviceDraft {
    // What an answer says of itself belongs to a rule of the device.
    let said = args.status.iter().map(|status| RuleDraft {
        status: status.clone(),
        code: args.code.clone().unwrap_or_default(),
        ..RuleDraft::default()
    });
    let rules = said.collect();
    DeviceDraft {
        name: "responder".to_owned(),
        // Two of them on one broker must not push each other off.
        client_id: format!("roundtrip-responder-{:08x}", rand::random::<u32>()),
        listens: args.topics.clone(),
        rules,
        pairing: args.rule.clone().unwrap_or_default(),
        qos: args.qos,
        delay: args.delay.clone().unwrap_or_default(),
        jitter: args.jitter.clone().unwrap_or_default(),
        reply: args.reply.clone(),
        reply_topic: args.reply_topic.clone().unwrap_or_default(),
        content_type: args.content_type.clone().unwrap_or_default(),
        state: ValueTable(args.state.iter().cloned().collect()),
        ..DeviceDraft::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::{Args, Command};
    use crate::cli::exit::ExitCode;
    use crate::store::OnConflict;
    use clap::Parser as _;
    use std::fs;

    fn connect(words: &[&str]) -> ConnectArgs {
        let all = ["roundtrip", "request", "-t", "a"].iter().chain(words);
        match Args::try_parse_from(all).unwrap().command {
            Some(Command::Request(args)) => args.connect,
            other => panic!("{other:?}"),
        }
    }

    fn respond(words: &[&str]) -> RespondArgs {
        let all = ["roundtrip", "respond"].iter().chain(words);
        match Args::try_parse_from(all).unwrap().command {
            Some(Command::Respond(args)) => *args,
            other => panic!("{other:?}"),
        }
    }

    fn workspace(profiles: &[(&str, ProfileDraft)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let workspace = Workspace::open_at(folder.path(), None).unwrap();
        for (id, draft) in profiles {
            workspace.save(id, draft, OnConflict::Refuse).unwrap();
        }
        folder
    }

    fn profile(name: &str) -> ProfileDraft {
        ProfileDraft {
            name: name.to_owned(),
            address: "mqtt://broker.lab:1999".to_owned(),
            client_id: "lab-client".to_owned(),
            ..ProfileDraft::default()
        }
    }

    fn stop<T: std::fmt::Debug>(result: Result<T, Stop>) -> String {
        let stop = result.unwrap_err();
        assert_eq!(stop.code, ExitCode::Usage);
        format!("{}\n{}", stop.text, stop.hint)
    }

    #[test]
    fn without_a_word_it_is_the_local_broker_under_a_new_client_id() {
        let one = target(&connect(&[]), None).unwrap();
        let other = target(&connect(&[]), None).unwrap();
        assert_eq!(one.profile.address.to_string(), "mqtt://127.0.0.1:1883");
        assert_ne!(one.profile.client_id, other.profile.client_id);
        assert_eq!(
            (one.profile.user_name, one.secrets),
            (None, Secrets::default())
        );
    }

    #[test]
    fn user_and_password_come_from_the_url_unless_given_apart() {
        let found = target(&connect(&["--url", "mqtt://m%40e:p%3Aw@h"]), None).unwrap();
        assert_eq!(found.profile.user_name.as_deref(), Some("m@e"));
        assert_eq!(found.secrets.password().map(Secret::expose), Some("p:w"));
        assert!(!format!("{found:?}").contains("p:w"));
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pw");
        fs::write(&file, "from file\r\nsecond line\n").unwrap();
        let words = [
            "--url",
            "me:x@h",
            "--user",
            "you",
            "--client-id",
            "c",
            "--password-file",
            file.to_str().unwrap(),
        ];
        let found = target(&connect(&words), None).unwrap();
        assert_eq!(found.profile.user_name.as_deref(), Some("you"));
        assert_eq!(&*found.profile.client_id, "c");
        assert_eq!(
            found.secrets.password().map(Secret::expose),
            Some("from file")
        );
        let found = target(&connect(&["--password-env", "PATH"]), None).unwrap();
        assert_eq!(
            found.secrets.password().map(Secret::expose),
            std::env::var("PATH").ok().as_deref()
        );
    }

    #[test]
    fn what_is_not_there_is_a_usage_error_that_says_what_to_do() {
        assert!(
            stop(target(
                &connect(&["--password-env", "NOT_SET_ANYWHERE"]),
                None
            ))
            .contains("export")
        );
        assert!(
            stop(target(&connect(&["--password-file", "/nowhere/pw"]), None))
                .contains("/nowhere/pw")
        );
        assert!(stop(payload(PayloadFile::File(Path::new("/nowhere/p")))).contains("/nowhere/p"));
        assert!(
            stop(device(
                &respond(&["--device", "/nowhere/d"]),
                None,
                &Rules::shipped()
            ))
            .contains("/nowhere/d")
        );
        let said = stop(target(&connect(&["--url", "http://me:hunter2@h"]), None));
        assert!(
            said.contains("no way to reach a broker") && !said.contains("hunter2"),
            "{said}"
        );
    }

    #[test]
    fn a_profile_is_found_by_file_or_by_name() {
        let folder = workspace(&[
            ("lab", profile("The Lab")),
            ("lab-2", profile("Twin")),
            ("lab-3", profile("Twin")),
            ("inside", ProfileDraft::built_in()),
        ]);
        fs::write(folder.path().join("connections/bad.toml"), "name = \n").unwrap();
        let find = |words: &[&str]| target(&connect(words), Some(folder.path()));
        for name in ["lab", "The Lab", "the lab"] {
            let found = find(&["--profile", name]).unwrap();
            assert_eq!(found.profile.address.to_string(), "mqtt://broker.lab:1999");
            assert_eq!(
                (&*found.profile.id, &*found.profile.client_id),
                ("lab", "lab-client")
            );
        }
        let found = find(&["--profile", "lab", "--client-id", "other"]).unwrap();
        assert_eq!(&*found.profile.client_id, "other");
        assert!(stop(find(&["--profile", "Twin"])).contains("lab-2, lab-3"));
        assert!(stop(find(&["--profile", "nobody"])).contains("there are inside, lab, lab-2"));
        assert!(stop(find(&["--profile", "bad"])).contains("bad.toml:1:"));
        assert!(stop(find(&["--profile", "inside"])).contains("roundtrip broker"));
        let empty = tempfile::tempdir().unwrap();
        let none = target(&connect(&["--profile", "x"]), Some(empty.path()));
        assert!(stop(none).contains("there are none"));
    }

    #[test]
    fn the_kept_password_is_asked_for_only_when_it_is_wanted() {
        let stored = |draft: ProfileDraft| Stored {
            id: "lab".to_owned(),
            path: "lab.toml".into(),
            draft,
        };
        let wanting = ProfileDraft {
            user_name: "me".to_owned(),
            password_wanted: true,
            ..profile("Lab")
        };
        let never = |_: &str| panic!("not asked for");
        from_profile(
            &connect(&[]),
            stored(profile("Lab")),
            Environment::default(),
            never,
        )
        .unwrap();
        from_profile(
            &connect(&["--user", "you"]),
            stored(wanting.clone()),
            Environment::default(),
            never,
        )
        .unwrap();
        from_profile(
            &connect(&["--password-env", "PATH"]),
            stored(wanting.clone()),
            Environment::default(),
            never,
        )
        .unwrap();
        let kept = |id: &str| {
            assert_eq!(id, "lab");
            Ok(Some(Secret::new("hunter2".to_owned())))
        };
        let found = from_profile(
            &connect(&[]),
            stored(wanting.clone()),
            Environment::default(),
            kept,
        )
        .unwrap();
        assert_eq!(
            found.secrets.password().map(Secret::expose),
            Some("hunter2")
        );
        let said = stop(from_profile(
            &connect(&[]),
            stored(wanting),
            Environment::default(),
            |_| Ok(None),
        ));
        assert!(said.contains("--password-env"), "{said}");
    }

    #[test]
    fn a_typed_device_and_one_from_a_file_say_what_they_are() {
        let words = [
            "-t",
            "a/#",
            "--reply",
            "{{state.on}}",
            "--state",
            "on=true",
            "--delay",
            "5ms",
            "--client-id",
            "me",
        ];
        let (typed, target) = device(&respond(&words), None, &Rules::shipped()).unwrap();
        assert_eq!(&*typed.client_id, "me");
        assert_eq!(typed.delay, std::time::Duration::from_millis(5));
        assert_eq!(target.profile.address.to_string(), "mqtt://127.0.0.1:1883");
        let folder = workspace(&[("lab", profile("Lab"))]);
        let file = folder.path().join("lamp.toml");
        let path = file.to_str().unwrap();
        fs::write(
            &file,
            "name = \"Lamp\"\nlistens = [\"lamp/#\"]\nreply = \"on\"\nconnection = \"lab\"\n",
        )
        .unwrap();
        let (lamp, target) = device(
            &respond(&["--device", path]),
            Some(folder.path()),
            &Rules::shipped(),
        )
        .unwrap();
        assert_eq!(&*lamp.client_id, "lamp");
        assert_eq!(target.profile.address.to_string(), "mqtt://broker.lab:1999");
        let (_, target) = device(
            &respond(&["--device", path, "--url", "h"]),
            Some(folder.path()),
            &Rules::shipped(),
        )
        .unwrap();
        assert_eq!(target.profile.address.to_string(), "mqtt://h:1883");
        fs::write(&file, "name = \"Lamp\"\n").unwrap();
        assert!(
            stop(device(
                &respond(&["--device", path]),
                None,
                &Rules::shipped()
            ))
            .contains("topic filter")
        );
        fs::write(&file, "name = \"Lamp\"\nlistens = 1\n").unwrap();
        assert!(
            stop(device(
                &respond(&["--device", path]),
                None,
                &Rules::shipped()
            ))
            .contains("lamp.toml:2:")
        );
    }
}
