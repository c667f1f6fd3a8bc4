//! `aiviews report`: a page for an account's owner.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::{Global, Verb};
use crate::account::AccountId;
use crate::exit::ExitCode;
use crate::exit::stop::Stop;
use crate::output;
use crate::report::{self, Period};

/// Arguments of `report`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  aiviews report --klaviyo-id XqkVGb --output week.html     the last 7 days
  aiviews report --klaviyo-id XqkVGb --month > month.html   the last 30 days")]
pub struct Arguments {
    /// The account, by its Klaviyo public id
    #[arg(long, short = 'k', alias = "klaviyo_id", value_name = "ID")]
    klaviyo_id: String,
    /// Where to write the page (default: stdout)
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// About the last 7 complete days (the default)
    #[arg(long, conflicts_with = "month")]
    week: bool,
    /// About the last 30 complete days
    #[arg(long)]
    month: bool,
}

impl Verb for Arguments {}

pub(super) async fn run(global: &Global, arguments: &Arguments, stop: &Stop) -> Result<ExitCode> {
    let account = AccountId::from_argument(&arguments.klaviyo_id)?;
    let period = if arguments.month { Period::Month } else { Period::Week };
    let connection = super::connect_to_read(global, stop).await?;
    let report = report::of_account(&connection.db, &account, period).await?;
    let page = report.page();
    match &arguments.output {
        Some(file) => write(file, &page)?,
        None => output::print(&page),
    }
    Ok(ExitCode::Done)
}

/// Writes a whole page or none: a reader never meets half of one.
fn write(file: &Path, page: &str) -> Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let told = || format!("cannot write `{}`", file.display());
    let mut beside = tempfile::NamedTempFile::new_in(folder).with_context(told)?;
    std::io::Write::write_all(&mut beside, page.as_bytes()).with_context(told)?;
    beside.as_file().sync_all().with_context(told)?;
    beside.persist(file).with_context(told)?;
    Ok(())
}
