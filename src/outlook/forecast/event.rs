//! Days of the trade's calendar on which revenue is not what the weeks before say.

use chrono::{Datelike, Days, NaiveDate};

/// How many times as wide a band is on a day of an event that the history has not seen often enough.
pub const WIDER: f64 = 3.0;
/// How often a history must have seen an event to know it.
const TIMES_SEEN: usize = 2;

/// The weekend from Black Friday to Cyber Monday.
const BLACK_FRIDAY: &str = "Black Friday to Cyber Monday";
/// The week in which shipping ends and shops close.
const CHRISTMAS: &str = "Christmas week";

const BOTH: &str = "Black Friday to Cyber Monday, Christmas week";

/// The event that a day belongs to.
pub fn of(day: NaiveDate) -> Option<&'static str> {
    let friday = black_friday(day.year());
    let is_within = |first: NaiveDate, days: i64| (0..days).contains(&(day - first).num_days());
    let christmas = NaiveDate::from_ymd_opt(day.year(), 12, 20)?;
    if is_within(friday?, 4) {
        Some(BLACK_FRIDAY)
    } else if is_within(christmas, 7) {
        Some(CHRISTMAS)
    } else {
        None
    }
}

/// The same, if a history of these days has not seen the event twice.
pub fn unknown(day: NaiveDate, first_day: NaiveDate, last_day: NaiveDate) -> Option<&'static str> {
    let event = of(day)?;
    let begin = |year: i32| match event {
        CHRISTMAS => NaiveDate::from_ymd_opt(year, 12, 20),
        _ => black_friday(year),
    };
    let years = first_day.year()..=last_day.year();
    let seen =
        years.filter_map(begin).filter(|begin| *begin >= first_day && *begin + Days::new(3) <= last_day);
    (seen.count() < TIMES_SEEN).then_some(event)
}

/// The names of several events in one text.
pub fn together(events: &[&'static str]) -> &'static str {
    match events {
        [] => "",
        [one] => one,
        _ => BOTH,
    }
}

/// The day after the fourth Thursday of November.
fn black_friday(year: i32) -> Option<NaiveDate> {
    NaiveDate::from_weekday_of_month_opt(year, 11, chrono::Weekday::Thu, 4)?.succ_opt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    #[test]
    fn events_have_their_days() {
        // 28 November 2024 is the fourth Thursday, 23 November 2023 was.
        for (text, event) in [
            ("2024-11-28", None),
            ("2024-11-29", Some(BLACK_FRIDAY)),
            ("2024-12-02", Some(BLACK_FRIDAY)),
            ("2024-12-03", None),
            ("2023-11-24", Some(BLACK_FRIDAY)),
            ("2024-12-19", None),
            ("2024-12-20", Some(CHRISTMAS)),
            ("2024-12-26", Some(CHRISTMAS)),
            ("2024-12-27", None),
        ] {
            assert_eq!(of(day(text)), event, "{text}");
        }
    }

    #[test]
    fn an_event_is_known_once_it_was_seen_twice() {
        let friday = day("2024-11-29");
        assert_eq!(unknown(friday, day("2022-11-26"), day("2024-11-20")), Some(BLACK_FRIDAY));
        assert_eq!(unknown(friday, day("2022-11-25"), day("2024-11-20")), None);
        assert_eq!(unknown(day("2024-11-28"), day("2024-01-01"), day("2024-11-20")), None);
        assert_eq!(unknown(day("2024-12-24"), day("2022-11-01"), day("2024-11-20")), None);
        assert_eq!(unknown(day("2024-12-24"), day("2023-11-01"), day("2024-11-20")), Some(CHRISTMAS));
    }
}
