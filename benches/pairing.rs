//! What it costs to look one message up: 40 rules, and 100 to 10,000 requests that wait.
//!
//! `cargo bench --bench pairing`. The bound is 20 µs a message at 1,000 open exchanges, and the cost must not grow with
//! their number.
#![expect(clippy::expect_used, reason = "a benchmark may fail")]

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use roundtrip::model::exchange::ExchangeId;
use roundtrip::model::pairing::{
    Format, Match, Matcher, Rule, Rules, Sample, Subject, read_rules, read_trace,
};
use std::fmt::Write as _;
use std::hint::black_box;

/// The shipped rules and twelve more of every kind, before the ones that catch nearly everything.
fn rules() -> Rules {
    let mut more = String::from("[");
    for number in 0..12 {
        let sign = if number == 0 { "" } else { "," };
        let rule = match number % 4 {
            0 => format!(
                r#"{{"id":"m{number}","request":{{"topic":"m{number}/{{d*}}/req/{{id}}"}},"reply":{{"topic":["m{number}/{{d*}}/resp/{{id}}"]}}}}"#
            ),
            1 => format!(
                r#"{{"id":"m{number}","request":{{"topic":"{{d*}}/ask{number}","bind":{{"id":"json:/id"}}}},"reply":{{"topic":["{{d*}}/say{number}"],"bind":{{"id":"json:/id"}}}}}}"#
            ),
            2 => format!(
                r#"{{"id":"m{number}","request":{{"topic":"t{number}/{{d}}/?$rid={{id}}","when":[["text","~","^[0-9]+,"]]}},"reply":{{"topic":["t{number}/{{d}}/{{code}}/?$rid={{id}}{{_?}}"]}}}}"#
            ),
            _ if number == 11 => format!(
                r#"{{"id":"m{number}","request":{{"topic":"zulu/own/{{n}}","bind":{{"to":"json:/to"}}}},"reply":{{"topic":["yankee/{{to}}/{{code}}"]}}}}"#
            ),
            _ => format!(
                r#"{{"id":"m{number}","request":{{"topic":"u{number}/{{d}}","bind":{{"id":"user:id | uuid"}}}},"reply":{{"topic":["u{number}/{{d}}/r"],"bind":{{"id":"corr"}}}}}}"#
            ),
        };
        write!(more, "{sign}{rule}").expect("a String");
    }
    more.push(']');
    let more = read_rules(&more, Format::Json).expect("rules");
    let mut all: Vec<Rule> = Rules::shipped().iter().cloned().collect();
    let last = all.pop().expect("a rule");
    all.extend(more);
    all.push(last);
    assert_eq!(all.len(), 40);
    Rules::new(all)
}

/// One request of many kinds for every number, all open at once.
fn request(number: usize) -> String {
    let device = number % 50;
    match number % 10 {
        0 => format!(r#"{{"topic":"svc/add","resp":"cli/{device}/resp","corr":"c{number}"}}"#),
        1 => format!(r#"{{"topic":"v1/devices/me/rpc/request/{number}","json":{{"method":"x"}}}}"#),
        2 => format!(
            r#"{{"topic":"z2m/bridge/request/device/rename","json":{{"from":"a","transaction":"{number}"}}}}"#
        ),
        3 => format!(
            r#"{{"topic":"shelly-{device}/rpc","json":{{"id":{number},"src":"user_1","method":"Switch.Set"}}}}"#
        ),
        4 => format!(r#"{{"topic":"$iothub/methods/POST/reboot/?$rid={number}","json":{{}}}}"#),
        5 => format!(r#"{{"topic":"cmnd/lamp{device}/Power","text":"TOGGLE"}}"#),
        6 => format!(
            r#"{{"topic":"uagv/v3/acme/r{device}/instantActions","json":{{"actions":[{{"actionId":"a{number}"}}]}}}}"#
        ),
        7 => format!(
            r#"{{"topic":"te/device/d{device}///cmd/restart/{number}","json":{{"status":"init"}}}}"#
        ),
        8 => format!(r#"{{"topic":"zulu/own/{number}","json":{{"to":"a/b{number}"}}}}"#),
        _ => format!(r#"{{"topic":"homie/5/d{number}/light/power/set","text":"true"}}"#),
    }
}

/// Messages by name, and whether each answers something.
fn messages() -> Vec<(&'static str, String, bool)> {
    let small = [
        (
            "mqtt5",
            r#"{"topic":"cli/0/resp","corr":"c0","json":{"ok":true}}"#,
            true,
        ),
        (
            "topic id",
            r#"{"topic":"v1/devices/me/rpc/response/1","json":{"ok":true}}"#,
            true,
        ),
        (
            "json id",
            r#"{"topic":"z2m/bridge/response/device/rename","json":{"data":{},"status":"ok","transaction":"2"}}"#,
            true,
        ),
        (
            "json-rpc",
            r#"{"topic":"user_1/rpc","json":{"id":3,"src":"shelly-3","dst":"user_1","result":{"was_on":false}}}"#,
            true,
        ),
        (
            "query",
            r#"{"topic":"$iothub/methods/res/200/?$rid=4","json":{}}"#,
            true,
        ),
        (
            "in order",
            r#"{"topic":"stat/lamp5/RESULT","json":{"POWER":"ON"}}"#,
            true,
        ),
        (
            "until terminal",
            r#"{"topic":"te/device/d7///cmd/restart/7","json":{"status":"executing"}}"#,
            true,
        ),
        ("literal", r#"{"topic":"yankee/a/b8/200"}"#, true),
        (
            "catch-all",
            r#"{"topic":"homie/5/d9/light/power","text":"true"}"#,
            true,
        ),
        (
            "near miss",
            r#"{"topic":"z2m/bridge/response/device/rename","json":{"status":"ok","transaction":"none"}}"#,
            false,
        ),
        (
            "near miss of a catch-all",
            r#"{"topic":"homie/5/d9/light/power","text":"false"}"#,
            false,
        ),
        (
            "elsewhere",
            r#"{"topic":"plant/line4/press/temperature","json":{"value":23.5,"unit":"C"}}"#,
            false,
        ),
    ];
    let mut all: Vec<_> = small
        .iter()
        .map(|(name, message, answers)| (*name, (*message).to_owned(), *answers))
        .collect();
    // As large as replies usually get.
    let filler = |bytes: usize| -> String {
        let members: Vec<String> = (0..bytes / 32)
            .map(|number| format!(r#""measurement{number:04}":{number}.25"#))
            .collect();
        format!("{{{}}}", members.join(","))
    };
    let (one, four) = (filler(1024), filler(4096));
    let reply = |data: &str, id: &str| {
        format!(
            r#"{{"topic":"z2m/bridge/response/device/rename","json":{{"data":{data},"status":"ok","transaction":"{id}"}}}}"#
        )
    };
    all.push(("json id, 1 KiB", reply(&one, "2"), true));
    all.push(("json id, 4 KiB", reply(&four, "2"), true));
    all.push(("near miss, 4 KiB", reply(&four, "none"), false));
    all.push((
        "elsewhere, 4 KiB",
        format!(r#"{{"topic":"plant/line4/all","json":{four}}}"#),
        false,
    ));
    let states: Vec<String> = (0..16)
        .map(|number| format!(r#"{{"actionId":"old{number}","actionStatus":"FINISHED"}}"#))
        .chain([r#"{"actionId":"a6","actionStatus":"RUNNING"}"#.to_owned()])
        .collect();
    all.push((
        "each, 1 KiB",
        format!(
            r#"{{"topic":"uagv/v3/acme/r6/state","json":{{"actionStates":[{}]}}}}"#,
            states.join(",")
        ),
        true,
    ));
    all
}

fn samples(messages: &str) -> Vec<Sample> {
    read_trace(messages).expect("messages")
}

fn waiting(count: usize) -> Matcher {
    let mut matcher = Matcher::new(rules());
    let requests: Vec<String> = (0..count).map(request).collect();
    for (number, sample) in samples(&format!("[{}]", requests.join(",")))
        .iter()
        .enumerate()
    {
        let (rule, bindings) = matcher
            .opens(&Subject::new(&sample.message))
            .expect("a request");
        matcher.insert(ExchangeId(number as u64), rule, bindings);
    }
    matcher
}

fn one_message(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("one message, 40 rules");
    for count in [100, 1_000, 10_000] {
        let matcher = waiting(count);
        for (name, message, answers) in messages() {
            let sample = samples(&format!("[{message}]")).remove(0);
            let found = matcher.find(&Subject::new(&sample.message));
            assert_eq!(
                matches!(found, Match::Pairs(_)),
                answers,
                "{name}: {found:?}"
            );
            group.bench_with_input(BenchmarkId::new(name, count), &sample, |bencher, sample| {
                bencher.iter(|| matcher.find(&Subject::new(black_box(&sample.message))));
            });
        }
    }
    group.finish();
}

/// Everything that a message costs: whose reply it is, or else whether it is a request.
fn whole_judgement(criterion: &mut Criterion) {
    let matcher = waiting(1_000);
    let all: Vec<Sample> = messages()
        .iter()
        .flat_map(|(_, message, _)| samples(&format!("[{message}]")))
        .collect();
    criterion.bench_function("all of these, find and opens, 1000 open", |bencher| {
        bencher.iter(|| {
            for sample in &all {
                let subject = Subject::new(black_box(&sample.message));
                if !matches!(matcher.find(&subject), Match::Pairs(_)) {
                    black_box(matcher.opens(&subject));
                }
            }
        });
    });
}

criterion_group!(benches, one_message, whole_judgement);
criterion_main!(benches);
