//! Notices: something to tell the user, and where it helps a way to take it back.

use crate::app::rows::Tone;
use crate::app::undo::Undo;
use crate::model::time::Timestamp;
use std::time::Duration;

/// Names one notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NoticeId(u64);

#[derive(Debug)]
pub struct Notice {
    pub id: NoticeId,
    pub tone: Tone,
    pub text: String,
    /// What to do about it; may be empty.
    pub hint: String,
    pub undo: Option<Undo>,
    until: Option<Timestamp>,
}

#[derive(Debug, Default)]
pub struct Notices {
    shown: Vec<Notice>,
    next: u64,
}

/// More than this would cover what they are about.
const MOST: usize = 5;
const INFORMATION_STAYS: Duration = Duration::from_secs(5);
const UNDO_STAYS: Duration = Duration::from_secs(15);

impl Notices {
    /// Goes away by itself.
    pub fn inform(&mut self, text: impl Into<String>, now: Timestamp) {
        self.add(
            Tone::Accent,
            text.into(),
            String::new(),
            None,
            Some(now.saturating_add(INFORMATION_STAYS)),
        );
    }

    /// Stays until it is dismissed.
    pub fn fail(&mut self, text: impl Into<String>, hint: impl Into<String>) {
        let text = text.into();
        // The same failure again is the same notice.
        self.shown.retain(|notice| notice.text != text);
        self.add(Tone::Failed, text, hint.into(), None, None);
    }

    pub fn offer_undo(&mut self, text: impl Into<String>, undo: Undo, now: Timestamp) {
        self.add(
            Tone::Accent,
            text.into(),
            String::new(),
            Some(undo),
            Some(now.saturating_add(UNDO_STAYS)),
        );
    }

    /// Takes all of them away.
    pub fn clear(&mut self) {
        self.shown.clear();
    }

    pub fn shown(&self) -> &[Notice] {
        &self.shown
    }

    pub fn dismiss(&mut self, id: NoticeId) -> Option<Notice> {
        let index = self.shown.iter().position(|notice| notice.id == id)?;
        Some(self.shown.remove(index))
    }

    /// The newest that can be undone, for Ctrl+Z.
    pub fn newest_undo(&self) -> Option<NoticeId> {
        self.shown
            .iter()
            .rev()
            .find(|notice| notice.undo.is_some())
            .map(|notice| notice.id)
    }

    pub fn expire(&mut self, now: Timestamp) {
        self.shown
            .retain(|notice| notice.until.is_none_or(|until| until > now));
    }

    /// When the next one goes by itself.
    pub fn next_expiry(&self) -> Option<Timestamp> {
        self.shown.iter().filter_map(|notice| notice.until).min()
    }

    fn add(
        &mut self,
        tone: Tone,
        text: String,
        hint: String,
        undo: Option<Undo>,
        until: Option<Timestamp>,
    ) {
        let id = NoticeId(self.next);
        self.next += 1;
        self.shown.push(Notice {
            id,
            tone,
            text,
            hint,
            undo,
            until,
        });
        if self.shown.len() > MOST {
            self.shown.remove(0);
        }
    }
}
