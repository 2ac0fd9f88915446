//! Command lines of `mosquitto_rr`, `_pub` and `_sub`, of mqttx and of `mqtt` (`HiveMQ`), as pasted from a terminal.
//!
//! Nothing is run. Lines to the same broker as the same client are one connection. Start at [`read`]; [`flags`] has the
//! options of each program, [`line`] what they mean.

mod flags;
mod line;

use super::words::{self, Command, Word};
use super::{Foreign, ForeignProfile, LeftOut, Source, Unreadable};
use crate::model::request::ResponseTopicDraft;
use crate::model::subscribe::SubscriptionDraft;
use line::Line;

/// Whose options they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Mosquitto,
    Mqttx,
    HiveMq,
}

/// What the command does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Request,
    Publish,
    Subscribe,
    Connect,
}

/// Reads every command that is known; the others are listed.
pub(super) fn read(text: &str) -> Result<Foreign, Unreadable> {
    let found = words::commands(text).map_err(|err| Unreadable::new(err.to_string()))?;
    let mut foreign = Foreign::new(Source::CommandLines);
    let mut is_any = false;
    for command in &found {
        match tool(&command.words) {
            Some((family, role, at, name)) => {
                is_any = true;
                one(&mut foreign, command, family, role, at, &name);
            }
            None => foreign.left_out.push(LeftOut {
                of: format!("line {}", command.line),
                what: first_word(command),
                why: "it is no command of mosquitto, mqttx or mqtt".to_owned(),
            }),
        }
    }
    if !is_any {
        return Err(Unreadable::new(
            "there is no command line of mosquitto, mqttx or mqtt in it",
        ));
    }
    // A request subscribes to its Response Topic by itself.
    let requests = &foreign.requests;
    foreign.subscriptions.retain(|subscription| {
        requests.iter().all(|request| {
            request.connection != subscription.connection
                || request.response_topic != ResponseTopicDraft::Typed(subscription.filter.clone())
        })
    });
    Ok(foreign)
}

fn first_word(command: &Command) -> String {
    let word = command.words.first();
    let text = word.map(|word| String::from_utf8_lossy(&word.bytes).into_owned());
    // Whatever it is, it may be a secret.
    let text = text.unwrap_or_default();
    let text = text.split('=').next().unwrap_or_default();
    match text.char_indices().nth(24) {
        Some((at, _)) => format!("`{}…`", text.get(..at).unwrap_or_default()),
        None => format!("`{text}`"),
    }
}

/// The program, and where its options begin. Something may stand before it: `sudo`, `docker run image`, `NAME=value`.
fn tool(words: &[Word]) -> Option<(Family, Role, usize, String)> {
    words.iter().enumerate().find_map(|(at, word)| {
        let text = std::str::from_utf8(&word.bytes).ok()?;
        let name = text.rsplit(['/', '\\']).next()?;
        let name = name.strip_suffix(".exe").unwrap_or(name);
        let next = words.get(at + 1).map(|word| word.bytes.as_slice());
        let (family, role, skip) = match (name, next) {
            ("mosquitto_rr", _) => (Family::Mosquitto, Role::Request, 1),
            ("mosquitto_pub", _) => (Family::Mosquitto, Role::Publish, 1),
            ("mosquitto_sub", _) => (Family::Mosquitto, Role::Subscribe, 1),
            ("mqttx", Some(b"pub")) => (Family::Mqttx, Role::Publish, 2),
            ("mqttx", Some(b"sub")) => (Family::Mqttx, Role::Subscribe, 2),
            ("mqttx", Some(b"conn")) => (Family::Mqttx, Role::Connect, 2),
            ("mqtt", Some(b"pub" | b"publish")) => (Family::HiveMq, Role::Publish, 2),
            ("mqtt", Some(b"sub" | b"subscribe")) => (Family::HiveMq, Role::Subscribe, 2),
            ("mqtt", Some(b"test")) => (Family::HiveMq, Role::Connect, 2),
            _ => return None,
        };
        let shown = match next {
            Some(next) if skip == 2 => format!("{name} {}", String::from_utf8_lossy(next)),
            _ => name.to_owned(),
        };
        Some((family, role, at + skip, shown))
    })
}

fn one(
    foreign: &mut Foreign,
    command: &Command,
    family: Family,
    role: Role,
    at: usize,
    name: &str,
) {
    let of = format!("line {}, {name}", command.line);
    let mut line = Line::new(family, role, of);
    let before = command.words.get(..at).unwrap_or_default();
    for word in before {
        if let Some((variable, _)) = words::assignment(word) {
            line.leave(
                format!("the environment variable {variable}"),
                "what it changes is not known here",
            );
        }
    }
    let is_program = |word: &&Word| words::assignment(word).is_none();
    let programs = before.iter().filter(is_program).count();
    // Its own name is one of them, or two.
    if programs > name.split(' ').count() {
        line.leave(
            "what stands before the program",
            "it says how it is run, not what it does",
        );
    }
    for redirection in &command.redirections {
        let why = if redirection.contains('<') {
            "files are not read"
        } else {
            "what comes is in the timeline; a recording or an export writes it to a file"
        };
        line.leave(format!("`{redirection}`"), why);
    }
    line.is_piped = command.is_piped;
    line.read(command.words.get(at..).unwrap_or_default());
    let done = line.finish();
    foreign.left_out.extend(done.left_out);
    let key = keep(foreign, done.profile);
    for one in done.subscriptions {
        foreign.subscriptions.push(SubscriptionDraft {
            connection: key.clone(),
            ..one
        });
    }
    if let Some(mut request) = done.request {
        request.connection = key;
        if !foreign.requests.contains(&request) {
            foreign.requests.push(request);
        }
    }
}

/// Adds a profile, or finds the one that is the same; gives its key.
fn keep(foreign: &mut Foreign, mut profile: ForeignProfile) -> String {
    let same = foreign.profiles.iter_mut().find(|other| {
        // One who names no client id takes any.
        let (ours, theirs) = (&profile.draft.client_id, &other.draft.client_id);
        let mut compared = profile.draft.clone();
        compared.client_id.clone_from(theirs);
        compared.name.clone_from(&other.draft.name);
        let is_same_client = ours == theirs || ours.is_empty() || theirs.is_empty();
        is_same_client && compared == other.draft && profile.secrets == other.secrets
    });
    if let Some(same) = same {
        if same.draft.client_id.is_empty() {
            same.draft.client_id = profile.draft.client_id;
        }
        return same.key.clone();
    }
    profile.key = format!("#{}", foreign.profiles.len());
    let key = profile.key.clone();
    foreign.profiles.push(profile);
    key
}
