//! `aiviews context`: what to put before a model.

use anyhow::Result;

use crate::account::AccountId;
use crate::cli::{Context, Global};
use crate::context::{self, Format, schema};
use crate::exit::ExitCode;
use crate::stop::Stop;
use crate::{output, question};

pub(super) async fn run(global: &Global, arguments: &Context, stop: &Stop) -> Result<ExitCode> {
    let format = if arguments.json { Format::Json } else { arguments.format };
    if let Some(scope) = arguments.schema {
        match format {
            Format::Json => output::print_json(&schema::document(scope)),
            _ => output::print(&schema::describe(scope)),
        }
        return Ok(ExitCode::Done);
    }
    let asked = arguments.klaviyo_id.as_deref().map(AccountId::from_argument).transpose()?;
    let parameters = super::parameters(&arguments.param)?;
    let question = arguments.question.as_deref().map(question::find).transpose()?;
    let values = question.map(|question| question.values(&parameters)).transpose()?.unwrap_or_default();
    let connection = super::connect_to_read(global, stop).await?;
    let mut texts = Vec::new();
    for account in super::these_or_all(&connection.db, asked.into_iter().collect()).await? {
        let payload = match question {
            Some(question) => context::of_question(&connection.db, &account, question, &values).await?,
            None => context::of_account(&connection.db, &account).await?,
        };
        texts.push(context::within(payload, format, arguments.max_tokens as usize)?);
    }
    match format {
        Format::Json if arguments.all_accounts => output::print_document(&format!("[{}]", texts.join(",\n"))),
        Format::Json => output::print_document(&texts.join("")),
        _ => output::print(&texts.join("\n\n")),
    }
    Ok(ExitCode::Done)
}
