use super::*;
use proptest::prelude::*;

fn ns(nanos: u64) -> Duration {
    Duration::from_nanos(nanos)
}

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn histogram(values: impl IntoIterator<Item = u64>) -> Histogram {
    let mut histogram = Histogram::new();
    for value in values {
        histogram.add(ns(value));
    }
    histogram
}

fn is_near(found: Duration, wanted: u64) -> bool {
    let found = u64::try_from(found.as_nanos()).unwrap();
    found.abs_diff(wanted) <= wanted / 200
}

#[test]
fn an_empty_one_knows_nothing() {
    let empty = Histogram::new();
    assert!(empty.is_empty());
    assert_eq!(empty.percentile(0.5), None);
    assert_eq!(empty.percentiles([0.5, 0.99]), None);
    assert_eq!((empty.min(), empty.max(), empty.mean()), (None, None, None));
    assert_eq!(empty.buckets().count(), 0);
}

#[test]
fn a_hundred_milliseconds_have_the_percentiles_one_expects() {
    let mut histogram = Histogram::new();
    for value in 1..=100 {
        histogram.add(ms(value));
    }
    for (fraction, wanted) in [(0.5, 50), (0.9, 90), (0.95, 95), (0.99, 99)] {
        let found = histogram.percentile(fraction).unwrap();
        assert!(
            is_near(found, wanted * 1_000_000),
            "p{fraction}: {found:?}, wanted {wanted} ms"
        );
    }
    assert_eq!(histogram.min(), Some(ms(1)));
    assert_eq!(histogram.max(), Some(ms(100)));
    assert_eq!(histogram.percentile(0.0), Some(ms(1)));
    assert_eq!(histogram.percentile(1.0), Some(ms(100)));
    assert_eq!(histogram.mean(), Some(Duration::from_micros(50_500)));
    assert_eq!(histogram.count(), 100);
}

#[test]
fn one_value_is_every_percentile_of_itself_exactly() {
    let histogram = histogram([4_212_345]);
    for fraction in [0.0, 0.01, 0.5, 0.99, 1.0] {
        assert_eq!(histogram.percentile(fraction), Some(ns(4_212_345)));
    }
}

#[test]
fn the_largest_duration_there_is_fits() {
    let mut histogram = Histogram::new();
    histogram.add(Duration::MAX);
    histogram.add(ns(u64::MAX));
    histogram.add(Duration::ZERO);
    assert_eq!(histogram.max(), Some(ns(u64::MAX)));
    assert_eq!(histogram.min(), Some(Duration::ZERO));
    assert_eq!(histogram.count(), 3);
    assert_eq!(histogram.levels.len(), 58);
}

#[test]
fn what_was_never_added_cannot_be_removed() {
    let mut one = histogram([1_000, 2_000]);
    let before = one.clone();
    assert!(!one.remove(ns(9)));
    assert!(!one.remove(ms(9)));
    assert_eq!(one, before);
}

#[test]
fn a_largest_that_was_removed_is_known_within_the_error_and_exact_again_after_a_larger_one() {
    let mut one = histogram([1_000_000, 2_000_000, 3_000_000]);
    assert!(one.remove(ns(3_000_000)));
    assert!(is_near(one.max().unwrap(), 2_000_000));
    one.add(ns(5_000_001));
    assert_eq!(one.max(), Some(ns(5_000_001)));
    assert_eq!(one.min(), Some(ns(1_000_000)));
}

#[test]
fn the_last_one_left_is_known_exactly() {
    let mut one = histogram([1_234_567, 5, 9_876_543]);
    assert!(one.remove(ns(9_876_543)) && one.remove(ns(5)));
    assert_eq!(one.percentile(0.5), Some(ns(1_234_567)));
}

#[test]
fn emptied_by_removal_is_as_new() {
    let mut one = histogram([5, 700_000]);
    assert!(one.remove(ns(5)) && one.remove(ns(700_000)));
    assert_eq!(one, Histogram::new());
}

#[test]
fn buckets_lie_beside_each_other_and_hold_their_middle() {
    for value in [
        0,
        1,
        127,
        128,
        255,
        256,
        257,
        511,
        512,
        1_000_003,
        u64::MAX / 3,
    ] {
        let place = Place::of(value);
        let (from, width) = place.range();
        assert!(from <= value && value - from < width, "{value}");
        assert_eq!(Place::of(place.middle()), place, "{value}");
        let next = Place::of(from + width);
        assert!(next > place, "{value}");
        assert_eq!(next.range().0, from + width, "{value}");
    }
}

fn values() -> impl Strategy<Value = Vec<u64>> {
    // All magnitudes alike, ties, and the usual round trips.
    let value = prop_oneof![
        (0..64_u32, any::<u64>()).prop_map(|(shift, value)| value >> shift),
        100_000..50_000_000_u64,
        Just(1_000_000_u64),
    ];
    proptest::collection::vec(value, 1..200)
}

proptest! {
    #[test]
    fn percentiles_are_those_of_the_sorted_list(values in values(), per_mille in 0..=1000_u32) {
        let histogram = histogram(values.iter().copied());
        let mut sorted = values;
        sorted.sort_unstable();
        let fraction = f64::from(per_mille) / 1000.0;
        let rank = usize::try_from(rank(sorted.len() as u64, fraction).unwrap()).unwrap();
        let wanted = sorted[rank - 1];
        let found = histogram.percentile(fraction).unwrap();
        prop_assert!(is_near(found, wanted), "found {found:?}, wanted {wanted} ns");
    }

    #[test]
    fn what_is_left_after_removal_counts_as_if_nothing_else_had_been(
        kept in values(),
        gone in values(),
    ) {
        let mut both = histogram(kept.iter().chain(&gone).copied());
        for value in &gone {
            prop_assert!(both.remove(ns(*value)));
        }
        let alone = histogram(kept.iter().copied());
        prop_assert_eq!(both.count(), alone.count());
        prop_assert_eq!(both.mean(), alone.mean());
        prop_assert!(both.buckets().eq(alone.buckets()));
        let (low, high) = (kept.iter().min().unwrap(), kept.iter().max().unwrap());
        prop_assert!(is_near(both.min().unwrap(), *low));
        prop_assert!(is_near(both.max().unwrap(), *high));
        for fraction in [0.0, 0.5, 0.9, 0.99, 1.0] {
            let (one, two) = (both.percentile(fraction), alone.percentile(fraction));
            let two = u64::try_from(two.unwrap().as_nanos()).unwrap();
            prop_assert!(is_near(one.unwrap(), two));
        }
    }

    #[test]
    fn merging_is_adding_all(one in values(), two in values()) {
        let mut merged = histogram(one.iter().copied());
        merged.merge(&histogram(two.iter().copied()));
        prop_assert_eq!(merged, histogram(one.into_iter().chain(two)));
    }

    #[test]
    fn merging_with_removed_extremes_stays_within_the_error(
        one in values(), two in values(), low in any::<bool>(),
    ) {
        let mut first = histogram(one.iter().copied());
        let extreme = if low { one.iter().min() } else { one.iter().max() }.copied().unwrap();
        prop_assert!(first.remove(ns(extreme)));
        let place = one.iter().position(|value| *value == extreme).unwrap();
        let mut all = one;
        all.swap_remove(place);
        all.extend(&two);
        first.merge(&histogram(two));
        prop_assert!(is_near(first.min().unwrap(), *all.iter().min().unwrap()));
        prop_assert!(is_near(first.max().unwrap(), *all.iter().max().unwrap()));
    }

    #[test]
    fn buckets_are_in_order_and_count_everything(values in values()) {
        let histogram = histogram(values.iter().copied());
        let buckets: Vec<Bucket> = histogram.buckets().collect();
        prop_assert_eq!(
            buckets.iter().map(|bucket| bucket.count).sum::<u64>(),
            values.len() as u64
        );
        prop_assert!(buckets.windows(2).all(|two| two[0].to <= two[1].from));
        prop_assert!(buckets.iter().all(|bucket| bucket.from <= bucket.middle()
            && bucket.middle() < bucket.to));
    }
}
