//! Recording what happens, and opening what was recorded.

use crate::app::App;
use crate::app::dialogs::Dialog;
use crate::app::listing::Listing;
use crate::app::recordings::{Done, Looked, Opened, Purpose, RecordingDialog, TrimBy};
use crate::model::record::Marks;
use crate::model::text;
use crate::model::timeline::{Bounds, Mark, RowId, RowRef, Timeline};
use crate::store::export;
use crate::store::recording::{
    self, ENDING, Editor, Phase, Recorder, RecorderOptions, RecordingError, Trim, auto,
};
use chrono::{Local, TimeZone as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long the program's end waits for the disk.
const LAST_WAIT: Duration = Duration::from_secs(5);
/// How long clearing the timeline waits for a recording that takes no more rows.
const CLEAR_WAIT: Duration = Duration::from_millis(100);
/// How long it waits for one that takes them.
const LONGEST_CLEAR: Duration = Duration::from_secs(2);
/// An automatic recording that has grown by such a part of the bound makes others go.
const ROOM_STEPS: u64 = 32;

/// What a user can ask for about recordings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordingAction {
    AskWhereTo,
    /// As the dialog says.
    Start,
    Stop,
    AskWhich,
    /// As the dialog says.
    Open,
    OpenPath(PathBuf),
    /// None shows the session.
    Show(Option<usize>),
    Close(usize),
    AskTrim(usize),
    /// As the dialog says.
    Trim,
}

impl App {
    /// The timeline that is shown.
    pub fn timeline(&self) -> &Timeline {
        self.recordings.timeline().unwrap_or(&self.session.timeline)
    }

    /// Brings what the table shows up to date.
    pub(in crate::app) fn refresh_listing(&mut self) {
        let profiles = self.library.profiles().iter();
        let names = profiles.map(|(id, profile)| (id, &profile.name));
        self.listing.arrangement_mut().call_connections(names);
        let shown = self.recordings.timeline();
        self.listing
            .refresh(shown.unwrap_or(&self.session.timeline));
    }

    pub(in crate::app) fn perform_recording(&mut self, action: RecordingAction) {
        match action {
            RecordingAction::AskWhereTo => self.ask_for_recording(Purpose::Record),
            RecordingAction::AskWhich => self.ask_for_recording(Purpose::Open),
            RecordingAction::AskTrim(at) => {
                // It is chosen in what is shown.
                self.show_recording(Some(at));
                if let Some(opened) = self.recordings.shown_recording() {
                    self.ask_for_recording(Purpose::Trim(opened.path.clone()));
                }
            }
            RecordingAction::Start => self.start_as_asked(),
            RecordingAction::Stop => self.stop_recording(),
            RecordingAction::Open => {
                if let Some(path) = self.path_of_dialog() {
                    self.dialog = None;
                    self.open_recording(&path);
                }
            }
            RecordingAction::OpenPath(path) => self.open_recording(&path),
            RecordingAction::Show(at) => self.show_recording(at),
            RecordingAction::Close(at) => self.close_recording(at),
            RecordingAction::Trim => self.trim_recording(),
        }
    }

    /// Begins the automatic recording, where the settings ask for one.
    pub(in crate::app) fn record_by_itself(&mut self) {
        let settings = self.settings.recording;
        if !settings.auto || self.recordings.recorder.is_some() {
            return;
        }
        let folder = self.library.recordings_folder().to_owned();
        let stamp = self.stamp();
        let path = match auto::next_path(&folder, &stamp) {
            Ok(path) => path,
            Err(err) => {
                let words = format!("Nothing is recorded: {err}");
                self.notices.fail(words, err.hint());
                return;
            }
        };
        self.start_recorder(&path, Some(settings.max_bytes()));
        self.recordings.is_automatic = true;
        self.make_room_for_recordings();
    }

    /// All automatic recordings together stay within their bound.
    fn make_room_for_recordings(&mut self) {
        let folder = self.library.recordings_folder().to_owned();
        let most = self.settings.recording.max_bytes();
        self.recordings.room_made_at = self.recordings.status().map_or(0, |status| status.bytes);
        let work = self.worker.start(move |_| {
            let removed = auto::make_room(&folder, most);
            Some(Done::MadeRoom(removed))
        });
        self.recordings.under_way.push(work);
    }

    /// What grows takes the room of older ones.
    fn follow_growth(&mut self) {
        if !self.recordings.is_automatic {
            return;
        }
        let bytes = self.recordings.status().map_or(0, |status| status.bytes);
        let step = self.settings.recording.max_bytes() / ROOM_STEPS;
        if bytes >= self.recordings.room_made_at.saturating_add(step) {
            self.make_room_for_recordings();
        }
    }

    /// Feeds the recorder, fills opened recordings, and says what became of what was under way.
    pub(in crate::app) fn follow_recordings(&mut self) {
        self.feed_recorder();
        self.follow_growth();
        let mut failed = Vec::new();
        for opened in self.recordings.opened_mut() {
            opened.advance();
            if let Some(problem) = opened.failure().filter(|_| !opened.is_told) {
                opened.is_told = true;
                failed.push((problem, opened.path.clone(), opened.timeline.is_empty()));
            }
        }
        for (problem, path, is_empty) in failed {
            self.notices.fail(problem.to_string(), problem.hint());
            if let Some(at) = self.recordings.place_of(&path).filter(|_| is_empty) {
                // There is nothing to look at.
                self.close_recording(at);
            }
        }
        self.hear_of_recordings();
        if let Some(Dialog::Recording(dialog)) = &mut self.dialog {
            dialog.advance();
        }
    }

    fn hear_of_recordings(&mut self) {
        let under_way = std::mem::take(&mut self.recordings.under_way);
        for work in under_way {
            match work.take() {
                Some(done) => self.tell_done(done),
                None => self.recordings.under_way.push(work),
            }
        }
    }

    fn feed_recorder(&mut self) {
        let Some(mut recorder) = self.recordings.recorder.take() else {
            return;
        };
        recorder.feed(&self.session.timeline);
        for (id, profile) in self.library.profiles() {
            let name = profile.name.clone();
            if !self.recordings.named.contains(id) && recorder.name_connection(id, &name) {
                self.recordings.named.insert(id.clone());
            }
        }
        self.tell_marks(&recorder);
        let status = recorder.status();
        if let Some(Dialog::Recording(dialog)) = &mut self.dialog
            && dialog.is_starting
        {
            match &status.phase {
                Phase::Opening => {}
                Phase::Failed(problem) => {
                    // What is typed stays, to be put right.
                    dialog.error = Some(format!("{problem}: {}", problem.hint()));
                    dialog.is_starting = false;
                    return;
                }
                _ => self.dialog = None,
            }
        }
        match &status.phase {
            Phase::Failed(problem) => {
                let words = if status.written == 0 {
                    format!("Nothing is recorded: {problem}")
                } else {
                    format!("The recording has ended: {problem}")
                };
                self.notices.fail(words, problem.hint());
                self.recordings.is_stopping = false;
                return;
            }
            Phase::Trouble(problem) if !self.recordings.is_trouble_told => {
                self.recordings.is_trouble_told = true;
                let words = format!("Nothing can be recorded at the moment: {problem}");
                self.notices.fail(words, problem.hint());
            }
            Phase::Recording => self.recordings.is_trouble_told = false,
            _ => {}
        }
        if self.recordings.is_stopping && status.waiting == 0 {
            self.recordings.is_stopping = false;
            let now = self.now;
            let work = self.worker.start(move |_| {
                let nothing_more = Timeline::default();
                Some(Done::Finished(recorder.finish(
                    &nothing_more,
                    now,
                    LAST_WAIT,
                )))
            });
            self.recordings.under_way.push(work);
        } else {
            self.recordings.recorder = Some(recorder);
        }
    }

    /// What could not be told yet is told the next time.
    fn tell_marks(&mut self, recorder: &Recorder) {
        let timeline = &self.session.timeline;
        self.recordings.unmarked.retain(|id| {
            let mark = timeline.mark(*id);
            !recorder.mark(*id, mark.map(Marks::from).unwrap_or_default())
        });
    }

    /// Marks rows of the session, or of the recording at that path. Gives what was there before.
    pub(in crate::app) fn put_marks(
        &mut self,
        marks: Vec<(RowId, Mark)>,
        path: Option<&Path>,
    ) -> Vec<(RowId, Mark)> {
        let Some(path) = path else {
            let timeline = &mut self.session.timeline;
            let unmarked = &mut self.recordings.unmarked;
            let put = marks.into_iter().map(|(row, mark)| {
                unmarked.insert(row);
                (row, timeline.set_mark(row, mark))
            });
            return put.collect();
        };
        // It may have been closed since: then the marks go into the file alone.
        let at = self.recordings.place_of(path);
        let mut opened = at.and_then(|at| self.recordings.opened_mut().get_mut(at));
        let put = marks.iter().map(|(row, mark)| {
            let before = opened.as_mut().map_or_else(Mark::default, |opened| {
                opened.timeline.set_mark(*row, mark.clone())
            });
            (*row, before)
        });
        let before: Vec<(RowId, Mark)> = put.collect();
        let (path, back) = (path.to_owned(), before.clone());
        let work = self.worker.start(move |_| {
            let marked = Editor::open(&path).and_then(|mut editor| {
                for (row, mark) in &marks {
                    editor.mark(*row, &Marks::from(mark))?;
                }
                editor.close()
            });
            Some(Done::Marked(path, back, marked))
        });
        self.recordings.under_way.push(work);
        before
    }

    fn tell_done(&mut self, done: Done) {
        match done {
            Done::Finished(Ok(finished)) => {
                let size = text::bytes(usize::try_from(finished.bytes).unwrap_or(usize::MAX));
                let missed = match finished.missed {
                    0 => String::new(),
                    missed => format!(", {} rows missed", text::count(missed)),
                };
                let path = finished.path.display();
                self.notices
                    .inform(format!("Recorded {size}{missed}: {path}"), self.now);
            }
            Done::Finished(Err(problem)) => {
                self.notices.fail(problem.to_string(), problem.hint());
            }
            Done::Trimmed(path, result) => {
                match result {
                    Ok(trimmed) => {
                        let size =
                            |bytes| text::bytes(usize::try_from(bytes).unwrap_or(usize::MAX));
                        let rows = match trimmed.rows {
                            1 => "1 row".to_owned(),
                            rows => format!("{} rows", text::count(rows)),
                        };
                        let words = format!(
                            "{rows} taken out of {}: {} instead of {}",
                            path.display(),
                            size(trimmed.bytes),
                            size(trimmed.bytes_before)
                        );
                        self.notices.inform(words, self.now);
                    }
                    Err(problem) => self
                        .notices
                        .fail(format!("Nothing was taken out: {problem}"), problem.hint()),
                }
                self.open_recording(&path);
            }
            Done::Marked(_, _, Ok(())) => {}
            Done::Marked(path, before, Err(problem)) => {
                let words = match before.len() {
                    1 => "The row is not marked",
                    _ => "The rows are not marked",
                };
                // What is shown is what the file has.
                let at = self.recordings.place_of(&path);
                if let Some(opened) = at.and_then(|at| self.recordings.opened_mut().get_mut(at)) {
                    for (row, before) in before {
                        opened.timeline.set_mark(row, before);
                    }
                }
                self.notices
                    .fail(format!("{words}: {problem}"), problem.hint());
            }
            Done::MadeRoom(Ok(removed)) if removed.is_empty() => {}
            Done::MadeRoom(Ok(removed)) => {
                let bytes: u64 = removed.iter().map(|one| one.bytes).sum();
                let count = match removed.len() {
                    1 => "1 old automatic recording".to_owned(),
                    count => format!("{count} old automatic recordings"),
                };
                let words = format!(
                    "{count} had to go, {}: the bound is in the settings",
                    text::bytes(usize::try_from(bytes).unwrap_or(usize::MAX))
                );
                self.notices.inform(words, self.now);
            }
            Done::MadeRoom(Err(problem)) => {
                let words = format!("Old recordings could not be taken away: {problem}");
                self.notices.fail(words, problem.hint());
            }
        }
    }

    fn stamp(&self) -> String {
        let now = Local.timestamp_nanos(self.now.as_nanos());
        now.format("%Y-%m-%d-%H%M%S").to_string()
    }

    fn ask_for_recording(&mut self, purpose: Purpose) {
        let folder = self.library.recordings_folder().to_owned();
        let path = match &purpose {
            Purpose::Record => folder.join(format!("{}.{ENDING}", self.stamp())),
            Purpose::Open => PathBuf::new(),
            Purpose::Trim(path) => path.clone(),
        };
        let lists = purpose == Purpose::Open;
        let mut dialog = RecordingDialog::new(purpose, path.display().to_string());
        if lists {
            let work = self.worker.start(move |_| Some(recording::list(&folder)));
            dialog.work = Some(work);
        }
        self.dialog = Some(Dialog::Recording(Box::new(dialog)));
    }

    /// The path that is typed, absolute: a bare name is one in the folder of recordings.
    fn path_of_dialog(&mut self) -> Option<PathBuf> {
        let folder = self.library.recordings_folder().to_owned();
        let Some(Dialog::Recording(dialog)) = &mut self.dialog else {
            return None;
        };
        let typed = dialog.path.trim();
        if typed.is_empty() {
            dialog.error = Some("write the path of a file".to_owned());
            return None;
        }
        let beneath_home = typed.strip_prefix("~/");
        let mut path = match beneath_home.map(|rest| (rest, export::home_folder())) {
            Some((rest, Some(home))) => home.join(rest),
            _ => folder.join(typed),
        };
        if path.extension().is_none() {
            path.set_extension(ENDING);
        }
        Some(path)
    }

    fn start_as_asked(&mut self) {
        let Some(path) = self.path_of_dialog() else {
            return;
        };
        let Some(Dialog::Recording(dialog)) = &mut self.dialog else {
            return;
        };
        if dialog.is_starting {
            return;
        }
        let folder = self.library.recordings_folder();
        if path.starts_with(folder)
            && let Err(problem) = auto::prepare(folder)
        {
            dialog.error = Some(format!("{problem}: {}", problem.hint()));
            return;
        }
        dialog.is_starting = true;
        let with_past = dialog.with_past;
        if self.recordings.recorder.is_some() {
            self.stop_recording();
            self.finish_recorder(CLEAR_WAIT);
        }
        self.recordings.is_automatic = false;
        self.start_recorder(&path, None);
        if !with_past && let Some(recorder) = &mut self.recordings.recorder {
            recorder.skip(&self.session.timeline);
            // What is marked later is touched, and written with its mark.
            self.recordings.unmarked.clear();
        }
    }

    fn start_recorder(&mut self, path: &Path, max_bytes: Option<u64>) {
        let options = RecorderOptions {
            now: self.now,
            max_bytes,
        };
        match Recorder::start(path, options) {
            Ok(recorder) => {
                self.recordings.recorder = Some(recorder);
                self.recordings.is_stopping = false;
                self.recordings.is_trouble_told = false;
                self.recordings.named.clear();
                let marked = self.session.timeline.marks().ids();
                self.recordings.unmarked = marked.collect();
            }
            Err(err) => {
                self.dialog = None;
                let words = format!("Nothing is recorded: {err}");
                self.notices.fail(words, err.hint());
            }
        }
    }

    fn stop_recording(&mut self) {
        if let Some(recorder) = &mut self.recordings.recorder {
            recorder.feed(&self.session.timeline);
            recorder.note_no_more();
            self.recordings.is_stopping = true;
        }
    }

    /// Waits for the disk, but not longer than that.
    pub(in crate::app) fn finish_recorder(&mut self, limit: Duration) {
        if let Some(recorder) = self.recordings.recorder.take()
            && let Err(problem) = recorder.finish(&self.session.timeline, self.now, limit)
        {
            self.notices.fail(problem.to_string(), problem.hint());
        }
        self.recordings.is_stopping = false;
    }

    /// At the end of the program: what is still on its way to the disk gets there.
    pub(in crate::app) fn close_recorder(&mut self) {
        self.finish_recorder(LAST_WAIT);
        // What was marked in a recording is on its way to the file.
        let deadline = Instant::now() + LAST_WAIT;
        while !self.recordings.under_way.is_empty() && Instant::now() < deadline {
            self.hear_of_recordings();
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// What is about to be cleared is written first.
    pub(in crate::app) fn record_before_clearing(&mut self) {
        let Some(mut recorder) = self.recordings.recorder.take() else {
            return;
        };
        let began = Instant::now();
        let (mut moved, mut before) = (began, usize::MAX);
        loop {
            recorder.feed(&self.session.timeline);
            self.tell_marks(&recorder);
            let behind = recorder.behind() + self.recordings.unmarked.len();
            if behind < before {
                (moved, before) = (Instant::now(), behind);
            }
            let is_stuck = moved.elapsed() >= CLEAR_WAIT || began.elapsed() >= LONGEST_CLEAR;
            if behind == 0 || is_stuck {
                break;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        self.recordings.recorder = Some(recorder);
    }

    fn open_recording(&mut self, path: &Path) {
        if let Some(at) = self.recordings.place_of(path) {
            // It follows what is written: there is nothing to read again.
            self.show_recording(Some(at));
            return;
        }
        let bounds = Bounds {
            rows: self.settings.timeline.max_rows,
            bytes: self.settings.timeline.max_bytes,
        };
        let wake = Arc::clone(self.worker.wake());
        match Opened::start(path, bounds, move || wake()) {
            Ok(opened) => {
                let at = self.recordings.add(opened);
                self.show_recording(Some(at));
            }
            Err(err) => {
                let words = format!("{} cannot be opened: {err}", path.display());
                self.notices.fail(words, err.hint());
            }
        }
    }

    /// What belongs to the timeline that was shown is put aside with it.
    fn show_recording(&mut self, at: Option<usize>) {
        let before = self.recordings.shown();
        if before == at || at.is_some_and(|at| at >= self.recordings.opened().len()) {
            return;
        }
        let kept = self.latency.kept().cloned();
        let mut looked = Looked {
            listing: std::mem::take(&mut self.listing),
            latency: std::mem::take(&mut self.latency),
            filter: std::mem::take(&mut self.filter),
            selected: self.selected.take(),
            selection: std::mem::take(&mut self.selection),
        };
        let mut swap = |place: Option<usize>, aside: &mut Looked| match place {
            None => std::mem::swap(&mut self.looked, aside),
            Some(at) => {
                if let Some(opened) = self.recordings.opened_mut().get_mut(at) {
                    std::mem::swap(&mut opened.looked, aside);
                }
            }
        };
        swap(before, &mut looked);
        swap(at, &mut looked);
        self.listing = looked.listing;
        self.latency = looked.latency;
        self.filter = looked.filter;
        self.selected = looked.selected;
        self.selection = looked.selection;
        if kept.is_some() {
            // What was kept for comparing is compared with what is shown now.
            self.latency.compare_with(kept);
        }
        self.recordings.set_shown(at);
        self.statistics = crate::app::status::Statistics::default();
        self.marked = None;
    }

    fn close_recording(&mut self, at: usize) {
        if self.recordings.shown() == Some(at) {
            self.show_recording(None);
        }
        if let Some(opened) = self.recordings.opened_mut().get_mut(at) {
            self.session.let_go(std::mem::take(&mut opened.timeline));
        }
        self.recordings.remove(at);
    }

    fn trim_recording(&mut self) {
        let Some(Dialog::Recording(dialog)) = &mut self.dialog else {
            return;
        };
        let Purpose::Trim(path) = dialog.purpose.clone() else {
            return;
        };
        let shown = self.recordings.shown_recording();
        let trim = match shown.filter(|opened| opened.path == path) {
            Some(opened) => what_to_trim(dialog, self.selected, &opened.timeline, &self.listing),
            None => Err("show the recording first: it is its rows that are chosen".to_owned()),
        };
        let trim = match trim {
            Ok(trim) => trim,
            Err(why) => {
                dialog.error = Some(why);
                return;
            }
        };
        self.dialog = None;
        if let Some(at) = self.recordings.place_of(&path) {
            self.close_recording(at);
        }
        let work = self.worker.start(move |_| {
            let trimmed = Editor::open(&path).and_then(|mut editor| {
                let trimmed = editor.trim(&trim)?;
                editor.close()?;
                Ok::<_, RecordingError>(trimmed)
            });
            Some(Done::Trimmed(path, trimmed))
        });
        self.recordings.under_way.push(work);
    }
}

/// What the dialog asks for, or why that cannot be. What was never in the table does not go because of a filter.
fn what_to_trim(
    dialog: &RecordingDialog,
    selected: Option<RowId>,
    timeline: &Timeline,
    listing: &Listing,
) -> Result<Trim, String> {
    let selected = || selected.ok_or("select a row in the table first");
    Ok(match dialog.trim {
        TrimBy::BeforeSelected => Trim::OlderThan(selected()?),
        TrimBy::AfterSelected => Trim::NewerThan(selected()?),
        TrimBy::NotShown => {
            if listing.is_searching() {
                return Err(
                    "the filter is not through all rows yet: try again in a moment".to_owned(),
                );
            }
            let places = 0..listing.len();
            let passing = places.filter_map(|place| listing.id_in_time(timeline, place));
            let mut passing = passing.peekable();
            let ids = timeline.iter().map(RowRef::id);
            Trim::Rows(ids.filter(|id| passing.next_if_eq(id).is_none()).collect())
        }
        TrimBy::Size => {
            let mebibytes: Option<u64> = dialog.size.trim().replace(',', "").parse().ok();
            let mebibytes = mebibytes
                .filter(|number| *number > 0)
                .ok_or("write a whole number of MiB")?;
            Trim::ToBytes(mebibytes.saturating_mul(1 << 20))
        }
    })
}
