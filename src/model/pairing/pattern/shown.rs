//! Patterns told to people.

use super::{Hole, Names, Pattern, Segment, VarId, written};
use crate::model::pairing::describe::shown_name;
use crate::model::pairing::value::Value;

impl Pattern {
    /// Where a variable stands, in words such as "topic level 3".
    pub(in crate::model::pairing) fn places(&self, var: VarId) -> Vec<String> {
        // How often a level ends before each hole; how many levels it has is unknown after one that spans several.
        let mut levels_before = 0_usize;
        let mut is_counted = true;
        let mut places = Vec::new();
        for (number, segment) in self.segments.iter().enumerate() {
            let index = match segment {
                Segment::Literal(text) => {
                    levels_before += text.matches('/').count();
                    continue;
                }
                Segment::Hole(index) => *index,
            };
            let Some(hole) = self.holes.get(index) else {
                continue;
            };
            if hole.var == Some(var) {
                places.push(self.place(number, hole, is_counted.then_some(levels_before + 1)));
            }
            is_counted &= !hole.spans_levels;
        }
        places
    }

    /// `level` is counted from the start; it is not known where levels before may be any number.
    fn place(&self, number: usize, hole: &Hole, level: Option<usize>) -> String {
        let literal =
            |number: Option<usize>| match number.and_then(|number| self.segments.get(number)) {
                Some(Segment::Literal(text)) => Some(&**text),
                Some(Segment::Hole(_)) => Some(""),
                None => None,
            };
        let starts = literal(number.checked_sub(1)).is_none_or(|text| text.ends_with('/'));
        let ends = literal(Some(number + 1)).is_none_or(|text| text.starts_with('/'));
        if hole.spans_levels {
            return match level {
                Some(1) if number + 1 == self.segments.len() => "the whole topic".to_owned(),
                Some(level) => format!("topic levels from {level} on"),
                None => "topic levels".to_owned(),
            };
        }
        let part = if starts && ends { "" } else { "part of " };
        let rest = self.segments.get(number + 1..).unwrap_or_default();
        let mut spans_later = rest.iter().filter_map(|segment| match segment {
            Segment::Hole(index) => self.holes.get(*index),
            Segment::Literal(_) => None,
        });
        match level {
            Some(level) => format!("{part}topic level {level}"),
            None if spans_later.any(|hole| hole.spans_levels) => format!("{part}a topic level"),
            None => {
                let after = rest.iter().map(|segment| match segment {
                    Segment::Literal(text) => text.matches('/').count(),
                    Segment::Hole(_) => 0,
                });
                match after.sum::<usize>() + 1 {
                    1 if part.is_empty() => "last topic level".to_owned(),
                    1 => "part of the last topic level".to_owned(),
                    count => format!("{part}topic level {count} from the end"),
                }
            }
        }
    }

    /// The topic with what is known written out and `{name}` for the rest, once for each combination of values. What is
    /// known to be absent stands for nothing where it may.
    pub(in crate::model::pairing) fn shown<'a>(
        &self,
        known: &dyn Fn(VarId) -> Option<&'a [Value]>,
        names: &Names,
        limit: usize,
    ) -> Vec<String> {
        // A variable that stands twice has the same value twice.
        let mut shown: Vec<(String, Vec<(VarId, usize)>)> = vec![(String::new(), Vec::new())];
        for segment in &self.segments {
            let hole = match segment {
                Segment::Literal(text) => {
                    for (topic, _) in &mut shown {
                        topic.push_str(text);
                    }
                    continue;
                }
                Segment::Hole(index) => self.holes.get(*index),
            };
            let Some(hole) = hole else { continue };
            let known = hole.var.and_then(known);
            let values = known.unwrap_or_default();
            let mut next = Vec::new();
            for (topic, chosen) in &shown {
                let before = chosen.iter().find(|(var, _)| Some(*var) == hole.var);
                let range = match before {
                    Some((_, index)) => *index..index + 1,
                    None => 0..values.len().max(1),
                };
                for index in range {
                    let text = match values.get(index) {
                        Some(value) => written(hole, std::slice::from_ref(value)),
                        None => (known.is_some() && hole.may_be_empty).then(String::new),
                    };
                    let text = text.unwrap_or_else(|| shown_name(names, hole.var));
                    let mut chosen = chosen.clone();
                    if let (Some(var), None) = (hole.var, before) {
                        chosen.push((var, index));
                    }
                    next.push((format!("{topic}{text}"), chosen));
                }
            }
            next.truncate(limit);
            shown = next;
        }
        shown.into_iter().map(|(topic, _)| topic).collect()
    }
}
