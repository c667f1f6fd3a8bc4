//! `aiviews notes`: what people know about an account and no statistics say: its name, its currency, what happened.

use anyhow::Result;

use super::{Global, Verb};
use crate::account::AccountId;
use crate::exit::stop::{Manner, Stop};
use crate::exit::{ExitCode, Failure};
use crate::mcp::memory::{self, Note};
use crate::output;
use crate::question::{self, Reach};

/// Who told, where no token did.
const TOLD_BY: &str = "aiviews notes";

/// Arguments of `notes`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Name and currency appear in `context`, `query`, reports and a chatbot's answers: €54,584 instead of 54584.

Examples:
  aiviews notes                                                       what is known
  aiviews notes -k XqkVGb --store-name \"Blue Shop\" --currency EUR
  aiviews notes -k XqkVGb --note \"site was down on 3 May\"")]
pub struct Arguments {
    /// Account, by its Klaviyo public id; repeatable (default: every account)
    #[arg(long, short = 'k', alias = "klaviyo_id", value_name = "ID")]
    klaviyo_id: Vec<String>,
    /// What people call the store; the newest counts
    #[arg(long, value_name = "NAME", requires = "klaviyo_id")]
    store_name: Option<String>,
    /// The currency of its money, by its code (ISO 4217); the newest counts
    #[arg(long, value_name = "CODE", requires = "klaviyo_id")]
    currency: Option<String>,
    /// Something to know, such as an outage; others stay
    #[arg(long, value_name = "TEXT", requires = "klaviyo_id")]
    note: Option<String>,
    /// Take away everything that was told about the accounts before
    #[arg(long, requires = "klaviyo_id")]
    clear: bool,
    /// One JSON document on stdout
    #[arg(long)]
    json: bool,
}

impl Verb for Arguments {
    fn wants_json(&self) -> bool {
        self.json
    }

    fn manner(&self) -> Manner {
        if self.writes() { Manner::Writes } else { Manner::Reads }
    }
}

impl Arguments {
    fn writes(&self) -> bool {
        self.clear || self.store_name.is_some() || self.currency.is_some() || self.note.is_some()
    }
}

pub(super) async fn run(global: &Global, arguments: &Arguments, stop: &Stop) -> Result<ExitCode> {
    let accounts = super::accounts(&arguments.klaviyo_id)?;
    let told = memory::told(
        arguments.store_name.as_deref(),
        arguments.currency.as_deref(),
        arguments.note.as_deref(),
    )
    .map_err(|reason| Failure::new(ExitCode::Usage, format!("{reason:#}")))?;
    let connection = super::connect_to_data(global, std::time::Duration::ZERO, stop).await?;
    let db = &connection.db;
    let accounts = super::these_or_all(db, accounts).await?;
    if arguments.writes() {
        let freshness = question::freshness(db, &accounts, &Reach::read(db, &accounts).await?).await?;
        question::refuse_unknown(db, &accounts, &freshness).await?;
        for account in &accounts {
            if arguments.clear {
                memory::forget(db, account).await?;
            }
            memory::remember(db, account, TOLD_BY, &told).await?;
        }
    }
    let notes = memory::notes(db, &accounts).await?;
    if arguments.json {
        output::print_json(&notes);
    } else if notes.is_empty() {
        output::print_words("nothing is known yet: `aiviews notes --help` shows how to tell it");
    } else {
        output::print_words(&describe(&accounts, &notes));
    }
    Ok(ExitCode::Done)
}

fn describe(accounts: &[AccountId], notes: &[Note]) -> String {
    let row = |note: &Note| {
        [&note.klaviyo_public_id, &note.kind, &note.text, &note.noted_on].map(Clone::clone).to_vec()
    };
    let table = output::table(
        &["account", "kind", "text", "told on"],
        &notes.iter().map(row).collect::<Vec<_>>(),
        &[],
    );
    let is_unnamed = |account: &&AccountId| {
        let is_its = |note: &Note| note.klaviyo_public_id == account.as_str();
        !notes.iter().any(|note| is_its(note) && note.kind == "currency")
    };
    match accounts.iter().filter(is_unnamed).count() as u64 {
        0 => table,
        count => format!("{table}\n\n{} without a currency", output::counted(count, "account")),
    }
}
