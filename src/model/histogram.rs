//! How often which duration occurred, in little memory and with a known error.
//!
//! Log-linear, as HDR histograms are: every doubling is cut into 128 equal buckets, so a value that
//! is given back is at most 0.4 % off, whether it is a microsecond or an hour. Values can be taken
//! out again, so that a histogram follows a timeline that drops its oldest rows. Smallest, largest,
//! count and mean are exact, the first two until one of them is taken out.

use std::time::Duration;

/// Buckets of one doubling; their number decides the error: half of 1/128.
const BUCKETS: usize = 128;
const BUCKET_BITS: u32 = BUCKETS.trailing_zeros();

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    /// One for each doubling that occurred, so that few values take little room.
    levels: Vec<Option<Box<Level>>>,
    count: u64,
    sum: u128,
    /// In nanoseconds; absent once it was taken out, until a value beyond all others comes.
    min: Option<u64>,
    max: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Level {
    count: u64,
    counts: [u64; BUCKETS],
}

impl Level {
    const EMPTY: Self = Self {
        count: 0,
        counts: [0; BUCKETS],
    };
}

/// One bucket: the durations from `from` up to but not including `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    pub from: Duration,
    pub to: Duration,
    pub count: u64,
}

impl Bucket {
    /// What stands for all that is in it.
    pub fn middle(self) -> Duration {
        let width = self.to.saturating_sub(self.from);
        self.from + width.saturating_sub(Duration::from_nanos(1)) / 2
    }
}

/// Where a value is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    level: usize,
    bucket: usize,
}

impl Place {
    fn of(nanos: u64) -> Self {
        // Level 0 is all below 128 ns, every other one a doubling; below 256 ns each value has its bucket.
        let bits = u64::BITS - nanos.leading_zeros();
        let level = bits.saturating_sub(BUCKET_BITS);
        let shift = level.saturating_sub(1);
        let bucket = (nanos >> shift) & (BUCKETS as u64 - 1);
        Self {
            level: level as usize,
            bucket: usize::try_from(bucket).unwrap_or(0),
        }
    }

    /// Its smallest value, and how many values it holds.
    fn range(self) -> (u64, u64) {
        let bucket = self.bucket as u64;
        match self.level.checked_sub(1) {
            None => (bucket, 1),
            Some(shift) => ((bucket + BUCKETS as u64) << shift, 1 << shift),
        }
    }

    fn middle(self) -> u64 {
        let (from, width) = self.range();
        from + (width - 1) / 2
    }
}

/// Durations beyond 584 years count as that.
fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

impl Histogram {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn add(&mut self, duration: Duration) {
        let value = nanos(duration);
        let place = Place::of(value);
        self.min = self.extreme(self.min, value, |new, old| new < old);
        self.max = self.extreme(self.max, value, |new, old| new > old);
        if self.levels.len() <= place.level {
            self.levels.resize(place.level + 1, None);
        }
        if let Some(level) = self.levels.get_mut(place.level) {
            let level = level.get_or_insert_with(|| Box::new(Level::EMPTY));
            level.count += 1;
            level.counts[place.bucket] += 1;
        }
        self.count += 1;
        self.sum += u128::from(value);
    }

    /// Takes one value out that was added before. Says whether there was such a one.
    pub fn remove(&mut self, duration: Duration) -> bool {
        let value = nanos(duration);
        let place = Place::of(value);
        let Some(level) = self.levels.get_mut(place.level).and_then(Option::as_mut) else {
            return false;
        };
        let count = &mut level.counts[place.bucket];
        if *count == 0 {
            return false;
        }
        *count -= 1;
        level.count -= 1;
        self.count -= 1;
        self.sum = self.sum.saturating_sub(u128::from(value));
        if self.count == 0 {
            self.clear();
        } else {
            // Whether there was another one of the same value, nobody knows.
            self.min = self.min.filter(|min| *min != value);
            self.max = self.max.filter(|max| *max != value);
        }
        true
    }

    /// Adds all that the other one holds.
    pub fn merge(&mut self, other: &Self) {
        if other.is_empty() {
            return;
        }
        if self.is_empty() {
            self.clone_from(other);
            return;
        }
        self.min = merged(
            [self.min, other.min],
            [self.lowest(), other.lowest()],
            |one, two| one < two,
        );
        self.max = merged(
            [self.max, other.max],
            [self.highest(), other.highest()],
            |one, two| one > two,
        );
        if self.levels.len() < other.levels.len() {
            self.levels.resize(other.levels.len(), None);
        }
        for (mine, theirs) in self.levels.iter_mut().zip(&other.levels) {
            let Some(theirs) = theirs else { continue };
            let mine = mine.get_or_insert_with(|| Box::new(Level::EMPTY));
            mine.count += theirs.count;
            for (mine, theirs) in mine.counts.iter_mut().zip(&theirs.counts) {
                *mine += theirs;
            }
        }
        self.count += other.count;
        self.sum += other.sum;
    }

    pub fn clear(&mut self) {
        *self = Self::default();
    }

    pub fn count(&self) -> u64 {
        self.count
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Exact, unless the smallest was taken out: then within the error.
    pub fn min(&self) -> Option<Duration> {
        let min = self
            .min
            .or_else(|| Some(self.lowest()?.middle().min(self.max?)))
            .or_else(|| self.lowest().map(Place::middle))?;
        Some(Duration::from_nanos(min))
    }

    /// Exact, unless the largest was taken out: then within the error.
    pub fn max(&self) -> Option<Duration> {
        let max = self
            .max
            .or_else(|| Some(self.highest()?.middle().max(self.min?)))
            .or_else(|| self.highest().map(Place::middle))?;
        Some(Duration::from_nanos(max))
    }

    /// Exact to the nanosecond below.
    pub fn mean(&self) -> Option<Duration> {
        let mean = self.sum.checked_div(u128::from(self.count))?;
        Some(Duration::from_nanos(u64::try_from(mean).ok()?))
    }

    /// The nearest rank: the smallest value that is not below this share of all of them (0 to 1).
    /// The first and the last one are as exact as [`Self::min`] and [`Self::max`].
    pub fn percentile(&self, fraction: f64) -> Option<Duration> {
        let rank = rank(self.count, fraction)?;
        let (min, max) = (self.min()?, self.max()?);
        if rank == 1 {
            return Some(min);
        }
        if rank == self.count {
            return Some(max);
        }
        let place = self.place_at(rank)?;
        Some(Duration::from_nanos(place.middle()).clamp(min, max))
    }

    pub fn percentiles<const N: usize>(&self, fractions: [f64; N]) -> Option<[Duration; N]> {
        if self.is_empty() {
            return None;
        }
        Some(fractions.map(|fraction| self.percentile(fraction).unwrap_or_default()))
    }

    /// Those that hold something, from the shortest on.
    pub fn buckets(&self) -> impl DoubleEndedIterator<Item = Bucket> {
        self.places().map(|(place, count)| {
            let (from, width) = place.range();
            Bucket {
                from: Duration::from_nanos(from),
                to: Duration::from_nanos(from.saturating_add(width)),
                count,
            }
        })
    }

    fn places(&self) -> impl DoubleEndedIterator<Item = (Place, u64)> {
        self.levels.iter().enumerate().flat_map(|(number, level)| {
            let counts = level.as_deref().filter(|level| level.count > 0);
            let counts = counts.map_or(&[][..], |level| &level.counts[..]);
            counts
                .iter()
                .enumerate()
                .filter(|(_, count)| **count > 0)
                .map(move |(bucket, count)| {
                    let place = Place {
                        level: number,
                        bucket,
                    };
                    (place, *count)
                })
        })
    }

    fn place_at(&self, rank: u64) -> Option<Place> {
        let mut left = rank;
        for (number, level) in self.levels.iter().enumerate() {
            let Some(level) = level else { continue };
            if left > level.count {
                left -= level.count;
                continue;
            }
            for (bucket, count) in level.counts.iter().enumerate() {
                if left <= *count {
                    return Some(Place {
                        level: number,
                        bucket,
                    });
                }
                left -= count;
            }
        }
        None
    }

    fn lowest(&self) -> Option<Place> {
        self.places().next().map(|(place, _)| place)
    }

    fn highest(&self) -> Option<Place> {
        self.places().next_back().map(|(place, _)| place)
    }

    /// The smallest (or largest) value after `value` came.
    fn extreme(&self, known: Option<u64>, value: u64, beats: fn(u64, u64) -> bool) -> Option<u64> {
        if self.is_empty() {
            return Some(value);
        }
        if let Some(known) = known {
            return Some(if beats(value, known) { value } else { known });
        }
        // Not known, but a value from beyond the outermost bucket is it.
        let (lowest, highest) = (self.lowest()?, self.highest()?);
        let place = Place::of(value);
        let is_beyond = (place < lowest && beats(0, 1)) || (place > highest && beats(1, 0));
        is_beyond.then_some(value)
    }
}

/// The smallest (or largest) of two histograms: an unknown one counts only when it is not decisive.
fn merged(
    known: [Option<u64>; 2],
    places: [Option<Place>; 2],
    beats: fn(u64, u64) -> bool,
) -> Option<u64> {
    match (known, places) {
        ([Some(one), Some(two)], _) => Some(if beats(two, one) { two } else { one }),
        ([Some(one), None], [_, Some(other)]) | ([None, Some(one)], [Some(other), _]) => {
            let (from, width) = other.range();
            (beats(one, from) && beats(one, from + (width - 1))).then_some(one)
        }
        _ => None,
    }
}

/// Which of `count` sorted values stands at a share of them, counted from 1.
fn rank(count: u64, fraction: f64) -> Option<u64> {
    if count == 0 {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a rank within the count: small, positive, and clamped"
    )]
    let rank = (count as f64 * fraction).ceil() as u64;
    Some(rank.clamp(1, count))
}

#[cfg(test)]
mod tests;
