//! The embedded catalogue: the explicit list of every file in `sql/`, and the composition of shared fragments.
//!
//! A file holds one statement and is named after its object. A line `--# include fragments/x.sql` stands for the text of
//! `x.sql` in the folder `fragments` of `sql/dashboard/`, `sql/questions/`, `sql/refresh/` or `sql/seed/`: whole steps of
//! a `WITH`, or items of a list. A fragment ends without a comma; the line that includes it has one where more follows.

use std::borrow::Cow;

/// A statement with its name in the catalogue.
#[derive(Clone, Debug)]
pub struct Sql {
    /// Path below `sql/` without the ending, such as `views/ai_flow_recent`.
    pub name: Cow<'static, str>,
    /// The statement's text.
    pub text: Cow<'static, str>,
}

macro_rules! embed {
    ($($part:literal)+) => {
        $crate::sql::Sql {
            name: std::borrow::Cow::Borrowed(concat!($($part),+)),
            text: std::borrow::Cow::Borrowed(include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/sql/", $($part,)+ ".sql"))),
        }
    };
}
pub(crate) use embed;

impl Sql {
    /// The last part of the name: the object that the file is about.
    pub fn object(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or(&self.name)
    }

    /// Splices the included fragments into the text.
    pub fn composed(&self) -> Sql {
        Sql { name: self.name.clone(), text: splice(&self.text).into() }
    }
}

const INCLUDE: &str = "--# include fragments/";

fn splice(text: &str) -> String {
    let mut lines = Vec::new();
    for line in text.lines() {
        match line.trim_start().strip_prefix(INCLUDE) {
            Some(file) => {
                let (file, comma) =
                    file.trim().strip_suffix(',').map_or((file.trim(), ""), |file| (file, ","));
                lines.push(splice(&fragment(file).text) + comma);
            }
            None => lines.push(line.to_owned()),
        }
    }
    lines.join("\n")
}

fn fragment(file: &str) -> &'static Sql {
    let name = file.trim_end_matches(".sql");
    let found = FRAGMENTS.iter().find(|fragment| fragment.object() == name);
    found.unwrap_or_else(|| panic!("fragments/{file} is not in the catalogue"))
}

/// Columns of the source views, as production has them: view, position, column, type.
pub const SOURCE_CONTRACT: &str = include_str!("../sql/sources.tsv");
/// Columns of the tables and views that production's readers know: object, kind, position, column, type.
pub const CONTRACT: &str = include_str!("../sql/contract.tsv");
/// The summary tables, the views over them and the outlook: all that a reader may read.
pub const READABLE: &[&str] = &[
    "campaign_ai_summary",
    "flow_ai_summary",
    "channel_performance_daily",
    "segment_ai_trends",
    "form_ai_performance",
    "campaign_weekly_rollup",
    "flow_weekly_rollup",
    "ai_best_performers",
    "ai_campaign_recent",
    "ai_campaign_weekly",
    "ai_channel_comparison",
    "ai_day_of_week_patterns",
    "ai_flow_recent",
    "ai_flow_weekly",
    "ai_historical_baseline",
    "ai_revenue_forecast",
    "ai_revenue_landing",
    "ai_forecast_accuracy",
    "ai_anomaly_events",
    "ai_revenue_outlook",
];
/// Tables and views that exist.
pub static LIVE_OBJECTS: Sql = embed!("schema/live_objects");
/// Columns of the tables and views that exist.
pub static LIVE_COLUMNS: Sql = embed!("schema/live_columns");
/// Statements in the server's own formatting.
pub static NORMALIZED: Sql = embed!("schema/normalized");
/// Applied migrations.
pub static LEDGER_ENTRIES: Sql = embed!("schema/ledger_entries");
/// Records an applied migration.
pub static RECORD_STEP: Sql = embed!("schema/record_step");
/// Corrects comments.
pub static SET_COMMENTS: Sql = embed!("schema/set_comments");
/// Corrects settings.
pub static SET_SETTINGS: Sql = embed!("schema/set_settings");
/// Partitions of our tables.
pub static PARTITION_COUNTS: Sql = embed!("schema/partition_counts");
/// Rows that must not be there; `verify` puts table and columns into its slots.
pub static INVARIANTS: Sql = embed!("checks/invariants");
/// Ranges of accounts that a rebuild copies at once.
pub static REBUILD_RANGES: Sql = embed!("schema/rebuild_ranges");
/// Copies one of them.
pub static REBUILD_COPY: Sql = embed!("schema/rebuild_copy");
/// What the newest row of each key in a range is.
pub static NEWEST_FINGERPRINT: Sql = embed!("schema/newest_fingerprint");
/// What all rows in a range are.
pub static STORED_FINGERPRINT: Sql = embed!("schema/stored_fingerprint");
/// Rows of a table.
pub static ROW_COUNT: Sql = embed!("schema/row_count");
/// Tables whose name begins so.
pub static TABLES_BY_PREFIX: Sql = embed!("schema/tables_by_prefix");
/// Renames a table.
pub static RENAME_TABLE: Sql = embed!("schema/rename_table");
/// Exchanges two tables.
pub static EXCHANGE_TABLES: Sql = embed!("schema/exchange_tables");
/// Fills a staging table; `schema` puts columns and rows into its slots.
pub static STAGE: Sql = embed!("refresh/stage");
/// Row policies of the database.
pub static CHATBOT_POLICIES: Sql = embed!("checks/chatbot_policies");
/// Grants to users and roles.
pub static CHATBOT_GRANTS: Sql = embed!("checks/chatbot_grants");
/// Roles of users and roles.
pub static CHATBOT_ROLES: Sql = embed!("checks/chatbot_roles");
/// Whether there is such a user.
pub static CHATBOT_USERS: Sql = embed!("checks/chatbot_users");
/// Settings profiles that name whom they are for.
pub static CHATBOT_PROFILES: Sql = embed!("checks/chatbot_profiles");
/// Limits of users, roles and profiles.
pub static CHATBOT_SETTINGS: Sql = embed!("checks/chatbot_settings");
/// Views that run with other rights than their reader's.
pub static CHATBOT_VIEWS: Sql = embed!("checks/chatbot_views");
/// Reads no row of a source; `source_reading` puts the columns into its slot.
pub static SOURCE_READABLE: Sql = embed!("checks/source_readable");
/// What the SELECT of a source view gives; `source_reading` puts it into its slot.
pub static SOURCE_TYPES: Sql = embed!("checks/source_types");
/// Settings that the server knows.
pub static KNOWN_SETTINGS: Sql = embed!("db/known_settings");
/// Room on the disk of a table.
pub static FREE_SPACE: Sql = embed!("run/free_space");
/// Version and database of the server.
pub static SERVER_FACTS: Sql = embed!("db/server_facts");
/// Waits for what other replicas know.
pub static SYNC_REPLICA: Sql = embed!("db/sync_replica");
/// Engines of the database's tables.
pub static TABLE_ENGINES: Sql = embed!("schema/table_engines");
/// Clusters that the server knows.
pub static CLUSTERS: Sql = embed!("schema/clusters");
/// What the server's macros, such as `{shard}`, stand for.
pub static MACROS: Sql = embed!("schema/macros");
/// A table over one object of all shards.
pub static DISTRIBUTED: Sql = embed!("schema/distributed");
/// Which server answers.
pub static WHICH_SERVER: Sql = embed!("db/which_server");
/// Creates the embedded engine's database.
pub static CREATE_DATABASE: Sql = embed!("db/create_database");
/// Stops a query.
pub static KILL_QUERY: Sql = embed!("db/kill_query");
/// Whether the user has privileges.
pub static CHECK_GRANT: Sql = embed!("db/check_grant");
/// Who the user is.
pub static SESSION_USER: Sql = embed!("db/session_user");
/// The lock table.
pub static REFRESH_LOCK: Sql = embed!("lock/ai_refresh_lock");
/// Who holds the lock.
pub static LOCK_HOLDER: Sql = embed!("lock/lock_holder");
/// How long the lock's owner has been silent.
pub static LOCK_SILENCE: Sql = embed!("lock/lock_silence");
/// The same by the files of its table, where its rows cannot be read.
pub static LOCK_WRITTEN: Sql = embed!("lock/lock_written");
/// Puts a dead lock aside.
pub static LOCK_TAKE_OVER: Sql = embed!("lock/lock_take_over");
/// Drops a working table.
pub static DROP_TABLE: Sql = embed!("run/drop_table");
/// The engine of a table.
pub static TABLE_ENGINE: Sql = embed!("run/table_engine");
/// Working tables that runs left behind.
pub static WORKING_TABLES: Sql = embed!("run/working_tables");
/// The server's now, today and time zone: a run has no clock of its own.
pub static CLOCK: Sql = embed!("run/clock");
/// Accounts left in publishing.
pub static LEFT_IN_PUBLISHING: Sql = embed!("run/left_in_publishing");
/// Swaps that were announced and never reported.
pub static HALF_PUBLISHED: Sql = embed!("db/half_published");
/// The parts of an account.
pub static ACCOUNT_PARTS: Sql = embed!("db/account_parts");
/// Removes a part.
pub static DROP_PART: Sql = embed!("db/drop_part");
/// Accounts that this window is done for.
pub static ALREADY_PUBLISHED: Sql = embed!("run/already_published");
/// How far runs have read each table of an account.
pub static PUBLISHED_THROUGH: Sql = embed!("run/published_through");
/// Accounts in the sources.
pub static ACCOUNTS: Sql = embed!("refresh/accounts");
/// The account ids of the sources.
pub static SOURCE_IDS: Sql = embed!("refresh/source_ids");
/// The accounts of the summary tables.
pub static SUMMARY_ACCOUNTS: Sql = embed!("status/accounts");
/// Those of one table, for its slot.
pub static ACCOUNTS_OF_TABLE: Sql = embed!("status/accounts_of_table");
/// The accounts of the sources.
pub static SOURCE_ACCOUNTS: Sql = embed!("status/source_accounts");
/// Accounts that equal an asked one but for case.
pub static KNOWN_ACCOUNTS: Sql = embed!("refresh/known_accounts");
/// Accounts of the summary tables that equal an asked one but for case.
pub static SUMMARIZED_ACCOUNTS: Sql = embed!("status/summarized_accounts");
/// Counts what a table holds; `schema` puts the date column, and what is counted and how, into its slots.
pub static PRESENT: Sql = embed!("checks/present");
/// Audits staged rows; `schema` puts key, date column and float columns into its slots.
pub static STAGED: Sql = embed!("checks/staged");
/// Finds values that do not fit their columns; `schema` puts the rows and their largest values into its slots.
pub static OVERFLOW: Sql = embed!("checks/overflow");
/// Source rows left out because of their revenue.
pub static REJECTED: Sql = embed!("checks/rejected");
/// Makes the table that tells whether the server started again.
pub static CREATE_WITNESS: Sql = embed!("run/create_witness");
/// Makes a staging table.
pub static CREATE_STAGING: Sql = embed!("run/create_staging");
/// Merges a staged partition into one part.
pub static MERGE_PARTITION: Sql = embed!("run/merge_partition");
/// Swaps a partition.
pub static PUBLISH_PARTITION: Sql = embed!("run/publish_partition");
/// Drops a partition.
pub static DROP_PARTITION: Sql = embed!("run/drop_partition");
/// Rows dated after as_of.
pub static LATER_DATES: Sql = embed!("checks/later_dates");
/// The last runs.
pub static RUNS: Sql = embed!("status/runs");
/// Size and freshness of a table.
pub static TABLE_STATUS: Sql = embed!("status/table");
/// What runs did to one account.
pub static ACCOUNT_HISTORY: Sql = embed!("status/account_history");
/// Accounts that left.
pub static LEFT_ACCOUNTS: Sql = embed!("run/left_accounts");
/// Accounts whose last refresh did not end well.
pub static TROUBLED_ACCOUNTS: Sql = embed!("status/troubled_accounts");
/// Source rows that came too late.
pub static LATE_ROWS: Sql = embed!("status/late_rows");
/// Open anomaly events.
pub static EVENT_STATUS: Sql = embed!("status/events");
/// How past forecasts did.
pub static FORECAST_STATUS: Sql = embed!("status/forecasts");
/// Source rows of the future.
pub static FUTURE_ROWS: Sql = embed!("status/future_rows");
/// Stored partitions.
pub static PARTITIONS: Sql = embed!("refresh/partitions");
/// The run log.
pub static REFRESH_LOG: Sql = embed!("run/ai_refresh_log");
/// The chat log.
pub static CHAT_LOG: Sql = embed!("chat/ai_chat_log");
/// What people told about accounts.
pub static NOTES: Sql = embed!("chat/ai_notes");
/// Questions that people saved.
pub static SAVED_QUESTIONS: Sql = embed!("chat/ai_saved_questions");
/// What chatbots asked, by day, account, model, question or token.
pub static USAGE: Sql = embed!("chat/usage");
/// What was spent of a budget.
pub static BUDGET_SPENT: Sql = embed!("chat/budget_spent");
/// Turns that were imported before.
pub static IMPORTED: Sql = embed!("chat/imported");
/// Calls that took long.
pub static SLOW: Sql = embed!("chat/slow");
/// What had no answer.
pub static UNANSWERED: Sql = embed!("chat/unanswered");
/// Removes an account from the chat log.
pub static FORGET_CHAT: Sql = embed!("chat/forget_log");
/// Removes what was told about it.
pub static FORGET_NOTES: Sql = embed!("chat/forget_notes");
/// What days have come to, for the events.
pub static EVENT_DAYS: Sql = embed!("outlook/event_days");
/// Flows that fell silent.
pub static EVENT_FLOWS: Sql = embed!("outlook/event_flows");
/// The events that are known.
pub static EVENTS_OF: Sql = embed!("outlook/events_of");
/// Removes it from a table of the outlook.
pub static FORGET_OUTLOOK: Sql = embed!("outlook/forget");
/// Daily revenue of accounts, to forecast from.
pub static OUTLOOK_HISTORY: Sql = embed!("outlook/history");
/// Accounts whose newest refresh is this one.
pub static OUTLOOK_ACCOUNTS: Sql = embed!("outlook/accounts");
/// The newest complete day of all.
pub static OUTLOOK_NEWEST_DAY: Sql = embed!("outlook/newest_day");
/// How much young days have grown.
pub static OUTLOOK_GROWTH: Sql = embed!("outlook/growth");
/// Notes what young days have earned so far.
pub static OUTLOOK_NOTE_YOUNG: Sql = embed!("outlook/note_young");
/// Compares past forecasts with what came.
pub static OUTLOOK_COMPARE: Sql = embed!("outlook/compare");
/// Anomaly events that are news, or were.
pub static ALERT_EVENTS: Sql = embed!("alert/events");
/// Budgets whose shares were reached.
pub static ALERT_BUDGETS: Sql = embed!("alert/budgets");
/// What was told last.
pub static ALERTS_TOLD: Sql = embed!("alert/told");
/// What is not delivered yet.
pub static ALERTS_WAITING: Sql = embed!("alert/waiting");
/// What is not told for some days.
pub static ALERT_MUTES: Sql = embed!("alert/mutes");
/// Destinations of alerts that have not taken everything.
pub static ALERT_STATUS: Sql = embed!("status/alerts");
/// Names and currencies of accounts.
pub static STORES_OF: Sql = embed!("chat/stores_of");
/// What is remembered about accounts.
pub static NOTES_OF: Sql = embed!("chat/notes_of");
/// Remembers something.
pub static REMEMBER: Sql = embed!("chat/remember");
/// The questions that a caller saved.
pub static SAVED_OF: Sql = embed!("chat/saved_of");
/// Saves a question of a caller.
pub static SAVE: Sql = embed!("chat/save");
/// The syntax tree of a guarded statement, put into its slot.
pub static GUARD_PARSE: Sql = embed!("guard/parse");
/// A guarded statement with what its table names stand for, put into its slots.
pub static GUARD_SHADOW: Sql = embed!("guard/shadow");
/// How many rows it has.
pub static GUARD_COUNT: Sql = embed!("guard/count");
/// What a table name stands for where some accounts are asked.
pub static GUARD_ACCOUNT_ROWS: Sql = embed!("guard/account_rows");
/// What it stands for where all are.
pub static GUARD_ALL_ROWS: Sql = embed!("guard/all_rows");
/// What any other name stands for.
pub static GUARD_NOTHING: Sql = embed!("guard/nothing");
/// The migration ledger.
pub static SCHEMA_LEDGER: Sql = embed!("schema/ai_schema_ledger");

/// Raw tables and source views of the synthetic sources.
pub static SEED_CREATE: [Sql; 8] = [
    embed!("seed/raw_campaign"),
    embed!("seed/raw_flow"),
    embed!("seed/raw_form"),
    embed!("seed/raw_segment"),
    embed!("seed/latest_campaign"),
    embed!("seed/latest_flow"),
    embed!("seed/latest_form"),
    embed!("seed/latest_segment"),
];
/// Empties the synthetic sources.
pub static SEED_CLEAR: [Sql; 4] = [
    embed!("seed/clear_campaign"),
    embed!("seed/clear_flow"),
    embed!("seed/clear_form"),
    embed!("seed/clear_segment"),
];
/// Fills the synthetic sources for a range of accounts.
pub static SEED_FILL: [Sql; 4] = [
    embed!("seed/fill_campaign"),
    embed!("seed/fill_flow"),
    embed!("seed/fill_form"),
    embed!("seed/fill_segment"),
];
/// Adds the accounts with a story.
pub static SEED_STORIES: [Sql; 2] = [embed!("seed/story_campaign"), embed!("seed/story_flow")];
/// Objects with a source's name that `seed` did not make.
pub static SEED_FOREIGN_OBJECTS: Sql = embed!("seed/foreign_objects");
/// What was made.
pub static SEED_SUMMARY: Sql = embed!("seed/summary");

/// The ready-made questions, in the order in which they are listed. `question` reads their headers.
pub static QUESTIONS: [Sql; 23] = [
    embed!("questions/campaigns_this_week"),
    embed!("questions/top_campaigns"),
    embed!("questions/worst_campaigns"),
    embed!("questions/low_open_rates"),
    embed!("questions/campaign"),
    embed!("questions/flows_by_revenue"),
    embed!("questions/flow_across_stores"),
    embed!("questions/week_against_week"),
    embed!("questions/why_revenue_changed"),
    embed!("questions/weekly_revenue"),
    embed!("questions/channels_compared"),
    embed!("questions/best_day_to_send"),
    embed!("questions/anomalies"),
    embed!("questions/stores_compared"),
    embed!("questions/list_health"),
    embed!("questions/segments"),
    embed!("questions/forms"),
    embed!("questions/monthly_history"),
    embed!("questions/revenue_outlook"),
    embed!("questions/what_changed"),
    embed!("questions/timeline"),
    embed!("questions/benchmarks"),
    embed!("questions/data_freshness"),
];

/// What Grafana's panels, variables and annotations ask. Grafana fills in its macros and variables.
pub static DASHBOARD: [Sql; 17] = [
    embed!("dashboard/accounts"),
    embed!("dashboard/against_own_average"),
    embed!("dashboard/annotations"),
    embed!("dashboard/campaigns"),
    embed!("dashboard/changes"),
    embed!("dashboard/channels"),
    embed!("dashboard/days"),
    embed!("dashboard/events"),
    embed!("dashboard/flows"),
    embed!("dashboard/forecast"),
    embed!("dashboard/forms"),
    embed!("dashboard/freshness"),
    embed!("dashboard/health"),
    embed!("dashboard/landing"),
    embed!("dashboard/segments"),
    embed!("dashboard/totals"),
    embed!("dashboard/weeks"),
];

/// Texts that refreshes, checks, seeding and questions share.
static FRAGMENTS: [Sql; 20] = [
    embed!("dashboard/fragments/messages"),
    embed!("questions/fragments/campaign_rating"),
    embed!("questions/fragments/campaign_sums"),
    embed!("questions/fragments/complete_days"),
    embed!("questions/fragments/daily_rows"),
    embed!("questions/fragments/flow_sums"),
    embed!("questions/fragments/whole_campaigns"),
    embed!("refresh/fragments/anomaly"),
    embed!("refresh/fragments/benchmark_sums"),
    embed!("refresh/fragments/label"),
    embed!("refresh/fragments/message_sums"),
    embed!("refresh/fragments/source_columns"),
    embed!("refresh/fragments/summary_columns"),
    embed!("refresh/fragments/thresholds"),
    embed!("refresh/fragments/trends"),
    embed!("refresh/fragments/week_changes"),
    embed!("refresh/fragments/week_sums"),
    embed!("refresh/fragments/week_totals"),
    embed!("seed/fragments/seed_accounts"),
    embed!("seed/fragments/story_days"),
];
