//! Topic names and topic filters (MQTT 5 §4.7), two types that cannot be mixed up.

use std::fmt;
use std::sync::Arc;

/// The most bytes a UTF-8 string of MQTT can have (MQTT 5 §1.5.4).
pub const MAX_STRING_BYTES: usize = 65_535;

/// Why a text is no topic name or no topic filter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TopicError {
    #[error("it is empty; a topic has at least one character")]
    Empty,
    #[error("it is {0} bytes long; MQTT allows at most 65,535")]
    TooLong(usize),
    #[error(
        "the wildcard `{wildcard}` at character {position} is not allowed here; only topic filters may have wildcards"
    )]
    Wildcard { wildcard: char, position: usize },
    #[error("character {0} is U+0000, which MQTT forbids")]
    Nul(usize),
    #[error("`#` must stand alone in the last level, as in `sensors/#`")]
    HashNotLast,
    #[error("a wildcard must fill its whole level, as in `sensors/+/state`")]
    PartialWildcard,
    #[error(
        "a shared subscription is written `$share/<name>/<filter>`, the name without `+` and `#`"
    )]
    Share,
}

/// A topic to publish to: no wildcards, 1 to 65,535 bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicName(Arc<str>);

impl TopicName {
    /// Checks `text` as a topic to publish to (MQTT 5 §4.7.1, §4.7.3).
    pub fn new(text: &str) -> Result<Self, TopicError> {
        check_string(text)?;
        match text
            .chars()
            .enumerate()
            .find(|(_, c)| matches!(c, '+' | '#'))
        {
            Some((index, wildcard)) => Err(TopicError::Wildcard {
                wildcard,
                position: index + 1,
            }),
            None => Ok(Self(text.into())),
        }
    }

    /// The topic of a packet that a broker delivered: shown as it came, even if no client could
    /// have sent it.
    pub fn received(text: &str) -> Self {
        Self(text.into())
    }

    /// A text that was the text of a topic.
    pub fn from_shared(text: Arc<str>) -> Self {
        Self(text)
    }

    pub fn shared(&self) -> &Arc<str> {
        &self.0
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for TopicName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for TopicName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a subscription asks for: wildcards allowed, shared subscriptions too.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicFilter(Arc<str>);

impl TopicFilter {
    /// Checks `text` as a topic filter (MQTT 5 §4.7.1, §4.8.2).
    pub fn new(text: &str) -> Result<Self, TopicError> {
        check_string(text)?;
        let filter = match text.strip_prefix("$share/") {
            None => text,
            Some(rest) => match rest.split_once('/') {
                Some((share, filter))
                    if !share.is_empty() && !share.contains(['+', '#']) && !filter.is_empty() =>
                {
                    filter
                }
                _ => return Err(TopicError::Share),
            },
        };
        let mut levels = filter.split('/').peekable();
        while let Some(level) = levels.next() {
            match level {
                "#" if levels.peek().is_some() => return Err(TopicError::HashNotLast),
                "#" | "+" => {}
                _ if level.contains('#') && levels.peek().is_some() => {
                    return Err(TopicError::HashNotLast);
                }
                _ if level.contains(['+', '#']) => return Err(TopicError::PartialWildcard),
                _ => {}
            }
        }
        Ok(Self(text.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Each message goes to one of those who share it.
    pub fn is_shared(&self) -> bool {
        self.unshared().len() != self.0.len()
    }

    /// The filter that a shared subscription spreads, the filter itself otherwise.
    pub fn unshared(&self) -> &str {
        self.0
            .strip_prefix("$share/")
            .and_then(|rest| rest.split_once('/'))
            .map_or(&*self.0, |(_, filter)| filter)
    }

    /// Whether a message on `topic` reaches this subscription. `$`-topics are not matched by a
    /// wildcard in the first level (MQTT 5 §4.7.2).
    pub fn matches(&self, topic: &TopicName) -> bool {
        let filter = self.unshared();
        if topic.as_str().starts_with('$') && filter.starts_with(['+', '#']) {
            return false;
        }
        let mut levels = topic.as_str().split('/');
        for want in filter.split('/') {
            match (want, levels.next()) {
                ("#", _) => return true,
                ("+", Some(_)) => {}
                (want, Some(level)) if want == level => {}
                _ => return false,
            }
        }
        levels.next().is_none()
    }
}

impl From<&TopicName> for TopicFilter {
    fn from(topic: &TopicName) -> Self {
        Self(Arc::clone(&topic.0))
    }
}

impl fmt::Debug for TopicFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for TopicFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn check_string(text: &str) -> Result<(), TopicError> {
    if text.is_empty() {
        return Err(TopicError::Empty);
    }
    if text.len() > MAX_STRING_BYTES {
        return Err(TopicError::TooLong(text.len()));
    }
    match text.chars().position(|c| c == '\0') {
        Some(index) => Err(TopicError::Nul(index + 1)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn matches(filter: &str, topic: &str) -> bool {
        TopicFilter::new(filter)
            .unwrap()
            .matches(&TopicName::new(topic).unwrap())
    }

    #[test]
    fn a_topic_name_has_no_wildcards_and_is_not_empty() {
        assert_eq!(TopicName::new(""), Err(TopicError::Empty));
        assert_eq!(
            TopicName::new("a/+"),
            Err(TopicError::Wildcard {
                wildcard: '+',
                position: 3
            })
        );
        assert_eq!(TopicName::new("a\0"), Err(TopicError::Nul(2)));
        assert_eq!(
            TopicName::new(&"x".repeat(65_536)),
            Err(TopicError::TooLong(65_536))
        );
        assert!(TopicName::new("/").is_ok());
    }

    #[test]
    fn a_filter_keeps_wildcards_in_whole_levels() {
        for good in ["#", "+", "a/+/b", "a/#", "+/+", "/", "$share/g/a/#", "a//b"] {
            assert!(TopicFilter::new(good).is_ok(), "{good}");
        }
        assert_eq!(TopicFilter::new("a/#/b"), Err(TopicError::HashNotLast));
        assert_eq!(TopicFilter::new("a#"), Err(TopicError::PartialWildcard));
        assert_eq!(TopicFilter::new("a+/b"), Err(TopicError::PartialWildcard));
        assert_eq!(TopicFilter::new("$share/a"), Err(TopicError::Share));
        assert_eq!(TopicFilter::new("$share/+/a"), Err(TopicError::Share));
    }

    #[test]
    fn matching_follows_the_examples_of_the_specification() {
        assert!(matches("sport/tennis/player1/#", "sport/tennis/player1"));
        assert!(matches(
            "sport/tennis/player1/#",
            "sport/tennis/player1/score/wimbledon"
        ));
        assert!(matches("sport/#", "sport"));
        assert!(matches("sport/tennis/+", "sport/tennis/player1"));
        assert!(!matches("sport/tennis/+", "sport/tennis/player1/ranking"));
        assert!(!matches("sport/+", "sport"));
        assert!(matches("sport/+", "sport/"));
        assert!(matches("+/+", "/finance"));
        assert!(matches("/+", "/finance"));
        assert!(!matches("+", "/finance"));
        assert!(!matches("#", "$SYS/uptime"));
        assert!(!matches("+/uptime", "$SYS/uptime"));
        assert!(matches("$SYS/#", "$SYS/uptime"));
        assert!(matches("$share/pool/a/+", "a/b"));
    }

    proptest! {
        #[test]
        fn every_topic_matches_itself_and_hash(text in "[a-z/]{1,20}") {
            let topic = TopicName::new(&text).unwrap();
            prop_assert!(TopicFilter::from(&topic).matches(&topic));
            prop_assert!(matches("#", &text));
        }

        #[test]
        fn no_text_panics(filter in ".{0,30}", topic in ".{0,30}") {
            if let (Ok(filter), Ok(topic)) = (TopicFilter::new(&filter), TopicName::new(&topic)) {
                let _ = filter.matches(&topic);
            }
        }
    }
}
