//! `aiviews grants`: the statements that make a user on a ClickHouse server. Connects to nothing.

use anyhow::Result;

use super::{Global, Verb};
use crate::db::target::Target;
use crate::exit::stop::Stop;
use crate::exit::{ExitCode, Failure};
use crate::output;
use crate::schema::grants::{self, Audience};

/// Arguments of `grants`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Nothing is connected to. Put a password in the place of '...', and run the statements as an administrator.

Examples:
  aiviews grants --for refresher --database marketing
  aiviews grants --for chatbot --klaviyo-id XqkVGb --database marketing")]
pub struct Arguments {
    /// Whom the user is for
    #[arg(long = "for", value_name = "WHOM")]
    audience: Audience,
    /// The user's name; repeatable: each gets the same (default: aiviews, chatbot or aiviews_mcp)
    #[arg(long, value_name = "USER")]
    name: Vec<String>,
    /// Account whose rows the user sees; repeatable (refresher: every account; mcp: every one unless some are named)
    #[arg(long, short = 'k', alias = "klaviyo_id", value_name = "ID")]
    klaviyo_id: Vec<String>,
    /// One JSON array of statements on stdout
    #[arg(long)]
    json: bool,
}

impl Verb for Arguments {
    fn wants_json(&self) -> bool {
        self.json
    }
}

pub(super) async fn run(global: &Global, arguments: &Arguments, _: &Stop) -> Result<ExitCode> {
    let accounts = super::accounts(&arguments.klaviyo_id)?;
    match arguments.audience {
        Audience::Chatbot if accounts.is_empty() => {
            return Err(usage("whose rows the chatbot sees is not said", "add --klaviyo-id ID, repeatable"));
        }
        Audience::Refresher if !accounts.is_empty() => {
            return Err(usage("the refresher sees every account", "leave out --klaviyo-id"));
        }
        _ => {}
    }
    let users = match arguments.name.as_slice() {
        [] => vec![arguments.audience.usual_name().to_owned()],
        names => names.to_vec(),
    };
    if users.iter().any(|user| user.is_empty() || user.chars().any(char::is_control)) {
        return Err(usage("a user's name is empty or has a control character", "write --name chatbot"));
    }
    let cluster = Target::cluster(&global.connect)?;
    let statements =
        grants::statements(arguments.audience, &database(global)?, &users, &accounts, cluster.as_deref());
    match arguments.json {
        true => output::print_json(&statements),
        false => {
            output::print(&statements.iter().map(|line| format!("{line};")).collect::<Vec<_>>().join("\n"))
        }
    }
    Ok(ExitCode::Done)
}

/// Grants are for a server, and its database is never guessed.
fn database(global: &Global) -> Result<String> {
    let named = match Target::from_options(&global.connect)? {
        Target::Server(server) => server.database,
        Target::Embedded(embedded) => global.connect.database.is_some().then_some(embedded.database),
    };
    named.ok_or_else(|| usage("which database the grants are for is not said", "add --database NAME"))
}

fn usage(message: &str, hint: &str) -> anyhow::Error {
    Failure::new(ExitCode::Usage, message).hint(hint).into()
}
