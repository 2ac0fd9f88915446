//! What to subscribe so that every topic that fits a pattern arrives, and as little else as can be.

use super::{Hole, Pattern, Segment, VarId, written};
use crate::model::pairing::value::Value;
use crate::model::topic::TopicFilter;

/// A variable may have several values; more filters than this are not subscribed for one request.
const MAX_FILTERS: usize = 64;

/// What takes the place of a hole.
enum Filling {
    Text(String),
    /// Anything, of one level or of several.
    Free {
        spans_levels: bool,
    },
}

impl Pattern {
    /// Filters for the topics that fit when `known` tells the values of variables: `+` for a level
    /// with a free variable, `#` from the first that may span levels.
    pub fn filters(
        &self,
        known: impl Fn(VarId) -> Option<Vec<Value>>,
    ) -> Result<Vec<TopicFilter>, String> {
        let mut choices: Vec<(VarId, Vec<Value>)> = Vec::new();
        let mut count = 1_usize;
        for &var in self.vars() {
            if let Some(values) = known(var) {
                count = count.saturating_mul(values.len().max(1));
                choices.push((var, values));
            }
        }
        if count > MAX_FILTERS {
            return Err(format!(
                "the reply may come on {count} topics; more than {MAX_FILTERS} are not subscribed for one request"
            ));
        }
        let mut filters = Vec::new();
        for number in 0..count {
            let mut left = number;
            // The values of this round: one of each variable.
            let chosen: Vec<(VarId, Option<&Value>)> = choices
                .iter()
                .map(|(var, values)| {
                    let size = values.len().max(1);
                    let value = values.get(left % size);
                    left /= size;
                    (*var, value)
                })
                .collect();
            if let Some(filter) = self.filter(&chosen)? {
                filters.push(filter);
            }
        }
        Ok(least(filters))
    }

    /// `None` when a value that the topic needs is absent: no topic fits.
    fn filter(&self, chosen: &[(VarId, Option<&Value>)]) -> Result<Option<TopicFilter>, String> {
        let mut fillings = Vec::new();
        for hole in &self.holes {
            match filling(hole, chosen)? {
                Some(filling) => fillings.push(filling),
                None => return Ok(None),
            }
        }
        let mut done = String::new();
        let mut level = String::new();
        let mut is_free = false;
        'pattern: for segment in &self.segments {
            let text: &str = match segment {
                Segment::Literal(text) => text,
                Segment::Hole(index) => match fillings.get(*index) {
                    Some(Filling::Text(text)) => text,
                    Some(Filling::Free { spans_levels }) => {
                        if done.is_empty() && level.starts_with('$') {
                            return Err(format!(
                                "no filter reaches the topics of `{}`: wildcards do not match topics that start with `$`. \
                                 Write the first level out, or say what to subscribe in reply.subscribe",
                                self.source
                            ));
                        }
                        if *spans_levels {
                            done.push('#');
                            level.clear();
                            is_free = false;
                            break 'pattern;
                        }
                        is_free = true;
                        continue;
                    }
                    None => continue,
                },
            };
            for c in text.chars() {
                if c == '/' {
                    done.push_str(if is_free { "+" } else { &level });
                    done.push('/');
                    level.clear();
                    is_free = false;
                } else {
                    level.push(c);
                }
            }
        }
        done.push_str(if is_free { "+" } else { &level });
        TopicFilter::new(&done)
            .map(Some)
            .map_err(|err| format!("`{done}` cannot be subscribed: {err}"))
    }
}

fn filling(hole: &Hole, chosen: &[(VarId, Option<&Value>)]) -> Result<Option<Filling>, String> {
    let known = hole
        .var
        .and_then(|var| chosen.iter().find(|(known, _)| *known == var));
    let Some((_, value)) = known else {
        let spans_levels = hole.spans_levels;
        return Ok(Some(Filling::Free { spans_levels }));
    };
    let Some(value) = value else {
        return Ok(hole.may_be_empty.then(|| Filling::Text(String::new())));
    };
    let text = written(hole, std::slice::from_ref(*value))
        .ok_or_else(|| format!("`{value}` is no text, so no reply topic can hold it"))?;
    if text.contains(['+', '#', '\0']) {
        return Err(format!(
            "`{text}` cannot be part of a reply topic: it has a wildcard in it"
        ));
    }
    if text.starts_with("$share/") {
        return Err(format!(
            "`{text}` is a shared subscription and no topic to reply on"
        ));
    }
    Ok(Some(Filling::Text(text)))
}

/// Without those that others cover already: an overlap may deliver a message twice.
pub fn least(filters: Vec<TopicFilter>) -> Vec<TopicFilter> {
    let mut kept: Vec<TopicFilter> = Vec::new();
    for filter in filters {
        if kept.iter().any(|other| covers(other, &filter)) {
            continue;
        }
        kept.retain(|other| !covers(&filter, other));
        kept.push(filter);
    }
    kept
}

/// Whether every topic that `narrow` matches is matched by `wide`, too.
pub fn covers(wide: &TopicFilter, narrow: &TopicFilter) -> bool {
    if wide.as_str() == narrow.as_str() {
        return true;
    }
    let is_shared = |filter: &TopicFilter| filter.unshared() != filter.as_str();
    if is_shared(wide) || is_shared(narrow) {
        return false;
    }
    let (wide, narrow) = (wide.as_str(), narrow.as_str());
    if narrow.starts_with('$') && wide.starts_with(['+', '#']) {
        return false;
    }
    let mut theirs = narrow.split('/');
    for ours in wide.split('/') {
        match (ours, theirs.next()) {
            ("#", _) => return true,
            (_, None | Some("#")) => return false,
            ("+", Some(_)) => {}
            (ours, Some(theirs)) if ours == theirs => {}
            _ => return false,
        }
    }
    theirs.next().is_none()
}
