//! Bars and lines of blocks beside the numbers of a table, on a terminal with room for them. They need no colour.

/// Figures of a table's rows, to be drawn where there is room.
#[derive(Clone, Debug, Default)]
pub struct Drawn {
    /// What the figures are, the column's title.
    pub title: String,
    /// A figure a row, none where there is nothing to tell.
    pub values: Vec<Option<f64>>,
    /// Whether the rows are times, the newest first: then a line from old to new says the same in a narrow terminal.
    pub are_times: bool,
}

/// Narrower bars tell nothing, wider ones no more.
const WIDTHS: std::ops::RangeInclusive<usize> = 8..=24;

impl Drawn {
    /// Whether bars would tell anything: at least two figures, none below zero, not all zero.
    fn is_telling(&self) -> bool {
        let known = || self.values.iter().flatten();
        known().count() > 1 && known().all(|value| *value >= 0.0) && self.greatest() > 0.0
    }

    fn greatest(&self) -> f64 {
        self.values.iter().flatten().copied().fold(0.0, f64::max)
    }

    /// The title and a bar a row, in so many columns at most; none where that is too little.
    pub(super) fn bars(&self, room: usize) -> Option<Vec<String>> {
        let width = room.min(*WIDTHS.end()).max(self.title.chars().count().min(room));
        if !self.is_telling() || width < *WIDTHS.start() || self.title.chars().count() > width {
            return None;
        }
        let bar =
            |value: &Option<f64>| value.map_or(String::new(), |value| bar(value / self.greatest(), width));
        Some(std::iter::once(self.title.clone()).chain(self.values.iter().map(bar)).collect())
    }

    /// A line of what the rows say, old to new.
    pub(super) fn course(&self, room: usize) -> Option<String> {
        const LEVELS: [char; 7] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇'];
        let level = |value: &Option<f64>| match value {
            Some(value) => LEVELS[(value / self.greatest() * 6.0).round() as usize],
            None => ' ',
        };
        let is_drawn = self.are_times && self.is_telling() && self.values.len() >= 4;
        let line: String = self.values.iter().rev().map(level).collect();
        let line = format!("{}, old to new: {line}", self.title.to_lowercase());
        (is_drawn && line.chars().count() <= room).then_some(line)
    }
}

/// A share of the width in halves of a column; what is there is never drawn as nothing.
fn bar(share: f64, width: usize) -> String {
    let halves = (share * 2.0 * width as f64).round() as usize;
    let halves = if share > 0.0 { halves.max(1) } else { 0 };
    let half = if halves.is_multiple_of(2) { "" } else { "╸" };
    format!("{}{half}", "━".repeat(halves / 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(values: &[Option<f64>]) -> Drawn {
        Drawn { title: "REVENUE".to_owned(), values: values.to_vec(), are_times: true }
    }

    #[test]
    fn bars_are_shares_of_the_greatest() {
        let values = [Some(100.0), Some(50.0), Some(0.1), Some(0.0), None];
        let bars = drawn(&values).bars(9).expect("room");
        // Nine columns are 18 halves: 18, 9, and never nothing.
        assert_eq!(bars, ["REVENUE", "━━━━━━━━━", "━━━━╸", "╸", "", ""]);
        assert_eq!(drawn(&values).bars(7), None, "no room");
        assert_eq!(drawn(&values).bars(500).expect("room")[1].chars().count(), 24);
    }

    #[test]
    fn what_tells_nothing_is_not_drawn() {
        for values in
            [&[Some(1.0)][..], &[Some(0.0); 5], &[Some(-1.0), Some(2.0), Some(3.0), Some(4.0)], &[None; 5]]
        {
            assert_eq!((drawn(values).bars(40), drawn(values).course(40)), (None, None), "{values:?}");
        }
    }

    #[test]
    fn a_course_goes_from_old_to_new_and_a_gap_is_a_gap() {
        let values = [Some(60.0), None, Some(0.0), Some(30.0)];
        assert_eq!(drawn(&values).course(40).as_deref(), Some("revenue, old to new: ▄▁ ▇"));
        assert_eq!(drawn(&values).course(10), None, "no room");
    }
}
