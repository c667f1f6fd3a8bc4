//! `aiviews context`: what to put before a model.

use anyhow::Result;

use super::{Global, Known, Verb, questions};
use crate::account::AccountId;
use crate::context::schema::{self, Scope};
use crate::context::{self, Format};
use crate::exit::ExitCode;
use crate::exit::stop::Stop;
use crate::{output, question};

/// Arguments of `context`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  aiviews context --klaviyo-id XqkVGb                              the last days, weeks and months, and insights
  aiviews context --klaviyo-id XqkVGb --question flows_by_revenue  the answer to one question
  aiviews context --schema                                         a system prompt: the helper views explained")]
pub struct Arguments {
    /// The account, by its Klaviyo public id
    #[arg(long, short = 'k', alias = "klaviyo_id", value_name = "ID", required_unless_present_any = ["schema", "all_accounts"])]
    klaviyo_id: Option<String>,
    /// One payload per account of the summary tables
    #[arg(long, conflicts_with_all = ["klaviyo_id", "schema"])]
    all_accounts: bool,
    /// Only the answer to this question (`aiviews query` lists them)
    #[arg(long, value_name = "NAME", value_parser = Known(questions), hide_possible_values = true)]
    question: Option<String>,
    /// A parameter of the question; repeatable
    #[arg(long, value_name = "NAME=VALUE", requires = "question")]
    param: Vec<String>,
    /// The most tokens, as o200k_base counts them; what has no room is named
    #[arg(long, value_name = "N", default_value_t = 600, value_parser = clap::value_parser!(u32).range(150..=1_000_000))]
    max_tokens: u32,
    /// How it is written
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// The same as --format json
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// Explain the helper views (or `all`: the tables too) instead; needs no connection
    #[arg(long, value_name = "SCOPE", num_args = 0..=1, default_missing_value = "views", conflicts_with_all = ["klaviyo_id", "question"])]
    schema: Option<Scope>,
}

impl Verb for Arguments {
    fn wants_json(&self) -> bool {
        self.json || self.format == Format::Json
    }
}

pub(super) async fn run(global: &Global, arguments: &Arguments, stop: &Stop) -> Result<ExitCode> {
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
