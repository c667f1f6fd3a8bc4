//! The periods whose end people ask about.

use chrono::{Datelike, Days, Months, NaiveDate};

use super::band::HORIZON;

/// A period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// Its name in tables and answers.
    pub name: &'static str,
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
}

/// The periods as they are after the last complete day: this month is that of the day after it.
pub fn of(last_complete: NaiveDate) -> [Period; 4] {
    let next = last_complete + Days::new(1);
    let month = next - Days::new(u64::from(next.day0()));
    let (next_month, after_next) = (month + Months::new(1), month + Months::new(2));
    let days = |days: usize| last_complete + Days::new(days as u64);
    [
        Period { name: "next_7_days", from: next, to: days(7) },
        Period { name: "next_28_days", from: next, to: days(HORIZON) },
        Period { name: "this_month", from: month, to: next_month - Days::new(1) },
        Period { name: "next_month", from: next_month, to: after_next - Days::new(1) },
    ]
}

/// Days to the end of the farthest period.
pub fn farthest(last_complete: NaiveDate) -> usize {
    let ends = of(last_complete).map(|period| (period.to - last_complete).num_days());
    ends.into_iter().max().unwrap_or_default() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_those_of_the_day_to_come() {
        let dates = |text: &str| {
            let all = of(text.parse().expect("a date"));
            all.map(|it| format!("{}..{}", it.from, it.to))
        };
        let expected = [
            "2024-01-31..2024-02-06",
            "2024-01-31..2024-02-27",
            "2024-01-01..2024-01-31",
            "2024-02-01..2024-02-29",
        ];
        assert_eq!(dates("2024-01-30"), expected);
        assert_eq!(dates("2024-01-31")[2..], ["2024-02-01..2024-02-29", "2024-03-01..2024-03-31"]);
        assert_eq!(farthest("2024-01-31".parse().expect("a date")), 60);
    }
}
