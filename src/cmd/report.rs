//! `aiviews report`: a page for an account's owner.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use tracing::error;

use super::{Global, Verb};
use crate::account::AccountId;
use crate::alert::mail::{Mailer, Message};
use crate::alert::send::Schedule;
use crate::alert::wall::Wall;
use crate::db::Db;
use crate::exit::stop::Stop;
use crate::exit::{ExitCode, Failure};
use crate::output;
use crate::report::{self, Period, recipients};
use crate::status::account_list;

/// Arguments of `report`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  aiviews report --klaviyo-id XqkVGb --output week.html     the last 7 days
  aiviews report --klaviyo-id XqkVGb --month > month.html   the last 30 days
  aiviews report --klaviyo-id XqkVGb --output week.png      figures and charts as an image
  aiviews report --all-accounts --output-dir reports        every account's page, and an index
  aiviews report --email-to owners.txt                      a mail to each account's owners (AIVIEWS_SMTP_URL and others)")]
pub struct Arguments {
    /// The account, by its Klaviyo public id
    #[arg(
        long,
        short = 'k',
        alias = "klaviyo_id",
        value_name = "ID",
        required_unless_present_any = ["all_accounts", "email_to"]
    )]
    klaviyo_id: Option<String>,
    /// Where to write the page (default: stdout); to a name that ends in .png, the charts as one image
    #[arg(long, short, value_name = "FILE", conflicts_with = "all_accounts")]
    output: Option<PathBuf>,
    /// One page per account of the summary tables
    #[arg(long, conflicts_with = "klaviyo_id", requires = "output_dir")]
    all_accounts: bool,
    /// Where to write all accounts' pages, and an index that ranks them by change; made if it is not there
    #[arg(long, value_name = "FOLDER", requires = "all_accounts")]
    output_dir: Option<PathBuf>,
    /// Mail it: the file has a line for each account, such as `XqkVGb Ann <ann@example.com>, bob@example.com`
    #[arg(long, value_name = "FILE", conflicts_with_all = ["output", "all_accounts"])]
    email_to: Option<PathBuf>,
    /// Send also by a mail server of this machine or of the inner network
    #[arg(long, requires = "email_to")]
    allow_private: bool,
    /// About the last 7 complete days (the default)
    #[arg(long, conflicts_with = "month")]
    week: bool,
    /// About the last 30 complete days
    #[arg(long)]
    month: bool,
}

impl Verb for Arguments {}

pub(super) async fn run(global: &Global, arguments: &Arguments, stop: &Stop) -> Result<ExitCode> {
    let account = arguments.klaviyo_id.as_deref().map(AccountId::from_argument).transpose()?;
    let period = if arguments.month { Period::Month } else { Period::Week };
    if let Some(file) = &arguments.email_to {
        return mail_all(global, arguments, account, (file.as_path(), period), stop).await;
    }
    let connection = super::connect_to_read(global, stop).await?;
    let accounts = super::these_or_all(&connection.db, account.into_iter().collect()).await?;
    if let Some(folder) = &arguments.output_dir {
        write_all(&connection.db, &accounts, period, folder).await?;
        return Ok(ExitCode::Done);
    }
    for account in &accounts {
        let report = report::of_account(&connection.db, account, period).await?;
        match &arguments.output {
            Some(file) if is_image(file) => write(file, &report.sheet()?)?,
            Some(file) => write(file, report.page().as_bytes())?,
            None => output::print(&report.page()),
        }
    }
    Ok(ExitCode::Done)
}

/// Mails each account's report to its recipients, and to nobody else.
async fn mail_all(
    global: &Global,
    arguments: &Arguments,
    account: Option<AccountId>,
    (file, period): (&Path, Period),
    stop: &Stop,
) -> Result<ExitCode> {
    let mut recipients = recipients::read(file)?;
    if let Some(account) = &account {
        recipients.retain(|known, _| known == account);
        if recipients.is_empty() {
            let message = format!("`{}` names no recipient of account `{account}`", file.display());
            return Err(Failure::new(ExitCode::Usage, message).hint("add a line for it").into());
        }
    }
    let mailer = Mailer::from_environment(Wall::of(arguments.allow_private))?;
    let connection = super::connect_to_read(global, stop).await?;
    let db = &connection.db;
    let known = account_list::summarized(db).await?;
    if let Some(unknown) = recipients.keys().find(|account| !known.contains(account)) {
        let message = format!("account `{unknown}` of `{}` is in no summary table", file.display());
        return Err(Failure::new(ExitCode::Usage, message)
            .hint("nobody got a mail: correct the file")
            .into());
    }
    let schedule = Schedule { retries: *db.retries(), stop, knows_ids: false };
    let mut codes = Vec::new();
    for (account, to) in &recipients {
        if stop.code().is_some() {
            break;
        }
        let report =
            report::of_account(db, account, period).await.with_context(|| format!("account `{account}`"))?;
        let message = Message { message_id: Some(mailer.message_id(&report.key())), ..report.mail(to)? };
        let people = output::counted(to.len() as u64, "recipient");
        match schedule.follow(account.as_str(), async || mailer.send(&message).await).await {
            Ok(()) => output::print_words(&format!("account `{account}`: sent to {people}")),
            Err(failure) => {
                error!("account `{account}`: {failure} ({})", failure.remedy());
                codes.push(Failure::from(failure).code);
            }
        }
    }
    // Where others have theirs, the failure of one is that of some accounts.
    Ok(match stop.code() {
        Some(code) => code,
        None if !codes.is_empty() && codes.len() < recipients.len() => ExitCode::SomeAccountsFailed,
        None => ExitCode::of(&codes),
    })
}

fn is_image(file: &Path) -> bool {
    file.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("png"))
}

/// Writes each account's page, then the index.
async fn write_all(db: &Db, accounts: &[AccountId], period: Period, folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot make the folder `{}`", folder.display()))?;
    let mut entries = Vec::new();
    for account in accounts {
        let report =
            report::of_account(db, account, period).await.with_context(|| format!("account `{account}`"))?;
        let file = format!("account-{account}.html");
        write(&folder.join(&file), report.page().as_bytes())?;
        entries.push(report.entry(&file));
    }
    write(&folder.join("index.html"), report::index::page(entries, period).as_bytes())
}

/// Writes a whole page or none: a reader never meets half of one.
fn write(file: &Path, page: &[u8]) -> Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let told = || format!("cannot write `{}`", file.display());
    let readable = Permissions::from_mode(0o666);
    let mut beside = tempfile::Builder::new().permissions(readable).tempfile_in(folder).with_context(told)?;
    std::io::Write::write_all(&mut beside, page).with_context(told)?;
    beside.as_file().sync_all().with_context(told)?;
    beside.persist(file).with_context(told)?;
    Ok(())
}
