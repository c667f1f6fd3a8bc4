//! `aiviews verify`: is the database what the chatbot's queries expect. Only reads.

use std::time::Instant;

use anyhow::{Context, Result};

use super::{Global, Verb};
use crate::db::connection;
use crate::db::retry::RetryPolicy;
use crate::db::target::{DEFAULT_DATABASE, Embedded, Target};
use crate::exit::ExitCode;
use crate::exit::stop::Stop;
use crate::output::{self, counted, printable};
use crate::schema::diff::{Finding, Severity};
use crate::schema::verify::{self, Report};

/// Arguments of `verify`.
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// Prove that the embedded SQL creates the contract, in a throw-away embedded engine; needs no sources
    #[arg(long)]
    sql: bool,
    /// Look for holes in what keeps this user to its accounts: policies, grants, limits, views, the server's version
    #[arg(long, value_name = "USER", conflicts_with = "sql")]
    chatbot: Option<String>,
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
    let report = match (arguments.sql, &arguments.chatbot) {
        (true, _) => match stop.or_done(verify_sql(global)).await {
            Some(report) => report?,
            None => return Err(super::stopped(stop).into()),
        },
        (false, Some(user)) => {
            verify::verify_chatbot(&super::connect_to_read(global, stop).await?.db, user).await?
        }
        (false, None) => verify::verify(&super::connect_to_read(global, stop).await?.db).await?,
    };
    match arguments.json {
        true => output::print_json(&report),
        false => output::print_words(&describe(&report)),
    }
    Ok(if report.ok { ExitCode::Done } else { ExitCode::SchemaMismatch })
}

/// In an engine of its own, in a folder that goes with the process.
async fn verify_sql(global: &Global) -> Result<Report> {
    let folder = tempfile::tempdir().context("cannot make a temporary folder for the embedded engine")?;
    let target = Target::Embedded(Embedded {
        data_dir: folder.path().to_owned(),
        library: global.connect.libchdb.clone(),
        database: DEFAULT_DATABASE.to_owned(),
    });
    let connection = connection::open(&target, RetryPolicy::default(), Instant::now()).await?;
    verify::verify_sql(&connection.db).await
}

fn describe(report: &Report) -> String {
    let mut lines: Vec<String> = report.findings.iter().map(describe_finding).collect();
    let (errors, warnings) = (report.count(Severity::Error) as u64, report.count(Severity::Warning) as u64);
    lines.push(match (errors, warnings) {
        (0, 0) => format!("as expected: {}", report.compared),
        (0, _) => format!("as expected, with {} to know of: {}", counted(warnings, "thing"), report.compared),
        (_, 0) => format!("not as expected: {}", counted(errors, "error")),
        _ => format!("not as expected: {}, {}", counted(errors, "error"), counted(warnings, "warning")),
    });
    lines.join("\n")
}

fn describe_finding(finding: &Finding) -> String {
    let severity = match finding.severity {
        Severity::Error => console::style("error").red().bold(),
        Severity::Warning => console::style("warning").yellow(),
    };
    let (object, expected) = (printable(&finding.object), printable(&finding.expected));
    let (found, remedy) = (printable(&finding.found), printable(&finding.remedy));
    format!("{severity}: `{object}`\n    expected: {expected}\n    found:    {found}\n    hint:     {remedy}")
}
