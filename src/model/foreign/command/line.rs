//! One command line: its options become a profile and what it publishes or subscribes to.

use super::flags::{self, Flag, Means, Takes};
use super::{Family, Role};
use crate::model::foreign::found::{self, Entry, set_password};
use crate::model::foreign::words::Word;
use crate::model::foreign::{ForeignProfile, LeftOut};
use crate::model::message::{Qos, UserProperty};
use crate::model::payload::PayloadFormat;
use crate::model::profile::{
    AuthenticationDraft, BrokerAddress, HeaderDraft, ProfileDraft, ProxyDraft, ReconnectDraft,
    Scheme, SecretSlot, TlsDraft, TlsVersion, VersionChoice, WebSocketDraft, WillDraft,
};
use crate::model::request::{RequestDraft, ResponseTopicDraft};
use crate::model::secret::Secret;
use crate::model::subscribe::{RetainHandling, SubscriptionDraft, check_identifier};
use crate::model::topic::TopicName;

/// What a line came to.
pub(super) struct Done {
    pub profile: ForeignProfile,
    pub request: Option<RequestDraft>,
    /// Without their connection.
    pub subscriptions: Vec<SubscriptionDraft>,
    pub left_out: Vec<LeftOut>,
}

pub(super) struct Line {
    family: Family,
    role: Role,
    of: String,
    pub is_piped: bool,
    profile: ForeignProfile,
    host: String,
    port: Option<u16>,
    path: Option<String>,
    unix: Option<String>,
    is_encrypted: bool,
    is_web_socket: bool,
    tls: TlsDraft,
    wants_tls: bool,
    request: RequestDraft,
    payload: Vec<u8>,
    format: Option<PayloadFormat>,
    topics: Vec<String>,
    listens: Listens,
    left_out: Vec<LeftOut>,
}

/// What a SUBSCRIBE asks for besides its filters: for each of them in turn, and the first for those that have none.
#[derive(Default)]
struct Listens {
    qos: Vec<Qos>,
    no_local: Vec<bool>,
    retain_as_published: Vec<bool>,
    retain_handling: Vec<RetainHandling>,
    identifier: Vec<u32>,
}

fn at_or_first<T: Copy>(list: &[T], at: usize) -> Option<T> {
    list.get(at).or_else(|| list.first()).copied()
}

impl Listens {
    fn to(&self, at: usize, filter: String) -> SubscriptionDraft {
        SubscriptionDraft {
            filter,
            qos: at_or_first(&self.qos, at).unwrap_or(Qos::AtMostOnce),
            no_local: at_or_first(&self.no_local, at).unwrap_or(false),
            retain_as_published: at_or_first(&self.retain_as_published, at).unwrap_or(false),
            retain_handling: at_or_first(&self.retain_handling, at).unwrap_or_default(),
            identifier: at_or_first(&self.identifier, at),
            ..SubscriptionDraft::default()
        }
    }
}

impl Line {
    pub fn new(family: Family, role: Role, of: String) -> Self {
        let mut draft = ProfileDraft::default();
        // MQTT 3.1.1 is what these two begin with.
        if family == Family::Mosquitto && role != Role::Request {
            draft.mqtt_version = VersionChoice::V311;
        }
        if family == Family::Mqttx {
            draft.keep_alive_secs = 30;
        }
        Self {
            family,
            role,
            of,
            is_piped: false,
            profile: ForeignProfile {
                key: String::new(),
                draft,
                secrets: Vec::new(),
                files: Vec::new(),
            },
            host: "localhost".to_owned(),
            port: None,
            path: None,
            unix: None,
            is_encrypted: false,
            is_web_socket: false,
            tls: TlsDraft::default(),
            wants_tls: false,
            request: RequestDraft {
                qos: Qos::AtMostOnce,
                response_topic: ResponseTopicDraft::None,
                correlation_data: found::correlation(None),
                ..RequestDraft::default()
            },
            payload: Vec::new(),
            format: None,
            topics: Vec::new(),
            listens: Listens::default(),
            left_out: Vec::new(),
        }
    }

    pub fn leave(&mut self, what: impl Into<String>, why: impl Into<String>) {
        self.left_out.push(LeftOut {
            of: self.of.clone(),
            what: what.into(),
            why: why.into(),
        });
    }

    pub fn read(&mut self, words: &[Word]) {
        let mut rest = words;
        while let [first, after @ ..] = rest {
            rest = after;
            let name = String::from_utf8_lossy(&first.bytes).into_owned();
            if !name.starts_with('-') || name.len() < 2 {
                let at = words.len() - rest.len();
                // Whatever it is, it may be a secret.
                self.leave(
                    format!("the word number {at}"),
                    "it belongs to no option that is known",
                );
                continue;
            }
            if let Some(flag) = flags::find(self.family, self.role, &name) {
                let values = self.values(flag, &name, &mut rest);
                self.apply(flag, &name, &values);
            } else if let Some((flag, value)) = self.joined(first) {
                self.apply(flag, flag.names, &[value]);
            } else {
                // What follows is likely its value.
                let takes = rest.first().is_some_and(|word| !is_option(word));
                if takes {
                    rest = rest.get(1..).unwrap_or_default();
                }
                // What is joined to it may be a secret.
                let name = name.split('=').next().unwrap_or_default();
                self.leave(
                    format!("`{name}`{}", if takes { " and its value" } else { "" }),
                    "this option is not known here",
                );
            }
        }
    }

    /// `--name=value`, `-n=value` or `-nvalue`, where the program takes them.
    fn joined(&self, word: &Word) -> Option<(&'static Flag, Word)> {
        if self.family == Family::Mosquitto {
            return None;
        }
        let bytes = &word.bytes;
        let with = |at: usize, skip: usize| {
            let name = std::str::from_utf8(bytes.get(..at)?).ok()?;
            let flag = flags::find(self.family, self.role, name)?;
            let takes = !matches!(flag.takes, Takes::Nothing);
            let value = Word {
                bytes: bytes.get(at + skip..)?.to_vec(),
                unknown: word.unknown.clone(),
            };
            takes.then_some((flag, value))
        };
        let equals = bytes.iter().position(|byte| *byte == b'=');
        equals
            .and_then(|at| with(at, 1))
            .or_else(|| with(2, 0).filter(|_| !bytes.starts_with(b"--")))
    }

    fn values<'a>(&mut self, flag: &Flag, name: &str, rest: &mut &'a [Word]) -> Vec<Word> {
        let count = match flag.takes {
            Takes::Nothing => 0,
            Takes::One => 1,
            Takes::Maybe => usize::from(rest.first().is_some_and(|word| !is_option(word))),
            Takes::Truth => usize::from(
                rest.first()
                    .is_some_and(|word| matches!(&*word.bytes, b"true" | b"false")),
            ),
            Takes::Truths => rest
                .iter()
                .take_while(|word| matches!(&*word.bytes, b"true" | b"false"))
                .count(),
            Takes::Many => rest
                .iter()
                .enumerate()
                .position(|(at, word)| at > 0 && is_option(word))
                .unwrap_or(rest.len()),
            Takes::Property => {
                let is_pair = rest
                    .get(1)
                    .is_some_and(|word| word.bytes.eq_ignore_ascii_case(b"user-property"));
                if is_pair { 4 } else { 3 }
            }
        };
        if rest.len() < count || (flag.takes == Takes::Many && count == 0) {
            self.leave(format!("`{name}`"), "its value is missing");
        }
        let (values, after): (&'a [Word], _) = rest.split_at(count.min(rest.len()));
        *rest = after;
        let values = values.to_vec();
        let unknown: Vec<String> = values.iter().flat_map(|one| one.unknown.clone()).collect();
        for shown in unknown {
            self.leave(
                format!("{shown} in `{name}`"),
                "a shell would have filled it in; replace it",
            );
        }
        values
    }

    /// A value as text; what is none is told.
    fn text(&mut self, name: &str, word: &Word) -> Option<String> {
        let text = String::from_utf8(word.bytes.clone()).ok();
        if text.is_none() {
            self.leave(format!("the value of `{name}`"), "it is no text (UTF-8)");
        }
        text
    }

    fn number<T: std::str::FromStr>(&mut self, name: &str, text: &str) -> Option<T> {
        let number = text.trim().parse().ok();
        if number.is_none() {
            self.leave(
                format!("`{name} {text}`"),
                "it is no number, or too large or too small for what it stands for",
            );
        }
        number
    }

    fn set_port(&mut self, name: &str, text: &str) {
        match text.trim().parse() {
            Ok(port) if port > 0 => self.port = Some(port),
            // Another port may be another broker: it is not enough to say what was left out.
            _ => self.leave(
                format!("`{name} {text}`"),
                "it is no port (1 to 65535); the usual one stands in the address now, so correct it before you connect",
            ),
        }
    }

    fn qos(&mut self, name: &str, text: &str) -> Option<Qos> {
        let level: u8 = self.number(name, text)?;
        Qos::try_from(level)
            .map_err(|why| self.leave(format!("`{name} {text}`"), why))
            .ok()
    }

    fn will(&mut self) -> &mut WillDraft {
        self.profile.draft.will.get_or_insert_with(|| WillDraft {
            qos: Qos::AtMostOnce,
            ..WillDraft::default()
        })
    }

    fn apply(&mut self, flag: &Flag, name: &str, values: &[Word]) {
        let name = name.split(' ').next().unwrap_or(name);
        if self.role == Role::Subscribe && is_of_publish(flag.means) {
            return self.leave(format!("`{name}`"), "a subscription has no field for it");
        }
        match flag.means {
            Means::Payload => {
                let value = values.first().map(|word| word.bytes.clone());
                self.payload = value.unwrap_or_default();
                return;
            }
            Means::Correlation => {
                let value = values.first().map(|word| word.bytes.as_slice());
                self.request.correlation_data = found::correlation(value);
                return;
            }
            Means::WillCorrelation => {
                let value = values.first().map(|word| word.bytes.as_slice());
                self.will().correlation_data = found::correlation(value);
                return;
            }
            Means::Property => return self.property(values),
            // A shell would have known it, and nobody else does.
            Means::Password if values.iter().any(|word| !word.unknown.is_empty()) => {
                self.profile.draft.password_wanted = true;
                return;
            }
            Means::NoFieldSecret => {
                return self.leave(
                    format!("`{name}` and its value"),
                    "a connection has no place for it",
                );
            }
            _ => {}
        }
        let texts: Option<Vec<String>> = values.iter().map(|word| self.text(name, word)).collect();
        let Some(texts) = texts else { return };
        let is_missing = matches!(flag.takes, Takes::One | Takes::Many) && texts.is_empty();
        if is_missing {
            return;
        }
        let one = texts.first().map(String::as_str).unwrap_or_default();
        if !self.of_connection(flag.means, name, one, &texts) {
            self.of_message(flag.means, name, one, &texts);
        }
    }

    /// False for what is not about the connection.
    fn of_connection(&mut self, means: Means, name: &str, one: &str, texts: &[String]) -> bool {
        let is_on = one != "false";
        match means {
            Means::Host => one.clone_into(&mut self.host),
            Means::Port => self.set_port(name, one),
            Means::UserName => one.clone_into(&mut self.profile.draft.user_name),
            Means::Password => set_password(&mut self.profile, one),
            Means::ClientId => one.clone_into(&mut self.profile.draft.client_id),
            Means::KeepAlive => {
                if let Some(secs) = self.number(name, one) {
                    self.profile.draft.keep_alive_secs = secs;
                }
            }
            Means::KeepSession => self.profile.draft.clean_start = false,
            Means::CleanStart => self.profile.draft.clean_start = is_on,
            Means::SessionExpiry => {
                if let Some(secs) = self.number(name, one) {
                    self.profile.draft.session_expiry_secs = secs;
                }
            }
            Means::Version => self.version(one),
            Means::Url => self.url(one),
            Means::UnixSocket => self.unix = Some(one.to_owned()),
            Means::Proxy => self.proxy(one),
            Means::Protocol => match one {
                "mqtt" | "mqtts" | "ws" | "wss" => {
                    self.is_encrypted = matches!(one, "mqtts" | "wss");
                    self.is_web_socket = matches!(one, "ws" | "wss");
                }
                other => self.leave(
                    format!("`{name} {other}`"),
                    "it is none of mqtt, mqtts, ws, wss",
                ),
            },
            Means::Path => {
                self.path = Some(one.to_owned());
                self.is_web_socket |= self.family == Family::HiveMq;
            }
            Means::Header => self.headers(texts),
            Means::WebSocket => self.is_web_socket = true,
            Means::Encrypted => self.is_encrypted = true,
            Means::NotEncrypted => self.wants_tls = false,
            Means::CaFile => {
                one.clone_into(&mut self.tls.ca_file);
                self.tls.system_roots = false;
                self.wants_tls = true;
            }
            Means::Certificate => {
                one.clone_into(&mut self.tls.certificate_file);
                self.wants_tls = true;
            }
            Means::Key => {
                one.clone_into(&mut self.tls.key_file);
                self.wants_tls = true;
            }
            Means::KeyPassphrase => {
                self.tls.key_passphrase_wanted = true;
                let secret = Secret::new(one.to_owned());
                self.profile
                    .secrets
                    .push((SecretSlot::KeyPassphrase, secret));
            }
            Means::DoNotVerify => self.tls.verify = false,
            Means::SystemRoots => {
                self.tls.system_roots = true;
                self.wants_tls = true;
            }
            Means::TlsVersion => self.tls_version(name, one),
            Means::Alpn => self.tls.alpn.extend(texts.iter().cloned()),
            Means::ReceiveMaximum => self.profile.draft.receive_maximum = self.number(name, one),
            Means::MaximumPacketSize => {
                self.profile.draft.maximum_packet_size = self.number(name, one);
            }
            Means::TopicAliasMaximum => {
                self.profile.draft.topic_alias_maximum = self.number(name, one);
            }
            Means::ResponseInformation => {
                self.profile.draft.request_response_information = is_on;
            }
            Means::ProblemInformation => self.profile.draft.request_problem_information = is_on,
            Means::NoProblemInformation => self.profile.draft.request_problem_information = false,
            Means::AuthenticationMethod => {
                let draft = self.profile.draft.authentication.get_or_insert_default();
                one.clone_into(&mut draft.method);
            }
            Means::ConnectUserProperty => {
                let found = self.pairs(name, texts);
                self.profile.draft.user_properties.extend(found);
            }
            Means::ReconnectPeriod => {
                if let Some(ms) = self.number::<u32>(name, one) {
                    self.profile.draft.reconnect = ReconnectDraft {
                        is_on: ms > 0,
                        first_ms: ms.max(1),
                        most_secs: ms.div_ceil(1000).max(1),
                    };
                }
            }
            _ => return self.of_will(means, name, one, texts),
        }
        true
    }

    fn of_will(&mut self, means: Means, name: &str, one: &str, texts: &[String]) -> bool {
        match means {
            Means::WillTopic => one.clone_into(&mut self.will().topic),
            Means::WillPayload => {
                let (format, payload) = found::payload(one.as_bytes());
                let will = self.will();
                (will.format, will.payload) = (format, payload);
            }
            Means::WillQos => {
                if let Some(qos) = self.qos(name, one) {
                    self.will().qos = qos;
                }
            }
            Means::WillRetain => self.will().retain = one != "false",
            Means::WillDelay => {
                if let Some(secs) = self.number(name, one) {
                    self.will().delay_secs = secs;
                }
            }
            Means::WillExpiry => {
                let secs = self.number(name, one);
                self.will().message_expiry_secs = secs;
            }
            Means::WillContentType => one.clone_into(&mut self.will().content_type),
            Means::WillResponseTopic => one.clone_into(&mut self.will().response_topic),
            Means::WillUserProperty => {
                let found = self.pairs(name, texts);
                self.will().user_properties.extend(found);
            }
            _ => return false,
        }
        true
    }

    fn of_message(&mut self, means: Means, name: &str, one: &str, texts: &[String]) {
        match means {
            Means::Topic => self.topics.extend(texts.iter().cloned()),
            Means::Qos => {
                let all: Vec<Qos> = texts.iter().filter_map(|it| self.qos(name, it)).collect();
                if let Some(qos) = all.first() {
                    self.request.qos = *qos;
                }
                self.listens.qos.extend(all);
            }
            Means::NoLocal
            | Means::RetainAsPublished
            | Means::RetainHandling
            | Means::Identifier
                if self.role != Role::Subscribe =>
            {
                self.leave(shown(name, one), "it is about a subscription");
            }
            Means::NoLocal => self.listens.no_local.extend(truths(texts)),
            Means::RetainAsPublished => self.listens.retain_as_published.extend(truths(texts)),
            Means::RetainHandling => {
                for text in texts {
                    let number: Option<usize> = self.number(name, text);
                    let Some(number) = number else { continue };
                    match RetainHandling::ALL.get(number) {
                        Some(one) => self.listens.retain_handling.push(*one),
                        None => self.leave(shown(name, text), "Retain Handling is 0, 1 or 2"),
                    }
                }
            }
            Means::Identifier => {
                for text in texts {
                    let number: Option<u32> = self.number(name, text);
                    let Some(number) = number else { continue };
                    match check_identifier(number) {
                        Ok(number) => self.listens.identifier.push(number),
                        Err(why) => self.leave(shown(name, text), why),
                    }
                }
            }
            Means::Retain => self.request.retain = one != "false",
            Means::NoPayload => self.payload.clear(),
            Means::PayloadFile => self.leave(
                format!("the payload in the file {one}"),
                "files are not read; paste it into the request",
            ),
            Means::PayloadInput => {
                let from = if self.is_piped {
                    "that another command writes"
                } else {
                    "from the terminal"
                };
                self.leave(
                    format!("the payload {from}"),
                    "it is not on the line; paste it into the request",
                );
            }
            Means::PayloadFormat => match one {
                "hex" => self.format = Some(PayloadFormat::Hex),
                "base64" => self.format = Some(PayloadFormat::Base64),
                "json" => {}
                other => self.leave(
                    format!("the payload's format {other}"),
                    "it is sent as the text that was typed",
                ),
            },
            Means::ResponseTopic => {
                self.request.response_topic = ResponseTopicDraft::Typed(one.to_owned());
            }
            Means::ContentType => one.clone_into(&mut self.request.content_type),
            Means::Expiry => {
                if let Some(secs) = self.number::<u32>(name, one) {
                    self.request.message_expiry_secs = secs.to_string();
                }
            }
            Means::Utf8 => {
                let is_no = matches!(
                    one.to_ascii_lowercase().as_str(),
                    "unspecified" | "0" | "false"
                );
                self.request.payload_is_utf8 = !is_no;
            }
            Means::UserProperty => {
                let found = self.pairs(name, texts);
                self.request.user_properties.extend(found);
            }
            Means::Timeout if self.role == Role::Request => {
                self.request.timeout = format!("{one} s");
            }
            Means::Always => {}
            Means::Printing => self.leave(shown(name, one), "it is about what that program prints"),
            _ => self.leave(
                shown(name, one),
                "neither a connection nor a request has a field for it",
            ),
        }
    }

    fn version(&mut self, text: &str) {
        self.profile.draft.mqtt_version = match text.trim_start_matches("mqttv") {
            "5" | "5.0" => VersionChoice::V5,
            "311" | "3.1.1" | "4" => VersionChoice::V311,
            "3" if self.family == Family::HiveMq => VersionChoice::V311,
            "31" | "3.1" | "3" => {
                self.leave("MQTT 3.1", "Roundtrip speaks 5 and 3.1.1; it is 3.1.1 now");
                VersionChoice::V311
            }
            _ => return self.leave(format!("MQTT {text}"), "Roundtrip speaks 5 and 3.1.1"),
        };
    }

    /// `mqtt(s)://user:password@host:port/topic`.
    fn url(&mut self, text: &str) {
        let Ok(url) = url::Url::parse(text) else {
            return self.leave("the URL", "it cannot be read");
        };
        let decode = |part: &str| {
            percent_encoding::percent_decode_str(part)
                .decode_utf8_lossy()
                .into_owned()
        };
        match url.scheme() {
            "mqtt" => self.is_encrypted = false,
            "mqtts" => self.is_encrypted = true,
            "ws" | "wss" => {
                self.is_web_socket = true;
                self.is_encrypted = url.scheme() == "wss";
            }
            other => self.leave(
                format!("`{other}://`"),
                "it is none of mqtt, mqtts, ws, wss",
            ),
        }
        self.host = decode(url.host_str().unwrap_or_default());
        self.port = url.port().or(self.port);
        if !url.username().is_empty() {
            self.profile.draft.user_name = decode(url.username());
        }
        if let Some(password) = url.password() {
            set_password(&mut self.profile, &decode(password));
        }
        let topic = decode(url.path().trim_start_matches('/'));
        if !topic.is_empty() {
            self.topics.push(topic);
        }
    }

    fn proxy(&mut self, text: &str) {
        let Ok(mut url) = url::Url::parse(text) else {
            return self.leave("the proxy", "its URL cannot be read");
        };
        let user_name = url.username().to_owned();
        let password = url.password().map(str::to_owned);
        if url.set_username("").is_err() || url.set_password(None).is_err() {
            return self.leave("the proxy", "its URL cannot be read");
        }
        let decode = |part: &str| {
            percent_encoding::percent_decode_str(part)
                .decode_utf8_lossy()
                .into_owned()
        };
        self.profile.draft.proxy = Some(ProxyDraft {
            // It looks names up itself, which is what the `h` asks for.
            address: url
                .as_str()
                .trim_end_matches('/')
                .replacen("socks5h://", "socks5://", 1),
            user_name: decode(&user_name),
            password_wanted: password.is_some(),
        });
        if let Some(password) = password {
            let secret = Secret::new(decode(&password));
            self.profile
                .secrets
                .push((SecretSlot::ProxyPassword, secret));
        }
    }

    /// `Name: value`. What says who somebody is, is a secret.
    fn headers(&mut self, texts: &[String]) {
        for text in texts {
            let Some((name, value)) = text.split_once(':') else {
                self.leave("a header", "it has no colon");
                continue;
            };
            let (name, value) = (name.trim().to_owned(), value.trim().to_owned());
            let lower = name.to_ascii_lowercase();
            let words = [
                "auth",
                "token",
                "cookie",
                "key",
                "secret",
                "password",
                "signature",
            ];
            let is_secret = words.iter().any(|word| lower.contains(word));
            let draft = self
                .profile
                .draft
                .web_socket
                .get_or_insert_with(WebSocketDraft::default);
            draft.headers.push(HeaderDraft {
                value: if is_secret {
                    String::new()
                } else {
                    value.clone()
                },
                name: name.clone(),
                is_secret,
            });
            if is_secret {
                let slot = SecretSlot::Header(name);
                self.profile.secrets.push((slot, Secret::new(value)));
            }
        }
    }

    fn tls_version(&mut self, name: &str, text: &str) {
        let version = match text.to_ascii_lowercase().trim_start_matches("tlsv") {
            "1.2" => TlsVersion::V12,
            "1.3" => TlsVersion::V13,
            _ => return self.leave(shown(name, text), "Roundtrip speaks TLS 1.2 and 1.3"),
        };
        self.tls.least_version = Some(version);
        self.tls.most_version = Some(version);
    }

    /// `name: value` for mqttx, `name=value` for mqtt.
    fn pairs(&mut self, flag: &str, texts: &[String]) -> Vec<UserProperty> {
        let sign = if self.family == Family::Mqttx {
            ": "
        } else {
            "="
        };
        let mut found = Vec::new();
        for text in texts {
            match text.split_once(sign) {
                Some((name, value)) => found.push(UserProperty {
                    name: name.to_owned(),
                    value: value.to_owned(),
                }),
                None => self.leave(
                    shown(flag, text),
                    format!("a user property is written NAME{sign}VALUE"),
                ),
            }
        }
        found
    }

    /// mosquitto's `-D packet property value`.
    fn property(&mut self, values: &[Word]) {
        let [packet, ident, rest @ ..] = values else {
            return self.leave("`-D`", "its words are missing");
        };
        // mosquitto itself speaks MQTT 5 then.
        self.profile.draft.mqtt_version = VersionChoice::V5;
        let packet = String::from_utf8_lossy(&packet.bytes).to_ascii_lowercase();
        let ident = String::from_utf8_lossy(&ident.bytes).to_ascii_lowercase();
        let means = match (packet.as_str(), ident.as_str()) {
            ("publish", "correlation-data") => Means::Correlation,
            ("will", "correlation-data") => Means::WillCorrelation,
            ("publish", "content-type") => Means::ContentType,
            ("publish", "message-expiry-interval") => Means::Expiry,
            ("publish", "payload-format-indicator") => Means::Utf8,
            ("publish", "response-topic") => Means::ResponseTopic,
            ("publish", "user-property") => Means::UserProperty,
            ("subscribe", "subscription-identifier") => Means::Identifier,
            ("connect", "authentication-method") => Means::AuthenticationMethod,
            ("connect", "maximum-packet-size") => Means::MaximumPacketSize,
            ("connect", "receive-maximum") => Means::ReceiveMaximum,
            ("connect", "session-expiry-interval") => Means::SessionExpiry,
            ("connect", "topic-alias-maximum") => Means::TopicAliasMaximum,
            ("connect", "request-response-information") => Means::ResponseInformation,
            ("connect", "request-problem-information") => Means::ProblemInformation,
            ("connect", "user-property") => Means::ConnectUserProperty,
            ("will", "content-type") => Means::WillContentType,
            ("will", "message-expiry-interval") => Means::WillExpiry,
            ("will", "response-topic") => Means::WillResponseTopic,
            ("will", "will-delay-interval") => Means::WillDelay,
            ("will", "user-property") => Means::WillUserProperty,
            ("connect", "authentication-data") => return self.authentication_data(rest),
            _ => {
                return self.leave(
                    format!("the property {ident} of {packet}"),
                    "neither a connection nor a request has a field for it",
                );
            }
        };
        if matches!(
            means,
            Means::UserProperty | Means::ConnectUserProperty | Means::WillUserProperty
        ) {
            let texts: Option<Vec<String>> =
                rest.iter().map(|word| self.text("-D", word)).collect();
            let Some([name, value]) = texts.as_deref() else {
                return self.leave("a user property", "its name or value is missing");
            };
            let property = UserProperty {
                name: name.clone(),
                value: value.clone(),
            };
            match means {
                Means::UserProperty => self.request.user_properties.push(property),
                Means::ConnectUserProperty => self.profile.draft.user_properties.push(property),
                _ => self.will().user_properties.push(property),
            }
            return;
        }
        // mosquitto writes 0 and 1 where the others write false and true.
        let is_truth = matches!(
            means,
            Means::ResponseInformation | Means::ProblemInformation
        );
        let rest: Vec<Word> = rest
            .iter()
            .map(|word| Word {
                bytes: if is_truth && word.bytes == b"0" {
                    b"false".to_vec()
                } else {
                    word.bytes.clone()
                },
                unknown: Vec::new(),
            })
            .collect();
        let flag = Flag {
            names: "-D",
            takes: Takes::One,
            means,
        };
        self.apply(&flag, "-D", &rest);
    }

    fn authentication_data(&mut self, values: &[Word]) {
        let Some(word) = values.first() else {
            return self.leave("Authentication Data", "its value is missing");
        };
        let draft = self
            .profile
            .draft
            .authentication
            .get_or_insert_with(AuthenticationDraft::default);
        draft.data_wanted = true;
        draft.data_format = PayloadFormat::Hex;
        let secret = Secret::new(hex::encode(&word.bytes));
        self.profile
            .secrets
            .push((SecretSlot::AuthenticationData, secret));
    }

    pub fn finish(mut self) -> Done {
        self.address();
        let is_message = matches!(self.role, Role::Request | Role::Publish);
        let mut subscriptions = Vec::new();
        let mut request = None;
        if is_message {
            let topics = std::mem::take(&mut self.topics);
            if let [.., topic] = topics.as_slice() {
                topic.clone_into(&mut self.request.topic);
            } else {
                self.leave("the topic", "there is none; type it into the request");
            }
            if topics.len() > 1 {
                self.leave("all topics but the last", "a request has one");
            }
            if let ResponseTopicDraft::Typed(topic) = &self.request.response_topic {
                self.check_topic("the Response Topic", &topic.clone());
            }
            self.check_topic("the topic", &self.request.topic.clone());
            self.payload();
            self.request.name.clone_from(&self.request.topic);
            request = Some(self.request);
        } else {
            if self.topics.is_empty() && self.role == Role::Subscribe {
                self.leave(
                    "the topic",
                    "there is none, so there is nothing to subscribe to",
                );
            }
            let filters = self.topics.drain(..).enumerate();
            subscriptions = filters.map(|(at, it)| self.listens.to(at, it)).collect();
        }
        self.profile.draft.name.clone_from(&self.host);
        Done {
            profile: self.profile,
            request,
            subscriptions,
            left_out: self.left_out,
        }
    }

    /// It is taken as it is, and what is wrong with it is told.
    fn check_topic(&mut self, what: &str, topic: &str) {
        if !topic.is_empty()
            && let Err(err) = TopicName::new(topic)
        {
            self.leave(
                format!("{what} `{topic}`"),
                format!("{err}; it stands in the request as it is, so correct it before you send"),
            );
        }
    }

    fn payload(&mut self) {
        let typed = std::str::from_utf8(&self.payload).ok();
        (self.request.format, self.request.payload) = match (self.format, typed) {
            (Some(format), Some(text)) if format.encode(text).is_ok() => (format, text.to_owned()),
            _ => found::payload(&self.payload),
        };
    }

    fn address(&mut self) {
        if let Some(path) = &self.unix {
            self.profile.draft.address = BrokerAddress::Unix {
                path: path.as_str().into(),
            }
            .to_string();
            self.host.clone_from(path);
            return;
        }
        let is_encrypted =
            self.is_encrypted || (self.wants_tls && self.family == Family::Mosquitto);
        let scheme = match (is_encrypted, self.is_web_socket) {
            (false, false) => Scheme::Mqtt,
            (true, false) => Scheme::Mqtts,
            (false, true) => Scheme::Ws,
            (true, true) => Scheme::Wss,
        };
        let default_port = match (self.family, scheme) {
            (Family::Mqttx, Scheme::Ws) => 8083,
            (Family::Mqttx, Scheme::Wss) => 8084,
            // It has one for all.
            (Family::HiveMq, _) if !is_encrypted => 1883,
            (Family::HiveMq, _) => 8883,
            _ => scheme.default_port(),
        };
        let port = self.port.unwrap_or(default_port);
        let path = self.path.clone().unwrap_or_else(|| "/mqtt".to_owned());
        let host = self.host.clone();
        let entry = &mut Entry {
            of: self.of.clone(),
            left_out: &mut self.left_out,
        };
        entry.address(&mut self.profile, scheme, &host, port, &path);
        let host = host
            .rsplit_once('@')
            .map_or(host.as_str(), |(_, host)| host);
        host.clone_into(&mut self.host);
        if scheme.is_encrypted() {
            self.profile.draft.tls = Some(self.tls.clone());
        } else if self.wants_tls {
            self.leave("files of certificates", "the connection is not encrypted");
        }
    }
}

/// Without a word it is true.
fn truths(texts: &[String]) -> Vec<bool> {
    if texts.is_empty() {
        return vec![true];
    }
    texts.iter().map(|text| text != "false").collect()
}

/// What only a message has.
fn is_of_publish(means: Means) -> bool {
    matches!(
        means,
        Means::Retain
            | Means::Payload
            | Means::NoPayload
            | Means::PayloadFile
            | Means::PayloadInput
            | Means::ResponseTopic
            | Means::Correlation
            | Means::ContentType
            | Means::Expiry
            | Means::Utf8
            | Means::UserProperty
    )
}

fn is_option(word: &Word) -> bool {
    word.bytes.len() > 1 && word.bytes.starts_with(b"-")
}

fn shown(name: &str, value: &str) -> String {
    if value.is_empty() {
        format!("`{name}`")
    } else {
        format!("`{name} {value}`")
    }
}
