//! The index against the definition, and everything against nonsense.
//!
//! `cargo test --lib pairing::tests::for_long -- --ignored --nocapture` runs for `FUZZ_SECS` (600).

#![expect(
    clippy::format_push_string,
    reason = "a generator of nonsense need not be fast"
)]

use super::json::Json;
use super::locator::{Bindings, Subject};
use super::matcher::Standing;
use super::rule::{OutcomeKind, Replies};
use super::*;
use crate::model::correlation::CorrelationData;
use crate::model::exchange::ExchangeId;
use crate::model::message::Message;
use crate::model::topic::TopicName;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use std::time::{Duration, Instant};

/// Pairing word by word as it is defined: every remembered request is compared with the message.
struct Definition {
    rules: Rules,
    requests: Vec<(ExchangeId, usize, Bindings, Standing)>,
    count: u64,
}

impl Definition {
    fn judge(&mut self, sample: &Sample) -> String {
        let subject = Subject::new(&sample.message).with_packet_id(sample.packet_id);
        let number = self.count;
        self.count += 1;
        let rules = self.rules.clone();
        for takes_all in [false, true] {
            if takes_all && !sample.message.retain {
                continue;
            }
            let is_taken =
                |rule: &Rule| takes_all || !sample.message.retain || rule.accept_retained;
            for standing in [Standing::Open, Standing::Completed] {
                let mut order: Vec<usize> = (0..self.requests.len()).collect();
                if standing == Standing::Completed {
                    order.reverse();
                }
                for place in order {
                    let (id, index, far, now) = self.requests[place].clone();
                    let rule = rules.get(index).unwrap();
                    if now != standing || !is_taken(rule) {
                        continue;
                    }
                    if standing == Standing::Completed && !rule.has_id(&far) {
                        continue;
                    }
                    let Some(status) = rule.answered(&subject, &far) else {
                        continue;
                    };
                    if takes_all {
                        return "S".to_owned();
                    }
                    if standing == Standing::Completed {
                        return format!("D{}", id.0);
                    }
                    if status.outcome != OutcomeKind::Progress && rule.replies != Replies::Many {
                        self.requests[place].3 = Standing::Completed;
                    }
                    let code = status.code.filter(|code| !code.is_empty());
                    let code = code.map(|code| format!(":{}", trace::on_one_line(&code)));
                    let code = code.unwrap_or_default();
                    return format!("R{}:{}{code}", id.0, status.outcome.word());
                }
            }
        }
        match rules.opens(&subject) {
            Some((rule, request)) => {
                self.requests
                    .push((ExchangeId(number), rule, request, Standing::Open));
                "Q".to_owned()
            }
            None => "-".to_owned(),
        }
    }
}

const NAMES: [&str; 5] = ["id", "d", "t", "x", "y"];
const LEVELS: [&str; 6] = ["a", "b", "c", "q", "r", ""];
const VALUES: [&str; 9] = [
    "1",
    "2",
    "3",
    "a",
    "b",
    "a/b",
    "true",
    "",
    "0f8fad5b-d9cb-469f-a165-70867728950e",
];
const CORRS: [&str; 5] = [
    "a",
    "1",
    "hex:00ff",
    "hex:0f8fad5bd9cb469fa16570867728950e",
    "",
];

struct Maker(StdRng);

impl Maker {
    fn one<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list.choose(&mut self.0).copied().unwrap_or_default()
    }

    fn chance(&mut self, percent: u32) -> bool {
        self.0.random_range(0..100) < percent
    }

    fn hole(&mut self) -> String {
        let name = self.one(&["id", "d", "t", "x", "y", "_"]);
        let marks = self.one(&["", "", "", "", "?", "*", "?*"]);
        let rest = self.one(&[
            "",
            "",
            "",
            "",
            "",
            "|uri",
            "|upper",
            ":[a-z0-9]+",
            ":a|b",
            ":[0-9]*",
            "|csv",
        ]);
        if self.chance(1) {
            format!("{{{name}{marks}{rest}")
        } else {
            format!("{{{name}{marks}{rest}}}")
        }
    }

    fn pattern(&mut self) -> String {
        let count = self.0.random_range(1..5);
        let levels: Vec<String> = (0..count)
            .map(|_| match self.0.random_range(0..10) {
                0..=4 => self.one(&LEVELS).to_owned(),
                5..=7 => self.hole(),
                8 => format!("{}{}", self.one(&["p", "q="]), self.hole()),
                _ => format!("{}_{}", self.hole(), self.one(&["r", ""])),
            })
            .collect();
        levels.join("/")
    }

    fn locator(&mut self) -> String {
        let place = match self.0.random_range(0..12) {
            0 | 1 => "corr".to_owned(),
            2 => "resp".to_owned(),
            3 => "user:k".to_owned(),
            4..=7 => format!(
                "json:{}",
                self.one(&["/id", "/id", "/a/b", "/*", "/l/*", "/l/*/id", "", "/x"])
            ),
            8 => format!("key:{}", self.one(&["", "/a"])),
            9 => self
                .one(&["text", "topic", "ctype", "packet-id"])
                .to_owned(),
            _ => format!("var:{}", self.one(&NAMES)),
        };
        let steps = self.one(&[
            "",
            "",
            "",
            "",
            "",
            "",
            " | csv",
            " | uuid",
            " | hex",
            " | base64",
            " | upper",
            " | uri",
            " ~ ^(.)",
            " ~ [0-9]+",
            " ~ ^(?!a)(.*)$",
            " ~ (a)|b | csv",
        ]);
        format!("{place}{steps}")
    }

    fn locators(&mut self) -> String {
        if self.chance(80) {
            return format!("{:?}", self.locator());
        }
        let list: Vec<String> = (0..self.0.random_range(1..4))
            .map(|_| format!("{:?}", self.locator()))
            .collect();
        format!("[{}]", list.join(","))
    }

    fn conditions(&mut self) -> String {
        let count = self.0.random_range(0..3);
        let list: Vec<String> = (0..count)
            .map(|_| {
                let locator = format!("{:?}", self.locator());
                match self.0.random_range(0..8) {
                    0 | 1 => format!("[{locator},\"exists\"]"),
                    2 => format!("[{locator},\"missing\"]"),
                    3 => format!("[{locator},\"==\",{:?}]", self.one(&VALUES)),
                    4 => format!("[{locator},\"in\",[1,{:?}]]", self.one(&VALUES)),
                    5 => format!("[{locator},\"!in\",[2,{:?}]]", self.one(&VALUES)),
                    6 => format!("[{locator},{:?},\"^[a-z]\"]", self.one(&["~", "!~"])),
                    _ => format!("[{locator},\">\",1]"),
                }
            })
            .collect();
        format!("[{}]", list.join(","))
    }

    fn bind(&mut self) -> String {
        let mut names = NAMES.to_vec();
        let list: Vec<String> = (0..self.0.random_range(0..3))
            .map(|_| {
                let name = names.swap_remove(self.0.random_range(0..names.len()));
                format!("\"{name}\":{}", self.locators())
            })
            .collect();
        format!("{{{}}}", list.join(","))
    }

    /// A rule, and the patterns in it.
    fn rule(&mut self, id: usize) -> (String, Vec<String>) {
        let request_topic = self.pattern();
        let mut patterns = vec![request_topic.clone()];
        let count = self.0.random_range(1..3);
        for _ in 0..count {
            // Most replies have something to do with their request.
            let reply = if self.chance(60) {
                request_topic.replace(['q', 'a'], "r")
            } else {
                self.pattern()
            };
            patterns.push(reply);
        }
        let topics: Vec<String> = patterns
            .iter()
            .skip(1)
            .map(|topic| format!("{topic:?}"))
            .collect();
        let when = if self.chance(20) {
            format!(",\"when\":{}", self.conditions())
        } else {
            String::new()
        };
        let reply_when = if self.chance(20) {
            format!(",\"when\":{}", self.conditions())
        } else {
            String::new()
        };
        let each = if self.chance(20) {
            format!(",\"each\":[{:?}]", self.one(&["/l/*", "/*", "", "/a"]))
        } else {
            String::new()
        };
        let same = self.bind();
        let bind = if self.chance(50) {
            same.clone()
        } else {
            self.bind()
        };
        let rule = format!(
            "{{\"id\":\"r{id}\",\"request\":{{\"topic\":{:?},\"bind\":{}{when}}},\"reply\":{{\"topic\":[{}],\"bind\":{}{reply_when}{each}}},\"status\":{{\"progress\":{},\"error\":{},\"code\":{}}},\"replies\":{:?},\"accept_retained\":{}}}",
            request_topic,
            same,
            topics.join(","),
            bind,
            self.conditions(),
            self.conditions(),
            self.locators(),
            self.one(&["one", "one", "many", "until-terminal"]),
            self.chance(30)
        );
        (rule, patterns)
    }

    fn json(&mut self, depth: usize) -> String {
        match self.0.random_range(0..if depth == 0 { 6 } else { 10 }) {
            0 | 1 => format!("{:?}", self.one(&VALUES)),
            2 => self
                .one(&["1", "2", "18446744073709551617", "-0.5e1"])
                .to_owned(),
            3 => self.one(&["true", "false", "null"]).to_owned(),
            4 | 5 => format!("{:?}", self.one(&VALUES)),
            6 => {
                let list: Vec<String> = (0..self.0.random_range(0..4))
                    .map(|_| self.json(depth - 1))
                    .collect();
                format!("[{}]", list.join(","))
            }
            _ => self.object(depth - 1),
        }
    }

    fn object(&mut self, depth: usize) -> String {
        let list: Vec<String> = (0..self.0.random_range(0..4))
            .map(|_| {
                format!(
                    "{:?}:{}",
                    self.one(&["id", "id", "a", "b", "l", "x"]),
                    self.json(depth)
                )
            })
            .collect();
        format!("{{{}}}", list.join(","))
    }

    /// A topic that fits a pattern more often than not.
    fn topic_for(&mut self, pattern: &str) -> String {
        let mut topic = String::new();
        let mut rest = pattern;
        while let Some((before, after)) = rest.split_once('{') {
            topic.push_str(before);
            let (hole, after) = after.split_once('}').unwrap_or((after, ""));
            let values: &[&str] = if hole.contains('*') {
                &["1", "a", "a/b", "2/1"]
            } else {
                &["1", "2", "a", "b"]
            };
            topic.push_str(self.one(values));
            rest = after;
        }
        topic + rest
    }

    /// A message, now and then on a topic of these patterns.
    fn message(&mut self, patterns: &[String]) -> String {
        let fitting = patterns
            .choose(&mut self.0)
            .cloned()
            .map(|pattern| self.topic_for(&pattern));
        let fitting = fitting.filter(|topic| !topic.is_empty() && self.chance(85));
        let levels: Vec<String> = (0..self.0.random_range(1..5))
            .map(|_| match self.0.random_range(0..10) {
                0..=5 => self.one(&LEVELS).to_owned(),
                6 => self.one(&["p1", "q=2", "pa", "q=b"]).to_owned(),
                7 => self.one(&["1_", "a_r", "2_r"]).to_owned(),
                _ => self.one(&["1", "2", "a%2Fb", "A"]).to_owned(),
            })
            .collect();
        let topic = fitting
            .or_else(|| Some(levels.join("/")))
            .filter(|topic| !topic.is_empty());
        let mut message = format!("{{\"topic\":{:?}", topic.as_deref().unwrap_or("a"));
        if self.chance(40) {
            message.push_str(&format!(",\"corr\":{:?}", self.one(&CORRS)));
        }
        if self.chance(20) {
            message.push_str(&format!(",\"resp\":{:?}", self.one(&["a", "a/b", "r/1"])));
        }
        if self.chance(20) {
            message.push_str(&format!(
                ",\"user\":[[\"k\",{:?}],[\"k\",{:?}]]",
                self.one(&VALUES),
                self.one(&VALUES)
            ));
        }
        if self.chance(15) {
            message.push_str(",\"retain\":true");
        }
        if self.chance(20) {
            message.push_str(&format!(",\"packet_id\":{}", self.0.random_range(1..4)));
        }
        match self.0.random_range(0..4) {
            0 => message.push_str(&format!(",\"text\":{:?}", self.one(&VALUES))),
            1 | 2 => message.push_str(&format!(",\"json\":{}", self.object(2))),
            _ => message.push_str(&format!(",\"json\":{}", self.json(2))),
        }
        message.push('}');
        message
    }

    /// Bytes of `text` changed, doubled, cut out and mixed up.
    fn spoilt(&mut self, text: &str) -> String {
        let mut bytes = text.as_bytes().to_vec();
        for _ in 0..self.0.random_range(1..8) {
            if bytes.is_empty() {
                break;
            }
            let at = self.0.random_range(0..bytes.len());
            let end = (at + self.0.random_range(1..16)).min(bytes.len());
            match self.0.random_range(0..5) {
                0 => bytes[at] = self.0.random(),
                1 => bytes[at] = *b"{}[]\"\\:,*?|~^$()+#/!0".choose(&mut self.0).unwrap(),
                2 => drop(bytes.drain(at..end)),
                3 => {
                    let piece = bytes[at..end].to_vec();
                    let to = self.0.random_range(0..bytes.len());
                    bytes.splice(to..to, piece);
                }
                _ => {
                    let piece = bytes[at..end].to_vec();
                    for _ in 0..self.0.random_range(1..200) {
                        bytes.splice(at..at, piece.iter().copied());
                        if bytes.len() > 100_000 {
                            break;
                        }
                    }
                }
            }
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

#[derive(Debug, Default)]
struct Tally {
    rounds: u64,
    rule_lists: u64,
    messages: u64,
    requests: u64,
    replies: u64,
    further: u64,
    stale: u64,
    spoilt_files: u64,
    spoilt_still_valid: u64,
    answers_made: u64,
    slowest_message: Duration,
    slowest_file: Duration,
}

const SHIPPED_TEXT: &str = rules::SHIPPED;
const GOLDENS: &str = include_str!("../../../tests/pairing/goldens.json");

impl Tally {
    fn judged(&mut self, rules: &Rules, samples: &[Sample], context: &str) {
        let mut trial = Trial::new(rules.clone());
        let has_each = rules.iter().any(|rule| !rule.reply.each.is_empty());
        let mut definition = Definition {
            rules: rules.clone(),
            requests: Vec::new(),
            count: 0,
        };
        for sample in samples {
            let began = Instant::now();
            let (verdict, _) = trial.judge(sample);
            self.slowest_message = self.slowest_message.max(began.elapsed());
            self.messages += 1;
            match &verdict {
                Verdict::Request { .. } => self.requests += 1,
                Verdict::Reply(_) => self.replies += 1,
                Verdict::Further(_) => self.further += 1,
                Verdict::Stale(_) => self.stale += 1,
                Verdict::Nothing(_) => {}
            }
            // With `each`, one message may answer several requests; the definition knows one.
            if !has_each {
                let wanted = definition.judge(sample);
                assert_eq!(verdict.to_string(), wanted, "{sample:?}\n{context}");
            }
        }
    }

    fn round(&mut self, maker: &mut Maker) {
        self.rounds += 1;
        let count = maker.0.random_range(1..4);
        let (list, patterns): (Vec<String>, Vec<Vec<String>>) =
            (0..count).map(|index| maker.rule(index)).unzip();
        let patterns = patterns.concat();
        let messages: Vec<String> = (0..maker.0.random_range(1..30))
            .map(|_| maker.message(&patterns))
            .collect();
        let trace = format!("[{}]", messages.join(","));
        let samples = read_trace(&trace).unwrap_or_else(|errors| panic!("{trace}: {errors:?}"));
        // Those that are no rules are told apart; the others count.
        let good: Vec<Rule> = list
            .iter()
            .filter_map(|rule| read_rules(&format!("[{rule}]"), Format::Json).ok()?.pop())
            .collect();
        if !good.is_empty() {
            self.rule_lists += 1;
            self.judged(
                &Rules::new(good.clone()),
                &samples,
                &format!("{list:#?}\n{trace}"),
            );
        }
        for rule in &good {
            self.made(rule, &samples, maker);
        }
    }

    /// What a rule makes, the same rule recognises.
    fn made(&mut self, rule: &Rule, samples: &[Sample], maker: &mut Maker) {
        for pair in samples.windows(2).take(3) {
            let [typed, reply] = pair else { continue };
            let drawn = rule.generate(
                &typed.message,
                &Vec::new(),
                &Circumstances::default(),
                &mut maker.0,
            );
            let Ok((request, _)) = rule.compose(&typed.message, &drawn) else {
                continue;
            };
            let wish = match maker.0.random_range(0..3) {
                0 => Status::ok(),
                1 => Status::progress(),
                _ => Status::error(Some("7"), None),
            };
            let Ok(answer) = rule.answer(&request, &reply.message, &Vec::new(), &wish) else {
                continue;
            };
            self.answers_made += 1;
            let mut trial = Trial::new(rule.clone().into());
            let request = Sample {
                message: request,
                packet_id: None,
            };
            let retain = reply.message.retain;
            let answer = Sample {
                message: answer,
                packet_id: None,
            };
            let first = trial.judge(&request).0.to_string();
            let second = trial.judge(&answer).0.to_string();
            assert_eq!(first, "Q", "{rule:?} {request:?}");
            let is_pair = second.starts_with(&format!("R0:{}", wish.outcome.word()))
                || (retain && second == "S");
            // With `each` another part of the payload may come first.
            assert!(
                is_pair || !rule.reply.each.is_empty(),
                "{second} {wish:?} {rule:?} {request:?} {answer:?}"
            );
        }
    }

    fn nonsense(&mut self, maker: &mut Maker, goldens: &[Vec<Sample>]) {
        let text = if maker.chance(50) {
            let (rule, _) = maker.rule(0);
            maker.spoilt(&format!("[{rule}]"))
        } else {
            let at = maker.0.random_range(0..SHIPPED_TEXT.len());
            let piece = SHIPPED_TEXT
                .get(at..)
                .and_then(|rest| rest.split_once("\n  },\n")?.1.split_once("\n  },\n"));
            let rule = piece.map_or("", |(rule, _)| rule);
            maker.spoilt(&format!("[{rule}\n}}]"))
        };
        let format = if maker.chance(80) {
            Format::Json
        } else {
            Format::Toml
        };
        let began = Instant::now();
        let read = read_rules(&text, format);
        self.slowest_file = self.slowest_file.max(began.elapsed());
        self.spoilt_files += 1;
        if let Ok(rules) = read {
            self.spoilt_still_valid += 1;
            let golden = goldens.choose(&mut maker.0).map_or(&[][..], Vec::as_slice);
            self.judged(&Rules::new(rules), golden, &text);
        }
        let at = maker.0.random_range(0..GOLDENS.len() - 400);
        let piece = (at..at + 4)
            .find_map(|at| GOLDENS.get(at..))
            .unwrap_or_default();
        let piece = piece
            .get(..piece.len().min(2000))
            .unwrap_or("[{\"topic\":\"ä\"}]");
        let began = Instant::now();
        let trace = read_trace(&maker.spoilt(piece));
        let messages = maker.message(&[]);
        let spoilt = read_trace(&maker.spoilt(&format!("[{messages}]")));
        self.slowest_file = self.slowest_file.max(began.elapsed());
        self.spoilt_files += 2;
        for samples in [trace, spoilt].into_iter().flatten() {
            self.spoilt_still_valid += 1;
            self.judged(&Rules::shipped(), &samples, "the shipped rules");
        }
        // Payloads and topics that are anything at all.
        let mut message = Message::new(
            TopicName::received(&maker.spoilt("$iothub/methods/res/200/?$rid=1&x/a/b/cmd/req/d")),
            "",
        );
        message.payload = maker
            .spoilt("{\"id\":1,\"a\":[{\"actionId\":\"x\"}],\"method\":\"m\",\"src\":\"s\"}")
            .into();
        let sample = Sample {
            message,
            packet_id: None,
        };
        let request = goldens
            .choose(&mut maker.0)
            .and_then(|golden| golden.first())
            .cloned();
        let samples: Vec<Sample> = request
            .into_iter()
            .chain([sample.clone(), sample])
            .collect();
        self.judged(&Rules::shipped(), &samples, "the shipped rules");
    }
}

fn goldens() -> Vec<Vec<Sample>> {
    let json = Json::parse(GOLDENS).unwrap();
    json.elements(Json::ROOT)
        .map(|golden| read_trace(json.source(json.member(golden, "msgs").unwrap())).unwrap())
        .collect()
}

fn run(seed: u64, limit: Duration, rounds: u64) -> Tally {
    let goldens = goldens();
    let mut maker = Maker(StdRng::seed_from_u64(seed));
    let mut tally = Tally::default();
    let began = Instant::now();
    while began.elapsed() < limit && tally.rounds < rounds {
        tally.round(&mut maker);
        tally.nonsense(&mut maker, &goldens);
    }
    tally
}

#[test]
fn the_index_finds_what_the_definition_finds_and_nonsense_does_no_harm() {
    let tally = run(1, Duration::from_secs(30), 1_500);
    assert!(
        tally.replies > 100 && tally.further > 10 && tally.stale > 10 && tally.answers_made > 10,
        "{tally:?}"
    );
    assert!(tally.slowest_message < Duration::from_secs(2), "{tally:?}");
}

#[test]
#[ignore = "runs for ten minutes"]
fn for_long() {
    let secs = std::env::var("FUZZ_SECS")
        .ok()
        .and_then(|secs| secs.parse().ok());
    let limit = Duration::from_secs(secs.unwrap_or(600));
    let seed = std::env::var("FUZZ_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(42);
    let tally = run(seed, limit, u64::MAX);
    #[expect(clippy::print_stderr, reason = "whoever runs it wants to know")]
    {
        eprintln!("{tally:?}");
    }
    assert!(
        tally.slowest_message < Duration::from_secs(5)
            && tally.slowest_file < Duration::from_secs(5),
        "{tally:?}"
    );
}

#[test]
fn the_plain_look_up_finds_what_the_rules_find() {
    let rules = Rules::shipped();
    let (mqtt5, rule) = rules.find("mqtt5").unwrap();
    let mut random = StdRng::seed_from_u64(7);
    let mut matcher = Matcher::new(rules.clone());
    let topics = ["r/a", "r/b", "x", "r/ä"];
    let mut plain_answers = 0;
    for step in 0..6_000_u64 {
        let topic = *topics.choose(&mut random).unwrap();
        let data = vec![random.random_range(0..12_u8); random.random_range(0..3)];
        let mut message = Message::new(TopicName::new(topic).unwrap(), "{}");
        message.properties.correlation_data = Some(CorrelationData::new(data));
        match random.random_range(0..6) {
            0 | 1 => {
                message.properties.response_topic = Some(message.topic.clone());
                let request = rule.request(&Subject::new(&message)).unwrap();
                matcher.insert(ExchangeId(step), mqtt5, request);
            }
            2 => {
                let id = ExchangeId(random.random_range(0..=step));
                let standings = [Standing::Open, Standing::TimedOut, Standing::Completed];
                matcher.set_standing(id, *standings.choose(&mut random).unwrap());
            }
            3 => matcher.forget(ExchangeId(random.random_range(0..=step))),
            _ => {
                message.retain = random.random_bool(0.1);
                let found = match matcher.find(&Subject::new(&message)) {
                    Match::Pairs(pairs) if pairs[0].standing == Standing::Open => {
                        assert_eq!(pairs[0].status.outcome, OutcomeKind::Ok);
                        Some(pairs[0].id)
                    }
                    _ => None,
                };
                assert_eq!(matcher.plain_answer(&message), found, "step {step}");
                plain_answers += usize::from(found.is_some());
            }
        }
    }
    assert!(plain_answers > 100, "{plain_answers}");
}

#[test]
fn what_may_tell_of_a_failure_or_have_another_rule_is_not_plain() {
    let rules = Rules::shipped();
    let (mqtt5, rule) = rules.find("mqtt5").unwrap();
    let mut matcher = Matcher::new(rules.clone());
    let mut asked = Message::new(TopicName::new("r/a").unwrap(), "{}");
    asked.properties.response_topic = Some(asked.topic.clone());
    asked.properties.correlation_data = Some(CorrelationData::new("1"));
    let request = rule.request(&Subject::new(&asked)).unwrap();
    matcher.insert(ExchangeId(5), mqtt5, request);
    let mut answer = asked.clone();
    answer.properties.response_topic = None;
    assert_eq!(matcher.plain_answer(&answer), Some(ExchangeId(5)));
    answer.properties.user_properties = vec![crate::model::message::UserProperty {
        name: "status".to_owned(),
        value: "500".to_owned(),
    }];
    assert_eq!(matcher.plain_answer(&answer), None);
    answer.properties.user_properties.clear();

    // A request by another rule is open.
    let (other, rule) = rules.find("mqtt-fetch").unwrap();
    let fetch = Message::new(TopicName::new("mqttfetch/s/c/fr/1").unwrap(), "");
    let request = rule.request(&Subject::new(&fetch)).unwrap();
    matcher.insert(ExchangeId(6), other, request);
    assert_eq!(matcher.plain_answer(&answer), None);

    // Somebody has put another rule first.
    let own = Rules::new(vec![Rule::mqtt5()]);
    let mut matcher = Matcher::new(own.clone());
    let request = own.get(0).unwrap().request(&Subject::new(&asked)).unwrap();
    matcher.insert(ExchangeId(5), 0, request);
    assert_eq!(matcher.plain_answer(&answer), None);
}
