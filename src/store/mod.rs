//! What is kept between two starts: connection profiles, requests, devices, pairing rules, settings, the window's
//! state, recordings and passwords. The only room that touches `std::fs`, SQLite and the keyring.
//!
//! One thing a file, in TOML that people read, edit and put under version control. What always
//! holds: a file is replaced as a whole or not at all; keys, comments and order that are not
//! Roundtrip's survive a save; a file that cannot be read is named with its line and left as it
//! is; nothing that somebody else changed meanwhile is overwritten unasked; no secret is in any file, unless it is encrypted ([`vault`]).
//!
//! There is no version number in the files: every key has a default, so older files load. A file that
//! says `roundtrip_format = 2` was written by a later Roundtrip and is left alone.
//! Start at [`Workspace`]; a window saves through [`Writer`] and asks for passwords through [`PasswordDesk`]. What
//! happens is kept in a [`recording`], which is SQLite and not TOML.

mod adopt;
mod atomic;
mod desk;
mod document;
mod error;
pub mod export;
mod files;
mod id;
pub mod import;
mod kept;
mod keyring;
mod machine;
pub mod recording;
mod rule;
mod sealed;
mod settings;
mod trash;
mod vault;
mod window;
mod workspace;
mod writer;

pub use adopt::{Adopted, Imported};
pub use desk::{PasswordDesk, PasswordPlace, VaultAnswer, VaultAsk};
pub use error::{Change, FileProblem, StoreError};
pub use files::{create_file, load_file, read_file, read_named, write_file};
pub use kept::{AsText, Kept, Loaded, Stored};
pub use keyring::{Keyring, Memory, SecretError, Secrets};
pub use machine::{Machine, machine, process_variables, resident_bytes};
pub use rule::RuleText;
pub use sealed::{SealError, seal, unseal};
pub use settings::{PairingOrder, RecordingSettings, SavedFilter, Settings, TimelineBounds};
pub use trash::Deleted;
pub use vault::{SecretHome, VaultState};
pub use window::{
    Geometry, Panels, Tab, Theme, TimelineColumn, TimelineGroups, TimelineOrder, TimelineView,
    WindowState,
};
pub use workspace::{OnConflict, Saved, Scratch, Workspace};
pub use writer::{Subject, Ticket, WriteDone, WriteReport, WriteSink, Writer};
