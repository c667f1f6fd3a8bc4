//! The rows of the outlook's tables.

use chrono::NaiveDate;
use clickhouse::Row;
use serde::{Deserialize, Serialize};

use super::MODEL;
use super::account::AccountOutlook;
use crate::db::Db;
use crate::outlook::Options;

/// How the model works, in a sentence.
const METHOD: &str = "mean of four: weekly levels (exponentially weighted by 0.3 and 0.5, odd weeks clipped, and by 0.7) \
     times the weekday's share of 52 weeks, and the median of 5 same weekdays; from 400 days on a fifth of last year's \
     shape; bands by residual paths of up to 52 earlier origins; channels scaled to the account";
/// Its parameters.
const PARAMETERS: &str = r#"{"levels":[{"speed":0.3,"clipped":2.5},{"speed":0.5,"clipped":2.5},{"speed":0.7}],"share_weeks":52,"median_weeks":5,"year_from_days":400,"year_weight":0.2,"origins":52,"least_origins":8,"training_weeks":8,"event_widening":3}"#;

/// A row of `ai_revenue_forecast`.
#[derive(Clone, Debug, Row, Serialize, Deserialize)]
pub struct DayRow {
    klaviyo_public_id: String,
    send_channel: String,
    #[serde(with = "clickhouse::serde::chrono::date")]
    made_on: NaiveDate,
    #[serde(with = "clickhouse::serde::chrono::date")]
    for_date: NaiveDate,
    horizon: u8,
    expected: f64,
    lower_80: f64,
    upper_80: f64,
    lower_95: f64,
    upper_95: f64,
    model: String,
    event: String,
    #[serde(with = "clickhouse::serde::chrono::date")]
    known_on: NaiveDate,
    made_at: u32,
}

/// A row of `ai_revenue_landing`.
#[derive(Clone, Debug, Row, Serialize, Deserialize)]
pub struct LandingRow {
    klaviyo_public_id: String,
    send_channel: String,
    #[serde(with = "clickhouse::serde::chrono::date")]
    made_on: NaiveDate,
    period: String,
    #[serde(with = "clickhouse::serde::chrono::date")]
    from_day: NaiveDate,
    #[serde(with = "clickhouse::serde::chrono::date")]
    to_day: NaiveDate,
    already_in: f64,
    expected: Option<f64>,
    lower_80: Option<f64>,
    upper_80: Option<f64>,
    lower_95: Option<f64>,
    upper_95: Option<f64>,
    model: String,
    event: String,
    reason: String,
    #[serde(with = "clickhouse::serde::chrono::date")]
    trained_to: NaiveDate,
    made_at: u32,
}

/// A row of `ai_model_registry`.
#[derive(Clone, Debug, Row, Serialize, Deserialize)]
pub struct RegistryRow {
    run_id: String,
    model: String,
    method: String,
    parameters: String,
    aiviews_version: String,
    #[serde(with = "clickhouse::serde::chrono::date")]
    made_on: NaiveDate,
    #[serde(with = "clickhouse::serde::chrono::date")]
    pub(super) trained_to: NaiveDate,
    pub(super) accounts: u32,
    pub(super) accounts_without: u32,
    pub(super) backtest_mase: Option<f64>,
    pub(super) backtest_total_error_pct: Option<f64>,
    pub(super) backtest_coverage_pct: Option<f64>,
    pub(super) duration_ms: u64,
    made_at: u32,
}

impl RegistryRow {
    pub(super) fn new(db: &Db, options: &Options) -> RegistryRow {
        RegistryRow {
            run_id: db.run_id().to_owned(),
            model: MODEL.to_owned(),
            method: METHOD.to_owned(),
            parameters: PARAMETERS.to_owned(),
            aiviews_version: env!("CARGO_PKG_VERSION").to_owned(),
            made_on: options.made_on,
            trained_to: options.last_complete,
            accounts: 0,
            accounts_without: 0,
            backtest_mase: None,
            backtest_total_error_pct: None,
            backtest_coverage_pct: None,
            duration_ms: 0,
            made_at: options.now,
        }
    }
}

/// The days of an account.
pub(super) fn days<'a>(
    outlook: &'a AccountOutlook,
    options: &'a Options,
) -> impl Iterator<Item = DayRow> + 'a {
    outlook.days.iter().map(|day| DayRow {
        klaviyo_public_id: outlook.account.clone(),
        send_channel: day.channel.clone(),
        made_on: options.made_on,
        for_date: day.date,
        horizon: day.horizon,
        expected: day.expected,
        lower_80: day.eighty.lower,
        upper_80: day.eighty.upper,
        lower_95: day.ninety_five.lower,
        upper_95: day.ninety_five.upper,
        model: MODEL.to_owned(),
        event: day.event.to_owned(),
        known_on: outlook.known_on,
        made_at: options.now,
    })
}

/// The periods of an account.
pub(super) fn landings<'a>(
    outlook: &'a AccountOutlook,
    options: &'a Options,
) -> impl Iterator<Item = LandingRow> + 'a {
    outlook.landings.iter().map(|landing| {
        let (eighty, ninety_five) =
            (landing.expected.map(|(_, band, _)| band), landing.expected.map(|(_, _, band)| band));
        LandingRow {
            klaviyo_public_id: outlook.account.clone(),
            send_channel: landing.channel.clone(),
            made_on: options.made_on,
            period: landing.period.name.to_owned(),
            from_day: landing.period.from,
            to_day: landing.period.to,
            already_in: landing.already_in,
            expected: landing.expected.map(|(expected, ..)| expected),
            lower_80: eighty.map(|band| band.lower),
            upper_80: eighty.map(|band| band.upper),
            lower_95: ninety_five.map(|band| band.lower),
            upper_95: ninety_five.map(|band| band.upper),
            model: MODEL.to_owned(),
            event: landing.event.to_owned(),
            reason: landing.reason.clone(),
            trained_to: outlook.trained_to,
            made_at: options.now,
        }
    })
}
