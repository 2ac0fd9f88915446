//! The last will (MQTT 5 §3.1.3): as typed and saved ([`WillDraft`]), and valid ([`Will`]).

use crate::model::FieldError;
use crate::model::correlation::{
    CorrelationData, CorrelationDraft, CorrelationKind, CorrelationSpec,
};
use crate::model::message::{Properties, Qos, UserProperty};
use crate::model::payload::PayloadFormat;
use crate::model::profile::ProfileField;
use crate::model::topic::{MAX_STRING_BYTES, TopicName};
use crate::model::version::{Feature, MqttVersion};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WillDraft {
    pub topic: String,
    pub qos: Qos,
    pub retain: bool,
    pub format: PayloadFormat,
    pub payload: String,
    pub delay_secs: u32,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub response_topic: String,
    /// None, or typed: a will is written once, with the CONNECT.
    #[serde(skip_serializing_if = "is_none")]
    pub correlation_data: CorrelationDraft,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub content_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_expiry_secs: Option<u32>,
    // Tables come last in TOML.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub user_properties: Vec<UserProperty>,
}

fn is_none(draft: &CorrelationDraft) -> bool {
    draft.kind == CorrelationKind::None
}

impl Default for WillDraft {
    fn default() -> Self {
        Self {
            topic: String::new(),
            qos: Qos::default(),
            retain: false,
            format: PayloadFormat::default(),
            payload: String::new(),
            delay_secs: 0,
            response_topic: String::new(),
            correlation_data: CorrelationDraft::of_kind(CorrelationKind::None),
            content_type: String::new(),
            message_expiry_secs: None,
            user_properties: Vec::new(),
        }
    }
}

/// A valid last will. On a 3.1.1 connection without properties and without delay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Will {
    pub topic: TopicName,
    pub payload: Bytes,
    pub qos: Qos,
    pub retain: bool,
    pub delay_secs: u32,
    pub properties: Properties,
}

type Checked<T> = Result<T, FieldError<ProfileField>>;

impl WillDraft {
    /// The valid will, or everything that is wrong. What the version cannot have is not looked at.
    pub fn validate(&self, version: MqttVersion) -> Result<Will, Vec<FieldError<ProfileField>>> {
        let mut errors = Vec::new();
        let mut keep = |error| errors.push(error);
        let topic = self.checked_topic().map_err(&mut keep).ok();
        let payload = self.checked_payload().map_err(&mut keep).ok();
        let properties = match version.lacks(Feature::WillProperties) {
            None => self.checked_properties(&mut keep),
            Some(_) => Some(Properties::default()),
        };
        match (topic, payload, properties) {
            (Some(topic), Some(payload), Some(properties)) => Ok(Will {
                topic,
                payload,
                qos: self.qos,
                retain: self.retain,
                delay_secs: match version.lacks(Feature::WillDelay) {
                    None => self.delay_secs,
                    Some(_) => 0,
                },
                properties,
            }),
            _ => Err(errors),
        }
    }

    fn checked_topic(&self) -> Checked<TopicName> {
        TopicName::new(&self.topic).map_err(|err| FieldError {
            field: ProfileField::WillTopic,
            message: format!("the will's topic is not valid: {err}"),
        })
    }

    fn checked_payload(&self) -> Checked<Bytes> {
        self.format.encode(&self.payload).map_err(|err| FieldError {
            field: ProfileField::WillPayload,
            message: err.to_string(),
        })
    }

    fn checked_properties(
        &self,
        keep: &mut impl FnMut(FieldError<ProfileField>),
    ) -> Option<Properties> {
        let response_topic = self.checked_response_topic().map_err(&mut *keep).ok();
        let correlation_data = self.checked_correlation_data().map_err(&mut *keep).ok();
        let content_type = check_text(
            ProfileField::WillContentType,
            "content type",
            &self.content_type,
        )
        .map_err(&mut *keep)
        .ok();
        let texts = self
            .user_properties
            .iter()
            .flat_map(|property| [&property.name, &property.value]);
        let user_properties = texts
            .map(|text| check_text(ProfileField::WillUserProperties, "user property", text))
            .collect::<Checked<Vec<()>>>()
            .map_err(&mut *keep)
            .ok();
        content_type?;
        user_properties?;
        Some(Properties {
            message_expiry_secs: self.message_expiry_secs,
            response_topic: response_topic?,
            correlation_data: correlation_data?,
            user_properties: self.user_properties.clone(),
            content_type: Some(self.content_type.as_str())
                .filter(|text| !text.is_empty())
                .map(Into::into),
            ..Properties::default()
        })
    }

    fn checked_response_topic(&self) -> Checked<Option<TopicName>> {
        if self.response_topic.is_empty() {
            return Ok(None);
        }
        TopicName::new(&self.response_topic)
            .map(Some)
            .map_err(|err| FieldError {
                field: ProfileField::WillResponseTopic,
                message: format!("the will's Response Topic is not valid: {err}"),
            })
    }

    fn checked_correlation_data(&self) -> Checked<Option<CorrelationData>> {
        let why = match self.correlation_data.validate() {
            Ok(CorrelationSpec::None) => return Ok(None),
            Ok(CorrelationSpec::Fixed(data)) => return Ok(Some(data)),
            Ok(_) => "it cannot be generated, because a will is written once for the whole connection; type it as text:…, hex:… or base64:…".to_owned(),
            Err(why) => why,
        };
        Err(FieldError {
            field: ProfileField::WillCorrelationData,
            message: format!("the will's Correlation Data is not valid: {why}"),
        })
    }
}

fn check_text(field: ProfileField, what: &str, text: &str) -> Checked<()> {
    let wrong = if text.len() > MAX_STRING_BYTES {
        format!("is {} bytes long; MQTT allows at most 65,535", text.len())
    } else if text.contains('\0') {
        "holds the character U+0000, which MQTT forbids".to_owned()
    } else {
        return Ok(());
    };
    Err(FieldError {
        field,
        message: format!("the will's {what} {wrong}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::payload::Encoding;

    fn full() -> WillDraft {
        WillDraft {
            topic: "will".to_owned(),
            payload: "gone".to_owned(),
            format: PayloadFormat::Text,
            delay_secs: 3,
            response_topic: "answers".to_owned(),
            correlation_data: CorrelationDraft::fixed(Encoding::Hex, "00ff"),
            content_type: "text/plain".to_owned(),
            message_expiry_secs: Some(60),
            user_properties: vec![UserProperty {
                name: "n".to_owned(),
                value: "v".to_owned(),
            }],
            ..WillDraft::default()
        }
    }

    #[test]
    fn its_properties_are_those_that_were_typed() {
        let will = full().validate(MqttVersion::V5).unwrap();
        let properties = &will.properties;
        assert_eq!(will.delay_secs, 3);
        assert_eq!(properties.count(), 5);
        let data = properties.correlation_data.as_ref().unwrap();
        assert_eq!(data.as_bytes(), [0, 255]);
        assert_eq!(properties.content_type.as_deref(), Some("text/plain"));
        assert_eq!(properties.message_expiry_secs, Some(60));
    }

    #[test]
    fn in_mqtt_3_1_1_it_is_a_topic_and_a_payload_whatever_was_typed() {
        let mut draft = full();
        draft.response_topic = "no/#".to_owned();
        draft.correlation_data = CorrelationDraft::of_kind(CorrelationKind::Uuid);
        let will = draft.validate(MqttVersion::V311).unwrap();
        assert_eq!(
            (will.delay_secs, will.properties),
            (0, Properties::default())
        );
        assert_eq!(&*will.payload, b"gone");
    }

    #[test]
    fn every_mistake_is_told_at_its_field() {
        let draft = WillDraft {
            topic: "a/#".to_owned(),
            format: PayloadFormat::Hex,
            payload: "x".to_owned(),
            response_topic: "+".to_owned(),
            correlation_data: CorrelationDraft::of_kind(CorrelationKind::Counter),
            content_type: "\0".to_owned(),
            user_properties: vec![UserProperty {
                name: "\0".to_owned(),
                value: String::new(),
            }],
            ..full()
        };
        let errors = draft.validate(MqttVersion::V5).unwrap_err();
        let fields: Vec<ProfileField> = errors.iter().map(|error| error.field).collect();
        assert_eq!(
            fields,
            [
                ProfileField::WillTopic,
                ProfileField::WillPayload,
                ProfileField::WillResponseTopic,
                ProfileField::WillCorrelationData,
                ProfileField::WillContentType,
                ProfileField::WillUserProperties,
            ]
        );
    }

    #[test]
    fn what_is_empty_is_not_in_the_file() {
        let draft = WillDraft {
            topic: "will".to_owned(),
            ..WillDraft::default()
        };
        let text = toml::to_string(&draft).unwrap();
        for word in ["response", "correlation", "content", "expiry", "user"] {
            assert!(!text.contains(word), "{text}");
        }
        assert_eq!(toml::from_str::<WillDraft>(&text).unwrap(), draft);
        let text = toml::to_string(&full()).unwrap();
        assert_eq!(toml::from_str::<WillDraft>(&text).unwrap(), full());
    }
}
