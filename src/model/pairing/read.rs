//! Rule files: a tree of fields to compiled rules, or everything that is wrong with it, by place.

use super::condition::{Condition, OPS, Test};
use super::document::as_json;
use super::generate::Generator;
use super::json::Pointer;
use super::locator::{Locator, Locators};
use super::node::{FileError, Format, Name, Node, Tree, read};
use super::pattern::{Names, Pattern, VarId, check_name};
use super::regex::Regex;
use super::rule::{
    Binding, Defaults, PresenceSide, Replies, ReplySide, ReplyTopic, RequestSide, Rule, StatusSide,
};
use super::value::{Kind, Value};
use crate::model::message::Qos;
use std::cmp::Ordering;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

type Table<'a> = &'a [(Name, Node)];

/// A rule has at most so many variables and reply topics, and a file so many rules.
const MAX_VARIABLES: usize = 256;
const MAX_TOPICS: usize = 256;
const MAX_RULES: usize = 10_000;
/// More mistakes are not looked for.
const MAX_ERRORS: usize = 100;

/// Reads a list of rules, or one rule. In TOML a list is written `[[rules]]`. Those without an `id` are called `rule-1` and so on.
pub fn read_rules(text: &str, format: Format) -> Result<Vec<Rule>, Vec<FileError>> {
    read_rules_of(text, format, "")
}

/// The same from a file of that name, without its extension: one rule alone is called by it when it has no `id`.
pub fn read_rules_of(text: &str, format: Format, stem: &str) -> Result<Vec<Rule>, Vec<FileError>> {
    let root = read(text, format).map_err(|err| vec![err])?;
    let mut reader = Reader {
        text,
        stem: String::new(),
        what: String::new(),
        errors: Vec::new(),
    };
    let list: Vec<&Node> = match &root.tree {
        Tree::List(list) => list.iter().collect(),
        Tree::Table(fields) => match fields
            .iter()
            .find(|(name, _)| matches!(name.text.as_str(), "rules" | "rule"))
        {
            Some((
                _,
                Node {
                    tree: Tree::List(list),
                    ..
                },
            )) => {
                let others = fields
                    .iter()
                    .filter(|(name, _)| !matches!(name.text.as_str(), "rules" | "rule" | "format"));
                for (name, _) in others {
                    reader.wrong(
                        name.at,
                        &name.text,
                        "this field stands beside `rules` and belongs to no rule",
                    );
                }
                list.iter().collect()
            }
            Some((name, _)) => {
                reader.wrong(name.at, "rules", "it is a list of rules");
                Vec::new()
            }
            None => {
                stem.clone_into(&mut reader.stem);
                vec![&root]
            }
        },
        other => {
            reader.wrong(
                root.at,
                "",
                format!("a list of rules is expected here and not {}", other.what()),
            );
            Vec::new()
        }
    };
    if let Some(node) = list.get(MAX_RULES) {
        reader.wrong(node.at, "", format!("a file has at most {MAX_RULES} rules"));
    }
    let mut rules: Vec<Rule> = Vec::new();
    let mut ids = HashSet::new();
    for (index, node) in list.into_iter().take(MAX_RULES).enumerate() {
        let Some(rule) = reader.rule(node, index + 1) else {
            continue;
        };
        if !ids.insert(Arc::clone(&rule.id)) {
            let at = place_in(node, "id");
            reader.wrong(at, "id", "another rule before it has the same id");
        }
        rules.push(rule);
    }
    if reader.errors.is_empty() {
        Ok(rules)
    } else {
        reader.errors.sort_by_key(|err| (err.line, err.column));
        Err(reader.errors)
    }
}

struct Reader<'a> {
    text: &'a str,
    /// What a rule without an id is called; empty: by its number.
    stem: String,
    /// The rule that is being read.
    what: String,
    errors: Vec<FileError>,
}

fn field<'a>(table: Table<'a>, name: &str) -> Option<&'a Node> {
    table
        .iter()
        .rfind(|(known, _)| known.text == name)
        .map(|(_, node)| node)
}

/// Fields for people, which mean nothing to the engine.
const REMARKS: [&str; 5] = ["notes", "note", "description", "source", "comment"];

impl Reader<'_> {
    fn wrong(&mut self, at: usize, field: &str, message: impl Into<String>) {
        if self.errors.len() >= MAX_ERRORS {
            return;
        }
        let mut err = FileError::at(self.text, at, message);
        err.what.clone_from(&self.what);
        field.clone_into(&mut err.field);
        self.errors.push(err);
    }

    /// Notes what is wrong.
    fn ok<T>(&mut self, at: usize, field: &str, result: Result<T, String>) -> Option<T> {
        result
            .map_err(|message| self.wrong(at, field, message))
            .ok()
    }

    fn table<'a>(&mut self, node: &'a Node, path: &str, known: &[&str]) -> Table<'a> {
        let Tree::Table(fields) = &node.tree else {
            let message = format!(
                "a table of fields is expected here and not {}",
                node.tree.what()
            );
            self.wrong(node.at, path, message);
            return &[];
        };
        for (name, _) in fields {
            let is_known = known.contains(&name.text.as_str())
                || REMARKS.contains(&name.text.as_str())
                || name.text.starts_with('_');
            if !is_known {
                let message = format!("there is no such field; here are {}", known.join(", "));
                self.wrong(name.at, &join(path, &name.text), message);
            }
        }
        fields
    }

    fn text<'a>(&mut self, node: &'a Node, path: &str) -> Option<&'a str> {
        match &node.tree {
            Tree::Text(text) => Some(text),
            other => {
                let message = format!("a text is expected here and not {}", other.what());
                self.wrong(node.at, path, message);
                None
            }
        }
    }

    /// A list, or one thing that stands for a list of one.
    fn list(node: Option<&Node>) -> Vec<&Node> {
        match node.map(|node| (node, &node.tree)) {
            None => Vec::new(),
            Some((_, Tree::List(list))) => list.iter().collect(),
            Some((node, _)) => vec![node],
        }
    }

    fn rule(&mut self, node: &Node, number: usize) -> Option<Rule> {
        let before = self.errors.len();
        self.what = format!("rule {number}");
        let known = [
            "id",
            "title",
            "group",
            "format",
            "request",
            "reply",
            "replies",
            "status",
            "presence",
            "accept_retained",
            "defaults",
        ];
        if let Tree::Table(fields) = &node.tree
            && let Some(Node {
                tree: Tree::Text(id),
                ..
            }) = field(fields, "id")
        {
            self.what = format!("rule `{id}`");
        }
        let table = self.table(node, "", &known);
        let id = field(table, "id").and_then(|node| self.text(node, "id"));
        let id = match (id, self.stem.as_str()) {
            (Some(id), _) => id.to_owned(),
            (None, "") => format!("rule-{number}"),
            (None, stem) => stem.to_owned(),
        };
        if id.trim().is_empty() {
            self.wrong(place_in(node, "id"), "id", "it is empty");
        }
        self.what = format!("rule `{id}`");
        let title = field(table, "title").and_then(|node| self.text(node, "title"));
        let group = field(table, "group").and_then(|node| self.text(node, "group"));
        let mut names = Names::default();
        let request = self.request(table, node.at, &mut names);
        let mut reply = self.reply(table, node.at, &mut names);
        let status = self.status(table, &mut names);
        let presence = self.presence(table, &mut names);
        let replies = self.replies(table);
        let accept_retained =
            field(table, "accept_retained").is_some_and(|node| self.flag(node, "accept_retained"));
        let defaults = self.defaults(table, &names);
        let request = request?;
        if names.len() > MAX_VARIABLES {
            let message = format!("a rule has at most {MAX_VARIABLES} variables");
            self.wrong(node.at, "", message);
            return None;
        }
        self.check_vars(table, &names, &request, &reply, &status, presence.as_ref());
        if self.errors.len() > before {
            return None;
        }
        let bound = bound_by(&request);
        for topic in &mut reply.topics {
            understand(topic, &reply.bind, &reply.when, &bound);
        }
        Some(Rule {
            title: title.unwrap_or(&id).into(),
            group: group.unwrap_or_default().into(),
            id: id.into(),
            replies,
            accept_retained,
            defaults,
            source: as_json(node).into(),
            names,
            request,
            reply,
            status,
            presence,
        })
    }

    fn request(&mut self, rule: Table<'_>, at: usize, names: &mut Names) -> Option<RequestSide> {
        let Some(node) = field(rule, "request") else {
            self.wrong(
                at,
                "request",
                "it is missing; a rule says what is a request with `request.topic`",
            );
            return None;
        };
        let table = self.table(node, "request", &["topic", "when", "bind"]);
        let topic = if let Some(topic) = field(table, "topic") {
            self.pattern(topic, "request.topic", names)
        } else {
            self.wrong(node.at, "request.topic", "it is missing");
            None
        };
        let when = self.conditions(field(table, "when"), "request.when", names);
        let bind = self.bindings(field(table, "bind"), "request.bind", names);
        Some(RequestSide {
            topic: topic?,
            when,
            bind,
        })
    }

    fn reply(&mut self, rule: Table<'_>, at: usize, names: &mut Names) -> ReplySide {
        let Some(node) = field(rule, "reply") else {
            self.wrong(
                at,
                "reply",
                "it is missing; a rule says where replies come with `reply.topic`",
            );
            return ReplySide::default();
        };
        let table = self.table(
            node,
            "reply",
            &["topic", "when", "bind", "each", "subscribe"],
        );
        let topics = Self::list(field(table, "topic"));
        if topics.is_empty() {
            self.wrong(
                node.at,
                "reply.topic",
                "it is missing; it is a list of at least one topic",
            );
        }
        if let Some(node) = topics.get(MAX_TOPICS) {
            let message = format!("a rule has at most {MAX_TOPICS} reply topics");
            self.wrong(node.at, "reply.topic", message);
        }
        let mut side = ReplySide::default();
        for (path, node) in paths("reply.topic", topics.get(..MAX_TOPICS).unwrap_or(&topics)) {
            if let Some(pattern) = self.pattern(node, &path, names) {
                side.topics.push(ReplyTopic {
                    literal: pattern.clone(),
                    pattern,
                    shared: Vec::new(),
                    dependent_bind: Vec::new(),
                    dependent_when: Vec::new(),
                });
            }
        }
        side.when = self.conditions(field(table, "when"), "reply.when", names);
        side.bind = self.bindings(field(table, "bind"), "reply.bind", names);
        let each = Self::list(field(table, "each"));
        for (path, node) in paths("reply.each", &each) {
            let pointer = self.text(node, &path).map(Pointer::parse);
            side.each
                .extend(pointer.and_then(|pointer| self.ok(node.at, &path, pointer)));
        }
        let subscribe = Self::list(field(table, "subscribe"));
        for (path, node) in paths("reply.subscribe", &subscribe) {
            let filter = self.text(node, &path).map(|text| {
                let pattern = Pattern::parse_filter(text, names)?;
                // With something in every placeholder it must be a filter.
                let sample = pattern.render(|_| vec![Value::text("x")]);
                let sample =
                    sample.map_err(|_missing| "a placeholder here must have a name".to_owned())?;
                let checked = crate::model::topic::TopicFilter::new(&sample);
                checked
                    .map_err(|err| err.to_string())
                    .map(|_filter| pattern)
            });
            side.subscribe
                .extend(filter.and_then(|filter| self.ok(node.at, &path, filter)));
        }
        side
    }

    fn status(&mut self, rule: Table<'_>, names: &mut Names) -> StatusSide {
        let Some(node) = field(rule, "status") else {
            return StatusSide::default();
        };
        let table = self.table(node, "status", &["progress", "error", "code", "message"]);
        StatusSide {
            progress: self.conditions(field(table, "progress"), "status.progress", names),
            error: self.conditions(field(table, "error"), "status.error", names),
            code: self.locators(field(table, "code"), "status.code", names),
            message: self.locators(field(table, "message"), "status.message", names),
        }
    }

    fn presence(&mut self, rule: Table<'_>, names: &mut Names) -> Option<PresenceSide> {
        let node = field(rule, "presence")?;
        let table = self.table(node, "presence", &["topic", "online", "offline"]);
        let topic = if let Some(topic) = field(table, "topic") {
            self.pattern(topic, "presence.topic", names)
        } else {
            self.wrong(node.at, "presence.topic", "it is missing");
            None
        };
        Some(PresenceSide {
            topic: topic?,
            online: self.conditions(field(table, "online"), "presence.online", names),
            offline: self.conditions(field(table, "offline"), "presence.offline", names),
        })
    }

    fn replies(&mut self, rule: Table<'_>) -> Replies {
        let Some(node) = field(rule, "replies") else {
            return Replies::One;
        };
        match self.text(node, "replies") {
            Some("one") | None => Replies::One,
            Some("until-terminal") => Replies::UntilTerminal,
            Some("many") => Replies::Many,
            Some(other) => {
                let message = format!(
                    "`{other}` says no number of replies; there are one, until-terminal and many"
                );
                self.wrong(node.at, "replies", message);
                Replies::One
            }
        }
    }

    fn flag(&mut self, node: &Node, path: &str) -> bool {
        if let Tree::Bool(value) = node.tree {
            return value;
        }
        let message = format!(
            "true or false is expected here and not {}",
            node.tree.what()
        );
        self.wrong(node.at, path, message);
        false
    }

    fn number<T: std::str::FromStr>(&mut self, node: &Node, path: &str, range: &str) -> Option<T> {
        let number = match &node.tree {
            Tree::Number(text) => text.parse().ok(),
            _ => None,
        };
        if number.is_none() {
            self.wrong(node.at, path, format!("{range} is expected here"));
        }
        number
    }

    fn defaults(&mut self, rule: Table<'_>, names: &Names) -> Defaults {
        let Some(node) = field(rule, "defaults") else {
            return Defaults::default();
        };
        let known = [
            "qos",
            "retain",
            "expiry",
            "timeout_ms",
            "generate",
            "generator",
            "id",
        ];
        let table = self.table(node, "defaults", &known);
        let mut defaults = Defaults::default();
        if let Some(node) = field(table, "qos") {
            let level: Option<u8> = self.number(node, "defaults.qos", "0, 1 or 2");
            let qos = level.map(Qos::try_from);
            defaults.qos = qos.and_then(|qos| self.ok(node.at, "defaults.qos", qos));
        }
        defaults.retain = field(table, "retain").map(|node| self.flag(node, "defaults.retain"));
        defaults.expiry_secs = field(table, "expiry")
            .and_then(|node| self.number(node, "defaults.expiry", "a whole number of seconds"));
        defaults.timeout = field(table, "timeout_ms").and_then(|node| {
            let millis: Option<u64> = self.number(
                node,
                "defaults.timeout_ms",
                "a whole number of milliseconds",
            );
            let range = 1..=86_400_000;
            let timeout = millis.filter(|millis| range.contains(millis));
            if millis.is_some() && timeout.is_none() {
                self.wrong(
                    node.at,
                    "defaults.timeout_ms",
                    "a timeout is at least 1 ms and at most a day",
                );
            }
            timeout.map(Duration::from_millis)
        });
        for name in ["generate", "generator", "id"] {
            let Some(node) = field(table, name) else {
                continue;
            };
            let path = join("defaults", name);
            match &node.tree {
                Tree::Table(fields) => {
                    for (name, node) in fields {
                        self.generator(
                            &join(&path, &name.text),
                            &name.text,
                            node,
                            names,
                            &mut defaults,
                        );
                    }
                }
                _ => self.generator(&path, "id", node, names, &mut defaults),
            }
        }
        defaults
    }

    fn generator(
        &mut self,
        path: &str,
        var: &str,
        node: &Node,
        names: &Names,
        defaults: &mut Defaults,
    ) {
        if names.find(var).is_none() {
            let message = format!("the rule has no variable `{var}`");
            self.wrong(node.at, path, message);
        }
        let generator = self.text(node, path).map(Generator::parse);
        if let Some(generator) = generator.and_then(|generator| self.ok(node.at, path, generator)) {
            defaults.generate.push((var.into(), generator));
        }
    }

    fn pattern(&mut self, node: &Node, path: &str, names: &mut Names) -> Option<Pattern> {
        let pattern = Pattern::parse(self.text(node, path)?, names);
        self.ok(node.at, path, pattern)
    }

    fn locator(&mut self, node: &Node, path: &str, names: &mut Names) -> Option<Locator> {
        let locator = Locator::parse(self.text(node, path)?, names);
        self.ok(node.at, path, locator)
    }

    fn locators(&mut self, node: Option<&Node>, path: &str, names: &mut Names) -> Locators {
        let list = Self::list(node);
        if list.is_empty()
            && let Some(node) = node
        {
            self.wrong(
                node.at,
                path,
                "the list is empty; it takes at least one locator",
            );
        }
        let locators = paths(path, &list)
            .filter_map(|(path, node)| self.locator(node, &path, names))
            .collect();
        Locators(locators)
    }

    fn bindings(&mut self, node: Option<&Node>, path: &str, names: &mut Names) -> Vec<Binding> {
        let Some(node) = node else {
            return Vec::new();
        };
        let Tree::Table(fields) = &node.tree else {
            let message = format!(
                "a table of variables and locators is expected here and not {}",
                node.tree.what()
            );
            self.wrong(node.at, path, message);
            return Vec::new();
        };
        if let Some((name, _)) = fields.get(MAX_VARIABLES) {
            let message = format!("a rule has at most {MAX_VARIABLES} variables");
            self.wrong(name.at, path, message);
            return Vec::new();
        }
        let mut bindings: Vec<Binding> = Vec::new();
        for (name, node) in fields {
            let path = join(path, &name.text);
            self.ok(name.at, &path, check_name(&name.text));
            if name.text == "_" {
                self.wrong(
                    name.at,
                    &path,
                    "`_` stands for what does not matter and cannot be bound",
                );
            }
            let locators = self.locators(Some(node), &path, names);
            let var = names.intern(&name.text);
            if bindings.iter().any(|other| other.var == var) {
                self.wrong(name.at, &path, "this variable is bound twice");
            }
            bindings.push(Binding { var, locators });
        }
        match in_order(bindings) {
            Ok(bindings) => bindings,
            Err(var) => {
                let message = format!("`{}` depends on itself by way of `var:`", names.name(var));
                self.wrong(node.at, path, message);
                Vec::new()
            }
        }
    }

    fn conditions(&mut self, node: Option<&Node>, path: &str, names: &mut Names) -> Vec<Condition> {
        let Some(node) = node else {
            return Vec::new();
        };
        let Tree::List(list) = &node.tree else {
            let message = format!(
                "a list of conditions is expected here and not {}; a condition is [locator, op, value]",
                node.tree.what()
            );
            self.wrong(node.at, path, message);
            return Vec::new();
        };
        if let Some(Node {
            tree: Tree::Text(_),
            at,
        }) = list.first()
        {
            self.wrong(*at, path, "a list of conditions is expected here, so one condition stands in two pairs of brackets: [[locator, op, value]]");
            return Vec::new();
        }
        list.iter()
            .enumerate()
            .filter_map(|(index, node)| self.condition(node, &format!("{path}[{index}]"), names))
            .collect()
    }

    fn condition(&mut self, node: &Node, path: &str, names: &mut Names) -> Option<Condition> {
        let shape = "a condition is [locator, op, value], or [locator, op] for exists and missing";
        let Tree::List(parts) = &node.tree else {
            let message = format!("{shape}, and not {}", node.tree.what());
            self.wrong(node.at, path, message);
            return None;
        };
        let [locator, op, values @ ..] = parts.as_slice() else {
            self.wrong(node.at, path, shape);
            return None;
        };
        let locator = self.locator(locator, path, names);
        let op_at = op.at;
        let op = self.text(op, path)?;
        let takes_value = !matches!(op, "exists" | "missing");
        let value = match values {
            [] if !takes_value => None,
            [value] if takes_value => Some(value),
            [] => {
                self.wrong(node.at, path, format!("`{op}` needs a value: {shape}"));
                return None;
            }
            [extra, ..] => {
                self.wrong(extra.at, path, format!("something is left over: {shape}"));
                return None;
            }
        };
        let test = match (op, value) {
            ("exists", _) => Test::Exists,
            ("missing", _) => Test::Missing,
            ("==", Some(value)) => Test::Among(vec![self.scalar(value, path)?]),
            ("!=", Some(value)) => Test::NotAmong(vec![self.scalar(value, path)?]),
            ("in" | "!in", Some(value)) => {
                let Tree::List(list) = &value.tree else {
                    self.wrong(
                        value.at,
                        path,
                        format!(
                            "`{op}` needs a list of values and not {}",
                            value.tree.what()
                        ),
                    );
                    return None;
                };
                let values: Option<Vec<Value>> =
                    list.iter().map(|value| self.scalar(value, path)).collect();
                if op == "in" {
                    Test::Among(values?)
                } else {
                    Test::NotAmong(values?)
                }
            }
            ("~" | "!~", Some(value)) => {
                let regex = Regex::search(self.text(value, path)?);
                let regex = self.ok(value.at, path, regex)?;
                if op == "~" {
                    Test::Matches(regex)
                } else {
                    Test::MatchesNot(regex)
                }
            }
            ("<" | "<=" | ">" | ">=", Some(value)) => Test::Compares {
                than: self
                    .number(value, path, "a number")
                    .filter(|number: &f64| number.is_finite())?,
                holds: match op {
                    "<" => &[Ordering::Less],
                    "<=" => &[Ordering::Less, Ordering::Equal],
                    ">" => &[Ordering::Greater],
                    _ => &[Ordering::Greater, Ordering::Equal],
                },
            },
            _ => {
                self.wrong(
                    op_at,
                    path,
                    format!("`{op}` is no operator; there are {OPS}"),
                );
                return None;
            }
        };
        Some(Condition {
            locator: locator?,
            test,
        })
    }

    fn scalar(&mut self, node: &Node, path: &str) -> Option<Value> {
        match &node.tree {
            Tree::Text(text) => Some(Value::text(text)),
            Tree::Number(text) => Some(Value::new(Kind::Number, text.clone().into())),
            Tree::Bool(value) => Some(Value::new(Kind::Bool, value.to_string().into())),
            Tree::Null => {
                self.wrong(
                    node.at,
                    path,
                    "null counts as absent; write `missing` or `exists` instead",
                );
                None
            }
            other => {
                self.wrong(
                    node.at,
                    path,
                    format!(
                        "a text, a number or true or false is expected here and not {}",
                        other.what()
                    ),
                );
                None
            }
        }
    }

    /// Every `var:x` reads something that is bound where it stands.
    fn check_vars(
        &mut self,
        rule: Table<'_>,
        names: &Names,
        request: &RequestSide,
        reply: &ReplySide,
        status: &StatusSide,
        presence: Option<&PresenceSide>,
    ) {
        let in_request = bound_by(request);
        let mut in_reply = in_request.clone();
        in_reply.extend(
            reply
                .topics
                .iter()
                .flat_map(|topic| topic.pattern.vars().to_vec()),
        );
        in_reply.extend(reply.bind.iter().map(|binding| binding.var));
        let of_binds = |binds: &[Binding]| -> Vec<VarId> {
            binds
                .iter()
                .flat_map(|binding| binding.locators.reads().collect::<Vec<_>>())
                .collect()
        };
        let of_whens = |whens: &[Condition]| -> Vec<VarId> {
            whens.iter().filter_map(Condition::reads).collect()
        };
        let in_presence = presence
            .map(|presence| presence.topic.vars().to_vec())
            .unwrap_or_default();
        let mut places = vec![
            ("request.bind", of_binds(&request.bind), &in_request),
            ("request.when", of_whens(&request.when), &in_request),
            ("reply.bind", of_binds(&reply.bind), &in_reply),
            ("reply.when", of_whens(&reply.when), &in_reply),
            ("status.progress", of_whens(&status.progress), &in_reply),
            ("status.error", of_whens(&status.error), &in_reply),
            ("status.code", status.code.reads().collect(), &in_reply),
            (
                "status.message",
                status.message.reads().collect(),
                &in_reply,
            ),
            (
                "reply.subscribe",
                reply
                    .subscribe
                    .iter()
                    .flat_map(Pattern::vars)
                    .copied()
                    .collect(),
                &in_request,
            ),
        ];
        if let Some(presence) = presence {
            places.push(("presence.online", of_whens(&presence.online), &in_presence));
            places.push((
                "presence.offline",
                of_whens(&presence.offline),
                &in_presence,
            ));
        }
        for (path, read, known) in places {
            for var in read {
                if !known.contains(&var) {
                    let at = place_of(rule, path);
                    let message = format!(
                        "nothing binds the variable `{}` that is read here",
                        names.name(var)
                    );
                    self.wrong(at, path, message);
                }
            }
        }
    }
}

/// Where a field of a table stands, or the table itself.
fn place_in(node: &Node, name: &str) -> usize {
    match &node.tree {
        Tree::Table(fields) => field(fields, name).map_or(node.at, |node| node.at),
        _ => node.at,
    }
}

/// Where a field of a rule stands.
fn place_of(rule: Table<'_>, path: &str) -> usize {
    let mut table = rule;
    let mut at = 0;
    for part in path.split('.') {
        let Some(node) = field(table, part) else {
            break;
        };
        at = node.at;
        table = match &node.tree {
            Tree::Table(fields) => fields,
            _ => &[],
        };
    }
    at
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

/// Elements with their paths; a list of one is called by the field alone.
fn paths<'a>(path: &str, list: &[&'a Node]) -> impl Iterator<Item = (String, &'a Node)> + use<'a> {
    let path = path.to_owned();
    let is_one = list.len() == 1;
    let list = list.to_vec();
    list.into_iter().enumerate().map(move |(index, node)| {
        let path = if is_one {
            path.clone()
        } else {
            format!("{path}[{index}]")
        };
        (path, node)
    })
}

fn bound_by(request: &RequestSide) -> Vec<VarId> {
    let mut bound = request.topic.vars().to_vec();
    bound.extend(request.bind.iter().map(|binding| binding.var));
    bound
}

/// Those that others read come first; a variable that depends on itself otherwise.
fn in_order(mut bindings: Vec<Binding>) -> Result<Vec<Binding>, VarId> {
    let mut ordered: Vec<Binding> = Vec::with_capacity(bindings.len());
    while !bindings.is_empty() {
        let is_ready = |binding: &Binding| {
            let mut reads = binding.locators.reads();
            reads.all(|var| !bindings.iter().any(|other| other.var == var))
        };
        match bindings.iter().position(is_ready) {
            Some(index) => ordered.push(bindings.remove(index)),
            None => return Err(bindings.first().map_or(VarId(0), |binding| binding.var)),
        }
    }
    Ok(ordered)
}

/// Finds out what a reply on this topic tells by itself.
fn understand(topic: &mut ReplyTopic, bind: &[Binding], when: &[Condition], bound: &[VarId]) {
    topic.literal = topic.pattern.literally(|var| bound.contains(&var));
    let mut told = topic.pattern.vars().to_vec();
    for (index, binding) in bind.iter().enumerate() {
        let is_dependent = binding
            .locators
            .reads()
            .any(|var| bound.contains(&var) && !told.contains(&var))
            || binding.locators.reads().any(|var| {
                topic
                    .dependent_bind
                    .iter()
                    .any(|index| bind.get(*index).is_some_and(|other| other.var == var))
            });
        if is_dependent {
            topic.dependent_bind.push(index);
        } else {
            told.push(binding.var);
        }
    }
    let depends = |var: VarId| {
        (bound.contains(&var) && !told.contains(&var))
            || topic
                .dependent_bind
                .iter()
                .any(|index| bind.get(*index).is_some_and(|other| other.var == var))
    };
    topic.dependent_when = when
        .iter()
        .enumerate()
        .filter(|(_, when)| when.reads().is_some_and(depends))
        .map(|(index, _)| index)
        .collect();
    topic.shared = told.into_iter().filter(|var| bound.contains(var)).collect();
    topic.shared.sort_unstable();
    topic.shared.dedup();
}
