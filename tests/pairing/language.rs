//! The language beyond the shipped rules: what users may write, too.

use crate::{rules, verdicts};
use roundtrip::model::pairing::{
    FileError, Format, Rule, Subject, Trial, Verdict, read_rules, read_trace,
};

/// One rule and a trace; the verdicts in one line.
fn judged(rule: &str, trace: &str) -> String {
    verdicts(rules(&format!("[{rule}]")), trace).join(" ")
}

fn errors(text: &str, format: Format) -> Vec<FileError> {
    match read_rules(text, format) {
        Ok(_) => panic!("{text} is no mistake"),
        Err(errors) => errors,
    }
}

#[test]
fn uuids_are_the_same_as_text_and_as_bytes_whichever_side_says_so() {
    let trace = r#"[
        {"topic":"q","user":[["1","0F8FAD5B-D9CB-469F-A165-70867728950E"]]},
        {"topic":"q","user":[["1","0f8fad5b-d9cb-469f-a165-70867728950f"]]},
        {"topic":"r","corr":"hex:0f8fad5bd9cb469fa165708677289500"},
        {"topic":"r","corr":"hex:0f8fad5bd9cb469fa16570867728950f"},
        {"topic":"r","corr":"hex:0f8fad5bd9cb469fa16570867728950e"}]"#;
    for (request, reply) in [("user:1 | uuid", "corr"), ("user:1 | uuid", "corr | uuid")] {
        let rule = format!(
            r#"{{"request":{{"topic":"q","bind":{{"id":"{request}"}}}},"reply":{{"topic":["r"],"bind":{{"id":"{reply}"}}}}}}"#
        );
        assert_eq!(
            judged(&rule, trace),
            "Q Q - R1:ok R0:ok",
            "{request} {reply}"
        );
    }
    let back =
        r#"{"request":{"topic":"q","bind":{"id":"corr | uuid"}},"reply":{"topic":["r/{id}"]}}"#;
    let trace = r#"[{"topic":"q","corr":"hex:0f8fad5bd9cb469fa16570867728950e"},{"topic":"r/0f8fad5b-d9cb-469f-a165-70867728950e"}]"#;
    assert_eq!(judged(back, trace), "Q R0:ok");
}

#[test]
fn hex_and_base64_lead_from_bytes_to_text() {
    let rule = r#"{"request":{"topic":"q","bind":{"id":"corr | hex"}},"reply":{"topic":["r"],"bind":{"id":["json:/id","text ~ ^b64:(.*)$ | base64 | hex"]}}}"#;
    let trace = r#"[{"topic":"q","corr":"hex:00ff"},{"topic":"q","corr":"hex:0102"},{"topic":"r","text":"b64:AQI="},{"topic":"r","json":{"id":"00ff"}}]"#;
    assert_eq!(judged(rule, trace), "Q Q R1:ok R0:ok");
}

#[test]
fn a_packet_id_can_be_what_replies_are_told_apart_by() {
    let rule = r#"{"request":{"topic":"t/{d}","bind":{"id":"packet-id"}},"reply":{"topic":["error/{d}/{id}/{code}"]},"status":{"error":[["var:code","exists"]],"code":"var:code"}}"#;
    let trace = r#"[{"topic":"t/a","packet_id":7},{"topic":"t/a","packet-id":8},{"topic":"error/a/8/503"},{"topic":"error/a/9/503"},{"topic":"error/a/7/400"}]"#;
    assert_eq!(judged(rule, trace), "Q Q R1:error:503 - R0:error:400");
}

#[test]
fn numbers_keep_every_digit_and_scalars_compare_by_text() {
    let rule = r#"{"request":{"topic":"q","bind":{"id":"json:/id"}},"reply":{"topic":["r"],"bind":{"id":"json:/id"}}}"#;
    let trace = r#"[
        {"topic":"q","json":{"id":18446744073709551615}}, {"topic":"q","json":{"id":18446744073709551616}},
        {"topic":"q","json":{"id":123456789012345678901234567890}}, {"topic":"q","json":{"id":true}}, {"topic":"q","json":{"id":null}},
        {"topic":"r","json":{"id":18446744073709551616}}, {"topic":"r","json":{"id":"18446744073709551615"}},
        {"topic":"r","json":{"id":123456789012345678901234567891}}, {"topic":"r","json":{"id":"true"}}, {"topic":"r","json":{}}]"#;
    assert_eq!(judged(rule, trace), "Q Q Q Q Q R1:ok R0:ok - R3:ok R4:ok");
}

#[test]
fn correlation_data_is_bytes_and_empty_is_not_absent() {
    let rule = r#"{"request":{"topic":"q","bind":{"id":"corr"}},"reply":{"topic":["r"],"bind":{"id":"corr"}}}"#;
    let trace = r#"[{"topic":"q","corr":""},{"topic":"q"},{"topic":"q","corr":"hex:ff00"},{"topic":"r","corr":"hex:FF00"},{"topic":"r"},{"topic":"r","corr":"hex:"},{"topic":"r","corr":"x"}]"#;
    assert_eq!(judged(rule, trace), "Q Q Q R2:ok R1:ok R0:ok -");
}

#[test]
fn many_stays_open_and_progress_completes_nothing() {
    let many = r#"{"request":{"topic":"q/{id}"},"reply":{"topic":["r/{id}"]},"replies":"many","status":{"progress":[["text","==","working"]],"error":[["text","~","^E"]],"code":["text ~ ^E(.*)"]}}"#;
    let trace = r#"[{"topic":"q/1"},{"topic":"r/1","text":"working"},{"topic":"r/1","text":"x"},{"topic":"r/1","text":"E5"},{"topic":"r/1","text":"y"}]"#;
    assert_eq!(judged(many, trace), "Q R0:progress R0:ok R0:error:5 R0:ok");
    for replies in ["one", "until-terminal"] {
        let rule = many.replace("many", replies);
        assert_eq!(judged(&rule, trace), "Q R0:progress R0:ok D0 D0");
    }
}

#[test]
fn further_replies_are_told_only_where_an_id_was_bound() {
    let by_device = r#"{"request":{"topic":"q/{device}"},"reply":{"topic":["r/{device}"]}}"#;
    let trace = r#"[{"topic":"q/a"},{"topic":"r/a"},{"topic":"r/a"}]"#;
    assert_eq!(judged(by_device, trace), "Q R0:ok -");
    let optional = r#"{"request":{"topic":"q","bind":{"id":"json:/id"}},"reply":{"topic":["r"],"bind":{"id":"json:/id"}}}"#;
    let trace = r#"[{"topic":"q","json":{}},{"topic":"r","json":{}},{"topic":"r","json":{}},{"topic":"q","json":{"id":1}},{"topic":"r","json":{"id":1}},{"topic":"r","json":{"id":1}}]"#;
    assert_eq!(judged(optional, trace), "Q R0:ok - Q R3:ok D3");
}

#[test]
fn an_id_that_is_used_again_belongs_to_the_open_request() {
    let rule = r#"{"request":{"topic":"q/{id}"},"reply":{"topic":["r/{id}"]}}"#;
    let trace =
        r#"[{"topic":"q/1"},{"topic":"r/1"},{"topic":"q/1"},{"topic":"r/1"},{"topic":"r/1"}]"#;
    assert_eq!(judged(rule, trace), "Q R0:ok Q R2:ok D2");
}

#[test]
fn the_oldest_open_request_is_answered_whichever_rule_it_is_of() {
    let both = rules(
        r#"[{"id":"b","request":{"topic":"b"},"reply":{"topic":["r"]}},{"id":"a","request":{"topic":"a"},"reply":{"topic":["r"]}}]"#,
    );
    let trace = r#"[{"topic":"a"},{"topic":"b"},{"topic":"r"},{"topic":"r"},{"topic":"r"}]"#;
    assert_eq!(verdicts(both, trace).join(" "), "Q Q R0:ok R1:ok -");
}

#[test]
fn retained_messages_are_stale_unless_the_rule_takes_them() {
    let rule = r#"{"request":{"topic":"q/{id}"},"reply":{"topic":["r/{id}"]}}"#;
    let trace = r#"[{"topic":"q/1"},{"topic":"r/2","retain":true},{"topic":"r/1","retain":true},{"topic":"r/1"},{"topic":"r/1","retain":true}]"#;
    assert_eq!(judged(rule, trace), "Q - S R0:ok S");
    let takes = rule.replace("\"reply\"", "\"accept_retained\":true,\"reply\"");
    assert_eq!(judged(&takes, trace), "Q - R0:ok D0 D0");
}

#[test]
fn each_part_of_a_message_may_be_a_reply() {
    let rule = r#"{"request":{"topic":"q","bind":{"id":"json:/id"}},"reply":{"topic":["r"],"each":["","/*"],"when":[["json:/id","exists"]],"bind":{"id":"json:/id"}},
        "status":{"error":[["json:/error","exists"]],"code":["json:/error/code"]}}"#;
    let trace = r#"[{"topic":"q","json":{"id":1}},{"topic":"q","json":{"id":2}},{"topic":"q","json":{"id":3}},
        {"topic":"r","json":{"id":3,"result":null}},
        {"topic":"r","json":[{"id":9},{"id":2,"error":{"code":-5}},{"id":1,"result":{}}]},
        {"topic":"r","json":{"id":2}}]"#;
    assert_eq!(judged(rule, trace), "Q Q Q R2:ok R0:ok D1");
    let samples = read_trace(trace).expect("a trace");
    let mut trial = Trial::new(rules(&format!("[{rule}]")));
    let told: Vec<Verdict> = samples.iter().map(|sample| trial.judge(sample).0).collect();
    let Verdict::Reply(pairs) = &told[4] else {
        panic!("{told:?}");
    };
    let pairs: Vec<_> = pairs
        .iter()
        .map(|pair| (pair.id.0, pair.status.code.as_deref()))
        .collect();
    assert_eq!(pairs, [(0, None), (1, Some("-5"))]);
}

#[test]
fn one_of_several_values_is_enough() {
    let rule = r#"{"request":{"topic":"q","bind":{"id":"json:/ids/*"}},"reply":{"topic":["r"],"bind":{"id":["user:id","json:/*/id","key:/map"]}}}"#;
    let trace = r#"[{"topic":"q","json":{"ids":["a","b"]}},{"topic":"q","json":{"ids":["c",null]}},{"topic":"q","json":{"ids":["d"]}},
        {"topic":"r","user":[["id","x"],["id","c"]]},{"topic":"r","json":[{"id":"y"},{"id":"b"}]},{"topic":"r","json":{"map":{"d":0}}}]"#;
    assert_eq!(judged(rule, trace), "Q Q Q R1:ok R0:ok R2:ok");
}

#[test]
fn variables_of_the_request_are_known_in_the_reply() {
    let rule = r#"{"request":{"topic":"q/{d}","bind":{"id":"json:/id","want":"json:/want"}},
        "reply":{"topic":["r/{d}/{got}"],"when":[["var:id","~","^[0-9]+$"]],"bind":{"id":"json:/id"}},
        "status":{"error":[["var:got","!=","1"],["var:want","==","never"]],"code":["var:nothing","var:want"],"message":["var:d"]}}"#;
    assert_eq!(errors(rule, Format::Json).len(), 1);
    let rule = rule.replace("\"var:nothing\",", "");
    let trace = r#"[{"topic":"q/a","json":{"id":1,"want":"x"}},{"topic":"q/a","json":{"id":"k","want":"y"}},{"topic":"q/a","json":{"id":3,"want":"never"}},
        {"topic":"r/a/1","json":{"id":"k"}},{"topic":"r/a/1","json":{"id":3}},{"topic":"r/a/1","json":{"id":1}}]"#;
    assert_eq!(judged(&rule, trace), "Q Q Q - R2:error:never R0:ok:x");
}

#[test]
fn a_reply_condition_may_depend_on_what_the_request_said() {
    let rule = r#"{"request":{"topic":"q","bind":{"mode":"json:/mode","n":"var:mode ~ ^n(.*)$"}},
        "reply":{"topic":["r"],"when":[["var:mode","in",["fast","n1"]]],"bind":{"n":"json:/n"}}}"#;
    let trace = r#"[{"topic":"q","json":{"mode":"slow"}},{"topic":"q","json":{"mode":"fast"}},{"topic":"q","json":{"mode":"n1"}},{"topic":"r","json":{"n":1}},{"topic":"r","json":{}},{"topic":"r","json":{}}]"#;
    assert_eq!(judged(rule, trace), "Q Q Q R2:ok R1:ok -");
}

#[test]
fn a_reply_topic_holds_values_as_they_are() {
    // A value with levels of its own, one that is absent, one that is encoded.
    let rule = r#"{"request":{"topic":"q","bind":{"to":"json:/to","x":"json:/x"}},"reply":{"topic":["{to}/r{x?}","u/{to|uri}"]}}"#;
    let trace = r#"[{"topic":"q","json":{"to":"a/b"}},{"topic":"q","json":{"to":"c","x":"9"}},{"topic":"q","json":{"to":"d/e"}},{"topic":"q","json":{}},
        {"topic":"c/r"},{"topic":"c/r9"},{"topic":"u/d%2Fe"},{"topic":"a/b/r"},{"topic":"/r"}]"#;
    assert_eq!(judged(rule, trace), "Q Q Q Q - R1:ok R2:ok R0:ok -");
    let upper =
        r#"{"request":{"topic":"cmnd/{d}/{cmd}"},"reply":{"topic":["stat/{d}/{cmd|upper}"]}}"#;
    let trace = r#"[{"topic":"cmnd/a/Power"},{"topic":"stat/a/OTHER"},{"topic":"stat/a/POWER"}]"#;
    assert_eq!(judged(upper, trace), "Q - R0:ok");
}

#[test]
fn conditions_hold_as_they_say() {
    let holds = |condition: &str, message: &str| {
        let rule = format!(
            r#"{{"request":{{"topic":"q","when":[{condition}]}},"reply":{{"topic":["r"]}}}}"#
        );
        judged(&rule, &format!("[{message}]")) == "Q"
    };
    let message = r#"{"topic":"q","json":{"n":12.5,"s":"abc","list":["a","b"],"z":null},"user":[["k","1"],["k","2"]],"ctype":"a/b","resp":"x","corr":"c"}"#;
    for condition in [
        r#"["json:/n","exists"]"#,
        r#"["json:/z","missing"]"#,
        r#"["json:/n","==",12.5]"#,
        r#"["json:/n","==","12.5"]"#,
        r#"["json:/list/*","==","b"]"#,
        r#"["json:/list/*","!in",["c"]]"#,
        r#"["user:k","in",["2"]]"#,
        r#"["json:/n",">",12]"#,
        r#"["json:/n","<=",12.5]"#,
        r#"["json:/s","~","^A(?i)"]"#,
        r#"["json:/s","!~","^b"]"#,
        r#"["json:/s","!=","x"]"#,
        r#"["ctype","==","a/b"]"#,
        r#"["resp","==","x"]"#,
        r#"["corr","==","c"]"#,
        r#"["corr | hex","==","63"]"#,
        r#"["topic","~","q"]"#,
        r#"["key:","==","list"]"#,
        r#"["key:/","missing"]"#,
        r#"["json:","exists"]"#,
        r#"["json:/list","==","[\"a\",\"b\"]"]"#,
    ] {
        let expected = !condition.contains("^A(?i)");
        assert_eq!(holds(condition, message), expected, "{condition}");
    }
    for condition in [
        r#"["json:/z","exists"]"#,
        r#"["json:/none","!in",["x"]]"#,
        r#"["json:/none","!~","x"]"#,
        r#"["json:/none","!=","x"]"#,
        r#"["json:/list/*","!in",["a"]]"#,
        r#"["json:/list/*","!~","a"]"#,
        r#"["json:/s",">",1]"#,
        r#"["packet-id","exists"]"#,
        r#"["json:/n","==","12.50"]"#,
        r#"["user:K","exists"]"#,
    ] {
        assert!(!holds(condition, message), "{condition}");
    }
    assert!(!holds(
        r#"["text","exists"]"#,
        r#"{"topic":"q","hex":"ff"}"#
    ));
    assert!(holds(r#"["text","==",""]"#, r#"{"topic":"q"}"#));
}

#[test]
fn rules_can_be_written_in_toml_alone_and_as_a_list() {
    let one = r#"
        id = "mine"
        title = "Mine"
        replies = "until-terminal"
        [request]
        topic = "q/{device}"
        when = [["json:/method", "exists"], ["json:/n", "in", [1, 0x10, "x"]]]
        bind = { id = ["json:/id", "corr"] }
        [reply]
        topic = ["r/{device}"]
        bind.id = "json:/id"
        [status]
        progress = [["json:/done", "==", false]]
        [defaults]
        qos = 1
        timeout_ms = 2_000
        generate = { id = "uuid" }
    "#;
    let trace = r#"[{"topic":"q/a","json":{"id":7,"method":"m","n":16}},{"topic":"r/a","json":{"id":7,"done":false}},{"topic":"r/a","json":{"id":7}}]"#;
    let read =
        |text: &str| read_rules(text, Format::Toml).unwrap_or_else(|errors| panic!("{errors:?}"));
    assert_eq!(
        verdicts(read(one).remove(0).into(), trace).join(" "),
        "Q R0:progress R0:ok"
    );
    let list = r#"
        [[rules]]
        id = "a"
        request.topic = "q"
        reply.topic = ["r"]
        [[rules]]
        request = { topic = "q2" }
        reply = { topic = "r2" }
    "#;
    let ids: Vec<_> = read(list).iter().map(|rule| rule.id.to_string()).collect();
    assert_eq!(ids, ["a", "rule-2"]);
}

#[test]
fn a_bad_rule_is_refused_with_its_place_and_its_field() {
    let told = |rule: &str, format| -> String {
        let errors = errors(rule, format);
        errors
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("\n")
    };
    let of = |inner: &str| told(&format!("[\n {{\"id\": \"x\", {inner}}}]"), Format::Json);
    let good = r#""request": {"topic": "q"}, "reply": {"topic": ["r"]}"#;
    for (rule, wanted) in [
        (r#""reply": {"topic": ["r"]}"#.to_owned(), "rule `x`, request: it is missing"),
        (r#""request": {"topic": "q"}"#.to_owned(), "rule `x`, reply: it is missing"),
        (r#""request": {}, "reply": {"topic": []}"#.to_owned(), "request.topic: it is missing"),
        (format!(r#"{good}, "replys": 1"#), "2:68: rule `x`, replys: there is no such field"),
        (format!(r#"{good}, "replies": "two"#) + "\"", "`two` says no number of replies"),
        (format!(r#"{good}, "accept_retained": "yes""#), "true or false is expected"),
        (format!(r#"{good}, "status": {{"code": "var:code"}}"#), "status.code: nothing binds the variable `code`"),
        (format!(r#"{good}, "status": {{"error": ["text", "exists"]}}"#), "two pairs of brackets"),
        (format!(r#"{good}, "status": {{"error": [["text", "exists", 1]]}}"#), "left over"),
        (format!(r#"{good}, "status": {{"error": [["text", "in", "a"]]}}"#), "needs a list"),
        (format!(r#"{good}, "status": {{"error": [["text", "==", null]]}}"#), "null counts as absent"),
        (format!(r#"{good}, "status": {{"error": [["text"]]}}"#), "status.error[0]"),
        (format!(r#"{good}, "defaults": {{"qos": 3}}"#), "QoS 3 does not exist"),
        (format!(r#"{good}, "defaults": {{"generate": {{"id": "guid"}}}}"#), "defaults.generate.id"),
        (r#""request": {"topic": "q", "bind": {"a": "var:b", "b": "var:a"}}, "reply": {"topic": ["r"]}"#.to_owned(), "depends on itself"),
        (r#""request": {"topic": "q", "bind": {"a b": "corr"}}, "reply": {"topic": ["r"]}"#.to_owned(), "no name for a variable"),
        (r#""request": {"topic": "q", "bind": {"a": []}}, "reply": {"topic": ["r"]}"#.to_owned(), "the list is empty"),
        (r#""request": {"topic": "q", "bind": {"a": "text | rot13"}}, "reply": {"topic": ["r"]}"#.to_owned(), "`rot13` is no codec"),
        (r#""request": {"topic": "q", "bind": {"a": "text ~ ("}}, "reply": {"topic": ["r"]}"#.to_owned(), "unclosed group"),
        (r#""request": {"topic": "q"}, "reply": {"topic": ["r"], "subscribe": ["a/#/b"]}"#.to_owned(), "reply.subscribe"),
        (r#""request": {"topic": "q"}, "reply": {"topic": ["r"], "each": ["x"]}"#.to_owned(), "reply.each"),
        (r#""request": {"topic": "q/{x"}, "reply": {"topic": ["r"]}"#.to_owned(), "request.topic: the `{` in `{x` is not closed"),
        (r#""request": {"topic": "q/{x:(}"}, "reply": {"topic": ["r"]}"#.to_owned(), "request.topic: "),
        (r#""request": {"topic": 5}, "reply": {"topic": ["r"]}"#.to_owned(), "request.topic: a text is expected here and not a number"),
        (r#""request": "q", "reply": {"topic": ["r"]}"#.to_owned(), "request: a table of fields is expected here and not a text"),
        (r#""request": {"topic": "q", "when": [["text", "=~", "x"]]}, "reply": {"topic": ["r"]}"#.to_owned(), "request.when[0]: `=~` is no operator"),
        (r#""request": {"topic": "q", "when": [["text", "~", "a(?=b)"]]}, "reply": {"topic": ["r"]}"#.to_owned(), "request.when[0]: the regular expression `a(?=b)` cannot be used"),
        (r#""request": {"topic": "q", "bind": {"id": "json:id"}}, "reply": {"topic": ["r"]}"#.to_owned(), "request.bind.id: the JSON pointer `id` must start with `/`"),
        (r#""request": {"topic": "q", "bind": {"id": 7}}, "reply": {"topic": ["r"]}"#.to_owned(), "request.bind.id: a text is expected here and not a number"),
        (r#""request": {"topic": "q"}, "reply": {"topic": ["r"], "when": [["var:nobody", "exists"]]}"#.to_owned(), "reply.when: nothing binds the variable `nobody`"),
        (r#""request": {"topic": "q"}, "reply": {"topic": ["r/{x}"], "subscribe": ["r/{x}"]}"#.to_owned(), "reply.subscribe: nothing binds the variable `x`"),
        (format!(r#"{good}, "presence": {{"online": []}}"#), "presence.topic: it is missing"),
        (format!(r#"{good}, "defaults": {{"timeout_ms": 0}}"#), "defaults.timeout_ms"),
    ] {
        let told = of(&rule);
        assert!(told.contains(wanted), "{rule}\n{told}");
        assert!(told.starts_with("2:"), "{told}");
    }
    assert!(told("[{\"id\": \"a\"", Format::Json).starts_with("1:12: it is not JSON"));
    assert!(told("id = ", Format::Toml).contains("it is not TOML"));
    assert!(told("5", Format::Json).contains("a list of rules"));
    let twice = format!("[{{\"id\":\"x\",{good}}},{{\"id\":\"x\",{good}}}]");
    assert!(told(&twice, Format::Json).contains("same id"));
    let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
    assert!(told(&deep, Format::Json).contains("nested deeper"));
}

#[test]
fn look_ahead_that_cannot_be_had_in_linear_time_is_refused_in_words() {
    let rule = |regex: &str| {
        format!(
            r#"{{"request":{{"topic":"q","when":[["text","~","{regex}"]]}},"reply":{{"topic":["r"]}}}}"#
        )
    };
    let trace =
        r#"[{"topic":"q","text":"False"},{"topic":"q","text":"x"},{"topic":"q","text":""}]"#;
    assert_eq!(judged(&rule("(?i)^(?!false$).+"), trace), "- Q -");
    let errors = errors(&rule("a(?!b)"), Format::Json);
    assert!(
        errors[0].message.contains("look-ahead") && errors[0].field == "request.when[0]",
        "{errors:?}"
    );
}

#[test]
fn filters_are_derived_or_given_and_never_wider_than_needed() {
    let filters = |rule: &str, message: &str| -> Result<Vec<String>, String> {
        let rule: Rule = read_rules(rule, Format::Json)
            .unwrap_or_else(|errors| panic!("{errors:?}"))
            .remove(0);
        let sample = read_trace(&format!("[{message}]"))
            .expect("a message")
            .remove(0);
        let request = rule
            .request(&Subject::new(&sample.message))
            .expect("a request");
        Ok(rule
            .subscriptions(&sample.message, &request)?
            .iter()
            .map(ToString::to_string)
            .collect())
    };
    let azure = r#"{"request":{"topic":"$iothub/twin/GET/?$rid={id}"},"reply":{"topic":["$iothub/twin/res/{code}/?$rid={id}{_?}"]SUB}}"#;
    let message = r#"{"topic":"$iothub/twin/GET/?$rid=7"}"#;
    assert_eq!(
        filters(&azure.replace("SUB", ""), message).unwrap(),
        ["$iothub/twin/res/+/+"]
    );
    let fixed = azure.replace("SUB", r#","subscribe":["$iothub/twin/res/#"]"#);
    assert_eq!(filters(&fixed, message).unwrap(), ["$iothub/twin/res/#"]);
    let named = azure.replace("SUB", r#","subscribe":["dev/{id}/+"]"#);
    assert_eq!(filters(&named, message).unwrap(), ["dev/7/+"]);
    let tr369 = r#"{"request":{"topic":"{to*}/reply-to={reply_to|uri}"},"reply":{"topic":["{reply_to*}","{reply_to*}/reply-to={_}"]}}"#;
    assert_eq!(
        filters(tr369, r#"{"topic":"a/reply-to=b%2Fc"}"#).unwrap(),
        ["b/c", "b/c/+"]
    );
    for bad in ["#", "a/+", "$share/g/t"] {
        let resp =
            r#"{"request":{"topic":"q","bind":{"to":"json:/to"}},"reply":{"topic":["{to*}"]}}"#;
        let message = format!(r#"{{"topic":"q","json":{{"to":"{bad}"}}}}"#);
        assert!(filters(resp, &message).is_err(), "{bad}");
    }
}

#[test]
fn the_rules_of_the_language_page_are_ones() {
    let page = include_str!("../../docs/pairing-rules.md");
    let blocks: Vec<&str> = page
        .split("```toml\n")
        .skip(1)
        .filter_map(|rest| rest.split_once("```"))
        .map(|(block, _)| block)
        .collect();
    assert!(!blocks.is_empty());
    for block in blocks {
        let rules = read_rules(block, Format::Toml);
        assert!(rules.is_ok(), "{rules:?}");
    }
}
