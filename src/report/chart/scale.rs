//! From values to places.

/// A straight scale.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    /// The value at the beginning and at the end.
    pub domain: (f64, f64),
    /// The places of these.
    pub range: (f64, f64),
}

impl Scale {
    /// From zero, which money is drawn from, to the first round value above the greatest; also where all are zero.
    pub fn from_zero(greatest: f64, range: (f64, f64)) -> Scale {
        let greatest = if greatest > 0.0 { greatest } else { 1.0 };
        let step = step(greatest);
        Scale { domain: (0.0, (greatest / step).ceil() * step), range }
    }

    /// The place of a value.
    pub fn place(&self, value: f64) -> f64 {
        let share = (value - self.domain.0) / (self.domain.1 - self.domain.0);
        self.range.0 + share * (self.range.1 - self.range.0)
    }

    /// Round values to write beside the axis, its ends included.
    pub fn ticks(&self) -> Vec<f64> {
        let step = step(self.domain.1);
        let count = (self.domain.1 / step).round() as usize;
        (0..=count).map(|index| index as f64 * step).collect()
    }
}

/// The step of 1, 2 or 5 times a power of ten that makes three to six parts.
fn step(greatest: f64) -> f64 {
    let rough = greatest / 4.0;
    let power = 10f64.powf(rough.log10().floor());
    let times = [1.0, 2.0, 5.0, 10.0].into_iter().find(|times| times * power >= rough).unwrap_or(10.0);
    times * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_begins_at_zero_and_has_round_values() {
        let scale = Scale::from_zero(21_220.44, (200.0, 0.0));
        assert_eq!(scale.ticks(), [0.0, 10_000.0, 20_000.0, 30_000.0]);
        assert_eq!((scale.place(0.0), scale.place(30_000.0), scale.place(15_000.0)), (200.0, 0.0, 100.0));
        assert_eq!(Scale::from_zero(0.0, (0.0, 1.0)).domain.0, 0.0);
        for greatest in [0.003, 0.9, 1.0, 7.0, 99.0, 100.0, 1e9, 123_456.7] {
            let ticks = Scale::from_zero(greatest, (0.0, 1.0)).ticks();
            assert!((3..=7).contains(&ticks.len()), "{greatest}: {ticks:?}");
            assert!(ticks.last().is_some_and(|last| *last >= greatest), "{greatest}: {ticks:?}");
        }
    }
}
