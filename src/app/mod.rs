//! What the window knows, without a window: state, actions, notices, rows ready to paint.
//!
//! It may use `session`, `store` and `model`; it names no egui. A frame goes: [`App::tick`]
//! (drain events, keep time), paint from here, then [`App::perform`] the actions that the panels
//! returned. Panels change nothing themselves but the draft that they edit. If a test without a
//! window would care about it, it belongs here.

pub mod actions;
pub mod bench;
pub mod columns;
pub mod compare;
pub mod connections;
pub mod demo;
pub mod devices;
pub mod diagnosis;
pub mod dialogs;
pub mod environments;
pub mod export;
pub mod filters;
pub mod find;
pub mod imports;
pub mod inspect;
pub mod lanes;
pub mod latency;
pub mod library;
pub mod listing;
pub mod messages;
pub mod nagle;
pub mod notices;
pub mod open;
pub mod pairing;
pub mod palette;
pub mod payloads;
pub mod perform;
pub mod rate;
pub mod reading;
pub mod recordings;
pub mod requests;
pub mod rows;
pub mod rule_editor;
pub mod rules;
pub mod secrets;
pub mod selection;
pub mod status;
pub mod subscriptions;
pub mod table;
pub mod tabs;
pub mod tally;
pub mod topics;
pub mod undo;
pub mod work;

pub use crate::store::export::Format as ExportFormat;
pub use crate::store::{Geometry, Theme as ThemeChoice, TimelineView, WindowState};
pub use actions::Action;

use crate::model::connection::ConnectionState;
use crate::model::exchange::ExchangeId;
use crate::model::profile::{MqttVersion, Profile};
use crate::model::request::Surroundings;
use crate::model::secret::Secret;
use crate::model::time::Timestamp;
use crate::model::timeline::{Bounds, RowId};
use crate::session::{ConnectionEvent, DeviceEvent, Event, Session};
use crate::store::Settings;
use demo::Demos;
use devices::Activity;
use dialogs::Dialog;
use filters::FilterBox;
use library::Library;
use listing::Listing;
use notices::Notices;
use rules::RuleShelf;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};
use tabs::{Tab, TabId, Tabs};

/// Events taken per frame: enough for 100,000 a second, few enough for a frame.
const EVENTS_PER_TICK: usize = 4_000;
/// The clock is looked at after so many.
const EVENTS_AT_ONCE: usize = 256;
const DRAIN_TIME: Duration = Duration::from_millis(4);

pub struct App {
    pub session: Session,
    pub library: Library,
    pub tabs: Tabs,
    pub notices: Notices,
    pub dialog: Option<Dialog>,
    /// The row that is looked at.
    pub selected: Option<RowId>,
    selection: selection::Selection,
    /// What the table shows.
    pub listing: Listing,
    pub latency: latency::Latency,
    pub topics: topics::Topics,
    pub subscriptions: subscriptions::Subscriptions,
    pub recordings: recordings::Recordings,
    /// What belongs to the session's timeline, while a recording is shown.
    looked: recordings::Looked,
    /// What is typed to choose it.
    pub filter: FilterBox,
    pub activity: Activity,
    /// Who was there when, for the lanes.
    pub presence: lanes::Presence,
    pub settings: Settings,
    pub rules: RuleShelf,
    /// Sizes, sides and theme, as they come back on the next start.
    pub window: WindowState,
    pub now: Timestamp,
    /// Text that the window should put on the clipboard.
    pub clipboard: Option<String>,
    pub wants_to_quit: bool,
    /// For what takes longer than a frame.
    pub worker: work::Worker,
    /// The message that another is to be compared with.
    pub marked: Option<compare::Chosen>,
    /// The workspace's folder, where it is only for this run.
    scratch: Option<crate::store::Scratch>,
    demos: Demos,
    /// Demos leave time to read what they say.
    pub is_demo_read_along: bool,
    /// Passwords given in this run, by profile id.
    passwords: BTreeMap<String, Secret>,
    /// Profiles whose password the user did not want to be kept.
    unkept: BTreeSet<String>,
    /// The encrypted file is locked and stays so in this run.
    without_vault: bool,
    /// Variables of this process.
    process: std::sync::Arc<BTreeMap<String, Secret>>,
    /// Secrets that were refused: another is asked for.
    distrusted: BTreeSet<String>,
    /// Tabs whose request goes out once the broker has said what it depends on.
    held: Vec<TabId>,
    losses: diagnosis::Losses,
    exports: export::Exports,
    imports: imports::Imports,
    statistics: status::Statistics,
    lost_before: u64,
}

impl App {
    pub fn new(
        session: Session,
        library: Library,
        settings: Settings,
        window: WindowState,
    ) -> Self {
        let mut app = Self {
            session,
            library,
            tabs: Tabs::default(),
            notices: Notices::default(),
            dialog: None,
            selected: None,
            selection: selection::Selection::default(),
            listing: Listing::default(),
            latency: latency::Latency::default(),
            topics: topics::Topics::default(),
            subscriptions: subscriptions::Subscriptions::default(),
            recordings: recordings::Recordings::default(),
            looked: recordings::Looked::default(),
            filter: FilterBox::default(),
            activity: Activity::default(),
            presence: lanes::Presence::default(),
            settings,
            rules: RuleShelf::default(),
            window,
            now: Session::now(),
            clipboard: None,
            wants_to_quit: false,
            worker: work::Worker::new(std::sync::Arc::new(|| {})),
            marked: None,
            scratch: None,
            demos: Demos::default(),
            is_demo_read_along: false,
            passwords: BTreeMap::new(),
            unkept: BTreeSet::new(),
            without_vault: false,
            distrusted: BTreeSet::new(),
            process: crate::store::process_variables(),
            held: Vec::new(),
            losses: diagnosis::Losses::default(),
            exports: export::Exports::default(),
            imports: imports::Imports::default(),
            statistics: status::Statistics::default(),
            lost_before: 0,
        };
        app.apply_settings();
        app.library.fetch_passwords(app.environment_accounts());
        app.refresh_environment();
        app.arrange_as_kept();
        for problem in app.library.take_problems() {
            app.notices.fail(problem.text, problem.hint);
        }
        app.refresh_rules();
        app.tell_broken_rules();
        app.reopen_tabs();
        app
    }

    /// Takes what the workers told and moves time on. Cheap when nothing happened.
    pub fn tick(&mut self) {
        self.now = Session::now();
        self.follow_subscriptions();
        self.drain();
        self.follow_recordings();
        self.refresh_filter();
        self.refresh_listing();
        self.follow_selection();
        self.follow_latency();
        self.follow_topics();
        self.send_held();
        self.advance_demo();
        self.hear_of_files();
        self.hear_of_exports();
        self.follow_imports();
        self.follow_secrets();
        self.refresh_environment();
        self.follow_diagnosis();
        self.refresh_rules();
        let over = self.notices.expire(self.now);
        if !over.is_empty() {
            // Many cleared rows may go with them.
            self.session.let_go(over);
        }
        let lost = self.session.lost();
        if lost > self.lost_before {
            self.notices.fail_about(
                "lost",
                format!("{lost} messages came faster than they could be shown and were not kept"),
                "Replies to requests are never lost this way; what was lost belonged to no request.",
                Vec::new(),
            );
            self.lost_before = lost;
        }
        self.refresh_statistics();
        self.check_typed();
    }

    /// Takes what the workers told, but no longer than a frame can spare; the rest wakes the window again.
    fn drain(&mut self) {
        let started = Instant::now();
        let mut left = EVENTS_PER_TICK;
        while left > 0 && started.elapsed() < DRAIN_TIME {
            let events = self.session.drain(left.min(EVENTS_AT_ONCE));
            if events.is_empty() {
                return;
            }
            left -= events.len();
            for event in events {
                self.hear(&event);
            }
        }
    }

    /// When the next tick is due although nothing happens: a countdown, a waiting bar, a notice.
    pub fn next_tick(&self) -> Option<Duration> {
        let waits = self
            .session
            .timeline
            .count_of(crate::model::timeline::Category::Waiting)
            > 0;
        let retries = self
            .session
            .links()
            .any(|(_, link)| matches!(link.state, ConnectionState::Retrying { .. }));
        let sleeps = self
            .session
            .devices()
            .any(|(_, device)| device.asleep_until.is_some());
        let mut next: Option<Duration> = None;
        let mut sooner =
            |duration: Duration| next = Some(next.map_or(duration, |next| next.min(duration)));
        if self.listing.is_searching() || self.recordings.is_busy() {
            sooner(Duration::from_millis(8));
        }
        if waits {
            sooner(Duration::from_millis(100));
        }
        if self.listing.arrangement().is_busy() {
            sooner(Duration::from_millis(8));
        }
        if retries || sleeps {
            sooner(Duration::from_secs(1));
        }
        if self.exports.are_running() || self.is_diagnosing() {
            sooner(Duration::from_millis(100));
        }
        if self.is_demo_running() {
            sooner(Duration::from_millis(50));
        }
        if let Some(expiry) = self.notices.next_expiry() {
            sooner(expiry.since(self.now).max(Duration::from_millis(10)));
        }
        if self.statistics.is_stale(self.timeline()) {
            sooner(Duration::from_millis(500));
        }
        if let Some(due) = self.next_look_at_selection() {
            sooner(due);
        }
        if let Some(due) = self.latency.next_look() {
            sooner(due);
        }
        if let Some(due) = self.topics.next_look() {
            sooner(due);
        }
        if self.topics.is_lively(self.now) {
            sooner(Duration::from_millis(500));
        }
        if let Some(due) = self.next_look_at_subscriptions() {
            sooner(due);
        }
        next
    }

    /// What a request of this tab needs to know of its connection.
    pub fn surroundings<'a>(
        session: &'a Session,
        library: &'a Library,
        connection: &str,
    ) -> Surroundings<'a> {
        match session.state(connection).info() {
            Some(info) => Surroundings {
                client_id: &info.client_id,
                response_information: info.response_information.as_deref(),
                rules: Some(session.rules()),
                environment: Some(library.environment()),
            },
            None => Surroundings {
                client_id: library
                    .profile(connection)
                    .map_or("", |profile| &profile.client_id),
                response_information: None,
                rules: Some(session.rules()),
                environment: Some(library.environment()),
            },
        }
    }

    /// Brings what is said to be wrong up to date with what is typed.
    pub fn check_typed(&mut self) {
        if let Some(dialog) = &mut self.dialog {
            dialog.check_again(self.session.rules(), self.library.environment());
        }
        if let Some(Dialog::Subscription(dialog)) = &mut self.dialog
            && !dialog.errors.is_empty()
        {
            dialog.find_errors(self.library.subscriptions());
        }
        let Some(connection) = self.tabs.front().map(|tab| tab.draft.connection.clone()) else {
            return;
        };
        let surroundings = Self::surroundings(&self.session, &self.library, &connection);
        if let Some(tab) = self.tabs.front_mut() {
            tab.refresh(&surroundings);
        }
    }

    /// The version that a connection speaks, or will try first.
    pub fn version_of(&self, connection: &str) -> MqttVersion {
        if let Some(info) = self.session.state(connection).info() {
            return info.version;
        }
        let profile = self.library.profile(connection);
        profile.map_or_else(MqttVersion::default, |profile| profile.mqtt_version.first())
    }

    /// The generated Response Topic of a tab's connection.
    pub fn generated_response_topic(&self, tab: &Tab) -> String {
        Self::surroundings(&self.session, &self.library, &tab.draft.connection)
            .generated_response_topic()
    }

    /// Open requests whose replies could not be told from those to the front tab's request.
    pub fn twins_of_front(&self) -> Vec<ExchangeId> {
        match self.tabs.front().and_then(|tab| Some((tab, tab.valid()?))) {
            Some((tab, request)) => self.session.twins(&tab.draft.connection, request),
            None => Vec::new(),
        }
    }

    /// The valid profile of an id, or why there is none, in a sentence.
    pub fn profile(&self, id: &str) -> Result<Profile, String> {
        let draft = self
            .library
            .profile(id)
            .ok_or_else(|| format!("there is no connection `{id}`; it may have been deleted"))?;
        let filled = draft.filled(self.library.environment());
        filled
            .and_then(|(filled, _)| filled.validate(id))
            .map_err(|errors| {
                let reasons: Vec<String> = errors.into_iter().map(|err| err.message).collect();
                format!(
                    "the connection {} is not valid: {}",
                    draft.name,
                    reasons.join("; ")
                )
            })
    }

    /// Makes them again where they are old.
    pub fn refresh_statistics(&mut self) {
        let shown = self.recordings.timeline();
        self.statistics
            .refresh(shown.unwrap_or(&self.session.timeline), self.now);
    }

    /// As of the last tick.
    pub fn statistics(&self) -> &status::Statistics {
        &self.statistics
    }

    /// The window's state as of now, for its file: sizes, sides, and the tabs with what is typed.
    pub fn window_state(&self) -> WindowState {
        let mut state = self.window.clone();
        state.tabs = self
            .tabs
            .iter()
            .map(|tab| crate::store::Tab {
                request: tab.saved_id.clone(),
                unsaved: tab.is_dirty().then(|| tab.draft.clone()),
            })
            .collect();
        let front = self
            .tabs
            .front()
            .and_then(|front| self.tabs.iter().position(|tab| tab.id == front.id));
        state.selected_tab = front.unwrap_or(0);
        state
    }

    /// Writes what a window knows, and waits for the disk. For the end of the program.
    pub fn close(&mut self) {
        self.close_recorder();
        let state = self.window_state();
        self.library.save_window(&state);
        self.library.flush();
        self.exports.end();
    }

    fn hear(&mut self, event: &Event) {
        self.presence.hear(&self.session, event, self.now);
        if let Event::Connection { id, event, .. } = event {
            self.subscriptions.hear(id, event);
        }
        self.hear_of_loss(event);
        match event {
            Event::Connection {
                id,
                generation,
                event: ConnectionEvent::State(ConnectionState::Refused { problem }),
            } => {
                let link = self.session.link(id);
                // An earlier connection of this id may still have something to say.
                if link.is_none_or(|link| link.generation() != *generation) {
                    return;
                }
                let name = self
                    .library
                    .profile(id)
                    .map_or_else(|| id.to_string(), |profile| profile.name.clone());
                self.distrust_password(id, problem);
                self.tell_of_refusal(id, &name, problem);
            }
            Event::Device {
                id,
                generation,
                event,
            } => {
                let device = self.session.device(id);
                let name = device.map_or_else(|| id.to_string(), |it| it.spec.name.to_string());
                let is_current = device.is_some_and(|it| it.generation() == *generation);
                self.activity.note(&name, event, self.now);
                if let DeviceEvent::State(ConnectionState::Refused { problem }) = event
                    && is_current
                {
                    let profile = self.library.device(id).map(|it| it.connection.clone());
                    if let Some(profile) = profile {
                        self.distrust_password(&profile, problem);
                    }
                    self.notices.fail(
                        format!("The simulated device {name}: {}", problem.summary),
                        problem.hint.to_string(),
                    );
                }
            }
            Event::Interrupted => self.wants_to_quit = true,
            Event::Diagnosis { .. } => self.hear_of_diagnosis(event),
            Event::Connection { .. } | Event::Broker(_) => {}
        }
    }

    fn apply_settings(&mut self) {
        let bounds = Bounds {
            rows: self.settings.timeline.max_rows,
            bytes: self.settings.timeline.max_bytes,
        };
        self.session.timeline.set_bounds(bounds);
        for opened in self.recordings.opened_mut() {
            opened.timeline.set_bounds(bounds);
        }
        self.session
            .set_broker_port(self.settings.built_in_broker_port);
    }

    fn reopen_tabs(&mut self) {
        let open = self.window.tabs.clone();
        for tab in open {
            let original = tab
                .request
                .as_ref()
                .and_then(|id| self.library.request(id))
                .cloned();
            let saved_id = tab.request.filter(|_| original.is_some());
            match (tab.unsaved, original) {
                (Some(draft), original) => {
                    self.tabs
                        .open(saved_id, draft, original.unwrap_or_default());
                }
                (None, Some(original)) => {
                    self.tabs.open(saved_id, original.clone(), original);
                }
                (None, None) => {}
            }
        }
        let front = self
            .tabs
            .iter()
            .nth(self.window.selected_tab)
            .map(|tab| tab.id);
        if let Some(id) = front {
            self.tabs.bring_to_front(id);
        }
        if self.tabs.is_empty() {
            self.perform(Action::NewTab);
        }
    }
}

#[cfg(test)]
mod tests;
