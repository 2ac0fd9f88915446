//! What the Topics view asks for, and its share of a tick.

use crate::app::App;
use crate::app::actions::Action;
use crate::app::notices::Choice;
use crate::app::topics::{TopicsAction, filter_term, is_publishable};
use crate::model::correlation::{CorrelationDraft, CorrelationKind};
use crate::model::message::Qos;
use crate::model::request::{RequestDraft, ResponseTopicDraft};
use crate::store::TimelineView;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A tick is part of a frame: no more of it is spent on looking through a long timeline.
const SLICE: Duration = Duration::from_millis(4);

impl App {
    pub(in crate::app) fn follow_topics(&mut self) {
        if self.window.timeline_view != TimelineView::Topics {
            self.topics.rest();
            return;
        }
        let until = Instant::now() + SLICE;
        let timeline = self.recordings.timeline().unwrap_or(&self.session.timeline);
        let of = (timeline, self.listing.filter());
        self.topics.follow(of, self.now, || Instant::now() < until);
    }

    pub(super) fn perform_topics(&mut self, action: TopicsAction) {
        match action {
            TopicsAction::Choose(path) => self.topics.choose(path),
            TopicsAction::Fold { path, open } => self.topics.fold(path, open),
            TopicsAction::Search(query) => self.topics.search(query),
            TopicsAction::ChooseMessage(message) => {
                self.topics.choose_message(message);
                if let Some(entry) = message {
                    self.selected = Some(entry.row);
                }
            }
            TopicsAction::Draw(place) => self.topics.numbers.want(place),
            TopicsAction::ShowFilter(filter) => {
                self.set_filter(&filter_term(&filter), None);
                self.window.timeline_view = TimelineView::Topics;
            }
            TopicsAction::AskToClear { connection, topic } => {
                self.ask_to_clear(connection, topic);
            }
            TopicsAction::Clear { connection, topic } => self.clear_retained(&connection, topic),
        }
        self.follow_topics();
    }

    /// Why nothing can be published there, in words.
    pub fn why_not_cleared(&self, connection: &str, topic: &str) -> Option<String> {
        if !is_publishable(topic) {
            return Some(
                "this topic is the broker's own, nothing can be published there".to_owned(),
            );
        }
        let Some(profile) = self.library.profile(connection) else {
            return Some("its connection is not in this workspace".to_owned());
        };
        if profile.is_listener() {
            return Some("plain TCP has no retained messages".to_owned());
        }
        let is_on = self.session.state(connection).is_connected();
        (!is_on).then(|| format!("{} is not connected", profile.name))
    }

    fn ask_to_clear(&mut self, connection: String, topic: String) {
        self.notices.tell_about(
            "clear retained",
            format!("Take away what the broker keeps for {topic}?"),
            "An empty retained message is published there. Subscribers get it, too; it cannot be taken back.",
            vec![Choice {
                label: "Clear retained",
                action: Action::Topics(TopicsAction::Clear { connection, topic }),
            }],
        );
    }

    fn clear_retained(&mut self, connection: &str, topic: String) {
        if let Some(why) = self.why_not_cleared(connection, &topic) {
            self.notices.fail(
                format!("Nothing was cleared: {why}"),
                "Connect first, then clear it again.",
            );
            return;
        }
        let draft = RequestDraft {
            connection: connection.to_owned(),
            topic,
            qos: Qos::AtLeastOnce,
            retain: true,
            response_topic: ResponseTopicDraft::None,
            correlation_data: CorrelationDraft::of_kind(CorrelationKind::None),
            ..RequestDraft::default()
        };
        let surroundings = Self::surroundings(&self.session, &self.library, connection);
        match draft.validate(&surroundings) {
            Ok(request) => {
                if self
                    .session
                    .publish(connection, Arc::new(request))
                    .is_some()
                {
                    self.notices
                        .inform("An empty retained message is on its way", self.now);
                }
            }
            Err(errors) => {
                let why: Vec<String> = errors.into_iter().map(|err| err.message).collect();
                self.notices
                    .fail(format!("Nothing was cleared: {}", why.join("; ")), "");
            }
        }
    }
}
