//! Charts: our own small SVG. Colours stand in classes, so that a page can draw them light, dark and in print. Every
//! chart can be read without colour.

mod bar;
mod bars;
mod columns;
mod dots;
mod frame;
mod image;
mod legend;
mod scale;
mod sparkline;

use maud::{Markup, html};

pub use bar::{bar, change_bar};
pub use bars::{Bar, Bars};
pub use columns::{Band, Column, Columns};
pub use dots::{Dot, Dots};
pub use sparkline::sparkline;

/// Width of a chart beside text on a desktop, and on a telephone.
pub const WIDTHS: [(&str, f64); 2] = [("wide", 720.0), ("narrow", 360.0)];
/// The mean width of a digit or letter: fonts differ, so there is room to spare.
const LETTER: f64 = 8.0;

/// How figures of an axis are written.
pub type Write<'a> = &'a dyn Fn(f64) -> String;

/// A drawn chart.
pub struct Chart {
    /// What is seen, for who cannot see it.
    pub told: String,
    /// Units of the drawing; it scales.
    pub width: f64,
    /// Units of the drawing.
    pub height: f64,
    /// What is drawn.
    pub marks: Markup,
}

impl Chart {
    /// The chart within a page that has its styles.
    pub fn inline(&self, class: &str) -> Markup {
        html! {
            svg class={ "chart " (class) } role="img" aria-label=(self.told)
                viewBox={ "0 0 " (number(self.width)) " " (number(self.height)) } { (self.marks) }
        }
    }
}

/// Where text stands by its point.
#[derive(Clone, Copy)]
pub enum Anchor {
    /// To its right.
    Start,
    /// Around it.
    Middle,
    /// To its left.
    End,
}

/// A line of text.
pub fn text(x: f64, y: f64, anchor: Anchor, class: &str, words: &str) -> Markup {
    let anchor = match anchor {
        Anchor::Start => "start",
        Anchor::Middle => "middle",
        Anchor::End => "end",
    };
    html! { text class=(class) x=(number(x)) y=(number(y)) text-anchor=(anchor) { (words) } }
}

fn line(class: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) -> Markup {
    html! { line class=(class) x1=(number(x1)) y1=(number(y1)) x2=(number(x2)) y2=(number(y2)) {} }
}

fn rectangle(class: &str, x: f64, y: f64, width: f64, height: f64) -> Markup {
    html! {
        rect class=(class) x=(number(x)) y=(number(y)) width=(number(width.max(0.0)))
            height=(number(height.max(0.0))) {}
    }
}

/// A tenth of a unit is finer than anybody sees.
fn number(value: f64) -> String {
    let text = format!("{value:.1}");
    let text = text.strip_suffix(".0").unwrap_or(&text);
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// Every so many labels are written, so that none touches the next. The last one is.
fn every(labels: &[String], room: f64) -> usize {
    let longest = labels.iter().map(|label| label.chars().count()).max().unwrap_or(1);
    (((longest as f64 + 1.0) * LETTER) / room).ceil().max(1.0) as usize
}
