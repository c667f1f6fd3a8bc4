//! Anomaly events that are open.

use std::fmt;

use anyhow::Result;
use clickhouse::Row;
use serde::{Deserialize, Serialize};

use crate::db::{Db, QueryError};
use crate::sql;

/// How many are open, by severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Row, Serialize, Deserialize)]
pub struct OpenEvents {
    /// A tenth of a month's revenue is at stake, or nearly.
    pub critical: u64,
    /// Look today.
    pub high: u64,
    /// Look this week.
    pub medium: u64,
    /// Good days, and small ones.
    pub low: u64,
}

impl OpenEvents {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        *self == OpenEvents::default()
    }
}

impl fmt::Display for OpenEvents {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all =
            [(self.critical, "critical"), (self.high, "high"), (self.medium, "medium"), (self.low, "low")];
        let told = all.iter().filter(|(count, _)| *count > 0);
        let told: Vec<String> = told.map(|(count, severity)| format!("{count} {severity}")).collect();
        formatter.write_str(&told.join(", "))
    }
}

/// The open events; none where an older version looked for none.
pub(super) async fn open(db: &Db) -> Result<OpenEvents> {
    match db.statement(&sql::EVENT_STATUS).fetch_one().await {
        Err(error) if QueryError::is_unreadable(&error) => Ok(OpenEvents::default()),
        told => told,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_severest_come_first_and_none_is_not_told() {
        let open = OpenEvents { critical: 1, high: 0, medium: 12, low: 3 };
        assert_eq!((open.to_string().as_str(), open.is_empty()), ("1 critical, 12 medium, 3 low", false));
        assert!(OpenEvents::default().is_empty());
    }
}
