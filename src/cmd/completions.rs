//! `aiviews completions`: a shell completion script on stdout.

use anyhow::Result;
use clap::CommandFactory;

use crate::cli::{Cli, Completions};
use crate::exit::ExitCode;
use crate::output;

pub(super) fn run(arguments: &Completions) -> Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "aiviews", &mut script);
    output::print(String::from_utf8_lossy(&script).trim_end());
    Ok(ExitCode::Done)
}
