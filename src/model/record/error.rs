//! What is wrong with a record, and where.

use super::{Record, VERSION};
use serde::Deserialize as _;
use serde_json::Value;

/// Why a text is no record, or a record no row.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    #[error("it is not JSON: {0}")]
    NotJson(String),
    #[error(
        "it is no record of Roundtrip: the key `roundtrip_record`, a version number, is missing"
    )]
    NotARecord,
    #[error(
        "it is a record of version {0}, and this Roundtrip reads versions up to {VERSION}; a newer Roundtrip reads it"
    )]
    Newer(u64),
    /// `place` is a path of keys, such as `replies[2].message.qos`.
    #[error("{}{what}", in_front(place))]
    Wrong { place: String, what: String },
    #[error("it cannot be written as JSON: {0}")]
    NotWritable(String),
}

fn in_front(place: &str) -> String {
    if place.is_empty() {
        String::new()
    } else {
        format!("`{place}`: ")
    }
}

impl RecordError {
    pub fn wrong(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self::Wrong {
            place: place.into(),
            what: what.into(),
        }
    }
}

pub(super) fn check_version(version: Option<u32>) -> Result<(), RecordError> {
    match version {
        Some(1..=VERSION) => Ok(()),
        Some(0) => Err(RecordError::wrong(
            "roundtrip_record",
            "there is no version 0",
        )),
        Some(later) => Err(RecordError::Newer(later.into())),
        None => Err(RecordError::NotARecord),
    }
}

/// Says why `text` was not read: a later version first, as it may have changed anything.
pub(super) fn explain(text: &str, err: &serde_json::Error) -> RecordError {
    let Ok(mut value) = serde_json::from_str::<Value>(text) else {
        return RecordError::NotJson(err.to_string());
    };
    match value.get("roundtrip_record") {
        None => return RecordError::NotARecord,
        Some(version) => {
            if let Some(later) = version.as_u64().filter(|later| *later > VERSION.into()) {
                return RecordError::Newer(later);
            }
        }
    }
    let full = err.to_string();
    let what = full
        .rsplit_once(" at line ")
        .map_or(full.as_str(), |(what, _)| what);
    match blame(&mut value) {
        Some(place) => RecordError::wrong(place, what),
        None => RecordError::wrong("", full),
    }
}

/// So often it is tried whether the record could be read without something.
const MAX_TRIALS: usize = 512;

/// The path of the one value without which the record could be read.
fn blame(root: &mut Value) -> Option<String> {
    let mut trials = MAX_TRIALS;
    let steps = culprit(root, "", &mut trials)?;
    Some(steps.iter().fold(String::new(), |place, step| match step {
        Step::Index(index) => format!("{place}[{index}]"),
        Step::Key(key) if place.is_empty() => key.clone(),
        Step::Key(key) => format!("{place}.{key}"),
    }))
}

#[derive(Clone)]
enum Step {
    Key(String),
    Index(usize),
}

impl Step {
    /// As in a JSON Pointer (RFC 6901).
    fn after(&self, pointer: &str) -> String {
        match self {
            Self::Key(key) => format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1")),
            Self::Index(index) => format!("{pointer}/{index}"),
        }
    }
}

fn culprit(root: &mut Value, pointer: &str, trials: &mut usize) -> Option<Vec<Step>> {
    let steps: Vec<Step> = match root.pointer(pointer)? {
        Value::Object(map) => map.keys().cloned().map(Step::Key).collect(),
        Value::Array(list) => (0..list.len()).map(Step::Index).collect(),
        _ => return None,
    };
    for step in &steps {
        *trials = trials.checked_sub(1)?;
        if reads_without(root, pointer, step)? {
            let mut path = vec![step.clone()];
            path.extend(culprit(root, &step.after(pointer), trials).unwrap_or_default());
            return Some(path);
        }
    }
    // What cannot be left out may hold what is wrong.
    for step in steps {
        if let Some(rest) = culprit(root, &step.after(pointer), trials) {
            return Some(std::iter::once(step).chain(rest).collect());
        }
    }
    None
}

/// Takes one child out for a moment.
fn reads_without(root: &mut Value, pointer: &str, step: &Step) -> Option<bool> {
    match step {
        Step::Key(key) => {
            let child = root.pointer_mut(pointer)?.as_object_mut()?.remove(key)?;
            let reads = Record::deserialize(&*root).is_ok();
            let map = root.pointer_mut(pointer)?.as_object_mut()?;
            map.insert(key.clone(), child);
            Some(reads)
        }
        Step::Index(index) => {
            let child = root.pointer_mut(pointer)?.as_array_mut()?.remove(*index);
            let reads = Record::deserialize(&*root).is_ok();
            root.pointer_mut(pointer)?
                .as_array_mut()?
                .insert(*index, child);
            Some(reads)
        }
    }
}
