//! Which server answers. A run speaks to one replica: what it counted on one says nothing of another.

use anyhow::Result;
use clickhouse::Row;
use serde::Deserialize;

use super::Db;
use crate::exit::{ExitCode, Failure};
use crate::sql;

/// What to do about a load balancer that switches.
pub(super) const KEEP_TO_ONE: &str = "a load balancer switches between replicas: give CLICKHOUSE_URL the address of one \
     replica, or an address that keeps to one (in ClickHouse Cloud: replica-aware routing)";

/// A server, as it names itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Row, Deserialize)]
pub(super) struct Place {
    pub host_name: String,
    pub server_id: String,
}

impl Db {
    /// Fails with exit code 5 where another server answers than the one that this run began on.
    pub async fn refuse_if_elsewhere(&self) -> Result<()> {
        if self.way.is_plain() {
            return Ok(());
        }
        let found: Place = self.statement(&sql::WHICH_SERVER).fetch_one().await?;
        if found == self.place {
            return Ok(());
        }
        let message = format!(
            "{} is answered by host `{}` now, and this run began on `{}`",
            self.target, found.host_name, self.place.host_name
        );
        Err(Failure::new(ExitCode::Unreachable, message).hint(KEEP_TO_ONE).into())
    }
}
