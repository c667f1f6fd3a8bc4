//! What the database should look like: the summary tables and helper views, read from their own DDL.

pub mod capacity;
mod definition;
pub mod diff;
pub mod grants;
pub mod ledger;
pub mod live;
pub mod migrate;
pub mod preflight;
mod source;
pub mod source_reading;
mod summary_table;
pub mod topology;
pub mod trouble;
pub mod verify;

pub use definition::{Column, Definition, assignments};
pub use source::{CAMPAIGN_SOURCE, FLOW_SOURCE, SOURCES, SourceSnapshot, SourceView, copies_are_in_memory};
pub use summary_table::{Care, Grain, SummaryTable};

use crate::sql::{self, Sql};

macro_rules! summary_table {
    ($name:literal, $grain:ident, $snapshots:expr) => {
        SummaryTable {
            name: $name,
            grain: Grain::$grain,
            ddl: sql::embed!("tables/" $name),
            refresh: sql::embed!("refresh/" $name),
            snapshots: $snapshots,
        }
    };
}

/// The summary tables in the order of publishing: the five daily ones, then the two rollups.
pub static TABLES: [SummaryTable; 7] = [
    summary_table!("campaign_ai_summary", Daily, &[&CAMPAIGN_SOURCE]),
    summary_table!("flow_ai_summary", Daily, &[&FLOW_SOURCE]),
    summary_table!("channel_performance_daily", Daily, &[&CAMPAIGN_SOURCE, &FLOW_SOURCE]),
    summary_table!("segment_ai_trends", Daily, &[]),
    summary_table!("form_ai_performance", Daily, &[]),
    summary_table!("campaign_weekly_rollup", Weekly, &[&CAMPAIGN_SOURCE]),
    summary_table!("flow_weekly_rollup", Weekly, &[&FLOW_SOURCE]),
];

impl SummaryTable {
    /// Looks a table up by its name.
    pub fn find(name: &str) -> Option<&'static SummaryTable> {
        TABLES.iter().find(|table| table.name == name)
    }
}

/// The helper views.
pub static VIEWS: [Sql; 8] = [
    sql::embed!("views/ai_best_performers"),
    sql::embed!("views/ai_campaign_recent"),
    sql::embed!("views/ai_campaign_weekly"),
    sql::embed!("views/ai_channel_comparison"),
    sql::embed!("views/ai_day_of_week_patterns"),
    sql::embed!("views/ai_flow_recent"),
    sql::embed!("views/ai_flow_weekly"),
    sql::embed!("views/ai_historical_baseline"),
];

/// The tables of the outlook: what `populate` appends after a refresh. None is swapped, each forgets by itself.
pub static OUTLOOK_TABLES: [Sql; 6] = [
    sql::embed!("outlook/ai_revenue_forecast"),
    sql::embed!("outlook/ai_revenue_landing"),
    sql::embed!("outlook/ai_revenue_vintage"),
    sql::embed!("outlook/ai_forecast_accuracy"),
    sql::embed!("outlook/ai_model_registry"),
    sql::embed!("outlook/ai_anomaly_events"),
];

/// The views over them.
pub static OUTLOOK_VIEWS: [Sql; 1] = [sql::embed!("outlook/ai_revenue_outlook")];

/// The tables of the chatbot's door: its log, what people told, and their questions.
pub static CHAT_TABLES: [&Sql; 3] = [&sql::CHAT_LOG, &sql::NOTES, &sql::SAVED_QUESTIONS];

/// The views over its log. They show everybody's use: for operators and their dashboards, never for a chatbot.
pub static CHAT_VIEWS: [Sql; 2] =
    [sql::embed!("chat/ai_usage_daily"), sql::embed!("chat/ai_model_performance")];

/// Every view that migrate makes.
pub fn all_views() -> impl Iterator<Item = &'static Sql> {
    VIEWS.iter().chain(&OUTLOOK_VIEWS).chain(&CHAT_VIEWS)
}

/// The tables of the alerts: what is told, and what is not to be told for some days.
pub static ALERT_TABLES: [Sql; 2] =
    [sql::embed!("alert/ai_alert_outbox"), sql::embed!("alert/ai_alert_mutes")];

/// The tables beside the summary tables whose rows go with an account, but for those of the door.
pub fn beside_of_accounts() -> impl Iterator<Item = &'static str> {
    outlook_of_accounts().chain(ALERT_TABLES.iter().map(Sql::object))
}

/// The tables of the outlook whose rows belong to an account.
pub fn outlook_of_accounts() -> impl Iterator<Item = &'static str> {
    let of_account = |ddl: &&Sql| ddl.text.contains("\n    klaviyo_public_id ");
    OUTLOOK_TABLES.iter().filter(of_account).map(Sql::object)
}

/// The table that is kept for the forecast alone.
const YOUNG_REVENUE: &str = "ai_revenue_vintage";

/// The tables and views of the outlook that people and chatbots read.
pub fn outlook_to_read() -> impl Iterator<Item = &'static Sql> {
    let is_read =
        |ddl: &&Sql| outlook_of_accounts().any(|name| name == ddl.object() && name != YOUNG_REVENUE);
    OUTLOOK_TABLES.iter().filter(is_read).chain(&OUTLOOK_VIEWS)
}

/// The tables whose rows belong to an account and are read by others: each needs a row policy.
pub fn tables_to_read() -> impl Iterator<Item = &'static str> {
    let outlook =
        outlook_to_read().map(Sql::object).filter(|name| outlook_of_accounts().any(|table| table == *name));
    TABLES.iter().map(|table| table.name).chain(outlook)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_may_read_every_table_and_view() {
        let tables = TABLES.iter().map(|table| table.name);
        let objects = tables.chain(VIEWS.iter().map(Sql::object)).chain(outlook_to_read().map(Sql::object));
        assert_eq!(objects.collect::<Vec<_>>(), sql::READABLE);
    }
}
