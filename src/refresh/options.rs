//! What a run is asked to do.

use chrono::NaiveDate;

use crate::account::AccountId;
use crate::exit::{ExitCode, Failure};
use crate::output;
use crate::schema::{SummaryTable, TABLES};

/// What a run is asked for, already checked.
#[derive(Clone, Debug)]
pub struct Options {
    /// Accounts; none means all.
    pub accounts: Vec<AccountId>,
    /// Number of dates.
    pub days: u16,
    /// Last date; none means the server's today.
    pub as_of: Option<NaiveDate>,
    /// Tables, in the order of publishing.
    pub tables: Vec<&'static SummaryTable>,
    /// Leave out what a broken run of the same window has done.
    pub resume: bool,
    /// Publish also what lost most of its rows.
    pub allow_shrink: bool,
    /// Accounts in a batch; none means by rows.
    pub accounts_per_batch: Option<u32>,
}

/// The tables that `--table` names, in the order of publishing.
pub fn tables_named(names: &[String]) -> Result<Vec<&'static SummaryTable>, Failure> {
    for name in names {
        if SummaryTable::find(name).is_none() {
            let known: Vec<&str> = TABLES.iter().map(|table| table.name).collect();
            let message = format!("`{}` is not a summary table", output::printable(name));
            return Err(Failure::new(ExitCode::Usage, message).hint(format!("one of {}", known.join(", "))));
        }
    }
    let is_named = |table: &&SummaryTable| names.is_empty() || names.iter().any(|name| name == table.name);
    Ok(TABLES.iter().filter(is_named).collect())
}
