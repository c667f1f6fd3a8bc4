//! Columns of periods, each in parts that stand on each other.

use maud::{Markup, html};

use super::legend::{Legend, Mark};
use super::scale::Scale;
use super::{Anchor, Chart, LETTER, Write, every, line, rectangle, text};

/// Space for the drawing above, and for the labels below.
const TOP: f64 = 40.0;
const BOTTOM: f64 = 26.0;

/// A period.
pub struct Column {
    /// Its name.
    pub label: String,
    /// The parts from the bottom up; none where nothing is known, which is not zero.
    pub parts: Option<Vec<f64>>,
    /// Whether it still grows.
    pub is_open: bool,
    /// Where it is expected to end.
    pub band: Option<Band>,
}

/// What is expected, and the range that holds it 8 times out of 10.
#[derive(Clone, Copy, Debug)]
pub struct Band {
    /// At least.
    pub lower: f64,
    /// Most likely.
    pub middle: f64,
    /// At most.
    pub upper: f64,
}

/// The columns of a chart, from old to new.
pub struct Columns<'a> {
    /// What is seen, for who cannot see it.
    pub told: String,
    /// Names of the parts, at most two.
    pub parts: &'a [&'a str],
    /// The periods.
    pub columns: Vec<Column>,
    /// How values are written.
    pub write: Write<'a>,
}

const CLASSES: [&str; 2] = ["one", "two"];

impl Columns<'_> {
    /// Draws them.
    pub fn draw(&self, width: f64) -> Chart {
        let height = (width * 0.38).max(220.0);
        let greatest = self.columns.iter().map(Column::top).fold(0.0, f64::max);
        let range = |top: f64| (height - BOTTOM, top);
        let y = Scale::from_zero(greatest, range(TOP));
        let ticks: Vec<(f64, String)> =
            y.ticks().into_iter().map(|tick| (tick, (self.write)(tick))).collect();
        let longest = ticks.iter().map(|(_, words)| words.chars().count()).max().unwrap_or(0);
        let left = (longest as f64 + 1.0) * LETTER;
        let legend = self.legend(left, width);
        // One line of a legend has room above the drawing; more push it down.
        let y = Scale { range: range(TOP + (legend.height - 20.0).max(0.0)), ..y };
        let room = (width - left) / self.columns.len().max(1) as f64;
        let labels: Vec<String> = self.columns.iter().map(|column| column.label.clone()).collect();
        let every = every(&labels, room);
        let count = self.columns.len();
        let marks = html! {
            @for (tick, words) in &ticks {
                (line("grid", (left, y.place(*tick)), (width, y.place(*tick))))
                (text(left - LETTER, y.place(*tick) + 4.0, Anchor::End, "label", words))
            }
            @for (index, column) in self.columns.iter().enumerate() {
                @let middle = left + room * (index as f64 + 0.5);
                (stack(column, &y, middle, room * 0.7))
                @if (count - 1 - index).is_multiple_of(every) {
                    @let half = column.label.chars().count() as f64 * LETTER / 2.0;
                    (text(middle.min(width - half), height - 8.0, Anchor::Middle, "label", &column.label))
                }
            }
            (legend.draw(6.0))
        };
        Chart { told: self.told.clone(), width, height, marks }
    }

    /// What forms mean, of those that are drawn.
    fn legend(&self, left: f64, width: f64) -> Legend<'_> {
        let has = |is_it: fn(&Column) -> bool| self.columns.iter().any(is_it);
        let mut entries: Vec<(Mark, &str)> = match self.parts.len() {
            0 | 1 => Vec::new(),
            _ => CLASSES.map(Mark::Square).into_iter().zip(self.parts.iter().copied()).collect(),
        };
        let others = [
            ("open", "still growing", has(|column| column.is_open && column.parts.is_some())),
            ("gap", "no data", has(|column| column.parts.is_none())),
            ("band", "expected, 8 times out of 10", has(|column| column.band.is_some())),
        ];
        entries.extend(
            others
                .into_iter()
                .filter(|(.., is_drawn)| *is_drawn)
                .map(|(class, words, _)| (Mark::Square(class), words)),
        );
        Legend::within(&entries, (left, width))
    }
}

impl Column {
    /// How high it is drawn.
    fn top(&self) -> f64 {
        let sum = self.parts.iter().flatten().sum();
        self.band.map_or(sum, |band| band.upper.max(sum))
    }
}

/// A column that still grows is hollow, with a broken outline: its colour says nothing that its form does not.
fn stack(column: &Column, y: &Scale, middle: f64, width: f64) -> Markup {
    let left = middle - width / 2.0;
    let base = y.place(0.0);
    let Some(parts) = &column.parts else {
        return html! { (rectangle("gap", left, base - 14.0, width, 14.0)) };
    };
    let mut below = 0.0;
    let mut placed = Vec::new();
    for (part, class) in parts.iter().zip(CLASSES) {
        let (from, to) = (y.place(below), y.place(below + part));
        placed.push((class, to, from - to));
        below += part;
    }
    html! {
        @for (class, top, height) in placed { (rectangle(class, left, top, width, height)) }
        @if column.is_open {
            (rectangle("open", left - 2.0, y.place(below) - 6.0, width + 4.0, base - y.place(below) + 6.0))
        }
        @if let Some(band) = column.band {
            @let (top, bottom) = (y.place(band.upper), y.place(band.lower.max(0.0)));
            (rectangle("band", left + width * 0.2, top, width * 0.6, bottom - top))
            (line("middle", (left + width * 0.2, y.place(band.middle)), (left + width * 0.8, y.place(band.middle))))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(columns: Vec<Column>) -> String {
        let write = |value: f64| format!("{value}");
        let chart = Columns { told: "told".to_owned(), parts: &["a", "b"], columns, write: &write };
        chart.draw(720.0).marks.into_string()
    }

    fn column(label: &str, parts: Option<Vec<f64>>) -> Column {
        Column { label: label.to_owned(), parts, is_open: false, band: None }
    }

    #[test]
    fn parts_stand_on_each_other_from_zero() {
        // The scale ends at 100: from y 247.6 up to 40 are 207.6 units.
        let drawn = drawn(vec![column("w", Some(vec![50.0, 50.0]))]);
        assert_eq!(drawn.matches(r#"y="143.8" width="#).count(), 1, "{drawn}");
        assert_eq!(drawn.matches(r#"height="103.8""#).count(), 2, "{drawn}");
        assert_eq!(drawn.matches(r#"y="40" width="#).count(), 1, "{drawn}");
    }

    #[test]
    fn what_is_expected_is_a_range_and_no_column() {
        // The scale ends at 80, at y 40: 40 is half way down at 143.8, 60 at 91.9.
        let band = Band { lower: 40.0, middle: 60.0, upper: 80.0 };
        let coming = Column { band: Some(band), ..column("next", Some(Vec::new())) };
        let drawn = drawn(vec![column("w", Some(vec![20.0, 20.0])), coming]);
        assert!(drawn.contains(r#"class="band""#) && drawn.contains(r#"y="40" width="#), "{drawn}");
        assert!(
            drawn.contains(r#"y1="91.9""#)
                && drawn.contains(r#"height="103.8""#)
                && drawn.contains("8 times out of 10"),
            "{drawn}"
        );
    }

    #[test]
    fn what_is_unknown_is_no_zero() {
        let drawn = drawn(vec![column("<w>", None), column("x", Some(vec![0.0, 0.0]))]);
        assert!(drawn.contains("no data") && drawn.contains("&lt;w&gt;"), "{drawn}");
        assert!(!drawn.contains("still growing") && !drawn.contains("NaN"), "{drawn}");
    }
}
