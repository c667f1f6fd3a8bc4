//! `aiviews accounts`: whom one can ask about.

use anyhow::Result;

use super::{Global, Verb};
use crate::exit::ExitCode;
use crate::exit::stop::Stop;
use crate::output;
use crate::status::account_list::{self, Account};

/// Arguments of `accounts`.
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// One JSON document on stdout
    #[arg(long)]
    json: bool,
}

impl Verb for Arguments {
    fn wants_json(&self) -> bool {
        self.json
    }
}

pub(super) async fn run(global: &Global, arguments: &Arguments, stop: &Stop) -> Result<ExitCode> {
    let connection = super::connect_to_read(global, stop).await?;
    let accounts = account_list::read(&connection.db).await?;
    if arguments.json {
        output::print_json(&accounts);
    } else if accounts.is_empty() {
        output::print_words("no account yet: `aiviews populate` takes them from the sources");
    } else {
        output::print_words(&describe(&accounts));
    }
    Ok(ExitCode::Done)
}

fn describe(accounts: &[Account]) -> String {
    let row = |account: &Account| {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        vec![
            account.klaviyo_public_id.clone(),
            account.row_count.to_string(),
            text(&account.newest_date),
            account.refreshed_at.clone().unwrap_or_else(|| "never".to_owned()),
            text(&account.newest_source_date),
        ]
    };
    let header = ["account", "rows", "newest date", "refreshed (server time)", "newest source date"];
    output::table(&header, &accounts.iter().map(row).collect::<Vec<_>>(), &[])
}
