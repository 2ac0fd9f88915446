//! Rule files as a tree that remembers its places, the same from JSON and from TOML.

use super::json::{Json, Kind, NodeId};
use std::fmt;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

/// Rules are not nested deeper than this by far.
const MAX_DEPTH: usize = 32;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Json,
    Toml,
}

/// What a text without a telling file name is written in, by how it begins.
pub fn format_of(text: &str) -> Format {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut start = text.trim_start().chars();
    let is_json = match start.next() {
        Some('{') => true,
        // TOML begins with `[[rules]]` or `[request]`.
        Some('[') => matches!(
            start.as_str().trim_start().chars().next(),
            None | Some('{' | ']')
        ),
        _ => false,
    };
    if is_json { Format::Json } else { Format::Toml }
}

#[derive(Clone, Debug)]
pub struct Node {
    /// The byte where it starts.
    pub at: usize,
    pub tree: Tree,
}

#[derive(Clone, Debug)]
pub enum Tree {
    Null,
    Bool(bool),
    /// As it is written.
    Number(String),
    Text(String),
    List(Vec<Node>),
    Table(Vec<(Name, Node)>),
}

#[derive(Clone, Debug)]
pub struct Name {
    pub at: usize,
    pub text: String,
}

impl Tree {
    pub fn what(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "true or false",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Table(_) => "a table of fields",
        }
    }
}

/// What is wrong in a file, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileError {
    /// Counted from 1.
    pub line: usize,
    /// In characters, counted from 1.
    pub column: usize,
    /// What it is about, such as "rule `z2m`"; empty for the file as such.
    pub what: String,
    /// Such as `request.topic`; empty where no field is meant.
    pub field: String,
    pub message: String,
}

impl FileError {
    pub(super) fn at(text: &str, byte: usize, message: impl Into<String>) -> Self {
        let (line, column) = Json::place(text, byte);
        Self {
            line,
            column,
            what: String::new(),
            field: String::new(),
            message: message.into(),
        }
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", self.line, self.column)?;
        match (self.what.as_str(), self.field.as_str()) {
            ("", "") => {}
            ("", field) => write!(f, "{field}: ")?,
            (what, "") => write!(f, "{what}: ")?,
            (what, field) => write!(f, "{what}, {field}: ")?,
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for FileError {}

/// More than any list of rules needs.
const MAX_BYTES: usize = 16 << 20;

pub fn read(text: &str, format: Format) -> Result<Node, FileError> {
    if text.len() > MAX_BYTES {
        return Err(FileError::at(
            text,
            0,
            "it is longer than 16 MiB, so it is no file of rules",
        ));
    }
    match format {
        Format::Json => {
            let json = Json::parse(text).map_err(|err| {
                FileError::at(text, err.at, format!("it is not JSON: {}", err.message))
            })?;
            of_json(&json, Json::ROOT, 0)
        }
        Format::Toml => {
            let table = DeTable::parse(text).map_err(|err| {
                let at = err.span().map_or(0, |span| span.start);
                FileError::at(text, at, format!("it is not TOML: {}", err.message()))
            })?;
            of_table(text, table.span().start, table.get_ref(), 0)
        }
    }
}

fn too_deep(text: &str, at: usize) -> FileError {
    FileError::at(
        text,
        at,
        format!("it is nested deeper than {MAX_DEPTH} levels"),
    )
}

fn of_json(json: &Json<'_>, id: NodeId, depth: usize) -> Result<Node, FileError> {
    let at = json.span(id).start;
    if depth > MAX_DEPTH {
        return Err(too_deep(json.text(), at));
    }
    let text = || json.string(id).into_owned();
    let tree = match json.kind(id) {
        Kind::Null => Tree::Null,
        Kind::Bool => Tree::Bool(json.source(id) == "true"),
        Kind::Number => Tree::Number(text()),
        Kind::String => Tree::Text(text()),
        Kind::Array => Tree::List(
            json.elements(id)
                .map(|element| of_json(json, element, depth + 1))
                .collect::<Result<_, _>>()?,
        ),
        Kind::Object => {
            let member = |(name, value)| {
                let name = Name {
                    at: json.span(name).start,
                    text: json.string(name).into_owned(),
                };
                Ok((name, of_json(json, value, depth + 1)?))
            };
            Tree::Table(json.members(id).map(member).collect::<Result<_, _>>()?)
        }
    };
    Ok(Node { at, tree })
}

fn of_table(text: &str, at: usize, table: &DeTable<'_>, depth: usize) -> Result<Node, FileError> {
    let member = |(name, value): (&Spanned<DeString<'_>>, &Spanned<DeValue<'_>>)| {
        let name = Name {
            at: name.span().start,
            text: name.get_ref().to_string(),
        };
        Ok((name, of_toml(text, value, depth + 1)?))
    };
    let members: Result<_, _> = table.iter().map(member).collect();
    Ok(Node {
        at,
        tree: Tree::Table(members?),
    })
}

fn of_toml(text: &str, value: &Spanned<DeValue<'_>>, depth: usize) -> Result<Node, FileError> {
    let at = value.span().start;
    if depth > MAX_DEPTH {
        return Err(too_deep(text, at));
    }
    let tree = match value.get_ref() {
        DeValue::String(text) => Tree::Text(text.to_string()),
        DeValue::Integer(number) if number.radix() == 10 => {
            Tree::Number(number.as_str().to_owned())
        }
        DeValue::Integer(number) => {
            let value = i64::from_str_radix(number.as_str(), number.radix());
            let value = value.map_err(|err| FileError::at(text, at, err.to_string()))?;
            Tree::Number(value.to_string())
        }
        DeValue::Float(number) => Tree::Number(number.as_str().to_owned()),
        DeValue::Boolean(value) => Tree::Bool(*value),
        DeValue::Datetime(time) => Tree::Text(time.to_string()),
        DeValue::Array(list) => Tree::List(
            list.iter()
                .map(|element| of_toml(text, element, depth + 1))
                .collect::<Result<_, _>>()?,
        ),
        DeValue::Table(table) => return of_table(text, at, table, depth),
    };
    Ok(Node { at, tree })
}
