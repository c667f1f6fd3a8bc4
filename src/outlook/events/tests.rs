//! The edges of each threshold and the state machine of events, by hand.

use chrono::NaiveDate;

use super::baseline::{Value, at_distance, distance};
use super::days::{Account, ChannelRow};
use super::detect::detect;
use super::episode::{Change, Episode, Side};
use super::event::{Event, EventRow, Kind, Metric, SEVERITIES};
use super::scale::Scale;
use super::source::gather;
use super::thresholds::{CALM_DAYS, ENTER, LEAVE, NEW_USUAL_DAYS};
use super::watch::{Sides, Watch};
use super::{changed, severity};
use crate::outlook::Options;

/// A channel of 100 days: on each so much revenue, delivered, opens and clicks.
fn channel(name: &str, day: impl Fn(usize) -> Option<[f64; 4]>) -> ChannelRow {
    let days: Vec<usize> = (0..100).filter(|index| day(*index).is_some()).collect();
    let column = |index: usize| days.iter().filter_map(|it| Some(day(*it)?[index])).collect::<Vec<f64>>();
    let none = vec![0.0; days.len()];
    ChannelRow {
        account: "acme".to_owned(),
        channel: name.to_owned(),
        days: days.iter().map(|day| *day as u32).collect(),
        has_rows: vec![1; days.len()],
        ages: vec![30; days.len()],
        revenue: column(0),
        recipients: column(1),
        delivered: column(1),
        opens: column(2),
        clicks: column(3),
        conversions: none.clone(),
        unsubscribes: none.clone(),
        spam_complaints: none,
    }
}

/// The events of channels whose last day is so many days old: metric, kind, first day, last day, day of closing.
fn events(rows: &[ChannelRow], last_age: i64) -> Vec<(Metric, Kind, usize, usize, Option<usize>)> {
    let account = Account::new(rows, 100, last_age).expect("days");
    let mut events: Vec<_> = detect(&account, None, last_age)
        .into_iter()
        .map(|it| (it.event.metric, it.event.kind, it.event.opened, it.event.last_seen, it.event.closed))
        .collect();
    events.sort();
    events
}

const USUAL: [f64; 4] = [500.0, 10_000.0, 3000.0, 300.0];

#[test]
fn an_event_opens_at_one_level_stays_to_a_lower_one_and_closes_after_two_calm_days() {
    let mut episode = Episode::default();
    assert_eq!(episode.next(-LEAVE, None), None, "unusual, but not enough to open");
    assert_eq!(episode.next(-ENTER, Some(Side::Below)), Some(Change::Opened(Side::Below)));
    assert_eq!(episode.next(-LEAVE, None), Some(Change::Stays), "at the level of leaving it stays");
    assert_eq!(episode.next(-LEAVE + 0.01, None), Some(Change::Calm));
    assert_eq!(
        episode.next(-LEAVE, None),
        Some(Change::Stays),
        "one calm day does not close it: no flapping"
    );
    assert_eq!(episode.next(0.0, None), Some(Change::Calm));
    assert_eq!(
        episode.next(2.0 * ENTER, Some(Side::Above)),
        Some(Change::Closed),
        "the other side is calm too"
    );
    assert_eq!((CALM_DAYS, episode.is_open()), (2, false));
    assert_eq!(episode.next(ENTER, Some(Side::Above)), Some(Change::Opened(Side::Above)));
}

#[test]
fn what_lasts_is_the_new_usual() {
    let mut episode = Episode::default();
    episode.next(-ENTER, Some(Side::Below));
    for _ in 1..NEW_USUAL_DAYS {
        assert_eq!(episode.next(-ENTER, Some(Side::Below)), Some(Change::Stays));
    }
    assert_eq!(episode.next(-ENTER, Some(Side::Below)), Some(Change::NewUsual));
    episode.next(-ENTER, Some(Side::Below));
    for _ in 1..NEW_USUAL_DAYS {
        assert_eq!(episode.skip(), None, "days that say nothing leave it open");
    }
    assert_eq!(episode.skip(), Some(Change::NewUsual));
}

/// Distance -0.175 = 4 x (x - 1): x = 0.95625, to the fourth 0.836153. Of 1,050 that is 877.961, less the cushion 827.961.
#[test]
fn a_distance_is_taken_on_fourth_roots_with_a_cushion() {
    assert!((distance(827.9607, 1000.0, 50.0) + 0.175).abs() < 1e-6);
    assert!((at_distance(-0.175, 1000.0, 50.0) - 827.9607).abs() < 1e-3);
    assert_eq!(distance(16.0, 1.0, 0.0), 4.0);
    assert_eq!(distance(0.0, 0.0, 0.0), 0.0);
    assert_eq!(at_distance(-9.0, 1000.0, 50.0), 0.0, "never below 0");
}

#[test]
fn the_usual_distance_is_the_larger_of_tail_and_half_the_middle_and_never_tiny() {
    let scale = |distances: &[f64]| {
        let mut scale = Scale::sparing(6);
        distances.iter().for_each(|distance| scale.push(*distance));
        // The newest six may belong to what is judged.
        (0..6).for_each(|_| scale.push(9.0));
        scale.usual()
    };
    assert_eq!(scale(&[0.0; 27]), None, "28 days at least");
    assert_eq!(scale(&[0.0; 28]), Some(0.05));
    // One far day is an accident, the second one is the tail: 0.2326 / 2.326.
    let one = [vec![0.0; 55], vec![0.2326]].concat();
    let two = [vec![0.0; 54], vec![-0.2326, 0.9]].concat();
    assert_eq!(scale(&one), Some(0.05));
    assert!((scale(&two).expect("enough") - 0.1).abs() < 1e-9);
    // All the same: 0.2 / 2.326 = 0.086 against 1.4826 x 0.2 / 2 = 0.148.
    assert!((scale(&[0.2; 56]).expect("enough") - 0.14826).abs() < 1e-9);
    // Days older than eight weeks are forgotten.
    assert_eq!(scale(&[vec![9.0; 56], vec![0.0; 56]].concat()), Some(0.05));
}

/// The usual distance is 0.05, and 3.2 of them open: but a fall has to be two fifths of the expected. A rise has to be
/// 9.6 of them, 0.48: 1.12 to the fourth is 1.5735, of 1,050 less 50: 1,602.2.
#[test]
fn the_edges_of_falls_and_rises() {
    let change = |last: f64| {
        let mut watch = steady();
        watch.next(Value::amount(last), |_| true).1
    };
    assert_eq!(change(601.0), None);
    assert_eq!(change(600.0), Some(Change::Opened(Side::Below)));
    assert_eq!(change(1602.0), None);
    assert_eq!(change(1603.0), Some(Change::Opened(Side::Above)));
    // Complaints: a rise is as bad as a fall: 1.04 to the fourth is 1.16986; (100 + 25) x that - 25 = 121.23.
    let complaints = |last: f64, sides: Sides| {
        let mut watch = Watch::of_counts(sides);
        (0..70).for_each(|_| {
            watch.next(Value { amount: 100.0, of: 10_000.0 }, |_| true);
        });
        watch.next(Value { amount: last, of: 10_000.0 }, |_| true).1
    };
    assert_eq!(complaints(121.0, Sides::Rises), None);
    assert_eq!(complaints(122.0, Sides::Rises), Some(Change::Opened(Side::Above)));
    assert_eq!(complaints(0.0, Sides::Rises), None, "fewer complaints are no event");
    assert_eq!(complaints(122.0, Sides::Both), None);
}

fn steady() -> Watch {
    let mut watch = Watch::of_amounts();
    (0..70).for_each(|_| {
        watch.next(Value::amount(1000.0), |_| true);
    });
    watch
}

fn days_of(watch: &mut Watch, amount: f64, days: usize) -> Vec<Option<Change>> {
    (0..days).map(|_| watch.next(Value::amount(amount), |_| true).1).collect()
}

/// A third less, or three tenths, is nothing on one day, and something when it lasts three days, or seven. What was expected
/// before they began is what they are held against afterwards.
#[test]
fn days_together_say_more_than_one() {
    // 28 days before the last one have a mean of 935.7, of which 5 % are the cushion of a day: (4,900 + 327.5) / 7,327.5 to
    // the fourth root is 0.91904, 0.3238 off: 6.48 x 0.5 = 3.24 usual distances.
    for (amount, days) in [(650.0, 3), (700.0, 7)] {
        let mut watch = steady();
        let changes = days_of(&mut watch, amount, days);
        assert_eq!(changes[..days - 1], vec![None; days - 1], "{amount}");
        assert_eq!(changes[days - 1], Some(Change::Opened(Side::Below)), "{amount}");
        assert_eq!(days_of(&mut watch, amount, 2), [Some(Change::Stays); 2], "it lasts");
        assert_eq!(days_of(&mut watch, 1000.0, 2), [Some(Change::Calm), Some(Change::Closed)]);
        assert_eq!(days_of(&mut watch, 1000.0, 7), [None; 7], "the days of the event open no other");
    }
    // 7 x 705: (4,935 + 327.9) / 7,327.9 to the fourth root is 0.92057, 0.3177 off: 6.35 x 0.5 = 3.18.
    assert_eq!(days_of(&mut steady(), 705.0, 7), [None; 7]);
    // Where three days often are a third less, three such days are nothing.
    let mut watch = Watch::of_amounts();
    for day in 0..104 {
        let amount = if day % 10 < 3 { 650.0 } else { 1000.0 };
        watch.next(Value::amount(amount), |_| false);
    }
    assert_eq!(days_of(&mut watch, 650.0, 3), [None; 3]);
}

/// The figures and the words of three days are those of all of them, of which none is unusual by itself.
#[test]
fn a_sentence_speaks_of_the_days_that_it_stands_on() {
    let mut watch = steady();
    let judged: Vec<_> = (0..3).filter_map(|_| watch.next(Value::amount(650.0), |_| true).0).collect();
    assert_eq!((judged[0].figures.days, judged[2].figures.days), (1, 3));
    assert!(judged[0].figures.range.0 < 650.0, "one such day is usual: {:?}", judged[0]);
    let figures = judged[2].figures;
    assert!((figures.observed - 1950.0).abs() < 1e-9 && figures.of == 3.0, "{figures:?}");
    // A third of 3,000 less.
    assert!(
        (figures.range.0 - 2000.0).abs() < 1e-6 && (figures.expected - 3000.0).abs() < 1e-6,
        "{figures:?}"
    );
    let date = |day: usize| NaiveDate::default() + chrono::Days::new(day as u64);
    let told =
        |days, closed| super::words::sentence(&Event { days, closed, ..event("acme") }, date(51), date);
    assert!(
        told(3, None)
            .starts_with("Revenue of channel \"email\" in the 3 days to 1970-02-21: 1.00, 50 % below")
    );
    assert!(told(1, None).ends_with(". Seen from 1970-02-20 to 1970-02-21. Not known to be over."));
    assert!(told(1, Some(53)).starts_with("Revenue of channel \"email\" on 1970-02-21: "));
    assert!(told(1, Some(53)).ends_with(" Over on 1970-02-23."));
    // 0.0166 % beside 0.0152 %: three decimals tell them apart, two do not.
    let spam = Event {
        metric: Metric::SpamRate,
        kind: Kind::AboveUsual,
        observed: 0.000166,
        expected: 0.00012,
        range: (0.00008, 0.000152),
        ..event("acme")
    };
    let told = super::words::sentence(&spam, date(51), date);
    assert!(
        told.contains(": 0.017 %, 38 % above the expected 0.012 % (usual: 0.008 % to 0.015 %)."),
        "{told}"
    );
    let long = super::words::quoted(&"é\"\n".repeat(1000));
    assert!(long.chars().count() == 63 && long.ends_with("…\"") && long.starts_with("\"é'"), "{long}");
}

/// One weekday earns so much, the others 500. With 125 a week is 3,125 and 28 days are 12,500: 125 are 1 % of them.
#[test]
fn nothing_is_judged_without_a_floor_of_messages_or_money() {
    let silent_day = |messages: f64, revenue: f64| {
        let day = move |index| match index {
            90 => Some([0.0, messages, 0.0, 0.0]),
            _ if index % 7 == 6 => Some([revenue, messages, 0.0, 0.0]),
            _ => Some([500.0, messages, 0.0, 0.0]),
        };
        events(&[channel("email", day)], 30).len()
    };
    assert_eq!(silent_day(999.0, 124.0), 0, "124 are less than 1 %");
    assert_eq!(silent_day(999.0, 126.0), 1);
    assert_eq!(silent_day(1000.0, 124.0), 1);
}

#[test]
fn young_revenue_is_not_judged_and_messages_are() {
    let day = |index| match index {
        96.. => Some([200.0, 4000.0, 1200.0, 120.0]),
        _ => Some(USUAL),
    };
    let delivered = (Metric::Delivered, Kind::BelowUsual, 96, 99, None);
    assert_eq!(events(&[channel("email", day)], 1), [delivered], "yesterday's revenue still grows");
    assert_eq!(events(&[channel("email", day)], 3), [delivered], "day 96 is 6 days old");
    let old = events(&[channel("email", day)], 4);
    assert_eq!(old, [(Metric::Revenue, Kind::BelowUsual, 96, 96, None), delivered], "now it is 7 days old");
    // Where it is known how much such days grow they are compared as what they will be: 200 x 2.5 = 500.
    let account = Account::new(&[channel("email", day)], 100, 1).expect("days");
    let of_revenue = |growth: f64| {
        let found = detect(&account, Some([growth, growth, growth, growth, 1.0, 1.0]), 1);
        found.iter().filter(|it| it.event.metric == Metric::Revenue).count()
    };
    assert_eq!((of_revenue(2.5), of_revenue(1.5)), (0, 1));
}

#[test]
fn tracking_is_broken_where_clicks_go_on() {
    let broken = |opens: f64, clicks: f64| {
        let day = move |index| match index {
            90..94 => Some([500.0, 10_000.0, opens, clicks]),
            _ => Some(USUAL),
        };
        events(&[channel("email", day)], 30)
    };
    let tracking = (Metric::OpenRate, Kind::TrackingBroken, 90, 93, Some(94));
    assert_eq!(broken(0.0, 300.0), [tracking], "and not one of the open rate once more");
    assert_eq!(broken(30.0, 300.0), [tracking], "1 % of the expected 3,000");
    assert_eq!(broken(31.0, 300.0)[0].1, Kind::BelowUsual);
    // Clicks fall too: a quarter of them is left, or less.
    assert!(broken(0.0, 75.0).contains(&tracking));
    assert!(broken(0.0, 74.0).iter().all(|it| it.1 == Kind::BelowUsual));
}

#[test]
fn days_without_rows_are_missing_where_nearly_all_before_had_some() {
    let with_gap = |day: usize| if (90..93).contains(&day) { None } else { Some(USUAL) };
    let expected = [(Metric::Data, Kind::DataMissing, 90, 92, Some(93))];
    assert_eq!(events(&[channel("email", with_gap)], 30), expected, "missing, not zero: no other event");
    let ended = |day: usize| if day >= 98 { None } else { Some(USUAL) };
    assert_eq!(events(&[channel("email", ended)], 30), [(Metric::Data, Kind::DataMissing, 98, 99, None)]);
    // One channel of two has none: that is zero.
    let both = [channel("email", with_gap), channel("sms", |_| Some(USUAL))];
    let found = events(&both, 30);
    assert!(found.iter().all(|it| it.1 == Kind::BelowUsual), "{found:?}");
    // Rows on 19 of the 28 days before the newest, or on 20.
    let busy = |days: usize| {
        channel("email", move |day| (day < 30 || (70 - days..=70).contains(&day)).then_some(USUAL))
    };
    assert!(events(&[busy(19)], 30).iter().all(|it| it.2 != 71 || it.1 != Kind::DataMissing));
    assert!(events(&[busy(20)], 30).iter().any(|it| it.2 == 71 && it.1 == Kind::DataMissing));
}

fn event(account: &str) -> Event {
    Event {
        account: account.to_owned(),
        channel: "email".to_owned(),
        metric: Metric::Revenue,
        kind: Kind::BelowUsual,
        subject: String::new(),
        opened: 50,
        last_seen: 51,
        closed: Some(53),
        days: 1,
        observed: 1.0,
        expected: 2.0,
        range: (1.5, 3.0),
        money: 0.0,
        severity: 1,
        words: String::new(),
        reason: String::new(),
    }
}

#[test]
fn money_and_distance_make_an_event_severe() {
    let of =
        |money: f64, score: f64| SEVERITIES[severity::of(&Event { money, ..event("acme") }, score, 1000.0)];
    assert_eq!([of(9.9, ENTER), of(10.0, ENTER), of(30.0, ENTER), of(100.0, ENTER)], SEVERITIES);
    assert_eq!([of(9.9, 2.0 * ENTER), of(100.0, 2.0 * ENTER)], ["medium", "critical"]);
    let kind = |kind, metric, observed| {
        SEVERITIES
            [severity::of(&Event { kind, metric, observed, money: 0.0, ..event("acme") }, ENTER, 1000.0)]
    };
    assert_eq!(kind(Kind::AboveUsual, Metric::Revenue, 9.0), "low", "a good day is no accident");
    assert_eq!(kind(Kind::FlowStopped, Metric::Delivered, 0.0), "medium");
    assert_eq!(kind(Kind::TrackingBroken, Metric::OpenRate, 0.0), "high");
    assert_eq!(kind(Kind::DataMissing, Metric::Data, 0.0), "high");
    assert_eq!(kind(Kind::AboveUsual, Metric::SpamRate, 0.0029), "low");
    assert_eq!(kind(Kind::AboveUsual, Metric::SpamRate, 0.003), "high");
}

#[test]
fn more_than_a_fifth_of_the_accounts_are_the_source() {
    let firing = |count: usize, accounts: usize| {
        let mut events: Vec<Event> = (0..count).map(|index| event(&index.to_string())).collect();
        gather(&mut events, accounts);
        events
    };
    assert_eq!(firing(2, 10).len(), 2, "a fifth, and no more");
    assert_eq!(firing(4, 4).len(), 4, "four accounts are too few");
    assert_eq!(firing(2, 8).len(), 2, "more than a fifth, but two of them may have it by chance");
    assert_eq!(firing(3, 8).len(), 1);
    let of_source = firing(3, 10);
    assert_eq!((of_source.len(), of_source[0].account.as_str(), of_source[0].observed), (1, "", 3.0));
    assert_eq!((of_source[0].last_seen, of_source[0].closed), (51, Some(53)));
    // Open as long as one of them is.
    let mut events: Vec<Event> = ["a", "b", "c"].map(event).into();
    events[1].closed = None;
    events.push(Event { opened: 51, ..event("d") });
    gather(&mut events, 10);
    assert_eq!(
        events.iter().map(|it| (it.account.as_str(), it.closed)).collect::<Vec<_>>(),
        [("d", Some(53)), ("", None)]
    );
}

#[test]
fn a_rerun_changes_nothing_and_what_is_gone_is_over() {
    let day = |text: &str| text.parse::<NaiveDate>().expect("a date");
    let options = Options {
        accounts: Vec::new(),
        made_on: day("2024-04-10"),
        last_complete: day("2024-04-09"),
        today: day("2024-04-10"),
        now: 1000,
    };
    let row = |event: &Event| EventRow::new(event, day("2024-01-01"), 1000);
    let open = row(&Event { closed: None, ..event("acme") });
    assert_eq!(changed(vec![open.clone()], Vec::new(), &options), std::slice::from_ref(&open));
    let later = EventRow { updated_at: 2000, ..open.clone() };
    assert_eq!(changed(vec![later], vec![open.clone()], &options), []);
    // It closed: the same id, and a newer row even where the clock went back.
    let closed = row(&event("acme"));
    assert_eq!(closed.event_id, open.event_id);
    let stored = EventRow { updated_at: 5000, ..open.clone() };
    assert_eq!(
        changed(vec![closed.clone()], vec![stored], &options),
        [EventRow { updated_at: 5001, ..closed.clone() }]
    );
    let gone = changed(Vec::new(), vec![open.clone()], &options);
    assert_eq!((gone.len(), gone[0].closed_on), (1, Some(day("2024-04-09"))));
    assert_eq!(changed(Vec::new(), vec![closed], &options), [], "what is over stays as it was told");
    // Ids differ by everything that makes an event.
    let ids = [
        event("acme"),
        event("other"),
        Event { channel: String::new(), ..event("acme") },
        Event { kind: Kind::AboveUsual, ..event("acme") },
        Event { subject: "f1".to_owned(), ..event("acme") },
        Event { opened: 51, ..event("acme") },
    ];
    let ids: std::collections::BTreeSet<String> = ids.iter().map(|event| row(event).event_id).collect();
    assert_eq!(ids.len(), 6);
}
