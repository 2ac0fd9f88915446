//! Locators the other way round: values are written to where they would be found.

use super::json::{self, Pointer};
use super::locator::{Locator, Place, Step};
use super::value::Value;
use crate::model::correlation::{self, CorrelationData};
use crate::model::message::{Message, UserProperty};
use crate::model::topic::TopicName;
use bytes::Bytes;

impl Locator {
    /// Whether there is a way to write to it.
    pub fn is_writable(&self) -> bool {
        let is_place = !matches!(
            self.place,
            Place::Key(_) | Place::Topic | Place::Var(_) | Place::PacketId
        );
        is_place && self.steps.iter().all(|step| matches!(step, Step::Codec(_)))
    }

    /// Writes `values` so that the locator finds them; JSON pointers start at `root`.
    pub fn write(
        &self,
        message: &mut Message,
        root: &Pointer,
        values: &[Value],
    ) -> Result<(), String> {
        if !self.is_writable() {
            return Err(format!("`{}` can be read but not written", self.source()));
        }
        let unfit = || format!("the value does not fit `{}`", self.source());
        let mut values = values.to_vec();
        for step in self.steps.iter().rev() {
            if let Step::Codec(codec) = step {
                values = vec![codec.write(&values).ok_or_else(unfit)?];
            }
        }
        let value = values.first().ok_or_else(unfit)?;
        let text = || {
            value
                .as_text()
                .ok_or_else(|| format!("`{value}` is no text, and `{}` holds text", self.source()))
        };
        let properties = &mut message.properties;
        match &self.place {
            Place::CorrelationData => {
                let bytes = value.to_binary();
                if bytes.len() > correlation::MAX_BYTES {
                    return Err(format!(
                        "Correlation Data has at most 65,535 bytes; this has {}",
                        bytes.len()
                    ));
                }
                properties.correlation_data = Some(CorrelationData::new(bytes));
            }
            Place::ResponseTopic => {
                let topic =
                    TopicName::new(text()?).map_err(|err| format!("the Response Topic: {err}"))?;
                properties.response_topic = Some(topic);
            }
            Place::UserProperty(name) => {
                let value = text()?.to_owned();
                let list = &mut properties.user_properties;
                let place = list.iter().position(|property| *property.name == **name);
                list.retain(|property| *property.name != **name);
                let property = UserProperty {
                    name: name.to_string(),
                    value,
                };
                let place = place.unwrap_or(list.len()).min(list.len());
                list.insert(place, property);
            }
            Place::ContentType => properties.content_type = Some(text()?.into()),
            Place::Text => message.payload = value.as_bytes().clone(),
            Place::Json(pointer) => {
                let new = value
                    .to_json()
                    .ok_or_else(|| format!("`{value}` is no text, and JSON holds text"))?;
                let old = std::str::from_utf8(&message.payload)
                    .map_err(|_not_text| "the payload is not JSON: it is no text".to_owned())?;
                message.payload = Bytes::from(json::write(old, &root.join(pointer), &new)?);
            }
            Place::Key(_) | Place::Topic | Place::Var(_) | Place::PacketId => {}
        }
        Ok(())
    }
}
