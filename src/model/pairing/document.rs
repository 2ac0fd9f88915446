//! Rules as text: JSON laid out for reading, the same as TOML, and each made from the other. Fields keep their order;
//! only what TOML wants before its tables comes before them.

use super::json::quote;
use super::node::{FileError, Format, Name, Node, Tree, read};
use super::rule::Rule;
use std::fmt::Write as _;

/// Lines are broken where they would become longer.
const WIDTH: usize = 100;

impl Rule {
    /// The rule alone as JSON, its fields in the order in which they were written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The same as a file of its own in TOML.
    pub fn to_toml(&self) -> String {
        rule_to_toml(&self.source).unwrap_or_default()
    }
}

/// Rules in JSON as TOML: one rule, or a list. Whether they are good rules does not matter.
pub fn rule_to_toml(json: &str) -> Result<String, FileError> {
    let root = read(json, Format::Json)?;
    let mut text = String::new();
    match &root.tree {
        Tree::Table(fields) => table(json, &mut text, "", fields)?,
        Tree::List(rules) => {
            for rule in rules {
                let Tree::Table(fields) = &rule.tree else {
                    return Err(FileError::at(json, rule.at, no_rule(rule)));
                };
                let gap = if text.is_empty() { "" } else { "\n" };
                text.push_str(gap);
                text.push_str("[[rules]]\n");
                table(json, &mut text, "rules", fields)?;
            }
        }
        _ => return Err(FileError::at(json, root.at, no_rule(&root))),
    }
    Ok(text)
}

/// Rules in TOML as JSON.
pub fn rule_to_json(toml: &str) -> Result<String, FileError> {
    Ok(as_json(&read(toml, Format::Toml)?))
}

fn no_rule(node: &Node) -> String {
    format!("a rule is a table of fields and not {}", node.tree.what())
}

/// JSON, broken into lines where it is long.
pub(super) fn as_json(node: &Node) -> String {
    let mut text = String::new();
    json(&mut text, node, 0);
    text
}

fn json(text: &mut String, node: &Node, indent: usize) {
    let line = one_line(node);
    let is_top = indent == 0 && matches!(node.tree, Tree::Table(_));
    if !is_top && indent + line.chars().count() <= WIDTH {
        text.push_str(&line);
        return;
    }
    let pad = " ".repeat(indent + 2);
    let end = " ".repeat(indent);
    match &node.tree {
        Tree::Table(fields) if !fields.is_empty() => {
            text.push_str("{\n");
            for (index, (name, node)) in fields.iter().enumerate() {
                let comma = if index > 0 { ",\n" } else { "" };
                text.push_str(comma);
                text.push_str(&pad);
                text.push_str(&quote(&name.text));
                text.push_str(": ");
                json(text, node, indent + 2);
            }
            text.push('\n');
            text.push_str(&end);
            text.push('}');
        }
        Tree::List(list) if !list.is_empty() => {
            text.push_str("[\n");
            for (index, node) in list.iter().enumerate() {
                let comma = if index > 0 { ",\n" } else { "" };
                text.push_str(comma);
                text.push_str(&pad);
                json(text, node, indent + 2);
            }
            text.push('\n');
            text.push_str(&end);
            text.push(']');
        }
        _ => text.push_str(&line),
    }
}

fn one_line(node: &Node) -> String {
    match &node.tree {
        Tree::Null => "null".to_owned(),
        Tree::Bool(value) => value.to_string(),
        // TOML has numbers that JSON has not.
        Tree::Number(text) if super::json::is_number(text) => text.clone(),
        Tree::Number(text) => match text.parse::<f64>() {
            Ok(number) if number.is_finite() => number.to_string(),
            _ => quote(text),
        },
        Tree::Text(text) => quote(text),
        Tree::List(list) => {
            let items: Vec<String> = list.iter().map(one_line).collect();
            format!("[{}]", items.join(", "))
        }
        Tree::Table(fields) => {
            let member =
                |(name, node): &(Name, Node)| format!("{}: {}", quote(&name.text), one_line(node));
            let members: Vec<String> = fields.iter().map(member).collect();
            format!("{{{}}}", members.join(", "))
        }
    }
}

/// The fields of a table under the heading `path`: what fits on a line first, tables after it.
fn table(
    source: &str,
    text: &mut String,
    path: &str,
    fields: &[(Name, Node)],
) -> Result<(), FileError> {
    let mut tables = Vec::new();
    for (name, node) in fields {
        let key = key(&name.text);
        // At the top every table has a heading of its own; further in only those that are too long for a line.
        let is_own = |fields: &[(Name, Node)], line: &str| {
            !fields.is_empty() && (is_rule(path) || key.len() + 3 + line.chars().count() > WIDTH)
        };
        let line = inline(source, node)?;
        match &node.tree {
            Tree::Table(inner) if is_own(inner, &line) => tables.push((key, inner)),
            Tree::List(list) if key.len() + 3 + line.chars().count() > WIDTH => {
                line_to(text, &format!("{key} = ["));
                for item in list {
                    line_to(text, &format!("  {},", inline(source, item)?));
                }
                line_to(text, "]");
            }
            _ => line_to(text, &format!("{key} = {line}")),
        }
    }
    for (key, inner) in tables {
        let path = if path.is_empty() {
            key
        } else {
            format!("{path}.{key}")
        };
        line_to(text, &format!("\n[{path}]"));
        table(source, text, &path, inner)?;
    }
    Ok(())
}

/// Whether a heading is that of a rule and not of a part of it.
fn is_rule(path: &str) -> bool {
    path.is_empty() || path == "rules"
}

fn line_to(text: &mut String, line: &str) {
    // A heading at the very start needs no gap.
    let line = if text.is_empty() {
        line.trim_start()
    } else {
        line
    };
    text.push_str(line);
    text.push('\n');
}

fn key(name: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if !name.is_empty() && name.chars().all(is_bare) {
        name.to_owned()
    } else {
        string(name)
    }
}

fn inline(source: &str, node: &Node) -> Result<String, FileError> {
    Ok(match &node.tree {
        Tree::Null => {
            return Err(FileError::at(
                source,
                node.at,
                "TOML has no null; leave the field out",
            ));
        }
        Tree::Bool(value) => value.to_string(),
        // TOML's whole numbers end where 64 bits do; as text they are compared the same.
        Tree::Number(text) if text.contains(['.', 'e', 'E']) || text.parse::<i64>().is_ok() => {
            text.clone()
        }
        Tree::Number(text) => string(text),
        Tree::Text(text) => string(text),
        Tree::List(list) => {
            let items: Result<Vec<String>, FileError> =
                list.iter().map(|item| inline(source, item)).collect();
            format!("[{}]", items?.join(", "))
        }
        Tree::Table(fields) if fields.is_empty() => "{}".to_owned(),
        Tree::Table(fields) => {
            let member = |(name, node): &(Name, Node)| {
                Ok(format!("{} = {}", key(&name.text), inline(source, node)?))
            };
            let members: Result<Vec<String>, FileError> = fields.iter().map(member).collect();
            format!("{{ {} }}", members?.join(", "))
        }
    })
}

/// With backslashes a text is easier to read in single quotes, where they mean themselves.
fn string(text: &str) -> String {
    let is_plain = !text.contains('\'') && !text.chars().any(char::is_control);
    if text.contains(['\\', '"']) && is_plain {
        return format!("'{text}'");
    }
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            // Writing to a String cannot fail.
            c if c.is_control() => write!(quoted, "\\u{:04X}", u32::from(c)).unwrap_or_default(),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::super::{Rules, read_rules};
    use super::*;
    use proptest::prelude::*;

    /// What is in a tree, whatever its layout; the order of fields counts within each kind.
    fn meaning(node: &Node) -> String {
        one_line(node)
    }

    #[test]
    fn every_shipped_rule_survives_both_ways() {
        for rule in Rules::shipped().iter() {
            let toml = rule.to_toml();
            let again = read_rules(&toml, Format::Toml)
                .unwrap_or_else(|errors| panic!("{errors:?}\n{toml}"))
                .remove(0);
            let bare = |rule: &Rule| {
                let source = "".into();
                format!(
                    "{:?}",
                    Rule {
                        source,
                        ..rule.clone()
                    }
                )
            };
            assert_eq!(bare(&again), bare(rule), "{toml}");
            let json = rule_to_json(&toml).unwrap();
            let read = read_rules(&json, Format::Json).unwrap().remove(0);
            assert_eq!(read.source(), again.source());
            assert_eq!(
                read_rules(rule.source(), Format::Json).unwrap()[0].source(),
                rule.source()
            );
        }
        let list = format!(
            "[{},\n{}]",
            Rules::shipped().get(0).unwrap().source(),
            Rules::shipped().get(1).unwrap().source()
        );
        let toml = rule_to_toml(&list).unwrap();
        let ids: Vec<String> = read_rules(&toml, Format::Toml)
            .unwrap()
            .iter()
            .map(|rule| rule.id.to_string())
            .collect();
        assert_eq!(ids, ["mqtt5", "mqtt-fetch"]);
    }

    #[test]
    fn the_text_is_made_for_reading() {
        let json = r#"{"id":"x","request":{"topic":"q/{id}","when":[["text","~","^\\d+\"$"]],"bind":{"a b":"json:/a"}},"replies":"many",
            "reply":{"topic":["r/{id}"]},"status":{},"_remark":["it's", 184467440737095516160, 1.50, -3, true, "\u0007"]}"#;
        let toml = rule_to_toml(json).unwrap();
        assert_eq!(
            toml,
            "id = \"x\"\nreplies = \"many\"\nstatus = {}\n_remark = [\"it's\", \"184467440737095516160\", 1.50, -3, true, \"\\u0007\"]\n\n\
             [request]\ntopic = \"q/{id}\"\nwhen = [[\"text\", \"~\", '^\\d+\"$']]\nbind = { \"a b\" = \"json:/a\" }\n\n[reply]\ntopic = [\"r/{id}\"]\n"
        );
        let back = rule_to_json(&toml).unwrap();
        assert!(
            back.starts_with("{\n  \"id\": \"x\",\n  \"replies\": \"many\",\n"),
            "{back}"
        );
        assert!(back.contains(r#""request": {"topic": "q/{id}", "when": [["text", "~", "^\\d+\"$"]], "bind": {"a b": "json:/a"}}"#), "{back}");
        let long = format!(
            r#"{{"request":{{"when":[{}["text","exists"]],"bind":{{"a":"{}","b":"corr"}}}}}}"#,
            r#"["topic","!~","aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"],"#.repeat(3),
            "x".repeat(90)
        );
        let toml = rule_to_toml(&long).unwrap();
        assert!(
            toml.starts_with("[request]\nwhen = [\n  [\"topic\", "),
            "{toml}"
        );
        assert!(toml.contains("\n[request.bind]\na = \"xxx"), "{toml}");
        assert_eq!(
            meaning(&read(&toml, Format::Toml).unwrap()),
            meaning(&read(&long, Format::Json).unwrap())
        );
    }

    #[test]
    fn what_has_no_other_form_is_refused_with_its_place() {
        let err = rule_to_toml("{\n \"id\": null}").unwrap_err();
        assert_eq!((err.line, err.column), (2, 8), "{err}");
        assert!(
            rule_to_toml("5")
                .unwrap_err()
                .to_string()
                .contains("a number")
        );
        assert!(rule_to_toml("[[]]").is_err());
        assert!(
            rule_to_toml("{")
                .unwrap_err()
                .to_string()
                .contains("not JSON")
        );
        assert!(
            rule_to_json("a = ")
                .unwrap_err()
                .to_string()
                .contains("not TOML")
        );
        assert_eq!(
            rule_to_json("a = inf\nb = +1_0.5").unwrap(),
            "{\n  \"a\": \"inf\",\n  \"b\": 10.5\n}"
        );
    }

    fn any_tree() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            "\\PC{0,8}|[\"'\\\\\n\u{1}\u{7f}]{0,4}".prop_map(|text| quote(&text)),
            "-?[1-9][0-9]{0,25}|0",
            "(true|false)",
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4)
                    .prop_map(|list| format!("[{}]", list.join(","))),
                proptest::collection::btree_map("\\PC{0,4}|[a-z]{1,3}", inner, 0..4).prop_map(
                    |map| {
                        let members: Vec<String> = map
                            .iter()
                            .map(|(name, value)| format!("{}:{value}", quote(name)))
                            .collect();
                        format!("{{{}}}", members.join(","))
                    }
                ),
            ]
        })
    }

    proptest! {
        #[test]
        fn anything_survives(fields in proptest::collection::btree_map("[a-z ü]{1,3}", any_tree(), 0..5)) {
            let members: Vec<String> = fields.iter().map(|(name, value)| format!("{}:{value}", quote(name))).collect();
            let json = format!("{{{}}}", members.join(","));
            let toml = rule_to_toml(&json).unwrap();
            let back = rule_to_json(&toml).unwrap_or_else(|err| panic!("{err}\n{toml}"));
            // In an order of their own, numbers beyond 64 bits as text.
            let plain = |json: &str| {
                let text = serde_json::from_str::<serde_json::Value>(json).unwrap();
                sorted(&text)
            };
            prop_assert_eq!(plain(&back), plain(&json), "{}", toml);
        }
    }

    fn sorted(value: &serde_json::Value) -> String {
        match value {
            serde_json::Value::Object(members) => {
                let mut members: Vec<String> = members
                    .iter()
                    .map(|(name, value)| format!("{name:?}:{}", sorted(value)))
                    .collect();
                members.sort();
                format!("{{{}}}", members.join(","))
            }
            serde_json::Value::Array(list) => format!(
                "[{}]",
                list.iter().map(sorted).collect::<Vec<_>>().join(",")
            ),
            serde_json::Value::String(text) => format!("{text:?}"),
            serde_json::Value::Number(number) if number.to_string().parse::<i64>().is_err() => {
                format!("{:?}", number.to_string())
            }
            other => other.to_string(),
        }
    }
}
