//! `aiviews dashboard`: dashboards for Grafana. Connects to nothing.

use anyhow::Result;

use super::{Global, Verb};
use crate::exit::ExitCode;
use crate::exit::stop::Stop;
use crate::output;
use crate::report::dashboard::Dashboard;

/// Arguments of `dashboard`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Import the file in Grafana (9 or newer) with the plugin grafana-clickhouse-datasource 4.x, whose user reads the database
of the summary tables. That user's row policies decide whose rows are seen (`aiviews grants --for chatbot`).

Examples:
  aiviews dashboard account > account.json
  aiviews dashboard agency > agency.json")]
pub struct Arguments {
    /// Which dashboard
    dashboard: Dashboard,
}

impl Verb for Arguments {
    fn wants_json(&self) -> bool {
        true
    }
}

pub(super) async fn run(_: &Global, arguments: &Arguments, _: &Stop) -> Result<ExitCode> {
    output::print_json(&arguments.dashboard.document()?);
    Ok(ExitCode::Done)
}
