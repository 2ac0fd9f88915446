//! Who connects with a client id, as brokers tell it on topics of their own.
//!
//! Mosquitto publishes its log where it is configured to (`log_dest topic`), EMQX an event for every client.

use super::Detail;
use crate::model::topic::{TopicFilter, TopicName};
use serde_json::Value;

/// A connection that the broker told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// `10.0.0.7:50312`; EMQX tells no port.
    pub from: String,
    pub user_name: Option<String>,
    /// When, as the broker says it.
    pub at: String,
}

/// A line for each place and user name.
pub fn told(all: &[&Sighting]) -> Vec<Detail> {
    let mut places: Vec<(&str, &Sighting, usize)> = Vec::new();
    for one in all {
        // Every connection has another port.
        let host = match one.from.rsplit_once(':') {
            Some((host, port)) if port.parse::<u16>().is_ok() => host,
            _ => &one.from,
        };
        let same = places
            .iter_mut()
            .find(|(place, other, _)| *place == host && other.user_name == one.user_name);
        match same {
            Some((_, last, count)) => (*last, *count) = (one, *count + 1),
            None => places.push((host, one, 1)),
        }
    }
    let lines = places.into_iter().map(|(_, last, count)| {
        let mut value = last.from.clone();
        if let Some(user) = &last.user_name {
            value.push_str(", user name ");
            value.push_str(user);
        }
        if count > 1 {
            value = format!("{value}, the last of {count} connections");
        }
        Detail::new("Seen by the broker", value)
    });
    lines.collect()
}

/// Where brokers tell.
pub fn filters(client_id: &str) -> Vec<TopicFilter> {
    let emqx = format!("$SYS/brokers/+/clients/{client_id}/connected");
    let own = (!client_id.contains(['+', '#'])).then_some(emqx);
    ["$SYS/broker/log/#".to_owned()]
        .into_iter()
        .chain(own)
        .filter_map(|filter| TopicFilter::new(&filter).ok())
        .collect()
}

/// Somebody with this client id connected.
pub fn read(topic: &TopicName, payload: &[u8], client_id: &str) -> Option<Sighting> {
    let text = std::str::from_utf8(payload).ok()?;
    if topic.as_str().starts_with("$SYS/broker/log/") {
        mosquitto(text, client_id)
    } else if topic.as_str().starts_with("$SYS/brokers/") {
        emqx(text, client_id)
    } else {
        None
    }
}

/// `1718000000: New client connected from 127.0.0.1:40112 as lamp (p5, c1, k60, u'me').`
fn mosquitto(line: &str, client_id: &str) -> Option<Sighting> {
    let (at, rest) = line.split_once("New client connected from ")?;
    let (from, rest) = rest.split_once(" as ")?;
    let flags = rest.strip_prefix(client_id)?.strip_prefix(" (")?;
    let user_name = flags
        .split_once("u'")
        .and_then(|(_, rest)| rest.rsplit_once('\''))
        .map(|(user, _)| user.to_owned());
    Some(Sighting {
        from: from.to_owned(),
        user_name,
        at: at.trim_end_matches([':', ' ']).to_owned(),
    })
}

/// `{"clientid":"lamp","ipaddress":"10.0.0.7","username":"me","ts":1718000000000}`
fn emqx(text: &str, client_id: &str) -> Option<Sighting> {
    let event: Value = serde_json::from_str(text).ok()?;
    let field = |name: &str| event.get(name).and_then(Value::as_str);
    if field("clientid") != Some(client_id) {
        return None;
    }
    Some(Sighting {
        from: field("ipaddress")?.to_owned(),
        user_name: field("username")
            .filter(|user| !matches!(*user, "" | "undefined"))
            .map(str::to_owned),
        at: event.get("ts").map(Value::to_string).unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(topic: &str, payload: &str) -> Option<Sighting> {
        read(&TopicName::new(topic).unwrap(), payload.as_bytes(), "lamp")
    }

    #[test]
    fn mosquitto_tells_it_in_its_log() {
        let line = "1718000000: New client connected from 127.0.0.1:40112 as lamp (p5, c1, k60, u'it's me').";
        let found = seen("$SYS/broker/log/N", line).unwrap();
        assert_eq!(found.from, "127.0.0.1:40112");
        assert_eq!(found.user_name.as_deref(), Some("it's me"));
        assert_eq!(found.at, "1718000000");
        let again = Sighting {
            from: "127.0.0.1:40113".to_owned(),
            ..found.clone()
        };
        let elsewhere = Sighting {
            from: "10.0.0.7".to_owned(),
            ..found.clone()
        };
        let lines: Vec<String> = told(&[&found, &again, &elsewhere])
            .into_iter()
            .map(|line| line.value)
            .collect();
        assert_eq!(
            lines,
            [
                "127.0.0.1:40113, user name it's me, the last of 2 connections",
                "10.0.0.7, user name it's me"
            ]
        );
        for other in [
            "1: New client connected from 1.2.3.4:5 as lamp2 (p5, c1, k60).",
            "1: New client connected from 1.2.3.4:5 as a lamp (p5, c1, k60).",
            "1: Client lamp disconnected.",
            "",
        ] {
            assert_eq!(seen("$SYS/broker/log/N", other), None, "{other}");
        }
    }

    #[test]
    fn emqx_tells_it_as_an_event() {
        let topic = "$SYS/brokers/emqx@10.0.0.1/clients/lamp/connected";
        let event = r#"{"clientid":"lamp","ipaddress":"10.0.0.7","username":"undefined","ts":17}"#;
        let found = seen(topic, event).unwrap();
        assert_eq!((found.from.as_str(), found.user_name), ("10.0.0.7", None));
        assert_eq!(seen(topic, r#"{"clientid":"b","ipaddress":"1"}"#), None);
        assert_eq!(seen(topic, "{"), None);
        assert_eq!(seen("a/b", event), None);
    }

    #[test]
    fn a_client_id_with_wildcards_makes_no_filter() {
        assert_eq!(filters("lamp").len(), 2);
        assert_eq!(filters("a+b").len(), 1);
    }
}
