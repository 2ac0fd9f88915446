//! The options of each program: how they are spelled, what follows them, what they mean.

use super::{Family, Role};

/// What follows an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    Nothing,
    One,
    /// `true` or `false`, or nothing for true.
    Truth,
    /// The same for each topic.
    Truths,
    /// A word that is no option, or nothing.
    Maybe,
    /// All words up to the next option.
    Many,
    /// What mosquitto's `-D` takes: a packet, a property, its value, and for a user property a name before the value.
    Property,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Means {
    Host,
    Port,
    UserName,
    Password,
    ClientId,
    KeepAlive,
    KeepSession,
    CleanStart,
    SessionExpiry,
    Version,
    Url,
    UnixSocket,
    Proxy,
    Protocol,
    Path,
    Header,
    WebSocket,
    Encrypted,
    NotEncrypted,
    CaFile,
    Certificate,
    Key,
    KeyPassphrase,
    DoNotVerify,
    SystemRoots,
    TlsVersion,
    Alpn,
    ReceiveMaximum,
    MaximumPacketSize,
    TopicAliasMaximum,
    ResponseInformation,
    ProblemInformation,
    NoProblemInformation,
    AuthenticationMethod,
    ConnectUserProperty,
    ReconnectPeriod,
    WillTopic,
    WillPayload,
    WillQos,
    WillRetain,
    WillDelay,
    WillExpiry,
    WillContentType,
    WillResponseTopic,
    WillCorrelation,
    WillUserProperty,
    Topic,
    Qos,
    Retain,
    Payload,
    NoPayload,
    PayloadFile,
    PayloadInput,
    PayloadFormat,
    ResponseTopic,
    Correlation,
    ContentType,
    Expiry,
    Utf8,
    UserProperty,
    Timeout,
    NoLocal,
    RetainAsPublished,
    RetainHandling,
    /// Subscription Identifier.
    Identifier,
    Property,
    /// What Roundtrip does anyway.
    Always,
    /// How the program prints, and what it writes where.
    Printing,
    /// Something that a connection or a request has no field for.
    NoField,
    /// The same, of something that must not be shown.
    NoFieldSecret,
}

/// Spellings, separated by blanks.
pub(super) struct Flag {
    pub names: &'static str,
    pub takes: Takes,
    pub means: Means,
}

const fn flag(names: &'static str, takes: Takes, means: Means) -> Flag {
    Flag {
        names,
        takes,
        means,
    }
}

use Means as M;
use Takes::{Many, Maybe, Nothing, One, Truth, Truths};

const MOSQUITTO: &[Flag] = &[
    flag("-h --host", One, M::Host),
    flag("-p --port", One, M::Port),
    flag("-u --username", One, M::UserName),
    flag("-P --pw", One, M::Password),
    flag("-i --id", One, M::ClientId),
    flag("-I --id-prefix", One, M::NoField),
    flag("-k --keepalive", One, M::KeepAlive),
    flag("-c --disable-clean-session", Nothing, M::KeepSession),
    flag("-x --session-expiry-interval", One, M::SessionExpiry),
    flag("-A -M -T -U -C --unsubscribe --filter-out", One, M::NoField),
    flag("-L --url", One, M::Url),
    flag("--unix", One, M::UnixSocket),
    flag("--proxy", One, M::Proxy),
    flag("--nodelay", Nothing, M::Always),
    flag("-V --protocol-version", One, M::Version),
    flag("--ws", Nothing, M::WebSocket),
    flag("--cafile", One, M::CaFile),
    flag("--cert", One, M::Certificate),
    flag("--key", One, M::Key),
    flag("--insecure", Nothing, M::DoNotVerify),
    flag("--tls-version", One, M::TlsVersion),
    flag("--tls-alpn", One, M::Alpn),
    flag("--tls-use-os-certs", Nothing, M::SystemRoots),
    flag("--no-tls", Nothing, M::NotEncrypted),
    flag(
        "--psk --psk-identity --tls-engine-kpass-sha1",
        One,
        M::NoFieldSecret,
    ),
    flag(
        "--capath --ciphers --tls-keylog --keyform --tls-engine",
        One,
        M::NoField,
    ),
    flag("-t --topic", One, M::Topic),
    flag("-e", One, M::ResponseTopic),
    flag("-m --message", One, M::Payload),
    flag("-f --file", One, M::PayloadFile),
    flag("-n --null-message", Nothing, M::NoPayload),
    flag("-s --stdin-file -l --stdin-line", Nothing, M::PayloadInput),
    flag("-q --qos", One, M::Qos),
    flag("-r --retain", Nothing, M::Retain),
    flag("-W", One, M::Timeout),
    flag("-D --property", Takes::Property, M::Property),
    flag("--repeat --repeat-delay", One, M::NoField),
    flag("--retain-handling", One, M::RetainHandling),
    flag("--retain-as-published", Nothing, M::RetainAsPublished),
    flag("-E -R -S --remove-retained", Nothing, M::NoField),
    flag("-F -o --random-filter", One, M::Printing),
    flag(
        "-d --debug -v --verbose -N --pretty --quiet --latency -w --watch",
        Nothing,
        M::Printing,
    ),
    flag("--will-topic", One, M::WillTopic),
    flag("--will-payload", One, M::WillPayload),
    flag("--will-qos", One, M::WillQos),
    flag("--will-retain", Nothing, M::WillRetain),
];

const MQTTX: &[Flag] = &[
    flag("-h --hostname", One, M::Host),
    flag("-p --port", One, M::Port),
    flag("-u --username", One, M::UserName),
    flag("-P --password", One, M::Password),
    flag("-i --client-id", One, M::ClientId),
    flag("-k --keepalive", One, M::KeepAlive),
    flag("--no-clean", Nothing, M::KeepSession),
    flag("-se --session-expiry-interval", One, M::SessionExpiry),
    flag("-V --mqtt-version", One, M::Version),
    flag("-l --protocol", One, M::Protocol),
    flag("--path", One, M::Path),
    flag("-wh --ws-headers", Many, M::Header),
    flag("--ca", One, M::CaFile),
    flag("--cert", One, M::Certificate),
    flag("--key", One, M::Key),
    flag("--insecure", Nothing, M::DoNotVerify),
    flag("--alpn", Many, M::Alpn),
    flag("--rcv-max --receive-maximum", One, M::ReceiveMaximum),
    flag("--maximum-packet-size", One, M::MaximumPacketSize),
    flag("--topic-alias-maximum", One, M::TopicAliasMaximum),
    flag("--req-response-info", Nothing, M::ResponseInformation),
    flag("--no-req-problem-info", Nothing, M::NoProblemInformation),
    flag("-am --authentication-method", One, M::AuthenticationMethod),
    flag("-rp --reconnect-period", One, M::ReconnectPeriod),
    flag("-Cup --conn-user-properties", Many, M::ConnectUserProperty),
    flag("-Wt --will-topic", One, M::WillTopic),
    flag("-Wm --will-message", One, M::WillPayload),
    flag("-Wq --will-qos", One, M::WillQos),
    flag("-Wr --will-retain", Nothing, M::WillRetain),
    flag("-Wd --will-delay-interval", One, M::WillDelay),
    flag("-Wpf --will-payload-format-indicator", Nothing, M::NoField),
    flag("-We --will-message-expiry-interval", One, M::WillExpiry),
    flag("-Wct --will-content-type", One, M::WillContentType),
    flag("-Wrt --will-response-topic", One, M::WillResponseTopic),
    flag("-Wcd --will-correlation-data", One, M::WillCorrelation),
    flag("-Wup --will-user-properties", Many, M::WillUserProperty),
    flag("-t --topic", Many, M::Topic),
    flag("-m --message", One, M::Payload),
    flag("-q --qos", Many, M::Qos),
    flag("-r --retain", Nothing, M::Retain),
    flag("-s --stdin -M --multiline", Nothing, M::PayloadInput),
    flag("--file-read", One, M::PayloadFile),
    flag("-f --format", One, M::PayloadFormat),
    flag("-pf --payload-format-indicator", Nothing, M::Utf8),
    flag("-e --message-expiry-interval", One, M::Expiry),
    flag("-rt --response-topic", One, M::ResponseTopic),
    flag("-cd --correlation-data", One, M::Correlation),
    flag("-ct --content-type", One, M::ContentType),
    flag("-up --user-properties", Many, M::UserProperty),
    flag("-ta --topic-alias", One, M::NoField),
    flag("-si --subscription-identifier", Many, M::Identifier),
    flag("-rh --retain-handling", Many, M::RetainHandling),
    flag(
        "-S --payload-size -Pp -Pmn -Ap --maximum-reconnect-times",
        One,
        M::NoField,
    ),
    flag("-d --dup", Nothing, M::NoField),
    flag("-nl --no_local --no-local", Truths, M::NoLocal),
    flag("-rap --retain-as-published", Truths, M::RetainAsPublished),
    flag(
        "--output-mode --file-write --file-save --delimiter",
        One,
        M::Printing,
    ),
    flag("-v --verbose --debug", Nothing, M::Printing),
    flag("-so -lo --save-options --load-options", Maybe, M::NoField),
];

const HIVEMQ: &[Flag] = &[
    flag("-h --host", One, M::Host),
    flag("-p --port", One, M::Port),
    flag("-u --user", One, M::UserName),
    flag("-pw --password", One, M::Password),
    flag(
        "-pw:env --password:env -pw:file --password:file",
        One,
        M::NoFieldSecret,
    ),
    flag("-i --identifier", One, M::ClientId),
    flag("-ip --identifierPrefix", One, M::NoField),
    flag("-k --keepAlive", One, M::KeepAlive),
    flag("-c --cleanStart", Truth, M::CleanStart),
    flag("--no-cleanStart", Nothing, M::KeepSession),
    flag("-se --sessionExpiryInterval", One, M::SessionExpiry),
    flag("-V --mqttVersion", One, M::Version),
    flag("-s --secure", Nothing, M::Encrypted),
    flag("--cafile", One, M::CaFile),
    flag("--cert", One, M::Certificate),
    flag("--key", One, M::Key),
    flag("--keypw", One, M::KeyPassphrase),
    flag("--tls-version", One, M::TlsVersion),
    flag("--kspw --kspkpw --tspw", One, M::NoFieldSecret),
    flag("--capath --ciphers --ks --ts", One, M::NoField),
    flag("-ws", Nothing, M::WebSocket),
    flag("-ws:path", One, M::Path),
    flag("--rcvMax", One, M::ReceiveMaximum),
    flag("--maxPacketSize", One, M::MaximumPacketSize),
    flag("--topicAliasMax", One, M::TopicAliasMaximum),
    flag("--reqResponseInfo", Truth, M::ResponseInformation),
    flag("--reqProblemInfo", Truth, M::ProblemInformation),
    flag("--no-reqProblemInfo", Nothing, M::NoProblemInformation),
    flag(
        "--sendMax --sendMaxPacketSize --sendTopicAliasMax",
        One,
        M::NoField,
    ),
    flag("-Cup --connectUserProperty", One, M::ConnectUserProperty),
    flag("-Wt --willTopic", One, M::WillTopic),
    flag("-Wm --willMessage", One, M::WillPayload),
    flag("-Wq --willQualityOfService", One, M::WillQos),
    flag("-Wr --willRetain", Truth, M::WillRetain),
    flag("-Wd --willDelayInterval", One, M::WillDelay),
    flag("-Wpf --willPayloadFormatIndicator", One, M::NoField),
    flag("-We --willMessageExpiryInterval", One, M::WillExpiry),
    flag("-Wct --willContentType", One, M::WillContentType),
    flag("-Wrt --willResponseTopic", One, M::WillResponseTopic),
    flag("-Wcd --willCorrelationData", One, M::WillCorrelation),
    flag("-Wup --willUserProperty", One, M::WillUserProperty),
    flag("-t --topic", Many, M::Topic),
    flag("-m --message", One, M::Payload),
    flag("-m:file --message-file", One, M::PayloadFile),
    flag("-m:empty --message-empty", Nothing, M::NoPayload),
    flag("-q --qos", One, M::Qos),
    flag("-r --retain", Truth, M::Retain),
    flag("-pf --payloadFormatIndicator", One, M::Utf8),
    flag("-e --messageExpiryInterval", One, M::Expiry),
    flag("-rt --responseTopic", One, M::ResponseTopic),
    flag("-cd --correlationData", One, M::Correlation),
    flag("-ct --contentType", One, M::ContentType),
    flag("-up --userProperty", One, M::UserProperty),
    flag("-of --outputToFile", One, M::Printing),
    flag(
        "-J --jsonOutput -T --showTopics -b64 --base64 -d --debug -v --verbose -oc --outputToConsole -l",
        Nothing,
        M::Printing,
    ),
];

/// The option of that spelling.
pub(super) fn find(family: Family, role: Role, name: &str) -> Option<&'static Flag> {
    let flags = match family {
        Family::Mosquitto => MOSQUITTO,
        Family::Mqttx => MQTTX,
        Family::HiveMq => HIVEMQ,
    };
    let found = flags
        .iter()
        .find(|flag| flag.names.split(' ').any(|one| one == name))?;
    // mosquitto_sub ends at the first message by `-E`, and there is no `-e` but that of mosquitto_rr.
    let is_elsewhere = family == Family::Mosquitto && name == "-e" && role != Role::Request;
    (!is_elsewhere).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_option_is_spelled_twice() {
        for flags in [MOSQUITTO, MQTTX, HIVEMQ] {
            let mut seen = HashSet::new();
            for name in flags.iter().flat_map(|flag| flag.names.split(' ')) {
                assert!(name.starts_with('-') && seen.insert(name), "{name}");
            }
        }
    }
}
