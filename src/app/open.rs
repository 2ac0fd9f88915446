//! Opens everything that a window needs, or says why that cannot be.

use crate::app::App;
use crate::app::library::Library;
use crate::app::work::Worker;
use crate::session::{Session, SessionError};
use crate::store::{self, PasswordDesk, StoreError, Workspace};
use std::path::PathBuf;
use std::sync::Arc;

/// Why there is nothing to show.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Session(#[from] SessionError),
}

impl OpenError {
    pub fn hint(&self) -> String {
        match self {
            Self::Store(err) => err.hint(),
            Self::Session(err) => err.hint().to_owned(),
        }
    }
}

/// Where the window's things are.
#[derive(Clone, Debug)]
pub enum Place {
    /// The platform's own workspace.
    Platform,
    Folder(PathBuf),
    /// A folder of its own that is gone at the end.
    Scratch,
}

/// `wake` is called, on any thread, when there is something new to show.
pub fn open(place: Place, wake: &Arc<dyn Fn() + Send + Sync>) -> Result<App, OpenError> {
    let (workspace, scratch) = match place {
        Place::Platform => (Workspace::open(None)?, None),
        Place::Folder(folder) => (Workspace::open(Some(folder))?, None),
        Place::Scratch => {
            let (workspace, scratch) = Workspace::scratch()?;
            (workspace, Some(scratch))
        }
    };
    let (settings, settings_problem) = workspace.load_settings();
    let (window, window_problem) = workspace.load_window();
    let waker = Arc::clone(wake);
    let mut session = Session::start(Box::new(move || waker()))?;
    session.read_files_by(store::read_named);
    session.watch_signals();
    let mut library = if scratch.is_some() {
        Library::with_desk(workspace, PasswordDesk::in_memory()?, wake)?
    } else {
        Library::open(workspace, wake)?
    };
    library.watch()?;
    let mut app = App::new(session, library, settings.usable(), window.usable());
    app.worker = Worker::new(Arc::clone(wake));
    app.scratch = scratch;
    for problem in [settings_problem, window_problem].into_iter().flatten() {
        app.notices.fail(problem.to_string(), problem.hint);
    }
    app.record_by_itself();
    Ok(app)
}
