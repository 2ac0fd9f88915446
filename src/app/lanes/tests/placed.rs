//! Where things stand on the page.

use super::*;

fn spacing(zoom: Zoom) -> Spacing {
    Spacing {
        first: 200.0,
        gap: 300.0,
        letter: 6.6,
        zoom,
    }
}

fn layout(lanes: &Lanes) -> Layout {
    Layout::of(lanes, &spacing(Zoom::default()))
}

/// The boxes of the words that are drawn, as left, top, right, bottom.
fn boxes(lanes: &Lanes, layout: &Layout) -> Vec<(f32, f32, f32, f32, String)> {
    let mut boxes = Vec::new();
    for placed in &layout.steps {
        let step = &lanes.scenes[placed.scene].steps[placed.step];
        if !step.label.is_empty() {
            let (x, y) = placed.label;
            #[expect(clippy::cast_precision_loss, reason = "a few letters")]
            let right = x + step.label.chars().count() as f32 * 6.6;
            boxes.push((x, y - 6.0, right, y + 6.0, step.label.clone()));
        }
    }
    boxes
}

#[test]
fn an_exchange_of_milliseconds_can_be_read_at_a_second_a_division() {
    let mut world = World::new();
    world.device("light", -1);
    world.answered(0);
    let lanes = world.lanes(9_000);
    let layout = layout(&lanes);
    let y = |kind: StepKind| {
        let found = layout
            .steps
            .iter()
            .find(|placed| lanes.scenes[placed.scene].steps[placed.step].kind == kind);
        let placed = found.unwrap();
        (placed.from.1, placed.to.1)
    };
    let (publish, deliver) = (y(StepKind::Publish), y(StepKind::Deliver));
    let (answer, reply) = (y(StepKind::Answer), y(StepKind::Reply));
    assert!(publish.1 < deliver.0 && deliver.1 + 14.0 < answer.0 && answer.1 < reply.0);
    let height = reply.1 - publish.0;
    assert!((50.0..110.0).contains(&height), "{height}");
}

#[test]
fn no_words_stand_on_other_words_however_much_happens_at_once() {
    let mut world = World::new();
    world.device("light", -1);
    for start in 0..20 {
        world.answered(start * 100);
    }
    world.message(MessageVerdict::Unmatched, None, 1_000);
    let lanes = world.lanes(9_000);
    let boxes = boxes(&lanes, &layout(&lanes));
    assert!(boxes.len() > 60);
    for (index, one) in boxes.iter().enumerate() {
        for other in &boxes[index + 1..] {
            let is_apart =
                one.2 <= other.0 || other.2 <= one.0 || one.3 <= other.1 || other.3 <= one.1;
            assert!(is_apart, "{one:?} {other:?}");
        }
    }
}

#[test]
fn what_happened_later_stands_lower() {
    let mut world = World::new();
    for start in [0, 50, 2_000, 900_000] {
        world.answered(start);
    }
    let lanes = world.lanes(2_000_000);
    let layout = layout(&lanes);
    let mut known: Vec<(Timestamp, f32)> = Vec::new();
    for placed in &layout.steps {
        let step = &lanes.scenes[placed.scene].steps[placed.step];
        match step.known {
            Known::Start => known.push((step.at, placed.from.1)),
            Known::End => known.push((step.at, placed.to.1)),
            Known::Neither => {}
        }
    }
    known.sort_by_key(|(time, _)| *time);
    assert!(
        known
            .windows(2)
            .all(|two| two[0].0 == two[1].0 || two[0].1 < two[1].1)
    );
}

#[test]
fn long_silence_is_cut_and_says_how_long_it_was() {
    let mut world = World::new();
    world.answered(0);
    world.answered(3_600_000_000);
    let lanes = world.lanes(3_600_009_000);
    let layout = layout(&lanes);
    let [gap] = layout.gaps[..] else {
        panic!("{:?}", layout.gaps);
    };
    assert_eq!(gap.time.as_secs(), 3_599);
    assert!(layout.height < 400.0, "{}", layout.height);
}

#[test]
fn zoom_stretches_what_is_apart() {
    let mut world = World::new();
    world.answered(0);
    world.answered(1_000_000);
    let lanes = world.lanes(1_009_000);
    let distance = |zoom: Zoom| {
        let layout = Layout::of(&lanes, &spacing(zoom));
        layout.extents[1].head - layout.extents[0].head
    };
    let normal = distance(Zoom::default());
    let close = distance(Zoom::default().closer());
    // A second is another division long; what the first exchange takes stays as it is.
    assert!((close - normal - 100.0).abs() < 5.0, "{normal} {close}");
    assert!(distance(Zoom::default().farther()) < normal);
}

#[test]
fn zoom_ends_at_both_ends() {
    let mut zoom = Zoom::default();
    for _ in 0..40 {
        zoom = zoom.closer();
    }
    assert!(zoom.is_closest());
    for _ in 0..40 {
        zoom = zoom.farther();
    }
    assert!(zoom.is_farthest() && !zoom.is_closest());
}

#[test]
fn bars_of_open_requests_lie_beside_each_other() {
    let mut world = World::new();
    for start in 0..3 {
        world.sent("cmnd/x", start * 1_000);
    }
    let lanes = world.lanes(500_000);
    let layout = layout(&lanes);
    let depths: Vec<usize> = layout.bars.iter().map(|bar| bar.depth).collect();
    assert_eq!(depths, [0, 1, 2]);
}

#[test]
fn nothing_to_show_is_no_trouble() {
    let world = World::new();
    let lanes = world.lanes(0);
    let layout = layout(&lanes);
    assert!(layout.steps.is_empty() && layout.height.is_finite());
    assert!(layout.y_of(at(5)).is_finite());
}
