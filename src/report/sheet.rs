//! The report as one image: its head, its figures, its charts one below the other.

use anyhow::Result;
use maud::html;

use super::chart::{Anchor, Chart, WIDTHS, text};
use super::{Report, key_figures};

/// Pixels of a unit: sharp on a telephone too.
const SCALE: f32 = 2.0;

/// Figures side by side, and the height of their rows.
const A_ROW: usize = 3;
const ROW: f64 = 80.0;

impl Report {
    /// The image, as PNG.
    pub fn sheet(&self) -> Result<Vec<u8>> {
        let charts = self.subjects().into_iter().filter_map(|subject| subject.titled(self));
        let charts = std::iter::once(self.head()).chain(charts).collect();
        Chart::stacked(self.title(), charts).png(SCALE)
    }

    fn head(&self) -> Chart {
        let (width, figures) = (WIDTHS[0].1, key_figures::in_words(self));
        let room = width / A_ROW as f64;
        let marks = html! {
            (text(0.0, 24.0, Anchor::Start, "heading", &self.store_name()))
            (text(0.0, 48.0, Anchor::Start, "label", &self.span()))
            @for (index, [title, figure, change]) in figures.iter().enumerate() {
                @let (left, top) = (room * (index % A_ROW) as f64, 84.0 + ROW * (index / A_ROW) as f64);
                (text(left, top, Anchor::Start, "label", title))
                (text(left, top + 28.0, Anchor::Start, "heading", figure))
                (text(left, top + 50.0, Anchor::Start, "label", change))
            }
            @if figures.is_empty() {
                (text(0.0, 84.0, Anchor::Start, "name", "There are no figures for these days yet."))
            }
        };
        let rows = figures.len().div_ceil(A_ROW).max(1);
        let height = 64.0 + ROW * rows as f64;
        Chart { told: String::new(), width, height, marks }.titled(self.period.title())
    }
}
