//! Writing one value into a document. Everything else stays as it is written, byte for byte.

use super::{Json, Kind, NodeId, Pointer, Step, is_number, quote};

/// The text with `value` (JSON itself) at the pointer. Parents that are missing are created; nothing at all counts as
/// an empty object. Where a number stood, a text that is a number stays one, and where a text stood, text.
pub fn write(text: &str, pointer: &Pointer, value: &str) -> Result<String, String> {
    let blank = text.trim().is_empty();
    let text = if blank { "{}" } else { text };
    let json = Json::parse(text).map_err(|err| format!("the payload is not JSON: {err}"))?;
    let mut node = Json::ROOT;
    let mut steps = pointer.steps().iter();
    if !matches!(json.kind(node), Kind::Object | Kind::Array) && steps.len() > 0 {
        return Err("the payload is no JSON object, so nothing can be written into it".to_owned());
    }
    while let Some(step) = steps.next() {
        let child = match (step, json.kind(node)) {
            (Step::Name { name, .. }, Kind::Object) => match json.member(node, name) {
                Some(child) => child,
                None => {
                    return Ok(inserted(
                        &json,
                        node,
                        name,
                        &built(steps.as_slice(), value)?,
                    ));
                }
            },
            (Step::Name { index, name }, Kind::Array) => index
                .and_then(|index| json.elements(node).nth(index))
                .ok_or_else(|| format!("the list at `{pointer}` has no element `{name}`"))?,
            (Step::Every, Kind::Object | Kind::Array) => {
                let children: Vec<NodeId> = json
                    .elements(node)
                    .chain(json.members(node).map(|(_, value)| value))
                    .collect();
                match children.as_slice() {
                    [only] => *only,
                    [] if json.kind(node) == Kind::Array => {
                        let element = format!("[{}]", built(steps.as_slice(), value)?);
                        return Ok(replaced(&json, node, &element));
                    }
                    _ => {
                        return Err(format!(
                            "`*` in `{pointer}` stands for {} values; only where it is one can it be written",
                            children.len()
                        ));
                    }
                }
            }
            // Nothing is there: it makes way.
            (step, Kind::Null) => {
                let rest: Vec<Step> = std::iter::once(step).chain(steps).cloned().collect();
                return Ok(replaced(&json, node, &built(&rest, value)?));
            }
            _ => {
                return Err(format!(
                    "`{pointer}` leads through `{}`, which has no members",
                    json.compact(node)
                ));
            }
        };
        node = child;
    }
    Ok(replaced(&json, node, &as_before(&json, node, value)))
}

/// `value` in the type of what stood there, where it can be.
fn as_before(json: &Json<'_>, node: NodeId, value: &str) -> String {
    let new = Json::parse(value);
    let Ok(new) = new else {
        return value.to_owned();
    };
    let text = new.string(Json::ROOT);
    match (json.kind(node), new.kind(Json::ROOT)) {
        (Kind::Number, Kind::String) if is_number(&text) => text.into_owned(),
        (Kind::String, Kind::Number | Kind::Bool) => quote(&text),
        _ => value.to_owned(),
    }
}

fn replaced(json: &Json<'_>, node: NodeId, value: &str) -> String {
    let span = json.span(node);
    let text = json.text();
    let before = text.get(..span.start).unwrap_or_default();
    let after = text.get(span.end..).unwrap_or_default();
    format!("{before}{value}{after}")
}

/// As the last member of an object, in the style of the one before it.
fn inserted(json: &Json<'_>, object: NodeId, name: &str, value: &str) -> String {
    let text = json.text();
    let name = quote(name);
    let Some((key, last)) = json.members(object).last() else {
        return replaced(json, object, &format!("{{{name}:{value}}}"));
    };
    let is_airy = text
        .get(json.span(key).end..json.span(last).start)
        .is_some_and(|between| between.contains(' '));
    let start = json.span(object).start;
    let lead = text.get(start..json.span(key).start).unwrap_or_default();
    // The line break and indentation before a member, where each has a line of its own.
    let lead = lead.rfind(['\n', ',', '{']).and_then(|at| lead.get(at..));
    let lead = lead.filter(|lead| lead.starts_with('\n'));
    let end = json.span(last).end;
    let before = text.get(..end).unwrap_or_default();
    let after = text.get(end..).unwrap_or_default();
    let gap = if is_airy { " " } else { "" };
    let lead = lead.unwrap_or(gap);
    format!("{before},{lead}{name}:{gap}{value}{after}")
}

/// What has to be there so that the steps lead to `value`.
fn built(steps: &[Step], value: &str) -> Result<String, String> {
    let mut text = value.to_owned();
    for step in steps.iter().rev() {
        text = match step {
            Step::Name { name, .. } => format!("{{{}:{text}}}", quote(name)),
            Step::Every => format!("[{text}]"),
        };
        if text.len() > super::MAX_BYTES {
            return Err("it becomes too long".to_owned());
        }
    }
    Ok(text)
}
