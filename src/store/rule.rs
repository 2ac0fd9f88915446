//! A pairing rule of the workspace: the text of its file is the document.
//!
//! What a user typed, comments and all, is what is kept, also while it is no valid rule yet. Whether it is one
//! is judged by `model::pairing`.

use super::error::FileProblem;
use super::kept::AsText;
use std::path::Path;
use toml_edit::DocumentMut;

/// A rule as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleText {
    text: String,
    id: Option<String>,
    title: Option<String>,
}

impl RuleText {
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        let document = text.parse::<DocumentMut>().ok();
        let field = |name: &str| {
            let value = document.as_ref()?.get(name)?.as_str()?;
            Some(value.trim().to_owned()).filter(|value| !value.is_empty())
        };
        let (id, title) = (field("id"), field("title"));
        Self { text, id, title }
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// The `id` that it gives itself; without one it is called as its file is.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    pub fn title(&self) -> Option<&str> {
        self.title.as_deref()
    }

    /// The same text with another id and title; the rest stays as it is typed.
    pub fn renamed(&self, id: &str, title: &str) -> String {
        let Ok(mut document) = self.text.parse::<DocumentMut>() else {
            return self.text.clone();
        };
        for (key, value) in [("id", id), ("title", title)] {
            match document
                .get_mut(key)
                .and_then(toml_edit::Item::as_value_mut)
            {
                Some(there) => {
                    let decor = there.decor().clone();
                    *there = value.into();
                    *there.decor_mut() = decor;
                }
                None => {
                    document.insert(key, toml_edit::value(value));
                }
            }
        }
        document.to_string()
    }

    /// What its file is named after.
    pub(super) fn name(&self) -> &str {
        self.id().or_else(|| self.title()).unwrap_or_default()
    }
}

impl AsText for RuleText {
    fn of_text(_: &Path, text: &str) -> Result<Self, FileProblem> {
        Ok(Self::new(text))
    }

    fn to_text(&self, _: Option<&str>) -> Result<String, String> {
        Ok(self.text.clone())
    }
}
