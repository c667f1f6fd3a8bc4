use super::*;
use crate::outlook::forecast::history::ChannelDays;

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

fn close(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-6, "{found}, expected {expected}");
}

/// Channels of an account, each a value a day up to 10 March 2024, read on the 11th or so many days later.
fn history(channels: &[(&str, Vec<f64>)], read_later: u32) -> History {
    history_to(day("2024-03-10"), channels, read_later)
}

fn history_to(last: NaiveDate, channels: &[(&str, Vec<f64>)], read_later: u32) -> History {
    let length = channels[0].1.len() as u32;
    let rows: Vec<ChannelDays> = channels
        .iter()
        .map(|(name, revenues)| ChannelDays {
            account: "acme".to_owned(),
            channel: (*name).to_owned(),
            days: (0..length).collect(),
            revenues: revenues.clone(),
            read_on: vec![length + read_later; length as usize],
        })
        .collect();
    let known_on = last + Days::new(u64::from(read_later) + 1);
    History::new(&rows, last - Days::new(u64::from(length) - 1), last, known_on).expect("days")
}

fn landing<'a>(outlook: &'a AccountOutlook, channel: &str, period: &str) -> &'a Landing {
    let found = outlook.landings.iter().find(|it| it.channel == channel && it.period.name == period);
    found.unwrap_or_else(|| panic!("no {period} of {channel}"))
}

#[test]
fn a_steady_account_lands_where_it_goes() {
    let outlook = look_ahead(&history(&[("email", vec![10.0; 140])], 30), None, day("2024-03-10"));
    assert_eq!((outlook.trained_to, outlook.days.len()), (day("2024-03-10"), 56));
    let month = landing(&outlook, ALL, "this_month");
    // 10 days of March are in, 21 are to come.
    close(month.already_in, 100.0);
    let (expected, eighty, _) = month.expected.expect("a forecast");
    close(expected, 310.0);
    close(eighty.upper - eighty.lower, 0.0);
    close(landing(&outlook, "email", "next_month").expected.expect("a forecast").0, 300.0);
    close(landing(&outlook, ALL, "next_7_days").expected.expect("a forecast").0, 70.0);
    close(landing(&outlook, ALL, "next_7_days").already_in, 0.0);
}

#[test]
fn young_days_are_left_out_or_grown_up() {
    // The last 6 days have earned 8 of 10 so far.
    let seen = || [vec![10.0; 134], vec![8.0; 6]].concat();
    let history = history(&[("email", seen())], 0);
    let left_out = look_ahead(&history, None, day("2024-03-10"));
    assert_eq!(left_out.trained_to, day("2024-03-04"));
    let grown = look_ahead(&history, Some([1.25; 6]), day("2024-03-10"));
    assert_eq!(grown.trained_to, day("2024-03-10"));
    for outlook in [&left_out, &grown] {
        let month = landing(outlook, ALL, "this_month");
        close(month.already_in, 4.0 * 10.0 + 6.0 * 8.0);
        close(month.expected.expect("a forecast").0, 310.0);
        assert!(outlook.days.iter().all(|day| (day.expected - 10.0).abs() < 1e-6));
        assert_eq!(outlook.days[0].date, day("2024-03-11"));
    }
}

#[test]
fn what_is_in_is_the_least_that_comes() {
    // A week that earned ten times as much: the account is not expected to go on so, and cannot land below it.
    let days = [vec![10.0; 133], vec![100.0; 7]].concat();
    let outlook = look_ahead(&history(&[("email", days)], 30), None, day("2024-03-10"));
    let month = landing(&outlook, ALL, "this_month");
    let (expected, eighty, ninety_five) = month.expected.expect("a forecast");
    close(month.already_in, 730.0);
    assert!(730.0 < expected && 730.0 <= ninety_five.lower && ninety_five.lower <= eighty.lower);
    assert!(eighty.lower <= expected && expected <= eighty.upper && eighty.upper <= ninety_five.upper);
}

#[test]
fn channels_add_up_to_the_account() {
    let email: Vec<f64> = (0..200).map(|day| f64::from(50 + day % 7 + day / 3)).collect();
    let sms: Vec<f64> = (0..200).map(|day| f64::from((day * 37) % 11)).collect();
    // Earns since 30 days.
    let push = [vec![0.0; 170], vec![20.0; 30]].concat();
    let quiet = [vec![30.0; 100], vec![0.0; 100]].concat();
    let all = history(&[("email", email), ("push", push), ("quiet", quiet), ("sms", sms)], 30);
    let outlook = look_ahead(&all, None, day("2024-03-10"));
    let of = |date: NaiveDate, is_all: bool| -> f64 {
        let days = outlook.days.iter().filter(|day| day.date == date && (day.channel == ALL) == is_all);
        days.map(|day| day.expected).sum()
    };
    for horizon in 1..=28 {
        let date = day("2024-03-10") + Days::new(horizon);
        close(of(date, true), of(date, false));
    }
    let periods = |channel: &str| landing(&outlook, channel, "this_month").expected.map(|it| it.0);
    close(
        ["email", "push", "sms"].iter().filter_map(|it| periods(it)).sum(),
        periods(ALL).expect("a forecast"),
    );
    assert_eq!(periods("quiet"), None);
    let reason = &landing(&outlook, "quiet", "this_month").reason;
    assert_eq!(reason, "0 of the last 56 days earned something, a forecast takes 8");
    let reason = &landing(&outlook, "push", "this_month").reason;
    assert_eq!(reason, "earns since 2024-02-10: its band is the account's, 2 times as wide");
}

#[test]
fn no_forecast_has_a_reason_and_says_what_is_in() {
    let outlook = look_ahead(&history(&[("email", vec![10.0; 55])], 30), None, day("2024-03-10"));
    assert!(outlook.days.is_empty() && outlook.backtest.is_none());
    assert_eq!(outlook.landings.len(), 4);
    let month = landing(&outlook, ALL, "this_month");
    assert_eq!(month.expected.map(|it| it.0), None);
    close(month.already_in, 100.0);
    assert_eq!(month.reason, "55 days of history, a forecast takes 56");
}

#[test]
fn an_unknown_event_widens_the_band_and_is_named() {
    // Up and down by turns: there is a band. The days to come have no event, those of late November have.
    let days: Vec<f64> = (0..200).map(|day| f64::from(100 + (day * 37) % 41)).collect();
    let plain = history(&[("email", days.clone())], 30);
    let before = history_to(day("2024-11-20"), &[("email", days)], 30);
    let [plain, before] = [&plain, &before].map(|it| look_ahead(it, None, it.last_complete));
    let width = |band: Band| band.upper - band.lower;
    for (index, (one, other)) in plain.days.iter().zip(&before.days).enumerate().take(28) {
        // 29 November to 2 December.
        let is_event = (8..12).contains(&index);
        assert_eq!(other.event.is_empty(), !is_event, "{}", other.date);
        let times = if is_event { 3.0 } else { 1.0 };
        assert!(width(other.eighty) <= times * width(one.eighty) + 1e-6);
        assert!(other.eighty.upper - other.expected + 1e-6 >= times * (one.eighty.upper - one.expected));
    }
    let (one, other) = (landing(&plain, ALL, "next_28_days"), landing(&before, ALL, "next_28_days"));
    assert_eq!((one.event, other.event), ("", "Black Friday to Cyber Monday"));
    assert!(width(other.expected.expect("a forecast").1) > width(one.expected.expect("a forecast").1));
    assert_eq!(landing(&before, ALL, "next_month").event, event::together(&["a", "b"]), "December has both");
}
