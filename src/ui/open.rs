//! Opens the window with everything in it; and takes a picture of one that plays a demo.

use crate::app::Action;
use crate::app::bench::BenchFailure;
pub use crate::app::open::Place;
use crate::app::open::{OpenError, open};
pub use crate::app::{ThemeChoice, TimelineView};
use crate::ui::pace::Pace;
use crate::ui::picture::{PictureJob, Slot, lock};
use crate::ui::shell::Shell;
use crate::ui::window::{self, WindowError, WindowOptions};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Instant;

/// Why there is no window.
#[derive(Debug, thiserror::Error)]
pub enum UiError {
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Window(#[from] WindowError),
    #[error(transparent)]
    Bench(#[from] BenchFailure),
    #[error("there is no picture: {0}")]
    Picture(String),
}

impl UiError {
    pub fn hint(&self) -> String {
        match self {
            Self::Open(err) => err.hint(),
            Self::Window(err) => err.hint().to_owned(),
            Self::Bench(err) => err.hint().to_owned(),
            Self::Picture(_) => {
                "roundtrip demo NAME plays it without a window and says more".to_owned()
            }
        }
    }
}

/// What to show, besides what is in the workspace.
#[derive(Clone, Debug, Default)]
pub struct WindowWish {
    pub size: Option<[f32; 2]>,
    pub theme: Option<ThemeChoice>,
    pub view: Option<TimelineView>,
    pub demo: Option<String>,
}

/// Opens the window; returns when it is closed.
pub fn open_window(place: Place, wanted: WindowWish) -> Result<(), UiError> {
    run(place, wanted, None)
}

/// Plays the wanted demo in a real window and gives a picture of it, as PNG bytes.
pub fn picture(place: Place, wanted: WindowWish) -> Result<Vec<u8>, UiError> {
    let slot = Slot::default();
    run(place, wanted, Some(PictureJob::new(Arc::clone(&slot))))?;
    let taken = lock(&slot).take();
    match taken {
        Some(Ok(bytes)) => Ok(bytes),
        Some(Err(why)) => Err(UiError::Picture(why)),
        None => Err(UiError::Picture(
            "the window was closed before it was taken".to_owned(),
        )),
    }
}

/// Opens everything first: what is wrong with the workspace is said on the terminal, without a window.
fn run(place: Place, wanted: WindowWish, picture: Option<PictureJob>) -> Result<(), UiError> {
    let context: Arc<OnceLock<egui::Context>> = Arc::default();
    let of_wake = Arc::clone(&context);
    let looks = Mutex::new(Pace::default());
    let wake: Arc<dyn Fn() + Send + Sync> = Arc::new(move || {
        if let Some(context) = of_wake.get() {
            let after = looks
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .woken(Instant::now());
            context.request_repaint_after(after);
        }
    });
    let mut app = open(place, &wake)?;
    if let Some(theme) = wanted.theme {
        app.window.theme = theme;
    }
    if let Some(view) = wanted.view {
        app.window.timeline_view = view;
    }
    let kept = app.window.geometry;
    let options = WindowOptions {
        size: wanted
            .size
            .or_else(|| kept.map(|kept| [kept.width, kept.height]))
            .unwrap_or(window::SIZE),
        position: kept
            .and_then(|kept| Some([kept.x?, kept.y?]))
            .filter(|_| wanted.size.is_none()),
        is_maximized: wanted.size.is_none() && kept.is_some_and(|kept| kept.maximized),
    };
    app.is_demo_read_along = picture.is_none();
    if let Some(demo) = wanted.demo {
        app.perform(Action::PlayDemo(demo));
    }
    window::run(options, |creation| {
        // Set once, here.
        context.set(creation.egui_ctx.clone()).unwrap_or_default();
        Shell::new(app, picture)
    })?;
    Ok(())
}
