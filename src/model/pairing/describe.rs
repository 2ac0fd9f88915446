//! A rule told to people: its variables, where they sit, and on which topics replies are expected.

use super::Variables;
use super::locator::Bindings;
use super::pattern::{Names, VarId};
use super::rule::{Binding, Rule};
use std::sync::Arc;

/// With more combinations of values the topics are not told one by one.
const MAX_TOPICS: usize = 16;

/// One variable of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VariableInfo {
    pub name: Arc<str>,
    /// Such as "topic level 3" or `json:/id`.
    pub where_in_request: Vec<String>,
    pub where_in_reply: Vec<String>,
    /// What makes it up when nobody gives it, as it is written in `defaults.generate`.
    pub generator: Option<String>,
    /// The topic of a request cannot be written without it, and nothing makes it up.
    pub is_required: bool,
}

impl Rule {
    /// The variables that request and reply bind, in the order in which the rule names them.
    pub fn variables(&self) -> Vec<VariableInfo> {
        let all = self.names.ids().map(|var| self.variable(var));
        all.filter(|info| !(info.where_in_request.is_empty() && info.where_in_reply.is_empty()))
            .collect()
    }

    fn variable(&self, var: VarId) -> VariableInfo {
        let bound = |bindings: &[Binding]| -> Vec<String> {
            let of_var = bindings.iter().filter(|binding| binding.var == var);
            of_var
                .flat_map(|binding| &binding.locators.0)
                .map(|locator| locator.source().to_owned())
                .collect()
        };
        let mut where_in_request = self.request.topic.places(var);
        where_in_request.extend(bound(&self.request.bind));
        let mut where_in_reply: Vec<String> = Vec::new();
        let topics = self.reply.topics.iter();
        for place in topics.flat_map(|topic| topic.pattern.places(var)) {
            if !where_in_reply.contains(&place) {
                where_in_reply.push(place);
            }
        }
        where_in_reply.extend(bound(&self.reply.bind));
        let name = self.names.name(var);
        let said = self
            .defaults
            .generate
            .iter()
            .find(|(known, _)| *known == name);
        let generator = match said {
            Some((_, generator)) => Some(generator.to_string()),
            None if *name == *"id" => self.own_generator().map(|generator| generator.to_string()),
            None => None,
        };
        let mut holes = self.request.topic.holes().iter();
        let is_needed = holes.any(|hole| hole.var == Some(var) && !hole.may_be_empty);
        VariableInfo {
            is_required: is_needed && generator.is_none(),
            name,
            where_in_request,
            where_in_reply,
            generator,
        }
    }

    /// Values by name as bindings of this rule; names that it does not know are left out.
    pub fn bindings(&self, variables: &Variables) -> Bindings {
        let mut bindings = Bindings::default();
        for (name, values) in variables {
            if let Some(var) = self.var(name) {
                bindings.set(var, values.clone());
            }
        }
        bindings
    }

    /// The topics on which replies to such a request are expected, for people: what is not known is written `{name}`.
    pub fn expected_reply_topics(&self, request: &Bindings) -> Vec<String> {
        let mut topics: Vec<String> = Vec::new();
        for topic in &self.reply.topics {
            let known = |var: VarId| self.is_bound_by_request(var).then(|| request.get(var));
            for text in topic.pattern.shown(&known, &self.names, MAX_TOPICS) {
                if !topics.contains(&text) {
                    topics.push(text);
                }
            }
        }
        topics
    }
}

/// What a variable is called.
pub(super) fn shown_name(names: &Names, var: Option<VarId>) -> String {
    var.map_or_else(
        || "{_}".to_owned(),
        |var| format!("{{{}}}", names.name(var)),
    )
}

#[cfg(test)]
mod tests {
    use super::super::{Format, Value, read_rules};
    use super::*;

    fn rule(text: &str) -> Rule {
        read_rules(text, Format::Json)
            .unwrap_or_else(|errors| panic!("{errors:?}"))
            .remove(0)
    }

    #[test]
    fn variables_say_where_they_sit() {
        let rule = rule(
            r#"{"request":{"topic":"a/{d}/x-{n?}/{t*}/{op}/v{v}/{last}","bind":{"id":["json:/id","corr | hex"],"t":"json:/t"}},
                "reply":{"topic":["r/{d}/{code}","s/{d}"],"bind":{"id":"user:id"}},
                "presence":{"topic":"p/{who}"},"defaults":{"generate":{"op":"{client}-{hex:4}"}}}"#,
        );
        let told: Vec<(String, String, String, String, bool)> = rule
            .variables()
            .into_iter()
            .map(|info| {
                (
                    info.name.to_string(),
                    info.where_in_request.join(", "),
                    info.where_in_reply.join(", "),
                    info.generator.unwrap_or_default(),
                    info.is_required,
                )
            })
            .collect();
        let row = |name: &str, request: &str, reply: &str, generator: &str, is_required| {
            let own = str::to_owned;
            (
                own(name),
                own(request),
                own(reply),
                own(generator),
                is_required,
            )
        };
        assert_eq!(
            told,
            [
                row("d", "topic level 2", "topic level 2", "", true),
                row("n", "part of topic level 3", "", "", false),
                row("t", "topic levels from 4 on, json:/t", "", "", true),
                row(
                    "op",
                    "topic level 3 from the end",
                    "",
                    "{client}-{hex:4}",
                    false
                ),
                row("v", "part of topic level 2 from the end", "", "", true),
                row("last", "last topic level", "", "", true),
                row("id", "json:/id, corr | hex", "user:id", "uuid", false),
                row("code", "", "topic level 3", "", false),
            ]
        );
    }

    #[test]
    fn expected_topics_show_what_is_known_and_name_the_rest() {
        let rule = rule(
            r#"{"request":{"topic":"q/{id}","bind":{"ds":"text | csv","to":"json:/to"}},
                "reply":{"topic":["r/{{x/{id}/{code}/{_}","d/{ds}","u/{to|uri}","v/{to?}"]}}"#,
        );
        let text = |text: &str| vec![Value::text(text)];
        let known = rule.bindings(&vec![
            ("id".into(), text("7")),
            ("ds".into(), vec![Value::text("LED"), Value::text("Motor")]),
            ("to".into(), text("a/b")),
            ("nobody".into(), text("knows")),
        ]);
        assert_eq!(
            rule.expected_reply_topics(&known),
            ["r/{x/7/{code}/{_}", "d/LED", "d/Motor", "u/a%2Fb", "v/a/b"]
        );
        assert_eq!(
            rule.expected_reply_topics(&Bindings::default()),
            ["r/{x/{id}/{code}/{_}", "d/{ds}", "u/{to}", "v/"]
        );
    }
}
