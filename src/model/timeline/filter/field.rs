//! The fields that a filter can ask for.

/// In the order in which they are offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    Topic,
    Payload,
    Verdict,
    RoundTrip,
    Device,
    Rule,
    Connection,
    Name,
    Time,
    Correlation,
    User,
    Id,
    Size,
    Replies,
    Qos,
    Retain,
    Is,
    Comment,
    Colour,
}

impl Field {
    pub const ALL: [Self; 19] = [
        Self::Topic,
        Self::Payload,
        Self::Verdict,
        Self::RoundTrip,
        Self::Device,
        Self::Rule,
        Self::Connection,
        Self::Name,
        Self::Time,
        Self::Correlation,
        Self::User,
        Self::Id,
        Self::Size,
        Self::Replies,
        Self::Qos,
        Self::Retain,
        Self::Is,
        Self::Comment,
        Self::Colour,
    ];

    /// As typed.
    pub fn word(self) -> &'static str {
        match self {
            Self::Topic => "topic",
            Self::Payload => "payload",
            Self::Verdict => "verdict",
            Self::RoundTrip => "rtt",
            Self::Device => "device",
            Self::Rule => "rule",
            Self::Connection => "connection",
            Self::Name => "name",
            Self::Time => "time",
            Self::Correlation => "correlation",
            Self::User => "user",
            Self::Id => "id",
            Self::Size => "size",
            Self::Replies => "replies",
            Self::Qos => "qos",
            Self::Retain => "retain",
            Self::Is => "is",
            Self::Comment => "comment",
            Self::Colour => "colour",
        }
    }

    /// The field of a word or of another word for it.
    pub fn of_word(word: &str) -> Option<Self> {
        let lower = word.to_ascii_lowercase();
        match &*lower {
            "responder" => Some(Self::Device),
            "color" => Some(Self::Colour),
            _ => Self::ALL.into_iter().find(|field| field.word() == lower),
        }
    }

    pub fn help(self) -> &'static str {
        match self {
            Self::Topic => "a part of the topic of the request, of a reply or of a message",
            Self::Payload => "a part of a payload; `payload.a.b:` a value of its JSON",
            Self::Verdict => "what came of it",
            Self::RoundTrip => "how long the answer took",
            Self::Device => "who answered or published; `responder:` is the same",
            Self::Rule => "the pairing rule that the request was sent by",
            Self::Connection => "the connection, by name or id",
            Self::Name => "the name of the saved request",
            Self::Time => "when it was sent, or when it came",
            Self::Correlation => "a part of the Correlation Data, as text or in hex",
            Self::User => "a user property: its name, or name=value",
            Self::Id => "the number in the first column; `#12` is the same",
            Self::Size => "the size of a payload",
            Self::Replies => "how many replies came",
            Self::Qos => "the quality of service",
            Self::Retain => "whether a message was retained",
            Self::Is => "what kind of row it is, or whether it is marked",
            Self::Comment => "a part of the comment on the row",
            Self::Colour => "the colour given to the row",
        }
    }

    /// A term with it.
    pub fn example(self) -> &'static str {
        match self {
            Self::Topic => "topic:light",
            Self::Payload => "payload:on",
            Self::Verdict => "verdict:late,timed_out",
            Self::RoundTrip => "rtt:>5ms",
            Self::Device => "device:lamp",
            Self::Rule => "rule:mqtt5",
            Self::Connection => "connection:lab",
            Self::Name => "name:\"Turn on\"",
            Self::Time => "time:09:14..09:15",
            Self::Correlation => "correlation:0x1f2e",
            Self::User => "user:trace=abc",
            Self::Id => "id:1203",
            Self::Size => "size:>1kB",
            Self::Replies => "replies:>1",
            Self::Qos => "qos:0",
            Self::Retain => "retain:yes",
            Self::Is => "is:pinned",
            Self::Comment => "comment:check",
            Self::Colour => "colour:red",
        }
    }

    /// Whether its values can be larger and smaller.
    pub fn is_ordered(self) -> bool {
        matches!(
            self,
            Self::RoundTrip | Self::Time | Self::Id | Self::Size | Self::Replies | Self::Qos
        )
    }

    /// Whether a comma stands between values of which one must hold. Topics and texts may hold commas.
    pub fn takes_list(self) -> bool {
        self.is_ordered()
            || matches!(
                self,
                Self::Verdict
                    | Self::Rule
                    | Self::Connection
                    | Self::Device
                    | Self::Is
                    | Self::Colour
            )
    }
}
