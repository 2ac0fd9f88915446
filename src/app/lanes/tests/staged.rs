//! The window of rows around what is looked at.

use super::*;
use crate::app::listing::Listing;
use crate::model::timeline::Bounds;

struct Theatre {
    world: World,
    listing: Listing,
    stage: Stage,
    options: Options,
}

impl Theatre {
    fn new() -> Self {
        let mut world = World::new();
        world.timeline.set_bounds(Bounds {
            rows: 2_000_000,
            bytes: usize::MAX,
        });
        Self {
            world,
            listing: Listing::default(),
            stage: Stage::default(),
            options: Options::default(),
        }
    }

    fn refresh(&mut self, moment: Moment, now: i64) -> bool {
        self.listing.refresh(&self.world.timeline);
        let scenery = Scenery {
            timeline: &self.world.timeline,
            listing: &self.listing,
            cast: || self.world.cast.clone(),
            presence: &self.world.presence,
            options: &self.options,
            now: at(now),
        };
        let spacing = Spacing {
            first: 200.0,
            gap: 300.0,
            letter: 6.6,
            zoom: Zoom::default(),
        };
        self.stage.refresh(&scenery, moment, spacing)
    }

    fn row(&self, place: usize) -> RowId {
        self.world.timeline.id_at(place).unwrap()
    }
}

const MINUTE: i64 = 60_000_000;

#[test]
fn of_many_rows_only_those_around_the_moment_are_arranged() {
    let mut theatre = Theatre::new();
    for number in 0..5_000 {
        theatre.world.answered(number * 10_000);
    }
    theatre.refresh(Moment::Newest, MINUTE);
    assert_eq!(theatre.stage.last(), Some(theatre.row(4_999)));
    assert!(theatre.stage.lanes().scenes.len() <= 150);
    let middle = theatre.row(2_500);
    theatre.refresh(Moment::Around(middle), MINUTE);
    let rows: Vec<RowId> = theatre
        .stage
        .lanes()
        .scenes
        .iter()
        .map(|scene| scene.row)
        .collect();
    assert!(rows.contains(&middle) && rows.len() <= 150);
    // Nothing of what is not in the window is drawn.
    let until = theatre.stage.lanes().until.unwrap();
    let steps = theatre
        .stage
        .lanes()
        .scenes
        .iter()
        .flat_map(|scene| &scene.steps);
    assert!(
        steps
            .filter(|step| !step.is_hidden)
            .all(|step| step.at < until)
    );
}

#[test]
fn nothing_is_arranged_again_while_nothing_changes() {
    let mut theatre = Theatre::new();
    for number in 0..1_000 {
        theatre.world.answered(number * 10_000);
    }
    theatre.refresh(Moment::Newest, MINUTE);
    let before = theatre.stage.arrangements();
    assert!(!theatre.refresh(Moment::Newest, MINUTE + 1_000_000));
    // A row far away from the window.
    let middle = theatre.row(500);
    theatre.refresh(Moment::Around(middle), MINUTE + 1_000_000);
    let at_middle = theatre.stage.arrangements();
    assert_eq!(at_middle, before + 1);
    theatre.world.answered(20_000_000);
    theatre.refresh(Moment::Around(middle), MINUTE + 2_000_000);
    assert_eq!(theatre.stage.arrangements(), at_middle);
}

#[test]
fn a_reader_keeps_the_window_while_rows_come_in() {
    let mut theatre = Theatre::new();
    for number in 0..1_000 {
        theatre.world.answered(number * 10_000);
    }
    let row = theatre.row(400);
    theatre.refresh(Moment::Around(row), MINUTE);
    let range = (theatre.stage.first(), theatre.stage.last());
    for number in 0..1_000 {
        theatre.world.answered(20_000_000 + number * 10_000);
        theatre.refresh(Moment::Around(row), MINUTE + number * 50_000);
    }
    assert_eq!((theatre.stage.first(), theatre.stage.last()), range);
}

#[test]
fn a_row_that_changes_is_arranged_again_but_not_more_often_than_eyes_follow() {
    let mut theatre = Theatre::new();
    let id = theatre.world.sent("cmnd/x", 0);
    theatre.refresh(Moment::Newest, 1_000);
    theatre
        .world
        .replied(id, None, 2_000, MessageVerdict::Reply);
    theatre.world.ended(id, Verdict::Answered, 2_000);
    theatre.refresh(Moment::Newest, 3_000);
    assert!(theatre.stage.is_stale());
    theatre.refresh(Moment::Newest, 60_000);
    assert!(!theatre.stage.is_stale());
    let steps = &theatre.stage.lanes().scenes[0].steps;
    assert!(steps.iter().any(|step| step.kind == StepKind::Reply));
}

#[test]
fn the_late_reply_to_an_earlier_request_is_seen_where_it_came() {
    let mut theatre = Theatre::new();
    let early = theatre.world.sent("cmd/req/sensor", 0);
    theatre.world.ended(early, Verdict::TimedOut, 5_000_000);
    for number in 0..300 {
        theatre.world.answered(6_000_000 + number * 10_000);
    }
    let late = 6_000_000 + 250 * 10_000 + 5_000;
    theatre
        .world
        .replied(early, Some("sensor"), late, MessageVerdict::LateReply);
    theatre.world.ended(early, Verdict::Late, late);
    theatre.refresh(Moment::Newest, MINUTE);
    let scenes = &theatre.stage.lanes().scenes;
    let scene = scenes.iter().find(|scene| scene.started == at(0)).unwrap();
    let shown: Vec<StepKind> = scene
        .steps
        .iter()
        .filter(|step| !step.is_hidden)
        .map(|step| step.kind)
        .collect();
    assert_eq!(shown, [StepKind::Answer, StepKind::LateReply]);
}

#[test]
fn the_filter_decides_which_rows_are_drawn() {
    let mut theatre = Theatre::new();
    for number in 0..10 {
        theatre.world.answered(number * 10_000);
        theatre.world.sent("other/topic", number * 10_000 + 5_000);
    }
    theatre.refresh(Moment::Newest, MINUTE);
    assert_eq!(theatre.stage.lanes().scenes.len(), 20);
    theatre.listing.set_filter("topic:other", None);
    theatre.refresh(Moment::Newest, MINUTE + 1_000_000);
    assert_eq!(theatre.stage.lanes().scenes.len(), 10);
}

#[test]
fn a_timeline_that_is_cleared_leaves_nothing_behind() {
    let mut theatre = Theatre::new();
    for number in 0..10 {
        theatre.world.answered(number * 10_000);
    }
    let row = theatre.row(5);
    theatre.refresh(Moment::Around(row), MINUTE);
    let cleared = theatre.world.timeline.clear();
    theatre.refresh(Moment::Around(row), MINUTE + 1_000_000);
    assert!(theatre.stage.lanes().scenes.is_empty());
    theatre.world.timeline.restore(cleared);
    theatre.refresh(Moment::Newest, MINUTE + 2_000_000);
    assert_eq!(theatre.stage.lanes().scenes.len(), 10);
}

/// The budget of a frame is 2 ms with optimisations; this is a bound for unoptimised code on a busy machine.
#[test]
fn arranging_does_not_grow_with_the_timeline() {
    let mut theatre = Theatre::new();
    for number in 0..100_000 {
        theatre.world.sent("cmnd/light/power", number * 10_000);
    }
    let row = theatre.row(50_000);
    theatre.refresh(Moment::Around(row), 2_000_000_000);
    assert!(theatre.stage.lanes().scenes.len() <= 150);
    assert!(
        theatre.stage.lanes().left_out > 0,
        "open ones from before are counted"
    );
}
