//! What is not to be told for some days: of an account or of all, of a kind or of every one.

use anyhow::Result;
use chrono::{Days, NaiveDate};
use clickhouse::Row;
use serde::{Deserialize, Serialize};

use super::kind::Kind;
use crate::db::Db;
use crate::sql;

/// Mutes that ended so many days ago are still read: what was over by then is not told.
const READ_DAYS: u16 = 30;

/// A mute.
#[derive(Clone, Debug, PartialEq, Row, Serialize, Deserialize)]
pub struct Mute {
    /// The account; empty for all.
    pub klaviyo_public_id: String,
    /// The kind; empty for all.
    pub kind: String,
    /// First day.
    #[serde(with = "clickhouse::serde::chrono::date")]
    pub muted_on: NaiveDate,
    /// Last day.
    #[serde(with = "clickhouse::serde::chrono::date")]
    pub muted_until: NaiveDate,
}

/// All mutes.
#[derive(Clone, Debug, Default)]
pub struct Mutes(pub Vec<Mute>);

impl Mutes {
    /// Reads those that hold, or held a short while ago.
    pub async fn read(db: &Db, today: NaiveDate) -> Result<Mutes> {
        let statement = db.statement(&sql::ALERT_MUTES).param("today", today).param("days", READ_DAYS);
        Ok(Mutes(statement.fetch_all().await?))
    }

    /// Whether nothing of this kind is to be told of this account on this day.
    pub fn cover(&self, account: &str, kind: Kind, day: NaiveDate) -> bool {
        self.0.iter().any(|mute| {
            (mute.klaviyo_public_id.is_empty() || mute.klaviyo_public_id == account)
                && (mute.kind.is_empty() || mute.kind == kind.word())
                && (mute.muted_on..=mute.muted_until).contains(&day)
        })
    }
}

/// Mutes accounts, or all without one.
pub async fn mute(db: &Db, accounts: &[String], kind: &str, from: NaiveDate, until: NaiveDate) -> Result<()> {
    let mute = |account: &str| Mute {
        klaviyo_public_id: account.to_owned(),
        kind: kind.to_owned(),
        muted_on: from,
        muted_until: until,
    };
    let mutes: Vec<Mute> = match accounts {
        [] => vec![mute("")],
        accounts => accounts.iter().map(|account| mute(account)).collect(),
    };
    db.insert("ai_alert_mutes", &mutes).await
}

/// Ends a mute: its last day is the one before its first.
pub async fn unmute(db: &Db, mutes: &[Mute], today: NaiveDate) -> Result<()> {
    let ended = |mute: &Mute| Mute {
        // What was muted until now stays so: what came and went meanwhile is not told.
        muted_until: (today - Days::new(1)).max(mute.muted_on - Days::new(1)),
        ..mute.clone()
    };
    db.insert("ai_alert_mutes", &mutes.iter().map(ended).collect::<Vec<_>>()).await
}
