//! Variables in any field of a profile or a request: `{{env.NAME}}` of the chosen environment, `{{os.NAME}}` of the process.
//!
//! What always holds: any other text stays as it is, also other placeholders of [`super::template`]; an unknown name is an
//! error that names it, never an empty text; and what came out of a secret is known, so that it can be covered.
//! In a JSON payload a value inside quotes is escaped; everywhere else it goes in as it is.

mod fields;

use crate::model::secret::Secret;
use crate::model::template::StringScanner;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A set of variables under a name, as kept in the workspace's settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EnvironmentDraft {
    pub name: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub variables: Vec<VariableDraft>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct VariableDraft {
    pub name: String,
    /// Empty where it is a secret: that is kept where secrets are.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub value: String,
    #[serde(skip_serializing_if = "is_false")]
    pub is_secret: bool,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands the field over by reference"
)]
fn is_false(flag: &bool) -> bool {
    !flag
}

impl EnvironmentDraft {
    /// The name under which a secret of it is kept. No id of a profile begins like this.
    pub fn account(&self, variable: &str) -> String {
        format!("@environment/{}/{variable}", self.name.trim())
    }

    /// What is wrong with it as it stands, in a sentence.
    pub fn problem(&self) -> Option<String> {
        if self.name.trim().is_empty() {
            return Some("an environment has no name".to_owned());
        }
        let mut seen = Vec::new();
        for variable in &self.variables {
            let name = variable.name.as_str();
            if !is_name(name) {
                return Some(format!(
                    "`{name}` is no name of a variable; use letters, digits and underscores, such as HOST"
                ));
            }
            if seen.contains(&name) {
                return Some(format!("`{name}` is there twice in {}", self.name));
            }
            seen.push(name);
        }
        None
    }
}

/// Letters, digits and underscores, no digit first: what every shell can set.
fn is_name(text: &str) -> bool {
    let is_sign = |sign: char| sign.is_ascii_alphanumeric() || sign == '_';
    text.chars().all(is_sign) && text.starts_with(|first: char| !first.is_ascii_digit())
}

/// Whether a variable of the process sounds like a secret. One of an environment says it itself.
fn sounds_secret(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let words = [
        "auth",
        "token",
        "cookie",
        "key",
        "secret",
        "pass",
        "credential",
        "signature",
        "pwd",
    ];
    words.iter().any(|word| lower.contains(word))
}

/// What variables stand for, here and now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// None: no environment is chosen.
    name: Option<Arc<str>>,
    variables: BTreeMap<String, Variable>,
    process: Arc<BTreeMap<String, Secret>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Variable {
    /// None: a secret that is not known here.
    value: Option<Secret>,
    is_secret: bool,
}

/// A text with its gaps filled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filled {
    pub text: String,
    /// What came out of secrets, and may be shown nowhere.
    pub hidden: Vec<Secret>,
}

/// How values go in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Text,
    /// Inside quotes they are escaped.
    Json,
}

/// A gap: which text before it, and what it names.
struct Gap<'a> {
    before: &'a str,
    is_process: bool,
    name: &'a str,
}

/// Whether there is anything to fill in.
pub fn has_gaps(text: &str) -> bool {
    next_gap(text).is_some()
}

/// The text with every gap filled by `1`, which stands as a host, a port and a level of a topic: for whoever only wants to
/// know what kind of thing it is.
pub fn sample(text: &str) -> String {
    let mut sample = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((gap, after)) = next_gap(rest) {
        sample.push_str(gap.before);
        sample.push('1');
        rest = after;
    }
    sample + rest
}

fn next_gap(text: &str) -> Option<(Gap<'_>, &str)> {
    let mut from = 0;
    while let Some(open) = text.get(from..)?.find("{{") {
        let start = from + open;
        let inside = text.get(start + 2..)?;
        if let Some((name, after)) = inside.split_once("}}") {
            let name = name.trim();
            let found = [("env.", false), ("os.", true)]
                .into_iter()
                .find_map(|(prefix, is_process)| Some((name.strip_prefix(prefix)?, is_process)));
            if let Some((name, is_process)) = found.filter(|(name, _)| is_name(name)) {
                let before = text.get(..start)?;
                let gap = Gap {
                    before,
                    is_process,
                    name,
                };
                return Some((gap, after));
            }
        }
        from = start + 1;
    }
    None
}

impl Environment {
    /// `kept` gives the secrets by their accounts, `process` is what the operating system hands to programs.
    pub fn new(
        chosen: Option<&EnvironmentDraft>,
        kept: impl Fn(&str) -> Option<Secret>,
        process: Arc<BTreeMap<String, Secret>>,
    ) -> Self {
        let variables = chosen.map(|draft| {
            let variables = draft.variables.iter().map(|one| {
                let value = if one.is_secret {
                    kept(&draft.account(&one.name))
                } else {
                    Some(Secret::new(one.value.clone()))
                };
                let variable = Variable {
                    value,
                    is_secret: one.is_secret,
                };
                (one.name.clone(), variable)
            });
            variables.collect()
        });
        Self {
            name: chosen.map(|draft| draft.name.trim().into()),
            variables: variables.unwrap_or_default(),
            process,
        }
    }

    /// The same with its secrets covered, for what leaves the program.
    #[must_use]
    pub fn covered(&self) -> Self {
        let cover = || Secret::new("•••".to_owned());
        let mut covered = self.clone();
        for variable in covered.variables.values_mut().filter(|it| it.is_secret) {
            variable.value = Some(cover());
        }
        let process = self.process.iter();
        let process = process.map(|(name, value)| {
            let value = if sounds_secret(name) {
                cover()
            } else {
                value.clone()
            };
            (name.clone(), value)
        });
        covered.process = Arc::new(process.collect());
        covered
    }

    /// Whether one of its secrets is not known here.
    pub fn lacks_secret(&self) -> bool {
        self.variables.values().any(|it| it.value.is_none())
    }

    /// Fills the gaps, or says which name is unknown.
    pub fn fill(&self, text: &str, into: Place) -> Result<Filled, String> {
        let mut filled = Filled {
            text: String::with_capacity(text.len()),
            hidden: Vec::new(),
        };
        let mut strings = StringScanner::default();
        let mut rest = text;
        while let Some((gap, after)) = next_gap(rest) {
            filled.text.push_str(gap.before);
            strings.read(gap.before);
            let (value, is_secret) = self.find(&gap)?;
            if into == Place::Json && strings.is_inside() {
                let quoted = serde_json::to_string(value.expose()).unwrap_or_default();
                let inner = quoted.strip_prefix('"').and_then(|it| it.strip_suffix('"'));
                filled.text.push_str(inner.unwrap_or_default());
            } else {
                filled.text.push_str(value.expose());
                strings.read(value.expose());
            }
            if is_secret && !value.expose().is_empty() {
                filled.hidden.push(value.clone());
            }
            rest = after;
        }
        filled.text.push_str(rest);
        Ok(filled)
    }

    fn find(&self, gap: &Gap<'_>) -> Result<(&Secret, bool), String> {
        let name = gap.name;
        if gap.is_process {
            let value = self.process.get(name).ok_or_else(|| {
                format!("the environment of this process has no variable `{name}`, which `{{{{os.{name}}}}}` stands for; set it before Roundtrip starts")
            })?;
            return Ok((value, sounds_secret(name)));
        }
        let Some(of) = &self.name else {
            return Err(format!(
                "`{{{{env.{name}}}}}` stands for a variable, and no environment is chosen"
            ));
        };
        let Some(variable) = self.variables.get(name) else {
            return Err(format!("the environment {of} has no variable `{name}`"));
        };
        let value = variable.value.as_ref().ok_or_else(|| {
            format!("the secret variable `{name}` of the environment {of} has no value here; type it where environments are edited, or unlock where secrets are kept")
        })?;
        Ok((value, variable.is_secret))
    }
}

#[cfg(test)]
mod tests;
