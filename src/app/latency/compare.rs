//! Two samples beside each other, and what differs.

use super::figures::{Figure, caution, shown};
use crate::app::rows::Tone;
use crate::model::sample::Sample;
use crate::model::text;
use std::sync::Arc;
use std::time::Duration;

/// A sample with a name: what was kept to compare with, or another recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    pub name: Arc<str>,
    pub sample: Arc<Sample>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    pub a: Arc<str>,
    pub b: Arc<str>,
    pub lines: Vec<Line>,
    /// What makes the figures say less than they seem to.
    pub cautions: Vec<String>,
}

/// One figure of both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub label: &'static str,
    pub a: String,
    pub b: String,
    /// How much A is above B.
    pub difference: String,
    pub percent: String,
    /// Slower is worse, faster is better.
    pub tone: Tone,
    /// There are too few for it to mean much.
    pub is_vague: bool,
}

impl Line {
    /// For a screen reader.
    pub fn sentence(&self) -> String {
        let Self {
            label,
            a,
            b,
            difference,
            percent,
            ..
        } = self;
        let vague = if self.is_vague {
            ", of too few to mean much"
        } else {
            ""
        };
        format!("{label}: A {a}, B {b}, {difference} {percent}{vague}")
    }
}

pub fn compare(a: &Named, b: &Named) -> Comparison {
    let mut lines = vec![
        counts("answered", a.sample.answered(), b.sample.answered(), false),
        counts(
            "not answered",
            a.sample.unanswered,
            b.sample.unanswered,
            true,
        ),
    ];
    lines.extend(Figure::ALL.map(|figure| {
        let (x, y) = (figure.of(&a.sample), figure.of(&b.sample));
        let (difference, percent, tone) = match (x, y) {
            (Some(x), Some(y)) => difference(x, y),
            _ => (String::new(), String::new(), Tone::Neutral),
        };
        let fewest = a.sample.answered().min(b.sample.answered());
        Line {
            label: figure.label(),
            a: shown(x),
            b: shown(y),
            difference,
            percent,
            tone,
            is_vague: fewest < figure.least(),
        }
    }));
    let cautions = [("A", a), ("B", b)]
        .into_iter()
        .filter_map(|(which, one)| Some(format!("{which}: {}", caution(&one.sample)?)))
        .collect();
    Comparison {
        a: Arc::clone(&a.name),
        b: Arc::clone(&b.name),
        lines,
        cautions,
    }
}

fn counts(label: &'static str, a: u64, b: u64, more_is_worse: bool) -> Line {
    let (sign, by) = if a >= b { ("+", a - b) } else { ("−", b - a) };
    let tone = if !more_is_worse || a == b {
        Tone::Neutral
    } else if a > b {
        Tone::Failed
    } else {
        Tone::Answered
    };
    Line {
        label,
        a: text::count(a),
        b: text::count(b),
        difference: if by == 0 {
            "same".to_owned()
        } else {
            format!("{sign}{}", text::count(by))
        },
        percent: String::new(),
        tone,
        is_vague: false,
    }
}

/// How much `a` is above `b`, absolute and in percent. Less than a histogram can tell is the same.
fn difference(a: Duration, b: Duration) -> (String, String, Tone) {
    let (sign, by, tone) = if a >= b {
        ("+", a.saturating_sub(b), Tone::Failed)
    } else {
        ("−", b.saturating_sub(a), Tone::Answered)
    };
    let share = by.as_secs_f64() / b.as_secs_f64().max(1e-9);
    if share < 0.01 {
        return ("same".to_owned(), String::new(), Tone::Neutral);
    }
    let percent = share * 100.0;
    let percent = if percent < 10.0 {
        format!("{sign}{percent:.1} %")
    } else if percent < 1_000.0 {
        format!("{sign}{percent:.0} %")
    } else {
        format!("×{:.0}", share + 1.0)
    };
    (format!("{sign}{}", text::duration(by)), percent, tone)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sample::Measure;
    use crate::model::timeline::Category;

    fn named(name: &str, micros: impl Iterator<Item = u64>, unanswered: u64) -> Named {
        let mut sample = Sample::default();
        for micros in micros {
            sample.add(Measure {
                round_trip: Some(Duration::from_micros(micros)),
                category: Category::Answered,
            });
        }
        sample.unanswered = unanswered;
        Named {
            name: name.into(),
            sample: Arc::new(sample),
        }
    }

    #[test]
    fn twice_as_slow_is_a_hundred_percent_more() {
        let a = named("new firmware", (1..=200).map(|ms| ms * 2_000), 3);
        let b = named("old firmware", (1..=200).map(|ms| ms * 1_000), 0);
        let comparison = compare(&a, &b);
        let text: Vec<String> = comparison.lines.iter().map(Line::sentence).collect();
        insta::assert_snapshot!(text.join("\n"), @r"
        answered: A 200, B 200, same 
        not answered: A 3, B 0, +3 
        p50: A 200 ms, B 100 ms, +100 ms +100 %
        p90: A 361 ms, B 180 ms, +180 ms +100 %
        p95: A 381 ms, B 190 ms, +190 ms +100 %
        p99: A 395 ms, B 197 ms, +197 ms +100 %
        max: A 400 ms, B 200 ms, +200 ms +100 %
        mean: A 201 ms, B 100 ms, +100 ms +100 %
        ");
        assert!(comparison.cautions.is_empty());
        assert_eq!(comparison.lines[2].tone, Tone::Failed);
    }

    #[test]
    fn small_samples_are_said_to_be_small_and_their_percentiles_vague() {
        let a = named("A", [1_000, 1_200, 1_500].into_iter(), 0);
        let b = named("B", 1_000..1_300, 0);
        let comparison = compare(&a, &b);
        assert_eq!(comparison.cautions.len(), 1);
        assert!(comparison.cautions[0].starts_with("A: Only 3 round trips"));
        let vague: Vec<&str> = comparison
            .lines
            .iter()
            .filter(|line| line.is_vague)
            .map(|line| line.label)
            .collect();
        assert_eq!(vague, ["p90", "p95", "p99"]);
    }

    #[test]
    fn nothing_to_compare_with_is_a_dash_and_no_difference() {
        let a = named("A", std::iter::empty(), 5);
        let b = named("B", [1_000].into_iter(), 0);
        let p50 = &compare(&a, &b).lines[2];
        assert_eq!((&*p50.a, &*p50.b, &*p50.difference), ("—", "1.00 ms", ""));
    }

    #[test]
    fn what_the_histogram_cannot_tell_apart_is_the_same() {
        let ms = Duration::from_micros;
        assert_eq!(difference(ms(10_050), ms(10_000)).0, "same");
        assert_eq!(
            difference(ms(9_000), ms(10_000)),
            ("−1.00 ms".to_owned(), "−10 %".to_owned(), Tone::Answered)
        );
        assert_eq!(difference(ms(50_000), ms(1_000)).1, "×50");
    }
}
