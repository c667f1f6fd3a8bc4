//! `aiviews alert`: tell people what happened.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Result;
use chrono::NaiveDate;
use clap::Subcommand;
use tracing::Instrument;

use super::{Global, Known, USUAL_MAX_AGE, Verb, duration};
use crate::alert::config::{self, Destination, Mode, Source, Way};
use crate::alert::kind::Kind;
use crate::alert::mute::{self, Mute, Mutes};
use crate::alert::wall::Wall;
use crate::alert::{self, Options, Planned, Summary};
use crate::db::Db;
use crate::exit::stop::{Manner, Stop};
use crate::exit::{ExitCode, Failure};
use crate::output;
use crate::refresh::window::Clock;

/// Arguments of `alert`.
#[derive(clap::Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "\
The config file names destinations, and where their secrets are: a variable or a file (sql/README.md has an example).

Examples:
  aiviews alert --dry-run                                 what would be told, of every account
  aiviews alert --alert-config /etc/aiviews/alerts.toml   tell it
  aiviews alert mute -k XqkVGb --until 2026-12-01         nothing of this account until then")]
pub struct Arguments {
    /// What to do instead
    #[command(subcommand)]
    action: Option<Action>,
    /// Whom to tell
    #[command(flatten)]
    whom: Whom,
    /// Print what would be sent, send and change nothing; without a config file: everything, for nobody in particular
    #[arg(long)]
    dry_run: bool,
    /// An account whose newest rows are older than this is told of
    #[arg(long, value_name = "DURATION", default_value = USUAL_MAX_AGE, value_parser = duration)]
    max_age: Duration,
    /// How long to wait for another run to end
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = duration)]
    wait: Duration,
    /// One JSON document on stdout
    #[arg(long)]
    json: bool,
}

/// Whom alerts go to.
#[derive(clap::Args, Clone, Debug)]
pub struct Whom {
    /// The file that names the destinations (TOML)
    #[arg(long, value_name = "FILE", env = "AIVIEWS_ALERT_CONFIG")]
    alert_config: Option<PathBuf>,
    /// One message per account, or one for all (default: as the config file has it)
    #[arg(long, value_name = "HOW")]
    digest: Option<Mode>,
    /// Send also to addresses of this machine and of the inner network, and by plain http
    #[arg(long)]
    allow_private: bool,
}

impl Whom {
    /// The options of a run.
    pub fn options(&self, max_age: Duration) -> Result<Options> {
        let Some(file) = &self.alert_config else {
            let failure = Failure::new(ExitCode::Usage, "no config file names whom to tell");
            return Err(failure
                .hint("add --alert-config FILE or AIVIEWS_ALERT_CONFIG, or look with --dry-run")
                .into());
        };
        let destinations = config::read(file, self.digest)?;
        Ok(Options { destinations, wall: Wall::of(self.allow_private), max_age })
    }
}

/// What `alert` does besides telling.
#[derive(Debug, Subcommand)]
enum Action {
    /// Tell nothing of some accounts, or of a kind, until a day is over
    Mute {
        /// What is muted
        #[command(flatten)]
        what: What,
        /// The last day without alerts
        #[arg(long, value_name = "DATE")]
        until: NaiveDate,
    },
    /// Tell it again: what is still the case is told by the next run
    Unmute {
        /// What is muted
        #[command(flatten)]
        what: What,
    },
    /// List what is muted
    Mutes {
        /// One JSON document on stdout
        #[arg(long)]
        json: bool,
    },
}

#[derive(clap::Args, Debug)]
struct What {
    /// Account, by its Klaviyo public id; repeatable (default: all at once)
    #[arg(long, short = 'k', alias = "klaviyo_id", value_name = "ID")]
    klaviyo_id: Vec<String>,
    /// Kind of alert (default: every kind): event, stale, failed, held_back, broken_off, budget, forecast
    #[arg(long, value_name = "KIND", value_parser = Known(kinds), hide_possible_values = true)]
    kind: Option<String>,
    /// One JSON document on stdout
    #[arg(long)]
    json: bool,
}

fn kinds() -> Vec<&'static str> {
    Kind::ALL.map(Kind::word).to_vec()
}

impl What {
    fn accounts(&self) -> Result<Vec<String>> {
        Ok(super::accounts(&self.klaviyo_id)?.iter().map(ToString::to_string).collect())
    }

    fn kind(&self) -> Result<&str> {
        let kind = self.kind.as_deref().unwrap_or_default();
        match kind.is_empty() || Kind::of(kind).is_some() {
            true => Ok(kind),
            false => {
                let message = format!("`{}` is no kind of alert", kind.escape_default());
                Err(Failure::new(ExitCode::Usage, message).hint(kinds().join(", ")).into())
            }
        }
    }
}

impl Verb for Arguments {
    fn wants_json(&self) -> bool {
        match &self.action {
            None => self.json,
            Some(Action::Mute { what, .. } | Action::Unmute { what }) => what.json,
            Some(Action::Mutes { json }) => *json,
        }
    }

    fn manner(&self) -> Manner {
        match &self.action {
            Some(Action::Mutes { .. }) => Manner::Reads,
            None if self.dry_run => Manner::Reads,
            _ => Manner::Writes,
        }
    }
}

pub(super) async fn run(global: &Global, arguments: &Arguments, stop: &Stop) -> Result<ExitCode> {
    match &arguments.action {
        Some(action) => change_mutes(global, action, stop).await,
        None if arguments.dry_run => dry_run(global, arguments, stop).await,
        None => tell(global, arguments, stop).await,
    }
}

async fn tell(global: &Global, arguments: &Arguments, stop: &Stop) -> Result<ExitCode> {
    let options = arguments.whom.options(arguments.max_age)?;
    let deadline = Instant::now() + arguments.wait;
    let connection = super::connect_to_data(global, arguments.wait, stop).await?;
    let db = &connection.db;
    super::announce(db);
    let span = output::run_span("alert", db.run_id());
    let summary = alert::run(db, &options, deadline, stop).instrument(span).await?;
    if arguments.json {
        output::print_json(&summary);
    } else {
        output::print_words(&describe(&summary));
    }
    Ok(stop.code().unwrap_or(summary.code()))
}

/// What became of the alerts, a line for each destination.
pub(super) fn describe(summary: &Summary) -> String {
    let messages = |count: usize| output::counted(count as u64, "message");
    let line = |it: &alert::Delivered| {
        let error =
            it.error.as_ref().map_or(String::new(), |error| format!(": {}", output::printable(error)));
        let mut parts = Vec::new();
        if it.sent > 0 || it.waiting > 0 {
            parts.push(format!("{} sent", messages(it.sent)));
        }
        if it.waiting > 0 {
            parts.push(format!("{} waiting for the next run", messages(it.waiting)));
        }
        if it.given_up > 0 {
            parts.push(format!("{} given up after 7 days", messages(it.given_up)));
        }
        match parts.is_empty() {
            true => format!("{}: nothing new", it.destination),
            false => format!("{}: {}{}", it.destination, parts.join(", "), error),
        }
    };
    let lines: Vec<String> = summary.destinations.iter().map(line).collect();
    match &summary.error {
        Some(error) => format!("no alerts: {}", output::printable(error)),
        None => lines.join("\n"),
    }
}

/// Prints what would be sent.
async fn dry_run(global: &Global, arguments: &Arguments, stop: &Stop) -> Result<ExitCode> {
    let options = match &arguments.whom.alert_config {
        Some(_) => arguments.whom.options(arguments.max_age)?,
        None => for_nobody(arguments),
    };
    let connection = super::connect_to_read(global, stop).await?;
    let planned = alert::plan(&connection.db, &options).await?;
    if arguments.json {
        output::print_json(&planned);
    } else if planned.is_empty() {
        output::print_words("nothing new to tell");
    } else {
        output::print_words(&planned.iter().map(shown).collect::<Vec<_>>().join("\n\n"));
    }
    Ok(ExitCode::Done)
}

/// A destination that has been told nothing yet and gets nothing.
fn for_nobody(arguments: &Arguments) -> Options {
    let way = Way::Slack { url: Source::Variable(String::new()) };
    let destination = Destination::new("", way, arguments.whom.digest.unwrap_or_default());
    Options { destinations: vec![destination], wall: Wall::Public, max_age: arguments.max_age }
}

fn shown(planned: &Planned) -> String {
    let text = planned.digest.text();
    match planned.destination.as_str() {
        "" => text,
        name => format!("to {name} ({})\n{text}", planned.way),
    }
}

async fn change_mutes(global: &Global, action: &Action, stop: &Stop) -> Result<ExitCode> {
    let connection = super::connect_to_data(global, Duration::ZERO, stop).await?;
    let db = &connection.db;
    let today = Clock::read(db).await?.today;
    let json = match action {
        Action::Mute { what, until } => {
            if *until < today {
                let message = format!("the last day without alerts, {until}, is over: today is {today}");
                return Err(Failure::new(ExitCode::Usage, message)
                    .hint("--until takes a date to come")
                    .into());
            }
            mute::mute(db, &what.accounts()?, what.kind()?, today, *until).await?;
            what.json
        }
        Action::Unmute { what } => {
            unmute(db, what, today).await?;
            what.json
        }
        Action::Mutes { json } => *json,
    };
    let muted: Vec<Mute> =
        Mutes::read(db, today).await?.0.into_iter().filter(|mute| mute.muted_until >= today).collect();
    if json {
        let document = |mute: &Mute| {
            serde_json::json!({
                "klaviyo_public_id": mute.klaviyo_public_id,
                "kind": mute.kind,
                "muted_on": mute.muted_on,
                "muted_until": mute.muted_until,
            })
        };
        output::print_json(&muted.iter().map(document).collect::<Vec<_>>());
    } else if muted.is_empty() {
        output::print_words("nothing is muted");
    } else {
        let or = |text: &str, all: &str| if text.is_empty() { all.to_owned() } else { text.to_owned() };
        let row = |mute: &Mute| {
            vec![
                or(&mute.klaviyo_public_id, "all"),
                or(&mute.kind, "every kind"),
                mute.muted_on.to_string(),
                mute.muted_until.to_string(),
            ]
        };
        let rows: Vec<Vec<String>> = muted.iter().map(row).collect();
        output::print_words(&output::table(&["muted account", "kind", "since", "until"], &rows, &[]));
    }
    Ok(ExitCode::Done)
}

/// Ends the mutes that were made with the same words.
async fn unmute(db: &Db, what: &What, today: NaiveDate) -> Result<()> {
    let (accounts, kind) = (what.accounts()?, what.kind()?);
    let is_meant = |mute: &Mute| {
        mute.kind == kind
            && mute.muted_until >= today
            && (accounts.contains(&mute.klaviyo_public_id)
                || accounts.is_empty() && mute.klaviyo_public_id.is_empty())
    };
    let mutes: Vec<Mute> = Mutes::read(db, today).await?.0.into_iter().filter(is_meant).collect();
    if mutes.is_empty() {
        let failure = Failure::new(ExitCode::Usage, "nothing is muted in these words");
        return Err(failure
            .hint("`aiviews alert mutes` lists what is: name the same account and kind")
            .into());
    }
    mute::unmute(db, &mutes, today).await
}
