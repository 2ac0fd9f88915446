//! `roundtrip profiles`: connections and requests from other programs, and out again.

use crate::cli::args::{
    Existing, PayloadFile, ProfilesArgs, ProfilesCommand, ProfilesExportArgs, ProfilesImportArgs,
};
use crate::cli::exit::ExitCode;
use crate::cli::kept::KeptSecrets;
use crate::cli::stop::Stop;
use crate::cli::{out, resolve};
use crate::model::folder;
use crate::model::foreign::bundle::{Bundle, OwnedSecret};
use crate::model::foreign::plan::{Choice, Plan, Planned, counted};
use crate::model::foreign::{self, Foreign};
use crate::model::profile::{ProfileDraft, SecretSlot};
use crate::model::request::RequestDraft;
use crate::model::secret::Secret;
use crate::model::subscribe::SubscriptionDraft;
use crate::store::{self, Kept, SealError, Workspace};
use std::collections::BTreeMap;
use std::path::Path;

pub fn run(args: &ProfilesArgs, workspace: Option<&Path>) -> Result<ExitCode, Stop> {
    let workspace = Workspace::open(workspace.map(Path::to_owned))?;
    let kept = KeptSecrets::new(&workspace, args.passphrase_file.as_deref());
    match &args.command {
        ProfilesCommand::Import(args) => import(args, &workspace, &kept),
        ProfilesCommand::Export(args) => export(args, &workspace, &kept),
    }
}

/// What a folder of the workspace holds, by id; what cannot be read is told.
fn shelf<T: Kept>(workspace: &Workspace) -> BTreeMap<String, T> {
    let loaded = workspace.load::<T>();
    for problem in &loaded.problems {
        out::say(&format!("{problem}"));
    }
    let items = loaded.items.into_iter();
    items.map(|stored| (stored.id, stored.draft)).collect()
}

fn passphrase(variable: &str) -> Result<Secret, Stop> {
    std::env::var(variable).map(Secret::new).map_err(|err| {
        Stop::usage(
            format!("the environment variable `{variable}` of --passphrase-env: {err}"),
            format!("set it: read -rs {variable} && export {variable}"),
        )
    })
}

fn unsealed(err: &SealError) -> Stop {
    Stop::usage(err.to_string(), err.hint())
}

fn import(
    args: &ProfilesImportArgs,
    workspace: &Workspace,
    kept: &KeptSecrets<'_>,
) -> Result<ExitCode, Stop> {
    let file = if args.file.as_os_str() == "-" {
        PayloadFile::Stdin
    } else {
        PayloadFile::File(&args.file)
    };
    let bytes = resolve::payload(file)?;
    let mut foreign = foreign::read(&bytes).map_err(|err| {
        Stop::usage(
            format!("{}: {}", args.file.display(), err.message),
            err.hint,
        )
    })?;
    open_secrets(&mut foreign, args.passphrase_env.as_deref())?;
    let (profiles, requests) = (shelf(workspace), shelf(workspace));
    let subscriptions = shelf(workspace);
    let mut plan = Plan::new(foreign, &profiles, &requests, &subscriptions);
    plan.settle(match args.existing {
        Existing::Beside => Choice::Add,
        Existing::Replace => Choice::Replace,
        Existing::Leave => Choice::Leave,
    });
    tell(&plan)?;
    if args.dry_run {
        out::say("nothing was written");
        return Ok(ExitCode::Answered);
    }
    let unkept = unkept(kept, &plan)?;
    let changes = plan.changes();
    if changes.is_empty() && unkept.is_empty() {
        out::say("there is nothing to import");
        return Ok(ExitCode::Answered);
    }
    if changes.is_empty() {
        out::say("there is nothing to import but secrets that are not kept yet");
        return keep_secrets(kept, &unkept);
    }
    let mut imported = workspace
        .import(changes)
        .map_err(|err| Stop::new(ExitCode::Failed, err.to_string(), err.hint()))?;
    let what = counted(
        imported.profiles.len(),
        imported.requests.len(),
        imported.subscriptions.len(),
    );
    out::say(&format!(
        "imported {what} into {}",
        workspace.folder().display()
    ));
    imported.secrets.extend(unkept);
    keep_secrets(kept, &imported.secrets)
}

/// An import whose secrets could not be kept is repeated for them.
fn unkept(kept: &KeptSecrets<'_>, plan: &Plan) -> Result<Vec<(String, SecretSlot, Secret)>, Stop> {
    let mut unkept = Vec::new();
    for (id, slot, secret) in plan.secrets_of_what_is_here() {
        if kept.load(&slot.account(&id))?.is_none() {
            unkept.push((id, slot, secret));
        }
    }
    Ok(unkept)
}

fn open_secrets(foreign: &mut Foreign, variable: Option<&str>) -> Result<(), Stop> {
    let Some(sealed) = foreign.sealed.clone() else {
        return Ok(());
    };
    let Some(variable) = variable else {
        out::say("its secrets are sealed and stay so: --passphrase-env VAR opens them");
        return Ok(());
    };
    let secrets = store::unseal(&sealed, &passphrase(variable)?).map_err(|err| unsealed(&err))?;
    foreign.unseal(secrets);
    Ok(())
}

/// The plan, one thing a line.
fn tell(plan: &Plan) -> Result<(), Stop> {
    out::line(&format!("{}: {}", plan.source.label(), plan.summary()))?;
    for one in &plan.profiles {
        let draft = &one.item.draft;
        line("connection", one, one.called(&draft.name), &draft.address)?;
    }
    for one in &plan.requests {
        let name = match one.item.folder.as_str() {
            "" => one.called(&one.item.name).to_owned(),
            folder => format!("{folder}/{}", one.called(&one.item.name)),
        };
        line("request", one, &name, &one.item.topic)?;
    }
    for one in &plan.subscriptions {
        let words = plan.fate_of_subscription(one).words();
        let (title, connection) = (one.title(), plan.connection_of(one));
        out::line(&format!("subscription  {title}  {connection}  ({words})"))?;
    }
    for one in &plan.left_out {
        out::line(&format!("left out    {one}"))?;
    }
    Ok(())
}

fn line<T>(noun: &str, one: &Planned<T>, name: &str, place: &str) -> Result<(), Stop> {
    out::line(&format!("{noun:<10}  {name}  {place}  ({})", one.words()))
}

/// Where the workspace keeps them; what is not kept is told.
fn keep_secrets(
    kept: &KeptSecrets<'_>,
    secrets: &[(String, SecretSlot, Secret)],
) -> Result<ExitCode, Stop> {
    let mut code = ExitCode::Answered;
    for (id, slot, secret) in secrets {
        if let Err(why) = kept.save(&slot.account(id), secret.clone())? {
            let text = format!("error: the {slot} of {id} was not kept: {why}");
            out::say(&format!("{text}; type it into the connection"));
            code = ExitCode::Failed;
        }
    }
    Ok(code)
}

fn export(
    args: &ProfilesExportArgs,
    workspace: &Workspace,
    kept: &KeptSecrets<'_>,
) -> Result<ExitCode, Stop> {
    let bundle = bundle(args, workspace)?;
    let sealed = match &args.passphrase_env {
        Some(variable) => {
            let passphrase = passphrase(variable)?;
            let secrets = secrets(kept, &bundle)?;
            Some(store::seal(&secrets, &passphrase).map_err(|err| unsealed(&err))?)
        }
        None => None,
    };
    let text = bundle
        .to_text(args.chosen_format(), sealed)
        .map_err(|why| Stop::new(ExitCode::Failed, why, ""))?;
    match &args.out {
        Some(path) => {
            store::write_file(path, text.as_bytes())
                .map_err(|err| Stop::new(ExitCode::Failed, err.to_string(), err.hint()))?;
            let what = counted(
                bundle.connections.len(),
                bundle.requests.len(),
                bundle.subscriptions.len(),
            );
            out::say(&format!("{what} written to {}", path.display()));
        }
        None => out::line(text.trim_end())?,
    }
    Ok(ExitCode::Answered)
}

/// A folder is one of connections, with their requests, or one of requests, with their connections; or both.
fn bundle(args: &ProfilesExportArgs, workspace: &Workspace) -> Result<Bundle, Stop> {
    let all: BTreeMap<String, RequestDraft> = shelf(workspace);
    let profiles: BTreeMap<String, ProfileDraft> = shelf(workspace);
    let subscriptions: BTreeMap<String, SubscriptionDraft> = shelf(workspace);
    let mut wanted: Vec<String> = Vec::new();
    for name in &args.connections {
        wanted.push(resolve::find_profile(workspace, name)?.id);
    }
    if let Some(folder) = &args.folder {
        let inside = profiles.iter();
        let inside = inside.filter(|(_, draft)| folder::is_in(&draft.folder, folder));
        wanted.extend(inside.map(|(id, _)| id.clone()));
    }
    let is_all = wanted.is_empty() && args.folder.is_none();
    let requests: Vec<RequestDraft> = all
        .into_values()
        .filter(|request| {
            let folder = args.folder.as_deref();
            is_all
                || wanted.contains(&request.connection)
                || folder.is_some_and(|folder| folder::is_in(&request.folder, folder))
        })
        .collect();
    if let Some(folder) = &args.folder
        && requests.is_empty()
        && wanted.is_empty()
    {
        let text = format!("there is no folder `{folder}` of connections or requests");
        return Err(Stop::usage(text, ""));
    }
    let subscriptions = subscriptions
        .into_values()
        .filter(|one| is_all || wanted.contains(&one.connection))
        .collect();
    if args.folder.is_some() {
        wanted.extend(requests.iter().map(|it| it.connection.clone()));
    }
    let connections = profiles
        .into_iter()
        // The built-in broker is everywhere.
        .filter(|(id, draft)| (is_all || wanted.contains(id)) && !draft.is_built_in())
        .collect();
    Ok(Bundle {
        connections,
        requests,
        subscriptions,
    })
}

/// Those that are kept; that one is not is told.
fn secrets(kept: &KeptSecrets<'_>, bundle: &Bundle) -> Result<Vec<OwnedSecret>, Stop> {
    let mut found = Vec::new();
    for (id, draft) in &bundle.connections {
        let wanted = draft.secrets_wanted();
        for slot in draft.secret_slots() {
            match kept.load(&slot.account(id))? {
                Some(secret) => found.push(OwnedSecret {
                    connection: id.clone(),
                    slot,
                    secret,
                }),
                None if wanted.contains(&slot) => {
                    out::say(&format!("{}: the {slot} is not kept", draft.name));
                }
                None => {}
            }
        }
    }
    Ok(found)
}
