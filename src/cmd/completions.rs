//! `aiviews completions`: a shell completion script on stdout.

use anyhow::Result;
use clap::CommandFactory;

use super::{Cli, Global, Verb};
use crate::exit::ExitCode;
use crate::exit::stop::Stop;
use crate::output;

/// Arguments of `completions`.
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// The shell
    shell: clap_complete::Shell,
}

impl Verb for Arguments {}

pub(super) async fn run(_: &Global, arguments: &Arguments, _: &Stop) -> Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "aiviews", &mut script);
    output::print(String::from_utf8_lossy(&script).trim_end());
    Ok(ExitCode::Done)
}
