//! Payloads on their way to the clipboard: text exactly as it came, other bytes in an encoding that
//! is named.

use crate::app::App;
use crate::model::message::Message;
use crate::model::{payload, text};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopyAs {
    /// Exactly as it came; as hex digits where it turns out to be no text.
    Text,
    Hex,
    Base64,
}

impl CopyAs {
    pub fn words(self) -> &'static str {
        match self {
            Self::Text => "payload",
            Self::Hex => "payload as hex",
            Self::Base64 => "payload as base64",
        }
    }
}

impl App {
    pub(in crate::app) fn copy_payload(&mut self, message: &Message, way: CopyAs) {
        let bytes = &message.payload;
        let size = text::bytes(bytes.len());
        let (copied, told) = match (way, std::str::from_utf8(bytes)) {
            (CopyAs::Text, Ok(text)) => (text.to_owned(), format!("Copied: {size}")),
            (CopyAs::Text, Err(err)) => (
                hex::encode(bytes),
                format!(
                    "Copied as hex digits: the byte at {} is no text (UTF-8)",
                    text::count(err.valid_up_to() as u64)
                ),
            ),
            (CopyAs::Hex, _) => (hex::encode(bytes), format!("Copied as hex digits: {size}")),
            (CopyAs::Base64, _) => (
                payload::to_base64(bytes),
                format!("Copied as base64: {size}"),
            ),
        };
        self.clipboard = Some(copied);
        self.notices.inform(told, self.now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::Action;
    use crate::app::open::{Place, open};
    use crate::model::topic::TopicName;
    use std::sync::Arc;

    #[test]
    fn a_copy_is_the_exact_text_or_says_its_encoding() {
        let wake: Arc<dyn Fn() + Send + Sync> = Arc::new(|| {});
        let mut app = open(Place::Scratch, &wake).unwrap();
        let late = [vec![b'a'; 70_000], vec![0xff]].concat();
        for (payload, way, copied, told) in [
            (
                b"{\"a\" :1}\r\n".to_vec(),
                CopyAs::Text,
                "{\"a\" :1}\r\n".to_owned(),
                "10 B",
            ),
            (vec![0, 255], CopyAs::Hex, "00ff".to_owned(), "hex"),
            (vec![0, 255], CopyAs::Base64, "AP8=".to_owned(), "base64"),
            (late.clone(), CopyAs::Text, hex::encode(&late), "at 70,000"),
        ] {
            let topic = TopicName::new("a").unwrap();
            let message = Arc::new(Message::new(topic, payload));
            app.perform(Action::CopyPayload(message, way));
            assert_eq!(app.clipboard.take(), Some(copied));
            let notice = app.notices.shown().last().unwrap();
            assert!(notice.text.contains(told), "{}", notice.text);
        }
    }
}
