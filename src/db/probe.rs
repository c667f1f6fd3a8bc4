//! What the server is, and which of our settings it knows.

use std::sync::Arc;

use anyhow::Result;

use super::place::Place;
use super::settings::{MEANING, Setting, WRITING};
use super::{Db, QueryError, Statement, Way};
use crate::db::codes;
use crate::exit::{ExitCode, Failure};
use crate::sql;

/// The oldest server whose SQL and settings suffice: year and month of its version.
const OLDEST_VERSION: (u32, u32) = (24, 8);

/// What the first answers are asked with, before it is known what has to be stated: newer servers alone know the last
/// ones, and a user may not be allowed to set any.
const FIRST: [&[(&str, &str)]; 3] = [
    &[
        ("limit", "0"),
        ("offset", "0"),
        ("additional_result_filter", ""),
        ("use_query_cache", "0"),
        ("implicit_transaction", "0"),
        ("output_format_binary_encode_types_in_binary_format", "0"),
        ("make_distributed_plan", "0"),
        ("inject_random_order_for_select_without_order_by", "0"),
    ],
    &[("limit", "0"), ("offset", "0"), ("additional_result_filter", ""), ("use_query_cache", "0")],
    &[],
];

#[derive(clickhouse::Row, serde::Deserialize)]
struct ServerFacts {
    version: String,
    database_name: String,
    host_name: String,
    server_id: String,
    database_engine: String,
    cloud_mode: String,
}

#[derive(clickhouse::Row, serde::Deserialize)]
struct FoundSetting {
    name: String,
    value: String,
    is_fixed: bool,
}

fn version_number(version: &str) -> (u32, u32) {
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
}

/// Before it is known what has to be stated: an answer that a user's profile cannot cut, where settings may be set.
async fn uncut<'db, T>(
    statement: &Statement<'db>,
    fetch: impl AsyncFn(Statement<'db>) -> Result<T>,
) -> Result<T> {
    let is_refused = |error: &anyhow::Error| {
        QueryError::is_refused_setting(error) || QueryError::code_of(error) == Some(codes::UNKNOWN_SETTING)
    };
    let mut first = FIRST.iter();
    loop {
        let settings = first.next().copied().unwrap_or_default();
        let stated = settings
            .iter()
            .fold(statement.clone(), |statement, (name, value)| statement.setting(name, value));
        match fetch(stated).await {
            Err(error) if !settings.is_empty() && is_refused(&error) => continue,
            outcome => return outcome,
        }
    }
}

impl Db {
    /// Asks the server who it is, refuses one that is too old, and keeps only the settings that it knows
    /// (an unknown one is fatal on older servers).
    pub async fn probe(&mut self) -> Result<()> {
        let facts: ServerFacts = uncut(&self.statement(&sql::SERVER_FACTS), Statement::fetch_one).await?;
        if version_number(&facts.version) < OLDEST_VERSION {
            let (year, month) = OLDEST_VERSION;
            let message = format!("{} runs ClickHouse {}", self.target, facts.version);
            let hint = format!("aiviews needs ClickHouse {year}.{month} or newer");
            return Err(Failure::new(ExitCode::SchemaMismatch, message).hint(hint).into());
        }
        self.database = facts.database_name.into();
        self.version = facts.version.into();
        self.way = Way::of_server(matches!(facts.cloud_mode.as_str(), "1" | "true"), &facts.database_engine);
        self.place = Place { host_name: facts.host_name, server_id: facts.server_id };
        self.state_settings().await
    }

    /// From now on each statement states the settings that its meaning depends on, but those that are right already
    /// and cannot be changed: a user with `readonly = 1` may set none.
    async fn state_settings(&mut self) -> Result<()> {
        let wanted: Vec<&str> = MEANING.iter().chain(WRITING).map(|setting| setting.name).collect();
        let found = self.find_settings(&wanted).await?;
        let is_sent = |setting: &&Setting| {
            let Some(found) = found.iter().find(|found| found.name == setting.name) else { return false };
            let is_fixed = found.is_fixed || self.has_own_profile;
            found.value != setting.value || !is_fixed
        };
        let sent = |settings: &'static [Setting]| {
            settings.iter().filter(is_sent).map(|setting| (setting.name, setting.value))
        };
        self.write_settings = Arc::new(sent(WRITING).collect());
        let client = self.client.clone();
        self.client = sent(MEANING).fold(client, |client, (name, value)| client.with_setting(name, value));
        Ok(())
    }

    async fn find_settings(&self, names: &[&str]) -> Result<Vec<FoundSetting>> {
        let statement = self.statement(&sql::KNOWN_SETTINGS).param("names", names);
        uncut(&statement, Statement::fetch_all).await
    }

    /// The same connection to a cluster, if somebody names one.
    ///
    /// # Errors
    ///
    /// A server that sends statements on by itself has no use for a cluster.
    pub fn in_cluster(&self, name: Option<&str>) -> Result<Db> {
        Ok(match name {
            Some(name) => Db { way: self.way.in_cluster(name)?, ..self.clone() },
            None => self.clone(),
        })
    }

    /// The same connection for a run that writes. Where there are several servers, all its connections reach the one
    /// that answered first, and it has the settings of its way, those that this server knows.
    pub async fn for_a_run(&self) -> Result<Db> {
        if self.way.is_plain() {
            return Ok(self.clone());
        }
        let pinned = self.dial.as_ref().and_then(|dial| dial.pinned(&self.place));
        match pinned {
            None => self.with_settings_of_way().await,
            Some(client) => {
                let client = super::with_our_habits(client).with_database(self.database.as_ref());
                let mut db = Db { client, ..self.clone() };
                db.state_settings().await?;
                db.with_settings_of_way().await
            }
        }
    }

    async fn with_settings_of_way(&self) -> Result<Db> {
        let wanted: Vec<&str> = self.way.settings().iter().map(|setting| setting.name).collect();
        let found = self.find_settings(&wanted).await?;
        let sent = self.way.settings().iter().filter(|setting| {
            let found = found.iter().find(|found| found.name == setting.name);
            found.is_some_and(|found| found.value != setting.value || !found.is_fixed)
        });
        let client = sent
            .fold(self.client.clone(), |client, setting| client.with_setting(setting.name, setting.value));
        Ok(Db { client, ..self.clone() })
    }

    /// The settings of this way that the server does not know, each with what happens without it.
    pub async fn missing_settings(&self) -> Result<Vec<(&'static str, &'static str)>> {
        let settings = self.way.settings();
        if settings.is_empty() {
            return Ok(Vec::new());
        }
        let wanted: Vec<&str> = settings.iter().map(|setting| setting.name).collect();
        let found = self.find_settings(&wanted).await?;
        let is_missing = |setting: &&Setting| !found.iter().any(|found| found.name == setting.name);
        Ok(settings.iter().filter(is_missing).map(|setting| (setting.name, setting.reason)).collect())
    }
}
