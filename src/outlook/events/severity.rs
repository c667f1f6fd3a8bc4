//! How bad an event is: by the money at stake and the distance from the usual.

use super::event::{Event, Kind, Metric};
use super::thresholds::{ENTER, FAR, MONEY_SHARES, SPAM_RATE};

const LOW: usize = 0;
const MEDIUM: usize = 1;
const HIGH: usize = 2;
const CRITICAL: usize = 3;

/// 0 low to 3 critical. `score` is that of the most unusual day, `month` the account's revenue of 28 days.
pub fn of(event: &Event, score: f64, month: f64) -> usize {
    let is_good = event.kind == Kind::AboveUsual && !event.metric.is_complaint();
    if is_good {
        return LOW;
    }
    let share = if month > 0.0 { event.money / month } else { 0.0 };
    let by_money = MONEY_SHARES.iter().filter(|least| share >= **least).count();
    let by_distance = usize::from(score >= FAR * ENTER);
    let least = match event.kind {
        Kind::TrackingBroken | Kind::DataMissing => HIGH,
        Kind::FlowStopped => MEDIUM,
        _ if event.metric == Metric::SpamRate && event.observed >= SPAM_RATE => HIGH,
        _ => LOW,
    };
    (by_money + by_distance).max(least).min(CRITICAL)
}
