//! The kinds of things that have a folder of files.

use super::document;
use super::error::FileProblem;
use super::rule::RuleText;
use crate::model::profile::ProfileDraft;
use crate::model::request::RequestDraft;
use crate::model::responder::DeviceDraft;
use crate::model::subscribe::SubscriptionDraft;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::{Path, PathBuf};

/// Between a thing and the text of its file.
pub trait AsText: Sized {
    fn of_text(path: &Path, text: &str) -> Result<Self, FileProblem>;

    /// The text to write, made from the one that is there, if one is.
    fn to_text(&self, old: Option<&str>) -> Result<String, String>;
}

impl<T: Serialize + DeserializeOwned> AsText for T {
    fn of_text(path: &Path, text: &str) -> Result<Self, FileProblem> {
        document::parse(path, text)
    }

    fn to_text(&self, old: Option<&str>) -> Result<String, String> {
        document::render(old, self)
    }
}

/// Something that is kept one a file. Every field has a default, so that older files load.
pub trait Kept: AsText + Clone + Send + 'static {
    /// The folder in the workspace.
    const FOLDER: &'static str;
    /// What it is called, in the singular; also the id of one without a usable name.
    const NOUN: &'static str;

    fn name(&self) -> &str;

    /// Where a password hides in it, if one does: then it is not written.
    fn password_place(&self) -> Option<&'static str> {
        None
    }
}

impl Kept for ProfileDraft {
    const FOLDER: &'static str = "connections";
    const NOUN: &'static str = "connection";

    fn name(&self) -> &str {
        &self.name
    }

    fn password_place(&self) -> Option<&'static str> {
        // An address that is not valid is kept as typed, so this must not depend on its being one.
        let (_, rest) = self
            .address
            .split_once("://")
            .unwrap_or(("", &self.address));
        rest.rsplit_once('@')
            .is_some_and(|(before, _)| before.contains(':'))
            .then_some("the broker address")
    }
}

impl Kept for RequestDraft {
    const FOLDER: &'static str = "requests";
    const NOUN: &'static str = "request";

    fn name(&self) -> &str {
        &self.name
    }
}

impl Kept for DeviceDraft {
    const FOLDER: &'static str = "devices";
    const NOUN: &'static str = "device";

    fn name(&self) -> &str {
        &self.name
    }
}

impl Kept for SubscriptionDraft {
    const FOLDER: &'static str = "subscriptions";
    const NOUN: &'static str = "subscription";

    fn name(&self) -> &str {
        self.title()
    }
}

impl Kept for RuleText {
    const FOLDER: &'static str = "rules";
    const NOUN: &'static str = "pairing rule";

    fn name(&self) -> &str {
        self.name()
    }
}

/// A thing and its file.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored<T> {
    /// The file's name without its ending. It stays when the thing is renamed.
    pub id: String,
    pub draft: T,
    pub path: PathBuf,
}

/// What a folder holds, in the order of the ids.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded<T> {
    pub items: Vec<Stored<T>>,
    /// Files that are there but could not be read.
    pub problems: Vec<FileProblem>,
}

impl<T> Default for Loaded<T> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            problems: Vec::new(),
        }
    }
}
