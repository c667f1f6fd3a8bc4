//! Bars in rows, each beside its name and its figure.

use maud::html;

use super::{Anchor, Chart, LETTER, line, rectangle, text};

const ROW: f64 = 30.0;
/// The longest name that has room.
const LONGEST: usize = 28;

/// A row.
pub struct Bar {
    /// Its name.
    pub label: String,
    /// The value; below zero the bar is hollow and goes to the left.
    pub value: f64,
    /// The figure in words.
    pub figure: String,
}

/// The rows of a chart.
pub struct Bars {
    /// What is seen, for who cannot see it.
    pub told: String,
    /// The rows, from the top.
    pub bars: Vec<Bar>,
}

impl Bars {
    /// Draws them.
    pub fn draw(&self, width: f64) -> Chart {
        let height = ROW * self.bars.len() as f64;
        let labels: Vec<String> = self.bars.iter().map(|bar| cut(&bar.label)).collect();
        let longest = |words: &mut dyn Iterator<Item = &String>| {
            (words.map(|words| words.chars().count()).max().unwrap_or(0) as f64 + 1.0) * LETTER
        };
        let left = longest(&mut labels.iter());
        let right = width - longest(&mut self.bars.iter().map(|bar| &bar.figure));
        let values = || self.bars.iter().map(|bar| bar.value);
        let (least, greatest) = (values().fold(0.0, f64::min), values().fold(0.0, f64::max));
        let size = if greatest > least { greatest - least } else { 1.0 };
        let place = |value: f64| left + (value - least) / size * (right - left);
        let marks = html! {
            @for (index, (bar, label)) in self.bars.iter().zip(&labels).enumerate() {
                @let top = ROW * index as f64;
                @let (from, to) = (place(bar.value.min(0.0)), place(bar.value.max(0.0)));
                (text(0.0, top + 19.0, Anchor::Start, "name", label))
                (rectangle(if bar.value < 0.0 { "loss" } else { "one" }, from, top + 7.0, to - from, 16.0))
                (text(width, top + 19.0, Anchor::End, "label", &bar.figure))
            }
            (line("grid", (place(0.0), 0.0), (place(0.0), height)))
        };
        Chart { told: self.told.clone(), width, height, marks }
    }
}

fn cut(label: &str) -> String {
    match label.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", label[..end].trim_end()),
        None => label.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_goes_to_the_left_of_a_gain() {
        let bar = |label: &str, value, figure: &str| Bar {
            label: label.to_owned(),
            value,
            figure: figure.to_owned(),
        };
        let bars = vec![bar("up", 30.0, "+30 %"), bar("down", -10.0, "-10 %")];
        // From 40 on (4 letters and one) to 672 - 40 less (5 letters and one): 632 units are 40 percent.
        let drawn = Bars { told: String::new(), bars }.draw(720.0).marks.into_string();
        assert!(drawn.contains(r#"<rect class="one" x="198" y="7" width="474" height="16">"#), "{drawn}");
        assert!(drawn.contains(r#"<rect class="loss" x="40" y="37" width="158" height="16">"#), "{drawn}");
        let zero = Bars { told: String::new(), bars: vec![bar(&"n".repeat(90), 0.0, "€0")] }.draw(720.0);
        let drawn = zero.marks.into_string();
        assert!(drawn.contains("width=\"0\"") && drawn.contains(&format!("{}…", "n".repeat(28))), "{drawn}");
        assert!(!drawn.contains("NaN"), "{drawn}");
    }
}
