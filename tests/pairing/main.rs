//! Pairing rules against recorded traces: every verdict, with a rule alone and among all others.
#![expect(clippy::expect_used, clippy::panic, reason = "a test may fail")]

mod command;
mod language;
mod limits;

/// Small rules with small traces, one for every sentence of the language: title, rules, msgs, expect.
const CASES: &str = include_str!("cases.json");

use roundtrip::model::pairing::{Format, Rule, Rules, Trial, read_rules, read_trace};
use serde_json::Value;

const GOLDENS: &str = include_str!("goldens.json");
/// The rules as a user may have written them, look-ahead included.
const WRITTEN: &str = include_str!("rules.json");

pub(crate) fn rules(text: &str) -> Rules {
    Rules::new(read_rules(text, Format::Json).unwrap_or_else(|errors| panic!("{errors:?}")))
}

/// The verdicts on a trace, in the short notation.
pub(crate) fn verdicts(rules: Rules, trace: &str) -> Vec<String> {
    let samples = read_trace(trace).unwrap_or_else(|errors| panic!("{errors:?}"));
    let mut trial = Trial::new(rules);
    samples
        .iter()
        .map(|sample| trial.judge(sample).0.to_string())
        .collect()
}

fn alone(rules: &Rules, id: &str) -> Rules {
    let (_, rule) = rules.find(id).unwrap_or_else(|| panic!("no rule {id}"));
    Rule::clone(rule).into()
}

#[test]
fn all_recorded_traces_are_judged_right() {
    let goldens: Vec<Value> = serde_json::from_str(GOLDENS).expect("JSON");
    assert_eq!(goldens.len(), 35);
    let mut wrong = Vec::new();
    for (name, all) in [("written", rules(WRITTEN)), ("shipped", Rules::shipped())] {
        for golden in &goldens {
            let rule = golden["rule"].as_str().expect("a rule");
            let wanted: Vec<&str> = golden["expect"]
                .as_array()
                .expect("verdicts")
                .iter()
                .filter_map(Value::as_str)
                .collect();
            let trace = golden["msgs"].to_string();
            for (how, rules) in [("alone", alone(&all, rule)), ("among all", all.clone())] {
                let found = verdicts(rules, &trace);
                if found != wanted {
                    wrong.push(format!(
                        "{} {name} {how}: {} wants {wanted:?} and is {found:?}",
                        golden["n"], golden["title"]
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_sentence_of_the_language_holds() {
    let cases: Vec<Value> = serde_json::from_str(CASES).expect("JSON");
    assert!(cases.len() > 150);
    let mut wrong = Vec::new();
    for case in &cases {
        let wanted: Vec<&str> = case["expect"]
            .as_array()
            .expect("verdicts")
            .iter()
            .filter_map(Value::as_str)
            .collect();
        let found = verdicts(rules(&case["rules"].to_string()), &case["msgs"].to_string());
        if found != wanted {
            wrong.push(format!("{}: {wanted:?} is {found:?}", case["title"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_shipped_rules_are_the_written_ones_in_their_order() {
    let ids =
        |rules: &Rules| -> Vec<String> { rules.iter().map(|rule| rule.id.to_string()).collect() };
    assert_eq!(ids(&Rules::shipped()), ids(&rules(WRITTEN)));
    assert_eq!(Rules::shipped().len(), 28);
    assert!(
        Rules::shipped()
            .iter()
            .all(|rule| !rule.group.is_empty() && rule.title != rule.id)
    );
    assert_eq!(&*Rule::mqtt5().id, "mqtt5");
}
