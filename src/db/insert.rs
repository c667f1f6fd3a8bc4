//! Appending rows to our own tables.

use anyhow::Result;
use clickhouse::{RowOwned, RowWrite};

use super::{Db, QueryError};
use crate::exit::stop::Change;

impl Db {
    /// Appends rows to one of our own tables; columns that the row type does not have take their default.
    /// Rows of an unknown outcome are written again: these tables bear it.
    pub async fn insert<T: RowOwned + RowWrite>(&self, table: &'static str, rows: &[T]) -> Result<()> {
        let name = format!("insert into {table}");
        let mut tries = 0;
        while let Err(error) = self.try_insert(&name, table, rows).await {
            if !self.rest_before_retry(&error, &mut tries).await {
                return Err(error.into());
            }
        }
        Ok(())
    }

    async fn try_insert<T: RowOwned + RowWrite>(
        &self,
        name: &str,
        table: &'static str,
        rows: &[T],
    ) -> Result<(), QueryError> {
        if !self.may_send().await {
            return Err(QueryError::given_up(name, &self.target));
        }
        let limit = self.retries.statement_timeout;
        let outcome = tokio::select! {
            written = tokio::time::timeout(limit, self.write(table, rows)) => match written {
                Ok(written) => written.map_err(|error| QueryError::new(name, &self.target, &error)),
                Err(_) => Err(QueryError::timed_out(name, &self.target, limit.as_secs())),
            },
            () = self.outage.silent() => Err(QueryError::silent(name, &self.target)),
        };
        if outcome.as_ref().err().is_none_or(|error| !error.is_outage()) {
            self.outage.answered();
        }
        outcome
    }

    async fn write<T: RowOwned + RowWrite>(
        &self,
        table: &'static str,
        rows: &[T],
    ) -> clickhouse::error::Result<()> {
        let _change = Change::begin().await;
        let mut insert = self.client.insert::<T>(table).await?.with_setting("async_insert", "0");
        for row in rows {
            insert.write(row).await?;
        }
        insert.end().await
    }
}
