//! The recordings in a folder.

use super::{ENDING, RecordingError};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// A file that is a recording by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub path: PathBuf,
    pub bytes: u64,
    pub modified: Option<SystemTime>,
}

/// The newest first. A folder that is not there has none.
pub fn list(folder: &Path) -> Result<Vec<Found>, RecordingError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(err) => return Err(RecordingError::io("read", folder, &err)),
    };
    let mut found: Vec<Found> = entries
        .flatten()
        .filter_map(|entry| {
            let path = entry.path();
            let metadata = entry.metadata().ok()?;
            let is_one = metadata.is_file() && path.extension().is_some_and(|it| it == ENDING);
            is_one.then(|| Found {
                path,
                bytes: metadata.len(),
                modified: metadata.modified().ok(),
            })
        })
        .collect();
    found.sort_by(|a, b| {
        b.modified
            .cmp(&a.modified)
            .then_with(|| a.path.cmp(&b.path))
    });
    Ok(found)
}
