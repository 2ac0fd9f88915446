//! `roundtrip diagnose`: the test of a connection, a line a step.

use crate::cli::args::DiagnoseArgs;
use crate::cli::exit::ExitCode;
use crate::cli::stop::Stop;
use crate::cli::{headless, out, resolve};
use crate::model::connection::TlsInfo;
use crate::model::diagnosis::{
    Diagnosis, Failure, Plan, Remedy, State, Step, StepReport, Told, WATCH_TIME, Watch, report,
};
use crate::model::profile::{BrokerAddress, Profile, SecretSlot};
use crate::model::topic::TopicName;
use crate::session::{Event, Session};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

/// Ends of hints, and what they are on the command line.
const OPTIONS: [(&str, &str); 5] = [
    (
        "its key at TLS in the connection profile",
        "its key (--cert, --key)",
    ),
    (
        "the server name at TLS in the connection profile",
        "the server name (--server-name)",
    ),
    (
        "(CA) at TLS in the connection profile",
        "(CA) with --cafile",
    ),
    (
        "; verify it at TLS in the connection profile",
        "; leave --insecure out",
    ),
    (
        "check both in the connection profile",
        "check both (--user, --password-env)",
    ),
];

pub fn run(args: &DiagnoseArgs, workspace: Option<&Path>) -> Result<ExitCode, Stop> {
    let target = resolve::target(&args.target(), workspace)?;
    let address = target.profile.address.clone();
    if matches!(address, BrokerAddress::Listener { .. }) {
        return Err(Stop::usage(
            format!("there is no broker to test at {address}"),
            "devices come there over plain TCP; name a broker",
        ));
    }
    let plan = plan(args)?;
    let mut diagnosis = Diagnosis::new(&target.profile);
    let profile = target.profile.clone();
    let mut session = headless::start()?;
    let generation = session.diagnose(target.profile, target.secrets, plan)?;
    let mut shown = Ok(());
    while diagnosis.is_running() {
        let hear = |event: &Event, _: &Session| {
            let Event::Diagnosis {
                generation: of,
                told,
            } = event
            else {
                return;
            };
            if *of == generation {
                let step = step_of(&diagnosis, told);
                diagnosis.apply(told.clone());
                if let Some(report) = step.and_then(|step| diagnosis.step(step)) {
                    let printed = show(args, report, &address);
                    shown = std::mem::replace(&mut shown, Ok(())).and(printed);
                }
            }
        };
        if let Err(stop) = headless::pump(&mut session, Duration::from_millis(200), hear) {
            session.cancel_diagnosis();
            tell_so_far(args, &mut diagnosis, &profile)?;
            return Err(stop);
        }
        std::mem::replace(&mut shown, Ok(()))?;
    }
    end(args, &diagnosis, &profile)?;
    Ok(code(&diagnosis))
}

fn plan(args: &DiagnoseArgs) -> Result<Plan, Stop> {
    let topic = |text: &Option<String>| {
        let topic = text.as_deref().map(TopicName::new).transpose();
        topic.map_err(|err| Stop::usage(err.to_string(), ""))
    };
    let watch = if args.no_watch {
        Watch::Never("not asked for".to_owned())
    } else if args.watch.is_some() {
        Watch::Always
    } else if args.has_made_id() {
        Watch::Never("the client id was made for this run".to_owned())
    } else {
        Watch::Auto
    };
    Ok(Plan {
        own_client_id: args.own_client_id || args.has_made_id(),
        scratch: topic(&args.scratch_topic)?,
        response_topic: topic(&args.response_topic)?,
        watch,
        watch_time: args.watch.unwrap_or(WATCH_TIME),
        namesakes: Vec::new(),
    })
}

/// What would be lost with a watch that was long enough for whoever watches.
fn tell_so_far(
    args: &DiagnoseArgs,
    diagnosis: &mut Diagnosis,
    profile: &Profile,
) -> Result<(), Stop> {
    let is_open = |it: &&StepReport| it.state == State::Running;
    let open = diagnosis.steps.iter().find(is_open).map(|it| it.step);
    diagnosis.cancel();
    if let Some(report) = open.and_then(|step| diagnosis.step(step)) {
        show(args, report, &profile.address)?;
    }
    end(args, diagnosis, profile)
}

/// The step that is over with this.
fn step_of(diagnosis: &Diagnosis, told: &Told) -> Option<Step> {
    match told {
        Told::Ended(report) => Some(report.step),
        Told::Passed(step, _) => {
            let before = diagnosis.step(*step)?;
            (before.state == State::Waiting).then_some(*step)
        }
        _ => None,
    }
}

fn show(args: &DiagnoseArgs, step: &StepReport, address: &BrokerAddress) -> Result<(), Stop> {
    let step = &with_options(args, step);
    if args.json {
        let line = report::json(step).to_string();
        return out::line(&report::without_query(line, address));
    }
    let line = report::without_query(report::line(step), address);
    if args.certificate {
        out::say(&line);
        return Ok(());
    }
    out::line(&line)
}

/// Hints that name the options to type, where there is no connection profile to change.
fn with_options(args: &DiagnoseArgs, report: &StepReport) -> StepReport {
    let mut report = report.clone();
    if args.connect.url.is_none() {
        return report;
    }
    let typed = |hint: &str| {
        OPTIONS
            .iter()
            .fold(hint.to_owned(), |hint, (from, to)| hint.replace(from, to))
    };
    if let Some(problem) = &mut report.problem {
        problem.hint = typed(&problem.hint).into();
    }
    for unusual in &mut report.unusual {
        unusual.hint = typed(&unusual.hint);
    }
    report
}

fn end(args: &DiagnoseArgs, diagnosis: &Diagnosis, profile: &Profile) -> Result<(), Stop> {
    let remedies: Vec<String> = diagnosis
        .remedies
        .iter()
        .map(|remedy| words(remedy, &profile.address))
        .collect();
    let covered = |text: String| report::without_query(text, &profile.address);
    if args.json {
        let mut value = report::json_end(diagnosis, &remedies);
        if let (Some(tls), Some(map)) = (&diagnosis.tls, value.as_object_mut()) {
            map.insert("certificates".to_owned(), certificates(tls));
        }
        return out::line(&covered(value.to_string()));
    }
    for remedy in remedies {
        out::say(&covered(report::plain(&format!("try: {remedy}"))));
    }
    out::say(&covered(report::plain(&diagnosis.verdict())));
    if args.certificate {
        let chain = diagnosis.tls.iter().flat_map(|tls| &tls.chain);
        for certificate in chain {
            out::line(certificate.pem().trim_end())?;
        }
    }
    Ok(())
}

fn words(remedy: &Remedy, before: &BrokerAddress) -> String {
    let label = remedy.label(Some(before));
    match remedy {
        Remedy::Secret(SecretSlot::Password) => format!("{label} (--password-env)"),
        Remedy::ServerName(name) => format!("{label} (--server-name {name})"),
        Remedy::Address(address) if !label.contains("://") => format!("{label} ({address})"),
        Remedy::OwnClientId => format!("{label} (--own-client-id)"),
        _ => label,
    }
}

fn certificates(tls: &TlsInfo) -> Value {
    let all = tls.chain.iter().map(|one| {
        json!({
            "subject": &*one.subject,
            "issuer": &*one.issuer,
            "names": one.names.iter().map(|name| &**name).collect::<Vec<&str>>(),
            "not_before": one.not_before,
            "not_after": one.not_after,
            "key": &*one.key,
            "sha256": &*one.fingerprint,
            "pem": one.pem(),
        })
    });
    all.collect()
}

fn code(diagnosis: &Diagnosis) -> ExitCode {
    let Some(failure) = diagnosis.failure() else {
        return ExitCode::Answered;
    };
    match failure.failure {
        _ if failure.step == Step::ClientId => ExitCode::Failed,
        Failure::Refused => ExitCode::Refused,
        Failure::Silent => ExitCode::NoReplyInTime,
        Failure::Broken => ExitCode::CouldNotConnect,
    }
}
