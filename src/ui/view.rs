//! What only the eye cares about: folds, fields being edited in place, where the keyboard goes next.

use std::collections::BTreeSet;

/// A value of a device's state while it is typed.
#[derive(Debug, Default)]
pub struct ValueEdit {
    pub device: String,
    pub key: String,
    pub text: String,
    /// It has been given the keyboard.
    pub is_focused: bool,
}

#[derive(Debug, Default)]
pub struct View {
    closed_folders: BTreeSet<String>,
    pub value_edit: Option<ValueEdit>,
    /// The dialog that was open in the last frame, to give its first field the keyboard once.
    pub dialog_is_new: bool,
    /// Whether the keyboard should go to the filter, the topic, ….
    pub focus: Option<Focus>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Focus {
    Topic,
    Filter,
}

impl View {
    pub fn is_folder_closed(&self, name: &str) -> bool {
        self.closed_folders.contains(name)
    }

    pub fn toggle_folder(&mut self, name: &str) {
        if !self.closed_folders.remove(name) {
            self.closed_folders.insert(name.to_owned());
        }
    }

    /// Whether the keyboard was asked to go there, once.
    pub fn take_focus(&mut self, focus: Focus) -> bool {
        let is_asked = self.focus == Some(focus);
        if is_asked {
            self.focus = None;
        }
        is_asked
    }
}
