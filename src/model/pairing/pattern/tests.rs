use super::*;
use crate::model::topic::{TopicFilter, TopicName};
use proptest::prelude::*;

fn read(source: &str) -> (Pattern, Names) {
    let mut names = Names::default();
    let pattern =
        Pattern::parse(source, &mut names).unwrap_or_else(|err| panic!("{source}: {err}"));
    (pattern, names)
}

fn complaint(source: &str) -> String {
    Pattern::parse(source, &mut Names::default()).unwrap_err()
}

/// The first way to fit, as `name=value`.
fn fit(source: &str, topic: &str) -> Option<String> {
    let (pattern, names) = read(source);
    let spans = pattern.first(topic)?;
    let pairs: Vec<String> = pattern
        .holes()
        .iter()
        .zip(&spans)
        .enumerate()
        .map(|(index, (hole, span))| {
            let name = hole.var.map_or_else(|| "_".into(), |var| names.name(var));
            let values = pattern.capture(index, topic, span);
            let values: Vec<String> = values.iter().map(ToString::to_string).collect();
            format!("{name}={}", values.join("+"))
        })
        .collect();
    Some(pairs.join(" "))
}

fn filters(source: &str, known: &[(&str, &[&str])]) -> Result<Vec<String>, String> {
    let (pattern, names) = read(source);
    let filters = pattern.filters(|var| {
        let (_, values) = known.iter().find(|(name, _)| *name == &*names.name(var))?;
        Some(values.iter().map(|value| Value::text(value)).collect())
    })?;
    Ok(filters.iter().map(ToString::to_string).collect())
}

#[test]
fn placeholders_take_a_level_a_piece_nothing_or_many_levels() {
    let fits = |source, topic| fit(source, topic).unwrap_or_else(|| "-".to_owned());
    assert_eq!(fits("a/{x}/c", "a/b/c"), "x=b");
    assert_eq!(fits("a/{x}/c", "a//c"), "-");
    assert_eq!(fits("a/{x}/c", "a/b/b/c"), "-");
    assert_eq!(fits("a/{x?}/c", "a//c"), "x=");
    assert_eq!(fits("a/{x*}/c", "a/b/b/c"), "x=b/b");
    assert_eq!(fits("a/{x*}/c", "a//c"), "-");
    assert_eq!(fits("{p?*}s/us", "s/us"), "p=");
    assert_eq!(fits("{p?*}s/us", "c8y/s/us"), "p=c8y/");
    assert_eq!(
        fits("t/?$rid={id:[^&]+}{_?}", "t/?$rid=7&$version=6"),
        "id=7 _=&$version=6"
    );
    assert_eq!(fits("t/{x}_reply", "t/a_reply_reply"), "x=a_reply");
    assert_eq!(
        fits(
            "te/{e*}/cmd/{op}/{id}",
            "te/device/main///cmd/restart/c8y-1"
        ),
        "e=device/main// op=restart id=c8y-1"
    );
    assert_eq!(fits("{a*}/{b}", "1/2/3"), "a=1/2 b=3");
    assert_eq!(fits("{x}{y}", "abc"), "x=ab y=c");
    assert_eq!(fits("{x?*}", ""), "x=");
    assert_eq!(fits("ä/{x}/ö", "ä/日本/ö"), "x=日本");
}

#[test]
fn expressions_restrict_and_codecs_decode() {
    let fits = |source, topic| fit(source, topic).unwrap_or_else(|| "-".to_owned());
    assert_eq!(fits("a/{v:accepted|rejected}", "a/accepted"), "v=accepted");
    assert_eq!(fits("a/{v:accepted|rejected}", "a/accepted2"), "-");
    assert_eq!(fits("a/{v:[0-9]{2}}", "a/12"), "v=12");
    assert_eq!(fits("a/{v:[0-9]{2}}", "a/123"), "-");
    assert_eq!(
        fits("a/{v:.+}", "a/b/c"),
        "-",
        "an expression stays in its level"
    );
    assert_eq!(fits("a/{v*:.+}", "a/b/c"), "v=b/c");
    assert_eq!(
        fits("a/{v:b/c|d}", "a/b/c"),
        "v=b/c",
        "unless it names the slash itself"
    );
    assert_eq!(fits("s{v:[0-9]*}", "s"), "v=");
    assert_eq!(fits("{v?:[0-9]+}x", "x"), "v=");
    assert_eq!(fits("a/reply-to={r|uri}", "a/reply-to=x%2Fy"), "r=x/y");
    assert_eq!(fits("a/{v|upper}", "a/power"), "v=POWER");
    assert_eq!(fits("a/{v|csv}", "a/1,2"), "v=1+2");
    assert_eq!(fits("{v:[}]}", "}"), "v=}");
    assert_eq!(fits("{v:\\}}", "}"), "v=}");
}

#[test]
fn a_repeated_name_repeats_its_value_and_braces_can_be_meant() {
    let fits = |source, topic| fit(source, topic).unwrap_or_else(|| "-".to_owned());
    assert_eq!(fits("{a}/{a}", "x/x"), "a=x a=x");
    assert_eq!(fits("{a}/{a}", "x/y"), "-");
    assert_eq!(fits("{a*}/{a}", "x/y/x"), "-");
    assert_eq!(fits("{a?}{b}/{a}", "xxy/x"), "a=x b=xy a=x");
    assert_eq!(fits("{_}/{_}", "x/y"), "_=x _=y");
    assert_eq!(fits("{{x}}/{y}", "{x}/1"), "y=1");
}

#[test]
fn what_is_no_pattern_is_said_in_words() {
    assert!(complaint("").contains("empty"));
    assert!(complaint("a/{x").contains("not closed"));
    assert!(complaint("a/{}").contains("no name"));
    assert!(complaint("a/{x!}").contains("`x!` is no name"));
    assert!(complaint("a/{x**}").contains("`**`"));
    assert!(complaint("a/{x|rot13}").contains("no codec"));
    assert!(
        complaint("a/{x:(}").contains("not closed") || complaint("a/{x:(}").contains("unclosed")
    );
    assert!(complaint("a/{x:a)(b}").contains("regular expression"));
    assert!(complaint("a/+/b").contains("`{_}`"));
    assert!(complaint("a/#").contains("`{_*}`"));
    assert!(complaint(&"{x}/".repeat(65)).contains("64"));
}

#[test]
fn filters_are_as_narrow_as_can_be() {
    let derived = |source: &str, known: &[(&str, &[&str])]| filters(source, known).unwrap();
    assert_eq!(
        derived(
            "m/{svc}/{c}/to/{id}",
            &[("svc", &["s"]), ("c", &["c1"]), ("id", &["0"])]
        ),
        ["m/s/c1/to/0"]
    );
    assert_eq!(
        derived(
            "$aws/{t*}/{v:accepted|rejected}",
            &[("t", &["things/th/shadow/get"])]
        ),
        ["$aws/things/th/shadow/get/+"]
    );
    assert_eq!(
        derived("$iothub/twin/res/{code}/?$rid={id}{_?}", &[("id", &["7"])]),
        ["$iothub/twin/res/+/+"]
    );
    assert_eq!(derived("a/{x*}/b", &[]), ["a/#"]);
    assert_eq!(derived("a/b{x}{y*}/b", &[]), ["a/#"]);
    assert_eq!(
        derived("downlink/ds/{d}", &[("d", &["LED", "Motor"])]),
        ["downlink/ds/LED", "downlink/ds/Motor"]
    );
    assert_eq!(derived("x/{r|uri}", &[("r", &["a/b"])]), ["x/a%2Fb"]);
    assert_eq!(derived("{p?*}s/us", &[("p", &[])]), ["s/us"]);
    assert!(
        derived("r/{id}", &[("id", &[])]).is_empty(),
        "nothing can come"
    );
    assert!(
        filters("${x}/a", &[])
            .unwrap_err()
            .contains("reply.subscribe")
    );
    for bad in ["#", "a/+/b", "$share/g/x"] {
        assert!(filters("{r*}", &[("r", &[bad])]).is_err(), "{bad}");
    }
}

#[test]
fn covered_filters_are_left_out() {
    let filter = |text: &str| TopicFilter::new(text).unwrap();
    let least = |texts: &[&str]| -> Vec<String> {
        filters::least(texts.iter().map(|text| filter(text)).collect())
            .iter()
            .map(ToString::to_string)
            .collect()
    };
    assert_eq!(least(&["s/a/RESULT", "s/a/+"]), ["s/a/+"]);
    assert_eq!(least(&["a/#", "a", "a/b/+", "b"]), ["a/#", "b"]);
    assert_eq!(least(&["#", "$SYS/x"]), ["#", "$SYS/x"]);
    assert_eq!(least(&["a/+", "a/#"]), ["a/#"]);
}

#[test]
fn nasty_patterns_and_long_topics_end_soon() {
    let slashes = "a/".repeat(30_000);
    for source in [
        "{a*}{b*}{c*}{d*}{e*}x",
        "{a*}/{b*}/{c*}/{d*}/{e*}/{a*}",
        "{a?*}{a?*}{a?*}b",
        "{_*}{x:(a|a/)*b}{_*}",
    ] {
        let (pattern, _) = read(source);
        assert!(pattern.first(&slashes).is_none());
        let _ = pattern.parses(&slashes);
    }
    let (usual, _) = read("{base*}/bridge/request/{path*}");
    let long = format!("{slashes}/bridge/request/{slashes}");
    assert!(usual.first(&long).is_some());
}

proptest! {
    #[test]
    fn no_pattern_and_no_topic_panics(source in "\\PC{0,20}|([a/{}?*:|_]|uri|\\{x\\}|\\{y\\*\\}|\\{x\\?\\}){0,12}", topic in "[a/x%]{0,12}|\\PC{0,12}") {
        if let Ok(pattern) = Pattern::parse(&source, &mut Names::default()) {
            let parses = pattern.parses(&topic);
            prop_assert_eq!(parses.list.is_empty(), pattern.first(&topic).is_none());
            prop_assert!(pattern.filters(|_| None).is_ok_and(|filters| filters.len() == 1) || source.contains('$'));
        }
    }

    #[test]
    fn what_is_rendered_fits_and_arrives(source in "([ab]|/|\\{x\\}|\\{y\\*\\}|\\{z\\?\\}|\\{u\\|uri\\}|\\{_\\}){1,8}", x in "[ab]{1,3}", y in "[ab/]{1,4}", u in "[ab/%]{1,3}") {
        let (pattern, names) = read(&source);
        let value = |var| vec![Value::text(match &*names.name(var) { "x" => &x, "y" => &y, "u" => &u, _ => "" })];
        if let Ok(topic) = pattern.render(value) {
            prop_assert!(pattern.first(&topic).is_some(), "{} {}", source, topic);
            prop_assert!(pattern.first_given(&topic, &|_| None).is_some());
            if let Ok(name) = TopicName::new(&topic) {
                let free = pattern.filters(|_| None);
                prop_assert!(free.is_err() || free.unwrap().iter().any(|filter| filter.matches(&name)));
                let bound = pattern.filters(|var| Some(value(var))).unwrap();
                prop_assert!(bound.iter().any(|filter| filter.matches(&name)));
            }
        }
    }
}
