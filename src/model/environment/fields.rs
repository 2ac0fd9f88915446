//! The fields of profiles and requests that variables may stand in.

use super::{Environment, Into, has_gaps};
use crate::model::FieldError;
use crate::model::message::UserProperty;
use crate::model::payload::PayloadFormat;
use crate::model::profile::{ProfileDraft, ProfileField};
use crate::model::request::{RequestDraft, RequestField, ResponseTopicDraft};
use crate::model::secret::Secret;
use crate::model::will::WillDraft;
use std::sync::Arc;

type Visit<'a, Field> = &'a mut dyn FnMut(Field, Into, &mut String);

fn json_or_text(format: PayloadFormat) -> Into {
    if format == PayloadFormat::Json {
        Into::Json
    } else {
        Into::Text
    }
}

fn visit_profile(draft: &mut ProfileDraft, visit: Visit<'_, ProfileField>) {
    use ProfileField as Field;
    visit(Field::Address, Into::Text, &mut draft.address);
    visit(Field::ClientId, Into::Text, &mut draft.client_id);
    visit(Field::UserName, Into::Text, &mut draft.user_name);
    for property in &mut draft.user_properties {
        visit_property(property, || Field::UserProperties, visit);
    }
    if let Some(tls) = &mut draft.tls {
        visit(Field::CaFile, Into::Text, &mut tls.ca_file);
        let files = [
            (Field::CertificateFile, &mut tls.certificate_file),
            (Field::KeyFile, &mut tls.key_file),
            (Field::ServerName, &mut tls.server_name),
        ];
        for (field, text) in files {
            visit(field, Into::Text, text);
        }
        for name in &mut tls.alpn {
            visit(Field::Alpn, Into::Text, name);
        }
    }
    if let Some(web_socket) = &mut draft.web_socket {
        visit(Field::Subprotocol, Into::Text, &mut web_socket.subprotocol);
        for (index, header) in web_socket.headers.iter_mut().enumerate() {
            visit(Field::Header(index), Into::Text, &mut header.value);
        }
    }
    if let Some(proxy) = &mut draft.proxy {
        visit(Field::ProxyAddress, Into::Text, &mut proxy.address);
        visit(Field::ProxyUserName, Into::Text, &mut proxy.user_name);
    }
    if let Some(authentication) = &mut draft.authentication {
        let method = &mut authentication.method;
        visit(Field::AuthenticationMethod, Into::Text, method);
    }
    if let Some(will) = &mut draft.will {
        visit_will(will, visit);
    }
}

fn visit_will(will: &mut WillDraft, visit: Visit<'_, ProfileField>) {
    use ProfileField as Field;
    visit(Field::WillTopic, Into::Text, &mut will.topic);
    let into = json_or_text(will.format);
    visit(Field::WillPayload, into, &mut will.payload);
    let response_topic = &mut will.response_topic;
    visit(Field::WillResponseTopic, Into::Text, response_topic);
    let correlation = &mut will.correlation_data.text;
    visit(Field::WillCorrelationData, Into::Text, correlation);
    visit(Field::WillContentType, Into::Text, &mut will.content_type);
    for property in &mut will.user_properties {
        visit_property(property, || Field::WillUserProperties, visit);
    }
}

fn visit_property<Field>(
    property: &mut UserProperty,
    field: impl Fn() -> Field,
    visit: Visit<'_, Field>,
) {
    visit(field(), Into::Text, &mut property.name);
    visit(field(), Into::Text, &mut property.value);
}

fn visit_request(draft: &mut RequestDraft, visit: Visit<'_, RequestField>) {
    use RequestField as Field;
    visit(Field::Topic, Into::Text, &mut draft.topic);
    if let ResponseTopicDraft::Typed(topic) = &mut draft.response_topic {
        visit(Field::ResponseTopic, Into::Text, topic);
    }
    let correlation = &mut draft.correlation_data.text;
    visit(Field::CorrelationData, Into::Text, correlation);
    visit(Field::Timeout, Into::Text, &mut draft.timeout);
    visit(Field::Replies, Into::Text, &mut draft.replies);
    visit(Field::ContentType, Into::Text, &mut draft.content_type);
    let expiry = &mut draft.message_expiry_secs;
    visit(Field::MessageExpiry, Into::Text, expiry);
    let into = json_or_text(draft.format);
    visit(Field::Payload, into, &mut draft.payload);
    for (index, property) in draft.user_properties.iter_mut().enumerate() {
        let name = &mut property.name;
        visit(Field::UserPropertyName(index), Into::Text, name);
        let value = &mut property.value;
        visit(Field::UserPropertyValue(index), Into::Text, value);
    }
    for (name, value) in &mut draft.pairing.values {
        let field = Field::PairingValue(Arc::from(name.as_str()));
        visit(field, Into::Text, value);
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

    fn fill(&mut self, environment: &Environment, field: Field, into: Into, text: &mut String) {
        if !has_gaps(text) {
            return;
        }
        match environment.fill(text, into) {
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
            found.fill(environment, field, into, text);
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
            found.fill(environment, field, into, text);
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
