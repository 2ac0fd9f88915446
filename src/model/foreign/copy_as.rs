//! A request as a command line of another program. Passwords are never in it: a variable of the shell stands for them.

use super::words::quote;
use crate::model::correlation::{CorrelationData, CorrelationSpec};
use crate::model::message::UserProperty;
use crate::model::profile::{BrokerAddress, MqttVersion, ProfileDraft, Scheme};
use crate::model::request::{RepliesWanted, Request};
use crate::model::topic::TopicName;
use std::fmt::Write as _;

/// The variable of the shell that stands for the password.
pub const PASSWORD_VARIABLE: &str = "MQTT_PASSWORD";

/// Whose command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    MosquittoRr,
    MosquittoPair,
    Mqttx,
    HiveMq,
}

impl Style {
    pub const ALL: [Self; 4] = [
        Self::MosquittoRr,
        Self::MosquittoPair,
        Self::Mqttx,
        Self::HiveMq,
    ];

    /// For people: `Copy as mosquitto_rr`.
    pub fn label(self) -> &'static str {
        match self {
            Self::MosquittoRr => "mosquitto_rr",
            Self::MosquittoPair => "mosquitto_sub and _pub",
            Self::Mqttx => "mqttx sub and pub",
            Self::HiveMq => "mqtt (HiveMQ) sub and pub",
        }
    }
}

/// A command, and what it does otherwise than Roundtrip would.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Copied {
    pub text: String,
    pub warnings: Vec<String>,
}

struct Writer<'a> {
    profile: &'a ProfileDraft,
    request: &'a Request,
    scheme: Scheme,
    host: String,
    port: u16,
    path: String,
    warnings: Vec<String>,
}

/// `made_up` is the Correlation Data of a request that draws one each time: a command line has one for ever.
pub fn copy_as(
    style: Style,
    profile: &ProfileDraft,
    request: &Request,
    made_up: &str,
) -> Result<Copied, String> {
    let parsed = BrokerAddress::parse(&profile.address)?;
    let (scheme, host, port, path) = match parsed.address {
        BrokerAddress::Tcp {
            scheme,
            host,
            port,
            path,
        } => (scheme, host.to_string(), port, path.to_string()),
        BrokerAddress::BuiltIn => {
            return Err(
                "the built-in broker has a port of its own in each run; connect to it first"
                    .to_owned(),
            );
        }
        BrokerAddress::Unix { .. } => {
            return Err("a Unix domain socket cannot be written in every one of them".to_owned());
        }
        BrokerAddress::Listener { .. } => {
            return Err("this connection is no MQTT: devices come to it over plain TCP".to_owned());
        }
    };
    let mut writer = Writer {
        profile,
        request,
        scheme,
        host,
        port,
        path,
        warnings: Vec::new(),
    };
    let correlation = writer.correlation(made_up);
    writer.warn_of_pairing();
    let text = match style {
        Style::MosquittoRr => writer.mosquitto_rr(correlation.as_ref())?,
        Style::MosquittoPair => writer.mosquitto_pair(correlation.as_ref())?,
        Style::Mqttx => writer.mqttx(correlation.as_ref())?,
        Style::HiveMq => writer.hivemq(correlation.as_ref())?,
    };
    Ok(Copied {
        text,
        warnings: writer.warnings,
    })
}

/// A command under construction.
struct Line(String);

impl Line {
    fn new(program: &str) -> Self {
        Self(program.to_owned())
    }

    fn raw(&mut self, words: &str) {
        self.0.push(' ');
        self.0.push_str(words);
    }

    /// An option and its value; a value with a zero byte is an error.
    fn bytes(&mut self, option: &str, value: &[u8]) -> Result<(), String> {
        let quoted = quote(value).ok_or_else(|| {
            format!("the value of {option} has a zero byte, which no command line can carry")
        })?;
        // A negative number or a name that begins with a dash is still a value.
        self.raw(&format!("{option} {quoted}"));
        Ok(())
    }

    fn text(&mut self, option: &str, value: &str) -> Result<(), String> {
        self.bytes(option, value.as_bytes())
    }
}

impl Writer<'_> {
    fn is_v5(&self) -> bool {
        self.profile.mqtt_version.first() == MqttVersion::V5
    }

    fn qos(&self) -> u8 {
        u8::from(self.request.qos)
    }

    fn response_topic(&self) -> Option<&str> {
        self.request.response_topic.as_ref().map(TopicName::as_str)
    }

    fn warn(&mut self, words: &str) {
        self.warnings.push(words.to_owned());
    }

    fn correlation(&mut self, made_up: &str) -> Option<CorrelationData> {
        self.request.response_topic.as_ref()?;
        if !self.is_v5() {
            self.warn("MQTT 3.1.1 has neither Response Topic nor Correlation Data");
            return None;
        }
        match &self.request.correlation {
            CorrelationSpec::None => None,
            CorrelationSpec::Fixed(data) => Some(data.clone()),
            _ => {
                self.warn("the Correlation Data was made up for this line; here every request gets its own");
                Some(CorrelationData::new(made_up.as_bytes().to_vec()))
            }
        }
    }

    fn warn_of_pairing(&mut self) {
        if !self.request.pairing.is_mqtt5() {
            let rule = &self.request.pairing.rule;
            self.warnings.push(format!(
                "what the pairing rule {rule} writes into a message is not in the line"
            ));
        }
    }

    /// In whole seconds, at least one.
    fn seconds(&self) -> u64 {
        let timeout = self.request.timeout;
        timeout.as_secs() + u64::from(timeout.subsec_nanos() > 0)
    }

    fn password(&mut self, line: &mut Line, option: &str) {
        if self.profile.password_wanted {
            line.raw(&format!("{option} \"${PASSWORD_VARIABLE}\""));
            self.warnings.push(format!(
                "set the password first: read -rs {PASSWORD_VARIABLE}"
            ));
        }
    }

    fn mosquitto(&mut self, program: &str, is_first: bool) -> Result<Line, String> {
        let profile = self.profile;
        let mut line = Line::new(program);
        line.raw(if self.is_v5() { "-V 5" } else { "-V 311" });
        line.text("-h", &self.host.clone())?;
        line.raw(&format!("-p {}", self.port));
        if !profile.user_name.is_empty() {
            line.text("-u", &profile.user_name)?;
        }
        if is_first {
            self.password(&mut line, "-P");
        } else if profile.password_wanted {
            line.raw(&format!("-P \"${PASSWORD_VARIABLE}\""));
        }
        line.raw(&format!("-q {}", self.qos()));
        if self.scheme.is_web_socket() {
            line.raw("--ws");
            if is_first {
                self.warn("--ws needs mosquitto 2.1 or later, which takes no path and no headers");
            }
        }
        if self.scheme.is_encrypted() {
            let tls = profile.tls.clone().unwrap_or_default();
            if tls.ca_file.is_empty() {
                line.raw("--tls-use-os-certs");
            } else {
                line.text("--cafile", &tls.ca_file)?;
            }
            self.client_certificate(&mut line)?;
            for alpn in tls.alpn.iter().take(1) {
                line.text("--tls-alpn", alpn)?;
            }
        }
        Ok(line)
    }

    /// Spelled alike everywhere.
    fn client_certificate(&mut self, line: &mut Line) -> Result<(), String> {
        let tls = self.profile.tls.clone().unwrap_or_default();
        if !tls.certificate_file.is_empty() {
            line.text("--cert", &tls.certificate_file)?;
        }
        if !tls.key_file.is_empty() {
            line.text("--key", &tls.key_file)?;
        }
        if !tls.verify {
            line.raw("--insecure");
        }
        Ok(())
    }

    fn mosquitto_properties(
        &mut self,
        line: &mut Line,
        correlation: Option<&CorrelationData>,
    ) -> Result<(), String> {
        if !self.is_v5() {
            return Ok(());
        }
        if let Some(data) = correlation {
            line.bytes("-D publish correlation-data", data.as_bytes())?;
        }
        if let Some(content_type) = &self.request.content_type {
            line.text("-D publish content-type", content_type)?;
        }
        if let Some(secs) = self.request.message_expiry_secs {
            line.raw(&format!("-D publish message-expiry-interval {secs}"));
        }
        if self.request.payload_is_utf8 {
            line.raw("-D publish payload-format-indicator 1");
        }
        for UserProperty { name, value } in &self.request.user_properties {
            line.text("-D publish user-property", name)?;
            let value = quote(value.as_bytes()).ok_or("a user property has a zero byte")?;
            line.raw(&value);
        }
        Ok(())
    }

    /// The payload on the line; one with a zero byte comes through a pipe, which stands before the command.
    fn mosquitto_payload(&self, line: &mut Line) -> Result<String, String> {
        if self.request.payload.is_empty() {
            line.raw("-n");
        } else if self.request.payload.contains(&0) {
            line.raw("-s");
            return Ok(format!("printf '{}' | ", octal(&self.request.payload)));
        } else {
            line.bytes("-m", &self.request.payload)?;
        }
        Ok(String::new())
    }

    fn mosquitto_rr(&mut self, correlation: Option<&CorrelationData>) -> Result<String, String> {
        let Some(response_topic) = self.response_topic().map(str::to_owned) else {
            return Err("it asks for no reply; mosquitto_rr is for requests".to_owned());
        };
        if self.request.payload.contains(&0) {
            // It sends nothing of what it reads with -s or -f (seen with 2.0.11).
            return Err("a zero byte cannot be written on a command line, and mosquitto_rr loses a payload that it reads from elsewhere; copy it as mosquitto_sub and _pub".to_owned());
        }
        let mut line = self.mosquitto("mosquitto_rr", true)?;
        line.text("-t", self.request.topic.as_str())?;
        line.text("-e", &response_topic)?;
        let pipe = self.mosquitto_payload(&mut line)?;
        self.mosquitto_properties(&mut line, correlation)?;
        line.raw(&format!("-W {} -F '%t %D %p'", self.seconds()));
        if self.request.retain {
            self.warn("mosquitto_rr cannot set RETAIN");
        }
        if self.request.replies != RepliesWanted::First {
            self.warn("mosquitto_rr ends with the first message");
        }
        self.warn("mosquitto_rr does not look at Correlation Data: any message on the Response Topic is taken for the reply");
        Ok(pipe + &line.0)
    }

    fn mosquitto_pair(&mut self, correlation: Option<&CorrelationData>) -> Result<String, String> {
        let response_topic = self.response_topic().map(str::to_owned);
        let mut publish = self.mosquitto("mosquitto_pub", true)?;
        publish.text("-t", self.request.topic.as_str())?;
        let pipe = self.mosquitto_payload(&mut publish)?;
        if self.request.retain {
            publish.raw("-r");
        }
        if let Some(topic) = response_topic.as_deref().filter(|_| self.is_v5()) {
            publish.text("-D publish response-topic", topic)?;
        }
        self.mosquitto_properties(&mut publish, correlation)?;
        let publish = pipe + &publish.0;
        let Some(topic) = response_topic else {
            return Ok(publish);
        };
        let mut subscribe = self.mosquitto("mosquitto_sub", false)?;
        subscribe.text("-t", &topic)?;
        subscribe.raw(&format!("-C 1 -W {} -F '%t %D %p'", self.seconds()));
        self.warn("run the second line in another terminal, or when the first has subscribed");
        Ok(format!("{}\n{publish}", subscribe.0))
    }

    /// What a shell and the two other programs take alike.
    fn common(
        &mut self,
        line: &mut Line,
        user: &str,
        password: &str,
        is_first: bool,
    ) -> Result<(), String> {
        let profile = self.profile;
        line.text("-h", &self.host.clone())?;
        line.raw(&format!("-p {}", self.port));
        if !profile.user_name.is_empty() {
            line.text(user, &profile.user_name)?;
        }
        if is_first {
            self.password(line, password);
        } else if profile.password_wanted {
            line.raw(&format!("{password} \"${PASSWORD_VARIABLE}\""));
        }
        line.raw(&format!("-q {}", self.qos()));
        Ok(())
    }

    fn mqttx_line(&mut self, verb: &str, is_first: bool) -> Result<Line, String> {
        let mut line = Line::new(&format!("mqttx {verb}"));
        line.raw(if self.is_v5() { "-V 5" } else { "-V 3.1.1" });
        self.common(&mut line, "-u", "-P", is_first)?;
        line.raw(&format!("-l {}", self.scheme.word()));
        if self.scheme.is_web_socket() {
            line.text("--path", &self.path.clone())?;
            if self
                .profile
                .web_socket
                .as_ref()
                .is_some_and(|it| !it.headers.is_empty())
                && is_first
            {
                self.warn("the headers of the WebSocket are not in the line");
            }
        }
        if self.scheme.is_encrypted() {
            let tls = self.profile.tls.clone().unwrap_or_default();
            if !tls.ca_file.is_empty() {
                line.text("--ca", &tls.ca_file)?;
            }
            self.client_certificate(&mut line)?;
        }
        Ok(line)
    }

    fn mqttx(&mut self, correlation: Option<&CorrelationData>) -> Result<String, String> {
        let response_topic = self.response_topic().map(str::to_owned);
        let mut publish = self.mqttx_line("pub", true)?;
        publish.text("-t", self.request.topic.as_str())?;
        match std::str::from_utf8(&self.request.payload) {
            Ok(text) if !text.contains('\0') => publish.text("-m", text)?,
            _ => publish.raw(&format!("-f hex -m {}", hex::encode(&self.request.payload))),
        }
        self.publish_options(&mut publish, correlation, "-pf")?;
        if self.is_v5() {
            let mut is_cut = false;
            for UserProperty { name, value } in &self.request.user_properties {
                is_cut |= name.contains(": ") || value.contains(": ");
                publish.text("-up", &format!("{name}: {value}"))?;
            }
            if is_cut {
                self.warn("mqttx cuts a user property at a second colon");
            }
        }
        let Some(topic) = response_topic else {
            return Ok(publish.0);
        };
        let mut subscribe = self.mqttx_line("sub", false)?;
        subscribe.text("-t", &topic)?;
        subscribe.raw("--output-mode clean");
        self.warn("run the second line in another terminal, or when the first has subscribed");
        Ok(format!("{}\n{}", subscribe.0, publish.0))
    }

    /// What mqttx and mqtt-cli call by the same names; but for `utf8`, the Payload Format Indicator.
    fn publish_options(
        &mut self,
        publish: &mut Line,
        correlation: Option<&CorrelationData>,
        utf8: &str,
    ) -> Result<(), String> {
        if self.request.retain {
            publish.raw("-r");
        }
        if !self.is_v5() {
            return Ok(());
        }
        if let Some(topic) = self.response_topic() {
            publish.text("-rt", topic)?;
        }
        self.text_correlation(publish, correlation)?;
        if let Some(content_type) = &self.request.content_type {
            publish.text("-ct", content_type)?;
        }
        if let Some(secs) = self.request.message_expiry_secs {
            publish.raw(&format!("-e {secs}"));
        }
        if self.request.payload_is_utf8 {
            publish.raw(utf8);
        }
        Ok(())
    }

    /// Correlation Data where a program takes only text.
    fn text_correlation(
        &mut self,
        line: &mut Line,
        correlation: Option<&CorrelationData>,
    ) -> Result<(), String> {
        let Some(data) = correlation else {
            return Ok(());
        };
        match std::str::from_utf8(data.as_bytes()) {
            Ok(text) if !text.contains('\0') => line.text("-cd", text),
            _ => {
                let hex = hex::encode(data.as_bytes());
                self.warnings.push(format!("this program takes only text as Correlation Data: the bytes {hex} are written as these digits"));
                line.text("-cd", &hex)
            }
        }
    }

    fn hivemq_line(&mut self, verb: &str, is_first: bool) -> Result<Line, String> {
        let mut line = Line::new(&format!("mqtt {verb}"));
        line.raw(if self.is_v5() { "-V 5" } else { "-V 3" });
        self.common(&mut line, "-u", "-pw", is_first)?;
        if self.scheme.is_web_socket() {
            line.raw("-ws");
            line.text("-ws:path", self.path.clone().trim_start_matches('/'))?;
        }
        if self.scheme.is_encrypted() {
            line.raw("-s");
            let tls = self.profile.tls.clone().unwrap_or_default();
            if !tls.ca_file.is_empty() {
                line.text("--cafile", &tls.ca_file)?;
            }
            if !tls.certificate_file.is_empty() {
                line.text("--cert", &tls.certificate_file)?;
            }
            if !tls.key_file.is_empty() {
                line.text("--key", &tls.key_file)?;
            }
            if !tls.verify && is_first {
                self.warn("mqtt always verifies the broker's certificate");
            }
        }
        Ok(line)
    }

    fn hivemq(&mut self, correlation: Option<&CorrelationData>) -> Result<String, String> {
        let response_topic = self.response_topic().map(str::to_owned);
        let mut publish = self.hivemq_line("pub", true)?;
        publish.text("-t", self.request.topic.as_str())?;
        if self.request.payload.is_empty() {
            publish.raw("-m:empty");
        } else {
            publish.bytes("-m", &self.request.payload)?;
            if std::str::from_utf8(&self.request.payload).is_err() {
                self.warn("mqtt may not pass a payload on that is no text; put it into a file and write -m:file");
            }
        }
        self.publish_options(&mut publish, correlation, "-pf UTF_8")?;
        if self.is_v5() {
            for UserProperty { name, value } in &self.request.user_properties {
                publish.text("-up", &format!("{name}={value}"))?;
            }
        }
        let Some(topic) = response_topic else {
            return Ok(publish.0);
        };
        let mut subscribe = self.hivemq_line("sub", false)?;
        subscribe.text("-t", &topic)?;
        subscribe.raw("-J");
        self.warn("run the second line in another terminal, or when the first has subscribed");
        Ok(format!("{}\n{}", subscribe.0, publish.0))
    }
}

/// For `printf`.
fn octal(bytes: &[u8]) -> String {
    let mut out = String::new();
    for byte in bytes {
        // Writing to a text cannot fail.
        write!(out, "\\{byte:03o}").unwrap_or_default();
    }
    out
}
