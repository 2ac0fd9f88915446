//! The pairing rules there are: those of the workspace, compiled and in their order, then the presets.
//!
//! A file of the workspace holds one rule. One that is not valid stays as it is and is listed with what is wrong.

use crate::app::App;
use crate::app::actions::Action;
use crate::app::palette::PaletteEntry;
use crate::model::pairing::{FileError, Format, Rule, Rules, read_rules};
use crate::model::presets::Preset;
use crate::model::request::MQTT5_RULE;
use crate::store::{PairingOrder, RuleText};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The heading of the workspace's own rules.
pub const YOURS: &str = "Yours";
/// The headings of the presets, in their order; what else rules name comes after them.
const GROUPS: [&str; 6] = [
    "MQTT 5",
    "Topic schemes",
    "JSON-RPC",
    "Clouds",
    "Home",
    "Industry",
];

/// A rule of the workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnRule {
    /// The name of its file without its ending.
    pub file: String,
    /// What requests call it.
    pub id: String,
    pub title: String,
    pub problem: Option<FileError>,
}

/// A rule as lists show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleItem {
    /// What requests call it; of a broken one what its file is called.
    pub id: String,
    pub title: String,
    /// Where the id sits: `topic level`, `payload`.
    pub hint: String,
    /// In a few words, for tooltips.
    pub sentence: String,
    /// The file of a rule of the workspace.
    pub file: Option<String>,
    /// Why it cannot be used.
    pub problem: Option<String>,
    pub has_example: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleGroup {
    pub name: String,
    pub items: Vec<RuleItem>,
}

/// What was made of the files when they were last looked at.
#[derive(Debug, Default)]
pub struct RuleShelf {
    version: u64,
    order: PairingOrder,
    own: Vec<OwnRule>,
    groups: Vec<RuleGroup>,
}

/// The rule that a file of the workspace holds. `stem` is its id where it gives itself none; `taken` are ids that
/// other rules have.
pub fn compile(stem: &str, text: &RuleText, taken: &[String]) -> Result<Rule, Vec<FileError>> {
    let what = || format!("rule `{}`", text.id().unwrap_or(stem));
    let rules = read_rules(text.text(), Format::Toml).map_err(|mut errors| {
        // It is known by its file, not by its place in it.
        let all = errors.iter_mut();
        all.filter(|err| !err.what.is_empty())
            .for_each(|err| err.what = what());
        errors
    })?;
    let wrong = |field: &str, message: String| {
        vec![FileError {
            line: line_of(text.text(), field),
            column: 1,
            what: what(),
            field: field.to_owned(),
            message,
        }]
    };
    let count = rules.len();
    let mut rules = rules.into_iter();
    let (Some(mut rule), None) = (rules.next(), rules.next()) else {
        return Err(wrong(
            "",
            format!("a file of the workspace holds one rule, and this one holds {count}"),
        ));
    };
    if text.id().is_none() {
        rule.id = stem.into();
    }
    if text.title().is_none() {
        rule.title = Arc::clone(&rule.id);
    }
    if &*rule.id == MQTT5_RULE {
        return Err(wrong(
            "id",
            format!("`{MQTT5_RULE}` is the rule of MQTT 5 itself; give this one another id"),
        ));
    }
    if taken.iter().any(|taken| **taken == *rule.id) {
        let message = "another rule of the workspace has the same id".to_owned();
        return Err(wrong("id", message));
    }
    Ok(rule)
}

/// The line of a field at the top of a file, counted from 1.
fn line_of(text: &str, field: &str) -> usize {
    let is_field = |line: &str| {
        line.trim_start()
            .strip_prefix(field)
            .is_some_and(|rest| rest.trim_start().starts_with('='))
    };
    let place = text.lines().position(is_field).unwrap_or(0);
    place + 1
}

impl RuleShelf {
    /// The rules of the workspace, in the order in which they are tried.
    pub fn own(&self) -> &[OwnRule] {
        &self.own
    }

    /// MQTT 5, then the presets by what they are for, then the workspace's own.
    pub fn groups(&self) -> &[RuleGroup] {
        &self.groups
    }

    pub fn item(&self, id: &str) -> Option<&RuleItem> {
        let items = self.groups.iter().flat_map(|group| &group.items);
        items.into_iter().find(|item| item.id == id)
    }

    /// Each rule that the request in front could be sent by.
    pub fn palette_entries(&self) -> impl Iterator<Item = PaletteEntry> {
        let items = self.groups.iter().flat_map(|group| &group.items);
        items
            .filter(|item| item.problem.is_none())
            .map(|item| PaletteEntry {
                text: format!("Pair by {}", item.title),
                kind: "pairing rule".to_owned(),
                shortcut: "",
                action: Action::UseRule(item.id.clone()),
            })
    }

    /// Reads the files again where they changed; gives the list of rules that are active then.
    fn refresh(
        &mut self,
        files: &BTreeMap<String, RuleText>,
        version: u64,
        order: &PairingOrder,
    ) -> Option<Rules> {
        if self.version == version && self.order == *order {
            return None;
        }
        self.version = version;
        self.order = order.clone();
        let mut stems: Vec<&String> = files.keys().collect();
        stems.sort_by_key(|stem| (order.place(stem), stem.as_str()));
        self.own.clear();
        let mut compiled: Vec<Rule> = Vec::new();
        for stem in stems {
            let Some(text) = files.get(stem) else {
                continue;
            };
            let taken: Vec<String> = compiled.iter().map(|rule| rule.id.to_string()).collect();
            let result = compile(stem, text, &taken);
            let mut own = OwnRule {
                file: stem.clone(),
                id: text.id().unwrap_or(stem).to_owned(),
                title: text
                    .title()
                    .or_else(|| text.id())
                    .unwrap_or(stem)
                    .to_owned(),
                problem: None,
            };
            match result {
                Ok(rule) => compiled.push(rule),
                Err(errors) => own.problem = errors.into_iter().next(),
            }
            self.own.push(own);
        }
        let rules = Rules::with_own(compiled);
        self.groups = groups(&self.own, &rules);
        Some(rules)
    }
}

fn groups(own: &[OwnRule], rules: &Rules) -> Vec<RuleGroup> {
    let mut groups: Vec<RuleGroup> = GROUPS.iter().map(|name| empty(name)).collect();
    let is_own = |rule: &Rule| {
        own.iter()
            .any(|own| own.problem.is_none() && own.id == *rule.id)
    };
    for rule in rules.iter().filter(|rule| !is_own(rule)) {
        let place = groups.iter().position(|group| *group.name == *rule.group);
        let place = place.unwrap_or_else(|| {
            groups.push(empty(&rule.group));
            groups.len() - 1
        });
        if let Some(group) = groups.get_mut(place) {
            group.items.push(item(rule, None));
        }
    }
    let mut yours = empty(YOURS);
    yours.items.extend(own.iter().map(|own| match &own.problem {
        Some(problem) => broken(own, problem),
        None => rules.find(&own.id).map_or_else(
            || broken_words(own, "it is not active"),
            |(_, rule)| item(rule, Some(own.file.clone())),
        ),
    }));
    groups.push(yours);
    groups.retain(|group| !group.items.is_empty());
    groups
}

fn empty(name: &str) -> RuleGroup {
    RuleGroup {
        name: name.to_owned(),
        items: Vec::new(),
    }
}

fn item(rule: &Rule, file: Option<String>) -> RuleItem {
    let hint = if &*rule.id == MQTT5_RULE {
        "default"
    } else {
        place_of_id(rule)
    };
    RuleItem {
        id: rule.id.to_string(),
        title: rule.title.to_string(),
        hint: hint.to_owned(),
        sentence: format!("{}\nRequests on {}", rule.title, rule.request_pattern()),
        has_example: file.is_none() && Preset::of_rule(&rule.id).is_some(),
        file,
        problem: None,
    }
}

fn broken(own: &OwnRule, problem: &FileError) -> RuleItem {
    broken_words(own, &problem.to_string())
}

fn broken_words(own: &OwnRule, words: &str) -> RuleItem {
    let path = format!("rules/{}.toml", own.file);
    RuleItem {
        id: own.file.clone(),
        title: own.title.clone(),
        hint: "not valid".to_owned(),
        sentence: format!("{path}:{words}"),
        file: Some(own.file.clone()),
        problem: Some(format!("{path}:{words}")),
        has_example: false,
    }
}

/// What tells one reply from another, in two words.
fn place_of_id(rule: &Rule) -> &'static str {
    let id = rule
        .variables()
        .into_iter()
        .find(|info| *info.name == *"id");
    let Some(place) = id.and_then(|info| info.where_in_request.into_iter().next()) else {
        return "in order";
    };
    match place.split([':', ' ']).next().unwrap_or_default() {
        "json" | "key" | "text" => "payload",
        "corr" => "Correlation Data",
        "user" => "user property",
        "packet-id" => "packet id",
        _ => "topic level",
    }
}

impl App {
    /// Brings the active rules up to date with the files. Cheap when nothing changed.
    pub fn refresh_rules(&mut self) {
        let rules = self.rules.refresh(
            self.library.rules(),
            self.library.rules_version(),
            &self.settings.pairing,
        );
        if let Some(rules) = rules {
            self.session.set_rules(rules);
        }
    }

    /// Says of the files that hold no valid rule what is wrong with them.
    pub(in crate::app) fn tell_broken_rules(&mut self) {
        let words: Vec<String> = self
            .rules
            .own()
            .iter()
            .filter_map(|own| {
                let problem = own.problem.as_ref()?;
                Some(format!("{}:{problem}", self.library.rule_path(&own.file)))
            })
            .collect();
        for text in words {
            self.notices.fail(
                format!("A pairing rule cannot be used: {text}"),
                "Its file stays as it is. Open it under Pairing rules to correct it.",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAB: &str = "# ours\ntitle = \"Lab\"\n[request]\ntopic = \"lab/{d}/q/{id}\"\n[reply]\ntopic = \"lab/{d}/a/{id}\"\n";

    fn shelf(files: &[(&str, &str)], order: &[&str]) -> (RuleShelf, Rules) {
        let files = files
            .iter()
            .map(|(stem, text)| ((*stem).to_owned(), RuleText::new(*text)))
            .collect();
        let order = PairingOrder {
            order: order.iter().map(|stem| (*stem).to_owned()).collect(),
        };
        let mut shelf = RuleShelf::default();
        let rules = shelf.refresh(&files, 1, &order).unwrap();
        assert!(shelf.refresh(&files, 1, &order).is_none());
        (shelf, rules)
    }

    fn ids(rules: &Rules) -> Vec<&str> {
        rules.iter().take(3).map(|rule| &*rule.id).collect()
    }

    #[test]
    fn rules_without_an_id_are_called_as_their_file_and_come_in_the_users_order() {
        let named = format!("id = \"named\"\n{LAB}");
        let files = [("a", LAB), ("z", named.as_str())];
        assert_eq!(ids(&shelf(&files, &[]).1), ["mqtt5", "a", "named"]);
        let (shelf, rules) = shelf(&files, &["z"]);
        assert_eq!(ids(&rules), ["mqtt5", "named", "a"]);
        let groups: Vec<&str> = shelf
            .groups()
            .iter()
            .map(|group| group.name.as_str())
            .collect();
        assert_eq!(groups.first(), Some(&"MQTT 5"));
        assert_eq!(groups.last(), Some(&YOURS));
        let yours: Vec<(&str, &str, Option<&str>)> = shelf.groups()[groups.len() - 1]
            .items
            .iter()
            .map(|item| {
                (
                    item.title.as_str(),
                    item.hint.as_str(),
                    item.file.as_deref(),
                )
            })
            .collect();
        assert_eq!(
            yours,
            [
                ("Lab", "topic level", Some("z")),
                ("Lab", "topic level", Some("a"))
            ]
        );
    }

    #[test]
    fn a_file_that_is_no_rule_is_listed_with_its_line_and_field_and_is_not_active() {
        let bad = "title = \"Bad\"\n[request]\ntopic = \"a/{id}\"\n[reply]\ntopic = \"a/{x:[}\"\n";
        let (shelf, rules) = shelf(&[("bad", bad), ("lab", LAB)], &[]);
        assert_eq!(ids(&rules)[1], "lab");
        let item = shelf.item("bad").unwrap();
        let problem = item.problem.as_deref().unwrap();
        assert!(problem.starts_with("rules/bad.toml:5:9: "), "{problem}");
        assert!(problem.contains("rule `bad`, reply.topic"), "{problem}");
        assert_eq!(
            (item.title.as_str(), item.hint.as_str()),
            ("Bad", "not valid")
        );
    }

    #[test]
    fn one_file_is_one_rule_and_two_rules_have_two_ids() {
        let two = format!("[[rules]]\nid = \"x\"\n{LAB}").replace("[re", "[rules.re");
        let two = format!("{two}{}", two.replace("\"x\"", "\"y\""));
        let errors = compile("two", &RuleText::new(two), &[]).unwrap_err();
        assert!(errors[0].message.contains("holds 2"), "{errors:?}");
        let errors =
            compile("a", &RuleText::new(format!("id = \"mqtt5\"\n{LAB}")), &[]).unwrap_err();
        assert_eq!((errors[0].line, errors[0].field.as_str()), (1, "id"));
        let same = format!("id = \"lab\"\n{LAB}");
        let (shelf, _) = shelf(&[("lab", LAB), ("other", &same)], &[]);
        assert!(shelf.item("other").unwrap().problem.is_some());
        assert!(shelf.item("lab").unwrap().problem.is_none());
    }

    #[test]
    fn a_rule_of_the_workspace_takes_the_place_of_the_preset_with_its_id() {
        let (shelf, rules) = shelf(&[("tasmota", LAB)], &[]);
        assert_eq!(
            rules.iter().filter(|rule| &*rule.id == "tasmota").count(),
            1
        );
        let items = shelf.groups().iter().flat_map(|group| &group.items);
        assert_eq!(items.filter(|item| item.id == "tasmota").count(), 1);
    }
}
