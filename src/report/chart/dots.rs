//! Dots in rows.

use maud::html;

use super::legend::{Legend, Mark};
use super::scale::Scale;
use super::{Anchor, Chart, LETTER, Write, line, number, rectangle, text};

const TOP: f64 = 8.0;
const BOTTOM: f64 = 26.0;
const ROW: f64 = 30.0;

/// A row.
pub struct Dot {
    /// Its name.
    pub label: String,
    /// The value.
    pub value: f64,
    /// Where the middle half of what it stands on lies, if that is known.
    pub half: Option<(f64, f64)>,
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
    /// What the band is.
    pub half_is: &'a str,
    /// What a hollow dot is.
    pub hollow_is: &'a str,
}

impl Dots<'_> {
    /// Draws them.
    pub fn draw(&self, width: f64) -> Chart {
        let legend = self.legend(width);
        let bottom = TOP + ROW * self.dots.len() as f64;
        let height = bottom + BOTTOM + legend.height;
        let longest = |words: fn(&Dot) -> &str| {
            (self.dots.iter().map(|dot| words(dot).chars().count()).max().unwrap_or(0) as f64 + 2.0) * LETTER
        };
        let (left, right) = (longest(|dot| &dot.label), longest(|dot| &dot.note));
        let reach = |dot: &Dot| dot.half.map_or(dot.value, |(_, to)| to.max(dot.value));
        let greatest = self.dots.iter().map(reach).fold(0.0, f64::max);
        let x = Scale::from_zero(greatest, (left, width - right));
        let marks = html! {
            @for tick in x.ticks() {
                (line("grid", (x.place(tick), TOP), (x.place(tick), bottom)))
                (text(x.place(tick), bottom + 18.0, Anchor::Middle, "label", &(self.write)(tick)))
            }
            @for (index, dot) in self.dots.iter().enumerate() {
                @let y = TOP + ROW * (index as f64 + 0.5);
                (text(0.0, y + 4.0, Anchor::Start, "name", &dot.label))
                @if let Some((from, to)) = dot.half {
                    (rectangle("band", x.place(from), y - 5.0, x.place(to) - x.place(from), 10.0))
                }
                circle class=(if dot.is_firm { "one" } else { "hollow" }) cx=(number(x.place(dot.value)))
                    cy=(number(y)) r="5" {}
                (text(width, y + 4.0, Anchor::End, "label", &dot.note))
            }
            (legend.draw(bottom + BOTTOM + 4.0))
        };
        Chart { told: self.told.clone(), width, height, marks }
    }

    /// What forms mean, of those that are drawn.
    fn legend(&self, width: f64) -> Legend<'_> {
        let has_half = self.dots.iter().any(|dot| dot.half.is_some());
        let has_hollow = self.dots.iter().any(|dot| !dot.is_firm);
        let half = has_half.then_some((Mark::Square("band"), self.half_is));
        let hollow = has_hollow.then_some((Mark::Circle("hollow"), self.hollow_is));
        Legend::within(&half.into_iter().chain(hollow).collect::<Vec<_>>(), (0.0, width))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dot_stands_on_its_middle_half() {
        let dot = |label: &str, half, is_firm| Dot {
            label: label.to_owned(),
            value: 30.0,
            half,
            note: "4".to_owned(),
            is_firm,
        };
        let write = |value: f64| format!("{value}");
        let dots = vec![dot("Mon", Some((20.0, 40.0)), true), dot("Tue", None, false)];
        let dots = Dots { told: String::new(), dots, write: &write, half_is: "half", hollow_is: "few" };
        // From 40 (3 letters and two) to 176 (200 less 1 and two): 0 to 40 are 136 units.
        let drawn = dots.draw(200.0).marks.into_string();
        assert!(drawn.contains(r#"<rect class="band" x="108" y="18" width="68" height="10">"#), "{drawn}");
        assert_eq!(drawn.matches(r#"cx="142""#).count(), 2, "{drawn}");
        assert_eq!(drawn.matches("class=\"band\"").count(), 2, "its own and the legend's: {drawn}");
        assert!(
            drawn.contains("class=\"hollow\"") && drawn.contains("few") && drawn.contains("half"),
            "{drawn}"
        );
    }
}
