//! Between a value and the text of its file.
//!
//! A save compares the value that the file holds with the value to keep and changes only the keys
//! that differ: comments, order, spelling and keys that nobody here knows stay as they were. What
//! comes out is read back before it is used, so that a save never loses what it was asked to keep.

use super::error::FileProblem;
use list::{TablesOf, ValuesOf, splice};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::Path;
use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, TableLike, Value};

mod list;

/// The format of files without a `roundtrip_format` key, and the only one so far.
const FORMAT: i64 = 1;
const FORMAT_KEY: &str = "roundtrip_format";

/// The text of a file, without a byte order mark.
pub(super) fn text<'a>(path: &Path, bytes: &'a [u8]) -> Result<&'a str, FileProblem> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.strip_prefix('\u{feff}').unwrap_or(text)),
        Err(err) => {
            let good = bytes.get(..err.valid_up_to()).unwrap_or_default();
            let good = String::from_utf8_lossy(good);
            Err(FileProblem::at(
                path,
                &good,
                good.len(),
                "it is not UTF-8 from here on, and TOML has to be",
            ))
        }
    }
}

/// The value that a file's text holds.
pub(super) fn parse<T: DeserializeOwned>(path: &Path, text: &str) -> Result<T, FileProblem> {
    let document: DocumentMut = text.parse().map_err(|err: toml_edit::TomlError| {
        let at = err.span().map_or(0, |span| span.start);
        FileProblem::at(path, text, at, format!("it is not TOML: {}", err.message()))
    })?;
    if let Some(format) = document.get(FORMAT_KEY).and_then(Item::as_integer)
        && format > FORMAT
    {
        return Err(FileProblem::whole(
            path,
            format!(
                "it was written by a later Roundtrip (format {format}; this one reads {FORMAT})"
            ),
            "use a later Roundtrip; until then the file is left as it is",
        ));
    }
    // From the text and not from the document: only the text still knows the lines.
    toml_edit::de::from_str(text).map_err(|err| {
        let at = err.span().map_or(0, |span| span.start);
        FileProblem::at(path, text, at, err.message().trim())
    })
}

/// The text of a file that holds `value`, made from the text that it has now, if it has one.
pub(super) fn render<T: Serialize + DeserializeOwned>(
    old: Option<&str>,
    value: &T,
) -> Result<String, String> {
    let after = toml_edit::ser::to_document(value).map_err(|err| err.to_string())?;
    let holds_it = |text: &str| {
        toml_edit::de::from_str::<T>(text)
            .ok()
            .and_then(|read| toml_edit::ser::to_document(&read).ok())
            .is_some_and(|read| same_table(read.as_table(), after.as_table()))
    };
    if let Some(old) = old
        && let Ok(mut document) = old.parse::<DocumentMut>()
        && let Some(before) = toml_edit::de::from_str::<T>(old)
            .ok()
            .and_then(|before| toml_edit::ser::to_document(&before).ok())
    {
        if same_table(before.as_table(), after.as_table()) {
            return Ok(old.to_owned());
        }
        apply(
            document.as_table_mut(),
            before.as_table(),
            after.as_table(),
            false,
        );
        let text = document.to_string();
        if old.contains("\r\n") {
            let windows = text.replace("\r\n", "\n").replace('\n', "\r\n");
            if holds_it(&windows) {
                return Ok(windows);
            }
        }
        if holds_it(&text) {
            return Ok(text);
        }
        log::warn!("a file's layout could not be kept; it is written anew");
    }
    let mut document = DocumentMut::new();
    for (key, item) in after.iter() {
        document.as_table_mut().insert(key, pretty(item, false));
    }
    let text = document.to_string();
    if holds_it(&text) {
        Ok(text)
    } else {
        Err("what was written does not read back the same".to_owned())
    }
}

/// Carries the difference between `before` and `after` over to `old`, which holds `before` and perhaps more.
fn apply(old: &mut dyn TableLike, before: &dyn TableLike, after: &dyn TableLike, inline: bool) {
    for (key, _) in before.iter() {
        if !after.contains_key(key) {
            old.remove(key);
        }
    }
    for (key, new) in after.iter() {
        let known = before.get(key);
        if known.is_some_and(|known| same(known, new)) {
            continue;
        }
        let updated = old
            .get_mut(key)
            .is_some_and(|slot| update(slot, known, new, inline));
        if !updated {
            old.remove(key);
            old.insert(key, pretty(new, inline));
        }
    }
}

/// Changes `slot` in place to hold `after`. False when its form has to change, too.
fn update(slot: &mut Item, before: Option<&Item>, after: &Item, inline: bool) -> bool {
    let is_inline = inline || slot.is_value();
    if let (Some(slot), Some(after)) = (slot.as_table_like_mut(), after.as_table_like()) {
        let nothing = Table::new();
        let before = before.and_then(Item::as_table_like).unwrap_or(&nothing);
        apply(slot, before, after, is_inline);
        return true;
    }
    if let Some(new) = elements(after) {
        let old = before.and_then(elements).unwrap_or_default();
        return match slot {
            Item::ArrayOfTables(tables) if tables.len() == old.len() && !new.is_empty() => {
                splice(&old, &new, &mut TablesOf(tables))
            }
            Item::Value(Value::Array(array))
                if array.len() == old.len() && (inline || !old.is_empty()) =>
            {
                splice(&old, &new, &mut ValuesOf(array))
            }
            _ => false,
        };
    }
    match (slot, pretty(after, true)) {
        (Item::Value(slot), Item::Value(mut new)) => {
            *new.decor_mut() = slot.decor().clone();
            *slot = new;
            true
        }
        _ => false,
    }
}

/// The elements of a list in either form.
fn elements(item: &Item) -> Option<Vec<Item>> {
    match item {
        Item::Value(Value::Array(array)) => Some(array.iter().cloned().map(Item::Value).collect()),
        Item::ArrayOfTables(tables) => Some(tables.iter().cloned().map(Item::Table).collect()),
        _ => None,
    }
}

/// The same value, however it is written.
fn same(a: &Item, b: &Item) -> bool {
    if let (Some(a), Some(b)) = (a.as_table_like(), b.as_table_like()) {
        return same_table(a, b);
    }
    if let (Some(a), Some(b)) = (elements(a), elements(b)) {
        return a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| same(a, b));
    }
    match (a.as_value(), b.as_value()) {
        (Some(Value::String(a)), Some(Value::String(b))) => a.value() == b.value(),
        (Some(Value::Integer(a)), Some(Value::Integer(b))) => a.value() == b.value(),
        (Some(Value::Float(a)), Some(Value::Float(b))) => {
            a.value().to_bits() == b.value().to_bits() || (a.value().is_nan() && b.value().is_nan())
        }
        (Some(Value::Boolean(a)), Some(Value::Boolean(b))) => a.value() == b.value(),
        (Some(Value::Datetime(a)), Some(Value::Datetime(b))) => a.value() == b.value(),
        _ => false,
    }
}

fn same_table(a: &dyn TableLike, b: &dyn TableLike) -> bool {
    a.len() == b.len()
        && a.iter()
            .all(|(key, item)| b.get(key).is_some_and(|other| same(item, other)))
}

/// An item as a person would write it: tables under headings, lists of tables as `[[…]]`, unless
/// it has to fit into one value.
fn pretty(item: &Item, inline: bool) -> Item {
    if let Some(table) = item.as_table_like() {
        if inline {
            let mut written = InlineTable::new();
            for (key, item) in table.iter() {
                if let Item::Value(value) = pretty(item, true) {
                    written.insert(key, value);
                }
            }
            return Item::Value(Value::InlineTable(written));
        }
        let mut written = Table::new();
        for (key, item) in table.iter() {
            written.insert(key, pretty(item, false));
        }
        return Item::Table(written);
    }
    if let Some(items) = elements(item) {
        let is_tables = !items.is_empty() && items.iter().all(Item::is_table_like);
        if is_tables && !inline {
            let mut written = toml_edit::ArrayOfTables::new();
            for item in &items {
                if let Item::Table(table) = pretty(item, false) {
                    written.push(table);
                }
            }
            return Item::ArrayOfTables(written);
        }
        let mut written = Array::new();
        for item in &items {
            if let Item::Value(value) = pretty(item, true) {
                written.push(value);
            }
        }
        return Item::Value(Value::Array(written));
    }
    let mut item = item.clone();
    if let Some(value) = item.as_value_mut() {
        value.decor_mut().clear();
    }
    item
}

#[cfg(test)]
mod tests;
