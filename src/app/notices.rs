//! Notices: something to tell the user, and where it helps a way to take it back.

use crate::app::actions::Action;
use crate::app::rows::Tone;
use crate::app::undo::Undo;
use crate::model::time::Timestamp;
use std::time::Duration;

/// Names one notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NoticeId(u64);

/// A way out that a notice offers beside dismissing it.
#[derive(Clone, Debug)]
pub struct Choice {
    pub label: &'static str,
    pub action: Action,
}

#[derive(Debug)]
pub struct Notice {
    pub id: NoticeId,
    pub tone: Tone,
    pub text: String,
    /// What to do about it; may be empty.
    pub hint: String,
    pub undo: Option<Undo>,
    pub choices: Vec<Choice>,
    /// What it is about: a later notice with the same key takes its place.
    key: Option<String>,
    until: Option<Timestamp>,
}

impl Notice {
    /// Losing it would lose more than words.
    fn is_precious(&self) -> bool {
        self.undo.is_some() || !self.choices.is_empty()
    }
}

#[derive(Debug, Default)]
pub struct Notices {
    shown: Vec<Notice>,
    next: u64,
}

/// Kept at once; when there are more, the oldest go, those that can be undone last.
const MOST: usize = 30;
const INFORMATION_STAYS: Duration = Duration::from_secs(5);
const UNDO_STAYS: Duration = Duration::from_secs(15);

impl Notices {
    /// Goes away by itself.
    pub fn inform(&mut self, text: impl Into<String>, now: Timestamp) {
        let until = now.saturating_add(INFORMATION_STAYS);
        self.add(Tone::Accent, text.into(), String::new(), |notice| {
            notice.until = Some(until);
        });
    }

    /// Something was not done, and what is wrong is plain to see: goes away by itself.
    pub fn refuse(&mut self, text: impl Into<String>, now: Timestamp) {
        let until = now.saturating_add(INFORMATION_STAYS);
        self.add(Tone::NoSubscribers, text.into(), String::new(), |notice| {
            notice.until = Some(until);
        });
    }

    /// Stays until it is dismissed.
    pub fn fail(&mut self, text: impl Into<String>, hint: impl Into<String>) {
        let text = text.into();
        // The same failure again is the same notice.
        self.shown
            .retain(|notice| notice.text != text || notice.is_precious());
        self.add(Tone::Failed, text, hint.into(), |_| {});
    }

    /// A failure that goes on: said once, in one place, with the words of now.
    pub fn fail_about(
        &mut self,
        key: impl Into<String>,
        text: impl Into<String>,
        hint: impl Into<String>,
        choices: Vec<Choice>,
    ) {
        self.add(Tone::Failed, text.into(), hint.into(), |notice| {
            notice.key = Some(key.into());
            notice.choices = choices;
        });
    }

    /// Something that goes on, or what came of it: said once, in one place, until it is dismissed.
    pub fn tell_about(
        &mut self,
        key: impl Into<String>,
        text: impl Into<String>,
        hint: impl Into<String>,
        choices: Vec<Choice>,
    ) {
        self.add(Tone::Accent, text.into(), hint.into(), |notice| {
            notice.key = Some(key.into());
            notice.choices = choices;
        });
    }

    /// Brings something back; stays until it is dismissed.
    pub fn offer_back(&mut self, text: impl Into<String>, undo: Undo) {
        self.add(Tone::Accent, text.into(), String::new(), |notice| {
            notice.undo = Some(undo);
        });
    }

    pub fn offer_undo(&mut self, text: impl Into<String>, undo: Undo, now: Timestamp) {
        let until = now.saturating_add(UNDO_STAYS);
        self.add(Tone::Accent, text.into(), String::new(), |notice| {
            notice.undo = Some(undo);
            notice.until = Some(until);
        });
    }

    /// Takes all of them away.
    pub fn clear(&mut self) {
        self.shown.clear();
    }

    /// Oldest first.
    pub fn shown(&self) -> &[Notice] {
        &self.shown
    }

    pub fn dismiss(&mut self, id: NoticeId) -> Option<Notice> {
        let index = self.shown.iter().position(|notice| notice.id == id)?;
        Some(self.shown.remove(index))
    }

    /// What it was about is over.
    pub fn dismiss_about(&mut self, key: &str) {
        self.shown
            .retain(|notice| notice.key.as_deref() != Some(key));
    }

    /// The newest that can be undone, for Ctrl+Z.
    pub fn newest_undo(&self) -> Option<NoticeId> {
        self.shown
            .iter()
            .rev()
            .find(|notice| notice.undo.is_some())
            .map(|notice| notice.id)
    }

    /// Takes out those whose time is over.
    pub fn expire(&mut self, now: Timestamp) -> Vec<Notice> {
        let is_over = |notice: &mut Notice| notice.until.is_some_and(|until| until <= now);
        self.shown.extract_if(.., is_over).collect()
    }

    /// When the next one goes by itself.
    pub fn next_expiry(&self) -> Option<Timestamp> {
        self.shown.iter().filter_map(|notice| notice.until).min()
    }

    fn add(&mut self, tone: Tone, text: String, hint: String, fill: impl FnOnce(&mut Notice)) {
        let mut notice = Notice {
            id: NoticeId(self.next),
            tone,
            text,
            hint,
            undo: None,
            choices: Vec::new(),
            key: None,
            until: None,
        };
        fill(&mut notice);
        let same = self
            .shown
            .iter_mut()
            .find(|shown| shown.key.is_some() && shown.key == notice.key);
        if let Some(same) = same {
            notice.id = same.id;
            *same = notice;
            return;
        }
        self.next += 1;
        self.shown.push(notice);
        if self.shown.len() > MOST {
            let oldest = self.shown.iter().position(|shown| !shown.is_precious());
            self.shown.remove(oldest.unwrap_or(0));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::timeline::Timeline;

    const NOW: Timestamp = Timestamp::from_nanos(0);

    #[test]
    fn a_notice_about_the_same_thing_takes_the_place_of_the_earlier_one() {
        let mut notices = Notices::default();
        notices.fail_about("lost", "3 lost", "", Vec::new());
        notices.fail("another", "");
        let first = notices.shown()[0].id;
        notices.fail_about("lost", "7 lost", "", Vec::new());
        let texts: Vec<&str> = notices.shown().iter().map(|one| &*one.text).collect();
        assert_eq!(texts, ["7 lost", "another"]);
        assert_eq!(notices.shown()[0].id, first);
        notices.dismiss_about("lost");
        assert_eq!(notices.shown().len(), 1);
    }

    #[test]
    fn a_notice_with_an_undo_outlives_a_flood_of_failures() {
        let mut notices = Notices::default();
        notices.offer_undo("cleared", Undo::Cleared(Timeline::default().clear()), NOW);
        for number in 0..MOST * 2 {
            notices.fail(format!("failure {number}"), "");
        }
        assert_eq!(notices.shown().len(), MOST);
        assert!(notices.newest_undo().is_some());
    }
}
