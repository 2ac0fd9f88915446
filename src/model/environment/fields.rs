//! The fields of profiles and requests that variables may stand in.

use super::{Environment, Place, has_gaps, sample};
use crate::model::FieldError;
use crate::model::message::UserProperty;
use crate::model::payload::PayloadFormat;
use crate::model::profile::{ProfileDraft, ProfileField};
use crate::model::request::{RequestDraft, RequestField, ResponseTopicDraft};
use crate::model::secret::Secret;
use crate::model::will::WillDraft;
use std::sync::Arc;

type Visit<'a, Field> = &'a mut dyn FnMut(Field, Place, &mut String);

/// Text that is a JSON object or array is filled as one: a command line knows text alone.
fn json_or_text(format: PayloadFormat, payload: &str) -> Place {
    let is_json = match format {
        PayloadFormat::Json => true,
        PayloadFormat::Text => {
            payload.trim_start().starts_with(['{', '['])
                && serde_json::from_str::<serde::de::IgnoredAny>(&sample(payload)).is_ok()
        }
        _ => false,
    };
    if is_json { Place::Json } else { Place::Text }
}

fn visit_profile(draft: &mut ProfileDraft, visit: Visit<'_, ProfileField>) {
    use ProfileField as Field;
    visit(Field::Address, Place::Text, &mut draft.address);
    visit(Field::ClientId, Place::Text, &mut draft.client_id);
    visit(Field::UserName, Place::Text, &mut draft.user_name);
    for property in &mut draft.user_properties {
        visit_property(property, || Field::UserProperties, visit);
    }
    if let Some(tls) = &mut draft.tls {
        visit(Field::CaFile, Place::Text, &mut tls.ca_file);
        let files = [
            (Field::CertificateFile, &mut tls.certificate_file),
            (Field::KeyFile, &mut tls.key_file),
            (Field::ServerName, &mut tls.server_name),
        ];
        for (field, text) in files {
            visit(field, Place::Text, text);
        }
        for name in &mut tls.alpn {
            visit(Field::Alpn, Place::Text, name);
        }
    }
    if let Some(web_socket) = &mut draft.web_socket {
        visit(Field::Subprotocol, Place::Text, &mut web_socket.subprotocol);
        for (index, header) in web_socket.headers.iter_mut().enumerate() {
            visit(Field::Header(index), Place::Text, &mut header.value);
        }
    }
    if let Some(proxy) = &mut draft.proxy {
        visit(Field::ProxyAddress, Place::Text, &mut proxy.address);
        visit(Field::ProxyUserName, Place::Text, &mut proxy.user_name);
    }
    if let Some(authentication) = &mut draft.authentication {
        let method = &mut authentication.method;
        visit(Field::AuthenticationMethod, Place::Text, method);
    }
    if let Some(will) = &mut draft.will {
        visit_will(will, visit);
    }
}

fn visit_will(will: &mut WillDraft, visit: Visit<'_, ProfileField>) {
    use ProfileField as Field;
    visit(Field::WillTopic, Place::Text, &mut will.topic);
    let into = json_or_text(will.format, &will.payload);
    visit(Field::WillPayload, into, &mut will.payload);
    let response_topic = &mut will.response_topic;
    visit(Field::WillResponseTopic, Place::Text, response_topic);
    let correlation = &mut will.correlation_data.text;
    visit(Field::WillCorrelationData, Place::Text, correlation);
    visit(Field::WillContentType, Place::Text, &mut will.content_type);
    for property in &mut will.user_properties {
        visit_property(property, || Field::WillUserProperties, visit);
    }
}

fn visit_property<Field>(
    property: &mut UserProperty,
    field: impl Fn() -> Field,
    visit: Visit<'_, Field>,
) {
    visit(field(), Place::Text, &mut property.name);
    visit(field(), Place::Text, &mut property.value);
}

fn visit_request(draft: &mut RequestDraft, visit: Visit<'_, RequestField>) {
    use RequestField as Field;
    visit(Field::Topic, Place::Text, &mut draft.topic);
    if let ResponseTopicDraft::Typed(topic) = &mut draft.response_topic {
        visit(Field::ResponseTopic, Place::Text, topic);
    }
    let correlation = &mut draft.correlation_data.text;
    visit(Field::CorrelationData, Place::Text, correlation);
    visit(Field::Timeout, Place::Text, &mut draft.timeout);
    visit(Field::Replies, Place::Text, &mut draft.replies);
    visit(Field::ContentType, Place::Text, &mut draft.content_type);
    let expiry = &mut draft.message_expiry_secs;
    visit(Field::MessageExpiry, Place::Text, expiry);
    let into = json_or_text(draft.format, &draft.payload);
    visit(Field::Payload, into, &mut draft.payload);
    for (index, property) in draft.user_properties.iter_mut().enumerate() {
        let name = &mut property.name;
        visit(Field::UserPropertyName(index), Place::Text, name);
        let value = &mut property.value;
        visit(Field::UserPropertyValue(index), Place::Text, value);
    }
    for (name, value) in &mut draft.pairing.values {
        let field = Field::PairingValue(Arc::from(name.as_str()));
        visit(field, Place::Text, value);
    }
}

/// What a visit has found.
struct Found<Field> {
    errors: Vec<FieldError<Field>>,
    hidden: Vec<Secret>,
}

impl<Field> Found<Field> {
    fn new() -> Self {
        Self {
            errors: Vec::new(),
            hidden: Vec::new(),
        }
    }

    /// `is_shown`: it can be nothing secret.
    fn fill(
        &mut self,
        environment: &Environment,
        field: Field,
        into: Place,
        is_shown: bool,
        text: &mut String,
    ) {
        if !has_gaps(text) {
            return;
        }
        match environment.fill(text, into) {
            Ok(filled) if is_shown && !filled.hidden.is_empty() => self.errors.push(FieldError {
                field,
                message: "a client id is shown wherever the connection is, and is no place for a secret variable".to_owned(),
            }),
            Ok(filled) => {
                *text = filled.text;
                self.hidden.extend(filled.hidden);
            }
            Err(message) => self.errors.push(FieldError { field, message }),
        }
    }
}

impl ProfileDraft {
    /// With every variable filled in, and what of it is secret; or every unknown name at its field. It is never saved.
    pub fn filled(
        &self,
        environment: &Environment,
    ) -> Result<(Self, Vec<Secret>), Vec<FieldError<ProfileField>>> {
        let mut draft = self.clone();
        let mut found = Found::new();
        visit_profile(&mut draft, &mut |field, into, text| {
            let is_shown = field == ProfileField::ClientId;
            found.fill(environment, field, into, is_shown, text);
        });
        if found.errors.is_empty() {
            Ok((draft, found.hidden))
        } else {
            Err(found.errors)
        }
    }
}

impl RequestDraft {
    /// As [`ProfileDraft::filled`]; none where there is nothing to fill in, which is nearly always.
    pub(in crate::model) fn filled(
        &self,
        environment: &Environment,
    ) -> Result<Option<Self>, Vec<FieldError<RequestField>>> {
        if !self.has_gaps() {
            return Ok(None);
        }
        let mut draft = self.clone();
        let mut found = Found::new();
        visit_request(&mut draft, &mut |field, into, text| {
            found.fill(environment, field, into, false, text);
        });
        if found.errors.is_empty() {
            Ok(Some(draft))
        } else {
            Err(found.errors)
        }
    }

    /// Without a copy: a payload may be large.
    fn has_gaps(&self) -> bool {
        let typed = match &self.response_topic {
            ResponseTopicDraft::Typed(topic) => topic.as_str(),
            _ => "",
        };
        let properties = self.user_properties.iter();
        let properties = properties.flat_map(|one| [one.name.as_str(), one.value.as_str()]);
        [
            self.topic.as_str(),
            typed,
            &self.correlation_data.text,
            &self.timeout,
            &self.replies,
            &self.content_type,
            &self.message_expiry_secs,
            &self.payload,
        ]
        .into_iter()
        .chain(properties)
        .chain(self.pairing.values.values().map(String::as_str))
        .any(has_gaps)
    }
}
