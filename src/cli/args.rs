//! The command line: what can be typed, and the help that says so.
//!
//! What comes out is checked word by word: a wrong value is named with its option and with what to
//! write instead, before any file is read or anybody is connected to. [`super::resolve`] goes on from here.

mod diagnose;
mod export;
mod profiles;
mod values;
mod way;

#[cfg(test)]
mod tests;

use crate::model::correlation::CorrelationDraft;
use crate::model::message::{Qos, UserProperty};
use crate::model::payload::PayloadFormat;
use crate::model::profile::VersionChoice;
use crate::model::request::{PairingDraft, RequestDraft, ResponseTopicDraft};
use clap::{ArgGroup, Parser, Subcommand, ValueEnum};
pub use diagnose::DiagnoseArgs;
pub use export::{ExportArgs, ImportArgs};
pub use profiles::{
    Existing, ProfilesArgs, ProfilesCommand, ProfilesExportArgs, ProfilesImportArgs,
};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::Duration;
pub use values::{Size, Url};
pub use way::{SecretPlace, WayArgs};

const EXIT_CODES: &str = "\
Exit codes:
  0  answered; the demo ended as it should; the responder or broker was ended with Ctrl+C
  1  something else failed, such as an answer that says it is an error
  2  the command line is wrong; nothing was sent
  3  no reply in time, or fewer than --replies asks for
  4  the broker says that nobody subscribes to the topic
  5  refused by the broker: the connection, the subscription or the message
  6  could not connect, or the connection was lost";

const UNITS: &str = "\
Durations are written 500ms, 5s, 2m or 1m30s; a bare number is seconds.
Data goes to stdout and everything else to stderr, so that stdout can be piped.";

const TOP_EXAMPLES: &str = "\
Examples:
  roundtrip                                  open the window
  roundtrip demo smart-light                 see a request and its answer, nothing else needed
  roundtrip broker --port 1883               a broker for this machine
  roundtrip respond -t 'cmnd/light/#' --reply '{\"power\":\"{{payload.power}}\"}'
  roundtrip request -t cmnd/light/power -m '{\"power\":\"on\"}'";

/// A tester for request/response over MQTT 5: did my request get its answer, from whom, how fast, and if not, why?
///
/// Without a command the window opens.
#[derive(Debug, Parser)]
#[command(name = "roundtrip", version, max_term_width = 110, after_help = TOP_EXAMPLES,
    after_long_help = format!("{TOP_EXAMPLES}\n\n{EXIT_CODES}\n\n{UNITS}"), subcommand_help_heading = "Commands")]
pub struct Args {
    /// The folder of connection profiles, requests, devices and settings
    ///
    /// One readable TOML file a thing, made to be kept in git. Without this option it is the platform's
    /// folder for settings, such as ~/.config/roundtrip.
    #[arg(long, global = true, value_name = "DIR")]
    pub workspace: Option<PathBuf>,

    #[command(subcommand)]
    pub command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    Demo(DemoArgs),
    Request(Box<RequestArgs>),
    Respond(Box<RespondArgs>),
    Listen(Box<ListenArgs>),
    Diagnose(Box<DiagnoseArgs>),
    Broker(BrokerArgs),
    Pair(PairArgs),
    Rules(RulesArgs),
    Export(Box<ExportArgs>),
    Import(ImportArgs),
    Profiles(ProfilesArgs),
    Screenshot(ScreenshotArgs),
    Bench(BenchArgs),
}

const DEMO_EXAMPLES: &str = "\
Examples:
  roundtrip demo --list
  roundtrip demo smart-light
  roundtrip demo common-topic --url mqtt://localhost:1883 --json | jq .round_trip_ms

With --json each exchange is one line with at least
  request_topic, response_topic, correlation_data_hex, verdict, round_trip_ms,
  replies: [{ topic, payload, correlation_data_hex }]";

/// Play a demo in the terminal: simulated devices answer real requests
///
/// It runs on the built-in broker unless --url names another one. It exits with 0 only if every exchange
/// ended as the demo says it should.
#[derive(Debug, clap::Args)]
#[command(after_help = DEMO_EXAMPLES)]
pub struct DemoArgs {
    /// Which one; --list tells them
    #[arg(value_name = "NAME", required_unless_present = "list")]
    pub name: Option<String>,

    /// List the demos and what is to be seen in each
    #[arg(long, conflicts_with_all = ["name", "url", "json"])]
    pub list: bool,

    /// Play it on this broker, mqtt://host:port, instead of the built-in one
    #[arg(long, value_name = "URL", value_parser = values::url)]
    pub url: Option<Url>,

    /// Print one line of JSON an exchange
    #[arg(long)]
    pub json: bool,
}

/// Where to connect, and as whom.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Connection")]
#[expect(clippy::doc_markdown, reason = "--help prints this as it stands")]
pub struct ConnectArgs {
    /// The broker, mqtt://[USER[:PASSWORD]@]HOST[:PORT] [default: mqtt://127.0.0.1:1883]
    ///
    /// mqtts:// is MQTT over TLS, ws:// and wss:// are MQTT over WebSocket with a path, such as
    /// wss://broker.lab/mqtt, and unix:///PATH is a Unix domain socket.
    /// Signs such as @ or : in a user name or password are written as %40 or %3A. Others on this machine
    /// can see a command line: prefer --password-env or --password-file for passwords that matter.
    #[arg(long, value_name = "URL", value_parser = values::url, conflicts_with = "profile")]
    pub url: Option<Url>,

    /// A connection profile of the workspace, by its name or the name of its file
    ///
    /// Its client id is used as well: a window that is connected with the same profile is disconnected by
    /// the broker. --client-id avoids that.
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,

    /// The user name, instead of the one in the URL or profile
    #[arg(long, value_name = "NAME")]
    pub user: Option<String>,

    /// Take the password from this environment variable
    #[arg(long, value_name = "VAR", conflicts_with = "password_file")]
    pub password_env: Option<String>,

    /// Take the password from the first line of this file
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,

    /// Fill in {{env.NAME}} from this environment of the workspace
    ///
    /// {{os.NAME}} is a variable of the process, with or without it. Both stand for text in any field of a profile or a
    /// request.
    #[arg(long, value_name = "NAME")]
    pub environment: Option<String>,

    /// Open the workspace's encrypted file of secrets with the first line of this file
    ///
    /// Without it the variable ROUNDTRIP_PASSPHRASE is taken; on a terminal it is asked for.
    #[arg(long, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,

    /// The client id [default: the profile's, else a new one every time]
    #[arg(long, value_name = "ID")]
    pub client_id: Option<String>,

    /// The version of MQTT: 5, 3.1.1 or auto [default: the profile's, else 5]
    ///
    /// auto tries 5, and 3.1.1 where the broker does not speak it.
    /// 3.1.1 carries neither Response Topic nor Correlation Data: pairing rules (--rule) do without them.
    #[arg(long, value_name = "VERSION", value_parser = values::mqtt_version)]
    pub mqtt: Option<VersionChoice>,

    #[command(flatten)]
    pub way: WayArgs,
}

const REQUEST_EXAMPLES: &str = "\
Examples:
  roundtrip request -t cmnd/light/power -m on
  roundtrip request --url mqtt://me@broker.lab -t org/get -f request.json --timeout 10s > reply.json
  roundtrip request --profile lab -t home/all/identify --replies all --timeout 2s --json
  printf '\\000\\001' | roundtrip request -t raw/in -f - --correlation hex:00ff
  roundtrip request -t a/b -m 1 --user-property trace=1 --user-property 'note=a=b'
  roundtrip request --rule aliyun-rrpc --var product=a1pump --var device=pump-7 -m status
  roundtrip request --rule mine --rules mine.toml -t 'dev/7/req' -m all --json

  if roundtrip request -t device/ping -q 1; then echo it lives; fi";

/// Send one request and print its reply, byte for byte
///
/// The Response Topic is subscribed first, and its SUBACK waited for. A message is the reply when it
/// arrives there with exactly the request's Correlation Data; any other message is not.
#[derive(Debug, clap::Args)]
#[command(after_help = format!("{REQUEST_EXAMPLES}\n\n{EXIT_CODES}\n\n{UNITS}"),
    group = ArgGroup::new("payload").args(["message", "file", "hex"]))]
pub struct RequestArgs {
    #[command(flatten)]
    pub connect: ConnectArgs,

    /// The topic to publish the request on; with --rule the rule may know it
    #[arg(short, long, value_name = "TOPIC", value_parser = values::topic, required_unless_present = "rule",
        help_heading = "Request")]
    pub topic: Option<String>,

    /// Send it by this pairing rule instead of Response Topic and Correlation Data; `roundtrip rules` lists them
    #[arg(
        long,
        value_name = "ID",
        conflicts_with = "no_reply",
        help_heading = "Pairing"
    )]
    pub rule: Option<String>,

    /// Rules of your own, TOML or JSON; tried before the shipped ones; can be given again
    #[arg(long, value_name = "FILE", requires = "rule", help_heading = "Pairing")]
    pub rules: Vec<PathBuf>,

    /// The value of a variable of the rule; can be given again
    #[arg(long = "var", value_name = "NAME=VALUE", value_parser = values::variable, requires = "rule",
        help_heading = "Pairing")]
    pub variables: Vec<(String, String)>,

    /// The payload as text; without -m, -f or --hex it is empty
    #[arg(
        short,
        long,
        value_name = "TEXT",
        allow_hyphen_values = true,
        help_heading = "Request"
    )]
    pub message: Option<String>,

    /// The payload from a file, byte for byte; - is stdin
    #[arg(short, long, value_name = "FILE", help_heading = "Request")]
    pub file: Option<PathBuf>,

    /// The payload as pairs of hex digits, such as '00 ff' or 00:ff
    #[arg(long, value_name = "HEX", value_parser = values::hex, help_heading = "Request")]
    pub hex: Option<String>,

    /// Where the reply is to go [default: from the broker's Response Information, else clients/<client id>/resp]
    #[arg(short = 'e', long, value_name = "TOPIC", value_parser = values::response_topic, help_heading = "Request")]
    pub response_topic: Option<String>,

    /// Ask for no reply: publish, wait for the acknowledgement, and end
    #[arg(long, conflicts_with_all = ["response_topic", "replies", "correlation", "timeout"], help_heading = "Request")]
    pub no_reply: bool,

    /// Correlation Data: uuid, uuid-text, counter, random:N, text:…, hex:…, base64:… or none
    #[arg(long, value_name = "KIND", default_value = "uuid", value_parser = values::correlation, help_heading = "Request")]
    pub correlation: CorrelationDraft,

    /// Quality of service: 0 at most once, 1 at least once, 2 exactly once
    #[arg(short, long, value_name = "0|1|2", default_value = "1", value_parser = values::qos, help_heading = "Request")]
    pub qos: Qos,

    /// Ask the broker to retain the request for later subscribers
    #[arg(long, help_heading = "Request")]
    pub retain: bool,

    /// How long to wait for the reply, such as 500ms, 5s or 2m
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = values::timeout, help_heading = "Request")]
    pub timeout: String,

    /// How many replies to wait for: first, all (that come until the timeout), terminal (the first that is no
    /// progress) or a number
    #[arg(long, value_name = "first|all|terminal|N", default_value = "first", value_parser = values::replies, help_heading = "Request")]
    pub replies: String,

    /// What the payload is, such as application/json
    #[arg(long, value_name = "TYPE", value_parser = values::string, help_heading = "Properties")]
    pub content_type: Option<String>,

    /// After this time the broker no longer delivers the request; whole seconds, such as 30s or 5m
    #[arg(long, value_name = "TIME", value_parser = values::expiry, help_heading = "Properties")]
    pub message_expiry: Option<u32>,

    /// Mark the payload as UTF-8 text (Payload Format Indicator 1)
    #[arg(long, help_heading = "Properties")]
    pub utf8: bool,

    /// A user property; can be given again, also with the same name
    #[arg(long = "user-property", value_name = "NAME=VALUE", value_parser = values::user_property, help_heading = "Properties")]
    pub user_properties: Vec<UserProperty>,

    /// Print the exchange as one line of JSON instead of the payload
    #[arg(long, help_heading = "Output")]
    pub json: bool,

    /// Say on stderr what happens
    #[arg(short, long, help_heading = "Output")]
    pub verbose: bool,
}

/// Where the payload's bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayloadFile<'a> {
    Stdin,
    File(&'a Path),
}

impl RequestArgs {
    /// The request as the window would have it. The payload of `-f` is not in it.
    pub fn draft(&self) -> RequestDraft {
        let (format, payload) = match (&self.message, &self.hex) {
            (Some(text), _) => (PayloadFormat::Text, text.clone()),
            (None, Some(hex)) => (PayloadFormat::Hex, hex.clone()),
            (None, None) => (PayloadFormat::Text, String::new()),
        };
        let response_topic = match &self.response_topic {
            _ if self.no_reply => ResponseTopicDraft::None,
            Some(topic) => ResponseTopicDraft::Typed(topic.clone()),
            None => ResponseTopicDraft::Generated,
        };
        RequestDraft {
            topic: self.topic.clone().unwrap_or_default(),
            qos: self.qos,
            retain: self.retain,
            response_topic,
            correlation_data: self.correlation.clone(),
            timeout: self.timeout.clone(),
            replies: self.replies.clone(),
            content_type: self.content_type.clone().unwrap_or_default(),
            payload_is_utf8: self.utf8,
            message_expiry_secs: self
                .message_expiry
                .map(|secs| secs.to_string())
                .unwrap_or_default(),
            format,
            payload,
            user_properties: self.user_properties.clone(),
            pairing: PairingDraft {
                rule: self.rule.clone().unwrap_or_default(),
                values: self.variables.iter().cloned().collect(),
            },
            ..RequestDraft::default()
        }
    }

    pub fn payload_file(&self) -> Option<PayloadFile<'_>> {
        self.file.as_deref().map(|path| {
            if path == Path::new("-") {
                PayloadFile::Stdin
            } else {
                PayloadFile::File(path)
            }
        })
    }
}

const RESPOND_EXAMPLES: &str = "\
Examples:
  roundtrip respond -t 'cmnd/+/power' --reply on --delay 5ms --jitter 1ms
  roundtrip respond -t lamp/get --reply '{\"on\":{{state.on}},\"at\":\"{{now}}\"}' --state on=true
  roundtrip respond --url mqtt://me@broker.lab --password-env PW --device lamp.toml
  roundtrip respond --rule aliyun-rrpc -t '/sys/a1pump/pump-7/rrpc/request/+' --reply '{\"rpm\":0}'

Placeholders in templates:
  {{payload}}        the request's payload; {{payload.a.b}} a member of it, if it is JSON
  {{state.name}}     a value that the device remembers
  {{topic}}          the request's topic; {{topic.2}} its second level
  {{user.name}}      a user property of the request
  {{correlation}}    its Correlation Data; {{correlation.hex}} as hex
  {{uuid}} {{now}} {{counter}} {{random.1.6}}
                     a new UUID, the time, the number of the request, a random number";

/// Be a simulated device until Ctrl+C: answer requests with a template
///
/// The answer goes to the request's Response Topic with its Correlation Data unaltered. A request without
/// a Response Topic is answered on --reply-topic, if given, else noted and not answered.
#[derive(Debug, clap::Args)]
#[command(after_help = format!("{RESPOND_EXAMPLES}\n\n{EXIT_CODES}\n\n{UNITS}"))]
pub struct RespondArgs {
    #[command(flatten)]
    pub connect: ConnectArgs,

    /// What to listen to; wildcards + and # are fine; can be given again; with --rule its requests
    #[arg(short, long = "topic", value_name = "FILTER", value_parser = values::filter,
        required_unless_present_any = ["device", "rule"], conflicts_with = "device", help_heading = "Device")]
    pub topics: Vec<String>,

    /// The answer; {{…}} is filled in
    #[arg(long, value_name = "TEMPLATE", value_parser = values::template, allow_hyphen_values = true,
        required_unless_present = "device", conflicts_with = "device", help_heading = "Device")]
    pub reply: Option<String>,

    /// Take the device from a file, such as one of devices/ in a workspace
    #[arg(long, value_name = "FILE", help_heading = "Device")]
    pub device: Option<PathBuf>,

    /// Answer by this pairing rule instead of Response Topic and Correlation Data; `roundtrip rules` lists them
    #[arg(
        long,
        value_name = "ID",
        conflicts_with = "device",
        help_heading = "Pairing"
    )]
    pub rule: Option<String>,

    /// Rules of your own, TOML or JSON; tried before the shipped ones; can be given again
    #[arg(long, value_name = "FILE", help_heading = "Pairing")]
    pub rules: Vec<PathBuf>,

    /// What the answer says of itself, where the rule has a place for it: ok, error or progress
    #[arg(long, value_name = "ok|error|progress", value_parser = ["ok", "error", "progress"],
        conflicts_with = "device", help_heading = "Pairing")]
    pub status: Option<String>,

    /// The code beside the status; {{…}} is filled in
    #[arg(long, value_name = "TEMPLATE", value_parser = values::template, requires = "status", help_heading = "Pairing")]
    pub code: Option<String>,

    /// Answer after this time, such as 5ms
    #[arg(long, value_name = "TIME", value_parser = values::delay, conflicts_with = "device", help_heading = "Device")]
    pub delay: Option<String>,

    /// How far the delay strays to both sides, such as 1ms
    #[arg(long, value_name = "TIME", value_parser = values::delay, conflicts_with = "device", help_heading = "Device")]
    pub jitter: Option<String>,

    /// Where to answer requests that have no Response Topic; {{…}} is filled in
    #[arg(long, value_name = "TOPIC", value_parser = values::template, conflicts_with = "device", help_heading = "Device")]
    pub reply_topic: Option<String>,

    /// A value to remember, for {{state.NAME}}; JSON where it is JSON, else text; can be given again
    #[arg(long, value_name = "NAME=VALUE", value_parser = values::state, conflicts_with = "device", help_heading = "Device")]
    pub state: Vec<(String, Value)>,

    /// What the answer is, such as application/json
    #[arg(long, value_name = "TYPE", value_parser = values::string, conflicts_with = "device", help_heading = "Device")]
    pub content_type: Option<String>,

    /// The highest quality of service to take requests at: 0, 1 or 2
    #[arg(short, long, value_name = "0|1|2", default_value = "2", value_parser = values::qos, conflicts_with = "device", help_heading = "Device")]
    pub qos: Qos,

    /// Do not tell of each request and answer
    #[arg(long, help_heading = "Output")]
    pub quiet: bool,
}

const LISTEN_EXAMPLES: &str = "\
Examples:
  roundtrip listen
  roundtrip listen --url mqtt://me@broker.lab -t 'plant/+/state' -t alarms --record today.rtrec
  roundtrip listen --profile lab --record night.rtrec --for 8h --quiet
  roundtrip listen -t 'sensors/#' --count 10 --json | jq -r .message.topic

  roundtrip listen -t device/hello --count 1 --for 30s --quiet && echo it is there";

/// Listen to topics until Ctrl+C: print what comes, and record it
///
/// A recording is one SQLite file, which the window opens and `sqlite3` reads; one that is there goes on. A kill
/// loses its last second at most. It ends with 0 after Ctrl+C, --for or --count messages, and with 3 when --for
/// is over before --count messages came.
#[derive(Debug, clap::Args)]
#[command(after_help = format!("{LISTEN_EXAMPLES}\n\n{EXIT_CODES}\n\n{UNITS}"))]
pub struct ListenArgs {
    #[command(flatten)]
    pub connect: ConnectArgs,

    /// What to listen to; wildcards + and # are fine; can be given again
    #[arg(short, long = "topic", value_name = "FILTER", value_parser = values::filter, default_value = "#",
        help_heading = "Listen")]
    pub topics: Vec<String>,

    /// The highest quality of service that messages come with: 0, 1 or 2
    #[arg(short, long, value_name = "0|1|2", default_value = "2", value_parser = values::qos, help_heading = "Listen")]
    pub qos: Qos,

    /// End after this time, such as 30s, 5m or 8h
    #[arg(long = "for", value_name = "TIME", value_parser = values::span, help_heading = "Listen")]
    pub limit: Option<Duration>,

    /// End after so many messages
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), help_heading = "Listen")]
    pub count: Option<u64>,

    /// Record what comes into this file, a new one or an earlier recording
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub record: Option<PathBuf>,

    /// Print every message as one line of JSON that keeps all of it
    #[arg(long, help_heading = "Output")]
    pub json: bool,

    /// Do not print messages
    #[arg(long, conflicts_with = "json", help_heading = "Output")]
    pub quiet: bool,
}

const BROKER_EXAMPLES: &str = "\
Examples:
  roundtrip broker --port 1883
  roundtrip broker | { read -r _ _ address; roundtrip demo relay --url mqtt://$address; }";

/// Run the built-in broker alone until Ctrl+C
///
/// It listens on this machine only (127.0.0.1) and keeps nothing on disk. The first line on stdout is
/// `listening on 127.0.0.1:PORT`.
#[derive(Debug, clap::Args)]
#[command(after_help = BROKER_EXAMPLES)]
pub struct BrokerArgs {
    /// The port to listen on [default: a free one]
    #[arg(long, value_name = "N", value_parser = values::port)]
    pub port: Option<u16>,

    /// Say on stderr what clients do
    #[arg(short, long)]
    pub verbose: bool,
}

const PAIR_EXAMPLES: &str = "\
Examples:
  roundtrip pair --rules rules.json --trace trace.json
  roundtrip pair --trace trace.json --json | jq .near_miss
  roundtrip pair --rules mine.toml --rules others.json --trace - < trace.json

A verdict is
  Q                a request
  R0:ok            a reply to message 0 (messages are counted from 0) that says it went well,
  R3:error:404     that it failed, with the code if the rule names one and it is there,
  R0:progress      or that it is still at work
  D0               a further reply to message 0, which is complete
  S                a retained message that would have paired
  -                none of these

A rule, in JSON and in TOML:
  {\"id\": \"mine\", \"request\": {\"topic\": \"dev/{device}/req\", \"bind\": {\"id\": \"json:/id\"}},
   \"reply\": {\"topic\": [\"dev/{device}/resp\"], \"bind\": {\"id\": \"json:/id\"}},
   \"status\": {\"error\": [[\"json:/error\", \"exists\"]], \"code\": [\"json:/error/code\"]}}

  id = \"mine\"
  request = { topic = \"dev/{device}/req\", bind = { id = \"json:/id\" } }
  reply = { topic = [\"dev/{device}/resp\"], bind = { id = \"json:/id\" } }

A trace:
  [{\"topic\": \"dev/a/req\", \"json\": {\"id\": 1}}, {\"topic\": \"dev/a/resp\", \"json\": {\"id\": 1}}]

Besides topic, a message may have resp, corr (text or hex:…), user (pairs), ctype, retain, expiry, packet_id, and one of json,
text, hex and base64. An object with such a list as msgs is a trace, too; a list of those is judged one after the other.";

/// Judge a recorded list of messages by pairing rules: one verdict a message, one a line
///
/// Nobody is connected to. The rules are tried in their order; those of several files in the order of the files.
#[derive(Debug, clap::Args)]
#[command(after_help = PAIR_EXAMPLES)]
pub struct PairArgs {
    /// A list of rules in JSON, or rules in TOML; - is stdin; can be given again [default: the shipped rules]
    #[arg(long, value_name = "FILE")]
    pub rules: Vec<PathBuf>,

    /// The messages, a list in JSON; - is stdin
    #[arg(long, value_name = "FILE")]
    pub trace: PathBuf,

    /// Print one line of JSON a message: rule, variables, and why it is nothing; of a near miss which variable differs
    #[arg(long)]
    pub json: bool,
}

const RULES_EXAMPLES: &str = "\
Examples:
  roundtrip rules
  roundtrip rules --json | jq -r .id
  roundtrip rules --rules mine.toml";

/// List the pairing rules: your own and the shipped ones, in the order in which they are tried
///
/// Your own are those of --rules and those of the folder rules/ of the workspace.
#[derive(Debug, clap::Args)]
#[command(after_help = RULES_EXAMPLES)]
pub struct RulesArgs {
    /// Rules of your own, TOML or JSON; can be given again
    #[arg(long, value_name = "FILE")]
    pub rules: Vec<PathBuf>,

    /// Print one line of JSON a rule
    #[arg(long)]
    pub json: bool,
}

const SCREENSHOT_EXAMPLES: &str = "\
Examples:
  roundtrip screenshot --demo smart-light --out window.png --size 1280x720 --theme light
  roundtrip screenshot --demo intermittent-device --out lanes.png --view lanes";

/// Open the window, play a demo in it, save what it shows and exit
///
/// It needs a display; `xvfb-run roundtrip screenshot …` brings one along.
#[derive(Debug, clap::Args)]
#[command(after_help = SCREENSHOT_EXAMPLES)]
pub struct ScreenshotArgs {
    /// The demo to play; `roundtrip demo --list` tells them
    #[arg(long, value_name = "NAME")]
    pub demo: String,

    /// The picture to write
    #[arg(long, value_name = "FILE.png", value_parser = values::png)]
    pub out: PathBuf,

    /// The window's size in points
    #[arg(long, value_name = "WIDTHxHEIGHT", default_value = "1560x930", value_parser = values::size)]
    pub size: Size,

    #[arg(long, value_enum, default_value_t)]
    pub theme: ThemeArg,

    /// How the timeline is looked at
    #[arg(long, value_enum, default_value_t)]
    pub view: ViewArg,
}

const BENCH_EXAMPLES: &str = "\
Examples:
  roundtrip bench                             everything, about two minutes
  roundtrip bench --quick | jq .rtt_ratio     the same, shorter and rougher
  roundtrip bench --parts rtt,throughput --url mqtt://broker.lab
  roundtrip bench --window --parts frames     in a real window, with what rasterising takes";

/// Measure Roundtrip against a bare rumqttc loop, and print the figures as JSON
///
/// Bare loop and Roundtrip take turns at the same requests to the same responder, on a Mosquitto of its own, on the
/// broker that --url names, or on the built-in one where there is no Mosquitto. Compare ratios, not seconds, and
/// only on a machine that does nothing else. docs/performance.md tells the method and our own figures.
#[derive(Debug, clap::Args)]
#[command(after_help = BENCH_EXAMPLES)]
pub struct BenchArgs {
    /// A broker that lets anonymous clients in
    #[arg(long, value_name = "URL", value_parser = values::url)]
    pub url: Option<Url>,

    /// What to measure
    #[arg(long, value_enum, value_delimiter = ',', value_name = "PART,…",
        default_values_t = [BenchPart::Rtt, BenchPart::Throughput, BenchPart::Ingest, BenchPart::Memory, BenchPart::Frames])]
    pub parts: Vec<BenchPart>,

    /// Two short turns each, and a tenth of the exchanges
    #[arg(long)]
    pub quick: bool,

    /// How often bare loop and Roundtrip take turns [default: 7; with --quick 2]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=100))]
    pub rounds: Option<u16>,

    /// How long one turn lasts, in seconds [default: 2; with --quick 0.5]
    #[arg(long, value_name = "SECONDS", value_parser = values::seconds)]
    pub seconds: Option<Duration>,

    /// How many exchanges the timeline is filled with [default: 1000000; with --quick 100000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1_000..=10_000_000))]
    pub exchanges: Option<u64>,

    /// Also measure this command, in turn with the others; it prints a line of JSON, as those in scripts/peers do
    #[arg(long, value_name = "NAME=COMMAND", value_parser = values::peer)]
    pub peer: Vec<(String, String)>,

    /// Open the real window and measure in it; it needs a display
    #[arg(long)]
    pub window: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BenchPart {
    /// One request after the other
    Rtt,
    /// 100 requests on their way at any time
    Throughput,
    /// 50,000 messages a second
    Ingest,
    /// What an exchange costs beyond its payloads
    Memory,
    /// Frames: standing still, scrolling, jumping, rows arriving
    Frames,
}

impl BenchPart {
    /// As it is typed.
    pub fn word(self) -> &'static str {
        match self {
            Self::Rtt => "rtt",
            Self::Throughput => "throughput",
            Self::Ingest => "ingest",
            Self::Memory => "memory",
            Self::Frames => "frames",
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ThemeArg {
    #[default]
    Dark,
    Light,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ViewArg {
    #[default]
    Table,
    Lanes,
    Latency,
    Topics,
}
