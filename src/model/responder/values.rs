//! Names and values in a file: JSON values written as the TOML they would be typed as.
//!
//! Numbers are kept with all their digits in memory; in a file they are integers and floats, and
//! text where TOML has no such number. TOML has no null: such members are left out.

use crate::model::template::Values;
use serde::de::Deserializer;
use serde::ser::{Error as _, SerializeMap as _, SerializeSeq as _, Serializer};
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};

/// What dates look like when TOML is read as plain data.
const TOML_DATE: &str = "$__toml_private_datetime";

/// A table of a device file, in the order it was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ValueTable(pub Values);

impl ValueTable {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<const N: usize> From<[(&str, Value); N]> for ValueTable {
    fn from(members: [(&str, Value); N]) -> Self {
        let members = members.into_iter();
        Self(
            members
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        )
    }
}

/// What somebody typed as a value: JSON where it is JSON (`80`, `true`, `"80"`, `[1]`), else text.
pub fn typed_value(text: &str) -> Value {
    serde_json::from_str(text.trim()).unwrap_or_else(|_| Value::String(text.to_owned()))
}

/// A value as it would be typed: text without quotes unless it would be read as something else.
pub fn shown_value(value: &Value) -> String {
    match value {
        Value::String(text) if typed_value(text) == *value => text.clone(),
        other => other.to_string(),
    }
}

impl Serialize for ValueTable {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        members(&self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for ValueTable {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut values = Values::deserialize(deserializer)?;
        values.values_mut().for_each(dates_to_text);
        Ok(Self(values))
    }
}

fn dates_to_text(value: &mut Value) {
    match value {
        Value::Object(members) => {
            if members.len() == 1
                && let Some(Value::String(date)) = members.get_mut(TOML_DATE)
            {
                *value = Value::String(std::mem::take(date));
                return;
            }
            members.values_mut().for_each(dates_to_text);
        }
        Value::Array(items) => items.iter_mut().for_each(dates_to_text),
        _ => {}
    }
}

fn members<S: Serializer>(values: &Values, serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(None)?;
    for (name, value) in values.iter().filter(|(_, value)| !value.is_null()) {
        map.serialize_entry(name, &Plain(value))?;
    }
    map.end()
}

/// A JSON value without the wrapping that `serde_json` gives its numbers.
struct Plain<'a>(&'a Value);

impl Serialize for Plain<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Null => Err(S::Error::custom("a list in a file cannot hold null")),
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::Number(value) => number(value, serializer),
            Value::String(value) => serializer.serialize_str(value),
            Value::Array(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    list.serialize_element(&Plain(item))?;
                }
                list.end()
            }
            Value::Object(values) => members(values, serializer),
        }
    }
}

fn number<S: Serializer>(value: &Number, serializer: S) -> Result<S::Ok, S::Error> {
    let text = value.to_string();
    if let Some(value) = value.as_i64() {
        return serializer.serialize_i64(value);
    }
    match value.as_f64().filter(|value| value.is_finite()) {
        // Only where nothing of it is lost.
        Some(float) if text.contains(['.', 'e', 'E']) => serializer.serialize_f64(float),
        _ => serializer.serialize_str(&text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct File {
        state: ValueTable,
    }

    #[test]
    fn a_table_survives_a_file_in_its_order() {
        let text = "[state]\npower = \"off\"\nbrightness = 80\nlevel = 1.5\nok = true\nlist = [1, \"a\"]\n\n[state.deep]\nx = 1\n";
        let file: File = toml::from_str(text).unwrap();
        assert_eq!(file.state.0["brightness"], json!(80));
        assert_eq!(toml::to_string(&file).unwrap(), text);
    }

    #[test]
    fn dates_are_text_and_null_is_left_out() {
        let file: File = toml::from_str("[state]\nsince = 2026-11-21T09:14:07Z\n").unwrap();
        assert_eq!(file.state.0["since"], json!("2026-11-21T09:14:07Z"));
        let file = File {
            state: [
                ("a", json!(null)),
                ("b", json!(18_446_744_073_709_551_615_u64)),
            ]
            .into(),
        };
        assert_eq!(
            toml::to_string(&file).unwrap(),
            "[state]\nb = \"18446744073709551615\"\n"
        );
    }

    #[test]
    fn typed_values_are_json_or_text() {
        for (text, value) in [
            ("80", json!(80)),
            (" true ", json!(true)),
            ("on", json!("on")),
            ("\"80\"", json!("80")),
            ("[1]", json!([1])),
            ("", json!("")),
        ] {
            assert_eq!(typed_value(text), value);
        }
        assert_eq!(shown_value(&json!("80")), "\"80\"");
        assert_eq!(shown_value(&json!("on")), "on");
    }

    proptest! {
        #[test]
        fn what_is_shown_reads_as_the_same(text in ".{0,12}", number in any::<i64>()) {
            for value in [json!(text), json!(number), json!([text])] {
                prop_assert_eq!(typed_value(&shown_value(&value)), value);
            }
        }
    }
}
