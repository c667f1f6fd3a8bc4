//! Figures and dates as a client of the agency reads them.

use chrono::{Datelike, NaiveDate};

use crate::question::Currency;
use crate::question::decimals::separated;

/// From this on money is told without its small coin.
const WHOLE_FROM: f64 = 1000.0;

/// How money of an account is written.
#[derive(Clone, Copy, Debug)]
pub struct Money {
    currency: Option<Currency>,
}

impl Money {
    /// In a currency; where none is known, bare numbers.
    pub fn of(currency: Option<Currency>) -> Money {
        Money { currency }
    }

    /// So many decimals that the greatest of figures side by side takes.
    pub fn decimals(&self, greatest: f64) -> usize {
        if greatest >= WHOLE_FROM { 0 } else { self.currency.map_or(2, Currency::decimals) }
    }

    /// What stands before an amount.
    fn sign(&self) -> String {
        self.currency.map(Currency::sign).unwrap_or_default().replace(' ', "\u{a0}")
    }

    /// A sum.
    pub fn write(&self, value: f64, decimals: usize) -> String {
        let (minus, figure) = signed(value, decimals);
        format!("{minus}{}{figure}", self.sign())
    }

    /// A round value beside an axis: 1.5 million as 1.5M.
    pub fn write_short(&self, value: f64) -> String {
        let (scaled, unit) = match value.abs() {
            size if size >= 1e9 => (value / 1e9, "B"),
            size if size >= 1e6 => (value / 1e6, "M"),
            size if size >= 1e4 => (value / 1e3, "k"),
            _ => (value, ""),
        };
        let decimals = if scaled.fract().abs() < 1e-9 {
            0
        } else if scaled.abs() < 1.0 {
            2
        } else {
            1
        };
        format!("{}{}{unit}", self.sign(), separated(scaled, decimals))
    }
}

/// The minus as printers set it, and the figure; a zero has none.
fn signed(value: f64, decimals: usize) -> (&'static str, String) {
    let text = separated(value, decimals);
    match text.strip_prefix('-') {
        Some(figure) => ("\u{2212}", figure.to_owned()),
        None => ("", text),
    }
}

/// A plain number.
pub fn plain(value: f64, decimals: usize) -> String {
    let (minus, figure) = signed(value, decimals);
    format!("{minus}{figure}")
}

/// A change in percent, with its sign.
pub fn change(value: f64, decimals: usize) -> String {
    let plus = if separated(value, decimals).bytes().any(|digit| matches!(digit, b'1'..=b'9')) && value > 0.0
    {
        "+"
    } else {
        ""
    };
    format!("{plus}{}\u{a0}%", plain(value, decimals))
}

/// `3 November`, with the year where it is not the present one's.
pub fn day(date: NaiveDate, present: i32) -> String {
    let form = if date.year() == present { "%-d %B" } else { "%-d %B %Y" };
    date.format(form).to_string()
}

/// `18 to 24 November 2026`.
pub fn span(from: NaiveDate, to: NaiveDate) -> String {
    let form = match (from.year() == to.year(), from.month() == to.month()) {
        (true, true) => "%-d",
        (true, false) => "%-d %B",
        _ => "%-d %B %Y",
    };
    format!("{} to {}", from.format(form), to.format("%-d %B %Y"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_written_as_its_currency_is() {
        let write = |code: Option<&str>, value: f64| {
            let money = Money::of(code.and_then(Currency::from_code));
            money.write(value, money.decimals(value.abs()))
        };
        assert_eq!(write(Some("EUR"), 15491.37), "€15,491");
        assert_eq!(write(Some("EUR"), -80.5), "\u{2212}€80.50");
        assert_eq!(write(Some("JPY"), 812.0), "¥812");
        assert_eq!(write(Some("KWD"), 12.3456), "KWD\u{a0}12.346");
        assert_eq!(write(Some("AUD"), 5.0), "A$5.00");
        assert_eq!(write(None, 1000.0), "1,000");
        let short = |value: f64| Money::of(Currency::from_code("USD")).write_short(value);
        assert_eq!(
            [0.0, 500.0, 5000.0, 20_000.0, 1.5e6, 0.25].map(short),
            ["$0", "$500", "$5,000", "$20k", "$1.5M", "$0.25"]
        );
    }

    #[test]
    fn a_change_has_its_sign_and_a_zero_has_none() {
        assert_eq!(change(-14.8, 1), "\u{2212}14.8\u{a0}%");
        assert_eq!(change(3.0, 0), "+3\u{a0}%");
        assert_eq!((change(0.04, 1), change(-0.04, 1)), ("0.0\u{a0}%".to_owned(), "0.0\u{a0}%".to_owned()));
    }

    #[test]
    fn a_span_says_what_differs() {
        let day = |text: &str| text.parse::<NaiveDate>().expect("a date");
        assert_eq!(span(day("2026-11-18"), day("2026-11-24")), "18 to 24 November 2026");
        assert_eq!(span(day("2026-10-28"), day("2026-11-03")), "28 October to 3 November 2026");
        assert_eq!(span(day("2025-12-28"), day("2026-01-03")), "28 December 2025 to 3 January 2026");
    }
}
