//! What is told of each kind of exchange.

use super::*;

#[test]
fn an_answer_of_a_simulated_device_is_drawn_with_all_its_times() {
    let mut world = World::new();
    world.device("light", -1);
    world.answered(0);
    insta::assert_snapshot!(told(&world.lanes(9_000)));
}

#[test]
fn of_a_foreign_device_only_what_is_known_is_drawn_as_known() {
    let mut world = World::new();
    let id = world.sent("cmnd/light/power", 0);
    world.replied(id, Some("shelly-1"), 4_000, MessageVerdict::Reply);
    world.ended(id, Verdict::Answered, 4_000);
    let id = world.sent("cmnd/heater/power", 10_000);
    world.replied(id, None, 12_000, MessageVerdict::Reply);
    world.ended(id, Verdict::Answered, 12_000);
    let lanes = world.lanes(20_000);
    for scene in &lanes.scenes {
        for step in &scene.steps {
            let is_foreign = step.from.max(step.to) > 1;
            assert_eq!(is_foreign, step.known == Known::Neither, "{step:?}");
            assert!(!is_foreign || step.is_dashed, "{step:?}");
        }
    }
    insta::assert_snapshot!(told(&lanes));
}

#[test]
fn a_request_that_nobody_answers_shows_its_timeout() {
    let mut world = World::new();
    let id = world.sent("cmnd/light/power", 0);
    world.ended(id, Verdict::TimedOut, 5_000_000);
    insta::assert_snapshot!(told(&world.lanes(9_000_000)));
}

#[test]
fn a_device_asleep_is_seen_with_the_message_that_waits_for_it_and_its_late_reply() {
    let mut world = World::new();
    let who = world.device("sensor", -5_000_000);
    world
        .presence
        .note(&who, Whereabouts::Asleep, at(-1_000_000), "");
    let id = world.sent("cmd/req/sensor", 0);
    // Nobody has taken it yet: it waits at the broker.
    let waiting = told(&world.lanes(2_000_000));
    assert!(waiting.contains("queued by the broker"), "{waiting}");
    assert!(
        waiting.contains("asleep sensor from 0 µs to now"),
        "{waiting}"
    );
    world.ended(id, Verdict::TimedOut, 5_000_000);
    world
        .presence
        .note(&who, Whereabouts::Online, at(9_000_000), "");
    world.taken(id, "sensor", 9_400_000, 9_405_000);
    world.replied(id, Some("sensor"), 9_410_000, MessageVerdict::LateReply);
    world.ended(id, Verdict::Late, 9_410_000);
    insta::assert_snapshot!(told(&world.lanes(10_000_000)));
}

#[test]
fn each_of_several_responders_has_its_lane() {
    let mut world = World::new();
    world.device("lamp", -1);
    let id = world.sent("org/identify", 0);
    world.taken(id, "lamp", 1_000, 2_000);
    world.replied(id, Some("lamp"), 2_900, MessageVerdict::Reply);
    world.replied(id, Some("plug"), 4_000, MessageVerdict::AdditionalReply);
    world.replied(id, Some("plug"), 8_800, MessageVerdict::AdditionalReply);
    world.ended(id, Verdict::Answered, 5_000_000);
    insta::assert_snapshot!(told(&world.lanes(6_000_000)));
}

#[test]
fn a_refusal_of_the_broker_is_told_at_the_broker() {
    let mut world = World::new();
    let id = world.queued("cmnd/x", 0);
    world.timeline.apply(id, Change::Subscribed, at(400));
    world.timeline.apply(id, Change::Published, at(500));
    let reason = Reason::new(0x87, "not authorized");
    world
        .timeline
        .apply(id, Change::Acknowledged(reason.clone()), at(900));
    let what = "request";
    world.ended(id, Verdict::Rejected { what, reason }, 900);
    insta::assert_snapshot!(told(&world.lanes(2_000)));
}

#[test]
fn what_was_never_sent_has_no_arrow() {
    let mut world = World::new();
    let id = world.queued("cmnd/x", 0);
    let reason = "the connection was lost".into();
    world.ended(id, Verdict::Failed { reason }, 700);
    let lanes = world.lanes(2_000);
    assert!(lanes.scenes[0].steps.is_empty());
    insta::assert_snapshot!(told(&lanes));
}

#[test]
fn a_near_miss_says_which_request_it_missed() {
    let mut world = World::new();
    let id = world.sent("cmnd/light/power", 0);
    world.message(MessageVerdict::WrongCorrelation, Some(id), 3_000);
    world.message(MessageVerdict::Unmatched, None, 4_000);
    insta::assert_snapshot!(told(&world.lanes(9_000)));
}

#[test]
fn a_bare_publish_ends_at_the_broker() {
    let mut world = World::new();
    world.timeline.push_publish(PublishRow {
        connection: HERE.into(),
        message: Arc::new(Message {
            retain: true,
            ..Message::new(TopicName::new("a/b").unwrap(), "x")
        }),
        published: at(0),
        acknowledgement: Some(Reason::new(0x10, "no matching subscribers")),
        failure: None,
    });
    insta::assert_snapshot!(told(&world.lanes(1_000)));
}

#[test]
fn a_message_that_expires_waits_no_longer_than_that() {
    let mut world = World::new();
    let who = world.device("sensor", -5_000_000);
    let asleep = Whereabouts::Asleep;
    world.presence.note(&who, asleep, at(-1_000_000), "");
    let id = world.sent("cmd/req/sensor", 0);
    let mut exchange = world.timeline.exchange(id).unwrap().into_owned();
    let mut message = (*exchange.message).clone();
    message.properties.message_expiry_secs = Some(1);
    exchange.message = Arc::new(message);
    world.timeline = Timeline::default();
    world.timeline.begin(exchange);
    let said = told(&world.lanes(3_000_000));
    assert!(
        said.contains("bar Queued on Built-in broker from StartOf(2) to 1000000 µs"),
        "{said}"
    );
    assert!(said.contains("[message expiry 1 s]"), "{said}");
}

#[test]
fn a_last_will_is_not_drawn_as_sent_by_its_client() {
    let mut world = World::new();
    let id = world.sent("lwt/meter", 0);
    world.presence.note_will(id);
    let lanes = world.lanes(1_000);
    let step = &lanes.scenes[0].steps[0];
    assert_eq!(step.kind, StepKind::Will);
    assert!(
        step.is_dashed && step.label.starts_with("LAST WILL"),
        "{step:?}"
    );
}

#[test]
fn devices_that_come_to_a_listener_need_no_broker() {
    let mut world = World::new();
    let party = Party {
        name: "Line".into(),
        client_id: None,
        broker: None,
    };
    world.cast = Cast::with([(Arc::from(HERE), party)]);
    world.device("light", -1);
    world.answered(0);
    let lanes = world.lanes(9_000);
    let titles: Vec<&str> = lanes.lanes.iter().map(|lane| lane.title.as_str()).collect();
    assert_eq!(titles, ["requester · Line", "light"]);
    let ways: Vec<(usize, usize)> = lanes.scenes[0]
        .steps
        .iter()
        .map(|step| (step.from, step.to))
        .collect();
    assert_eq!(ways, [(0, 1), (1, 0)]);
}

#[test]
fn lanes_are_hidden_and_moved_as_the_user_wants() {
    let mut world = World::new();
    world.answered(0);
    let broker = LaneKey::Broker("Built-in broker".into());
    let options = Options {
        hidden: [LaneKey::Responder("light".into())].into(),
        order: vec![broker.clone()],
    };
    let lanes = world.arranged(&options, 9_000);
    assert_eq!(lanes.lanes[0].key, broker);
    assert_eq!((lanes.lanes.len(), lanes.hidden.len()), (2, 1));
    let shown = lanes.scenes[0].steps.iter().filter(|step| !step.is_hidden);
    assert!(shown.clone().count() > 0);
    assert!(shown.into_iter().all(|step| step.from < 2 && step.to < 2));
}

#[test]
fn many_responders_share_a_lane_and_replies_beyond_the_bound_are_counted() {
    let mut world = World::new();
    let id = world.sent("org/identify", 0);
    for number in 0..40 {
        let name = format!("device-{number:02}");
        let verdict = MessageVerdict::AdditionalReply;
        world.replied(id, Some(&name), 2_000 + number, verdict);
    }
    let lanes = world.lanes(9_000);
    assert!(lanes.lanes.iter().any(|lane| lane.key == LaneKey::Others));
    assert!(lanes.lanes.len() <= 13, "{}", lanes.lanes.len());
    assert_eq!(lanes.scenes[0].replies_left_out, 16);
}
