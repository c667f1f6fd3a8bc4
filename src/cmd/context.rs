//! `aiviews context`: what to put before a model.

use anyhow::Result;

use crate::account::AccountId;
use crate::cli::{Context, Global};
use crate::context::{self, Format, schema};
use crate::exit::ExitCode;
use crate::stop::Stop;
use crate::{output, question};

pub(super) async fn run(global: &Global, arguments: &Context, stop: &Stop) -> Result<ExitCode> {
    if let Some(scope) = arguments.schema {
        output::print(&schema::describe(scope));
        return Ok(ExitCode::Done);
    }
    let account = AccountId::from_argument(arguments.klaviyo_id.as_deref().unwrap_or_default())?;
    let parameters = super::parameters(&arguments.param)?;
    let question = arguments.question.as_deref().map(question::find).transpose()?;
    let values = question.map(|question| question.values(&parameters)).transpose()?.unwrap_or_default();
    let format = if arguments.json { Format::Json } else { arguments.format };
    let connection = super::connect_to_read(global, stop).await?;
    let payload = match question {
        Some(question) => context::of_question(&connection.db, &account, question, &values).await?,
        None => context::of_account(&connection.db, &account).await?,
    };
    output::print(&context::within(payload, format, arguments.max_tokens as usize)?);
    Ok(ExitCode::Done)
}
