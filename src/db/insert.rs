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
        loop {
            let limit = self.retries.statement_timeout;
            if !self.may_send().await {
                return Err(QueryError::given_up(&name, &self.target).into());
            }
            let written = tokio::select! {
                written = tokio::time::timeout(limit, self.write(table, rows)) => Some(written),
                () = self.outage.silent() => None,
            };
            let error = match written {
                Some(Ok(Ok(()))) => {
                    self.outage.answered();
                    return Ok(());
                }
                Some(Ok(Err(error))) => QueryError::new(&name, &self.target, &error),
                Some(Err(_)) => QueryError::timed_out(&name, &self.target, limit.as_secs()),
                None => QueryError::silent(&name, &self.target),
            };
            if !error.is_outage() {
                self.outage.answered();
            }
            if !self.rest_before_retry(&error, &mut tries).await {
                return Err(error.into());
            }
        }
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
