use super::*;
use crate::model::exchange::ExchangeId;
use crate::model::pairing::{Match, Matcher, Rules, Sample, Trial, read_trace};
use rand::SeedableRng as _;

fn rule(id: &str) -> Rule {
    Rules::shipped().find(id).unwrap().1.clone()
}

fn message(text: &str) -> Message {
    let sample: Sample = read_trace(&format!("[{text}]")).unwrap().remove(0);
    sample.message
}

fn named(pairs: &[(&str, &str)]) -> Variables {
    pairs
        .iter()
        .map(|(name, value)| ((*name).into(), vec![Value::text(value)]))
        .collect()
}

fn payload(message: &Message) -> &str {
    std::str::from_utf8(&message.payload).unwrap()
}

/// The request of each shipped rule, as somebody would type it, without an id.
const REQUESTS: [(&str, &str); 28] = [
    (
        "mqtt5",
        r#"{"topic":"svc/add","resp":"me/resp","json":{"x":1}}"#,
    ),
    ("mqtt-fetch", r#"{"topic":"mqttfetch/svc/me/fr/0"}"#),
    ("mqtt-fetch-readme", r#"{"topic":"client/me/from/1"}"#),
    ("aliyun-rrpc", r#"{"topic":"/sys/p/d/rrpc/request/1"}"#),
    ("aliyun-rrpc-ext", r#"{"topic":"/ext/rrpc/1/p/d/user/get"}"#),
    (
        "aws-accepted-rejected",
        r#"{"topic":"$aws/things/t/shadow/update","json":{"state":{}}}"#,
    ),
    (
        "azure-method",
        r#"{"topic":"$iothub/methods/POST/reboot/?$rid=1"}"#,
    ),
    ("azure-twin", r#"{"topic":"$iothub/twin/GET/?$rid=1"}"#),
    (
        "thingsboard",
        r#"{"topic":"v1/devices/me/rpc/request/1","json":{}}"#,
    ),
    (
        "thingsboard-gateway",
        r#"{"topic":"v1/gateway/rpc","json":{"device":"A","data":{"id":1,"method":"m"}}}"#,
    ),
    ("tencent-rrpc", r#"{"topic":"$iotrrpc/down/p/d/1"}"#),
    (
        "zigbee2mqtt",
        r#"{"topic":"zigbee2mqtt/bridge/request/permit_join","json":{"value":true}}"#,
    ),
    (
        "jsonrpc-src",
        r#"{"topic":"shelly/rpc","json":{"id":1,"src":"me","method":"m"}}"#,
    ),
    (
        "jsonrpc-rx-tx",
        r#"{"topic":"root/d/rx","json":{"method":"m"}}"#,
    ),
    (
        "mqtt-json-rpc",
        r#"{"topic":"ex/service-request","json":{"id":"me:1"}}"#,
    ),
    (
        "mqtt-two-way",
        r#"{"topic":"b/cmd/req/d","json":{"command":"PING"}}"#,
    ),
    (
        "thin-edge",
        r#"{"topic":"te/device/main///cmd/restart/1","json":{"status":"init"}}"#,
    ),
    (
        "cumulocity-by-id",
        r#"{"topic":"c8y/devicecontrol/notifications","json":{"c8y_Restart":{}}}"#,
    ),
    ("cumulocity-fifo", r#"{"topic":"s/ds","text":"510,dev"}"#),
    ("fiware-json", r#"{"topic":"/K/d/cmd","json":{"ping":1}}"#),
    (
        "meross",
        r#"{"topic":"/appliance/u/subscribe","json":{"header":{"from":"/app/1/subscribe","method":"GET"}}}"#,
    ),
    (
        "vda5050",
        r#"{"topic":"uagv/v3/a/r/instantActions","json":{"actions":[{"actionType":"t"}]}}"#,
    ),
    ("tr369-mqtt311", r#"{"topic":"usp/a/reply-to=usp%2Fc"}"#),
    ("esphome-discover", r#"{"topic":"esphome/discover"}"#),
    ("blynk-get", r#"{"topic":"get/ds","text":"LED,Motor"}"#),
    ("tasmota", r#"{"topic":"cmnd/sw/Power","text":"TOGGLE"}"#),
    (
        "alink",
        r#"{"topic":"/sys/p/d/thing/event/property/post","json":{"params":{}}}"#,
    ),
    ("set-state-echo", r#"{"topic":"f/detect/set","text":"ON"}"#),
];

fn composed(rule: &Rule, typed: &str) -> Message {
    let typed = message(typed);
    let mut random = rand::rngs::StdRng::seed_from_u64(7);
    let here = Circumstances {
        client_id: "me",
        now_ms: 1,
        counter: 5,
    };
    let drawn = rule.generate(&typed, &Vec::new(), &here, &mut random);
    let (request, _) = rule
        .compose(&typed, &drawn)
        .unwrap_or_else(|err| panic!("{}: {err}", rule.id));
    request
}

#[test]
fn every_shipped_rule_makes_requests_and_answers_that_pair_among_all_rules() {
    let all = Rules::shipped();
    assert_eq!(all.len(), REQUESTS.len());
    for (id, typed) in REQUESTS {
        let rule = rule(id);
        let request = composed(&rule, typed);
        let mut matcher = Matcher::new(all.clone());
        let subject = Subject::new(&request);
        let (index, bindings) = matcher
            .opens(&subject)
            .unwrap_or_else(|| panic!("{id}: no request"));
        assert_eq!(all.get(index).map(|rule| &*rule.id), Some(id));
        let filters = rule.subscriptions(&request, &bindings).unwrap();
        matcher.insert(ExchangeId(1), index, bindings);
        let mut wishes = vec![Status::ok()];
        if !rule.status.error.is_empty() {
            wishes.push(Status::error(None, None));
        }
        if !rule.status.progress.is_empty() {
            wishes.push(Status::progress());
        }
        for wish in wishes {
            // What is said in plain text cannot be made up by a rule.
            let text = match (id, wish.outcome) {
                ("cumulocity-by-id", outcome) => Some(format!(
                    "50{},{}",
                    match outcome {
                        OutcomeKind::Ok => 6,
                        OutcomeKind::Error => 5,
                        OutcomeKind::Progress => 4,
                    },
                    {
                        let json = Json::of_bytes(&request.payload).unwrap();
                        let node = json.member(Json::ROOT, "id").unwrap();
                        json.string(node).into_owned()
                    }
                )),
                ("cumulocity-fifo", outcome) => Some(format!(
                    "50{},x",
                    match outcome {
                        OutcomeKind::Ok => 3,
                        OutcomeKind::Error => 2,
                        OutcomeKind::Progress => 1,
                    }
                )),
                ("fiware-json", _) => Some(r#"{"ping":"done"}"#.to_owned()),
                _ => None,
            };
            let reply = Message::new(TopicName::received("-"), text.unwrap_or_default());
            let given = if id == "esphome-discover" {
                named(&[("device", "node-a")])
            } else {
                Vec::new()
            };
            let answer = rule
                .answer(&request, &reply, &given, &wish)
                .unwrap_or_else(|err| panic!("{id} {wish:?}: {err}"));
            assert!(
                filters.iter().any(|filter| filter.matches(&answer.topic)),
                "{id}: {} {filters:?}",
                answer.topic
            );
            match matcher.find(&Subject::new(&answer)) {
                Match::Pairs(pairs) => {
                    assert_eq!(pairs[0].status.outcome, wish.outcome, "{id} {answer:?}")
                }
                other => panic!("{id} {wish:?}: {answer:?} {other:?}"),
            }
        }
    }
}

#[test]
fn ids_go_where_the_rule_wants_them() {
    let z2m = composed(
        &rule("zigbee2mqtt"),
        r#"{"topic":"z/bridge/request/permit_join","json":{"value": true}}"#,
    );
    assert!(
        payload(&z2m).starts_with(r#"{"value": true, "transaction": ""#),
        "{}",
        payload(&z2m)
    );
    let mqtt5 = composed(&rule("mqtt5"), r#"{"topic":"q","resp":"r"}"#);
    assert_eq!(
        mqtt5.properties.correlation_data.unwrap().as_bytes().len(),
        16
    );
    let given = named(&[("svc", "s"), ("client", "c"), ("id", "7")]);
    let (fetch, _) = rule("mqtt-fetch")
        .compose(&message(r#"{"topic":"?"}"#), &given)
        .unwrap();
    assert_eq!(fetch.topic.as_str(), "mqttfetch/s/c/fr/7");
    let vda = composed(
        &rule("vda5050"),
        r#"{"topic":"u/instantActions","json":{"actions":[{"actionType":"x"}]}}"#,
    );
    assert!(payload(&vda).contains(r#""actionId":""#));
    let typed = composed(
        &rule("jsonrpc-src"),
        r#"{"topic":"shelly/rpc","json":{"id":18446744073709551616,"src":"me","method":"m"}}"#,
    );
    assert!(
        payload(&typed).contains("18446744073709551616"),
        "an id that is typed stays"
    );
}

#[test]
fn numbers_stay_numbers_on_the_way_back() {
    let rule = rule("jsonrpc-src");
    let request =
        message(r#"{"topic":"d/rpc","json":{"id":18446744073709551617,"src":"me","method":"m"}}"#);
    let reply = Message::new(TopicName::received("-"), r#"{"result": {}}"#);
    let answer = rule
        .answer(&request, &reply, &Vec::new(), &Status::ok())
        .unwrap();
    assert_eq!(answer.topic.as_str(), "me/rpc");
    assert_eq!(
        payload(&answer),
        r#"{"result": {}, "dst": "me", "id": 18446744073709551617}"#
    );
    let wish = Status::error(Some("404"), Some("No handler"));
    let refused = rule
        .answer(
            &request,
            &Message::new(TopicName::received("-"), ""),
            &Vec::new(),
            &wish,
        )
        .unwrap();
    assert!(
        payload(&refused).contains(r#""error":{"code":404,"message":"No handler"}"#),
        "{}",
        payload(&refused)
    );
    let azure = self::rule("azure-method");
    let request = message(r#"{"topic":"$iothub/methods/POST/x/?$rid=9"}"#);
    let on = |wish: &Status| {
        azure
            .answer(
                &request,
                &Message::new(TopicName::received("-"), ""),
                &Vec::new(),
                wish,
            )
            .unwrap()
            .topic
            .to_string()
    };
    assert_eq!(on(&Status::ok()), "$iothub/methods/res/200/?$rid=9");
    assert_eq!(
        on(&Status::error(Some("404"), None)),
        "$iothub/methods/res/404/?$rid=9"
    );
}

#[test]
fn what_cannot_be_written_is_refused_in_words() {
    let z2m = rule("zigbee2mqtt");
    let scalar = message(r#"{"topic":"z/bridge/request/permit_join","text":"true"}"#);
    let err = z2m.compose(&scalar, &named(&[("id", "1")])).unwrap_err();
    assert_eq!(err.variable.as_deref(), Some("id"));
    assert!(err.message.contains("no JSON object"), "{err}");
    let absent: Variables = vec![("id".into(), Vec::new())];
    assert!(
        z2m.compose(&scalar, &absent).is_ok(),
        "sent without an id, in order"
    );
    let err = rule("mqtt-json-rpc")
        .compose(
            &message(r#"{"topic":"e/service-request","json":{}}"#),
            &named(&[("client", "me"), ("id", "x:1")]),
        )
        .unwrap_err();
    assert!(err.message.contains("`client`"), "{err}");
    let err = rule("mqtt-fetch")
        .compose(&message(r#"{"topic":"?"}"#), &named(&[("id", "7")]))
        .unwrap_err();
    assert!(err.message.contains("`svc`"), "{err}");
    let err = rule("jsonrpc-src")
        .compose(
            &message(r#"{"topic":"d/rpc","json":{"src":"me"}}"#),
            &named(&[("id", "7")]),
        )
        .unwrap_err();
    assert!(err.message.contains("`json:/method` is missing"), "{err}");
    let err = rule("mqtt5")
        .compose(&message(r#"{"topic":"q"}"#), &named(&[("reply_to", "a/+")]))
        .unwrap_err();
    assert!(err.message.contains("wildcard"), "{err}");
    assert!(
        rule("mqtt5")
            .compose(&message(r#"{"topic":"q"}"#), &named(&[("nope", "1")]))
            .is_err()
    );
    let wish = Status::error(None, None);
    let fetch = rule("mqtt-fetch");
    let request = message(r#"{"topic":"mqttfetch/s/c/fr/7"}"#);
    let err = fetch
        .answer(
            &request,
            &Message::new(TopicName::received("-"), ""),
            &Vec::new(),
            &wish,
        )
        .unwrap_err();
    assert!(err.message.contains("`error`"), "{err}");
}

#[test]
fn a_made_up_pair_is_judged_like_any_other() {
    let rule = rule("mqtt-two-way");
    let request = composed(
        &rule,
        r#"{"topic":"b/cmd/req/d","json":{"command":"PING"}}"#,
    );
    let answer = rule
        .answer(
            &request,
            &Message::new(TopicName::received("-"), ""),
            &Vec::new(),
            &Status::error(Some("ERROR_X"), None),
        )
        .unwrap();
    let mut trial = Trial::new(Rules::shipped());
    let verdicts: Vec<String> = [request, answer]
        .into_iter()
        .map(|message| {
            trial
                .judge(&Sample {
                    message,
                    packet_id: None,
                })
                .0
                .to_string()
        })
        .collect();
    assert_eq!(verdicts, ["Q", "R0:error:ERROR_X"]);
}
