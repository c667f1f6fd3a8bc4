//! `aiviews grants`: the statements that make a user on a ClickHouse server. Connects to nothing.

use anyhow::Result;

use crate::cli::{Global, Grants};
use crate::db::target::Target;
use crate::exit::{ExitCode, Failure};
use crate::output;
use crate::schema::grants::{self, Audience};

pub(super) fn run(global: &Global, arguments: &Grants) -> Result<ExitCode> {
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
    let statements = grants::statements(arguments.audience, &database(global)?, &users, &accounts);
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
