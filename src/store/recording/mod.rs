//! Recordings: a timeline in one SQLite file, written as it happens, opened again later.
//!
//! * [`Recorder`] writes on a thread of its own. Start it with [`Recorder::start`], call [`Recorder::feed`] with the
//!   timeline on every tick (and before rows are cleared), show [`Recorder::status`], end with [`Recorder::finish`].
//! * [`Recording`] reads, also while somebody else writes: [`Recording::load`] gives all rows in order,
//!   [`Recording::changed_since`] what came or changed after that. [`Loader`] does both on a thread of its own.
//! * [`Editor`] changes a recording that nobody writes to: marks, trimming.
//! * [`auto`] keeps the folder of automatic recordings within its bound.
//!
//! The schema is told in `docs/recordings.md`. What always holds: nothing blocks the caller but [`Recorder::finish`]; a
//! killed writer loses at most its last second and damages nothing; there is one writer at a time; a file that is no
//! recording, or of a later version, is left as it is; no secret gets here, as no row has one.

pub mod auto;
mod edit;
mod error;
mod loader;
mod lock;
mod put;
mod read;
mod recorder;
mod rows;
mod schema;
mod write;

pub use edit::{Editor, Trim, Trimmed};
pub use error::RecordingError;
pub use loader::{Loader, LoaderState};
pub use read::{Changed, Progress, Recording, Session, StoredRow, Summary};
pub use recorder::{Finished, Phase, Recorder, RecorderOptions, RecorderStatus};
pub use schema::{APPLICATION_ID, SCHEMA_VERSION};

/// How a recording's name ends.
pub const ENDING: &str = "rtrec";
