//! The sentences of `context`, with figures that have no currency grouped as people write them. Nothing else is touched.

use crate::context::Insight;

use super::figure::{self, Money};
use super::words::capitalized;

/// Figures of a sentence that are money.
const MONEY: [&str; 4] = ["last_7_days", "previous_7_days", "change", "revenue_per_1000"];
/// Figures that are counts.
const COUNTS: [&str; 1] = ["members"];

/// A sentence for people. A number within the quotes of a name stays what it is.
pub fn told(insight: &Insight, money: &Money) -> String {
    let mut told = String::new();
    for (index, part) in insight.text.split('"').enumerate() {
        match index.is_multiple_of(2) {
            true => told.push_str(&outside_names(part, insight, money)),
            false => told.push_str(&format!("“{part}”")),
        }
    }
    format!("{}.", capitalized(&told))
}

fn outside_names(text: &str, insight: &Insight, money: &Money) -> String {
    let written = |word: &str| {
        let bare = word.trim_matches(['(', ')', ',', ':', '.']);
        let value: f64 = bare.parse().ok()?;
        // The sentence rounds; the figure is exact.
        let stands_for = |(_, figure): &&(&str, f64)| (figure.abs() - value).abs() <= 0.5;
        let (name, _) = insight.figures.iter().find(stands_for)?;
        let decimals = if bare.contains('.') { 2 } else { 0 };
        let figure = match *name {
            name if MONEY.contains(&name) => money.write(value, decimals),
            name if COUNTS.contains(&name) => figure::plain(value, decimals),
            _ => return None,
        };
        Some(word.replacen(bare, &figure, 1))
    };
    text.split(' ').map(|word| written(word).unwrap_or_else(|| word.to_owned())).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::question::Currency;

    #[test]
    fn money_of_a_sentence_has_its_currency_and_names_stay() {
        let text = "The biggest mover: email flow \"Sale 15491\", up 2787 so far (15491 after 12704)";
        let figures = vec![("last_7_days", 15491.37), ("previous_7_days", 12703.99), ("change", 2787.38)];
        let insight = Insight { text: text.to_owned(), advice: None, figures };
        assert_eq!(
            told(&insight, &Money::of(None)),
            "The biggest mover: email flow “Sale 15491”, up 2,787 so far (15,491 after 12,704)."
        );
        let text = "The biggest mover: email flow \"Sale 15491\", up €2,787 so far (€15,491 after €12,704)"
            .to_owned();
        let insight = Insight { text, ..insight };
        assert_eq!(
            told(&insight, &Money::of(Currency::from_code("EUR"))),
            "The biggest mover: email flow “Sale 15491”, up €2,787 so far (€15,491 after €12,704)."
        );
        let figures = vec![("week_change_pct", -5.0), ("members", 14071.0)];
        let text = "segment \"x\" shrank 5 % in the week to 2026-11-25, to 14071 people".to_owned();
        let insight = Insight { text, advice: None, figures };
        assert_eq!(
            told(&insight, &Money::of(None)),
            "Segment “x” shrank 5 % in the week to 2026-11-25, to 14,071 people."
        );
    }
}
