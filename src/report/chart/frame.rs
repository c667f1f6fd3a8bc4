//! Charts as pictures that stand alone: a title, space around, one below the other.

use maud::{Markup, html};

use super::{Anchor, Chart, number, text};

const MARGIN: f64 = 20.0;
/// A title's line.
const TITLE: f64 = 30.0;

impl Chart {
    /// The chart below its title, with space around.
    pub fn titled(self, title: &str) -> Chart {
        let (told, height) = (self.told.clone(), self.height + TITLE);
        let marks = html! {
            (text(0.0, 17.0, Anchor::Start, "title", title))
            (moved(0.0, TITLE, &self.marks))
        };
        Chart { told, width: self.width, height, marks }.in_margins()
    }

    fn in_margins(self) -> Chart {
        let marks = moved(MARGIN, MARGIN, &self.marks);
        Chart { width: self.width + 2.0 * MARGIN, height: self.height + 2.0 * MARGIN, marks, ..self }
    }

    /// One chart below the other.
    pub fn stacked(told: String, charts: Vec<Chart>) -> Chart {
        let width = charts.iter().map(|chart| chart.width).fold(0.0, f64::max);
        let mut height = 0.0;
        let mut placed = Vec::new();
        for chart in charts {
            placed.push(moved(0.0, height, &chart.marks));
            height += chart.height;
        }
        Chart { told, width, height, marks: html! { @for marks in placed { (marks) } } }
    }
}

fn moved(x: f64, y: f64, marks: &Markup) -> Markup {
    html! { g transform={ "translate(" (number(x)) " " (number(y)) ")" } { (marks) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_its_title_and_room() {
        let chart = |height| Chart { told: "told".to_owned(), width: 100.0, height, marks: html! { "m" } };
        let framed = chart(50.0).titled("<t>");
        assert_eq!((framed.width, framed.height), (140.0, 120.0));
        assert!(framed.marks.0.contains("&lt;t&gt;</text><g transform=\"translate(0 30)\">m</g>"));
        let stacked = Chart::stacked("all".to_owned(), vec![chart(50.0), framed]);
        assert_eq!((stacked.width, stacked.height), (140.0, 170.0));
        assert!(stacked.marks.0.contains("translate(0 50)"), "{}", stacked.marks.0);
    }
}
