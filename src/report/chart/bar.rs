//! A bar within the cell of a table, whose number stands beside it.

use maud::{Markup, html};

use super::rectangle;

/// How long a value is, the greatest filling the cell.
pub fn bar(value: f64, greatest: f64) -> Markup {
    let share = if greatest > 0.0 { 100.0 * value.max(0.0) / greatest } else { 0.0 };
    html! {
        svg class="bar" aria-hidden="true" viewBox="0 0 100 10" preserveAspectRatio="none" {
            (rectangle("one", 0.0, 0.0, share, 10.0))
        }
    }
}

/// A change: to the right of the middle a gain, filled; to the left a loss, hollow.
pub fn change_bar(value: f64, greatest: f64) -> Markup {
    let share = if greatest > 0.0 { 49.0 * value.abs() / greatest } else { 0.0 };
    let (class, from) = if value < 0.0 { ("loss", 50.0 - share) } else { ("gain", 50.0) };
    html! {
        svg class="bar" aria-hidden="true" viewBox="0 0 100 10" preserveAspectRatio="none" {
            (rectangle(class, from, 1.0, share, 8.0))
            (rectangle("axis", 49.7, 0.0, 0.6, 10.0))
        }
    }
}
