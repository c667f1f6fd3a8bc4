//! A line as small as a word.

use maud::{Markup, html};

use super::number;
use super::scale::Scale;

const SIZE: (f64, f64) = (120.0, 28.0);

/// The values from old to new, from zero on; where one lacks, the line has a gap. The newest is a dot.
pub fn sparkline(values: &[Option<f64>]) -> Markup {
    let greatest = values.iter().flatten().copied().fold(0.0, f64::max);
    let y = Scale::from_zero(greatest, (SIZE.1 - 4.0, 4.0));
    let step = (SIZE.0 - 8.0) / (values.len().max(2) - 1) as f64;
    let point = |index: usize, value: f64| (4.0 + index as f64 * step, y.place(value));
    let mut path = String::new();
    let mut is_drawing = false;
    for (index, value) in values.iter().enumerate() {
        if let Some(value) = value {
            let (x, y) = point(index, *value);
            path += &format!("{}{} {}", if is_drawing { 'L' } else { 'M' }, number(x), number(y));
        }
        is_drawing = value.is_some();
    }
    let newest = values.iter().enumerate().rev().find_map(|(index, value)| Some(point(index, (*value)?)));
    html! {
        svg class="spark" aria-hidden="true" viewBox={ "0 0 " (SIZE.0) " " (SIZE.1) } {
            path class="line" d=(path) {}
            @if let Some((x, y)) = newest { circle class="one" cx=(number(x)) cy=(number(y)) r="3" {} }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_a_gap() {
        let drawn = sparkline(&[Some(0.0), Some(10.0), None, Some(5.0), Some(10.0)]).into_string();
        assert!(drawn.contains(r#"d="M4 24L32 4M88 14L116 4""#), "{drawn}");
        assert!(drawn.contains(r#"cx="116" cy="4""#), "{drawn}");
        assert!(!sparkline(&[None, None]).into_string().contains("circle"));
    }
}
