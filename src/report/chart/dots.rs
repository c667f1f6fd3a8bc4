//! Dots in rows.

use maud::html;

use super::scale::Scale;
use super::{Anchor, Chart, LETTER, Write, line, number, text};

const TOP: f64 = 8.0;
const BOTTOM: f64 = 26.0;
const ROW: f64 = 30.0;

/// A row.
pub struct Dot {
    /// Its name.
    pub label: String,
    /// The value.
    pub value: f64,
    /// A word at the row's end.
    pub note: String,
    /// Filled; a hollow one stands on too little.
    pub is_firm: bool,
}

/// The rows of a chart.
pub struct Dots<'a> {
    /// What is seen, for who cannot see it.
    pub told: String,
    /// The rows, from the top.
    pub dots: Vec<Dot>,
    /// How values are written.
    pub write: Write<'a>,
}

impl Dots<'_> {
    /// Draws them.
    pub fn draw(&self, width: f64) -> Chart {
        let height = TOP + ROW * self.dots.len() as f64 + BOTTOM;
        let longest = |words: fn(&Dot) -> &str| {
            (self.dots.iter().map(|dot| words(dot).chars().count()).max().unwrap_or(0) as f64 + 2.0) * LETTER
        };
        let (left, right) = (longest(|dot| &dot.label), longest(|dot| &dot.note));
        let greatest = self.dots.iter().map(|dot| dot.value).fold(0.0, f64::max);
        let x = Scale::from_zero(greatest, (left, width - right));
        let bottom = height - BOTTOM;
        let marks = html! {
            @for tick in x.ticks() {
                (line("grid", (x.place(tick), TOP), (x.place(tick), bottom)))
                (text(x.place(tick), height - 8.0, Anchor::Middle, "label", &(self.write)(tick)))
            }
            @for (index, dot) in self.dots.iter().enumerate() {
                @let y = TOP + ROW * (index as f64 + 0.5);
                (text(0.0, y + 4.0, Anchor::Start, "name", &dot.label))
                circle class=(if dot.is_firm { "one" } else { "hollow" }) cx=(number(x.place(dot.value)))
                    cy=(number(y)) r="5" {}
                (text(width, y + 4.0, Anchor::End, "label", &dot.note))
            }
        };
        Chart { told: self.told.clone(), width, height, marks }
    }
}
