//! A demo in the window: what it brings, what it says while it plays, and what is on show at the end.

use crate::app::App;
use crate::app::perform::RecordingAction;
use crate::model::demo::Demo;
use crate::session::{DemoPlayer, DemoProgress, DemoReport, Order};

/// What a demo has to say right now, for the line above everything else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DemoWords {
    pub title: String,
    /// Which step it is at, from 1, and how many there are; 0 before the first.
    pub place: (usize, usize),
    /// What happens now; at the end, what there was to be seen.
    pub text: String,
    pub standing: Standing,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    #[default]
    Playing,
    /// Everything ended as it should.
    Played,
    Failed,
}

/// The demo that plays, and what the last one left.
#[derive(Default)]
pub(super) struct Demos {
    player: Option<DemoPlayer>,
    report: Option<DemoReport>,
    words: Option<DemoWords>,
}

impl App {
    pub(super) fn play_demo(&mut self, name: &str) {
        let Some(demo) = Demo::find(name) else {
            self.notices.fail(format!("There is no demo `{name}`"), "");
            return;
        };
        self.dialog = None;
        if let Some(words) = self
            .demos
            .words
            .take()
            .filter(|_| self.demos.player.take().is_some())
        {
            let (at, of) = words.place;
            self.notices.refuse(
                format!(
                    "{} ended at step {at} of {of}: {} plays now",
                    words.title, demo.title
                ),
                self.now,
            );
        }
        self.perform_recording(RecordingAction::Show(None));
        if let Err(problem) = self.library.adopt(&demo) {
            self.notices.fail(problem.text, problem.hint);
            return;
        }
        self.perform_recording(RecordingAction::Show(None));
        // The one whose answer will be on show at the end.
        if let Some(shown) = demo.shown_request() {
            self.open_request(shown);
        }
        let mut player = DemoPlayer::new(&demo, &mut self.session, self.now);
        if self.is_demo_read_along {
            player.read_along();
        }
        self.demos.words = Some(DemoWords {
            title: demo.title.clone(),
            place: player.place(),
            text: demo.summary.clone(),
            standing: Standing::Playing,
        });
        self.demos.player = Some(player);
        self.advance_demo();
    }

    /// Ends it where it is, or puts its words away when it has ended.
    pub(super) fn stop_demo(&mut self) {
        self.demos.player = None;
        self.demos.words = None;
    }

    pub fn is_demo_running(&self) -> bool {
        self.demos.player.is_some()
    }

    pub fn demo_words(&self) -> Option<&DemoWords> {
        self.demos.words.as_ref()
    }

    /// How the last demo ended, once.
    pub fn take_demo_report(&mut self) -> Option<DemoReport> {
        self.demos.report.take()
    }

    pub(super) fn advance_demo(&mut self) {
        let Some(mut player) = self.demos.player.take() else {
            return;
        };
        loop {
            let progress = player.tick(&mut self.session, self.now);
            while let Some(said) = player.next_words() {
                if let Some(words) = &mut self.demos.words {
                    words.text = said;
                }
            }
            if let Some(words) = &mut self.demos.words {
                words.place = player.place();
            }
            match progress {
                DemoProgress::Running { .. } => {
                    self.demos.player = Some(player);
                    return;
                }
                DemoProgress::Please(Order::Connect(id)) => self.connect(&id),
                DemoProgress::Please(Order::SwitchOn(id)) => self.start_device(&id),
                DemoProgress::Done(report) => {
                    self.demo_ended(report);
                    return;
                }
            }
        }
    }

    fn demo_ended(&mut self, report: DemoReport) {
        let title = self.demos.words.as_ref().map(|words| words.title.clone());
        let title = title.unwrap_or_default();
        if report.failures.is_empty() {
            self.notices.inform(
                format!("{title}: played, every exchange ended as it should"),
                self.now,
            );
        } else {
            self.notices.fail(
                format!("{title}: {}", report.failures.join("; ")),
                "The timeline shows which exchange it was.",
            );
        }
        if let Some(words) = &mut self.demos.words {
            words.standing = if report.failures.is_empty() {
                Standing::Played
            } else {
                Standing::Failed
            };
        }
        let shown = report.shown.or_else(|| report.exchanges.last().copied());
        if let Some(exchange) = shown.filter(|exchange| self.session.row_of(*exchange).is_some()) {
            self.select_sent(exchange);
        }
        self.demos.report = Some(report);
    }
}
