//! The abilities of the window without a window: `demo`, `request`, `respond`, `listen`, `diagnose`,
//! `broker`, `pair`, `export`, `import`, `profiles`.
//!
//! The only room that prints: data to stdout, talk to stderr, and an exit code for scripts. It may use
//! `session`, `store` and `model`. [`run`] reads the command line; what needs the window comes back as
//! [`Wanted`], because this room knows none. Start at [`args`] for what can be typed.

#![expect(clippy::print_stderr, reason = "this room talks to a terminal")]

pub mod args;
mod broker;
mod demo;
mod diagnose;
mod exit;
mod export;
mod headless;
mod import;
mod json;
mod kept;
mod listen;
mod logging;
mod out;
mod packets;
mod pair;
mod profiles;
mod request;
mod resolve;
mod respond;
mod rows;
mod rules;
mod stop;

use crate::model::environment::{Environment, Place};
use crate::model::pairing::Rules;
use crate::model::subscribe::{RetainHandling, SubscribeOptions};
use crate::model::topic::TopicFilter;
use crate::model::version::MqttVersion;
use args::{
    Args, BenchArgs, Command, DemoArgs, ListenArgs, RequestArgs, RespondArgs, ScreenshotArgs, Url,
};
use clap::Parser as _;
pub use exit::ExitCode;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use stop::Stop;

/// What is left to do after the command line was read.
#[derive(Debug)]
pub enum Wanted {
    /// Nothing: a headless command has run, or help or an error was printed.
    Exit(ExitCode),
    Window {
        workspace: Option<PathBuf>,
    },
    Screenshot(ScreenshotArgs),
    Bench(BenchArgs),
}

/// Reads the command line and runs what needs no window.
pub fn run(words: impl IntoIterator<Item = OsString>) -> Wanted {
    if let Err(words) = logging::install() {
        fail(&words, "");
    }
    let args = match Args::try_parse_from(words) {
        Ok(args) => args,
        Err(err) => {
            let code = if err.use_stderr() {
                ExitCode::Usage
            } else {
                ExitCode::Answered
            };
            return Wanted::Exit(err.print().map_or(ExitCode::Failed, |()| code));
        }
    };
    let workspace = args.workspace;
    let ran = match args.command {
        None => return Wanted::Window { workspace },
        Some(Command::Screenshot(args)) => match demo::find(&args.demo) {
            Ok(_) => return Wanted::Screenshot(args),
            Err(stop) => Err(stop),
        },
        Some(Command::Bench(args)) => return Wanted::Bench(args),
        Some(Command::Demo(args)) => demo(&args),
        Some(Command::Request(args)) => request(&args, workspace.as_deref()),
        Some(Command::Respond(args)) => respond(&args, workspace.as_deref()),
        Some(Command::Listen(args)) => listen(*args, workspace.as_deref()),
        Some(Command::Diagnose(args)) => diagnose::run(&args, workspace.as_deref()),
        Some(Command::Broker(args)) => broker::run(args.port, args.verbose),
        Some(Command::Pair(args)) => pair::run(&args),
        Some(Command::Export(args)) => export::run(&args),
        Some(Command::Import(args)) => import::run(&args),
        Some(Command::Profiles(args)) => profiles::run(&args, workspace.as_deref()),
        Some(Command::Rules(args)) => rules::list(&args.rules, workspace.as_deref(), args.json),
    };
    Wanted::Exit(ran.unwrap_or_else(|stop| told(&stop)))
}

fn demo(args: &DemoArgs) -> Result<ExitCode, Stop> {
    let Some(name) = &args.name else {
        return demo::list();
    };
    if let Some(url) = &args.url {
        url.read().map_err(|message| Stop::usage(message, ""))?;
    }
    demo::run(name, args.url.as_ref().map(Url::expose), args.json)
}

fn request(args: &RequestArgs, workspace: Option<&Path>) -> Result<ExitCode, Stop> {
    let target = resolve::target(&args.connect, workspace)?;
    let payload = args.payload_file().map(resolve::payload).transpose()?;
    request::run(request::Request {
        profile: target.profile,
        secrets: target.secrets,
        environment: target.environment,
        draft: args.draft(),
        rules: match &args.rule {
            Some(_) => rules::active(&args.rules, workspace)?,
            None => Rules::shipped(),
        },
        payload,
        packets: args.packets.clone(),
        as_json: args.json,
        is_verbose: args.verbose,
    })
}

fn respond(args: &RespondArgs, workspace: Option<&Path>) -> Result<ExitCode, Stop> {
    let rules = rules::active(&args.rules, workspace)?;
    let (device, target) = resolve::device(args, workspace, &rules)?;
    respond::run(respond::Respond {
        profile: target.profile,
        secrets: target.secrets,
        device,
        is_quiet: args.quiet,
    })
}

/// With the variables of the environment filled in.
fn filter_of(text: &str, environment: &Environment) -> Result<TopicFilter, Stop> {
    let filled = environment.fill(text, Place::Text);
    let filled = filled.map_err(|why| Stop::usage(format!("the topic `{text}`: {why}"), ""))?;
    if !filled.hidden.is_empty() {
        return Err(Stop::usage(
            format!(
                "the topic `{text}`: what is listened to is shown, and is no place for a secret variable"
            ),
            "",
        ));
    }
    TopicFilter::new(&filled.text).map_err(|err| Stop::usage(err.to_string(), ""))
}

fn listen(args: ListenArgs, workspace: Option<&Path>) -> Result<ExitCode, Stop> {
    let target = resolve::target(&args.connect, workspace)?;
    let mut filters = Vec::new();
    for topic in &args.topics {
        filters.push(filter_of(topic, &target.environment)?);
    }
    filters.sort();
    filters.dedup();
    let has_more =
        args.no_local || args.identifier.is_some() || args.retain_handling != RetainHandling::Send;
    if has_more && target.profile.mqtt_version == MqttVersion::V311 {
        return Err(Stop::usage(
            "a subscription of MQTT 3.1.1 has a quality of service and nothing else",
            "Leave out --no-local, --retain-handling and --identifier, or connect with MQTT 5.",
        ));
    }
    if args.no_local
        && let Some(shared) = filters.iter().find(|it| it.unshared() != it.as_str())
    {
        return Err(Stop::usage(
            format!(
                "`{shared}` is shared, and No Local with a shared subscription is a protocol error (MQTT 5 §3.8.3.1)"
            ),
            "Leave out --no-local.",
        ));
    }
    listen::run(listen::Listen {
        profile: target.profile,
        secrets: target.secrets,
        filters,
        options: SubscribeOptions {
            qos: args.qos,
            no_local: args.no_local,
            retain_as_published: true,
            retain_handling: args.retain_handling,
            identifier: args.identifier,
        },
        record: args.record,
        packets: args.packets,
        limit: args.limit,
        count: args.count,
        as_json: args.json,
        is_quiet: args.quiet,
    })
}

/// Says on stderr why a command ended early.
fn told(stop: &Stop) -> ExitCode {
    fail(&stop.text, &stop.hint);
    stop.code
}

/// Writes a file that the command line names.
pub fn write(path: &Path, bytes: &[u8]) -> ExitCode {
    match crate::store::write_file(path, bytes) {
        Ok(()) => ExitCode::Answered,
        Err(err) => {
            fail(&err.to_string(), &err.hint());
            ExitCode::Failed
        }
    }
}

/// Prints what was measured.
pub fn print(report: &serde_json::Value) -> ExitCode {
    match out::line(&format!("{report:#}")) {
        Ok(()) => ExitCode::Answered,
        Err(stop) => told(&stop),
    }
}

/// Tells people on stderr how far it is.
pub fn say(text: &str) {
    out::say(text);
}

/// Says on stderr what went wrong and what to do.
pub fn fail(text: &str, hint: &str) {
    eprintln!("error: {text}");
    if !hint.is_empty() {
        eprintln!("hint: {hint}");
    }
}
